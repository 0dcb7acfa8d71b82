//! Sessions taken up again, by ID and by ticket.

mod in_memory;

use std::sync::Arc;

use in_memory::{Pair, each_version_and_suite, only, pin, test_identity};
use retrossl::{
    ClientConfig, ClientConnection, ProtocolVersion, Resumption, ServerConfig, ServerConnection,
};

/// Two configs for several connections between them.
struct Parties {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Parties {
    fn connect(&self) -> Pair {
        let name = "localhost".try_into().unwrap();
        Pair {
            client: ClientConnection::new(self.client.clone(), name).unwrap(),
            server: ServerConnection::new(self.server.clone()),
        }
    }
}

#[test]
fn sessions_are_resumed_at_every_version_and_suite() {
    for by in [Resumption::SessionId, Resumption::Ticket] {
        each_version_and_suite(|version, suite| {
            let policy = only(version, suite);
            let (chain, key) = test_identity(1024);
            let mut client = ClientConfig::builder(policy).verifier(pin(1024));
            if by == Resumption::SessionId {
                client = client.without_tickets();
            }
            let server = ServerConfig::builder(policy).certificate(chain.clone(), key);
            let parties = Parties {
                client: Arc::new(client.build().unwrap()),
                server: Arc::new(server.build().unwrap()),
            };
            let expected = match version {
                ProtocolVersion::SSLv3 => Resumption::SessionId,
                _ => by,
            };
            for resumption in [None, Some(expected), Some(expected)] {
                let mut pair = parties.connect().established();
                assert_eq!(pair.client.resumption(), resumption, "{version} {suite}");
                assert_eq!(pair.server.resumption(), resumption);
                assert_eq!(pair.client.peer_certificates(), Some(&chain[..]));
                pair.echo(b"as before", || usize::MAX);
            }
        });
    }
}
