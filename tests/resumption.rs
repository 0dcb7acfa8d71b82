//! Sessions taken up again, by ID and by ticket, and everything that must prevent it.

mod in_memory;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ProtocolVersion::{SSLv3, TLSv1_2};
use in_memory::terms::{BOTH_WAYS, MapStore, Parties, Terms};
use in_memory::wire::{bytes, records, with_extensions};
use in_memory::{
    Pair, deliver, each_version_and_suite, only, pin, server_config, take, test_identity,
};
use retrossl::client::{ServerToVerify, ServerVerifier};
use retrossl::server::{ClientToVerify, ClientVerifier};
use retrossl::{
    AlertDescription, AnonymousClients, CertificateError, CipherSuite, ClientConfig, Error,
    ExtensionType, Fingerprint, MemorySessionStore, PeerMisbehaved, PinnedCertificates, Policy,
    ProtocolVersion, Quirk, Resumption, ServerConfig, SessionStore,
};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
const AES_256: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA;
const RC4: CipherSuite = CipherSuite::TLS_RSA_WITH_RC4_128_SHA;

#[test]
fn sessions_are_resumed_at_every_version_and_suite() {
    for by in BOTH_WAYS {
        each_version_and_suite(|version, suite| {
            let terms = Terms::new(by, only(version, suite));
            let parties = terms.parties();
            for resumption in [None, Some(terms.expected()), Some(terms.expected())] {
                let mut pair = parties.connect().established();
                assert_eq!(pair.client.resumption(), resumption, "{version} {suite}");
                assert_eq!(pair.server.resumption(), resumption);
                assert_eq!(pair.client.session_resumed(), resumption.is_some());
                assert_eq!(pair.client.protocol_version(), Some(version));
                assert_eq!(pair.client.negotiated_cipher_suite(), Some(suite));
                let chain = test_identity(1024).0;
                assert_eq!(pair.client.peer_certificates(), Some(&chain[..]));
                pair.echo(b"as before", || usize::MAX);
            }
        });
    }
}

/// RFC 6066 §3.
#[test]
fn a_name_is_not_confirmed_where_a_session_is_resumed() {
    for by in BOTH_WAYS {
        let parties = Terms::new(by, only(TLSv1_2, AES)).parties();
        for confirms in [true, false] {
            let pair = parties.connect().established();
            assert_eq!(pair.client.session_resumed(), !confirms);
            let hello = pair.client.server_hello().unwrap();
            let mut kinds = hello.extensions().map(|(kind, _)| kind);
            assert_eq!(
                kinds.any(|kind| kind == ExtensionType::SERVER_NAME),
                confirms
            );
            assert_eq!(pair.server.server_name(), Some("localhost"));
        }
    }
}

/// Each connection's exporter gives another secret, the same on both sides.
#[test]
fn a_resumed_session_has_new_keys() {
    let parties = Terms::new(Resumption::Ticket, only(TLSv1_2, AES)).parties();
    let mut secrets = Vec::new();
    for _ in 0..3 {
        let pair = parties.connect().established();
        let export = |connection: &retrossl::Connection| {
            connection
                .export_keying_material([0; 32], b"EXPORTER-test", None)
                .unwrap()
        };
        assert_eq!(export(&pair.client), export(&pair.server));
        secrets.push(export(&pair.client));
    }
    let different: BTreeSet<_> = secrets.iter().collect();
    assert_eq!(different.len(), 3);
}

#[test]
fn a_client_certificate_is_resumed_with_the_session() {
    for by in BOTH_WAYS {
        for version in in_memory::ssl3_and_later() {
            let mut terms = Terms::new(by, only(version, AES));
            terms.client_certificate = Some(2048);
            terms.client_pins = Some(vec![2048]);
            let parties = terms.parties();
            for resumption in [None, Some(terms.expected())] {
                let pair = parties.connect().established();
                assert_eq!(pair.server.resumption(), resumption);
                let chain = test_identity(2048).0;
                assert_eq!(pair.server.peer_certificates(), Some(&chain[..]));
            }
        }
    }
}

