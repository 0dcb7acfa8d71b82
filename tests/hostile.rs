//! Messages skipped, repeated, reordered, injected, changed: each gives a clear error and the
//! right alert, and nothing completes.

mod in_memory;

use std::time::{Duration, Instant};

use allocation_counter::measure;
use in_memory::flights::{client_flight, expect_alert, first_flights, refused};
use in_memory::wire::{
    ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, WireRecord, bytes, handshake,
    last_alert, record,
};
use in_memory::{
    Pair, client_config, deliver, each_version_and_suite, only, pin, server_config, take,
    test_identity,
};
use retrossl::{
    AlertDescription, CipherSuite, ClientConfig, Connection, Error, Fault, Policy, ProtocolVersion,
    ServerConfig, dangerous,
};

const RC4: CipherSuite = CipherSuite::TLS_RSA_WITH_RC4_128_SHA;
const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
const TLS12: ProtocolVersion = ProtocolVersion::TLSv1_2;

/// The server's state after the first flights, and the client's second flight.
fn second_flight(policy: Policy) -> (Pair, Vec<WireRecord>) {
    second_flight_of(Pair::under(policy))
}

fn second_flight_of(mut pair: Pair) -> (Pair, Vec<WireRecord>) {
    let flight = client_flight(&mut pair);
    (pair, flight)
}

#[test]
fn a_server_flight_with_a_message_missing_or_twice_is_refused() {
    for version in in_memory::ssl3_and_later() {
        let policy = only(version, AES);
        // ServerHello, Certificate, ServerHelloDone: the last one's absence only waits.
        for missing in 0..2 {
            let (mut pair, mut flight) = first_flights(policy);
            flight.remove(missing);
            refused(
                &mut pair.client,
                &flight,
                AlertDescription::UNEXPECTED_MESSAGE,
            );
            expect_alert(
                &mut pair.client,
                version,
                AlertDescription::UNEXPECTED_MESSAGE,
            );
        }
        for twice in 0..2 {
            let (mut pair, mut flight) = first_flights(policy);
            flight.insert(twice, flight[twice].clone());
            refused(
                &mut pair.client,
                &flight,
                AlertDescription::UNEXPECTED_MESSAGE,
            );
        }
        for swapped in 0..2 {
            let (mut pair, mut flight) = first_flights(policy);
            flight.swap(swapped, swapped + 1);
            refused(
                &mut pair.client,
                &flight,
                AlertDescription::UNEXPECTED_MESSAGE,
            );
        }
    }
}

#[test]
fn a_client_flight_with_a_message_missing_or_twice_is_refused() {
    for version in in_memory::ssl3_and_later() {
        let policy = only(version, AES);
        let broken = |change: &dyn Fn(&mut Vec<WireRecord>)| {
            let (mut pair, mut flight) = second_flight(policy);
            assert_eq!(
                flight.len(),
                3,
                "ClientKeyExchange, ChangeCipherSpec, Finished"
            );
            change(&mut flight);
            deliver(&bytes(&flight), &mut pair.server, || usize::MAX).unwrap_err()
        };
        let unexpected = Some(AlertDescription::UNEXPECTED_MESSAGE);
        let bad_mac = Some(AlertDescription::BAD_RECORD_MAC);
        // Early ChangeCipherSpec (CVE-2014-0224).
        assert_eq!(broken(&|flight| drop(flight.remove(0))).alert(), unexpected);
        assert_eq!(broken(&|flight| flight.swap(0, 1)).alert(), unexpected);
        assert_eq!(
            broken(&|flight| flight.insert(0, flight[0].clone())).alert(),
            unexpected
        );
        // A second ChangeCipherSpec in clear is no record under the new keys.
        assert_eq!(
            broken(&|flight| flight.insert(1, flight[1].clone())).alert(),
            bad_mac
        );
        // Without it, Finished is what it is encrypted to: no message that could be expected, or,
        // once in a while, the start of one that is long.
        let (mut pair, mut flight) = second_flight(policy);
        flight.remove(1);
        match deliver(&bytes(&flight), &mut pair.server, || usize::MAX) {
            Err(error) => assert_eq!(error.fault(), Fault::Peer, "{error}"),
            Ok(()) => assert!(pair.server.is_handshaking()),
        }
    }
}

