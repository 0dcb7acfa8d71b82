//! Copies and masks that depend on secrets, without a branch or an address that does.
//!
//! Masks stand in for choices where every one of many bytes needs its own: `subtle` hides each
//! choice from the optimiser, which costs more than what is done with it. Here the secret number is
//! hidden once for a whole pass; what follows is arithmetic on a number of which nothing is known,
//! so there is nothing to make a branch of.

use subtle::{BlackBox, Choice, ConditionallySelectable};

/// Overwrites `into` with `from` where `choice` is set, without a branch on it.
pub(crate) fn conditional_copy(into: &mut [u8], from: &[u8], choice: Choice) {
    for (into, from) in into.iter_mut().zip(from) {
        into.conditional_assign(from, choice);
    }
}

/// `secret`, of which the optimiser does not know anything any more.
pub(crate) fn hidden(secret: u32) -> u32 {
    BlackBox::new(secret).get()
}

/// 0xff where `a` is less than `b`, else 0; both are below 2^31.
pub(crate) fn mask_less(a: u32, b: u32) -> u8 {
    // The difference's sign.
    ((a.wrapping_sub(b) as i32) >> 31) as u8
}

/// 0xff where `a` is `b`, else 0; both are below 2^31.
pub(crate) fn mask_equal(a: u32, b: u32) -> u8 {
    !(mask_less(a, b) | mask_less(b, a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_agree_with_comparisons() {
        let numbers = [0, 1, 2, 63, 64, 255, 256, 16_384, (1 << 31) - 1];
        for a in numbers {
            for b in numbers {
                assert_eq!(mask_less(hidden(a), b) == 0xff, a < b, "{a} {b}");
                assert_eq!(mask_less(hidden(a), b) == 0, a >= b, "{a} {b}");
                assert_eq!(mask_equal(a, hidden(b)) == 0xff, a == b, "{a} {b}");
                assert_eq!(mask_equal(a, hidden(b)) == 0, a != b, "{a} {b}");
            }
        }
    }
}
