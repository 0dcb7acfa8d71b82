//! Steps 5 and 6 at SSL 2.0: a client's certificate, asked for, sent, proven, refused.

mod in_memory;

use std::sync::{Arc, Mutex};

use in_memory::ssl2::by_hand::{HandClient, HandServer, sign};
use in_memory::ssl2::messages::{
    REQUEST_CERTIFICATE, SERVER_FINISHED, client_certificate, error, message,
};
use in_memory::ssl2::{
    Events, certificate, client, connect, expect_it_stays, only_kind, server, ssl2,
};
use in_memory::terms::Parties;
use in_memory::{Pair, pin, test_identity};
use retrossl::client::{
    ClientCertificateQuery, ClientCertificateResolver, ServerToVerify, ServerVerifier,
};
use retrossl::server::{ClientToVerify, ClientVerifier};
use retrossl::{
    AnonymousClients, CertificateError, CertifiedKey, CipherKind, ClientConfig, ConfigError, Error,
    Fault, PeerIncompatible, PeerMisbehaved, Policy, Resumption, ServerConfig, Side, Ssl2Error,
    dangerous,
};

#[test]
fn a_client_certificate_is_asked_for_sent_and_proven() {
    for kind in CipherKind::all() {
        for bits in [512, 1024, 2048] {
            let server = server(only_kind(kind)).client_verifier(pin(bits));
            let client = with_certificate(only_kind(kind), bits);
            let pair = Pair::new(client, server.build().unwrap());
            let mut pair = pair.established();
            let shown = pair.server.peer_certificates();
            assert_eq!(shown, Some(&[certificate(bits)][..]));
            pair.echo(b"welcome", || usize::MAX);
        }
    }
}

#[test]
fn both_sides_see_it_step_by_step() {
    let events = Events::default();
    let (chain, key) = test_identity(2048);
    let client = client(only_kind(RC4))
        .certificate(chain, key)
        .observers(events.clone());
    let server = server(only_kind(RC4))
        .client_verifier(pin(2048))
        .observers(events.clone());
    Pair::new(client.build().unwrap(), server.build().unwrap()).established();
    assert_eq!(
        events.of(Side::Client),
        [
            "Sent CLIENT-HELLO",
            "Received SERVER-HELLO",
            "PeerAuthenticated",
            "Sent CLIENT-MASTER-KEY",
            "MasterSecretDerived",
            "Ssl2KeysDerived SSL_CK_RC4_128_WITH_MD5",
            "Sent CLIENT-FINISHED",
            "Received SERVER-VERIFY",
            "Received REQUEST-CERTIFICATE",
            "Sent CLIENT-CERTIFICATE",
            "Received SERVER-FINISHED",
            "Established",
        ]
    );
    assert_eq!(
        events.of(Side::Server),
        [
            "Received CLIENT-HELLO",
            "Sent SERVER-HELLO",
            "Received CLIENT-MASTER-KEY",
            "MasterSecretDerived",
            "Ssl2KeysDerived SSL_CK_RC4_128_WITH_MD5",
            "Sent SERVER-VERIFY",
            "Received CLIENT-FINISHED",
            "Sent REQUEST-CERTIFICATE",
            "Received CLIENT-CERTIFICATE",
            "PeerAuthenticated",
            "Sent SERVER-FINISHED",
            "Established",
        ]
    );
}

#[test]
fn a_certificate_that_the_verifier_refuses_ends_the_handshake() {
    let server = server(ssl2()).client_verifier(pin(2048));
    let client = with_certificate(ssl2(), 512);
    let mut pair = Pair::new(client, server.build().unwrap());
    let refused = pair.exchange(|| usize::MAX).unwrap_err();
    assert!(matches!(refused, Error::InvalidCertificate(_)), "{refused}");
    assert_eq!(refused.fault(), Fault::Settings);
    let shown = pair.server.peer_certificates();
    assert_eq!(shown, Some(&[certificate(512)][..]), "it stays readable");
    expect_it_stays(&mut pair.server, &refused);
    expect_bad_certificate(&mut pair);
}

