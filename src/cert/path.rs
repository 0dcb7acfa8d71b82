//! Building a certification path (RFC 4158): from the peer's certificate up to a trust anchor.

use rustls_pki_types::CertificateDer;

use super::budget::{Budget, MAX_PATH};
use super::parsed::Parsed;
use super::roots::{RootStore, TrustAnchor};
use super::signature::{SignatureAlgorithm, SubjectKey};
use super::validation::{self, Conditions};
use crate::error::{CertificateError, CertificateProblem, ChainError};
use crate::policy::Policy;

/// Accepts a chain if a path leads from its first certificate to one of the roots and stands up
/// to validation, or says what is wrong with the path that came nearest.
///
/// The other certificates may come in any order, with others in between; several of one name are
/// tried one after the other. Work is bounded by [`Budget`] and [`MAX_PATH`].
pub(crate) fn verify(
    chain: &[CertificateDer<'static>],
    roots: &RootStore,
    conditions: &Conditions<'_>,
) -> Result<(), CertificateError> {
    let (first, others) = chain.split_first().ok_or(CertificateError::Unreadable)?;
    let end_entity = Parsed::read(Some(0), first).map_err(|problem| ChainError {
        index: Some(0),
        subject: String::new(),
        problem,
    })?;
    if !matches!(end_entity.key, Ok(SubjectKey::Rsa(_))) {
        return Err(CertificateError::NotRsa);
    }
    if roots.contains(first) {
        return Ok(validation::validate_trusted(&end_entity, conditions)?);
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
        budget: Budget::new(),
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
    /// To a trust anchor.
    Anchor,
}

/// The search is over: a path was accepted, or too many were tried.
enum Over {
    Accepted,
    TooMuchWork,
}

impl<'a> Search<'a> {
    fn run(mut self, end_entity: &'a Parsed<'a>) -> Result<(), CertificateError> {
        let over = self.extend(&mut vec![end_entity]);
        let error = match (over, self.nearest) {
            (Err(Over::Accepted), _) => return Ok(()),
            (Ok(()), Some((_, nearest))) => nearest,
            _ => end_entity.at_fault(CertificateProblem::TooMuchWork),
        };
        Err(error.into())
    }

    /// Tries every issuer of the path's last certificate; `Ok` where none led to acceptance.
    fn extend(&mut self, path: &mut Vec<&'a Parsed<'a>>) -> Result<(), Over> {
        let Some(&last) = path.last() else {
            return Ok(());
        };
        let mut found = false;
        for anchor in self.roots.anchors() {
            if anchor.name == last.issuer {
                found = true;
                self.try_anchor(path, last, anchor)?;
            }
        }
        for issuer in self.others {
            if issuer.subject == last.issuer && !is_on(path, issuer) {
                found = true;
                self.try_issuer(path, last, issuer)?;
            }
        }
        if !found {
            self.note(Reached::DeadEnd, last.at_fault(unknown_issuer(last)));
        }
        Ok(())
    }

    fn try_anchor(
        &mut self,
        path: &[&Parsed<'_>],
        last: &Parsed<'_>,
        anchor: &TrustAnchor,
    ) -> Result<(), Over> {
        if !self.is_signed_by(last, &anchor.key)? {
            return Ok(());
        }
        let Ok(anchor) = Parsed::read(None, &anchor.der) else {
            return Ok(());
        };
        match validation::validate(path, &anchor, self.conditions, &mut self.budget) {
            Ok(()) => Err(Over::Accepted),
            Err(error) if error.problem == CertificateProblem::TooMuchWork => {
                Err(Over::TooMuchWork)
            }
            Err(error) => {
                self.note(Reached::Anchor, error);
                Ok(())
            }
        }
    }

    fn try_issuer(
        &mut self,
        path: &mut Vec<&'a Parsed<'a>>,
        last: &'a Parsed<'a>,
        issuer: &'a Parsed<'a>,
    ) -> Result<(), Over> {
        let key = match &issuer.key {
            Ok(key) if path.len() < MAX_PATH => key,
            Ok(_) => {
                let too_long = last.at_fault(CertificateProblem::TooMuchWork);
                self.note(Reached::DeadEnd, too_long);
                return Ok(());
            }
            Err(problem) => {
                self.note(Reached::DeadEnd, issuer.at_fault(problem.clone()));
                return Ok(());
            }
        };
        if !self.is_signed_by(last, key)? {
            return Ok(());
        }
        path.push(issuer);
        let result = self.extend(path);
        path.pop();
        result
    }

    fn is_signed_by(&mut self, certificate: &Parsed<'_>, key: &SubjectKey) -> Result<bool, Over> {
        self.budget
            .verify_signature()
            .map_err(|_| Over::TooMuchWork)?;
        match check_signature(certificate, key, self.conditions.policy) {
            Ok(()) => Ok(true),
            Err(problem) => {
                self.note(Reached::Issuer, certificate.at_fault(problem));
                Ok(false)
            }
        }
    }

    /// Remembers the first of the errors that came farthest.
    fn note(&mut self, reached: Reached, error: ChainError) {
        if self
            .nearest
            .as_ref()
            .is_none_or(|(best, _)| *best < reached)
        {
            self.nearest = Some((reached, error));
        }
    }
}

/// RFC 5280 §6.1.3 (a) (1).
fn check_signature(
    certificate: &Parsed<'_>,
    key: &SubjectKey,
    policy: &Policy,
) -> Result<(), CertificateProblem> {
    let algorithm: SignatureAlgorithm = certificate.signature_algorithm.clone()?;
    if !policy.allows_certificate_hash(algorithm.hash()) {
        return Err(CertificateProblem::HashNotAccepted(algorithm.hash()));
    }
    let signature = &certificate.x509.signature_value;
    if signature.unused_bits == 0 && algorithm.verify(key, certificate.tbs, &signature.data) {
        return Ok(());
    }
    Err(CertificateProblem::BadSignature {
        issuer: certificate.issuer_text(),
    })
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
