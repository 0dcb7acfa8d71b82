//! Certificates: what can be read of one without trusting it, and how one comes to be trusted.

mod authorities;
mod budget;
mod constraints;
mod date;
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

use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

pub(crate) use authorities::{Authorities, issuers};
pub(crate) use name::Name;
#[cfg(test)]
pub(crate) use name::count_names;
pub(crate) use path::verify;
pub(crate) use public_key::public_key;
pub use revocation::{RevocationList, RevocationListError};
pub use roots::{AddedRoots, RootProblem, RootStore, SkippedRoot};
pub(crate) use server_name::HostNames;
pub use validation::KeyUse;
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
