//! What a session is tied to: it is taken up under the same terms, or not at all.

use rustls_pki_types::ServerName;

use crate::config::{AnonymousClients, CertifiedKey, ClientConfig, ServerConfig};
use crate::crypto::HashAlgorithm;
use crate::crypto::hash::Hash;
use crate::policy::Policy;

/// SHA-256 of the terms.
pub(crate) type Binding = [u8; 32];

/// A client's terms: its policy, whom it talks to, what it shows of itself, and the length of
/// records. The store keeps its sessions under this name.
pub(crate) fn client_binding(
    config: &ClientConfig,
    policy: &Policy,
    server_name: &ServerName<'_>,
) -> Binding {
    let mut terms = Terms::new(b"retrossl client session");
    terms.add(&policy.canonical());
    terms.add(server_name.to_str().to_ascii_lowercase().as_bytes());
    terms.add(&[config.sends_server_name.into()]);
    // Some servers answer a resumed session with its max_fragment_length, whatever is offered
    // (RFC 6066 §4: it holds for the session).
    let max_fragment = config.common.max_fragment.unwrap_or_default();
    terms.add(&max_fragment.to_be_bytes());
    match (&config.resolver, &config.certificate) {
        (_, Some(fingerprint)) => terms.add(&fingerprint.0),
        (Some(_), None) => terms.add(b"resolver"),
        (None, None) => {}
    }
    terms.finish()
}

/// A server's terms: its policy, the certificate that it would show, and what it asks of clients.
/// (The server name stands in the session.)
pub(crate) fn server_binding(config: &ServerConfig, certified: &CertifiedKey) -> Binding {
    let mut terms = Terms::new(b"retrossl server session");
    terms.add(&certified.fingerprint().0);
    terms.add(&config.common.policy.canonical());
    if let Some(verifier) = &config.client_verifier {
        terms.add(&[(verifier.anonymous_clients() == AnonymousClients::Refused).into()]);
        for authority in verifier.authorities() {
            terms.add(authority);
        }
    }
    terms.finish()
}

/// The same terms for a session of SSL 2.0, which is none of later versions.
pub(crate) fn ssl2_binding(binding: &Binding) -> Binding {
    let mut terms = Terms::new(b"retrossl ssl2 session");
    terms.add(binding);
    terms.finish()
}

/// A hash of parts that cannot run into each other.
struct Terms(Hash);

impl Terms {
    fn new(label: &[u8]) -> Self {
        let mut terms = Self(Hash::new(HashAlgorithm::Sha256));
        terms.add(label);
        terms
    }

    fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    fn finish(self) -> Binding {
        let mut binding = [0; 32];
        binding.copy_from_slice(self.0.finish().as_ref());
        binding
    }
}
