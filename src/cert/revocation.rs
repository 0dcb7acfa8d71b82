//! Certificate revocation lists, as the caller gives them (RFC 5280 §5, §6.3). Nothing is fetched.

use core::fmt;

use rustls_pki_types::{CertificateRevocationListDer, UnixTime};
use x509_parser::extensions::X509Extension;
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use super::budget::Budget;
use super::der::Signed;
use super::name::{self, Name, oid_text};
use super::parsed::{Parsed, unix_time};
use super::signature::{SignatureAlgorithm, SubjectKey};
use crate::error::CertificateProblem;
use crate::policy::Policy;

/// What an authority has revoked: a complete list, signed by the authority itself.
///
/// Lists in parts (issuingDistributionPoint), delta lists and lists for other authorities
/// (indirect ones) say so in critical extensions, and are refused here.
#[derive(Clone)]
pub struct RevocationList {
    /// The TBSCertList: what is signed.
    tbs: Vec<u8>,
    issuer: Name,
    issuer_text: String,
    this_update: UnixTime,
    next_update: Option<UnixTime>,
    /// Serial numbers without leading zeros, in order, with the date of revocation.
    revoked: Vec<(Vec<u8>, UnixTime)>,
    algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
}

/// Why a revocation list cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRevocationList {
    /// It is not a revocation list in DER.
    #[error("the revocation list cannot be parsed")]
    Unreadable,
    /// It is signed in a way that this crate does not know.
    #[error("the revocation list of {issuer}: {problem}")]
    Signature {
        /// Its issuer.
        issuer: String,
        /// What is not known.
        problem: CertificateProblem,
    },
    /// It is not a complete list of its issuer's own certificates, or something else that is not
    /// known here.
    #[error(
        "the revocation list of {issuer} has the critical extension {extension}, which is not \
         known here; complete lists of an authority's own certificates are"
    )]
    UnknownCriticalExtension {
        /// Its issuer.
        issuer: String,
        /// The extension's number.
        extension: String,
    },
}

impl RevocationList {
    /// Reads a list; who signed it is checked when it is used.
    ///
    /// # Errors
    /// [`BadRevocationList`].
    pub fn from_der(der: &CertificateRevocationListDer<'_>) -> Result<Self, BadRevocationList> {
        let Ok(([], list)) = CertificateRevocationList::from_der(der) else {
            return Err(BadRevocationList::Unreadable);
        };
        let signed = Signed::read(der).ok_or(BadRevocationList::Unreadable)?;
        let issuer = Name::of(list.issuer()).ok_or(BadRevocationList::Unreadable)?;
        let issuer_text = name::display(list.issuer());
        check_critical_extensions(&list, &issuer_text)?;
        let algorithm = SignatureAlgorithm::read_both(
            &signed,
            &list.signature_algorithm,
            &list.tbs_cert_list.signature,
        )
        .map_err(|problem| BadRevocationList::Signature {
            issuer: issuer_text.clone(),
            problem,
        })?;
        let mut revoked: Vec<_> = list
            .iter_revoked_certificates()
            .map(|entry| {
                (
                    serial(entry.raw_serial()).to_vec(),
                    unix_time(&entry.revocation_date),
                )
            })
            .collect();
        revoked.sort_unstable();
        Ok(Self {
            tbs: signed.tbs.to_vec(),
            issuer,
            issuer_text,
            this_update: unix_time(&list.last_update()),
            next_update: list.next_update().map(|time| unix_time(&time)),
            revoked,
            algorithm,
            signature: list.signature_value.data.to_vec(),
        })
    }

    fn revocation_of(&self, certificate: &Parsed<'_>) -> Option<UnixTime> {
        let wanted = serial(certificate.x509.raw_serial());
        let found = self
            .revoked
            .binary_search_by(|(serial, _)| serial.as_slice().cmp(wanted));
        found.ok().map(|index| self.revoked[index].1)
    }

    fn is_signed_by(&self, key: &SubjectKey, policy: &Policy) -> bool {
        policy.allows_certificate_hash(self.algorithm.hash())
            && self.algorithm.verify(key, &self.tbs, &self.signature)
    }
}

impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let revoked = self.revoked.len();
        write!(f, "RevocationList({}, {revoked} revoked)", self.issuer_text)
    }
}

/// Who issued a certificate, as its path says.
pub(super) struct Issuer<'a> {
    pub(super) key: &'a SubjectKey,
    pub(super) may_sign_lists: bool,
}

/// Refuses a certificate that its issuer's lists revoke, or do not clear.
///
/// An issuer without a list revokes nothing. Of several that it has signed, the newest one that
/// is not from the future counts. One that is overdue still revokes what is on it; it does not
/// clear anything, because the caller who gives lists wants to know.
pub(super) fn check(
    certificate: &Parsed<'_>,
    issuer: &Issuer<'_>,
    lists: &[RevocationList],
    (policy, now): (&Policy, UnixTime),
    budget: &mut Budget,
) -> Result<(), CertificateProblem> {
    let mut in_its_name = lists
        .iter()
        .filter(|list| list.issuer == certificate.issuer)
        .peekable();
    if in_its_name.peek().is_none() {
        return Ok(());
    }
    let mut signed = Vec::new();
    for list in in_its_name {
        budget.verify_signature()?;
        if issuer.may_sign_lists && list.is_signed_by(issuer.key, policy) {
            signed.push(list);
        }
    }
    let earliest = signed
        .iter()
        .map(|list| list.this_update)
        .min()
        .ok_or(CertificateProblem::BadRevocationList)?;
    let newest = signed
        .into_iter()
        .filter(|list| list.this_update <= now)
        .max_by_key(|list| list.this_update)
        .ok_or(CertificateProblem::FutureRevocationList {
            this_update: earliest,
            now,
        })?;
    if let Some(since) = newest.revocation_of(certificate) {
        return Err(CertificateProblem::Revoked { since });
    }
    match newest.next_update {
        Some(next_update) if next_update < now => {
            Err(CertificateProblem::StaleRevocationList { next_update, now })
        }
        _ => Ok(()),
    }
}

fn check_critical_extensions(
    list: &CertificateRevocationList<'_>,
    issuer: &str,
) -> Result<(), BadRevocationList> {
    let of_entries = list
        .iter_revoked_certificates()
        .flat_map(|entry| entry.extensions());
    for extension in list.extensions().iter().chain(of_entries) {
        if extension.critical && !is_known(extension) {
            return Err(BadRevocationList::UnknownCriticalExtension {
                issuer: issuer.to_owned(),
                extension: oid_text(&extension.oid),
            });
        }
    }
    Ok(())
}

/// authorityKeyIdentifier, cRLNumber, reasonCode and invalidityDate change nothing here.
fn is_known(extension: &X509Extension<'_>) -> bool {
    matches!(extension.oid.as_bytes(), [0x55, 0x1d, 35 | 20 | 21 | 24])
}

/// A serial number without leading zeros.
fn serial(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}
