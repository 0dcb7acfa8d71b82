//! Sessions taken up by ID and by ticket, both roles, where both sides were authenticated.

use std::sync::Arc;

use interop::Error;
use interop::certificate::Hash;
use interop::loopback::Listener;
use interop::ours;
use interop::peer::{Version, node};
use interop::people::People;
use interop::talk::{our_client_of, our_server};
use retrossl::Resumption;

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

/// Each version by ID; by ticket, which SSL 3.0 does not have, too.
fn ways() -> impl Iterator<Item = (Version, Resumption)> {
    Version::ALL.into_iter().flat_map(|version| {
        let ticket = (version > Version::Ssl3).then_some(Resumption::Ticket);
        let ways = [Some(Resumption::SessionId), ticket].into_iter().flatten();
        ways.map(move |by| (version, by))
    })
}
