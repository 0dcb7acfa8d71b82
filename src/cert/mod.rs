//! Certificates: what can be read of one without trusting it, and how one comes to be trusted.

mod budget;
mod constraints;
mod der;
mod name;
mod parsed;
mod path;
mod public_key;
mod revocation;
mod roots;
mod server_name;
mod signature;
mod signed;
mod subtrees;
mod usage;
mod validation;

use std::collections::HashSet;

use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

pub(crate) use name::Name;
#[cfg(test)]
pub(crate) use name::count_names;
pub(crate) use path::verify;
pub(crate) use public_key::public_key;
pub use revocation::{RevocationList, RevocationListError};
pub use roots::{AddedRoots, RootProblem, RootStore, SkippedRoot};
pub(crate) use server_name::HostNames;
pub(crate) use validation::{Conditions, Role};

/// The subject's distinguished name, as text (`CN=printer.lan, O=Example`), with values escaped as
/// in RFC 4514 §2.4; `None` where the certificate cannot be parsed. Nothing is verified.
///
/// For display, never for decisions: who made the certificate chose the text, it may be cut, and
/// different names may look alike.
pub fn certificate_subject(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    Some(name::display(parsed.subject()))
}

/// Whom a chain's certificates name as their issuers; certificates that cannot be parsed name
/// nobody. Nothing is verified.
pub(crate) fn issuers(chain: &[CertificateDer<'_>]) -> Vec<Name> {
    let parsed = chain
        .iter()
        .filter_map(|certificate| X509Certificate::from_der(certificate).ok());
    parsed
        .filter_map(|(_, certificate)| Name::of(certificate.issuer()))
        .collect()
}

/// The authorities that a peer accepts (RFC 5246 §7.4.4), each read once.
pub(crate) struct Authorities(HashSet<Name>);

impl Authorities {
    /// From their DER; what is no distinguished name is nobody's.
    pub(crate) fn read(encoded: &[&[u8]]) -> Self {
        let names = encoded
            .iter()
            .filter_map(|der| match X509Name::from_der(der) {
                Ok(([], name)) => Name::of(&name),
                _ => None,
            });
        Self(names.collect())
    }

    pub(crate) fn include_any(&self, issuers: &[Name]) -> bool {
        issuers.iter().any(|issuer| self.0.contains(issuer))
    }
}
