//! The pseudorandom functions: SSL 3.0's expansion (RFC 6101 §6.1), TLS 1.0's (RFC 2246 §5) and
//! TLS 1.2's (RFC 5246 §5).

use crate::crypto::HashAlgorithm;
use crate::crypto::hash::Hash;
use crate::crypto::hmac::HmacKey;
use crate::suite::{KeyDerivation, SuiteRow};
use crate::version::ProtocolVersion;

/// How a connection derives secrets from secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prf {
    /// MD5 over SHA-1 with letters; has no labels.
    Ssl3,
    /// P_MD5 xor P_SHA-1.
    Tls10,
    /// P_hash with the suite's hash.
    Tls12(HashAlgorithm),
}

impl Prf {
    pub(crate) fn of(version: ProtocolVersion, suite: &SuiteRow) -> Self {
        match version {
            ProtocolVersion::SSLv3 if suite.keys == KeyDerivation::Fips => Self::Tls10,
            // SSL 2.0 never comes here: it has no suites, and keys of its own.
            ProtocolVersion::SSLv2 | ProtocolVersion::SSLv3 => Self::Ssl3,
            ProtocolVersion::TLSv1_0 | ProtocolVersion::TLSv1_1 => Self::Tls10,
            ProtocolVersion::TLSv1_2 => Self::Tls12(suite.prf_hash),
        }
    }

    /// Fills `out` from `secret`, `label` and the concatenation of `seed`'s two parts.
    pub(crate) fn expand(self, secret: &[u8], label: &[u8], seed: [&[u8]; 2], out: &mut [u8]) {
        match self {
            Self::Ssl3 => ssl3_expand(secret, seed, out),
            Self::Tls10 => {
                // The two halves share the middle byte of a secret of odd length.
                let half = secret.len().div_ceil(2);
                let (first, second) = (&secret[..half], &secret[secret.len() - half..]);
                out.fill(0);
                xor_p_hash(HashAlgorithm::Md5, first, label, seed, out);
                xor_p_hash(HashAlgorithm::Sha1, second, label, seed, out);
            }
            Self::Tls12(hash) => {
                out.fill(0);
                xor_p_hash(hash, secret, label, seed, out);
            }
        }
    }
}

/// P_hash (RFC 5246 §5), xored into `out`.
fn xor_p_hash(
    hash: HashAlgorithm,
    secret: &[u8],
    label: &[u8],
    [seed, more_seed]: [&[u8]; 2],
    out: &mut [u8],
) {
    let key = HmacKey::new(hash, secret);
    let mut a = key.compute(&[label, seed, more_seed]);
    for chunk in out.chunks_mut(hash.output_len()) {
        let block = key.compute(&[a.as_ref(), label, seed, more_seed]);
        for (out, byte) in chunk.iter_mut().zip(block.as_ref()) {
            *out ^= byte;
        }
        a = key.compute(&[a.as_ref()]);
    }
}

/// MD5(secret + SHA('A' + secret + seed)) + MD5(secret + SHA('BB' + secret + seed)) + …
/// (RFC 6101 §6.1).
fn ssl3_expand(secret: &[u8], seed: [&[u8]; 2], out: &mut [u8]) {
    for (round, chunk) in out.chunks_mut(HashAlgorithm::Md5.output_len()).enumerate() {
        let mut sha = Hash::new(HashAlgorithm::Sha1);
        // A key block is at most 136 bytes long: nine rounds, so letters from A to I.
        let letter = b'A' + round as u8;
        for _ in 0..=round {
            sha.update(&[letter]);
        }
        sha.update(secret);
        sha.update(seed[0]);
        sha.update(seed[1]);
        let mut md5 = Hash::new(HashAlgorithm::Md5);
        md5.update(secret);
        md5.update(sha.finish().as_ref());
        let len = chunk.len();
        chunk.copy_from_slice(&md5.finish().as_ref()[..len]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::vectors::hex;

    /// The vectors for SHA-256 and SHA-384 that were posted to the TLS working group's list
    /// ("Test vectors for TLS 1.2 PRF", 2009).
    #[test]
    fn tls12_prf() {
        let mut out = [0; 100];
        Prf::Tls12(HashAlgorithm::Sha256).expand(
            &hex("9bbe436ba940f017b17652849a71db35"),
            b"test label",
            [&hex("a0ba9f936cda311827a6f796ffd5198c"), b""],
            &mut out,
        );
        assert_eq!(
            out[..],
            hex(
                "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a\
                 6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab\
                 4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701\
                 87347b66"
            )
        );
        let mut out = [0; 148];
        Prf::Tls12(HashAlgorithm::Sha384).expand(
            &hex("b80b733d6ceefcdc71566ea48e5567df"),
            b"test label",
            [&hex("cd665cf6a8447dd6ff8b27555edb7465"), b""],
            &mut out,
        );
        assert_eq!(
            out[..],
            hex(
                "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cd\
                 e9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd\
                 8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425\
                 9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee6\
                 91c8f3a26854308d5eaa3be85e0990703d73e56f"
            )
        );
    }

    /// The vector of the TLS 1.0 days that several stacks carry ("PRF Testvector").
    #[test]
    fn tls10_prf() {
        let mut out = [0; 104];
        Prf::Tls10.expand(&[0xab; 48], b"PRF Testvector", [&[0xcd; 64], b""], &mut out);
        assert_eq!(
            out[..],
            hex(
                "d3d4d1e349b5d515044666d51de32bab258cb521b6b053463e354832fd976754\
                 443bcf9a296519bc289abcbc1187e4ebd31e602353776c408aafb74cbc85eff6\
                 9255f9788faa184cbb957a9819d84a5d7eb006eb459d3ae8de9810454b8b2d8f\
                 1afbc655a8c9a013"
            )
        );
    }
}
