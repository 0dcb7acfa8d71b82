//! Sessions that were made for somebody else, at another time, or that an onlooker names.

mod in_memory;

use std::sync::Arc;
use std::time::Duration;

use ProtocolVersion::TLSv1_2;
use in_memory::terms::{BOTH_WAYS, Parties, Terms};
use in_memory::wire::{bytes, extensions, record, records};
use in_memory::{deliver, only, take, test_identity};
use retrossl::client::{CertifiedKey, ClientCertificateQuery, ClientCertificateResolver};
use retrossl::{
    AlertDescription, CipherSuite, ClientConfig, Error, PeerIncompatible, ProtocolVersion,
    Resumption,
};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

/// Whoever shares a store with others does not come in as one of them.
#[test]
fn a_config_without_a_certificate_is_not_whom_a_resolver_made_it() {
    for by in BOTH_WAYS {
        let mut terms = Terms::new(by, only(TLSv1_2, AES));
        terms.client_pins = Some(vec![2048]);
        let parties = |client: ClientConfig| Parties {
            client: Arc::new(client),
            ..terms.parties()
        };
        let alice = || {
            parties(
                terms
                    .client()
                    .certificate_resolver(Arc::new(Alice))
                    .build()
                    .unwrap(),
            )
        };
        alice().connect().established();
        let mut nobody = parties(terms.client().build().unwrap()).connect();
        assert!(offers_nothing(&take(&mut nobody.client)), "{by:?}");
        let mut nobody = parties(terms.client().build().unwrap()).connect();
        assert_eq!(
            nobody.exchange(|| usize::MAX),
            Err(PeerIncompatible::NoClientCertificate.into())
        );
        assert_eq!(nobody.server.peer_certificates(), None);
        deliver(&take(&mut nobody.server), &mut nobody.client, || usize::MAX).unwrap_err();
        assert_eq!(
            nobody.client.error(),
            Some(&Error::ClientCertificateMissing(
                AlertDescription::HANDSHAKE_FAILURE
            ))
        );
        // It is hers still.
        let pair = alice().connect().established();
        assert_eq!(pair.server.resumption(), Some(by));
    }
}

#[derive(Debug)]
struct Alice;

impl ClientCertificateResolver for Alice {
    fn resolve(&self, _: &ClientCertificateQuery<'_>) -> Option<Arc<CertifiedKey>> {
        let (chain, key) = test_identity(2048);
        Some(Arc::new(CertifiedKey::new(chain, key).unwrap()))
    }
}

/// A server that has another certificate has to show it, and prove that it has its key, whatever
/// ticket keys and store it shares.
#[test]
fn a_server_with_another_certificate_shows_it() {
    for by in BOTH_WAYS {
        for version in in_memory::ssl3_and_later() {
            let mut terms = Terms::new(by, only(version, AES));
            terms.server_pins = vec![1024, 2048];
            let resumed = Some(terms.expected());
            for (bits, expected) in [
                (1024, None),
                (1024, resumed),
                (2048, None),
                (2048, resumed),
                (1024, None),
            ] {
                terms.server_certificate = bits;
                let pair = terms.parties().connect().established();
                assert_eq!(pair.server.resumption(), expected, "{version} {bits}");
                assert_eq!(pair.client.resumption(), expected);
                let chain = test_identity(bits).0;
                assert_eq!(pair.client.peer_certificates(), Some(&chain[..]));
            }
        }
    }
}

/// RFC 5246 §7.2 forgets a session for a fatal alert, which takes the master secret: who has only
/// seen a session's ID cannot end it.
#[test]
fn an_onlooker_does_not_end_a_session() {
    for version in in_memory::ssl3_and_later() {
        let terms = Terms::new(Resumption::SessionId, only(version, AES));
        let parties = terms.parties();
        parties.connect().established();
        let kept = || terms.server_store.0.lock().unwrap().len();
        let mut client = parties.connect().client;
        let hello = take(&mut client);
        let wire = version.wire();
        let garbage = [
            vec![record(20, wire, &[1]), record(22, wire, &[0; 64])],
            vec![record(20, wire, &[7])],
            vec![record(23, wire, &[0; 64])],
            vec![record(21, wire, &[2, 40])],
        ];
        for garbage in garbage {
            let mut pair = parties.connect();
            deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
            assert_eq!(pair.server.resumption(), Some(Resumption::SessionId));
            deliver(&bytes(&garbage), &mut pair.server, || usize::MAX).unwrap_err();
            assert_eq!(kept(), 1, "{version}");
        }
        let mut server = parties.connect().server;
        deliver(&hello, &mut server, || usize::MAX).unwrap();
        let mut pair = in_memory::Pair { client, server }.established();
        assert_eq!(pair.server.resumption(), Some(Resumption::SessionId));
        pair.echo(b"as before", || usize::MAX);
    }
}

/// Whoever shortens the lifetime means the sessions that are out already, too.
#[test]
fn a_shortened_lifetime_holds_for_what_was_given_out() {
    let minute = Duration::from_secs(60);
    for by in BOTH_WAYS {
        for (age, is_resumed) in [(59, true), (60, false)] {
            let mut terms = Terms::new(by, only(TLSv1_2, AES));
            terms.parties().connect().established();
            terms.now += age;
            let server = terms.server(terms.policy).session_lifetime(minute);
            let parties = Parties {
                server: Arc::new(server.build().unwrap()),
                ..terms.parties()
            };
            let mut pair = parties.connect();
            let hello = take(&mut pair.client);
            assert!(!offers_nothing(&hello));
            deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
            assert_eq!(pair.server.resumption(), is_resumed.then_some(by));

            let parties = Parties {
                client: Arc::new(terms.client().session_lifetime(minute).build().unwrap()),
                ..terms.parties()
            };
            let hello = take(&mut parties.connect().client);
            assert_eq!(offers_nothing(&hello), !is_resumed, "{by:?}");
        }
    }
}

/// Whether the ClientHello that `wire` starts with has neither session ID nor ticket.
fn offers_nothing(wire: &[u8]) -> bool {
    const SESSION_TICKET: u16 = 35;
    let hello = &records(wire)[0].fragment;
    let has_ticket = extensions(hello)
        .iter()
        .any(|(kind, ticket)| *kind == SESSION_TICKET && !ticket.is_empty());
    let session_id_len = hello[4 + 2 + 32];
    session_id_len == 0 && !has_ticket
}
