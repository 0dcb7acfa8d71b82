//! Key logging in the NSS format, a separate and explicit opt-in.

use core::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Takes the secrets that a connection is made of, so that another program can decrypt it.
pub trait KeyLog: Send + Sync + fmt::Debug {
    /// `label` is `CLIENT_RANDOM`, `client_random` the hello's 32 bytes, `secret` the master
    /// secret's 48. At SSL 2.0, which the format knows nothing of, the label is `SSL2_MASTER_KEY`,
    /// `client_random` the challenge with zeros in front, `secret` the master key's 8 to 24 bytes.
    fn log(&self, label: &str, client_random: &[u8; 32], secret: &[u8]);
}

impl<K: KeyLog + ?Sized> KeyLog for Arc<K> {
    fn log(&self, label: &str, client_random: &[u8; 32], secret: &[u8]) {
        (**self).log(label, client_random, secret);
    }
}

/// Appends to a file in the format of NSS, which Wireshark reads.
///
/// A line that cannot be written is lost, with a warning in the `log`; the connection goes on.
#[derive(Debug)]
pub struct KeyLogFile(Mutex<File>);

impl KeyLogFile {
    /// Appends to the file at `path`, which is made if it does not exist; on Unix only its owner
    /// may read it then.
    ///
    /// # Errors
    /// Whatever opening the file gives.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self(Mutex::new(options.open(path)?)))
    }

    /// The file that the environment variable `SSLKEYLOGFILE` names; `None` where it is not set, or
    /// empty.
    ///
    /// # Errors
    /// Whatever opening the file gives.
    pub fn from_env() -> io::Result<Option<Self>> {
        std::env::var_os("SSLKEYLOGFILE")
            .filter(|path| !path.is_empty())
            .map(Self::open)
            .transpose()
    }
}

impl KeyLog for KeyLogFile {
    fn log(&self, label: &str, client_random: &[u8; 32], secret: &[u8]) {
        let mut line = zeroize::Zeroizing::new(String::with_capacity(256));
        line.push_str(label);
        for field in [client_random.as_slice(), secret] {
            line.push(' ');
            for byte in field {
                // Writing to a String does not fail.
                let _ = write!(line, "{byte:02x}");
            }
        }
        line.push('\n');
        // One call writes the whole line, so lines of several connections do not mix.
        let written = match self.0.lock() {
            Ok(mut file) => file.write_all(line.as_bytes()),
            Err(poisoned) => poisoned.into_inner().write_all(line.as_bytes()),
        };
        if let Err(error) = written {
            log::warn!("the key log cannot be written: {error}");
        }
    }
}
