//! Lucky 13's and POODLE's classes: CBC records whose padding or MAC is wrong, in every way that an
//! attacker who changes ciphertext can bring about.

mod spoils;

use std::sync::Arc;

use openssl::hash::MessageDigest;
use openssl::symm::Cipher;
use rand::Rng;
use rand::rngs::SmallRng;
use retrossl::{CipherSuite, PeerMisbehaved, ServerConnection};

use spoils::{Mac, Spoil, Tail, spoils};

use super::server::{Answer, MODULUS, Randomness, Server, StandIn, discard, receive};
use super::write_keys::{Suite, WriteKeys};
use super::{Class, Experiment, Outcome, Role, seeded};
use crate::Error;
use crate::certificate::Identity;
use crate::ours::{self, Secrets};
use crate::peer::Version;

/// A record behind a handshake that is always the same.
pub struct CbcRecord {
    case: Case,
    classes: Vec<Class>,
    spoils: Vec<Spoil>,
    server: Server,
    /// The client's flight: the server is established behind it.
    flight: Vec<u8>,
    keys: WriteKeys,
    random: SmallRng,
}

/// What is opened.
#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    about: &'static str,
    version: Version,
    cipher_suite: CipherSuite,
    suite: fn() -> Suite,
    /// Bytes of data, MAC and padding.
    payload: usize,
}

impl CbcRecord {
    /// `identity` is one of [`server::identity`](super::server::identity).
    pub fn new(case: Case, identity: &Identity) -> Result<Self, Error> {
        let Case {
            version,
            cipher_suite,
            ..
        } = case;
        let real = ours::private_key(identity)?;
        let secrets = Arc::<Secrets>::default();
        let with_key = |key, secrets| {
            let randomness = Randomness::Repeated;
            Server::new(version, cipher_suite, identity, key, randomness, secrets)
        };

        // Once with the real key, so that a stand-in can know what it has to answer.
        let server = with_key(real.clone(), Some(secrets.clone()))?;
        let [server_flight, flight] = server.conversation(version, cipher_suite, identity)?;
        let mut pre_master_secret = vec![0; real.public_key().modulus_len()];
        real.raw_decrypt(encrypted(version, &flight), &mut pre_master_secret)?;
        let mut connection = server.connection()?;
        receive(&mut connection, &flight)?;
        let keys = WriteKeys::expand(
            version,
            (case.suite)(),
            &secrets.last(),
            hello_random(server.hello()),
            hello_random(&server_flight),
        )?;
        let stand_in = StandIn::new(real.public_key(), Answer::Fixed(pre_master_secret));

        let spoils = spoils(&case);
        Ok(Self {
            case,
            classes: spoils.iter().map(|spoil| spoil.class.clone()).collect(),
            spoils,
            server: with_key(stand_in, None)?,
            flight,
            keys,
            random: seeded(),
        })
    }

    /// Data, MAC and padding of a class.
    fn payload(&mut self, class: usize) -> Result<Vec<u8>, Error> {
        let suite = (self.case.suite)();
        let Spoil {
            padding, mac, tail, ..
        } = &self.spoils[class];
        let mut payload = vec![0; self.case.payload];
        self.random.fill_bytes(&mut payload);
        let removed = usize::from(*padding) + 1;
        if let Some(len) = (self.case.payload - suite.tag_len()).checked_sub(removed) {
            let tag = self.keys.mac(&payload[..len])?;
            payload[len..][..tag.len()].copy_from_slice(&tag);
            match mac {
                Mac::Right => {}
                Mac::WrongAt(place) => payload[len + place] ^= 1,
            }
        }
        let padding_start = self.case.payload.saturating_sub(removed);
        match tail {
            Tail::Padding => payload[padding_start..].fill(*padding),
            Tail::WrongAt(place) => {
                payload[padding_start..].fill(*padding);
                payload[padding_start + place] ^= 1;
            }
            Tail::OnlyLength(length) => payload[self.case.payload - 1] = *length,
        }
        Ok(payload)
    }
}

impl Experiment for CbcRecord {
    fn name(&self) -> &str {
        self.case.name
    }

    fn about(&self) -> &str {
        self.case.about
    }

    fn classes(&self) -> &[Class] {
        &self.classes
    }

