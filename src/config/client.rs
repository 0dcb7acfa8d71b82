//! A client's config.

use core::time::Duration;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, ServerName};

use super::clock::Clock;
use super::common::{Common, at_most_one, common_setters};
use super::key_log::KeyLog;
use super::observer::ObserverFactory;
use super::path_verifier::PathVerifier;
use super::private_key::PrivateKey;
use super::resolver::{ClientCertificateResolver, SingleCertificate};
use super::session_store::SessionStore;
use super::ticket_keys::TicketKeys;
use super::verifier::{ServerToVerify, ServerVerifier};
use crate::cert::{KeyUse, RootStore};
use crate::crypto::random::SecureRandom;
use crate::error::ConfigError;
use crate::fingerprint::Fingerprint;
use crate::policy::Policy;

/// What a client's connections have in common; made by [`ClientConfig::builder`].
#[derive(Clone, Debug)]
pub struct ClientConfig {
    pub(crate) common: Common,
    pub(crate) verifier: Arc<dyn ServerVerifier>,
    pub(crate) resolver: Option<Arc<dyn ClientCertificateResolver>>,
    /// Of the one certificate that is for every server.
    pub(crate) certificate: Option<Fingerprint>,
    pub(crate) sends_server_name: bool,
}

impl ClientConfig {
    /// Starts a config under `policy`.
    pub fn builder(policy: Policy) -> ClientConfigBuilder {
        ClientConfigBuilder {
            common: Common::new(policy),
            verifiers: Vec::new(),
            resolvers: Vec::new(),
            certificate: None,
            sends_server_name: true,
        }
    }

    /// Whether the server whose session is to be offered could be accepted with `chain` today.
    pub(crate) fn trusts_server(
        &self,
        chain: &[CertificateDer<'static>],
        server_name: &ServerName<'static>,
        policy: &Policy,
        key_use: KeyUse,
    ) -> bool {
        let server = ServerToVerify {
            chain,
            server_name,
            now: self.common.clock.now(),
            policy,
            key_use,
        };
        !chain.is_empty() && self.verifier.verify_server_again(&server).is_ok()
    }
}

/// Collects a client's settings; [`build`](Self::build) checks them.
#[derive(Debug)]
#[must_use]
pub struct ClientConfigBuilder {
    common: Common,
    verifiers: Vec<Arc<dyn ServerVerifier>>,
    resolvers: Vec<Result<Arc<dyn ClientCertificateResolver>, ConfigError>>,
    certificate: Option<Fingerprint>,
    sends_server_name: bool,
}

impl ClientConfigBuilder {
    /// How servers are authenticated. There is no default, and only one verifier.
    pub fn verifier(mut self, verifier: impl ServerVerifier + 'static) -> Self {
        self.verifiers.push(Arc::new(verifier));
        self
    }

    /// Authenticates servers by a certification path to one of these roots:
    /// [`verifier`](Self::verifier) with a [`PathVerifier`].
    pub fn root_certificates(self, roots: impl Into<Arc<RootStore>>) -> Self {
        self.verifier(PathVerifier::new(roots))
    }

    /// The certificate for servers that ask for one, its chain and its key.
    ///
    /// It is sent to every server that asks, whatever authorities the server names: those lists
    /// are often incomplete. Before the handshake is complete, everybody on the way can read it.
    pub fn certificate(
        mut self,
        chain: Vec<CertificateDer<'static>>,
        key: impl PrivateKey + 'static,
    ) -> Self {
        self.certificate = chain.first().map(Fingerprint::of);
        let single = SingleCertificate::new(chain, key, &self.common.policy);
        self.resolvers
            .push(single.map(|single| Arc::new(single) as _));
        self
    }

    /// Chooses a certificate for each server that asks, in place of one for all.
    pub fn certificate_resolver(
        mut self,
        resolver: impl ClientCertificateResolver + 'static,
    ) -> Self {
        self.resolvers.push(Ok(Arc::new(resolver)));
        self
    }

    /// Does not tell the server which name it is reached by.
    pub fn without_server_name(mut self) -> Self {
        self.sends_server_name = false;
        self
    }

    common_setters!();

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`], whose text says what to change.
    pub fn build(mut self) -> Result<ClientConfig, ConfigError> {
        self.common.check()?;
        let verifier = at_most_one(self.verifiers, ConfigError::SeveralVerifiers)?
            .ok_or(ConfigError::NoVerifier)?;
        verifier.check_settings()?;
        let resolver =
            at_most_one(self.resolvers, ConfigError::SeveralCertificates)?.transpose()?;
        Ok(ClientConfig {
            common: self.common,
            verifier,
            resolver,
            certificate: self.certificate,
            sends_server_name: self.sends_server_name,
        })
    }
}
