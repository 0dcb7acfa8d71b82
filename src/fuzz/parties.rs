//! Both sides' configs, whose randomness and clocks are fixed.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::terms::{Terms, flag};
use super::watched::take;
use crate::config::ExportKeys;
use crate::connection::Connection;
use crate::handshake::{Attempt, Occasion, Resume, client, server};
use crate::server::{ClientToVerify, ClientVerifier};
use crate::side::Side;
use crate::testing::fixed::{FixedClock, FixedRandom, Map, RememberingKey, Sessions};
use crate::testing::vectors::{test_certificate, test_key_der};
use crate::{
    AnonymousClients, CertificateError, CipherSuite, ClientConfig, Clock, ObserverFactory, Policy,
    ProtocolVersion, RsaPrivateKey, ServerConfig, TicketKey, TicketKeys, dangerous,
};

/// Both sides' configs, and what they keep.
pub(super) struct Parties {
    client: Arc<ClientConfig>,
    pub(super) server: Arc<ServerConfig>,
    attempt: Attempt,
    pub(super) clock: Arc<FixedClock>,
    pub(super) client_sessions: Arc<Sessions>,
    pub(super) server_sessions: Arc<Sessions>,
}

impl Parties {
    /// `side`'s connections are seen by `observers`.
    pub(super) fn new(terms: Terms, side: Side, observers: impl ObserverFactory + 'static) -> Self {
        let mut parties = Self::without_sessions(terms, NOW);
        if terms.client.has(flag::RESUMES) {
            let (clients, servers) = kept_sessions(terms);
            *parties.client_sessions.lock() = clients;
            *parties.server_sessions.lock() = servers;
        }
        if terms.client.has(flag::FALLBACK) {
            parties.attempt = Attempt::Fallback;
        }
        let common = match side {
            Side::Client => &mut Arc::make_mut(&mut parties.client).common,
            Side::Server => &mut Arc::make_mut(&mut parties.server).common,
        };
        common.observers = Some(Arc::new(observers));
        parties
    }

    fn without_sessions(terms: Terms, streams: [u32; 2]) -> Self {
        let base = &*BASE;
        let with_certificate = terms.client.has(flag::CLIENT_CERTIFICATE);
        let mut client = base.clients[usize::from(with_certificate)].clone();
        let longer = terms.server.has(flag::LONGER_CERTIFICATE);
        let mut server = base.servers[usize::from(longer)].clone();
        if terms.server.has(flag::ASKS_FOR_CERTIFICATE) {
            server.client_verifier = Some(Arc::new(Doorman {
                insists: terms.server.has(flag::INSISTS_ON_CERTIFICATE),
            }));
        }
        let clock = Arc::new(FixedClock::default());
        let client_sessions: Arc<Sessions> = Arc::default();
        let server_sessions: Arc<Sessions> = Arc::default();
        for (side, stream, common, sessions) in [
            (
                Side::Client,
                streams[0],
                &mut client.common,
                &client_sessions,
            ),
            (
                Side::Server,
                streams[1],
                &mut server.common,
                &server_sessions,
            ),
        ] {
            let settings = terms.of(side);
            common.policy = settings.policy();
            common.random = Arc::new(FixedRandom::stream(stream));
            common.clock = clock.clone();
            common.sessions.store = Some(sessions.clone());
            common.sessions.by_ticket = !settings.has(flag::WITHOUT_TICKETS);
            if settings.has(flag::ALPN) {
                common.alpn_protocols = vec![b"http/1.1".to_vec(), b"x".to_vec()];
            }
            if settings.has(flag::SMALL_RECORDS) {
                common.max_fragment = Some(512);
            }
            if settings.has(flag::SMALL_BUFFERS) {
                common.buffer_limit = 100;
            }
        }
        server.export_keys = Arc::new(ExportKeys::given(base.export_keys.clone(), clock.now()));
        if !server.common.policy.usable_at(ProtocolVersion::SSLv2) {
            server.ssl2 = None;
        }
        Self {
            client: Arc::new(client),
            server: Arc::new(server),
            attempt: Attempt::First,
            clock,
            client_sessions,
            server_sessions,
        }
    }

