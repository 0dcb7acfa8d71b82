//! Signatures in certificates and revocation lists, and the keys that make them.

use x509_parser::asn1_rs::oid;
use x509_parser::prelude::{AlgorithmIdentifier, SubjectPublicKeyInfo};
use x509_parser::signature_algorithm::RsaSsaPssParams;

use super::der::{OBJECT_IDENTIFIER, SEQUENCE, Signed, take};
use super::name::oid_text;
use super::public_key::rsa_public_key;
use crate::crypto::HashAlgorithm;
use crate::crypto::ecdsa::{Curve, EcPublicKey};
use crate::crypto::pkcs1::SignatureInput;
use crate::crypto::rsa::RsaPublicKey;
use crate::error::CertificateProblem;
use crate::policy::Policy;

/// A subject's public key (RFC 5280 §4.1.2.7).
#[derive(Clone, Debug)]
pub(crate) enum SubjectKey {
    Rsa(RsaPublicKey),
    Ec(EcPublicKey),
}

impl SubjectKey {
    pub(crate) fn read(info: &SubjectPublicKeyInfo<'_>) -> Result<Self, CertificateProblem> {
        let algorithm = &info.algorithm.algorithm;
        if *algorithm == oid!(1.2.840.113549.1.1.1) {
            return take(SEQUENCE, info.raw)
                .and_then(|(contents, _)| rsa_public_key(contents))
                .map(Self::Rsa)
                .ok_or(CertificateProblem::BadKey);
        }
        if *algorithm != oid!(1.2.840.10045.2.1) {
            return Err(CertificateProblem::UnknownKey(oid_text(algorithm)));
        }
        let curve = match named_curve(info.raw) {
            Some(P256) => Curve::P256,
            Some(P384) => Curve::P384,
            _ => {
                return Err(CertificateProblem::UnknownKey(
                    "elliptic curve other than P-256 and P-384".to_owned(),
                ));
            }
        };
        EcPublicKey::new(curve, &info.subject_public_key.data)
            .map(Self::Ec)
            .ok_or(CertificateProblem::BadKey)
    }

    /// Refuses an RSA key that is shorter than the policy allows.
    pub(crate) fn check_length(&self, policy: &Policy) -> Result<(), CertificateProblem> {
        let min = policy.smallest_rsa_key();
        match self {
            Self::Rsa(key) if key.bits() < min => Err(CertificateProblem::KeyTooShort {
                bits: key.bits(),
                min,
            }),
            Self::Rsa(_) | Self::Ec(_) => Ok(()),
        }
    }
}

/// The name of the curve that an elliptic curve key is on; `None` where its parameters are
/// something else (RFC 5480 §2.1.1).
fn named_curve(key_info: &[u8]) -> Option<&[u8]> {
    let (contents, _) = take(SEQUENCE, key_info)?;
    let (algorithm, _) = take(SEQUENCE, contents)?;
    let (_, parameters) = take(OBJECT_IDENTIFIER, algorithm)?;
    let (curve, []) = take(OBJECT_IDENTIFIER, parameters)? else {
        return None;
    };
    Some(curve)
}

/// How something is signed (RFC 5280 §4.1.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureAlgorithm {
    RsaPkcs1(HashAlgorithm),
    RsaPss {
        hash: HashAlgorithm,
        salt_len: usize,
    },
    Ecdsa(HashAlgorithm),
}

impl SignatureAlgorithm {
    /// The algorithm outside of what is signed, which has to be the one inside of it.
    pub(super) fn read_both(
        signed: &Signed<'_>,
        outside: &AlgorithmIdentifier<'_>,
        inside: &AlgorithmIdentifier<'_>,
    ) -> Result<Self, CertificateProblem> {
        let unknown = |text: String| CertificateProblem::UnknownSignatureAlgorithm(text);
        let [encoded_outside, encoded_inside] = signed.algorithms;
        if encoded_outside != encoded_inside {
            return Err(unknown(format!(
                "{} by one of its fields and {} by another",
                oid_text(&outside.algorithm),
                oid_text(&inside.algorithm)
            )));
        }
        Self::read(outside).ok_or_else(|| unknown(oid_text(&outside.algorithm)))
    }

