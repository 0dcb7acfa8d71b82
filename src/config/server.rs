//! A server's config.

use core::time::Duration;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::clock::Clock;
use super::common::{Common, at_most_one, common_setters};
use super::export_keys::ExportKeys;
use super::key_log::KeyLog;
use super::observer::ObserverFactory;
use super::path_verifier::PathVerifier;
use super::private_key::PrivateKey;
use super::resolver::{ServerCertificateResolver, SingleCertificate};
use super::session_store::SessionStore;
use super::ticket_keys::TicketKeys;
use super::verifier::ClientVerifier;
use crate::cert::RootStore;
use crate::crypto::random::SecureRandom;
use crate::error::ConfigError;
use crate::policy::Policy;

/// What a server's connections have in common; made by [`ServerConfig::builder`].
#[derive(Clone, Debug)]
pub struct ServerConfig {
    pub(crate) common: Common,
    pub(crate) resolver: Arc<dyn ServerCertificateResolver>,
    pub(crate) client_verifier: Option<Arc<dyn ClientVerifier>>,
    pub(crate) export_keys: Arc<ExportKeys>,
}

impl ServerConfig {
    /// Starts a config under `policy`.
    pub fn builder(policy: Policy) -> ServerConfigBuilder {
        ServerConfigBuilder {
            common: Common::new(policy),
            resolvers: Vec::new(),
            client_verifiers: Vec::new(),
        }
    }
}

/// Collects a server's settings; [`build`](Self::build) checks them.
#[derive(Debug)]
#[must_use]
pub struct ServerConfigBuilder {
    common: Common,
    resolvers: Vec<Result<Arc<dyn ServerCertificateResolver>, ConfigError>>,
    client_verifiers: Vec<Arc<dyn ClientVerifier>>,
}

impl ServerConfigBuilder {
    /// The server's certificate, its chain and its key.
    pub fn certificate(
        mut self,
        chain: Vec<CertificateDer<'static>>,
        key: impl PrivateKey + 'static,
    ) -> Self {
        let single = SingleCertificate::new(chain, key, &self.common.policy);
        self.resolvers
            .push(single.map(|single| Arc::new(single) as _));
        self
    }

    /// Chooses a certificate for each client, in place of one for all.
    pub fn certificate_resolver(
        mut self,
        resolver: impl ServerCertificateResolver + 'static,
    ) -> Self {
        self.resolvers.push(Ok(Arc::new(resolver)));
        self
    }

    /// Asks clients for a certificate and authenticates them; they are not asked by default. Only
    /// one verifier can be given.
    pub fn client_verifier(mut self, verifier: impl ClientVerifier + 'static) -> Self {
        self.client_verifiers.push(Arc::new(verifier));
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
    pub fn build(mut self) -> Result<ServerConfig, ConfigError> {
        self.common.check()?;
        let resolver = at_most_one(self.resolvers, ConfigError::SeveralCertificates)?
            .ok_or(ConfigError::NoCertificate)??;
        let client_verifier = at_most_one(self.client_verifiers, ConfigError::SeveralVerifiers)?;
        if let Some(verifier) = &client_verifier {
            verifier.check_settings()?;
        }
        let export_keys = ExportKeys::default();
        for bits in self.common.policy.export_key_lengths() {
            let now = self.common.clock.now();
            // Where it fails, the first handshake that needs it says so.
            let _ = export_keys.prepare(bits, now, &*self.common.random);
        }
        Ok(ServerConfig {
            common: self.common,
            resolver,
            client_verifier,
            export_keys: Arc::new(export_keys),
        })
    }
}
