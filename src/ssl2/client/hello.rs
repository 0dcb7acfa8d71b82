//! Step 1: the CLIENT-HELLO, to servers of SSL 2.0, of later versions, or of either (RFC 5246
//! appendix E.2).

use super::{Output, Start};
use crate::error::Error;
use crate::handshake::Attempt;
use crate::message::ssl2::{ClientHello, Ssl2MessageType};
use crate::session::Ssl2Session;
use crate::suite::CipherSuite;
use crate::version::ProtocolVersion;

/// What the CLIENT-HELLO said.
pub(crate) struct Offer {
    /// The message, for the transcript of later versions.
    pub(crate) encoded: Vec<u8>,
    /// 32 bytes, or 16 where SSL 2.0 is offered.
    pub(crate) challenge: Vec<u8>,
    /// The challenge, as later versions read it.
    pub(crate) random: [u8; 32],
    /// `None` where no session is offered.
    pub(crate) session: Option<Ssl2Session>,
}

/// Sends the CLIENT-HELLO, with SSL 2.0's kinds where the policy allows it, and later versions'
/// suites where it allows those.
pub(crate) fn send_hello(
    start: &Start,
    attempt: Attempt,
    out: &mut Output<'_>,
) -> Result<Offer, Error> {
    let newest = start.policy.usable_versions().map(|(_, newest)| newest);
    let version = newest.ok_or(Error::Internal("a policy without a version"))?;
    let ssl2 = start.policy.usable_at(ProtocolVersion::SSLv2);
    let mut cipher_specs = Vec::new();
    if ssl2 {
        cipher_specs.extend(start.policy.allowed_kinds().flat_map(|kind| kind.0));
    }
    let suites: Vec<CipherSuite> = match (version, attempt) {
        (ProtocolVersion::SSLv2, Attempt::First) => Vec::new(),
        (ProtocolVersion::SSLv2, Attempt::Fallback) => vec![CipherSuite::TLS_FALLBACK_SCSV],
        _ => {
            let signals = attempt.signals().iter().copied();
            start.policy.usable_suites().chain(signals).collect()
        }
    };
    for suite in suites {
        cipher_specs.push(0);
        cipher_specs.extend_from_slice(&suite.0.to_be_bytes());
    }
    // A resumed session has no CLIENT-MASTER-KEY to mark a rollback in; and RFC 5246 appendix E.2
    // has none in the hello of a client that speaks TLS 1.2.
    let may_resume = ssl2 && attempt == Attempt::First && version < ProtocolVersion::TLSv1_2;
    let session = may_resume.then(|| start.find_session(out.known)).flatten();
    // RFC 5246 appendix E.2 would have all 32 bytes of later versions' random; but Netscape's servers
    // take only 16 into SSL 2.0's keys, whatever comes.
    let challenge_len = if ssl2 { 16 } else { 32 };
    let mut challenge = vec![0; challenge_len];
    out.random.fill(&mut challenge)?;
    let hello = ClientHello {
        version: version.wire(),
        cipher_specs: &cipher_specs,
        session_id: session.as_ref().map_or(&[], |session| &session.session_id),
        challenge: &challenge,
    };
    let encoded = out.send(Ssl2MessageType::CLIENT_HELLO, |body| hello.write(body))?;
    Ok(Offer {
        encoded,
        random: hello.random(),
        session,
        challenge,
    })
}
