//! What may be named to encrypt: cipher suites, and SSL 2.0's cipher kinds.

use core::fmt;
use core::str::FromStr;

use retrossl::{CipherKind, CipherSuite};

/// A cipher suite, or its counterpart at SSL 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    Suite(CipherSuite),
    Kind(CipherKind),
}

impl FromStr for Cipher {
    type Err = String;

    /// Names that begin with SSL_CK_ are kinds, and so are six hex digits.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_kind = name.to_ascii_uppercase().starts_with("SSL_CK_")
            || (name.starts_with("0x") && name.len() == "0x0700C0".len());
        let unknown = |error: &dyn fmt::Display| format!("{error}; --help lists them all");
        if is_kind {
            let kind = name.parse().map_err(|error| unknown(&error));
            return kind.map(Self::Kind);
        }
        let suite = name.parse().map_err(|error| unknown(&error));
        suite.map(Self::Suite)
    }
}

impl fmt::Display for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suite(suite) => suite.fmt(f),
            Self::Kind(kind) => kind.fmt(f),
        }
    }
}

/// For the end of `--help`.
pub fn cipher_names() -> String {
    let suites = CipherSuite::all().map(|suite| format!("\n  {suite}"));
    let kinds = CipherKind::all().map(|kind| format!("\n  {kind}"));
    format!(
        "Cipher suites:{}\n\nCipher kinds, SSL 2.0's suites:{}",
        suites.collect::<String>(),
        kinds.collect::<String>()
    )
}
