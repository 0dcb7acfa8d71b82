//! A certificate, parsed once, with the extensions that path validation looks at.

use x509_parser::extensions::{
    BasicConstraints, ExtendedKeyUsage, GeneralName, KeyUsage, NSCertType, ParsedExtension,
    X509Extension,
};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::name::{self, Name, oid_text};
use super::public_key::SubjectKey;
use super::signed::Signed;
use super::subtrees::NameConstraints;
use crate::error::{CertificateProblem, ChainError};

/// A certificate whose fields can be read (RFC 5280 §4.1).
pub(crate) struct Parsed<'a> {
    /// Its place in the message; `None` for a trust anchor.
    pub(crate) index: Option<usize>,
    /// 1 to 3.
    pub(crate) version: u32,
    pub(crate) subject: Name,
    pub(crate) issuer: Name,
    pub(crate) key: Result<SubjectKey, CertificateProblem>,
    pub(crate) signed: Result<Signed, CertificateProblem>,
    pub(crate) extensions: Result<Extensions<'a>, CertificateProblem>,
    pub(crate) x509: X509Certificate<'a>,
}

impl<'a> Parsed<'a> {
    /// Parses the whole of `der`.
    pub(crate) fn read(index: Option<usize>, der: &'a [u8]) -> Result<Self, CertificateProblem> {
        let unreadable = CertificateProblem::Unreadable;
        let Ok(([], x509)) = X509Certificate::from_der(der) else {
            return Err(unreadable);
        };
        let (Some(subject), Some(issuer)) = (Name::of(&x509.subject), Name::of(&x509.issuer))
        else {
            return Err(unreadable);
        };
        let version = x509.version.0;
        if version > 2 {
            return Err(unreadable);
        }
        Ok(Self {
            index,
            version: version + 1,
            subject,
            issuer,
            key: SubjectKey::read(&x509.subject_pki),
            signed: Signed::read(der, &x509.signature_algorithm),
            extensions: Extensions::read(&x509),
            x509,
        })
    }

    pub(crate) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    pub(crate) fn is_signed_by(&self, key: &SubjectKey) -> bool {
        self.signed.as_ref().is_ok_and(|signed| signed.is_by(key))
    }

    pub(crate) fn key(&self) -> Result<&SubjectKey, CertificateProblem> {
        self.key.as_ref().map_err(Clone::clone)
    }

    pub(crate) fn extensions(&self) -> Result<&Extensions<'a>, CertificateProblem> {
        self.extensions.as_ref().map_err(Clone::clone)
    }

    pub(crate) fn as_issuer(&self) -> Result<Issuer<'_>, CertificateProblem> {
        let extensions = self.extensions()?;
        Ok(Issuer {
            version: self.version,
            key: self.key()?,
            extensions,
        })
    }

    /// The issuer's name, for an error.
    pub(crate) fn issuer_text(&self) -> String {
        name::display(&self.x509.issuer)
    }

    /// That `problem` is this certificate's.
    pub(crate) fn at_fault(&self, problem: CertificateProblem) -> ChainError {
        ChainError {
            index: self.index,
            subject: name::display(&self.x509.subject),
            problem,
        }
    }
}

/// What validation heeds of the certificate above another one: an intermediate's, or a trust
/// anchor's, which was read when it came to be trusted.
#[derive(Clone, Copy)]
pub(crate) struct Issuer<'a> {
    /// 1 to 3.
    pub(crate) version: u32,
    pub(crate) key: &'a SubjectKey,
    pub(crate) extensions: &'a Extensions<'a>,
}

/// The extensions that path validation looks at (RFC 5280 §4.2.1).
#[derive(Clone, Default)]
pub(crate) struct Extensions<'a> {
    pub(crate) basic_constraints: Option<BasicConstraints>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) extended_key_usage: Option<ExtendedKeyUsage<'a>>,
    pub(crate) subject_alt_name: Option<Vec<GeneralName<'a>>>,
    pub(crate) name_constraints: Option<NameConstraints>,
    pub(crate) netscape_cert_type: Option<NSCertType>,
    pub(crate) unknown_critical: Option<String>,
}

impl<'a> Extensions<'a> {
    fn read(x509: &X509Certificate<'a>) -> Result<Self, CertificateProblem> {
        check_unique(x509.extensions())?;
        let mut extensions = Self::default();
        for extension in x509.extensions() {
            extensions.add(extension)?;
        }
        Ok(extensions)
    }

    /// Those that limit a trust anchor.
    pub(crate) fn of_anchor(self) -> Extensions<'static> {
        Extensions {
            basic_constraints: self.basic_constraints,
            key_usage: self.key_usage,
            name_constraints: self.name_constraints,
            ..Extensions::default()
        }
    }

    fn add(&mut self, extension: &X509Extension<'a>) -> Result<(), CertificateProblem> {
        let malformed = || CertificateProblem::MalformedExtension(oid_text(&extension.oid));
        let parsed = extension.parsed_extension();
        macro_rules! value {
            ($kind:ident) => {
                match parsed {
                    ParsedExtension::$kind(value) => value.clone(),
                    _ => return Err(malformed()),
                }
            };
        }
        match extension.oid.as_bytes() {
            KEY_USAGE => self.key_usage = Some(value!(KeyUsage)),
            SUBJECT_ALT_NAME => {
                self.subject_alt_name = Some(value!(SubjectAlternativeName).general_names);
            }
            BASIC_CONSTRAINTS => self.basic_constraints = Some(value!(BasicConstraints)),
            NAME_CONSTRAINTS => {
                let constraints = NameConstraints::read(&value!(NameConstraints), extension)?;
                self.name_constraints = Some(constraints);
            }
            EXTENDED_KEY_USAGE => self.extended_key_usage = Some(value!(ExtendedKeyUsage)),
            NETSCAPE_CERT_TYPE => self.netscape_cert_type = Some(value!(NSCertType)),
            _ if extension.critical => match parsed {
                // No certificate policy is asked for here, so these three cannot speak against a
                // path (RFC 5280 §6.1.1); key identifiers are hints; where a revocation list could
                // be fetched does not matter to who fetches nothing.
                ParsedExtension::CertificatePolicies(_)
                | ParsedExtension::PolicyMappings(_)
                | ParsedExtension::InhibitAnyPolicy(_)
                | ParsedExtension::AuthorityKeyIdentifier(_)
                | ParsedExtension::SubjectKeyIdentifier(_)
                | ParsedExtension::CRLDistributionPoints(_) => {}
                ParsedExtension::ParseError { .. } => return Err(malformed()),
                _ => {
                    self.unknown_critical
                        .get_or_insert_with(|| oid_text(&extension.oid));
                }
            },
            _ => {}
        }
        Ok(())
    }
}

/// RFC 5280 §4.2.
fn check_unique(extensions: &[X509Extension<'_>]) -> Result<(), CertificateProblem> {
    let mut oids: Vec<_> = extensions.iter().map(|extension| &extension.oid).collect();
    oids.sort_unstable_by_key(|oid| oid.as_bytes());
    for pair in oids.windows(2) {
        if let [one, next] = pair
            && one == next
        {
            return Err(CertificateProblem::DuplicateExtension(oid_text(one)));
        }
    }
    Ok(())
}

const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
/// 2.16.840.1.113730.1.1.
const NETSCAPE_CERT_TYPE: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 0x01, 0x01];
