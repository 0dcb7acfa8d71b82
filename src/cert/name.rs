//! Distinguished names: compared as RFC 5280 §7.1 asks, and shown.

use x509_parser::asn1_rs::{Any, Oid, Tag};
use x509_parser::prelude::{AttributeTypeAndValue, X509Name};

use super::der::{SEQUENCE, SET, take};
use crate::error::printable;

/// A distinguished name in a form in which equal names are equal bytes.
///
/// Authorities copy their names into what they issue in other string types, other case and other
/// spacing; none of that makes another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(Vec<Vec<u8>>);

impl Name {
    /// `None` where a part of the name cannot be read, which the parser passes over.
    pub(crate) fn of(name: &X509Name<'_>) -> Option<Self> {
        if !is_whole(name) {
            return None;
        }
        let rdns = name.iter_rdn().map(|rdn| {
            let mut attributes: Vec<Vec<u8>> = rdn.iter().map(canonical_attribute).collect();
            // A SET has no order.
            attributes.sort_unstable();
            attributes.concat()
        });
        Some(Self(rdns.collect()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the name lies in the subtree below `base` (RFC 5280 §7.1).
    pub(crate) fn is_within(&self, base: &Self) -> bool {
        self.0.starts_with(&base.0)
    }
}

/// Whether every part of the encoded name is in the parsed one.
fn is_whole(name: &X509Name<'_>) -> bool {
    let Some((mut rdns, [])) = take(SEQUENCE, name.as_raw()) else {
        return false;
    };
    for rdn in name.iter_rdn() {
        let Some((mut attributes, rest)) = take(SET, rdns) else {
            return false;
        };
        rdns = rest;
        for _ in rdn.iter() {
            let Some((_, rest)) = take(SEQUENCE, attributes) else {
                return false;
            };
            attributes = rest;
        }
        if !attributes.is_empty() {
            return false;
        }
    }
    rdns.is_empty()
}

/// The name as text, fit for a terminal.
pub(crate) fn display(name: &X509Name<'_>) -> String {
    printable(&name.to_string())
}

/// An attribute's value as text; `None` where it is not of a string type.
pub(crate) fn text(value: &Any<'_>) -> Option<String> {
    match value.tag() {
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::NumericString
        | Tag::Ia5String
        | Tag::VisibleString => core::str::from_utf8(value.data).ok().map(str::to_owned),
        // In practice Latin-1, whatever T.61 says.
        Tag::T61String => Some(value.data.iter().map(|byte| char::from(*byte)).collect()),
        Tag::BmpString => {
            let units = value.data.chunks(2).map(|pair| {
                pair.iter()
                    .fold(0, |unit, byte| unit << 8 | u16::from(*byte))
            });
            char::decode_utf16(units).collect::<Result<_, _>>().ok()
        }
        _ => None,
    }
}

/// Type, kind of value, length of value, value: no two different attributes run together.
fn canonical_attribute(attribute: &AttributeTypeAndValue<'_>) -> Vec<u8> {
    let value = attribute.attr_value();
    let (kind, value) = match text(value) {
        Some(text) => (0, fold(&text).into_bytes()),
        None => (value.tag().0, value.data.to_vec()),
    };
    let oid = attribute.attr_type().as_bytes();
    let mut out = Vec::with_capacity(oid.len() + value.len() + 24);
    out.extend_from_slice(&oid.len().to_be_bytes());
    out.extend_from_slice(oid);
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&value.len().to_be_bytes());
    out.extend_from_slice(&value);
    out
}

/// Lower case, with single spaces between words.
fn fold(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// An object identifier for an error's text: a peer chooses how long it is.
pub(super) fn oid_text(oid: &Oid<'_>) -> String {
    printable(&oid.to_string())
}
