//! Conversations at SSL 2.0.

mod in_memory;

use in_memory::read;
use in_memory::ssl2::{certificate, either, only_kind, pair, ssl2};
use retrossl::{CipherKind, HelloFormat, Policy, ProtocolVersion};

#[test]
fn every_kind_carries_data_both_ways() {
    for kind in CipherKind::all() {
        for cut in [1, 7, usize::MAX] {
            let mut pair = pair(only_kind(kind), ssl2());
            pair.exchange(|| cut).unwrap();
            for connection in [&*pair.client, &*pair.server] {
                assert!(!connection.is_handshaking());
                assert_eq!(connection.protocol_version(), Some(ProtocolVersion::SSLv2));
                assert_eq!(connection.negotiated_cipher_kind(), Some(kind));
                assert_eq!(connection.negotiated_cipher_suite(), None);
            }
            let shown = pair.client.peer_certificates().unwrap();
            assert_eq!(shown, [certificate(1024)]);
            for len in [1, 8, 100, 16_384, 40_000] {
                pair.echo(&vec![len as u8; len], || cut);
            }
            pair.client.send_close_notify();
            assert!(!pair.client.wants_write(), "there is no close_notify");
            pair.server.read_tls(&mut &[][..]).unwrap();
            assert!(
                pair.server
                    .process_new_packets()
                    .unwrap()
                    .transport_has_ended
            );
            assert!(read(&mut pair.server).is_empty());
        }
    }
}

#[test]
fn a_hello_in_ssl2s_format_leads_to_the_newest_version_in_common() {
    let versions = [
        ProtocolVersion::SSLv2,
        ProtocolVersion::SSLv3,
        ProtocolVersion::TLSv1_0,
        ProtocolVersion::TLSv1_1,
        ProtocolVersion::TLSv1_2,
    ];
    for newest_of_client in versions {
        for newest_of_server in versions {
            let client = either().versions(ProtocolVersion::SSLv2, newest_of_client);
            let server = Policy::EVERYTHING.versions(ProtocolVersion::SSLv2, newest_of_server);
            let mut pair = pair(client, server).established();
            let newest = newest_of_client.min(newest_of_server);
            assert_eq!(pair.client.protocol_version(), Some(newest));
            assert_eq!(pair.server.protocol_version(), Some(newest));
            pair.echo(b"hello", || usize::MAX);
        }
    }
}

#[test]
fn a_hello_in_ssl2s_format_needs_no_ssl2() {
    for policy in [Policy::STRICT, Policy::COMPATIBLE, Policy::HISTORIC] {
        let policy = policy.certificate_hashes(&retrossl::HashAlgorithm::all().collect::<Vec<_>>());
        let mut pair = pair(policy.hello_format(HelloFormat::Ssl2), policy).established();
        assert_eq!(
            pair.client.protocol_version(),
            Some(ProtocolVersion::TLSv1_2)
        );
        pair.echo(b"hello", || usize::MAX);
        assert!(pair.client.secure_renegotiation());
        assert!(!pair.client.extended_master_secret());
    }
}
