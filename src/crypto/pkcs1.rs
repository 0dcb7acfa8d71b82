//! PKCS#1 v1.5 encodings (RFC 8017 §7.2 and §9.2): made, compared whole, and taken apart only
//! for the pre-master secret, in constant time.

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::hash::HashAlgorithm;
use super::random::{RandomFailed, SecureRandom};

/// What an RSA signature signs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureInput {
    /// MD5 and SHA-1 side by side, without a DigestInfo: SSL 3.0 to TLS 1.1 (RFC 2246 §4.7).
    Md5Sha1([u8; 36]),
    /// A digest that goes into a DigestInfo: TLS 1.2 (RFC 5246 §4.7) and certificates.
    DigestInfo {
        /// The digest's algorithm.
        hash: HashAlgorithm,
        /// The digest, [`HashAlgorithm::output_len`] bytes.
        digest: Vec<u8>,
    },
}

impl SignatureInput {
    /// The octets that PKCS#1 v1.5 pads: 36 bytes, or the DER of the DigestInfo.
    ///
    /// A hardware module's `CKM_RSA_PKCS` takes exactly these.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Md5Sha1(digests) => digests.to_vec(),
            Self::DigestInfo { hash, digest } => [digest_info_prefix(*hash), digest].concat(),
        }
    }

    /// EMSA-PKCS1-v1_5 (RFC 8017 §9.2): `modulus_len` bytes to be signed; `None` where the
    /// modulus is too short for this digest.
    pub fn encode(&self, modulus_len: usize) -> Option<Vec<u8>> {
        let signed = self.to_bytes();
        let padding = padding_len(signed.len(), modulus_len)?;
        let mut encoded = Vec::with_capacity(modulus_len);
        encoded.extend_from_slice(&[0, 1]);
        encoded.resize(2 + padding, 0xff);
        encoded.push(0);
        encoded.extend_from_slice(&signed);
        Some(encoded)
    }
}

/// Whether a modulus of `modulus_len` bytes can carry a DigestInfo over `hash`.
pub(crate) fn digest_info_fits(hash: HashAlgorithm, modulus_len: usize) -> bool {
    padding_len(
        digest_info_prefix(hash).len() + hash.output_len(),
        modulus_len,
    )
    .is_some()
}

/// EME-PKCS1-v1_5 (RFC 8017 §7.2.1): `message` padded with random non-zero bytes to
/// `modulus_len`; `Ok(None)` where it does not fit.
pub(crate) fn pad_for_encryption(
    message: &[u8],
    modulus_len: usize,
    random: &dyn SecureRandom,
) -> Result<Option<Zeroizing<Vec<u8>>>, RandomFailed> {
    let Some(padding) = padding_len(message.len(), modulus_len) else {
        return Ok(None);
    };
    let mut encoded = Zeroizing::new(vec![0; modulus_len]);
    encoded[1] = 2;
    random.fill(&mut encoded[2..2 + padding])?;
    for byte in &mut encoded[2..2 + padding] {
        let mut draws = 0;
        while *byte == 0 {
            random.fill(core::slice::from_mut(byte))?;
            draws += 1;
            if draws == MAX_DRAWS {
                return Err(RandomFailed);
            }
        }
    }
    encoded[padding + 3..].copy_from_slice(message);
    Ok(Some(encoded))
}

/// Bytes of padding between the two in front of it and the one behind it; `None` where the modulus
/// is too short for so long a message.
fn padding_len(message_len: usize, modulus_len: usize) -> Option<usize> {
    let padding = modulus_len.checked_sub(message_len.checked_add(3)?)?;
    (padding >= MIN_PADDING).then_some(padding)
}

/// Takes the 48-byte pre-master secret out of `encoded`, the raw RSA operation's result, or
/// returns `substitute` where anything is wrong with it (RFC 5246 §7.4.7.1).
///
/// `versions` are the numbers that may stand in front: the one that the client offered, and
/// itself again or another one that a quirk accepts.
///
/// Constant time. What must not leak, because each bit of it is an oracle on the plaintext
/// (Bleichenbacher; Klima, Pokorny and Rosa for the version): whether the padding is right, where
/// it goes wrong, whether the version is right, and which of the two secrets is returned. The
/// code runs over every byte of `encoded` whatever is in it; verdicts are `Choice`s that are
/// joined without a branch; the secret's place is fixed by the public length, never searched for.
pub(crate) fn unpad_pre_master_secret(
    encoded: &[u8],
    versions: [u16; 2],
    substitute: &[u8; PRE_MASTER_SECRET],
) -> Zeroizing<[u8; PRE_MASTER_SECRET]> {
    let mut secret = Zeroizing::new(*substitute);
    // The length is the modulus's, so public.
    let Some((padded, candidate)) = encoded.split_last_chunk::<PRE_MASTER_SECRET>() else {
        return secret;
    };
    let [first, second, padding @ .., separator] = padded else {
        return secret;
    };
    if padding.len() < MIN_PADDING {
        return secret;
    }

    let mut good = first.ct_eq(&0) & second.ct_eq(&2) & separator.ct_eq(&0);
    for byte in padding {
        good &= !byte.ct_eq(&0);
    }
    let mut version_good = Choice::from(0);
    for version in versions {
        version_good |= candidate[..2].ct_eq(&version.to_be_bytes());
    }
    good &= version_good;

    for (byte, candidate) in secret.iter_mut().zip(candidate) {
        byte.conditional_assign(candidate, good);
    }
    secret
}

