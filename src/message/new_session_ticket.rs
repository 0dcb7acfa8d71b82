//! NewSessionTicket (RFC 5077 §3.3).

use super::codec::{Reader, put_u16};
use crate::error::InvalidMessage;

/// A session for the client to keep, which only the server can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NewSessionTicket<'a> {
    /// Seconds for which the client should keep it; 0 leaves it to the client.
    pub(crate) lifetime_hint: u32,
    /// Empty where the server has changed its mind.
    pub(crate) ticket: &'a [u8],
}

impl<'a> NewSessionTicket<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("NewSessionTicket", body);
        let lifetime_hint = u32::from_be_bytes(reader.array()?);
        let ticket = reader.vector_u16()?;
        reader.finish()?;
        Ok(Self {
            lifetime_hint,
            ticket,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.lifetime_hint.to_be_bytes());
        put_u16(out, |out| out.extend_from_slice(self.ticket));
    }
}
