//! Sessions of SSL 2.0, taken up again, and everything that must prevent it.

mod in_memory;

use std::sync::{Arc, Mutex};

use in_memory::ssl2::by_hand::HandServer;
use in_memory::ssl2::messages::{ClientHello, SERVER_FINISHED, ServerHello, message};
use in_memory::ssl2::records::{in_clear, records};
use in_memory::ssl2::{Events, MasterKeys, certificate, client, either, only_kind, server, ssl2};
use in_memory::terms::{Parties, Terms};
use in_memory::wire::{Hello, with_hello};
use in_memory::{Pair, deliver, read, take, test_identity};
use retrossl::client::{ServerToVerify, ServerVerifier};
use retrossl::server::{ClientToVerify, ClientVerifier};
use retrossl::{
    AlertDescription, AnonymousClients, CertificateError, CipherKind, ClientConfig,
    ClientConnection, Error, PeerMisbehaved, Policy, ProtocolVersion, Resumption, ServerConnection,
    Side,
};

#[test]
fn sessions_are_resumed_with_every_kind_whose_key_cannot_be_searched() {
    for kind in CipherKind::all() {
        let terms = terms(only_kind(kind));
        let parties = terms.parties();
        let is_strong = kind.strength_bits() >= Some(112);
        let by = BY_ID.filter(|_| is_strong);
        for resumption in [None, by, by] {
            let mut pair = parties.connect().established();
            for connection in [&*pair.client, &*pair.server] {
                assert_eq!(connection.resumption(), resumption);
                assert_eq!(connection.session_resumed(), resumption.is_some());
                assert_eq!(connection.protocol_version(), Some(ProtocolVersion::SSLv2));
                assert_eq!(connection.negotiated_cipher_kind(), Some(kind));
            }
            let shown = pair.client.peer_certificates().unwrap();
            assert_eq!(shown, [certificate(512)]);
            let hello = pair.client.ssl2_server_hello().unwrap();
            assert_eq!(hello.session_id_hit(), resumption.is_some());
            assert_eq!(hello.certificate().is_empty(), resumption.is_some());
            pair.echo(b"as before", || usize::MAX);
            pair.echo(&[7; 20_000], || 100);
        }
        for store in [&terms.client_store, &terms.server_store] {
            assert_eq!(store.0.lock().unwrap().is_empty(), !is_strong, "{kind}");
        }
    }
}

/// RFC 5246 appendix E.2; and where a fallback might be forced, no session hides it.
#[test]
fn no_session_is_named_beside_tls_1_2_or_in_a_fallback() {
    let with = |newest| {
        let mut terms = terms(either().versions(SSLV2, newest));
        terms.server_policy = ssl2();
        let parties = terms.parties();
        parties.connect().established();
        parties
    };
    for (newest, len) in [
        (ProtocolVersion::SSLv2, 16),
        (ProtocolVersion::TLSv1_1, 16),
        (ProtocolVersion::TLSv1_2, 0),
    ] {
        let parties = with(newest);
        assert_eq!(hello_of(&mut parties.connect()).session_id.len(), len);
        let name = "localhost".try_into().unwrap();
        let fallback = ClientConnection::fallback(parties.client.clone(), name, SSLV2);
        let mut pair = parties.connect();
        pair.client = fallback.unwrap();
        // Where nothing is lowered it is none.
        let len = if newest == SSLV2 { len } else { 0 };
        assert_eq!(hello_of(&mut pair).session_id.len(), len, "{newest}");
    }
}

