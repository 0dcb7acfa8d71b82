//! SSL 2.0's records changed, replayed, padded, cut, and mixed with those of TLS: each gives a
//! clear error, and what is held is bounded.

mod in_memory;

use std::io::Write;
use std::ops::DerefMut;
use std::sync::Arc;

use allocation_counter::measure;
use in_memory::ssl2::by_hand::{HandClient, HandServer, encrypt, master_key, secret, well_padded};
use in_memory::ssl2::messages::{CLIENT_HELLO, SERVER_HELLO};
use in_memory::ssl2::records::{Layer, Record, in_clear};
use in_memory::ssl2::states::{Awaits, Peer, malformed, new_client, plain, well_formed};
use in_memory::ssl2::{either, expect_it_stays, pair, refused, server, ssl2};
use in_memory::wire::{ALERT, HANDSHAKE, bytes, record};
use in_memory::{deliver, read, take};
use retrossl::{
    CipherKind, Connection, Error, Fault, Malformed, PeerMisbehaved, Policy, ServerConnection,
};

/// In the handshake and after it.
#[test]
fn a_changed_record_is_refused() {
    for kind in CipherKind::all() {
        let len = HandServer::keyed(new_client(), kind)
            .seal_verify()
            .fragment
            .len();
        for place in 0..len {
            let mut server = HandServer::keyed(new_client(), kind);
            let mut verify = server.seal_verify();
            verify.fragment[place] ^= 0x10;
            let (error, answer) = refused(&mut server.client, &verify.bytes());
            assert_eq!(error, PeerMisbehaved::BadRecordMac.into());
            assert!(answer.is_empty());
        }
        let mut client = HandClient::finished(&plain(), kind);
        let mut wire = client.layer.seal(b"good");
        wire.extend(client.layer.seal(b"so far"));
        *wire.last_mut().unwrap() ^= 1;
        let error = deliver(&wire, &mut client.server, || usize::MAX).unwrap_err();
        assert_eq!(error, PeerMisbehaved::BadRecordMac.into());
        // Read is what came before, and no clean end after it.
        let mut plaintext = Vec::new();
        let end = std::io::Read::read_to_end(&mut client.server.reader(), &mut plaintext);
        assert_eq!((&plaintext[..], end.is_err()), (&b"good"[..], true));
        assert!(client.server.writer().write(b"more").is_err());
    }
}

#[test]
fn a_record_that_is_replayed_dropped_or_out_of_order_is_refused() {
    for kind in CipherKind::all() {
        let orders: [&[usize]; 4] = [&[0, 0], &[1], &[0, 2], &[1, 0]];
        let bad_mac = Error::from(PeerMisbehaved::BadRecordMac);
        for order in orders {
            let in_order = |layer: &mut Layer| -> Vec<u8> {
                let sealed = [b"one", b"two", b"six"].map(|data| layer.seal(data));
                order.iter().flat_map(|it| sealed[*it].clone()).collect()
            };
            let mut client = HandClient::finished(&plain(), kind);
            let wire = in_order(&mut client.layer);
            let error = deliver(&wire, &mut client.server, || usize::MAX).unwrap_err();
            assert_eq!(error, bad_mac);
            let mut server = HandServer::finished(new_client(), kind);
            let wire = in_order(&mut server.layer);
            let error = deliver(&wire, &mut server.client, || usize::MAX).unwrap_err();
            assert_eq!(error, bad_mac);
        }
        // Encrypted as it must be, but counted as another record.
        for skipped in [-1, 1, i32::MAX] {
            let mut server = HandServer::keyed(new_client(), kind);
            server.layer.skip(skipped);
            let verify = server.seal_verify();
            let (error, _) = refused(&mut server.client, &verify.bytes());
            assert_eq!(error, PeerMisbehaved::BadRecordMac.into());
        }
    }
}

