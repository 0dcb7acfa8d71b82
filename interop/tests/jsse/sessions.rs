//! Sessions taken up by ID and by ticket, both roles.

use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::ours;
use interop::peer::{Version, jsse};
use interop::talk::{our_client_of, our_server};
use retrossl::Resumption;

/// With extended master secrets JSSE resumes no session that has none, and so none at SSL 3.0; of
/// TLS 1.0 it does the same as of the later versions.
fn ways() -> impl Iterator<Item = (Version, Resumption, bool)> {
    let by_id = [(Version::Ssl3, Resumption::SessionId, false)].into_iter();
    let versions = [Version::Tls1_0, Version::Tls1_1, Version::Tls1_2].into_iter();
    by_id.chain(versions.flat_map(|version| {
        let by = [Resumption::SessionId, Resumption::Ticket].into_iter();
        by.flat_map(move |by| [false, true].map(|extended| (version, by, extended)))
    }))
}

fn theirs(version: Version, by: Resumption, extended_master_secret: bool) -> jsse::Settings {
    jsse::Settings {
        session_tickets: by == Resumption::Ticket,
        extended_master_secret,
        ..jsse::Settings::new(version, "TLS_RSA_WITH_AES_128_CBC_SHA")
    }
}

#[test]
fn our_client_takes_up_its_sessions() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for (version, by, extended) in ways() {
        let mut server = jsse::Server::start(&jsse::Settings {
            identity: Some(identity.clone()),
            ..theirs(version, by, extended)
        })?;
        let client = ours::client(ours::between(version, version), &identity)?;
        let client = Arc::new(client.build()?);
        for expected in [None, Some(by), Some(by)] {
            let connection = our_client_of(&client, server.port(), &[b"text".to_vec()])
                .map_err(|error| format!("{version}, {by:?}, {extended}: {error}"))?;
            assert_eq!(connection.resumption(), expected, "{version}, {extended}");
            assert_eq!(connection.extended_master_secret(), extended, "{version}");
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
    for (version, by, extended) in ways() {
        let server = ours::server(ours::between(version, version), &identity)?;
        let server = Arc::new(server.build()?);
        let listener = Listener::bind()?;
        let settings = theirs(version, by, extended);
        let mut client = jsse::Client::reconnect(listener.port(), "text", &settings, 3)?;
        for expected in [None, Some(by), Some(by)] {
            let connection = our_server(&server, &mut client, &listener)
                .map_err(|error| format!("{version}, {by:?}, {extended}: {error}"))?;
            assert_eq!(connection.resumption(), expected, "{version}, {extended}");
            assert_eq!(connection.extended_master_secret(), extended, "{version}");
            let conversation = client.conversation()?;
            assert_eq!(conversation.session_resumed, expected.is_some());
            assert_eq!(conversation.received, b"text", "{version}");
        }
    }
    Ok(())
}
