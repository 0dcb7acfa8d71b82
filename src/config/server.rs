//! A server's config.

use core::time::Duration;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::clock::Clock;
use super::common::{Common, common_setters};
use super::error::ConfigError;
use super::key_log::KeyLog;
use super::observer::ObserverFactory;
use super::path_verifier::PathVerifier;
use super::private_key::PrivateKey;
use super::resolver::{Always, ServerCertificateResolver};
use super::session_store::SessionStore;
use super::ticket_keys::TicketKeys;
use super::verifier::ClientVerifier;
use crate::cert::RootStore;
use crate::crypto::random::SecureRandom;
use crate::policy::Policy;

/// What a server's connections have in common; made by [`ServerConfig::builder`].
#[derive(Clone, Debug)]
pub struct ServerConfig {
    pub(crate) common: Common,
    pub(crate) resolver: Arc<dyn ServerCertificateResolver>,
    pub(crate) client_verifier: Option<Arc<dyn ClientVerifier>>,
}

impl ServerConfig {
    /// Starts a config under `policy`.
    pub fn builder(policy: Policy) -> ServerConfigBuilder {
        ServerConfigBuilder {
            common: Common::new(policy),
            certificate: None,
            resolver: None,
            client_verifier: None,
        }
    }
}

/// Collects a server's settings; [`build`](Self::build) checks them.
#[derive(Debug)]
#[must_use]
pub struct ServerConfigBuilder {
    common: Common,
    certificate: Option<(Vec<CertificateDer<'static>>, Arc<dyn PrivateKey>)>,
    resolver: Option<Arc<dyn ServerCertificateResolver>>,
    client_verifier: Option<Arc<dyn ClientVerifier>>,
}

impl ServerConfigBuilder {
    /// The server's certificate, its chain and its key.
    pub fn certificate(
        mut self,
        chain: Vec<CertificateDer<'static>>,
        key: Arc<dyn PrivateKey>,
    ) -> Self {
        self.certificate = Some((chain, key));
        self
    }

    /// Chooses a certificate for each client, in place of one for all.
    pub fn certificate_resolver(mut self, resolver: Arc<dyn ServerCertificateResolver>) -> Self {
        self.resolver = Some(resolver);
        self
    }

    /// Asks clients for a certificate and authenticates them; they are not asked by default.
    pub fn client_verifier(mut self, verifier: impl ClientVerifier + 'static) -> Self {
        self.client_verifier = Some(Arc::new(verifier));
        self
    }

    /// Requires a certificate of clients and authenticates them by a certification path to one of
    /// these roots: [`client_verifier`](Self::client_verifier) with a [`PathVerifier`].
    pub fn client_root_certificates(self, roots: impl Into<Arc<RootStore>>) -> Self {
        self.client_verifier(PathVerifier::new(roots))
    }

    common_setters!();

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`], whose text says what to change.
    pub fn build(self) -> Result<ServerConfig, ConfigError> {
        self.common.check()?;
        let resolver = match (self.certificate, self.resolver) {
            (Some(_), Some(_)) => return Err(ConfigError::CertificateAndResolver),
            (Some((chain, key)), None) => {
                let always = Always::new(chain, key, &self.common.policy)?;
                Some(Arc::new(always) as Arc<dyn ServerCertificateResolver>)
            }
            (None, resolver) => resolver,
        };
        Ok(ServerConfig {
            resolver: resolver.ok_or(ConfigError::NoCertificate)?,
            common: self.common,
            client_verifier: self.client_verifier,
        })
    }
}
