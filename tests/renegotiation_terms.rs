//! What a renegotiation may change, and when it has changed.

mod in_memory;

use std::io::{Read, Write};
use std::sync::Arc;

use ProtocolVersion::{SSLv3, TLSv1_0, TLSv1_1, TLSv1_2};
use in_memory::{
    Pair, client_config, deliver, only, pin, read, server_config, take, test_identity,
};
use retrossl::{
    CipherSuite, ClientConfig, ClientConnection, Connection, Error, PeerIncompatible, Policy,
    ProtocolVersion, Renegotiation, RenegotiationRefused, RenegotiationState, Resumption,
    ServerConfig, ServerConnection, UnbiddenRenegotiation,
};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
const TRIPLE_DES: CipherSuite = CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA;
const GCM: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256;

/// Byte for byte: until its last message has come, nothing of what it says is believed.
#[test]
fn what_is_known_changes_when_the_new_handshake_is_complete() {
    let mut pair = two_sides();
    let config = other_config(2048);
    let before = [known(&pair.client), known(&pair.server)];
    pair.server.renegotiate_with(config).unwrap();
    carry(&mut pair, &before, 1).unwrap();
    assert_eq!(pair.server.handshakes(), 2);
    let chain = test_identity(2048).0;
    assert_eq!(pair.server.peer_certificates(), Some(&chain[..]));
    for side in [&*pair.client, &*pair.server] {
        assert_eq!(side.negotiated_cipher_suite(), Some(GCM));
        assert_eq!(side.alpn_protocol(), Some(&b"new"[..]));
        assert!(!side.encrypt_then_mac());
    }
    assert_eq!(pair.server.server_name(), Some("localhost"));
    pair.echo(b"as agreed", || usize::MAX);

    let before = [known(&pair.client), known(&pair.server)];
    pair.client.renegotiate_resuming().unwrap();
    carry(&mut pair, &before, 2).unwrap();
    for side in [&*pair.client, &*pair.server] {
        assert_eq!(side.handshakes(), 3);
        assert_eq!(side.resumption(), Some(Resumption::Ticket));
    }
    pair.echo(b"resumed", || usize::MAX);
}

#[test]
fn what_is_known_stays_where_the_new_handshake_fails() {
    let mut pair = two_sides();
    let before = [known(&pair.client), known(&pair.server)];
    // The client's certificate is another.
    pair.server.renegotiate_with(other_config(1024)).unwrap();
    carry(&mut pair, &before, 1).unwrap_err();
    deliver(&take(&mut pair.server), &mut pair.client, || usize::MAX).unwrap_err();
    assert_eq!([known(&pair.client), known(&pair.server)], before);
    assert_eq!(pair.server.server_name(), Some("localhost"));
}

/// Established; the client has a certificate that nobody has asked for.
fn two_sides() -> Pair {
    let policy = willing(only(TLSv1_2, AES));
    let (chain, key) = test_identity(2048);
    let client = ClientConfig::builder(policy.cipher_suites(&[AES, GCM]))
        .verifier(pin(1024))
        .certificate(chain, key)
        .alpn_protocols(["old", "new"]);
    let (chain, key) = test_identity(1024);
    let server = ServerConfig::builder(policy)
        .certificate(chain, key)
        .alpn_protocols(["old"]);
    Pair::new(client.build().unwrap(), server.build().unwrap()).established()
}

/// One that differs in all that a renegotiation can change, and asks for that certificate.
fn other_config(client_pin: usize) -> Arc<ServerConfig> {
    let policy = willing(only(TLSv1_2, GCM));
    let (chain, key) = test_identity(1024);
    let server = ServerConfig::builder(policy)
        .certificate(chain, key)
        .alpn_protocols(["new"])
        .client_verifier(pin(client_pin));
    Arc::new(server.build().unwrap())
}

/// All that a connection tells about its peer and about the handshake.
fn known(connection: &Connection) -> String {
    let keying_material = connection
        .export_keying_material([0; 16], b"EXPORTER-test", None)
        .unwrap();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {} {} {} {keying_material:?}",
        connection.protocol_version(),
        connection.negotiated_cipher_suite(),
        connection.peer_certificates(),
        connection.server_hello(),
        connection.resumption(),
        connection.alpn_protocol(),
        connection.extended_master_secret(),
        connection.encrypt_then_mac(),
        connection.secure_renegotiation(),
    )
}

/// Carries everything byte by byte; a side that has completed only `handshakes` knows what it did.
fn carry(pair: &mut Pair, before: &[String; 2], handshakes: u64) -> Result<(), Error> {
    let Pair { client, server } = pair;
    while client.wants_write() || server.wants_write() {
        step(client, server, &before[1], handshakes)?;
        step(server, client, &before[0], handshakes)?;
    }
    Ok(())
}

fn step(
    from: &mut Connection,
    to: &mut Connection,
    before: &str,
    handshakes: u64,
) -> Result<(), Error> {
    for byte in take(from) {
        deliver(&[byte], to, || 1)?;
        assert_eq!(known(to) == before, to.handshakes() == handshakes);
    }
    Ok(())
}

