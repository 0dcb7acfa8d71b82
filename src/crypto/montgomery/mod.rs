//! Powers modulo odd numbers, in Montgomery's form: the arithmetic under RSA.
//!
//! A number x is kept as x·R modulo n, R being a power of two above n, because then a product is
//! reduced by multiplications alone. Two kernels do it behind one trait: `lanes::Lanes` where the
//! processor has AVX2, [`words::Words`] everywhere.
//!
//! Neither has a branch or an address that depends on a number. Lengths are public: those of the
//! moduli, and of the exponents, which are taken to be as long as the modulus. The exponent of
//! [`public_power`] is public. Numbers, tables and intermediate results are zeroized.

mod arithmetic;
#[cfg(target_arch = "x86_64")]
pub(crate) mod lanes;
mod precomputation;
mod room;
pub(crate) mod words;

use zeroize::Zeroizing;

pub(crate) use arithmetic::{multiply_add, subtract, zeros};

use super::constant_time::hidden;

/// A number in words of 64 bits, the lowest first.
pub(crate) type Integer = Zeroizing<Box<[u64]>>;

/// Arithmetic modulo `C` odd numbers at once.
///
/// A [`Number`](Self::Number) is one number modulo each; whether in Montgomery's form is the
/// caller's to know.
pub(crate) trait Ring<const C: usize> {
    type Number: Clone;
    /// Room for intermediate results of any operation.
    type Workspace;
    /// Numbers by their index.
    type Table;

    fn workspace(&self) -> Self::Workspace;

    /// Of each of `values` the digit with this index, where R is the base.
    fn load(&self, values: [&[u64]; C], digit: usize) -> Self::Number;

    /// What each number is modulo its modulus, where [`multiply`](Self::multiply) gave the number.
    fn store(&self, number: &Self::Number) -> [Integer; C];

    /// log₂ R.
    fn radix_bits(&self) -> usize;

    /// R² modulo each modulus.
    fn radix_squared(&self) -> &Self::Number;

    /// `number` becomes the sum of both.
    fn add(&self, number: &mut Self::Number, other: &Self::Number);

    /// `number` becomes `number · other / R`. One of them is a product or below the modulus; the
    /// other may also be the sum of two such, or a digit.
    fn multiply(&self, work: &mut Self::Workspace, number: &mut Self::Number, other: &Self::Number);

    /// `number` becomes `number² / R`, `times` times over. It may be what [`enter`] gave: a sum,
    /// less than four times the modulus, where R is 64 times it, and reduced where R is not.
    fn square(&self, work: &mut Self::Workspace, number: &mut Self::Number, times: usize);

    fn table(&self, len: usize) -> Self::Table;

    fn insert(&self, table: &mut Self::Table, index: usize, number: &Self::Number);

    /// `number` becomes the entry whose index is given, modulo each modulus another one. The
    /// indices are secret: the whole table is read.
    fn select(&self, number: &mut Self::Number, table: &Self::Table, indices: [usize; C]);
}

/// `values` in Montgomery's form, however long they are.
pub(crate) fn enter<const C: usize, R: Ring<C>>(
    ring: &R,
    work: &mut R::Workspace,
    values: [&[u64]; C],
) -> R::Number {
    let len = values.iter().map(|value| value.len()).max().unwrap_or(0);
    let digits = (64 * len).div_ceil(ring.radix_bits()).max(1);
    let digit = |work: &mut R::Workspace, digit| {
        let mut number = ring.load(values, digit);
        ring.multiply(work, &mut number, ring.radix_squared());
        number
    };
    let mut number = digit(work, digits - 1);
    for at in (0..digits - 1).rev() {
        ring.multiply(work, &mut number, ring.radix_squared());
        ring.add(&mut number, &digit(work, at));
    }
    number
}

/// The numbers themselves, of which `number` is Montgomery's form.
pub(crate) fn leave<const C: usize, R: Ring<C>>(
    ring: &R,
    work: &mut R::Workspace,
    mut number: R::Number,
) -> [Integer; C] {
    ring.multiply(work, &mut number, &ring.load([&[1]; C], 0));
    ring.store(&number)
}

/// `base ^ exponent` for a public exponent above 0; `base` is in Montgomery's form, as is the
/// power.
pub(crate) fn public_power<const C: usize, R: Ring<C>>(
    ring: &R,
    work: &mut R::Workspace,
    base: &R::Number,
    exponent: u64,
) -> R::Number {
    let mut power = base.clone();
    let mut squares = 0;
    for bit in (0..exponent.ilog2()).rev() {
        squares += 1;
        if exponent >> bit & 1 == 1 {
            ring.square(work, &mut power, squares);
            ring.multiply(work, &mut power, base);
            squares = 0;
        }
    }
    ring.square(work, &mut power, squares);
    power
}

/// `base ^ exponent` modulo each modulus for secret exponents of at most `bits` bits; `base` is in
/// Montgomery's form, as is the power.
///
/// In windows of 5 bits: modulo two numbers of 1024 bits, 4 take 3 % longer and 6 take 1 %; of 512
/// bits, 4 take 2 % less and 6 take 5 % longer.
pub(crate) fn secret_power<const C: usize, R: Ring<C>>(
    ring: &R,
    work: &mut R::Workspace,
    base: &R::Number,
    exponents: [&[u64]; C],
    bits: usize,
) -> R::Number {
    let mut power = ring.radix_squared().clone();
    ring.multiply(work, &mut power, &ring.load([&[1]; C], 0));

    let mut table = ring.table(1 << WINDOW);
    ring.insert(&mut table, 0, &power);
    for index in 1..1 << WINDOW {
        ring.multiply(work, &mut power, base);
        ring.insert(&mut table, index, &power);
    }

    let mut factor = power.clone();
    let windows = bits.div_ceil(WINDOW);
    for window in (0..windows).rev() {
        let indices = exponents.map(|exponent| window_of(exponent, window));
        ring.select(&mut factor, &table, indices);
        if window == windows - 1 {
            power.clone_from(&factor);
        } else {
            ring.square(work, &mut power, WINDOW);
            ring.multiply(work, &mut power, &factor);
        }
    }
    power
}

fn window_of(exponent: &[u64], window: usize) -> usize {
    let bit = window * WINDOW;
    let word = |at: usize| exponent.get(at).copied().unwrap_or(0);
    let words = arithmetic::two_words(word(bit / 64), word(bit / 64 + 1), bit % 64);
    hidden(words as u32 & ((1 << WINDOW) - 1)) as usize
}

/// Bits of an exponent that are looked up at once.
const WINDOW: usize = 5;

#[cfg(test)]
mod tests;
