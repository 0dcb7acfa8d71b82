//! PKCS#1 v1.5 encodings (RFC 8017 §7.2 and §9.2): made, compared whole, and taken apart only
//! for the pre-master secret and SSL 2.0's secret key, in constant time.

use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::constant_time::conditional_copy;
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
    /// modulus is too short for this digest, or of more than 65,535 bytes, which no message carries.
    pub fn encode(&self, modulus_len: usize) -> Option<Vec<u8>> {
        u16::try_from(modulus_len).ok()?;
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

/// The same for SSL 2.0's secret key, with the mark of a client that speaks SSL 3.0 or TLS as well:
/// the padding's last eight bytes are 0x03 (RFC 5246 appendix E.2).
///
/// A server that speaks them, too, sees by it that somebody rolled the two back to SSL 2.0.
pub(crate) fn pad_with_rollback_mark(
    secret_key: &[u8],
    modulus_len: usize,
    random: &dyn SecureRandom,
) -> Result<Option<Zeroizing<Vec<u8>>>, RandomFailed> {
    let Some(mut encoded) = pad_for_encryption(secret_key, modulus_len, random)? else {
        return Ok(None);
    };
    // The padding is not shorter than the mark.
    let padding_end = modulus_len - secret_key.len() - 1;
    encoded[padding_end - ROLLBACK_MARK.len()..padding_end].copy_from_slice(&ROLLBACK_MARK);
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
/// Constant time, see [`take_secret`]. The version must not leak either (Klima, Pokorny and Rosa).
pub(crate) fn unpad_pre_master_secret(
    encoded: &[u8],
    versions: [u16; 2],
    substitute: &[u8; PRE_MASTER_SECRET],
) -> Zeroizing<[u8; PRE_MASTER_SECRET]> {
    let mut secret = Zeroizing::new(*substitute);
    take_secret(&mut *secret, encoded, |_, candidate| {
        let mut good = Choice::from(0);
        for version in versions {
            good |= candidate[..2].ct_eq(&version.to_be_bytes());
        }
        good
    });
    secret
}

/// Takes SSL 2.0's secret key, as many bytes as `substitute` has, out of `encoded`, the raw RSA
/// operation's result, or returns `substitute` where anything is wrong with it (The SSL Protocol,
/// §2.5).
///
/// A client can search for a key of 40 bits, and so sees which of the two the server has. So
/// `substitute` must be one and the same for one `encoded`: if it changed from one connection to
/// the next, it would be known for what it is (DROWN).
///
/// Constant time, see [`take_secret`]. Only the length is public: the cipher kind has it.
pub(crate) fn unpad_secret_key(
    encoded: &[u8],
    rollback_mark: RollbackMark,
    substitute: &[u8],
) -> Zeroizing<Vec<u8>> {
    let mut secret = Zeroizing::new(substitute.to_vec());
    take_secret(&mut secret, encoded, |padding, _| match rollback_mark {
        RollbackMark::Accepted => Choice::from(1),
        RollbackMark::Refused => !padding[padding.len() - MIN_PADDING..].ct_eq(&ROLLBACK_MARK),
    });
    secret
}

/// What a server makes of the mark of a client that could do better than SSL 2.0 (RFC 5246
/// appendix E.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RollbackMark {
    /// This side has nothing better to offer.
    Accepted,
    /// This side could do better, too, so somebody rolled the two back.
    Refused,
}

/// Overwrites `secret` with the end of `encoded`, where that is well padded and `also_good` of
/// the padding (at least [`MIN_PADDING`] bytes) and of what would be taken; else it stays.
///
/// Constant time, if `also_good` is. What must not leak, because each bit of it is an oracle on
/// the plaintext (Bleichenbacher): whether the padding is right, where it goes wrong, what
/// `also_good` said, and which of the two secrets is left. The code runs over every byte of
/// `encoded` whatever is in it; verdicts are `Choice`s that are joined without a branch; the
/// secret's place is fixed by the public lengths, never searched for.
fn take_secret(secret: &mut [u8], encoded: &[u8], also_good: impl FnOnce(&[u8], &[u8]) -> Choice) {
    // The lengths are the modulus's and the secret's, so public.
    let Some(secret_start) = encoded.len().checked_sub(secret.len()) else {
        return;
    };
    let (padded, candidate) = encoded.split_at(secret_start);
    let [first, second, padding @ .., separator] = padded else {
        return;
    };
    if padding.len() < MIN_PADDING {
        return;
    }

    let mut good = first.ct_eq(&0) & second.ct_eq(&2) & separator.ct_eq(&0);
    for byte in padding {
        good &= !byte.ct_eq(&0);
    }
    good &= also_good(padding, candidate);
    conditional_copy(secret, candidate, good);
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

/// The padding's last bytes from a client that could do better than SSL 2.0.
const ROLLBACK_MARK: [u8; MIN_PADDING] = [0x03; MIN_PADDING];

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

    /// The secret lengths of the cipher kinds: export, DES, 128 bits, Triple DES.
    const SECRET_LENGTHS: [usize; 4] = [5, 8, 16, 24];

    fn secret_key(len: usize) -> Vec<u8> {
        (1..=len as u8).collect()
    }

    fn unpad_key(encoded: &[u8], mark: RollbackMark, len: usize) -> Vec<u8> {
        unpad_secret_key(encoded, mark, &vec![0xee; len]).to_vec()
    }

    #[test]
    fn a_well_formed_secret_key_comes_out() {
        for len in SECRET_LENGTHS {
            let secret = secret_key(len);
            for modulus_len in [len + 11, 64, 128, 256] {
                let plain = pad_for_encryption(&secret, modulus_len, &SystemRandom);
                let plain = plain.unwrap().unwrap();
                let marked = pad_with_rollback_mark(&secret, modulus_len, &SystemRandom);
                let marked = marked.unwrap().unwrap();
                for mark in [RollbackMark::Accepted, RollbackMark::Refused] {
                    assert_eq!(unpad_key(&plain, mark, len), secret);
                }
                assert_eq!(unpad_key(&marked, RollbackMark::Accepted, len), secret);
                let refused = unpad_key(&marked, RollbackMark::Refused, len);
                assert_eq!(refused, vec![0xee; len]);
            }
        }
    }

    #[test]
    fn every_fault_gives_the_substitute_for_the_secret_key() {
        for len in SECRET_LENGTHS {
            let good = pad_for_encryption(&secret_key(len), 64, &SystemRandom);
            let good = good.unwrap().unwrap();
            let substitute = vec![0xee; len];
            let separator = 64 - len - 1;
            let check = |encoded: &[u8], what: &str| {
                for mark in [RollbackMark::Accepted, RollbackMark::Refused] {
                    assert_eq!(unpad_key(encoded, mark, len), substitute, "{len}: {what}");
                }
            };
            let zeros = (2..separator).map(|index| (index, 0));
            let others = [(0, 1), (0, 0x80), (1, 1), (1, 0), (separator, 1)];
            for (index, value) in zeros.chain(others) {
                let mut faulty = good.to_vec();
                faulty[index] = value;
                check(&faulty, &format!("{value} at {index}"));
            }
            check(&good[1..], "a byte short in front");
            check(&good[..63], "a byte short behind");
            check(&good[..len], "the secret's length");
            check(&good[..len - 1], "less than the secret");
            check(&[], "nothing");
            let short = pad_for_encryption(&secret_key(len), len + 11, &SystemRandom);
            let mut short = short.unwrap().unwrap().to_vec();
            short.remove(2);
            check(&short, "seven bytes of padding");
        }
    }

    #[test]
    fn the_mark_is_all_eight_bytes_at_the_end_of_the_padding() {
        let secret = secret_key(16);
        let encoded = pad_with_rollback_mark(&secret, 64, &SystemRandom);
        let encoded = encoded.unwrap().unwrap();
        assert_eq!(encoded[39..], [&[3; 8][..], &[0], &secret].concat());
        assert_ne!(encoded[2..39], [3; 37]);
        for index in 39..47 {
            let mut unmarked = encoded.to_vec();
            unmarked[index] = 4;
            let unpadded = unpad_key(&unmarked, RollbackMark::Refused, 16);
            assert_eq!(unpadded, secret, "{index}");
        }
        let too_long = pad_with_rollback_mark(&[0; 16], 26, &SystemRandom);
        assert!(too_long.unwrap().is_none());
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
