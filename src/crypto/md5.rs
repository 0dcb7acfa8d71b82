//! MD5's compression function (RFC 1321 §3.4), alone or with other work beside it.
//!
//! Each of its 64 steps waits for the one before, so what counts is how many instructions lie in a
//! row from step to step, and there is room for something else between them: RC4, say, which waits
//! for itself as well. What was measured, on an EPYC 7763 in 2026-11: the crate's 565 MB/s, this
//! 710. The difference is where the constant is added. Compilers put constants last, behind what
//! the step before has given; one that they do not know is added before that. And in the second
//! round the two halves of the mixed word are added, not joined, so that one of them need not wait.
//!
//! Nothing here depends on what is hashed: no branch, no address.
//!
//! Record MACs use it, which hash all that is sent; what else is hashed with MD5 is short, and left
//! to the crate.

use core::hint::black_box;

/// Absorbs whole blocks.
pub(crate) fn compress(state: &mut [u32; 4], blocks: &[[u8; 64]]) {
    for block in blocks {
        compress_beside(state, &words(block), |_| {});
    }
}

/// A block's words.
#[inline(always)]
pub(super) fn words(block: &[u8; 64]) -> [u32; 16] {
    let (words, _) = block.as_chunks();
    core::array::from_fn(|index| u32::from_le_bytes(words[index]))
}

/// Absorbs one block, and does `beside` with the number of each step.
#[inline(always)]
pub(super) fn compress_beside(
    state: &mut [u32; 4],
    words: &[u32; 16],
    mut beside: impl FnMut(usize),
) {
    let [mut a, mut b, mut c, mut d] = *state;
    // Not known to the compiler.
    let constants = black_box(&CONSTANTS);
    macro_rules! four_steps {
        ($mix:ident, $shifts:ident, $first:literal, $words:expr) => {{
            let [w0, w1, w2, w3] = $words;
            let add = |to: u32, word: usize, nth: usize| {
                to.wrapping_add(words[word])
                    .wrapping_add(constants[$first + nth])
            };
            a = $mix(add(a, w0, 0), b, c, d)
                .rotate_left($shifts[0])
                .wrapping_add(b);
            beside($first);
            d = $mix(add(d, w1, 1), a, b, c)
                .rotate_left($shifts[1])
                .wrapping_add(a);
            beside($first + 1);
            c = $mix(add(c, w2, 2), d, a, b)
                .rotate_left($shifts[2])
                .wrapping_add(d);
            beside($first + 2);
            b = $mix(add(b, w3, 3), c, d, a)
                .rotate_left($shifts[3])
                .wrapping_add(c);
            beside($first + 3);
        }};
    }
    four_steps!(f, F_SHIFTS, 0, [0, 1, 2, 3]);
    four_steps!(f, F_SHIFTS, 4, [4, 5, 6, 7]);
    four_steps!(f, F_SHIFTS, 8, [8, 9, 10, 11]);
    four_steps!(f, F_SHIFTS, 12, [12, 13, 14, 15]);
    four_steps!(g, G_SHIFTS, 16, [1, 6, 11, 0]);
    four_steps!(g, G_SHIFTS, 20, [5, 10, 15, 4]);
    four_steps!(g, G_SHIFTS, 24, [9, 14, 3, 8]);
    four_steps!(g, G_SHIFTS, 28, [13, 2, 7, 12]);
    four_steps!(h, H_SHIFTS, 32, [5, 8, 11, 14]);
    four_steps!(h, H_SHIFTS, 36, [1, 4, 7, 10]);
    four_steps!(h, H_SHIFTS, 40, [13, 0, 3, 6]);
    four_steps!(h, H_SHIFTS, 44, [9, 12, 15, 2]);
    four_steps!(i, I_SHIFTS, 48, [0, 7, 14, 5]);
    four_steps!(i, I_SHIFTS, 52, [12, 3, 10, 1]);
    four_steps!(i, I_SHIFTS, 56, [8, 15, 6, 13]);
    four_steps!(i, I_SHIFTS, 60, [4, 11, 2, 9]);
    for (value, added) in state.iter_mut().zip([a, b, c, d]) {
        *value = value.wrapping_add(added);
    }
}

/// `to` and F of the three words.
#[inline(always)]
fn f(to: u32, x: u32, y: u32, z: u32) -> u32 {
    to.wrapping_add(z ^ (x & (y ^ z)))
}

/// `to` and G, whose halves have no bit in common.
#[inline(always)]
fn g(to: u32, x: u32, y: u32, z: u32) -> u32 {
    to.wrapping_add(y & !z).wrapping_add(x & z)
}

#[inline(always)]
fn h(to: u32, x: u32, y: u32, z: u32) -> u32 {
    to.wrapping_add(x ^ y ^ z)
}

#[inline(always)]
fn i(to: u32, x: u32, y: u32, z: u32) -> u32 {
    to.wrapping_add(y ^ (x | !z))
}

const F_SHIFTS: [u32; 4] = [7, 12, 17, 22];
const G_SHIFTS: [u32; 4] = [5, 9, 14, 20];
const H_SHIFTS: [u32; 4] = [4, 11, 16, 23];
const I_SHIFTS: [u32; 4] = [6, 10, 15, 21];

/// 2^32 times the absolute value of the sine of 1 to 64.
#[rustfmt::skip]
static CONSTANTS: [u32; 64] = [
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_the_crate(
            state: [u32; 4],
            blocks in prop::collection::vec(prop::array::uniform::<_, 64>(any::<u8>()), 0..5),
        ) {
            let (mut ours, mut theirs) = (state, state);
            compress(&mut ours, &blocks);
            ::md5::block_api::compress(&mut theirs, &blocks);
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn each_step_has_its_turn_once() {
        let mut turns = Vec::new();
        compress_beside(&mut [0; 4], &[0; 16], |step| turns.push(step));
        assert!(turns.iter().copied().eq(0..64));
    }
}
