//! How much one direction has carried: the sequence number, and what its key has protected.

use crate::error::Error;
use crate::record::ContentType;
use crate::record::protection::wearing_out;

/// One direction's counters.
pub(super) struct Usage {
    /// The next record's SEQUENCE-NUMBER; it goes on when keys come.
    sequence: u32,
    bytes: u64,
    max_bytes: u64,
}

impl Usage {
    /// Before the first record; nothing wears out.
    pub(super) fn new() -> Self {
        Self {
            sequence: 0,
            bytes: 0,
            max_bytes: u64::MAX,
        }
    }

    /// A new key protects what is carried from now on, and wears out after `max_bytes`.
    pub(super) fn start_key(&mut self, max_bytes: u64) {
        self.bytes = 0;
        self.max_bytes = max_bytes;
    }

    /// Whether the key will soon be worn out.
    pub(super) fn is_wearing_out(&self) -> bool {
        self.bytes >= wearing_out(self.max_bytes)
    }

    /// Counts a record of `len` bytes and returns its sequence number.
    ///
    /// The specification lets the number wrap to zero; then a record could be replayed, so here it
    /// ends the connection.
    pub(super) fn count(&mut self, content_type: ContentType, len: usize) -> Result<u32, Error> {
        // Nothing else is refused: the handshake must come to its end. One record may end beyond
        // the limit.
        if content_type == ContentType::ApplicationData && self.bytes >= self.max_bytes {
            return Err(Error::KeysWornOut(self.max_bytes));
        }
        let sequence = self.sequence;
        self.sequence = sequence
            .checked_add(1)
            .ok_or(Error::KeysWornOut(self.bytes))?;
        self.bytes = self.bytes.saturating_add(len as u64);
        Ok(sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_number_does_not_wrap() {
        let mut usage = Usage {
            sequence: u32::MAX - 1,
            ..Usage::new()
        };
        let mut count = || usage.count(ContentType::ApplicationData, 20);
        assert_eq!(count(), Ok(u32::MAX - 1));
        assert_eq!(count(), Err(Error::KeysWornOut(20)));
        assert_eq!(count(), Err(Error::KeysWornOut(20)));
    }

    #[test]
    fn a_key_wears_out_for_data_only_and_the_next_is_fresh() {
        let mut usage = Usage::new();
        usage.start_key(80);
        assert_eq!(usage.count(ContentType::Handshake, 69), Ok(0));
        assert!(!usage.is_wearing_out());
        assert_eq!(usage.count(ContentType::ApplicationData, 1), Ok(1));
        assert!(usage.is_wearing_out());
        assert_eq!(usage.count(ContentType::ApplicationData, 20), Ok(2));
        let worn_out = Err(Error::KeysWornOut(80));
        assert_eq!(usage.count(ContentType::ApplicationData, 1), worn_out);
        assert_eq!(usage.count(ContentType::Handshake, 1), Ok(3));
        usage.start_key(80);
        assert!(!usage.is_wearing_out());
        assert_eq!(usage.count(ContentType::ApplicationData, 1), Ok(4));
    }
}
