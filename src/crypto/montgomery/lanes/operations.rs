//! What a ring does, each operation compiled as a whole for AVX2.

use core::arch::x86_64::{__m128i, __m256i};

use pulp::NullaryFnOnce;
use pulp::x86::V3;

use super::rows::Rows;
use super::vectors::{add, control, merge, shift, zero};
use super::{Lanes, Parts};

/// `number` becomes `number · other / R`.
pub(super) struct Multiply<'a, const C: usize, const R: usize, const N: usize> {
    pub(super) ring: &'a Lanes<C>,
    pub(super) work: &'a mut [__m256i],
    pub(super) number: &'a mut [__m256i],
    pub(super) other: &'a [__m256i],
}

/// `number` becomes `number² / R`, `times` times over.
pub(super) struct Square<'a, const C: usize, const R: usize, const N: usize> {
    pub(super) ring: &'a Lanes<C>,
    pub(super) work: &'a mut [__m256i],
    pub(super) number: &'a mut [__m256i],
    pub(super) times: usize,
}

/// `number` becomes the sum of both, in limbs.
pub(super) struct Add<'a, const C: usize> {
    pub(super) ring: &'a Lanes<C>,
    pub(super) number: &'a mut [__m256i],
    pub(super) other: &'a [__m256i],
}

/// `number` becomes the entry of `table` whose index is given for each number.
pub(super) struct Select<'a, const C: usize> {
    pub(super) ring: &'a Lanes<C>,
    pub(super) number: &'a mut [__m256i],
    pub(super) table: &'a [__m256i],
    pub(super) indices: [usize; C],
}

/// Calls a method of [`Rows`] for each lane of a multiplier and each `R` vectors of it.
macro_rules! all_rows {
    ($ring:expr, $sums:expr, $multiplier:expr, $method:ident($($factor:expr)?)) => {{
        let multiplier: &[__m256i] = &$multiplier;
        let columns = 2 * multiplier.len();
        for (lane, sums) in $sums.chunks_exact_mut(columns).enumerate() {
            let rows = Rows::<C> {
                simd: $ring.simd,
                multiplier,
                at: 0,
                control: control::<C>($ring.simd, lane),
            };
            rows.$method::<R, true>(sums $(, $factor)?);
            let mut at = R;
            while at + R <= multiplier.len() {
                Rows { at, ..rows }.$method::<R, false>(sums $(, $factor)?);
                at += R;
            }
            if multiplier.len() - at == 3 {
                Rows { at, ..rows }.$method::<3, false>(sums $(, $factor)?);
            }
        }
    }};
}

impl<const C: usize, const R: usize, const N: usize> NullaryFnOnce for Multiply<'_, C, R, N> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let vectors = if N == 0 { self.ring.shape.vectors } else { N };
        let number = &mut self.number[..vectors];
        let other = &self.other[..vectors];
        let parts = Parts::new::<C>(self.work, vectors);
        all_rows!(self.ring, parts.sums, other, product(number));
        reduce::<C, R>(self.ring, parts, number);
    }
}

impl<const C: usize, const R: usize, const N: usize> NullaryFnOnce for Square<'_, C, R, N> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let vectors = if N == 0 { self.ring.shape.vectors } else { N };
        let number = &mut self.number[..vectors];
        for _ in 0..self.times {
            let parts = Parts::new::<C>(self.work, vectors);
            all_rows!(self.ring, parts.sums, *number, square());
            reduce::<C, R>(self.ring, parts, number);
        }
    }
}

/// `number` becomes the product of which the columns' sums are in the workspace, divided by R.
///
/// The product's lower half times `-1 / modulus` modulo R is a multiple of the modulus that makes
/// it zero. Two half products are no more work than the usual limb by limb, but do not have each
/// limb wait for the one before.
#[inline(always)]
fn reduce<const C: usize, const R: usize>(
    ring: &Lanes<C>,
    parts: Parts<'_>,
    number: &mut [__m256i],
) {
    let simd = ring.simd;
    let vectors = number.len();
    let Parts {
        sums,
        low,
        high,
        multiple,
    } = parts;

    let mut columns = Columns::<C>::start(ring, vectors);
    let mut limbs = Carry::<C>::start(ring);
    for (at, low) in low.iter_mut().enumerate() {
        let column = columns.next(sums, at);
        *low = limbs.next(column);
    }
    let rest = limbs.rest();
    for (at, high) in high.iter_mut().enumerate() {
        let column = columns.next(sums, vectors + at);
        *high = limbs.once(column);
    }
    high[0] = add(simd, high[0], rest);

    all_rows!(ring, sums, ring.inverses[..vectors], lower_half(&low[..]));
    let mut columns = Columns::<C>::start(ring, vectors);
    let mut limbs = Carry::<C>::start(ring);
    for (at, multiple) in multiple[1..].iter_mut().enumerate() {
        let column = columns.next(sums, at);
        *multiple = limbs.next(column);
    }

    all_rows!(
        ring,
        sums,
        ring.moduli[..vectors],
        upper_half(&multiple[..])
    );
    // The lower half is a multiple of R now. Its two highest limbs, rounded up, tell which.
    let mut columns = Columns::<C>::start(ring, vectors);
    columns.next(sums, vectors - 2);
    let highest = add(simd, columns.next(sums, vectors - 1), low[vectors - 1]);
    let mut limbs = Carry::<C>::rounded_up(ring, highest);
    for (at, (number, high)) in number.iter_mut().zip(high).enumerate() {
        let column = add(simd, columns.next(sums, vectors + at), *high);
        *number = limbs.next(column);
    }
}