#[test]
fn an_observer_sees_that_a_session_is_resumed() {
    let events = Events::default();
    let terms = terms(only_kind(RC4));
    let parties = Parties {
        client: Arc::new(terms.client().observers(events.clone()).build().unwrap()),
        server: Arc::new(
            terms
                .whole_server()
                .observers(events.clone())
                .build()
                .unwrap(),
        ),
        server_name: "localhost",
    };
    parties.connect().established();
    for side in [Side::Client, Side::Server] {
        assert!(
            !events
                .of(side)
                .contains(&"SessionResumed SessionId".to_owned())
        );
    }
    parties.connect().established();
    assert_eq!(
        events.of(Side::Client),
        [
            "Sent CLIENT-HELLO",
            "Received SERVER-HELLO",
            "SessionResumed SessionId",
            "Ssl2KeysDerived SSL_CK_RC4_128_WITH_MD5",
            "Sent CLIENT-FINISHED",
            "Received SERVER-VERIFY",
            "Received SERVER-FINISHED",
            "Established",
        ]
    );
    assert_eq!(
        events.of(Side::Server),
        [
            "Received CLIENT-HELLO",
            "SessionResumed SessionId",
            "Sent SERVER-HELLO",
            "Ssl2KeysDerived SSL_CK_RC4_128_WITH_MD5",
            "Sent SERVER-VERIFY",
            "Received CLIENT-FINISHED",
            "Sent SERVER-FINISHED",
            "Established",
        ]
    );
}

/// The master key is the session's, and the keys are new.
#[test]
fn a_resumed_session_has_new_keys() {
    let log = Arc::new(MasterKeys::default());
    let terms = terms(only_kind(RC4));
    let parties = Parties {
        client: Arc::new(terms.client().key_log(log.clone()).build().unwrap()),
        ..terms.parties()
    };
    let mut seen = Vec::new();
    for _ in 0..3 {
        let mut pair = parties.connect().established();
        std::io::Write::write_all(&mut pair.client.writer(), b"the same").unwrap();
        seen.push(take(&mut pair.client));
    }
    assert!(seen[0] != seen[1] && seen[1] != seen[2] && seen[0] != seen[2]);
    let log = log.0.lock().unwrap();
    assert_eq!(log.len(), 3);
    assert!(log.iter().all(|it| *it == log[0]));
    // Nobody who looks into the stores finds it.
    for store in [&terms.client_store, &terms.server_store] {
        for sealed in store.0.lock().unwrap().values() {
            assert!(!sealed.windows(16).any(|it| it == log[0]));
        }
    }
}

/// What differs between the connection that makes a session and the one that would resume it.
#[test]
fn a_session_is_resumed_under_its_own_terms_only() {
    type Change = fn(&mut Terms);
    let changes: [(&str, Change); 19] = [
        ("the client's kinds", |it| {
            it.policy = it.policy.cipher_kinds(&[DES])
        }),
        ("a kind more", |it| {
            it.policy = it.policy.cipher_kinds(&[RC4, DES, RC2])
        }),
        ("their order", |it| {
            it.policy = it.policy.cipher_kinds(&[DES, RC4])
        }),
        ("the server's kinds", |it| {
            it.server_policy = it.server_policy.cipher_kinds(&[DES]);
        }),
        ("a kind more of the server's", |it| {
            it.server_policy = it.server_policy.cipher_kinds(&[RC4, DES, RC2]);
        }),
        ("the smallest key", |it| {
            it.policy = it.policy.min_rsa_bits(511)
        }),
        ("the server's smallest key", |it| {
            it.server_policy = it.server_policy.min_rsa_bits(511);
        }),
        ("the server's newest version", |it| {
            it.server_policy = it.server_policy.versions(SSLV2, ProtocolVersion::SSLv3);
        }),
        ("the server name", |it| it.server_name = "other"),
        ("the server's certificate", |it| it.ssl2_certificate = 2048),
        ("the server's pin", |it| it.server_pins = vec![1024]),
        ("that clients are asked", |it| {
            it.client_pins = Some(vec![2048])
        }),
        ("the client's certificate", |it| {
            it.client_certificate = Some(2048)
        }),
        ("the time", |it| it.now += 3600),
        ("the lifetime", |it| {
            (it.now, it.client_lifetime) = (it.now + 60, 60);
        }),
        ("the server's lifetime", |it| {
            (it.now, it.server_lifetime) = (it.now + 60, 60);
        }),
        ("the ticket keys", |it| {
            (it.client_secret, it.server_secret) = (2, 2)
        }),
        ("that the client resumes", |it| it.client_ways.clear()),
        ("that the server resumes", |it| it.server_ways.clear()),
    ];
    for (what, change) in changes {
        let mut terms = terms(ssl2().cipher_kinds(&[RC4, DES]));
        terms.parties().connect().established();
        let pair = terms.parties().connect().established();
        assert_eq!(pair.server.resumption(), BY_ID, "before {what} changes");
        change(&mut terms);
        let mut pair = terms.parties().connect();
        let result = pair.exchange(|| usize::MAX);
        assert_eq!(pair.server.resumption(), None, "{what}");
        assert_eq!(pair.client.resumption(), None, "{what}");
        match what {
            // Where a full handshake is refused, too.
            "the server's pin" | "that clients are asked" => assert!(result.is_err()),
            _ => {
                result.unwrap();
                pair.echo(b"all is well", || usize::MAX);
            }
        }
    }
}

