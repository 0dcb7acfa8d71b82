//! How a limit on records is agreed on: what is offered, answered and refused (RFC 6066 §4,
//! RFC 8449).

mod in_memory;

use std::slice::from_ref;
use std::sync::Arc;

use ProtocolVersion::{SSLv3, TLSv1_0, TLSv1_2};
use in_memory::fragments::{
    FULL, LENGTHS, MAX_FRAGMENT_LENGTH, RECORD_SIZE_LIMIT, answered, client, limits,
    max_fragment_length, pair, record_size_limit, server, take_changed,
};
use in_memory::wire::{bytes, records};
use in_memory::{deliver, only, take};
use retrossl::{
    AlertDescription, CipherSuite, ConfigError, Error, Policy, ProtocolVersion, Quirk,
    ServerConnection,
};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

#[test]
fn a_limit_out_of_range_is_refused() {
    for bytes in [0, 63, FULL + 1, usize::MAX] {
        let expected = ConfigError::BadMaxFragment(bytes);
        assert!(expected.to_string().contains("64 to 16384"));
        let client = client(Policy::HISTORIC).max_fragment(bytes).build();
        assert_eq!(client.unwrap_err(), expected);
        let server = server(Policy::HISTORIC).max_fragment(bytes).build();
        assert_eq!(server.unwrap_err(), expected);
    }
    for bytes in [64, FULL] {
        client(Policy::HISTORIC)
            .max_fragment(bytes)
            .build()
            .unwrap();
        server(Policy::HISTORIC)
            .max_fragment(bytes)
            .build()
            .unwrap();
    }
}

#[test]
fn a_client_offers_what_its_limit_calls_for() {
    let offered = |policy, limit| {
        let mut pair = pair(policy, limit, None);
        limits(&records(&take(&mut pair.client))[0].fragment)
    };
    let policy = Policy::HISTORIC;
    assert_eq!(offered(policy, None), []);
    for (limit, code) in [
        (64, None),
        (511, None),
        (512, Some(1)),
        (1023, Some(1)),
        (1024, Some(2)),
        (2048, Some(3)),
        (4095, Some(3)),
        (4096, Some(4)),
        (FULL - 1, Some(4)),
        (FULL, None),
    ] {
        let mut expected = vec![record_size_limit(limit)];
        expected.extend(code.map(max_fragment_length));
        assert_eq!(offered(policy, Some(limit)), expected);
    }
    assert_eq!(offered(policy.quirk(Quirk::NoExtensions), Some(512)), []);
    assert_eq!(offered(only(SSLv3, AES), Some(512)), []);
}

#[test]
fn a_server_answers_the_newer_of_what_is_offered() {
    let answer = |policy, own, offers: &[(u16, Vec<u8>)]| {
        let flight = answered(&mut pair(policy, None, own), offers).unwrap();
        limits(&flight[0].fragment)
    };
    for version in in_memory::ssl3_and_later().filter(|it| *it > SSLv3) {
        let policy = only(version, AES);
        assert_eq!(answer(policy, Some(512), &[]), []);
        for (code, _) in LENGTHS {
            let older = max_fragment_length(code);
            for own in [None, Some(64), Some(FULL)] {
                // The server's own limit gives way.
                assert_eq!(answer(policy, own, from_ref(&older)), from_ref(&older));
                // A client that also speaks TLS 1.3 offers 16385.
                for newer in [64, 100, FULL, FULL + 1, 0xffff].map(record_size_limit) {
                    let expected = [record_size_limit(own.unwrap_or(FULL))];
                    let both = [older.clone(), newer.clone()];
                    assert_eq!(answer(policy, own, &both), expected);
                    let both = [newer.clone(), older.clone()];
                    assert_eq!(answer(policy, own, &both), expected);
                    assert_eq!(answer(policy, own, &[newer]), expected);
                }
            }
        }
    }
    // There are no such extensions at SSL 3.0.
    let ssl3 = only(SSLv3, AES);
    assert_eq!(answer(ssl3, None, &[record_size_limit(64)]), []);
    assert_eq!(answer(ssl3, None, &[max_fragment_length(1)]), []);
}