/// Reads the sums of all sets column by column.
struct Columns<'a, const C: usize> {
    ring: &'a Lanes<C>,
    below: [__m256i; 4],
    vectors: usize,
}

impl<'a, const C: usize> Columns<'a, C> {
    #[inline(always)]
    fn start(ring: &'a Lanes<C>, vectors: usize) -> Self {
        let below = [zero(ring.simd); 4];
        Self {
            ring,
            below,
            vectors,
        }
    }

    #[inline(always)]
    fn next(&mut self, sums: &[__m256i], column: usize) -> __m256i {
        let mut here = [zero(self.ring.simd); 4];
        for lane in 0..Lanes::<C>::LIMBS {
            here[lane] = sums[2 * lane * self.vectors + column];
        }
        let merged = merge::<C>(self.ring.simd, self.below, here);
        self.below = here;
        merged
    }
}

/// Makes limbs of columns: what is above a limb moves up to the next one, and once more. After
/// that a limb can still be a little too long, by less than 2^11.
struct Carry<const C: usize> {
    simd: V3,
    limb_bits: __m128i,
    mask: __m256i,
    first: __m256i,
    second: __m256i,
}

impl<const C: usize> Carry<C> {
    #[inline(always)]
    fn start(ring: &Lanes<C>) -> Self {
        let simd = ring.simd;
        let bits = ring.shape.limb_bits as i32;
        Self {
            simd,
            limb_bits: simd.sse2._mm_cvtsi32_si128(bits),
            mask: simd.avx._mm256_set1_epi64x((1i64 << bits) - 1),
            first: zero(simd),
            second: zero(simd),
        }
    }

    /// Starts with the carry out of `column`, to whose highest limb something less than 2^11 is
    /// missing that makes it a multiple of 2^limb_bits.
    #[inline(always)]
    fn rounded_up(ring: &Lanes<C>, column: __m256i) -> Self {
        let mut carry = Self::start(ring);
        let from_below = shift::<C>(carry.simd, carry.first, carry.above(column));
        let sum = add(carry.simd, add(carry.simd, column, from_below), carry.mask);
        carry.first = carry.above(sum);
        carry
    }

    #[inline(always)]
    fn above(&self, column: __m256i) -> __m256i {
        self.simd.avx2._mm256_srl_epi64(column, self.limb_bits)
    }

    #[inline(always)]
    fn once(&mut self, column: __m256i) -> __m256i {
        let above = self.above(column);
        let moved = shift::<C>(self.simd, self.first, above);
        self.first = above;
        add(
            self.simd,
            self.simd.avx2._mm256_and_si256(column, self.mask),
            moved,
        )
    }

    #[inline(always)]
    fn next(&mut self, column: __m256i) -> __m256i {
        let column = self.once(column);
        let above = self.above(column);
        let moved = shift::<C>(self.simd, self.second, above);
        self.second = above;
        add(
            self.simd,
            self.simd.avx2._mm256_and_si256(column, self.mask),
            moved,
        )
    }

    /// What [`next`](Self::next) has left for the lowest limb above.
    #[inline(always)]
    fn rest(&self) -> __m256i {
        shift::<C>(self.simd, self.second, zero(self.simd))
    }
}

impl<const C: usize> NullaryFnOnce for Add<'_, C> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let mut limbs = Carry::<C>::start(self.ring);
        for (number, other) in self.number.iter_mut().zip(self.other) {
            *number = limbs.once(add(self.ring.simd, *number, *other));
        }
    }
}

impl<const C: usize> NullaryFnOnce for Select<'_, C> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let simd = self.ring.simd;
        let mut wanted = [0; 4];
        for (lane, wanted) in wanted.iter_mut().enumerate() {
            *wanted = self.indices[lane / Lanes::<C>::LIMBS] as u64;
        }
        let wanted: __m256i = pulp::cast(wanted);
        let len = self.ring.shape.packed();
        let lower = simd.avx._mm256_set1_epi64x(0xffff_ffff);
        let one = simd.avx._mm256_set1_epi64x(1);
        // A few vectors of all entries at a time, which stay in registers.
        for (part, numbers) in self.number.chunks_mut(2 * AT_ONCE).enumerate() {
            let mut selected = [zero(simd); AT_ONCE];
            let mut index = zero(simd);
            for entry in self.table.chunks_exact(len) {
                let mask = simd.avx2._mm256_cmpeq_epi64(index, wanted);
                index = add(simd, index, one);
                let take = |selected: &mut __m256i, vector| {
                    let masked = simd.avx2._mm256_and_si256(vector, mask);
                    *selected = simd.avx2._mm256_or_si256(*selected, masked);
                };
                let vectors = entry[part * AT_ONCE..].first_chunk::<AT_ONCE>();
                for (selected, vector) in selected.iter_mut().zip(vectors.into_iter().flatten()) {
                    take(selected, *vector);
                }
            }
            for (numbers, selected) in numbers.chunks_mut(2).zip(selected) {
                numbers[0] = simd.avx2._mm256_and_si256(selected, lower);
                if let Some(upper) = numbers.get_mut(1) {
                    *upper = simd.avx2._mm256_srli_epi64::<32>(selected);
                }
            }
        }
    }
}

/// Vectors of a table's entry that are selected in one go.
pub(super) const AT_ONCE: usize = 5;