/// So short that all fit into one message, and too long for that.
#[test]
fn ten_thousand_certificates_are_refused_by_either_side() {
    let alert = AlertDescription::DECODE_ERROR;
    for version in in_memory::ssl3_and_later() {
        for (len, text, limit) in [
            (1, "Certificate: it has too many certificates", 256),
            (4, "Certificate: it has too many certificates", 256),
            // By the message's header.
            (20, "Certificate: it is 230003 bytes long", 64),
        ] {
            let policy = only(version, AES);
            let flood = certificates(version.wire(), 10_000, len);
            let (mut pair, mut flight) = first_flights(policy);
            flight.splice(1..2, flood.clone());
            let error = refused_within(&mut pair.client, &flight, limit);
            assert_eq!(error.alert(), Some(alert), "{error}");
            assert!(error.to_string().contains(text), "{error}");
            expect_alert(&mut pair.client, version, alert);

            let (chain, key) = test_identity(1024);
            let asking = ServerConfig::builder(policy)
                .certificate(chain, key)
                .client_verifier(dangerous::AcceptAnyCertificate);
            let pair = Pair::new(client_config(policy), asking.build().unwrap());
            let (mut pair, mut flight) = second_flight_of(pair);
            // The client's answer that it has none.
            flight.splice(0..1, flood);
            let error = refused_within(&mut pair.server, &flight, limit);
            assert_eq!(error.alert(), Some(alert), "{error}");
            assert!(error.to_string().contains(text), "{error}");
            expect_alert(&mut pair.server, version, alert);
        }
    }
}

/// A Certificate message with `count` certificates of `len` bytes each, in full records.
fn certificates(version: u16, count: usize, len: usize) -> Vec<WireRecord> {
    let u24 = |len: usize| (len as u32).to_be_bytes()[1..].to_vec();
    let list = [u24(len), vec![0x30; len]].concat().repeat(count);
    let message = handshake(version, 11, &[u24(list.len()), list].concat());
    let fragments = message.fragment.chunks(1 << 14);
    fragments
        .map(|fragment| record(HANDSHAKE, version, fragment))
        .collect()
}

/// Delivers `flight`, which is to be refused at once, and with at most so many KiB on the heap.
fn refused_within(by: &mut Connection, flight: &[WireRecord], limit: u64) -> Error {
    let wire = bytes(flight);
    let mut result = Ok(());
    let start = Instant::now();
    let info = measure(|| result = deliver(&wire, by, || usize::MAX));
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(info.bytes_max < limit << 10, "{}", info.bytes_max);
    result.unwrap_err()
}

/// FREAK: plain RSA suites have no ServerKeyExchange, and export suites have none where the
/// certificate's key is short enough (here it has 1024 bits).
#[test]
fn a_server_key_exchange_is_refused_where_the_suite_calls_for_none() {
    each_version_and_suite(|version, suite| {
        if suite.to_string().contains("EXPORT_") {
            return;
        }
        let (mut pair, mut flight) = first_flights(only(version, suite));
        flight.insert(2, handshake(version.wire(), 12, &[0; 100]));
        let error = refused(
            &mut pair.client,
            &flight,
            AlertDescription::UNEXPECTED_MESSAGE,
        );
        assert!(error.to_string().contains("ServerKeyExchange"), "{error}");
    });
}

#[test]
fn records_of_another_kind_have_no_place_in_a_handshake() {
    for version in in_memory::ssl3_and_later() {
        let wire = version.wire();
        let unexpected = AlertDescription::UNEXPECTED_MESSAGE;
        for intruder in [
            record(APPLICATION_DATA, wire, b"early"),
            record(CHANGE_CIPHER_SPEC, wire, &[1]),
            handshake(wire, 20, &[0; 12]),
            handshake(wire, 99, &[1, 2, 3]),
        ] {
            for place in 0..3 {
                let (mut pair, mut flight) = first_flights(only(version, AES));
                flight.insert(place, intruder.clone());
                refused(&mut pair.client, &flight, unexpected);

                let (mut pair, mut flight) = second_flight(only(version, AES));
                flight.insert(0, intruder.clone());
                refused(&mut pair.server, &flight, unexpected);
            }
        }
    }
}