#[test]
fn a_session_lives_as_long_as_both_sides_say() {
    for (client_lifetime, server_lifetime) in [(60, 3600), (3600, 60)] {
        let mut terms = terms(only_kind(RC4));
        (terms.client_lifetime, terms.server_lifetime) = (client_lifetime, server_lifetime);
        terms.parties().connect().established();
        // Resumption does not prolong it.
        for (later, resumption) in [(30, BY_ID), (29, BY_ID), (1, None)] {
            terms.now += later;
            let pair = terms.parties().connect().established();
            assert_eq!(pair.server.resumption(), resumption);
        }
    }
}

#[test]
fn a_session_is_offered_to_its_own_server_alone() {
    let mut terms = terms(only_kind(RC4));
    terms.parties().connect().established();
    for (name, is_offered) in [("other", false), ("localhost", true), ("LOCALHOST", true)] {
        terms.server_name = name;
        let hello = hello_of(&mut terms.parties().connect());
        assert_eq!(!hello.session_id.is_empty(), is_offered, "{name}");
    }
}

/// A verifier is asked again.
#[test]
fn certificates_are_verified_once_more() {
    #[derive(Debug, Default)]
    struct Moody(Mutex<Option<AlertDescription>>);

    impl Moody {
        fn verdict(&self) -> Result<(), CertificateError> {
            match *self.0.lock().unwrap() {
                None => Ok(()),
                Some(alert) => Err(CertificateError::refused(alert, "not today")),
            }
        }
    }

    impl ServerVerifier for Moody {
        fn verify_server(&self, _: &ServerToVerify<'_>) -> Result<(), CertificateError> {
            self.verdict()
        }
    }

    impl ClientVerifier for Moody {
        fn anonymous_clients(&self) -> AnonymousClients {
            AnonymousClients::Refused
        }

        fn verify_client(&self, _: &ClientToVerify<'_>) -> Result<(), CertificateError> {
            self.verdict()
        }
    }

    let [of_server, of_client] = [(), ()].map(|()| Arc::new(Moody::default()));
    let (chain, key) = test_identity(2048);
    let client = ClientConfig::builder(ssl2())
        .verifier(of_server.clone())
        .certificate(chain.clone(), key);
    let server = server(ssl2()).client_verifier(of_client.clone());
    let parties = Parties {
        client: Arc::new(client.build().unwrap()),
        server: Arc::new(server.build().unwrap()),
        server_name: "localhost",
    };
    parties.connect().established();
    let pair = parties.connect().established();
    assert_eq!(pair.server.resumption(), BY_ID);
    assert_eq!(pair.server.peer_certificates(), Some(&chain[..]));

    *of_client.0.lock().unwrap() = Some(AlertDescription::CERTIFICATE_REVOKED);
    let mut pair = parties.connect();
    let error = pair.exchange(|| usize::MAX).unwrap_err();
    assert_eq!(error.alert(), Some(AlertDescription::CERTIFICATE_REVOKED));
    assert_eq!(pair.server.resumption(), None);
    *of_client.0.lock().unwrap() = None;

    parties.connect().established();
    *of_server.0.lock().unwrap() = Some(AlertDescription::CERTIFICATE_EXPIRED);
    let mut pair = parties.connect();
    assert!(
        hello_of(&mut pair).session_id.is_empty(),
        "nothing is offered"
    );
}

