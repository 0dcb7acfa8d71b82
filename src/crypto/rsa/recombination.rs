//! From the halves modulo p and q to the whole.

use super::operations::Factors;
use crate::crypto::montgomery::words::Words;
use crate::crypto::montgomery::{Integer, Ring, enter, multiply_add};

/// From a number modulo p and modulo q to the number modulo n (Garner).
pub(super) struct Recombination {
    p: Words<1>,
    q: Integer,
    /// 1 / q modulo p and its negative, in Montgomery's form.
    inverses: [Integer; 2],
    modulus_len: usize,
}

impl Recombination {
    pub(super) fn new(factors: &Factors) -> Self {
        let [p, q] = factors.primes();
        let ring = Words::with_len([p], p.len().max(q.len()));
        let mut negative = Integer::new(p.into());
        let mut borrow = false;
        for (at, word) in negative.iter_mut().enumerate() {
            let inverse = factors.inverse.get(at).copied().unwrap_or(0);
            let (less, first) = word.overflowing_sub(inverse);
            let (less, second) = less.overflowing_sub(u64::from(borrow));
            (*word, borrow) = (less, first | second);
        }
        let work = &mut ring.workspace();
        Self {
            inverses: [&factors.inverse[..], &negative].map(|number| enter(&ring, work, [number])),
            p: ring,
            q: Integer::new(q.into()),
            modulus_len: factors.modulus.len(),
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

        let mut sum = Integer::new(vec![0; self.modulus_len].into());
        sum.iter_mut()
            .zip(half_q)
            .for_each(|(to, from)| *to = *from);
        for (at, factor) in quotient.iter().enumerate() {
            let mut carry = 0;
            // What does not fit any more is zero: the sum is below the modulus.
            for (at, word) in sum.iter_mut().skip(at).enumerate() {
                let other = self.q.get(at).copied().unwrap_or(0);
                (*word, carry) = multiply_add(*factor, other, *word, carry);
            }
        }
        sum
    }
}
