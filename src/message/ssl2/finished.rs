//! What each side says first and last under the new keys: SERVER-VERIFY, CLIENT-FINISHED and
//! SERVER-FINISHED (The SSL Protocol, §2.5 and §2.6).

use super::super::codec::Reader;
use super::{CHALLENGE, CONNECTION_ID, check_len};
use crate::error::InvalidMessage;

/// The connection ID as the client received it; nothing says whether it is right but a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientFinished<'a> {
    /// 16 to 32 bytes.
    pub(crate) connection_id: &'a [u8],
}

impl<'a> ClientFinished<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("CLIENT-FINISHED", body);
        let connection_id = reader.rest();
        check_len(&reader, connection_id, CONNECTION_ID)?;
        Ok(Self { connection_id })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.connection_id);
    }
}

/// The challenge as the server received it: it has the keys, so its certificate is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerVerify<'a> {
    /// 16 to 32 bytes.
    pub(crate) challenge: &'a [u8],
}

impl<'a> ServerVerify<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("SERVER-VERIFY", body);
        let challenge = reader.rest();
        check_len(&reader, challenge, CHALLENGE)?;
        Ok(Self { challenge })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.challenge);
    }
}

/// The session's name, for the client to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerFinished<'a> {
    /// [`SESSION_ID`](super::SESSION_ID) bytes; of another length it cannot be offered again, and
    /// so names no session.
    pub(crate) session_id: &'a [u8],
}

impl<'a> ServerFinished<'a> {
    /// Reads the message; whatever its length, it is one.
    pub(crate) fn read(body: &'a [u8]) -> Self {
        Self { session_id: body }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.session_id);
    }
}
