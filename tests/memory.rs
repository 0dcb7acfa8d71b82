//! What a connection holds on the heap, itself included, in each phase of its life, at every
//! version and suite. SECURITY.md states the figures, which `--nocapture` prints.
//!
//! What a hostile peer can add is in `stalled_peers.rs`, many connections at once in
//! `half_open.rs`.

mod counted;
mod in_memory;

use std::io::Write;
use std::sync::Arc;

use allocation_counter::measure;
use counted::{Configs, Conversation, Counted, Maximum, wire};
use in_memory::{
    each_version_and_suite, only, pin, ssl2, ssl3_and_later, test_identity, with_ssl2_certificate,
};
use retrossl::pki_types::CertificateDer;
use retrossl::{
    CipherKind, CipherSuite, ClientConfig, Connection, Policy, PrivateKey, ProtocolVersion, Quirk,
    ServerConfig,
};

#[test]
fn a_new_connection_holds_less_than_2_kib() {
    let [mut clients, mut servers] = [Maximum::of("new client"), Maximum::of("new server")];
    each_config(1024, |label, configs| {
        let Conversation { client, server } = configs.connect();
        clients.add(label, client.account.peak);
        servers.add(label, server.account.peak);
    });
    clients.check(2 * KIB);
    servers.check(KIB);
}

/// Between the flights, while the peer may take as long as it likes.
#[test]
fn a_connection_that_waits_in_a_handshake_holds_less_than_5_kib() {
    let mut clients = ["client, hello sent", "client, all sent"].map(Maximum::of);
    let mut servers = Maximum::of("server, its flight sent");
    each_config(1024, |label, configs| {
        let Conversation {
            mut client,
            mut server,
        } = configs.connect();
        let hello = client.flight();
        clients[0].add(label, client.account.live);
        server.receive(&hello).unwrap();
        let flight = server.flight();
        servers.add(label, server.account.live);
        client.receive(&flight).unwrap();
        client.flight();
        let certificates = certificates_len(&client.connection);
        clients[1].add(label, client.account.live - certificates);
    });
    let [hello_sent, all_sent] = clients;
    hello_sent.check(2 * KIB);
    servers.check(3 * KIB);
    all_sent.check(5 * KIB);
}

#[test]
fn a_handshake_never_holds_more_than_its_bound() {
    let [mut clients, mut servers] = [Maximum::of("client's peak"), Maximum::of("server's peak")];
    for bits in [1024, 2048] {
        each_config(bits, |label, configs| {
            let Conversation { client, server } = configs.connect().established();
            clients.add(label, client.account.peak);
            servers.add(label, server.account.peak);
        });
    }
    clients.check(16 * KIB);
    servers.check(16 * KIB);
}

/// The chain counts as it goes out, as it comes in, and as it is kept.
#[test]
fn a_handshake_with_a_clients_chain_holds_no_more_than_four_times_the_chain_beside() {
    let [mut clients, mut servers] = ["client's peak", "server's peak"].map(Maximum::of);
    for version in ssl3_and_later() {
        let (chain, key) = long_chain();
        let len: usize = chain.iter().map(|certificate| certificate.len()).sum();
        let policy = only(version, AES);
        let client = ClientConfig::builder(policy)
            .verifier(pin(1024))
            .certificate(chain, key);
        let (chain, key) = test_identity(1024);
        let server = ServerConfig::builder(policy)
            .certificate(chain, key)
            .client_verifier(pin(2048));
        let configs = Configs::new(client.build().unwrap(), server.build().unwrap());
        let Conversation { client, server } = configs.connect().established();
        assert_eq!(
            certificates_len(&server.connection),
            len as i64 + 4 * size_of::<CertificateDer>() as i64
        );
        println!("a chain of {len} bytes");
        clients.add(version, client.account.peak - 4 * len as i64);
        servers.add(version, server.account.peak - 4 * len as i64);
    }
    clients.check(16 * KIB);
    servers.check(16 * KIB);
}

