//! Whom a connection takes its peer for while a renegotiation claims that it is somebody else.

use super::*;
use crate::client::ClientConfigBuilder;
use crate::config::TicketKeys;
use crate::testing::in_memory::read;
use crate::testing::in_memory::terms::MapStore;
use crate::testing::in_memory::wire::{HANDSHAKE, handshake};
use crate::testing::sessions::{handle, rename_sessions};
use crate::{
    ClientConfig, ClientConnection, Fingerprint, HelloFormat, PinnedCertificates, Resumption,
    ServerConnection, SessionStore, TicketKey,
};

const ATTACKER: usize = 1024;
const VICTIM: usize = 2048;
const ORDER: &[u8] = b"DELETE /everything";

/// Anybody can show the victim's certificate, and go on under the keys of the first handshake.
#[test]
fn a_certificate_that_is_not_proven_is_nobodys() {
    for version in ProtocolVersion::from_ssl3() {
        let server = server(only(version, AES), &Arc::default());
        let client = client(only(version, AES), ATTACKER).build().unwrap();
        let mut pair = connect(&Arc::new(client), &server).established();
        pair.server.renegotiate().unwrap();
        cross(&mut pair.server, &mut pair.client).unwrap();
        cross(&mut pair.client, &mut pair.server).unwrap();
        // Whatever the server answers: the attacker has no use for it.
        let _ = take(&mut pair.server);
        send(&mut pair, 11, &certificate(VICTIM));
        seal(&mut pair.client, ContentType::ApplicationData, ORDER);
        cross(&mut pair.client, &mut pair.server).unwrap();
        assert_eq!(pair.server.renegotiation(), RenegotiationState::UnderWay);
        assert_eq!(read(&mut pair.server), ORDER);
        assert_is_the_attacker(&pair);
        // A proof takes the victim's key.
        send(&mut pair, 16, &client_key_exchange(version));
        send(&mut pair, 15, &certificate_verify(version));
        seal(&mut pair.client, ContentType::ApplicationData, ORDER);
        assert_eq!(
            cross(&mut pair.client, &mut pair.server),
            Err(PeerMisbehaved::BadCertificateVerify.into())
        );
        assert_is_the_attacker(&pair);
        assert_eq!(read(&mut pair.server), b"");
    }
}

/// Anybody can read a session ID or a ticket off the wire, and name the victim's session by it.
#[test]
fn a_session_that_is_not_proven_is_nobodys() {
    let ways = [Resumption::SessionId, Resumption::Ticket];
    for (version, by) in ProtocolVersion::from_ssl3().flat_map(|it| ways.map(|by| (it, by))) {
        if (version, by) == (ProtocolVersion::SSLv3, Resumption::Ticket) {
            continue;
        }
        let policy = willing(version);
        let sessions: Arc<MapStore> = Arc::default();
        let server = server(policy, &sessions);
        let under = |client: ClientConfigBuilder| match by {
            Resumption::SessionId => Arc::new(client.without_tickets().build().unwrap()),
            Resumption::Ticket => Arc::new(client.build().unwrap()),
        };
        let victim = under(client(policy, VICTIM));
        let (session_id, ticket) = watch(&mut connect(&victim, &server));
        assert_eq!(session_id.is_empty(), by == Resumption::Ticket);

        let store: Arc<MapStore> = Arc::default();
        let keys = Arc::new(TicketKeys::given([TicketKey::new([1; 32])]).unwrap());
        let client = client(policy, ATTACKER)
            .session_store(store.clone())
            .ticket_keys(keys.clone());
        let mut pair = connect(&under(client), &server).established();
        rename_sessions(&store, &keys, &handle(&ticket, &session_id));
        pair.client.renegotiate_resuming().unwrap();
        cross(&mut pair.client, &mut pair.server).unwrap();
        let claimed = pair.server.pump.next.as_ref().unwrap();
        assert_eq!(claimed.resumption, Some(by), "the session was taken up");
        let _ = take(&mut pair.server);
        seal(&mut pair.client, ContentType::ApplicationData, ORDER);
        cross(&mut pair.client, &mut pair.server).unwrap();
        assert_eq!(pair.server.renegotiation(), RenegotiationState::UnderWay);
        assert_eq!(read(&mut pair.server), ORDER);
        assert_is_the_attacker(&pair);
        // A Finished takes the session's master secret.
        seal(&mut pair.client, ContentType::ChangeCipherSpec, &[1]);
        send(&mut pair, 20, &[0; 12]);
        cross(&mut pair.client, &mut pair.server).unwrap_err();
        assert_is_the_attacker(&pair);
        // Nor has the victim lost its session.
        if by == Resumption::SessionId {
            assert!(sessions.find(&session_id).is_some());
        }
    }
}

