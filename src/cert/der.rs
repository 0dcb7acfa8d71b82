//! DER, one tag and length at a time, read leniently (ITU-T X.690 §8.1).

/// Takes one value with this tag: its contents, and what follows it. The length may be in any
/// definite form.
pub(super) fn take(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    if *found != tag {
        return None;
    }
    let (first, rest) = rest.split_first()?;
    let (len, rest) = match usize::from(*first) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (digits, rest) = rest.split_at_checked(long & 0x7f)?;
            // Neither a certificate nor a revocation list comes near 2^32 bytes.
            if digits.is_empty() || digits.len() > 4 {
                return None;
            }
            let len = digits
                .iter()
                .fold(0, |len, digit| len << 8 | usize::from(*digit));
            (len, rest)
        }
    };
    rest.split_at_checked(len)
}

/// Takes one value, whatever its tag is, if that is a single byte as all in use are: of a longer
/// one, what is read here would be something else than what a parser makes of it.
pub(super) fn take_any(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let tag = der.first().filter(|tag| **tag & LONG_TAG != LONG_TAG)?;
    take(*tag, der)
}

/// What follows a value with this tag; everything where there is none.
pub(super) fn skip(tag: u8, der: &[u8]) -> &[u8] {
    take(tag, der).map_or(der, |(_, rest)| rest)
}

/// As [`take`], with the tag and the length in front of the contents.
pub(super) fn take_whole(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, rest) = take(tag, der)?;
    Some((der.get(..der.len() - rest.len())?, rest))
}

/// In a tag's first byte, that others follow (ITU-T X.690 §8.1.2.4).
const LONG_TAG: u8 = 0x1f;

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// The explicit tag of the TBSCertificate's version.
pub(super) const VERSION: u8 = 0xa0;
/// The implicit tags of nameConstraints' lists.
pub(super) const PERMITTED_SUBTREES: u8 = 0xa0;
pub(super) const EXCLUDED_SUBTREES: u8 = 0xa1;
/// The implicit tag of a GeneralSubtree's minimum.
pub(super) const MINIMUM: u8 = 0x80;
