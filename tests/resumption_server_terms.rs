//! Each term that a server looks at alone, while the client would let it pass.

mod in_memory;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ProtocolVersion::{SSLv3, TLSv1_0};
use in_memory::offers::*;
use in_memory::wire::{Hello, with_hello};
use in_memory::{deliver, take};
use retrossl::{
    AnonymousClients, Error, PeerMisbehaved, ProtocolVersion, Quirk, Resumption, ServerConnection,
    SessionStore,
};

/// A ClientHello that names a good session, and another word in it.
#[test]
fn a_server_looks_at_each_term_in_the_hello() {
    const RESUMED: Result<bool, PeerMisbehaved> = Ok(true);
    const NEW: Result<bool, PeerMisbehaved> = Ok(false);
    let dropped = Err(PeerMisbehaved::ProtectionDropped(
        "the extended master secret",
    ));
    let as_it_is: Change = |_| ();
    let rows: [(&str, &[Resumption], Change, Edit, _); 23] = [
        ("nothing", EITHER, as_it_is, |_| (), RESUMED),
        (
            "an older version",
            EITHER,
            as_it_is,
            |hello| hello.version = 0x0301,
            NEW,
        ),
        (
            "SSL 3.0",
            EITHER,
            as_it_is,
            |hello| hello.version = 0x0300,
            NEW,
        ),
        (
            "a newer version",
            EITHER,
            |terms| terms.policy = terms.policy.versions(SSLv3, TLSv1_0),
            |hello| hello.version = 0x0302,
            NEW,
        ),
        (
            "one suite less",
            EITHER,
            as_it_is,
            |hello| hello.suites.retain(|suite| *suite != AES.0),
            NEW,
        ),
        (
            "a better suite",
            EITHER,
            |terms| terms.policy = terms.policy.cipher_suites(&[AES_256]),
            |hello| hello.suites.push(AES.0),
            NEW,
        ),
        (
            "a worse suite",
            EITHER,
            |terms| terms.policy = terms.policy.cipher_suites(&[AES]),
            |hello| hello.suites.push(AES_256.0),
            RESUMED,
        ),
        (
            "another server name",
            EITHER,
            as_it_is,
            |hello| *server_name(hello).last_mut().unwrap() ^= 1,
            NEW,
        ),
        (
            "the server name in capitals",
            EITHER,
            as_it_is,
            |hello| server_name(hello)[5..].make_ascii_uppercase(),
            RESUMED,
        ),
        (
            "no server name",
            EITHER,
            as_it_is,
            |hello| hello.remove_extension(SERVER_NAME),
            NEW,
        ),
        (
            "a server name",
            EITHER,
            |terms| terms.sends_server_name = false,
            |hello| {
                let name = b"\0\x0c\0\0\x09localhost".to_vec();
                hello.extensions.push((SERVER_NAME, name));
            },
            NEW,
        ),
        (
            "no encrypt-then-MAC",
            EITHER,
            as_it_is,
            |hello| hello.remove_extension(ENCRYPT_THEN_MAC),
            NEW,
        ),
        (
            "encrypt-then-MAC",
            EITHER,
            |terms| terms.policy = terms.policy.quirk(Quirk::NoEncryptThenMac),
            |hello| hello.extensions.push((ENCRYPT_THEN_MAC, Vec::new())),
            RESUMED,
        ),
        (
            "no extended master secret",
            EITHER,
            as_it_is,
            |hello| hello.remove_extension(EXTENDED_MASTER_SECRET),
            dropped,
        ),
        (
            "the extended master secret",
            EITHER,
            |terms| terms.policy = terms.policy.quirk(Quirk::NoExtendedMasterSecret),
            |hello| hello.extensions.push((EXTENDED_MASTER_SECRET, Vec::new())),
            NEW,
        ),
        (
            "another session ID",
            BY_ID,
            as_it_is,
            |hello| hello.session_id[31] ^= 1,
            NEW,
        ),
        (
            "half a session ID",
            BY_ID,
            as_it_is,
            |hello| hello.session_id.truncate(16),
            NEW,
        ),
        (
            "no session ID",
            BY_ID,
            as_it_is,
            |hello| hello.session_id.clear(),
            NEW,
        ),
        (
            "an empty ticket beside the session ID",
            BY_ID,
            as_it_is,
            |hello| hello.extensions.push((SESSION_TICKET, Vec::new())),
            RESUMED,
        ),
        (
            "a bad ticket beside the session ID",
            BY_ID,
            as_it_is,
            |hello| hello.extensions.push((SESSION_TICKET, vec![7; 200])),
            NEW,
        ),
        (
            "another session ID beside the ticket",
            BY_TICKET,
            as_it_is,
            |hello| hello.session_id[31] ^= 1,
            RESUMED,
        ),
        (
            "another ticket",
            BY_TICKET,
            as_it_is,
            |hello| *ticket(hello).last_mut().unwrap() ^= 1,
            NEW,
        ),
        (
            "no ticket",
            BY_TICKET,
            as_it_is,
            |hello| ticket(hello).clear(),
            NEW,
        ),
    ];
    for (what, ways, before, edit, expected) in rows {
        for by in ways {
            let mut terms = terms(*by);
            before(&mut terms);
            let hello = with_hello(&good_offer(&terms), edit);
            let expected = expected
                .clone()
                .map(|resumes| resumes.then_some(*by))
                .map_err(Error::from);
            assert_eq!(decision(&terms, &hello), expected, "{by:?} {what}");
        }
    }
}

