//! Whether a certificate is for the server that the user asked for (RFC 6125 §6).

use std::net::IpAddr;

use rustls_pki_types::{CertificateDer, ServerName};
use x509_parser::extensions::GeneralName;

use super::name::text;
use super::parsed::Parsed;
use crate::error::{CertificateProblem, printable};
use crate::policy::CommonNameFallback;

/// The names that a certificate of one's own is for, to choose it by. Nothing is verified.
#[derive(Debug, Default)]
pub(crate) struct HostNames(Vec<PresentedName>);

impl HostNames {
    /// Common names count where there is no subjectAltName; a certificate that cannot be parsed
    /// is for no name.
    pub(crate) fn of(certificate: &CertificateDer<'_>) -> Self {
        let fallback = CommonNameFallback::WithoutSubjectAltName;
        let names = Parsed::read(Some(0), certificate)
            .and_then(|parsed| presented_names(&parsed, fallback));
        Self(names.unwrap_or_default())
    }

    pub(crate) fn include(&self, asked: &str) -> bool {
        ServerName::try_from(asked).is_ok_and(|asked| self.0.iter().any(|name| name.is_for(&asked)))
    }
}

/// A name that a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PresentedName {
    Dns(String),
    Ip(IpAddr),
}

/// Refuses a certificate that is not for `asked`.
pub(super) fn check(
    certificate: &Parsed<'_>,
    asked: &ServerName<'_>,
    fallback: CommonNameFallback,
) -> Result<(), CertificateProblem> {
    let presented = presented_names(certificate, fallback)?;
    if presented.iter().any(|name| name.is_for(asked)) {
        return Ok(());
    }
    let show = |names: &[PresentedName]| names.iter().map(PresentedName::show).collect();
    let ignored = match certificate.extensions()?.subject_alt_name {
        None if presented.is_empty() => common_names(certificate),
        _ => Vec::new(),
    };
    Err(CertificateProblem::NotForName {
        asked: asked.to_str().into_owned(),
        found: show(&presented),
        ignored: show(&ignored),
    })
}

/// The names that count: those of the subjectAltName if there is one, else, if told so, the common
/// names.
pub(super) fn presented_names(
    certificate: &Parsed<'_>,
    fallback: CommonNameFallback,
) -> Result<Vec<PresentedName>, CertificateProblem> {
    match &certificate.extensions()?.subject_alt_name {
        Some(names) => Ok(names.iter().filter_map(PresentedName::of).collect()),
        None => Ok(match fallback {
            CommonNameFallback::WithoutSubjectAltName => common_names(certificate),
            CommonNameFallback::Never => Vec::new(),
        }),
    }
}

fn common_names(certificate: &Parsed<'_>) -> Vec<PresentedName> {
    certificate
        .x509
        .subject
        .iter_common_name()
        .filter_map(|attribute| text(attribute.attr_value()))
        .map(|name| match name.parse() {
            Ok(address) => PresentedName::Ip(address),
            Err(_) => PresentedName::Dns(name.into_owned()),
        })
        .collect()
}

impl PresentedName {
    fn of(name: &GeneralName<'_>) -> Option<Self> {
        match name {
            GeneralName::DNSName(name) => Some(Self::Dns((*name).to_owned())),
            GeneralName::IPAddress(octets) => ip_address(octets).map(Self::Ip),
            _ => None,
        }
    }

    fn is_for(&self, asked: &ServerName<'_>) -> bool {
        match (self, asked) {
            (Self::Dns(presented), ServerName::DnsName(asked)) => {
                dns_name_matches(presented, asked.as_ref())
            }
            (Self::Ip(presented), ServerName::IpAddress(asked)) => {
                *presented == IpAddr::from(*asked)
            }
            _ => false,
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Dns(name) => printable(name),
            Self::Ip(address) => address.to_string(),
        }
    }
}

/// RFC 6125 §6.4: without regard to case, A-labels as they are; `*` only as the whole leftmost
/// label, for exactly one label, above at least two others.
fn dns_name_matches(presented: &str, asked: &str) -> bool {
    let asked = asked.strip_suffix('.').unwrap_or(asked);
    let Some(parent) = presented.strip_prefix("*.") else {
        return !presented.is_empty() && presented.eq_ignore_ascii_case(asked);
    };
    match asked.split_once('.') {
        Some((label, rest)) => {
            !label.is_empty() && parent.contains('.') && parent.eq_ignore_ascii_case(rest)
        }
        None => false,
    }
}

/// An iPAddress's octets as an address (RFC 5280 §4.2.1.6).
pub(super) fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(octets) {
        return Some(v4.into());
    }
    <[u8; 16]>::try_from(octets).ok().map(IpAddr::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_match_as_rfc_6125_says() {
        for (presented, asked, expected) in [
            ("printer.lan", "printer.lan", true),
            ("Printer.LAN", "pRINTER.lan", true),
            ("printer.lan", "printer.lan.", true),
            ("printer.lan", "xprinter.lan", false),
            ("printer.lan", "printer.lan.evil", false),
            ("printer", "printer", true),
            ("", "printer", false),
            ("*.example.com", "www.example.com", true),
            ("*.EXAMPLE.com", "www.example.COM", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.b.example.com", false),
            ("*.com", "example.com", false),
            ("*", "printer", false),
            ("*.", "printer.", false),
            ("w*.example.com", "www.example.com", false),
            ("*w.example.com", "www.example.com", false),
            ("www.*.com", "www.example.com", false),
            ("*.*.com", "www.example.com", false),
            ("xn--mller-kva.example", "xn--mller-kva.example", true),
            ("xn--*.example.com", "xn--mller-kva.example.com", false),
            ("*.example.com", "xn--mller-kva.example.com", true),
            ("good.example\0.evil.com", "good.example", false),
        ] {
            assert_eq!(
                dns_name_matches(presented, asked),
                expected,
                "{presented} {asked}"
            );
        }
    }

    #[test]
    fn addresses_have_four_or_sixteen_octets() {
        assert_eq!(ip_address(&[192, 0, 2, 1]), "192.0.2.1".parse().ok());
        assert_eq!(ip_address(&[0; 16]), "::".parse().ok());
        assert_eq!(ip_address(&[0; 8]), None);
        assert_eq!(ip_address(&[]), None);
    }
}
