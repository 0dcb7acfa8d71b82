//! One block after the other, by tables: for CBC encryption, where each block waits for the one
//! before.
//!
//! A table cipher: where it reads depends on the key and the data, so whoever shares the cache may
//! learn of both. What is read of the tables are 4 KiB, which stay in the first cache of any
//! processor.
//!
//! Everything here is latency, so the table gives more than the S-box and P: its words are
//! expanded already (E), the way that subkeys are kept, so that a round is one word to key, eight
//! bytes to look up and no permutation. The chain stays in that form, too: IP undoes what ended
//! the block before, so a block's own IP and its inverse wait for nothing and run beside the
//! rounds of its neighbours.

use core::cmp::Reverse;

use super::schedule::Subkeys;
use super::tables::{E, P, substitute};

/// A message to be CBC-encrypted in place.
#[derive(Default)]
pub(crate) struct Message<'a> {
    pub(crate) iv: [u8; 8],
    pub(crate) blocks: &'a mut [[u8; 8]],
}

/// CBC-encrypts the messages in place, several at a time: a round waits for the one before most of
/// the time, and the rounds of other messages have room in between.
pub(super) fn encrypt_cbc<const PASSES: usize>(
    subkeys: &[Subkeys; PASSES],
    messages: &mut [Message<'_>],
) {
    for messages in messages.chunks_mut(SIDE_BY_SIDE) {
        messages.sort_unstable_by_key(|message| Reverse(message.blocks.len()));
        // As long as the shortest lasts all of them go on, then one less.
        for count in (1..=messages.len()).rev() {
            let len = messages[count - 1].blocks.len();
            match &mut messages[..count] {
                [a] => encrypt([a], len, subkeys),
                [a, b] => encrypt([a, b], len, subkeys),
                [a, b, c] => encrypt([a, b, c], len, subkeys),
                [a, b, c, d] => encrypt([a, b, c, d], len, subkeys),
                _ => {}
            }
        }
    }
}

/// Encrypts the first `len` blocks of each message; the rest of it is left to go on with.
fn encrypt<const N: usize, const PASSES: usize>(
    messages: [&mut Message<'_>; N],
    len: usize,
    subkeys: &[Subkeys; PASSES],
) {
    let mut messages = messages.map(|message| {
        let (blocks, rest) = core::mem::take(&mut message.blocks).split_at_mut(len);
        message.blocks = rest;
        (&mut message.iv, blocks)
    });
    let mut chains = messages.each_ref().map(|(iv, _)| permuted(**iv));
    for place in 0..len {
        for (chain, (_, blocks)) in chains.iter_mut().zip(&messages) {
            let block = permuted(blocks[place]);
            chain.left ^= block.left;
            chain.right ^= block.right;
        }
        for subkeys in subkeys {
            pass(subkeys, &mut chains);
        }
        for (chain, (iv, blocks)) in chains.iter().zip(&mut messages) {
            blocks[place] = unpermuted(*chain);
            **iv = blocks[place];
        }
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
fn pass<const N: usize>(subkeys: &Subkeys, chains: &mut [Halves; N]) {
    for [even, odd] in subkeys.as_chunks().0 {
        if N < 3 {
            // Taking turns each round, the compiler would make vectors of two, which takes half as
            // long again.
            for chain in chains.iter_mut() {
                chain.left ^= f(chain.right ^ even);
                chain.right ^= f(chain.left ^ odd);
            }
        } else {
            for chain in chains.iter_mut() {
                chain.left ^= f(chain.right ^ even);
            }
            for chain in chains.iter_mut() {
                chain.right ^= f(chain.left ^ odd);
            }
        }
    }
    for Halves { left, right } in chains {
        core::mem::swap(left, right);
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

/// Messages at a time: two of them take 1.2 times as long as one, three 1.5 times and four twice.
pub(crate) const SIDE_BY_SIDE: usize = 4;

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