/// The version stays, so both policies must have it.
#[test]
fn a_config_without_the_connections_version_is_refused() {
    let refused = Err(Error::Renegotiation(RenegotiationRefused::Policy));
    for version in in_memory::ssl3_and_later() {
        let mut pair = Pair::under(only(version, AES)).established();
        for other in in_memory::ssl3_and_later().filter(|other| *other != version) {
            let config = Arc::new(server_config(only(other, AES)));
            assert_eq!(pair.server.renegotiate_with(config), refused);
        }
        assert_eq!(pair.server.renegotiation(), RenegotiationState::Idle);
        assert!(!pair.server.wants_write());
        pair.echo(b"as before", || usize::MAX);
        let config = Arc::new(server_config(only(version, AES)));
        pair.server.renegotiate_with(config).unwrap();
        pair.exchange(|| usize::MAX).unwrap();
        assert_eq!(pair.server.handshakes(), 2);
    }
    let strict = Policy::STRICT
        .renegotiation(Renegotiation::Secure)
        .min_rsa_bits(1024);
    let mut pair = Pair::under(only(TLSv1_0, AES)).established();
    let config = Arc::new(server_config(strict));
    assert_eq!(pair.server.renegotiate_with(config), refused);
}

/// RFC 8446 §4.1.3: a first handshake at an older version than both sides have is a downgrade; a
/// later one has its version from the first.
#[test]
fn a_renegotiation_is_no_downgrade() {
    const SENTINEL: &[u8] = b"DOWNGRD";
    for version in [SSLv3, TLSv1_0, TLSv1_1] {
        let first = only(version, AES);
        let newer = first.versions(version, TLSv1_2);
        let mut pair = Pair::new(client_config(newer), server_config(first)).established();
        pair.server
            .renegotiate_with(Arc::new(server_config(newer)))
            .unwrap();
        pair.exchange(|| usize::MAX).unwrap();
        assert_eq!(pair.client.handshakes(), 2, "{version}");
        assert_eq!(pair.client.protocol_version(), Some(version));
        let random = pair.client.server_hello().unwrap().random().to_owned();
        assert!(!random.windows(7).any(|bytes| bytes == SENTINEL));
        pair.echo(b"at the same version", || usize::MAX);
    }
}

/// A session is what the last handshake made it.
#[test]
fn a_full_renegotiation_continues_no_session() {
    for version in in_memory::ssl3_and_later() {
        // An SSL 3.0 session is bound to nothing.
        let policy = willing(only(version, AES)).renegotiation(Renegotiation::Legacy);
        let (client, server) = (
            Arc::new(client_config(policy)),
            Arc::new(server_config(policy)),
        );
        let connect = || {
            let name = "localhost".try_into().unwrap();
            Pair {
                client: ClientConnection::new(client.clone(), name).unwrap(),
                server: ServerConnection::new(server.clone()),
            }
            .established()
        };
        connect();
        let mut pair = connect();
        assert!(pair.client.session_resumed() && pair.server.session_resumed());
        for by_client in [true, false] {
            if by_client {
                pair.client.renegotiate().unwrap();
            } else {
                pair.server.renegotiate().unwrap();
            }
            pair.exchange(|| usize::MAX).unwrap();
            assert_eq!(pair.client.resumption(), None, "{version}");
            assert_eq!(pair.server.resumption(), None, "{version}");
        }
        assert_eq!(pair.client.handshakes(), 3);
    }
}

/// Both ends close while the client waits for an answer: the peer's close_notify comes second, and
/// nothing is left to be waited for.
#[test]
fn a_close_asked_for_meanwhile_answers_the_peers() {
    for version in in_memory::ssl3_and_later() {
        for asks_first in [true, false] {
            let mut pair = Pair::under(willing(only(version, AES))).established();
            pair.client.renegotiate().unwrap();
            let hello = take(&mut pair.client);
            if asks_first {
                pair.client.send_close_notify();
                assert!(!pair.client.wants_write(), "it waits for the handshake");
            }
            pair.server.writer().write_all(b"good").unwrap();
            pair.server.send_close_notify();
            deliver(&take(&mut pair.server), &mut pair.client, || usize::MAX).unwrap();
            assert_eq!(pair.client.renegotiation(), RenegotiationState::Idle);
            assert_eq!(pair.client.wants_write(), asks_first);
            pair.client.send_close_notify();
            let close_notify = take(&mut pair.client);
            assert!(!close_notify.is_empty());
            pair.client.send_close_notify();
            assert!(!pair.client.wants_write(), "once");
            let mut heard = Vec::new();
            pair.client.reader().read_to_end(&mut heard).unwrap();
            assert_eq!(heard, b"good");
            deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
            deliver(&close_notify, &mut pair.server, || usize::MAX).unwrap();
            assert_eq!(pair.server.reader().read(&mut [0; 9]).unwrap(), 0);
        }
    }
}

