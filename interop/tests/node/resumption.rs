//! Sessions taken up by ID and by ticket, both roles, every version and suite.

use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::matrix::{self, Combination};
use interop::ours::{self, Secrets};
use interop::peer::{Version, node};
use interop::people::People;
use interop::talk::{our_client_of, our_server};
use retrossl::{Connection, Resumption};

#[test]
fn our_client_and_their_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut count = 0;
    for (version, by) in ways() {
        let mut server = node::Server::start(&node::Settings {
            identity: Some(identity.clone()),
            session_tickets: by == Resumption::Ticket,
            ..node::Settings::new(version, "ALL")
        })?;
        for case in matrix::node().filter(|case| case.version == version) {
            our_client_at(&mut server, case, by, &identity)
                .map_err(|error| format!("{case}, {by:?}: {error}"))?;
            count += 1;
        }
    }
    assert_eq!(count, 27 + 21);
    Ok(())
}

fn our_client_at(
    server: &mut node::Server,
    case: Combination,
    by: Resumption,
    identity: &Identity,
) -> Result<(), Error> {
    let secrets = Arc::new(Secrets::default());
    let policy = ours::only(case.version, case.suite);
    let client = ours::client(policy, identity)?.key_log(secrets.clone());
    let client = Arc::new(client.build()?);
    for expected in [None, Some(by), Some(by)] {
        let connection = our_client_of(&client, server.port(), &[b"text".to_vec()])?;
        let conversation = server.conversation()?;
        assert_agreement(&connection, &conversation, case, expected, &secrets);
        assert_eq!(
            connection.peer_certificates(),
            Some(&[ours::certificate(identity)?][..])
        );
    }
    Ok(())
}

#[test]
fn their_client_and_our_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut count = 0;
    for (version, by) in ways() {
        for case in matrix::node().filter(|case| case.version == version) {
            our_server_at(case, by, &identity)
                .map_err(|error| format!("{case}, {by:?}: {error}"))?;
            count += 1;
        }
    }
    assert_eq!(count, 27 + 21);
    Ok(())
}

fn our_server_at(case: Combination, by: Resumption, identity: &Identity) -> Result<(), Error> {
    let secrets = Arc::new(Secrets::default());
    let policy = ours::only(case.version, case.suite);
    let server = ours::server(policy, identity)?.key_log(secrets.clone());
    let server = Arc::new(server.build()?);
    let listener = Listener::bind()?;
    let settings = node::Settings {
        trusted: vec![identity.certificate.clone()],
        reject_unauthorized: true,
        server_name: Some("localhost".to_owned()),
        session_tickets: by == Resumption::Ticket,
        ..node::Settings::new(case.version, case.name)
    };
    let mut client = node::Client::reconnect(listener.port(), "text", &settings, 3)?;
    for expected in [None, Some(by), Some(by)] {
        let connection = our_server(&server, &mut client, &listener)?;
        let conversation = client.conversation()?;
        assert_agreement(&connection, &conversation, case, expected, &secrets);
    }
    Ok(())
}

/// Each version by ID; by ticket, which SSL 3.0 does not have, too.
fn ways() -> impl Iterator<Item = (Version, Resumption)> {
    Version::ALL.into_iter().flat_map(|version| {
        let ticket = (version > Version::Ssl3).then_some(Resumption::Ticket);
        let ways = [Some(Resumption::SessionId), ticket].into_iter().flatten();
        ways.map(move |by| (version, by))
    })
}

fn assert_agreement(
    connection: &Connection,
    conversation: &node::Conversation,
    case: Combination,
    resumption: Option<Resumption>,
    secrets: &Secrets,
) {
    assert_eq!(connection.resumption(), resumption, "{case}");
    let resumed = conversation.session_resumed;
    assert_eq!(connection.session_resumed(), resumed, "{case}");
    assert_eq!(connection.protocol_version(), Some(case.version.into()));
    assert_eq!(connection.negotiated_cipher_suite(), Some(case.suite));
    assert_eq!(conversation.received, b"text", "{case}");
    assert_eq!(conversation.master_secret, secrets.last(), "{case}");
    assert!(conversation.close_notify, "{case}");
}

#[test]
fn both_sides_remember_whom_they_have_authenticated() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    for (version, by) in ways() {
        let policy = ours::between(version, version);
        let theirs = node::Settings {
            trusted: people.trusted(),
            request_certificate: true,
            reject_unauthorized: true,
            server_name: Some("localhost".to_owned()),
            session_tickets: by == Resumption::Ticket,
            ..node::Settings::new(version, "AES128-SHA")
        };
        let mut server = node::Server::start(&node::Settings {
            identity: Some(people.server.identity.clone()),
            chain: people.server.above(),
            ..theirs.clone()
        })?;
        let client = Arc::new(people.our_client(policy)?.build()?);
        for expected in [None, Some(by)] {
            let connection = our_client_of(&client, server.port(), &[b"text".to_vec()])
                .map_err(|error| format!("{version}, {by:?}: {error}"))?;
            assert_eq!(connection.resumption(), expected, "{version}");
            let conversation = server.conversation()?;
            let name = conversation.peer_common_name.as_deref();
            assert_eq!(name, Some("somebody"), "{version}");
        }

        let server = Arc::new(people.our_server(policy)?.build()?);
        let listener = Listener::bind()?;
        let settings = node::Settings {
            identity: Some(people.client.identity.clone()),
            chain: people.client.above(),
            ..theirs
        };
        let mut client = node::Client::reconnect(listener.port(), "text", &settings, 2)?;
        for expected in [None, Some(by)] {
            let connection = our_server(&server, &mut client, &listener)
                .map_err(|error| format!("{version}, {by:?}: {error}"))?;
            assert_eq!(connection.resumption(), expected, "{version}");
            let chain = people.client.our_chain()?;
            let certificates = connection.peer_certificates().unwrap_or_default();
            assert!(certificates.starts_with(&chain), "{version}");
            client.conversation()?;
        }
    }
    Ok(())
}
