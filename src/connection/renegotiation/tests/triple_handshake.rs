//! The triple handshake: a server in the middle, and two connections that cannot be told apart.
//!
//! First, an attacker's server gives a client's session and its own session with the real server
//! one master secret (it knows the pre-master secret, and copies both randoms and the session ID).
//! Second, both are resumed over connections that it relays as they are. Third, the real server
//! renegotiates and asks for a certificate, which the client would show to it by way of the
//! attacker.

use super::*;
use crate::config::TicketKeys;
use crate::crypto::random::SystemRandom;
use crate::session::{Binding, Context, Resumable, Session, server_binding};
use crate::testing::in_memory::terms::MapStore;
use crate::testing::in_memory::{pin, test_identity};
use crate::{
    CertifiedKey, ClientConfig, ClientConnection, Error, Quirk, ServerConfig, ServerConnection,
    TicketKey,
};

const ATTACKER: usize = 2048;
const REAL: usize = 1024;

#[test]
fn the_third_handshake_is_refused() {
    for version in ProtocolVersion::from_ssl3() {
        // The real server does not ask, and neither side asks for what is secure.
        let mut pair = after_the_second(version, Renegotiation::Legacy);
        let (chain, key) = test_identity(REAL);
        let asking = ServerConfig::builder(policy(version, Renegotiation::Legacy))
            .certificate(chain, key)
            .client_verifier(pin(2048));
        let asking = Arc::new(asking.build().unwrap());
        pair.server.renegotiate_with(asking).unwrap();
        assert_eq!(
            pair.exchange(|| usize::MAX),
            Err(PeerMisbehaved::ServerCertificateChanged.into())
        );
        assert_eq!(pair.server.peer_certificates(), None);

        // By the presets' word neither side begins it.
        let mut pair = after_the_second(version, Renegotiation::Secure);
        let unbound = Err(Error::Renegotiation(RenegotiationRefused::UnboundSession));
        assert_eq!(pair.server.renegotiate(), unbound);
        assert_eq!(pair.client.renegotiate(), unbound);
    }
}

/// With the extended master secret there is no first step: the two sessions' secrets differ by
/// the certificates (RFC 7627 §1).
#[test]
fn extended_master_secrets_are_bound_to_the_certificate() {
    use crate::secrets::{MasterSecret, PreMasterSecret, Transcript};
    let suite = AES.row().unwrap();
    for version in ProtocolVersion::from_ssl3().skip(1) {
        let pre_master_secret = PreMasterSecret::generate(0x0303, &SystemRandom).unwrap();
        let secret = |bits| {
            let mut transcript = Transcript::new(version, suite, core::iter::empty());
            transcript.add(&test_identity(bits).0[0]);
            MasterSecret::derive_extended(&pre_master_secret, version, suite, &transcript)
        };
        assert_eq!(secret(REAL).as_bytes(), secret(REAL).as_bytes());
        assert_ne!(secret(REAL).as_bytes(), secret(ATTACKER).as_bytes());
    }
}

fn policy(version: ProtocolVersion, renegotiation: Renegotiation) -> Policy {
    only(version, AES)
        .quirk(Quirk::NoExtendedMasterSecret)
        .renegotiation(renegotiation)
}

/// A client that takes the real server for the attacker's, on one resumed connection with it.
fn after_the_second(version: ProtocolVersion, renegotiation: Renegotiation) -> Pair {
    let policy = policy(version, renegotiation);
    let [clients, servers]: [Arc<MapStore>; 2] = Default::default();
    let keys = Arc::new(TicketKeys::given([TicketKey::new([1; 32])]).unwrap());
    let client = ClientConfig::builder(policy)
        .verifier(pin(ATTACKER))
        .without_tickets()
        .session_store(clients.clone())
        .ticket_keys(keys.clone());
    let client = Arc::new(client.build().unwrap());
    let server = |bits| {
        let (chain, key) = test_identity(bits);
        let server = ServerConfig::builder(policy)
            .certificate(chain, key)
            .session_store(servers.clone())
            .ticket_keys(keys.clone());
        Arc::new(server.build().unwrap())
    };
    let connect = |server: Arc<ServerConfig>| Pair {
        client: ClientConnection::new(client.clone(), "localhost".try_into().unwrap()).unwrap(),
        server: ServerConnection::new(server),
    };
    // The first: what the attacker achieves is written into the real server's store.
    connect(server(ATTACKER)).established();
    let real = server(REAL);
    let kept = clients.0.lock().unwrap().clone();
    let (binding, sealed) = kept.iter().next().unwrap();
    let binding = binding.as_slice().try_into().unwrap();
    synchronise(&servers, &keys, binding, sealed, &real);
    // The second, over a relay.
    let pair = connect(real).established();
    assert!(pair.client.session_resumed() && pair.server.session_resumed());
    let attackers = test_identity(ATTACKER).0;
    assert_eq!(pair.client.peer_certificates(), Some(&attackers[..]));
    pair
}

/// Gives the real server a session of the client's ID and master secret.
fn synchronise(
    servers: &MapStore,
    keys: &TicketKeys,
    binding: Binding,
    sealed: &[u8],
    real: &ServerConfig,
) {
    let now = real.common.clock.now();
    let context = Context::ClientsSession(&binding).encode();
    let encoded = keys.open(sealed, &context, now).unwrap();
    let Resumable { session, handle } = Resumable::read(&encoded).unwrap();
    let crate::session::Handle::SessionId(session_id) = handle else {
        panic!("no tickets");
    };
    let (chain, key) = test_identity(REAL);
    let certified = CertifiedKey::new(chain, key).unwrap();
    let name = session.version > ProtocolVersion::SSLv3;
    let session = Session {
        binding: server_binding(real, &certified),
        server_name: name.then(|| "localhost".to_owned()),
        peer_certificates: Vec::new(),
        ..session
    };
    let context = Context::ServersSession(&session_id).encode();
    let sealed = keys.seal(&session.encode(), &context, now, &SystemRandom);
    servers
        .0
        .lock()
        .unwrap()
        .insert(session_id, sealed.unwrap());
}
