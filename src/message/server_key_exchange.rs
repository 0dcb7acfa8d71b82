//! ServerKeyExchange with RSA: the export suites' ephemeral key (RFC 2246 §7.4.3, RFC 6101 §5.6.4).

use super::codec::{Reader, put_u16};
use crate::error::InvalidMessage;

/// An RSA key for this session, signed with the certificate's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerKeyExchange<'a> {
    pub(crate) params: ServerRsaParams<'a>,
    /// Over both hellos' randoms and the parameters.
    pub(crate) signature: &'a [u8],
}

/// ServerRSAParams: the key, big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerRsaParams<'a> {
    pub(crate) modulus: &'a [u8],
    pub(crate) exponent: &'a [u8],
}

impl<'a> ServerKeyExchange<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("ServerKeyExchange", body);
        let params = ServerRsaParams::take(&mut reader)?;
        let signature = reader.vector_u16()?;
        reader.finish()?;
        Ok(Self { params, signature })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.params.write(out);
        put_u16(out, |out| out.extend_from_slice(self.signature));
    }
}

impl<'a> ServerRsaParams<'a> {
    /// Reads them alone.
    pub(crate) fn read(params: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("ServerRSAParams", params);
        let params = Self::take(&mut reader)?;
        reader.finish()?;
        Ok(params)
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        Ok(Self {
            modulus: reader.vector_u16()?,
            exponent: reader.vector_u16()?,
        })
    }

    /// As in the message, which is how they are signed.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for number in [self.modulus, self.exponent] {
            put_u16(out, |out| out.extend_from_slice(number));
        }
    }
}
