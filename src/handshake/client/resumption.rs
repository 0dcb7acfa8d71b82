//! Keeping a session and taking it up again (RFC 5246 §F.1.4, RFC 5077).
//!
//! A session is offered only if a full handshake under the same config could lead to it today:
//! the policy and the server's name are those that it was made with, it has not expired, and the
//! config's verifier accepts the server's certificate once more.

use core::time::Duration;

use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use super::hello::{Offer, Start};
use super::{ClientState, Keyed};
use crate::config::{Event, Resumption, ServerToVerify};
use crate::error::{Error, InvalidMessage, Malformed, PeerMisbehaved};
use crate::handshake::{Flow, Kept, Known, Negotiated, Output};
use crate::message::codec::{Reader, put_u16, put_u24};
use crate::message::{NewSessionTicket, ServerHello};
use crate::secrets::MasterSecret;
use crate::session::{Binding, Context, MAX_TICKET, Session, client_binding};

/// By what a client names a session to the server.
pub(super) enum Handle {
    SessionId(Vec<u8>),
    Ticket {
        ticket: Vec<u8>,
        /// Seconds; 0 where the server does not say.
        lifetime_hint: u32,
    },
}

impl Handle {
    pub(super) fn of_ticket(message: &NewSessionTicket<'_>) -> Self {
        Self::Ticket {
            ticket: message.ticket.to_vec(),
            lifetime_hint: message.lifetime_hint,
        }
    }

    /// `None` where the server does not keep the session.
    pub(super) fn of_session_id(session_id: Vec<u8>) -> Option<Self> {
        (!session_id.is_empty()).then_some(Self::SessionId(session_id))
    }

    fn can_be_kept(&self) -> bool {
        match self {
            Self::SessionId(_) => true,
            Self::Ticket { ticket, .. } => ticket.len() <= MAX_TICKET,
        }
    }

    pub(super) fn resumption(&self) -> Resumption {
        match self {
            Self::SessionId(_) => Resumption::SessionId,
            Self::Ticket { .. } => Resumption::Ticket,
        }
    }
}

/// A session that can be offered to the server.
pub(super) struct Resumable {
    pub(super) session: Session,
    pub(super) handle: Handle,
}

impl Resumable {
    fn read(encoded: &[u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("session", encoded);
        let lifetime_hint = u32::from_be_bytes(reader.array()?);
        let ticket = reader.vector_u16()?.to_vec();
        reader.check(ticket.len() <= MAX_TICKET, Malformed::LengthOutOfRange)?;
        let session_id = reader.vector_u16()?.to_vec();
        let session = Session::read(reader.vector_u24()?)?;
        reader.finish()?;
        let handle = Handle::of_session_id(session_id).unwrap_or(Handle::Ticket {
            ticket,
            lifetime_hint,
        });
        Ok(Self { session, handle })
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let (lifetime_hint, ticket, session_id): (u32, &[u8], &[u8]) = match &self.handle {
            Handle::SessionId(session_id) => (0, &[], session_id),
            Handle::Ticket {
                ticket,
                lifetime_hint,
            } => (*lifetime_hint, ticket, &[]),
        };
        let session = self.session.encode();
        // As long as it will be: growing would leave copies of the secret behind.
        let len = 4 + 2 + ticket.len() + 2 + session_id.len() + 3 + session.len();
        let mut encoded = Zeroizing::new(Vec::with_capacity(len));
        encoded.extend_from_slice(&lifetime_hint.to_be_bytes());
        put_u16(&mut encoded, |out| out.extend_from_slice(ticket));
        put_u16(&mut encoded, |out| out.extend_from_slice(session_id));
        put_u24(&mut encoded, |out| out.extend_from_slice(&session));
        encoded
    }
}

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
        let common = &self.config.common;
        let sessions = &common.sessions;
        let binding = self.binding();
        let sealed = sessions.store.find(&binding)?;
        let now = common.clock.now();
        let found = sessions
            .ticket_keys
            .open(&sealed, &Context::ClientsSession(&binding).encode(), now)
            .and_then(|encoded| Resumable::read(&encoded).ok())
            .filter(|found| self.can_offer(found, &binding, known));
        match found {
            // A server that fails on it shall not fail on it again.
            Some(_) => known.kept = Some(self.kept(&binding)),
            None => self.forget_session(),
        }
        found
    }

    fn can_offer(&self, found: &Resumable, binding: &Binding, known: &Known) -> bool {
        let common = &self.config.common;
        let sessions = &common.sessions;
        let session = &found.session;
        let now = common.clock.now();
        let allowed = match found.handle.resumption() {
            Resumption::SessionId => sessions.by_id,
            Resumption::Ticket => sessions.by_ticket && self.sends_extensions(),
        };
        let still_trusted = || {
            let server = ServerToVerify {
                chain: &session.peer_certificates,
                server_name: &self.server_name,
                now,
                policy: &self.policy,
            };
            !server.chain.is_empty() && self.config.verifier.verify_server(&server).is_ok()
        };
        // As in a full handshake, the server's certificate may not change.
        let same_server = self.occasion.previous().is_none()
            || session.peer_certificates.first() == known.peer_certificates.first();
        allowed
            && same_server
            && session.binding == *binding
            && session.is_current(now, sessions.lifetime)
            && still_trusted()
    }

    /// Nothing is kept for this server any more.
    pub(super) fn forget_session(&self) {
        self.config.common.sessions.store.remove(&self.binding());
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
        let Some(handle) = handle.filter(Handle::can_be_kept) else {
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
        sessions.store.put(&binding, sealed, lifetime);
        out.known.kept = Some(self.kept(&binding));
        Ok(())
    }

    fn kept(&self, binding: &Binding) -> Kept {
        Kept {
            store: self.config.common.sessions.store.clone(),
            key: binding.to_vec(),
        }
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
    let changed = if session.version != negotiated.version {
        "the version"
    } else if session.suite.suite != negotiated.suite.suite {
        "the cipher suite"
    } else if session.extended_master_secret != negotiated.extended_master_secret {
        "the extended master secret"
    } else if session.encrypt_then_mac && !negotiated.encrypt_then_mac {
        "encrypt-then-MAC"
    } else {
        return Ok(());
    };
    Err(PeerMisbehaved::ResumedDifferently(changed).into())
}
