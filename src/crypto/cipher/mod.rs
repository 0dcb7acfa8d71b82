//! The bulk ciphers, keyed for one direction.

mod aead;
mod block;
mod stream;

pub(crate) use aead::{AeadKey, NONCE, TAG};
pub(crate) use block::BlockKey;
pub(crate) use stream::{RunningStream, StreamKey};

/// A suite's cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BulkCipher {
    /// Nothing is encrypted.
    Null,
    /// With a key of 16 bytes, of which an export suite keeps a few secret.
    Rc4,
    /// With a key of 16 bytes and 128 effective bits (RFC 2268 §2), in export suites, too.
    Rc2Cbc,
    DesCbc,
    TripleDesEdeCbc,
    Aes128Cbc,
    Aes256Cbc,
    Aes128Gcm,
    Aes256Gcm,
}

/// How a cipher turns a fragment into a record (RFC 5246 §6.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CipherType {
    Stream,
    Block,
    Aead,
}

impl BulkCipher {
    pub(crate) const fn cipher_type(self) -> CipherType {
        match self {
            Self::Null | Self::Rc4 => CipherType::Stream,
            Self::Rc2Cbc
            | Self::DesCbc
            | Self::TripleDesEdeCbc
            | Self::Aes128Cbc
            | Self::Aes256Cbc => CipherType::Block,
            Self::Aes128Gcm | Self::Aes256Gcm => CipherType::Aead,
        }
    }

    /// Key length in bytes.
    pub(crate) const fn key_len(self) -> usize {
        match self {
            Self::Null => 0,
            Self::DesCbc => 8,
            Self::Rc4 | Self::Rc2Cbc | Self::Aes128Cbc | Self::Aes128Gcm => 16,
            Self::TripleDesEdeCbc => 24,
            Self::Aes256Cbc | Self::Aes256Gcm => 32,
        }
    }

    /// Bytes of IV in the key block: a block for CBC (up to TLS 1.0), the implicit part of the
    /// nonce for GCM (RFC 5288 §3).
    pub(crate) const fn iv_len(self) -> usize {
        match self {
            Self::Null | Self::Rc4 => 0,
            Self::Rc2Cbc | Self::DesCbc | Self::TripleDesEdeCbc => 8,
            Self::Aes128Cbc | Self::Aes256Cbc => 16,
            Self::Aes128Gcm | Self::Aes256Gcm => 4,
        }
    }

    /// Bytes that one key may protect before it is worn out: half of the birthday bound's
    /// exponent for 64-bit blocks less a margin (Sweet32), and for RC4 well before its biases add
    /// up.
    pub(crate) const fn bytes_per_key(self) -> u64 {
        match self {
            Self::Rc4 | Self::Rc2Cbc | Self::DesCbc | Self::TripleDesEdeCbc => 1 << 30,
            Self::Null => u64::MAX,
            Self::Aes128Cbc | Self::Aes256Cbc => 1 << 50,
            // 2^32 records of 2^14 bytes (NIST SP 800-38D §8.3 with an unrepeated nonce).
            Self::Aes128Gcm | Self::Aes256Gcm => 1 << 46,
        }
    }
}

/// A key of the wrong length: an error of this crate's own, never of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrongLength;

#[cfg(test)]
mod tests;