#[test]
fn a_change_cipher_spec_inside_a_message_is_refused() {
    let (mut pair, mut flight) = second_flight(only(TLS12, AES));
    let rest = flight[0].fragment.split_off(10);
    flight.insert(2, record(HANDSHAKE, TLS12.wire(), &rest));
    let error = refused(
        &mut pair.server,
        &flight,
        AlertDescription::UNEXPECTED_MESSAGE,
    );
    assert!(error.to_string().contains("change of keys"), "{error}");
}

#[test]
fn a_change_cipher_spec_that_is_not_one_byte_of_value_1_is_refused() {
    for fragment in [&[0][..], &[2], &[1, 1]] {
        let (mut pair, mut flight) = second_flight(only(TLS12, AES));
        flight[1].fragment = fragment.to_vec();
        refused(
            &mut pair.server,
            &flight,
            AlertDescription::ILLEGAL_PARAMETER,
        );
    }
}

/// Every change of one byte in clear: never a panic, and never a handshake that completes. The
/// one exception is the first record's minor version, which is free (RFC 5246 appendix E.1).
#[test]
fn a_changed_byte_never_completes_a_handshake() {
    const MINOR_VERSION: usize = 2;
    for version in [ProtocolVersion::SSLv3, TLS12] {
        let policy = only(version, RC4);
        let hello_len = take(&mut Pair::under(policy).client).len();
        for place in (0..hello_len).filter(|place| *place != MINOR_VERSION) {
            let mut pair = Pair::under(policy);
            let mut hello = take(&mut pair.client);
            hello[place] ^= 0x5a;
            let _ = deliver(&hello, &mut pair.server, || usize::MAX);
            let _ = pair.exchange(|| usize::MAX);
            assert!(!completed(&pair), "{place}");
        }
        let (_, flight) = first_flights(policy);
        for place in (0..bytes(&flight).len()).filter(|place| *place != MINOR_VERSION) {
            let (mut pair, flight) = first_flights(policy);
            let mut flight = bytes(&flight);
            flight[place] ^= 0x5a;
            let _ = deliver(&flight, &mut pair.client, || usize::MAX);
            let _ = pair.exchange(|| usize::MAX);
            assert!(!completed(&pair), "{place}");
        }
    }
}

fn completed(pair: &Pair) -> bool {
    let complete =
        |connection: &Connection| !connection.is_handshaking() && connection.error().is_none();
    complete(&pair.client) && complete(&pair.server)
}

#[test]
fn a_truncated_transport_is_told_apart_from_a_clean_end() {
    use std::io::Read;

    let (mut pair, _) = first_flights(only(TLS12, AES));
    pair.client.read_tls(&mut &[][..]).unwrap();
    assert_eq!(
        pair.client.process_new_packets().unwrap_err(),
        Error::TruncatedHandshake
    );
    assert!(take(&mut pair.client).is_empty());

    let mut pair = Pair::under(only(TLS12, AES)).established();
    std::io::Write::write_all(&mut pair.server.writer(), b"the last words").unwrap();
    deliver(&take(&mut pair.server), &mut pair.client, || usize::MAX).unwrap();
    pair.client.read_tls(&mut &[][..]).unwrap();
    pair.client.process_new_packets().unwrap();
    let mut plaintext = Vec::new();
    let error = pair
        .client
        .reader()
        .read_to_end(&mut plaintext)
        .unwrap_err();
    assert_eq!(plaintext, b"the last words");
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    assert_eq!(
        error.get_ref().unwrap().downcast_ref(),
        Some(&Error::Truncated)
    );
}

