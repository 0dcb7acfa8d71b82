//! HMAC (RFC 2104) for the pseudorandom functions.

use ::hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384};

use super::hash::Digest;

/// HMAC under one key; the key is absorbed once and used for many messages.
#[derive(Clone)]
pub(crate) enum HmacKey {
    Md5(Hmac<Md5>),
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
}

/// The hashes that a pseudorandom function is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HmacAlgorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
}

impl HmacKey {
    pub(crate) fn new(algorithm: HmacAlgorithm, key: &[u8]) -> Self {
        const ANY_LENGTH: &str = "HMAC takes keys of any length";
        match algorithm {
            HmacAlgorithm::Md5 => Self::Md5(Hmac::new_from_slice(key).expect(ANY_LENGTH)),
            HmacAlgorithm::Sha1 => Self::Sha1(Hmac::new_from_slice(key).expect(ANY_LENGTH)),
            HmacAlgorithm::Sha256 => Self::Sha256(Hmac::new_from_slice(key).expect(ANY_LENGTH)),
            HmacAlgorithm::Sha384 => Self::Sha384(Hmac::new_from_slice(key).expect(ANY_LENGTH)),
        }
    }

    /// HMAC over the concatenation of `parts`.
    pub(crate) fn compute(&self, parts: &[&[u8]]) -> Digest {
        fn run<M: Mac + Clone>(keyed: &M, parts: &[&[u8]]) -> Digest {
            let mut mac = keyed.clone();
            for part in parts {
                mac.update(part);
            }
            Digest::copy_from(&mac.finalize().into_bytes())
        }
        match self {
            Self::Md5(keyed) => run(keyed, parts),
            Self::Sha1(keyed) => run(keyed, parts),
            Self::Sha256(keyed) => run(keyed, parts),
            Self::Sha384(keyed) => run(keyed, parts),
        }
    }
}
