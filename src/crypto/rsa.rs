//! RSA: the public key, and the raw private operation, blinded and checked.

use core::fmt;

use ::rsa::BoxedUint;
use ::rsa::hazmat::{rsa_decrypt_and_check, rsa_encrypt};
use ::rsa::pkcs1::{ALGORITHM_OID, DecodeRsaPrivateKey};
use ::rsa::pkcs8::PrivateKeyInfoRef;
use ::rsa::pkcs8::der::asn1::AnyRef;
use ::rsa::pkcs8::der::{Tag, Tagged};
use ::rsa::pkcs8::spki::AlgorithmIdentifierRef;
use ::rsa::pss::Pss;
use ::rsa::traits::PublicKeyParts;
use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use getrandom::SysRng;
use md5::Md5;
use sha1::Sha1;
use sha2::digest::{Digest, FixedOutputReset};
use sha2::{Sha224, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::hash::HashAlgorithm;
use super::pkcs1::{SignatureInput, pad_for_encryption, pad_with_rollback_mark};
use super::random::{RandomFailed, SecureRandom};

/// An RSA public key (RFC 8017 §3.1).
#[derive(Clone, PartialEq, Eq)]
pub struct RsaPublicKey(::rsa::RsaPublicKey);

impl RsaPublicKey {
    /// A key from its modulus and public exponent, big-endian.
    ///
    /// # Errors
    /// [`BadKey::Damaged`] where the modulus is even, shorter than 465 bits (59 bytes carry a
    /// pre-master secret) or longer than 8192, or the exponent is even, below 3 or above 2^33 - 1.
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, BadKey> {
        let strip = |number: &[u8]| {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            BoxedUint::from_be_slice_vartime(&number[zeros..])
        };
        if modulus.len() > MAX_ENCODED || exponent.len() > MAX_ENCODED {
            return Err(BadKey::Damaged);
        }
        let key = ::rsa::RsaPublicKey::new_with_size_limits(
            strip(modulus),
            strip(exponent),
            MIN_BITS..=MAX_BITS,
        );
        key.map(Self).map_err(|_| BadKey::Damaged)
    }

    /// The modulus, big-endian, [`modulus_len`](Self::modulus_len) bytes.
    pub fn modulus(&self) -> Vec<u8> {
        self.0.n().as_ref().to_be_bytes_trimmed_vartime().into()
    }

    /// The public exponent, big-endian, without leading zeros.
    pub fn exponent(&self) -> Vec<u8> {
        self.0.e().to_be_bytes_trimmed_vartime().into()
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

    /// The same with the mark of a client that could do better than SSL 2.0 (RFC 5246 appendix E.2).
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

/// Why a public or private key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadKey {
    /// A private key is protected by a password, which this crate does not ask for.
    #[error(
        "the private key is encrypted; decrypt it first, such as by `openssl rsa -in encrypted.key \
         -out clear.key`"
    )]
    Encrypted,
    /// It is a key of another kind: which one.
    #[error("the key is of the kind {0}; RSA key exchange needs an RSA key and its certificate")]
    NotRsa(String),
    /// It cannot be read, or its numbers do not fit together or are out of range.
    #[error(
        "the key is damaged, or its numbers make no sense: an RSA key has a modulus of 465 to 8192 \
         bits and an odd exponent of 3 or more"
    )]
    Damaged,
}

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
    /// The source of randomness for the blinding failed.
    NoRandomness,
    /// The result does not give the input again.
    Fault,
}

impl RawPrivateKey {
    pub(crate) fn from_pkcs1_der(der: &[u8]) -> Result<Self, BadKey> {
        ::rsa::RsaPrivateKey::from_pkcs1_der(der)
            .map_err(|_| BadKey::Damaged)
            .and_then(Self::new)
    }

    pub(crate) fn from_pkcs8_der(der: &[u8]) -> Result<Self, BadKey> {
        let info = match PrivateKeyInfoRef::try_from(der) {
            Ok(info) => info,
            Err(_) if is_encrypted(der) => return Err(BadKey::Encrypted),
            Err(_) => return Err(BadKey::Damaged),
        };
        if info.algorithm.oid != ALGORITHM_OID {
            return Err(BadKey::NotRsa(kind_of_key(&info.algorithm)));
        }
        ::rsa::RsaPrivateKey::try_from(info)
            .map_err(|_| BadKey::Damaged)
            .and_then(Self::new)
    }

