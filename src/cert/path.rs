//! Building a certification path (RFC 4158): from the peer's certificate up to a trust anchor.

use core::ops::ControlFlow::{self, Break, Continue};

use rustls_pki_types::{CertificateDer, UnixTime};

use super::budget::Budget;
use super::parsed::Parsed;
use super::public_key::SubjectKey;
use super::roots::{RootStore, TrustAnchor};
use super::validation::{self, Conditions};
use crate::crypto::HashAlgorithm;
use crate::error::{CertificateError, CertificateProblem, ChainError};

/// Accepts a chain if a path leads from its first certificate to one of the roots and stands up
/// to validation, and says until when it does; or what is wrong with the path that came nearest.
///
/// The other certificates may come in any order, with others in between; several of one name are
/// tried one after the other. Work is bounded by [`Budget`] and [`MAX_PATH`].
pub(crate) fn verify(
    chain: &[CertificateDer<'static>],
    roots: &RootStore,
    conditions: &Conditions<'_>,
) -> Result<UnixTime, CertificateError> {
    let (first, others) = chain.split_first().ok_or(CertificateError::Unreadable)?;
    let end_entity = Parsed::read(Some(0), first).map_err(|problem| ChainError {
        index: Some(0),
        subject: String::new(),
        problem,
    })?;
    if !matches!(end_entity.key, Ok(SubjectKey::Rsa(_))) {
        return Err(CertificateError::NotRsa);
    }
    let mut budget = Budget::new();
    if roots.contains(first) {
        validation::validate_trusted(&end_entity, roots, conditions, &mut budget)?;
        return Ok(validation::holds_until(&[&end_entity], conditions));
    }
    // Others that cannot be read lead nowhere, like others that have nothing to do with the path.
    let others: Vec<Parsed<'_>> = others
        .iter()
        .enumerate()
        .filter_map(|(index, der)| Parsed::read(Some(index + 1), der).ok())
        .collect();
    Search {
        others: &others,
        roots,
        conditions,
        budget,
        nearest: None,
    }
    .run(&end_entity)
}

/// A depth-first search through the certificates by their issuers' names.
struct Search<'a> {
    others: &'a [Parsed<'a>],
    roots: &'a RootStore,
    conditions: &'a Conditions<'a>,
    budget: Budget,
    /// What was wrong with the path that came nearest to being accepted.
    nearest: Option<(Reached, ChainError)>,
}

/// How far a path came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    /// To a certificate of which nobody has the issuer.
    DeadEnd,
    /// To an issuer whose signature does not count.
    Issuer,
    /// To a self-signed certificate with the name of a trust anchor.
    Namesake,
    /// To a trust anchor.
    Anchor,
}

/// The search is over: a path was accepted until then, or too many were tried.
enum Over {
    Accepted(UnixTime),
    TooMuchWork,
}

impl<'a> Search<'a> {
    fn run(mut self, end_entity: &'a Parsed<'a>) -> Result<UnixTime, CertificateError> {
        let over = self.extend(&mut vec![end_entity]);
        let error = match (over, self.nearest) {
            (Break(Over::Accepted(until)), _) => return Ok(until),
            (Continue(()), Some((_, nearest))) => nearest,
            _ => end_entity.at_fault(CertificateProblem::TooMuchWork),
        };
        Err(error.into())
    }

    /// Tries every issuer of the path's last certificate.
    fn extend(&mut self, path: &mut Vec<&'a Parsed<'a>>) -> ControlFlow<Over> {
        let Some(&last) = path.last() else {
            return Continue(());
        };
        let mut found = false;
        for anchor in self.roots.named(&last.issuer) {
            found |= self.try_anchor(path, last, anchor)?;
        }
        for issuer in self.others {
            if issuer.subject == last.issuer && !is_on(path, issuer) {
                found = true;
                self.try_issuer(path, last, issuer)?;
            }
        }
        if !found {
            self.note(Reached::DeadEnd, || last.at_fault(unknown_issuer(last)));
        }
        Continue(())
    }

