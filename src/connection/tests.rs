//! What only a peer with the keys can send: messages injected behind the encryption.

mod fragments;
mod sessions;
mod stalled;
mod states;

use std::io::{Read, Write};

use super::Connection;
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::record::{ContentType, Opener};
use crate::testing::in_memory::wire::{
    APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, bytes, handshake, record, records,
};
use crate::testing::in_memory::{
    Pair, client_config, deliver, each_version_and_suite, only, read, server_config, take,
    test_identity,
};
use crate::{AlertDescription, CipherSuite, Policy, ProtocolVersion, Renegotiation};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
const HELLO_REQUEST: [u8; 4] = [0; 4];

/// Sends content of any kind under the connection's keys.
fn inject(from: &mut Connection, content_type: ContentType, content: &[u8]) {
    from.inject(content_type, content).unwrap();
}

fn established(version: ProtocolVersion) -> Pair {
    let policy = only(version, AES).renegotiation(Renegotiation::Never);
    Pair::under(policy).established()
}

/// What crosses from `from` to `to`.
fn cross(from: &mut Connection, to: &mut Connection) -> Result<(), Error> {
    deliver(&take(from), to, || usize::MAX)
}

/// The ClientHello that a client would renegotiate with.
fn client_hello(version: ProtocolVersion) -> Vec<u8> {
    let mut pair = Pair::under(only(version, AES));
    records(&take(&mut pair.client)).remove(0).fragment
}

#[test]
fn between_change_cipher_spec_and_finished_nothing_else_is_accepted() {
    each_version_and_suite(|version, suite| {
        let wire = version.wire();
        for intruder in [
            record(APPLICATION_DATA, wire, b"early"),
            record(CHANGE_CIPHER_SPEC, wire, &[1]),
            handshake(wire, 1, &[0; 50]),
            handshake(wire, 16, &[0; 130]),
        ] {
            let mut pair = Pair::under(only(version, suite));
            cross(&mut pair.client, &mut pair.server).unwrap();
            cross(&mut pair.server, &mut pair.client).unwrap();
            let flight = records(&take(&mut pair.client));
            deliver(&bytes(&flight[..2]), &mut pair.server, || usize::MAX).unwrap();
            // As if it had been encrypted: what counts here is the state.
            pair.server.pump.opener = Opener::unprotected();
            let error = deliver(&bytes(&[intruder]), &mut pair.server, || usize::MAX).unwrap_err();
            assert_eq!(error.alert(), Some(AlertDescription::UNEXPECTED_MESSAGE));
        }
    });
}

/// RFC 5246 §7.4.9: the Finished of another handshake, or the peer's own, does not verify.
#[test]
fn a_finished_that_does_not_fit_is_refused() {
    for version in ProtocolVersion::from_ssl3() {
        let mut pair = Pair::under(only(version, AES));
        cross(&mut pair.client, &mut pair.server).unwrap();
        cross(&mut pair.server, &mut pair.client).unwrap();
        let flight = records(&take(&mut pair.client));
        deliver(&bytes(&flight[..2]), &mut pair.server, || usize::MAX).unwrap();
        pair.server.pump.opener = Opener::unprotected();
        let len = if version == ProtocolVersion::SSLv3 {
            36
        } else {
            12
        };
        let finished = handshake(version.wire(), 20, &vec![0x55; len]);
        let error = deliver(&bytes(&[finished]), &mut pair.server, || usize::MAX).unwrap_err();
        assert_eq!(error, PeerMisbehaved::BadFinished.into());
    }
}

#[test]
fn a_client_refuses_renegotiation_and_lives_on() {
    for version in ProtocolVersion::from_ssl3() {
        let mut pair = established(version);
        inject(&mut pair.server, ContentType::Handshake, &HELLO_REQUEST);
        cross(&mut pair.server, &mut pair.client).unwrap();
        // SSL 3.0 has no word for it.
        let answered = version > ProtocolVersion::SSLv3;
        assert_eq!(pair.client.wants_write(), answered);
        cross(&mut pair.client, &mut pair.server).unwrap();
        pair.echo(b"still here", || usize::MAX);
    }
}

