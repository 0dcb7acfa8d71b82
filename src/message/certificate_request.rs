//! CertificateRequest (RFC 5246 §7.4.4, RFC 2246 §7.4.4).

use super::certificate_verify::{SignatureAlgorithm, read_algorithms, write_algorithms};
use super::codec::{Reader, put_u8, put_u16};
use crate::error::{InvalidMessage, Malformed};
use crate::version::ProtocolVersion;

/// What a server accepts of a client's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertificateRequest<'a> {
    pub(crate) certificate_types: &'a [u8],
    /// From TLS 1.2 on; empty before.
    pub(crate) signature_algorithms: Vec<SignatureAlgorithm>,
    /// DER of the authorities' names. An empty list means any (TLS 1.1), and is sent by TLS 1.0
    /// peers too.
    pub(crate) certificate_authorities: Vec<&'a [u8]>,
}

impl<'a> CertificateRequest<'a> {
    pub(crate) fn read(body: &'a [u8], version: ProtocolVersion) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("CertificateRequest", body);
        let certificate_types = reader.vector_u8()?;
        reader.check(!certificate_types.is_empty(), Malformed::LengthOutOfRange)?;
        let signature_algorithms = if version >= ProtocolVersion::TLSv1_2 {
            read_algorithms(&mut reader)?.collect()
        } else {
            Vec::new()
        };
        let list = reader.vector_u16()?;
        reader.finish()?;
        let mut names = Reader::new("certificate_authorities", list);
        let mut certificate_authorities = Vec::new();
        while !names.is_empty() {
            certificate_authorities.push(names.vector_u16()?);
        }
        Ok(Self {
            certificate_types,
            signature_algorithms,
            certificate_authorities,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>, version: ProtocolVersion) {
        put_u8(out, |out| out.extend_from_slice(self.certificate_types));
        if version >= ProtocolVersion::TLSv1_2 {
            write_algorithms(out, &self.signature_algorithms);
        }
        put_u16(out, |out| {
            for name in &self.certificate_authorities {
                put_u16(out, |out| out.extend_from_slice(name));
            }
        });
    }
}

/// ClientCertificateType rsa_sign (RFC 5246 §7.4.4).
pub(crate) const RSA_SIGN: u8 = 1;
