//! Hellos in SSL 2.0's format that lead to SSL 3.0 and TLS: what is in them, what is answered, and
//! what somebody in between can make of them.

mod in_memory;

use std::sync::Arc;

use ProtocolVersion::{SSLv2, SSLv3, TLSv1_0, TLSv1_1, TLSv1_2};
use in_memory::ssl2::messages::{ClientHello, SERVER_HELLO};
use in_memory::ssl2::records::{in_clear, records};
use in_memory::ssl2::{Events, certificate, client, connect, either, pair, refused, server, ssl2};
use in_memory::terms::Parties;
use in_memory::wire::{self, Hello};
use in_memory::{Pair, deliver, take, test_identity};
use retrossl::server::{Acceptor, ServerCertificateQuery, ServerCertificateResolver};
use retrossl::{
    AlertDescription, CertifiedKey, CipherKind, CipherSuite, ClientConnection, Error, HelloFormat,
    PeerIncompatible, PeerMisbehaved, Policy, ProtocolVersion, ServerConfig, ServerConnection,
    Side, UnbiddenRenegotiation,
};

/// The kinds first, for servers of SSL 2.0, then the suites; 16 bytes of challenge where SSL 2.0 is
/// offered, because Netscape's servers take no more of them into its keys.
#[test]
fn the_hello_has_what_the_policy_calls_for() {
    for (policy, version, kinds, challenge) in [
        (either(), 0x0303, true, 16),
        (either().versions(SSLv2, SSLv3), 0x0300, true, 16),
        (either().versions(SSLv3, TLSv1_1), 0x0302, false, 32),
        (ssl2(), 2, true, 16),
        // Where there is nothing else, it is the format, whatever the policy says.
        (ssl2().hello_format(HelloFormat::Ssl3), 2, true, 16),
    ] {
        let hello = hello_of(&mut connect(client(policy).build().unwrap()));
        assert_eq!(hello.version, version);
        assert_eq!(hello.challenge.len(), challenge);
        assert!(hello.session_id.is_empty());
        let mut expected = Vec::new();
        if kinds {
            expected.extend(policy.allowed_kinds().map(|kind| kind.0));
        }
        if version > 2 {
            let (min, max) = policy.version_range();
            let exists = |suite: &CipherSuite| {
                let versions = ProtocolVersion::all().filter(|it| (min..=max).contains(it));
                versions.into_iter().any(|version| suite.exists_at(version))
            };
            let suites = policy.allowed_suites().filter(exists);
            expected.extend(suites.map(in_three_bytes));
            expected.push([0, 0, 0xff]);
        }
        assert_eq!(hello.cipher_specs.as_chunks::<3>().0, expected);
    }
}

#[test]
fn a_server_can_look_at_the_hello_before_it_picks_its_config() {
    for (policy, version) in [(either(), TLSv1_2), (ssl2(), SSLv2)] {
        for cut in [1, 7, usize::MAX] {
            let mut pair = pair(policy, Policy::EVERYTHING);
            let wire = take(&mut pair.client);
            let sent = ClientHello::read(&records(&wire)[0].fragment);
            let mut acceptor = Acceptor::default();
            let mut accepted = None;
            for mut piece in wire.chunks(cut.min(wire.len())) {
                assert!(accepted.is_none());
                acceptor.read_tls(&mut piece).unwrap();
                accepted = acceptor.accept().unwrap();
            }
            let accepted = accepted.unwrap();
            let hello = accepted.client_hello();
            assert_eq!(hello.format(), HelloFormat::Ssl2);
            assert_eq!(hello.client_version(), sent.version);
            assert!(hello.cipher_kinds().eq(CipherKind::all()));
            let signal = CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV;
            let suites: Vec<_> = hello.cipher_suites().collect();
            assert_eq!(suites.last(), (version > SSLv2).then_some(&signal));
            assert_eq!(hello.extensions().count(), 0);
            assert_eq!(hello.alpn_protocols().count(), 0);
            assert_eq!((hello.server_name(), hello.session_id()), (None, &[][..]));
            assert_eq!(hello.compression_methods(), [0]);
            assert!(hello.random().ends_with(&sent.challenge));
            let server = server(Policy::EVERYTHING).build().unwrap();
            pair.server = accepted.into_connection(Arc::new(server));
            let mut pair = pair.established();
            assert_eq!(pair.server.protocol_version(), Some(version));
            pair.echo(b"hello", || cut);
        }
    }
}

