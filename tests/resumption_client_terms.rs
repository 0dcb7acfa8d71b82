//! Each term that a client looks at alone, while the server would let it pass.

mod in_memory;

use ProtocolVersion::{SSLv3, TLSv1_0, TLSv1_1, TLSv1_2};
use in_memory::offers::*;
use in_memory::terms::BOTH_WAYS;
use in_memory::wire::with_hello;
use in_memory::{Pair, deliver, take};
use retrossl::{
    ClientConnection, Error, PeerMisbehaved, Policy, ProtocolVersion, Quirk, Resumption,
    ServerConnection,
};

/// A client that keeps a session, and has changed.
#[test]
fn a_client_looks_at_each_of_its_own_terms() {
    let as_it_is: Change = |_| ();
    let rows: [(&str, &[Resumption], Change, Change, bool); 25] = [
        ("nothing", EITHER, as_it_is, |_| (), true),
        (
            "its last second",
            EITHER,
            as_it_is,
            |terms| terms.client_ahead = 3599,
            true,
        ),
        (
            "the end of its life",
            EITHER,
            as_it_is,
            |terms| terms.client_ahead = 3600,
            false,
        ),
        (
            "a clock a little behind",
            EITHER,
            as_it_is,
            |terms| terms.client_ahead = -60,
            true,
        ),
        (
            "a clock far behind",
            EITHER,
            as_it_is,
            |terms| terms.client_ahead = -61,
            false,
        ),
        (
            "a longer life for others",
            EITHER,
            as_it_is,
            |terms| (terms.client_ahead, terms.client_lifetime) = (3600, 7200),
            false,
        ),
        (
            "within a shorter life",
            EITHER,
            as_it_is,
            |terms| (terms.client_ahead, terms.client_lifetime) = (59, 60),
            true,
        ),
        (
            "after a shorter life",
            EITHER,
            as_it_is,
            |terms| (terms.client_ahead, terms.client_lifetime) = (60, 60),
            false,
        ),
        // A ticket says how long it lives, a session ID does not.
        (
            "within what the server said",
            EITHER,
            |terms| terms.server_lifetime = 60,
            |terms| terms.client_ahead = 59,
            true,
        ),
        (
            "after what the server said",
            BY_TICKET,
            |terms| terms.server_lifetime = 60,
            |terms| terms.client_ahead = 60,
            false,
        ),
        (
            "after what the server did not say",
            BY_ID,
            |terms| terms.server_lifetime = 60,
            |terms| terms.client_ahead = 60,
            true,
        ),
        (
            "the smallest key",
            EITHER,
            as_it_is,
            |terms| terms.policy = terms.policy.min_rsa_bits(1000),
            false,
        ),
        (
            "its versions",
            EITHER,
            as_it_is,
            |terms| terms.policy = terms.policy.versions(TLSv1_0, TLSv1_1),
            false,
        ),
        (
            "its suites",
            EITHER,
            as_it_is,
            |terms| terms.policy = terms.policy.cipher_suites(&[AES]),
            false,
        ),
        (
            "the server name",
            EITHER,
            as_it_is,
            |terms| terms.server_name = "other",
            false,
        ),
        (
            "the server name's capitals",
            EITHER,
            as_it_is,
            |terms| terms.server_name = "LocalHost",
            true,
        ),
        (
            "that the name is sent",
            EITHER,
            as_it_is,
            |terms| terms.sends_server_name = false,
            false,
        ),
        (
            "the length of records",
            EITHER,
            as_it_is,
            |terms| terms.client_max_fragment = Some(1024),
            false,
        ),
        (
            "that it has a certificate",
            EITHER,
            as_it_is,
            |terms| terms.client_certificate = Some(2048),
            false,
        ),
        (
            "its certificate",
            EITHER,
            |terms| terms.client_certificate = Some(2048),
            |terms| terms.client_certificate = Some(512),
            false,
        ),
        (
            "that it may have a certificate",
            EITHER,
            as_it_is,
            |terms| (terms.client_certificate, terms.client_resolves) = (Some(2048), true),
            false,
        ),
        (
            "that the server is trusted",
            EITHER,
            as_it_is,
            |terms| terms.server_pins = vec![2048],
            false,
        ),
        (
            "that another server is trusted, too",
            EITHER,
            as_it_is,
            |terms| terms.server_pins = vec![2048, 1024],
            true,
        ),
        (
            "that there is this way",
            EITHER,
            as_it_is,
            |terms| terms.client_ways.retain(|way| *way != terms.by),
            false,
        ),
        (
            "its keys",
            EITHER,
            as_it_is,
            |terms| terms.client_secret = 2,
            false,
        ),
    ];
    for (what, ways, before, change, offers) in rows {
        for by in ways {
            let mut terms = terms(*by);
            before(&mut terms);
            good_offer(&terms);
            change(&mut terms);
            let hello = take(&mut terms.parties().connect().client);
            assert_eq!(offers_session(&hello), offers, "{by:?} {what}");
        }
    }
}

