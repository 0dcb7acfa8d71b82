//! Marvin's classes: what a client can encrypt as its pre-master secret, well-formed or not.

use std::sync::Arc;

use openssl::pkey::Public;
use openssl::rsa::{Padding, Rsa};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt};
use retrossl::{CipherSuite, PrivateKey, ServerConnection};

use super::server::{Answer, MODULUS, Randomness, Server, StandIn};
use super::{Class, Expected, Experiment, Outcome, Role, seeded};
use crate::Error;
use crate::certificate::Identity;
use crate::ours::{self, Secrets};
use crate::peer::Version;

/// A ClientKeyExchange to a server with a key of 1024 bits.
pub struct KeyExchange {
    operation: Operation,
    classes: Vec<Class>,
    server: Server,
    public: Rsa<Public>,
    modulus: Block,
    random: SmallRng,
}

/// What does the raw RSA operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `RsaPrivateKey`.
    Real,
    /// A key that copies.
    Copied,
    /// A key that copies, and searches.
    Searched,
}

impl KeyExchange {
    /// `identity` is one of [`server::identity`](super::server::identity).
    pub fn new(operation: Operation, identity: &Identity) -> Result<Self, Error> {
        Self::with_secrets(operation, identity, Randomness::New, None)
    }

    fn with_secrets(
        operation: Operation,
        identity: &Identity,
        randomness: Randomness,
        secrets: Option<Arc<Secrets>>,
    ) -> Result<Self, Error> {
        let real = ours::private_key(identity)?;
        let stand_in = |answer| -> Arc<dyn PrivateKey> { StandIn::new(real.public_key(), answer) };
        let key = match operation {
            Operation::Real => real.clone(),
            Operation::Copied => stand_in(Answer::Same),
            Operation::Searched => stand_in(Answer::SameButSearched),
        };
        let rsa = identity.key.rsa()?;
        let classes = CLASSES
            .iter()
            // A stand-in knows no modulus.
            .filter(|class| operation == Operation::Real || class.role != Role::Public)
            .map(|class| Class {
                name: class.name.to_owned(),
                role: class.role,
            });
        Ok(Self {
            operation,
            classes: classes.collect(),
            server: Server::new(VERSION, SUITE, identity, key, randomness, secrets)?,
            public: Rsa::from_public_components(rsa.n().to_owned()?, rsa.e().to_owned()?)?,
            modulus: rsa
                .n()
                .to_vec()
                .try_into()
                .map_err(|_| "another modulus was asked for")?,
            random: seeded(),
        })
    }

    /// What stands encrypted in the message.
    ///
    /// Each time a block of every class is made, and one of them taken: what is done before the
    /// clock runs is the same for all, as it shows in the tenths of a nanosecond.
    fn encrypted(&mut self, class: usize) -> Result<Vec<u8>, Error> {
        let blocks: Vec<Block> = CLASSES
            .iter()
            .map(|class| self.block(class.spoil))
            .collect();
        let block = blocks[class];
        match CLASSES[class].spoil {
            Spoil::Block(_) | Spoil::OneBelowModulus => {}
            Spoil::Modulus => return Ok(block.to_vec()),
            Spoil::Short => return Ok(block[1..].to_vec()),
        }
        match self.operation {
            Operation::Copied | Operation::Searched => Ok(block.to_vec()),
            Operation::Real => {
                let mut encrypted = vec![0; MODULUS];
                self.public
                    .public_encrypt(&block, &mut encrypted, Padding::NONE)?;
                Ok(encrypted)
            }
        }
    }
}

impl KeyExchange {
    fn block(&mut self, spoil: Spoil) -> Block {
        let mut block = well_formed(&mut self.random);
        match spoil {
            Spoil::Block(spoil) => spoil(&mut block, &mut self.random),
            Spoil::OneBelowModulus => {
                block = self.modulus;
                block[MODULUS - 1] -= 1;
            }
            Spoil::Modulus => block = self.modulus,
            Spoil::Short => {}
        }
        block
    }
}