/// A ClientHello that names a good session, and a server that has changed.
#[test]
fn a_server_looks_at_each_of_its_own_terms() {
    let anybody: Change = |_| ();
    let known: Change = |terms| {
        terms.client_certificate = Some(2048);
        terms.client_pins = Some(vec![2048]);
    };
    let rows: [(&str, &[Resumption], Change, Change, bool); 25] = [
        ("nothing", EITHER, anybody, |_| (), true),
        ("a client is known", EITHER, known, |_| (), true),
        (
            "its last second",
            EITHER,
            anybody,
            |terms| terms.server_ahead = 3599,
            true,
        ),
        (
            "the end of its life",
            EITHER,
            anybody,
            |terms| terms.server_ahead = 3600,
            false,
        ),
        (
            "a clock a little behind",
            EITHER,
            anybody,
            |terms| terms.server_ahead = -60,
            true,
        ),
        (
            "a clock far behind",
            EITHER,
            anybody,
            |terms| terms.server_ahead = -61,
            false,
        ),
        (
            "a longer life for others",
            EITHER,
            anybody,
            |terms| (terms.server_ahead, terms.server_lifetime) = (3600, 7200),
            false,
        ),
        (
            "within a shorter life",
            EITHER,
            anybody,
            |terms| (terms.server_ahead, terms.server_lifetime) = (59, 60),
            true,
        ),
        (
            "after a shorter life",
            EITHER,
            anybody,
            |terms| (terms.server_ahead, terms.server_lifetime) = (60, 60),
            false,
        ),
        (
            "the smallest key",
            EITHER,
            anybody,
            |terms| terms.server_policy = terms.server_policy.min_rsa_bits(1000),
            false,
        ),
        (
            "a quirk",
            EITHER,
            anybody,
            |terms| {
                let quirk = Quirk::NegotiatedVersionInPreMasterSecret;
                terms.server_policy = terms.server_policy.quirk(quirk);
            },
            false,
        ),
        (
            "its certificate",
            EITHER,
            anybody,
            |terms| terms.server_certificate = 2048,
            false,
        ),
        (
            "that clients are asked",
            EITHER,
            anybody,
            |terms| {
                terms.client_pins = Some(vec![2048]);
                terms.anonymous_clients = AnonymousClients::Accepted;
            },
            false,
        ),
        (
            "that clients are asked no more",
            EITHER,
            |terms| {
                terms.client_pins = Some(vec![2048]);
                terms.anonymous_clients = AnonymousClients::Accepted;
            },
            |terms| terms.client_pins = None,
            false,
        ),
        (
            "that a known client is asked no more",
            EITHER,
            known,
            |terms| terms.client_pins = None,
            false,
        ),
        (
            "that clients may have no certificate",
            EITHER,
            known,
            |terms| terms.anonymous_clients = AnonymousClients::Accepted,
            false,
        ),
        (
            "that clients must have a certificate",
            EITHER,
            |terms| {
                terms.client_pins = Some(vec![2048]);
                terms.anonymous_clients = AnonymousClients::Accepted;
            },
            |terms| terms.anonymous_clients = AnonymousClients::Refused,
            false,
        ),
        (
            "whose certificates it names",
            EITHER,
            known,
            |terms| terms.authorities = vec![vec![0x30, 0]],
            false,
        ),
        (
            "that the client is trusted",
            EITHER,
            known,
            |terms| terms.client_pins = Some(vec![512]),
            false,
        ),
        (
            "that another client is trusted, too",
            EITHER,
            known,
            |terms| terms.client_pins = Some(vec![512, 2048]),
            true,
        ),
        (
            "no session IDs",
            BY_ID,
            anybody,
            |terms| terms.server_ways = vec![Resumption::Ticket],
            false,
        ),
        (
            "no tickets",
            BY_TICKET,
            anybody,
            |terms| terms.server_ways = vec![Resumption::SessionId],
            false,
        ),
        (
            "the other way is off",
            EITHER,
            anybody,
            |terms| terms.server_ways = vec![terms.by],
            true,
        ),
        (
            "its keys",
            EITHER,
            anybody,
            |terms| terms.server_secret = 2,
            false,
        ),
        (
            "its store",
            BY_ID,
            anybody,
            |terms| terms.server_store = Arc::default(),
            false,
        ),
    ];
    for (what, ways, before, change, resumes) in rows {
        for by in ways {
            let mut terms = terms(*by);
            before(&mut terms);
            let hello = good_offer(&terms);
            change(&mut terms);
            let expected = resumes.then_some(*by);
            assert_eq!(decision(&terms, &hello), Ok(expected), "{by:?} {what}");
        }
    }
}