/// A verifier is asked again: a peer that would not be accepted today does not come in
/// through an old session.
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

    for by in BOTH_WAYS {
        let of_server = Arc::new(Moody::default());
        let of_client = Arc::new(Moody::default());
        let policy = only(TLSv1_2, AES);
        let (chain, key) = test_identity(2048);
        let mut client = ClientConfig::builder(policy)
            .verifier(of_server.clone())
            .certificate(chain, key);
        if by == Resumption::SessionId {
            client = client.without_tickets();
        }
        let (chain, key) = test_identity(1024);
        let server = ServerConfig::builder(policy)
            .certificate(chain, key)
            .client_verifier(of_client.clone());
        let parties = Parties {
            client: Arc::new(client.build().unwrap()),
            server: Arc::new(server.build().unwrap()),
            server_name: "localhost",
        };
        parties.connect().established();
        assert_eq!(
            parties.connect().established().server.resumption(),
            Some(by)
        );

        *of_client.0.lock().unwrap() = Some(AlertDescription::CERTIFICATE_REVOKED);
        let mut pair = parties.connect();
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        assert_eq!(error.alert(), Some(AlertDescription::CERTIFICATE_REVOKED));
        *of_client.0.lock().unwrap() = None;

        parties.connect().established();
        *of_server.0.lock().unwrap() = Some(AlertDescription::CERTIFICATE_EXPIRED);
        let mut pair = parties.connect();
        let hello = take(&mut pair.client);
        assert_eq!(session_id(&hello), [], "nothing is offered");
        let error = deliver(&hello, &mut pair.server, || usize::MAX)
            .and_then(|()| deliver(&take(&mut pair.server), &mut pair.client, || usize::MAX))
            .unwrap_err();
        assert_eq!(error.alert(), Some(AlertDescription::CERTIFICATE_EXPIRED));
    }
}

/// Whatever is in a store or in a ticket: a full handshake.
#[test]
fn garbage_is_a_full_handshake() {
    let spoil: [fn(&mut Vec<u8>); 6] = [
        |bytes| bytes.clear(),
        |bytes| bytes.truncate(20),
        |bytes| bytes[0] ^= 1,
        |bytes| bytes[5] ^= 1,
        |bytes| *bytes.last_mut().unwrap() ^= 1,
        |bytes| bytes.extend([0; 100]),
    ];
    for by in BOTH_WAYS {
        for version in [SSLv3, TLSv1_2] {
            for spoil in spoil {
                let terms = Terms::new(by, only(version, AES));
                let parties = terms.parties();
                parties.connect().established();
                for side in [&terms.client_store, &terms.server_store] {
                    side.change_all(spoil);
                }
                let mut pair = parties.connect().established();
                assert_eq!(pair.client.resumption(), None);
                pair.echo(b"all is well", || usize::MAX);
                assert_eq!(
                    parties.connect().established().client.resumption(),
                    Some(terms.expected())
                );
            }
        }
    }
}

/// A ticket that the client has spoilt.
#[test]
fn a_spoilt_ticket_is_a_full_handshake() {
    let terms = Terms::new(Resumption::Ticket, only(TLSv1_2, AES));
    let parties = terms.parties();
    parties.connect().established();
    let mut pair = parties.connect();
    let hello = with_extensions(&take(&mut pair.client), |extensions| {
        let mut ticket = extensions.iter_mut().filter(|(kind, _)| *kind == 35);
        ticket.next().unwrap().1[46] ^= 1;
    });
    deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
    assert_eq!(pair.server.resumption(), None);
    let flight = records(&take(&mut pair.server));
    assert_eq!(
        flight[1].fragment[0], 11,
        "the Certificate of a full handshake"
    );
}

#[test]
fn sessions_cross_between_servers_that_share_keys_or_store() {
    for by in BOTH_WAYS {
        let terms = Terms::new(by, only(TLSv1_2, AES));
        terms.parties().connect().established();
        let elsewhere = terms.parties();
        let pair = elsewhere.connect().established();
        assert_eq!(pair.server.resumption(), Some(by));
    }
    // A ticket needs no store, an ID does.
    for by in BOTH_WAYS {
        let mut terms = Terms::new(by, only(TLSv1_2, AES));
        terms.parties().connect().established();
        terms.server_store = Arc::default();
        let pair = terms.parties().connect().established();
        let expected = (by == Resumption::Ticket).then_some(by);
        assert_eq!(pair.server.resumption(), expected);
    }
}

