//! Sessions without the extended master secret, taken up by ID and by ticket, both roles.

use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::ours;
use interop::peer::{Version, jsse};
use interop::talk::{our_client_of, our_server};
use retrossl::Resumption;

/// SSL 3.0 has no tickets.
fn ways() -> impl Iterator<Item = (Version, Resumption)> {
    Version::ALL.into_iter().flat_map(|version| {
        let ticket = (version > Version::Ssl3).then_some(Resumption::Ticket);
        let ways = [Some(Resumption::SessionId), ticket].into_iter().flatten();
        ways.map(move |by| (version, by))
    })
}

fn theirs(version: Version, by: Resumption) -> jsse::Settings {
    jsse::Settings {
        session_tickets: by == Resumption::Ticket,
        ..jsse::Settings::new(version, "TLS_RSA_WITH_AES_128_CBC_SHA")
    }
}

#[test]
fn our_client_takes_up_its_sessions() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for (version, by) in ways() {
        let mut server = jsse::Server::start(&jsse::Settings {
            identity: Some(identity.clone()),
            ..theirs(version, by)
        })?;
        let client = ours::client(ours::between(version, version), &identity)?;
        let client = Arc::new(client.build()?);
        for expected in [None, Some(by), Some(by)] {
            let connection = our_client_of(&client, server.port(), &[b"text".to_vec()])
                .map_err(|error| format!("{version}, {by:?}: {error}"))?;
            assert_eq!(connection.resumption(), expected, "{version}, {by:?}");
            assert!(!connection.extended_master_secret(), "{version}");
            let conversation = server.conversation()?;
            assert_eq!(conversation.session_resumed, expected.is_some());
            assert_eq!(conversation.received, b"text", "{version}");
        }
    }
    Ok(())
}

#[test]
fn our_server_takes_up_theirs() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for (version, by) in ways() {
        let server = ours::server(ours::between(version, version), &identity)?;
        let server = Arc::new(server.build()?);
        let listener = Listener::bind()?;
        let settings = theirs(version, by);
        let mut client = jsse::Client::reconnect(listener.port(), "text", &settings, 3)?;
        for expected in [None, Some(by), Some(by)] {
            let connection = our_server(&server, &mut client, &listener)
                .map_err(|error| format!("{version}, {by:?}: {error}"))?;
            assert_eq!(connection.resumption(), expected, "{version}, {by:?}");
            assert!(!connection.extended_master_secret(), "{version}");
            let conversation = client.conversation()?;
            assert_eq!(conversation.session_resumed, expected.is_some());
            assert_eq!(conversation.received, b"text", "{version}");
        }
    }
    Ok(())
}
