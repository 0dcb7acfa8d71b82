//! Distinguished names: compared as RFC 5280 §7.1 asks, and shown.

use core::fmt::Write;
use std::borrow::Cow;

use x509_parser::asn1_rs::{Any, Class, Oid, Tag, ToDer};
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::prelude::{AttributeTypeAndValue, RelativeDistinguishedName, X509Name};

use super::der::{OBJECT_IDENTIFIER, SEQUENCE, SET, take, take_any};
use crate::error::printable;

/// A distinguished name in a form in which equal names are equal bytes: each of its parts behind
/// its length, so that no two run together.
///
/// Authorities copy their names into what they issue in other string types, other case and other
/// spacing; none of that makes another name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name(Vec<u8>);

impl Name {
    /// `None` where a part of the name cannot be read, which the parser passes over.
    pub(crate) fn of(name: &X509Name<'_>) -> Option<Self> {
        #[cfg(test)]
        READ.with(|read| read.set(read.get() + 1));
        if !is_whole(name) {
            return None;
        }
        let mut canonical = Vec::with_capacity(2 * name.as_raw().len());
        for rdn in name.iter_rdn() {
            behind_length(&mut canonical, |out| add_rdn(out, rdn));
        }
        Some(Self(canonical))
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
            let Some((attribute, rest)) = take(SEQUENCE, attributes) else {
                return false;
            };
            attributes = rest;
            if !is_type_and_value(attribute) {
                return false;
            }
        }
        if !attributes.is_empty() {
            return false;
        }
    }
    rdns.is_empty()
}

fn is_type_and_value(attribute: &[u8]) -> bool {
    let value = take(OBJECT_IDENTIFIER, attribute).map_or(&[][..], |(_type, value)| value);
    matches!(take_any(value), Some((_, [])))
}

/// The name as text, fit for a terminal: as in RFC 4514 §2, but in the order of its encoding, and
/// with spaces around what separates attributes.
pub(crate) fn display(name: &X509Name<'_>) -> String {
    let mut out = String::new();
    for (index, rdn) in name.iter_rdn().enumerate() {
        for (index_in_rdn, attribute) in rdn.iter().enumerate() {
            out.push_str(match (index, index_in_rdn) {
                (0, 0) => "",
                (_, 0) => ", ",
                _ => " + ",
            });
            out.push_str(&attribute_text(attribute));
            // As many characters as are shown, and more, whatever they are.
            if out.len() > 4 * MAX_SHOWN {
                return printable(&out);
            }
        }
    }
    printable(&out)
}

fn attribute_text(attribute: &AttributeTypeAndValue<'_>) -> String {
    #[cfg(test)]
    SHOWN.with(|shown| shown.set(shown.get() + 1));
    let oid = attribute.attr_type();
    let value = attribute.attr_value();
    let value = match text(value) {
        Some(text) => escaped(&text),
        None => encoded(value),
    };
    match oid2abbrev(oid, oid_registry()) {
        Ok(name) => format!("{name}={value}"),
        Err(_) => format!("{}={value}", oid_text(oid)),
    }
}

/// A value that reads as one, whatever stands in it (RFC 4514 §2.4), as far as it is shown.
fn escaped(value: &str) -> String {
    let mut out = String::new();
    let mut chars = value.chars().take(MAX_SHOWN + 1).enumerate().peekable();
    while let Some((index, char)) = chars.next() {
        match char {
            char if char.is_control() => {
                let mut utf8 = [0; 4];
                push_hex(&mut out, "\\", char.encode_utf8(&mut utf8).as_bytes());
                continue;
            }
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => out.push('\\'),
            ' ' | '#' if index == 0 => out.push('\\'),
            ' ' if chars.peek().is_none() => out.push('\\'),
            _ => {}
        }
        out.push(char);
    }
    out
}

/// A value that is no text: its encoding (RFC 4514 §2.4), as far as it is shown.
fn encoded(value: &Any<'_>) -> String {
    let mut out = "#".to_owned();
    let der = value.to_der_vec().unwrap_or_default();
    push_hex(&mut out, "", der.get(..MAX_SHOWN).unwrap_or(&der));
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
pub(crate) fn text<'a>(value: &'a Any<'_>) -> Option<Cow<'a, str>> {
    // A context's own tags have the same numbers.
    if value.class() != Class::Universal || value.header.is_constructed() {
        return None;
    }
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

fn utf8(bytes: &[u8]) -> Option<Cow<'_, str>> {
    core::str::from_utf8(bytes).ok().map(Cow::Borrowed)
}

fn latin_1(bytes: &[u8]) -> Cow<'_, str> {
    bytes.iter().copied().map(char::from).collect()
}

