//! What conversations with other implementations brought to light.

mod in_memory;

use std::sync::Arc;

use in_memory::{Pair, client_config, only, server_config};
use retrossl::{
    CipherSuite, ClientConnection, ProtocolVersion, ServerConnection, UnbiddenRenegotiation,
};

/// A full handshake on a resumed connection makes a session of its own, for both sides.
#[test]
fn a_renegotiated_session_is_no_longer_the_resumed_one() {
    let policy = only(
        ProtocolVersion::TLSv1_2,
        CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
    )
    .unbidden_renegotiation(UnbiddenRenegotiation::Accepted);
    let client = Arc::new(client_config(policy));
    let server = Arc::new(server_config(policy));
    let connect = || {
        let name = "localhost".try_into().unwrap();
        Pair {
            client: ClientConnection::new(client.clone(), name).unwrap(),
            server: ServerConnection::new(server.clone()),
        }
        .established()
    };
    connect();
    let mut pair = connect();
    assert!(pair.client.session_resumed() && pair.server.session_resumed());
    pair.client.renegotiate().unwrap();
    pair.exchange(|| usize::MAX).unwrap();
    assert_eq!(pair.client.handshakes(), 2);
    assert_eq!(pair.client.resumption(), None);
    assert_eq!(pair.server.resumption(), None);
}