#[test]
fn a_server_refuses_renegotiation_and_lives_on_where_it_can() {
    for version in ProtocolVersion::from_ssl3() {
        let mut pair = established(version);
        inject(
            &mut pair.client,
            ContentType::Handshake,
            &client_hello(version),
        );
        let result = cross(&mut pair.client, &mut pair.server);
        if version == ProtocolVersion::SSLv3 {
            assert_eq!(
                result.unwrap_err(),
                PeerIncompatible::NoRenegotiation.into()
            );
        } else {
            result.unwrap();
            cross(&mut pair.server, &mut pair.client).unwrap();
            pair.echo(b"still here", || usize::MAX);
        }
    }
}

#[test]
fn requests_for_renegotiation_are_bounded_in_a_row() {
    let mut pair = established(ProtocolVersion::TLSv1_2);
    for _ in 0..3 {
        for _ in 0..8 {
            inject(&mut pair.server, ContentType::Handshake, &HELLO_REQUEST);
        }
        cross(&mut pair.server, &mut pair.client).unwrap();
        pair.server.writer().write_all(b"data").unwrap();
        cross(&mut pair.server, &mut pair.client).unwrap();
        read(&mut pair.client);
        let _ = take(&mut pair.client);
    }
    for _ in 0..9 {
        inject(&mut pair.server, ContentType::Handshake, &HELLO_REQUEST);
    }
    let error = cross(&mut pair.server, &mut pair.client).unwrap_err();
    assert_eq!(error, PeerMisbehaved::TooManyRenegotiationRequests.into());
}

#[test]
fn handshake_messages_have_no_place_on_an_established_connection() {
    for kind in [2, 4, 11, 14, 16, 20] {
        let mut pair = established(ProtocolVersion::TLSv1_2);
        inject(&mut pair.server, ContentType::Handshake, &[kind, 0, 0, 0]);
        let error = cross(&mut pair.server, &mut pair.client).unwrap_err();
        assert_eq!(error.alert(), Some(AlertDescription::UNEXPECTED_MESSAGE));
    }
    let mut pair = established(ProtocolVersion::TLSv1_2);
    inject(&mut pair.server, ContentType::ChangeCipherSpec, &[1]);
    let error = cross(&mut pair.server, &mut pair.client).unwrap_err();
    assert_eq!(error.alert(), Some(AlertDescription::UNEXPECTED_MESSAGE));
}

#[test]
fn data_inside_a_handshake_message_is_refused() {
    let mut pair = established(ProtocolVersion::TLSv1_2);
    inject(
        &mut pair.client,
        ContentType::Handshake,
        &client_hello(ProtocolVersion::TLSv1_2)[..9],
    );
    pair.client.writer().write_all(b"data").unwrap();
    let error = cross(&mut pair.client, &mut pair.server).unwrap_err();
    assert_eq!(error, PeerMisbehaved::InterruptedMessage.into());
}

#[test]
fn malformed_alerts_are_refused_and_the_rest_understood() {
    for (content, alert) in [
        (&[1u8][..], AlertDescription::DECODE_ERROR),
        (&[2, 40, 2], AlertDescription::DECODE_ERROR),
        (&[3, 0], AlertDescription::ILLEGAL_PARAMETER),
    ] {
        let mut pair = established(ProtocolVersion::TLSv1_2);
        inject(&mut pair.server, ContentType::Alert, content);
        let error = cross(&mut pair.server, &mut pair.client).unwrap_err();
        assert_eq!(error.alert(), Some(alert));
    }
    // Several in one record; a warning, then the end.
    let mut pair = established(ProtocolVersion::TLSv1_2);
    inject(&mut pair.server, ContentType::Alert, &[1, 90, 1, 0]);
    cross(&mut pair.server, &mut pair.client).unwrap();
    assert!(pair.client.process_new_packets().unwrap().peer_has_closed);
}

