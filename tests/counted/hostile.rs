//! What a peer can send that makes a connection hold the most.

use retrossl::pki_types::CertificateDer;
use retrossl::{
    CipherSuite, ClientConfig, ProtocolVersion, ServerConfig, Side, UnbiddenRenegotiation,
};

use super::super::in_memory::{only, pin, test_identity};
use super::Configs;

/// Both sides have a certificate; that of the peer of `side` has the longest chain.
pub fn with_the_longest_chain(version: ProtocolVersion, side: Side) -> Configs {
    let policy = only(version, AES).unbidden_renegotiation(UnbiddenRenegotiation::Accepted);
    let (short, key) = test_identity(1024);
    let (client, server) = match side {
        Side::Client => (short, longest_chain()),
        Side::Server => (longest_chain(), short),
    };
    let client = ClientConfig::builder(policy)
        .verifier(pin(1024))
        .certificate(client, key.clone());
    let server = ServerConfig::builder(policy)
        .certificate(server, key)
        .client_verifier(pin(1024));
    Configs::new(client.build().unwrap(), server.build().unwrap())
}

/// The longest that a message has room for, of as many certificates as are allowed.
fn longest_chain() -> Vec<CertificateDer<'static>> {
    let (mut chain, _) = test_identity(1024);
    let rest = 128 * 1024 - 3 - 3 - chain[0].len();
    chain.resize(32, vec![7; rest / 31 - 3].into());
    chain
}

/// The longest message that there is, a hello, without its last byte.
pub fn unfinished_hello(from: Side) -> Vec<u8> {
    let kind = hello(from, 2);
    let len = 2 + 32 + 33 + 2 + 65_534 + 256 + 2 + 65_535u32;
    let mut message = [&[kind][..], &len.to_be_bytes()[1..]].concat();
    message.resize(message.len() + len as usize - 1, 0);
    message
}

/// The type of a hello.
pub fn hello(from: Side, servers: u8) -> u8 {
    match from {
        Side::Client => 1,
        Side::Server => servers,
    }
}

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
