//! The key schedule (FIPS 46-3, appendix 1).

use super::tables::{LEFT_SHIFTS, PC1, PC2};
use crate::crypto::constant_time::hidden;

/// The sixteen subkeys in the order in which they are used, in as little room as the S-boxes'
/// inputs take: byte `s` of a word (the least significant is byte 0) has the six bits for S-box
/// `s`, the first of them the most significant, and two zeros above.
pub(super) type Subkeys = [u64; 16];

/// Constant time. What must not leak is the key. Each of its bits is a mask over where it comes to,
/// which is known when this is compiled, and every place is gone through whatever the key is; each
/// is hidden from the optimiser, which would pass over those that are zero. (To pick each subkey's
/// bits one by one took more than three times as long.)
pub(super) fn subkeys(key: [u8; 8]) -> Subkeys {
    let key = u64::from_be_bytes(key);
    let mut subkeys = [0; 16];
    for (place, bits) in BITS.iter().enumerate() {
        let mask = 0_u64.wrapping_sub(hidden((key >> place) as u32 & 1).into());
        for (subkey, bit) in subkeys.iter_mut().zip(bits) {
            *subkey |= bit & mask;
        }
    }
    subkeys
}

/// Where in a word the 48 bits of a subkey are, or of an expanded half.
pub(super) const SPREAD: [u8; 48] = {
    let mut places = [0; 48];
    let mut bit = 0;
    while bit < 48 {
        places[bit] = (8 * (bit / 6) + 5 - bit % 6) as u8;
        bit += 1;
    }
    places
};

/// Of each bit of a key, from the least significant on: where it is in each subkey, if it is.
static BITS: [[u64; 16]; 64] = {
    let mut bits = [[0; 16]; 64];
    let mut turned = 0;
    let mut round = 0;
    while round < 16 {
        turned += LEFT_SHIFTS[round] as usize;
        let mut bit = 0;
        while bit < 48 {
            let chosen = PC2[bit / 6][bit % 6] as usize - 1;
            let (half, place) = (chosen / 28, chosen % 28);
            let place = 64 - PC1[28 * half + (place + turned) % 28] as usize;
            bits[place][round] = 1 << SPREAD[bit];
            bit += 1;
        }
        round += 1;
    }
    bits
};
