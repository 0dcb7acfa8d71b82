//! Name constraints (RFC 5280 §4.2.1.10, §6.1.4 (g)).

use std::net::IpAddr;

use x509_parser::extensions::{GeneralName, GeneralSubtree, NameConstraints};

use super::budget::Budget;
use super::name::{self, Name};
use super::parsed::Parsed;
use super::server_name::PresentedName;
use crate::error::{CertificateProblem, printable};

/// Refuses a certificate with a name that one of the `constraints` does not permit.
///
/// `presented` are the names that a server's certificate is for, which may be common names.
pub(super) fn check(
    certificate: &Parsed<'_>,
    constraints: &[&NameConstraints<'_>],
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
    constraints: &NameConstraints<'_>,
    budget: &mut Budget,
) -> Result<(), CertificateProblem> {
    let not_permitted = || CertificateProblem::NameNotPermitted(name.show());
    let mut permitted = None;
    for subtree in constraints.permitted_subtrees.iter().flatten() {
        budget.compare_names(base_len(subtree))?;
        if let Some(is_within) = name.is_within(subtree)? {
            permitted = Some(is_within || permitted == Some(true));
        }
    }
    if permitted == Some(false) {
        return Err(not_permitted());
    }
    for subtree in constraints.excluded_subtrees.iter().flatten() {
        budget.compare_names(base_len(subtree))?;
        if name.is_within(subtree)? == Some(true) || name.may_stand_for(subtree) {
            return Err(not_permitted());
        }
    }
    Ok(())
}

/// A name that may be constrained.
enum Constrained<'a> {
    Dns(&'a str),
    Ip(Vec<u8>),
    Directory(Name, String),
    /// A kind that is not compared here.
    Other(&'static str),
}

fn names_of<'a>(
    certificate: &'a Parsed<'_>,
    presented: &'a [PresentedName],
) -> Result<Vec<Constrained<'a>>, CertificateProblem> {
    let subject = &certificate.x509.subject;
    let mut names = Vec::new();
    if !certificate.subject.is_empty() {
        names.push(Constrained::Directory(
            certificate.subject.clone(),
            name::display(subject),
        ));
    }
    if subject.iter_email().next().is_some() {
        names.push(Constrained::Other(kind_of(&GeneralName::RFC822Name(""))));
    }
    match &certificate.extensions()?.subject_alt_name {
        Some(alt_names) => names.extend(alt_names.iter().map(Constrained::of)),
        None => names.extend(presented.iter().filter_map(Constrained::of_common_name)),
    }
    Ok(names)
}

/// Bytes of a subtree's base that comparing has to read again.
fn base_len(subtree: &GeneralSubtree<'_>) -> usize {
    match &subtree.base {
        GeneralName::DirectoryName(base) => base.as_raw().len(),
        _ => 0,
    }
}

impl<'a> Constrained<'a> {
    fn of(name: &'a GeneralName<'_>) -> Self {
        match name {
            GeneralName::DNSName(name) => Self::Dns(name),
            GeneralName::IPAddress(octets) => Self::Ip(octets.to_vec()),
            GeneralName::DirectoryName(name) => match Name::of(name) {
                Some(of_name) => Self::Directory(of_name, name::display(name)),
                None => Self::Other(INVALID),
            },
            other => Self::Other(kind_of(other)),
        }
    }

    /// A common name constrains like the alternative name that it stands for, if it can stand for
    /// one.
    fn of_common_name(name: &'a PresentedName) -> Option<Self> {
        match name {
            PresentedName::Dns(name) => name
                .chars()
                .all(|char| char.is_ascii_alphanumeric() || "-_.*".contains(char))
                .then_some(Self::Dns(name)),
            PresentedName::Ip(IpAddr::V4(address)) => Some(Self::Ip(address.octets().to_vec())),
            PresentedName::Ip(IpAddr::V6(address)) => Some(Self::Ip(address.octets().to_vec())),
        }
    }

    /// Whether the name lies in the subtree; `None` where the subtree is for another kind.
    fn is_within(&self, subtree: &GeneralSubtree<'_>) -> Result<Option<bool>, CertificateProblem> {
        Ok(match (self, &subtree.base) {
            (Self::Dns(name), GeneralName::DNSName(base)) => Some(dns_is_within(name, base)),
            (Self::Ip(octets), GeneralName::IPAddress(range)) => ip_is_within(octets, range),
            (Self::Directory(name, _), GeneralName::DirectoryName(base)) => {
                let base =
                    Name::of(base).ok_or(CertificateProblem::UnknownNameConstraint(INVALID))?;
                Some(name.is_within(&base))
            }
            (Self::Other(kind), base) if *kind == kind_of(base) => {
                return Err(CertificateProblem::UnknownNameConstraint(kind));
            }
            // What cannot be read may constrain or be anything.
            (Self::Other(INVALID), _) | (_, GeneralName::Invalid(..)) => {
                return Err(CertificateProblem::UnknownNameConstraint(INVALID));
            }
            _ => None,
        })
    }

    /// Whether a wildcard's label can be filled so that the name lies in the subtree.
    fn may_stand_for(&self, subtree: &GeneralSubtree<'_>) -> bool {
        match (self, &subtree.base) {
            (Self::Dns(name), GeneralName::DNSName(base)) => without_root(name)
                .strip_prefix("*.")
                .zip(without_root(base).split_once('.'))
                .is_some_and(|(parent, (_, base_parent))| parent.eq_ignore_ascii_case(base_parent)),
            _ => false,
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Dns(name) => printable(name),
            Self::Ip(octets) => match super::server_name::ip_address(octets) {
                Some(address) => address.to_string(),
                None => "an address of a wrong length".to_owned(),
            },
            Self::Directory(_, text) => text.clone(),
            Self::Other(kind) => (*kind).to_owned(),
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
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// `range` is an address and a mask; `None` where it is of the other family.
fn ip_is_within(octets: &[u8], range: &[u8]) -> Option<bool> {
    if octets.len() * 2 != range.len() {
        return None;
    }
    let (base, mask) = range.split_at(octets.len());
    let mut triples = octets.iter().zip(base).zip(mask);
    Some(triples.all(|((octet, base), mask)| octet & mask == base & mask))
}

fn kind_of(name: &GeneralName<'_>) -> &'static str {
    match name {
        GeneralName::OtherName(..) => "otherName",
        GeneralName::RFC822Name(_) => "rfc822Name",
        GeneralName::DNSName(_) => "dNSName",
        GeneralName::X400Address(_) => "x400Address",
        GeneralName::DirectoryName(_) => "directoryName",
        GeneralName::EDIPartyName(_) => "ediPartyName",
        GeneralName::URI(_) => "uniformResourceIdentifier",
        GeneralName::IPAddress(_) => "iPAddress",
        GeneralName::RegisteredID(_) => "registeredID",
        GeneralName::Invalid(..) => INVALID,
    }
}

const INVALID: &str = "that cannot be read";

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
        let net_10 = [10, 0, 0, 0, 255, 0, 0, 0];
        assert_eq!(ip_is_within(&[10, 1, 2, 3], &net_10), Some(true));
        assert_eq!(ip_is_within(&[11, 1, 2, 3], &net_10), Some(false));
        assert_eq!(ip_is_within(&[10; 16], &net_10), None);
        assert_eq!(ip_is_within(&[10; 16], &[0; 32]), Some(true));
    }
}
