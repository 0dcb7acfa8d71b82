//! SSL 2.0: sessions taken up again.

use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::matrix;
use interop::ours::{self, Secrets, Trace};
use interop::peer::node;
use interop::talk::{cause, our_client_of, our_server};
use retrossl::Resumption;

#[test]
fn our_client_takes_up_its_session_with_every_strong_cipher() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut server = server(&identity)?;
    for cipher in matrix::SSL2 {
        let secrets = Arc::new(Secrets::default());
        let trace = Trace::default();
        let client = ours::client(ours::only_kind(cipher.kind()), &identity)?
            .key_log(secrets.clone())
            .observers(trace.clone());
        let client = Arc::new(client.build()?);
        // What can be searched is not kept.
        let is_strong = cipher.kind().strength_bits() >= Some(112);
        let by = is_strong.then_some(Resumption::SessionId);
        for expected in [None, by, by] {
            let connection = our_client_of(&client, server.port(), &[b"text".to_vec()])
                .map_err(|error| format!("{cipher}: {error}"))?;
            let conversation = server.conversation()?;
            assert_eq!(connection.resumption(), expected, "{cipher}");
            assert_eq!(conversation.session_resumed, expected.is_some(), "{cipher}");
            assert_eq!(conversation.master_secret, secrets.last(), "{cipher}");
            assert_eq!(conversation.received, b"text", "{cipher}");
            let shown = connection.peer_certificates();
            assert_eq!(shown, Some(&[ours::certificate(&identity)?][..]));
        }
        assert_eq!(trace.count("sent CLIENT-HELLO"), 3, "{cipher}");
        let full = if is_strong { 1 } else { 3 };
        assert_eq!(trace.count("sent CLIENT-MASTER-KEY"), full, "{cipher}");
    }
    Ok(())
}

/// It has a full handshake then, and leads to a session that can be taken up.
#[test]
fn our_client_offers_a_session_that_the_server_does_not_know() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let client = Arc::new(ours::client(ours::ssl2(), &identity)?.build()?);
    let mut lengths = Vec::new();
    for _ in 0..2 {
        // A new process knows nothing of the one before.
        let mut server = server(&identity)?;
        for resumed in [false, true] {
            let connection = our_client_of(&client, server.port(), &[b"text".to_vec()])?;
            let conversation = server.conversation()?;
            assert_eq!(connection.session_resumed(), resumed);
            assert_eq!(conversation.session_resumed, resumed);
            lengths.push(conversation.session_id.len());
        }
    }
    assert_eq!(lengths, [16; 4]);
    Ok(())
}

/// OpenSSL's client of SSL 2.0 fails where a server takes up a session that was written down and
/// read again, as Node.js does with all of them: with a full handshake it would have gone on.
#[test]
fn our_server_survives_a_client_that_fails_on_its_own_session() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let trace = Trace::default();
    let server = ours::ssl2_server(ours::ssl2(), &identity)?.observers(trace.clone());
    let server = Arc::new(server.build()?);
    for round in 1..=2 {
        let listener = Listener::bind()?;
        let settings = node::Settings::ssl2("RC4-MD5");
        let mut client = node::Client::reconnect(listener.port(), "text", &settings, 2)?;
        let connection = our_server(&server, &mut client, &listener)?;
        assert!(!connection.session_resumed());
        assert_eq!(client.conversation()?.session_id.len(), 16);

        let error = our_server(&server, &mut client, &listener).expect_err("the client fails");
        let expected = retrossl::Error::TruncatedHandshake;
        assert_eq!(cause(&error), Some(&expected), "{error}");
        let theirs = client.conversation().expect_err("it fails").to_string();
        let at_server_hello = theirs.contains("GET_SERVER_HELLO:internal error");
        assert!(at_server_hello, "{theirs}");
        assert_eq!(trace.count("received CLIENT-HELLO"), 2 * round);
        assert_eq!(trace.count("received CLIENT-MASTER-KEY"), round);
    }
    Ok(())
}

#[test]
fn their_client_gets_full_handshakes_where_we_keep_no_sessions() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let server = ours::ssl2_server(ours::ssl2(), &identity)?.without_session_ids();
    let server = Arc::new(server.build()?);
    let listener = Listener::bind()?;
    let settings = node::Settings::ssl2("RC4-MD5");
    let mut client = node::Client::reconnect(listener.port(), "text", &settings, 2)?;
    for _ in 0..2 {
        our_server(&server, &mut client, &listener)?;
        assert!(!client.conversation()?.session_resumed);
    }
    Ok(())
}

fn server(identity: &Identity) -> Result<node::Server, Error> {
    node::Server::start(&node::Settings {
        identity: Some(identity.clone()),
        ..node::Settings::ssl2("ALL")
    })
}
