//! Conversations written down, to serve as vectors.

pub mod ssl2;

use openssl::pkey::{PKey, Private};
use openssl::rsa::Padding;
use retrossl::Side;

use crate::Error;
use crate::replay::file::Flight;
pub use crate::replay::file::{from_hex, to_hex};

/// What went over the wire, in order, one entry a record.
#[derive(Default)]
pub struct Tape {
    records: Vec<(Side, Vec<u8>)>,
    unfinished: [Vec<u8>; 2],
}

impl Tape {
    /// Takes bytes as they come; records are put together from them.
    pub fn push(&mut self, side: Side, bytes: &[u8]) {
        let unfinished = &mut self.unfinished[side as usize];
        unfinished.extend_from_slice(bytes);
        while let Some(length) = record_length(unfinished).filter(|it| *it <= unfinished.len()) {
            let rest = unfinished.split_off(length);
            self.records
                .push((side, std::mem::replace(unfinished, rest)));
        }
    }

    /// The records of one side before the other's.
    pub fn into_flights(self) -> Result<Vec<Flight>, Error> {
        if self.unfinished.iter().any(|it| !it.is_empty()) {
            return Err("it ends in the middle of a record".into());
        }
        Ok(Flight::grouped(self.records))
    }

    pub fn server_hello(&self) -> Result<ServerHello, Error> {
        const SERVER_HELLO: u8 = 2;
        let body = self.handshake_message(Side::Server, SERVER_HELLO)?;
        let after_session_id = &body[35 + usize::from(body[34])..];
        Ok(ServerHello {
            version: u16::from_be_bytes([body[0], body[1]]),
            random: body[2..34].to_vec(),
            suite: u16::from_be_bytes([after_session_id[0], after_session_id[1]]),
            extensions: extension_types(after_session_id.get(5..).unwrap_or_default()),
        })
    }

    /// Whether the server sent an ephemeral key.
    pub fn has_ephemeral_key(&self) -> bool {
        const SERVER_KEY_EXCHANGE: u8 = 12;
        let message = self.handshake_message(Side::Server, SERVER_KEY_EXCHANGE);
        message.is_ok()
    }

    fn client_random(&self) -> Result<Vec<u8>, Error> {
        const CLIENT_HELLO: u8 = 1;
        Ok(self.handshake_message(Side::Client, CLIENT_HELLO)?[2..34].to_vec())
    }

    fn pre_master_secret(&self, key: &PKey<Private>) -> Result<Vec<u8>, Error> {
        const CLIENT_KEY_EXCHANGE: u8 = 16;
        let body = self.handshake_message(Side::Client, CLIENT_KEY_EXCHANGE)?;
        // SSL 3.0 has no length in front.
        let encrypted = match self.server_hello()?.version {
            0x0300 => &body[..],
            _ => &body[2..],
        };
        let rsa = key.rsa()?;
        let mut secret = vec![0; rsa.size() as usize];
        let length = rsa.private_decrypt(encrypted, &mut secret, Padding::PKCS1)?;
        secret.truncate(length);
        Ok(secret)
    }

    /// The body of the first of its kind that the side sent in the clear.
    fn handshake_message(&self, side: Side, kind: u8) -> Result<Vec<u8>, Error> {
        const HANDSHAKE: u8 = 22;
        let flight: Vec<u8> = self
            .records
            .iter()
            .filter(|(sender, _)| *sender == side)
            .map(|(_, record)| record)
            .take_while(|record| record[0] == HANDSHAKE)
            .flat_map(|record| record[5..].iter().copied())
            .collect();
        let mut rest = &flight[..];
        while let [found, a, b, c, body @ ..] = rest {
            let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            if *found == kind {
                return Ok(body[..length].to_vec());
            }
            rest = &body[length..];
        }
        Err(format!("no handshake message {kind} from the {side:?}").into())
    }
}