/// A record of the one direction is none of the other.
#[test]
fn a_record_that_is_sent_back_is_refused() {
    for kind in CipherKind::all() {
        let mut client = HandClient::finished(&plain(), kind);
        take(&mut client.server);
        client.server.writer().write_all(b"echo").unwrap();
        let wire = take(&mut client.server);
        let error = deliver(&wire, &mut client.server, || usize::MAX).unwrap_err();
        assert_eq!(error, PeerMisbehaved::BadRecordMac.into());
        assert!(read(&mut client.server).is_empty());
    }
}

#[test]
fn padding_that_lies_is_refused() {
    let refuse = |kind, change: &dyn Fn(&mut Record)| {
        let mut server = HandServer::keyed(new_client(), kind);
        let mut verify = server.seal_verify();
        change(&mut verify);
        refused(&mut server.client, &verify.bytes()).0
    };
    for kind in CipherKind::all() {
        let is_block = kind.to_string().contains("CBC");
        let more_than_there_is = refuse(kind, &|it| it.padding = Some(it.fragment.len() as u8 + 1));
        assert_eq!(malformed(&more_than_there_is), Malformed::LengthOutOfRange);
        let all_of_it = |it: &mut Record| it.padding = Some(it.fragment.len() as u8);
        let into_the_mac = |it: &mut Record| it.padding = Some(it.fragment.len() as u8 - 15);
        for change in [&all_of_it as &dyn Fn(&mut Record), &into_the_mac] {
            let error = refuse(kind, change);
            if is_block {
                assert_eq!(error, PeerMisbehaved::BadRecordMac.into());
            } else {
                assert_eq!(malformed(&error), Malformed::IllegalValue);
            }
        }
        if !is_block {
            let any = refuse(kind, &|it| it.padding = Some(1));
            assert_eq!(malformed(&any), Malformed::IllegalValue);
        }
        let bad_mac = Error::from(PeerMisbehaved::BadRecordMac);
        for len in [1, 7, 8, 15] {
            let cut_short = |it: &mut Record| {
                it.fragment.truncate(len);
                it.padding = None;
            };
            assert_eq!(refuse(kind, &cut_short), bad_mac, "{len}");
        }
        let half_a_block = |it: &mut Record| it.fragment.extend([0; 4]);
        assert_eq!(refuse(kind, &half_a_block), bad_mac);
    }
}

/// Nothing protects the header: whoever changes it can take bytes off a record's end, which SSL 2.0
/// cannot notice; but no more than senders pad with.
#[test]
fn padding_of_a_block_or_more_is_refused() {
    for kind in CipherKind::all().filter(|kind| kind.to_string().contains("CBC")) {
        for padding in [0, 1, 7] {
            let mut client = HandClient::finished(&plain(), kind);
            let data = &b"8 bytes."[..8 - padding];
            let record = client.layer.seal_padded(data, padding);
            deliver(&record.bytes(), &mut client.server, || 1).unwrap();
            assert_eq!(read(&mut client.server), data);
        }
        for padding in [8, 16, 248] {
            let mut client = HandClient::finished(&plain(), kind);
            let record = client.layer.seal_padded(b"8 bytes.", padding);
            let refused = deliver(&record.bytes(), &mut client.server, || 1);
            assert_eq!(refused, Err(PeerMisbehaved::BadRecordMac.into()));
        }
    }
}

#[test]
fn a_header_of_three_bytes_has_no_padding_in_the_clear() {
    let wire = |padding| {
        let encrypted = encrypt(1024, &well_padded(128, &secret(RC4)));
        let fragment = master_key(RC4, encrypted).message();
        Record {
            fragment,
            padding: Some(padding),
        }
        .bytes()
    };
    let mut client = HandClient::greet(&plain(), &[RC4]);
    deliver(&wire(0), &mut client.server, || 1).unwrap();
    let mut client = HandClient::greet(&plain(), &[RC4]);
    let (error, _) = refused(&mut client.server, &wire(1));
    assert_eq!(malformed(&error), Malformed::IllegalValue);
    // A first record has two bytes, or it could be anything.
    let (fragment, padding) = (well_formed(CLIENT_HELLO), Some(0));
    let mut server = ServerConnection::new(plain());
    let (error, _) = refused(&mut server, &Record { fragment, padding }.bytes());
    assert_eq!(malformed(&error), Malformed::NotTls);
}