#[test]
fn a_client_may_come_without_a_certificate_where_the_verifier_lets_it() {
    for kind in CipherKind::all() {
        let any = server(only_kind(kind)).client_verifier(dangerous::AcceptAnyCertificate);
        let client = || client(only_kind(kind)).build().unwrap();
        let mut pair = Pair::new(client(), any.build().unwrap()).established();
        assert_eq!(pair.server.peer_certificates(), None);
        pair.echo(b"stranger", || usize::MAX);

        let pinned = server(only_kind(kind)).client_verifier(pin(2048));
        let mut pair = Pair::new(client(), pinned.build().unwrap());
        let refused = pair.exchange(|| usize::MAX).unwrap_err();
        assert_eq!(refused, PeerIncompatible::NoClientCertificate.into());
        assert_eq!(refused.fault(), Fault::Settings);
        expect_it_stays(&mut pair.server, &refused);
        expect_bad_certificate(&mut pair);
    }
}

/// The client hears by an ERROR that it may not come in.
fn expect_bad_certificate(pair: &mut Pair) {
    let heard = pair.exchange(|| usize::MAX).unwrap_err();
    assert_eq!(heard, Error::Ssl2ErrorReceived(Ssl2Error::BAD_CERTIFICATE));
    assert_eq!(heard.fault(), Fault::Refused);
    expect_it_stays(&mut pair.client, &heard);
}

/// What a response signs, and by which key.
struct Signed {
    keys: Vec<u8>,
    challenge: Vec<u8>,
    server: Vec<u8>,
    bits: usize,
}

/// The signature is over this connection's keys, this server's certificate and what it has asked.
#[test]
fn a_signature_over_anything_else_is_refused() {
    type Change = fn(&mut Signed);
    let good: Change = |_| {};
    let wrong: [Change; 8] = [
        |it| it.keys[0] ^= 1,
        |it| it.challenge[15] ^= 1,
        |it| it.server[0] ^= 1,
        |it| it.server = certificate(2048).to_vec(),
        |it| it.keys.clear(),
        |it| it.challenge.clear(),
        |it| std::mem::swap(&mut it.challenge, &mut it.server),
        // By the key of another certificate.
        |it| it.bits = 1024,
    ];
    for kind in CipherKind::all() {
        let outcome = |change: Change| {
            let (mut client, challenge) = asked(kind);
            let mut signed = Signed {
                keys: client.keys.clone().unwrap().bytes,
                challenge,
                server: certificate(1024).to_vec(),
                bits: 2048,
            };
            change(&mut signed);
            let input = [signed.keys, signed.challenge, signed.server].concat();
            let response = sign(&test_identity(signed.bits).1, &input);
            let sent = client_certificate(1, &certificate(2048), &response);
            (client.say(&sent).err(), client.heard().remove(0))
        };
        let (refused, heard) = outcome(good);
        assert_eq!((refused, heard[0]), (None, SERVER_FINISHED));
        for change in wrong {
            let (refused, heard) = outcome(change);
            let bad_signature = Error::from(PeerMisbehaved::BadCertificateVerify);
            assert_eq!(bad_signature.fault(), Fault::Peer);
            assert_eq!(refused, Some(bad_signature));
            assert_eq!(heard, error(Ssl2Error::BAD_CERTIFICATE.0));
        }
    }
}

#[test]
fn a_client_certificate_message_that_makes_no_sense_is_refused() {
    let bad = error(Ssl2Error::BAD_CERTIFICATE.0);
    let unsupported = error(Ssl2Error::UNSUPPORTED_CERTIFICATE_TYPE.0);
    let own = certificate(2048);
    for (kind, certificate, response, text, answer) in [
        (2, &own[..], &[1; 256][..], "of type 2", &unsupported),
        (0, &own, &[1; 256], "of type 0", &unsupported),
        (1, &[], &[1; 256], "cannot be read", &bad),
        (1, &own[..20], &[1; 256], "cannot be read", &bad),
        (1, &own, &[], "does not verify", &bad),
        (1, &own, &[1; 255], "does not verify", &bad),
        (1, &own, &[0xff; 256], "does not verify", &bad),
    ] {
        let (mut client, _) = asked(RC4);
        let sent = client_certificate(kind, certificate, response);
        let refused = client.say(&sent).unwrap_err();
        assert!(refused.to_string().contains(text), "{refused}");
        assert_eq!(client.heard(), std::slice::from_ref(answer), "{refused}");
        expect_it_stays(&mut client.server, &refused);
    }
}

