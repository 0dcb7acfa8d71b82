//! RSA: the public key, and the raw private operation, blinded and checked.

use core::fmt;

use ::rsa::BoxedUint;
use ::rsa::hazmat::{rsa_decrypt_and_check, rsa_encrypt};
use ::rsa::pkcs1::DecodeRsaPrivateKey;
use ::rsa::pkcs8::DecodePrivateKey;
use ::rsa::pss::Pss;
use ::rsa::traits::PublicKeyParts;
use getrandom::SysRng;
use md5::Md5;
use sha1::Sha1;
use sha2::digest::{Digest, FixedOutputReset};
use sha2::{Sha224, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::hash::HashAlgorithm;
use super::pkcs1::{SignatureInput, pad_for_encryption};
use super::random::{RandomFailed, SecureRandom};

/// An RSA public key (RFC 8017 §3.1).
#[derive(Clone, PartialEq, Eq)]
pub struct RsaPublicKey(::rsa::RsaPublicKey);

impl RsaPublicKey {
    /// A key from its modulus and public exponent, big-endian.
    ///
    /// # Errors
    /// [`BadKey`] where the modulus is even, shorter than 465 bits (59 bytes carry a pre-master
    /// secret) or longer than 8192, or the exponent is even, below 3 or above 2^33 - 1.
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, BadKey> {
        let strip = |number: &[u8]| {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            BoxedUint::from_be_slice_vartime(&number[zeros..])
        };
        if modulus.len() > MAX_ENCODED || exponent.len() > MAX_ENCODED {
            return Err(BadKey);
        }
        let key = ::rsa::RsaPublicKey::new_with_size_limits(
            strip(modulus),
            strip(exponent),
            MIN_BITS..=MAX_BITS,
        );
        key.map(Self).map_err(|_| BadKey)
    }

    /// The modulus, big-endian, [`modulus_len`](Self::modulus_len) bytes.
    pub fn modulus(&self) -> Vec<u8> {
        self.0.n().as_ref().to_be_bytes_trimmed_vartime().into()
    }

    /// The modulus's length in bytes: that of a ciphertext and of a signature.
    pub fn modulus_len(&self) -> usize {
        self.0.size()
    }

    /// The modulus's length in bits.
    pub fn bits(&self) -> usize {
        self.0.n().as_ref().bits_vartime() as usize
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

    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2): whether `signature` is the key's over `input`.
    ///
    /// The one right encoding is made and compared whole; nothing in the signature is parsed, so
    /// there is nothing for a forger to hide bytes in (BERserk).
    pub(crate) fn verify(&self, input: &SignatureInput, signature: &[u8]) -> bool {
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
        let scheme = Pss::<D>::new_with_salt(salt_len);
        self.0.verify(scheme, digest, signature)
    }

    /// The public operation on `modulus_len` bytes; `None` where the number exceeds the modulus.
    fn raw(&self, input: &[u8]) -> Option<Vec<u8>> {
        let mut input = fixed_width(input, &self.0)?;
        let output = rsa_encrypt(&self.0, &input).ok()?;
        // A padded pre-master secret.
        input.zeroize();
        Some(to_bytes(&output, self.modulus_len()).to_vec())
    }
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPublicKey({} bits)", self.bits())
    }
}

/// A public or private key that cannot be read or makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RSA key that makes sense: of another kind, encrypted, or damaged")]
pub struct BadKey;

/// An RSA private key in memory.
pub(crate) struct RawPrivateKey {
    key: ::rsa::RsaPrivateKey,
    public: RsaPublicKey,
}

/// Why the raw private operation gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RawFailure {
    /// The input is not a number below the modulus, or not `modulus_len` bytes.
    OutOfRange,
    /// The source of randomness failed, or a fault was found in the result.
    Internal,
}

impl RawPrivateKey {
    pub(crate) fn from_pkcs1_der(der: &[u8]) -> Result<Self, BadKey> {
        ::rsa::RsaPrivateKey::from_pkcs1_der(der)
            .map_err(|_| BadKey)
            .and_then(Self::new)
    }

    pub(crate) fn from_pkcs8_der(der: &[u8]) -> Result<Self, BadKey> {
        ::rsa::RsaPrivateKey::from_pkcs8_der(der)
            .map_err(|_| BadKey)
            .and_then(Self::new)
    }

    fn new(key: ::rsa::RsaPrivateKey) -> Result<Self, BadKey> {
        let public = RsaPublicKey::new(&key.n().as_ref().to_be_bytes(), &key.e().to_be_bytes())?;
        Ok(Self { key, public })
    }

    pub(crate) fn public(&self) -> &RsaPublicKey {
        &self.public
    }