/// A connection's own policy is a term as the config's is.
#[test]
fn a_client_looks_at_the_connections_policy() {
    for by in BOTH_WAYS {
        let terms = terms(by);
        good_offer(&terms);
        let offers = |connect: fn(_, _, Policy) -> Result<ClientConnection, Error>, policy| {
            let name = terms.server_name.try_into().unwrap();
            let mut client = connect(terms.parties().client, name, policy).unwrap();
            offers_session(&take(&mut client))
        };
        let policy = terms.policy;
        assert!(offers(ClientConnection::with_policy, policy));
        let narrower = policy.versions(SSLv3, TLSv1_0);
        assert!(!offers(ClientConnection::with_policy, narrower));
        let fallback = |config, name, _| ClientConnection::fallback(config, name, TLSv1_0);
        assert!(!offers(fallback, policy));
        // Nothing is lowered.
        let newest = |config, name, _| ClientConnection::fallback(config, name, TLSv1_2);
        assert!(offers(newest, policy));
        assert!(offers(ClientConnection::with_policy, policy));
    }
}

/// RFC 7507 §4: who says by a signal that this is a fallback offers no session, also none of that
/// version.
#[test]
fn a_fallback_offers_no_session() {
    for by in BOTH_WAYS {
        let mut terms = terms(by);
        let low = terms.policy.versions(SSLv3, TLSv1_0);
        terms.server_policy = low;
        let parties = terms.parties();
        let connect = |version| {
            let name = terms.server_name.try_into().unwrap();
            let client = ClientConnection::fallback(parties.client.clone(), name, version).unwrap();
            let server = ServerConnection::new(parties.server.clone());
            Pair { client, server }
        };
        for _ in 0..2 {
            let mut pair = connect(TLSv1_0);
            let hello = take(&mut pair.client);
            assert!(!offers_session(&hello));
            deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
            let pair = pair.established();
            assert!(!pair.client.session_resumed());
        }
        let name = terms.server_name.try_into().unwrap();
        let narrow = ClientConnection::with_policy(parties.client.clone(), name, low);
        assert!(offers_session(&take(&mut narrow.unwrap())));
    }
}

/// A server that takes up a session otherwise than it was made.
#[test]
fn a_client_looks_at_each_term_in_the_answer() {
    let changed = |what| Err(PeerMisbehaved::ResumedDifferently(what).into());
    // The session is another one: a whole handshake should follow.
    let not_taken_up = || {
        Err(PeerMisbehaved::UnexpectedMessage {
            received: "ChangeCipherSpec",
            expected: "Certificate",
        }
        .into())
    };
    let as_it_is: Change = |_| ();
    let rows: [(&str, Change, Edit, Result<(), Error>); 11] = [
        ("nothing", as_it_is, |_| (), Ok(())),
        (
            "the version",
            as_it_is,
            |hello| hello.version = 0x0301,
            changed("the version"),
        ),
        (
            "the version, to SSL 3.0",
            as_it_is,
            |hello| {
                hello.version = 0x0300;
                hello.extensions.clear();
            },
            changed("the version"),
        ),
        (
            "the suite",
            as_it_is,
            |hello| hello.suites = vec![AES_256.0],
            changed("the cipher suite"),
        ),
        (
            "no extended master secret",
            as_it_is,
            |hello| hello.remove_extension(EXTENDED_MASTER_SECRET),
            changed("the extended master secret"),
        ),
        (
            "the extended master secret",
            |terms| {
                let quirk = Quirk::NoExtendedMasterSecret;
                terms.server_policy = terms.server_policy.quirk(quirk);
            },
            |hello| hello.extensions.push((EXTENDED_MASTER_SECRET, Vec::new())),
            changed("the extended master secret"),
        ),
        (
            "no encrypt-then-MAC",
            as_it_is,
            |hello| hello.remove_extension(ENCRYPT_THEN_MAC),
            changed("encrypt-then-MAC"),
        ),
        // It may come; but this server does not mean it.
        (
            "encrypt-then-MAC",
            |terms| {
                terms.server_policy = terms.server_policy.quirk(Quirk::NoEncryptThenMac);
            },
            |hello| hello.extensions.push((ENCRYPT_THEN_MAC, Vec::new())),
            Err(PeerMisbehaved::BadRecordMac.into()),
        ),
        (
            "the session ID",
            as_it_is,
            |hello| hello.session_id[31] ^= 1,
            not_taken_up(),
        ),
        (
            "half the session ID",
            as_it_is,
            |hello| hello.session_id.truncate(16),
            not_taken_up(),
        ),
        (
            "no session ID",
            as_it_is,
            |hello| hello.session_id.clear(),
            not_taken_up(),
        ),
    ];
    for (what, before, edit, expected) in rows {
        for by in BOTH_WAYS {
            let mut terms = terms(by);
            before(&mut terms);
            good_offer(&terms);
            let mut pair = terms.parties().connect();
            deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX).unwrap();
            assert_eq!(pair.server.resumption(), Some(by));
            let flight = with_hello(&take(&mut pair.server), edit);
            let result = deliver(&flight, &mut pair.client, || usize::MAX);
            assert_eq!(result, expected, "{by:?} {what}");
            assert_eq!(pair.client.handshakes(), expected.is_ok().into());
            // What failed is not tried again.
            let again = take(&mut terms.parties().connect().client);
            assert_eq!(offers_session(&again), expected.is_ok(), "{by:?} {what}");
        }
    }
}