#[test]
fn an_established_connection_holds_less_than_9_kib_before_its_buffers_are_released() {
    let [mut clients, mut servers] = [Maximum::of("client"), Maximum::of("server")];
    each_config(1024, |label, configs| {
        let Conversation { client, server } = configs.connect().established();
        let certificates = certificates_len(&client.connection);
        clients.add(label, client.account.live - certificates);
        servers.add(label, server.account.live);
    });
    clients.check(9 * KIB);
    servers.check(9 * KIB);
}

#[test]
fn an_idle_server_connection_holds_less_than_4_kib() {
    let mut servers = Maximum::of("idle server");
    each_config(1024, |label, configs| {
        servers.add(label, idle(configs.connect().established().server));
    });
    servers.check(IDLE_LIMIT);
}

#[test]
fn an_idle_client_connection_holds_less_than_4_kib_beside_the_servers_certificates() {
    let mut clients = Maximum::of("idle client");
    each_config(1024, |label, configs| {
        let client = configs.connect().established().client;
        let certificates = certificates_len(&client.connection);
        clients.add(label, idle(client) - certificates);
    });
    clients.check(IDLE_LIMIT);
}

/// It still has what it knows of the peer, and the alert.
#[test]
fn a_connection_that_has_failed_holds_no_more_than_before() {
    let mut failed = ["failed client", "failed server"].map(Maximum::of);
    each_config(1024, |label, configs| {
        let Conversation { client, server } = configs.connect().established();
        let certificates = certificates_len(&client.connection);
        failed[0].add(label, after_a_bad_record(client) - certificates);
        failed[1].add(label, after_a_bad_record(server));
    });
    for failed in failed {
        failed.check(9 * KIB);
    }
}

/// 64 KiB that wait for a handshake's end; 64 KiB and a record that wait to be sent, by a peer that
/// takes some now and then; and as much that the user has not read.
#[test]
fn what_waits_for_a_peer_or_a_user_stays_within_four_times_the_buffer_limit() {
    let [mut held, mut sent, mut received] = ["held", "to be sent", "to be read"].map(Maximum::of);
    each_config_of(&[AES], 1024, |label, configs| {
        let mut conversation = configs.connect();
        fill(&mut conversation.server);
        held.add(label, conversation.server.account.peak);

        let Conversation { mut client, .. } = configs.connect().established();
        fill(&mut client);
        for _ in 0..20 {
            let mut room = [0; 10_000];
            let mut room = &mut room[..];
            client
                .account
                .run(|| client.connection.write_tls(&mut room).unwrap());
            fill(&mut client);
        }
        sent.add(label, client.account.peak);

        let Conversation {
            mut client,
            mut server,
        } = configs.connect().established();
        let mut wire = wire();
        while has_room(&mut server) {
            client.connection.writer().write_all(&[7; 16_000]).unwrap();
            client.send(&mut wire);
            for piece in wire.chunks(1000) {
                if has_room(&mut server) {
                    server.receive(piece).unwrap();
                }
            }
        }
        received.add(label, server.account.peak);
    });
    held.check(4 * BUFFER_LIMIT);
    sent.check(4 * BUFFER_LIMIT);
    received.check(4 * BUFFER_LIMIT);
}

/// Records of 64 bytes more than double what they carry.
#[test]
fn what_waits_for_a_peer_with_little_memory_stays_within_the_same() {
    let suite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA256;
    let policy = only(ProtocolVersion::TLSv1_2, suite).quirk(Quirk::NoEncryptThenMac);
    let (chain, key) = test_identity(1024);
    let client = ClientConfig::builder(policy).verifier(pin(1024));
    let server = ServerConfig::builder(policy)
        .certificate(chain, key)
        .max_fragment(64);
    let configs = Configs::new(client.build().unwrap(), server.build().unwrap());
    let mut sent = Maximum::of("to be sent in short records");
    for first in (1000..60_000).step_by(1500) {
        let mut client = configs.connect().established().client;
        for len in [first, 64, 64, 5000, 65_536] {
            write(&mut client, len);
        }
        let mut room = vec![0; first];
        let mut room = &mut room[..];
        client
            .account
            .run(|| client.connection.write_tls(&mut room).unwrap());
        fill(&mut client);
        sent.add(first, client.account.peak);
    }
    sent.check(4 * BUFFER_LIMIT);
}