/// Session IDs of other lengths are nobody's, and a store is not bothered with them.
#[test]
fn a_store_is_asked_for_whole_session_ids() {
    #[derive(Debug, Default)]
    struct Asked(Mutex<Vec<usize>>);

    impl SessionStore for Asked {
        fn put(&self, _: &[u8], _: Vec<u8>, _: Duration) {}

        fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
            self.0.lock().unwrap().push(key.len());
            None
        }

        fn remove(&self, _: &[u8]) {}
    }

    let terms = terms(Resumption::SessionId);
    let asked = Arc::new(Asked::default());
    let hello = good_offer(&terms);
    for len in [0, 1, 31, 32] {
        let hello = with_hello(&hello, |hello| hello.session_id.truncate(len));
        let server = terms.server(terms.server_policy);
        let server = server.session_store(asked.clone()).build().unwrap();
        let mut server = ServerConnection::new(Arc::new(server));
        deliver(&hello, &mut server, || usize::MAX).unwrap();
        assert_eq!(server.resumption(), None);
    }
    assert_eq!(*asked.0.lock().unwrap(), [32]);
}

/// There are no tickets at SSL 3.0, whatever a hello has.
#[test]
fn a_server_gives_no_ticket_at_ssl3() {
    let terms = terms(Resumption::Ticket);
    let hello = with_hello(&good_offer(&terms), |hello| hello.version = 0x0300);
    let mut server = ServerConnection::new(terms.parties().server);
    deliver(&hello, &mut server, || usize::MAX).unwrap();
    let answer = Hello::of(&take(&mut server));
    assert_eq!(answer.version, 0x0300);
    assert_eq!(answer.session_id.len(), 32);
    assert_eq!(answer.extensions, [(0xff01, vec![0])]);
}
