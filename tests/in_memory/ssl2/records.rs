//! SSL 2.0's records, made and taken apart by hand, with the keys and without.

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit, StreamCipher};
use des::{Des, TdesEde3};
use md5::{Digest, Md5};
use rc2::Rc2;
use rc4::Rc4;
use retrossl::{CipherKind, Side};

use super::master_key_len;

/// What is behind a record's header, and how much of that the header says is padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub fragment: Vec<u8>,
    /// `None` in a header of two bytes.
    pub padding: Option<u8>,
}

impl Record {
    pub fn bytes(&self) -> Vec<u8> {
        let [high, low] = (self.fragment.len() as u16).to_be_bytes();
        match self.padding {
            None => [&[high | 0x80, low], &self.fragment[..]].concat(),
            Some(padding) => [&[high, low, padding], &self.fragment[..]].concat(),
        }
    }
}

/// The records that `bytes` are.
pub fn records(mut bytes: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    while let [high, low, rest @ ..] = bytes {
        let (padding, rest) = match rest {
            _ if high & 0x80 != 0 => (None, rest),
            [padding, rest @ ..] => (Some(*padding), rest),
            [] => panic!("half a header"),
        };
        let (fragment, rest) = rest.split_at(u16::from_be_bytes([high & 0x7f, *low]).into());
        let fragment = fragment.to_vec();
        records.push(Record { fragment, padding });
        bytes = rest;
    }
    assert!(bytes.is_empty(), "a whole number of records");
    records
}

/// A record without any protection.
pub fn in_clear(data: &[u8]) -> Vec<u8> {
    let (fragment, padding) = (data.to_vec(), None);
    Record { fragment, padding }.bytes()
}

/// The keys of both directions.
#[derive(Clone, Debug)]
pub struct KeyMaterial {
    pub kind: CipherKind,
    pub bytes: Vec<u8>,
    pub key_arg: Vec<u8>,
}

impl KeyMaterial {
    pub fn derive(
        kind: CipherKind,
        master_key: &[u8],
        key_arg: &[u8],
        challenge: &[u8],
        connection_id: &[u8],
    ) -> Self {
        assert_eq!(master_key.len(), master_key_len(kind));
        let hashes = (b'0'..b'3').flat_map(|digit| {
            let hash = Md5::new().chain_update(master_key).chain_update([digit]);
            let hash = hash.chain_update(challenge).chain_update(connection_id);
            hash.finalize().to_vec()
        });
        Self {
            kind,
            bytes: hashes.take(2 * master_key.len()).collect(),
            key_arg: key_arg.to_vec(),
        }
    }
}

/// One side's records.
pub struct Layer {
    side: Side,
    sends: Half,
    receives: Half,
}

impl Layer {
    /// Nothing is protected yet.
    pub fn new(side: Side) -> Self {
        Self {
            side,
            sends: Half::default(),
            receives: Half::default(),
        }
    }

    /// Both directions are protected from here on.
    pub fn protect(&mut self, keys: &KeyMaterial) {
        let (of_server, of_client) = keys.bytes.split_at(keys.bytes.len() / 2);
        let (own, peers) = match self.side {
            Side::Client => (of_client, of_server),
            Side::Server => (of_server, of_client),
        };
        self.sends.keys = Some(Keys::new(keys, own));
        self.receives.keys = Some(Keys::new(keys, peers));
    }

    /// The record of `data`, with as much padding as the cipher needs.
    pub fn seal(&mut self, data: &[u8]) -> Vec<u8> {
        let padding = match &self.sends.keys {
            Some(keys) => keys.padding(data.len()),
            None => 0,
        };
        self.seal_padded(data, padding).bytes()
    }

    /// The same with that much padding.
    pub fn seal_padded(&mut self, data: &[u8], padding: usize) -> Record {
        let data = [data, &vec![7; padding]].concat();
        let sequence = self.sends.next();
        let fragment = match &mut self.sends.keys {
            Some(keys) => keys.seal(&data, sequence),
            None => data,
        };
        let padding = (padding > 0).then_some(padding as u8);
        Record { fragment, padding }
    }

    /// Goes on as if records had been sent that were not, or the other way round.
    pub fn skip(&mut self, records: i32) {
        self.sends.sequence = self.sends.sequence.wrapping_add_signed(records);
    }

    /// What is in each of the records that `bytes` are.
    pub fn open(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let open = |record| self.receives.open(record).expect("a good MAC");
        records(bytes).into_iter().map(open).collect()
    }

