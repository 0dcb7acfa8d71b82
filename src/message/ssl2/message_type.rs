//! SSL 2.0's handshake message types: one row each (The SSL Protocol, appendix C.2).

use core::fmt;

/// An SSL 2.0 handshake message's type: a newtype over its byte, so that any number can be carried.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ssl2MessageType(pub u8);

macro_rules! message_types {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:literal;)*) => {
        impl Ssl2MessageType {
            $($(#[$doc])* pub const $constant: Self = Self($number);)*

            /// The specification's name; `unknown message` for numbers without one.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$constant => $name,)*
                    _ => UNKNOWN,
                }
            }
        }
    };
}

message_types! {
    /// Either side cannot go on, or lacks what it was asked for.
    ERROR = 0, "ERROR";
    /// The client's version, kinds, session and challenge.
    CLIENT_HELLO = 1, "CLIENT-HELLO";
    /// The kind that the client chose, and the master key.
    CLIENT_MASTER_KEY = 2, "CLIENT-MASTER-KEY";
    /// The connection ID, encrypted.
    CLIENT_FINISHED = 3, "CLIENT-FINISHED";
    /// The server's certificate, kinds and connection ID.
    SERVER_HELLO = 4, "SERVER-HELLO";
    /// The challenge, encrypted: the server has the keys.
    SERVER_VERIFY = 5, "SERVER-VERIFY";
    /// The session's ID, encrypted.
    SERVER_FINISHED = 6, "SERVER-FINISHED";
    /// The server asks for the client's certificate.
    REQUEST_CERTIFICATE = 7, "REQUEST-CERTIFICATE";
    /// The client's certificate, and a signature by its key.
    CLIENT_CERTIFICATE = 8, "CLIENT-CERTIFICATE";
}

impl fmt::Debug for Ssl2MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ssl2MessageType({self})")
    }
}

impl fmt::Display for Ssl2MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            UNKNOWN => write!(f, "SSL 2.0 handshake message {}", self.0),
            name => f.pad(name),
        }
    }
}

const UNKNOWN: &str = "unknown message";
