//! CLIENT-HELLO (The SSL Protocol, §2.5), also as the first hello of a client that speaks SSL 3.0
//! or TLS (RFC 5246 appendix E.2).

use super::super::codec::Reader;
use super::{CHALLENGE, CIPHER_KIND, SESSION_ID, check_len, cipher_kinds, put_len};
use crate::cipher_kind::CipherKind;
use crate::error::{InvalidMessage, Malformed};

/// What a client offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientHello<'a> {
    /// The newest version that the client speaks: 0x0002, or one of SSL 3.0 and TLS.
    pub(crate) version: u16,
    /// Three bytes for each kind, at least one, in the client's order.
    pub(crate) cipher_specs: &'a [u8],
    /// The session that the client would resume: 16 bytes, or none.
    pub(crate) session_id: &'a [u8],
    /// 16 to 32 random bytes.
    pub(crate) challenge: &'a [u8],
}

impl<'a> ClientHello<'a> {
    /// All that is on offer, in the client's order: SSL 2.0's kinds, and suites among them.
    pub(crate) fn cipher_kinds(&self) -> impl Iterator<Item = CipherKind> + use<'a> {
        cipher_kinds(self.cipher_specs)
    }

    /// The client's random at SSL 3.0 and TLS: the challenge, with zeros in front (RFC 5246
    /// appendix E.2).
    pub(crate) fn random(&self) -> [u8; 32] {
        let mut random = [0; 32];
        let from_the_right = random.iter_mut().rev().zip(self.challenge.iter().rev());
        for (into, byte) in from_the_right {
            *into = *byte;
        }
        random
    }

    pub(crate) fn read(body: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("CLIENT-HELLO", body);
        let version = reader.u16()?;
        let [cipher_specs_len, session_id_len, challenge_len] =
            [reader.u16()?, reader.u16()?, reader.u16()?];
        let cipher_specs = reader.bytes(cipher_specs_len.into())?;
        let kinds = !cipher_specs.is_empty() && cipher_specs.len().is_multiple_of(CIPHER_KIND);
        reader.check(kinds, Malformed::LengthOutOfRange)?;
        let session_id = reader.bytes(session_id_len.into())?;
        let good = [0, SESSION_ID].contains(&session_id.len());
        reader.check(good, Malformed::LengthOutOfRange)?;
        let challenge = reader.bytes(challenge_len.into())?;
        check_len(&reader, challenge, CHALLENGE)?;
        reader.finish()?;
        Ok(Self {
            version,
            cipher_specs,
            session_id,
            challenge,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.version.to_be_bytes());
        let fields = [self.cipher_specs, self.session_id, self.challenge];
        fields.iter().for_each(|field| put_len(out, field));
        fields.iter().for_each(|field| out.extend_from_slice(field));
    }
}