    /// `input ^ d mod n`, as `modulus_len` bytes.
    ///
    /// What must not leak is the key and, for a decryption, the result. The input is blinded with
    /// a fresh random number, so the exponentiation's timing tells nothing about what an attacker
    /// sent; the exponentiation itself is constant-time in the `rsa` crate; the result is checked
    /// with the public exponent before it is used, so that a fault in one CRT half never leaves
    /// (Bellcore). Whether `input` is below the modulus is public: both are.
    pub(crate) fn raw(&self, input: &[u8]) -> Result<Zeroizing<Vec<u8>>, RawFailure> {
        let input = fixed_width(input, &self.key).ok_or(RawFailure::OutOfRange)?;
        let mut output = rsa_decrypt_and_check(&self.key, Some(&mut SysRng), &input)
            .map_err(|_| RawFailure::Internal)?;
        let bytes = to_bytes(&output, self.public.modulus_len());
        output.zeroize();
        Ok(bytes)
    }
}

/// `modulus_len` big-endian bytes as a number of the modulus's width, if it is below it.
fn fixed_width(input: &[u8], key: &impl PublicKeyParts) -> Option<BoxedUint> {
    if input.len() != key.size() {
        return None;
    }
    let number = BoxedUint::from_be_slice(input, key.n().as_ref().bits_precision()).ok()?;
    (number < *key.n().as_ref()).then_some(number)
}

/// The low `len` bytes of a number that fits into them.
fn to_bytes(number: &BoxedUint, len: usize) -> Zeroizing<Vec<u8>> {
    let bytes = Zeroizing::new(number.to_be_bytes());
    // The width in limbs is never below the modulus's length in bytes.
    Zeroizing::new(bytes[bytes.len() - len..].to_vec())
}

/// The shortest modulus that a pre-master secret fits into, in bits (59 bytes).
const MIN_BITS: usize = 465;

/// The longest modulus, in bits: a bound on the work that a peer's key can cause.
const MAX_BITS: usize = 8192;

/// The longest encoding of a number that is looked at, in bytes.
const MAX_ENCODED: usize = MAX_BITS / 8 + 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;
    use crate::testing::vectors::test_key;

    #[test]
    fn what_is_encrypted_to_the_key_decrypts() {
        for bits in [512, 1024, 2048] {
            let key = test_key(bits);
            assert_eq!(key.public().bits(), bits);
            let ciphertext = key
                .public()
                .encrypt(&[7; 48], &SystemRandom)
                .unwrap()
                .unwrap();
            assert_eq!(ciphertext.len(), bits / 8);
            let encoded = key.raw(&ciphertext).unwrap();
            assert_eq!(encoded[..2], [0, 2]);
            assert_eq!(
                encoded[bits / 8 - 49..],
                [[0].as_slice(), &[7; 48]].concat()
            );
        }
    }

    #[test]
    fn a_signature_verifies_over_its_own_input_only() {
        let key = test_key(1024);
        let input = |text: &[u8]| SignatureInput::DigestInfo {
            hash: HashAlgorithm::Sha256,
            digest: HashAlgorithm::Sha256.digest(text).as_ref().to_vec(),
        };
        let signature = key.raw(&input(b"text").encode(128).unwrap()).unwrap();
        assert!(key.public().verify(&input(b"text"), &signature));
        assert!(!key.public().verify(&input(b"another"), &signature));
        assert!(!key.public().verify(&input(b"text"), &signature[1..]));
        assert!(!key.public().verify(&input(b"text"), &[0xff; 128]));
    }

    /// BERserk: a signature whose padding ends early, with garbage behind the digest, would pass
    /// a parser; with e = 3 it can be made without the key.
    #[test]
    fn garbage_behind_the_digest_is_refused() {
        let key = test_key(1024);
        let input = SignatureInput::Md5Sha1([9; 36]);
        let mut forged = vec![0, 1];
        forged.extend([0xff; 8]);
        forged.push(0);
        forged.extend(input.to_bytes());
        forged.resize(128, 0x42);
        let signature = key.raw(&forged).unwrap();
        assert!(!key.public().verify(&input, &signature));
    }

    #[test]
    fn numbers_not_below_the_modulus_are_refused() {
        let key = test_key(1024);
        let modulus = key.public().modulus();
        assert_eq!(key.raw(&modulus).unwrap_err(), RawFailure::OutOfRange);
        assert_eq!(key.raw(&modulus[1..]).unwrap_err(), RawFailure::OutOfRange);
        assert!(key.raw(&[0; 128]).is_ok());
    }

    #[test]
    fn keys_that_make_no_sense_are_refused() {
        let odd = [0xff; 128];
        let mut even = odd;
        even[127] = 0xfe;
        assert!(RsaPublicKey::new(&odd, &[1, 0, 1]).is_ok());
        assert!(RsaPublicKey::new(&odd, &[3]).is_ok());
        for (modulus, exponent) in [
            (&even[..], &[3][..]),
            (&odd, &[2]),
            (&odd, &[1]),
            (&odd, &[]),
            (&[], &[3]),
            (&odd[..58], &[3]),
            (&[0xff; 1025], &[3]),
            (&odd, &[0xff; 40]),
        ] {
            assert_eq!(RsaPublicKey::new(modulus, exponent).unwrap_err(), BadKey);
        }
    }
}
