//! CPU time of full and resumed handshakes, the client's and the server's apart: both run in
//! memory, and only the calls of one are timed, from the making of its connection until it is
//! established.

#[path = "../tests/in_memory/mod.rs"]
mod in_memory;

use std::ops::DerefMut;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use in_memory::{only, pin, test_identity};
use retrossl::{
    CipherSuite, ClientConfig, ClientConnection, Connection, ProtocolVersion, Resumption,
    ServerConfig, ServerConnection, Side,
};

criterion_group!(benches, full_handshakes, resumed_handshakes);
criterion_main!(benches);

fn full_handshakes(criterion: &mut Criterion) {
    for (version, suite) in MEASURED {
        for bits in [1024, 2048] {
            let configs = Configs::new(version, suite, bits, None);
            let group = format!("full handshake {version} {suite}");
            measure(
                criterion,
                &group,
                &format!("RSA-{bits}"),
                SERVER_TIME,
                &configs,
            );
        }
    }
}

fn resumed_handshakes(criterion: &mut Criterion) {
    for (version, suite) in MEASURED {
        for by in [Resumption::SessionId, Resumption::Ticket] {
            if version == ProtocolVersion::SSLv3 && by == Resumption::Ticket {
                continue;
            }
            let configs = Configs::new(version, suite, 2048, Some(by));
            // The first makes the session.
            configs.time(Side::Client);
            let group = format!("resumed handshake {version} {suite}");
            measure(criterion, &group, &format!("{by:?}"), CLIENT_TIME, &configs);
        }
    }
}

/// Each side's time; the server's takes as long to measure as `server_time`.
fn measure(
    criterion: &mut Criterion,
    group: &str,
    name: &str,
    server_time: Duration,
    configs: &Configs,
) {
    let mut group = criterion.benchmark_group(group);
    group
        .sample_size(20)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(500));
    for (side, measured) in [(Side::Client, CLIENT_TIME), (Side::Server, server_time)] {
        group.measurement_time(measured);
        let id = BenchmarkId::new(format!("{side} CPU"), name);
        group.bench_function(id, |bencher| {
            bencher.iter_custom(|iterations| (0..iterations).map(|_| configs.time(side)).sum());
        });
    }
}

struct Configs {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    resumption: Option<Resumption>,
}

impl Configs {
    fn new(
        version: ProtocolVersion,
        suite: CipherSuite,
        bits: usize,
        resumption: Option<Resumption>,
    ) -> Self {
        let policy = only(version, suite);
        let (chain, key) = test_identity(bits);
        let mut client = ClientConfig::builder(policy).verifier(pin(bits));
        let server = ServerConfig::builder(policy).certificate(chain, key);
        if resumption != Some(Resumption::SessionId) {
            client = client.without_session_ids();
        }
        if resumption != Some(Resumption::Ticket) {
            client = client.without_tickets();
        }
        let configs = Self {
            client: Arc::new(client.build().unwrap()),
            server: Arc::new(server.build().unwrap()),
            resumption,
        };
        // The first handshake of a config has nothing to resume.
        configs.handshake();
        configs
    }

    /// The time that `side` takes in one handshake.
    fn time(&self, side: Side) -> Duration {
        let (client, server) = self.handshake();
        assert_eq!(client.connection.resumption(), self.resumption);
        match side {
            Side::Client => client.elapsed,
            Side::Server => server.elapsed,
        }
    }

    fn handshake(&self) -> (Timed<ClientConnection>, Timed<ServerConnection>) {
        let name = "localhost".try_into().unwrap();
        let config = self.client.clone();
        let mut client = Timed::new(|| ClientConnection::new(config, name).unwrap());
        let config = self.server.clone();
        let mut server = Timed::new(|| ServerConnection::new(config));
        let mut wire = Vec::with_capacity(8192);
        while client.connection.is_handshaking() || server.connection.is_handshaking() {
            client.send(&mut wire);
            server.receive(&wire);
            server.send(&mut wire);
            client.receive(&wire);
        }
        (client, server)
    }
}

/// A connection, and the time that was spent in it.
struct Timed<C> {
    connection: C,
    elapsed: Duration,
}

impl<C: DerefMut<Target = Connection>> Timed<C> {
    fn new(make: impl FnOnce() -> C) -> Self {
        let start = Instant::now();
        let connection = make();
        let elapsed = start.elapsed();
        Self {
            connection,
            elapsed,
        }
    }

    fn send(&mut self, wire: &mut Vec<u8>) {
        wire.clear();
        let start = Instant::now();
        while self.connection.wants_write() {
            self.connection.write_tls(wire).unwrap();
        }
        self.elapsed += start.elapsed();
    }

    fn receive(&mut self, mut wire: &[u8]) {
        let start = Instant::now();
        while !wire.is_empty() {
            self.connection.read_tls(&mut wire).unwrap();
            self.connection.process_new_packets().unwrap();
        }
        self.elapsed += start.elapsed();
    }
}

const MEASURED: [(ProtocolVersion, CipherSuite); 2] = [
    (
        ProtocolVersion::TLSv1_2,
        CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
    ),
    (
        ProtocolVersion::SSLv3,
        CipherSuite::TLS_RSA_WITH_RC4_128_SHA,
    ),
];

/// What is to be measured of a client; the server's part of it takes some ten times as long.
const CLIENT_TIME: Duration = Duration::from_millis(300);

const SERVER_TIME: Duration = Duration::from_secs(3);
