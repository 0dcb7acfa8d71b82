//! Keeping a session of SSL 2.0 and taking it up again (The SSL Protocol, §2.1).
//!
//! A session is taken up only if a full handshake under the same config could lead to it today, as
//! at later versions; and only one of a strong kind is kept at all.

use super::{Keyed, Output, Start};
use crate::error::Error;
use crate::handshake::Kept;
use crate::message::ssl2::{ClientHello, SESSION_ID};
use crate::secrets::Ssl2MasterKey;
use crate::session::{Binding, Context, Ssl2Session, server_binding, ssl2_binding};

impl Start {
    /// The session that the client names, if it can be taken up.
    pub(super) fn find_session(&self, hello: &ClientHello<'_>) -> Option<Ssl2Session> {
        let common = &self.config.common;
        let sessions = &common.sessions;
        let session_id = Some(hello.session_id).filter(|id| sessions.by_id && !id.is_empty())?;
        let sealed = sessions.find(session_id)?;
        let context = Context::ServersSsl2Session(session_id).encode();
        let now = common.clock.now();
        let encoded = sessions.ticket_keys.open(&sealed, &context, now)?;
        let session = Ssl2Session::read(&encoded).ok()?;
        let kind = session.master_key.kind().kind;
        let fits = session.binding == self.binding()
            && session.is_current(now, sessions.lifetime)
            && common.policy.allowed_kinds().any(|allowed| allowed == kind)
            && hello.cipher_kinds().any(|offered| offered == kind)
            && self.config.trusts_client(&session.peer_certificates);
        fits.then_some(session)
    }

    /// A session that begins; it has an ID even where it is not kept, as clients expect one.
    pub(super) fn new_session(
        &self,
        master_key: Ssl2MasterKey,
        key_arg: Vec<u8>,
        out: &Output<'_>,
    ) -> Result<Ssl2Session, Error> {
        let common = &self.config.common;
        let mut session_id = [0; SESSION_ID];
        out.random.fill(&mut session_id)?;
        Ok(Ssl2Session {
            session_id,
            master_key,
            key_arg,
            peer_certificates: Vec::new(),
            binding: self.binding(),
            created: common.clock.now(),
            lifetime: common.sessions.lifetime,
        })
    }

    fn binding(&self) -> Binding {
        ssl2_binding(&server_binding(&self.config, self.certificate.certified()))
    }
}

impl Keyed {
    /// Keeps the session that a handshake has led to; a resumed one stands in the store.
    pub(super) fn keep_session(&self, out: &mut Output<'_>) -> Result<(), Error> {
        let common = &self.start.config.common;
        let sessions = &common.sessions;
        if !sessions.by_id || !self.session.may_be_kept() {
            return Ok(());
        }
        let session_id = &self.session.session_id;
        if out.known.resumption.is_none() {
            let context = Context::ServersSsl2Session(session_id).encode();
            let now = common.clock.now();
            let encoded = self.session.encode();
            let sealed = sessions
                .ticket_keys
                .seal(&encoded, &context, now, out.random)?;
            sessions.put(session_id, sealed, self.session.lifetime);
        }
        out.known.kept = Some(Kept::new(sessions, session_id));
        Ok(())
    }
}