    fn read(identifier: &AlgorithmIdentifier<'_>) -> Option<Self> {
        use HashAlgorithm::*;
        let oid = &identifier.algorithm;
        if *oid == oid!(1.2.840.113549.1.1.10) {
            return Self::read_pss(identifier);
        }
        let known = [
            (oid!(1.2.840.113549.1.1.4), Self::RsaPkcs1(Md5)),
            (oid!(1.2.840.113549.1.1.5), Self::RsaPkcs1(Sha1)),
            // Of OIW, as Microsoft's makecert wrote it.
            (oid!(1.3.14.3.2.29), Self::RsaPkcs1(Sha1)),
            (oid!(1.2.840.113549.1.1.14), Self::RsaPkcs1(Sha224)),
            (oid!(1.2.840.113549.1.1.11), Self::RsaPkcs1(Sha256)),
            (oid!(1.2.840.113549.1.1.12), Self::RsaPkcs1(Sha384)),
            (oid!(1.2.840.113549.1.1.13), Self::RsaPkcs1(Sha512)),
            (oid!(1.2.840.10045.4.1), Self::Ecdsa(Sha1)),
            (oid!(1.2.840.10045.4.3.1), Self::Ecdsa(Sha224)),
            (oid!(1.2.840.10045.4.3.2), Self::Ecdsa(Sha256)),
            (oid!(1.2.840.10045.4.3.3), Self::Ecdsa(Sha384)),
            (oid!(1.2.840.10045.4.3.4), Self::Ecdsa(Sha512)),
        ];
        known
            .into_iter()
            .find(|(known, _)| known == oid)
            .map(|(_, algorithm)| algorithm)
    }

    /// RSASSA-PSS-params (RFC 4055 §3.1); MGF1 over another hash is not in use.
    fn read_pss(identifier: &AlgorithmIdentifier<'_>) -> Option<Self> {
        let params = RsaSsaPssParams::try_from(identifier.parameters.as_ref()?).ok()?;
        let hash_oid = params.hash_algorithm_oid();
        let mask = params.mask_gen_algorithm().ok()?;
        if mask.mgf != oid!(1.2.840.113549.1.1.8)
            || mask.hash != *hash_oid
            || params.trailer_field() != 1
        {
            return None;
        }
        let hashes = [
            (oid!(1.3.14.3.2.26), HashAlgorithm::Sha1),
            (oid!(2.16.840.1.101.3.4.2.4), HashAlgorithm::Sha224),
            (oid!(2.16.840.1.101.3.4.2.1), HashAlgorithm::Sha256),
            (oid!(2.16.840.1.101.3.4.2.2), HashAlgorithm::Sha384),
            (oid!(2.16.840.1.101.3.4.2.3), HashAlgorithm::Sha512),
        ];
        let (_, hash) = hashes.into_iter().find(|(known, _)| known == hash_oid)?;
        Some(Self::RsaPss {
            hash,
            salt_len: usize::try_from(params.salt_length()).ok()?,
        })
    }

    pub(crate) fn hash(self) -> HashAlgorithm {
        match self {
            Self::RsaPkcs1(hash) | Self::RsaPss { hash, .. } | Self::Ecdsa(hash) => hash,
        }
    }

    /// Whether `signature` is the key's over `signed`.
    pub(crate) fn verify(self, key: &SubjectKey, signed: &[u8], signature: &[u8]) -> bool {
        self.verify_digest(key, self.hash().digest(signed).as_ref(), signature)
    }

    /// As [`verify`](Self::verify), of what has this digest by [`hash`](Self::hash).
    pub(super) fn verify_digest(self, key: &SubjectKey, digest: &[u8], signature: &[u8]) -> bool {
        match (self, key) {
            (Self::RsaPkcs1(hash), SubjectKey::Rsa(key)) => {
                let digest = digest.to_vec();
                key.verify(&SignatureInput::DigestInfo { hash, digest }, signature)
            }
            (Self::RsaPss { hash, salt_len }, SubjectKey::Rsa(key)) => {
                key.verify_pss(hash, salt_len, digest, signature)
            }
            (Self::Ecdsa(_), SubjectKey::Ec(key)) => key.verify(digest, signature),
            _ => false,
        }
    }
}

/// 1.2.840.10045.3.1.7 (RFC 5480 §2.1.1.1).
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// 1.3.132.0.34 (RFC 5480 §2.1.1.1).
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
