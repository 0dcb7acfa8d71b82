//! Whichever protocol and side a connection's state is of.

use std::sync::Arc;

use crate::config::ServerConfig;
use crate::error::Error;
use crate::handshake::client::ClientState;
use crate::handshake::server::ServerState;
use crate::handshake::{Incoming, Output, Resume};
use crate::policy::Policy;

/// What a connection waits for.
pub(super) enum State {
    Client(ClientState),
    Server(ServerState),
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
            Self::Failed => Err(Error::Internal("a failed connection was driven on")),
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
            Self::Failed => Ok(self),
        }
    }

    pub(super) fn renegotiation_refused(self) -> Self {
        match self {
            Self::Client(state) => Self::Client(state.renegotiation_refused()),
            Self::Server(state) => Self::Server(state.renegotiation_refused()),
            Self::Failed => self,
        }
    }

    /// Whether the peer can still say no to a new handshake.
    pub(super) fn awaits_renegotiation(&self) -> bool {
        match self {
            Self::Client(state) => state.awaits_renegotiation(),
            Self::Server(state) => state.has_asked_to_renegotiate(),
            Self::Failed => false,
        }
    }

    pub(super) fn has_asked_to_renegotiate(&self) -> bool {
        matches!(self, Self::Server(state) if state.has_asked_to_renegotiate())
    }

    pub(super) fn expects_finished(&self) -> bool {
        match self {
            Self::Client(state) => state.expects_finished(),
            Self::Server(state) => state.expects_finished(),
            Self::Failed => false,
        }
    }

    /// The policy of an established connection.
    pub(super) fn policy(&self) -> Option<&Policy> {
        match self {
            Self::Client(state) => state.policy(),
            Self::Server(state) => state.policy(),
            Self::Failed => None,
        }
    }

    pub(super) fn is_handshaking(&self) -> bool {
        !matches!(self, Self::Failed) && !self.is_established()
    }

    pub(super) fn is_established(&self) -> bool {
        match self {
            Self::Client(state) => state.is_established(),
            Self::Server(state) => state.is_established(),
            Self::Failed => false,
        }
    }
}
