//! Handshake message types: one row each (RFC 5246 §7.4).

use core::fmt;

/// A handshake message's type: a newtype over its byte, so that any number can be carried.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HandshakeType(pub u8);

macro_rules! handshake_types {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:literal, max: $max:expr;)*) => {
        impl HandshakeType {
            $($(#[$doc])* pub const $constant: Self = Self($number);)*

            /// The specification's name; `unknown message` for numbers without one.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$constant => $name,)*
                    _ => UNKNOWN,
                }
            }

            /// The longest body that is accepted, in bytes.
            pub(crate) fn max_body(self) -> usize {
                match self {
                    $(Self::$constant => $max,)*
                    _ => MAX_UNKNOWN,
                }
            }
        }
    };
}

handshake_types! {
    /// The server asks for a new handshake.
    HELLO_REQUEST = 0, "HelloRequest", max: 0;
    /// Step 1.
    CLIENT_HELLO = 1, "ClientHello", max: MAX_HELLO;
    /// Step 2.
    SERVER_HELLO = 2, "ServerHello", max: MAX_HELLO;
    /// Before step 9: the session, for the client to keep (RFC 5077 §3.3).
    NEW_SESSION_TICKET = 4, "NewSessionTicket", max: MAX_NEW_SESSION_TICKET;
    /// Step 2 and step 5.
    CERTIFICATE = 11, "Certificate", max: MAX_CERTIFICATE;
    /// Step 2, where the suite calls for it.
    SERVER_KEY_EXCHANGE = 12, "ServerKeyExchange", max: MAX_KEY_EXCHANGE;
    /// Step 2, where the client's certificate is asked for.
    CERTIFICATE_REQUEST = 13, "CertificateRequest", max: MAX_CERTIFICATE_REQUEST;
    /// Step 2.
    SERVER_HELLO_DONE = 14, "ServerHelloDone", max: 0;
    /// Step 5.
    CERTIFICATE_VERIFY = 15, "CertificateVerify", max: MAX_KEY_EXCHANGE;
    /// Step 4.
    CLIENT_KEY_EXCHANGE = 16, "ClientKeyExchange", max: MAX_KEY_EXCHANGE;
    /// Steps 8 and 9.
    FINISHED = 20, "Finished", max: MAX_FINISHED;
}

impl fmt::Debug for HandshakeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HandshakeType({self})")
    }
}

impl fmt::Display for HandshakeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            UNKNOWN => write!(f, "handshake message {}", self.0),
            name => f.pad(name),
        }
    }
}

/// A hello with every field and the extensions at their longest (RFC 5246 §7.4.1.2).
const MAX_HELLO: usize = 2 + 32 + 33 + 2 + 65_534 + 256 + 2 + 65_535;

/// A lifetime and a ticket at its longest.
const MAX_NEW_SESSION_TICKET: usize = 4 + 2 + 65_535;

/// A chain of certificates: four times what public sites send at the most.
const MAX_CERTIFICATE: usize = 128 * 1024;

/// The authorities alone may take 64 KiB; the types and the signature algorithms stand before
/// them (RFC 5246 §7.4.4).
const MAX_CERTIFICATE_REQUEST: usize = 256 + 2 + 65_534 + 2 + 65_535;

/// A length and an 8192-bit number, or three of them and a signature.
const MAX_KEY_EXCHANGE: usize = 8 * 1024;

/// SSL 3.0's two digests (RFC 6101 §5.6.9).
const MAX_FINISHED: usize = 36;

/// A message that no state expects; it is refused when it is whole.
const MAX_UNKNOWN: usize = 16 * 1024;

const UNKNOWN: &str = "unknown message";
