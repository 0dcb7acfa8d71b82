//! Distinguished names: compared as RFC 5280 §7.1 asks, and shown.

use core::fmt::Write;

use x509_parser::asn1_rs::{Any, Oid, Tag, ToDer};
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::prelude::{AttributeTypeAndValue, X509Name};

use super::der::{SEQUENCE, SET, take};
use crate::error::printable;

/// A distinguished name in a form in which equal names are equal bytes.
///
/// Authorities copy their names into what they issue in other string types, other case and other
/// spacing; none of that makes another name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name(Vec<Vec<u8>>);

impl Name {
    /// `None` where a part of the name cannot be read, which the parser passes over.
    pub(crate) fn of(name: &X509Name<'_>) -> Option<Self> {
        #[cfg(test)]
        READ.with(|read| read.set(read.get() + 1));
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

/// The name as text, fit for a terminal: as in RFC 4514 §2, but in the order of its encoding, and
/// with spaces around what separates attributes.
pub(crate) fn display(name: &X509Name<'_>) -> String {
    let rdns: Vec<String> = name
        .iter_rdn()
        .map(|rdn| {
            let attributes: Vec<String> = rdn.iter().map(attribute_text).collect();
            attributes.join(" + ")
        })
        .collect();
    printable(&rdns.join(", "))
}

fn attribute_text(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type();
    let value = attribute.attr_value();
    let value = match text(value) {
        Some(text) => escaped(&text),
        None => encoded(value),
    };
    match oid2abbrev(oid, oid_registry()) {
        Ok(name) => format!("{name}={value}"),
        Err(_) => format!("{oid}={value}"),
    }
}

/// A value that reads as one, whatever stands in it (RFC 4514 §2.4).
fn escaped(value: &str) -> String {
    let len = value.chars().count();
    let mut out = String::with_capacity(value.len());
    for (index, char) in value.chars().enumerate() {
        match char {
            char if char.is_control() => {
                let mut utf8 = [0; 4];
                push_hex(&mut out, "\\", char.encode_utf8(&mut utf8).as_bytes());
                continue;
            }
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => out.push('\\'),
            ' ' | '#' if index == 0 => out.push('\\'),
            ' ' if index + 1 == len => out.push('\\'),
            _ => {}
        }
        out.push(char);
    }
    out
}

/// A value that is no text: its encoding (RFC 4514 §2.4).
fn encoded(value: &Any<'_>) -> String {
    let mut out = "#".to_owned();
    push_hex(&mut out, "", &value.to_der_vec().unwrap_or_default());
    out
}

fn push_hex(out: &mut String, before_each: &str, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(out, "{before_each}{byte:02X}");
    }
}

/// An attribute's value as text; `None` where it is not of a string type, or is none of the type
/// that it says.
pub(crate) fn text(value: &Any<'_>) -> Option<String> {
    match value.tag() {
        Tag::Utf8String => utf8(value.data),
        // Old devices write these in whatever their page of characters was.
        Tag::PrintableString | Tag::NumericString | Tag::Ia5String | Tag::VisibleString => {
            utf8(value.data).or_else(|| Some(latin_1(value.data)))
        }
        // In practice Latin-1, whatever T.61 says.
        Tag::T61String | Tag::VideotexString | Tag::GraphicString | Tag::GeneralString => {
            Some(latin_1(value.data))
        }
        Tag::BmpString => {
            let (units, []) = value.data.as_chunks() else {
                return None;
            };
            let units = units.iter().copied().map(u16::from_be_bytes);
            char::decode_utf16(units).collect::<Result<_, _>>().ok()
        }
        Tag::UniversalString => {
            let (chars, []) = value.data.as_chunks() else {
                return None;
            };
            let chars = chars.iter().copied().map(u32::from_be_bytes);
            chars.map(char::from_u32).collect()
        }
        _ => None,
    }
}

fn utf8(bytes: &[u8]) -> Option<String> {
    core::str::from_utf8(bytes).ok().map(str::to_owned)
}

fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
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

#[cfg(test)]
thread_local! {
    static READ: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// How many names `work` reads.
#[cfg(test)]
pub(crate) fn count_names(work: impl FnOnce()) -> usize {
    let before = READ.with(core::cell::Cell::get);
    work();
    READ.with(core::cell::Cell::get) - before
}