fn add_rdn(out: &mut Vec<u8>, rdn: &RelativeDistinguishedName<'_>) {
    let mut attributes = rdn.iter();
    if let (Some(only), None) = (attributes.next(), attributes.next()) {
        return add_attribute(out, only);
    }
    let canonical = |attribute| {
        let mut canonical = Vec::new();
        add_attribute(&mut canonical, attribute);
        canonical
    };
    let mut attributes: Vec<_> = rdn.iter().map(canonical).collect();
    // A SET has no order.
    attributes.sort_unstable();
    out.extend(attributes.concat());
}

/// Type, kind of value, value.
fn add_attribute(out: &mut Vec<u8>, attribute: &AttributeTypeAndValue<'_>) {
    let oid = attribute.attr_type().as_bytes();
    let value = attribute.attr_value();
    behind_length(out, |out| out.extend_from_slice(oid));
    match text(value) {
        Some(text) => {
            // Of no class.
            out.push(u8::MAX);
            behind_length(out, |out| fold(&text, out));
        }
        None => {
            out.push((value.class() as u8) << 1 | u8::from(value.header.is_constructed()));
            out.extend_from_slice(&value.tag().0.to_be_bytes());
            behind_length(out, |out| out.extend_from_slice(value.data));
        }
    }
}

/// Appends what `add` appends, and its length in front of it.
fn behind_length(out: &mut Vec<u8>, add: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&0usize.to_be_bytes());
    let before = out.len();
    add(out);
    let len = out.len() - before;
    // What was put there for it.
    out[start..before].copy_from_slice(&len.to_be_bytes());
}

/// Appends the text in lower case, with single spaces between words, and without what is not seen
/// (RFC 4518 §2.2, §2.6).
fn fold(text: &str, out: &mut Vec<u8>) {
    let start = out.len();
    for word in text.split_whitespace() {
        let word = match word.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Cow::Borrowed(word),
            false => {
                let seen = word.chars().filter(|char| !is_ignorable(*char));
                Cow::Owned(seen.collect::<String>().to_lowercase())
            }
        };
        if out.len() > start && !word.is_empty() {
            out.push(b' ');
        }
        out.extend(word.bytes().map(|byte| byte.to_ascii_lowercase()));
    }
}

