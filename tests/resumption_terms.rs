//! The terms of a session: it is resumed under its own ones only.

mod in_memory;

use std::sync::{Arc, Mutex};

use ProtocolVersion::{SSLv3, TLSv1_0, TLSv1_2};
use in_memory::offers::*;
use in_memory::terms::{BOTH_WAYS, Parties, Terms};
use in_memory::{Pair, only, take, test_identity};
use retrossl::server::{ServerCertificateQuery, ServerCertificateResolver};
use retrossl::{
    CertifiedKey, PeerMisbehaved, ProtocolVersion, Quirk, Resumption, ServerConfig,
    UnbiddenRenegotiation,
};

/// One that is not the newest of the terms.
fn another_version(terms: &Terms) -> ProtocolVersion {
    match terms.policy.usable_versions() {
        Some((_, SSLv3)) => TLSv1_0,
        _ => SSLv3,
    }
}

/// What differs between the connection that makes a session and the one that would resume it.
#[test]
fn a_session_is_resumed_under_its_own_terms_only() {
    let changes: [(&str, Change); 13] = [
        ("the version", |terms| {
            terms.policy = terms.policy.versions(SSLv3, another_version(terms));
        }),
        ("the suite", |terms| {
            terms.policy = terms.policy.cipher_suites(&[RC4])
        }),
        ("the server's version", |terms| {
            terms.server_policy = terms.server_policy.versions(SSLv3, another_version(terms));
        }),
        ("the server's suite", |terms| {
            terms.server_policy = terms.server_policy.cipher_suites(&[RC4, AES]);
        }),
        ("the smallest key", |terms| {
            terms.policy = terms.policy.min_rsa_bits(1000)
        }),
        ("a quirk of the server's", |terms| {
            terms.server_policy = terms
                .server_policy
                .quirk(Quirk::NegotiatedVersionInPreMasterSecret);
        }),
        ("the server name", |terms| terms.server_name = "other"),
        ("that it is sent", |terms| terms.sends_server_name = false),
        ("that clients are asked", |terms| {
            terms.client_pins = Some(vec![2048])
        }),
        ("the client's certificate", |terms| {
            terms.client_certificate = Some(2048)
        }),
        ("the server's pin", |terms| terms.server_pins = vec![512]),
        ("the lifetime", |terms| terms.now += 3600),
        ("the ticket keys", |terms| {
            (terms.client_secret, terms.server_secret) = (2, 2);
        }),
    ];
    for (version, by) in in_memory::ssl3_and_later().flat_map(|it| BOTH_WAYS.map(|by| (it, by))) {
        for (what, change) in changes {
            let mut terms = Terms::new(by, only(version, AES).cipher_suites(&[AES, RC4]));
            terms.policy = terms.policy.versions(SSLv3, version);
            terms.server_policy = terms.policy;
            let expected = Some(terms.expected());
            terms.parties().connect().established();
            let pair = terms.parties().connect().established();
            assert_eq!(pair.server.resumption(), expected, "before {what} changes");
            change(&mut terms);
            let mut pair = terms.parties().connect();
            let result = pair.exchange(|| usize::MAX);
            assert_eq!(pair.server.resumption(), None, "{by:?} {what}");
            match what {
                // Where a full handshake is refused, too.
                "the server's pin" | "that clients are asked" => assert!(result.is_err()),
                _ => result.unwrap(),
            }
            let same = terms.parties().connect().exchange(|| usize::MAX);
            assert_eq!(
                same.is_ok(),
                pair.client.error().is_none() && pair.server.error().is_none()
            );
        }
    }
}

/// Stores that answer with something else than they were asked for.
#[test]
fn what_stands_under_another_name_is_no_session() {
    let one = terms(Resumption::SessionId);
    let hello = good_offer(&one);
    // Another client's session, under the same terms.
    let server_store = one.server_store.clone();
    good_offer(&Terms {
        server_store: server_store.clone(),
        ..terms(Resumption::SessionId)
    });
    server_store.swap();
    assert_eq!(decision(&one, &hello), Ok(None));

    let other = Terms {
        server_name: "other",
        client_store: one.client_store.clone(),
        ..terms(Resumption::SessionId)
    };
    good_offer(&other);
    one.client_store.swap();
    for terms in [one, other] {
        let hello = take(&mut terms.parties().connect().client);
        assert!(!offers_session(&hello));
    }
}

