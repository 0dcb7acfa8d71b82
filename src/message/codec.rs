//! Reading and writing the presentation language's integers and vectors (RFC 5246 §4).

use crate::error::{InvalidMessage, Malformed};

/// Reads a structure front to back; nothing is taken that is not there.
pub(crate) struct Reader<'a> {
    what: &'static str,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, which should be the structure `what`.
    pub(crate) fn new(what: &'static str, bytes: &'a [u8]) -> Self {
        Self { what, rest: bytes }
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Result<&'a [u8], InvalidMessage> {
        let (taken, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(self.error(Malformed::Truncated))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], InvalidMessage> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(self.error(Malformed::Truncated))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, InvalidMessage> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, InvalidMessage> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn vector_u8(&mut self) -> Result<&'a [u8], InvalidMessage> {
        let len = self.u8()?;
        self.bytes(len.into())
    }

    pub(crate) fn vector_u16(&mut self) -> Result<&'a [u8], InvalidMessage> {
        let len = self.u16()?;
        self.bytes(len.into())
    }

    pub(crate) fn vector_u24(&mut self) -> Result<&'a [u8], InvalidMessage> {
        let [a, b, c] = self.array()?;
        self.bytes(u32::from_be_bytes([0, a, b, c]) as usize)
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), InvalidMessage> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(self.error(Malformed::TrailingBytes))
        }
    }

    /// `Ok` where `condition` holds, else `problem` with this structure.
    pub(crate) fn check(&self, condition: bool, problem: Malformed) -> Result<(), InvalidMessage> {
        if condition {
            Ok(())
        } else {
            Err(self.error(problem))
        }
    }

    pub(crate) fn error(&self, problem: Malformed) -> InvalidMessage {
        InvalidMessage {
            what: self.what,
            problem,
        }
    }
}

pub(crate) fn put_u8(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    put_vector::<1>(out, write);
}

pub(crate) fn put_u16(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    put_vector::<2>(out, write);
}

pub(crate) fn put_u24(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    put_vector::<3>(out, write);
}

/// Writes a vector with its length, `N` bytes, in front.
///
/// What is written is bounded by what the config accepts (see its `build`), so it fits.
fn put_vector<const N: usize>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; N]);
    write(out);
    let len = out.len() - start - N;
    debug_assert!(len < 1 << (8 * N));
    out[start..start + N].copy_from_slice(&len.to_be_bytes()[size_of::<usize>() - N..]);
}
