//! How much work one verification may cause.

use crate::error::CertificateProblem;

/// What is left of the work that a peer's chain may cause.
///
/// A chain of at most 32 certificates can be made so that the paths through it cannot be counted
/// (every certificate an issuer of every other), and names so that comparing each with each
/// constraint takes minutes. An honest chain uses a small part of either.
pub(super) struct Budget {
    signatures: usize,
    name_comparisons: usize,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self {
            signatures: MAX_SIGNATURES,
            name_comparisons: MAX_NAME_COMPARISONS,
        }
    }

    /// Pays for one signature.
    pub(super) fn verify_signature(&mut self) -> Result<(), CertificateProblem> {
        pay(&mut self.signatures, 1)
    }

    /// Pays for comparing a name with a subtree whose base is `base_len` bytes of encoding, which
    /// has to be read each time.
    pub(super) fn compare_names(&mut self, base_len: usize) -> Result<(), CertificateProblem> {
        pay(&mut self.name_comparisons, 1 + base_len / 16)
    }
}

fn pay(left: &mut usize, cost: usize) -> Result<(), CertificateProblem> {
    *left = left
        .checked_sub(cost)
        .ok_or(CertificateProblem::TooMuchWork)?;
    Ok(())
}

/// Signatures that are verified for one chain at the most, those of revocation lists included.
const MAX_SIGNATURES: usize = 100;

/// Comparisons of a name with a constraint for one chain at the most.
const MAX_NAME_COMPARISONS: usize = 250_000;

/// Certificates in a path at the most, the trust anchor not counted.
pub(super) const MAX_PATH: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_base_costs_what_reading_it_takes() {
        let mut budget = Budget::new();
        let affordable = (0..)
            .take_while(|_| budget.compare_names(59_000).is_ok())
            .count();
        assert!((10..100).contains(&affordable), "{affordable}");
        let mut budget = Budget::new();
        let affordable = (0..)
            .take_while(|_| budget.compare_names(0).is_ok())
            .count();
        assert_eq!(affordable, MAX_NAME_COMPARISONS);
    }
}