#[test]
fn empty_records_and_the_security_escape_are_refused_in_every_state() {
    let states = Awaits::ALL.into_iter().filter(|state| !state.is_first());
    for state in states {
        for (header, problem) in [
            (&[0x80, 0][..], Malformed::LengthOutOfRange),
            (&[0, 0, 0], Malformed::LengthOutOfRange),
            (&[0x40, 24], Malformed::IllegalValue),
            (&[0x7f, 0xff, 0], Malformed::IllegalValue),
        ] {
            let mut peer = Peer::at(state);
            let (error, answer) = refused(&mut peer.connection, header);
            assert_eq!(malformed(&error), problem, "{state:?}");
            assert!(answer.is_empty());
        }
    }
}

#[test]
fn records_without_data_are_tolerated_a_few_times_in_a_row() {
    for kind in KINDS {
        let mut client = HandClient::finished(&plain(), kind);
        for _ in 0..2 {
            for _ in 0..32 {
                client.say(b"").unwrap();
            }
            client.say(b"data").unwrap();
        }
        assert_eq!(read(&mut client.server), b"datadata");
        let error = (0..33).find_map(|_| client.say(b"").err()).unwrap();
        assert_eq!(error, PeerMisbehaved::TooManyEmptyRecords.into());
        // In a handshake there is no message in them.
        let mut server = HandServer::keyed(new_client(), kind);
        let wire = server.layer.seal(b"");
        let (error, _) = refused(&mut server.client, &wire);
        assert_eq!(malformed(&error), Malformed::Truncated);
    }
}

/// It is refused as soon as it can be told from a record, or the handshake waits in vain.
#[test]
fn a_record_of_tls_is_none_of_ssl2() {
    let states = Awaits::ALL.into_iter().filter(|state| !state.is_first());
    for state in states {
        for (content_type, fragment) in [(ALERT, &[2, 40][..]), (HANDSHAKE, &[14, 0, 0, 0])] {
            for rest in [0, 6000] {
                let mut peer = Peer::at(state);
                let mut wire = bytes(&[record(content_type, 0x0301, fragment)]);
                wire.resize(wire.len() + rest, 0);
                let result = deliver(&wire, &mut peer.connection, || usize::MAX);
                if rest == 0 {
                    result.unwrap();
                    peer.connection.read_tls(&mut &[][..]).unwrap();
                }
                let error = peer.connection.process_new_packets().unwrap_err();
                let expected = if rest > 0 {
                    Fault::Peer
                } else {
                    Fault::Transport
                };
                assert_eq!(error.fault(), expected, "{state:?} {error}");
                expect_it_stays(&mut peer.connection, &error);
                assert!(take(&mut peer.connection).is_empty());
            }
        }
    }
}

#[test]
fn a_record_of_ssl2_is_none_once_tls_has_begun() {
    let hello = in_clear(&well_formed(CLIENT_HELLO));
    let answer = in_clear(&well_formed(SERVER_HELLO));
    let mut tls = pair(either(), either());
    deliver(&take(&mut tls.client), &mut tls.server, || usize::MAX).unwrap();
    let flight = take(&mut tls.server);
    deliver(&flight, &mut tls.client, || usize::MAX).unwrap();
    for (connection, wire) in [(&mut *tls.server, &hello), (&mut *tls.client, &answer)] {
        let (error, alert) = refused(connection, wire);
        assert_eq!(malformed(&error), Malformed::UnknownContentType(wire[0]));
        assert_eq!(connection.negotiated_cipher_kind(), None);
        assert!(!alert.is_empty());
    }
    let mut tls = pair(either(), either()).established();
    let error = deliver(&hello, &mut tls.server, || usize::MAX).unwrap_err();
    assert_eq!(malformed(&error), Malformed::UnknownContentType(0x80));
}

