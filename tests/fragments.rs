//! Records shorter than the protocol's own: max_fragment_length (RFC 6066 §4) and
//! record_size_limit (RFC 8449), as far as a peer without the keys can tell.

mod in_memory;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use ProtocolVersion::{SSLv3, TLSv1_2};
use in_memory::fragments::{
    Case, FULL, LENGTHS, answered, data_lens, limits, max_fragment_length, pair, record_size_limit,
    server,
};
use in_memory::wire::{
    CHANGE_CIPHER_SPEC, HANDSHAKE, WireRecord, bytes, handshake, last_alert, record, records,
};
use in_memory::{Pair, deliver, only, pin, read, take, test_identity};
use retrossl::{
    AlertDescription, CipherSuite, ClientConfig, MemorySessionStore, ProtocolVersion, Quirk,
    ServerConfig, TicketKeys,
};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

/// What each side says of itself holds for what the other one sends, from behind the ServerHello
/// on; but in clear longer records are taken, too.
#[test]
fn record_size_limits_hold_each_way_on_its_own() {
    Case::each(|case| {
        for (ours, theirs) in [
            (64, Some(FULL)),
            (FULL, Some(64)),
            (100, Some(1000)),
            (512, Some(65)),
            (4097, None),
        ] {
            let mut pair = pair(case.policy(), Some(ours), theirs);
            let theirs = theirs.unwrap_or(FULL);
            deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX).unwrap();
            assert_eq!(pair.server.peer_record_limit(), ours);
            let flight = records(&take(&mut pair.server));
            let expected = [record_size_limit(theirs)];
            assert_eq!(limits(&flight[0].fragment), expected);
            assert_cut(&flight[1..], ours);
            deliver(&joined(&flight), &mut pair.client, || usize::MAX).unwrap();
            let flight = records(&take(&mut pair.client));
            assert_cut(&flight, theirs);
            deliver(&joined(&flight), &mut pair.server, || usize::MAX).unwrap();
            let mut pair = pair.established();
            assert_eq!(pair.client.peer_record_limit(), theirs);
            assert_eq!(pair.server.peer_record_limit(), ours);
            let data = vec![7; 5000];
            pair.client.writer().write_all(&data).unwrap();
            let wire = take(&mut pair.client);
            assert_eq!(data_lens(&wire), case.sealed(5000, theirs), "{case:?}");
            deliver(&wire, &mut pair.server, || usize::MAX).unwrap();
            assert_eq!(read(&mut pair.server), data);
            pair.server.writer().write_all(&data).unwrap();
            let wire = take(&mut pair.server);
            assert_eq!(data_lens(&wire), case.sealed(5000, ours), "{case:?}");
            deliver(&wire, &mut pair.client, || usize::MAX).unwrap();
            assert_eq!(read(&mut pair.client), data);
            pair.client.send_close_notify();
            let end = take(&mut pair.client);
            deliver(&end, &mut pair.server, || usize::MAX).unwrap();
            assert!(!pair.server.wants_read());
        }
    });
}

#[test]
fn who_has_no_limit_is_not_limited() {
    for version in in_memory::ssl3_and_later() {
        for server_limit in [None, Some(64)] {
            let mut pair = pair(only(version, AES), None, server_limit).established();
            assert_eq!(pair.client.peer_record_limit(), FULL);
            assert_eq!(pair.server.peer_record_limit(), FULL);
            pair.echo(&[7; 40_000], || usize::MAX);
        }
    }
    // Nor where it cannot be told.
    for policy in [
        only(SSLv3, AES),
        only(TLSv1_2, AES).quirk(Quirk::NoExtensions),
    ] {
        let mut pair = pair(policy, Some(64), Some(64)).established();
        pair.echo(&[7; 40_000], || usize::MAX);
    }
}

/// However short the records, a chain of three crosses both ways.
#[test]
fn handshake_messages_cross_in_the_shortest_records() {
    Case::each(|case| {
        for limit in [64, 65, 100, 300, 511, 512] {
            let mut pair = pair(case.policy(), Some(limit), Some(limit));
            while pair.client.is_handshaking() || pair.server.is_handshaking() {
                let flight = take(&mut pair.client);
                deliver(&cut(&flight, limit), &mut pair.server, || usize::MAX).unwrap();
                let flight = take(&mut pair.server);
                deliver(&cut(&flight, limit), &mut pair.client, || usize::MAX).unwrap();
            }
            for side in [&*pair.client, &*pair.server] {
                assert_eq!(side.peer_certificates().map(<[_]>::len), Some(3));
            }
            pair.echo(&[7; 1000], || usize::MAX);
        }
    });
}

