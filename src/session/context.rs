//! What sealed bytes are, so that one kind never opens as another.

use super::Binding;

/// A purpose, and under which name the bytes are kept for it.
pub(crate) enum Context<'a> {
    /// A client's session, with what the server calls it.
    ClientsSession(&'a Binding),
    /// A server's session, by its ID.
    ServersSession(&'a [u8]),
    /// A server's session, in a client's hands.
    Ticket,
    /// A client's session of SSL 2.0.
    ClientsSsl2Session(&'a Binding),
    /// A server's session of SSL 2.0, by its ID.
    ServersSsl2Session(&'a [u8]),
}

impl Context<'_> {
    /// What is authenticated beside the bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (label, name): (&[u8], &[u8]) = match self {
            Self::ClientsSession(binding) => (b"client session ", *binding),
            Self::ServersSession(session_id) => (b"server session ", session_id),
            Self::Ticket => (b"ticket ", b""),
            Self::ClientsSsl2Session(binding) => (b"client ssl2 session ", *binding),
            Self::ServersSsl2Session(session_id) => (b"server ssl2 session ", session_id),
        };
        [label, name].concat()
    }
}
