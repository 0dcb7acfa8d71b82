//! The compression functions under MD5, SHA-1 and SHA-256, for whoever must control which blocks
//! are hashed and how many: record protection, where the number of blocks may not depend on a
//! secret length.

use zeroize::Zeroize;

use super::hash::HashAlgorithm;

/// A chaining value: what the hash of the blocks so far is.
#[derive(Clone, Copy)]
pub(crate) enum ChainingValue {
    Md5([u32; 4]),
    Sha1([u32; 5]),
    Sha256([u32; 8]),
}

impl ChainingValue {
    /// The initial value of `hash`; `None` for hashes that no record MAC uses.
    pub(crate) fn initial(hash: HashAlgorithm) -> Option<Self> {
        match hash {
            HashAlgorithm::Md5 => Some(Self::Md5(MD5_INITIAL)),
            HashAlgorithm::Sha1 => Some(Self::Sha1(SHA1_INITIAL)),
            HashAlgorithm::Sha256 => Some(Self::Sha256(SHA256_INITIAL)),
            HashAlgorithm::Sha224 | HashAlgorithm::Sha384 | HashAlgorithm::Sha512 => None,
        }
    }

    /// Absorbs whole blocks.
    pub(crate) fn compress(&mut self, blocks: &[[u8; BLOCK]]) {
        #[cfg(test)]
        BLOCKS.with(|count| count.set(count.get() + blocks.len()));
        match self {
            Self::Md5(state) => super::md5::compress(state, blocks),
            Self::Sha1(state) => sha1::block_api::compress(state, blocks),
            Self::Sha256(state) => sha2::block_api::compress256(state, blocks),
        }
    }

    /// The digest's length in bytes.
    pub(crate) fn output_len(&self) -> usize {
        match self {
            Self::Md5(_) => 16,
            Self::Sha1(_) => 20,
            Self::Sha256(_) => 32,
        }
    }

    /// The digest, with zeros behind it.
    pub(crate) fn output(&self) -> [u8; MAX_OUTPUT] {
        fn words<const N: usize>(
            state: &[u32; N],
            to_bytes: fn(u32) -> [u8; 4],
        ) -> [u8; MAX_OUTPUT] {
            let mut out = [0; MAX_OUTPUT];
            for (bytes, word) in out.chunks_exact_mut(4).zip(state) {
                bytes.copy_from_slice(&to_bytes(*word));
            }
            out
        }
        match self {
            Self::Md5(state) => words(state, u32::to_le_bytes),
            Self::Sha1(state) => words(state, u32::to_be_bytes),
            Self::Sha256(state) => words(state, u32::to_be_bytes),
        }
    }

    /// A message's length as the hash writes it at the end of the last block.
    pub(crate) fn length_bytes(&self, message_len: u64) -> [u8; 8] {
        let bits = message_len << 3;
        match self {
            Self::Md5(_) => bits.to_le_bytes(),
            Self::Sha1(_) | Self::Sha256(_) => bits.to_be_bytes(),
        }
    }

    /// Finishes a message whose last `rest` bytes (less than a block) are not absorbed yet and
    /// whose whole length is `message_len`.
    pub(crate) fn finish(mut self, rest: &[u8], message_len: u64) -> [u8; MAX_OUTPUT] {
        let mut blocks = [[0u8; BLOCK]; 2];
        let flat = blocks.as_flattened_mut();
        flat[..rest.len()].copy_from_slice(rest);
        flat[rest.len()] = 0x80;
        let used = if rest.len() + LENGTH_MARK <= BLOCK {
            1
        } else {
            2
        };
        flat[used * BLOCK - 8..used * BLOCK].copy_from_slice(&self.length_bytes(message_len));
        self.compress(&blocks[..used]);
        blocks.zeroize();
        let out = self.output();
        self.zeroize();
        out
    }
}

impl Zeroize for ChainingValue {
    fn zeroize(&mut self) {
        match self {
            Self::Md5(state) => state.zeroize(),
            Self::Sha1(state) => state.zeroize(),
            Self::Sha256(state) => state.zeroize(),
        }
    }
}

/// The longest output, SHA-256's.
pub(crate) const MAX_OUTPUT: usize = 32;

/// RFC 1321 §3.3.
const MD5_INITIAL: [u32; 4] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];

/// FIPS 180-4 §5.3.1.
const SHA1_INITIAL: [u32; 5] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];

/// FIPS 180-4 §5.3.3.
const SHA256_INITIAL: [u32; 8] = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

#[cfg(test)]
thread_local! {
    static BLOCKS: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// How many blocks `work` compresses.
#[cfg(test)]
pub(crate) fn count_blocks(work: impl FnOnce()) -> usize {
    let before = BLOCKS.with(core::cell::Cell::get);
    work();
    BLOCKS.with(core::cell::Cell::get) - before
}

/// Bytes in a block of MD5, SHA-1 and SHA-256.
pub(crate) const BLOCK: usize = 64;

/// Bytes that end a message: one 0x80 and the length in bits.
pub(crate) const LENGTH_MARK: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_hash_at_every_length_around_the_blocks() {
        let message: Vec<u8> = (0..200u8).collect();
        for algorithm in [
            HashAlgorithm::Md5,
            HashAlgorithm::Sha1,
            HashAlgorithm::Sha256,
        ] {
            for len in 0..message.len() {
                let mut value = ChainingValue::initial(algorithm).unwrap();
                let (blocks, rest) = message[..len].as_chunks::<BLOCK>();
                value.compress(blocks);
                let digest = value.finish(rest, len as u64);
                assert_eq!(
                    digest[..algorithm.output_len()],
                    *algorithm.digest(&message[..len]).as_ref(),
                    "{algorithm} of {len} bytes"
                );
            }
        }
    }
}
