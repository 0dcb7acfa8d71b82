//! A client's keys and what it protects with them, by OpenSSL: independent of what is measured.

use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::symm::{Cipher, Crypter, Mode};

use crate::Error;
use crate::peer::Version;

/// A CBC suite, as far as its records need it.
#[derive(Clone, Copy)]
pub struct Suite {
    pub cipher: Cipher,
    pub mac: MessageDigest,
}

impl Suite {
    pub fn block_len(&self) -> usize {
        self.cipher.block_size()
    }

    pub fn tag_len(&self) -> usize {
        self.mac.size()
    }
}

/// The client's keys.
pub struct WriteKeys {
    version: Version,
    suite: Suite,
    mac_key: Vec<u8>,
    key: Vec<u8>,
}

impl WriteKeys {
    /// Expands a master secret (RFC 5246 §6.3, RFC 6101 §6.2.2). The IV is left out.
    pub fn expand(
        version: Version,
        suite: Suite,
        master_secret: &[u8],
        client_random: &[u8],
        server_random: &[u8],
    ) -> Result<Self, Error> {
        let (tag_len, key_len) = (suite.tag_len(), suite.cipher.key_len());
        let len = 2 * (tag_len + key_len);
        let seed = [server_random, client_random].concat();
        let labelled = [b"key expansion", &seed[..]].concat();
        let block = match version {
            Version::Ssl3 => ssl3_expansion(master_secret, &seed, len)?,
            Version::Tls1_0 | Version::Tls1_1 => {
                let (md5_half, sha1_half) = master_secret.split_at(master_secret.len() / 2);
                let md5 = p_hash(MessageDigest::md5(), md5_half, &labelled, len)?;
                let sha1 = p_hash(MessageDigest::sha1(), sha1_half, &labelled, len)?;
                md5.iter().zip(sha1).map(|(md5, sha1)| md5 ^ sha1).collect()
            }
            Version::Tls1_2 => p_hash(MessageDigest::sha256(), master_secret, &labelled, len)?,
        };
        Ok(Self {
            version,
            suite,
            mac_key: block[..tag_len].to_vec(),
            key: block[2 * tag_len..][..key_len].to_vec(),
        })
    }

    /// The MAC over the first record of application data (RFC 5246 §6.2.3.1, RFC 6101 §5.2.3.1).
    pub fn mac(&self, data: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let digest = self.suite.mac;
        let mut message = 1u64.to_be_bytes().to_vec();
        message.push(APPLICATION_DATA);
        if self.version != Version::Ssl3 {
            message.extend(self.version.wire().to_be_bytes());
            message.extend((data.len() as u16).to_be_bytes());
            message.extend(data);
            return hmac(digest, &self.mac_key, &message);
        }
        message.extend((data.len() as u16).to_be_bytes());
        message.extend(data);
        let keyed = |pad: u8, message: &[u8]| {
            let pads = [pad; 40];
            hash(digest, &[&self.mac_key, &pads[..], message].concat())
        };
        Ok(keyed(0x5c, &keyed(0x36, &message)?)?.to_vec())
    }

    /// The record around `payload`, which is whole blocks, data, MAC and padding.
    pub fn record(&self, iv: &[u8], payload: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let mut crypter = Crypter::new(self.suite.cipher, Mode::Encrypt, &self.key, Some(iv))?;
        crypter.pad(false);
        let mut encrypted = vec![0; payload.len() + self.suite.block_len()];
        let written = crypter.update(payload, &mut encrypted)?;
        let rest = crypter.finalize(&mut encrypted[written..])?;
        encrypted.truncate(written + rest);
        let explicit_iv = match self.version {
            Version::Ssl3 | Version::Tls1_0 => &[],
            Version::Tls1_1 | Version::Tls1_2 => iv,
        };
        let mut record = vec![APPLICATION_DATA];
        record.extend(self.version.wire().to_be_bytes());
        record.extend(((explicit_iv.len() + encrypted.len()) as u16).to_be_bytes());
        record.extend(explicit_iv);
        record.extend(encrypted);
        Ok(record)
    }
}

/// RFC 2104, for keys of up to a block of 64 bytes.
fn hmac(digest: MessageDigest, key: &[u8], message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let keyed = |pad: u8, message: &[u8]| {
        let mut block = [pad; 64];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        hash(digest, &[&block, message].concat())
    };
    Ok(keyed(0x5c, &keyed(0x36, message)?)?.to_vec())
}

/// RFC 5246 §5.
fn p_hash(
    digest: MessageDigest,
    secret: &[u8],
    seed: &[u8],
    len: usize,
) -> Result<Vec<u8>, ErrorStack> {
    let mut expanded = Vec::new();
    let mut a = hmac(digest, secret, seed)?;
    while expanded.len() < len {
        expanded.extend(hmac(digest, secret, &[&a, seed].concat())?);
        a = hmac(digest, secret, &a)?;
    }
    expanded.truncate(len);
    Ok(expanded)
}

/// RFC 6101 §6.2.2.
fn ssl3_expansion(secret: &[u8], seed: &[u8], len: usize) -> Result<Vec<u8>, ErrorStack> {
    let mut expanded = Vec::new();
    for letter in b'A'..=b'Z' {
        let letters = vec![letter; usize::from(letter - b'A') + 1];
        let sha = hash(MessageDigest::sha1(), &[&letters, secret, seed].concat())?;
        expanded.extend_from_slice(&hash(MessageDigest::md5(), &[secret, &sha].concat())?);
    }
    expanded.truncate(len);
    Ok(expanded)
}

const APPLICATION_DATA: u8 = 23;
