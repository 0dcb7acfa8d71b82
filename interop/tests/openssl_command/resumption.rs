//! Their client takes up sessions of our server, by ID and by ticket, again and again
//! (`-reconnect`).

use std::io::Write;
use std::sync::Arc;

use interop::Error;
use interop::certificate::Hash;
use interop::loopback::Listener;
use interop::ours;
use interop::peer::openssl_command::{Client, Settings};
use interop::people::People;
use retrossl::Resumption;

use crate::{accept, protections};

/// Each way, and how they are told.
const WAYS: [(Resumption, &[&str]); 2] = [
    (Resumption::SessionId, &["-no_ticket"]),
    (Resumption::Ticket, &[]),
];

#[test]
fn their_client_reconnects() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha256)?;
    for (version, suite, name) in protections() {
        for (by, options) in WAYS {
            let case = format!("{version}, {suite}, {by:?}");
            let server = people.our_server(ours::only(version, suite))?;
            let server = Arc::new(server.build()?);
            let listener = Listener::bind()?;
            let options = [&["-reconnect"], options].concat();
            let settings = Settings {
                options: &options,
                ..Settings::new(&people, version, name)
            };
            let mut client = Client::connect(listener.port(), &settings)?;
            for reconnection in 0..=5 {
                let mut stream = accept(&server, &mut client, &listener)
                    .map_err(|error| format!("{case}: {error}"))?;
                let connection = &stream.connection;
                let expected = (reconnection > 0).then_some(by);
                assert_eq!(connection.resumption(), expected, "{case}");
                // OpenSSL 3.0 has it.
                assert!(connection.extended_master_secret(), "{case}");
                let chain = people.client.our_chain()?;
                assert_eq!(connection.peer_certificates(), Some(&chain[..]), "{case}");
                let said = if reconnection > 0 {
                    "Reused, "
                } else {
                    "New, "
                };
                client.program.hear(said)?;
                if reconnection == 5 {
                    stream.write_all(b"from the server\n")?;
                    client.program.hear("from the server")?;
                }
            }
        }
    }
    Ok(())
}
