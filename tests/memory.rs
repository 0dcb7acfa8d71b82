//! What a connection holds on the heap: idle, and at a handshake's peak.
//!
//! Counted are the bytes that were asked for, by thread. While a vector grows, the old one and
//! the new one count side by side.

mod in_memory;

use std::ops::DerefMut;
use std::sync::Arc;

use allocation_counter::measure;
use in_memory::{each_version_and_suite, only, pin, test_identity, with_ssl2_certificate};
use retrossl::{
    ClientConfig, ClientConnection, Connection, Policy, Quirk, ServerConfig, ServerConnection,
};

#[test]
fn an_idle_server_connection_holds_less_than_4_kib() {
    each_conversation(1024, |label, conversation| {
        let account = conversation.server.idle();
        println!("{label}: idle server {}", account.live);
        assert!(account.live < IDLE_LIMIT, "{label}: {account:?}");
    });
}

#[test]
fn an_idle_client_connection_holds_less_than_4_kib_beside_the_servers_certificates() {
    each_conversation(1024, |label, conversation| {
        let certificates = certificates_len(&conversation.client.connection);
        let account = conversation.client.idle();
        let live = account.live - certificates;
        println!("{label}: idle client {live} + {certificates}");
        assert!(live < IDLE_LIMIT, "{label}: {account:?}");
    });
}

#[test]
fn a_handshake_never_holds_more_than_its_bound() {
    for bits in [1024, 2048] {
        each_conversation(bits, |label, conversation| {
            let Conversation { client, server } = conversation;
            let [client, server] = [client.account.peak, server.account.peak];
            println!("{label}: client's peak {client}, server's peak {server}");
            assert!(client < HANDSHAKE_LIMIT, "{label}: {client}");
            assert!(server < HANDSHAKE_LIMIT, "{label}: {server}");
        });
    }
}

#[test]
fn a_connection_that_is_dropped_leaves_nothing_behind() {
    let configs = Configs::under(Policy::EVERYTHING, 1024);
    // Whatever is made once and kept is made here.
    drop(Conversation::established(&configs));
    let info = measure(|| drop(Conversation::established(&configs)));
    assert_eq!(info.bytes_current, 0);
}

/// A handshake of every version and suite, in both orders of MAC and encryption.
fn each_conversation(bits: usize, check: impl Fn(&str, Conversation)) {
    each_version_and_suite(|version, suite| {
        let policy = only(version, suite);
        for policy in [policy, policy.quirk(Quirk::NoEncryptThenMac)] {
            let conversation = Conversation::established(&Configs::under(policy, bits));
            check(&format!("{version} {suite} RSA-{bits}"), conversation);
        }
    });
}

fn certificates_len(connection: &Connection) -> i64 {
    let chain = connection.peer_certificates().unwrap_or_default();
    let encoded: usize = chain.iter().map(|certificate| certificate.len()).sum();
    (size_of_val(chain) + encoded) as i64
}

/// What connections share, made before anything is counted.
struct Configs {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Configs {
    fn under(policy: Policy, bits: usize) -> Self {
        let (chain, key) = test_identity(bits);
        let client = ClientConfig::builder(policy).verifier(pin(bits));
        let server = ServerConfig::builder(policy).certificate(chain, key);
        let server = with_ssl2_certificate(server, policy);
        Self {
            client: Arc::new(client.build().unwrap()),
            server: Arc::new(server.build().unwrap()),
        }
    }
}

struct Conversation {
    client: Counted<ClientConnection>,
    server: Counted<ServerConnection>,
}

impl Conversation {
    fn established(configs: &Configs) -> Self {
        let name = "localhost".try_into().unwrap();
        let config = configs.client.clone();
        let mut client = Counted::new(|| ClientConnection::new(config, name).unwrap());
        let config = configs.server.clone();
        let mut server = Counted::new(|| ServerConnection::new(config));
        let mut wire = Vec::with_capacity(MAX_FLIGHT);
        while client.connection.is_handshaking() || server.connection.is_handshaking() {
            client.send(&mut wire);
            server.receive(&wire);
            server.send(&mut wire);
            client.receive(&wire);
        }
        Self { client, server }
    }
}

/// A connection on the heap, whose every call is counted.
struct Counted<C> {
    connection: Box<C>,
    account: Account,
}

impl<C: DerefMut<Target = Connection>> Counted<C> {
    fn new(make: impl FnOnce() -> C) -> Self {
        let mut account = Account::default();
        let connection = account.run(|| Box::new(make()));
        Self {
            connection,
            account,
        }
    }

    fn send(&mut self, wire: &mut Vec<u8>) {
        wire.clear();
        self.account.run(|| {
            while self.connection.wants_write() {
                self.connection.write_tls(wire).unwrap();
            }
        });
        assert_eq!(
            wire.capacity(),
            MAX_FLIGHT,
            "the wire's memory is not to be counted"
        );
    }

    fn receive(&mut self, mut wire: &[u8]) {
        self.account.run(|| {
            while !wire.is_empty() {
                self.connection.read_tls(&mut wire).unwrap();
                self.connection.process_new_packets().unwrap();
            }
        });
    }

    fn idle(mut self) -> Account {
        self.account.run(|| self.connection.release_buffers());
        self.account
    }
}

/// One connection's bytes on the heap.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    live: i64,
    peak: i64,
}

impl Account {
    fn run<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let mut result = None;
        let info = measure(|| result = Some(work()));
        self.peak = self.peak.max(self.live + info.bytes_max as i64);
        self.live += info.bytes_current;
        result.unwrap()
    }
}

/// Bytes that an idle connection, the connection itself included, may hold.
const IDLE_LIMIT: i64 = 4096;

/// Bytes that either side may hold at any time in a handshake without a client's certificate,
/// the server's short one included.
const HANDSHAKE_LIMIT: i64 = 16 * 1024;

/// More than any flight here takes.
const MAX_FLIGHT: usize = 16 * 1024;