/// Bodies that neither side may send, and the alerts that they cause.
fn bad_bodies() -> Vec<((u16, Vec<u8>), AlertDescription)> {
    use AlertDescription as Alert;
    [
        (MAX_FRAGMENT_LENGTH, &[][..], Alert::DECODE_ERROR),
        (MAX_FRAGMENT_LENGTH, &[1, 1], Alert::DECODE_ERROR),
        (MAX_FRAGMENT_LENGTH, &[0], Alert::ILLEGAL_PARAMETER),
        (MAX_FRAGMENT_LENGTH, &[5], Alert::ILLEGAL_PARAMETER),
        (MAX_FRAGMENT_LENGTH, &[255], Alert::ILLEGAL_PARAMETER),
        (RECORD_SIZE_LIMIT, &[], Alert::DECODE_ERROR),
        (RECORD_SIZE_LIMIT, &[64], Alert::DECODE_ERROR),
        (RECORD_SIZE_LIMIT, &[0, 64, 0], Alert::DECODE_ERROR),
        (RECORD_SIZE_LIMIT, &[0, 0], Alert::ILLEGAL_PARAMETER),
        (RECORD_SIZE_LIMIT, &[0, 63], Alert::ILLEGAL_PARAMETER),
    ]
    .map(|(kind, body, alert)| ((kind, body.to_vec()), alert))
    .to_vec()
}

#[test]
fn a_server_refuses_what_does_not_stand_in_the_specifications() {
    for version in in_memory::ssl3_and_later() {
        for (offer, alert) in bad_bodies() {
            for (good, own) in [(None, None), (Some(record_size_limit(64)), Some(512))] {
                let good = good.filter(|(kind, _)| *kind != offer.0);
                let mut pair = pair(only(version, AES), None, own);
                let offers: Vec<_> = good.into_iter().chain([offer.clone()]).collect();
                let error = answered(&mut pair, &offers).unwrap_err();
                assert_eq!(error.alert(), Some(alert), "{version}, {offer:?}: {error}");
            }
        }
    }
}

/// What a client with this limit says to these of the two extensions in a ServerHello.
fn judged(
    version: ProtocolVersion,
    limit: Option<usize>,
    answers: &[(u16, Vec<u8>)],
) -> Result<usize, Error> {
    let mut pair = pair(Policy::HISTORIC.versions(SSLv3, TLSv1_2), limit, Some(FULL));
    let server = server(only(version, AES)).build().unwrap();
    pair.server = ServerConnection::new(Arc::new(server));
    deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX)?;
    let flight = take_changed(&mut pair.server, |extensions| {
        extensions.retain(|(kind, _)| *kind != RECORD_SIZE_LIMIT);
        extensions.extend(answers.iter().cloned());
    });
    deliver(&bytes(&flight[..1]), &mut pair.client, || usize::MAX)?;
    Ok(pair.client.peer_record_limit())
}

#[test]
fn a_client_refuses_answers_that_do_not_fit() {
    use AlertDescription as Alert;
    for version in in_memory::ssl3_and_later().filter(|it| *it > SSLv3) {
        let alert = |limit, answers: &[_]| {
            let error = judged(version, limit, answers).unwrap_err();
            error.alert().unwrap()
        };
        for (answer, expected) in bad_bodies() {
            assert_eq!(alert(Some(512), &[answer]), expected);
        }
        for (code, limit) in LENGTHS {
            for (other, _) in LENGTHS.into_iter().filter(|(other, _)| *other != code) {
                let answer = max_fragment_length(other);
                assert_eq!(alert(Some(limit), &[answer]), Alert::ILLEGAL_PARAMETER);
            }
            let newer = record_size_limit(FULL);
            let older = max_fragment_length(code);
            let both = [newer.clone(), older.clone()];
            assert_eq!(alert(Some(limit), &both), Alert::ILLEGAL_PARAMETER);
            let both = [older.clone(), newer.clone()];
            assert_eq!(alert(Some(limit), &both), Alert::ILLEGAL_PARAMETER);
            // Neither of them was offered.
            assert_eq!(alert(None, &[older]), Alert::UNSUPPORTED_EXTENSION);
            assert_eq!(alert(None, &[newer]), Alert::UNSUPPORTED_EXTENSION);
        }
        // Below 512 and at the full length only the newer one is offered.
        for limit in [511, FULL] {
            let answer = [max_fragment_length(1)];
            assert_eq!(alert(Some(limit), &answer), Alert::UNSUPPORTED_EXTENSION);
        }
    }
    for answer in [max_fragment_length(1), record_size_limit(512)] {
        let error = judged(SSLv3, Some(512), &[answer]).unwrap_err();
        assert_eq!(error.alert(), Some(Alert::UNSUPPORTED_EXTENSION));
    }
}

#[test]
fn a_client_takes_the_answers_that_fit() {
    for version in in_memory::ssl3_and_later().filter(|it| *it > SSLv3) {
        assert_eq!(judged(version, Some(700), &[]), Ok(FULL));
        assert_eq!(
            judged(version, Some(700), &[max_fragment_length(1)]),
            Ok(512)
        );
        for (bytes, expected) in [(64, 64), (FULL, FULL), (FULL + 1, FULL)] {
            let answer = record_size_limit(bytes);
            assert_eq!(judged(version, Some(700), &[answer]), Ok(expected));
        }
    }
    assert_eq!(judged(TLSv1_0, None, &[]), Ok(FULL));
}
