//! Records of suites that OpenSSL 3.6 does not have, made of its EVP ciphers and HMAC:
//! MAC-then-encrypt as at TLS 1.0 (the IV is the last block before) or TLS 1.1 (a random IV in each
//! record).
//!
//! It is what OpenSSL could do at best: no state, no checks beyond the MAC and the padding.

use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::CipherCtx;
use openssl::md::{Md, MdRef};
use openssl::md_ctx::MdCtx;
use openssl::memcmp;
use openssl::pkey::{PKey, Private};
use openssl::rand::rand_bytes;

use super::party::Party;
use crate::Error;
use crate::peer::Version;
use crate::peer::openssl::load_providers;

/// The cipher and the hash of a suite.
#[derive(Clone, Copy, Debug)]
pub enum Algorithms {
    DesSha1,
    Rc2Md5,
}

/// One direction of a connection.
pub struct EvpRecords {
    context: CipherCtx,
    cipher: &'static CipherRef,
    hash: &'static MdRef,
    hash_length: usize,
    mac_key: PKey<Private>,
    explicit_iv: bool,
    version: [u8; 2],
    sequence: u64,
    buffer: Vec<u8>,
}

impl EvpRecords {
    /// What seals, and what opens that.
    pub fn pair(algorithms: Algorithms, version: Version) -> Result<[Self; 2], Error> {
        load_providers()?;
        let new = || -> Result<Self, Error> {
            let (cipher, hash, hash_length) = match algorithms {
                Algorithms::DesSha1 => (Cipher::des_cbc(), Md::sha1(), 20),
                Algorithms::Rc2Md5 => {
                    let nid = openssl::nid::Nid::RC2_CBC;
                    let cipher = Cipher::from_nid(nid).ok_or("OpenSSL has no RC2")?;
                    (cipher, Md::md5(), 16)
                }
            };
            Ok(Self {
                context: CipherCtx::new()?,
                cipher,
                hash,
                hash_length,
                mac_key: PKey::hmac(&[7; 20][..hash_length])?,
                explicit_iv: version >= Version::Tls1_1,
                version: version.wire().to_be_bytes(),
                sequence: 0,
                buffer: Vec::new(),
            })
        };
        let [mut sealing, mut opening] = [new()?, new()?];
        let key = &KEY[..sealing.cipher.key_length()];
        let iv = Some(&[0; BLOCK][..]);
        let (cipher, context) = (Some(sealing.cipher), &mut sealing.context);
        context.encrypt_init(cipher, Some(key), iv)?;
        context.set_padding(false);
        let (cipher, context) = (Some(opening.cipher), &mut opening.context);
        context.decrypt_init(cipher, Some(key), iv)?;
        context.set_padding(false);
        Ok([sealing, opening])
    }

    fn mac(&mut self, data: &[u8]) -> Result<Vec<u8>, Error> {
        let mut context = MdCtx::new()?;
        context.digest_sign_init(Some(self.hash), &self.mac_key)?;
        context.digest_sign_update(&self.sequence.to_be_bytes())?;
        context.digest_sign_update(&header(self.version, data.len()))?;
        context.digest_sign_update(data)?;
        self.sequence += 1;
        let mut mac = Vec::with_capacity(self.hash_length);
        context.digest_sign_final_to_vec(&mut mac)?;
        Ok(mac)
    }
}

impl Party for EvpRecords {
    fn seal(&mut self, data: &[u8], wire: &mut Vec<u8>) -> Result<(), Error> {
        let mac = self.mac(data)?;
        let padding = BLOCK - (data.len() + mac.len()) % BLOCK;
        self.buffer.clear();
        self.buffer.extend_from_slice(data);
        self.buffer.extend_from_slice(&mac);
        let padded = self.buffer.len() + padding;
        self.buffer.resize(padded, padding as u8 - 1);
        let mut iv = [0; BLOCK];
        let explicit = match self.explicit_iv {
            true => {
                rand_bytes(&mut iv)?;
                self.context.encrypt_init(None, None, Some(&iv))?;
                &iv[..]
            }
            false => &[],
        };
        wire.clear();
        wire.extend_from_slice(&header(self.version, explicit.len() + padded));
        wire.extend_from_slice(explicit);
        let start = wire.len();
        wire.resize(start + padded + BLOCK, 0);
        let sealed = self
            .context
            .cipher_update(&self.buffer, Some(&mut wire[start..]))?;
        wire.truncate(start + sealed);
        Ok(())
    }

    fn open(&mut self, wire: &mut Vec<u8>, data: &mut [u8]) -> Result<(), Error> {
        let (_, mut sealed) = wire.split_at_checked(HEADER).ok_or(NOT_A_RECORD)?;
        if self.explicit_iv {
            let (iv, rest) = sealed.split_at_checked(BLOCK).ok_or(NOT_A_RECORD)?;
            self.context.decrypt_init(None, None, Some(iv))?;
            sealed = rest;
        }
        let mut opened = std::mem::take(&mut self.buffer);
        opened.resize(sealed.len() + BLOCK, 0);
        let length = self.context.cipher_update(sealed, Some(&mut opened))?;
        let padding = usize::from(opened[length - 1]) + 1;
        let content = length.checked_sub(padding + self.hash_length);
        let content = content.ok_or(NOT_A_RECORD)?;
        let mac = self.mac(&opened[..content])?;
        if content != data.len() || !memcmp::eq(&mac, &opened[content..][..mac.len()]) {
            return Err(NOT_A_RECORD.into());
        }
        data.copy_from_slice(&opened[..content]);
        self.buffer = opened;
        Ok(())
    }

    fn send(&mut self, wire: &mut Vec<u8>) -> Result<(), Error> {
        wire.clear();
        Ok(())
    }

    fn receive(&mut self, _: &mut Vec<u8>) -> Result<(), Error> {
        Ok(())
    }

    fn is_handshaking(&self) -> bool {
        false
    }

    fn session_resumed(&self) -> bool {
        false
    }

    fn close(&mut self, wire: &mut Vec<u8>) -> Result<(), Error> {
        self.send(wire)
    }
}

/// Of application data.
fn header([major, minor]: [u8; 2], length: usize) -> [u8; HEADER] {
    let [_, _, high, low] = (length as u32).to_be_bytes();
    [23, major, minor, high, low]
}

const HEADER: usize = 5;

/// Of DES and of RC2.
const BLOCK: usize = 8;

const KEY: [u8; 16] = [
    0x13, 0x34, 0x57, 0x79, 0x9b, 0xbc, 0xdf, 0xf1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01,
];

const NOT_A_RECORD: &str = "this is not the record that was sealed";
