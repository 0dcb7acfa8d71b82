//! Recorded records, made again from their plaintext.

use crate::crypto::cipher::{AeadKey, BlockKey, CipherType};
use crate::crypto::random::{RandomFailed, SecureRandom};
use crate::record::protection::{EXPLICIT_NONCE, Protection, ProtectionParameters, WriteKeys};
use crate::record::{ContentType, HEADER, Sealer};
use crate::version::ProtocolVersion;

/// Seals one direction's plaintexts again and expects the records that were recorded: byte for
/// byte, but for what OpenSSL and this crate choose differently.
pub(crate) struct Resealer {
    sealer: Sealer,
    sequence: u64,
    choice: Choice,
}

/// What a sender may choose.
enum Choice {
    Nothing,
    Nonce(Nonce),
    Padding(Box<Padding>),
}

/// OpenSSL counts GCM's explicit nonces from a random number, this crate from zero.
struct Nonce {
    key: AeadKey,
    implicit: Vec<u8>,
}

/// SSL 3.0's padding is arbitrary (RFC 6101 §5.2.3.2): OpenSSL's is zeros, this crate's and JSSE's
/// repeats its length. By the chain that changes all that follows.
struct Padding {
    key: BlockKey,
    mac_len: usize,
    recorded_chain: Vec<u8>,
    made_chain: Vec<u8>,
}

impl Resealer {
    pub(crate) fn unprotected() -> Self {
        Self {
            sealer: Sealer::unprotected(),
            sequence: 0,
            choice: Choice::Nothing,
        }
    }

    pub(crate) fn new(parameters: ProtectionParameters, keys: &WriteKeys) -> Self {
        let protection = Protection::new(parameters, keys).unwrap();
        Self {
            sealer: Sealer::new(protection, u64::MAX),
            sequence: 0,
            choice: Choice::of(parameters, keys),
        }
    }

    pub(crate) fn expect(&mut self, recorded: &[u8], content_type: ContentType, plaintext: &[u8]) {
        let version = u16::from_be_bytes([recorded[1], recorded[2]]);
        let version = ProtocolVersion::from_wire(version).unwrap();
        let (_, recorded_fragment) = recorded.split_at(HEADER);
        let iv = RecordedIv(recorded_fragment);
        let mut made = Vec::new();
        self.sealer
            .seal(content_type, version, plaintext, &iv, &mut made)
            .unwrap();

        let (header, fragment) = made.split_at(HEADER);
        let fragment = match &mut self.choice {
            Choice::Nothing => fragment.to_vec(),
            Choice::Nonce(nonce) => {
                let len = (plaintext.len() as u16).to_be_bytes();
                let additional = [&self.sequence.to_be_bytes(), &header[..3], &len].concat();
                nonce.exchange(fragment, recorded_fragment, &additional)
            }
            Choice::Padding(padding) => {
                padding.exchange(fragment, recorded_fragment, plaintext.len())
            }
        };
        assert_eq!([header, &fragment].concat(), recorded);
        self.sequence += 1;
    }
}

impl Choice {
    fn of(parameters: ProtectionParameters, keys: &WriteKeys) -> Self {
        let cipher = parameters.suite.cipher;
        match (cipher.cipher_type(), parameters.version) {
            (CipherType::Aead, _) => Self::Nonce(Nonce {
                key: AeadKey::new(cipher, &keys.key).unwrap(),
                implicit: keys.iv.to_vec(),
            }),
            (CipherType::Block, ProtocolVersion::SSLv3) => Self::Padding(Box::new(Padding {
                key: BlockKey::new(cipher, &keys.key).unwrap(),
                mac_len: parameters.mac_key_len(),
                recorded_chain: keys.iv.to_vec(),
                made_chain: keys.iv.to_vec(),
            })),
            _ => Self::Nothing,
        }
    }
}

impl Nonce {
    /// What `made` would be under the nonce of `recorded`.
    fn exchange(&self, made: &[u8], recorded: &[u8], additional: &[u8]) -> Vec<u8> {
        let nonce = |explicit: &[u8]| [&self.implicit, explicit].concat().try_into().unwrap();
        let (made_nonce, sealed) = made.split_at(EXPLICIT_NONCE);
        let (recorded_nonce, _) = recorded.split_at(EXPLICIT_NONCE);
        let (data, tag) = sealed.split_last_chunk().unwrap();
        let mut data = data.to_vec();
        let opened = self
            .key
            .open(&nonce(made_nonce), additional, &mut data, tag);
        assert!(opened);
        let tag = self
            .key
            .seal(&nonce(recorded_nonce), additional, &mut data)
            .unwrap();
        [recorded_nonce, &data, &tag].concat()
    }
}

impl Padding {
    /// What `made` would be with the padding of `recorded`, in the recorded chain.
    fn exchange(&mut self, made: &[u8], recorded: &[u8], plaintext_len: usize) -> Vec<u8> {
        let padding_start = plaintext_len + self.mac_len;
        let mut blocks = made.to_vec();
        self.key.decrypt(&self.made_chain, &mut blocks).unwrap();
        self.made_chain = self.last_block(made);
        let mut recorded_blocks = recorded.to_vec();
        self.key
            .decrypt(&self.recorded_chain, &mut recorded_blocks)
            .unwrap();

        let (_, padding) = blocks.split_at_mut(padding_start);
        let (padding_length, padding) = padding.split_last_mut().unwrap();
        assert_eq!(padding, vec![*padding_length; padding.len()]);
        let byte = recorded_blocks[padding_start];
        assert!(byte == 0 || byte == *padding_length, "{byte}");
        padding.fill(byte);

        self.key.encrypt(&self.recorded_chain, &mut blocks).unwrap();
        self.recorded_chain = self.last_block(&blocks);
        blocks
    }

    fn last_block(&self, blocks: &[u8]) -> Vec<u8> {
        blocks[blocks.len() - self.key.block_len()..].to_vec()
    }
}

/// Gives the IV that a recorded fragment begins with.
#[derive(Debug)]
struct RecordedIv<'f>(&'f [u8]);

impl SecureRandom for RecordedIv<'_> {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed> {
        buffer.copy_from_slice(&self.0[..buffer.len()]);
        Ok(())
    }
}
