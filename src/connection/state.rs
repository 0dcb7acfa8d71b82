//! Whichever protocol and side a connection's state is of.

use std::sync::Arc;

use crate::config::ServerConfig;
use crate::error::{Error, PeerIncompatible};
use crate::handshake::client::ClientState;
use crate::handshake::server::ServerState;
use crate::handshake::{Incoming, Output, Resume};
use crate::message::ssl2::Message;
use crate::policy::Policy;
use crate::ssl2;

/// What a connection waits for.
pub(super) enum State {
    Client(ClientState),
    Server(ServerState),
    Ssl2Client(ssl2::client::ClientState),
    Ssl2Server(ssl2::server::ServerState),
    /// A client whose hello servers of either protocol can read: the answer will tell.
    EitherClient(ClientState, ssl2::client::ClientState),
    /// The connection has failed, is being made, or a state of it is being handled.
    Failed,
}

impl State {
    pub(super) fn handle(
        self,
        incoming: Incoming<'_>,
        out: &mut Output<'_>,
    ) -> Result<Self, Error> {
        match self {
            Self::Client(state) => state.handle(incoming, out).map(Self::Client),
            Self::Server(state) => state.handle(incoming, out).map(Self::Server),
            Self::EitherClient(state, _) => state.handle(incoming, out).map(Self::Client),
            Self::Ssl2Client(_) | Self::Ssl2Server(_) => {
                Err(incoming.unexpected("a message of SSL 2.0"))
            }
            Self::Failed => Err(DRIVEN_ON),
        }
    }

    /// The same for a message of SSL 2.0.
    pub(super) fn handle_ssl2(
        self,
        message: Message<'_>,
        out: &mut ssl2::Output<'_>,
    ) -> Result<Self, Error> {
        match self {
            Self::Ssl2Client(state) | Self::EitherClient(_, state) => {
                state.handle(message, out).map(Self::Ssl2Client)
            }
            Self::Ssl2Server(state) => state.handle(message, out).map(Self::Ssl2Server),
            Self::Client(_) | Self::Server(_) => Err(PeerIncompatible::SpeaksSsl2.into()),
            Self::Failed => Err(DRIVEN_ON),
        }
    }

    /// See the two sides' own.
    pub(super) fn renegotiate(
        self,
        config: Option<Arc<ServerConfig>>,
        resume: Resume,
        out: &mut Output<'_>,
    ) -> Result<Self, Error> {
        match self {
            Self::Client(state) => state.renegotiate(resume, out).map(Self::Client),
            Self::Server(state) => state
                .ask_to_renegotiate(config, resume, out)
                .map(Self::Server),
            other => Ok(other),
        }
    }

    pub(super) fn renegotiation_refused(self) -> Self {
        match self {
            Self::Client(state) => Self::Client(state.renegotiation_refused()),
            Self::Server(state) => Self::Server(state.renegotiation_refused()),
            other => other,
        }
    }

    /// Whether the peer can still say no to a new handshake.
    pub(super) fn awaits_renegotiation(&self) -> bool {
        match self {
            Self::Client(state) => state.awaits_renegotiation(),
            Self::Server(state) => state.has_asked_to_renegotiate(),
            _ => false,
        }
    }

    pub(super) fn has_asked_to_renegotiate(&self) -> bool {
        matches!(self, Self::Server(state) if state.has_asked_to_renegotiate())
    }

    pub(super) fn expects_finished(&self) -> bool {
        match self {
            Self::Client(state) => state.expects_finished(),
            Self::Server(state) => state.expects_finished(),
            _ => false,
        }
    }

    /// The policy of an established connection that can be renegotiated.
    pub(super) fn policy(&self) -> Option<&Policy> {
        match self {
            Self::Client(state) => state.policy(),
            Self::Server(state) => state.policy(),
            _ => None,
        }
    }

    /// Whether an ERROR of SSL 2.0 ends the connection; else it is for the state to judge: where it
    /// is a client's answer, and where the state is not of SSL 2.0 at all.
    pub(super) fn ends_by_ssl2_error(&self) -> bool {
        match self {
            Self::Ssl2Client(_) | Self::EitherClient(..) => true,
            Self::Ssl2Server(state) => !state.awaits_certificate(),
            Self::Client(_) | Self::Server(_) | Self::Failed => false,
        }
    }

    pub(super) fn is_handshaking(&self) -> bool {
        !matches!(self, Self::Failed) && !self.is_established()
    }

    pub(super) fn is_established(&self) -> bool {
        match self {
            Self::Client(state) => state.is_established(),
            Self::Server(state) => state.is_established(),
            Self::Ssl2Client(state) => matches!(state, ssl2::client::ClientState::Established),
            Self::Ssl2Server(state) => matches!(state, ssl2::server::ServerState::Established),
            Self::EitherClient(..) | Self::Failed => false,
        }
    }
}

const DRIVEN_ON: Error = Error::Internal("a failed connection was driven on");
