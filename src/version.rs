//! Protocol versions and their numbers on the wire.

use core::fmt;
use core::str::FromStr;

/// A protocol version that this crate speaks.
///
/// Versions are ordered: `SSLv2 < SSLv3 < TLSv1_0 < TLSv1_1 < TLSv1_2`.
///
/// ```
/// use retrossl::ProtocolVersion;
///
/// assert_eq!(ProtocolVersion::TLSv1_0.wire(), 0x0301);
/// assert_eq!("tls1.0".parse(), Ok(ProtocolVersion::TLSv1_0));
/// assert_eq!(ProtocolVersion::SSLv3.to_string(), "SSLv3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(non_camel_case_types, reason = "the protocol versions' own spelling")]
#[non_exhaustive]
pub enum ProtocolVersion {
    /// SSL 2.0, 0x0002 (Netscape's The SSL Protocol, 1995): a protocol of its own.
    SSLv2,
    /// SSL 3.0, 0x0300 (RFC 6101).
    SSLv3,
    /// TLS 1.0, 0x0301 (RFC 2246).
    TLSv1_0,
    /// TLS 1.1, 0x0302 (RFC 4346).
    TLSv1_1,
    /// TLS 1.2, 0x0303 (RFC 5246).
    TLSv1_2,
}

impl ProtocolVersion {
    /// Every version, oldest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + Clone {
        [
            Self::SSLv2,
            Self::SSLv3,
            Self::TLSv1_0,
            Self::TLSv1_1,
            Self::TLSv1_2,
        ]
        .into_iter()
    }

    /// The two bytes of this version on the wire, as a number.
    pub const fn wire(self) -> u16 {
        match self {
            Self::SSLv2 => 0x0002,
            Self::SSLv3 => 0x0300,
            Self::TLSv1_0 => 0x0301,
            Self::TLSv1_1 => 0x0302,
            Self::TLSv1_2 => 0x0303,
        }
    }

    /// Every version that speaks in SSL 3.0's records and messages, oldest first: all but SSL 2.0.
    pub(crate) fn from_ssl3() -> impl DoubleEndedIterator<Item = Self> + Clone {
        Self::all().filter(|version| *version >= Self::SSLv3)
    }

    /// The version with exactly this number on the wire, if it is one of ours.
    pub fn from_wire(wire: u16) -> Option<Self> {
        Self::all().find(|version| version.wire() == wire)
    }

    /// The short name: `ssl2`, `ssl3`, `tls1.0`, `tls1.1`, `tls1.2`. [`FromStr`] takes it as well
    /// as what is printed: `SSLv2`, `SSLv3`, `TLSv1.0`, `TLSv1.1`, `TLSv1.2`.
    pub const fn short_name(self) -> &'static str {
        match self {
            Self::SSLv2 => "ssl2",
            Self::SSLv3 => "ssl3",
            Self::TLSv1_0 => "tls1.0",
            Self::TLSv1_1 => "tls1.1",
            Self::TLSv1_2 => "tls1.2",
        }
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::SSLv2 => "SSLv2",
            Self::SSLv3 => "SSLv3",
            Self::TLSv1_0 => "TLSv1.0",
            Self::TLSv1_1 => "TLSv1.1",
            Self::TLSv1_2 => "TLSv1.2",
        })
    }
}

impl FromStr for ProtocolVersion {
    type Err = UnknownVersionName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::all()
            .find(|version| {
                version.short_name().eq_ignore_ascii_case(name)
                    || version.to_string().eq_ignore_ascii_case(name)
            })
            .ok_or_else(|| UnknownVersionName(name.to_owned()))
    }
}

/// The name of a version that this crate does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown protocol version {0:?}; one of ssl2, ssl3, tls1.0, tls1.1, tls1.2 is expected")]
pub struct UnknownVersionName(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_go_both_ways() {
        for version in ProtocolVersion::all() {
            assert_eq!(ProtocolVersion::from_wire(version.wire()), Some(version));
            assert_eq!(version.short_name().parse(), Ok(version));
            assert_eq!(version.to_string().parse(), Ok(version));
        }
        assert_eq!(ProtocolVersion::from_wire(0x0304), None);
        assert!("tls1.3".parse::<ProtocolVersion>().is_err());
    }
}
