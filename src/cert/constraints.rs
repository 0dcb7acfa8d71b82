//! Name constraints (RFC 5280 §4.2.1.10, §6.1.4 (g)).

use std::borrow::Cow;
use std::net::IpAddr;

use x509_parser::extensions::GeneralName;
use x509_parser::prelude::X509Name;

use super::budget::Budget;
use super::name::{self, Name};
use super::parsed::Parsed;
use super::server_name::{PresentedName, ip_address};
use super::subtrees::{NameConstraints, NameKind, Subtree};
use crate::error::{CertificateProblem, printable};

/// Refuses a certificate with a name that one of the `constraints` does not permit.
///
/// `presented` are the names that a server's certificate is for, which may be common names.
pub(super) fn check(
    certificate: &Parsed<'_>,
    constraints: &[&NameConstraints],
    presented: &[PresentedName],
    budget: &mut Budget,
) -> Result<(), CertificateProblem> {
    if constraints.is_empty() {
        return Ok(());
    }
    let names = names_of(certificate, presented)?;
    for constraint in constraints {
        for name in &names {
            check_name(name, constraint, budget)?;
        }
    }
    Ok(())
}

fn check_name(
    name: &Constrained<'_>,
    constraints: &NameConstraints,
    budget: &mut Budget,
) -> Result<(), CertificateProblem> {
    let not_permitted = || CertificateProblem::NameNotPermitted(name.show());
    let mut permitted = None;
    for subtree in &constraints.permitted {
        budget.compare_names()?;
        if let Some(is_within) = name.is_within(subtree)? {
            permitted = Some(is_within || permitted == Some(true));
        }
    }
    if permitted == Some(false) {
        return Err(not_permitted());
    }
    for subtree in &constraints.excluded {
        budget.compare_names()?;
        if name.is_within(subtree)? == Some(true) || name.may_stand_for(subtree) {
            return Err(not_permitted());
        }
    }
    Ok(())
}

/// A name that may be constrained.
enum Constrained<'a> {
    Dns(&'a str),
    Ip(IpAddr),
    /// In the form that is compared, and in the one that is shown.
    Directory(Cow<'a, Name>, &'a X509Name<'a>),
    Other(NameKind),
}

fn names_of<'a>(
    certificate: &'a Parsed<'a>,
    presented: &'a [PresentedName],
) -> Result<Vec<Constrained<'a>>, CertificateProblem> {
    let subject = &certificate.x509.subject;
    let mut names = Vec::new();
    if !certificate.subject.is_empty() {
        names.push(Constrained::Directory(
            Cow::Borrowed(&certificate.subject),
            subject,
        ));
    }
    if subject.iter_email().next().is_some() {
        names.push(Constrained::Other(NameKind::Rfc822Name));
    }
    match &certificate.extensions()?.subject_alt_name {
        // What cannot be read may be any name.
        Some(alt_names) => {
            let malformed = || CertificateProblem::MalformedExtension("2.5.29.17".to_owned());
            for name in alt_names {
                names.push(Constrained::of(name).ok_or_else(malformed)?);
            }
        }
        None => names.extend(presented.iter().filter_map(Constrained::of_common_name)),
    }
    Ok(names)
}

impl<'a> Constrained<'a> {
    /// `None` where the name cannot be read.
    fn of(name: &'a GeneralName<'a>) -> Option<Self> {
        Some(match name {
            GeneralName::DNSName(name) => Self::Dns(name),
            GeneralName::IPAddress(octets) => Self::Ip(ip_address(octets)?),
            GeneralName::DirectoryName(name) => Self::Directory(Cow::Owned(Name::of(name)?), name),
            other => Self::Other(NameKind::of(other)?),
        })
    }

    /// A common name constrains like the alternative name that it stands for, if it can stand for
    /// one.
    fn of_common_name(name: &'a PresentedName) -> Option<Self> {
        match name {
            PresentedName::Dns(name) => name
                .chars()
                .all(|char| char.is_ascii_alphanumeric() || "-_.*".contains(char))
                .then_some(Self::Dns(name)),
            PresentedName::Ip(address) => Some(Self::Ip(*address)),
        }
    }

