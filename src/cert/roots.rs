//! Trust anchors: whom the user trusts to issue certificates.

use core::fmt;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject};

use super::certificate_subject;
use super::name::Name;
use super::parsed::{Extensions, Issuer, Parsed};
use super::public_key::SubjectKey;
use super::usage;
use crate::error::{CertificateProblem, ChainError, printable};

/// The certificates that the user trusts: authorities, and devices that vouch for themselves.
///
/// A trust anchor is a name and a key (RFC 5280 §6.1.1 (d)). Of its certificate, path validation
/// heeds what limits it: basicConstraints with the path length, keyUsage, name constraints. It
/// does not heed the dates, nor how the certificate itself is signed: who trusts an authority by
/// putting it here has not asked the authority until when. Nor does it heed the extended key usage
/// and critical extensions that it does not know. A certificate that is no authority vouches only
/// for itself, so that a device can be trusted without being trusted to name others.
///
/// A version 1 certificate cannot say that it is none: where the policy accepts version 1 roots
/// (`HISTORIC`, `EVERYTHING`), it is an authority. A device with such a certificate is better
/// pinned by its fingerprint.
///
/// ```
/// use retrossl::RootStore;
///
/// # let bundle = include_bytes!("../../tests/data/test-certificate-1024.pem");
/// let mut roots = RootStore::new();
/// let added = roots.add_pem(bundle);
/// for skipped in &added.skipped {
///     eprintln!("{skipped}");
/// }
/// assert_eq!((added.count, roots.len()), (1, 1));
/// ```
#[derive(Clone, Default)]
pub struct RootStore(Vec<TrustAnchor>);

/// A certificate that is trusted (RFC 5280 §6.1.1 (d)).
#[derive(Clone)]
pub(crate) struct TrustAnchor {
    pub(crate) der: CertificateDer<'static>,
    pub(crate) name: Name,
    pub(crate) key: SubjectKey,
    version: u32,
    extensions: Extensions<'static>,
    /// Whether it may issue certificates; others are trusted for themselves.
    pub(crate) is_authority: bool,
    /// The DER of the name.
    pub(crate) encoded_name: Vec<u8>,
}

impl RootStore {
    /// Nobody is trusted.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts one certificate, in DER. One that is trusted already is not added again.
    ///
    /// # Errors
    /// [`CertificateProblem::Unreadable`], [`CertificateProblem::UnknownKey`],
    /// [`CertificateProblem::BadKey`], and what may be wrong with its extensions.
    pub fn add(&mut self, certificate: CertificateDer<'_>) -> Result<(), CertificateProblem> {
        if self.contains(&certificate) {
            return Ok(());
        }
        self.0.push(TrustAnchor::read(certificate.into_owned())?);
        Ok(())
    }

    /// Trusts what can be read of many certificates, such as the system's.
    ///
    /// Takes `rustls_native_certs::load_native_certs().certs` as it is.
    pub fn add_certificates<'a>(
        &mut self,
        certificates: impl IntoIterator<Item = CertificateDer<'a>>,
    ) -> AddedRoots {
        let mut added = AddedRoots::default();
        for certificate in certificates {
            self.add_counted(certificate, &mut added);
        }
        added
    }

    /// Trusts what can be read of the certificates in a PEM bundle (RFC 7468 §5); other sections
    /// and text between them are passed over, and a bundle without a certificate is told of as
    /// skipped.
    pub fn add_pem(&mut self, bundle: &[u8]) -> AddedRoots {
        let mut added = AddedRoots::default();
        let bundle = bundle.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bundle);
        for section in CertificateDer::pem_slice_iter(bundle) {
            match section {
                Ok(certificate) => self.add_counted(certificate, &mut added),
                Err(error) => added.skip(None, RootProblem::Pem(pem_problem(&error))),
            }
        }
        if added == AddedRoots::default() {
            added.skip(None, RootProblem::NoCertificate);
        }
        added
    }

    /// How many certificates are trusted.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether exactly this certificate is trusted.
    pub fn contains(&self, certificate: &CertificateDer<'_>) -> bool {
        self.0.iter().any(|anchor| anchor.der == *certificate)
    }

    pub(crate) fn anchors(&self) -> &[TrustAnchor] {
        &self.0
    }

    /// Those of this name.
    pub(crate) fn named(&self, name: &Name) -> impl Iterator<Item = &TrustAnchor> {
        self.0.iter().filter(move |anchor| anchor.name == *name)
    }

    fn add_counted(&mut self, certificate: CertificateDer<'_>, added: &mut AddedRoots) {
        let subject = certificate_subject(&certificate);
        match self.add(certificate) {
            Ok(()) => added.count += 1,
            Err(problem) => added.skip(subject, RootProblem::Certificate(problem)),
        }
    }
}