#[test]
fn an_acceptor_refuses_what_is_no_hello() {
    let mut trailing = hello(&[RC4]).message();
    trailing.push(0);
    let mut of_the_server = hello(&[RC4]).message();
    of_the_server[0] = SERVER_HELLO;
    for wire in [
        in_clear(&of_the_server),
        in_clear(&[0, 0, 1]),
        in_clear(&[1; 20]),
        in_clear(&trailing),
        vec![0xff, 0xff, 1],
        vec![0x80, 0, 1],
    ] {
        let mut acceptor = Acceptor::default();
        acceptor.read_tls(&mut &wire[..]).unwrap();
        let error = acceptor.accept().unwrap_err();
        assert_eq!(error.fault(), retrossl::Fault::Peer);
        assert_eq!(acceptor.accept().unwrap_err(), error);
        let mut alert = Vec::new();
        acceptor.write_tls(&mut alert).unwrap();
        assert_eq!(alert[..6], [21, 3, 1, 0, 2, 2]);
    }
}

/// RFC 5246 appendix E.2: with zeros in front.
#[test]
fn a_challenge_of_any_length_is_the_random() {
    for len in 0..=40 {
        let mut hello = hello(&[RC4]);
        hello.challenge = (1..=len).collect();
        let mut acceptor = Acceptor::default();
        let wire = in_clear(&hello.message());
        acceptor.read_tls(&mut &wire[..]).unwrap();
        let accepted = acceptor.accept();
        assert_eq!(accepted.is_ok(), (16..=32).contains(&len), "{len}");
        if let Ok(Some(accepted)) = accepted {
            let random = *accepted.client_hello().random();
            let (zeros, challenge) = random.split_at(32 - usize::from(len));
            assert_eq!(challenge, hello.challenge);
            assert!(zeros.iter().all(|byte| *byte == 0));
        }
    }
}

/// RFC 5746 §3.6: it is the only way to say so in this format.
#[test]
fn the_renegotiation_signal_is_answered_where_it_stands() {
    for version in in_memory::ssl3_and_later() {
        for signalled in [true, false] {
            let mut hello = hello(&[RC4]);
            hello.version = version.wire();
            if signalled {
                hello.cipher_specs.extend([0, 0, 0xff]);
            }
            let answer = answer_to(&hello, Policy::EVERYTHING);
            let info = (0xff01, vec![0]);
            assert_eq!(answer.extensions, Vec::from_iter(signalled.then_some(info)));
            assert_eq!(answer.version, version.wire());
        }
    }
}

/// RFC 7507.
#[test]
fn a_fallback_that_was_not_necessary_is_refused() {
    let fallback = |max_version, server_policy| {
        let config = Arc::new(client(either()).build().unwrap());
        let name = "localhost".try_into().unwrap();
        let client = ClientConnection::fallback(config, name, max_version).unwrap();
        let server = ServerConnection::new(Arc::new(server(server_policy).build().unwrap()));
        let mut pair = Pair { client, server };
        pair.exchange(|| usize::MAX).map(|()| pair)
    };
    for version in [SSLv3, TLSv1_0, TLSv1_1] {
        let refused = fallback(version, either()).map(|_| ()).unwrap_err();
        assert_eq!(
            refused,
            PeerMisbehaved::InappropriateFallback(version).into()
        );
        let alert = Some(AlertDescription::INAPPROPRIATE_FALLBACK);
        assert_eq!(refused.alert(), alert);
        let pair = fallback(version, either().versions(SSLv2, version)).unwrap();
        assert_eq!(pair.client.protocol_version(), Some(version));
    }
    // A low maximum alone signals nothing.
    pair(either().versions(SSLv2, TLSv1_0), either()).established();
}

