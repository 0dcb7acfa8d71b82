//! Which authorities a peer accepts, and which have issued one's own certificates.

use std::collections::HashSet;

use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

use super::name::Name;

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
