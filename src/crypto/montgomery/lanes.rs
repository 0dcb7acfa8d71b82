//! The kernel for AVX2: 27 to 29 bits of a number in each lane of 64, so that products can be added
//! up without carries.
//!
//! An EPYC 7763 starts two multiplications of four lanes each cycle, and has 1.6 of them added up;
//! a multiplication of two words is one a cycle, and its additions wait for one another's carries.
//! Squaring modulo two numbers of 1024 bits takes, on this processor in 2026-11:
//!
//! | how | ns |
//! | --- | --- |
//! | [`Words`](super::words::Words), one after the other | 1130 |
//! | both at once, limb `l` in vector `l / 2`; three vectors of a multiplier in both lanes at a time | 384 |
//! | six vectors in one lane at a time: half as many loads and stores of sums | 360 |
//! | the same, compiled for the length | 300 |
//!
//! It needs 1043 multiplications, which take 200 ns, and 60 go into carries and sums between lanes.
//! With limbs of 28 bits, 19 vectors where 18 do, all of it took a ninth longer. With a reduction
//! limb by limb there would be 990 multiplications, but each of 36 limbs some 11 cycles behind the
//! one before: computed, not tried.

mod operations;
mod rows;
mod vectors;

use core::arch::x86_64::__m256i;

use pulp::x86::V3;
use zeroize::{Zeroize, Zeroizing};

use super::arithmetic::{bits, subtract_if_not_below, two_words, zeros};
use super::precomputation::{negative_inverse, power_of_two};
use super::room::Room;
use super::{Integer, Ring, WINDOW};
use operations::{AT_ONCE, Add, Multiply, Select, Square};

/// `C` odd moduli, 1 or 2, whose numbers share vectors of four lanes: limb `l` of number `c` stands
/// in vector `l / (4 / C)`, in lane `l % (4 / C)` of the number's own lanes.
pub(crate) struct Lanes<const C: usize> {
    simd: V3,
    shape: Shape,
    /// The moduli in words, of the same length.
    words: [Integer; C],
    moduli: Vectors,
    /// `-1 / modulus` modulo R.
    inverses: Vectors,
    radix_squared: Vectors,
}

type Vectors = Zeroizing<Box<[__m256i]>>;

/// How long numbers are.
#[derive(Clone, Copy)]
struct Shape {
    /// Vectors in a number.
    vectors: usize,
    /// Bits in a limb.
    limb_bits: usize,
}

impl Shape {
    /// For moduli of `bits` bits; R is to be 64 times above them.
    fn new<const C: usize>(bits: usize) -> Self {
        let limbs = |limb_bits: usize| (bits + 6).div_ceil(limb_bits);
        // So many products of two limbs, each a bit above 2^limb_bits, have their sum below 2^64.
        let limb_bits = match bits {
            _ if limbs(29) <= 54 => 29,
            _ if limbs(28) <= 240 => 28,
            _ => 27,
        };
        let vectors = match (C, limbs(limb_bits).div_ceil(4 / C)) {
            // 2048 bits: with 21, in threes, a square takes a fifth longer.
            (1, 19) => 20,
            // As many as `operation!` has rows for.
            (_, vectors) => vectors.next_multiple_of(3),
        };
        Self { vectors, limb_bits }
    }

    /// Vectors in a table's entry: two limbs share a lane.
    fn packed(self) -> usize {
        self.vectors.div_ceil(2).next_multiple_of(AT_ONCE)
    }
}

impl<const C: usize> Lanes<C> {
    const LIMBS: usize = 4 / C;

    /// `None` where the processor does not have AVX2.
    pub(crate) fn new(moduli: [&[u64]; C]) -> Option<Self> {
        let simd = V3::try_new()?;
        let bits = moduli
            .iter()
            .map(|modulus| bits(modulus))
            .max()
            .unwrap_or(0);
        let shape = Shape::new::<C>(bits);
        let radix_bits = shape.vectors * Self::LIMBS * shape.limb_bits;
        let len = bits.div_ceil(64);
        let inverses = moduli.map(|modulus| negative_inverse(modulus, radix_bits));
        let squares = moduli.map(|modulus| power_of_two(modulus, 2 * radix_bits));
        let load = |words| split(words, 0, shape);
        Some(Self {
            simd,
            shape,
            words: moduli.map(|modulus| {
                let mut words = zeros(len);
                words[..modulus.len()].copy_from_slice(modulus);
                words
            }),
            moduli: load(moduli),
            inverses: load(inverses.each_ref().map(|inverse| &inverse[..])),
            radix_squared: load(squares.each_ref().map(|square| &square[..])),
        })
    }
}

/// `len` vectors of zeros.
fn empty(len: usize) -> Vectors {
    Zeroizing::new(vec![pulp::cast([0u64; 4]); len].into())
}

/// The limbs of each of `values` from limb `digit · limbs in a number` on.
fn split<const C: usize>(values: [&[u64]; C], digit: usize, shape: Shape) -> Vectors {
    let limbs = 4 / C;
    let mask = (1 << shape.limb_bits) - 1;
    let mut vectors = empty(shape.vectors);
    for (vector, to) in vectors.iter_mut().enumerate() {
        let mut lanes = [0u64; 4];
        for (lane, limb) in lanes.iter_mut().enumerate() {
            let (value, at) = (values[lane / limbs], vector * limbs + lane % limbs);
            let bit = (digit * shape.vectors * limbs + at) * shape.limb_bits;
            let word = |at: usize| value.get(at).copied().unwrap_or(0);
            *limb = two_words(word(bit / 64), word(bit / 64 + 1), bit % 64) & mask;
        }
        *to = pulp::cast(lanes);
        lanes.zeroize();
    }
    vectors
}

