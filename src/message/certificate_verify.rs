//! CertificateVerify (RFC 5246 §7.4.8, RFC 6101 §5.6.8) and SignatureAndHashAlgorithm.

use super::codec::{Reader, put_u16};
use crate::crypto::HashAlgorithm;
use crate::error::{InvalidMessage, Malformed};
use crate::version::ProtocolVersion;

/// SignatureAndHashAlgorithm: the hash's byte, then the signature's (RFC 5246 §7.4.1.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SignatureAlgorithm(pub(crate) [u8; 2]);

impl SignatureAlgorithm {
    pub(crate) const fn rsa(hash: HashAlgorithm) -> Self {
        Self([hash.wire(), RSA])
    }

    /// The hash, where the signature is RSA's PKCS#1 v1.5.
    pub(crate) fn rsa_hash(self) -> Option<HashAlgorithm> {
        let [hash, signature] = self.0;
        (signature == RSA)
            .then(|| HashAlgorithm::from_wire(hash))
            .flatten()
    }
}

/// A signature over the handshake so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CertificateVerify<'a> {
    /// From TLS 1.2 on.
    pub(crate) algorithm: Option<SignatureAlgorithm>,
    pub(crate) signature: &'a [u8],
}

impl<'a> CertificateVerify<'a> {
    pub(crate) fn read(body: &'a [u8], version: ProtocolVersion) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("CertificateVerify", body);
        let algorithm = if version >= ProtocolVersion::TLSv1_2 {
            Some(SignatureAlgorithm(reader.array()?))
        } else {
            None
        };
        let signature = reader.vector_u16()?;
        reader.finish()?;
        Ok(Self {
            algorithm,
            signature,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        if let Some(algorithm) = self.algorithm {
            out.extend_from_slice(&algorithm.0);
        }
        put_u16(out, |out| out.extend_from_slice(self.signature));
    }
}

/// A list of algorithms, at least one.
pub(super) fn read_algorithms<'a>(
    reader: &mut Reader<'a>,
) -> Result<impl Iterator<Item = SignatureAlgorithm> + Clone + use<'a>, InvalidMessage> {
    let list = reader.vector_u16()?;
    let (pairs, rest) = list.as_chunks::<2>();
    let whole = !pairs.is_empty() && rest.is_empty();
    reader.check(whole, Malformed::LengthOutOfRange)?;
    Ok(pairs.iter().copied().map(SignatureAlgorithm))
}

pub(crate) fn write_algorithms(out: &mut Vec<u8>, algorithms: &[SignatureAlgorithm]) {
    put_u16(out, |out| {
        for algorithm in algorithms {
            out.extend_from_slice(&algorithm.0);
        }
    });
}

/// SignatureAlgorithm rsa.
const RSA: u8 = 1;
