//! Outgoing records: protected where they are written.

use super::header::Header;
use super::protection::Protection;
use super::usage::Usage;
use crate::error::Error;
use crate::record::ContentType;

/// One direction's protection and counters.
///
/// CBC's IV is the last block of the record before, but needs no remedy against BEAST: the MAC
/// stands in front of the data, and nobody who has not the key can choose it.
pub(crate) struct Sealer {
    protection: Protection,
    usage: Usage,
}

impl Sealer {
    /// No protection: before the first keys.
    pub(crate) fn unprotected() -> Self {
        Self {
            protection: Protection::Null,
            usage: Usage::new(),
        }
    }

    /// Protects what is sealed from now on; the key wears out after `max_bytes` of records. The
    /// sequence number goes on.
    pub(crate) fn protect(&mut self, protection: Protection, max_bytes: u64) {
        self.protection = protection;
        self.usage.start_key(max_bytes);
    }

    /// Whether the key will soon be worn out.
    pub(crate) fn is_wearing_out(&self) -> bool {
        self.usage.is_wearing_out()
    }

    /// `data` in pieces that fit into a record each; none where there is nothing to send.
    pub(crate) fn fragments<'d>(
        &self,
        data: &'d [u8],
    ) -> impl Iterator<Item = &'d [u8]> + Clone + use<'d> {
        data.chunks(self.max_data())
    }

    /// Bytes of data in one record at the most.
    pub(crate) fn max_data(&self) -> usize {
        self.protection.max_data()
    }

    /// Appends the record that carries `data`, a message or one of [`fragments`](Self::fragments),
    /// to `out`. `content_type` says which; the record does not.
    ///
    /// On an error `out` is as it was: [`Error::KeysWornOut`] for data only, or when the sequence
    /// number would wrap, and an internal error where no record can carry `data`.
    pub(crate) fn seal(
        &mut self,
        content_type: ContentType,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let mac_len = self.protection.mac_len();
        let padding = self.protection.padding_len(data.len());
        let len = mac_len + data.len() + padding;
        let header = Header::new(len, padding).ok_or(NO_RECORD)?;
        let sequence = self.usage.count(content_type, len)?;
        let start = out.len();
        header.write(out);
        let record = out.len();
        out.resize(record + mac_len, 0);
        out.extend_from_slice(data);
        out.resize(record + len, 0);
        let sealed = self.protection.seal(&mut out[record..], sequence);
        if sealed.is_err() {
            out.truncate(start);
        }
        sealed
    }
}

const NO_RECORD: Error = Error::Internal("nothing, or more than fits, was to be sent in a record");