/// Whatever is in a store: a full handshake.
#[test]
fn a_spoilt_session_is_a_full_handshake() {
    let spoil: [fn(&mut Vec<u8>); 6] = [
        |bytes| bytes.clear(),
        |bytes| bytes.truncate(20),
        |bytes| bytes[0] ^= 1,
        |bytes| bytes[5] ^= 1,
        |bytes| *bytes.last_mut().unwrap() ^= 1,
        |bytes| bytes.extend([0; 100]),
    ];
    for spoil in spoil {
        for of_client in [true, false] {
            let terms = terms(only_kind(RC4));
            let parties = terms.parties();
            parties.connect().established();
            if of_client {
                terms.client_store.change_all(spoil);
            } else {
                terms.server_store.change_all(spoil);
            }
            let mut pair = parties.connect().established();
            assert_eq!(pair.client.resumption(), None);
            pair.echo(b"all is well", || usize::MAX);
            assert_eq!(parties.connect().established().client.resumption(), BY_ID);
        }
    }
}

/// Two sessions of one server, each under the other's ID.
#[test]
fn a_session_counts_under_its_own_id_only() {
    let terms = terms(only_kind(RC4));
    terms.parties().connect().established();
    // A client of its own.
    let elsewhere = Terms {
        client_store: Arc::default(),
        server_store: terms.server_store.clone(),
        ..self::terms(only_kind(RC4))
    };
    elsewhere.parties().connect().established();
    assert_eq!(
        terms.parties().connect().established().server.resumption(),
        BY_ID
    );
    terms.server_store.swap();
    assert_eq!(
        terms.parties().connect().established().server.resumption(),
        None
    );
}

#[test]
fn a_session_of_another_protocol_is_none() {
    // Both protocols' sessions of one server and one client, in the same stores.
    let mut terms = terms(either());
    terms.server_pins.push(1024);
    let of_ssl2 = Terms {
        policy: ssl2(),
        client_store: Arc::default(),
        server_store: terms.server_store.clone(),
        ..self::terms(ssl2())
    };
    terms.policy = Policy::EVERYTHING;
    terms.client_ways = vec![Resumption::SessionId];
    let of_ssl2 = Terms {
        server_policy: either(),
        ..of_ssl2
    };
    let kept = |terms: &Terms| -> Vec<(Vec<u8>, Vec<u8>)> {
        let kept = terms.server_store.0.lock().unwrap();
        kept.iter()
            .map(|(id, it)| (id.clone(), it.clone()))
            .collect()
    };
    of_ssl2.parties().connect().established();
    let (ssl2_id, ssl2_session) = kept(&terms).remove(0);
    terms.parties().connect().established();
    let (tls_id, tls_session) = kept(&terms)
        .into_iter()
        .find(|(id, _)| *id != ssl2_id)
        .unwrap();
    assert_eq!((ssl2_id.len(), tls_id.len()), (16, 32));
    assert_eq!(
        of_ssl2
            .parties()
            .connect()
            .established()
            .server
            .resumption(),
        BY_ID
    );
    assert_eq!(
        terms.parties().connect().established().server.resumption(),
        BY_ID
    );

    let of_tls = |change: &dyn Fn(&mut Hello)| {
        let mut pair = terms.parties().connect();
        let hello = with_hello(&take(&mut pair.client), |hello| change(hello));
        deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
        assert!(pair.server.protocol_version() > Some(SSLV2));
        pair.server.resumption()
    };
    let of_ssl2 = |session_id: &[u8]| {
        let mut server = ServerConnection::new(terms.parties().server);
        let mut hello = ClientHello::offering(&CipherKind::all().collect::<Vec<_>>());
        hello.session_id = session_id.to_vec();
        deliver(&in_clear(&hello.message()), &mut server, || usize::MAX).unwrap();
        assert_eq!(server.protocol_version(), Some(SSLV2));
        server.resumption()
    };
    assert_eq!((of_tls(&|_| {}), of_ssl2(&ssl2_id)), (BY_ID, BY_ID));
    // The ID of one in a hello of the other.
    assert_eq!(of_tls(&|hello| hello.session_id = ssl2_id.clone()), None);
    assert_eq!(of_ssl2(&tls_id[..16]), None);
    // The session of one under the ID of the other.
    {
        let mut kept = terms.server_store.0.lock().unwrap();
        kept.insert(ssl2_id.clone(), tls_session.clone());
        kept.insert(tls_id, ssl2_session);
        kept.insert(vec![7; 16], tls_session);
    }
    assert_eq!(
        (of_tls(&|_| {}), of_ssl2(&ssl2_id), of_ssl2(&[7; 16])),
        (None, None, None)
    );
}

