//! Outgoing records: protected where they are written.

use super::mac::MacHeader;
use super::protection::{EXPLICIT_NONCE, Protection, additional_data, nonce, wearing_out};
use super::{ContentType, HEADER};
use crate::crypto::random::SecureRandom;
use crate::error::Error;
use crate::version::ProtocolVersion;

/// One direction's protection, its sequence number, and what its key has protected.
pub(crate) struct Sealer {
    protection: Protection,
    sequence: u64,
    bytes: u64,
    max_bytes: u64,
}

impl Sealer {
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

    /// Appends the records that carry `fragments`, each at most `MAX_PLAINTEXT` bytes, to `out`:
    /// the same records as one by one, which would take longer.
    ///
    /// On an error the records of the fragments before are there. How many bytes of data these
    /// carry is returned in any case.
    pub(crate) fn seal_each<'d>(
        &mut self,
        content_type: ContentType,
        version: ProtocolVersion,
        fragments: impl IntoIterator<Item = &'d [u8]>,
        random: &dyn SecureRandom,
        out: &mut Vec<u8>,
    ) -> (usize, Result<(), Error>) {
        let first = MacHeader {
            sequence: self.sequence,
            content_type,
        };
        let mut unfinished = Unfinished::new(out);
        let mut taken = 0;
        let laid_out = fragments.into_iter().try_for_each(|fragment| {
            self.lay_out(content_type, version, fragment, random, unfinished.out)?;
            taken += fragment.len();
            Ok(())
        });
        if let Protection::Block(cbc) = &mut self.protection
            && let Err(error) = cbc.protect(first, unfinished.records())
        {
            return (0, Err(error));
        }
        unfinished.finish();
        (taken, laid_out)
    }

    /// One record; on an error `out` is as it was.
    #[cfg(test)]
    pub(crate) fn seal(
        &mut self,
        content_type: ContentType,
        version: ProtocolVersion,
        fragment: &[u8],
        random: &dyn SecureRandom,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let (_, sealed) = self.seal_each(content_type, version, [fragment], random, out);
        sealed
    }

    /// Appends a record that is protected; with a block cipher it is only laid out, with room for
    /// what its MAC will be.
    ///
    /// On an error `out` is as it was.
    fn lay_out(
        &mut self,
        content_type: ContentType,
        version: ProtocolVersion,
        fragment: &[u8],
        random: &dyn SecureRandom,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        // Nothing else is refused: a worn-out connection must still be able to close.
        if content_type == ContentType::ApplicationData && self.bytes >= self.max_bytes {
            return Err(Error::KeysWornOut(self.max_bytes));
        }
        let next_sequence = self
            .sequence
            .checked_add(1)
            .ok_or(Error::KeysWornOut(self.bytes))?;
        let start = out.len();
        let [major, minor] = version.wire().to_be_bytes();
        out.extend_from_slice(&[content_type.wire(), major, minor, 0, 0]);
        if let Err(error) = self.protect(content_type, version, fragment, random, out) {
            out.truncate(start);
            return Err(error);
        }
        // At most 2^14 and what is added, far below 2^16.
        let len = (out.len() - start - HEADER) as u16;
        out[start + 3..start + HEADER].copy_from_slice(&len.to_be_bytes());
        self.sequence = next_sequence;
        self.bytes = self.bytes.saturating_add(u64::from(len));
        Ok(())
    }

    /// Whether each record's first bytes can be predicted from the one before: BEAST's condition.
    pub(crate) fn has_predictable_iv(&self, version: ProtocolVersion) -> bool {
        version <= ProtocolVersion::TLSv1_0 && matches!(self.protection, Protection::Block(_))
    }

    fn protect(
        &mut self,
        content_type: ContentType,
        version: ProtocolVersion,
        fragment: &[u8],
        random: &dyn SecureRandom,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let header = MacHeader {
            sequence: self.sequence,
            content_type,
        };
        match &mut self.protection {
            Protection::Null => out.extend_from_slice(fragment),
            Protection::Stream { key, mac } => {
                let start = out.len();
                out.extend_from_slice(fragment);
                let mut stream = key.run();
                let tag = mac.compute_and_encrypt(header, &mut out[start..], &mut stream);
                let start = out.len();
                out.extend_from_slice(&tag[..mac.output_len()]);
                stream.apply(&mut out[start..]);
            }
            Protection::Block(cbc) => cbc.lay_out(fragment, random, out)?,
            Protection::Aead { key, implicit } => {
                // The explicit nonce is the sequence number, so it never repeats under one key.
                let explicit: [u8; EXPLICIT_NONCE] = self.sequence.to_be_bytes();
                out.extend_from_slice(&explicit);
                let start = out.len();
                out.extend_from_slice(fragment);
                let additional =
                    additional_data(self.sequence, content_type, version, fragment.len());
                let tag = key
                    .seal(&nonce(*implicit, explicit), &additional, &mut out[start..])
                    .map_err(|_| Error::Internal("a record is too long for GCM"))?;
                out.extend_from_slice(&tag);
            }
        }
        Ok(())
    }
}

/// Records that a block cipher has not encrypted yet, so that they hold plaintext: they go away
/// where anything fails, a source of randomness that panics included.
struct Unfinished<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
}

impl<'o> Unfinished<'o> {
    fn new(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start }
    }

    fn records(&mut self) -> &mut [u8] {
        self.out.get_mut(self.start..).unwrap_or_default()
    }

    fn finish(mut self) {
        self.start = self.out.len();
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.out.truncate(self.start);
    }
}
