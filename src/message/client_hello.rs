//! ClientHello (RFC 5246 §7.4.1.2).

use super::codec::{Reader, put_u8, put_u16};
use super::extension::{self, ExtensionType, Extensions};
use crate::error::{InvalidMessage, Malformed};
use crate::suite::CipherSuite;

/// What a client offers.
///
/// A server looks at it before it chooses its config (see `server::Acceptor`) or its certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientHello<'a> {
    pub(crate) client_version: u16,
    pub(crate) random: [u8; 32],
    pub(crate) session_id: &'a [u8],
    pub(crate) cipher_suites: &'a [u8],
    pub(crate) compression_methods: &'a [u8],
    pub(crate) extensions: Extensions<'a>,
}

impl<'a> ClientHello<'a> {
    /// The newest version that the client speaks, as on the wire.
    pub fn client_version(&self) -> u16 {
        self.client_version
    }

    /// The client's 32 random bytes.
    pub fn random(&self) -> &[u8; 32] {
        &self.random
    }

    /// The session that the client would resume: 0 to 32 bytes.
    pub fn session_id(&self) -> &'a [u8] {
        self.session_id
    }

    /// The suites on offer, in the client's order, signals (SCSV) among them.
    pub fn cipher_suites(&self) -> impl Iterator<Item = CipherSuite> + use<'a> {
        self.cipher_suites
            .chunks_exact(2)
            .map(|pair| CipherSuite(u16::from_be_bytes([pair[0], pair[1]])))
    }

    /// The compression methods on offer; 0 is null.
    pub fn compression_methods(&self) -> &'a [u8] {
        self.compression_methods
    }

    /// The host name that the client asks for (server_name, RFC 6066 §3), in lower case; `None`
    /// where there is none or it cannot be read.
    pub fn server_name(&self) -> Option<String> {
        let body = self.extensions.find(ExtensionType::SERVER_NAME)?;
        let name = extension::read_server_name(body).ok().flatten();
        name.map(str::to_ascii_lowercase)
    }

    /// The application protocols on offer, in the client's order (RFC 7301).
    pub fn alpn_protocols(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.extensions
            .find(ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION)
            .and_then(|body| extension::read_protocol_names(body).ok())
            .into_iter()
            .flatten()
    }

    /// The extensions: type and body, in the client's order.
    pub fn extensions(&self) -> impl Iterator<Item = (ExtensionType, &'a [u8])> + use<'a> {
        self.extensions.iter()
    }

    pub(crate) fn offers(&self, suite: CipherSuite) -> bool {
        self.cipher_suites().any(|offered| offered == suite)
    }

    pub(crate) fn read(body: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("ClientHello", body);
        let client_version = reader.u16()?;
        let random = reader.array()?;
        let session_id = reader.vector_u8()?;
        reader.check(session_id.len() <= 32, Malformed::LengthOutOfRange)?;
        let cipher_suites = reader.vector_u16()?;
        let pairs = !cipher_suites.is_empty() && cipher_suites.len().is_multiple_of(2);
        reader.check(pairs, Malformed::LengthOutOfRange)?;
        let compression_methods = reader.vector_u8()?;
        reader.check(!compression_methods.is_empty(), Malformed::LengthOutOfRange)?;
        // Data after a ClientHello without extensions is an error in TLS 1.2; RFC 6101 §5.6.1.2
        // lets SSL 3.0 clients append anything, which only ever was extensions.
        let extensions = Extensions::read(&mut reader)?;
        reader.finish()?;
        Ok(Self {
            client_version,
            random,
            session_id,
            cipher_suites,
            compression_methods,
            extensions,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.client_version.to_be_bytes());
        out.extend_from_slice(&self.random);
        put_u8(out, |out| out.extend_from_slice(self.session_id));
        put_u16(out, |out| out.extend_from_slice(self.cipher_suites));
        put_u8(out, |out| out.extend_from_slice(self.compression_methods));
        self.extensions.write(out);
    }
}
