//! The server's side.

mod acceptor;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

pub use acceptor::{Accepted, Acceptor};

pub use crate::config::{
    CertificatesByName, CertifiedKey, ClientToVerify, ClientVerifier, ServerCertificateQuery,
    ServerCertificateResolver, ServerConfig, ServerConfigBuilder,
};
use crate::connection::Connection;
use crate::error::Error;
use crate::handshake::server::Start;
use crate::handshake::{Occasion, Resume};

/// A server's connection. What it does once it exists is [`Connection`]'s.
///
/// ```no_run
/// use std::io::{Read, Write};
/// use std::net::TcpListener;
/// use std::sync::Arc;
///
/// use retrossl::pki_types::pem::PemObject;
/// use retrossl::pki_types::{CertificateDer, PrivateKeyDer};
/// use retrossl::{Policy, RsaPrivateKey, ServerConfig, ServerConnection, StreamOwned};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let chain = CertificateDer::pem_file_iter("server.pem")?.collect::<Result<_, _>>()?;
/// let key = RsaPrivateKey::from_der(&PrivateKeyDer::from_pem_file("server.key")?)?;
/// let config = ServerConfig::builder(Policy::HISTORIC)
///     .certificate(chain, key)
///     .build()?;
/// let config = Arc::new(config);
/// for tcp in TcpListener::bind("127.0.0.1:4433")?.incoming() {
///     let mut stream = StreamOwned::new(ServerConnection::new(config.clone()), tcp?);
///     let mut request = [0; 1024];
///     let len = stream.read(&mut request)?;
///     stream.write_all(&request[..len])?;
///     stream.close()?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ServerConnection(Connection);

impl ServerConnection {
    /// A connection that waits for a ClientHello.
    pub fn new(config: Arc<ServerConfig>) -> Self {
        Self(Connection::server(Start {
            config,
            occasion: Occasion::First,
            resume: Resume::IfPossible,
        }))
    }

    /// As [`Connection::renegotiate`], under another config: one that asks for the client's
    /// certificate, say, once it is known what the client wants.
    ///
    /// The version stays. What concerns the connection and not its handshakes stays the first
    /// config's: randomness, observer, buffer limit.
    ///
    /// # Errors
    /// As there. The policies of both configs must allow it.
    pub fn renegotiate_with(&mut self, config: Arc<ServerConfig>) -> Result<(), Error> {
        self.0.begin_handshake(Some(config), Resume::Never)
    }

    /// The host name that the client asked for (server_name, RFC 6066 §3), in lower case.
    pub fn server_name(&self) -> Option<&str> {
        self.0.received_server_name()
    }

    /// What both sides have in common.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn into_inner(self) -> Connection {
        self.0
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
