//! Authenticating the peer by a path to a trusted authority.

use std::sync::Arc;

use super::verifier::{
    AnonymousClients, ClientToVerify, ClientVerifier, ServerToVerify, ServerVerifier,
};
use crate::cert::{self, Conditions, RevocationList, Role, RootStore};
use crate::error::{CertificateError, ConfigError};

/// Accepts a peer if a certification path leads from its certificate to one of the roots (RFC 5280
/// §6), and, for a server, if the certificate is for the server's name (RFC 6125).
///
/// What is accepted on the path is the connection's policy's word: key lengths, hashes,
/// certificates of version 1, names in the common name. Certificate policies (RFC 5280 §4.2.1.4)
/// are not asked for. Of constraints on names, those on host names, addresses and directory names
/// are compared; others refuse a certificate that has such a name. A path may have 10 certificates
/// below its root, and one chain cause the verification of 100 signatures.
///
/// ```no_run
/// use retrossl::{ClientConfig, PathVerifier, Policy, RootStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut roots = RootStore::new();
/// roots.add_pem(&std::fs::read("ca.pem")?);
/// let config = ClientConfig::builder(Policy::HISTORIC)
///     .verifier(PathVerifier::new(roots))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PathVerifier {
    roots: Arc<RootStore>,
    authorities: Vec<Vec<u8>>,
    revocation_lists: Arc<[RevocationList]>,
    clients: AnonymousClients,
}

impl PathVerifier {
    /// Accepts paths to these roots. As a [`ClientVerifier`] it requires a certificate.
    pub fn new(roots: impl Into<Arc<RootStore>>) -> Self {
        let roots = roots.into();
        let names = roots.anchors().iter();
        Self {
            authorities: names.map(|anchor| anchor.encoded_name.clone()).collect(),
            roots,
            revocation_lists: Arc::new([]),
            clients: AnonymousClients::Refused,
        }
    }

    /// Refuses what these lists revoke, in place of lists given before.
    ///
    /// A list counts if the authority that issued the certificate signed it: the newest, or all of
    /// the newest that are equally new. One that is overdue still revokes what is on it, and
    /// refuses everything else of that authority until a newer one is given; one without a
    /// nextUpdate [never becomes overdue](RevocationList). An authority of which no list is given
    /// revokes nothing.
    ///
    /// A peer's certificate that is itself among the roots is refused, too, where one of the roots
    /// issued it and revokes it; other authorities' lists do not count against it, because no
    /// path to them is looked for.
    #[must_use]
    pub fn revocation_lists(mut self, lists: impl IntoIterator<Item = RevocationList>) -> Self {
        self.revocation_lists = lists.into_iter().collect();
        self
    }

    /// What becomes of clients without a certificate; they are refused by default.
    #[must_use]
    pub fn anonymous_clients(mut self, clients: AnonymousClients) -> Self {
        self.clients = clients;
        self
    }

    fn check_roots(&self) -> Result<(), ConfigError> {
        if self.roots.is_empty() {
            return Err(ConfigError::NoRoots);
        }
        Ok(())
    }
}

impl ServerVerifier for PathVerifier {
    fn verify_server(&self, server: &ServerToVerify<'_>) -> Result<(), CertificateError> {
        let conditions = Conditions {
            policy: server.policy,
            now: server.now,
            role: Role::Server(server.server_name),
            revocation_lists: &self.revocation_lists,
        };
        cert::verify(server.chain, &self.roots, &conditions)
    }

    fn check_settings(&self) -> Result<(), ConfigError> {
        self.check_roots()
    }
}

impl ClientVerifier for PathVerifier {
    fn anonymous_clients(&self) -> AnonymousClients {
        self.clients
    }

    fn authorities(&self) -> &[Vec<u8>] {
        &self.authorities
    }

    fn verify_client(&self, client: &ClientToVerify<'_>) -> Result<(), CertificateError> {
        let conditions = Conditions {
            policy: client.policy,
            now: client.now,
            role: Role::Client,
            revocation_lists: &self.revocation_lists,
        };
        cert::verify(client.chain, &self.roots, &conditions)
    }

    fn check_settings(&self) -> Result<(), ConfigError> {
        self.check_roots()
    }
}