/// What an operation needs beside its operands: room for its [`Parts`] modulo a number of 2048
/// bits.
type Workspace = Room<__m256i, { (4 * 2 + 3) * 20 + 1 }>;

/// Room for a table modulo two numbers of 1024 bits.
type Table = Room<__m256i, { 10 << WINDOW }>;

struct Parts<'a> {
    /// Sums of products: of each column, for each lane of a multiplier one, as a product with it
    /// belongs into other lanes.
    sums: &'a mut [__m256i],
    /// The product's lower half, in limbs.
    low: &'a mut [__m256i],
    /// Its upper half, almost in limbs.
    high: &'a mut [__m256i],
    /// The multiple of the modulus that makes the lower half zero, behind a vector of zeros.
    multiple: &'a mut [__m256i],
}

impl<'a> Parts<'a> {
    /// For numbers of as many vectors.
    #[inline(always)]
    fn new<const C: usize>(work: &'a mut [__m256i], vectors: usize) -> Self {
        let (sums, work) = work.split_at_mut(4 / C * 2 * vectors);
        let (low, work) = work.split_at_mut(vectors);
        let (high, multiple) = work.split_at_mut(vectors);
        let multiple = &mut multiple[..vectors + 1];
        Self {
            sums,
            low,
            high,
            multiple,
        }
    }
}

/// Runs an operation that is compiled for the number of vectors, with the best number of rows for
/// it, where a key's length is a usual one: 512, 1024 and 2048 bits.
macro_rules! operation {
    ($ring:expr, $name:ident $fields:tt) => {
        match (C, $ring.shape.vectors) {
            (1, 6) | (2, 6) => $ring.simd.vectorize($name::<C, 6, 6> $fields),
            (1, 9) | (2, 9) => $ring.simd.vectorize($name::<C, 6, 9> $fields),
            (1, 20) => $ring.simd.vectorize($name::<C, 5, 20> $fields),
            (2, 18) => $ring.simd.vectorize($name::<C, 6, 18> $fields),
            _ => $ring.simd.vectorize($name::<C, 3, 0> $fields),
        }
    };
}

impl<const C: usize> Ring<C> for Lanes<C> {
    type Number = Vectors;
    type Workspace = Workspace;
    type Table = Table;

    fn workspace(&self) -> Workspace {
        let parts = 2 * Self::LIMBS + 3;
        Room::new(pulp::cast([0u64; 4]), parts * self.shape.vectors + 1)
    }

    fn radix_bits(&self) -> usize {
        self.shape.vectors * Self::LIMBS * self.shape.limb_bits
    }

    fn radix_squared(&self) -> &Vectors {
        &self.radix_squared
    }

    fn load(&self, values: [&[u64]; C], digit: usize) -> Vectors {
        split(values, digit, self.shape)
    }

    fn store(&self, number: &Vectors) -> [Integer; C] {
        core::array::from_fn(|at| {
            let modulus = &self.words[at];
            // A product is below twice its modulus: what would be above these words is zero.
            let mut words = zeros(modulus.len() + 1);
            let mut to = words.iter_mut();
            let (mut rest, mut rest_bits) = (0u128, 0);
            for vector in number.iter() {
                let lanes: Zeroizing<[u64; 4]> = Zeroizing::new(pulp::cast(*vector));
                for limb in &lanes[at * Self::LIMBS..][..Self::LIMBS] {
                    rest += u128::from(*limb) << rest_bits;
                    rest_bits += self.shape.limb_bits;
                    if rest_bits >= 64 {
                        to.by_ref().take(1).for_each(|word| *word = rest as u64);
                        rest >>= 64;
                        rest_bits -= 64;
                    }
                }
            }
            to.take(1).for_each(|word| *word = rest as u64);
            let (words, highest) = words.split_at_mut(modulus.len());
            subtract_if_not_below(words, highest[0], modulus);
            Zeroizing::new((&*words).into())
        })
    }

    fn add(&self, number: &mut Vectors, other: &Vectors) {
        self.simd.vectorize(Add {
            ring: self,
            number,
            other,
        });
    }

    fn multiply(&self, work: &mut Workspace, number: &mut Vectors, other: &Vectors) {
        operation!(
            self,
            Multiply {
                ring: self,
                work,
                number,
                other
            }
        );
    }

    fn square(&self, work: &mut Workspace, number: &mut Vectors, times: usize) {
        operation!(
            self,
            Square {
                ring: self,
                work,
                number,
                times
            }
        );
    }

    /// Two vectors of limbs share one.
    fn table(&self, len: usize) -> Table {
        Room::new(pulp::cast([0u64; 4]), len * self.shape.packed())
    }

    fn insert(&self, table: &mut Table, index: usize, number: &Vectors) {
        let len = self.shape.packed();
        for (to, from) in table[index * len..][..len].iter_mut().zip(number.chunks(2)) {
            let upper = from
                .get(1)
                .map_or(self.simd.avx._mm256_setzero_si256(), |upper| *upper);
            *to = self
                .simd
                .avx2
                ._mm256_or_si256(from[0], self.simd.avx2._mm256_slli_epi64::<32>(upper));
        }
    }

    fn select(&self, number: &mut Vectors, table: &Table, indices: [usize; C]) {
        self.simd.vectorize(Select {
            ring: self,
            number,
            table,
            indices,
        });
    }
}
