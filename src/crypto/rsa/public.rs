//! The public key.

use core::fmt;
use std::sync::{Arc, OnceLock};

use ::rsa::BoxedUint;
use ::rsa::pss::Pss;
use md5::Md5;
use sha1::Sha1;
use sha2::digest::{Digest, FixedOutputReset};
use sha2::{Sha224, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

use super::BadKey;
use super::conversion::{number_below, to_bytes, to_words, trimmed};
use super::operations::PublicOperation;
use crate::crypto::hash::HashAlgorithm;
use crate::crypto::pkcs1::{SignatureInput, pad_for_encryption, pad_with_rollback_mark};
use crate::crypto::random::{RandomFailed, SecureRandom};

/// An RSA public key (RFC 8017 §3.1).
#[derive(Clone)]
pub struct RsaPublicKey(Arc<Numbers>);

struct Numbers {
    /// Big-endian, without leading zeros.
    modulus: Box<[u8]>,
    exponent: u64,
    /// Made for the first operation: of many a certificate, the key is only read.
    operation: OnceLock<PublicOperation>,
}

impl RsaPublicKey {
    /// A key from its modulus and public exponent, big-endian.
    ///
    /// # Errors
    /// [`BadKey::Damaged`] where the modulus is even, shorter than 465 bits (59 bytes carry a
    /// pre-master secret) or longer than 8192, or the exponent is even, below 3 or above 2^33 - 1.
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, BadKey> {
        let (modulus, exponent) = (trimmed(modulus), trimmed(exponent));
        let exponent = match exponent.len() {
            ..=8 => exponent
                .iter()
                .fold(0, |number, byte| number << 8 | u64::from(*byte)),
            _ => return Err(BadKey::Damaged),
        };
        let is_odd = modulus.last().is_some_and(|last| last % 2 == 1) && exponent % 2 == 1;
        if !is_odd
            || !(MIN_BITS..=MAX_BITS).contains(&bits(modulus))
            || !(MIN_EXPONENT..=MAX_EXPONENT).contains(&exponent)
        {
            return Err(BadKey::Damaged);
        }
        Ok(Self(Arc::new(Numbers {
            modulus: modulus.into(),
            exponent,
            operation: OnceLock::new(),
        })))
    }

    /// The modulus, big-endian, [`modulus_len`](Self::modulus_len) bytes.
    pub fn modulus(&self) -> Vec<u8> {
        self.0.modulus.to_vec()
    }

    /// The public exponent, big-endian, without leading zeros.
    pub fn exponent(&self) -> Vec<u8> {
        trimmed(&self.0.exponent.to_be_bytes()).to_vec()
    }

    /// The modulus's length in bytes: that of a ciphertext and of a signature.
    pub fn modulus_len(&self) -> usize {
        self.0.modulus.len()
    }

    /// The modulus's length in bits.
    pub fn bits(&self) -> usize {
        bits(&self.0.modulus)
    }

    /// RSAES-PKCS1-v1_5 (RFC 8017 §7.2.1); `Ok(None)` where the key is too short for `message`.
    pub(crate) fn encrypt(
        &self,
        message: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<Option<Vec<u8>>, RandomFailed> {
        let Some(encoded) = pad_for_encryption(message, self.modulus_len(), random)? else {
            return Ok(None);
        };
        Ok(self.raw(&encoded))
    }

    /// The same with the mark of a client that could do better than SSL 2.0 (RFC 5246 appendix
    /// E.2).
    pub(crate) fn encrypt_with_rollback_mark(
        &self,
        secret_key: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<Option<Vec<u8>>, RandomFailed> {
        let encoded = pad_with_rollback_mark(secret_key, self.modulus_len(), random)?;
        Ok(encoded.and_then(|encoded| self.raw(&encoded)))
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2): whether `signature` is the key's over `input`.
    ///
    /// The one right encoding is made and compared whole; nothing in the signature is parsed, so
    /// there is nothing for a forger to hide bytes in (BERserk).
    pub fn verify(&self, input: &SignatureInput, signature: &[u8]) -> bool {
        if signature.len() != self.modulus_len() {
            return false;
        }
        match (input.encode(self.modulus_len()), self.raw(signature)) {
            (Some(expected), Some(encoded)) => expected.ct_eq(&encoded).into(),
            _ => false,
        }
    }

    /// RSASSA-PSS with MGF1 over the same hash (RFC 8017 §8.1.2): whether `signature` is the
    /// key's over `digest`.
    pub(crate) fn verify_pss(
        &self,
        hash: HashAlgorithm,
        salt_len: usize,
        digest: &[u8],
        signature: &[u8],
    ) -> bool {
        let verified = match hash {
            HashAlgorithm::Md5 => self.check_pss::<Md5>(salt_len, digest, signature),
            HashAlgorithm::Sha1 => self.check_pss::<Sha1>(salt_len, digest, signature),
            HashAlgorithm::Sha224 => self.check_pss::<Sha224>(salt_len, digest, signature),
            HashAlgorithm::Sha256 => self.check_pss::<Sha256>(salt_len, digest, signature),
            HashAlgorithm::Sha384 => self.check_pss::<Sha384>(salt_len, digest, signature),
            HashAlgorithm::Sha512 => self.check_pss::<Sha512>(salt_len, digest, signature),
        };
        verified.is_ok()
    }

    fn check_pss<D: Digest + FixedOutputReset>(
        &self,
        salt_len: usize,
        digest: &[u8],
        signature: &[u8],
    ) -> ::rsa::Result<()> {
        // No salt is longer than the modulus; the bound keeps sums with it in range.
        if salt_len > self.modulus_len() {
            return Err(::rsa::Error::Verification);
        }
        let key = ::rsa::PublicKey::new_with_size_limits(
            BoxedUint::from_be_slice_vartime(&self.0.modulus),
            BoxedUint::from(self.0.exponent),
            MIN_BITS..=MAX_BITS,
        )?;
        key.verify(Pss::<D>::new_with_salt(salt_len), digest, signature)
    }

    /// The public operation on `modulus_len` bytes; `None` where the number exceeds the modulus.
    fn raw(&self, input: &[u8]) -> Option<Vec<u8>> {
        let input = number_below(input, &self.0.modulus)?;
        let output = self.operation().run(&input, self.0.exponent);
        Some(to_bytes(&output, self.modulus_len()).to_vec())
    }

    fn operation(&self) -> &PublicOperation {
        let operation = || PublicOperation::new(&to_words(&self.0.modulus));
        self.0.operation.get_or_init(operation)
    }
}

impl PartialEq for RsaPublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.modulus == other.0.modulus && self.0.exponent == other.0.exponent
    }
}

impl Eq for RsaPublicKey {}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPublicKey({} bits)", self.bits())
    }
}

/// The length in bits of a number without leading zeros.
fn bits(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |first| first.leading_zeros());
    8 * number.len() - unused as usize
}

/// The shortest modulus that a pre-master secret fits into, in bits (59 bytes).
const MIN_BITS: usize = 465;

/// The longest modulus, in bits: a bound on the work that a peer's key can cause.
const MAX_BITS: usize = 8192;

const MIN_EXPONENT: u64 = 3;

/// The largest exponent: a bound on the work, too.
const MAX_EXPONENT: u64 = (1 << 33) - 1;