    /// Whether the name lies in the subtree; `None` where the subtree is for another kind.
    fn is_within(&self, subtree: &Subtree) -> Result<Option<bool>, CertificateProblem> {
        Ok(match (self, subtree) {
            (Self::Dns(name), Subtree::Dns(base)) => Some(dns_is_within(name, base)),
            (Self::Ip(address), Subtree::Ip(base, mask)) => {
                Some(ip_is_within(*address, base, mask))
            }
            (Self::Directory(name, _), Subtree::Directory(base)) => Some(name.is_within(base)),
            (Self::Other(kind), Subtree::Other(constrained)) if kind == constrained => {
                return Err(CertificateProblem::UnknownNameConstraint(kind.as_str()));
            }
            _ => None,
        })
    }

    /// Whether a wildcard's label can be filled so that the name lies in the subtree.
    fn may_stand_for(&self, subtree: &Subtree) -> bool {
        match (self, subtree) {
            (Self::Dns(name), Subtree::Dns(base)) => without_root(name)
                .strip_prefix("*.")
                .zip(without_root(base).split_once('.'))
                .is_some_and(|(parent, (_, base_parent))| parent.eq_ignore_ascii_case(base_parent)),
            _ => false,
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Dns(name) => printable(name),
            Self::Ip(address) => address.to_string(),
            Self::Directory(_, name) => name::display(name),
            Self::Other(kind) => kind.as_str().to_owned(),
        }
    }
}

/// A host is in its own subtree and in those of its parents; a dot in front of the base excludes
/// the base itself.
fn dns_is_within(name: &str, base: &str) -> bool {
    let name = without_root(name).as_bytes();
    let base = without_root(base).as_bytes();
    let Some(split) = name.len().checked_sub(base.len()) else {
        return false;
    };
    let (front, back) = name.split_at(split);
    let at_label =
        base.is_empty() || front.is_empty() || front.ends_with(b".") || base.starts_with(b".");
    at_label && back.eq_ignore_ascii_case(base)
}

/// A host name without the dot that may follow its last label (RFC 1034 §3.1).
pub(super) fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// No address lies in a range of the other family; but both families are one kind of name, so that
/// who may name addresses of the one may not name those of the other.
fn ip_is_within(address: IpAddr, base: &[u8], mask: &[u8]) -> bool {
    let is_within = |octets: &[u8]| {
        let mut triples = octets.iter().zip(base).zip(mask);
        octets.len() == base.len()
            && triples.all(|((octet, base), mask)| octet & mask == base & mask)
    };
    match address {
        IpAddr::V4(address) => is_within(&address.octets()),
        IpAddr::V6(address) => is_within(&address.octets()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_lie_below_their_parents() {
        for (name, base, expected) in [
            ("example.com", "example.com", true),
            ("www.Example.com", "example.COM", true),
            ("badexample.com", "example.com", false),
            ("example.com", "www.example.com", false),
            ("example.com", ".example.com", false),
            ("www.example.com", ".example.com", true),
            ("*.example.com", "example.com", true),
            ("anything", "", true),
            ("anything", ".", true),
            ("www.example.com", "example.com.", true),
            ("www.example.com.", "example.com.", true),
            ("example.com", ".example.com.", false),
            ("badexample.com", "example.com.", false),
        ] {
            assert_eq!(dns_is_within(name, base), expected, "{name} {base}");
        }
    }

    #[test]
    fn addresses_lie_in_ranges_of_their_family() {
        let within = |address: &str, base: &[u8], mask: &[u8]| {
            ip_is_within(address.parse().unwrap(), base, mask)
        };
        let (net_10, mask) = (&[10, 0, 0, 0], &[255, 0, 0, 0]);
        assert!(within("10.1.2.3", net_10, mask));
        assert!(!within("11.1.2.3", net_10, mask));
        assert!(!within("a0a::1", net_10, mask));
        assert!(within("a0a::1", &[0; 16], &[0; 16]));
        assert!(!within("10.1.2.3", &[0; 16], &[0; 16]));
        assert!(!within("::ffff:10.1.2.3", net_10, mask));
    }
}
