//! DER, written (ITU-T X.690).

pub fn value(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match contents.len() {
        len @ 0..0x80 => out.push(len as u8),
        len @ 0x80..0x100 => out.extend([0x81, len as u8]),
        len @ 0x100..0x1_0000 => out.extend([0x82, (len >> 8) as u8, len as u8]),
        len => out.extend([0x83, (len >> 16) as u8, (len >> 8) as u8, len as u8]),
    }
    out.extend_from_slice(contents);
    out
}

pub fn sequence(fields: &[Vec<u8>]) -> Vec<u8> {
    value(0x30, &fields.concat())
}

pub fn set(fields: &[Vec<u8>]) -> Vec<u8> {
    value(0x31, &fields.concat())
}

pub fn explicit(number: u8, contents: &[u8]) -> Vec<u8> {
    value(0xa0 | number, contents)
}

/// An unsigned number.
pub fn integer(number: &[u8]) -> Vec<u8> {
    let mut contents = number.to_vec();
    if contents.first().is_none_or(|first| *first >= 0x80) {
        contents.insert(0, 0);
    }
    value(0x02, &contents)
}

pub fn boolean(truth: bool) -> Vec<u8> {
    value(0x01, &[if truth { 0xff } else { 0 }])
}

pub fn null() -> Vec<u8> {
    value(0x05, &[])
}

pub fn octets(contents: &[u8]) -> Vec<u8> {
    value(0x04, contents)
}

/// A BIT STRING of whole bytes.
pub fn bits(contents: &[u8]) -> Vec<u8> {
    value(0x03, &[&[0], contents].concat())
}

pub fn utf8(string: &str) -> Vec<u8> {
    text(0x0c, string)
}

pub fn text(tag: u8, string: &str) -> Vec<u8> {
    value(tag, string.as_bytes())
}

/// `YYYYMMDDhhmmssZ`, as UTCTime up to 2049 (RFC 5280 §4.1.2.5).
pub fn time(date: &str) -> Vec<u8> {
    if ("1950".."2050").contains(&&date[..4]) {
        text(0x17, &date[2..])
    } else {
        text(0x18, date)
    }
}

/// An OBJECT IDENTIFIER in dotted numbers.
pub fn oid(dotted: &str) -> Vec<u8> {
    let numbers: Vec<u64> = dotted.split('.').map(|it| it.parse().unwrap()).collect();
    let mut contents = Vec::new();
    base_128(numbers[0] * 40 + numbers[1], &mut contents);
    for number in &numbers[2..] {
        base_128(*number, &mut contents);
    }
    value(0x06, &contents)
}

fn base_128(number: u64, out: &mut Vec<u8>) {
    let digits = (64 - number.leading_zeros()).div_ceil(7).max(1);
    for index in (0..digits).rev() {
        let more = if index > 0 { 0x80 } else { 0 };
        out.push(more | (number >> (7 * index) & 0x7f) as u8);
    }
}
