//! Arithmetic with words and with numbers of many words, without a branch or an address that
//! depends on what is worked on; lengths are public.

use zeroize::Zeroizing;

use super::Integer;
use crate::crypto::constant_time::hidden;

/// `a · b + c + d`, low and high word.
#[inline(always)]
pub(crate) fn multiply_add(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    // (2^64 - 1)² + 2 (2^64 - 1) is 2^128 - 1.
    let sum = u128::from(a) * u128::from(b) + u128::from(c) + u128::from(d);
    (sum as u64, (sum >> 64) as u64)
}

/// The 64 bits of two words from bit `shift` on, which is at most 64.
pub(super) fn two_words(low: u64, high: u64, shift: usize) -> u64 {
    (((u128::from(high) << 64) | u128::from(low)) >> shift) as u64
}

/// The number 0 in so many words.
pub(crate) fn zeros(len: usize) -> Integer {
    Zeroizing::new(vec![0; len].into())
}

/// `number · 2^shift` in `len` words.
pub(super) fn shifted_left(number: &[u64], len: usize, shift: usize) -> Integer {
    let mut shifted = zeros(len);
    let mut below = 0;
    let words = number.iter().chain(&[0]);
    for (to, word) in shifted.iter_mut().skip(shift / 64).zip(words) {
        *to = two_words(below, *word, 64 - shift % 64);
        below = *word;
    }
    shifted
}

/// A number's length in bits, which is public; it has no leading zero words.
pub(super) fn bits(number: &[u64]) -> usize {
    let unused = number.last().map_or(0, |last| last.leading_zeros());
    64 * number.len() - unused as usize
}

/// `number`, with `highest` above it, minus `modulus`, where it is not below it.
pub(super) fn subtract_if_not_below(number: &mut [u64], highest: u64, modulus: &[u64]) {
    let words = number.iter().zip(modulus);
    let borrow = words.fold(0, |borrow, (word, modulus)| {
        let (_, borrow) = subtract(*word, *modulus, borrow);
        borrow
    });
    let (_, below) = subtract(highest, 0, borrow);
    let mask = u64::from(hidden(below as u32)).wrapping_sub(1);
    let mut borrow = 0;
    for (word, modulus) in number.iter_mut().zip(modulus) {
        (*word, borrow) = subtract(*word, modulus & mask, borrow);
    }
}

/// `a - b - borrow`, and 1 where that is negative.
pub(crate) fn subtract(a: u64, b: u64, borrow: u64) -> (u64, u64) {
    let difference = u128::from(a).wrapping_sub(u128::from(b) + u128::from(borrow));
    (difference as u64, (difference >> 127) as u64)
}