/// Neighbouring handshake records in clear made one.
fn joined(flight: &[WireRecord]) -> Vec<u8> {
    let mut joined: Vec<WireRecord> = Vec::new();
    for next in flight {
        match joined.last_mut() {
            Some(last) if [last.content_type, next.content_type] == [HANDSHAKE; 2] => {
                last.fragment.extend(&next.fragment);
            }
            _ => joined.push(next.clone()),
        }
    }
    assert!(joined[0].fragment.len() > 1024);
    bytes(&joined)
}

/// Handshake records in clear, cut to `limit`; what follows a ChangeCipherSpec stays as it is.
fn cut(flight: &[u8], limit: usize) -> Vec<u8> {
    let mut is_clear = true;
    let pieces = records(flight).into_iter().flat_map(|whole| {
        is_clear &= whole.content_type == HANDSHAKE;
        let limit = if is_clear { limit } else { usize::MAX };
        let cut = whole.fragment.chunks(limit.min(whole.fragment.len()));
        cut.map(|piece| record(whole.content_type, whole.version, piece))
            .collect::<Vec<_>>()
    });
    bytes(&pieces.collect::<Vec<_>>())
}

/// The records that are sent in a renegotiation and the data behind it, each way: how long the
/// longest are before ChangeCipherSpec, and behind it.
fn longest(wire: &[u8]) -> [usize; 2] {
    let records = records(wire);
    let mut sides = records.splitn(2, |record| record.content_type == CHANGE_CIPHER_SPEC);
    let mut longest = || {
        let lens = sides.next().unwrap().iter().map(|it| it.fragment.len());
        lens.max().unwrap()
    };
    [longest(), longest()]
}

/// A new handshake's limits come with its keys: until then the old ones hold.
#[test]
fn every_handshake_agrees_afresh() {
    Case::each(|case| {
        for (before, after) in [(64, 1000), (1000, 64), (64, FULL), (100, 100)] {
            let mut pair = pair(case.policy(), Some(64), Some(before)).established();
            let asking = server(case.policy()).max_fragment(after).build().unwrap();
            pair.server.renegotiate_with(Arc::new(asking)).unwrap();
            let request = take(&mut pair.server);
            deliver(&request, &mut pair.client, || usize::MAX).unwrap();
            // The ClientHello goes before anybody knows of the new limit.
            let hello = take(&mut pair.client);
            deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
            let [mut from_client, mut from_server] = [Vec::new(), Vec::new()];
            while pair.client.wants_write() || pair.server.wants_write() {
                let flight = take(&mut pair.server);
                deliver(&flight, &mut pair.client, || usize::MAX).unwrap();
                from_server.extend(flight);
                let flight = take(&mut pair.client);
                deliver(&flight, &mut pair.server, || usize::MAX).unwrap();
                from_client.extend(flight);
            }
            assert_eq!([pair.client.handshakes(), pair.server.handshakes()], [2; 2]);
            assert_eq!(pair.client.peer_record_limit(), after);
            assert_eq!(pair.server.peer_record_limit(), 64);
            pair.client.writer().write_all(&[7; 20_000]).unwrap();
            let data = take(&mut pair.client);
            deliver(&data, &mut pair.server, || usize::MAX).unwrap();
            assert_eq!(read(&mut pair.server), [7; 20_000]);
            from_client.extend(data);
            pair.server.writer().write_all(&[7; 2000]).unwrap();
            let data = take(&mut pair.server);
            deliver(&data, &mut pair.client, || usize::MAX).unwrap();
            assert_eq!(read(&mut pair.client), [7; 2000]);
            from_server.extend(data);
            let [early, late] = [before.min(after), after].map(|limit| case.sealed_len(limit));
            assert_eq!(longest(&from_client), [early, late], "{case:?}");
            let limit = case.sealed_len(64);
            assert_eq!(longest(&from_server), [limit, limit], "{case:?}");
        }
    });
}

