//! Configs that share their session stores with those made before, and differ in one thing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use retrossl::client::CertificatesByAuthority;
use retrossl::pki_types::UnixTime;
use retrossl::server::{ClientToVerify, ClientVerifier};
use retrossl::{
    AnonymousClients, CertificateError, CertifiedKey, ClientConfig, ClientConnection, Clock,
    Fingerprint, PinnedCertificates, Policy, ProtocolVersion, Resumption, ServerConfig,
    ServerConnection, SessionStore, TicketKey, TicketKeys, client, server,
};

use super::{Pair, test_identity};

/// Two configs for several connections between them.
pub struct Parties {
    pub client: Arc<ClientConfig>,
    pub server: Arc<ServerConfig>,
    pub server_name: &'static str,
}

impl Parties {
    pub fn connect(&self) -> Pair {
        let name = self.server_name.try_into().unwrap();
        Pair {
            client: ClientConnection::new(self.client.clone(), name).unwrap(),
            server: ServerConnection::new(self.server.clone()),
        }
    }
}

/// What two configs are made of that share their stores with those made before.
pub struct Terms {
    pub by: Resumption,
    pub policy: Policy,
    pub server_policy: Policy,
    pub server_name: &'static str,
    pub sends_server_name: bool,
    pub server_certificate: usize,
    /// Where the server's policy allows SSL 2.0.
    pub ssl2_certificate: usize,
    pub server_pins: Vec<usize>,
    pub client_certificate: Option<usize>,
    /// Whether it is a resolver that has the certificate.
    pub client_resolves: bool,
    pub client_max_fragment: Option<usize>,
    pub client_pins: Option<Vec<usize>>,
    pub anonymous_clients: AnonymousClients,
    pub authorities: Vec<Vec<u8>>,
    pub now: u64,
    /// Seconds by which the clocks are ahead of `now`.
    pub client_ahead: i64,
    pub server_ahead: i64,
    pub client_lifetime: u64,
    pub server_lifetime: u64,
    /// The ways that are not switched off. (A client is left tickets only where `by` says so.)
    pub client_ways: Vec<Resumption>,
    pub server_ways: Vec<Resumption>,
    pub client_secret: u8,
    pub server_secret: u8,
    pub client_store: Arc<MapStore>,
    pub server_store: Arc<MapStore>,
}

impl Terms {
    pub fn new(by: Resumption, policy: Policy) -> Self {
        Self {
            by,
            policy,
            server_policy: policy,
            server_name: "localhost",
            sends_server_name: true,
            server_certificate: 1024,
            ssl2_certificate: 512,
            server_pins: vec![1024],
            client_certificate: None,
            client_resolves: false,
            client_max_fragment: None,
            client_pins: None,
            anonymous_clients: AnonymousClients::Refused,
            authorities: Vec::new(),
            now: 1_717_243_200,
            client_ahead: 0,
            server_ahead: 0,
            client_lifetime: 3600,
            server_lifetime: 3600,
            client_ways: BOTH_WAYS.to_vec(),
            server_ways: BOTH_WAYS.to_vec(),
            client_secret: 1,
            server_secret: 1,
            client_store: Arc::default(),
            server_store: Arc::default(),
        }
    }

    /// There are no tickets at SSL 3.0.
    pub fn expected(&self) -> Resumption {
        match self.policy.usable_versions() {
            Some((_, ProtocolVersion::SSLv3)) => Resumption::SessionId,
            _ => self.by,
        }
    }

    pub fn client(&self) -> client::ClientConfigBuilder {
        let mut client = ClientConfig::builder(self.policy)
            .verifier(pins(&self.server_pins))
            .clock(self.clock(self.client_ahead))
            .session_lifetime(Duration::from_secs(self.client_lifetime))
            .session_store(self.client_store.clone())
            .ticket_keys(keys(self.client_secret));
        if self.by == Resumption::SessionId || !self.client_ways.contains(&Resumption::Ticket) {
            client = client.without_tickets();
        }
        if !self.client_ways.contains(&Resumption::SessionId) {
            client = client.without_session_ids();
        }
        if !self.sends_server_name {
            client = client.without_server_name();
        }
        if let Some(bytes) = self.client_max_fragment {
            client = client.max_fragment(bytes);
        }
        match self.client_certificate.map(test_identity) {
            None => client,
            Some((chain, key)) if self.client_resolves => {
                let certified = CertifiedKey::new(chain, key).unwrap();
                client.certificate_resolver(CertificatesByAuthority::new([certified]))
            }
            Some((chain, key)) => client.certificate(chain, key),
        }
    }

