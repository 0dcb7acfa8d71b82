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
mod subtrees;
mod usage;
mod validation;

use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

use name::Name;

pub(crate) use path::verify;
pub(crate) use public_key::public_key;
pub use revocation::{RevocationList, RevocationListError};
pub use roots::{AddedRoots, RootProblem, RootStore, SkippedRoot};
pub(crate) use server_name::HostNames;
pub(crate) use validation::Conditions;

/// The subject's distinguished name, as text (`CN=printer.lan, O=Example`), with values escaped as
/// in RFC 4514 §2.4; `None` where the certificate cannot be parsed. Nothing is verified.
///
/// For display, never for decisions: who made the certificate chose the text, it may be cut, and
/// different names may look alike.
pub fn certificate_subject(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    Some(name::display(parsed.subject()))
}

/// Whether one of the chain's certificates names `authority`, DER of a distinguished name, as its
/// issuer (RFC 5246 §7.4.6). Nothing is verified.
pub(crate) fn is_issued_by(chain: &[CertificateDer<'_>], authority: &[u8]) -> bool {
    let Ok(([], authority)) = X509Name::from_der(authority) else {
        return false;
    };
    let wanted = Name::of(&authority);
    wanted.is_some()
        && chain
            .iter()
            .filter_map(|certificate| X509Certificate::from_der(certificate).ok())
            .any(|(_, certificate)| Name::of(certificate.issuer()) == wanted)
}
