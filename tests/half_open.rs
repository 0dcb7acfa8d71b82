//! Many connections of a server's that stay half open: what each of them holds on the heap, itself
//! included. SECURITY.md states the figures, which `--nocapture` prints.

mod in_memory;

use std::io::{self, Read};
use std::sync::Arc;

use allocation_counter::measure;
use in_memory::wire::{HANDSHAKE, bytes, record};
use in_memory::{client_config, deliver, only, server_config, ssl2, take, test_identity};
use retrossl::{
    CipherKind, CipherSuite, Policy, ProtocolVersion, ServerConfig, ServerConnection, dangerous,
};

#[test]
fn ten_thousand_that_say_nothing_hold_1_kib_each() {
    let server = Arc::new(server_config(Policy::HISTORIC));
    check("silent", MANY, KIB, &server, ask);
}

/// Asks a transport that has nothing yet.
fn ask(server: &mut ServerConnection) {
    struct Unready;

    impl Read for Unready {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }

    let asked = server.read_tls(&mut Unready).unwrap_err();
    assert_eq!(asked.kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn ten_thousand_that_stop_after_a_byte_hold_5_kib_each() {
    let server = Arc::new(server_config(Policy::HISTORIC));
    check("one byte", MANY, 5 * KIB, &server, |server| {
        deliver(&[HANDSHAKE], server, || usize::MAX).unwrap();
    });
}

/// The server's flight has been taken.
#[test]
fn ten_thousand_that_wait_for_the_clients_key_hold_3_kib_each() {
    let (chain, key) = test_identity(1024);
    let asking = ServerConfig::builder(Policy::HISTORIC)
        .certificate(chain, key)
        .client_verifier(dangerous::AcceptAnyCertificate)
        .build()
        .unwrap();
    let policy = only(ProtocolVersion::TLSv1_2, AES);
    let kind = ssl2::only_kind(CipherKind::SSL_CK_RC4_128_WITH_MD5);
    for (what, client, server) in [
        ("hello sent", client_config(policy), server_config(policy)),
        (
            "hello sent, certificate asked for",
            client_config(policy),
            asking,
        ),
        (
            "CLIENT-HELLO sent",
            ssl2::client(kind).build().unwrap(),
            ssl2::server(kind).build().unwrap(),
        ),
    ] {
        let hello = take(&mut ssl2::connect(client));
        check(what, MANY, 3 * KIB, &Arc::new(server), |server| {
            deliver(&hello, server, || usize::MAX).unwrap();
            assert!(!take(server).is_empty());
            ask(server);
        });
    }
}

/// The longest ClientHello, but for its last byte, and the longest record, but for its last byte:
/// nobody who has not sent more can make a server hold more. (Fewer, as each is filled to the last
/// byte.)
#[test]
fn five_hundred_of_the_worst_hold_148_kib_each() {
    let server = Arc::new(server_config(Policy::HISTORIC));
    let len = 2 + 32 + 33 + 2 + 65_534 + 256 + 2 + 65_535u32;
    let mut hello = [&[1][..], &len.to_be_bytes()[1..]].concat();
    hello.resize(hello.len() + len as usize - 1, 0);
    let records: Vec<_> = hello
        .chunks(1 << 14)
        .map(|piece| record(HANDSHAKE, 0x0301, piece))
        .collect();
    let mut wire = bytes(&records);
    wire.extend(bytes(&[record(HANDSHAKE, 0x0301, &[0; (1 << 14) + 2048])]));
    wire.pop();
    check("worst", 500, 148 * KIB, &server, |server| {
        deliver(&wire, server, || usize::MAX).unwrap();
    });
}

/// Makes so many connections, brings each to where it stays, and measures what they hold together.
fn check(
    what: &str,
    connections: usize,
    bound: i64,
    config: &Arc<ServerConfig>,
    stop: impl Fn(&mut ServerConnection),
) {
    let mut open = Vec::with_capacity(connections);
    // Whatever is made once and kept is made here.
    stop(&mut ServerConnection::new(config.clone()));
    let held = measure(|| {
        for _ in 0..connections {
            let mut server = Box::new(ServerConnection::new(config.clone()));
            stop(&mut server);
            open.push(server);
        }
    });
    assert_eq!(open.len(), connections);
    assert!(open.iter().all(|server| server.is_handshaking()));
    let each = held.bytes_current / connections as i64;
    println!("{connections} times {what}: {each} bytes each");
    assert!(each > 512 && each <= bound, "{what}: {each} bytes each");
}

const MANY: usize = 10_000;

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

const KIB: i64 = 1024;
