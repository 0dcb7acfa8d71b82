//! A record's header: two bytes, or three where there is padding (The SSL Protocol, §1.1).

use crate::error::{InvalidMessage, Malformed};

/// How long a record is, and how much of it is padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// RECORD-LENGTH.
    len: u16,
    /// PADDING, which only three bytes have.
    padding: Option<u8>,
}

impl Header {
    /// A header for a record of `len` bytes, `padding` among them, in the short form where it will
    /// do; `None` where no header can say so.
    pub(super) fn new(len: usize, padding: usize) -> Option<Self> {
        let (padding, max) = match padding {
            0 => (None, MAX_RECORD),
            _ => (Some(u8::try_from(padding).ok()?), MAX_PADDED_RECORD),
        };
        let len = u16::try_from(len).ok()?;
        (1..=max)
            .contains(&usize::from(len))
            .then_some(Self { len, padding })
    }

    /// Bytes of header.
    pub(crate) fn header_len(self) -> usize {
        match self.padding {
            None => 2,
            Some(_) => 3,
        }
    }

    /// Bytes behind the header: 1 to [`MAX_RECORD`].
    pub(crate) fn len(self) -> usize {
        self.len.into()
    }

    /// How many of them, the last ones, are padding.
    pub(crate) fn padding(self) -> usize {
        self.padding.unwrap_or(0).into()
    }

    /// Reads the header in front of `unread`; `Ok(None)` before it is whole.
    ///
    /// Refused are records without any bytes, more padding than there are bytes, and the security
    /// escape, which is for versions that never came.
    pub(crate) fn read(unread: &[u8]) -> Result<Option<Self>, InvalidMessage> {
        let &[high, low, ref rest @ ..] = unread else {
            return Ok(None);
        };
        let header = if high & SHORT != 0 {
            Self {
                len: u16::from_be_bytes([high & !SHORT, low]),
                padding: None,
            }
        } else {
            if high & SECURITY_ESCAPE != 0 {
                return Err(invalid(Malformed::IllegalValue));
            }
            let Some(padding) = rest.first() else {
                return Ok(None);
            };
            Self {
                len: u16::from_be_bytes([high, low]),
                padding: Some(*padding),
            }
        };
        if header.len == 0 || header.padding() > header.len() {
            return Err(invalid(Malformed::LengthOutOfRange));
        }
        Ok(Some(header))
    }

    /// Appends the header.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let [high, low] = self.len.to_be_bytes();
        match self.padding {
            None => out.extend_from_slice(&[high | SHORT, low]),
            Some(padding) => out.extend_from_slice(&[high, low, padding]),
        }
    }
}

pub(super) fn invalid(problem: Malformed) -> InvalidMessage {
    InvalidMessage {
        what: "record",
        problem,
    }
}

/// Bytes in a record at the most, without the header.
pub(crate) const MAX_RECORD: usize = 32_767;

/// Bytes in a record at the most, without the header, where there is padding.
pub(super) const MAX_PADDED_RECORD: usize = 16_383;

/// Set in the first byte where the header has two bytes.
const SHORT: u8 = 0x80;

/// IS-ESCAPE, in the first of three bytes.
const SECURITY_ESCAPE: u8 = 0x40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::vectors::written;

    fn read(bytes: &[u8]) -> Result<Option<(usize, usize, usize)>, Malformed> {
        Header::read(bytes)
            .map(|header| header.map(|it| (it.header_len(), it.len(), it.padding())))
            .map_err(|invalid| invalid.problem)
    }

    #[test]
    fn headers_of_two_and_three_bytes_are_read() {
        for (bytes, expected) in [
            (&[0x80, 1][..], (2, 1, 0)),
            (&[0x80, 0x2e, 0x01], (2, 46, 0)),
            (&[0xff, 0xff], (2, 32_767, 0)),
            (&[0x00, 1, 0], (3, 1, 0)),
            (&[0x00, 24, 7], (3, 24, 7)),
            (&[0x01, 0, 255], (3, 256, 255)),
            (&[0x3f, 0xff, 8, 9], (3, 16_383, 8)),
        ] {
            assert_eq!(read(bytes), Ok(Some(expected)), "{bytes:x?}");
        }
    }

    #[test]
    fn half_a_header_is_none() {
        for bytes in [&[][..], &[0x80], &[0x00], &[0x00, 24]] {
            assert_eq!(read(bytes), Ok(None), "{bytes:x?}");
        }
    }

    #[test]
    fn what_no_record_has_is_refused() {
        let range = Malformed::LengthOutOfRange;
        for (bytes, problem) in [
            (&[0x80, 0][..], range),
            (&[0x00, 0, 0], range),
            (&[0x00, 24, 25], range),
            (&[0x00, 0, 1], range),
            (&[0x40, 24], Malformed::IllegalValue),
            (&[0x7f, 0xff, 0], Malformed::IllegalValue),
        ] {
            assert_eq!(read(bytes), Err(problem), "{bytes:x?}");
        }
        assert_eq!(read(&[0x00, 24, 24]), Ok(Some((3, 24, 24))));
    }

    #[test]
    fn what_is_written_reads_back_in_the_shortest_form() {
        for (len, padding, header_len) in [
            (1, 0, 2),
            (16_384, 0, 2),
            (32_767, 0, 2),
            (24, 1, 3),
            (16_383, 255, 3),
        ] {
            let header = Header::new(len, padding).unwrap();
            let bytes = written(|out| header.write(out));
            assert_eq!(bytes.len(), header_len);
            assert_eq!(Header::read(&bytes), Ok(Some(header)));
            assert_eq!((header.len(), header.padding()), (len, padding));
        }
        for (len, padding) in [(0, 0), (32_768, 0), (65_537, 0), (16_384, 1), (300, 256)] {
            assert_eq!(Header::new(len, padding), None, "{len} {padding}");
        }
    }
}