    /// Whether the anchor, which has the name of the issuer of `last`, may be that issuer.
    fn try_anchor(
        &mut self,
        path: &[&Parsed<'_>],
        last: &Parsed<'_>,
        anchor: &TrustAnchor,
    ) -> ControlFlow<Over, bool> {
        self.pay_for_signature()?;
        let signature = self.check_signature(last, &anchor.key);
        let is_issuer = signature.is_ok() && anchor.is_authority;
        if !is_issuer && self.is_self_signed(last)? {
            let same_key = last.key.as_ref() == Ok(&anchor.key);
            let namesake = CertificateProblem::SelfSignedNamesake { same_key };
            self.note(Reached::Namesake, || last.at_fault(namesake));
            return Continue(true);
        }
        match signature {
            Ok(()) => self.validate(path, anchor)?,
            Err(unsigned) if anchor.is_authority => self.note(Reached::Issuer, || {
                last.at_fault(match unsigned {
                    Unsigned::ByAnother => CertificateProblem::NotSignedByRoot {
                        issuer: last.issuer_text(),
                    },
                    other => other.problem(last),
                })
            }),
            Err(_) => return Continue(false),
        }
        Continue(true)
    }

    fn validate(&mut self, path: &[&Parsed<'_>], anchor: &TrustAnchor) -> ControlFlow<Over> {
        match validation::validate(path, anchor, self.conditions, &mut self.budget) {
            Ok(()) => Break(Over::Accepted(validation::holds_until(
                path,
                self.conditions,
            ))),
            Err((_, CertificateProblem::TooMuchWork)) => Break(Over::TooMuchWork),
            Err((certificate, problem)) => {
                self.note(Reached::Anchor, || match certificate {
                    Some(certificate) => certificate.at_fault(problem),
                    None => anchor.at_fault(problem),
                });
                Continue(())
            }
        }
    }

    fn try_issuer(
        &mut self,
        path: &mut Vec<&'a Parsed<'a>>,
        last: &'a Parsed<'a>,
        issuer: &'a Parsed<'a>,
    ) -> ControlFlow<Over> {
        if path.len() == MAX_PATH {
            let problem = CertificateProblem::LongPath(MAX_PATH);
            self.note(Reached::DeadEnd, || last.at_fault(problem));
            return Continue(());
        }
        let key = match &issuer.key {
            Ok(key) => key,
            Err(problem) => {
                self.note(Reached::DeadEnd, || issuer.at_fault(problem.clone()));
                return Continue(());
            }
        };
        self.pay_for_signature()?;
        if let Err(unsigned) = self.check_signature(last, key) {
            self.note(Reached::Issuer, || last.at_fault(unsigned.problem(last)));
            return Continue(());
        }
        path.push(issuer);
        self.extend(path)?;
        path.pop();
        Continue(())
    }

    /// RFC 5280 §6.1.3 (a) (1).
    fn check_signature<'b>(
        &self,
        certificate: &'b Parsed<'_>,
        key: &SubjectKey,
    ) -> Result<(), Unsigned<'b>> {
        let signed = certificate.signed.as_ref().map_err(Unsigned::Unknown)?;
        if !self
            .conditions
            .policy
            .allows_certificate_hash(signed.hash())
        {
            return Err(Unsigned::WithHash(signed.hash()));
        }
        if signed.is_by(key) {
            Ok(())
        } else {
            Err(Unsigned::ByAnother)
        }
    }

    /// Whether the certificate's own key signed it, over whatever hash.
    fn is_self_signed(&mut self, certificate: &Parsed<'_>) -> ControlFlow<Over, bool> {
        let own_key = match &certificate.key {
            Ok(key) if certificate.is_self_issued() => key,
            _ => return Continue(false),
        };
        self.pay_for_signature()?;
        Continue(certificate.is_signed_by(own_key))
    }

    fn pay_for_signature(&mut self) -> ControlFlow<Over> {
        match self.budget.verify_signature() {
            Ok(()) => Continue(()),
            Err(_) => Break(Over::TooMuchWork),
        }
    }

    /// Remembers the first of the errors that came farthest. The others' texts are not made: a
    /// peer has many paths to be wrong, and long names.
    fn note(&mut self, reached: Reached, error: impl FnOnce() -> ChainError) {
        if self
            .nearest
            .as_ref()
            .is_none_or(|(best, _)| *best < reached)
        {
            self.nearest = Some((reached, error()));
        }
    }
}

/// Why a signature does not count.
enum Unsigned<'a> {
    Unknown(&'a CertificateProblem),
    WithHash(HashAlgorithm),
    ByAnother,
}

impl Unsigned<'_> {
    /// As the problem of this certificate, in a path through others.
    fn problem(self, certificate: &Parsed<'_>) -> CertificateProblem {
        match self {
            Self::Unknown(problem) => problem.clone(),
            Self::WithHash(hash) => CertificateProblem::HashNotAccepted(hash),
            Self::ByAnother => CertificateProblem::BadSignature {
                issuer: certificate.issuer_text(),
            },
        }
    }
}

/// Whether the path already has the certificate's name and key: through it, it would only go round
/// in a circle (RFC 4158 §2.4.2).
fn is_on(path: &[&Parsed<'_>], certificate: &Parsed<'_>) -> bool {
    path.iter().any(|other| {
        other.subject == certificate.subject
            && other.x509.subject_pki.raw == certificate.x509.subject_pki.raw
    })
}

fn unknown_issuer(certificate: &Parsed<'_>) -> CertificateProblem {
    if certificate.is_self_issued() {
        return CertificateProblem::SelfSigned;
    }
    CertificateProblem::UnknownIssuer {
        issuer: certificate.issuer_text(),
    }
}

/// Certificates in a path at the most, the trust anchor not counted.
const MAX_PATH: usize = 10;

#[cfg(test)]
mod tests {
    use rustls_pki_types::ServerName;

    use super::*;
    use crate::cert::name::count_shown;
    use crate::cert::{KeyUse, Role};
    use crate::policy::Policy;
    use crate::testing::vectors::test_certificate;

    #[test]
    fn only_the_error_that_is_reported_is_put_into_words() {
        // Thirty that have the issuer's name and not its key.
        let (name, other_name) = (b"test 1024", b"test 2048");
        let mut namesake = test_certificate(2048).to_vec();
        while let Some(at) = namesake.windows(9).position(|bytes| bytes == other_name) {
            namesake[at..at + 9].copy_from_slice(name);
        }
        let mut chain = vec![namesake.into(); 31];
        chain[0] = test_certificate(1024);
        let asked = ServerName::try_from("example").unwrap();
        let conditions = Conditions {
            policy: &Policy::EVERYTHING,
            now: UnixTime::since_unix_epoch(core::time::Duration::ZERO),
            role: Role::Server(&asked, KeyUse::KeyEncipherment),
            revocation_lists: &[],
        };
        let shown = count_shown(|| {
            let error = verify(&chain, &RootStore::new(), &conditions).unwrap_err();
            assert!(
                error.to_string().contains("signature does not verify"),
                "{error}"
            );
        });
        // The subject and the issuer, of one attribute each.
        assert_eq!(shown, 2);
    }
}