impl Experiment for KeyExchange {
    fn name(&self) -> &str {
        match self.operation {
            Operation::Real => "rsa",
            Operation::Copied => "unpadding",
            Operation::Searched => "unpadding-searched",
        }
    }

    fn about(&self) -> &str {
        match self.operation {
            Operation::Real => {
                "The whole path of a ClientKeyExchange at TLS 1.2 with a 1024-bit `RsaPrivateKey`: \
                 decryption (blinded and checked), unpadding, version check, selection, master \
                 secret, key block."
            }
            Operation::Copied => {
                "The same with a key whose raw operation copies a prepared block: unpadding, \
                 version check, selection, master secret, key block."
            }
            Operation::Searched => {
                "The positive control: the same with a key that, beside copying, searches the \
                 block for the zero that ends the padding, so that its time depends on where that \
                 is. It must be seen."
            }
        }
    }

    fn classes(&self) -> &[Class] {
        &self.classes
    }

    fn expected(&self) -> Expected {
        match self.operation {
            Operation::Real | Operation::Copied => Expected::NoLeak,
            Operation::Searched => Expected::Leak,
        }
    }

    fn samples(&self) -> usize {
        match self.operation {
            Operation::Real | Operation::Searched => 100_000,
            Operation::Copied => 1_000_000,
        }
    }

    fn leak(&self) -> u32 {
        match self.operation {
            Operation::Real => 300,
            Operation::Copied | Operation::Searched => 1,
        }
    }

    fn record(&mut self, class: usize) -> Result<Vec<u8>, Error> {
        let encrypted = self.encrypted(class)?;
        let len = encrypted.len() as u16;
        let mut record = vec![22];
        record.extend(VERSION.wire().to_be_bytes());
        record.extend((len + 6).to_be_bytes());
        record.extend([16, 0]);
        record.extend((len + 2).to_be_bytes());
        record.extend(len.to_be_bytes());
        record.extend(encrypted);
        Ok(record)
    }

    fn connection(&self) -> Result<ServerConnection, Error> {
        self.server.connection()
    }

    /// Whatever was encrypted, the handshake goes on, and nothing is sent.
    fn is_right(&self, _: usize, outcome: &Outcome) -> bool {
        matches!(outcome, Ok(state) if state.tls_bytes_to_write == 0)
    }
}

/// What the raw operation gives.
type Block = [u8; MODULUS];

struct Spoilt {
    name: &'static str,
    role: Role,
    spoil: Spoil,
}

#[derive(Clone, Copy)]
enum Spoil {
    /// A well-formed block is changed.
    Block(fn(&mut Block, &mut SmallRng)),
    OneBelowModulus,
    /// This one and the next are no ciphertexts.
    Modulus,
    Short,
}

const fn secret(name: &'static str, spoil: fn(&mut Block, &mut SmallRng)) -> Spoilt {
    let (role, spoil) = (Role::Secret, Spoil::Block(spoil));
    Spoilt { name, role, spoil }
}

