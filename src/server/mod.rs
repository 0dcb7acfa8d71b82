//! The server's side.

mod acceptor;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

pub use acceptor::{Accepted, Acceptor};

pub use crate::config::{
    CertificateWanted, CertifiedKey, ClientToVerify, ClientVerifier, ServerCertificateResolver,
    ServerConfig, ServerConfigBuilder,
};
use crate::connection::Connection;
use crate::handshake::server::Start;

/// A server's connection. What it does once it exists is [`Connection`]'s.
#[derive(Debug)]
pub struct ServerConnection(Connection);

impl ServerConnection {
    /// A connection that waits for a ClientHello.
    pub fn new(config: Arc<ServerConfig>) -> Self {
        Self(Connection::server(Start { config }))
    }

    /// The host name that the client asked for (server_name, RFC 6066 §3).
    pub fn server_name(&self) -> Option<&str> {
        self.0.received_server_name()
    }

    /// See [`Connection::into_leftovers`].
    pub fn into_leftovers(self) -> crate::Leftovers {
        self.0.into_leftovers()
    }
}

impl Deref for ServerConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for ServerConnection {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}
