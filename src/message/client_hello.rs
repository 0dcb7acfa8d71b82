//! ClientHello (RFC 5246 §7.4.1.2), in either format.

use super::codec::{Reader, put_u8, put_u16};
use super::extension::{self, ExtensionType, Extensions};
use super::{NULL_COMPRESSION, ssl2};
use crate::cipher_kind::CipherKind;
use crate::error::{InvalidMessage, Malformed};
use crate::suite::CipherSuite;

/// What a client offers.
///
/// A server looks at it before it chooses its config (see `server::Acceptor`) or its certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientHello<'a> {
    pub(crate) format: HelloFormat,
    pub(crate) client_version: u16,
    pub(crate) random: [u8; 32],
    pub(crate) session_id: &'a [u8],
    /// As they stand in the message: two bytes each, or three in SSL 2.0's format.
    pub(crate) cipher_suites: &'a [u8],
    pub(crate) compression_methods: &'a [u8],
    pub(crate) extensions: Extensions<'a>,
}

/// How a ClientHello is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HelloFormat {
    /// As a handshake message of SSL 3.0 and TLS.
    Ssl3,
    /// As SSL 2.0's CLIENT-HELLO (RFC 5246 appendix E.2): it has no extensions and names no
    /// session of SSL 3.0 or TLS, and a server of any version can read it.
    Ssl2,
}

impl<'a> ClientHello<'a> {
    /// Which of the two formats it came in.
    pub fn format(&self) -> HelloFormat {
        self.format
    }

    /// The newest version that the client speaks, as on the wire.
    pub fn client_version(&self) -> u16 {
        self.client_version
    }

    /// The client's 32 random bytes; in SSL 2.0's format the 16 to 32 of the challenge, with zeros
    /// in front.
    pub fn random(&self) -> &[u8; 32] {
        &self.random
    }

    /// The session that the client would resume: 0 to 32 bytes; none in SSL 2.0's format, where the
    /// client can name a session of SSL 2.0 only.
    pub fn session_id(&self) -> &'a [u8] {
        self.session_id
    }

    /// The suites on offer, in the client's order, signals (SCSV) among them.
    pub fn cipher_suites(&self) -> impl Iterator<Item = CipherSuite> + use<'a> {
        self.listed().filter_map(|listed| match *listed {
            [high, low] | [0, high, low] => Some(CipherSuite(u16::from_be_bytes([high, low]))),
            _ => None,
        })
    }

    /// SSL 2.0's cipher kinds on offer, in the client's order; none but in SSL 2.0's format.
    pub fn cipher_kinds(&self) -> impl Iterator<Item = CipherKind> + use<'a> {
        self.listed().filter_map(|listed| match *listed {
            [first, second, third] if first > 0 => Some(CipherKind([first, second, third])),
            _ => None,
        })
    }

    /// The compression methods on offer; 0 is null, which is all that SSL 2.0's format can offer.
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

    fn listed(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let len = match self.format {
            HelloFormat::Ssl3 => 2,
            HelloFormat::Ssl2 => 3,
        };
        self.cipher_suites.chunks_exact(len)
    }

    /// What a CLIENT-HELLO says to a server of SSL 3.0 or TLS (RFC 5246 appendix E.2). Its session
    /// is none of theirs.
    pub(crate) fn of_ssl2(hello: &ssl2::ClientHello<'a>) -> Self {
        Self {
            format: HelloFormat::Ssl2,
            client_version: hello.version,
            random: hello.random(),
            session_id: &[],
            cipher_suites: hello.cipher_specs,
            compression_methods: &[NULL_COMPRESSION],
            extensions: Extensions::default(),
        }
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
            format: HelloFormat::Ssl3,
            client_version,
            random,
            session_id,
            cipher_suites,
            compression_methods,
            extensions,
        })
    }

    /// In SSL 3.0's format.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.client_version.to_be_bytes());
        out.extend_from_slice(&self.random);
        put_u8(out, |out| out.extend_from_slice(self.session_id));
        put_u16(out, |out| out.extend_from_slice(self.cipher_suites));
        put_u8(out, |out| out.extend_from_slice(self.compression_methods));
        self.extensions.write(out);
    }
}