/// A hello in SSL 2.0's format that may name a session.
fn up_to_tls_1_1() -> Policy {
    either().versions(ProtocolVersion::SSLv2, ProtocolVersion::TLSv1_1)
}

/// One client with two sessions, each where the other one's is looked for.
#[test]
fn a_client_takes_up_no_session_of_another_protocol() {
    let mut old = terms(up_to_tls_1_1());
    old.server_pins.push(1024);
    old.client_ways = vec![Resumption::SessionId];
    old.server_policy = ssl2();
    let new = |client_store| {
        let mut new = terms(up_to_tls_1_1());
        new.server_pins.push(1024);
        new.client_ways = vec![Resumption::SessionId];
        new.client_store = client_store;
        new
    };
    let new = new(old.client_store.clone());
    new.parties().connect().established();
    let ids = |pair: &mut Pair| hello_of(pair).session_id;
    assert!(
        ids(&mut old.parties().connect()).is_empty(),
        "a session of TLS"
    );
    old.parties().connect().established();
    assert_eq!(ids(&mut old.parties().connect()).len(), 16);
    old.client_store.swap();
    assert!(ids(&mut old.parties().connect()).is_empty());
    old.parties().connect().established();
}

/// Be it the one that made the session or one that took it up.
#[test]
fn a_failed_connection_forgets_its_session() {
    for (of_client, earlier) in [(true, 0), (true, 1), (false, 0), (false, 1)] {
        let terms = terms(only_kind(RC4));
        let parties = terms.parties();
        for _ in 0..earlier {
            parties.connect().established();
        }
        let mut pair = parties.connect().established();
        assert_eq!(pair.server.session_resumed(), earlier > 0);
        let (connection, store) = if of_client {
            (&mut *pair.client, &terms.client_store)
        } else {
            (&mut *pair.server, &terms.server_store)
        };
        assert_eq!(store.0.lock().unwrap().len(), 1);
        deliver(&in_clear(&[0; 40]), connection, || usize::MAX).unwrap_err();
        assert!(store.0.lock().unwrap().is_empty());
        let pair = parties.connect().established();
        assert_eq!(pair.server.resumption(), None);
    }
}

/// A server that breaks whenever it is offered a session is offered it once.
#[test]
fn a_session_that_a_handshake_fails_on_is_not_offered_again() {
    let parties = terms(only_kind(RC4)).parties();
    parties.connect().established();
    let mut pair = parties.connect();
    assert!(!hello_of(&mut pair).session_id.is_empty());
    assert_eq!(pair.client.read_tls(&mut &[][..]).unwrap(), 0);
    let error = pair.client.process_new_packets().unwrap_err();
    assert_eq!(error, Error::TruncatedHandshake);
    assert!(hello_of(&mut parties.connect()).session_id.is_empty());
}

