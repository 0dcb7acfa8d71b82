//! The suites that encrypt nothing: only where they are named, and then what is in the records can
//! be read, and not be changed. (That their MACs and keys are the right ones is proven by nine
//! recorded conversations of another stack, which `src/secrets/tests/recorded.rs` replays.)

mod in_memory;

use std::io::Write;

use in_memory::wire::{APPLICATION_DATA, Hello, WireRecord, bytes, records, with_hello};
use in_memory::{
    Pair, client_config, deliver, each_version_and_suite, only, read, server_config, take,
};
use retrossl::{
    AlertDescription, CipherSuite, PeerIncompatible, PeerMisbehaved, Policy, ProtocolVersion,
};

#[test]
fn no_preset_offers_a_suite_that_encrypts_nothing() {
    for preset in [
        Policy::STRICT,
        Policy::COMPATIBLE,
        Policy::HISTORIC,
        Policy::EVERYTHING,
    ] {
        let hello = Hello::of(&take(&mut Pair::under(preset.min_rsa_bits(512)).client));
        assert!(!hello.suites.is_empty());
        for suite in NULL_SUITES {
            assert!(!hello.suites.contains(&suite.0), "{suite}");
        }
    }
}

#[test]
fn a_server_chooses_none_unless_its_policy_names_it() {
    each_version_and_null_suite(|version, suite| {
        let server = server_config(Policy::EVERYTHING.versions(version, version));
        let mut pair = Pair::new(client_config(only(version, suite)), server);
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        assert_eq!(error, PeerIncompatible::NoSuiteInCommon(version).into());
        assert_eq!(error.alert(), Some(AlertDescription::HANDSHAKE_FAILURE));
    });
}

#[test]
fn a_server_passes_over_them_where_the_client_prefers_them() {
    each_version_and_null_suite(|version, suite| {
        let client = only(version, suite).cipher_suites(&[suite, AES]);
        let server = Policy::EVERYTHING.versions(version, version);
        let pair = Pair::new(client_config(client), server_config(server)).established();
        assert_eq!(pair.client.negotiated_cipher_suite(), Some(AES));
    });
}

/// A man in the middle who wants to read makes the choice in the server's name.
#[test]
fn a_client_accepts_none_unless_its_policy_names_it() {
    each_version_and_null_suite(|version, suite| {
        let mut pair = Pair::under(Policy::EVERYTHING.versions(version, version));
        let hello = take(&mut pair.client);
        deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
        let flight = with_hello(&take(&mut pair.server), |hello| {
            hello.suites = vec![suite.0];
        });
        let error = deliver(&flight, &mut pair.client, || usize::MAX).unwrap_err();
        assert_eq!(error, PeerMisbehaved::SuiteNotOffered(suite).into());
    });
}

#[test]
fn where_one_is_named_data_crosses_in_clear_with_its_mac_behind() {
    each_version_and_null_suite(|version, suite| {
        let mut pair = Pair::under(only(version, suite)).established();
        pair.client.writer().write_all(TEXT).unwrap();
        let wire = take(&mut pair.client);
        let [record] = &records(&wire)[..] else {
            panic!("one record is expected")
        };
        assert_eq!(record.content_type, APPLICATION_DATA);
        let (text, mac) = record.fragment.split_at(TEXT.len());
        assert_eq!(text, TEXT);
        assert_eq!(mac.len(), mac_len(suite));
        deliver(&wire, &mut pair.server, || usize::MAX).unwrap();
        assert_eq!(read(&mut pair.server), TEXT);
    });
}

#[test]
fn a_flipped_bit_anywhere_is_a_bad_mac() {
    each_version_and_null_suite(|version, suite| {
        for place in 0..TEXT.len() + mac_len(suite) {
            let mut pair = Pair::under(only(version, suite)).established();
            pair.server.writer().write_all(TEXT).unwrap();
            let mut wire = records(&take(&mut pair.server));
            wire[0].fragment[place] ^= 1;
            let error = deliver(&bytes(&wire), &mut pair.client, || usize::MAX).unwrap_err();
            assert_eq!(error, PeerMisbehaved::BadRecordMac.into());
            assert!(read(&mut pair.client).is_empty());
        }
    });
}

/// In a stream of records that all can read, none can be taken out or put in.
#[test]
fn a_record_that_is_missing_or_repeated_is_a_bad_mac() {
    each_version_and_null_suite(|version, suite| {
        let changes: [fn(&mut Vec<WireRecord>); 3] = [
            |wire| drop(wire.remove(0)),
            |wire| wire.insert(1, wire[0].clone()),
            |wire| wire.swap(0, 1),
        ];
        for change in changes {
            let mut pair = Pair::under(only(version, suite)).established();
            pair.client.writer().write_all(TEXT).unwrap();
            pair.client.writer().write_all(b"and more").unwrap();
            let mut wire = records(&take(&mut pair.client));
            change(&mut wire);
            let error = deliver(&bytes(&wire), &mut pair.server, || usize::MAX).unwrap_err();
            assert_eq!(error, PeerMisbehaved::BadRecordMac.into());
        }
    });
}

/// Each version with each of these suites.
fn each_version_and_null_suite(check: impl Fn(ProtocolVersion, CipherSuite)) {
    each_version_and_suite(|version, suite| {
        if NULL_SUITES.contains(&suite) {
            check(version, suite);
        }
    });
}

fn mac_len(suite: CipherSuite) -> usize {
    match suite {
        CipherSuite::TLS_RSA_WITH_NULL_MD5 => 16,
        CipherSuite::TLS_RSA_WITH_NULL_SHA => 20,
        CipherSuite::TLS_RSA_WITH_NULL_SHA256 => 32,
        other => panic!("{other}"),
    }
}

const NULL_SUITES: [CipherSuite; 3] = [
    CipherSuite::TLS_RSA_WITH_NULL_MD5,
    CipherSuite::TLS_RSA_WITH_NULL_SHA,
    CipherSuite::TLS_RSA_WITH_NULL_SHA256,
];

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

const TEXT: &[u8] = b"What everybody can read.";