    /// A new key of two primes and the exponent 65537.
    ///
    /// How many random numbers a search for primes takes varies, so they come from a generator
    /// that `random` seeds.
    pub(crate) fn generate(bits: usize, random: &dyn SecureRandom) -> Result<Self, RandomFailed> {
        let mut seed = Zeroizing::new([0; 32]);
        random.fill(&mut *seed)?;
        let mut numbers = ChaCha20Rng::from_seed(*seed);
        // Nothing but a length that no key has could fail.
        ::rsa::RsaPrivateKey::new_unchecked(&mut numbers, bits)
            .map_err(|_| BadKey::Damaged)
            .and_then(Self::new)
            .map_err(|_| RandomFailed)
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
        let mut output = rsa_decrypt_and_check(&self.key, Some(&mut SysRng), &input).map_err(
            |error| match error {
                ::rsa::Error::Rng => RawFailure::NoRandomness,
                _ => RawFailure::Fault,
            },
        )?;
        let bytes = to_bytes(&output, self.public.modulus_len());
        output.zeroize();
        Ok(bytes)
    }
}

/// Whether it is an EncryptedPrivateKeyInfo (RFC 5958 §3): an algorithm stands where a
/// PrivateKeyInfo has its version.
fn is_encrypted(der: &[u8]) -> bool {
    const SEQUENCE: u8 = 0x30;
    AnyRef::try_from(der)
        .is_ok_and(|outer| outer.tag() == Tag::Sequence && outer.value().starts_with(&[SEQUENCE]))
}

