//! REQUEST-CERTIFICATE (The SSL Protocol, §2.6) and CLIENT-CERTIFICATE (§2.5).

use super::super::codec::Reader;
use super::{CERTIFICATE_CHALLENGE, check_len, put_len};
use crate::error::InvalidMessage;

/// The server asks for the client's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestCertificate<'a> {
    /// [`MD5_WITH_RSA_ENCRYPTION`], the only one that is defined.
    pub(crate) authentication_type: u8,
    /// CERTIFICATE-CHALLENGE: 16 to 32 random bytes.
    pub(crate) challenge: &'a [u8],
}

impl<'a> RequestCertificate<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("REQUEST-CERTIFICATE", body);
        let authentication_type = reader.u8()?;
        let challenge = reader.rest();
        check_len(&reader, challenge, CERTIFICATE_CHALLENGE)?;
        Ok(Self {
            authentication_type,
            challenge,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.authentication_type);
        out.extend_from_slice(self.challenge);
    }
}

/// The client's certificate, and a signature by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientCertificate<'a> {
    /// [`X509_CERTIFICATE`](super::X509_CERTIFICATE), the only one that is defined.
    pub(crate) certificate_type: u8,
    /// The certificate, alone: there are no chains.
    pub(crate) certificate: &'a [u8],
    /// The signature.
    pub(crate) response: &'a [u8],
}

impl<'a> ClientCertificate<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("CLIENT-CERTIFICATE", body);
        let certificate_type = reader.u8()?;
        let [certificate_len, response_len] = [reader.u16()?, reader.u16()?];
        let certificate = reader.bytes(certificate_len.into())?;
        let response = reader.bytes(response_len.into())?;
        reader.finish()?;
        Ok(Self {
            certificate_type,
            certificate,
            response,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.certificate_type);
        let fields = [self.certificate, self.response];
        fields.iter().for_each(|field| put_len(out, field));
        fields.iter().for_each(|field| out.extend_from_slice(field));
    }
}

/// AUTHENTICATION-TYPE SSL_AT_MD5_WITH_RSA_ENCRYPTION (The SSL Protocol, appendix C.6).
pub(crate) const MD5_WITH_RSA_ENCRYPTION: u8 = 1;
