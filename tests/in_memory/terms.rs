//! Configs that share their session stores with those made before, and differ in one thing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use retrossl::pki_types::UnixTime;
use retrossl::{
    ClientConfig, ClientConnection, Clock, Fingerprint, PinnedCertificates, Policy,
    ProtocolVersion, Resumption, ServerConfig, ServerConnection, SessionStore, TicketKey,
    TicketKeys, client, server,
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
    pub server_pins: Vec<usize>,
    pub client_certificate: Option<usize>,
    pub client_pins: Option<Vec<usize>>,
    pub now: u64,
    pub secret: u8,
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
            server_pins: vec![1024],
            client_certificate: None,
            client_pins: None,
            now: 1_717_243_200,
            secret: 1,
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
            .clock(Arc::new(At(AtomicU64::new(self.now))))
            .session_lifetime(Duration::from_secs(3600))
            .session_store(self.client_store.clone())
            .ticket_keys(self.keys());
        if self.by == Resumption::SessionId {
            client = client.without_tickets();
        }
        if !self.sends_server_name {
            client = client.without_server_name();
        }
        if let Some(bits) = self.client_certificate {
            let (chain, key) = test_identity(bits);
            client = client.certificate(chain, key);
        }
        client
    }

    pub fn server(&self, policy: Policy) -> server::ServerConfigBuilder {
        let (chain, key) = test_identity(self.server_certificate);
        let server = ServerConfig::builder(policy)
            .certificate(chain, key)
            .clock(Arc::new(At(AtomicU64::new(self.now))))
            .session_lifetime(Duration::from_secs(3600))
            .session_store(self.server_store.clone())
            .ticket_keys(self.keys());
        match &self.client_pins {
            None => server,
            Some(bits) => server.client_verifier(pins(bits)),
        }
    }

    fn keys(&self) -> Arc<TicketKeys> {
        Arc::new(TicketKeys::given([TicketKey::new([self.secret; 32])]).unwrap())
    }

    pub fn parties(&self) -> Parties {
        Parties {
            client: Arc::new(self.client().build().unwrap()),
            server: Arc::new(self.server(self.server_policy).build().unwrap()),
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

#[derive(Debug)]
struct At(AtomicU64);

impl Clock for At {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.0.load(Ordering::Relaxed)))
    }
}

/// A store that can be looked into.
#[derive(Debug, Default)]
pub struct MapStore(pub Mutex<HashMap<Vec<u8>, Vec<u8>>>);

impl MapStore {
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
