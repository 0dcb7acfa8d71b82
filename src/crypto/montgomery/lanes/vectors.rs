//! What is done to vectors of limbs.

use core::arch::x86_64::__m256i;

use pulp::x86::V3;

#[inline(always)]
pub(super) fn zero(simd: V3) -> __m256i {
    simd.avx._mm256_setzero_si256()
}

#[inline(always)]
pub(super) fn add(simd: V3, a: __m256i, b: __m256i) -> __m256i {
    simd.avx2._mm256_add_epi64(a, b)
}

/// `sum + a · b`, of the lower 32 bits of each lane of `a` and `b`.
#[inline(always)]
pub(super) fn multiply_add(simd: V3, sum: __m256i, a: __m256i, b: __m256i) -> __m256i {
    add(simd, sum, simd.avx2._mm256_mul_epu32(a, b))
}

/// What [`spread`] needs to know of a lane.
#[inline(always)]
pub(super) fn control<const C: usize>(simd: V3, lane: usize) -> __m256i {
    match C {
        2 => simd.avx._mm256_set1_epi64x(2 * lane as i64),
        // Two halves of 32 bits.
        _ => simd
            .avx
            ._mm256_set1_epi64x((2 * lane as i64) | ((2 * lane as i64 + 1) << 32)),
    }
}

/// The limb of each number that stands in the lane of `control`, in all lanes of that number.
#[inline(always)]
pub(super) fn spread<const C: usize>(simd: V3, vector: __m256i, control: __m256i) -> __m256i {
    match C {
        2 => {
            let vector = simd.avx._mm256_castsi256_pd(vector);
            let spread = simd.avx._mm256_permutevar_pd(vector, control);
            simd.avx._mm256_castpd_si256(spread)
        }
        _ => simd.avx2._mm256_permutevar8x32_epi32(vector, control),
    }
}

/// Each limb of `vector` moved up by one; into the lowest lane of each number comes the highest of
/// `below`.
#[inline(always)]
pub(super) fn shift<const C: usize>(simd: V3, below: __m256i, vector: __m256i) -> __m256i {
    match C {
        2 => odd_even(simd, below, vector),
        _ => odd_even(simd, upper_lower(simd, below, vector), vector),
    }
}

/// A column's sum over all sets, each moved up by as many lanes as its number says; `below` are
/// the sums of the column below.
#[inline(always)]
pub(super) fn merge<const C: usize>(simd: V3, below: [__m256i; 4], sums: [__m256i; 4]) -> __m256i {
    let one = add(simd, sums[0], shift::<C>(simd, below[1], sums[1]));
    if C == 2 {
        return one;
    }
    let two = upper_lower(simd, below[2], sums[2]);
    let three = odd_even(simd, below[3], upper_lower(simd, below[3], sums[3]));
    add(simd, one, add(simd, two, three))
}

/// Of each half the upper lane of `a`, then the lower of `b`.
#[inline(always)]
fn odd_even(simd: V3, a: __m256i, b: __m256i) -> __m256i {
    let a = simd.avx._mm256_castsi256_pd(a);
    let b = simd.avx._mm256_castsi256_pd(b);
    let shuffled = simd.avx._mm256_shuffle_pd::<0b0101>(a, b);
    simd.avx._mm256_castpd_si256(shuffled)
}

/// The upper half of `a`, then the lower of `b`.
#[inline(always)]
fn upper_lower(simd: V3, a: __m256i, b: __m256i) -> __m256i {
    simd.avx2._mm256_permute2x128_si256::<0x21>(a, b)
}
