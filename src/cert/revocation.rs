//! Certificate revocation lists, as the caller gives them (RFC 5280 §5, §6.3). Nothing is fetched.

use core::cmp::Reverse;
use core::fmt;
use core::time::Duration;

use rustls_pki_types::{CertificateRevocationListDer, UnixTime};
use x509_parser::extensions::X509Extension;
use x509_parser::prelude::{ASN1Time, CertificateRevocationList, FromDer};

use super::budget::Budget;
use super::date::{is_past, unix_time};
use super::der::{
    BOOLEAN, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, UTC_TIME, skip,
    take,
};
use super::name::{self, Name, oid_text};
use super::parsed::{Issuer, Parsed};
use super::public_key::SubjectKey;
use super::signed::Signed;
use super::usage;
use super::validation::Conditions;
use crate::error::CertificateProblem;
use crate::policy::Policy;

/// What an authority has revoked: a complete list, signed by the authority itself.
///
/// Lists in parts (issuingDistributionPoint), delta lists and lists for other authorities
/// (indirect ones) are refused here, whether or not the extension that says so is critical.
///
/// A list is overdue after its nextUpdate. RFC 5280 §5.1.2.5 requires one, some old authorities
/// leave it out: **a list without it never becomes overdue**, so what it does not revoke stays
/// accepted however old it is. Who gives lists can ask for [`next_update`](Self::next_update) and
/// [`this_update`](Self::this_update) first.
///
/// ```no_run
/// use retrossl::pki_types::CertificateRevocationListDer;
/// use retrossl::pki_types::pem::PemObject;
/// use retrossl::{PathVerifier, RevocationList, RootStore};
///
/// # fn verifier(roots: RootStore) -> Result<PathVerifier, Box<dyn std::error::Error>> {
/// let mut lists = Vec::new();
/// for list in CertificateRevocationListDer::pem_file_iter("crl.pem")? {
///     lists.push(RevocationList::from_der(&list?)?);
/// }
/// let verifier = PathVerifier::new(roots).revocation_lists(lists);
/// # Ok(verifier)
/// # }
/// ```
#[derive(Clone)]
pub struct RevocationList {
    issuer: Name,
    issuer_text: String,
    this_update: UnixTime,
    next_update: Option<ASN1Time>,
    /// Serial numbers without leading zeros, in order, with the date of revocation.
    revoked: Vec<(Vec<u8>, UnixTime)>,
    signed: Signed,
}

/// Why a revocation list cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationListError {
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
    /// It does not say of all certificates of its issuer, and of no others, whether they are
    /// revoked.
    #[error(
        "the revocation list of {issuer} is {what}; give complete lists of an authority's own \
         certificates"
    )]
    NotComplete {
        /// Its issuer.
        issuer: String,
        /// What it is.
        what: &'static str,
    },
    /// It asks not to be used by who does not know one of its extensions (RFC 5280 §5.2, §5.3).
    #[error(
        "the revocation list of {issuer} has the critical extension {extension}, which is not \
         known here"
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
    /// [`RevocationListError`].
    pub fn from_der(der: &CertificateRevocationListDer<'_>) -> Result<Self, RevocationListError> {
        let Ok(([], list)) = CertificateRevocationList::from_der(der) else {
            return Err(RevocationListError::Unreadable);
        };
        check_entries(&list, der).ok_or(RevocationListError::Unreadable)?;
        let issuer = Name::of(list.issuer()).ok_or(RevocationListError::Unreadable)?;
        let issuer_text = name::display(list.issuer());
        check_extensions(&list, &issuer_text)?;
        let signed = Signed::read(der, &list.signature_algorithm);
        let signed = signed.map_err(|problem| RevocationListError::Signature {
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
            issuer,
            issuer_text,
            this_update: unix_time(&list.last_update()),
            next_update: list.next_update(),
            revoked,
            signed,
        })
    }

    /// When it was made (RFC 5280 §5.1.2.4).
    pub fn this_update(&self) -> UnixTime {
        self.this_update
    }

    /// By when the next one is due (RFC 5280 §5.1.2.5); `None` where it does not say.
    pub fn next_update(&self) -> Option<UnixTime> {
        self.next_update.as_ref().map(unix_time)
    }

    fn revocation_of(&self, certificate: &Parsed<'_>) -> Option<UnixTime> {
        let wanted = serial(certificate.x509.raw_serial());
        let found = self
            .revoked
            .binary_search_by(|(serial, _)| serial.as_slice().cmp(wanted));
        let (_, since) = self.revoked.get(found.ok()?)?;
        Some(*since)
    }

    /// The last second before one of the list's dates that is not past yet.
    pub(super) fn next_change(&self, now: UnixTime) -> Option<UnixTime> {
        if self.this_update > now {
            let before = self.this_update.as_secs() - 1;
            return Some(UnixTime::since_unix_epoch(Duration::from_secs(before)));
        }
        self.next_update().filter(|next_update| *next_update >= now)
    }

    fn is_signed_by(&self, key: &SubjectKey, policy: &Policy) -> bool {
        policy.allows_certificate_hash(self.signed.hash()) && self.signed.is_by(key)
    }
}

impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let revoked = self.revoked.len();
        write!(f, "RevocationList({}, {revoked} revoked)", self.issuer_text)
    }
}

/// Refuses a certificate that its issuer's lists revoke, or do not clear.
///
/// An issuer without a list revokes nothing. Of several that it has signed, the newest one that
/// is not from the future counts; of several of one thisUpdate, each. One that is overdue still
/// revokes what is on it; it does not clear anything, because the caller who gives lists wants to
/// know.
pub(super) fn check(
    certificate: &Parsed<'_>,
    issuer: Issuer<'_>,
    conditions: &Conditions<'_>,
    budget: &mut Budget,
) -> Result<(), CertificateProblem> {
    let now = conditions.now;
    let in_its_name = lists_of(certificate, conditions);
    let (mut made, mut future): (Vec<_>, Vec<_>) =
        in_its_name.partition(|list| list.this_update <= now);
    if made.is_empty() && future.is_empty() {
        return Ok(());
    }
    made.sort_by_key(|list| Reverse(list.this_update));
    future.sort_by_key(|list| list.this_update);
    let signed = first_signed(&made, issuer, conditions.policy, budget)?;
    if signed.is_empty() {
        let future = first_signed(&future, issuer, conditions.policy, budget)?;
        let problem = |list: &&RevocationList| CertificateProblem::FutureRevocationList {
            this_update: list.this_update,
            now,
        };
        let problem = future.first().map(problem);
        return Err(problem.unwrap_or(CertificateProblem::BadRevocationList));
    }
    let revocations = signed
        .iter()
        .filter_map(|list| list.revocation_of(certificate));
    if let Some(since) = revocations.min() {
        return Err(CertificateProblem::Revoked { since });
    }
    let mut due = signed.iter().filter_map(|list| list.next_update);
    match due.find(|next_update| is_past(next_update, now)) {
        Some(next_update) => Err(CertificateProblem::StaleRevocationList {
            next_update: unix_time(&next_update),
            now,
        }),
        None => Ok(()),
    }
}

/// The first of `lists` that the issuer has signed, and those of the same thisUpdate; what comes
/// behind them costs nothing.
fn first_signed<'a>(
    lists: &[&'a RevocationList],
    issuer: Issuer<'_>,
    policy: &Policy,
    budget: &mut Budget,
) -> Result<Vec<&'a RevocationList>, CertificateProblem> {
    let mut signed: Vec<&RevocationList> = Vec::new();
    if !usage::may_sign_lists(issuer) {
        return Ok(signed);
    }
    for list in lists {
        let found = signed.first().map(|found| found.this_update);
        if found.is_some_and(|this_update| this_update != list.this_update) {
            break;
        }
        budget.verify_signature()?;
        if list.is_signed_by(issuer.key, policy) {
            signed.push(list);
        }
    }
    Ok(signed)
}

/// The lists in the name of the certificate's issuer, whoever made them.
pub(super) fn lists_of<'a>(
    certificate: &Parsed<'_>,
    conditions: &Conditions<'a>,
) -> impl Iterator<Item = &'a RevocationList> {
    let lists = conditions.revocation_lists.iter();
    lists.filter(|list| list.issuer == certificate.issuer)
}

