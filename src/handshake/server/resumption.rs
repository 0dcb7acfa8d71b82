//! Keeping a session and taking it up again (RFC 5246 §F.1.4, RFC 5077).
//!
//! A session is taken up only if a full handshake under the same config could lead to it today:
//! version, suite, server name, policy, the server's certificate and what is asked of clients are
//! those that it was made with, it has not expired, and the config's verifier accepts the client's
//! certificate once more or still does.
//! Whatever else stands in a store or in a ticket is a full handshake, never an error.

use super::hello::Answer;
use super::{ExpectChangeCipherSpec, Keyed, ServerState, Start};
use crate::config::{Event, Resumption};
use crate::error::{Error, PeerMisbehaved};
use crate::handshake::{Choice, Flow, Kept, Negotiated, Output, Resume};
use crate::message::{ClientHello, ExtensionType, HandshakeType, NewSessionTicket};
use crate::secrets::{MasterSecret, Randoms};
use crate::session::{Binding, Context, MAX_TICKET, Session};
use crate::side::Side;
use crate::version::ProtocolVersion;

/// A session that the client has named and that can be taken up.
pub(super) struct Resumed {
    session: Session,
    by: Resumption,
}

/// Where the session goes when the handshake is complete.
pub(super) enum Keep {
    Nowhere,
    /// Into the store.
    UnderId {
        session_id: [u8; SESSION_ID],
        binding: Binding,
    },
    /// To the client.
    InTicket {
        binding: Binding,
    },
    /// It is resumed, and stands in the store under this ID.
    Already {
        session_id: Vec<u8>,
    },
}

impl Keep {
    /// By a ticket where the client knows them, else by an ID.
    pub(super) fn plan(
        start: &Start,
        binding: Binding,
        hello: &ClientHello<'_>,
        choice: &mut Choice,
        out: &mut Output<'_>,
    ) -> Result<Self, Error> {
        let sessions = &start.config.common.sessions;
        choice.session_ticket = sessions.by_ticket && ticket(hello, choice.version).is_some();
        Ok(if choice.session_ticket {
            Self::InTicket { binding }
        } else if sessions.by_id {
            let mut session_id = [0; SESSION_ID];
            out.random.fill(&mut session_id)?;
            Self::UnderId {
                session_id,
                binding,
            }
        } else {
            Self::Nowhere
        })
    }

    /// What the ServerHello calls the session.
    pub(super) fn session_id(&self) -> &[u8] {
        match self {
            Self::UnderId { session_id, .. } => session_id,
            Self::Already { session_id } => session_id,
            Self::Nowhere | Self::InTicket { .. } => &[],
        }
    }
}

impl Start {
    /// The session that the client names, by its ticket or its ID, if it can be taken up.
    pub(super) fn find_session(
        &self,
        binding: &Binding,
        hello: &ClientHello<'_>,
        choice: &Choice,
        out: &Output<'_>,
    ) -> Result<Option<Resumed>, Error> {
        let Some(resumed) = self.named_session(hello, choice) else {
            return Ok(None);
        };
        let common = &self.config.common;
        let session = &resumed.session;
        let fits = self.resume == Resume::IfPossible
            && session.binding == *binding
            && session.is_current(common.clock.now(), common.sessions.lifetime)
            && session.version == choice.version
            && session.suite.suite == choice.suite.suite
            && session.server_name == out.known.server_name
            && (choice.encrypt_then_mac || !session.encrypt_then_mac)
            && self.config.trusts_client(&session.peer_certificates);
        match (
            session.extended_master_secret,
            choice.extended_master_secret,
        ) {
            _ if !fits => Ok(None),
            // RFC 7627 §5.3: somebody has taken the extension away.
            (true, false) => {
                Err(PeerMisbehaved::ProtectionDropped("the extended master secret").into())
            }
            (false, true) => Ok(None),
            _ => Ok(Some(resumed)),
        }
    }