/// Nobody is authenticated before the signature is seen to be right.
#[test]
fn a_certificate_without_its_key_authenticates_nobody() {
    let events = Events::default();
    let server = server(only_kind(RC4))
        .client_verifier(pin(2048))
        .observers(events.clone());
    let server = Arc::new(server.build().unwrap());
    let mut client = HandClient::finished(&server, RC4);
    client
        .say(&client_certificate(1, &certificate(2048), &[1; 256]))
        .unwrap_err();
    let seen = events.of(Side::Server);
    assert!(seen.contains(&"Received CLIENT-CERTIFICATE".to_owned()));
    assert!(!seen.contains(&"PeerAuthenticated".to_owned()));
}

#[test]
fn a_client_signs_what_the_specification_says_or_says_that_it_has_nothing() {
    for challenge_len in [16, 20, 32] {
        let client = connect(with_certificate(only_kind(DES), 2048));
        let mut server = HandServer::verified(client, DES);
        let challenge = vec![3; challenge_len];
        server
            .say(&[&[REQUEST_CERTIFICATE, 1], &challenge[..]].concat())
            .unwrap();
        let keys = server.keys.clone().unwrap().bytes;
        let input = [&keys[..], &challenge, &certificate(1024)].concat();
        let response = sign(&test_identity(2048).1, &input);
        let expected = client_certificate(1, &certificate(2048), &response);
        assert_eq!(server.heard(), [expected]);
        server.say(&message(SERVER_FINISHED, &[1; 16])).unwrap();
        assert!(!server.client.is_handshaking());
    }
    let nothing = error(Ssl2Error::NO_CERTIFICATE.0);
    for authentication_type in [0, 2, 255] {
        let client = connect(with_certificate(only_kind(DES), 2048));
        let mut server = HandServer::verified(client, DES);
        let request = [&[REQUEST_CERTIFICATE, authentication_type], &[3; 16][..]].concat();
        server.say(&request).unwrap();
        assert_eq!(server.heard(), std::slice::from_ref(&nothing));
        server.say(&message(SERVER_FINISHED, &[1; 16])).unwrap();
        assert!(!server.client.is_handshaking());
    }
    let client = connect(client(only_kind(DES)).build().unwrap());
    let mut server = HandServer::verified(client, DES);
    server
        .say(&[&[REQUEST_CERTIFICATE, 1], &[3; 16][..]].concat())
        .unwrap();
    assert_eq!(server.heard(), [nothing]);
}

/// There are no chains, whatever this side has.
#[test]
fn verifiers_see_one_certificate() {
    #[derive(Debug, Default)]
    struct Seen(Mutex<Vec<usize>>);

    impl ServerVerifier for Seen {
        fn verify_server(&self, server: &ServerToVerify<'_>) -> Result<(), CertificateError> {
            assert_eq!(server.chain, [certificate(1024)]);
            self.0.lock().unwrap().push(1024);
            Ok(())
        }
    }

    impl ClientVerifier for Seen {
        fn anonymous_clients(&self) -> AnonymousClients {
            AnonymousClients::Refused
        }

        fn verify_client(&self, client: &ClientToVerify<'_>) -> Result<(), CertificateError> {
            assert_eq!(client.chain, [certificate(2048)]);
            self.0.lock().unwrap().push(2048);
            Ok(())
        }
    }

    let seen = Arc::new(Seen::default());
    let (mut chain, key) = test_identity(2048);
    chain.push(certificate(512));
    let client = ClientConfig::builder(ssl2())
        .verifier(seen.clone())
        .certificate(chain, key);
    let server = server(ssl2()).client_verifier(seen.clone());
    Pair::new(client.build().unwrap(), server.build().unwrap()).established();
    assert_eq!(*seen.0.lock().unwrap(), [1024, 2048]);
}

