//! One block after the other, by tables: for CBC encryption, where each block waits for the one
//! before.
//!
//! A table cipher: where it reads depends on the key and the data, so whoever shares the cache may
//! learn of both. The tables are 4 KiB, which stay in the first cache of any processor.
//!
//! Everything here is latency, so the table gives more than the S-box and P: its words are
//! expanded already (E), the way that subkeys are kept, so that a round is one word to key, eight
//! bytes to look up and no permutation. The chain stays in that form, too: IP undoes what ended
//! the block before, so a block's own IP and its inverse wait for nothing and run beside the
//! rounds of its neighbours.

use super::schedule::Subkeys;
use super::tables::{E, P, substitute};

/// CBC-encrypts whole blocks in place.
pub(super) fn encrypt_cbc<const PASSES: usize>(
    subkeys: &[Subkeys; PASSES],
    iv: [u8; 8],
    data: &mut [[u8; 8]],
) {
    let mut chain = permuted(iv);
    for block in data {
        let block_halves = permuted(*block);
        chain.left ^= block_halves.left;
        chain.right ^= block_halves.right;
        for subkeys in subkeys {
            chain = pass(subkeys, chain);
        }
        *block = unpermuted(chain);
    }
}

/// Two halves, each expanded.
#[derive(Clone, Copy)]
struct Halves {
    left: u64,
    right: u64,
}

/// Sixteen rounds and the exchange after the last.
#[inline(always)]
fn pass(subkeys: &Subkeys, halves: Halves) -> Halves {
    let Halves {
        mut left,
        mut right,
    } = halves;
    for [even, odd] in subkeys.as_chunks().0 {
        left ^= f(right ^ even);
        right ^= f(left ^ odd);
    }
    Halves {
        left: right,
        right: left,
    }
}

/// The cipher function of a keyed half, expanded.
///
/// What the tables give has no bit in common, so that it could as well be exclusive-or eight
/// times; but that is what the compiler makes a chain of eight of, where this stays a tree of
/// three.
#[inline(always)]
fn f(keyed: u64) -> u64 {
    let [a, b, c, d, e, f, g, h] = keyed.to_le_bytes();
    let at = |s: usize, six: u8| TABLE[ENTRIES * s + usize::from(six)];
    let [ab, cd] = [
        at(0, a).wrapping_add(at(1, b)),
        at(2, c).wrapping_add(at(3, d)),
    ];
    let [ef, gh] = [
        at(4, e).wrapping_add(at(5, f)),
        at(6, g).wrapping_add(at(7, h)),
    ];
    (ab | cd).wrapping_add(ef | gh)
}

/// IP and E.
#[inline(always)]
fn permuted(block: [u8; 8]) -> Halves {
    let block = u64::from_be_bytes(block);
    let (mut left, mut right) = ((block >> 32) as u32, block as u32);
    exchange(&mut left, &mut right, 4, 0x0f0f_0f0f);
    exchange(&mut left, &mut right, 16, 0x0000_ffff);
    exchange(&mut right, &mut left, 2, 0x3333_3333);
    exchange(&mut right, &mut left, 8, 0x00ff_00ff);
    exchange(&mut left, &mut right, 1, 0x5555_5555);
    Halves {
        left: expanded(left),
        right: expanded(right),
    }
}

/// Its inverse.
#[inline(always)]
fn unpermuted(halves: Halves) -> [u8; 8] {
    let mut left = contracted(halves.left);
    let mut right = contracted(halves.right);
    exchange(&mut left, &mut right, 1, 0x5555_5555);
    exchange(&mut right, &mut left, 8, 0x00ff_00ff);
    exchange(&mut right, &mut left, 2, 0x3333_3333);
    exchange(&mut left, &mut right, 16, 0x0000_ffff);
    exchange(&mut left, &mut right, 4, 0x0f0f_0f0f);
    (u64::from(left) << 32 | u64::from(right)).to_be_bytes()
}

/// Exchanges the bits of `mask` in `low` with those `distance` places higher in `high`.
#[inline(always)]
fn exchange(high: &mut u32, low: &mut u32, distance: u32, mask: u32) {
    let difference = (*high >> distance ^ *low) & mask;
    *low ^= difference;
    *high ^= difference << distance;
}

/// E: each S-box's six bits in a byte of their own.
const fn expanded(half: u32) -> u64 {
    let mut spread = 0;
    let mut s = 0;
    while s < 8 {
        // They are neighbours, from the first on.
        let six = half.rotate_left(E[s][0] as u32 - 1) >> 26;
        spread |= (six as u64) << (8 * s);
        s += 1;
    }
    spread
}

/// Its inverse, from the middle four of each six.
#[inline(always)]
fn contracted(spread: u64) -> u32 {
    spread
        .to_le_bytes()
        .into_iter()
        .fold(0, |half, six| half << 4 | u32::from(six >> 1 & 15))
}

/// Entries for one S-box.
const ENTRIES: usize = 64;

/// For each S-box and each six bits: E of P of what comes out. What lies behind the last S-box's
/// entries is never read; it makes any byte a place within the table.
static TABLE: [u64; ENTRIES * 7 + 256] = {
    let mut table = [0; ENTRIES * 7 + 256];
    let mut s = 0;
    while s < 8 {
        let mut six = 0;
        while six < ENTRIES {
            let four = (substitute(s, six) as u32) << (28 - 4 * s);
            let mut half = 0;
            let mut place = 0;
            while place < 32 {
                half |= (four >> (32 - P[place]) & 1) << (31 - place);
                place += 1;
            }
            table[ENTRIES * s + six] = expanded(half);
            six += 1;
        }
        s += 1;
    }
    table
};
