//! Running hashes over the handshake messages.

use crate::crypto::HashAlgorithm;
use crate::crypto::hash::Hash;
use crate::suite::SuiteRow;
use crate::version::ProtocolVersion;

/// The hash of all handshake messages so far, HelloRequests excepted.
///
/// It starts when version and suite are known, from the ClientHello on; the messages themselves
/// are not kept.
#[derive(Clone)]
pub(crate) enum Transcript {
    /// SSL 3.0 to TLS 1.1.
    Md5Sha1 { md5: Hash, sha1: Hash },
    /// TLS 1.2: the PRF's hash, and those that a CertificateVerify may still need.
    Tls12 { prf: Hash, signature: Vec<Hash> },
}

impl Transcript {
    /// `signature_hashes` are those that a TLS 1.2 CertificateVerify may be made over.
    pub(crate) fn new(
        version: ProtocolVersion,
        suite: &SuiteRow,
        signature_hashes: impl Iterator<Item = HashAlgorithm>,
    ) -> Self {
        if version < ProtocolVersion::TLSv1_2 {
            return Self::Md5Sha1 {
                md5: Hash::new(HashAlgorithm::Md5),
                sha1: Hash::new(HashAlgorithm::Sha1),
            };
        }
        Self::Tls12 {
            prf: Hash::new(suite.prf_hash),
            signature: signature_hashes
                .filter(|hash| *hash != suite.prf_hash)
                .map(Hash::new)
                .collect(),
        }
    }

    /// Adds a message, header included.
    pub(crate) fn add(&mut self, encoded: &[u8]) {
        match self {
            Self::Md5Sha1 { md5, sha1 } => {
                md5.update(encoded);
                sha1.update(encoded);
            }
            Self::Tls12 { prf, signature } => {
                prf.update(encoded);
                for hash in signature {
                    hash.update(encoded);
                }
            }
        }
    }

    /// No CertificateVerify will follow: its hashes are not needed any more.
    pub(crate) fn drop_signature_hashes(&mut self) {
        if let Self::Tls12 { signature, .. } = self {
            *signature = Vec::new();
        }
    }

    /// The hash that Finished (not at SSL 3.0) and the extended master secret are made from:
    /// MD5 and SHA-1 side by side, or the PRF's hash (RFC 7627 §3).
    pub(crate) fn session_hash(&self) -> Vec<u8> {
        match self {
            Self::Md5Sha1 { md5, sha1 } => {
                let [md5, sha1] = [md5, sha1].map(|hash| hash.clone().finish());
                [md5.as_ref(), sha1.as_ref()].concat()
            }
            Self::Tls12 { prf, .. } => prf.clone().finish().as_ref().to_vec(),
        }
    }

    /// The running hash under `algorithm`, if it is one that is kept.
    pub(crate) fn hash(&self, algorithm: HashAlgorithm) -> Option<&Hash> {
        match self {
            Self::Md5Sha1 { md5, sha1 } => [md5, sha1]
                .into_iter()
                .find(|hash| hash.algorithm() == algorithm),
            Self::Tls12 { prf, signature } => core::iter::once(prf)
                .chain(signature)
                .find(|hash| hash.algorithm() == algorithm),
        }
    }
}
