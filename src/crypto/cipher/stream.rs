//! Stream ciphers, and none at all.

use super::{BulkCipher, WrongLength};
use crate::crypto::chaining_value::{BLOCK, ChainingValue};
use crate::crypto::rc4::{self, Rc4};

/// A stream cipher's running state.
pub(crate) enum StreamKey {
    Null,
    Rc4(Box<Rc4>),
}

impl StreamKey {
    pub(crate) fn new(cipher: BulkCipher, key: &[u8]) -> Result<Self, WrongLength> {
        match cipher {
            BulkCipher::Null if key.is_empty() => Ok(Self::Null),
            BulkCipher::Rc4 => {
                let key = key.try_into().map_err(|_| WrongLength)?;
                Ok(Self::Rc4(Box::new(Rc4::new(key))))
            }
            _ => Err(WrongLength),
        }
    }

    /// For a record, or several: what is unpacked then is packed again at its end.
    pub(crate) fn run(&mut self) -> RunningStream<'_> {
        match self {
            Self::Null => RunningStream::Null,
            Self::Rc4(key) => RunningStream::Rc4(key.run()),
        }
    }
}

/// A stream cipher in use.
#[allow(
    clippy::large_enum_variant,
    reason = "it lives on the stack, while a record is sealed or opened"
)]
pub(crate) enum RunningStream<'k> {
    Null,
    Rc4(rc4::Running<'k>),
}

impl RunningStream<'_> {
    /// Encrypts or decrypts `data` with the next bytes of the key stream.
    pub(crate) fn apply(&mut self, data: &mut [u8]) {
        match self {
            Self::Null => {}
            Self::Rc4(key) => key.apply(data),
        }
    }

    /// Absorbs `blocks`, and encrypts them.
    pub(crate) fn hash_and_encrypt(
        &mut self,
        hash: &mut ChainingValue,
        blocks: &mut [[u8; BLOCK]],
    ) {
        match (self, hash) {
            (Self::Rc4(key), ChainingValue::Md5(state)) => key.hash_and_encrypt(state, blocks),
            (stream, hash) => {
                hash.compress(blocks);
                stream.apply(blocks.as_flattened_mut());
            }
        }
    }

    /// Decrypts `blocks`, and absorbs them.
    pub(crate) fn decrypt_and_hash(
        &mut self,
        hash: &mut ChainingValue,
        blocks: &mut [[u8; BLOCK]],
    ) {
        match (self, hash) {
            (Self::Rc4(key), ChainingValue::Md5(state)) => key.decrypt_and_hash(state, blocks),
            (stream, hash) => {
                stream.apply(blocks.as_flattened_mut());
                hash.compress(blocks);
            }
        }
    }
}
