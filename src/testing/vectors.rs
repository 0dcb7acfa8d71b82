//! What unit tests share: hexadecimal vectors and the repository's test keys.

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

#[cfg(test)]
use crate::crypto::rsa::RawPrivateKey;

/// The bytes that `digits` spell; white space and continued lines are passed over.
#[cfg(test)]
pub(crate) fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits
        .chars()
        .filter(|digit| !digit.is_whitespace())
        .map(|digit| digit.to_digit(16).expect("a hexadecimal digit") as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// What `write` appends.
pub(crate) fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

/// The test key of that many bits from `tests/data`.
#[cfg(test)]
pub(crate) fn test_key(bits: usize) -> RawPrivateKey {
    let PrivateKeyDer::Pkcs8(der) = test_key_der(bits) else {
        panic!("the test keys are in PKCS#8");
    };
    RawPrivateKey::from_pkcs8_der(der.secret_pkcs8_der()).unwrap()
}

/// The same, encoded.
pub(crate) fn test_key_der(bits: usize) -> PrivateKeyDer<'static> {
    let pem = match bits {
        512 => include_str!("../../tests/data/test-key-512.pem"),
        1024 => include_str!("../../tests/data/test-key-1024.pem"),
        2048 => include_str!("../../tests/data/test-key-2048.pem"),
        _ => panic!("there is no test key of {bits} bits"),
    };
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap()
}

/// The self-signed certificate of [`test_key`].
pub(crate) fn test_certificate(bits: usize) -> CertificateDer<'static> {
    let pem = match bits {
        512 => include_str!("../../tests/data/test-certificate-512.pem"),
        1024 => include_str!("../../tests/data/test-certificate-1024.pem"),
        2048 => include_str!("../../tests/data/test-certificate-2048.pem"),
        _ => panic!("there is no test certificate of {bits} bits"),
    };
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}
