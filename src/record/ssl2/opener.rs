//! Incoming records: opened where they lie.

use super::header::{Header, invalid};
use super::protection::{BLOCK, Protection};
use super::usage::Usage;
use crate::error::{Error, Malformed, PeerMisbehaved};
use crate::record::ContentType;

/// A record as it came, still protected.
#[derive(Debug)]
pub(crate) struct Record<'b> {
    pub(crate) header: Header,
    /// What is behind the header, as many bytes as it says.
    pub(crate) fragment: &'b mut [u8],
}

/// One direction's protection and counters.
pub(crate) struct Opener {
    protection: Protection,
    usage: Usage,
}

impl Opener {
    /// No protection: before the first keys.
    pub(crate) fn unprotected() -> Self {
        Self {
            protection: Protection::Null,
            usage: Usage::new(),
        }
    }

    /// Expects protection from now on; the key wears out after `max_bytes` of records. The
    /// sequence number goes on.
    pub(crate) fn protect(&mut self, protection: Protection, max_bytes: u64) {
        self.protection = protection;
        self.usage.start_key(max_bytes);
    }

    /// Opens `record` in place and returns its ACTUAL-DATA, which may be empty under keys.
    /// `content_type` is what the state takes it for.
    ///
    /// [`PeerMisbehaved::BadRecordMac`] for all that is wrong under keys, but for padding, which
    /// the header tells everybody: only block ciphers have it.
    ///
    /// The MAC is over data and padding together, and the header is not authenticated: whoever is
    /// on the way can move the border between the two. Senders pad to whole blocks and no further,
    /// so more than that is refused; within a block nobody can tell.
    pub(crate) fn open<'b>(
        &mut self,
        content_type: ContentType,
        record: Record<'b>,
    ) -> Result<&'b [u8], Error> {
        let Record { header, fragment } = record;
        if header.padding() > 0 && !self.protection.has_padding() {
            return Err(invalid(Malformed::IllegalValue).into());
        }
        if header.padding() >= BLOCK {
            return Err(BAD_MAC);
        }
        let sequence = self.usage.count(content_type, fragment.len())?;
        self.protection.open(fragment, sequence).ok_or(BAD_MAC)?;
        let data_end = fragment
            .len()
            .checked_sub(header.padding())
            .ok_or(BAD_MAC)?;
        let fragment: &'b [u8] = fragment;
        fragment
            .get(self.protection.mac_len()..data_end)
            .ok_or(BAD_MAC)
    }
}

/// One error for everything that can be wrong with a protected record.
const BAD_MAC: Error = Error::PeerMisbehaved(PeerMisbehaved::BadRecordMac);
