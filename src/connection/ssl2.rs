//! SSL 2.0 on a connection: which protocol the first bytes speak, and the way of its records and
//! messages.

use std::sync::Arc;

use super::pump::Pump;
use super::state::State;
use crate::config::{Direction, Event, ServerConfig};
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::handshake::client::{self, ClientState};
use crate::handshake::{Attempt, Incoming};
use crate::message::ssl2::{ClientHello, ErrorMessage, Message, Ssl2MessageType};
use crate::message::{self, HelloFormat};
use crate::policy::Policy;
use crate::record::{ContentType, ssl2 as record};
use crate::ssl2::client::{Mark, send_hello};
use crate::ssl2::{self, Output};
use crate::suite::CipherSuite;
use crate::version::ProtocolVersion;

/// Which protocol the peer's records are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Nothing has come yet.
    Unknown,
    /// SSL 3.0 and TLS.
    Ssl3,
    Ssl2,
}

impl Pump {
    /// Begins as a client: with a hello of SSL 3.0 and TLS, or in SSL 2.0's format.
    pub(super) fn start_client(&mut self, start: client::Start) -> Result<(), Error> {
        let policy = &start.policy;
        let ssl3 = policy.usable_ssl3_versions().is_some();
        if ssl3 && policy.first_hello_format() == HelloFormat::Ssl3 {
            self.state = State::Client(ClientState::start(start, &mut self.output())?);
            return Ok(());
        }
        let speaks_ssl2 = policy.usable_at(ProtocolVersion::SSLv2);
        let ssl2_start = ssl2::client::Start {
            config: start.config.clone(),
            policy: start.policy,
            server_name: start.server_name.clone(),
            rollback_mark: rollback_mark(policy, start.attempt),
        };
        self.outgoing.speak_ssl2();
        let offer = send_hello(&ssl2_start, start.attempt, &mut self.ssl2_output())?;
        self.known.ssl2_hello = true;
        self.state = if !ssl3 {
            State::Ssl2Client(ssl2::client::ClientState::new(ssl2_start, offer))
        } else {
            let encoded = offer.encoded.clone();
            let state = ClientState::after_ssl2_hello(start, encoded, offer.random)?;
            if speaks_ssl2 {
                let ssl2 = ssl2::client::ClientState::new(ssl2_start, offer);
                State::EitherClient(state, ssl2)
            } else {
                State::Client(state)
            }
        };
        Ok(())
    }

    /// A record of SSL 3.0 or TLS has come, which a hello in SSL 2.0's format may have called for.
    pub(super) fn settle_on_ssl3(&mut self) {
        if self.protocol == Protocol::Unknown {
            self.protocol = Protocol::Ssl3;
            if self.outgoing.speaks_ssl2() {
                self.outgoing.speak_ssl3();
            }
        }
    }

    /// Opens one record of SSL 2.0 and handles what is in it.
    pub(super) fn receive_ssl2(&mut self, record: record::Record<'_>) -> Result<(), Error> {
        let content_type = if self.state.is_established() {
            ContentType::ApplicationData
        } else {
            ContentType::Handshake
        };
        let opener = self.ssl2_opener.get_or_insert_with(unprotected);
        let data = opener.open(content_type, record)?;
        self.tolerated.record(data.len())?;
        match content_type {
            ContentType::ApplicationData => self.receive_ssl2_data(data),
            _ => self.receive_ssl2_message(data),
        }
    }

    pub(super) fn speaks_ssl2(&self) -> bool {
        self.outgoing.speaks_ssl2()
    }

    /// Whether a handshake of SSL 2.0 is complete.
    pub(super) fn has_spoken_ssl2(&self) -> bool {
        self.protocol == Protocol::Ssl2 && self.known.is_established()
    }

    /// Sends the ERROR that `error` causes, if there is one.
    pub(super) fn fail_ssl2(&mut self, error: &Error) {
        if let Some(code) = error.ssl2_error() {
            // Nothing is left to be done where even that cannot be sealed.
            if self.ssl2_output().send_error(code).is_ok() {
                self.sent_ssl2_error = Some(code);
            }
        }
    }