/// Whoever has not the master key cannot go on with the session.
#[test]
fn a_session_that_the_server_does_not_have_ends_the_handshake() {
    let parties = terms(only_kind(RC4)).parties();
    parties.connect().established();
    let mut pair = parties.connect();
    assert_eq!(hello_of(&mut pair).session_id.len(), 16);
    let mut hit = ServerHello::listing(&[], &[]);
    (hit.session_id_hit, hit.certificate_type) = (1, 0);
    let hit = in_clear(&hit.message());
    deliver(&hit, &mut pair.client, || usize::MAX).unwrap();
    assert_eq!(pair.client.resumption(), BY_ID);
    let forged = in_clear(&[1; 40]);
    let error = deliver(&forged, &mut pair.client, || usize::MAX).unwrap_err();
    assert_eq!(error, PeerMisbehaved::BadRecordMac.into());
    assert!(pair.client.is_handshaking() || pair.client.handshakes() == 0);
}

/// A server that gives no ID that could be offered again.
#[test]
fn a_session_without_a_name_is_not_kept() {
    let client = Arc::new(client(only_kind(RC4)).build().unwrap());
    let connect = || ClientConnection::new(client.clone(), "localhost".try_into().unwrap());
    for len in [0, 1, 15, 17, 32] {
        let mut server = HandServer::verified(connect().unwrap(), RC4);
        server
            .say(&message(SERVER_FINISHED, &vec![1; len]))
            .unwrap();
        assert!(!server.client.is_handshaking());
        server.say(b"data").unwrap();
        assert_eq!(read(&mut server.client), b"data");
        let next = HandServer::asked(connect().unwrap(), &[RC4]);
        assert!(next.hello.session_id.is_empty(), "{len}");
    }
    HandServer::finished(connect().unwrap(), RC4);
    let next = HandServer::asked(connect().unwrap(), &[RC4]);
    assert_eq!(next.hello.session_id, [9; 16]);
}

/// A session of a kind that the client does not offer now.
#[test]
fn a_server_resumes_no_kind_that_is_not_offered() {
    let terms = terms(ssl2().cipher_kinds(&[RC4, DES]));
    terms.parties().connect().established();
    let session_id = hello_of(&mut terms.parties().connect()).session_id;
    for (kinds, resumption) in [(&[DES, RC4][..], BY_ID), (&[DES], None)] {
        let mut hello = ClientHello::offering(kinds);
        hello.session_id = session_id.clone();
        let mut server = ServerConnection::new(terms.parties().server);
        deliver(&in_clear(&hello.message()), &mut server, || usize::MAX).unwrap();
        assert_eq!(server.resumption(), resumption);
    }
}

#[test]
fn a_server_that_keeps_nothing_keeps_nothing() {
    let mut terms = terms(only_kind(RC4));
    terms.server_ways.clear();
    for _ in 0..2 {
        let mut pair = terms.parties().connect().established();
        assert_eq!(pair.server.resumption(), None);
        pair.echo(b"data", || usize::MAX);
    }
    assert!(terms.server_store.0.lock().unwrap().is_empty());
    let mut terms = self::terms(only_kind(RC4));
    terms.client_ways.clear();
    terms.parties().connect().established();
    assert!(terms.client_store.0.lock().unwrap().is_empty());
    assert!(
        hello_of(&mut terms.parties().connect())
            .session_id
            .is_empty()
    );
}

fn terms(policy: Policy) -> Terms {
    let mut terms = Terms::new(Resumption::SessionId, policy);
    terms.server_pins = vec![512, 2048];
    terms
}

/// The hello that a client begins with, in SSL 2.0's format.
fn hello_of(pair: &mut Pair) -> ClientHello {
    ClientHello::read(&records(&take(&mut pair.client))[0].fragment)
}

const BY_ID: Option<Resumption> = Some(Resumption::SessionId);
const SSLV2: ProtocolVersion = ProtocolVersion::SSLv2;
const RC4: CipherKind = CipherKind::SSL_CK_RC4_128_WITH_MD5;
const RC2: CipherKind = CipherKind::SSL_CK_RC2_128_CBC_WITH_MD5;
const DES: CipherKind = CipherKind::SSL_CK_DES_64_CBC_WITH_MD5;