#[test]
fn either_way_can_be_switched_off() {
    let policy = only(TLSv1_2, AES);
    for (client_ids, client_tickets, server_ids, server_tickets) in
        (0..16).map(|bits| (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0, bits & 8 > 0))
    {
        let kept = Arc::<MapStore>::default();
        let client = ClientConfig::builder(policy).verifier(pin(1024));
        let mut client = client.session_store(kept.clone());
        let (chain, key) = test_identity(1024);
        let mut server = ServerConfig::builder(policy).certificate(chain, key);
        if !client_ids {
            client = client.without_session_ids();
        }
        if !client_tickets {
            client = client.without_tickets();
        }
        if !server_ids {
            server = server.without_session_ids();
        }
        if !server_tickets {
            server = server.without_tickets();
        }
        let parties = Parties {
            client: Arc::new(client.build().unwrap()),
            server: Arc::new(server.build().unwrap()),
            server_name: "localhost",
        };
        let expected = if client_tickets && server_tickets {
            Some(Resumption::Ticket)
        } else if client_ids && server_ids {
            Some(Resumption::SessionId)
        } else {
            None
        };
        parties.connect().established();
        assert_eq!(kept.0.lock().unwrap().is_empty(), expected.is_none());
        assert_eq!(
            parties.connect().established().client.resumption(),
            expected
        );
    }
}

/// At any version, SSL 2.0 included.
#[test]
fn who_resumes_in_no_way_asks_its_store_for_nothing() {
    #[derive(Debug)]
    struct Unasked;

    impl SessionStore for Unasked {
        fn put(&self, _: &[u8], _: Vec<u8>, _: Duration) {
            panic!("it is kept");
        }

        fn find(&self, _: &[u8]) -> Option<Vec<u8>> {
            panic!("it is looked for");
        }

        fn remove(&self, _: &[u8]) {
            panic!("it is forgotten");
        }
    }

    for version in ProtocolVersion::all() {
        let policy = Policy::EVERYTHING.versions(version, version);
        let client = ClientConfig::builder(policy)
            .verifier(PinnedCertificates::new(
                [512, 1024].map(|bits| Fingerprint::of(&test_identity(bits).0[0])),
            ))
            .session_store(Unasked)
            .without_session_ids()
            .without_tickets();
        let pair = Pair::new(client.build().unwrap(), server_config(policy)).established();
        assert_eq!(pair.client.protocol_version(), Some(version));
    }
}

/// RFC 5246 §7.2: a session that saw a fatal alert is not resumed.
#[test]
fn a_fatal_alert_forgets_the_session() {
    for by in BOTH_WAYS {
        let parties = Terms::new(by, only(TLSv1_2, AES)).parties();
        parties.connect().established();
        let mut pair = parties.connect().established();
        assert_eq!(pair.server.resumption(), Some(by));
        let garbage = bytes(&[in_memory::wire::record(23, 0x0303, &[0; 64])]);
        deliver(&garbage, &mut pair.server, || usize::MAX).unwrap_err();
        deliver(&take(&mut pair.server), &mut pair.client, || usize::MAX).unwrap_err();
        let pair = parties.connect().established();
        assert_eq!(pair.server.resumption(), None);
    }
}

/// A server that breaks whenever it is offered a session is offered it once.
#[test]
fn a_session_that_a_handshake_fails_on_is_not_offered_again() {
    for by in BOTH_WAYS {
        let parties = Terms::new(by, only(TLSv1_2, AES)).parties();
        parties.connect().established();
        let mut pair = parties.connect();
        assert_ne!(session_id(&take(&mut pair.client)), []);
        assert_eq!(pair.client.read_tls(&mut &[][..]).unwrap(), 0);
        assert_eq!(
            pair.client.process_new_packets(),
            Err(Error::TruncatedHandshake)
        );
        let mut pair = parties.connect();
        assert_eq!(session_id(&take(&mut pair.client)), []);
    }
}

