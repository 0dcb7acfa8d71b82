//! Wire formats of SSL 2.0's handshake messages (The SSL Protocol, §2.4 to §2.7).
//!
//! A record of the handshake holds one message: a byte that says which, and its body. A message
//! type has one `read` and one `write` for the body, next to each other; reading borrows from the
//! buffer. Lengths stand together in front of what they count. What a message means is decided by
//! the states, not here.

mod client_authentication;
mod client_hello;
mod client_master_key;
mod error;
mod finished;
mod message_type;
#[cfg(any(test, fuzzing))]
pub(crate) mod rewritten;
mod server_hello;

pub(crate) use client_authentication::{
    ClientCertificate, MD5_WITH_RSA_ENCRYPTION, RequestCertificate,
};
pub(crate) use client_hello::ClientHello;
pub(crate) use client_master_key::ClientMasterKey;
pub(crate) use error::ErrorMessage;
pub use error::Ssl2Error;
pub(crate) use finished::{ClientFinished, ServerFinished, ServerVerify};
pub use message_type::Ssl2MessageType;
pub use server_hello::ServerHello;

use core::ops::RangeInclusive;

use super::codec::Reader;
use crate::cipher_kind::CipherKind;
use crate::error::{InvalidMessage, Malformed};

/// One handshake message, as a record's content (The SSL Protocol, §2.4).
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) kind: Ssl2MessageType,
    pub(crate) body: &'a [u8],
    /// The kind's byte and the body.
    pub(crate) encoded: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads the message that fills `encoded`.
    pub(crate) fn read(encoded: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("handshake message", encoded);
        let kind = Ssl2MessageType(reader.u8()?);
        let body = reader.rest();
        Ok(Self {
            kind,
            body,
            encoded,
        })
    }
}

/// A message whose body `write_body` writes.
pub(crate) fn encode(kind: Ssl2MessageType, write_body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut encoded = vec![kind.0];
    write_body(&mut encoded);
    encoded
}

/// The kinds that CIPHER-SPECS-DATA names, in order.
fn cipher_kinds(cipher_specs: &[u8]) -> impl Iterator<Item = CipherKind> + use<'_> {
    let (kinds, _) = cipher_specs.as_chunks();
    kinds.iter().copied().map(CipherKind)
}

/// A length in bytes that is in `range`, or it is out of range.
fn check_len(
    reader: &Reader<'_>,
    field: &[u8],
    range: RangeInclusive<usize>,
) -> Result<(), InvalidMessage> {
    reader.check(range.contains(&field.len()), Malformed::LengthOutOfRange)
}

/// Writes how long `field` is.
///
/// A field of which two bytes cannot say it makes a message that no record can carry, so it is
/// never sent.
fn put_len(out: &mut Vec<u8>, field: &[u8]) {
    out.extend_from_slice(&(field.len() as u16).to_be_bytes());
}

/// CERTIFICATE-TYPE SSL_CT_X509_CERTIFICATE (The SSL Protocol, appendix C.5): the only one.
pub(crate) const X509_CERTIFICATE: u8 = 1;

/// Bytes in a SESSION-ID, where there is one (The SSL Protocol, §2.5).
pub(crate) const SESSION_ID: usize = 16;

/// Bytes in a CHALLENGE (The SSL Protocol, §2.5).
const CHALLENGE: RangeInclusive<usize> = 16..=32;

/// Bytes in a CONNECTION-ID (The SSL Protocol, §2.6).
const CONNECTION_ID: RangeInclusive<usize> = 16..=32;

/// Bytes in a CERTIFICATE-CHALLENGE (The SSL Protocol, §2.6).
const CERTIFICATE_CHALLENGE: RangeInclusive<usize> = 16..=32;

/// Bytes in a CIPHER-KIND.
const CIPHER_KIND: usize = 3;

#[cfg(test)]
mod tests;