    pub(super) fn connection(&self, side: Side) -> Connection {
        match side {
            Side::Client => Connection::client(client::Start {
                config: self.client.clone(),
                policy: self.client.common.policy,
                server_name: "localhost".try_into().expect("a host name"),
                attempt: self.attempt,
                occasion: Occasion::First,
                resume: Resume::IfPossible,
            })
            .expect("fixed randomness does not fail"),
            Side::Server => Connection::server(server::Start {
                config: self.server.clone(),
                occasion: Occasion::First,
                resume: Resume::IfPossible,
            }),
        }
    }

    /// The server's, with a client certificate asked for.
    pub(super) fn asking_server(&self) -> Arc<ServerConfig> {
        let mut server = ServerConfig::clone(&self.server);
        server.client_verifier = Some(Arc::new(Doorman { insists: false }));
        Arc::new(server)
    }
}

/// Lets in whoever has a certificate, and perhaps others.
#[derive(Debug)]
struct Doorman {
    insists: bool,
}

impl ClientVerifier for Doorman {
    fn anonymous_clients(&self) -> AnonymousClients {
        match self.insists {
            true => AnonymousClients::Refused,
            false => AnonymousClients::Accepted,
        }
    }

    fn verify_client(&self, _: &ClientToVerify<'_>) -> Result<(), CertificateError> {
        Ok(())
    }
}

/// Lets both sides complete a handshake, if they can.
pub(super) fn meet(parties: &Parties) -> (Connection, Connection) {
    let mut client = parties.connection(Side::Client);
    let mut server = parties.connection(Side::Server);
    for _ in 0..6 {
        carry(&mut client, &mut server);
        carry(&mut server, &mut client);
    }
    (client, server)
}

/// What waits in one goes to the other, which may well refuse it.
fn carry(from: &mut Connection, to: &mut Connection) {
    let wire = take(from);
    let mut rest = &wire[..];
    while !rest.is_empty() && to.read_tls(&mut rest).is_ok() {
        let _ = to.process_new_packets();
    }
}

/// What both sides keep after a full handshake under the same terms.
fn kept_sessions(terms: Terms) -> (Map, Map) {
    type Kept = HashMap<Terms, (Map, Map)>;
    static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() > 200 {
        kept.clear();
    }
    kept.entry(terms)
        .or_insert_with(|| {
            let parties = Parties::without_sessions(terms, BEFORE);
            meet(&parties);
            let sessions = [&parties.client_sessions, &parties.server_sessions];
            let [clients, servers] = sessions.map(|sessions| sessions.lock().clone());
            (clients, servers)
        })
        .clone()
}

/// What seals all that is kept.
pub(super) fn ticket_key() -> TicketKey {
    TicketKey::new([1; 32])
}

/// Configs that are dear to make, for policies to be put into.
struct Base {
    /// Without a certificate, and with one.
    clients: [ClientConfig; 2],
    /// By the certificate's length.
    servers: [ServerConfig; 2],
    export_keys: [Arc<RsaPrivateKey>; 2],
}

static BASE: LazyLock<Base> = LazyLock::new(|| {
    let policy = Policy::EVERYTHING.cipher_suites(&[CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA]);
    let keys = [512, 1024].map(|bits| {
        let key = RsaPrivateKey::from_der(&test_key_der(bits));
        Arc::new(key.expect("a test key"))
    });
    let [short, long] = keys.clone().map(|key| RememberingKey::new(key));
    let ticket_keys = Arc::new(TicketKeys::given([ticket_key()]).expect("a key"));
    let client = || {
        ClientConfig::builder(policy)
            .verifier(dangerous::AcceptAnyCertificate)
            .ticket_keys(ticket_keys.clone())
    };
    let with_certificate = client().certificate(vec![test_certificate(512)], short.clone());
    let server = |longer: bool| {
        let (one, other) = match longer {
            false => ((512, &short), (1024, &long)),
            true => ((1024, &long), (512, &short)),
        };
        ServerConfig::builder(policy)
            .certificate(vec![test_certificate(one.0)], one.1.clone())
            .ssl2_certificate(test_certificate(other.0), other.1.clone())
            .ticket_keys(ticket_keys.clone())
            .build()
            .expect("sound settings")
    };
    Base {
        clients: [client(), with_certificate].map(|it| it.build().expect("sound settings")),
        servers: [false, true].map(server),
        export_keys: keys,
    }
});

/// Both sides' numbers.
const NOW: [u32; 2] = [1, 2];

/// Those of the conversation before: an ID that comes twice would name two sessions.
const BEFORE: [u32; 2] = [3, 4];