/// RFC 8446 §4.1.3, for who makes the version smaller; the Finished, for who changes the rest.
#[test]
fn a_hello_that_was_changed_on_its_way_is_noticed() {
    for version in [SSLv3, TLSv1_0, TLSv1_1] {
        let mut pair = changed(|hello| hello.version = version.wire());
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        assert_eq!(error, PeerMisbehaved::DowngradeDetected.into());
    }
    let weaker: fn(&mut ClientHello) = |hello| {
        let export = in_three_bytes(CipherSuite::TLS_RSA_WITH_RC4_128_MD5);
        hello.cipher_specs = [export, [0, 0, 0xff]].concat();
    };
    let another_order: fn(&mut ClientHello) = |hello| {
        let kinds = hello.cipher_specs.as_chunks_mut::<3>().0;
        kinds.swap(0, 1);
    };
    let another_session: fn(&mut ClientHello) = |hello| hello.session_id = vec![1; 16];
    for change in [weaker, another_order, another_session] {
        let mut pair = changed(change);
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        assert_eq!(error, PeerMisbehaved::BadFinished.into());
        assert_eq!(error.alert(), Some(AlertDescription::DECRYPT_ERROR));
    }
    // Another challenge is another random, so the keys differ.
    let mut pair = changed(|hello| hello.challenge[15] ^= 1);
    let error = pair.exchange(|| usize::MAX).unwrap_err();
    assert_eq!(error, PeerMisbehaved::BadRecordMac.into());
}

/// A pair of which the server has been told something else.
fn changed(change: impl FnOnce(&mut ClientHello)) -> Pair {
    let mut pair = pair(either(), either());
    let mut hello = hello_of(&mut pair.client);
    change(&mut hello);
    let wire = in_clear(&hello.message());
    deliver(&wire, &mut pair.server, || usize::MAX).unwrap();
    pair
}

/// A session of SSL 3.0 or TLS has no place in it, and one of SSL 2.0 means nothing there.
#[test]
fn sessions_of_later_versions_are_not_resumed_by_it() {
    let parties = Parties {
        client: Arc::new(client(either()).build().unwrap()),
        server: Arc::new(server(either()).build().unwrap()),
        server_name: "localhost",
    };
    for _ in 0..3 {
        let mut pair = parties.connect();
        let wire = take(&mut pair.client);
        let hello = ClientHello::read(&records(&wire)[0].fragment);
        assert!(hello.session_id.is_empty());
        deliver(&wire, &mut pair.server, || usize::MAX).unwrap();
        let pair = pair.established();
        assert_eq!(pair.server.resumption(), None);
        assert_eq!(pair.client.protocol_version(), Some(TLSv1_2));
    }
    let mut hello = hello(&[RC4]);
    hello.session_id = vec![1; 16];
    let answer = answer_to(&hello, either());
    assert_eq!(answer.session_id.len(), 32, "a session that begins");
    let mut acceptor = Acceptor::default();
    acceptor
        .read_tls(&mut &in_clear(&hello.message())[..])
        .unwrap();
    let accepted = acceptor.accept().unwrap().unwrap();
    assert!(accepted.client_hello().session_id().is_empty());
}

/// The format is the first hello's alone, on either side.
#[test]
fn a_renegotiation_begins_in_ssl3s_format() {
    for version in in_memory::ssl3_and_later() {
        let events = Events::default();
        let policy = either().versions(SSLv2, version);
        let client = client(policy).observers(events.clone());
        let server = server(policy).observers(events.clone());
        let pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        let mut pair = pair.established();
        assert_eq!(events.of(Side::Client)[0], "Sent CLIENT-HELLO");
        assert_eq!(events.of(Side::Server)[0], "Received CLIENT-HELLO");
        for handshakes in [2, 3] {
            pair.server.renegotiate().unwrap();
            pair.exchange(|| usize::MAX).unwrap();
            assert_eq!(pair.client.handshakes(), handshakes);
            assert_eq!(pair.server.handshakes(), handshakes);
            let seen = events.of(Side::Client);
            assert!(seen.contains(&"Sent ClientHello".to_owned()), "{seen:?}");
            let seen = events.of(Side::Server);
            assert!(
                seen.contains(&"Received ClientHello".to_owned()),
                "{seen:?}"
            );
            // The first hello named no server, and none is named for the connection later.
            assert_eq!(pair.server.server_name(), None);
            pair.echo(b"as before", || usize::MAX);
        }
    }
}

