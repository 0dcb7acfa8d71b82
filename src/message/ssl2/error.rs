//! ERROR (The SSL Protocol, §2.7) and its codes: one row each (appendix C.3).

use core::fmt;

use super::super::codec::Reader;
use crate::error::InvalidMessage;

/// Either side cannot go on, or lacks what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ErrorMessage {
    pub(crate) code: Ssl2Error,
}

impl ErrorMessage {
    pub(crate) fn read(body: &[u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("ERROR", body);
        let code = Ssl2Error(reader.u16()?);
        reader.finish()?;
        Ok(Self { code })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.code.0.to_be_bytes());
    }
}

/// What an SSL 2.0 ERROR says: a newtype over its number, so that any number can be carried and
/// printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ssl2Error(pub u16);

macro_rules! errors {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:literal;)*) => {
        impl Ssl2Error {
            $($(#[$doc])* pub const $constant: Self = Self($number);)*

            /// The specification's name, if the number is a known one.
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$constant => Some($name),)*
                    _ => None,
                }
            }
        }
    };
}

errors! {
    /// The client has none of the server's kinds.
    NO_CIPHER = 1, "NO-CIPHER-ERROR";
    /// The client has no certificate; the server may go on without.
    NO_CERTIFICATE = 2, "NO-CERTIFICATE-ERROR";
    /// A certificate is damaged or not acceptable.
    BAD_CERTIFICATE = 4, "BAD-CERTIFICATE-ERROR";
    /// A certificate's type is not known.
    UNSUPPORTED_CERTIFICATE_TYPE = 6, "UNSUPPORTED-CERTIFICATE-TYPE-ERROR";
}

impl fmt::Debug for Ssl2Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ssl2Error({self})")
    }
}

impl fmt::Display for Ssl2Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "SSL 2.0 error {}", self.0),
        }
    }
}
