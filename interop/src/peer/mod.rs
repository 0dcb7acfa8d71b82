//! The peers, and what they have in common.

pub mod gnutls;
pub mod jsse;
pub mod node;
pub mod openssl;
pub mod openssl_command;
pub mod program;
pub mod purecrypto;
pub mod redis;
mod reporter;
pub mod tlslite;

use std::fmt;

use retrossl::ProtocolVersion;

/// The protocol versions that every peer is asked for by the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    Ssl3,
    Tls1_0,
    Tls1_1,
    Tls1_2,
}

impl Version {
    pub const ALL: [Self; 4] = [Self::Ssl3, Self::Tls1_0, Self::Tls1_1, Self::Tls1_2];

    /// All but SSL 2.0.
    pub fn from_protocol(version: ProtocolVersion) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|one| ProtocolVersion::from(*one) == version)
    }

    /// `ProtocolVersion` on the wire.
    pub const fn wire(self) -> u16 {
        match self {
            Self::Ssl3 => 0x0300,
            Self::Tls1_0 => 0x0301,
            Self::Tls1_1 => 0x0302,
            Self::Tls1_2 => 0x0303,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ssl3 => "SSL 3.0",
            Self::Tls1_0 => "TLS 1.0",
            Self::Tls1_1 => "TLS 1.1",
            Self::Tls1_2 => "TLS 1.2",
        })
    }
}
