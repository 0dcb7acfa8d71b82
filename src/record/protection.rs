//! How one direction's records are protected.

use zeroize::Zeroizing;

use super::cbc::CbcKey;
use super::mac::RecordMac;
use crate::crypto::HashAlgorithm;
use crate::crypto::cipher::{AeadKey, CipherType, StreamKey};
use crate::error::Error;
use crate::suite::{MacAlgorithm, SuiteRow};
use crate::version::ProtocolVersion;

/// One direction's keys (RFC 5246 §6.3), cut from the key block.
pub(crate) struct WriteKeys {
    pub(crate) mac_key: Zeroizing<Vec<u8>>,
    pub(crate) key: Zeroizing<Vec<u8>>,
    /// The first IV up to TLS 1.0, the nonce's implicit part for an AEAD, else empty.
    pub(crate) iv: Zeroizing<Vec<u8>>,
}

/// What the two sides negotiated about records.
#[derive(Clone, Copy)]
pub(crate) struct ProtectionParameters {
    pub(crate) version: ProtocolVersion,
    pub(crate) suite: &'static SuiteRow,
    /// RFC 7366; only ever with a CBC suite.
    pub(crate) encrypt_then_mac: bool,
}

impl ProtectionParameters {
    /// Bytes of MAC key that each direction needs.
    pub(crate) fn mac_key_len(&self) -> usize {
        match self.suite.mac {
            MacAlgorithm::Keyed(hash) => hash.output_len(),
            MacAlgorithm::Aead => 0,
        }
    }

    /// Bytes of IV that each direction takes from the key block: none where every record brings
    /// its own (RFC 4346 §6.2.3.2).
    pub(crate) fn fixed_iv_len(&self) -> usize {
        match self.suite.cipher.cipher_type() {
            CipherType::Block if self.version >= ProtocolVersion::TLSv1_1 => 0,
            _ => self.suite.cipher.iv_len(),
        }
    }
}

/// The protection of one direction.
///
/// What is large in it is boxed: a connection then pays for the keys that it has, not for those
/// that it could have.
pub(crate) enum Protection {
    /// Before the first keys.
    Null,
    /// MAC, then a stream cipher over both, or none.
    Stream { key: StreamKey, mac: Box<RecordMac> },
    /// MAC and padding in CBC mode, in either order.
    Block(Box<CbcKey>),
    /// AES-GCM.
    Aead { key: AeadKey, implicit: [u8; 4] },
}

impl Protection {
    pub(crate) fn new(parameters: ProtectionParameters, keys: &WriteKeys) -> Result<Self, Error> {
        let cipher = parameters.suite.cipher;
        let mac = |hash: HashAlgorithm| {
            RecordMac::new(hash, parameters.version, &keys.mac_key).ok_or(BAD_SUITE)
        };
        match (cipher.cipher_type(), parameters.suite.mac) {
            (CipherType::Stream, MacAlgorithm::Keyed(hash)) => Ok(Self::Stream {
                key: StreamKey::new(cipher, &keys.key).map_err(|_| BAD_KEYS)?,
                mac: Box::new(mac(hash)?),
            }),
            (CipherType::Block, MacAlgorithm::Keyed(hash)) => {
                CbcKey::new(parameters, keys, mac(hash)?).map(|key| Self::Block(Box::new(key)))
            }
            (CipherType::Aead, MacAlgorithm::Aead) => Ok(Self::Aead {
                key: AeadKey::new(cipher, &keys.key).map_err(|_| BAD_KEYS)?,
                implicit: keys.iv.as_slice().try_into().map_err(|_| BAD_KEYS)?,
            }),
            _ => Err(BAD_SUITE),
        }
    }
}

/// The additional data of an AEAD record (RFC 5246 §6.2.3.3).
pub(super) fn additional_data(
    sequence: u64,
    content_type: super::ContentType,
    version: ProtocolVersion,
    len: usize,
) -> [u8; 13] {
    let mut data = [0; 13];
    data[..8].copy_from_slice(&sequence.to_be_bytes());
    data[8] = content_type.wire();
    data[9..11].copy_from_slice(&version.wire().to_be_bytes());
    // A fragment is at most 2^14 + 2048 bytes long.
    data[11..].copy_from_slice(&(len as u16).to_be_bytes());
    data
}

/// The AEAD nonce: the implicit part and the explicit one (RFC 5288 §3).
pub(super) fn nonce(implicit: [u8; 4], explicit: [u8; EXPLICIT_NONCE]) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(&implicit);
    nonce[4..].copy_from_slice(&explicit);
    nonce
}

/// After how many bytes a key that may protect `max_bytes` wants to be replaced: an eighth is left
/// for what goes on until then.
pub(super) fn wearing_out(max_bytes: u64) -> u64 {
    max_bytes - max_bytes / 8
}

/// Bytes of nonce that each AEAD record brings.
pub(super) const EXPLICIT_NONCE: usize = 8;

pub(super) const BAD_KEYS: Error = Error::Internal("the key block was cut to wrong lengths");
const BAD_SUITE: Error = Error::Internal("a row of the suite table contradicts itself");
