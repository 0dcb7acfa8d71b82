//! Certificates: what can be read of one without trusting it.

mod public_key;

use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

pub(crate) use public_key::public_key;

/// The subject's distinguished name, as text (`CN=printer.lan, O=Example`); `None` where the
/// certificate cannot be parsed. Nothing is verified.
pub fn certificate_subject(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let subject = parsed.subject().to_string();
    Some(subject.replace(rewrites_a_line, "\u{fffd}"))
}

/// Whether a terminal could show a line with this character as another one: controls, and what
/// is invisible or changes the direction of writing.
fn rewrites_a_line(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}')
}
