//! Whichever protocol and side a connection's state is of.

use crate::error::Error;
use crate::handshake::client::ClientState;
use crate::handshake::server::ServerState;
use crate::handshake::{Incoming, Output};

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

    pub(super) fn is_established(&self) -> bool {
        match self {
            Self::Client(state) => state.is_established(),
            Self::Server(state) => state.is_established(),
            Self::Failed => false,
        }
    }
}
