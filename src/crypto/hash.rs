//! Hash functions, chosen at run time.

use core::fmt;

use md5::Md5;
use sha1::Sha1;
use sha2::digest::{Digest as _, FixedOutput};
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A hash function that the protocol or a certificate names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// MD5, 16 bytes.
    Md5,
    /// SHA-1, 20 bytes.
    Sha1,
    /// SHA-224, 28 bytes.
    Sha224,
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SHA-512, 64 bytes.
    Sha512,
}

impl HashAlgorithm {
    pub(crate) const ALL: [Self; 6] = [
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
    ];

    /// Every hash, weakest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + Clone {
        Self::ALL.into_iter()
    }

    /// The digest's length in bytes.
    pub const fn output_len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The number in TLS 1.2's SignatureAndHashAlgorithm (RFC 5246 §7.4.1.4.1).
    pub const fn wire(self) -> u8 {
        match self {
            Self::Md5 => 1,
            Self::Sha1 => 2,
            Self::Sha224 => 3,
            Self::Sha256 => 4,
            Self::Sha384 => 5,
            Self::Sha512 => 6,
        }
    }

    pub(crate) fn from_wire(wire: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.wire() == wire)
    }

    /// The hash of one piece.
    pub(crate) fn digest(self, data: &[u8]) -> Digest {
        let mut hash = Hash::new(self);
        hash.update(data);
        hash.finish()
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        })
    }
}

/// A running hash.
#[derive(Clone)]
pub(crate) enum Hash {
    Md5(Md5),
    Sha1(Sha1),
    Sha224(Sha224),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

/// Runs one expression over whichever hash it is.
macro_rules! each {
    ($hash:expr, $inner:ident => $body:expr) => {
        match $hash {
            Hash::Md5($inner) => $body,
            Hash::Sha1($inner) => $body,
            Hash::Sha224($inner) => $body,
            Hash::Sha256($inner) => $body,
            Hash::Sha384($inner) => $body,
            Hash::Sha512($inner) => $body,
        }
    };
}

impl Hash {
    pub(crate) fn new(algorithm: HashAlgorithm) -> Self {
        match algorithm {
            HashAlgorithm::Md5 => Self::Md5(Md5::new()),
            HashAlgorithm::Sha1 => Self::Sha1(Sha1::new()),
            HashAlgorithm::Sha224 => Self::Sha224(Sha224::new()),
            HashAlgorithm::Sha256 => Self::Sha256(Sha256::new()),
            HashAlgorithm::Sha384 => Self::Sha384(Sha384::new()),
            HashAlgorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    pub(crate) fn algorithm(&self) -> HashAlgorithm {
        match self {
            Self::Md5(_) => HashAlgorithm::Md5,
            Self::Sha1(_) => HashAlgorithm::Sha1,
            Self::Sha224(_) => HashAlgorithm::Sha224,
            Self::Sha256(_) => HashAlgorithm::Sha256,
            Self::Sha384(_) => HashAlgorithm::Sha384,
            Self::Sha512(_) => HashAlgorithm::Sha512,
        }
    }

    pub(crate) fn update(&mut self, data: &[u8]) {
        each!(self, hash => hash.update(data));
    }

    pub(crate) fn finish(self) -> Digest {
        each!(self, hash => Digest::copy_from(&hash.finalize_fixed()))
    }
}

/// A hash's or an HMAC's output, of the algorithm's length.
///
/// Zeroized on drop: in key derivation these are secrets.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Digest {
    bytes: [u8; MAX_OUTPUT],
    len: usize,
}

impl Digest {
    /// `output` is an algorithm's output, so never longer than the longest of them.
    pub(crate) fn copy_from(output: &[u8]) -> Self {
        let mut bytes = [0; MAX_OUTPUT];
        bytes[..output.len()].copy_from_slice(output);
        Self {
            bytes,
            len: output.len(),
        }
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// The longest output, SHA-512's.
const MAX_OUTPUT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::vectors::hex;

    /// RFC 1321 appendix A.5 and FIPS 180-4's examples for "abc".
    #[test]
    fn digests_of_abc() {
        for (algorithm, expected) in [
            (HashAlgorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (
                HashAlgorithm::Sha1,
                "a9993e364706816aba3e25717850c26c9cd0d89d",
            ),
            (
                HashAlgorithm::Sha224,
                "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
            ),
            (
                HashAlgorithm::Sha256,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                HashAlgorithm::Sha384,
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
                 8086072ba1e7cc2358baeca134c825a7",
            ),
            (
                HashAlgorithm::Sha512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
        ] {
            let digest = algorithm.digest(b"abc");
            assert_eq!(digest.as_ref(), hex(expected), "{algorithm}");
            assert_eq!(digest.as_ref().len(), algorithm.output_len());
        }
    }
}
