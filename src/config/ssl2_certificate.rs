//! A server's certificate for SSL 2.0, and what takes the place of a secret key that cannot be
//! decrypted there.

use core::fmt;
use std::sync::{Arc, OnceLock};

use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::certified_key::CertifiedKey;
use super::private_key::PrivateKey;
use crate::crypto::HashAlgorithm;
use crate::crypto::hash::Hash;
use crate::crypto::hmac::HmacKey;
use crate::crypto::rsa::RsaPublicKey;
use crate::error::{ConfigError, KeyError};
use crate::policy::Policy;

/// A certificate that serves SSL 2.0 alone, and its key.
pub(crate) struct Ssl2Certificate {
    certified: CertifiedKey,
    substitutes: OnceLock<Zeroizing<[u8; 32]>>,
}

impl Ssl2Certificate {
    pub(super) fn new(
        certificate: CertificateDer<'static>,
        key: impl PrivateKey + 'static,
        policy: &Policy,
    ) -> Result<Self, ConfigError> {
        let certified = CertifiedKey::new(vec![certificate], key)?;
        certified.check_key_length(policy)?;
        if certified
            .chain()
            .iter()
            .any(|der| der.len() > MAX_CERTIFICATE)
        {
            return Err(ConfigError::Ssl2CertificateTooLong);
        }
        Ok(Self {
            certified,
            substitutes: OnceLock::new(),
        })
    }

    pub(crate) fn certified(&self) -> &CertifiedKey {
        &self.certified
    }

    pub(crate) fn key(&self) -> &Arc<dyn PrivateKey> {
        self.certified.key()
    }

    /// Refuses a certificate for later versions that has the same key (DROWN): the same modulus,
    /// which is all of it that is secret.
    pub(crate) fn check_apart_from(&self, other: &CertifiedKey) -> Result<(), ConfigError> {
        if self.public_key().modulus() == other.key().public_key().modulus() {
            return Err(ConfigError::SameKeyForSsl2);
        }
        Ok(())
    }

    fn public_key(&self) -> &RsaPublicKey {
        self.certified.key().public_key()
    }

    /// What takes the place of `len` bytes of secret key where `encrypted_key` does not hold them:
    /// for the same ciphertext always the same.
    ///
    /// What must not leak is whether a ciphertext holds a key (CVE-2016-0704, DROWN): with a random
    /// substitute, whoever sends it twice would see. It is derived from the ciphertext, its length
    /// (or a substitute would begin as a shorter one does, which a real key does not), and a secret
    /// that all servers with this private key have in common, or two of them would tell.
    ///
    /// # Errors
    /// Of the private key, which do not depend on the ciphertext.
    pub(crate) fn substitute(
        &self,
        encrypted_key: &[u8],
        len: usize,
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let secret = match self.substitutes.get() {
            Some(secret) => secret,
            None => {
                let secret = self.derive_substitutes()?;
                self.substitutes.get_or_init(|| secret)
            }
        };
        let key = HmacKey::new(HashAlgorithm::Sha256, secret.as_slice());
        let substitute = key.compute(&[&(len as u64).to_be_bytes(), encrypted_key]);
        let substitute = substitute.as_ref().iter().copied().take(len);
        Ok(Zeroizing::new(substitute.collect()))
    }

    /// What the private key makes of a number that nobody ever has it decrypt or sign.
    fn derive_substitutes(&self) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let modulus = self.public_key().modulus();
        let mut number = Vec::with_capacity(modulus.len() + 32);
        for count in 0u64.. {
            if number.len() >= modulus.len() {
                break;
            }
            let mut hash = Hash::new(HashAlgorithm::Sha256);
            hash.update(b"retrossl ssl2 substitute number");
            hash.update(&count.to_be_bytes());
            hash.update(&modulus);
            number.extend_from_slice(hash.finish().as_ref());
        }
        number.truncate(modulus.len());
        // So that it is below the modulus, whose first byte is not zero.
        if let Some(first) = number.first_mut() {
            *first = 0;
        }
        let mut power = Zeroizing::new(vec![0; modulus.len()]);
        self.key().raw_decrypt(&number, &mut power)?;
        let mut hash = Hash::new(HashAlgorithm::Sha256);
        hash.update(b"retrossl ssl2 substitutes");
        hash.update(&power);
        let mut secret = Zeroizing::new([0; 32]);
        secret.copy_from_slice(hash.finish().as_ref());
        Ok(secret)
    }
}

impl fmt::Debug for Ssl2Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ssl2Certificate")
            .field(&self.certified)
            .finish()
    }
}

/// Bytes of a certificate at the most: it goes into one record, and clients need not take longer
/// ones than of 16 KiB.
const MAX_CERTIFICATE: usize = 15 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::in_memory::test_identity;

    fn certificate(bits: usize) -> Ssl2Certificate {
        let (chain, key) = test_identity(bits);
        Ssl2Certificate::new(chain[0].clone(), key, &Policy::EVERYTHING).unwrap()
    }

    #[test]
    fn a_substitute_depends_on_ciphertext_length_and_key_alone() {
        let [one, same, other] = [1024, 1024, 2048].map(certificate);
        let of = |certificate: &Ssl2Certificate, byte: u8, len| {
            let substitute = certificate.substitute(&[byte; 128], len).unwrap();
            assert_eq!(substitute.len(), len);
            substitute.to_vec()
        };
        for len in [5, 8, 16, 24] {
            assert_eq!(of(&one, 1, len), of(&one, 1, len));
            assert_eq!(of(&one, 1, len), of(&same, 1, len));
            assert_ne!(of(&one, 1, len), of(&one, 2, len));
            assert_ne!(of(&one, 1, len), of(&other, 1, len));
        }
        assert_ne!(of(&one, 1, 5), of(&one, 1, 8)[..5]);
        assert_ne!(of(&one, 1, 16), of(&one, 1, 24)[..16]);
    }

    #[test]
    fn one_key_does_not_serve_ssl2_and_later_versions() {
        let (chain, key) = test_identity(1024);
        let same = CertifiedKey::new(chain, key).unwrap();
        let ssl2 = certificate(1024);
        let refused = Err(ConfigError::SameKeyForSsl2);
        assert_eq!(ssl2.check_apart_from(&same), refused);
        let (chain, key) = test_identity(2048);
        let other = CertifiedKey::new(chain, key).unwrap();
        assert_eq!(ssl2.check_apart_from(&other), Ok(()));
    }

    #[test]
    fn a_key_that_is_too_short_is_refused() {
        let (chain, key) = test_identity(512);
        let refused = Ssl2Certificate::new(chain[0].clone(), key, &Policy::HISTORIC);
        let too_short = ConfigError::KeyTooShort {
            bits: 512,
            min: 1024,
        };
        assert_eq!(refused.err(), Some(too_short));
    }

    #[test]
    fn secrets_are_not_shown() {
        let certificate = certificate(1024);
        certificate.substitute(&[1; 128], 16).unwrap();
        let shown = format!("{certificate:?}");
        assert!(shown.contains("RsaPrivateKey(1024 bits, …)"), "{shown}");
        assert!(!shown.contains("substitutes"), "{shown}");
    }
}
