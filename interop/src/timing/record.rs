//! Lucky 13's and POODLE's classes: CBC records whose padding or MAC is wrong, in every way that an
//! attacker who changes ciphertext can bring about.

use std::sync::Arc;

use openssl::hash::MessageDigest;
use openssl::symm::Cipher;
use rand::Rng;
use rand::rngs::SmallRng;
use retrossl::{CipherSuite, PeerMisbehaved, ServerConnection};

use super::server::{Answer, MODULUS, Server, StandIn, discard, receive};
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
        let with_key = |key, secrets| Server::new(version, cipher_suite, identity, key, secrets);

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

/// A class of records.
struct Spoil {
    class: Class,
    /// What the last byte says, but for [`Tail::OnlyLength`].
    padding: u8,
    mac: Mac,
    tail: Tail,
}

#[derive(Clone, Copy)]
enum Mac {
    Right,
    /// A bit of this byte of it is turned.
    WrongAt(usize),
}

#[derive(Clone, Copy)]
enum Tail {
    /// As long as it says, of bytes that say so.
    Padding,
    /// The same with a bit of this byte of it turned.
    WrongAt(usize),
    /// Random bytes but for the last, which says this.
    OnlyLength(u8),
}

fn spoils(case: &Case) -> Vec<Spoil> {
    let (suite, version) = ((case.suite)(), case.version);
    let (tag_len, block_len) = (suite.tag_len(), suite.block_len() as u8);
    let room = case.payload - tag_len;
    let first = Mac::WrongAt(0);
    let last = Mac::WrongAt(tag_len - 1);
    let spoil = |name: &str, role, padding, mac, tail| Spoil {
        class: Class {
            name: name.to_owned(),
            role,
        },
        padding,
        mac,
        tail,
    };
    let secret = |name: String, padding, mac, tail| spoil(&name, Role::Secret, padding, mac, tail);
    let wrong_mac = |padding, what: &str| {
        let name = format!("wrong MAC, padding {padding}{what}");
        secret(name, padding, first, Tail::Padding)
    };
    let reference = "wrong MAC, padding 0";
    let mut spoils = vec![
        secret(reference.to_owned(), 0, first, Tail::Padding),
        spoil(
            &format!("{reference}, again (null control)"),
            Role::NullControl,
            0,
            first,
            Tail::Padding,
        ),
        spoil(
            &format!("{reference}, with work more (leak control)"),
            Role::LeakControl,
            0,
            first,
            Tail::Padding,
        ),
        secret(
            "wrong MAC in its last byte, padding 0".to_owned(),
            0,
            last,
            Tail::Padding,
        ),
        wrong_mac(1, ""),
    ];
    // Where one hash block less is needed for the data in front.
    let border = border(case);
    spoils.push(wrong_mac(border - 1, ", the last with as many hash blocks"));
    spoils.push(wrong_mac(border, ", the first with one hash block less"));
    if version == Version::Ssl3 {
        spoils.extend([
            wrong_mac(block_len - 1, ", a whole block"),
            secret(
                "wrong MAC, random padding of a whole block".to_owned(),
                block_len - 1,
                first,
                Tail::OnlyLength(block_len - 1),
            ),
            secret(
                "right MAC, random padding, its length one too small".to_owned(),
                block_len - 1,
                Mac::Right,
                Tail::OnlyLength(block_len - 2),
            ),
            secret(
                "right MAC, random padding, its length 0".to_owned(),
                block_len - 1,
                Mac::Right,
                Tail::OnlyLength(0),
            ),
            secret(
                "right MAC, random padding, its length one too large".to_owned(),
                block_len - 1,
                Mac::Right,
                Tail::OnlyLength(block_len),
            ),
            secret(
                "right MAC, random padding, its length 255".to_owned(),
                block_len - 1,
                Mac::Right,
                Tail::OnlyLength(255),
            ),
            secret(
                "right MAC in front of a padding longer than a block".to_owned(),
                block_len + 3,
                Mac::Right,
                Tail::Padding,
            ),
        ]);
    } else if room > 256 {
        let longest = |name: &str, place| {
            let name = format!("right MAC, padding 255 wrong in {name}");
            secret(name, 255, Mac::Right, Tail::WrongAt(place))
        };
        spoils.extend([
            wrong_mac(255, ""),
            longest("its first byte", 0),
            longest("its middle", 127),
            longest("the byte before its length", 254),
            secret(
                format!("right MAC, padding {border} wrong in its first byte"),
                border,
                Mac::Right,
                Tail::WrongAt(0),
            ),
        ]);
    } else {
        let filling = (room - 1) as u8;
        spoils.extend([
            wrong_mac(filling, ", no data"),
            secret(
                format!("padding {}, a byte longer than there is room", filling + 1),
                filling + 1,
                first,
                Tail::Padding,
            ),
            secret(
                "padding 255, longer than the record".to_owned(),
                255,
                first,
                Tail::Padding,
            ),
            secret(
                "right MAC, length 255, longer than the record".to_owned(),
                0,
                Mac::Right,
                Tail::OnlyLength(255),
            ),
        ]);
    }
    if version != Version::Ssl3 {
        spoils.extend([
            secret(
                "right MAC, only the padding's length right (POODLE)".to_owned(),
                block_len - 1,
                Mac::Right,
                Tail::OnlyLength(block_len - 1),
            ),
            secret(
                "right MAC, padding of a block one byte of which is wrong".to_owned(),
                block_len - 1,
                Mac::Right,
                Tail::WrongAt(usize::from(block_len) - 2),
            ),
        ]);
    }
    spoils.push(spoil(
        "a good record",
        Role::Public,
        block_len - 1,
        Mac::Right,
        Tail::Padding,
    ));
    spoils
}

/// The first padding behind which the data needs one hash block less than behind none.
fn border(case: &Case) -> u8 {
    let tag_len = (case.suite)().tag_len();
    let blocks = |padding: usize| {
        let data = case.payload - tag_len - 1 - padding;
        let head = match case.version {
            // Key and pad_1, then number, type and length.
            Version::Ssl3 => tag_len + 40 + 11,
            Version::Tls1_0 | Version::Tls1_1 | Version::Tls1_2 => 13,
        };
        (head + data + 9).div_ceil(64)
    };
    (1..64)
        .find(|padding| blocks(usize::from(*padding)) < blocks(0))
        .expect("a hash block has 64 bytes")
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
