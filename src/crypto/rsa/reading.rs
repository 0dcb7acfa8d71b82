//! Reading private keys, and why one cannot be used.

use ::rsa::PrivateKey;
use ::rsa::pkcs1::{ALGORITHM_OID, DecodeRsaPrivateKey};
use ::rsa::pkcs8::PrivateKeyInfoRef;
use ::rsa::pkcs8::der::asn1::AnyRef;
use ::rsa::pkcs8::der::{Tag, Tagged};
use ::rsa::pkcs8::spki::AlgorithmIdentifierRef;

pub(super) fn from_pkcs1_der(der: &[u8]) -> Result<PrivateKey, BadKey> {
    PrivateKey::from_pkcs1_der(der).map_err(|_| BadKey::Damaged)
}

pub(super) fn from_pkcs8_der(der: &[u8]) -> Result<PrivateKey, BadKey> {
    let info = match PrivateKeyInfoRef::try_from(der) {
        Ok(info) => info,
        Err(_) if is_encrypted(der) => return Err(BadKey::Encrypted),
        Err(_) => return Err(BadKey::Damaged),
    };
    if info.algorithm.oid != ALGORITHM_OID {
        return Err(BadKey::NotRsa(kind_of_key(&info.algorithm)));
    }
    PrivateKey::try_from(info).map_err(|_| BadKey::Damaged)
}

/// Why a public or private key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadKey {
    /// A private key is protected by a password, which this crate does not ask for.
    #[error(
        "the private key is encrypted; decrypt it first, such as by `openssl rsa -in encrypted.key \
         -out clear.key`"
    )]
    Encrypted,
    /// It is a key of another kind: which one.
    #[error("the key is of the kind {0}; RSA key exchange needs an RSA key and its certificate")]
    NotRsa(String),
    /// It cannot be read, or its numbers do not fit together or are out of range.
    #[error(
        "the key is damaged, or its numbers are not taken here: a modulus of 465 to 8192 bits, an odd \
         exponent from 3 to 2^33 - 1, and, of a private key, two primes"
    )]
    Damaged,
}

/// Whether it is an EncryptedPrivateKeyInfo (RFC 5958 §3): an algorithm stands where a
/// PrivateKeyInfo has its version.
fn is_encrypted(der: &[u8]) -> bool {
    const SEQUENCE: u8 = 0x30;
    AnyRef::try_from(der)
        .is_ok_and(|outer| outer.tag() == Tag::Sequence && outer.value().starts_with(&[SEQUENCE]))
}

/// The kind of a key that is not RSA's, as people call it.
fn kind_of_key(algorithm: &AlgorithmIdentifierRef<'_>) -> String {
    let kind = algorithm.oid.to_string();
    let curve = algorithm.parameters_oid().map(|oid| oid.to_string());
    match (kind.as_str(), curve.as_deref().ok()) {
        ("1.2.840.10045.2.1", Some("1.2.840.10045.3.1.7")) => "EC (P-256)".to_owned(),
        ("1.2.840.10045.2.1", Some("1.3.132.0.34")) => "EC (P-384)".to_owned(),
        ("1.2.840.10045.2.1", Some("1.3.132.0.35")) => "EC (P-521)".to_owned(),
        ("1.2.840.10045.2.1", _) => "EC".to_owned(),
        ("1.3.101.110", _) => "X25519".to_owned(),
        ("1.3.101.111", _) => "X448".to_owned(),
        ("1.3.101.112", _) => "Ed25519".to_owned(),
        ("1.3.101.113", _) => "Ed448".to_owned(),
        ("1.2.840.10040.4.1", _) => "DSA".to_owned(),
        ("1.2.840.113549.1.3.1", _) => "DH".to_owned(),
        ("1.2.840.113549.1.1.10", _) => "RSA, for PSS signatures only".to_owned(),
        (other, _) => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_cannot_be_used_says_why() {
        let pkcs8 = |oid: &[u8], parameters: &[u8]| {
            let algorithm = der(0x30, &[&der(0x06, &[oid]), parameters]);
            let info = der(0x30, &[&[2, 1, 0], &algorithm, &der(0x04, &[&[7; 32]])]);
            from_pkcs8_der(&info).map(drop).unwrap_err()
        };
        let ec = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
        let p256 = der(0x06, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]]);
        for (error, kind) in [
            (pkcs8(ec, &p256), "EC (P-256)"),
            (
                pkcs8(ec, &der(0x06, &[&[0x2b, 0x81, 0x04, 0x00, 0x22]])),
                "EC (P-384)",
            ),
            (
                pkcs8(ec, &der(0x06, &[&[0x2b, 0x81, 0x04, 0x00, 0x0a]])),
                "EC",
            ),
            (pkcs8(&[0x2b, 0x65, 0x70], &[]), "Ed25519"),
            (
                pkcs8(&[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01], &[]),
                "DSA",
            ),
            (pkcs8(&[0x2a, 0x03, 0x04], &[]), "1.2.3.4"),
        ] {
            assert_eq!(error, BadKey::NotRsa(kind.to_owned()));
        }
        let rsa = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
        assert_eq!(pkcs8(rsa, &[5, 0]), BadKey::Damaged);
        // PBES2.
        let algorithm = der(
            0x30,
            &[&der(
                0x06,
                &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d]],
            )],
        );
        let encrypted = der(0x30, &[&algorithm, &der(0x04, &[&[7; 32]])]);
        let error = from_pkcs8_der(&encrypted).map(drop).unwrap_err();
        assert_eq!(error, BadKey::Encrypted);
        assert!(error.to_string().contains("openssl rsa -in"));
        for damaged in [
            &[][..],
            &[0x30],
            &[0x30, 0],
            &[0x30, 2, 0x30],
            &encrypted[1..],
        ] {
            let error = from_pkcs8_der(damaged).map(drop).unwrap_err();
            assert_eq!(error, BadKey::Damaged);
        }
    }

    fn der(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
        let contents = contents.concat();
        [&[tag, contents.len() as u8], &contents[..]].concat()
    }
}
