//! Conversations at SSL 2.0.

use openssl::pkey::{PKey, Private};

use super::{TEST_KEY, Tape, line, to_hex};
use crate::Error;
use crate::matrix::Ssl2Cipher;

/// A whole conversation and what is known of it apart from the wire.
pub struct Recording {
    /// Where it is from, in a line each.
    pub source: Vec<String>,
    pub cipher: Ssl2Cipher,
    /// The server's.
    pub key: PKey<Private>,
    pub master_key: Vec<u8>,
    pub client_plaintext: Vec<u8>,
    pub server_plaintext: Vec<u8>,
    pub tape: Tape,
}

impl Recording {
    /// The file, in the format of [the others](super::Recording::to_text).
    pub fn to_text(&self) -> Result<String, Error> {
        let mut lines: Vec<String> = self.source.iter().map(|line| format!("# {line}")).collect();
        lines.push(TEST_KEY.to_owned());
        lines.push(String::new());
        let mut say = |name: &str, value: String| lines.push(format!("{name} = {value}"));
        say("kind", to_hex(&self.cipher.kind().0));
        say("kind_name", self.cipher.specified.to_owned());
        for (name, bytes) in [
            ("master_key", &self.master_key),
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
