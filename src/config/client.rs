//! A client's config.

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
use super::resolver::{Always, ClientCertificateResolver};
use super::session_store::SessionStore;
use super::ticket_keys::TicketKeys;
use super::verifier::ServerVerifier;
use crate::cert::RootStore;
use crate::crypto::random::SecureRandom;
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
            verifier: None,
            certificate: None,
            resolver: None,
            sends_server_name: true,
        }
    }
}

/// Collects a client's settings; [`build`](Self::build) checks them.
#[derive(Debug)]
#[must_use]
pub struct ClientConfigBuilder {
    common: Common,
    verifier: Option<Arc<dyn ServerVerifier>>,
    certificate: Option<(Vec<CertificateDer<'static>>, Arc<dyn PrivateKey>)>,
    resolver: Option<Arc<dyn ClientCertificateResolver>>,
    sends_server_name: bool,
}

impl ClientConfigBuilder {
    /// How servers are authenticated. There is no default.
    pub fn verifier(mut self, verifier: impl ServerVerifier + 'static) -> Self {
        self.verifier = Some(Arc::new(verifier));
        self
    }

    /// Authenticates servers by a certification path to one of these roots:
    /// [`verifier`](Self::verifier) with a [`PathVerifier`].
    pub fn root_certificates(self, roots: impl Into<Arc<RootStore>>) -> Self {
        self.verifier(PathVerifier::new(roots))
    }

    /// The certificate for servers that ask for one, its chain and its key.
    pub fn certificate(
        mut self,
        chain: Vec<CertificateDer<'static>>,
        key: Arc<dyn PrivateKey>,
    ) -> Self {
        self.certificate = Some((chain, key));
        self
    }

    /// Chooses a certificate for each server that asks, in place of one for all.
    pub fn certificate_resolver(mut self, resolver: Arc<dyn ClientCertificateResolver>) -> Self {
        self.resolver = Some(resolver);
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
    pub fn build(self) -> Result<ClientConfig, ConfigError> {
        self.common.check()?;
        let end_entity = self
            .certificate
            .as_ref()
            .and_then(|(chain, _)| chain.first());
        let certificate = end_entity.map(Fingerprint::of);
        let resolver = match (self.certificate, self.resolver) {
            (Some(_), Some(_)) => return Err(ConfigError::CertificateAndResolver),
            (Some((chain, key)), None) => {
                let always = Always::new(chain, key, &self.common.policy)?;
                Some(Arc::new(always) as Arc<dyn ClientCertificateResolver>)
            }
            (None, resolver) => resolver,
        };
        Ok(ClientConfig {
            common: self.common,
            verifier: self.verifier.ok_or(ConfigError::NoVerifier)?,
            resolver,
            certificate,
            sends_server_name: self.sends_server_name,
        })
    }
}