    fn samples(&self) -> usize {
        1_000_000
    }

    fn leak(&self) -> u32 {
        1
    }

    fn record(&mut self, class: usize) -> Result<Vec<u8>, Error> {
        let payload = self.payload(class)?;
        let block_len = (self.case.suite)().block_len();
        let iv = match self.case.version {
            // The last block that the client sent.
            Version::Ssl3 | Version::Tls1_0 => {
                self.flight[self.flight.len() - block_len..].to_vec()
            }
            Version::Tls1_1 | Version::Tls1_2 => {
                let mut iv = vec![0; block_len];
                self.random.fill_bytes(&mut iv);
                iv
            }
        };
        Ok(self.keys.record(&iv, &payload)?)
    }

    fn connection(&self) -> Result<ServerConnection, Error> {
        let mut connection = self.server.connection()?;
        receive(&mut connection, &self.flight)?;
        discard(&mut connection)?;
        Ok(connection)
    }

    /// One error for all that is wrong, and an alert.
    fn is_right(&self, class: usize, outcome: &Outcome) -> bool {
        match self.classes[class].role {
            Role::Public => matches!(outcome, Ok(state) if state.plaintext_bytes_to_read > 0),
            Role::Secret | Role::NullControl | Role::LeakControl => {
                *outcome == Err(PeerMisbehaved::BadRecordMac.into())
            }
        }
    }
}

/// The ClientKeyExchange's secret in the first record of a client's flight.
fn encrypted(version: Version, flight: &[u8]) -> &[u8] {
    // Record header, message header, and a length, but at SSL 3.0.
    let start = if version == Version::Ssl3 { 9 } else { 11 };
    &flight[start..start + MODULUS]
}

/// Behind the record's header, the message's, and the version.
fn hello_random(flight: &[u8]) -> &[u8] {
    &flight[11..43]
}

fn aes_128_sha() -> Suite {
    Suite {
        cipher: Cipher::aes_128_cbc(),
        mac: MessageDigest::sha1(),
    }
}

fn aes_128_sha256() -> Suite {
    Suite {
        cipher: Cipher::aes_128_cbc(),
        mac: MessageDigest::sha256(),
    }
}

fn triple_des_sha() -> Suite {
    Suite {
        cipher: Cipher::des_ede3_cbc(),
        mac: MessageDigest::sha1(),
    }
}

/// Long enough for every padding, and for one that is too long.
const LONG: usize = 368;
const SHORT: usize = 96;
/// So that a padding within a block changes the number of hash blocks.
const SSL3_AES: usize = 336;
const SSL3_TRIPLE_DES: usize = 72;

const AES_128_SHA: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
const AES_128_SHA256: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA256;
const TRIPLE_DES_SHA: CipherSuite = CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA;

