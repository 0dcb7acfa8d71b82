//! Incoming records: opened where they lie.

use subtle::ConstantTimeEq;

use super::deframer::Record;
use super::mac::MacHeader;
use super::protection::{EXPLICIT_NONCE, Protection, additional_data, nonce, wearing_out};
use super::{ContentType, MAX_PLAINTEXT};
use crate::crypto::cipher::TAG;
use crate::error::{Error, InvalidMessage, Malformed, PeerMisbehaved};
use crate::version::ProtocolVersion;

/// One direction's protection, its sequence number, and what its key has protected.
pub(crate) struct Opener {
    protection: Protection,
    sequence: u64,
    bytes: u64,
    max_bytes: u64,
}

/// A record whose integrity is proven (as far as its protection goes).
#[derive(Debug)]
pub(crate) struct Opened<'b> {
    pub(crate) content_type: ContentType,
    pub(crate) plaintext: &'b [u8],
}

impl Opener {
    /// No protection: before the first ChangeCipherSpec.
    pub(crate) fn unprotected() -> Self {
        Self::new(Protection::Null, u64::MAX)
    }

    /// Protection whose key wears out after `max_bytes` of protected fragments.
    pub(crate) fn new(protection: Protection, max_bytes: u64) -> Self {
        Self {
            protection,
            sequence: 0,
            bytes: 0,
            max_bytes,
        }
    }

    /// Whether the key will soon be worn out.
    pub(crate) fn is_wearing_out(&self) -> bool {
        self.bytes >= wearing_out(self.max_bytes)
    }

    /// Opens `record` in place, under the version that was negotiated.
    pub(crate) fn open<'b>(
        &mut self,
        record: Record<'b>,
        version: ProtocolVersion,
    ) -> Result<Opened<'b>, Error> {
        let content_type = record.content_type;
        let header = MacHeader {
            sequence: self.sequence,
            content_type,
        };
        let fragment = record.fragment;
        let protected_len = fragment.len();
        let plaintext = match &mut self.protection {
            Protection::Null => 0..fragment.len(),
            Protection::Stream { key, mac } => {
                let len = fragment
                    .len()
                    .checked_sub(mac.output_len())
                    .ok_or(BAD_MAC)?;
                key.apply(fragment);
                let expected = mac.compute(header, &fragment[..len]);
                if !bool::from(expected[..mac.output_len()].ct_eq(&fragment[len..])) {
                    return Err(BAD_MAC);
                }
                0..len
            }
            Protection::Block(cbc) => cbc.open(header, fragment)?,
            Protection::Aead { key, implicit } => {
                let (explicit, sealed) = fragment
                    .split_first_chunk_mut::<EXPLICIT_NONCE>()
                    .ok_or(BAD_MAC)?;
                let (data, tag) = sealed.split_last_chunk_mut::<TAG>().ok_or(BAD_MAC)?;
                let additional = additional_data(self.sequence, content_type, version, data.len());
                if !key.open(&nonce(*implicit, *explicit), &additional, data, tag) {
                    return Err(BAD_MAC);
                }
                EXPLICIT_NONCE..EXPLICIT_NONCE + data.len()
            }
        };
        if plaintext.len() > MAX_PLAINTEXT {
            return Err(InvalidMessage {
                what: "record",
                problem: Malformed::RecordOverflow(plaintext.len()),
            }
            .into());
        }
        self.count(content_type, protected_len)?;
        Ok(Opened {
            content_type,
            plaintext: &fragment[plaintext],
        })
    }

    fn count(&mut self, content_type: ContentType, len: usize) -> Result<(), Error> {
        // One record may end beyond the limit, as on the sending side.
        if content_type == ContentType::ApplicationData && self.bytes >= self.max_bytes {
            return Err(Error::KeysWornOut(self.max_bytes));
        }
        self.bytes = self.bytes.saturating_add(len as u64);
        self.sequence = self
            .sequence
            .checked_add(1)
            .ok_or(Error::KeysWornOut(self.bytes))?;
        Ok(())
    }
}

/// One error for everything that can be wrong with a protected record.
const BAD_MAC: Error = Error::PeerMisbehaved(PeerMisbehaved::BadRecordMac);
