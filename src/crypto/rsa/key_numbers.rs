//! What the private operation is done with.

use ::rsa::BoxedUint;
use ::rsa::traits::{PrivateKeyParts, PublicKeyParts};
use zeroize::Zeroizing;

use super::conversion::{to_words, trimmed};
use crate::crypto::montgomery::{Integer, zeros};

/// The numbers of a private key with two primes (RFC 8017 §3.2).
pub(super) struct KeyNumbers {
    pub(super) modulus: Integer,
    pub(super) exponent: u64,
    /// p and q.
    pub(super) primes: [Integer; 2],
    /// dP and dQ, each as long as its prime.
    pub(super) exponents: [Integer; 2],
    /// qInv, as long as p.
    pub(super) inverse: Integer,
}

impl KeyNumbers {
    /// `None` where there are not two primes, or one is no inverse of the other.
    ///
    /// The lengths of the modulus and of the primes are public. How many zeros begin the others is
    /// not: they are neither looked for nor left out.
    pub(super) fn of(key: &::rsa::PrivateKey) -> Option<Self> {
        let bytes = |number: &BoxedUint| Zeroizing::new(number.to_be_bytes());
        let of_public_len = |number: &BoxedUint| to_words(trimmed(&bytes(number)));
        let of_len = |number: &BoxedUint, len: usize| {
            let mut words = zeros(len);
            let number = to_words(&bytes(number));
            words
                .iter_mut()
                .zip(&*number)
                .for_each(|(to, from)| *to = *from);
            words
        };
        let [p, q] = key.primes() else { return None };
        let [exponent] = of_public_len(key.e())[..] else {
            return None;
        };
        let primes = [of_public_len(p), of_public_len(q)];
        let [p_len, q_len] = primes.each_ref().map(|prime| prime.len());
        Some(Self {
            modulus: of_public_len(key.n().as_ref()),
            exponent,
            primes,
            exponents: [of_len(key.dp()?, p_len), of_len(key.dq()?, q_len)],
            inverse: of_len(&Zeroizing::new(key.qinv()?.retrieve()), p_len),
        })
    }

    pub(super) fn primes(&self) -> [&[u64]; 2] {
        self.primes.each_ref().map(|prime| &prime[..])
    }
}
