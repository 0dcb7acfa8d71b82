//! What Montgomery's form needs to know of a modulus.
//!
//! A peer's key serves for one or two operations, so the constants are a good part of them: a word
//! at a time, they take 3 µs at 2048 bits, where a bit at a time takes 45. Without a branch or an
//! address that depends on the modulus, which may be a secret prime; its length is public.

use zeroize::{Zeroize, Zeroizing};

use super::Integer;

/// `2^exponent` modulo `modulus`, which is above 1 and has no leading zero words.
pub(super) fn power_of_two(modulus: &[u64], exponent: usize) -> Integer {
    let len = modulus.len();
    let shift = modulus[len - 1].leading_zeros() as usize;
    let bits = 64 * len - shift;
    // With its highest bit set, the quotient of each step is known almost from the highest words.
    let modulus = Zeroizing::new(shifted_left(modulus, shift));
    let divisor = Divisor::new(modulus[len - 1]);

    // The highest power below the modulus from which whole words lead to the exponent.
    let start = match exponent.checked_sub(bits - 1) {
        Some(excess) => exponent - excess.next_multiple_of(64),
        None => exponent,
    };
    let mut power = zeros(len + 1);
    power[(start + shift) / 64] = 1 << ((start + shift) % 64);
    for _ in 0..(exponent - start) / 64 {
        power.copy_within(..len, 1);
        power[0] = 0;
        // Never too low, and too high by 2 at the most (Knuth, TAOCP volume 2, 4.3.1, theorem B).
        let quotient = divisor.quotient(power[len], power[len - 1]);
        let mut missing = subtract_multiple(&mut power, &modulus, quotient);
        for _ in 0..2 {
            missing -= add_masked(&mut power, &modulus, missing.wrapping_neg());
        }
    }
    let words = power
        .windows(2)
        .map(|pair| two_words(pair[0], pair[1], shift));
    Zeroizing::new(words.collect())
}

/// `-1 / modulus` modulo `2^bits`; the modulus is odd.
pub(super) fn negative_inverse(modulus: &[u64], bits: usize) -> Integer {
    let len = bits.div_ceil(64);
    let word = |at: usize| modulus.get(at).copied().unwrap_or(0);
    let mut inverse = zeros(len);
    inverse[0] = inverse_of_word(modulus[0]);
    // Newton's iteration: each step doubles how many words are right.
    let mut right = 1;
    let mut error = zeros(len);
    while right < len {
        let next = (2 * right).min(len);
        // The product with the modulus is 1 and, from the word `right` on, the error.
        error.fill(0);
        for at in 0..right {
            let mut carry = 0;
            for to in at..next {
                (error[to], carry) = multiply_add(inverse[at], word(to - at), error[to], carry);
            }
        }
        // What is above is minus the error's product with what is right.
        for at in right..next {
            let factor = error[at];
            let mut borrow = 0;
            for to in at..next {
                let (low, high) = multiply_add(factor, inverse[to - at], borrow, 0);
                let (difference, less) = inverse[to].overflowing_sub(low);
                inverse[to] = difference;
                borrow = high + u64::from(less);
            }
        }
        right = next;
    }
    // Minus it, as its complement and 1.
    let mut carry = true;
    for word in inverse.iter_mut() {
        (*word, carry) = (!*word).overflowing_add(u64::from(carry));
    }
    if !bits.is_multiple_of(64) {
        inverse[len - 1] &= (1 << (bits % 64)) - 1;
    }
    inverse
}

/// `1 / word` modulo 2^64; the word is odd.
fn inverse_of_word(word: u64) -> u64 {
    // Right in its lowest 5 bits, of which each step makes twice as many.
    let mut inverse = word.wrapping_mul(3) ^ 2;
    for _ in 0..4 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(word.wrapping_mul(inverse)));
    }
    inverse
}

/// `-1 / word` modulo 2^64; the word is odd.
pub(super) fn negative_inverse_of_word(word: u64) -> u64 {
    inverse_of_word(word).wrapping_neg()
}