    fn named_session(&self, hello: &ClientHello<'_>, choice: &Choice) -> Option<Resumed> {
        let common = &self.config.common;
        let sessions = &common.sessions;
        let now = common.clock.now();
        let open = |sealed: &[u8], context: Context<'_>, by| {
            let encoded = sessions.ticket_keys.open(sealed, &context.encode(), now)?;
            let session = Session::read(&encoded).ok()?;
            Some(Resumed { session, by })
        };
        // RFC 5077 §3.4: beside a ticket, the session ID is only for the answer.
        match ticket(hello, choice.version) {
            Some(ticket) if !ticket.is_empty() => {
                let allowed = sessions.by_ticket.then_some(ticket)?;
                open(allowed, Context::Ticket, Resumption::Ticket)
            }
            _ if hello.session_id.len() != SESSION_ID || !sessions.by_id => None,
            _ => {
                let sealed = sessions.find(hello.session_id)?;
                let context = Context::ServersSession(hello.session_id);
                open(&sealed, context, Resumption::SessionId)
            }
        }
    }

    /// Step 2 and step 9 of a resumed session: ServerHello, ChangeCipherSpec, Finished.
    pub(super) fn resume(
        self,
        resumed: Resumed,
        client_hello: &[u8],
        hello: &ClientHello<'_>,
        answer: &Answer,
        out: &mut Output<'_>,
    ) -> Result<ServerState, Error> {
        let Resumed { session, by } = resumed;
        out.known.peer_certificates = session.peer_certificates;
        out.known.resumption = Some(by);
        out.report(Event::SessionResumed { by });
        let (server_hello, server_random) =
            answer.send_server_hello(&self, Flow::Abbreviated, hello.session_id, out)?;
        let randoms = Randoms {
            client: hello.random,
            server: server_random,
        };
        let policy = &self.config.common.policy;
        let nothing_to_sign = core::iter::empty();
        let hellos = [client_hello, &server_hello];
        let mut negotiated =
            Negotiated::begin(answer.choice, randoms, hellos, policy, nothing_to_sign, out);
        let master_secret = session.master_secret;
        negotiated.log(&master_secret, self.config.common.key_log.as_deref());
        let keys = negotiated.derive_keys(&master_secret, out);
        negotiated.send_finished(Side::Server, &master_secret, &keys.server, out)?;
        let keyed = Keyed {
            start: self,
            negotiated,
            master_secret,
            keys,
            flow: Flow::Abbreviated,
            keep: match by {
                Resumption::SessionId => Keep::Already {
                    session_id: hello.session_id.to_vec(),
                },
                Resumption::Ticket => Keep::Nowhere,
            },
        };
        Ok(ServerState::ExpectChangeCipherSpec(Box::new(
            ExpectChangeCipherSpec { keyed },
        )))
    }

    /// Keeps the session that a handshake has led to.
    pub(super) fn keep_session(
        &self,
        keep: &Keep,
        negotiated: &mut Negotiated,
        master_secret: &MasterSecret,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        let sessions = &self.config.common.sessions;
        match keep {
            Keep::Nowhere => {}
            Keep::Already { session_id } => {
                out.known.kept = Some(Kept::new(sessions, session_id));
            }
            Keep::UnderId {
                session_id,
                binding,
            } => {
                let context = Context::ServersSession(session_id);
                let sealed = self.seal(negotiated, master_secret, *binding, &context, out)?;
                sessions.put(session_id, sealed, sessions.lifetime);
                out.known.kept = Some(Kept::new(sessions, session_id));
            }
            Keep::InTicket { binding } => {
                let sealed =
                    self.seal(negotiated, master_secret, *binding, &Context::Ticket, out)?;
                self.send_ticket(&sealed, negotiated, out)?;
            }
        }
        Ok(())
    }

    fn seal(
        &self,
        negotiated: &Negotiated,
        master_secret: &MasterSecret,
        binding: Binding,
        context: &Context<'_>,
        out: &Output<'_>,
    ) -> Result<Vec<u8>, Error> {
        let common = &self.config.common;
        let sessions = &common.sessions;
        let now = common.clock.now();
        let session = negotiated.session(master_secret, binding, now, sessions.lifetime, out.known);
        let keys = &sessions.ticket_keys;
        Ok(keys.seal(&session.encode(), &context.encode(), now, out.random)?)
    }

    fn send_ticket(
        &self,
        sealed: &[u8],
        negotiated: &mut Negotiated,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        let lifetime = self.config.common.sessions.lifetime;
        let message = NewSessionTicket {
            // At most a day.
            lifetime_hint: u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX),
            // RFC 5077 §3.3: an empty one takes the announcement back.
            ticket: if sealed.len() <= MAX_TICKET {
                sealed
            } else {
                &[]
            },
        };
        let transcript = &mut negotiated.transcript;
        out.send_hashed(transcript, HandshakeType::NEW_SESSION_TICKET, |body| {
            message.write(body);
        })
    }
}

/// The session_ticket extension's body; there are no tickets at SSL 3.0.
fn ticket<'h>(hello: &ClientHello<'h>, version: ProtocolVersion) -> Option<&'h [u8]> {
    (version > ProtocolVersion::SSLv3)
        .then(|| hello.extensions.find(ExtensionType::SESSION_TICKET))
        .flatten()
}

/// Bytes of a session ID, the most that there may be (RFC 5246 §7.4.1.3).
const SESSION_ID: usize = 32;
