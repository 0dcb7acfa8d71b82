//! Name constraints, read once into what is compared (RFC 5280 §4.2.1.10).

use x509_parser::extensions::{GeneralName, GeneralSubtree, X509Extension};

use super::constraints::without_root;
use super::der::{EXCLUDED_SUBTREES, MINIMUM, PERMITTED_SUBTREES, SEQUENCE, take, take_any};
use super::name::{Name, oid_text};
use crate::error::CertificateProblem;

/// The names that an authority may and may not issue for.
#[derive(Clone)]
pub(crate) struct NameConstraints {
    pub(super) permitted: Vec<Subtree>,
    pub(super) excluded: Vec<Subtree>,
}

/// The names below a base.
#[derive(Clone)]
pub(crate) enum Subtree {
    Dns(String),
    /// An address and a mask, 4 or 16 bytes each.
    Ip(Vec<u8>, Vec<u8>),
    Directory(Name),
    Other(NameKind),
}

/// A kind of name that is not compared here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameKind {
    OtherName,
    Rfc822Name,
    X400Address,
    EdiPartyName,
    Uri,
    RegisteredId,
}

impl NameKind {
    /// `None` for names that are compared, and for what cannot be read.
    pub(super) fn of(name: &GeneralName<'_>) -> Option<Self> {
        match name {
            GeneralName::OtherName(..) => Some(Self::OtherName),
            GeneralName::RFC822Name(_) => Some(Self::Rfc822Name),
            GeneralName::X400Address(_) => Some(Self::X400Address),
            GeneralName::EDIPartyName(_) => Some(Self::EdiPartyName),
            GeneralName::URI(_) => Some(Self::Uri),
            GeneralName::RegisteredID(_) => Some(Self::RegisteredId),
            GeneralName::DNSName(_)
            | GeneralName::DirectoryName(_)
            | GeneralName::IPAddress(_)
            | GeneralName::Invalid(..) => None,
        }
    }

    /// As RFC 5280 §4.2.1.6 writes it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::OtherName => "otherName",
            Self::Rfc822Name => "rfc822Name",
            Self::X400Address => "x400Address",
            Self::EdiPartyName => "ediPartyName",
            Self::Uri => "uniformResourceIdentifier",
            Self::RegisteredId => "registeredID",
        }
    }
}

impl NameConstraints {
    /// Refuses constraints that mean something else than what was `parsed` of them.
    ///
    /// The parser passes over a list of subtrees that it cannot read, and over `minimum` and
    /// `maximum`; and an address range of no family's length would constrain no address.
    pub(super) fn read(
        parsed: &x509_parser::extensions::NameConstraints<'_>,
        extension: &X509Extension<'_>,
    ) -> Result<Self, CertificateProblem> {
        let unreadable = || CertificateProblem::MalformedExtension(oid_text(&extension.oid));
        let Some((lists, [])) = take(SEQUENCE, extension.value) else {
            return Err(unreadable());
        };
        let mut rest = lists;
        let mut list =
            |tag, parsed: &Option<Vec<GeneralSubtree<'_>>>| match (take(tag, rest), parsed) {
                (Some((encoded, after)), Some(parsed)) => {
                    rest = after;
                    read_list(encoded, parsed)
                }
                (None, None) => Ok(Vec::new()),
                _ => Err(unreadable()),
            };
        let constraints = Self {
            permitted: list(PERMITTED_SUBTREES, &parsed.permitted_subtrees)?,
            excluded: list(EXCLUDED_SUBTREES, &parsed.excluded_subtrees)?,
        };
        let malformed = CertificateProblem::MalformedNameConstraints;
        check_hosts(&constraints.permitted, |base| base).map_err(malformed)?;
        check_hosts(&constraints.excluded, without_root).map_err(malformed)?;
        if rest.is_empty() {
            Ok(constraints)
        } else {
            Err(unreadable())
        }
    }
}

fn read_list(
    encoded: &[u8],
    parsed: &[GeneralSubtree<'_>],
) -> Result<Vec<Subtree>, CertificateProblem> {
    let malformed = CertificateProblem::MalformedNameConstraints;
    let mut rest = encoded;
    let mut subtrees = Vec::with_capacity(parsed.len());
    for subtree in parsed {
        let Some((fields, after)) = take(SEQUENCE, rest) else {
            return Err(malformed(UNREADABLE));
        };
        rest = after;
        if !is_base_alone(fields) {
            return Err(malformed("a subtree with a minimum or a maximum"));
        }
        subtrees.push(Subtree::read(&subtree.base).map_err(malformed)?);
    }
    if rest.is_empty() {
        Ok(subtrees)
    } else {
        Err(malformed(UNREADABLE))
    }
}

/// Refuses bases below which no host's name can lie: whoever wrote `*.example.com` or a space
/// meant to exclude something.
///
/// `absolute` removes the dot at the end of an absolute name, where it may have one. RFC 5280 has
/// none there; to overlook it may exclude more than was meant, but must not permit more.
fn check_hosts(subtrees: &[Subtree], absolute: impl Fn(&str) -> &str) -> Result<(), &'static str> {
    for subtree in subtrees {
        if let Subtree::Dns(base) = subtree
            && !is_host_base(absolute(base))
        {
            return Err(if is_host_base(without_root(base)) {
                "a permitted host name that ends with a dot"
            } else {
                "a host name that no host can have or lie below"
            });
        }
    }
    Ok(())
}

/// The empty name, which all lie below, or labels, perhaps with a dot in front.
fn is_host_base(base: &str) -> bool {
    let is_label = |label: &str| {
        let mut bytes = label.bytes();
        !label.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let labels = base.strip_prefix('.').unwrap_or(base);
    base.is_empty() || labels.split('.').all(is_label)
}

/// Whether `minimum` is 0, which DER leaves out and some authorities write, and `maximum` absent.
fn is_base_alone(subtree: &[u8]) -> bool {
    take_any(subtree).is_some_and(|(_, distances)| {
        distances.is_empty() || matches!(take(MINIMUM, distances), Some(([0], [])))
    })
}

impl Subtree {
    fn read(base: &GeneralName<'_>) -> Result<Self, &'static str> {
        Ok(match base {
            GeneralName::DNSName(base) => Self::Dns((*base).to_owned()),
            GeneralName::DirectoryName(base) => Self::Directory(Name::of(base).ok_or(UNREADABLE)?),
            GeneralName::IPAddress(range) if matches!(range.len(), 8 | 32) => {
                let (address, mask) = range.split_at(range.len() / 2);
                Self::Ip(address.to_vec(), mask.to_vec())
            }
            GeneralName::IPAddress(_) => {
                return Err("an address range that is neither 8 nor 32 bytes long");
            }
            other => Self::Other(NameKind::of(other).ok_or(UNREADABLE)?),
        })
    }
}

const UNREADABLE: &str = "a subtree that cannot be read";