/// Others than this crate name the server as soon as they can: the first hello, which could not,
/// stays what the connection goes by.
#[test]
fn a_name_that_a_hello_of_ssl2_could_not_give_is_no_other() {
    for version in ProtocolVersion::from_ssl3() {
        let policy = willing(version).hello_format(HelloFormat::Ssl2);
        let mut pair = Pair::under(policy).established();
        pair.client.pump.known.ssl2_hello = false;
        for handshakes in [2, 3] {
            pair.client.renegotiate().unwrap();
            pair.exchange(|| usize::MAX).unwrap();
            assert_eq!(pair.server.handshakes(), handshakes);
            assert_eq!(pair.server.server_name(), None);
        }
    }
}

/// Accepts both, and keeps the sessions of those without tickets in `sessions`.
fn server(policy: Policy, sessions: &Arc<MapStore>) -> Arc<ServerConfig> {
    let (chain, key) = test_identity(1024);
    let fingerprints = [ATTACKER, VICTIM].map(|bits| Fingerprint::of(&test_identity(bits).0[0]));
    let server = ServerConfig::builder(policy)
        .certificate(chain, key)
        .client_verifier(PinnedCertificates::new(fingerprints))
        .session_store(sessions.clone());
    Arc::new(server.build().unwrap())
}

fn client(policy: Policy, identity: usize) -> ClientConfigBuilder {
    let (chain, key) = test_identity(identity);
    ClientConfig::builder(policy)
        .verifier(pin(1024))
        .certificate(chain, key)
}

fn connect(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Pair {
    let name = "localhost".try_into().unwrap();
    Pair {
        client: ClientConnection::new(client.clone(), name).unwrap(),
        server: ServerConnection::new(server.clone()),
    }
}

/// The session ID and the ticket that cross in a handshake, where they do.
fn watch(pair: &mut Pair) -> (Vec<u8>, Vec<u8>) {
    cross(&mut pair.client, &mut pair.server).unwrap();
    let mut wire = take(&mut pair.server);
    deliver(&wire, &mut pair.client, || usize::MAX).unwrap();
    cross(&mut pair.client, &mut pair.server).unwrap();
    wire.extend(take(&mut pair.server));
    let records = records(&wire);
    // Header, version, random.
    let session_id = &records[0].fragment[4 + 2 + 32..];
    let session_id = session_id[1..][..session_id[0].into()].to_vec();
    // Header, lifetime hint, length.
    let ticket = records
        .into_iter()
        .find(|record| record.content_type == HANDSHAKE && record.fragment[0] == 4)
        .map(|record| record.fragment[4 + 4 + 2..].to_vec());
    (session_id, ticket.unwrap_or_default())
}

/// Sends a handshake message of the attacker's own.
fn send(pair: &mut Pair, kind: u8, body: &[u8]) {
    let message = handshake(0, kind, body).fragment;
    seal(&mut pair.client, ContentType::Handshake, &message);
}

fn certificate(bits: usize) -> Vec<u8> {
    let mut body = Vec::new();
    crate::message::Certificate::of(&test_identity(bits).0).write(&mut body);
    body
}

/// With a pre-master secret that nobody knows, encrypted to 1024 bits.
fn client_key_exchange(version: ProtocolVersion) -> Vec<u8> {
    match version {
        ProtocolVersion::SSLv3 => vec![1; 128],
        _ => [&[0, 128][..], &[1; 128]].concat(),
    }
}

/// With a signature of 2048 bits that is none; RSA with SHA-256 at TLS 1.2.
fn certificate_verify(version: ProtocolVersion) -> Vec<u8> {
    let algorithm: &[u8] = match version {
        ProtocolVersion::TLSv1_2 => &[4, 1],
        _ => &[],
    };
    [algorithm, &[1, 0], &[1; 256]].concat()
}

/// As which it has come in, and no other.
fn assert_is_the_attacker(pair: &Pair) {
    let chain = test_identity(ATTACKER).0;
    assert_eq!(pair.server.peer_certificates(), Some(&chain[..]));
    assert_eq!(pair.server.resumption(), None);
    assert_eq!(pair.server.handshakes(), 1);
}
