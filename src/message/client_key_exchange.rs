//! ClientKeyExchange with RSA (RFC 5246 §7.4.7.1, RFC 6101 §5.6.7.1).

use super::codec::{Reader, put_u16};
use crate::error::InvalidMessage;
use crate::version::ProtocolVersion;

/// The pre-master secret, encrypted to the server's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientKeyExchange<'a> {
    pub(crate) encrypted_pre_master_secret: &'a [u8],
}

impl<'a> ClientKeyExchange<'a> {
    /// Reads the message of a client that encrypts to a key of `modulus_len` bytes.
    ///
    /// SSL 3.0 has no length in front, but JSSE's clients send one there if they offered TLS; TLS
    /// has one, which some TLS 1.0 clients leave out. Either is told by how long the message is,
    /// which everybody sees.
    pub(crate) fn read(
        body: &'a [u8],
        version: ProtocolVersion,
        modulus_len: usize,
    ) -> Result<Self, InvalidMessage> {
        let bare = match version {
            ProtocolVersion::SSLv2 | ProtocolVersion::SSLv3 => !is_framed(body, modulus_len),
            ProtocolVersion::TLSv1_0 => body.len() == modulus_len,
            ProtocolVersion::TLSv1_1 | ProtocolVersion::TLSv1_2 => false,
        };
        let mut reader = Reader::new("ClientKeyExchange", body);
        let encrypted_pre_master_secret = if bare {
            reader.rest()
        } else {
            reader.vector_u16()?
        };
        reader.finish()?;
        Ok(Self {
            encrypted_pre_master_secret,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>, version: ProtocolVersion) {
        if version == ProtocolVersion::SSLv3 {
            out.extend_from_slice(self.encrypted_pre_master_secret);
        } else {
            put_u16(out, |out| {
                out.extend_from_slice(self.encrypted_pre_master_secret);
            });
        }
    }
}

/// Whether a length is in front of as many bytes as the modulus has, and names it.
fn is_framed(body: &[u8], modulus_len: usize) -> bool {
    let framed = body.split_first_chunk();
    framed.is_some_and(|(length, encrypted)| {
        usize::from(u16::from_be_bytes(*length)) == modulus_len && encrypted.len() == modulus_len
    })
}