/// Both protocols' hellos, and nothing but the first bytes decides.
#[test]
fn garbage_that_begins_like_ssl2_is_refused() {
    let garbage: [&[u8]; 10] = [
        &[0x80, 0, 1],
        &[0x80, 1, 1],
        &[0x80, 3, 1, 0, 2],
        &[0x80, 0x2e, 2],
        &[0x80, 0x2e, 9],
        &[0xff, 0xff, 1],
        &[0xff, 0xff, 0xff],
        &[0xc8, 0x01, 1],
        &[0x40, 0x2e, 1],
        &[0x00, 0x2e, 0, 1],
    ];
    for policy in [ssl2(), either(), Policy::HISTORIC.min_rsa_bits(1024)] {
        let server = Arc::new(server(policy).build().unwrap());
        for garbage in garbage {
            for cut in [1, usize::MAX] {
                let mut server = ServerConnection::new(server.clone());
                let error = deliver(garbage, &mut server, || cut).unwrap_err();
                assert_eq!(error.fault(), Fault::Peer, "{garbage:x?} {error}");
                expect_it_stays(&mut server, &error);
            }
        }
        let mut next = 1u32;
        for _ in 0..2000 {
            let mut noise: Vec<u8> = std::iter::repeat_with(|| {
                next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (next >> 24) as u8
            })
            .take(60)
            .collect();
            (noise[0], noise[1], noise[2]) = (0x80, noise[1] % 58 + 1, 1);
            let mut server = ServerConnection::new(server.clone());
            assert!(deliver(&noise, &mut server, || usize::MAX).is_err());
        }
    }
}

#[test]
fn a_first_record_longer_than_any_hello_is_refused_by_its_header() {
    let longest = 18 * 1024;
    for (len, is_refused) in [(longest, false), (longest + 1, true), (0x7fff, true)] {
        let [high, low] = (len as u16).to_be_bytes();
        for (mut connection, kind) in first_connections() {
            let wire = [high | 0x80, low, kind];
            if is_refused {
                let (error, _) = refused(&mut connection, &wire);
                assert_eq!(malformed(&error), Malformed::RecordOverflow(len));
            } else {
                deliver(&wire, &mut connection, || 1).unwrap();
                deliver(&vec![0; len - 2], &mut connection, || usize::MAX).unwrap();
                assert!(connection.is_handshaking());
                let (error, _) = refused(&mut connection, &[0]);
                assert_ne!(malformed(&error), Malformed::RecordOverflow(len));
            }
        }
    }
}

#[test]
fn the_longest_record_is_all_that_is_held() {
    // While a buffer grows the shorter one is there, too.
    let bound = 2 * (0x7fff + 2) + 4096;
    for state in Awaits::ALL.into_iter().filter(|state| !state.is_first()) {
        let mut peer = Peer::at(state);
        let mut wire = vec![0; 0x7fff + 1];
        (wire[0], wire[1]) = (0xff, 0xff);
        let memory = measure(|| {
            deliver(&wire, &mut peer.connection, || usize::MAX).unwrap();
            let (error, _) = refused(&mut peer.connection, &[0]);
            assert_eq!(error.fault(), Fault::Peer);
        });
        assert!(memory.bytes_max < bound, "{state:?} {}", memory.bytes_max);
    }
    // It may be full of data, too.
    let mut client = HandClient::finished(&plain(), RC4);
    let data = vec![1; 0x7fff - 16];
    client.say(&data).unwrap();
    assert_eq!(read(&mut client.server), data);
}

/// A client that has sent its hello, and a server, with what they could be told first.
fn first_connections() -> [(Box<dyn DerefMut<Target = Connection>>, u8); 2] {
    let mut client = new_client();
    take(&mut client);
    let server = ServerConnection::new(plain());
    [
        (Box::new(client), SERVER_HELLO),
        (Box::new(server), CLIENT_HELLO),
    ]
}

const KINDS: [CipherKind; 2] = [RC4, CipherKind::SSL_CK_DES_64_CBC_WITH_MD5];
const RC4: CipherKind = CipherKind::SSL_CK_RC4_128_WITH_MD5;
