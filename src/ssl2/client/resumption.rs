//! Keeping a session of SSL 2.0 and taking it up again (The SSL Protocol, §2.1).
//!
//! A session is offered only if a full handshake under the same config could lead to it today, as
//! at later versions; and only one of a strong kind is kept at all.

use super::{Keyed, Output, Start};
use crate::cert::KeyUse;
use crate::error::Error;
use crate::handshake::{Kept, Known};
use crate::secrets::Ssl2MasterKey;
use crate::session::{Binding, Context, Ssl2Session, client_binding, ssl2_binding};

impl Start {
    /// The session that is kept for this server, if it can be offered.
    pub(super) fn find_session(&self, known: &mut Known) -> Option<Ssl2Session> {
        let common = &self.config.common;
        let sessions = &common.sessions;
        if !sessions.by_id {
            return None;
        }
        let binding = self.binding();
        let sealed = sessions.find(&binding)?;
        let now = common.clock.now();
        let found = sessions
            .ticket_keys
            .open(
                &sealed,
                &Context::ClientsSsl2Session(&binding).encode(),
                now,
            )
            .and_then(|encoded| Ssl2Session::read(&encoded).ok())
            .filter(|found| self.can_offer(found, &binding));
        match found {
            // A server that fails on it shall not fail on it again.
            Some(_) => known.kept = Some(Kept::new(sessions, &binding)),
            None => self.forget_session(),
        }
        found
    }

    fn can_offer(&self, session: &Ssl2Session, binding: &Binding) -> bool {
        let common = &self.config.common;
        let kind = session.master_key.kind().kind;
        session.binding == *binding
            && session.is_current(common.clock.now(), common.sessions.lifetime)
            && self.policy.allowed_kinds().any(|allowed| allowed == kind)
            && self.config.trusts_server(
                &session.peer_certificates,
                &self.server_name,
                &self.policy,
                KeyUse::KeyEncipherment,
            )
    }

    /// Nothing is kept for this server any more.
    pub(super) fn forget_session(&self) {
        self.config.common.sessions.remove(&self.binding());
    }

    /// A session that begins, before the server has named it.
    pub(super) fn new_session(
        &self,
        master_key: Ssl2MasterKey,
        key_arg: Vec<u8>,
        known: &Known,
    ) -> Ssl2Session {
        let common = &self.config.common;
        Ssl2Session {
            session_id: Default::default(),
            master_key,
            key_arg,
            peer_certificates: known.peer_certificates.clone(),
            binding: self.binding(),
            created: common.clock.now(),
            lifetime: common.sessions.lifetime,
        }
    }

    fn binding(&self) -> Binding {
        ssl2_binding(&client_binding(
            &self.config,
            &self.policy,
            &self.server_name,
        ))
    }
}

impl Keyed {
    /// Keeps the session for the next connection, under the name that the server gives it; where
    /// that cannot be one, it is not kept. Its time goes on where it was resumed.
    pub(super) fn keep_session(self, session_id: &[u8], out: &mut Output<'_>) -> Result<(), Error> {
        let common = &self.start.config.common;
        let sessions = &common.sessions;
        let keeps = sessions.by_id && self.session.may_be_kept();
        let Some(session_id) = session_id.try_into().ok().filter(|_| keeps) else {
            return Ok(());
        };
        let session = Ssl2Session {
            session_id,
            ..self.session
        };
        let sealed = sessions.ticket_keys.seal(
            &session.encode(),
            &Context::ClientsSsl2Session(&session.binding).encode(),
            common.clock.now(),
            out.random,
        )?;
        sessions.put(&session.binding, sealed, session.lifetime);
        out.known.kept = Some(Kept::new(sessions, &session.binding));
        Ok(())
    }
}
