//! Sessions taken up by ID and by ticket, both roles, where both sides were authenticated.

use std::sync::Arc;

use interop::Error;
use interop::certificate::Hash;
use interop::loopback::Listener;
use interop::ours;
use interop::peer::gnutls::{Client, Server, Settings};
use interop::people::People;
use retrossl::{Resumption, ServerConnection, StreamOwned};

use crate::{assert_protected, echo_until_the_end, protections};

/// Each way, and the words of the priority string for it. (The option `--noticket` is not for
/// clients at TLS 1.2 and below.)
const WAYS: [(Resumption, &str); 2] = [
    (Resumption::SessionId, ":%NO_TICKETS"),
    (Resumption::Ticket, ""),
];

#[test]
fn their_server_and_our_client() -> Result<(), Error> {
    let people = People::new(2048, Hash::Sha256)?;
    for (version, suite, name) in protections() {
        for (by, words) in WAYS {
            let server = Server::start(&people, version, &format!("{name}{words}"), &[])?;
            let client = Arc::new(people.our_client(ours::only(version, suite))?.build()?);
            for expected in [None, Some(by), Some(by)] {
                let mut stream = ours::connect(&client, server.port())?;
                let case = format!("{version}, {suite}, {by:?}");
                assert_eq!(stream.connection.resumption(), expected, "{case}");
                let chain = people.server.our_chain()?;
                let certificates = stream.connection.peer_certificates();
                assert_eq!(certificates, Some(&chain[..]), "{case}");
                assert_protected(&stream.connection);
                ours::echo(&mut stream, b"a line\n")?;
                stream.close()?;
            }
        }
    }
    Ok(())
}

#[test]
fn their_client_and_our_server() -> Result<(), Error> {
    let people = People::new(2048, Hash::Sha256)?;
    for (version, suite, name) in protections() {
        for (by, words) in WAYS {
            let case = format!("{version}, {suite}, {by:?}");
            let server = people.our_server(ours::only(version, suite))?;
            let server = Arc::new(server.build()?);
            let listener = Listener::bind()?;
            let priority = format!("{name}{words}");
            let settings = Settings {
                options: &["--resume"],
                ..Settings::new(&people, version, &priority)
            };
            let mut client = Client::with(listener.port(), &settings)?;
            for expected in [None, Some(by)] {
                let transport = client.accept(&listener)?;
                let connection = ServerConnection::new(server.clone());
                let mut stream = StreamOwned::new(connection, transport);
                stream.complete_handshake()?;
                assert_eq!(stream.connection.resumption(), expected, "{case}");
                let chain = people.client.our_chain()?;
                let certificates = stream.connection.peer_certificates();
                assert_eq!(certificates, Some(&chain[..]), "{case}");
                assert_protected(&stream.connection);
                if expected.is_some() {
                    client.program.tell("a line\n")?;
                    client.program.end_input();
                }
                echo_until_the_end(&mut stream)?;
            }
            let (output, succeeded) = client.conversation()?;
            assert!(output.contains("This is a resumed session"), "{output}");
            assert!(succeeded, "{case}: {output}");
        }
    }
    Ok(())
}
