//! Finished (RFC 5246 §7.4.9, RFC 6101 §5.6.9).

use super::codec::Reader;
use crate::error::InvalidMessage;

/// What its sender says about the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finished<'a> {
    pub(crate) verify_data: &'a [u8],
}

impl<'a> Finished<'a> {
    /// Reads the message at a version whose verify_data is `len` bytes long.
    pub(crate) fn read(body: &'a [u8], len: usize) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("Finished", body);
        let verify_data = reader.bytes(len)?;
        reader.finish()?;
        Ok(Self { verify_data })
    }
}
