//! The form of name constraints, of which the parser looks at a part (RFC 5280 §4.2.1.10).

use x509_parser::extensions::{GeneralName, GeneralSubtree, NameConstraints, X509Extension};

use super::der::{EXCLUDED_SUBTREES, MINIMUM, PERMITTED_SUBTREES, SEQUENCE, take};
use super::name::oid_text;
use crate::error::CertificateProblem;

/// Refuses name constraints that mean something else than what was parsed of them.
///
/// The parser passes over a list of subtrees that it cannot read, and over `minimum` and
/// `maximum`; and an address range of no family's length would constrain no address.
pub(super) fn check(
    parsed: &NameConstraints<'_>,
    extension: &X509Extension<'_>,
) -> Result<(), CertificateProblem> {
    let unreadable = || CertificateProblem::MalformedExtension(oid_text(&extension.oid));
    let Some((lists, [])) = take(SEQUENCE, extension.value) else {
        return Err(unreadable());
    };
    let mut rest = lists;
    for (tag, parsed) in [
        (PERMITTED_SUBTREES, &parsed.permitted_subtrees),
        (EXCLUDED_SUBTREES, &parsed.excluded_subtrees),
    ] {
        match (take(tag, rest), parsed) {
            (Some((encoded, after)), Some(parsed)) => {
                check_list(encoded, parsed)?;
                rest = after;
            }
            (None, None) => {}
            _ => return Err(unreadable()),
        }
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(unreadable())
    }
}

fn check_list(encoded: &[u8], parsed: &[GeneralSubtree<'_>]) -> Result<(), CertificateProblem> {
    let malformed = CertificateProblem::MalformedNameConstraints;
    let mut rest = encoded;
    for subtree in parsed {
        let Some((fields, after)) = take(SEQUENCE, rest) else {
            return Err(malformed("a subtree that cannot be read"));
        };
        rest = after;
        if !is_base_alone(fields) {
            return Err(malformed("a subtree with a minimum or a maximum"));
        }
        if let GeneralName::IPAddress(range) = subtree.base
            && !matches!(range.len(), 8 | 32)
        {
            return Err(malformed(
                "an address range that is neither 8 nor 32 bytes long",
            ));
        }
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(malformed("a subtree that cannot be read"))
    }
}

/// Whether `minimum` is 0, which DER leaves out and some authorities write, and `maximum` absent.
fn is_base_alone(subtree: &[u8]) -> bool {
    let base = subtree.first().and_then(|tag| take(*tag, subtree));
    base.is_some_and(|(_, distances)| {
        distances.is_empty() || matches!(take(MINIMUM, distances), Some(([0], [])))
    })
}