/// The kind of a key that is not RSA's, as people call it.
fn kind_of_key(algorithm: &AlgorithmIdentifierRef<'_>) -> String {
    let kind = algorithm.oid.to_string();
    let curve = algorithm.parameters_oid().map(|oid| oid.to_string());
    match (kind.as_str(), curve.as_deref().ok()) {
        ("1.2.840.10045.2.1", Some("1.2.840.10045.3.1.7")) => "EC (P-256)".to_owned(),
        ("1.2.840.10045.2.1", Some("1.3.132.0.34")) => "EC (P-384)".to_owned(),
        ("1.2.840.10045.2.1", Some("1.3.132.0.35")) => "EC (P-521)".to_owned(),
        ("1.2.840.10045.2.1", _) => "EC".to_owned(),
        ("1.3.101.110", _) => "X25519".to_owned(),
        ("1.3.101.111", _) => "X448".to_owned(),
        ("1.3.101.112", _) => "Ed25519".to_owned(),
        ("1.3.101.113", _) => "Ed448".to_owned(),
        ("1.2.840.10040.4.1", _) => "DSA".to_owned(),
        ("1.2.840.113549.1.3.1", _) => "DH".to_owned(),
        ("1.2.840.113549.1.1.10", _) => "RSA, for PSS signatures only".to_owned(),
        (other, _) => other.to_owned(),
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
    use ::rsa::traits::PrivateKeyParts;

    use super::*;
    use crate::crypto::random::SystemRandom;
    use crate::testing::vectors::{hex, test_key};

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
    fn a_generated_key_has_its_length_and_works() {
        for bits in [512, 1024] {
            let key = RawPrivateKey::generate(bits, &SystemRandom).unwrap();
            assert_eq!(key.public().bits(), bits);
            let other = RawPrivateKey::generate(bits, &SystemRandom).unwrap();
            assert_ne!(key.public(), other.public());
            let ciphertext = key.public().encrypt(&[7; 48], &SystemRandom);
            let encoded = key.raw(&ciphertext.unwrap().unwrap()).unwrap();
            assert_eq!(encoded[bits / 8 - 48..], [7; 48]);
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

    /// Also where a sum with its length would overflow.
    #[test]
    fn a_salt_longer_than_the_modulus_is_refused() {
        let key = test_key(1024);
        let digest = HashAlgorithm::Sha256.digest(b"text");
        for salt_len in [95, 128, 129, usize::MAX - 40, usize::MAX] {
            let signature = [1; 128];
            let hash = HashAlgorithm::Sha256;
            let verified = key
                .public()
                .verify_pss(hash, salt_len, digest.as_ref(), &signature);
            assert!(!verified, "{salt_len}");
        }
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
        let shortest = [&[1][..], &[0xff; 58]].concat();
        for modulus in [&shortest[..], &[0xff; 1024]] {
            assert!(RsaPublicKey::new(modulus, &[3]).is_ok());
        }
        let longest_and_a_bit = [&[1][..], &[0xff; 1024]].concat();
        for (modulus, exponent) in [
            (&even[..], &[3][..]),
            (&odd, &[2]),
            (&odd, &[1]),
            (&odd, &[]),
            (&[], &[3]),
            (&odd[..58], &[3]),
            (&longest_and_a_bit, &[3]),
            (&odd, &[0xff; 40]),
        ] {
            assert_eq!(
                RsaPublicKey::new(modulus, exponent).unwrap_err(),
                BadKey::Damaged
            );
        }
    }

    #[test]
    fn a_public_key_is_made_of_its_two_numbers() {
        let key = test_key(1024);
        let (modulus, exponent) = (key.public().modulus(), key.public().exponent());
        assert_eq!(exponent, [1, 0, 1]);
        assert_eq!(
            &RsaPublicKey::new(&modulus, &exponent).unwrap(),
            key.public()
        );
        let padded = RsaPublicKey::new(&modulus, &[0, 0, 3]).unwrap();
        assert_eq!(padded.exponent(), [3]);
    }

    /// Bellcore: a result that does not give the input again never leaves. Here one of the primes
    /// is none, but the product of the two largest of 128 bits.
    #[test]
    fn a_wrong_result_is_a_fault() {
        let good = test_key(512);
        let composite = hex("fffffffffffffffffffffffffffffeb400000000000000000000000000006b73");
        let composite = BoxedUint::from_be_slice_vartime(&composite);
        let prime = good.key.primes()[1].as_ref().clone();
        let key = ::rsa::RsaPrivateKey::from_p_q(composite, prime, good.key.e().clone()).unwrap();
        let key = RawPrivateKey::new(key).unwrap();
        assert_eq!(key.raw(&[7; 64]).unwrap_err(), RawFailure::Fault);
    }

    #[test]
    fn a_key_that_cannot_be_used_says_why() {
        let pkcs8 = |oid: &[u8], parameters: &[u8]| {
            let algorithm = der(0x30, &[&der(0x06, &[oid]), parameters]);
            let info = der(0x30, &[&[2, 1, 0], &algorithm, &der(0x04, &[&[7; 32]])]);
            RawPrivateKey::from_pkcs8_der(&info).map(drop).unwrap_err()
        };
        let ec = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
        let p256 = der(0x06, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]]);
        for (error, kind) in [
            (pkcs8(ec, &p256), "EC (P-256)"),
            (
                pkcs8(ec, &der(0x06, &[&[0x2b, 0x81, 0x04, 0x00, 0x22]])),
                "EC (P-384)",
            ),
            (
                pkcs8(ec, &der(0x06, &[&[0x2b, 0x81, 0x04, 0x00, 0x0a]])),
                "EC",
            ),
            (pkcs8(&[0x2b, 0x65, 0x70], &[]), "Ed25519"),
            (
                pkcs8(&[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01], &[]),
                "DSA",
            ),
            (pkcs8(&[0x2a, 0x03, 0x04], &[]), "1.2.3.4"),
        ] {
            assert_eq!(error, BadKey::NotRsa(kind.to_owned()));
        }
        let rsa = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
        assert_eq!(pkcs8(rsa, &[5, 0]), BadKey::Damaged);
        // PBES2.
        let algorithm = der(
            0x30,
            &[&der(
                0x06,
                &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d]],
            )],
        );
        let encrypted = der(0x30, &[&algorithm, &der(0x04, &[&[7; 32]])]);
        let error = RawPrivateKey::from_pkcs8_der(&encrypted)
            .map(drop)
            .unwrap_err();
        assert_eq!(error, BadKey::Encrypted);
        assert!(error.to_string().contains("openssl rsa -in"));
        for damaged in [
            &[][..],
            &[0x30],
            &[0x30, 0],
            &[0x30, 2, 0x30],
            &encrypted[1..],
        ] {
            let error = RawPrivateKey::from_pkcs8_der(damaged)
                .map(drop)
                .unwrap_err();
            assert_eq!(error, BadKey::Damaged);
        }
    }

    fn der(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
        let contents = contents.concat();
        [&[tag, contents.len() as u8], &contents[..]].concat()
    }
}
