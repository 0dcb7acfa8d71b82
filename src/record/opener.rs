//! Incoming records: opened where they lie.

use subtle::ConstantTimeEq;

use super::deframer::Record;
use super::mac::MacHeader;
use super::protection::{EXPLICIT_NONCE, Protection, additional_data, nonce, wearing_out};
use super::{ContentType, PlaintextLimit};
use crate::crypto::cipher::TAG;
use crate::error::{Error, InvalidMessage, Malformed, PeerMisbehaved};
use crate::version::ProtocolVersion;

/// One direction's protection, its sequence number, what its key has protected, and how much
/// plaintext a record may carry.
pub(crate) struct Opener {
    protection: Protection,
    sequence: u64,
    bytes: u64,
    max_bytes: u64,
    limit: PlaintextLimit,
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
            limit: PlaintextLimit::MAX,
        }
    }

    /// Whether the key will soon be worn out.
    pub(crate) fn is_wearing_out(&self) -> bool {
        self.bytes >= wearing_out(self.max_bytes)
    }

    /// Takes no more plaintext in a record than `limit`.
    pub(crate) fn limited_to(self, limit: PlaintextLimit) -> Self {
        Self { limit, ..self }
    }

    /// The same, before the keys come that go with `limit`.
    ///
    /// Under keys already, in a renegotiation, it only ever takes more: what the peer sent before
    /// it knew of `limit` may still be on its way.
    pub(crate) fn limit_early(&mut self, limit: PlaintextLimit) {
        self.limit = match self.protection {
            Protection::Null => limit,
            _ => self.limit.max(limit),
        };
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
                let (data, tag) = fragment.split_at_mut(len);
                let mut stream = key.run();
                let expected = mac.decrypt_and_compute(header, data, &mut stream);
                stream.apply(tag);
                if !bool::from(expected[..mac.output_len()].ct_eq(tag)) {
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
        if plaintext.len() > self.limit.bytes() {
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
