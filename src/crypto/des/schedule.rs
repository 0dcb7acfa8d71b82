//! The key schedule (FIPS 46-3, appendix 1).

use super::tables::{LEFT_SHIFTS, PC1, PC2};

/// The sixteen subkeys in the order in which they are used, in as little room as the S-boxes'
/// inputs take: byte `s` of a word (the least significant is byte 0) has the six bits for S-box
/// `s`, the first of them the most significant, and two zeros above.
pub(super) type Subkeys = [u64; 16];

/// Constant time. What must not leak is the key. Each bit of a subkey is a bit of the key from a
/// place that is known when this is compiled.
pub(super) fn subkeys(key: [u8; 8]) -> Subkeys {
    let key = u64::from_be_bytes(key);
    KEY_BITS.map(|places| {
        let mut subkey = 0;
        for (place, to) in places.into_iter().zip(SPREAD) {
            subkey |= (key >> place & 1) << to;
        }
        subkey
    })
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

/// Of each bit of each subkey, the place in the key, from the least significant bit.
const KEY_BITS: [[u8; 48]; 16] = {
    let mut places = [[0; 48]; 16];
    let mut turned = 0;
    let mut round = 0;
    while round < 16 {
        turned += LEFT_SHIFTS[round] as usize;
        let mut bit = 0;
        while bit < 48 {
            let chosen = PC2[bit / 6][bit % 6] as usize - 1;
            let (half, place) = (chosen / 28, chosen % 28);
            places[round][bit] = 64 - PC1[28 * half + (place + turned) % 28];
            bit += 1;
        }
        round += 1;
    }
    places
};
