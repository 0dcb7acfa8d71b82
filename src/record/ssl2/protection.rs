//! How one direction's records are protected (The SSL Protocol, §1.2).

use subtle::ConstantTimeEq;

use super::header::MAX_PADDED_RECORD;
use crate::crypto::cipher::{BlockKey, CipherType, StreamKey};
use crate::crypto::hash::{Digest, Hash};
use crate::crypto::{BulkCipher, HashAlgorithm};
use crate::error::Error;
use crate::record::MAX_PLAINTEXT;
use crate::record::protection::BAD_KEYS;

/// The protection of one direction: MAC-DATA, ACTUAL-DATA and PADDING-DATA, all of it encrypted.
///
/// What is large in it is boxed, as in TLS.
pub(crate) enum Protection {
    /// Before the first keys: ACTUAL-DATA alone.
    Null,
    /// A stream cipher; no padding.
    Stream(Box<StreamKeys>),
    /// A block cipher in CBC mode, chained from record to record.
    Block(Box<BlockKeys>),
}

/// A stream cipher's running state, and the MAC's key.
pub(crate) struct StreamKeys {
    key: StreamKey,
    mac: Mac,
}

/// A block cipher's key with the last block of the record before, and the MAC's key.
pub(crate) struct BlockKeys {
    key: BlockKey,
    iv: [u8; BLOCK],
    mac: Mac,
}

impl Protection {
    /// Protection by `cipher` under the sender's write key, which is the MAC's SECRET, too;
    /// `key_arg` is the first IV, empty for a stream cipher.
    pub(crate) fn new(cipher: BulkCipher, key: &[u8], key_arg: &[u8]) -> Result<Self, Error> {
        let mac = Mac::new(key);
        match cipher.cipher_type() {
            CipherType::Stream if key_arg.is_empty() => Ok(Self::Stream(Box::new(StreamKeys {
                key: StreamKey::new(cipher, key).map_err(|_| BAD_KEYS)?,
                mac,
            }))),
            CipherType::Block => Ok(Self::Block(Box::new(BlockKeys {
                key: BlockKey::new(cipher, key).map_err(|_| BAD_KEYS)?,
                iv: key_arg.try_into().map_err(|_| BAD_KEYS)?,
                mac,
            }))),
            CipherType::Stream | CipherType::Aead => Err(BAD_KEYS),
        }
    }

    /// Bytes of MAC in front of the data.
    pub(super) fn mac_len(&self) -> usize {
        match self {
            Self::Null => 0,
            Self::Stream(_) | Self::Block(_) => MAC,
        }
    }

    /// Bytes of padding behind `data_len` bytes of data: what makes them whole blocks.
    pub(super) fn padding_len(&self, data_len: usize) -> usize {
        match self {
            Self::Null | Self::Stream(_) => 0,
            // The MAC is whole blocks.
            Self::Block(_) => data_len.next_multiple_of(BLOCK) - data_len,
        }
    }

    /// Whether records may have padding.
    pub(super) fn has_padding(&self) -> bool {
        matches!(self, Self::Block(_))
    }

    /// Bytes of data in one record at the most: as many as in TLS, or what fits behind the longer
    /// header with whatever padding there is.
    pub(super) fn max_data(&self) -> usize {
        match self {
            Self::Null | Self::Stream(_) => MAX_PLAINTEXT,
            Self::Block(_) => MAX_PADDED_RECORD / BLOCK * BLOCK - MAC,
        }
    }

    /// Protects `record` in place: room for the MAC, then data and padding, whole blocks for a
    /// block cipher.
    pub(super) fn seal(&mut self, record: &mut [u8], sequence: u32) -> Result<(), Error> {
        match self {
            Self::Null => {}
            Self::Stream(keys) => {
                keys.mac.fill_in(record, sequence)?;
                keys.key.run().apply(record);
            }
            Self::Block(keys) => {
                keys.mac.fill_in(record, sequence)?;
                keys.key.encrypt(&keys.iv, record).map_err(|_| BAD_LENGTH)?;
                keys.iv = *record.last_chunk().ok_or(BAD_LENGTH)?;
            }
        }
        Ok(())
    }

    /// Opens `record` in place: decrypts it and checks the MAC in front of data and padding.
    ///
    /// `None` for everything that can be wrong with it.
    pub(super) fn open(&mut self, record: &mut [u8], sequence: u32) -> Option<()> {
        match self {
            Self::Null => Some(()),
            Self::Stream(keys) => {
                keys.key.run().apply(record);
                keys.mac.check(record, sequence)
            }
            Self::Block(keys) => {
                let next_iv = *record.last_chunk()?;
                keys.key.decrypt(&keys.iv, record).ok()?;
                keys.iv = next_iv;
                keys.mac.check(record, sequence)
            }
        }
    }
}

/// MD5 that has absorbed SECRET; zeroized on drop, as are its clones.
struct Mac(Hash);

impl Mac {
    fn new(secret: &[u8]) -> Self {
        let mut hash = Hash::new(HashAlgorithm::Md5);
        hash.update(secret);
        Self(hash)
    }

    /// Writes MAC-DATA into the room in front of the data.
    fn fill_in(&self, record: &mut [u8], sequence: u32) -> Result<(), Error> {
        let (room, padded_data) = record.split_first_chunk_mut::<MAC>().ok_or(BAD_LENGTH)?;
        room.copy_from_slice(self.compute(padded_data, sequence).as_ref());
        Ok(())
    }

    /// `Some` where MAC-DATA is right.
    ///
    /// Constant time: how many bytes of a forged MAC are right must not leak. All of them are
    /// compared before the verdict. The padding's length is no secret, and its bytes are
    /// authenticated.
    fn check(&self, record: &[u8], sequence: u32) -> Option<()> {
        let (received, padded_data) = record.split_first_chunk::<MAC>()?;
        let expected = self.compute(padded_data, sequence);
        bool::from(expected.as_ref().ct_eq(received)).then_some(())
    }

    /// MAC-DATA: the hash of SECRET, ACTUAL-DATA, PADDING-DATA and SEQUENCE-NUMBER.
    fn compute(&self, padded_data: &[u8], sequence: u32) -> Digest {
        let mut hash = self.0.clone();
        hash.update(padded_data);
        hash.update(&sequence.to_be_bytes());
        hash.finish()
    }
}

/// Bytes of MAC: MD5's.
const MAC: usize = 16;

/// Bytes in a block of RC2, DES and Triple DES.
pub(super) const BLOCK: usize = 8;

const BAD_LENGTH: Error = Error::Internal("a record is not what its cipher protects");
