//! Authenticating the peer by a path to a trusted authority.

mod accepted;

use std::sync::Arc;

use super::verifier::{
    AnonymousClients, ClientToVerify, ClientVerifier, ServerToVerify, ServerVerifier,
};
use crate::cert::{self, Conditions, RevocationList, RootStore};
use crate::error::{CertificateError, ConfigError};
use accepted::{AcceptedChains, Case};

/// Accepts a peer if a certification path leads from its certificate to one of the roots (RFC 5280
/// §6), and, for a server, if the certificate is for the server's name (RFC 6125).
///
/// What is accepted on the path is the connection's policy's word: key lengths, hashes,
/// certificates of version 1, names in the common name. Certificate policies (RFC 5280 §4.2.1.4)
/// are not asked for. Of constraints on names, those on host names, addresses and directory names
/// are compared; others refuse a certificate that has such a name. A path may have 10 certificates
/// below its root, and one chain cause the verification of 100 signatures.
///
/// A full handshake always verifies. For a session that is to be taken up again, what this verifier
/// (or a clone of it) has accepted for the same name under the same policy stays accepted until a
/// certificate of the path expires or a date of a revocation list is reached; 256 such chains are
/// remembered, in some 100 bytes each.
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
    accepted: Arc<AcceptedChains>,
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
            accepted: Arc::default(),
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
        // What was accepted without them may be revoked.
        self.accepted = Arc::default();
        self
    }

    /// What becomes of clients without a certificate; they are refused by default.
    #[must_use]
    pub fn anonymous_clients(mut self, clients: AnonymousClients) -> Self {
        self.clients = clients;
        self
    }

    fn verify(&self, case: &Case<'_>) -> Result<(), CertificateError> {
        let conditions = Conditions {
            policy: case.policy,
            now: case.now,
            role: case.role,
            revocation_lists: &self.revocation_lists,
        };
        let until = cert::verify(case.chain, &self.roots, &conditions)?;
        self.accepted.remember(case, until);
        Ok(())
    }

    /// Looks only where what was accepted before may not be any more.
    fn verify_again(&self, case: &Case<'_>) -> Result<(), CertificateError> {
        match self.accepted.holds(case) {
            true => Ok(()),
            false => self.verify(case),
        }
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
        self.verify(&Case::of_server(server))
    }

    fn verify_server_again(&self, server: &ServerToVerify<'_>) -> Result<(), CertificateError> {
        self.verify_again(&Case::of_server(server))
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
        self.verify(&Case::of_client(client))
    }

    fn verify_client_again(&self, client: &ClientToVerify<'_>) -> Result<(), CertificateError> {
        self.verify_again(&Case::of_client(client))
    }

    fn check_settings(&self) -> Result<(), ConfigError> {
        self.check_roots()
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

    use super::*;
    use crate::cert::count_names;
    use crate::policy::Policy;
    use crate::testing::pki::verdict::{HOST, ROOT, ROOT_KEY, root, roots};
    use crate::testing::pki::{ListTemplate, Template, now};

    /// As long as nothing is read, nothing is verified.
    #[test]
    fn what_was_accepted_is_not_verified_again_until_it_may_not_be_any_more() {
        let chain = chain("20250101000000Z");
        let verifier = PathVerifier::new(roots(&[root()]));
        let again = |now, name: &str, policy| {
            let name = ServerName::try_from(name).unwrap().to_owned();
            let server = ServerToVerify::new(&chain, &name, now, policy);
            let mut verdict = None;
            let read = count_names(|| verdict = Some(verifier.verify_server_again(&server)));
            (verdict.unwrap().is_ok(), read > 0)
        };
        let (accepted, verified) = (true, true);
        let (refused, unread) = (false, false);
        assert_eq!(again(now(), HOST, &Policy::STRICT), (accepted, verified));
        assert_eq!(again(now(), HOST, &Policy::STRICT), (accepted, unread));
        let name = ServerName::try_from(HOST).unwrap();
        let server = ServerToVerify::new(&chain, &name, now(), &Policy::STRICT);
        assert!(count_names(|| verifier.verify_server(&server).unwrap()) > 0);

        assert_eq!(again(now(), HOST, &Policy::HISTORIC), (accepted, verified));
        assert_eq!(
            again(now(), "other.lan", &Policy::STRICT),
            (refused, verified)
        );
        let before = at(now().as_secs() - 1);
        assert_eq!(again(before, HOST, &Policy::STRICT), (accepted, verified));
        let last = at(1_735_689_600);
        assert_eq!(again(last, HOST, &Policy::STRICT), (accepted, unread));
        let late = at(1_735_689_601);
        assert_eq!(again(late, HOST, &Policy::STRICT), (refused, verified));

        let client = ClientToVerify::new(&chain, now(), &Policy::STRICT);
        let read = count_names(|| drop(verifier.verify_client_again(&client)));
        assert!(read > 0, "a server is no client");
    }

    #[test]
    fn a_refusal_is_not_remembered_and_new_lists_start_anew() {
        let chain = chain("20250101000000Z");
        let name = ServerName::try_from(HOST).unwrap();
        let server = ServerToVerify::new(&chain, &name, now(), &Policy::STRICT);
        let stranger = PathVerifier::new(RootStore::new());
        for _ in 0..2 {
            assert!(stranger.verify_server_again(&server).is_err());
        }
        let verifier = PathVerifier::new(roots(&[root()]));
        verifier.verify_server(&server).unwrap();
        let list = |serial: &[u8]| {
            let list = ListTemplate::revoking(&[serial]).issued_by(ROOT, &ROOT_KEY);
            RevocationList::from_der(&list).unwrap()
        };
        let revoking = verifier.clone().revocation_lists([list(&[1])]);
        assert!(revoking.verify_server_again(&server).is_err());
        assert_eq!(
            count_names(|| verifier.verify_server_again(&server).unwrap()),
            0
        );

        let clearing = verifier.revocation_lists([list(&[9])]);
        clearing.verify_server(&server).unwrap();
        assert_eq!(
            count_names(|| clearing.verify_server_again(&server).unwrap()),
            0
        );
        let overdue = list(&[9]).next_update().unwrap().as_secs() + 1;
        let server = ServerToVerify::new(&chain, &name, at(overdue), &Policy::STRICT);
        assert!(clearing.verify_server_again(&server).is_err());
    }

    fn chain(not_after: &'static str) -> Vec<CertificateDer<'static>> {
        let template = Template::server(HOST).serial(&[1]);
        let template = template.valid("20240101000000Z", not_after);
        vec![template.issued_by(ROOT, &ROOT_KEY)]
    }

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }
}
