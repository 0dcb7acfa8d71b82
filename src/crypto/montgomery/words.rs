//! The kernel for every processor: words of 64 bits, one product after the other.

use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::arithmetic::{multiply_add, subtract_if_not_below, zeros};
use super::precomputation::{negative_inverse_of_word, power_of_two};
use super::room::Room;
use super::{Integer, Ring, WINDOW};

/// `C` odd moduli of the same length in words.
pub(crate) struct Words<const C: usize> {
    /// The moduli, one behind the other, as all numbers here.
    moduli: Integer,
    /// Of each its negative inverse modulo 2^64.
    inverses: Zeroizing<[u64; C]>,
    radix_squared: Integer,
    /// Words in a number.
    len: usize,
}

impl<const C: usize> Words<C> {
    pub(crate) fn new(moduli: [&[u64]; C]) -> Self {
        let len = moduli
            .iter()
            .map(|modulus| modulus.len())
            .max()
            .unwrap_or(0);
        Self::with_len(moduli, len)
    }

    /// The same for numbers of `len` words, which may be more than the moduli have.
    pub(crate) fn with_len(moduli: [&[u64]; C], len: usize) -> Self {
        let join = |numbers: [&[u64]; C]| {
            let mut joined = zeros(C * len);
            for (to, from) in joined.chunks_exact_mut(len).zip(numbers) {
                to[..from.len()].copy_from_slice(from);
            }
            joined
        };
        let squares = moduli.map(|modulus| power_of_two(modulus, 2 * 64 * len));
        Self {
            moduli: join(moduli),
            inverses: Zeroizing::new(moduli.map(|modulus| negative_inverse_of_word(modulus[0]))),
            radix_squared: join(squares.each_ref().map(|square| &square[..])),
            len,
        }
    }
}

impl<const C: usize> Ring<C> for Words<C> {
    type Number = Integer;
    type Workspace = Integer;
    /// Room for one modulo two numbers of 1024 bits.
    type Table = Room<u64, { 32 << WINDOW }>;

    fn workspace(&self) -> Self::Workspace {
        zeros(self.len + 2)
    }

    fn radix_bits(&self) -> usize {
        64 * self.len
    }

    fn radix_squared(&self) -> &Self::Number {
        &self.radix_squared
    }

    fn load(&self, values: [&[u64]; C], digit: usize) -> Self::Number {
        let mut number = zeros(C * self.len);
        for (to, from) in number.chunks_exact_mut(self.len).zip(values) {
            let from = from.iter().skip(digit * self.len);
            to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        }
        number
    }

    fn store(&self, number: &Self::Number) -> [Integer; C] {
        core::array::from_fn(|at| Zeroizing::new(number[at * self.len..][..self.len].into()))
    }

    fn add(&self, number: &mut Self::Number, other: &Self::Number) {
        let parts = number.chunks_exact_mut(self.len);
        let others = other.chunks_exact(self.len);
        let moduli = self.moduli.chunks_exact(self.len);
        for ((part, other), modulus) in parts.zip(others).zip(moduli) {
            let mut carry = 0;
            for (word, other) in part.iter_mut().zip(other) {
                (*word, carry) = multiply_add(1, *other, *word, carry);
            }
            subtract_if_not_below(part, carry, modulus);
        }
    }

    fn multiply(
        &self,
        work: &mut Self::Workspace,
        number: &mut Self::Number,
        other: &Self::Number,
    ) {
        let parts = number.chunks_exact_mut(self.len);
        let others = other.chunks_exact(self.len);
        let moduli = self.moduli.chunks_exact(self.len);
        let inverses = self.inverses.iter();
        for (((part, other), modulus), inverse) in parts.zip(others).zip(moduli).zip(inverses) {
            product(work, part, other, modulus, *inverse);
            part.copy_from_slice(&work[..self.len]);
        }
    }

    fn square(&self, work: &mut Self::Workspace, number: &mut Self::Number, times: usize) {
        let parts = number.chunks_exact_mut(self.len);
        let moduli = self.moduli.chunks_exact(self.len);
        for ((part, modulus), inverse) in parts.zip(moduli).zip(self.inverses.iter()) {
            for _ in 0..times {
                product(work, part, part, modulus, *inverse);
                part.copy_from_slice(&work[..self.len]);
            }
        }
    }

    fn table(&self, len: usize) -> Self::Table {
        Room::new(0, len * C * self.len)
    }

    fn insert(&self, table: &mut Self::Table, index: usize, number: &Self::Number) {
        table[index * C * self.len..][..C * self.len].copy_from_slice(number);
    }

    fn select(&self, number: &mut Self::Number, table: &Self::Table, indices: [usize; C]) {
        for (index, entry) in table.chunks_exact(C * self.len).enumerate() {
            let parts = number.chunks_exact_mut(self.len);
            for ((to, from), wanted) in parts.zip(entry.chunks_exact(self.len)).zip(indices) {
                let choice = index.ct_eq(&wanted);
                for (to, from) in to.iter_mut().zip(from) {
                    to.conditional_assign(from, choice);
                }
            }
        }
    }
}

/// Montgomery's product of `a` and `b` at the beginning of `work`, below the modulus
/// (Koç, Acar and Kaliski, "Analyzing and comparing Montgomery multiplication algorithms": CIOS).
fn product(work: &mut [u64], a: &[u64], b: &[u64], modulus: &[u64], inverse: u64) {
    let len = modulus.len();
    let sum = &mut work[..len + 2];
    sum.fill(0);
    for a in a {
        let mut carry = 0;
        for (word, b) in sum.iter_mut().zip(b) {
            (*word, carry) = multiply_add(*a, *b, *word, carry);
        }
        (sum[len], sum[len + 1]) = multiply_add(1, carry, sum[len], 0);

        let factor = sum[0].wrapping_mul(inverse);
        let (_, mut carry) = multiply_add(factor, modulus[0], sum[0], 0);
        for at in 1..len {
            (sum[at - 1], carry) = multiply_add(factor, modulus[at], sum[at], carry);
        }
        (sum[len - 1], carry) = multiply_add(1, carry, sum[len], 0);
        sum[len] = sum[len + 1] + carry;
    }
    let highest = sum[len];
    subtract_if_not_below(&mut sum[..len], highest, modulus);
}
