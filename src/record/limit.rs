//! How much plaintext a record may carry, where a side wants less than the protocol allows.

use super::MAX_PLAINTEXT;

/// Bytes of plaintext in a record at the most: 64 (RFC 8449 §4) to 16384.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PlaintextLimit(u16);

impl PlaintextLimit {
    /// The protocol's own.
    pub(crate) const MAX: Self = Self(MAX_PLAINTEXT as u16);

    const MIN: Self = Self(64);

    pub(crate) fn new(bytes: usize) -> Option<Self> {
        let limit = Self(u16::try_from(bytes).ok()?);
        (Self::MIN..=Self::MAX).contains(&limit).then_some(limit)
    }

    /// A RecordSizeLimit of the wire. What is above the maximum is for versions that are newer
    /// than these, and legal (RFC 8449 §4).
    pub(crate) fn from_wire(wire: u16) -> Option<Self> {
        Self::new(usize::from(wire).min(MAX_PLAINTEXT))
    }

    pub(crate) fn wire(self) -> u16 {
        self.0
    }

    pub(crate) fn bytes(self) -> usize {
        self.0.into()
    }
}

/// One of the lengths that max_fragment_length has codes for (RFC 6066 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MaxFragmentLength {
    code: u8,
    limit: PlaintextLimit,
}

impl MaxFragmentLength {
    const ALL: [Self; 4] = [
        Self::row(1, 512),
        Self::row(2, 1024),
        Self::row(3, 2048),
        Self::row(4, 4096),
    ];

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|length| length.code == code)
    }

    /// The longest that `limit` has room for; none where it has room for any record.
    pub(crate) fn within(limit: PlaintextLimit) -> Option<Self> {
        Self::ALL
            .into_iter()
            .rev()
            .find(|length| length.limit <= limit && limit < PlaintextLimit::MAX)
    }

    pub(crate) fn code(self) -> u8 {
        self.code
    }

    pub(crate) fn limit(self) -> PlaintextLimit {
        self.limit
    }

    const fn row(code: u8, bytes: u16) -> Self {
        Self {
            code,
            limit: PlaintextLimit(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_keep_to_their_range() {
        for (bytes, expected) in [
            (0, None),
            (63, None),
            (64, Some(64)),
            (16_384, Some(16_384)),
            (16_385, None),
            (65_536 + 64, None),
        ] {
            assert_eq!(
                PlaintextLimit::new(bytes).map(PlaintextLimit::bytes),
                expected
            );
        }
        for (wire, expected) in [
            (63, None),
            (64, Some(64)),
            (16_385, Some(16_384)),
            (u16::MAX, Some(16_384)),
        ] {
            let limit = PlaintextLimit::from_wire(wire);
            assert_eq!(limit.map(PlaintextLimit::wire), expected);
        }
    }

    #[test]
    fn a_limit_is_rounded_down_to_a_code() {
        for (bytes, expected) in [
            (64, None),
            (511, None),
            (512, Some((1, 512))),
            (1023, Some((1, 512))),
            (1024, Some((2, 1024))),
            (2048, Some((3, 2048))),
            (4096, Some((4, 4096))),
            (16_383, Some((4, 4096))),
            (16_384, None),
        ] {
            let length = MaxFragmentLength::within(PlaintextLimit::new(bytes).unwrap());
            let row = length.map(|length| (length.code(), length.limit().bytes()));
            assert_eq!(row, expected, "{bytes}");
            assert_eq!(
                length.and_then(|length| MaxFragmentLength::from_code(length.code())),
                length
            );
        }
        for code in [0, 5, 255] {
            assert_eq!(MaxFragmentLength::from_code(code), None);
        }
    }
}