/// Of the record that `bytes` begin with, as far as they say so. One of SSL 2.0 whose header has
/// three bytes must be shorter than 5 KiB: longer ones begin like the others' content types.
fn record_length(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        [20..=23, _, _, high, low, ..] => Some(5 + length(high, low)),
        [20..=23, ..] => None,
        [high, low, ..] if high & 0x80 != 0 => Some(2 + length(high & 0x7f, low)),
        [high, low, ..] => Some(3 + length(high & 0x3f, low)),
        _ => None,
    }
}

fn length(high: u8, low: u8) -> usize {
    u16::from_be_bytes([high, low]).into()
}

/// What a ServerHello says, as far as recordings care.
pub struct ServerHello {
    pub version: u16,
    pub random: Vec<u8>,
    pub suite: u16,
    /// Their types.
    pub extensions: Vec<u16>,
}

/// A whole conversation and what is known of it apart from the wire.
pub struct Recording {
    /// Where it is from, in a line each.
    pub source: Vec<String>,
    pub suite_name: String,
    /// The server's. It does not decrypt the pre-master secret where there was an ephemeral one;
    /// then the recording does without.
    pub key: PKey<Private>,
    pub master_secret: Vec<u8>,
    pub client_plaintext: Vec<u8>,
    pub server_plaintext: Vec<u8>,
    pub tape: Tape,
}

impl Recording {
    /// The file: `name = value` in a line each, values in hexadecimal but for names and flags.
    pub fn to_text(&self) -> Result<String, Error> {
        let hello = self.tape.server_hello()?;
        let mut lines: Vec<String> = self.source.iter().map(|line| format!("# {line}")).collect();
        lines.push(TEST_KEY.to_owned());
        lines.push(String::new());
        let pre_master_secret = match self.tape.has_ephemeral_key() {
            false => Some(self.tape.pre_master_secret(&self.key)?),
            true => None,
        };
        let mut say = |name: &str, value: String| lines.push(format!("{name} = {value}"));
        let extended = hello.extensions.contains(&EXTENDED_MASTER_SECRET);
        let encrypt_then_mac = hello.extensions.contains(&ENCRYPT_THEN_MAC);
        say("version", format!("{:04x}", hello.version));
        say("suite", format!("{:04x}", hello.suite));
        say("suite_name", self.suite_name.clone());
        say("extended_master_secret", extended.to_string());
        say("encrypt_then_mac", encrypt_then_mac.to_string());
        say("client_random", to_hex(&self.tape.client_random()?));
        say("server_random", to_hex(&hello.random));
        if let Some(secret) = pre_master_secret {
            say("pre_master_secret", to_hex(&secret));
        }
        for (name, bytes) in [
            ("master_secret", &self.master_secret),
            ("private_key", &self.key.private_key_to_pkcs8()?),
            ("client_plaintext", &self.client_plaintext),
            ("server_plaintext", &self.server_plaintext),
        ] {
            say(name, to_hex(bytes));
        }
        lines.push(String::new());
        lines.extend(self.tape.records.iter().map(line));
        lines.push(String::new());
        Ok(lines.join("\n"))
    }
}

/// A record's.
fn line((side, record): &(Side, Vec<u8>)) -> String {
    format!("{side} = {}", to_hex(record))
}

fn extension_types(mut extensions: &[u8]) -> Vec<u16> {
    let mut types = Vec::new();
    while let [a, b, c, d, rest @ ..] = extensions {
        types.push(u16::from_be_bytes([*a, *b]));
        extensions = &rest[usize::from(u16::from_be_bytes([*c, *d]))..];
    }
    types
}

/// `ExtensionType` of RFC 7366.
pub const ENCRYPT_THEN_MAC: u16 = 22;

/// `ExtensionType` of RFC 7627.
pub const EXTENDED_MASTER_SECRET: u16 = 23;

const TEST_KEY: &str = "# The private key is a test key, of no use for anything else.";
