//! SHA-256 fingerprints of certificates.

use core::fmt;
use core::str::FromStr;

use rustls_pki_types::CertificateDer;

use crate::crypto::HashAlgorithm;

/// The SHA-256 fingerprint of a certificate's DER, 32 bytes.
///
/// Printed as 64 hexadecimal digits; read with or without colons, in either case, and as
/// `openssl x509 -fingerprint -sha256` prints it.
///
/// ```
/// use retrossl::Fingerprint;
///
/// let pin: Fingerprint =
///     "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD"
///         .parse()
///         .unwrap();
/// assert_eq!(pin, Fingerprint::of(&b"abc".as_slice().into()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of `certificate`.
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(HashAlgorithm::Sha256.digest(certificate).as_ref());
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = BadFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // OpenSSL prints `sha256 Fingerprint=BA:78:…`.
        let (_, digits) = text.rsplit_once('=').unwrap_or(("", text));
        let digits: Vec<u8> = digits
            .bytes()
            .filter(|byte| *byte != b':')
            .map(|byte| char::from(byte).to_digit(16).map(|digit| digit as u8))
            .collect::<Option<_>>()
            .ok_or(BadFingerprint)?;
        let digits: [u8; 64] = digits.try_into().map_err(|_| BadFingerprint)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(Self(bytes))
    }
}

/// A text that is not a SHA-256 fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a SHA-256 fingerprint: 64 hexadecimal digits are expected, colons between bytes allowed"
)]
pub struct BadFingerprint;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_no_fingerprint_is_refused() {
        let good = Fingerprint([0xab; 32]);
        assert_eq!(good.to_string().parse(), Ok(good));
        assert_eq!(format!("sha256 Fingerprint={good}").parse(), Ok(good));
        for bad in [
            "",
            "ab",
            &"ab".repeat(33),
            &"xy".repeat(32),
            &"é".repeat(32),
        ] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(BadFingerprint));
        }
    }
}
