//! Choosing one's own certificate.

use core::fmt;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::certified_key::CertifiedKey;
use super::error::ConfigError;
use super::private_key::PrivateKey;
use crate::crypto::HashAlgorithm;
use crate::message::ClientHello;
use crate::policy::Policy;
use crate::suite::CipherSuite;
use crate::version::ProtocolVersion;

/// Chooses a server's certificate for a client.
pub trait ServerCertificateResolver: Send + Sync + fmt::Debug {
    /// The certificate for a client; `None` refuses it with `handshake_failure`. A key that is
    /// shorter than the policy allows ends the handshake.
    fn resolve(&self, wanted: &CertificateWanted<'_>) -> Option<Arc<CertifiedKey>>;
}

/// What a server's certificate is wanted for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CertificateWanted<'a> {
    /// What the client offers, the server's name among it.
    pub hello: &'a ClientHello<'a>,
    /// The version that will be answered.
    pub version: ProtocolVersion,
    /// The suite that will be answered.
    pub suite: CipherSuite,
}

/// Chooses a client's certificate for a server that asks.
pub trait ClientCertificateResolver: Send + Sync + fmt::Debug {
    /// The certificate for what the server accepts; `None` sends none, which the server may or
    /// may not put up with.
    fn resolve(&self, request: &CertificateRequested<'_>) -> Option<Arc<CertifiedKey>>;
}

/// What a server says it accepts of a client's certificate (RFC 5246 §7.4.4).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CertificateRequested<'a> {
    /// DER of the distinguished names of the authorities that are accepted; empty for any.
    pub authorities: &'a [&'a [u8]],
    /// The types of certificate that are accepted, as on the wire; 1 is rsa_sign.
    pub certificate_types: &'a [u8],
    /// The hashes that an RSA signature may be made over, from TLS 1.2 on; empty before.
    pub signature_hashes: &'a [HashAlgorithm],
}

/// One certificate for everybody.
#[derive(Debug)]
pub(crate) struct Always(Arc<CertifiedKey>);

impl Always {
    /// Checks that the two belong together, and that the policy takes the key.
    pub(crate) fn new(
        chain: Vec<CertificateDer<'static>>,
        key: Arc<dyn PrivateKey>,
        policy: &Policy,
    ) -> Result<Self, ConfigError> {
        let certified = CertifiedKey::new(chain, key)?;
        certified.check(policy)?;
        Ok(Self(Arc::new(certified)))
    }
}

impl ServerCertificateResolver for Always {
    fn resolve(&self, _: &CertificateWanted<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

impl ClientCertificateResolver for Always {
    fn resolve(&self, _: &CertificateRequested<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}
