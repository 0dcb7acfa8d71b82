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
use super::ssl2_certificate::Ssl2Certificate;
use super::ticket_keys::TicketKeys;
use super::verifier::{AnonymousClients, ClientToVerify, ClientVerifier};
use crate::cert::RootStore;
use crate::crypto::random::SecureRandom;
use crate::error::ConfigError;
use crate::policy::Policy;
use crate::version::ProtocolVersion;

/// What a server's connections have in common; made by [`ServerConfig::builder`].
#[derive(Clone, Debug)]
pub struct ServerConfig {
    pub(crate) common: Common,
    /// `None` where SSL 2.0 is all that is spoken.
    pub(crate) resolver: Option<Arc<dyn ServerCertificateResolver>>,
    pub(crate) ssl2: Option<Arc<Ssl2Certificate>>,
    pub(crate) client_verifier: Option<Arc<dyn ClientVerifier>>,
    pub(crate) export_keys: Arc<ExportKeys>,
}

impl ServerConfig {
    /// Starts a config under `policy`.
    pub fn builder(policy: Policy) -> ServerConfigBuilder {
        ServerConfigBuilder {
            common: Common::new(policy),
            resolvers: Vec::new(),
            ssl2: Vec::new(),
            client_verifiers: Vec::new(),
        }
    }

    /// Refuses a config with certificates for later versions that have the key of this one's for
    /// SSL 2.0, as far as they are known beforehand.
    pub(crate) fn check_apart_from_ssl2(&self, other: &Self) -> Result<(), ConfigError> {
        let resolver = other.resolver.iter();
        let mut certificates = resolver.flat_map(|resolver| resolver.certificates());
        match &self.ssl2 {
            None => Ok(()),
            Some(ssl2) => certificates.try_for_each(|certified| ssl2.check_apart_from(&certified)),
        }
    }

    /// Whether a client whose session is to be taken up could come in with `chain` today, or
    /// without any.
    pub(crate) fn trusts_client(&self, chain: &[CertificateDer<'static>]) -> bool {
        let Some(verifier) = &self.client_verifier else {
            return chain.is_empty();
        };
        if chain.is_empty() {
            return verifier.anonymous_clients() == AnonymousClients::Accepted;
        }
        let client = ClientToVerify {
            chain,
            now: self.common.clock.now(),
            policy: &self.common.policy,
        };
        verifier.verify_client_again(&client).is_ok()
    }
}

/// Collects a server's settings; [`build`](Self::build) checks them.
#[derive(Debug)]
#[must_use]
pub struct ServerConfigBuilder {
    common: Common,
    resolvers: Vec<Result<Arc<dyn ServerCertificateResolver>, ConfigError>>,
    ssl2: Vec<Result<Ssl2Certificate, ConfigError>>,
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

    /// The certificate for SSL 2.0, and its key. It must have a key of its own: what SSL 2.0 gives
    /// away of it, an attacker could use against later versions (DROWN). No other config, and no
    /// other program, may have the key either; that cannot be checked here.
    ///
    /// It has to be given where the policy allows SSL 2.0, and only there. There are no chains in
    /// SSL 2.0: the certificate goes out alone.
    pub fn ssl2_certificate(
        mut self,
        certificate: CertificateDer<'static>,
        key: impl PrivateKey + 'static,
    ) -> Self {
        self.ssl2
            .push(Ssl2Certificate::new(certificate, key, &self.common.policy));
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
        let policy = &self.common.policy;
        let resolver =
            at_most_one(self.resolvers, ConfigError::SeveralCertificates)?.transpose()?;
        if resolver.is_none() && policy.usable_ssl3_versions().is_some() {
            return Err(ConfigError::NoCertificate);
        }
        let ssl2 = at_most_one(self.ssl2, ConfigError::SeveralSsl2Certificates)?.transpose()?;
        match &ssl2 {
            None if policy.usable_at(ProtocolVersion::SSLv2) => {
                return Err(ConfigError::NoSsl2Certificate);
            }
            Some(_) if !policy.usable_at(ProtocolVersion::SSLv2) => {
                return Err(ConfigError::Ssl2NotAllowed);
            }
            Some(_) | None => {}
        }
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
        let config = ServerConfig {
            common: self.common,
            resolver,
            ssl2: ssl2.map(Arc::new),
            client_verifier,
            export_keys: Arc::new(export_keys),
        };
        config.check_apart_from_ssl2(&config)?;
        Ok(config)
    }
}
