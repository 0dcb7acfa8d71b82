//! SERVER-HELLO (The SSL Protocol, §2.6).

use super::super::codec::Reader;
use super::{CIPHER_KIND, CONNECTION_ID, check_len, cipher_kinds, put_len};
use crate::cipher_kind::CipherKind;
use crate::error::{InvalidMessage, Malformed};

/// What a server has: its certificate and the kinds that the client may choose from, or the
/// client's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerHello<'a> {
    /// Whether the client's session is resumed; then there are no certificate and no kinds.
    pub(crate) session_id_hit: bool,
    /// [`X509_CERTIFICATE`](super::X509_CERTIFICATE), or 0 where there is no certificate.
    pub(crate) certificate_type: u8,
    /// The version, 0x0002.
    pub(crate) version: u16,
    /// The certificate, alone: there are no chains.
    pub(crate) certificate: &'a [u8],
    /// Three bytes for each kind; none where the two sides have none in common.
    pub(crate) cipher_specs: &'a [u8],
    /// 16 to 32 random bytes.
    pub(crate) connection_id: &'a [u8],
}

impl<'a> ServerHello<'a> {
    /// Whether the client's session is resumed; then there are no certificate and no kinds.
    pub fn session_id_hit(&self) -> bool {
        self.session_id_hit
    }

    /// The version, as on the wire: 0x0002.
    pub fn server_version(&self) -> u16 {
        self.version
    }

    /// The certificate's type: 1 is X.509.
    pub fn certificate_type(&self) -> u8 {
        self.certificate_type
    }

    /// The certificate, in DER; empty where a session is resumed.
    pub fn certificate(&self) -> &'a [u8] {
        self.certificate
    }

    /// 16 to 32 random bytes.
    pub fn connection_id(&self) -> &'a [u8] {
        self.connection_id
    }

    /// The kinds that the client may choose from, in the server's order.
    pub fn cipher_kinds(&self) -> impl Iterator<Item = CipherKind> + use<'a> {
        cipher_kinds(self.cipher_specs)
    }

    /// A hit's CERTIFICATE-TYPE should be 0, too, but SSLRef 2 leaves one there; it says nothing.
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("SERVER-HELLO", body);
        let session_id_hit = reader.u8()? != 0;
        let certificate_type = reader.u8()?;
        let version = reader.u16()?;
        let [certificate_len, cipher_specs_len, connection_id_len] =
            [reader.u16()?, reader.u16()?, reader.u16()?];
        let certificate = reader.bytes(certificate_len.into())?;
        let cipher_specs = reader.bytes(cipher_specs_len.into())?;
        let kinds = cipher_specs.len().is_multiple_of(CIPHER_KIND);
        reader.check(kinds, Malformed::LengthOutOfRange)?;
        let nothing_new = certificate.is_empty() && cipher_specs.is_empty();
        reader.check(!session_id_hit || nothing_new, Malformed::LengthOutOfRange)?;
        let connection_id = reader.bytes(connection_id_len.into())?;
        check_len(&reader, connection_id, CONNECTION_ID)?;
        reader.finish()?;
        Ok(Self {
            session_id_hit,
            certificate_type,
            version,
            certificate,
            cipher_specs,
            connection_id,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.session_id_hit.into(), self.certificate_type]);
        out.extend_from_slice(&self.version.to_be_bytes());
        let fields = [self.certificate, self.cipher_specs, self.connection_id];
        fields.iter().for_each(|field| put_len(out, field));
        fields.iter().for_each(|field| out.extend_from_slice(field));
    }
}