/// RFC 6101 §5.4.2 has no decode_error. Where later versions are possible, it is said all the same.
#[test]
fn who_speaks_ssl3_alone_hears_its_alerts_before_the_hellos_agree() {
    for (policy, sent) in [
        (
            only(ProtocolVersion::SSLv3, AES),
            AlertDescription::ILLEGAL_PARAMETER,
        ),
        (Policy::HISTORIC, AlertDescription::DECODE_ERROR),
    ] {
        let mut pair = Pair::under(policy);
        let Pair { client, server } = &mut pair;
        take(client);
        for (connection, hello) in [(&mut **client, 2), (&mut **server, 1)] {
            let cut_short = bytes(&[handshake(0x0300, hello, &[3, 0])]);
            let error = deliver(&cut_short, connection, || usize::MAX).unwrap_err();
            assert_eq!(error.alert(), Some(AlertDescription::DECODE_ERROR));
            assert_eq!(connection.sent_alert(), Some(sent));
        }
    }
}

#[test]
fn nothing_after_close_notify_is_looked_at() {
    for version in ProtocolVersion::from_ssl3() {
        let mut pair = established(version);
        pair.server.writer().write_all(b"the end").unwrap();
        pair.server.send_close_notify();
        assert!(pair.server.writer().write(b"more").is_err());
        inject(&mut pair.server, ContentType::ApplicationData, b"ignored");
        let mut wire = take(&mut pair.server);
        wire.extend(b"not even TLS");
        deliver(&wire, &mut pair.client, || usize::MAX).unwrap();
        let mut plaintext = String::new();
        pair.client.reader().read_to_string(&mut plaintext).unwrap();
        assert_eq!(plaintext, "the end");
        assert!(!pair.client.wants_read());
        let leftovers = pair.client.into_leftovers();
        assert!(leftovers.unread_bytes.ends_with(b"not even TLS"));
        assert!(leftovers.plaintext.is_empty());
    }
}

#[test]
fn handshake_and_data_do_not_share_a_drain() {
    let policy = only(ProtocolVersion::TLSv1_2, AES);
    let mut pair = Pair::new(client_config(policy), server_config(policy));
    pair.client.writer().write_all(b"early").unwrap();
    pair.server.writer().write_all(b"eager").unwrap();
    let mut drains = Vec::new();
    let mut drain_all = |from: &mut Connection, to: &mut Connection| {
        while from.wants_write() {
            let mut drain = Vec::new();
            from.write_tls(&mut drain).unwrap();
            deliver(&drain, to, || usize::MAX).unwrap();
            drains.push(records(&drain));
        }
    };
    while pair.client.wants_write() || pair.server.wants_write() {
        drain_all(&mut pair.client, &mut pair.server);
        drain_all(&mut pair.server, &mut pair.client);
    }
    for drain in &drains {
        let has = |kind| drain.iter().any(|record| record.content_type == kind);
        assert!(!(has(HANDSHAKE) && has(APPLICATION_DATA)));
    }
    assert_eq!(drains.len(), 6, "four flights, and each side's data");
    assert_eq!(read(&mut pair.server), b"early");
    assert_eq!(read(&mut pair.client), b"eager");
}

/// Half-close: each side ends for itself, whichever is the first.
#[test]
fn each_side_ends_for_itself() {
    for version in ProtocolVersion::from_ssl3() {
        let mut pair = established(version);
        pair.client.writer().write_all(b"question").unwrap();
        pair.client.send_close_notify();
        cross(&mut pair.client, &mut pair.server).unwrap();
        let mut question = Vec::new();
        pair.server.reader().read_to_end(&mut question).unwrap();
        assert_eq!(question, b"question");
        assert!(pair.client.writer().write(b"more").is_err());

        pair.server.writer().write_all(b"answer").unwrap();
        pair.server.send_close_notify();
        cross(&mut pair.server, &mut pair.client).unwrap();
        let mut answer = Vec::new();
        pair.client.reader().read_to_end(&mut answer).unwrap();
        assert_eq!(answer, b"answer");
        assert!(!pair.client.wants_write() && !pair.server.wants_write());
    }
}

#[test]
fn early_data_and_an_early_close_keep_their_order() {
    let policy = only(ProtocolVersion::TLSv1_2, AES);
    let mut pair = Pair::new(client_config(policy), server_config(policy));
    pair.client.writer().write_all(b"all there is").unwrap();
    pair.client.send_close_notify();
    pair.exchange(|| usize::MAX).unwrap();
    let mut plaintext = String::new();
    pair.server.reader().read_to_string(&mut plaintext).unwrap();
    assert_eq!(plaintext, "all there is");
}