#[test]
fn a_connection_that_is_dropped_leaves_nothing_behind() {
    let configs = configs_under(Policy::EVERYTHING, 1024);
    // Whatever is made once and kept is made here.
    drop(configs.connect().established());
    let info = measure(|| drop(configs.connect().established()));
    assert_eq!(info.bytes_current, 0);
}

/// Every version and suite, in both orders of MAC and encryption, and every kind of SSL 2.0.
fn each_config(bits: usize, check: impl FnMut(&str, &Configs)) {
    let suites: Vec<_> = CipherSuite::all().collect();
    each_config_of(&suites, bits, check);
}

/// The same of some suites only.
fn each_config_of(suites: &[CipherSuite], bits: usize, mut check: impl FnMut(&str, &Configs)) {
    each_version_and_suite(|version, suite| {
        if !suites.contains(&suite) {
            return;
        }
        let policy = only(version, suite);
        for policy in [policy, policy.quirk(Quirk::NoEncryptThenMac)] {
            let configs = configs_under(policy, bits);
            check(&format!("{version} {suite} RSA-{bits}"), &configs);
        }
    });
    for kind in CipherKind::all() {
        let policy = ssl2::only_kind(kind);
        let configs = Configs::new(
            ssl2::client(policy).build().unwrap(),
            ssl2::server(policy).build().unwrap(),
        );
        check(&format!("SSLv2 {kind}"), &configs);
    }
}

/// With a certificate of so many bits; nothing of SSL 2.0 but what `EVERYTHING` has.
fn configs_under(policy: Policy, bits: usize) -> Configs {
    let (chain, key) = test_identity(bits);
    let client = ClientConfig::builder(policy).verifier(pin(bits));
    let server = ServerConfig::builder(policy).certificate(chain, key);
    let server = with_ssl2_certificate(server, policy);
    Configs::new(client.build().unwrap(), server.build().unwrap())
}

/// Four certificates, the first of which is the key's.
fn long_chain() -> (Vec<CertificateDer<'static>>, Arc<dyn PrivateKey>) {
    let (mut chain, key) = test_identity(2048);
    chain.resize(4, chain[0].clone());
    (chain, key)
}

fn certificates_len(connection: &Connection) -> i64 {
    let chain = connection.peer_certificates().unwrap_or_default();
    let encoded: usize = chain.iter().map(|certificate| certificate.len()).sum();
    (size_of_val(chain) + encoded) as i64
}

fn idle(mut connection: Counted) -> i64 {
    connection
        .account
        .run(|| connection.connection.release_buffers());
    connection.account.live
}

/// What is held once something came that does not open, and the alert is gone.
fn after_a_bad_record(mut connection: Counted) -> i64 {
    let bad = match connection.connection.protocol_version() {
        Some(ProtocolVersion::SSLv2) => vec![0x80, 24],
        version => [&[23, 3, version.unwrap().wire() as u8, 0, 24][..]].concat(),
    };
    connection
        .receive(&[bad, vec![9; 24]].concat())
        .unwrap_err();
    connection.flight();
    connection.account.live
}

fn write(connection: &mut Counted, len: usize) {
    let data = vec![7; len];
    connection
        .account
        .run(|| connection.connection.writer().write(&data).unwrap());
}

/// Writes as much as is taken.
fn fill(connection: &mut Counted) {
    let data = [7; 10_000];
    connection.account.run(
        || {
            while connection.connection.writer().write(&data).unwrap() > 0 {}
        },
    );
}

/// Whether it takes bytes: not while the user has too much to read.
fn has_room(server: &mut Counted) -> bool {
    let state = server.connection.process_new_packets().unwrap();
    (state.plaintext_bytes_to_read as i64) < BUFFER_LIMIT
}

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

const KIB: i64 = 1024;

/// Bytes that an idle connection, the connection itself included, may hold.
const IDLE_LIMIT: i64 = 4 * KIB;

/// A config's own.
const BUFFER_LIMIT: i64 = 64 * KIB;
