//! From blocks to planes and back.
//!
//! The planes of 64 blocks are their matrix of 64 by 64 bits, transposed: six times, bits are
//! exchanged between rows 32, 16, 8, 4, 2 and 1 apart. Three of these steps at a time take eight
//! rows, which stay in registers. IP and its inverse cost nothing, they are which plane is which.

use super::planes::Planes;
use super::tables::IP;

/// `64 * N` blocks, read with the first byte as the least significant.
pub(super) type Blocks<const N: usize> = [[u64; N]; 64];

/// The planes of a half's bits.
pub(super) type Half<P> = [P; 32];

/// Both halves. One thing in memory: of two the compiler tries to keep parts in registers between
/// rounds, and Triple DES took a fifth longer.
pub(super) struct Halves<P> {
    pub(super) left: Half<P>,
    pub(super) right: Half<P>,
}

/// What is between two steps: the caller's, as to clear it for each pass would take longer than to
/// fill it.
pub(super) type Rows<P> = [P; 64];

/// The left and the right half of the blocks' IP. Constant time, as it has no branch and all its
/// places are constants.
#[inline(always)]
pub(super) fn halves<S: Planes<N>, const N: usize>(
    set: S,
    blocks: &Blocks<N>,
    rows: &mut Rows<S::Plane>,
    halves: &mut Halves<S::Plane>,
) {
    for column in 0..8 {
        let mut eight: [_; 8] = core::array::from_fn(|row| set.load(&blocks[8 * row + column]));
        for low in [0, 1, 2, 3] {
            [eight[low], eight[low + 4]] = set.unzip(eight[low], eight[low + 4]);
        }
        exchange_bytes(set, &mut eight);
        for (row, plane) in eight.into_iter().enumerate() {
            rows[8 * row + column] = plane;
        }
    }
    for (eight, numbers) in rows.as_chunks_mut::<8>().0.iter_mut().zip(NUMBERS) {
        exchange_bits(set, eight);
        for ([even, odd], number) in eight.as_chunks().0.iter().zip(numbers) {
            halves.left[number] = *even;
            halves.right[number] = *odd;
        }
    }
}

/// The blocks whose IP that is. Constant time, as it has no branch and all its places are
/// constants.
#[inline(always)]
pub(super) fn blocks<S: Planes<N>, const N: usize>(
    set: S,
    left: &Half<S::Plane>,
    right: &Half<S::Plane>,
    rows: &mut Rows<S::Plane>,
    blocks: &mut Blocks<N>,
) {
    for (eight, numbers) in rows.as_chunks_mut::<8>().0.iter_mut().zip(NUMBERS) {
        for ([even, odd], number) in eight.as_chunks_mut().0.iter_mut().zip(numbers) {
            *even = left[number];
            *odd = right[number];
        }
        exchange_bits(set, eight);
    }
    for column in 0..8 {
        let mut eight: [_; 8] = core::array::from_fn(|row| rows[8 * row + column]);
        exchange_bytes(set, &mut eight);
        for low in [0, 1, 2, 3] {
            [eight[low], eight[low + 4]] = set.zip(eight[low], eight[low + 4]);
        }
        for (row, plane) in eight.into_iter().enumerate() {
            blocks[8 * row + column] = set.store(plane);
        }
    }
}

/// The steps between rows 16 and 8 apart.
#[inline(always)]
fn exchange_bytes<S: Planes<N>, const N: usize>(set: S, rows: &mut [S::Plane; 8]) {
    exchange::<S, N, 16>(set, rows, [[0, 2], [1, 3], [4, 6], [5, 7]], 0x0000_ffff);
    exchange::<S, N, 8>(set, rows, [[0, 1], [2, 3], [4, 5], [6, 7]], 0x00ff_00ff);
}

/// The steps between rows 4, 2 and 1 apart.
#[inline(always)]
fn exchange_bits<S: Planes<N>, const N: usize>(set: S, rows: &mut [S::Plane; 8]) {
    exchange::<S, N, 4>(set, rows, [[0, 4], [1, 5], [2, 6], [3, 7]], 0x0f0f_0f0f);
    exchange::<S, N, 2>(set, rows, [[0, 2], [1, 3], [4, 6], [5, 7]], 0x3333_3333);
    exchange::<S, N, 1>(set, rows, [[0, 1], [2, 3], [4, 5], [6, 7]], 0x5555_5555);
}

/// Exchanges the bits of `mask` in each pair's second row with those `PLACES` higher in its first.
#[inline(always)]
fn exchange<S: Planes<N>, const N: usize, const PLACES: i32>(
    set: S,
    rows: &mut [S::Plane; 8],
    pairs: [[usize; 2]; 4],
    mask: u32,
) {
    for [low, high] in pairs {
        let (a, b) = (rows[low], rows[high]);
        let difference = (set.shift_right::<PLACES>(a) ^ b) & set.splat(mask);
        rows[low] = a ^ set.shift_left::<PLACES>(difference);
        rows[high] = b ^ difference;
    }
}

/// Which bits of the halves, counted from 0, are in a block's bytes: IP takes the left half from
/// the bits at even places, and the right half from their neighbours above.
const NUMBERS: [[usize; 4]; 8] = {
    let mut numbers = [[0; 4]; 8];
    let mut number = 0;
    while number < 32 {
        let bit = IP[number] as usize - 1;
        assert!(IP[32 + number] as usize == bit && bit % 2 == 1);
        numbers[bit / 8][(7 - bit % 8) / 2] = number;
        number += 1;
    }
    numbers
};
