//! What a connection has learnt, readable at any time and after an error.

use rustls_pki_types::CertificateDer;

use crate::secrets::{MasterSecret, Randoms};
use crate::suite::CipherSuite;
use crate::version::ProtocolVersion;

/// What is known so far.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) version: Option<ProtocolVersion>,
    pub(crate) suite: Option<CipherSuite>,
    /// The ServerHello's body, sent or received.
    pub(crate) server_hello: Vec<u8>,
    pub(crate) peer_certificates: Vec<CertificateDer<'static>>,
    pub(crate) server_name: Option<String>,
    pub(crate) alpn_protocol: Option<Vec<u8>>,
    pub(crate) extended_master_secret: bool,
    pub(crate) encrypt_then_mac: bool,
    pub(crate) secure_renegotiation: bool,
    /// Once the handshake is complete.
    pub(crate) exporter: Option<(MasterSecret, Randoms)>,
}
