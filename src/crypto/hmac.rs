//! HMAC (RFC 2104) for the pseudorandom functions.

use ::hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::hash::{Digest, HashAlgorithm};

/// HMAC under one key; the key is absorbed once and used for many messages.
#[derive(Clone)]
pub(crate) enum HmacKey {
    Md5(Hmac<Md5>),
    Sha1(Hmac<Sha1>),
    Sha224(Hmac<Sha224>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

impl HmacKey {
    pub(crate) fn new(hash: HashAlgorithm, key: &[u8]) -> Self {
        fn keyed<M: Mac + KeyInit>(key: &[u8]) -> M {
            <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length")
        }
        match hash {
            HashAlgorithm::Md5 => Self::Md5(keyed(key)),
            HashAlgorithm::Sha1 => Self::Sha1(keyed(key)),
            HashAlgorithm::Sha224 => Self::Sha224(keyed(key)),
            HashAlgorithm::Sha256 => Self::Sha256(keyed(key)),
            HashAlgorithm::Sha384 => Self::Sha384(keyed(key)),
            HashAlgorithm::Sha512 => Self::Sha512(keyed(key)),
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
            Self::Sha224(keyed) => run(keyed, parts),
            Self::Sha256(keyed) => run(keyed, parts),
            Self::Sha384(keyed) => run(keyed, parts),
            Self::Sha512(keyed) => run(keyed, parts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::vectors::hex;

    /// RFC 2202 test case 2 and RFC 4231 test case 2.
    #[test]
    fn jefe() {
        for (hash, expected) in [
            (HashAlgorithm::Md5, "750c783e6ab0b503eaa86e310a5db738"),
            (
                HashAlgorithm::Sha1,
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            ),
            (
                HashAlgorithm::Sha256,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
        ] {
            let key = HmacKey::new(hash, b"Jefe");
            let mac = key.compute(&[b"what do ya want ", b"for nothing?"]);
            assert_eq!(mac.as_ref(), hex(expected), "{hash}");
        }
    }
}