/// A server that starts anew and keeps nothing: the client does not offer the old session again.
#[test]
fn a_session_that_is_not_taken_up_is_forgotten() {
    for by in BOTH_WAYS {
        let mut terms = terms(by);
        good_offer(&terms);
        terms.server_ways.clear();
        let pair = terms.parties().connect().established();
        assert!(!pair.client.session_resumed());
        let hello = take(&mut terms.parties().connect().client);
        assert!(!offers_session(&hello));
    }
}

/// Whoever wants a whole handshake gets one, though the other side would resume.
#[test]
fn a_renegotiation_resumes_where_both_sides_want_it_only() {
    type Begin = fn(&mut Pair);
    let rows: [(&str, Begin, bool); 4] = [
        (
            "the client resumes",
            |pair| pair.client.renegotiate_resuming().unwrap(),
            true,
        ),
        (
            "the client starts anew",
            |pair| pair.client.renegotiate().unwrap(),
            false,
        ),
        (
            "the server starts anew, the client resumes",
            |pair| {
                pair.server.renegotiate().unwrap();
                pair.client.renegotiate_resuming().unwrap();
            },
            false,
        ),
        (
            "the server resumes, the client starts anew",
            |pair| {
                pair.server.renegotiate_resuming().unwrap();
                pair.client.renegotiate().unwrap();
            },
            false,
        ),
    ];
    for (what, begin, resumes) in rows {
        for by in BOTH_WAYS {
            let willing = UnbiddenRenegotiation::Accepted;
            let terms = Terms::new(by, only(TLSv1_2, AES).unbidden_renegotiation(willing));
            let mut pair = terms.parties().connect().established();
            begin(&mut pair);
            pair.exchange(|| usize::MAX).unwrap();
            assert_eq!(pair.client.handshakes(), 2);
            let expected = resumes.then_some(by);
            assert_eq!(pair.server.resumption(), expected, "{by:?} {what}");
            assert_eq!(pair.client.resumption(), expected, "{by:?} {what}");
        }
    }
}

/// In a renegotiation the server's certificate may not change, nor by way of a session that it made
/// under another one and would take up.
#[test]
fn a_renegotiation_resumes_no_session_of_another_certificate() {
    #[derive(Debug)]
    struct Shows(Mutex<usize>);

    impl ServerCertificateResolver for Shows {
        fn resolve(&self, _: &ServerCertificateQuery<'_>) -> Option<Arc<CertifiedKey>> {
            let (chain, key) = test_identity(*self.0.lock().unwrap());
            CertifiedKey::new(chain, key).ok().map(Arc::new)
        }
    }

    for by in BOTH_WAYS {
        let willing = UnbiddenRenegotiation::Accepted;
        let mut terms = Terms::new(by, only(TLSv1_2, AES).unbidden_renegotiation(willing));
        terms.server_pins = vec![1024, 2048];
        let shows = Arc::new(Shows(Mutex::new(1024)));
        let server = ServerConfig::builder(terms.policy).certificate_resolver(shows.clone());
        let parties = Parties {
            server: Arc::new(server.build().unwrap()),
            ..terms.parties()
        };
        let mut same = parties.connect().established();
        let mut other = parties.connect().established();
        *shows.0.lock().unwrap() = 2048;
        parties.connect().established();
        let pair = parties.connect().established();
        assert_eq!(pair.server.resumption(), Some(by), "outside of one it does");
        other.client.renegotiate_resuming().unwrap();
        let error = other.exchange(|| usize::MAX).unwrap_err();
        assert_eq!(error, PeerMisbehaved::ServerCertificateChanged.into());

        // Its own it would resume.
        *shows.0.lock().unwrap() = 1024;
        parties.connect().established();
        same.client.renegotiate_resuming().unwrap();
        same.exchange(|| usize::MAX).unwrap();
        assert_eq!(same.client.resumption(), Some(by));
    }
}
