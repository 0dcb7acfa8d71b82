//! CLIENT-MASTER-KEY (The SSL Protocol, §2.5).

use super::super::codec::Reader;
use super::put_len;
use crate::cipher_kind::CipherKind;
use crate::error::{InvalidMessage, Malformed};

/// The kind that the client chose, and the master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientMasterKey<'a> {
    pub(crate) cipher_kind: CipherKind,
    /// The part of the master key that is no secret: 11 bytes of an export kind's, else none.
    pub(crate) clear_key: &'a [u8],
    /// The rest of it, encrypted to the server's key.
    pub(crate) encrypted_key: &'a [u8],
    /// The first IV of both directions: a block of a block cipher's, else none.
    pub(crate) key_arg: &'a [u8],
}

impl<'a> ClientMasterKey<'a> {
    /// Reads the message. A kind that this crate has must come with its own lengths: more bytes in
    /// the clear would be fewer secret ones (CVE-2016-0703), and a short IV none at all. Of other
    /// kinds nothing is known; the state refuses them.
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("CLIENT-MASTER-KEY", body);
        let cipher_kind = CipherKind(reader.array()?);
        let [clear_key_len, encrypted_key_len, key_arg_len] =
            [reader.u16()?, reader.u16()?, reader.u16()?];
        let clear_key = reader.bytes(clear_key_len.into())?;
        let encrypted_key = reader.bytes(encrypted_key_len.into())?;
        let key_arg = reader.bytes(key_arg_len.into())?;
        let good = cipher_kind.row().is_none_or(|row| {
            clear_key.len() == row.clear_len && key_arg.len() == row.key_arg_len()
        });
        reader.check(good, Malformed::LengthOutOfRange)?;
        reader.finish()?;
        Ok(Self {
            cipher_kind,
            clear_key,
            encrypted_key,
            key_arg,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.cipher_kind.0);
        let fields = [self.clear_key, self.encrypted_key, self.key_arg];
        fields.iter().for_each(|field| put_len(out, field));
        fields.iter().for_each(|field| out.extend_from_slice(field));
    }
}
