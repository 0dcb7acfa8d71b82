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
        pay(&mut self.signatures)
    }

    /// Pays for comparing a name with a subtree.
    pub(super) fn compare_names(&mut self) -> Result<(), CertificateProblem> {
        pay(&mut self.name_comparisons)
    }
}

fn pay(left: &mut usize) -> Result<(), CertificateProblem> {
    *left = left.checked_sub(1).ok_or(CertificateProblem::TooMuchWork)?;
    Ok(())
}

/// Signatures that are verified for one chain at the most, those of revocation lists included.
const MAX_SIGNATURES: usize = 100;

/// Comparisons of a name with a constraint for one chain at the most.
const MAX_NAME_COMPARISONS: usize = 250_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_100_signatures_and_250_000_comparisons() {
        let mut budget = Budget::new();
        for _ in 0..100 {
            budget.verify_signature().unwrap();
        }
        let too_much = Err(CertificateProblem::TooMuchWork);
        assert_eq!(budget.verify_signature(), too_much);
        for _ in 0..250_000 {
            budget.compare_names().unwrap();
        }
        assert_eq!(budget.compare_names(), too_much);
    }
}