pub const CASES: [Case; 10] = [
    Case {
        name: "tls1.2-aes128-sha",
        about: "A record of 368 bytes and an explicit IV: TLS_RSA_WITH_AES_128_CBC_SHA at TLS 1.2.",
        version: Version::Tls1_2,
        cipher_suite: AES_128_SHA,
        suite: aes_128_sha,
        payload: LONG,
    },
    Case {
        name: "tls1.2-aes128-sha256",
        about: "A record of 368 bytes and an explicit IV: TLS_RSA_WITH_AES_128_CBC_SHA256 at TLS 1.2.",
        version: Version::Tls1_2,
        cipher_suite: AES_128_SHA256,
        suite: aes_128_sha256,
        payload: LONG,
    },
    Case {
        name: "tls1.0-aes128-sha",
        about: "A record of 368 bytes, its IV implicit: TLS_RSA_WITH_AES_128_CBC_SHA at TLS 1.0.",
        version: Version::Tls1_0,
        cipher_suite: AES_128_SHA,
        suite: aes_128_sha,
        payload: LONG,
    },
    Case {
        name: "tls1.1-3des-sha",
        about: "A record of 96 bytes and an explicit IV: TLS_RSA_WITH_3DES_EDE_CBC_SHA at TLS 1.1.",
        version: Version::Tls1_1,
        cipher_suite: TRIPLE_DES_SHA,
        suite: triple_des_sha,
        payload: SHORT,
    },
    Case {
        name: "ssl3-aes128-sha",
        about: "A record of 336 bytes: TLS_RSA_WITH_AES_128_CBC_SHA at SSL 3.0.",
        version: Version::Ssl3,
        cipher_suite: AES_128_SHA,
        suite: aes_128_sha,
        payload: SSL3_AES,
    },
    Case {
        name: "tls1.2-aes128-sha-short",
        about: "A record of 96 bytes, shorter than some paddings: TLS_RSA_WITH_AES_128_CBC_SHA at \
                TLS 1.2.",
        version: Version::Tls1_2,
        cipher_suite: AES_128_SHA,
        suite: aes_128_sha,
        payload: SHORT,
    },
    Case {
        name: "ssl3-3des-sha",
        about: "A record of 72 bytes: TLS_RSA_WITH_3DES_EDE_CBC_SHA at SSL 3.0.",
        version: Version::Ssl3,
        cipher_suite: TRIPLE_DES_SHA,
        suite: triple_des_sha,
        payload: SSL3_TRIPLE_DES,
    },
    Case {
        name: "tls1.0-3des-sha",
        about: "A record of 96 bytes, its IV implicit: TLS_RSA_WITH_3DES_EDE_CBC_SHA at TLS 1.0.",
        version: Version::Tls1_0,
        cipher_suite: TRIPLE_DES_SHA,
        suite: triple_des_sha,
        payload: SHORT,
    },
    Case {
        name: "tls1.1-aes128-sha",
        about: "A record of 368 bytes and an explicit IV: TLS_RSA_WITH_AES_128_CBC_SHA at TLS 1.1.",
        version: Version::Tls1_1,
        cipher_suite: AES_128_SHA,
        suite: aes_128_sha,
        payload: LONG,
    },
    Case {
        name: "tls1.2-aes128-sha256-short",
        about: "A record of 96 bytes, shorter than some paddings: TLS_RSA_WITH_AES_128_CBC_SHA256 \
                at TLS 1.2.",
        version: Version::Tls1_2,
        cipher_suite: AES_128_SHA256,
        suite: aes_128_sha256,
        payload: SHORT,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::server::{drain, identity};

    /// Good records are read, so the bad ones differ from them by what their names say alone; all
    /// of these are of one length and give one error and one alert.
    #[test]
    fn every_class_is_what_it_says() {
        let identity = identity().unwrap();
        for case in CASES {
            let mut experiment = CbcRecord::new(case, &identity).unwrap();
            let mut seen = Vec::new();
            for class in 0..experiment.classes().len() {
                let record = experiment.record(class).unwrap();
                let mut connection = experiment.connection().unwrap();
                connection.read_tls(&mut &record[..]).unwrap();
                let outcome = connection.process_new_packets();
                let name = &experiment.classes()[class].name;
                assert!(
                    experiment.is_right(class, &outcome),
                    "{}: {name}: {outcome:?}",
                    case.name
                );
                seen.push((record.len(), drain(&mut connection).unwrap()));
            }
            let ((good_len, nothing), bad) = seen.split_last().unwrap();
            assert!(nothing.is_empty());
            assert_eq!(bad[0].0, *good_len);
            assert!(!bad[0].1.is_empty());
            assert!(bad.iter().all(|other| *other == bad[0]));
        }
    }

    /// Where nothing is spoilt, every padding is a good one: the classes' MACs and paddings are
    /// wrong only where it says so.
    #[test]
    fn what_is_not_spoilt_is_good() {
        let identity = identity().unwrap();
        for case in CASES {
            let mut experiment = CbcRecord::new(case, &identity).unwrap();
            let fits = |spoil: &Spoil| match case.version {
                Version::Ssl3 => usize::from(spoil.padding) < (case.suite)().block_len(),
                _ => usize::from(spoil.padding) < case.payload - (case.suite)().tag_len() - 1,
            };
            for spoil in experiment.spoils.iter_mut().filter(|spoil| fits(spoil)) {
                (spoil.mac, spoil.tail) = (Mac::Right, Tail::Padding);
            }
            for class in 0..experiment.classes.len() {
                if !fits(&experiment.spoils[class]) {
                    continue;
                }
                let record = experiment.record(class).unwrap();
                let mut connection = experiment.connection().unwrap();
                receive(&mut connection, &record).unwrap();
            }
        }
    }
}
