//! Planes: one bit of each of many blocks, in one register, and the instruction sets for them.

use core::ops::{BitAnd, BitOr, BitXor, Not};

/// A bit each of `64 * N` blocks.
pub(super) trait Plane:
    Copy + BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self> + Not<Output = Self>
{
}

/// An instruction set whose planes are `N` words.
///
/// All of it is constant-time: none of these operations reads memory at a place that depends on
/// what it works on, or branches, and every instruction set has each of them as one instruction
/// whose time does not depend on its operands.
pub(super) trait Planes<const N: usize>: Copy {
    type Plane: Plane;

    /// The 32 bits again and again.
    fn splat(self, bits: u32) -> Self::Plane;

    fn load(self, words: &[u64; N]) -> Self::Plane;

    fn store(self, plane: Self::Plane) -> [u64; N];

    /// The lower halves of the words of both planes in one, and the upper halves in another: at the
    /// same places as those below, in an order that is the instruction set's own.
    fn unzip(self, a: Self::Plane, b: Self::Plane) -> [Self::Plane; 2];

    /// Undoes [`unzip`](Self::unzip).
    fn zip(self, lower: Self::Plane, upper: Self::Plane) -> [Self::Plane; 2];

    /// Each word shifted to the left.
    fn shift_left<const PLACES: i32>(self, plane: Self::Plane) -> Self::Plane;

    /// Each word shifted to the right.
    fn shift_right<const PLACES: i32>(self, plane: Self::Plane) -> Self::Plane;
}

/// Any processor's: a plane is a word.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Plane for u64 {}

impl Planes<1> for Portable {
    type Plane = u64;

    #[inline(always)]
    fn splat(self, bits: u32) -> u64 {
        u64::from(bits) << 32 | u64::from(bits)
    }

    #[inline(always)]
    fn load(self, &[word]: &[u64; 1]) -> u64 {
        word
    }

    #[inline(always)]
    fn store(self, plane: u64) -> [u64; 1] {
        [plane]
    }

    #[inline(always)]
    fn unzip(self, a: u64, b: u64) -> [u64; 2] {
        [a & LOWER | b << 32, a >> 32 | b & !LOWER]
    }

    #[inline(always)]
    fn zip(self, lower: u64, upper: u64) -> [u64; 2] {
        self.unzip(lower, upper)
    }

    #[inline(always)]
    fn shift_left<const PLACES: i32>(self, plane: u64) -> u64 {
        plane << PLACES
    }

    #[inline(always)]
    fn shift_right<const PLACES: i32>(self, plane: u64) -> u64 {
        plane >> PLACES
    }
}

/// A word's lower half.
const LOWER: u64 = 0xffff_ffff;

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use core::arch::x86_64::{__m128i, __m256i};
    use core::ops::{BitAnd, BitOr, BitXor, Not};

    use pulp::cast;
    use pulp::x86::{V2, V3};

    use super::{Plane, Planes};

    /// The registers are the processor's own types: those of the crate are aligned like words, so
    /// that half of what does not stay in a register would lie across two cache lines.
    macro_rules! instruction_set {
        (
            $name:ident, $plane:ident($register:ident), $words:literal, $set:ident,
            $and:ident, $or:ident, $xor:ident, $not:ident, $splat:ident, $left:ident, $right:ident,
            $float_set:ident, $shuffle:ident, $low:ident, $high:ident
        ) => {
            #[derive(Clone, Copy)]
            pub(in super::super) struct $plane($name, $register);

            impl Plane for $plane {}

            impl BitAnd for $plane {
                type Output = Self;

                #[inline(always)]
                fn bitand(self, other: Self) -> Self {
                    Self(self.0, self.0.$set.$and(self.1, other.1))
                }
            }

            impl BitOr for $plane {
                type Output = Self;

                #[inline(always)]
                fn bitor(self, other: Self) -> Self {
                    Self(self.0, self.0.$set.$or(self.1, other.1))
                }
            }

            impl BitXor for $plane {
                type Output = Self;

                #[inline(always)]
                fn bitxor(self, other: Self) -> Self {
                    Self(self.0, self.0.$set.$xor(self.1, other.1))
                }
            }

            impl Not for $plane {
                type Output = Self;

                #[inline(always)]
                fn not(self) -> Self {
                    Self(self.0, cast(self.0.$not(cast(self.1))))
                }
            }

            impl Planes<$words> for $name {
                type Plane = $plane;

                #[inline(always)]
                fn splat(self, bits: u32) -> $plane {
                    $plane(self, cast(self.$splat(bits)))
                }

                #[inline(always)]
                fn load(self, words: &[u64; $words]) -> $plane {
                    $plane(self, cast(*words))
                }

                #[inline(always)]
                fn store(self, plane: $plane) -> [u64; $words] {
                    cast(plane.1)
                }

                #[inline(always)]
                fn unzip(self, a: $plane, b: $plane) -> [$plane; 2] {
                    let (a, b) = (cast(a.1), cast(b.1));
                    let lower = self.$float_set.$shuffle::<0b10_00_10_00>(a, b);
                    let upper = self.$float_set.$shuffle::<0b11_01_11_01>(a, b);
                    [$plane(self, cast(lower)), $plane(self, cast(upper))]
                }

                #[inline(always)]
                fn zip(self, lower: $plane, upper: $plane) -> [$plane; 2] {
                    let a = self.$set.$low(lower.1, upper.1);
                    let b = self.$set.$high(lower.1, upper.1);
                    [$plane(self, a), $plane(self, b)]
                }

                #[inline(always)]
                fn shift_left<const PLACES: i32>(self, plane: $plane) -> $plane {
                    $plane(self, self.$set.$left::<PLACES>(plane.1))
                }

                #[inline(always)]
                fn shift_right<const PLACES: i32>(self, plane: $plane) -> $plane {
                    $plane(self, self.$set.$right::<PLACES>(plane.1))
                }
            }
        };
    }

    instruction_set! {
        V3, Avx2(__m256i), 4, avx2,
        _mm256_and_si256, _mm256_or_si256, _mm256_xor_si256, not_u64x4, splat_u32x8,
        _mm256_slli_epi64, _mm256_srli_epi64,
        avx, _mm256_shuffle_ps, _mm256_unpacklo_epi32, _mm256_unpackhi_epi32
    }

    instruction_set! {
        V2, Sse(__m128i), 2, sse2,
        _mm_and_si128, _mm_or_si128, _mm_xor_si128, not_u64x2, splat_u32x4,
        _mm_slli_epi64, _mm_srli_epi64,
        sse, _mm_shuffle_ps, _mm_unpacklo_epi32, _mm_unpackhi_epi32
    }
}
