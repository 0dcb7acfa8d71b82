//! ServerHello (RFC 5246 §7.4.1.3).

use super::codec::{Reader, put_u8};
use super::extension::{ExtensionType, Extensions};
use crate::error::{InvalidMessage, Malformed};
use crate::suite::CipherSuite;

/// What a server chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerHello<'a> {
    pub(crate) server_version: u16,
    pub(crate) random: [u8; 32],
    pub(crate) session_id: &'a [u8],
    pub(crate) cipher_suite: CipherSuite,
    pub(crate) compression_method: u8,
    pub(crate) extensions: Extensions<'a>,
}

impl<'a> ServerHello<'a> {
    /// The version, as on the wire.
    pub fn server_version(&self) -> u16 {
        self.server_version
    }

    /// The server's 32 random bytes.
    pub fn random(&self) -> &[u8; 32] {
        &self.random
    }

    /// The session's name: 0 to 32 bytes; empty where it cannot be resumed by ID.
    pub fn session_id(&self) -> &'a [u8] {
        self.session_id
    }

    /// The cipher suite.
    pub fn cipher_suite(&self) -> CipherSuite {
        self.cipher_suite
    }

    /// The compression method; 0 is null.
    pub fn compression_method(&self) -> u8 {
        self.compression_method
    }

    /// The extensions: type and body, in the server's order.
    pub fn extensions(&self) -> impl Iterator<Item = (ExtensionType, &'a [u8])> + use<'a> {
        self.extensions.iter()
    }

    pub(crate) fn read(body: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("ServerHello", body);
        let server_version = reader.u16()?;
        let random = reader.array()?;
        let session_id = reader.vector_u8()?;
        reader.check(session_id.len() <= 32, Malformed::LengthOutOfRange)?;
        let cipher_suite = CipherSuite(reader.u16()?);
        let compression_method = reader.u8()?;
        let extensions = Extensions::read(&mut reader)?;
        reader.finish()?;
        Ok(Self {
            server_version,
            random,
            session_id,
            cipher_suite,
            compression_method,
            extensions,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.server_version.to_be_bytes());
        out.extend_from_slice(&self.random);
        put_u8(out, |out| out.extend_from_slice(self.session_id));
        out.extend_from_slice(&self.cipher_suite.0.to_be_bytes());
        out.push(self.compression_method);
        self.extensions.write(out);
    }
}
