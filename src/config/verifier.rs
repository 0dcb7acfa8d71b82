//! Authenticating the peer: steps 3 and 6.

use core::fmt;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::cert::KeyUse;
use crate::error::{CertificateError, ConfigError};
use crate::fingerprint::Fingerprint;
use crate::policy::Policy;

/// Decides whether a server is who it should be: step 3.
pub trait ServerVerifier: Send + Sync + fmt::Debug {
    /// Accepts the server's certificate, or says why not.
    ///
    /// That its key is a readable RSA key is already known; that the server has the private half
    /// is proven by the handshake.
    ///
    /// # Errors
    /// Whatever speaks against the server; the connection is not established then.
    fn verify_server(&self, server: &ServerToVerify<'_>) -> Result<(), CertificateError>;

    /// The same for a session that is to be taken up again: it is asked before the session is
    /// offered. By default it is [`verify_server`](Self::verify_server); a verifier that remembers
    /// what it accepted can be quicker.
    ///
    /// # Errors
    /// As `verify_server`; the session is not offered then.
    fn verify_server_again(&self, server: &ServerToVerify<'_>) -> Result<(), CertificateError> {
        self.verify_server(server)
    }

    /// Asked when a config is built, so that a verifier that could accept nobody is noticed then.
    ///
    /// # Errors
    /// [`ConfigError::NoRoots`], [`ConfigError::NoPins`]; by default none.
    fn check_settings(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

/// A server to be authenticated.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ServerToVerify<'a> {
    /// What the server presented, its own certificate first; never empty.
    pub chain: &'a [CertificateDer<'static>],
    /// Whom the user wants to talk to.
    pub server_name: &'a ServerName<'static>,
    /// The config's time.
    pub now: UnixTime,
    /// The connection's policy.
    pub policy: &'a Policy,
    /// What its key is for.
    pub key_use: KeyUse,
}

impl<'a> ServerToVerify<'a> {
    /// A server to be authenticated outside of a connection, whose key is for RSA key exchange.
    pub fn new(
        chain: &'a [CertificateDer<'static>],
        server_name: &'a ServerName<'static>,
        now: UnixTime,
        policy: &'a Policy,
    ) -> Self {
        Self {
            chain,
            server_name,
            now,
            policy,
            key_use: KeyUse::KeyEncipherment,
        }
    }
}

/// Decides whether a client may come in: step 6.
pub trait ClientVerifier: Send + Sync + fmt::Debug {
    /// What becomes of a client without a certificate.
    fn anonymous_clients(&self) -> AnonymousClients;

    /// DER of the distinguished names of accepted authorities, sent to the client as a hint for
    /// its choice; empty for any. More than 64 KiB of them are not sent.
    fn authorities(&self) -> &[Vec<u8>] {
        &[]
    }

    /// Accepts the client's certificate, or says why not.
    ///
    /// # Errors
    /// Whatever speaks against the client; the session ends then.
    fn verify_client(&self, client: &ClientToVerify<'_>) -> Result<(), CertificateError>;

    /// As [`ServerVerifier::verify_server_again`], before a client's session is taken up.
    ///
    /// # Errors
    /// As [`verify_client`](Self::verify_client); there is a full handshake then.
    fn verify_client_again(&self, client: &ClientToVerify<'_>) -> Result<(), CertificateError> {
        self.verify_client(client)
    }

    /// As [`ServerVerifier::check_settings`].
    ///
    /// # Errors
    /// The same.
    fn check_settings(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

/// What becomes of a client without a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnonymousClients {
    /// The server refuses it.
    Refused,
    /// The server lets it in.
    Accepted,
}

/// A client to be authenticated.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ClientToVerify<'a> {
    /// What the client presented, its own certificate first; never empty.
    pub chain: &'a [CertificateDer<'static>],
    /// The config's time.
    pub now: UnixTime,
    /// The connection's policy.
    pub policy: &'a Policy,
}

impl<'a> ClientToVerify<'a> {
    /// A client to be authenticated outside of a connection.
    pub fn new(chain: &'a [CertificateDer<'static>], now: UnixTime, policy: &'a Policy) -> Self {
        Self { chain, now, policy }
    }
}

impl<V: ServerVerifier + ?Sized> ServerVerifier for Arc<V> {
    fn verify_server(&self, server: &ServerToVerify<'_>) -> Result<(), CertificateError> {
        (**self).verify_server(server)
    }

    fn verify_server_again(&self, server: &ServerToVerify<'_>) -> Result<(), CertificateError> {
        (**self).verify_server_again(server)
    }

    fn check_settings(&self) -> Result<(), ConfigError> {
        (**self).check_settings()
    }
}

impl<V: ClientVerifier + ?Sized> ClientVerifier for Arc<V> {
    fn anonymous_clients(&self) -> AnonymousClients {
        (**self).anonymous_clients()
    }

    fn authorities(&self) -> &[Vec<u8>] {
        (**self).authorities()
    }

    fn verify_client(&self, client: &ClientToVerify<'_>) -> Result<(), CertificateError> {
        (**self).verify_client(client)
    }

    fn verify_client_again(&self, client: &ClientToVerify<'_>) -> Result<(), CertificateError> {
        (**self).verify_client_again(client)
    }

    fn check_settings(&self) -> Result<(), ConfigError> {
        (**self).check_settings()
    }
}

/// Accepts the certificates with these SHA-256 fingerprints, whatever else is in them: trust on
/// first use, for devices.
///
/// Only the peer's own certificate, the first of its chain, is compared: the pin of an authority
/// accepts nothing that it issued. Names, dates and signatures are not looked at; a pinned
/// certificate needs only a readable public key. As a [`ClientVerifier`] it requires a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedCertificates(Vec<Fingerprint>);

impl PinnedCertificates {
    /// Accepts any of these.
    pub fn new(pins: impl IntoIterator<Item = Fingerprint>) -> Self {
        Self(pins.into_iter().collect())
    }

    fn check_pinned(&self, chain: &[CertificateDer<'static>]) -> Result<(), CertificateError> {
        let end_entity = chain.first().ok_or(CertificateError::Unreadable)?;
        let fingerprint = Fingerprint::of(end_entity);
        if self.0.contains(&fingerprint) {
            Ok(())
        } else {
            Err(CertificateError::NotPinned(fingerprint))
        }
    }

    fn check_not_empty(&self) -> Result<(), ConfigError> {
        if self.0.is_empty() {
            return Err(ConfigError::NoPins);
        }
        Ok(())
    }
}

impl ServerVerifier for PinnedCertificates {
    fn verify_server(&self, server: &ServerToVerify<'_>) -> Result<(), CertificateError> {
        self.check_pinned(server.chain)
    }

    fn check_settings(&self) -> Result<(), ConfigError> {
        self.check_not_empty()
    }
}

impl ClientVerifier for PinnedCertificates {
    fn anonymous_clients(&self) -> AnonymousClients {
        AnonymousClients::Refused
    }

    fn verify_client(&self, client: &ClientToVerify<'_>) -> Result<(), CertificateError> {
        self.check_pinned(client.chain)
    }

    fn check_settings(&self) -> Result<(), ConfigError> {
        self.check_not_empty()
    }
}