    /// The same, where the keys may be others.
    pub fn try_open(&mut self, bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
        let open = |record| self.receives.open(record);
        records(bytes).into_iter().map(open).collect()
    }
}

/// One direction.
#[derive(Default)]
struct Half {
    sequence: u32,
    keys: Option<Keys>,
}

impl Half {
    fn next(&mut self) -> u32 {
        self.sequence += 1;
        self.sequence - 1
    }

    fn open(&mut self, record: Record) -> Option<Vec<u8>> {
        let sequence = self.next();
        let Some(keys) = &mut self.keys else {
            return Some(record.fragment);
        };
        let mut data = keys.open(record.fragment, sequence)?;
        data.truncate(data.len() - usize::from(record.padding.unwrap_or(0)));
        Some(data)
    }
}

struct Keys {
    secret: Vec<u8>,
    cipher: Cipher,
}

enum Cipher {
    Stream(Rc4),
    /// With the last block that crossed.
    Block(Block, [u8; 8]),
}

enum Block {
    Rc2(Rc2),
    Des(Des),
    TripleDes(Box<TdesEde3>),
}

impl Keys {
    fn new(keys: &KeyMaterial, secret: &[u8]) -> Self {
        let block = match keys.kind {
            CipherKind::SSL_CK_DES_64_CBC_WITH_MD5 => {
                Some(Block::Des(Des::new_from_slice(secret).unwrap()))
            }
            CipherKind::SSL_CK_DES_192_EDE3_CBC_WITH_MD5 => Some(Block::TripleDes(Box::new(
                TdesEde3::new_from_slice(secret).unwrap(),
            ))),
            kind if kind.to_string().contains("RC2") => {
                Some(Block::Rc2(Rc2::new_from_slice(secret).unwrap()))
            }
            _ => None,
        };
        let cipher = match block {
            Some(block) => Cipher::Block(block, keys.key_arg[..].try_into().unwrap()),
            None => Cipher::Stream(Rc4::new_from_slice(secret).unwrap()),
        };
        Self {
            secret: secret.to_vec(),
            cipher,
        }
    }

    fn padding(&self, len: usize) -> usize {
        match self.cipher {
            Cipher::Stream(_) => 0,
            Cipher::Block(..) => len.next_multiple_of(8) - len,
        }
    }

    fn seal(&mut self, data: &[u8], sequence: u32) -> Vec<u8> {
        let mut record = [&self.mac(data, sequence)[..], data].concat();
        match &mut self.cipher {
            Cipher::Stream(rc4) => rc4.apply_keystream(&mut record),
            Cipher::Block(block, last) => {
                for bytes in record.as_chunks_mut::<8>().0 {
                    bytes.iter_mut().zip(&*last).for_each(|(a, b)| *a ^= b);
                    match block {
                        Block::Rc2(cipher) => cipher.encrypt_block(bytes.into()),
                        Block::Des(cipher) => cipher.encrypt_block(bytes.into()),
                        Block::TripleDes(cipher) => cipher.encrypt_block(bytes.into()),
                    }
                    *last = *bytes;
                }
            }
        }
        record
    }

    fn open(&mut self, mut record: Vec<u8>, sequence: u32) -> Option<Vec<u8>> {
        match &mut self.cipher {
            Cipher::Stream(rc4) => rc4.apply_keystream(&mut record),
            Cipher::Block(block, last) => {
                let (blocks, rest) = record.as_chunks_mut::<8>();
                assert!(rest.is_empty(), "whole blocks");
                for bytes in blocks {
                    let next = *bytes;
                    match block {
                        Block::Rc2(cipher) => cipher.decrypt_block(bytes.into()),
                        Block::Des(cipher) => cipher.decrypt_block(bytes.into()),
                        Block::TripleDes(cipher) => cipher.decrypt_block(bytes.into()),
                    }
                    bytes.iter_mut().zip(&*last).for_each(|(a, b)| *a ^= b);
                    *last = next;
                }
            }
        }
        let (mac, data) = record.split_at_checked(16)?;
        (mac == self.mac(data, sequence)).then(|| data.to_vec())
    }

    fn mac(&self, data: &[u8], sequence: u32) -> Vec<u8> {
        let hash = Md5::new().chain_update(&self.secret).chain_update(data);
        hash.chain_update(sequence.to_be_bytes())
            .finalize()
            .to_vec()
    }
}
