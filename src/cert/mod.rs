//! Certificates: what can be read of one without trusting it.

mod public_key;

use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

pub(crate) use public_key::public_key;

/// The subject's distinguished name, as text (`CN=printer.lan, O=Example`); `None` where the
/// certificate cannot be parsed. Nothing is verified.
pub fn certificate_subject(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    // Control characters in a name could rewrite a terminal's line.
    let printable = parsed
        .subject()
        .to_string()
        .replace(char::is_control, "\u{fffd}");
    Some(printable)
}
