//! What Montgomery's form needs to know of a modulus.
//!
//! A peer's key serves for one or two operations, so the constants are a good part of them. There
//! is no branch and no address that depends on the modulus, which may be a secret prime; its length
//! is public.

use zeroize::Zeroizing;

use super::Integer;
use super::arithmetic::{
    bits, multiply_add, shifted_left, subtract, subtract_if_not_below, two_words, zeros,
};
use crate::crypto::constant_time::hidden;

/// `2^exponent` modulo `modulus`, which has no leading zero words and 64 bits or more.
pub(super) fn power_of_two(modulus: &[u64], exponent: usize) -> Integer {
    let bits = bits(modulus);
    let len = (bits + SPARE).div_ceil(64);
    let shift = 64 * len - SPARE - bits;
    let modulus = shifted_left(modulus, len, shift);
    let reciprocal = reciprocal(modulus[len - 1] + 1);

    // From a power below the modulus step by step to the exponent. What is left after a step is
    // below twice the modulus, as its quotient is never too high, and too low by less than 2.
    let steps = exponent.saturating_sub(bits - 1).div_ceil(STEP);
    let start = exponent + shift - STEP * steps;
    let mut power = zeros(len);
    power[start / 64] = 1 << (start % 64);
    for _ in 0..steps {
        let (_, quotient) = multiply_add(power[len - 1], reciprocal, 0, 0);
        let quotient = quotient >> (RECIPROCAL - STEP - 64);
        let (mut below, mut borrow) = (0, 0);
        for (word, modulus) in power.iter_mut().zip(modulus.iter()) {
            let multiplied = (*word << STEP) | (below >> (64 - STEP));
            below = *word;
            let (low, high) = multiply_add(quotient, *modulus, borrow, 0);
            let (difference, less) = multiplied.overflowing_sub(low);
            *word = difference;
            borrow = high + u64::from(less);
        }
    }
    subtract_if_not_below(&mut power, 0, &modulus);
    let above = power.iter().skip(1).chain(&[0]);
    let words = power.iter().zip(above);
    let words = words.map(|(word, above)| two_words(*word, *above, shift % 64));
    Zeroizing::new(words.skip(shift / 64).take(bits.div_ceil(64)).collect())
}

/// `2^124 / divisor` for a divisor of 2^61 to 2^62, bit by bit: the time of a division would depend
/// on it.
fn reciprocal(divisor: u64) -> u64 {
    let (mut rest, mut reciprocal) = (1 << (RECIPROCAL - 64), 0);
    for _ in 0..64 {
        rest <<= 1;
        let (less, below) = subtract(rest, divisor, 0);
        let mask = u64::from(hidden(below as u32)).wrapping_sub(1);
        rest ^= (rest ^ less) & mask;
        reciprocal = (reciprocal << 1) | (mask & 1);
    }
    reciprocal
}

/// `-1 / modulus` modulo `2^bits`; the modulus is odd.
#[cfg(target_arch = "x86_64")]
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

/// Bits above a modulus, so that twice it, and a little more, fits.
const SPARE: usize = 2;

/// Bits by which a power of two grows at once.
const STEP: usize = 58;

/// 2^RECIPROCAL is divided by a modulus's highest word.
const RECIPROCAL: usize = 124;