#[test]
fn buffers_are_bounded_each_way() {
    let policy = only(ProtocolVersion::TLSv1_2, AES);
    let (chain, key) = test_identity(1024);
    let server = crate::ServerConfig::builder(policy)
        .certificate(chain, key)
        .buffer_limit(1000)
        .build()
        .unwrap();
    let mut pair = Pair::new(client_config(policy), server);
    assert_eq!(pair.server.writer().write(&[0; 5000]).unwrap(), 1000);
    assert_eq!(pair.server.writer().write(&[0; 5000]).unwrap(), 0);
    let mut pair = pair.established();
    assert_eq!(read(&mut pair.client).len(), 1000);
    assert_eq!(pair.server.writer().write(&[0; 5000]).unwrap(), 1000);
    assert_eq!(pair.server.writer().write(&[0; 5000]).unwrap(), 0);
    let _ = take(&mut pair.server);
    assert_eq!(pair.server.writer().write(&[0; 10]).unwrap(), 10);

    pair.client.writer().write_all(&[7; 2000]).unwrap();
    let wire = take(&mut pair.client);
    deliver(&wire, &mut pair.server, || usize::MAX).unwrap();
    pair.client.writer().write_all(&[8; 10]).unwrap();
    let wire = take(&mut pair.client);
    let error = pair.server.read_tls(&mut &wire[..]).unwrap_err();
    assert!(error.to_string().contains("read the received plaintext"));
    assert!(!pair.server.wants_read());
    assert_eq!(read(&mut pair.server), [7; 2000]);
    deliver(&wire, &mut pair.server, || usize::MAX).unwrap();
    assert_eq!(read(&mut pair.server), [8; 10]);
}

/// A peer that reads, but never all that waits, does not make the memory grow.
#[test]
fn a_slow_reader_does_not_grow_the_outgoing_memory() {
    let mut pair = established(ProtocolVersion::TLSv1_2);
    let server = &mut pair.server;
    server.writer().write_all(&[7; 60_000]).unwrap();
    for _ in 0..500 {
        let mut room = [0; 16_384];
        server.write_tls(&mut &mut room[..]).unwrap();
        assert!(server.writer().write(&[7; 65_536]).unwrap() > 0);
        assert!(server.pump.outgoing.memory() < 300_000);
    }
}

#[test]
fn nothing_follows_our_close_notify() {
    let mut pair = established(ProtocolVersion::TLSv1_2);
    pair.client.send_close_notify();
    let _ = take(&mut pair.client);
    inject(&mut pair.server, ContentType::Handshake, &HELLO_REQUEST);
    cross(&mut pair.server, &mut pair.client).unwrap();
    assert!(!pair.client.wants_write());
    let garbage = bytes(&[record(APPLICATION_DATA, 0x0303, &[0; 64])]);
    deliver(&garbage, &mut pair.client, || usize::MAX).unwrap_err();
    assert!(!pair.client.wants_write());
    assert_eq!(pair.client.sent_alert(), None);
}

/// SSL 3.0's alert in place of a Certificate may not come in the middle of the next message.
#[test]
fn a_no_certificate_alert_inside_a_message_is_refused() {
    let policy = only(ProtocolVersion::SSLv3, AES);
    let (chain, key) = test_identity(1024);
    let server = crate::ServerConfig::builder(policy)
        .certificate(chain, key)
        .client_verifier(crate::dangerous::AcceptAnyCertificate)
        .build()
        .unwrap();
    let mut pair = Pair::new(client_config(policy), server);
    cross(&mut pair.client, &mut pair.server).unwrap();
    cross(&mut pair.server, &mut pair.client).unwrap();
    let mut flight = records(&take(&mut pair.client));
    // The alert, ClientKeyExchange, ChangeCipherSpec, Finished.
    let rest = flight[1].fragment.split_off(10);
    flight.swap(0, 1);
    flight.insert(2, record(HANDSHAKE, 0x0300, &rest));
    let error = deliver(&bytes(&flight), &mut pair.server, || usize::MAX).unwrap_err();
    assert_eq!(error, PeerMisbehaved::InterruptedMessage.into());
}