#[test]
fn plaintext_from_before_an_error_can_be_read_after_it() {
    use std::io::{Read, Write};

    let mut pair = Pair::under(only(TLS12, AES)).established();
    pair.server.writer().write_all(b"good").unwrap();
    let mut wire = take(&mut pair.server);
    wire.extend(bytes(&[record(APPLICATION_DATA, 0x0303, &[0; 64])]));
    let error = deliver(&wire, &mut pair.client, || usize::MAX).unwrap_err();
    assert_eq!(error.alert(), Some(AlertDescription::BAD_RECORD_MAC));
    let mut plaintext = [0; 4];
    pair.client.reader().read_exact(&mut plaintext).unwrap();
    assert_eq!(&plaintext, b"good");
    let error = pair.client.reader().read(&mut plaintext).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    assert!(pair.client.writer().write(b"more").is_err());
    assert!(pair.client.wants_write(), "the alert can still be drained");
}

#[test]
fn a_fatal_alert_ends_both_sides_without_an_answer() {
    let (mut pair, _) = first_flights(only(TLS12, AES));
    let alert = bytes(&[record(ALERT, 0x0303, &[2, 40])]);
    let error = deliver(&alert, &mut pair.client, || usize::MAX).unwrap_err();
    assert_eq!(
        error,
        Error::AlertReceived(AlertDescription::HANDSHAKE_FAILURE)
    );
    assert!(!pair.client.wants_write());
}

#[test]
fn what_is_refused_stays_readable() {
    let (chain, key) = test_identity(2048);
    let server = ServerConfig::builder(Policy::COMPATIBLE)
        .certificate(chain.clone(), key)
        .build()
        .unwrap();
    let client = ClientConfig::builder(Policy::COMPATIBLE)
        .verifier(pin(1024))
        .build()
        .unwrap();
    let mut pair = Pair::new(client, server);
    let error = pair.exchange(|| usize::MAX).unwrap_err();
    assert_eq!(error.fault(), Fault::Settings);
    let fingerprint = retrossl::Fingerprint::of(&chain[0]).to_string();
    assert!(error.to_string().contains(&fingerprint), "{error}");
    assert_eq!(pair.client.peer_certificates(), Some(&chain[..]));
    assert_eq!(pair.client.protocol_version(), Some(TLS12));
    assert!(pair.client.negotiated_cipher_suite().is_some());
    assert_eq!(pair.client.server_hello().unwrap().server_version(), 0x0303);
    let alert = take(&mut pair.client);
    let error = deliver(&alert, &mut pair.server, || usize::MAX).unwrap_err();
    let unknown = AlertDescription::CERTIFICATE_UNKNOWN;
    assert_eq!(error, Error::AlertReceived(unknown));
}

#[test]
fn sides_with_nothing_in_common_part_with_an_alert() {
    use ProtocolVersion::{SSLv3, TLSv1_0, TLSv1_1};
    let version = AlertDescription::PROTOCOL_VERSION;
    let failure = AlertDescription::HANDSHAKE_FAILURE;
    for (client, server, alert) in [
        (only(TLSv1_0, AES), only(TLS12, AES), version),
        (only(SSLv3, AES), only(TLSv1_1, AES), version),
        (only(TLS12, AES), only(TLS12, RC4), failure),
    ] {
        let mut pair = Pair::new(client_config(client), server_config(server));
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        assert_eq!(error.alert(), Some(alert));
        assert_eq!(error.fault(), Fault::Settings);
    }
    // The server is older than the client's policy: the client says no.
    let mut pair = Pair::new(
        client_config(Policy::EVERYTHING.versions(TLSv1_1, TLS12)),
        server_config(only(TLSv1_0, AES)),
    );
    let hello = take(&mut pair.client);
    deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
    let error = pair.exchange(|| usize::MAX).unwrap_err();
    assert_eq!(error.alert(), Some(version));
    assert!(error.to_string().contains("TLSv1.0"), "{error}");
}

#[test]
fn garbage_is_refused_at_once() {
    for garbage in [
        &b"GET / HTTP/1.0\r\n\r\n"[..],
        &[0; 100],
        b"\x16\x03\x01\x48\x01",
        b"\x80\x03\x01\x00\x02",
        b"\x80\x01\x04\x00",
    ] {
        let mut pair = Pair::under(Policy::EVERYTHING);
        let error = deliver(garbage, &mut pair.server, || usize::MAX).unwrap_err();
        assert_eq!(error.fault(), Fault::Peer);
        assert!(last_alert(&take(&mut pair.server)).is_some());
    }
}