/// Unicode's Default_Ignorable_Code_Point, and what RFC 4518 §2.2 maps to nothing besides.
fn is_ignorable(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{6dd}' | '\u{70f}' | '\u{1806}')
        || matches!(
            char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        )
        || matches!(char, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}')
        || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(
            char,
            '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fe00}'..='\u{fe0f}'
        )
        || matches!(char, '\u{fff0}'..='\u{fffc}' | '\u{1bca0}'..='\u{1bca3}')
        || matches!(char, '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// An object identifier for an error's text: a peer chooses how long it is, and decimal digits of
/// a long number take long to make.
pub(super) fn oid_text(oid: &Oid<'_>) -> String {
    if oid.as_bytes().len() > MAX_OID {
        return "an overlong object identifier".to_owned();
    }
    printable(&oid.to_string())
}

/// Characters of a name that are looked at to show it, of which fewer are shown.
const MAX_SHOWN: usize = 300;

/// Bytes of an object identifier that is shown.
const MAX_OID: usize = 64;

#[cfg(test)]
thread_local! {
    static READ: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
    static SHOWN: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// How many attributes of names `work` puts into words.
#[cfg(test)]
pub(super) fn count_shown(work: impl FnOnce()) -> usize {
    let before = SHOWN.with(core::cell::Cell::get);
    work();
    SHOWN.with(core::cell::Cell::get) - before
}

/// How many names `work` reads.
#[cfg(test)]
pub(crate) fn count_names(work: impl FnOnce()) -> usize {
    let before = READ.with(core::cell::Cell::get);
    work();
    READ.with(core::cell::Cell::get) - before
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::FromDer;

    use super::*;

    /// `SEQUENCE OF SET OF` this attribute, of less than 128 bytes, so many times.
    fn name(attribute: &[u8], count: usize) -> Vec<u8> {
        let len = u8::try_from(attribute.len()).unwrap();
        let rdn = [&[0x31, len + 2, 0x30, len], attribute].concat();
        let rdns = rdn.repeat(count);
        let len = u32::try_from(rdns.len()).unwrap().to_be_bytes();
        let mut out = vec![0x30, 0x83];
        out.extend_from_slice(&len[1..]);
        if rdns.len() < 128 {
            out = vec![0x30, len[3]];
        }
        out.extend(rdns);
        out
    }

    const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];

    fn read(value: &[u8]) -> (Option<Name>, String) {
        let der = name(&[COMMON_NAME, value].concat(), 1);
        let (_, parsed) = X509Name::from_der(&der).unwrap();
        (Name::of(&parsed), display(&parsed))
    }

    #[test]
    fn only_so_much_of_a_name_is_put_into_words_as_is_shown() {
        let der = name(&[COMMON_NAME, &[0x0c, 0x00]].concat(), 8_000);
        let (_, long) = X509Name::from_der(&der).unwrap();
        let mut shown = String::new();
        let count = count_shown(|| shown = display(&long));
        assert!(shown.starts_with("CN=, CN=, ") && shown.ends_with('…'));
        assert!(count < 4 * MAX_SHOWN, "{count}");
        assert!(escaped(&"\0".repeat(100_000)).len() < 1_000);
        assert!(escaped(&" ".repeat(100_000)).len() < 1_000);
    }

    #[test]
    fn texts_are_of_the_universal_class() {
        let (text, _) = read(&[0x0c, 0x01, b'a']);
        let (same, _) = read(&[0x13, 0x01, b'A']);
        assert_eq!(text, same);
        for (other, shown) in [
            (&[0x8c, 0x01, b'a'], "CN=#8C0161"),
            (&[0x4c, 0x01, b'a'], "CN=#4C0161"),
            (&[0x80, 0x01, b'a'], "CN=#800161"),
        ] {
            let (other, displayed) = read(other);
            assert!(other.is_some());
            assert_ne!(other, text);
            assert_eq!(displayed, shown);
        }
        assert_ne!(read(&[0x8c, 0x01, b'a']).0, read(&[0x4c, 0x01, b'a']).0);
    }

    #[test]
    fn nothing_follows_an_attribute_s_value() {
        assert!(read(&[0x0c, 0x01, b'a']).0.is_some());
        assert_eq!(read(&[0x0c, 0x01, b'a', 0x05, 0x00]).0, None);
        assert_eq!(read(&[0x0c, 0x01, b'a', 0x00]).0, None);
        // A tag of two bytes, which the parser takes for a UTF8String's or a context's.
        for tag in [0x1f, 0x9f] {
            let behind = [tag, 0x0c, 0x01, b'a', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
            assert_eq!(read(&behind).0, None);
        }
    }

    #[test]
    fn values_of_other_encodings_make_other_names() {
        let [primitive, constructed] = [0x1e, 0x3e].map(|tag| read(&[tag, 0x03, 0, b'a', 0]).0);
        assert!(primitive.is_some() && constructed.is_some());
        assert_ne!(primitive, constructed);
    }

    #[test]
    fn what_is_not_seen_makes_no_other_name() {
        for (text, expected) in [
            ("Exa\u{ad}mple", "example"),
            ("\u{200b} Example\u{feff} \u{2060} Inc ", "example inc"),
            ("Exämple 日本", "exämple 日本"),
            ("\u{e0041}", ""),
            ("Exam\u{1}ple", "example"),
            ("Exam\u{7f}ple\u{9f}", "example"),
            ("\u{0} Exam\u{fffc}ple\u{6dd}", "example"),
            ("a\u{85}b\u{b}c", "a b c"),
            ("a \u{200b} B", "a b"),
            ("\u{200b} B", "b"),
            ("ΑΣ\u{ad} Σ", "ας σ"),
        ] {
            let mut folded = Vec::new();
            fold(text, &mut folded);
            assert_eq!(folded, expected.as_bytes());
        }
    }
}
