//! The client's side.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use rustls_pki_types::ServerName;

use crate::config::check_policy;
pub use crate::config::{
    CertificatesByAuthority, CertifiedKey, ClientCertificateQuery, ClientCertificateResolver,
    ClientConfig, ClientConfigBuilder, KeyUse, ServerToVerify, ServerVerifier,
};
use crate::connection::Connection;
use crate::error::Error;
use crate::handshake::client::Start;
use crate::handshake::{Attempt, Occasion, Resume};
use crate::policy::Policy;
use crate::version::ProtocolVersion;

/// A client's connection. What it does once it exists is [`Connection`]'s.
///
/// The ClientHello waits for `write_tls` from the start.
#[derive(Debug)]
pub struct ClientConnection(Connection);

impl ClientConnection {
    /// A connection under the config's policy, to the server that `server_name` names.
    ///
    /// # Errors
    /// [`Error::RandomFailed`].
    pub fn new(config: Arc<ClientConfig>, server_name: ServerName<'static>) -> Result<Self, Error> {
        let policy = config.common.policy;
        Self::with_policy(config, server_name, policy)
    }

    /// A connection under a policy of its own in place of the config's, usually a narrower one.
    ///
    /// # Errors
    /// [`Error::Config`] where no handshake could succeed under it; [`Error::RandomFailed`].
    pub fn with_policy(
        config: Arc<ClientConfig>,
        server_name: ServerName<'static>,
        policy: Policy,
    ) -> Result<Self, Error> {
        Self::start(config, server_name, policy, Attempt::First)
    }

    /// A connection that repeats, at `max_version` at the most, one that failed for no clear
    /// reason, and says so by `TLS_FALLBACK_SCSV` (RFC 7507 §4): a server that could do better
    /// then refuses it, so nobody in between can force an old version. It offers no session. Where
    /// nothing is lowered, it is as [`new`](Self::new).
    ///
    /// # Errors
    /// [`Error::Config`] where the config's has nothing up to that version;
    /// [`Error::RandomFailed`].
    pub fn fallback(
        config: Arc<ClientConfig>,
        server_name: ServerName<'static>,
        max_version: ProtocolVersion,
    ) -> Result<Self, Error> {
        let unlowered = config.common.policy;
        let (min, max) = unlowered.version_range();
        let policy = unlowered.versions(min, max.min(max_version));
        let newest = |policy: &Policy| policy.usable_versions().map(|(_, newest)| newest);
        let attempt = match newest(&policy) < newest(&unlowered) {
            true => Attempt::Fallback,
            false => Attempt::First,
        };
        Self::start(config, server_name, policy, attempt)
    }

    fn start(
        config: Arc<ClientConfig>,
        server_name: ServerName<'static>,
        policy: Policy,
        attempt: Attempt,
    ) -> Result<Self, Error> {
        check_policy(&policy)?;
        Connection::client(Start {
            config,
            policy,
            server_name,
            attempt,
            occasion: Occasion::First,
            resume: Resume::IfPossible,
        })
        .map(Self)
    }

    /// See [`Connection::into_leftovers`].
    pub fn into_leftovers(self) -> crate::Leftovers {
        self.0.into_leftovers()
    }
}

impl Deref for ClientConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for ClientConnection {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}