/// A word with its highest bit set, and what divides by it without a division, whose time would
/// depend on it (Möller and Granlund, "Improved division by invariant integers", algorithm 4).
struct Divisor {
    word: u64,
    reciprocal: u64,
}

impl Divisor {
    fn new(word: u64) -> Self {
        // (2^128 - 1) / word - 2^64, bit by bit.
        let (mut high, mut reciprocal) = (!word, 0);
        for _ in 0..64 {
            let carry = high >> 63;
            let (rest, less) = ((high << 1) | 1).overflowing_sub(word);
            let bit = carry | u64::from(!less);
            high = select(bit, rest, (high << 1) | 1);
            reciprocal = (reciprocal << 1) | bit;
        }
        Self { word, reciprocal }
    }

    /// `(2^64 · high + low) / word`, or 2^64 - 1 where it is more; `high` is not above the word.
    fn quotient(&self, high: u64, low: u64) -> u64 {
        let (mut rest, mut quotient) = multiply_add(self.reciprocal, high, low, 0);
        quotient = quotient.wrapping_add(high).wrapping_add(1);
        let bound = rest;
        rest = low.wrapping_sub(quotient.wrapping_mul(self.word));
        let too_high = u64::from(rest > bound);
        quotient = quotient.wrapping_sub(too_high);
        rest = rest.wrapping_add(self.word & too_high.wrapping_neg());
        quotient = quotient.wrapping_add(u64::from(rest >= self.word));
        select(u64::from(high == self.word), u64::MAX, quotient)
    }
}

impl Drop for Divisor {
    fn drop(&mut self) {
        self.word.zeroize();
        self.reciprocal.zeroize();
    }
}

/// `one` where `bit` is 1, `other` where it is 0.
fn select(bit: u64, one: u64, other: u64) -> u64 {
    other ^ ((one ^ other) & bit.wrapping_neg())
}

/// `a · b + c + d`, low and high word.
#[inline(always)]
pub(crate) fn multiply_add(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    // (2^64 - 1)² + 2 (2^64 - 1) is 2^128 - 1.
    let sum = u128::from(a) * u128::from(b) + u128::from(c) + u128::from(d);
    (sum as u64, (sum >> 64) as u64)
}

/// The 64 bits from bit `shift` (below 64) of the two words on.
pub(super) fn two_words(low: u64, high: u64, shift: usize) -> u64 {
    (((u128::from(high) << 64) | u128::from(low)) >> shift) as u64
}

pub(super) fn zeros(len: usize) -> Integer {
    Zeroizing::new(vec![0; len].into())
}

fn shifted_left(words: &[u64], shift: usize) -> Box<[u64]> {
    let mut below = 0;
    let shifted = words.iter().map(|word| {
        let shifted = (u128::from(*word) << shift) as u64 | below;
        below = ((u128::from(*word) << shift) >> 64) as u64;
        shifted
    });
    shifted.collect()
}

/// `number` becomes `number - factor · other`, which has one word less; 1 where that is negative.
fn subtract_multiple(number: &mut [u64], other: &[u64], factor: u64) -> u64 {
    let mut borrow = 0;
    for (word, other) in number.iter_mut().zip(other.iter().chain(&[0])) {
        let (low, high) = multiply_add(factor, *other, borrow, 0);
        let (difference, less) = word.overflowing_sub(low);
        *word = difference;
        borrow = high + u64::from(less);
    }
    borrow
}

/// `number` becomes `number + (other & mask)`, which has one word less; 1 where there is a carry.
fn add_masked(number: &mut [u64], other: &[u64], mask: u64) -> u64 {
    let mut carry = 0;
    for (word, other) in number.iter_mut().zip(other.iter().chain(&[0])) {
        let sum = u128::from(*word) + u128::from(other & mask) + u128::from(carry);
        *word = sum as u64;
        carry = (sum >> 64) as u64;
    }
    carry
}