impl TrustAnchor {
    fn read(der: CertificateDer<'static>) -> Result<Self, CertificateProblem> {
        let parsed = Parsed::read(None, &der)?;
        let is_authority = usage::check_authority(parsed.as_issuer()?).is_ok();
        Ok(Self {
            version: parsed.version,
            encoded_name: parsed.x509.subject.as_raw().to_vec(),
            name: parsed.subject,
            key: parsed.key?,
            extensions: parsed.extensions?.of_anchor(),
            is_authority,
            der,
        })
    }

    pub(crate) fn as_issuer(&self) -> Issuer<'_> {
        Issuer {
            version: self.version,
            key: &self.key,
            extensions: &self.extensions,
        }
    }

    /// That `problem` is this certificate's.
    pub(crate) fn at_fault(&self, problem: CertificateProblem) -> ChainError {
        ChainError {
            index: None,
            subject: certificate_subject(&self.der).unwrap_or_default(),
            problem,
        }
    }
}

impl<'a> Extend<CertificateDer<'a>> for RootStore {
    /// As [`add_certificates`](Self::add_certificates), without word of what was skipped.
    fn extend<I: IntoIterator<Item = CertificateDer<'a>>>(&mut self, certificates: I) {
        self.add_certificates(certificates);
    }
}

impl<'a> FromIterator<CertificateDer<'a>> for RootStore {
    fn from_iter<I: IntoIterator<Item = CertificateDer<'a>>>(certificates: I) -> Self {
        let mut roots = Self::new();
        roots.extend(certificates);
        roots
    }
}

impl fmt::Debug for RootStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootStore({} trust anchors)", self.0.len())
    }
}

/// What is wrong with PEM, in words; the parser's own show lines as bytes.
fn pem_problem(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { end_marker } => format!(
            "it ends before the section {} does",
            printable(&String::from_utf8_lossy(end_marker))
        ),
        pem::Error::IllegalSectionStart { line } => format!(
            "a section cannot begin with {}",
            printable(&String::from_utf8_lossy(line))
        ),
        other => printable(&other.to_string()),
    }
}

/// What became of the certificates that were to be trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddedRoots {
    /// How many are trusted now, those that already were included.
    pub count: usize,
    /// Those that are not, in order.
    pub skipped: Vec<SkippedRoot>,
}

impl AddedRoots {
    fn skip(&mut self, subject: Option<String>, reason: RootProblem) {
        self.skipped.push(SkippedRoot {
            position: self.count + self.skipped.len(),
            subject,
            reason,
        });
    }
}

/// A certificate that was not added to the roots.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "root certificate {position} ({}) was skipped: {reason}",
    .subject.as_deref().unwrap_or("unreadable")
)]
#[non_exhaustive]
pub struct SkippedRoot {
    /// Its place among those that were given, from 0.
    pub position: usize,
    /// Its subject, if it can be read.
    pub subject: Option<String>,
    /// Why.
    pub reason: RootProblem,
}

/// Why a certificate was not added to the roots.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootProblem {
    /// The PEM around it is damaged.
    #[error("bad PEM: {0}")]
    Pem(String),
    /// There is not one certificate in the PEM, or it is no PEM.
    #[error("no certificate in PEM is there (one in DER is for `add`)")]
    NoCertificate,
    /// It is of no use as a trust anchor.
    #[error("{0}")]
    Certificate(CertificateProblem),
}

/// What some editors begin a text in UTF-8 with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
