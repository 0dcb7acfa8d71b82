//! What a connection tells about itself, at any time and after an error.
//!
//! In a renegotiation it is what the handshake before has proven, until the new one is complete;
//! what was refused can be read where it was the first handshake.

use rustls_pki_types::CertificateDer;

use super::Connection;
use super::ssl2::Protocol;
use crate::alert::AlertDescription;
use crate::cipher_kind::CipherKind;
use crate::config::Resumption;
use crate::crypto::rsa::RsaPublicKey;
use crate::error::Error;
use crate::message::ssl2::{ServerHello as Ssl2ServerHello, Ssl2Error};
use crate::message::{ServerHello, ServerRsaParams};
use crate::side::Side;
use crate::suite::CipherSuite;
use crate::version::ProtocolVersion;

impl Connection {
    /// Which end this is.
    pub fn side(&self) -> Side {
        self.pump.side
    }

    /// The error that the connection failed with.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// The alert that the error sent, which may be another than [`Error::alert`]'s: SSL 3.0 knows
    /// fewer (RFC 6101 §5.4.2).
    pub fn sent_alert(&self) -> Option<AlertDescription> {
        self.pump.sent_alert
    }

    /// The ERROR that the error sent, in an alert's place at SSL 2.0, which has few of them.
    pub fn sent_ssl2_error(&self) -> Option<Ssl2Error> {
        self.pump.sent_ssl2_error
    }

    /// The version, once a hello has fixed it.
    pub fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.pump.known.version
    }

    /// The suite, once the server has chosen it.
    pub fn negotiated_cipher_suite(&self) -> Option<CipherSuite> {
        self.pump.known.suite
    }

    /// In the suite's place at SSL 2.0, the cipher kind, once the client has chosen it.
    pub fn negotiated_cipher_kind(&self) -> Option<CipherKind> {
        self.pump.known.cipher_kind
    }

    /// What the peer presented, its own certificate first; also where it was refused. `None`
    /// before, and where it presented none.
    pub fn peer_certificates(&self) -> Option<&[CertificateDer<'static>]> {
        let chain = self.pump.known.peer_certificates.as_slice();
        (!chain.is_empty()).then_some(chain)
    }

    /// The key that the server signed for an export suite, in place of its certificate's, which is
    /// longer than the suite allows; received or sent, also where it was refused for its length.
    /// Who meets it again and again has a server that FREAK is about.
    pub fn ephemeral_key(&self) -> Option<RsaPublicKey> {
        let params = ServerRsaParams::read(&self.pump.known.ephemeral_key).ok()?;
        RsaPublicKey::new(params.modulus, params.exponent).ok()
    }

    /// The server's hello, received or sent; also where it was refused, as far as it can be
    /// parsed.
    pub fn server_hello(&self) -> Option<ServerHello<'_>> {
        let of_ssl3 = self.pump.protocol != Protocol::Ssl2;
        let read = || ServerHello::read(&self.pump.known.server_hello).ok();
        of_ssl3.then(read).flatten()
    }

    /// The server's hello at SSL 2.0, received or sent: it lists the cipher kinds that the server
    /// has, of most servers those that the client has, too.
    pub fn ssl2_server_hello(&self) -> Option<Ssl2ServerHello<'_>> {
        let of_ssl2 = self.pump.protocol == Protocol::Ssl2;
        let read = || Ssl2ServerHello::read(&self.pump.known.server_hello).ok();
        of_ssl2.then(read).flatten()
    }

    /// Whether the session of the last handshake continues an earlier one.
    pub fn session_resumed(&self) -> bool {
        self.resumption().is_some()
    }

    /// By what the session that the last handshake continues was named; `None` for one of its own.
    pub fn resumption(&self) -> Option<Resumption> {
        self.pump.known.resumption
    }

    /// The application protocol that ALPN negotiated.
    pub fn alpn_protocol(&self) -> Option<&[u8]> {
        self.pump.known.alpn_protocol.as_deref()
    }

    /// Whether the extended master secret is used (RFC 7627).
    pub fn extended_master_secret(&self) -> bool {
        self.pump.known.extended_master_secret
    }

    /// Whether CBC records are encrypted before they are authenticated (RFC 7366).
    pub fn encrypt_then_mac(&self) -> bool {
        self.pump.known.encrypt_then_mac
    }

    /// Whether the peer signalled secure renegotiation (RFC 5746).
    pub fn secure_renegotiation(&self) -> bool {
        self.pump.known.secure_renegotiation
    }

    /// Bytes of plaintext that the peer takes in one record at the most; what is written is cut
    /// accordingly. 16384 (at SSL 2.0 with a block cipher 16360), or less, at once from a
    /// ServerHello on, where the peer wants it so: by max_fragment_length (RFC 6066 §4) or
    /// record_size_limit (RFC 8449 §4).
    pub fn peer_record_limit(&self) -> usize {
        self.pump.outgoing.max_data()
    }

    /// Keying material for another protocol, bound to this connection (RFC 5705 §4): fills
    /// `output`, whatever its length.
    ///
    /// # Errors
    /// [`Error::HandshakeNotComplete`]; [`Error::Export`] before TLS, which has the first
    /// exporters, and for a context longer than 65535 bytes.
    pub fn export_keying_material<T: AsMut<[u8]>>(
        &self,
        mut output: T,
        label: &[u8],
        context: Option<&[u8]>,
    ) -> Result<T, Error> {
        let known = &self.pump.known;
        if known.is_established() && known.version < Some(ProtocolVersion::TLSv1_0) {
            let problem = "SSL has no exporters; TLS 1.0 or newer has";
            return Err(Error::Export(problem));
        }
        let completed = known.completed.as_ref();
        let completed = completed.ok_or(Error::HandshakeNotComplete)?;
        completed
            .master_secret
            .export(&completed.randoms, label, context, output.as_mut())?;
        Ok(output)
    }

    pub(crate) fn received_server_name(&self) -> Option<&str> {
        self.pump.known.server_name.as_deref()
    }
}
