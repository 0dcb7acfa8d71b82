//! AES-GCM.

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit};

use super::{BulkCipher, WrongLength};

/// AES-GCM's expanded key.
///
/// Boxed: its tables are several times the size of every other key, and a connection's size is
/// that of its largest possible state.
pub(crate) enum AeadKey {
    Aes128(Box<Aes128Gcm>),
    Aes256(Box<Aes256Gcm>),
}

impl AeadKey {
    pub(crate) fn new(cipher: BulkCipher, key: &[u8]) -> Result<Self, WrongLength> {
        match cipher {
            BulkCipher::Aes128Gcm => Aes128Gcm::new_from_slice(key)
                .map(|key| Self::Aes128(Box::new(key)))
                .map_err(|_| WrongLength),
            BulkCipher::Aes256Gcm => Aes256Gcm::new_from_slice(key)
                .map(|key| Self::Aes256(Box::new(key)))
                .map_err(|_| WrongLength),
            _ => Err(WrongLength),
        }
    }

    /// Encrypts `data` in place and returns the tag.
    ///
    /// The nonce must never repeat under one key.
    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE],
        additional_data: &[u8],
        data: &mut [u8],
    ) -> Result<[u8; TAG], WrongLength> {
        let tag = match self {
            Self::Aes128(key) => {
                key.encrypt_inout_detached(nonce.into(), additional_data, data.into())
            }
            Self::Aes256(key) => {
                key.encrypt_inout_detached(nonce.into(), additional_data, data.into())
            }
        };
        tag.map(Into::into).map_err(|_| WrongLength)
    }

    /// Checks the tag and decrypts `data` in place; `false` and no change where it is wrong.
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE],
        additional_data: &[u8],
        data: &mut [u8],
        tag: &[u8; TAG],
    ) -> bool {
        let opened = match self {
            Self::Aes128(key) => {
                key.decrypt_inout_detached(nonce.into(), additional_data, data.into(), tag.into())
            }
            Self::Aes256(key) => {
                key.decrypt_inout_detached(nonce.into(), additional_data, data.into(), tag.into())
            }
        };
        opened.is_ok()
    }
}

/// Bytes in a GCM nonce.
pub(crate) const NONCE: usize = 12;

/// Bytes in a GCM tag.
pub(crate) const TAG: usize = 16;