    pub fn server(&self, policy: Policy) -> server::ServerConfigBuilder {
        let (chain, key) = test_identity(self.server_certificate);
        let mut server = ServerConfig::builder(policy)
            .certificate(chain, key)
            .clock(self.clock(self.server_ahead))
            .session_lifetime(Duration::from_secs(self.server_lifetime))
            .session_store(self.server_store.clone())
            .ticket_keys(keys(self.server_secret));
        if !self.server_ways.contains(&Resumption::Ticket) {
            server = server.without_tickets();
        }
        if !self.server_ways.contains(&Resumption::SessionId) {
            server = server.without_session_ids();
        }
        match &self.client_pins {
            None => server,
            Some(bits) => server.client_verifier(Doorman {
                pins: pins(bits),
                anonymous_clients: self.anonymous_clients,
                authorities: self.authorities.clone(),
            }),
        }
    }

    /// With the certificate for SSL 2.0, where the policy allows that.
    pub fn whole_server(&self) -> server::ServerConfigBuilder {
        let server = self.server(self.server_policy);
        match self.server_policy.usable_versions() {
            Some((ProtocolVersion::SSLv2, _)) => {
                let (mut chain, key) = test_identity(self.ssl2_certificate);
                server.ssl2_certificate(chain.remove(0), key)
            }
            _ => server,
        }
    }

    fn clock(&self, ahead: i64) -> Arc<At> {
        Arc::new(At(self.now.checked_add_signed(ahead).unwrap()))
    }

    pub fn parties(&self) -> Parties {
        Parties {
            client: Arc::new(self.client().build().unwrap()),
            server: Arc::new(self.whole_server().build().unwrap()),
            server_name: self.server_name,
        }
    }
}

fn pins(bits: &[usize]) -> PinnedCertificates {
    let fingerprints = bits
        .iter()
        .map(|bits| Fingerprint::of(&test_identity(*bits).0[0]));
    PinnedCertificates::new(fingerprints)
}

pub const BOTH_WAYS: [Resumption; 2] = [Resumption::SessionId, Resumption::Ticket];

fn keys(secret: u8) -> Arc<TicketKeys> {
    Arc::new(TicketKeys::given([TicketKey::new([secret; 32])]).unwrap())
}

/// Pins, for clients, of whom some may come in without a certificate.
#[derive(Debug)]
struct Doorman {
    pins: PinnedCertificates,
    anonymous_clients: AnonymousClients,
    authorities: Vec<Vec<u8>>,
}

impl ClientVerifier for Doorman {
    fn anonymous_clients(&self) -> AnonymousClients {
        self.anonymous_clients
    }

    fn authorities(&self) -> &[Vec<u8>] {
        &self.authorities
    }

    fn verify_client(&self, client: &ClientToVerify<'_>) -> Result<(), CertificateError> {
        self.pins.verify_client(client)
    }
}

#[derive(Debug)]
struct At(u64);

impl Clock for At {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.0))
    }
}

/// A store that can be looked into.
#[derive(Debug, Default)]
pub struct MapStore(pub Mutex<HashMap<Vec<u8>, Vec<u8>>>);

impl MapStore {
    /// Puts what stands under each of two names under the other.
    pub fn swap(&self) {
        let mut sessions = self.0.lock().unwrap();
        let mut sessions: Vec<_> = sessions.values_mut().collect();
        let [one, other] = &mut sessions[..] else {
            panic!("{} sessions, not two", sessions.len())
        };
        std::mem::swap(*one, *other);
    }

    pub fn change_all(&self, change: fn(&mut Vec<u8>)) {
        self.0.lock().unwrap().values_mut().for_each(change);
    }
}

impl SessionStore for MapStore {
    fn put(&self, key: &[u8], session: Vec<u8>, _: Duration) {
        self.0.lock().unwrap().insert(key.to_vec(), session);
    }

    fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(key).cloned()
    }

    fn remove(&self, key: &[u8]) {
        self.0.lock().unwrap().remove(key);
    }
}