fn check_extensions(
    list: &CertificateRevocationList<'_>,
    issuer: &str,
) -> Result<(), RevocationListError> {
    let of_entries = list
        .iter_revoked_certificates()
        .flat_map(|entry| entry.extensions());
    for extension in list.extensions().iter().chain(of_entries) {
        if let Some(what) = incomplete_kind(extension) {
            return Err(RevocationListError::NotComplete {
                issuer: issuer.to_owned(),
                what,
            });
        }
        if extension.critical && !is_known(extension) {
            return Err(RevocationListError::UnknownCriticalExtension {
                issuer: issuer.to_owned(),
                extension: oid_text(&extension.oid),
            });
        }
    }
    Ok(())
}

/// `None` where an entry of the encoded list has extensions that are not in the `parsed` one.
///
/// The parser passes over an entry's extensions if it cannot read them all, and one of them may
/// say that the entry is another authority's.
fn check_entries(parsed: &CertificateRevocationList<'_>, encoded: &[u8]) -> Option<()> {
    let (contents, _) = take(SEQUENCE, encoded)?;
    let (fields, _) = take(SEQUENCE, contents)?;
    let (_signature, rest) = take(SEQUENCE, skip(INTEGER, fields))?;
    let (_issuer, rest) = take(SEQUENCE, rest)?;
    let (_this_update, rest) = take_time(rest)?;
    let rest = take_time(rest).map_or(rest, |(_next_update, rest)| rest);
    let mut entries = take(SEQUENCE, rest).map_or(&[][..], |(entries, _)| entries);
    for parsed in parsed.iter_revoked_certificates() {
        let (entry, rest) = take(SEQUENCE, entries)?;
        entries = rest;
        let (_serial_number, rest) = take(INTEGER, entry)?;
        let (_revocation_date, extensions) = take_time(rest)?;
        let count = match extensions {
            [] => 0,
            extensions => count_extensions(extensions)?,
        };
        if count != parsed.extensions().len() {
            return None;
        }
    }
    entries.is_empty().then_some(())
}

/// `None` where there is anything else than extensions.
fn count_extensions(encoded: &[u8]) -> Option<usize> {
    let (mut extensions, []) = take(SEQUENCE, encoded)? else {
        return None;
    };
    let mut count = 0;
    while !extensions.is_empty() {
        let (extension, rest) = take(SEQUENCE, extensions)?;
        extensions = rest;
        let (_number, rest) = take(OBJECT_IDENTIFIER, extension)?;
        let value = match take(BOOLEAN, rest) {
            Some(([_critical], value)) => value,
            Some(_) => return None,
            None => rest,
        };
        let (_value, []) = take(OCTET_STRING, value)? else {
            return None;
        };
        count += 1;
    }
    Some(count)
}

fn take_time(der: &[u8]) -> Option<(&[u8], &[u8])> {
    take(UTC_TIME, der).or_else(|| take(GENERALIZED_TIME, der))
}

/// What a list with this extension is, other than complete: deltaCRLIndicator,
/// issuingDistributionPoint (RFC 5280 §5.2.4, §5.2.5), certificateIssuer in an entry (§5.3.3).
fn incomplete_kind(extension: &X509Extension<'_>) -> Option<&'static str> {
    match extension.oid.as_bytes() {
        [0x55, 0x1d, 27] => Some("a delta list, of changes only"),
        [0x55, 0x1d, 28] => Some("limited by its issuingDistributionPoint"),
        [0x55, 0x1d, 29] => Some("an indirect one, with other authorities' certificates on it"),
        _ => None,
    }
}

/// authorityKeyIdentifier, cRLNumber, reasonCode and invalidityDate change nothing here.
fn is_known(extension: &X509Extension<'_>) -> bool {
    matches!(extension.oid.as_bytes(), [0x55, 0x1d, 35 | 20 | 21 | 24])
}

/// A serial number without leading zeros.
fn serial(mut number: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = number {
        number = rest;
    }
    number
}
