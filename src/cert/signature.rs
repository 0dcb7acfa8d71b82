//! The algorithms that certificates and revocation lists are signed with.

use x509_parser::asn1_rs::oid;
use x509_parser::prelude::AlgorithmIdentifier;
use x509_parser::signature_algorithm::RsaSsaPssParams;

use super::public_key::SubjectKey;
use crate::crypto::HashAlgorithm;
use crate::crypto::pkcs1::SignatureInput;

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
    /// `None` where it is not known here.
    pub(super) fn read(identifier: &AlgorithmIdentifier<'_>) -> Option<Self> {
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

    /// Whether `signature` is the key's over what has this digest by [`hash`](Self::hash).
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
