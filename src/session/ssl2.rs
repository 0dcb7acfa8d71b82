//! A session of SSL 2.0, as it is kept by either side.

use core::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use zeroize::Zeroizing;

use super::{Binding, is_current};
use crate::cipher_kind::CipherKind;
use crate::config::MAX_SESSION_LIFETIME;
use crate::error::{InvalidMessage, Malformed};
use crate::message::Certificate;
use crate::message::codec::{Reader, put_u8};
use crate::message::ssl2::SESSION_ID;
use crate::secrets::Ssl2MasterKey;

/// What a later connection needs to go on without a CLIENT-MASTER-KEY.
#[derive(Clone, Debug)]
pub(crate) struct Ssl2Session {
    pub(crate) session_id: [u8; SESSION_ID],
    /// With its kind.
    pub(crate) master_key: Ssl2MasterKey,
    /// The first IV, as long as the kind calls for.
    pub(crate) key_arg: Vec<u8>,
    /// 32 at the most.
    pub(crate) peer_certificates: Vec<CertificateDer<'static>>,
    /// The terms of the side that keeps it.
    pub(crate) binding: Binding,
    pub(crate) created: UnixTime,
    /// Whole seconds, up to [`MAX_SESSION_LIFETIME`].
    pub(crate) lifetime: Duration,
}

impl Ssl2Session {
    /// The session as bytes, which hold its master key.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        // To the byte: growth would leave copies of the secret behind.
        let mut out = Zeroizing::new(Vec::with_capacity(self.encoded_len()));
        out.push(FORMAT);
        out.extend_from_slice(&self.session_id);
        out.extend_from_slice(&self.master_key.kind().kind.0);
        put_u8(&mut out, |out| {
            out.extend_from_slice(self.master_key.as_bytes())
        });
        put_u8(&mut out, |out| out.extend_from_slice(&self.key_arg));
        out.extend_from_slice(&self.binding);
        out.extend_from_slice(&self.created.as_secs().to_be_bytes());
        let lifetime = u32::try_from(self.lifetime.as_secs()).unwrap_or(u32::MAX);
        out.extend_from_slice(&lifetime.to_be_bytes());
        Certificate::of(&self.peer_certificates).write(&mut out);
        out
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// Anything that `encode` would not have written.
    pub(crate) fn read(encoded: &[u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("SSL 2.0 session", encoded);
        let format = reader.u8()?;
        reader.check(format == FORMAT, Malformed::IllegalValue)?;
        let session_id = reader.array()?;
        let kind = CipherKind(reader.array()?)
            .row()
            .ok_or(reader.error(Malformed::IllegalValue))?;
        let master_key = Ssl2MasterKey::of_session(kind, reader.vector_u8()?)
            .ok_or(reader.error(Malformed::LengthOutOfRange))?;
        let key_arg = reader.vector_u8()?.to_vec();
        let right_len = key_arg.len() == kind.key_arg_len();
        reader.check(right_len, Malformed::LengthOutOfRange)?;
        let binding = reader.array()?;
        let created = Duration::from_secs(u64::from_be_bytes(reader.array()?));
        let lifetime = Duration::from_secs(u32::from_be_bytes(reader.array()?).into());
        reader.check(lifetime <= MAX_SESSION_LIFETIME, Malformed::IllegalValue)?;
        let peer_certificates = Certificate::read(reader.rest())?.to_owned_chain();
        Ok(Self {
            session_id,
            master_key,
            key_arg,
            peer_certificates,
            binding,
            created: UnixTime::since_unix_epoch(created),
            lifetime,
        })
    }

    /// Whether it may be kept. The keys of a weak kind are the master key: who searches them finds
    /// the session and its ID, and could come in with another's certificate.
    pub(crate) fn may_be_kept(&self) -> bool {
        self.master_key.kind().strength_bits >= MIN_STRENGTH
    }

    /// As [`Session::is_current`](super::Session::is_current).
    pub(crate) fn is_current(&self, now: UnixTime, lifetime: Duration) -> bool {
        is_current(self.created, self.lifetime.min(lifetime), now)
    }

    fn encoded_len(&self) -> usize {
        let certificates = self.peer_certificates.iter();
        WITHOUT_VECTORS
            + self.master_key.as_bytes().len()
            + self.key_arg.len()
            + certificates.map(|der| 3 + der.len()).sum::<usize>()
    }
}

/// Bits of strength of a kind whose sessions are kept: Triple DES's.
const MIN_STRENGTH: u16 = 112;

/// The only format so far.
const FORMAT: u8 = 1;

/// Format, session ID, kind, two lengths, binding, times, the certificates' length.
const WITHOUT_VECTORS: usize = 1 + SESSION_ID + 3 + 1 + 1 + 32 + 8 + 4 + 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::vectors::test_certificate;

    fn session(kind: CipherKind) -> Ssl2Session {
        let row = kind.row().unwrap();
        let master_key = vec![0x5a; row.master_key_len()];
        Ssl2Session {
            session_id: [3; SESSION_ID],
            master_key: Ssl2MasterKey::of_session(row, &master_key).unwrap(),
            key_arg: vec![4; row.key_arg_len()],
            peer_certificates: vec![test_certificate(512)],
            binding: [7; 32],
            created: UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000)),
            lifetime: Duration::from_secs(7200),
        }
    }

    #[test]
    fn a_session_is_read_as_it_was_written_and_no_shorter_or_longer() {
        for kind in CipherKind::all() {
            let written = session(kind);
            let encoded = written.encode();
            assert_eq!(encoded.len(), encoded.capacity(), "it did not grow");
            let read = Ssl2Session::read(&encoded).unwrap();
            assert_eq!(format!("{read:?}"), format!("{written:?}"));
            assert_eq!(read.master_key.as_bytes(), written.master_key.as_bytes());
            for len in 0..encoded.len() {
                assert!(Ssl2Session::read(&encoded[..len]).is_err(), "{len}");
            }
            assert!(Ssl2Session::read(&[&encoded[..], &[0]].concat()).is_err());
        }
    }

    #[test]
    fn values_that_no_session_has_are_refused() {
        let encoded = session(CipherKind::SSL_CK_RC2_128_CBC_WITH_MD5).encode();
        for (offset, byte, what) in [
            (0, 2, "format"),
            (17, 5, "kind"),
            (17, 6, "a kind with a shorter key"),
            (17, 1, "a kind without a KEY-ARG"),
        ] {
            let mut spoilt = encoded.to_vec();
            spoilt[offset] = byte;
            assert!(Ssl2Session::read(&spoilt).is_err(), "{what}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", session(CipherKind::SSL_CK_RC4_128_WITH_MD5));
        assert!(shown.contains("Ssl2MasterKey(…)"), "{shown}");
    }
}