/// RFC 7627 §5.3: a session with the extended master secret is not resumed by a hello without it,
/// nor one without it by a hello with it.
#[test]
fn the_extended_master_secret_rules_resumption() {
    const EXTENSION: u16 = 23;
    let with = only(TLSv1_2, RC4);
    let without = with.quirk(Quirk::NoExtendedMasterSecret);
    for by in BOTH_WAYS {
        let mut terms = Terms::new(by, with);
        terms.parties().connect().established();
        let mut pair = terms.parties().connect();
        let hello = with_extensions(&take(&mut pair.client), |extensions| {
            extensions.retain(|(kind, _)| *kind != EXTENSION);
        });
        let error = deliver(&hello, &mut pair.server, || usize::MAX).unwrap_err();
        assert_eq!(
            error,
            PeerMisbehaved::ProtectionDropped("the extended master secret").into()
        );

        terms.policy = without;
        terms.parties().connect().established();
        let pair = terms.parties().connect().established();
        assert_eq!(pair.server.resumption(), Some(by), "neither has it");
        let mut pair = terms.parties().connect();
        let hello = with_extensions(&take(&mut pair.client), |extensions| {
            extensions.push((EXTENSION, Vec::new()));
        });
        deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
        assert_eq!(pair.server.resumption(), None);
    }
}

/// A server may not resume otherwise than the session was made.
#[test]
fn a_client_refuses_a_changed_resumption() {
    // Version, random, session ID, suite.
    let suite_at = 5 + 4 + 2 + 32 + 1 + 32;
    let policy = Policy::EVERYTHING.cipher_suites(&[AES, AES_256]);
    for by in BOTH_WAYS {
        let parties = Terms::new(by, policy).parties();
        parties.connect().established();
        let mut pair = parties.connect();
        deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX).unwrap();
        let mut flight = take(&mut pair.server);
        assert_eq!(flight[suite_at..suite_at + 2], AES.0.to_be_bytes());
        flight[suite_at..suite_at + 2].copy_from_slice(&AES_256.0.to_be_bytes());
        let error = deliver(&flight, &mut pair.client, || usize::MAX).unwrap_err();
        let expected = PeerMisbehaved::ResumedDifferently("the cipher suite");
        assert_eq!(error, expected.into());
    }
}

/// Nothing that is kept shows a master secret: it is only ever found by the key log.
#[test]
fn a_store_never_sees_a_master_secret() {
    #[derive(Debug, Default)]
    struct Secrets(Mutex<Vec<Vec<u8>>>);

    impl retrossl::KeyLog for Secrets {
        fn log(&self, _: &str, _: &[u8; 32], secret: &[u8]) {
            self.0.lock().unwrap().push(secret.to_vec());
        }
    }

    for by in BOTH_WAYS {
        let terms = Terms::new(by, only(TLSv1_2, AES));
        let secrets = Arc::new(Secrets::default());
        let client = terms.client().key_log(secrets.clone()).build().unwrap();
        let parties = Parties {
            client: Arc::new(client),
            ..terms.parties()
        };
        parties.connect().established();
        parties.connect().established();
        let secrets = secrets.0.lock().unwrap();
        assert_eq!(secrets.len(), 2);
        assert_eq!(secrets[0], secrets[1], "the session's own");
        for store in [&terms.client_store, &terms.server_store] {
            for sealed in store.0.lock().unwrap().values() {
                let shows = |part: &[u8]| sealed.windows(part.len()).any(|window| window == part);
                assert!(!secrets[0].chunks(8).any(shows));
            }
        }
    }
}

/// A store that keeps nothing is no error.
#[test]
fn a_store_may_keep_nothing() {
    let mut pair = {
        let policy = only(TLSv1_2, AES);
        let client = ClientConfig::builder(policy)
            .verifier(pin(1024))
            .session_store(MemorySessionStore::new(0));
        let (chain, key) = test_identity(1024);
        let server = ServerConfig::builder(policy)
            .certificate(chain, key)
            .without_tickets()
            .session_store(MemorySessionStore::new(0));
        let parties = Parties {
            client: Arc::new(client.build().unwrap()),
            server: Arc::new(server.build().unwrap()),
            server_name: "localhost",
        };
        parties.connect().established();
        parties.connect().established()
    };
    assert!(!pair.client.session_resumed());
    pair.echo(b"full", || usize::MAX);
}

/// The session_id field of the ClientHello that `wire` starts with.
fn session_id(wire: &[u8]) -> &[u8] {
    let at = 5 + 4 + 2 + 32;
    &wire[at + 1..at + 1 + usize::from(wire[at])]
}