/// What a server has asked for stays so where keys wear out meanwhile, and where it asks for any
/// handshake besides.
#[test]
fn the_config_that_was_asked_for_outlives_other_requests() {
    for keys_wear_out in [true, false] {
        let both = willing(only(TLSv1_2, TRIPLE_DES))
            .cipher_suites(&[TRIPLE_DES, AES])
            .max_bytes_per_key(40_000);
        let first = server_config(both.cipher_suites(&[TRIPLE_DES]));
        let mut pair = Pair::new(client_config(both), first).established();
        let asked_for = Arc::new(server_config(both.cipher_suites(&[AES])));
        pair.server.renegotiate_with(asked_for).unwrap();
        if keys_wear_out {
            pair.client.writer().write_all(&[1; 36_000]).unwrap();
            deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX).unwrap();
        } else {
            pair.server.renegotiate().unwrap();
        }
        pair.exchange(|| usize::MAX).unwrap();
        assert_eq!(pair.server.handshakes(), 2);
        assert_eq!(pair.server.negotiated_cipher_suite(), Some(AES));
    }
}

/// What is asked for already brings new keys, and where it is refused, they are asked for.
#[test]
fn keys_that_wear_out_during_a_request_are_asked_for_after_it() {
    let policy = only(TLSv1_2, TRIPLE_DES).max_bytes_per_key(40_000);
    let unwilling = client_config(policy.renegotiation(Renegotiation::Never));
    let mut pair = Pair::new(unwilling, server_config(policy)).established();
    pair.server.renegotiate().unwrap();
    pair.client.writer().write_all(&[1; 36_000]).unwrap();
    deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX).unwrap();
    pair.exchange(|| usize::MAX).unwrap();
    assert_eq!(pair.server.renegotiation(), RenegotiationState::Refused);
    pair.client.writer().write_all(b"more").unwrap();
    deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX).unwrap();
    assert_eq!(pair.server.renegotiation(), RenegotiationState::Requested);
}

/// A client waits for the answer to its hello, be it a refusal, and has yet to take what was
/// written before.
#[test]
fn a_hello_is_answered_behind_a_full_buffer() {
    for version in in_memory::ssl3_and_later() {
        let policy = only(version, AES);
        for (policy, is_asked, handshakes) in [
            (policy, true, 2),
            (willing(policy), false, 2),
            (policy, false, 1),
        ] {
            let mut pair = Pair::under(policy).established();
            if is_asked {
                pair.server.renegotiate().unwrap();
                deliver(&take(&mut pair.server), &mut pair.client, || usize::MAX).unwrap();
            } else {
                pair.client.renegotiate().unwrap();
            }
            let hello = take(&mut pair.client);
            let mut written = 0;
            loop {
                match pair.server.writer().write(&[7; 10_000]).unwrap() {
                    0 => break,
                    taken => written += taken,
                }
            }
            assert!(written > 60_000);
            let answer = deliver(&hello, &mut pair.server, || usize::MAX);
            if version == SSLv3 && handshakes == 1 {
                let expected = PeerIncompatible::NoRenegotiation.into();
                assert_eq!(answer, Err(expected), "SSL 3.0 has no other answer");
                continue;
            }
            answer.unwrap();
            let mut heard = Vec::new();
            while pair.client.wants_write() || pair.server.wants_write() {
                for piece in take(&mut pair.server).chunks(10_000) {
                    deliver(piece, &mut pair.client, || usize::MAX).unwrap();
                    heard.append(&mut read(&mut pair.client));
                }
                deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX).unwrap();
            }
            assert_eq!(heard.len(), written);
            assert_eq!(pair.server.handshakes(), handshakes);
            assert_eq!(pair.client.handshakes(), handshakes);
            let was_refused = pair.client.renegotiation() == RenegotiationState::Refused;
            assert_eq!(was_refused, handshakes == 1);
        }
    }
}

/// A server that asks waits, too, and its client may have much to send.
#[test]
fn a_request_is_answered_behind_a_full_buffer() {
    for version in in_memory::ssl3_and_later() {
        let mut pair = Pair::under(only(version, AES)).established();
        while pair.client.writer().write(&[7; 10_000]).unwrap() > 0 {}
        pair.server.renegotiate().unwrap();
        deliver(&take(&mut pair.server), &mut pair.client, || usize::MAX).unwrap();
        for piece in take(&mut pair.client).chunks(10_000) {
            deliver(piece, &mut pair.server, || usize::MAX).unwrap();
            read(&mut pair.server);
        }
        pair.exchange(|| usize::MAX).unwrap();
        assert_eq!(pair.server.handshakes(), 2, "{version}");
        pair.echo(b"under new keys", || usize::MAX);
    }
}

/// A policy under which a client may begin of its own accord.
fn willing(policy: Policy) -> Policy {
    policy.unbidden_renegotiation(UnbiddenRenegotiation::Accepted)
}
