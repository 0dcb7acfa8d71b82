//! A certificate chain and its key.

use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::private_key::PrivateKey;
use crate::cert::{self, Name};
use crate::crypto::pkcs1::SignatureInput;
use crate::error::{ConfigError, Error, KeyError};
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

    /// A signature by the key, which may be anybody's: as long as the modulus it has to be.
    pub(crate) fn sign(&self, input: &SignatureInput) -> Result<Vec<u8>, Error> {
        let signature = self.key.sign(input).map_err(Error::PrivateKey)?;
        match signature.len() == self.key.public_key().modulus_len() {
            true => Ok(signature),
            false => Err(Error::PrivateKey(KeyError::Faulty)),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RsaPrivateKey;
    use crate::crypto::HashAlgorithm;
    use crate::crypto::rsa::RsaPublicKey;
    use crate::testing::vectors::{test_certificate, test_key_der};

    /// Signs with this many bytes.
    #[derive(Debug)]
    struct Signing(RsaPrivateKey, usize);

    impl PrivateKey for Signing {
        fn public_key(&self) -> &RsaPublicKey {
            self.0.public_key()
        }

        fn raw_decrypt(&self, _: &[u8], _: &mut [u8]) -> Result<(), KeyError> {
            Err(KeyError::Unavailable)
        }

        fn sign(&self, _: &SignatureInput) -> Result<Vec<u8>, KeyError> {
            Ok(vec![7; self.1])
        }
    }

    #[test]
    fn a_signature_is_as_long_as_the_modulus() {
        let digest = vec![1; 32];
        let hash = HashAlgorithm::Sha256;
        let input = SignatureInput::DigestInfo { hash, digest };
        for (len, is_right) in [
            (0, false),
            (127, false),
            (128, true),
            (129, false),
            (1 << 16, false),
        ] {
            let key = RsaPrivateKey::from_der(&test_key_der(1024)).unwrap();
            let certified = CertifiedKey::new(vec![test_certificate(1024)], Signing(key, len));
            let signature = certified.unwrap().sign(&input);
            let faulty = Err(Error::PrivateKey(KeyError::Faulty));
            let expected = if is_right { Ok(vec![7; len]) } else { faulty };
            assert_eq!(signature, expected);
        }
    }
}