/// Or it would be shown another certificate, and would have to take it for an attack.
#[test]
fn a_renegotiation_names_no_server_that_the_first_hello_could_not_name() {
    #[derive(Debug)]
    struct ByName;

    impl ServerCertificateResolver for ByName {
        fn resolve(&self, wanted: &ServerCertificateQuery<'_>) -> Option<Arc<CertifiedKey>> {
            let bits = match wanted.hello.server_name() {
                Some(_) => 512,
                None => 2048,
            };
            let (chain, key) = test_identity(bits);
            CertifiedKey::new(chain, key).ok().map(Arc::new)
        }
    }

    for resumes in [false, true] {
        let policy = either().unbidden_renegotiation(UnbiddenRenegotiation::Accepted);
        let server = ServerConfig::builder(policy)
            .certificate_resolver(ByName)
            .ssl2_certificate(certificate(1024), test_identity(1024).1);
        let client = client(policy).build().unwrap();
        let mut pair = Pair::new(client, server.build().unwrap()).established();
        for handshakes in [2, 3] {
            if resumes {
                pair.client.renegotiate_resuming().unwrap();
            } else {
                pair.client.renegotiate().unwrap();
            }
            pair.exchange(|| usize::MAX).unwrap();
            assert_eq!(pair.client.handshakes(), handshakes);
        }
        assert_eq!(
            pair.client.peer_certificates(),
            Some(&[certificate(2048)][..])
        );
        pair.echo(b"as before", || usize::MAX);
    }
}

#[test]
fn a_server_without_a_version_in_common_says_so_in_tls() {
    for (version, oldest) in [(2, SSLv3), (0x0300, TLSv1_0), (0x0301, TLSv1_1), (1, SSLv2)] {
        let policy = Policy::EVERYTHING.versions(oldest, TLSv1_2);
        let mut server = ServerConnection::new(Arc::new(server(policy).build().unwrap()));
        let mut hello = hello(&[RC4]);
        hello.version = version;
        let wire = in_clear(&hello.message());
        let error = deliver(&wire, &mut server, || usize::MAX).unwrap_err();
        let (min, max) = policy.version_range();
        let expected = PeerIncompatible::NoVersionInCommon {
            peer: version,
            min,
            max,
        };
        assert_eq!(error, expected.into());
        let alert = take(&mut server);
        let protocol_version = AlertDescription::PROTOCOL_VERSION;
        assert_eq!(wire::last_alert(&alert), Some([2, protocol_version.0]));
    }
}

/// Kinds of SSL 2.0 are no suites, nor the other way round.
#[test]
fn suites_and_kinds_are_not_mixed_up() {
    for (version, spec) in [
        (0x0303, CipherKind::SSL_CK_RC4_128_WITH_MD5.0),
        (0x0303, [1, 0, 5]),
        (2, [0, 0, 5]),
    ] {
        let mut hello = hello(&[RC4]);
        hello.version = version;
        hello.cipher_specs = spec.to_vec();
        let mut server = ServerConnection::new(Arc::new(server(either()).build().unwrap()));
        let wire = in_clear(&hello.message());
        let error = deliver(&wire, &mut server, || usize::MAX).unwrap_err();
        let expected: Error = match version {
            2 => PeerIncompatible::NoKindInCommon.into(),
            _ => PeerIncompatible::NoSuiteInCommon(TLSv1_2).into(),
        };
        assert_eq!(error, expected);
    }
}

/// Its SSL 2.0 records end with the hello: the same hello, twice, is none of TLS.
#[test]
fn a_second_hello_is_no_record_of_tls() {
    let mut pair = pair(either(), either());
    let wire = take(&mut pair.client);
    deliver(&wire, &mut pair.server, || usize::MAX).unwrap();
    refused(&mut pair.server, &wire);
}

/// The server's ServerHello to a hello by hand.
fn answer_to(hello: &ClientHello, policy: Policy) -> Hello {
    let mut server = ServerConnection::new(Arc::new(server(policy).build().unwrap()));
    let wire = in_clear(&hello.message());
    deliver(&wire, &mut server, || usize::MAX).unwrap();
    Hello::of(&take(&mut server))
}

/// A hello by hand for TLS 1.2 with these suites.
fn hello(suites: &[CipherSuite]) -> ClientHello {
    ClientHello {
        version: 0x0303,
        cipher_specs: suites.iter().flat_map(|it| in_three_bytes(*it)).collect(),
        session_id: Vec::new(),
        challenge: vec![5; 32],
    }
}

fn hello_of(client: &mut ClientConnection) -> ClientHello {
    ClientHello::read(&records(&take(client))[0].fragment)
}

fn in_three_bytes(suite: CipherSuite) -> [u8; 3] {
    let [high, low] = suite.0.to_be_bytes();
    [0, high, low]
}

const RC4: CipherSuite = CipherSuite::TLS_RSA_WITH_RC4_128_SHA;
