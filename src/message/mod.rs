//! Wire formats of the handshake messages (RFC 5246 §7.4, RFC 6101 §5.6).
//!
//! A message type has one `read` and one `write`, next to each other; reading borrows from the
//! buffer. What a message means is decided by the states, not here.

mod certificate;
mod certificate_request;
mod certificate_verify;
mod client_hello;
mod client_key_exchange;
pub(crate) mod codec;
pub(crate) mod extension;
mod finished;
mod handshake_type;
mod new_session_ticket;
#[cfg(any(test, fuzzing))]
pub(crate) mod rewritten;
mod server_hello;
mod server_key_exchange;
pub(crate) mod ssl2;

pub(crate) use certificate::{Certificate, MAX_CHAIN};
pub(crate) use certificate_request::{CertificateRequest, RSA_SIGN};
pub(crate) use certificate_verify::{CertificateVerify, SignatureAlgorithm, write_algorithms};
pub use client_hello::{ClientHello, HelloFormat};
pub(crate) use client_key_exchange::ClientKeyExchange;
pub use extension::ExtensionType;
pub(crate) use finished::Finished;
pub use handshake_type::HandshakeType;
pub(crate) use new_session_ticket::NewSessionTicket;
pub use server_hello::ServerHello;
pub(crate) use server_key_exchange::{ServerKeyExchange, ServerRsaParams};

use codec::{Reader, put_u24};

use crate::error::InvalidMessage;

/// One handshake message, framed (RFC 5246 §7.4).
#[derive(Clone, Copy)]
pub(crate) struct Handshake<'a> {
    pub(crate) kind: HandshakeType,
    pub(crate) body: &'a [u8],
    /// Header and body: what the transcript hashes.
    pub(crate) encoded: &'a [u8],
}

impl<'a> Handshake<'a> {
    /// Reads the message that fills `encoded`.
    pub(crate) fn read(encoded: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("handshake message", encoded);
        let kind = HandshakeType(reader.u8()?);
        let body = reader.vector_u24()?;
        reader.finish()?;
        Ok(Self {
            kind,
            body,
            encoded,
        })
    }
}

/// Frames a message whose body `write_body` writes.
pub(crate) fn encode(kind: HandshakeType, write_body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut encoded = vec![kind.0];
    put_u24(&mut encoded, write_body);
    encoded
}

/// CompressionMethod null: the only one, because of CRIME.
pub(crate) const NULL_COMPRESSION: u8 = 0;

/// Bytes in front of a handshake message's body.
pub(crate) const HANDSHAKE_HEADER: usize = 4;

#[cfg(test)]
mod tests;