#[test]
fn a_resumed_session_has_the_limits_of_its_own_hellos() {
    for version in in_memory::ssl3_and_later().filter(|it| *it > SSLv3) {
        let policy = only(version, AES);
        let keys = Arc::new(TicketKeys::rotating(Duration::from_secs(3600)));
        let store = Arc::new(MemorySessionStore::new(10));
        let ours = |bytes| {
            let client = ClientConfig::builder(policy).verifier(pin(1024));
            let client = client.session_store(store.clone());
            let client = client.ticket_keys(keys.clone()).max_fragment(bytes);
            client.build().unwrap()
        };
        let (chain, key) = test_identity(1024);
        let theirs = |bytes| {
            let server = ServerConfig::builder(policy).certificate(chain.clone(), key.clone());
            let server = server.ticket_keys(keys.clone()).max_fragment(bytes);
            server.build().unwrap()
        };
        Pair::new(ours(512), theirs(100)).established();
        let mut pair = Pair::new(ours(512), theirs(200)).established();
        assert!(pair.client.session_resumed() && pair.server.session_resumed());
        assert_eq!(pair.client.peer_record_limit(), 200);
        assert_eq!(pair.server.peer_record_limit(), 512);
        pair.echo(&[7; 5000], || usize::MAX);
        // A session made with another length is not offered: a server may stick to that one.
        let pair = Pair::new(ours(1024), theirs(200)).established();
        assert!(!pair.client.session_resumed());
    }
}

/// Both sides' first flights at a max_fragment_length, for which the newer extension is taken
/// out of the hello on its way.
fn at_max_fragment_length(version: ProtocolVersion, code: u8, limit: usize) -> Pair {
    let mut pair = pair(only(version, AES), Some(limit), None);
    let flight = answered(&mut pair, &[max_fragment_length(code)]).unwrap();
    assert_eq!(pair.server.peer_record_limit(), limit);
    assert_eq!(limits(&flight[0].fragment), [max_fragment_length(code)]);
    assert_cut(&flight, limit);
    deliver(&bytes(&flight[..1]), &mut pair.client, || usize::MAX).unwrap();
    assert_eq!(pair.client.peer_record_limit(), limit);
    deliver(&bytes(&flight[1..]), &mut pair.client, || usize::MAX).unwrap();
    pair
}

/// The longest records are as long as they may be.
fn assert_cut(flight: &[WireRecord], limit: usize) {
    let in_clear = flight
        .iter()
        .take_while(|record| record.content_type == HANDSHAKE);
    let longest = in_clear.map(|record| record.fragment.len()).max().unwrap();
    // The chains take about 1700 bytes.
    let full = limit < 2048;
    assert!(longest == limit || (!full && longest < limit), "{longest}");
}

#[test]
fn a_max_fragment_length_holds_at_once() {
    for version in in_memory::ssl3_and_later().filter(|it| *it > SSLv3) {
        for (code, limit) in LENGTHS {
            let mut pair = at_max_fragment_length(version, code, limit);
            let flight = records(&take(&mut pair.client));
            assert_cut(&flight, limit);
            // The hello was tampered with, which only Finished shows.
            let error = deliver(&bytes(&flight), &mut pair.server, || usize::MAX).unwrap_err();
            let told = error.alert().unwrap();
            assert!(
                [
                    AlertDescription::DECRYPT_ERROR,
                    AlertDescription::BAD_RECORD_MAC
                ]
                .contains(&told),
                "{error}"
            );
        }
    }
}

#[test]
fn a_handshake_record_above_a_max_fragment_length_is_refused() {
    for version in in_memory::ssl3_and_later().filter(|it| *it > SSLv3) {
        for (code, limit) in LENGTHS {
            // The length of an unfinished Certificate, as long as it may be and one longer.
            for (len, expected) in [
                (limit, None),
                (limit + 1, Some(AlertDescription::RECORD_OVERFLOW)),
            ] {
                let mut certificate = handshake(version.wire(), 11, &vec![0; 2 * limit]);
                certificate.fragment.truncate(len);
                let certificate = bytes(&[certificate]);

                let mut pair = pair(only(version, AES), Some(limit), None);
                let flight = answered(&mut pair, &[max_fragment_length(code)]).unwrap();
                let hello = bytes(&flight[..1]);
                deliver(&hello, &mut pair.client, || usize::MAX).unwrap();
                let result = deliver(&certificate, &mut pair.client, || usize::MAX);
                assert_eq!(result.err().and_then(|error| error.alert()), expected);

                let mut pair = at_max_fragment_length(version, code, limit);
                let result = deliver(&certificate, &mut pair.server, || usize::MAX);
                assert_eq!(result.err().and_then(|error| error.alert()), expected);
                if let Some(alert) = expected {
                    let sent = last_alert(&take(&mut pair.server));
                    assert_eq!(sent, Some([2, alert.0]));
                }
            }
        }
    }
}
