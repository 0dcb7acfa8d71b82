//! Both operations on numbers, over the kernel that the processor is fit for.

use subtle::ConstantTimeEq;

use super::key_numbers::KeyNumbers;
use super::recombination::Recombination;
#[cfg(target_arch = "x86_64")]
use crate::crypto::montgomery::lanes::Lanes;
use crate::crypto::montgomery::words::Words;
use crate::crypto::montgomery::{Integer, Ring, enter, leave, public_power, secret_power};

/// The public operation with one modulus.
pub(super) enum PublicOperation {
    #[cfg(target_arch = "x86_64")]
    Lanes(Lanes<1>),
    Words(Words<1>),
}

impl PublicOperation {
    pub(super) fn new(modulus: &[u64]) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(lanes) = Lanes::new([modulus]) {
            return Self::Lanes(lanes);
        }
        Self::Words(Words::new([modulus]))
    }

    /// `input ^ exponent` for an odd exponent of 3 or more; `input` is below the modulus.
    pub(super) fn run(&self, input: &[u64], exponent: u64) -> Integer {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Lanes(ring) => power_of(ring, &mut ring.workspace(), input, exponent),
            Self::Words(ring) => power_of(ring, &mut ring.workspace(), input, exponent),
        }
    }
}

/// The private operation with one key.
pub(super) enum PrivateOperation {
    #[cfg(target_arch = "x86_64")]
    Lanes(Box<Rings<Lanes<1>, Lanes<2>>>),
    Words(Box<Rings<Words<1>, Words<2>>>),
}

impl PrivateOperation {
    pub(super) fn new(key: &KeyNumbers) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let (Some(modulus), Some(primes)) =
            (Lanes::new([&key.modulus]), Lanes::new(key.primes()))
        {
            return Self::Lanes(Box::new(Rings::new(modulus, primes, key)));
        }
        Self::in_words(key)
    }

    pub(super) fn in_words(key: &KeyNumbers) -> Self {
        let modulus = Words::new([&key.modulus]);
        let primes = Words::new(key.primes());
        Self::Words(Box::new(Rings::new(modulus, primes, key)))
    }

    /// `input ^ d`; `None` where a fault was found. `input` is below the modulus, `blinding` are
    /// random numbers about as long as the primes.
    pub(super) fn run(&self, input: &[u64], blinding: [&[u64]; 2]) -> Option<Integer> {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Lanes(rings) => rings.run(input, blinding),
            Self::Words(rings) => rings.run(input, blinding),
        }
    }
}

/// What the private operation needs of a key.
pub(super) struct Rings<N, P> {
    modulus: N,
    primes: P,
    exponent: u64,
    /// dP - 1 and dQ - 1.
    exponents: [Integer; 2],
    /// The primes' length in bits.
    bits: usize,
    recombination: Recombination,
}

impl<N: Ring<1>, P: Ring<2>> Rings<N, P> {
    fn new(modulus: N, primes: P, key: &KeyNumbers) -> Self {
        let less_1 = |number: &Integer| {
            let mut number = number.clone();
            // It is odd: the inverse of an odd number modulo an even one.
            number[0] &= !1;
            number
        };
        Self {
            modulus,
            primes,
            exponent: key.exponent,
            exponents: key.exponents.each_ref().map(less_1),
            bits: 64 * key.primes[0].len().max(key.primes[1].len()),
            recombination: Recombination::new(key),
        }
    }

    /// Blinded, so that nobody who chooses inputs knows, or can repeat, what the secret exponents
    /// are worked with: what the time, or anything else, should tell of them is of a random number.
    ///
    /// With a random u and x = input · u^e, input^d is x^(d - 1) · input · u^(e - 1): the first factor
    /// is input^(d - 1) · u^(ed - e), and u^(ed) is u. The usual way multiplies x^d by the
    /// inverse of u, which takes 290 µs modulo 2048 bits, so that others keep a pair of numbers for
    /// many operations; here each has a number of its own for some 7 µs. All of it is done modulo p
    /// and modulo q. An input or a u that is 0 modulo one of them needs no care: with the input, so
    /// is the product, and with u the result does not pass the check.
    fn run(&self, input: &[u64], blinding: [&[u64]; 2]) -> Option<Integer> {
        let ring = &self.primes;
        let work = &mut ring.workspace();
        let random = enter(ring, work, blinding);
        let mut factor = public_power(ring, work, &random, self.exponent - 1);
        let input_form = enter(ring, work, [input; 2]);
        ring.multiply(work, &mut factor, &input_form);
        let mut blinded = factor.clone();
        ring.multiply(work, &mut blinded, &random);

        let exponents = self.exponents.each_ref().map(|exponent| &exponent[..]);
        let mut result = secret_power(ring, work, &blinded, exponents, self.bits);

        ring.multiply(work, &mut result, &factor);
        let halves = leave(ring, work, result);
        let result = self
            .recombination
            .join(halves.each_ref().map(|half| &half[..]));

        let work = &mut self.modulus.workspace();
        let again = power_of(&self.modulus, work, &result, self.exponent);
        bool::from(again.ct_eq(input)).then_some(result)
    }
}

/// `base ^ exponent` for an odd exponent of 3 or more. One factor less is in Montgomery's form than
/// the power has, so that the last product is not.
fn power_of<R: Ring<1>>(ring: &R, work: &mut R::Workspace, base: &[u64], exponent: u64) -> Integer {
    let entered = enter(ring, work, [base]);
    let mut power = public_power(ring, work, &entered, exponent - 1);
    ring.multiply(work, &mut power, &ring.load([base], 0));
    let [power] = ring.store(&power);
    power
}

#[cfg(test)]
mod tests;
