//! The private key.

use ::rsa::traits::PublicKeyParts;
use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use zeroize::Zeroizing;

use super::conversion::{number_below, to_bytes, to_words};
use super::key_numbers::KeyNumbers;
use super::operations::PrivateOperation;
use super::{BadKey, RsaPublicKey, reading};
use crate::crypto::random::{RandomFailed, SecureRandom, SystemRandom};

/// An RSA private key in memory.
pub(crate) struct RawPrivateKey {
    operation: PrivateOperation,
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
        reading::from_pkcs1_der(der).and_then(|key| Self::new(&key))
    }

    pub(crate) fn from_pkcs8_der(der: &[u8]) -> Result<Self, BadKey> {
        reading::from_pkcs8_der(der).and_then(|key| Self::new(&key))
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
        ::rsa::PrivateKey::new_unchecked(&mut numbers, bits)
            .map_err(|_| BadKey::Damaged)
            .and_then(|key| Self::new(&key))
            .map_err(|_| RandomFailed)
    }

    pub(super) fn new(key: &::rsa::PrivateKey) -> Result<Self, BadKey> {
        let public = RsaPublicKey::new(&key.n().as_ref().to_be_bytes(), &key.e().to_be_bytes())?;
        let numbers = KeyNumbers::of(key).ok_or(BadKey::Damaged)?;
        let operation = PrivateOperation::new(&numbers);
        Ok(Self { operation, public })
    }

    pub(crate) fn public(&self) -> &RsaPublicKey {
        &self.public
    }

    /// `input ^ d mod n`, as `modulus_len` bytes.
    ///
    /// What must not leak is the key and, for a decryption, the result. The input is blinded with
    /// a fresh random number, so the exponentiation's timing tells nothing about what an attacker
    /// sent; the exponentiation itself is constant-time; the result is checked with the public
    /// exponent before it is used, so that a fault in one CRT half never leaves (Bellcore).
    /// Whether `input` is below the modulus is public: both are.
    pub(crate) fn raw(&self, input: &[u8]) -> Result<Zeroizing<Vec<u8>>, RawFailure> {
        let len = self.public.modulus_len();
        let input = number_below(input, &self.public.modulus()).ok_or(RawFailure::OutOfRange)?;
        // Two numbers of half the length.
        let mut blinding = Zeroizing::new(vec![0; len]);
        SystemRandom
            .fill(&mut blinding)
            .map_err(|RandomFailed| RawFailure::NoRandomness)?;
        let blinding = blinding.split_at(len / 2);
        let blinding = [&to_words(blinding.0)[..], &to_words(blinding.1)];
        let output = self.operation.run(&input, blinding);
        let output = output.ok_or(RawFailure::Fault)?;
        Ok(to_bytes(&output, len))
    }
}
