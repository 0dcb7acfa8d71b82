//! A session that can be resumed, and its bytes before they are sealed.

mod binding;
mod context;
mod resumable;
mod ssl2;

use core::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use zeroize::Zeroizing;

pub(crate) use binding::{Binding, client_binding, server_binding, ssl2_binding};
pub(crate) use context::Context;
pub(crate) use resumable::{Handle, MAX_TICKET, Resumable};
pub(crate) use ssl2::Ssl2Session;

use crate::config::MAX_SESSION_LIFETIME;
use crate::crypto::cipher::CipherType;
use crate::error::{InvalidMessage, Malformed};
use crate::message::Certificate;
use crate::message::codec::{Reader, put_u16};
use crate::secrets::MasterSecret;
use crate::suite::{CipherSuite, SuiteRow};
use crate::version::ProtocolVersion;

/// What both sides remember of a handshake (RFC 5246 §7.3), and under which terms it was made.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) version: ProtocolVersion,
    pub(crate) suite: &'static SuiteRow,
    pub(crate) master_secret: MasterSecret,
    pub(crate) extended_master_secret: bool,
    pub(crate) encrypt_then_mac: bool,
    /// ASCII, 1 to 255 bytes.
    pub(crate) server_name: Option<String>,
    /// 32 at the most.
    pub(crate) peer_certificates: Vec<CertificateDer<'static>>,
    /// The terms of the side that keeps it.
    pub(crate) binding: Binding,
    pub(crate) created: UnixTime,
    /// Whole seconds, up to [`MAX_SESSION_LIFETIME`].
    pub(crate) lifetime: Duration,
}

impl Session {
    /// The session as bytes, which hold its master secret.
    ///
    /// A session out of the fields' bounds gives bytes that [`read`](Self::read) refuses.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        // To the byte: growth would leave copies of the secret behind.
        let mut out = Zeroizing::new(Vec::with_capacity(self.encoded_len()));
        out.push(FORMAT);
        out.extend_from_slice(&self.version.wire().to_be_bytes());
        out.extend_from_slice(&self.suite.suite.0.to_be_bytes());
        out.extend_from_slice(self.master_secret.as_bytes());
        out.push(self.extended_master_secret.into());
        out.push(self.encrypt_then_mac.into());
        put_u16(&mut out, |out| {
            let name = self.server_name.as_deref().unwrap_or_default();
            out.extend_from_slice(name.as_bytes());
        });
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
        let mut reader = Reader::new("Session", encoded);
        let format = reader.u8()?;
        reader.check(format == FORMAT, Malformed::IllegalValue)?;
        let version = ProtocolVersion::from_wire(reader.u16()?)
            .ok_or(reader.error(Malformed::IllegalValue))?;
        let suite = CipherSuite(reader.u16()?)
            .row()
            .filter(|suite| suite.exists_at(version))
            .ok_or(reader.error(Malformed::IllegalValue))?;
        let master_secret = Zeroizing::new(reader.array()?);
        let extended_master_secret = read_bool(&mut reader)?;
        let encrypt_then_mac = read_bool(&mut reader)?;
        let is_tls = version > ProtocolVersion::SSLv3;
        let is_cbc = suite.cipher.cipher_type() == CipherType::Block;
        let possible = (is_tls || !extended_master_secret && !encrypt_then_mac)
            && (is_cbc || !encrypt_then_mac);
        reader.check(possible, Malformed::IllegalValue)?;
        let server_name = read_server_name(&mut reader)?;
        let binding = reader.array()?;
        let created = Duration::from_secs(u64::from_be_bytes(reader.array()?));
        let lifetime = Duration::from_secs(u32::from_be_bytes(reader.array()?).into());
        reader.check(lifetime <= MAX_SESSION_LIFETIME, Malformed::IllegalValue)?;
        let peer_certificates = Certificate::read(reader.rest())?.to_owned_chain();
        Ok(Self {
            version,
            suite,
            master_secret: MasterSecret::of_session(&master_secret, version, suite),
            extended_master_secret,
            encrypt_then_mac,
            server_name,
            peer_certificates,
            binding,
            created: UnixTime::since_unix_epoch(created),
            lifetime,
        })
    }

    /// Whether the session may still be resumed: within its lifetime, and not made in the future,
    /// but for the minute by which a fleet's clocks may differ.
    ///
    /// `lifetime` is what sessions are given now, which may be less than when it was made.
    pub(crate) fn is_current(&self, now: UnixTime, lifetime: Duration) -> bool {
        is_current(self.created, self.lifetime.min(lifetime), now)
    }

    fn encoded_len(&self) -> usize {
        let name = self.server_name.as_ref().map_or(0, String::len);
        let certificates = self.peer_certificates.iter();
        WITHOUT_NAME_AND_CERTIFICATES + name + certificates.map(|der| 3 + der.len()).sum::<usize>()
    }
}

fn is_current(created: UnixTime, lifetime: Duration, now: UnixTime) -> bool {
    let (now, created) = (now.as_secs(), created.as_secs());
    created.saturating_sub(now) <= CLOCK_SKEW && now.saturating_sub(created) < lifetime.as_secs()
}

fn read_bool(reader: &mut Reader<'_>) -> Result<bool, InvalidMessage> {
    match reader.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(reader.error(Malformed::IllegalValue)),
    }
}

/// No name is written as one of no bytes.
fn read_server_name(reader: &mut Reader<'_>) -> Result<Option<String>, InvalidMessage> {
    let name = reader.vector_u16()?;
    reader.check(name.len() <= MAX_SERVER_NAME, Malformed::LengthOutOfRange)?;
    match core::str::from_utf8(name) {
        Ok("") => Ok(None),
        Ok(name) if name.is_ascii() => Ok(Some(name.to_owned())),
        _ => Err(reader.error(Malformed::IllegalValue)),
    }
}

/// The only format of sessions so far.
const FORMAT: u8 = 1;

/// Format, version, suite, master secret, two bools, the name's length, binding, times, the
/// certificates' length.
const WITHOUT_NAME_AND_CERTIFICATES: usize = 1 + 2 + 2 + 48 + 2 + 2 + 32 + 8 + 4 + 3;

/// Bytes in a host name at the most.
const MAX_SERVER_NAME: usize = 255;

/// Seconds by which a session may seem to be from the future.
const CLOCK_SKEW: u64 = 60;

#[cfg(test)]
mod tests;
