//! A certificate chain and its key.

use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::private_key::PrivateKey;
use crate::cert::{self, Name};
use crate::error::ConfigError;
use crate::fingerprint::Fingerprint;
use crate::message::HandshakeType;
use crate::message::MAX_CHAIN;
use crate::policy::Policy;

/// A certificate chain, one's own certificate first, and the private key to it.
#[derive(Clone, Debug)]
pub struct CertifiedKey {
    chain: Vec<CertificateDer<'static>>,
    key: Arc<dyn PrivateKey>,
    issuers: Vec<Name>,
    fingerprint: Fingerprint,
}

impl CertifiedKey {
    /// Joins a chain and a key, after checking that they belong together.
    ///
    /// # Errors
    /// [`ConfigError::BadChain`], [`ConfigError::UnreadableCertificate`] or
    /// [`ConfigError::KeyMismatch`].
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: impl PrivateKey + 'static,
    ) -> Result<Self, ConfigError> {
        let encoded_len: usize = chain.iter().map(|certificate| certificate.len() + 3).sum();
        let end_entity = chain.first().ok_or(ConfigError::BadChain)?;
        if chain.len() > MAX_CHAIN || encoded_len + 3 > HandshakeType::CERTIFICATE.max_body() {
            return Err(ConfigError::BadChain);
        }
        let public =
            cert::public_key(end_entity).map_err(|_| ConfigError::UnreadableCertificate)?;
        if public != *key.public_key() {
            return Err(ConfigError::KeyMismatch);
        }
        let issuers = cert::issuers(&chain);
        let fingerprint = Fingerprint::of(end_entity);
        Ok(Self {
            chain,
            key: Arc::new(key),
            issuers,
            fingerprint,
        })
    }

    /// The chain, one's own certificate first.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// One's own certificate, in DER.
    pub(crate) fn end_entity(&self) -> &[u8] {
        // A chain without one is refused by `new`.
        self.chain.first().map_or(&[], AsRef::as_ref)
    }

    /// The private key.
    pub fn key(&self) -> &Arc<dyn PrivateKey> {
        &self.key
    }

    /// Whom the chain's certificates name as their issuers.
    pub(crate) fn issuers(&self) -> &[Name] {
        &self.issuers
    }

    /// The end entity certificate's.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    pub(crate) fn check_key_length(&self, policy: &Policy) -> Result<(), ConfigError> {
        let bits = self.key.public_key().bits();
        let min = policy.smallest_rsa_key();
        if bits < min {
            return Err(ConfigError::KeyTooShort { bits, min });
        }
        Ok(())
    }
}