    fn receive_ssl2_data(&mut self, data: &[u8]) -> Result<(), Error> {
        if !data.is_empty() {
            self.tolerated.data();
            self.received.tail(data.len()).extend_from_slice(data);
        }
        Ok(())
    }

    fn receive_ssl2_message(&mut self, encoded: &[u8]) -> Result<(), Error> {
        let message = Message::read(encoded)?;
        self.ssl2_output().report(Event::Ssl2Handshake {
            direction: Direction::Received,
            message: message.kind,
            bytes: message.encoded,
        });
        if self.protocol == Protocol::Unknown && !self.settle_on_ssl2(message)? {
            return Ok(());
        }
        if message.kind == Ssl2MessageType::ERROR && self.state.ends_by_ssl2_error() {
            let ErrorMessage { code } = ErrorMessage::read(message.body)?;
            return Err(Error::Ssl2ErrorReceived(code));
        }
        let state = core::mem::replace(&mut self.state, State::Failed);
        self.state = state.handle_ssl2(message, &mut self.ssl2_output())?;
        if self.state.is_established() {
            self.flush_held()?;
        }
        Ok(())
    }

    /// The peer's first message has SSL 2.0's format; `false` where that was all of it, and the
    /// handshake goes on as SSL 3.0's.
    fn settle_on_ssl2(&mut self, message: Message<'_>) -> Result<bool, Error> {
        let State::Server(state) = &self.state else {
            self.protocol = Protocol::Ssl2;
            return Ok(true);
        };
        let Some(config) = state.unanswered().cloned() else {
            return Err(Error::Internal("a first message was not the first"));
        };
        if message.kind != Ssl2MessageType::CLIENT_HELLO {
            return Err(message.unexpected(Ssl2MessageType::CLIENT_HELLO.name()));
        }
        let hello = ClientHello::read(message.body)?;
        self.protocol = choose(&config, &hello)?;
        if self.protocol == Protocol::Ssl2 {
            self.outgoing.speak_ssl2();
            self.state = State::Ssl2Server(ssl2::server::ServerState::new(config)?);
            return Ok(true);
        }
        let encoded = message.encoded;
        self.advance(Incoming::Ssl2ClientHello { hello, encoded })?;
        Ok(false)
    }

    fn ssl2_output(&mut self) -> Output<'_> {
        Output {
            side: self.side,
            outgoing: &mut self.outgoing,
            opener: self.ssl2_opener.get_or_insert_with(unprotected),
            known: &mut self.known,
            observer: &mut self.observer,
            random: &*self.random,
        }
    }
}

fn unprotected() -> Box<record::Opener> {
    Box::new(record::Opener::unprotected())
}

/// The newest version that both sides have (RFC 5246 appendix E.2).
fn choose(config: &Arc<ServerConfig>, hello: &ClientHello<'_>) -> Result<Protocol, Error> {
    let policy = &config.common.policy;
    let oldest = policy.usable_ssl3_versions().map(|(oldest, _)| oldest);
    if oldest.is_some_and(|oldest| oldest.wire() <= hello.version) {
        return Ok(Protocol::Ssl3);
    }
    let ssl2 = ProtocolVersion::SSLv2;
    if policy.usable_at(ssl2) && hello.version >= ssl2.wire() {
        let fell_back = message::ClientHello::of_ssl2(hello).offers(CipherSuite::TLS_FALLBACK_SCSV);
        // RFC 7507 §3, which takes SSL 2.0 for any other version.
        if oldest.is_some() && fell_back {
            return Err(PeerMisbehaved::InappropriateFallback(ssl2).into());
        }
        return Ok(Protocol::Ssl2);
    }
    let (min, max) = policy.version_range();
    let peer = hello.version;
    Err(PeerIncompatible::NoVersionInCommon { peer, min, max }.into())
}

/// A client that falls back could do better, whatever its policy for this connection.
fn rollback_mark(policy: &Policy, attempt: Attempt) -> Mark {
    match (policy.usable_ssl3_versions(), attempt) {
        (None, Attempt::First) => Mark::Unset,
        _ => Mark::Set,
    }
}
