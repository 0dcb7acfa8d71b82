//! Both operations on numbers, over the kernel that the processor is fit for.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

#[cfg(target_arch = "x86_64")]
use crate::crypto::montgomery::lanes::Lanes;
use crate::crypto::montgomery::words::Words;
use crate::crypto::montgomery::{
    Integer, Ring, enter, leave, multiply_add, public_power, secret_power,
};

/// A public modulus.
pub(super) enum Modulus {
    #[cfg(target_arch = "x86_64")]
    Lanes(Lanes<1>),
    Words(Words<1>),
}

impl Modulus {
    pub(super) fn new(modulus: &[u64]) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(lanes) = Lanes::new([modulus]) {
            return Self::Lanes(lanes);
        }
        Self::Words(Words::new([modulus]))
    }

    /// `input ^ exponent` for an odd exponent of 3 or more; `input` is below the modulus.
    pub(super) fn power(&self, input: &[u64], exponent: u64) -> Integer {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Lanes(ring) => power_of(ring, &mut ring.workspace(), input, exponent),
            Self::Words(ring) => power_of(ring, &mut ring.workspace(), input, exponent),
        }
    }
}

/// The numbers of a private key (RFC 8017 §3.2).
pub(super) struct Factors<'a> {
    pub(super) modulus: &'a [u64],
    pub(super) exponent: u64,
    /// p and q.
    pub(super) primes: [&'a [u64]; 2],
    /// dP and dQ.
    pub(super) exponents: [&'a [u64]; 2],
    /// qInv.
    pub(super) inverse: &'a [u64],
}

/// The private operation with one key.
pub(super) enum PrivateOperation {
    #[cfg(target_arch = "x86_64")]
    Lanes(Box<Rings<Lanes<1>, Lanes<2>>>),
    Words(Box<Rings<Words<1>, Words<2>>>),
}

impl PrivateOperation {
    pub(super) fn new(factors: &Factors<'_>) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let (Some(modulus), Some(primes)) =
            (Lanes::new([factors.modulus]), Lanes::new(factors.primes))
        {
            return Self::Lanes(Box::new(Rings::new(modulus, primes, factors)));
        }
        Self::in_words(factors)
    }

    pub(super) fn in_words(factors: &Factors<'_>) -> Self {
        let (modulus, primes) = (Words::new([factors.modulus]), Words::new(factors.primes));
        Self::Words(Box::new(Rings::new(modulus, primes, factors)))
    }

    /// `input ^ d`; `None` where a fault was found. `input` is below the modulus, `blinding` are
    /// random numbers as long as the primes.
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
    fn new(modulus: N, primes: P, factors: &Factors<'_>) -> Self {
        let less_1 = |number: &[u64]| {
            let mut number = Integer::new(number.into());
            // It is odd: the inverse of an odd number modulo an even one.
            number[0] &= !1;
            number
        };
        Self {
            modulus,
            primes,
            exponent: factors.exponent,
            exponents: factors.exponents.map(less_1),
            bits: 64
                * factors
                    .primes
                    .map(<[u64]>::len)
                    .into_iter()
                    .max()
                    .unwrap_or(0),
            recombination: Recombination::new(factors),
        }
    }

    /// Blinded by a random number u: with x = input · u^e, input^d is
    /// x^(d - 1) · input · u^(e - 1), because x^(d - 1) is input^(d - 1) · u^(ed - e) and u^(ed) is
    /// u. That is the usual blinding by u^e, but without the inverse of u, which takes longer than
    /// all the rest of it; so each operation can have a number of its own. All of it is done modulo
    /// p and q. An input or a u that is 0 modulo one of them needs no care: with the input, the
    /// product is 0 as well, and with u it is wrong and does not pass the check.
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
        let result = self.recombination.join(halves.each_ref().map(|half| &half[..]));

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

/// From a number modulo p and modulo q to the number modulo n (Garner).
struct Recombination {
    p: Words<1>,
    q: Integer,
    /// 1 / q modulo p and its negative, in Montgomery's form.
    inverses: [Integer; 2],
    modulus_len: usize,
}

impl Recombination {
    fn new(factors: &Factors<'_>) -> Self {
        let [p, q] = factors.primes;
        let ring = Words::with_len([p], p.len().max(q.len()));
        let mut negative = Integer::new(p.into());
        let mut borrow = false;
        for (at, word) in negative.iter_mut().enumerate() {
            let inverse = factors.inverse.get(at).copied().unwrap_or(0);
            let (less, first) = word.overflowing_sub(inverse);
            let (less, second) = less.overflowing_sub(u64::from(borrow));
            (*word, borrow) = (less, first | second);
        }
        let work = &mut ring.workspace();
        Self {
            inverses: [factors.inverse, &negative].map(|number| enter(&ring, work, [number])),
            p: ring,
            q: Integer::new(q.into()),
            modulus_len: factors.modulus.len(),
        }
    }

    /// `half_q + q · ((half_p - half_q) / q modulo p)`
    fn join(&self, [half_p, half_q]: [&[u64]; 2]) -> Integer {
        let work = &mut self.p.workspace();
        let mut quotient = self.p.load([half_p], 0);
        self.p.multiply(work, &mut quotient, &self.inverses[0]);
        let mut negative = self.p.load([half_q], 0);
        self.p.multiply(work, &mut negative, &self.inverses[1]);
        self.p.add(&mut quotient, &negative);

        let mut sum = Integer::new(vec![0; self.modulus_len].into());
        sum.iter_mut()
            .zip(half_q)
            .for_each(|(to, from)| *to = *from);
        for (at, factor) in quotient.iter().enumerate() {
            let mut carry = 0;
            // What does not fit any more is zero: the sum is below the modulus.
            for (at, word) in sum.iter_mut().skip(at).enumerate() {
                let other = self.q.get(at).copied().unwrap_or(0);
                (*word, carry) = multiply_add(*factor, other, *word, carry);
            }
        }
        sum
    }
}

/// `input` in words, if it is as long as `modulus` and below it.
pub(super) fn number_below(input: &[u8], modulus: &[u8]) -> Option<Integer> {
    if input.len() != modulus.len() {
        return None;
    }
    // Whether it is below is public, the number not.
    let borrow = input.iter().zip(modulus).rev();
    let borrow = borrow.fold(0, |borrow, (byte, modulus)| {
        (i32::from(*byte) - i32::from(*modulus) + borrow) >> 8
    });
    (borrow < 0).then(|| to_words(input))
}

/// Big-endian bytes in words.
pub(super) fn to_words(bytes: &[u8]) -> Integer {
    let words = bytes.rchunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[8 - chunk.len()..].copy_from_slice(chunk);
        u64::from_be_bytes(word)
    });
    Integer::new(words.collect())
}

/// The lowest `len` bytes of a number, big-endian.
pub(super) fn to_bytes(number: &[u64], len: usize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![0; len]);
    for (chunk, word) in bytes.rchunks_mut(8).zip(number) {
        chunk.copy_from_slice(&word.to_be_bytes()[8 - chunk.len()..]);
    }
    bytes
}
