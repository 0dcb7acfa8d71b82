//! The key in a certificate: of any kind that signs, and, read leniently, the peer's RSA key.

use rustls_pki_types::CertificateDer;
use x509_parser::asn1_rs::oid;
use x509_parser::prelude::SubjectPublicKeyInfo;

use super::der::{BIT_STRING, INTEGER, OBJECT_IDENTIFIER, SEQUENCE, VERSION, take};
use super::name::oid_text;
use crate::crypto::ecdsa::{Curve, EcPublicKey};
use crate::crypto::rsa::RsaPublicKey;
use crate::error::{CertificateError, CertificateProblem};
use crate::policy::Policy;

/// The peer's RSA key (RFC 5280 §4.1), read leniently: device certificates have negative serials,
/// odd DER and wrong usages, and a pinned one needs nothing but a readable key.
///
/// Walks the TBSCertificate's fields by their tags and looks inside none but the
/// subjectPublicKeyInfo.
pub(crate) fn public_key(
    certificate: &CertificateDer<'_>,
) -> Result<RsaPublicKey, CertificateError> {
    let key_info = subject_public_key_info(certificate).ok_or(CertificateError::Unreadable)?;
    rsa_public_key(key_info).ok_or(CertificateError::NotRsa)
}

fn subject_public_key_info(certificate: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = take(SEQUENCE, certificate)?;
    let (tbs, _) = take(SEQUENCE, certificate)?;
    let rest = match take(VERSION, tbs) {
        Some((_, rest)) => rest,
        None => tbs,
    };
    let (_serial_number, rest) = take(INTEGER, rest)?;
    let (_signature, rest) = take(SEQUENCE, rest)?;
    let (_issuer, rest) = take(SEQUENCE, rest)?;
    let (_validity, rest) = take(SEQUENCE, rest)?;
    let (_subject, rest) = take(SEQUENCE, rest)?;
    let (key_info, _) = take(SEQUENCE, rest)?;
    Some(key_info)
}

/// The RSA key in the contents of a subjectPublicKeyInfo.
fn rsa_public_key(key_info: &[u8]) -> Option<RsaPublicKey> {
    let (algorithm, rest) = take(SEQUENCE, key_info)?;
    let (oid, _) = take(OBJECT_IDENTIFIER, algorithm)?;
    if oid != RSA_ENCRYPTION {
        return None;
    }
    let (bits, _) = take(BIT_STRING, rest)?;
    let [0, key @ ..] = bits else {
        return None;
    };
    let (key, _) = take(SEQUENCE, key)?;
    let (modulus, rest) = take(INTEGER, key)?;
    let (exponent, _) = take(INTEGER, rest)?;
    RsaPublicKey::new(modulus, exponent).ok()
}

/// A subject's public key (RFC 5280 §4.1.2.7).
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// 1.2.840.113549.1.1.1 (RFC 8017 appendix A.1).
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// 1.2.840.10045.3.1.7 (RFC 5480 §2.1.1.1).
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// 1.3.132.0.34 (RFC 5480 §2.1.1.1).
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::vectors::{test_certificate, test_key};

    #[test]
    fn the_key_in_the_certificate_is_the_one_it_was_made_with() {
        for bits in [512, 1024, 2048] {
            let key = public_key(&test_certificate(bits)).unwrap();
            assert_eq!(&key, test_key(bits).public());
        }
    }

    #[test]
    fn a_negative_serial_number_does_not_matter() {
        let mut der = test_certificate(1024).to_vec();
        let serial = der
            .windows(2)
            .position(|pair| pair == [INTEGER, 20])
            .unwrap()
            + 2;
        der[serial] = 0xff;
        assert!(public_key(&der.into()).is_ok());
    }

    #[test]
    fn cut_and_changed_certificates_give_an_error_or_a_key_and_never_panic() {
        let der = test_certificate(512).to_vec();
        for len in 0..der.len() {
            let cut = CertificateDer::from(&der[..len]);
            assert_eq!(public_key(&cut).unwrap_err(), CertificateError::Unreadable);
            for value in [0, 0x30, 0x80, 0x84, 0xff] {
                let mut changed = der.clone();
                changed[len] = value;
                let _ = public_key(&changed.into());
            }
        }
    }
}