/// The DER in front of the digest in a DigestInfo (RFC 8017 §9.2, note 1).
const fn digest_info_prefix(hash: HashAlgorithm) -> &'static [u8] {
    match hash {
        HashAlgorithm::Md5 => &[
            0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05,
            0x05, 0x00, 0x04, 0x10,
        ],
        HashAlgorithm::Sha1 => &[
            0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04,
            0x14,
        ],
        HashAlgorithm::Sha224 => &[
            0x30, 0x2d, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x04, 0x05, 0x00, 0x04, 0x1c,
        ],
        HashAlgorithm::Sha256 => &[
            0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x01, 0x05, 0x00, 0x04, 0x20,
        ],
        HashAlgorithm::Sha384 => &[
            0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x02, 0x05, 0x00, 0x04, 0x30,
        ],
        HashAlgorithm::Sha512 => &[
            0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x03, 0x05, 0x00, 0x04, 0x40,
        ],
    }
}

/// Bytes of padding at the least (RFC 8017 §7.2.1 and §9.2).
const MIN_PADDING: usize = 8;

/// Draws of one non-zero byte before the source of randomness counts as stuck: a good one fails
/// once in 2^512.
const MAX_DRAWS: u32 = 64;

/// Bytes in a pre-master secret (RFC 5246 §7.4.7.1).
pub(crate) const PRE_MASTER_SECRET: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;

    const VERSION: u16 = 0x0303;
    const SUBSTITUTE: [u8; 48] = [0xee; 48];

    fn well_formed(len: usize) -> Vec<u8> {
        let mut secret = [0x5a; 48];
        secret[..2].copy_from_slice(&VERSION.to_be_bytes());
        pad_for_encryption(&secret, len, &SystemRandom)
            .unwrap()
            .unwrap()
            .to_vec()
    }

    fn unpad(encoded: &[u8]) -> [u8; 48] {
        *unpad_pre_master_secret(encoded, [VERSION; 2], &SUBSTITUTE)
    }

    #[test]
    fn a_well_formed_pre_master_secret_comes_out() {
        for len in [59, 64, 128, 256] {
            let encoded = well_formed(len);
            assert_eq!(unpad(&encoded), encoded[len - 48..]);
        }
    }

    #[test]
    fn every_fault_gives_the_substitute() {
        let good = well_formed(128);
        let faulty = |index: usize, value: u8| {
            let mut encoded = good.clone();
            encoded[index] = value;
            encoded
        };
        for index in 2..79 {
            assert_eq!(unpad(&faulty(index, 0)), SUBSTITUTE, "zero at {index}");
        }
        for (index, value) in [(0, 1), (0, 0x80), (1, 1), (1, 0), (79, 1), (80, 2), (81, 2)] {
            assert_eq!(
                unpad(&faulty(index, value)),
                SUBSTITUTE,
                "{value} at {index}"
            );
        }
        assert_eq!(unpad(&good[1..]), SUBSTITUTE);
        assert_eq!(unpad(&good[..47]), SUBSTITUTE);
        assert_eq!(unpad(&well_formed(59)[1..]), SUBSTITUTE);
        assert_eq!(unpad(&[]), SUBSTITUTE);
        assert_ne!(unpad(&good), SUBSTITUTE);
    }

    #[test]
    fn a_second_version_is_accepted_only_when_named() {
        let encoded = well_formed(128);
        let at = |versions| *unpad_pre_master_secret(&encoded, versions, &SUBSTITUTE);
        assert_ne!(at([0x0301, VERSION]), SUBSTITUTE);
        assert_eq!(at([0x0301, 0x0300]), SUBSTITUTE);
    }

    #[test]
    fn padding_is_random_and_never_zero() {
        let first = well_formed(1024);
        assert!(first[2..1024 - 49].iter().all(|byte| *byte != 0));
        assert_ne!(first, well_formed(1024));
        assert!(
            pad_for_encryption(&[0; 48], 58, &SystemRandom)
                .unwrap()
                .is_none()
        );
    }

    /// RFC 8017 §9.2: 512 bits cannot sign SHA-384.
    #[test]
    fn a_digest_that_does_not_fit_is_not_encoded() {
        let input = |hash: HashAlgorithm| SignatureInput::DigestInfo {
            hash,
            digest: hash.digest(b"abc").as_ref().to_vec(),
        };
        assert!(input(HashAlgorithm::Sha384).encode(64).is_none());
        let encoded = input(HashAlgorithm::Sha256).encode(64).unwrap();
        assert_eq!(encoded.len(), 64);
        assert_eq!(encoded[..3], [0, 1, 0xff]);
        let md5_sha1 = SignatureInput::Md5Sha1([7; 36]).encode(64).unwrap();
        assert_eq!(md5_sha1[27..], [[0].as_slice(), &[7; 36]].concat());
    }
}
