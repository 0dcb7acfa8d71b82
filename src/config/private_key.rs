//! The private key: where it is, is the application's choice.

use core::fmt;
use std::sync::Arc;

use rustls_pki_types::PrivateKeyDer;

use crate::crypto::pkcs1::SignatureInput;
use crate::crypto::random::{RandomFailed, SecureRandom};
use crate::crypto::rsa::{BadKey, RawFailure, RawPrivateKey, RsaPublicKey};
use crate::error::KeyError;

/// An RSA private key, in memory or elsewhere.
///
/// The decryption is the **raw** operation: unpadding what a client encrypted stays in this crate,
/// where it is constant-time. A hardware module's `CKM_RSA_X_509` and `CKM_RSA_PKCS` are the two
/// operations.
pub trait PrivateKey: Send + Sync + fmt::Debug {
    /// The public half.
    fn public_key(&self) -> &RsaPublicKey;

    /// `ciphertext ^ d mod n` into `plaintext`, without looking at the padding. Both have the
    /// modulus's length in bytes.
    ///
    /// An implementation should blind the operation. At SSL 2.0 it also has to raise a number that
    /// carries no padding at all, always to the same result, before the first client's: where that
    /// fails, every handshake does.
    ///
    /// # Errors
    /// [`KeyError::Unavailable`] and [`KeyError::Faulty`] end the handshake, so they must not
    /// depend on the ciphertext. Every other error counts as a bad pre-master secret and must take
    /// no other time than a decryption that gives nonsense; [`KeyError::InputOutOfRange`] is for a
    /// ciphertext that is not below the modulus.
    fn raw_decrypt(&self, ciphertext: &[u8], plaintext: &mut [u8]) -> Result<(), KeyError>;

    /// The PKCS#1 v1.5 signature over `input`, of the modulus's length in bytes.
    ///
    /// # Errors
    /// [`KeyError::TooShort`] where the key cannot carry `input`, and the others as they say.
    fn sign(&self, input: &SignatureInput) -> Result<Vec<u8>, KeyError>;
}

impl<K: PrivateKey + ?Sized> PrivateKey for Arc<K> {
    fn public_key(&self) -> &RsaPublicKey {
        (**self).public_key()
    }

    fn raw_decrypt(&self, ciphertext: &[u8], plaintext: &mut [u8]) -> Result<(), KeyError> {
        (**self).raw_decrypt(ciphertext, plaintext)
    }

    fn sign(&self, input: &SignatureInput) -> Result<Vec<u8>, KeyError> {
        (**self).sign(input)
    }
}

/// A private key in memory.
pub struct RsaPrivateKey(RawPrivateKey);

impl RsaPrivateKey {
    /// Reads PKCS#8 or PKCS#1 DER.
    ///
    /// ```
    /// use retrossl::RsaPrivateKey;
    /// use retrossl::pki_types::{PrivateKeyDer, pem::PemObject};
    ///
    /// # let pem = include_bytes!("../../tests/data/test-key-1024.pem");
    /// let der = PrivateKeyDer::from_pem_slice(pem).unwrap();
    /// let key = RsaPrivateKey::from_der(&der).unwrap();
    /// ```
    ///
    /// An encrypted PEM file needs decrypting before `PrivateKeyDer` finds a key in it, such as by
    /// `openssl rsa -in encrypted.key -out clear.key`.
    ///
    /// # Errors
    /// [`BadKey`], whose text says what to do: taken are keys of two primes, with a modulus of 465
    /// to 8192 bits and an odd exponent from 3 to 2^33 - 1.
    pub fn from_der(der: &PrivateKeyDer<'_>) -> Result<Self, BadKey> {
        match der {
            PrivateKeyDer::Pkcs1(der) => RawPrivateKey::from_pkcs1_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => RawPrivateKey::from_pkcs8_der(der.secret_pkcs8_der()),
            PrivateKeyDer::Sec1(_) => Err(BadKey::NotRsa("EC".to_owned())),
            _ => Err(BadKey::Damaged),
        }
        .map(Self)
    }

    /// A new key.
    pub(super) fn generate(bits: usize, random: &dyn SecureRandom) -> Result<Self, RandomFailed> {
        RawPrivateKey::generate(bits, random).map(Self)
    }

    fn raw(&self, input: &[u8], output: &mut [u8]) -> Result<(), KeyError> {
        let result = self.0.raw(input).map_err(|failure| match failure {
            RawFailure::OutOfRange => KeyError::InputOutOfRange,
            RawFailure::NoRandomness => KeyError::Unavailable,
            RawFailure::Fault => KeyError::Faulty,
        })?;
        if output.len() != result.len() {
            return Err(KeyError::Failed("the output has a wrong length".to_owned()));
        }
        output.copy_from_slice(&result);
        Ok(())
    }
}

impl PrivateKey for RsaPrivateKey {
    fn public_key(&self) -> &RsaPublicKey {
        self.0.public()
    }

    fn raw_decrypt(&self, ciphertext: &[u8], plaintext: &mut [u8]) -> Result<(), KeyError> {
        self.raw(ciphertext, plaintext)
    }

    fn sign(&self, input: &SignatureInput) -> Result<Vec<u8>, KeyError> {
        let modulus_len = self.0.public().modulus_len();
        let encoded = input.encode(modulus_len).ok_or(KeyError::TooShort)?;
        let mut signature = vec![0; modulus_len];
        self.raw(&encoded, &mut signature)?;
        Ok(signature)
    }
}

impl fmt::Debug for RsaPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPrivateKey({} bits, …)", self.0.public().bits())
    }
}
