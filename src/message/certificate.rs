//! Certificate (RFC 5246 §7.4.2).

use rustls_pki_types::CertificateDer;

use super::codec::{Reader, put_u24};
use crate::error::{InvalidMessage, Malformed};

/// A chain of certificates, the sender's own first; empty from a client that has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate<'a> {
    pub(crate) certificate_list: Vec<&'a [u8]>,
}

impl<'a> Certificate<'a> {
    pub(crate) fn of(chain: &'a [CertificateDer<'static>]) -> Self {
        Self {
            certificate_list: chain.iter().map(AsRef::as_ref).collect(),
        }
    }

    pub(crate) fn to_owned_chain(&self) -> Vec<CertificateDer<'static>> {
        self.certificate_list
            .iter()
            .map(|der| CertificateDer::from(der.to_vec()))
            .collect()
    }

    pub(crate) fn read(body: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("Certificate", body);
        let list = reader.vector_u24()?;
        reader.finish()?;
        let mut reader = Reader::new("Certificate", list);
        let mut certificate_list = Vec::new();
        while !reader.is_empty() {
            let certificate = reader.vector_u24()?;
            reader.check(!certificate.is_empty(), Malformed::LengthOutOfRange)?;
            let fits = certificate_list.len() < MAX_CHAIN;
            reader.check(fits, Malformed::TooManyCertificates)?;
            certificate_list.push(certificate);
        }
        Ok(Self { certificate_list })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_u24(out, |out| {
            for certificate in &self.certificate_list {
                put_u24(out, |out| out.extend_from_slice(certificate));
            }
        });
    }
}

/// Certificates in a chain at the most.
pub(crate) const MAX_CHAIN: usize = 32;
