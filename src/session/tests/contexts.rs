//! What is sealed for one purpose opens for no other.

use std::sync::Arc;

use super::*;
use crate::config::{CertifiedKey, ClientConfig, Resumption, ServerConfig, TicketKey};
use crate::policy::Policy;
use crate::testing::in_memory::terms::MapStore;
use crate::testing::in_memory::wire::{HANDSHAKE, bytes, handshake, records, with_extensions};
use crate::testing::in_memory::{Pair, deliver, only, pin, take, test_identity};
use crate::{ClientConnection, ServerConnection};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

#[test]
fn no_context_opens_what_another_has_sealed() {
    let bindings: [Binding; 2] = [[7; 32], [8; 32]];
    let contexts = [
        Context::ClientsSession(&bindings[0]),
        Context::ClientsSession(&bindings[1]),
        Context::ServersSession(&bindings[0]),
        Context::ServersSession(&bindings[1]),
        Context::ServersSession(b""),
        Context::ServersSession(b"ticket "),
        Context::Ticket,
    ]
    .map(|context| context.encode());
    let keys = keys();
    for (sealed_as, context) in contexts.iter().enumerate() {
        let sealed = keys
            .seal(b"a session", context, at(CREATED), &SystemRandom)
            .unwrap();
        for (opened_as, context) in contexts.iter().enumerate() {
            let opened = keys.open(&sealed, context, at(CREATED));
            let opens = opened.as_deref().map(Vec::as_slice) == Some(b"a session");
            assert_eq!(opens, sealed_as == opened_as, "{sealed_as} {opened_as}");
        }
    }
}

/// A gateway is a client of one side and a server of the other, and shares store and keys between
/// the two. What a hostile server lets its client keep is no session for its server to take up,
/// whatever stands in it: neither by its name in the store, nor as a ticket.
#[test]
fn a_clients_session_is_none_of_the_servers() {
    let policy = only(TLSv1_0, AES);
    for (by, of_server) in [
        (Resumption::SessionId, true),
        (Resumption::SessionId, false),
        (Resumption::Ticket, true),
        (Resumption::Ticket, false),
    ] {
        let store: Arc<MapStore> = Arc::default();
        let server = gateways_server(policy, &store);
        let (chain, key) = test_identity(1024);
        let certified = CertifiedKey::new(chain, key).unwrap();
        // The victim's, as the gateway's server would have made it.
        let forged = Session {
            server_name: Some("localhost".to_owned()),
            peer_certificates: test_identity(2048).0,
            binding: server_binding(&server, &certified),
            created: UnixTime::now(),
            ..session()
        };
        let name = "localhost".try_into().unwrap();
        let binding = client_binding(&gateways_client(policy, &store), &policy, &name);
        let context = match (of_server, by) {
            (true, Resumption::SessionId) => Context::ServersSession(&binding),
            (true, Resumption::Ticket) => Context::Ticket,
            (false, _) => Context::ClientsSession(&binding),
        };
        let sealed = keys()
            .seal(
                &forged.encode(),
                &context.encode(),
                at(CREATED),
                &SystemRandom,
            )
            .unwrap();
        let (session_id, ticket) = match by {
            Resumption::SessionId => {
                store.put(&binding, sealed, MAX_SESSION_LIFETIME);
                (&binding[..], Vec::new())
            }
            Resumption::Ticket => (&[][..], sealed),
        };
        let mut pair = Pair {
            client: ClientConnection::new(gateways_client(policy, &Arc::default()), name).unwrap(),
            server: ServerConnection::new(server),
        };
        let hello = offering(&take(&mut pair.client), session_id, &ticket);
        deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
        let resumed = of_server.then_some(by);
        assert_eq!(pair.server.resumption(), resumed);
        assert_eq!(pair.server.peer_certificates().is_some(), of_server);
        let flight = records(&take(&mut pair.server));
        let is_full = (flight[1].content_type, flight[1].fragment[0]) == (HANDSHAKE, 11);
        assert_eq!(is_full, !of_server, "the Certificate of a full handshake");
    }
}

fn gateways_server(policy: Policy, store: &Arc<MapStore>) -> Arc<ServerConfig> {
    let (chain, key) = test_identity(1024);
    let server = ServerConfig::builder(policy)
        .certificate(chain, key)
        .client_verifier(pin(2048))
        .session_store(store.clone())
        .ticket_keys(keys());
    Arc::new(server.build().unwrap())
}

fn gateways_client(policy: Policy, store: &Arc<MapStore>) -> Arc<ClientConfig> {
    let client = ClientConfig::builder(policy)
        .verifier(pin(1024))
        .session_store(store.clone())
        .ticket_keys(keys());
    Arc::new(client.build().unwrap())
}

fn keys() -> Arc<TicketKeys> {
    Arc::new(TicketKeys::given([TicketKey::new([9; 32])]).unwrap())
}

/// A ClientHello without a session, as one that offers this.
fn offering(hello: &[u8], session_id: &[u8], ticket: &[u8]) -> Vec<u8> {
    const SESSION_TICKET: u16 = 35;
    let hello = with_extensions(hello, |extensions| {
        let offered = extensions
            .iter_mut()
            .find(|(kind, _)| *kind == SESSION_TICKET);
        offered.unwrap().1 = ticket.to_vec();
    });
    let mut records = records(&hello);
    // Header, version, random.
    let (head, rest) = records[0].fragment[4..].split_at(2 + 32);
    let body = [head, &[session_id.len() as u8], session_id, &rest[1..]].concat();
    records[0] = handshake(records[0].version, 1, &body);
    bytes(&records)
}
