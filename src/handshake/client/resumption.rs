//! Keeping a session and taking it up again (RFC 5246 §F.1.4, RFC 5077).
//!
//! A session is offered only if a full handshake under the same config could lead to it today:
//! the policy and the server's name are those that it was made with, it has not expired, and the
//! config's verifier accepts the server's certificate once more or still does.

use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::hello::{Offer, Start};
use super::{ClientState, Keyed};
use crate::cert::{self, KeyUse};
use crate::config::{Event, Resumption};
use crate::error::{Error, PeerMisbehaved};
use crate::handshake::{Flow, Kept, Known, Negotiated, Output};
use crate::message::ServerHello;
use crate::secrets::MasterSecret;
use crate::session::{Binding, Context, Handle, Resumable, Session, client_binding};

impl Offer {
    /// The offered session, if the server takes it up: it answers with the session ID of the
    /// hello (RFC 5077 §3.4 for tickets).
    pub(super) fn resumed_by(&mut self, hello: &ServerHello<'_>) -> Option<Resumable> {
        let echoed = !self.session_id.is_empty() && self.session_id == hello.session_id;
        self.session.take_if(|_| echoed)
    }
}

impl Start {
    /// The session that is kept for this server, if it can be offered.
    pub(super) fn find_session(&self, known: &mut Known) -> Option<Resumable> {
        if !self.resumes_by(Resumption::SessionId) && !self.resumes_by(Resumption::Ticket) {
            return None;
        }
        let common = &self.config.common;
        let sessions = &common.sessions;
        let binding = self.binding();
        let sealed = sessions.find(&binding)?;
        let now = common.clock.now();
        let found = sessions
            .ticket_keys
            .open(&sealed, &Context::ClientsSession(&binding).encode(), now)
            .and_then(|encoded| Resumable::read(&encoded).ok())
            .filter(|found| self.can_offer(found, &binding));
        match found {
            // A server that fails on it shall not fail on it again.
            Some(_) => known.kept = Some(Kept::new(sessions, &binding)),
            None => self.forget_session(),
        }
        found
    }

    fn can_offer(&self, found: &Resumable, binding: &Binding) -> bool {
        let common = &self.config.common;
        let sessions = &common.sessions;
        let session = &found.session;
        let now = common.clock.now();
        let end_entity = session.peer_certificates.first();
        let same_server = self.occasion.check_server_certificate(end_entity).is_ok();
        let key_use = KeyUse::in_key_exchange(session.suite.key_exchange, || {
            let key = end_entity.and_then(|certificate| cert::public_key(certificate).ok());
            key.map_or(0, |key| key.bits())
        });
        self.resumes_by(found.handle.resumption())
            && same_server
            && session.binding == *binding
            && session.is_current(now, sessions.lifetime)
            && self.config.trusts_server(
                &session.peer_certificates,
                &self.server_name,
                &self.policy,
                key_use,
            )
    }

    fn resumes_by(&self, by: Resumption) -> bool {
        let sessions = &self.config.common.sessions;
        match by {
            Resumption::SessionId => sessions.by_id,
            Resumption::Ticket => sessions.by_ticket && self.sends_extensions(),
        }
    }

    /// Nothing is kept for this server any more.
    pub(super) fn forget_session(&self) {
        self.config.common.sessions.remove(&self.binding());
    }

    /// Keeps the session that a handshake has led to, for the next connection. Its time goes on
    /// from `created` where it was resumed.
    pub(super) fn keep_session(
        &self,
        handle: Option<Handle>,
        created: Option<UnixTime>,
        negotiated: &Negotiated,
        master_secret: &MasterSecret,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        let common = &self.config.common;
        let sessions = &common.sessions;
        let Some(handle) = handle.filter(|handle| self.resumes_by(handle.resumption())) else {
            return Ok(());
        };
        let lifetime = match &handle {
            Handle::Ticket { lifetime_hint, .. } if *lifetime_hint > 0 => sessions
                .lifetime
                .min(Duration::from_secs((*lifetime_hint).into())),
            _ => sessions.lifetime,
        };
        let binding = self.binding();
        let now = common.clock.now();
        let created = created.unwrap_or(now);
        let resumable = Resumable {
            session: negotiated.session(master_secret, binding, created, lifetime, out.known),
            handle,
        };
        let sealed = sessions.ticket_keys.seal(
            &resumable.encode(),
            &Context::ClientsSession(&binding).encode(),
            now,
            out.random,
        )?;
        sessions.put(&binding, sealed, lifetime);
        out.known.kept = Some(Kept::new(sessions, &binding));
        Ok(())
    }

    /// Goes on with the session that the server has taken up: the keys are new, the master
    /// secret and the server's certificate are not.
    pub(super) fn resume(
        self,
        resumed: Resumable,
        negotiated: Negotiated,
        out: &mut Output<'_>,
    ) -> Result<ClientState, Error> {
        let Resumable { session, handle } = resumed;
        check_agreement(&session, &negotiated)?;
        out.known.peer_certificates = session.peer_certificates;
        let by = handle.resumption();
        out.known.resumption = Some(by);
        out.report(Event::SessionResumed { by });
        let master_secret = session.master_secret;
        negotiated.log(&master_secret, self.config.common.key_log.as_deref());
        let keys = negotiated.derive_keys(&master_secret, out);
        let keyed = Keyed {
            start: self,
            negotiated,
            master_secret,
            keys,
            flow: Flow::Abbreviated,
            // What is kept stays, unless the server sends a new ticket.
            handle: None,
            created: Some(session.created),
        };
        Ok(keyed.expect_servers_end())
    }

    /// Hash of what a session must have in common with the connection that takes it up; the store
    /// keeps it under this name.
    fn binding(&self) -> Binding {
        client_binding(&self.config, &self.policy, &self.server_name)
    }
}

/// A session is resumed as it was made, or not at all (RFC 5246 §7.4.1.3, RFC 7627 §5.3).
fn check_agreement(session: &Session, negotiated: &Negotiated) -> Result<(), Error> {
    let changed = if session.version != negotiated.choice.version {
        "the version"
    } else if session.suite.suite != negotiated.choice.suite.suite {
        "the cipher suite"
    } else if session.extended_master_secret != negotiated.choice.extended_master_secret {
        "the extended master secret"
    } else if session.encrypt_then_mac && !negotiated.choice.encrypt_then_mac {
        "encrypt-then-MAC"
    } else {
        return Ok(());
    };
    Err(PeerMisbehaved::ResumedDifferently(changed).into())
}