/// The null control and the leak control are well-formed, too.
const CLASSES: [Spoilt; 21] = [
    secret(WELL_FORMED, |_, _| {}),
    Spoilt {
        name: "well-formed, again (null control)",
        role: Role::NullControl,
        spoil: Spoil::Block(|_, _| {}),
    },
    Spoilt {
        name: "well-formed, with work more (leak control)",
        role: Role::LeakControl,
        spoil: Spoil::Block(|_, _| {}),
    },
    secret("version too low", |block, _| block[SECRET + 1] -= 1),
    secret("version too high", |block, _| block[SECRET + 1] += 1),
    secret("first byte 1", |block, _| block[0] = 1),
    secret("block type 1", |block, _| block[1] = 1),
    secret("block type 0", |block, _| block[1] = 0),
    secret("zero in the first eight bytes of padding", |block, _| {
        block[5] = 0;
    }),
    secret("zero in the middle of the padding", |block, _| {
        block[40] = 0;
    }),
    secret("no zero behind the block type", |block, random| {
        fill_without_zero(&mut block[SEPARATOR..], random);
    }),
    secret("message of 47 bytes", |block, random| {
        fill_without_zero(&mut block[SEPARATOR..=SEPARATOR], random);
        block[SEPARATOR + 1] = 0;
    }),
    secret("message of 49 bytes", |block, _| block[SEPARATOR - 1] = 0),
    secret("empty message: a zero at the end alone", |block, random| {
        fill_without_zero(&mut block[SEPARATOR..], random);
        block[MODULUS - 1] = 0;
    }),
    secret("a number below the modulus, at random", |block, random| {
        random.fill_bytes(block);
        block[0] &= 0x7f;
    }),
    secret("eight bytes with 120 zeros in front", |block, _| {
        block[..MODULUS - 8].fill(0);
    }),
    secret("all zeros (the ciphertext 0)", |block, _| block.fill(0)),
    secret("the number 1 (the ciphertext 1)", |block, _| {
        block.fill(0);
        block[MODULUS - 1] = 1;
    }),
    Spoilt {
        name: "one less than the modulus",
        role: Role::Secret,
        spoil: Spoil::OneBelowModulus,
    },
    Spoilt {
        name: "the ciphertext is the modulus",
        role: Role::Public,
        spoil: Spoil::Modulus,
    },
    Spoilt {
        name: "the ciphertext is a byte short",
        role: Role::Public,
        spoil: Spoil::Short,
    },
];

const WELL_FORMED: &str = "well-formed";

fn well_formed(random: &mut SmallRng) -> Block {
    let mut block = [0; MODULUS];
    block[1] = 2;
    fill_without_zero(&mut block[2..SEPARATOR], random);
    random.fill_bytes(&mut block[SECRET + 2..]);
    block[SECRET..SECRET + 2].copy_from_slice(&VERSION.wire().to_be_bytes());
    block
}

fn fill_without_zero(bytes: &mut [u8], random: &mut SmallRng) {
    bytes.fill_with(|| random.random_range(1..=255));
}

const VERSION: Version = Version::Tls1_2;

const SUITE: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

/// Where the 48 bytes of the secret begin, and the zero in front of them.
const SECRET: usize = MODULUS - 48;
const SEPARATOR: usize = SECRET - 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::server::{identity, receive};

    /// Every class that is not well-formed leads to the master secret of the substitute, which is
    /// one and the same because the server's randomness is; well-formed ones to others.
    #[test]
    fn every_class_is_what_it_says() {
        let identity = identity().unwrap();
        for operation in [Operation::Real, Operation::Copied, Operation::Searched] {
            let secrets = Arc::<Secrets>::default();
            let randomness = Randomness::Repeated;
            let logged = Some(secrets.clone());
            let mut experiment =
                KeyExchange::with_secrets(operation, &identity, randomness, logged).unwrap();
            let mut seen = Vec::new();
            for class in 0..experiment.classes().len() {
                let record = experiment.record(class).unwrap();
                let mut connection = experiment.connection().unwrap();
                receive(&mut connection, &record).unwrap();
                seen.push((experiment.classes()[class].name.clone(), secrets.last()));
            }
            let (_, substitute) = seen.last().unwrap();
            for (name, secret) in &seen {
                let good = name.starts_with(WELL_FORMED);
                assert_eq!(secret != substitute, good, "{operation:?}: {name}");
            }
        }
    }

    /// A stand-in gives what is public away elsewhere than a real key does.
    #[test]
    fn a_stand_in_is_asked_no_public_classes() {
        let identity = identity().unwrap();
        let public = |operation| {
            let experiment = KeyExchange::new(operation, &identity).unwrap();
            let classes = experiment.classes().iter();
            classes.filter(|class| class.role == Role::Public).count()
        };
        assert_eq!(public(Operation::Real), 2);
        assert_eq!(public(Operation::Copied), 0);
    }
}