#[test]
fn a_resolver_is_told_that_rsa_signs_and_nothing_else() {
    #[derive(Debug)]
    struct Asked(Mutex<usize>);

    impl ClientCertificateResolver for Asked {
        fn resolve(&self, query: &ClientCertificateQuery<'_>) -> Option<Arc<CertifiedKey>> {
            assert!(query.authorities.is_empty() && query.signature_hashes.is_empty());
            assert_eq!(query.certificate_types, [1]);
            *self.0.lock().unwrap() += 1;
            let (chain, key) = test_identity(2048);
            CertifiedKey::new(chain, key).ok().map(Arc::new)
        }
    }

    let asked = Arc::new(Asked(Mutex::new(0)));
    let client = client(ssl2()).certificate_resolver(asked.clone());
    let server = server(ssl2()).client_verifier(pin(2048));
    Pair::new(client.build().unwrap(), server.build().unwrap()).established();
    assert_eq!(*asked.0.lock().unwrap(), 1);
}

/// An authenticated connection is wanted: it does not become an anonymous one in silence.
#[test]
fn a_clients_key_that_is_shorter_than_the_policy_allows_ends_the_handshake() {
    #[derive(Debug)]
    struct Weak;

    impl ClientCertificateResolver for Weak {
        fn resolve(&self, _: &ClientCertificateQuery<'_>) -> Option<Arc<CertifiedKey>> {
            let (chain, key) = test_identity(512);
            CertifiedKey::new(chain, key).ok().map(Arc::new)
        }
    }

    let client = client(ssl2().min_rsa_bits(1024)).certificate_resolver(Weak);
    let server = server(ssl2()).client_verifier(dangerous::AcceptAnyCertificate);
    let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
    let too_short = ConfigError::KeyTooShort {
        bits: 512,
        min: 1024,
    };
    let error = pair.exchange(|| usize::MAX).unwrap_err();
    assert_eq!(error, Error::Config(too_short));
    assert_eq!(error.fault(), Fault::Local);
}

#[test]
fn a_client_certificate_is_resumed_with_the_session() {
    for (bits, anonymous) in [(Some(2048), false), (None, true)] {
        let client = match bits {
            Some(bits) => with_certificate(ssl2(), bits),
            None => client(ssl2()).build().unwrap(),
        };
        let server: ServerConfig = if anonymous {
            let any = dangerous::AcceptAnyCertificate;
            server(ssl2()).client_verifier(any).build().unwrap()
        } else {
            server(ssl2()).client_verifier(pin(2048)).build().unwrap()
        };
        let parties = Parties {
            client: Arc::new(client),
            server: Arc::new(server),
            server_name: "localhost",
        };
        for resumption in [
            None,
            Some(Resumption::SessionId),
            Some(Resumption::SessionId),
        ] {
            let pair = parties.connect().established();
            assert_eq!(pair.server.resumption(), resumption);
            let shown = bits.map(|bits| vec![certificate(bits)]);
            assert_eq!(pair.server.peer_certificates(), shown.as_deref());
        }
    }
}

/// A client that was asked for its certificate, and the challenge.
fn asked(kind: CipherKind) -> (HandClient, Vec<u8>) {
    let server = server(ssl2()).client_verifier(dangerous::AcceptAnyCertificate);
    let mut client = HandClient::finished(&Arc::new(server.build().unwrap()), kind);
    let request = client.heard().remove(0);
    assert_eq!(request[..2], [REQUEST_CERTIFICATE, 1]);
    (client, request[2..].to_vec())
}

fn with_certificate(policy: Policy, bits: usize) -> ClientConfig {
    let (chain, key) = test_identity(bits);
    client(policy).certificate(chain, key).build().unwrap()
}

const RC4: CipherKind = CipherKind::SSL_CK_RC4_128_WITH_MD5;
const DES: CipherKind = CipherKind::SSL_CK_DES_64_CBC_WITH_MD5;
