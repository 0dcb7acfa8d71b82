//! From the halves modulo p and q to the whole.

use super::key_numbers::KeyNumbers;
use crate::crypto::montgomery::words::Words;
use crate::crypto::montgomery::{Integer, Ring, enter, multiply_add, subtract, zeros};

/// From a number modulo p and modulo q to the number modulo n (Garner).
pub(super) struct Recombination {
    p: Words<1>,
    q: Integer,
    /// 1 / q modulo p and its negative, in Montgomery's form.
    inverses: [Integer; 2],
    modulus_len: usize,
}

impl Recombination {
    pub(super) fn new(key: &KeyNumbers) -> Self {
        let [p, q] = key.primes();
        let ring = Words::with_len([p], p.len().max(q.len()));
        let mut negative = Integer::new(p.into());
        let mut borrow = 0;
        let inverse = key.inverse.iter().chain(core::iter::repeat(&0));
        for (word, inverse) in negative.iter_mut().zip(inverse) {
            (*word, borrow) = subtract(*word, *inverse, borrow);
        }
        let work = &mut ring.workspace();
        Self {
            inverses: [&key.inverse[..], &negative].map(|number| enter(&ring, work, [number])),
            p: ring,
            q: Integer::new(q.into()),
            modulus_len: key.modulus.len(),
        }
    }

    /// `half_q + q · ((half_p - half_q) / q modulo p)`
    pub(super) fn join(&self, [half_p, half_q]: [&[u64]; 2]) -> Integer {
        let work = &mut self.p.workspace();
        let mut quotient = self.p.load([half_p], 0);
        self.p.multiply(work, &mut quotient, &self.inverses[0]);
        let mut negative = self.p.load([half_q], 0);
        self.p.multiply(work, &mut negative, &self.inverses[1]);
        self.p.add(&mut quotient, &negative);

        let mut sum = zeros(self.modulus_len);
        sum.iter_mut()
            .zip(half_q)
            .for_each(|(to, from)| *to = *from);
        for (at, factor) in quotient.iter().enumerate() {
            let mut carry = 0;
            // What does not fit any more is zero: the sum is below the modulus.
            let q = self.q.iter().chain(core::iter::repeat(&0));
            for (word, q) in sum.iter_mut().skip(at).zip(q) {
                (*word, carry) = multiply_add(*factor, *q, *word, carry);
            }
        }
        sum
    }
}
