//! Sums of products of vectors: what nearly all the time goes into.
//!
//! Of one factor, the multiplier, `R` vectors at a time stay in registers, one limb of each spread
//! over its lanes. The other factor passes by, and with it a window of `R` neighbouring columns,
//! so that a column's sum is loaded and stored once for `R` products. Multipliers from another
//! lane have sums of their own, a set for each lane.

use core::arch::x86_64::__m256i;

use pulp::x86::V3;

use super::vectors::{add, multiply_add, spread, zero};

/// `R` vectors of a multiplier and where they go.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, const C: usize> {
    pub(super) simd: V3,
    pub(super) multiplier: &'a [__m256i],
    /// The first of the vectors.
    pub(super) at: usize,
    /// The lane whose limbs are meant, as [`spread`] takes it.
    pub(super) control: __m256i,
}

impl<const C: usize> Rows<'_, C> {
    /// Adds the product with `factor` to `sums`, which counts columns from 0.
    #[inline(always)]
    pub(super) fn product<const R: usize, const FIRST: bool>(
        self,
        sums: &mut [__m256i],
        factor: &[__m256i],
    ) {
        let by = self.spread::<R>();
        let sums = &mut sums[self.at..][..factor.len() + R - 1];
        let mut window = self.open::<R, FIRST>(sums);
        self.pass::<R, FIRST>(sums, factor, &by, &mut window);
        close(sums, &window);
    }

    /// Adds the product with the multiplier's own vectors from `at` on: once with these `R`, twice
    /// with those behind them. All blocks together give the square.
    #[inline(always)]
    pub(super) fn square<const R: usize, const FIRST: bool>(self, sums: &mut [__m256i]) {
        let once = self.spread::<R>();
        let twice: [__m256i; R] = core::array::from_fn(|row| add(self.simd, once[row], once[row]));
        let (own, behind) = self.multiplier[self.at..].split_at(R);
        let sums = &mut sums[2 * self.at..][..2 * R - 1 + behind.len()];
        if !FIRST {
            let highest = sums.len() - R;
            sums[highest..].fill(zero(self.simd));
        }
        let column = |sum: __m256i, column: usize| {
            let mut sum = if FIRST { zero(self.simd) } else { sum };
            for row in 0..R {
                if row <= column && column - row < R && row <= column - row {
                    let by = if 2 * row == column {
                        once[row]
                    } else {
                        twice[row]
                    };
                    sum = multiply_add(self.simd, sum, own[column - row], by);
                }
            }
            sum
        };
        for (at, sum) in sums[..R].iter_mut().enumerate() {
            *sum = column(*sum, at);
        }
        let sums = &mut sums[R..];
        let mut window = [zero(self.simd); R];
        for at in 0..R - 1 {
            window[at] = column(sums[at], R + at);
        }
        self.pass::<R, FIRST>(sums, behind, &twice, &mut window);
        close(sums, &window);
    }

    /// Adds the lower half of the product with `factor`.
    #[inline(always)]
    pub(super) fn lower_half<const R: usize, const FIRST: bool>(
        self,
        sums: &mut [__m256i],
        factor: &[__m256i],
    ) {
        let by = self.spread::<R>();
        let sums = &mut sums[self.at..factor.len()];
        let (whole, cut) = factor[..sums.len()].split_at(sums.len() - (R - 1));
        let mut window = if FIRST {
            [zero(self.simd); R]
        } else {
            first(self.simd, sums)
        };
        self.pass::<R, FIRST>(sums, whole, &by, &mut window);
        for row in 0..R - 1 {
            for at in 0..R - 1 - row {
                window[row + at] = multiply_add(self.simd, window[row + at], cut[at], by[row]);
            }
        }
        close(sums, &window);
    }

    /// Adds the product with `factor` from the last but one column of the lower half on. In front
    /// of `factor` stands a vector of zeros.
    #[inline(always)]
    pub(super) fn upper_half<const R: usize, const FIRST: bool>(
        self,
        sums: &mut [__m256i],
        factor: &[__m256i],
    ) {
        let by = self.spread::<R>();
        let (cut, whole) = factor.split_at(factor.len() - 2 - self.at);
        let cut = &cut[cut.len() - (R - 1)..];
        let sums = &mut sums[factor.len() - 3..][..whole.len() + R - 1];
        let mut window = self.open::<R, FIRST>(sums);
        for row in 1..R {
            for at in 0..row {
                let vector = cut[R - 1 - row + at];
                window[at] = multiply_add(self.simd, window[at], vector, by[row]);
            }
        }
        self.pass::<R, FIRST>(sums, whole, &by, &mut window);
        close(sums, &window);
    }

    #[inline(always)]
    fn spread<const R: usize>(self) -> [__m256i; R] {
        let vectors = &self.multiplier[self.at..][..R];
        core::array::from_fn(|row| spread::<C>(self.simd, vectors[row], self.control))
    }

    /// The window before the first vector; what no rows have reached so far becomes zero.
    #[inline(always)]
    fn open<const R: usize, const FIRST: bool>(self, sums: &mut [__m256i]) -> [__m256i; R] {
        if FIRST {
            return [zero(self.simd); R];
        }
        let reached = sums.len() - R;
        sums[reached..].fill(zero(self.simd));
        first(self.simd, sums)
    }

    /// Moves `factor` and the window past one another: `sums[i + j]` gets `factor[i] · by[j]`. The
    /// window starts at `sums[0]` and ends behind the last of `factor`.
    #[inline(always)]
    fn pass<const R: usize, const FIRST: bool>(
        self,
        sums: &mut [__m256i],
        factor: &[__m256i],
        by: &[__m256i; R],
        window: &mut [__m256i; R],
    ) {
        // In turn each register holds the lowest column, so that none needs to be moved.
        macro_rules! step {
            ($turn:expr, $at:expr) => {{
                let at = $at;
                window[($turn + R - 1) % R] = if FIRST {
                    zero(self.simd)
                } else {
                    sums[at + R - 1]
                };
                step!($turn, factor[at], 0, 1, 2, 3, 4, 5);
                sums[at] = window[$turn % R];
            }};
            ($turn:expr, $vector:expr, $($row:literal),*) => {
                let vector = $vector;
                $(if $row < R {
                    let column = ($turn + $row) % R;
                    window[column] =
                        multiply_add(self.simd, window[column], vector, by[$row % R]);
                })*
            };
        }
        let mut at = 0;
        while at + R <= factor.len() {
            step!(0, at);
            step!(1, at + 1);
            step!(2, at + 2);
            if R > 3 {
                step!(3, at + 3);
            }
            if R > 4 {
                step!(4, at + 4);
            }
            if R > 5 {
                step!(5, at + 5);
            }
            at += R;
        }
        // No loop: out of one, LLVM moves the masks that tell it that a product of 32 bits is
        // enough.
        macro_rules! rest {
            ($($row:literal),*) => {
                $(if $row + 1 < R && at + $row < factor.len() {
                    step!(0, at + $row);
                    *window = core::array::from_fn(|column| window[(column + 1) % R]);
                })*
            };
        }
        rest!(0, 1, 2, 3, 4);
    }
}

/// The window over the first columns, its last one still to come.
#[inline(always)]
fn first<const R: usize>(simd: V3, sums: &[__m256i]) -> [__m256i; R] {
    let mut window = [zero(simd); R];
    window[..R - 1].copy_from_slice(&sums[..R - 1]);
    window
}

/// Puts the window back behind the last vector.
#[inline(always)]
fn close<const R: usize>(sums: &mut [__m256i], window: &[__m256i; R]) {
    let at = sums.len() - (R - 1);
    sums[at..].copy_from_slice(&window[..R - 1]);
}
