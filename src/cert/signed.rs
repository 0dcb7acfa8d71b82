//! What an authority signs: certificates and revocation lists, which have the same form (RFC 5280
//! §4.1.1, §5.1.1).

use x509_parser::prelude::{AlgorithmIdentifier, FromDer};

use super::der::{BIT_STRING, INTEGER, SEQUENCE, VERSION, skip, take, take_whole};
use super::name::oid_text;
use super::public_key::SubjectKey;
use super::signature::SignatureAlgorithm;
use crate::crypto::HashAlgorithm;
use crate::crypto::hash::Digest;
use crate::error::CertificateProblem;

/// Something signed, ready to be verified with one key after the other.
#[derive(Clone)]
pub(crate) struct Signed {
    algorithm: SignatureAlgorithm,
    /// Of what is signed. Lists are long, and one may be used many times.
    digest: Digest,
    /// A BIT STRING's contents.
    signature: Vec<u8>,
}

impl Signed {
    /// Reads the parts from the encoding itself, so that no byte of what is signed escapes.
    /// `outside` is the algorithm behind what is signed, which has to be the one inside of it.
    pub(super) fn read(
        der: &[u8],
        outside: &AlgorithmIdentifier<'_>,
    ) -> Result<Self, CertificateProblem> {
        let parts = Parts::read(der).ok_or(CertificateProblem::Unreadable)?;
        let algorithm = parts.algorithm(outside)?;
        Ok(Self {
            algorithm,
            digest: algorithm.hash().digest(parts.tbs),
            signature: parts.signature.to_vec(),
        })
    }

    pub(super) fn hash(&self) -> HashAlgorithm {
        self.algorithm.hash()
    }

    /// Whether the signature is this key's.
    pub(super) fn is_by(&self, key: &SubjectKey) -> bool {
        // A signature is whole bytes.
        let [0, signature @ ..] = self.signature.as_slice() else {
            return false;
        };
        self.algorithm
            .verify_digest(key, self.digest.as_ref(), signature)
    }
}

/// The encoded parts.
struct Parts<'a> {
    tbs: &'a [u8],
    outside: &'a [u8],
    inside: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Parts<'a> {
    /// `None` where the encoding has another form, or anything follows.
    fn read(der: &'a [u8]) -> Option<Self> {
        let (contents, []) = take(SEQUENCE, der)? else {
            return None;
        };
        let (tbs, rest) = take_whole(SEQUENCE, contents)?;
        let (outside, rest) = take_whole(SEQUENCE, rest)?;
        let (signature, []) = take(BIT_STRING, rest)? else {
            return None;
        };
        // A certificate's version and serial number, a list's version.
        let (fields, _) = take(SEQUENCE, tbs)?;
        let fields = skip(VERSION, fields);
        let (inside, _) = take_whole(SEQUENCE, skip(INTEGER, fields))?;
        Some(Self {
            tbs,
            outside,
            inside,
            signature,
        })
    }

    fn algorithm(
        &self,
        outside: &AlgorithmIdentifier<'_>,
    ) -> Result<SignatureAlgorithm, CertificateProblem> {
        let unknown = CertificateProblem::UnknownSignatureAlgorithm;
        if self.outside != self.inside {
            let Ok(([], inside)) = AlgorithmIdentifier::from_der(self.inside) else {
                return Err(CertificateProblem::Unreadable);
            };
            let inside = oid_text(&inside.algorithm);
            let outside = oid_text(&outside.algorithm);
            return Err(unknown(format!(
                "{outside} by one of its fields and {inside} by another"
            )));
        }
        SignatureAlgorithm::read(outside).ok_or_else(|| unknown(oid_text(&outside.algorithm)))
    }
}
