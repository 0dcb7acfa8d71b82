//! ECDSA signatures over P-256 and P-384 (FIPS 186-5 §6), as authorities make them.

use p256::ecdsa::signature::hazmat::PrehashVerifier;

/// An elliptic curve that authorities use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
}

/// A public point on one of the curves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EcPublicKey {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
}

impl EcPublicKey {
    /// A key from its point (SEC 1 §2.3.4); `None` where it is not on the curve.
    pub(crate) fn new(curve: Curve, point: &[u8]) -> Option<Self> {
        match curve {
            Curve::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(point)
                .ok()
                .map(Self::P256),
            Curve::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(point)
                .ok()
                .map(Self::P384),
        }
    }

    /// Whether `signature`, a DER Ecdsa-Sig-Value (RFC 5480 appendix A), is the key's over
    /// `digest`.
    pub(crate) fn verify(&self, digest: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()),
            Self::P384(key) => p384::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()),
        }
    }
}
