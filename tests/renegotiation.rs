//! Step 11: a new handshake inside the connection, from either side, with data around it.

mod in_memory;

use std::io::Write;
use std::sync::Arc;

use in_memory::{
    Pair, client_config, deliver, each_version_and_suite, only, pin, read, server_config, take,
    test_identity,
};
use retrossl::{
    CipherSuite, Connection, Policy, ProtocolVersion, Renegotiation, RenegotiationState,
    ServerConfig, UnbiddenRenegotiation,
};

fn cross(from: &mut Connection, to: &mut Connection) {
    deliver(&take(from), to, || usize::MAX).unwrap();
}

fn willing(policy: Policy) -> Policy {
    policy.unbidden_renegotiation(UnbiddenRenegotiation::Accepted)
}

#[test]
fn either_side_renegotiates_at_every_version_and_suite() {
    each_version_and_suite(|version, suite| {
        let mut pair = Pair::under(willing(only(version, suite))).established();
        pair.client.renegotiate().unwrap();
        assert_eq!(pair.client.renegotiation(), RenegotiationState::UnderWay);
        pair.exchange(|| usize::MAX).unwrap();
        assert_eq!((pair.client.handshakes(), pair.server.handshakes()), (2, 2));
        pair.echo(b"under new keys", || usize::MAX);
        pair.server.renegotiate().unwrap();
        assert_eq!(pair.server.renegotiation(), RenegotiationState::Requested);
        pair.exchange(|| usize::MAX).unwrap();
        assert_eq!((pair.client.handshakes(), pair.server.handshakes()), (3, 3));
        pair.echo(b"and again", || usize::MAX);
        pair.client.renegotiate_resuming().unwrap();
        pair.exchange(|| usize::MAX).unwrap();
        assert_eq!((pair.client.handshakes(), pair.server.handshakes()), (4, 4));
        assert!(pair.client.session_resumed() && pair.server.session_resumed());
        pair.echo(b"resumed", || usize::MAX);
    });
}

#[test]
fn data_flows_around_a_renegotiation() {
    let policy = willing(only(
        ProtocolVersion::TLSv1_2,
        CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
    ));
    let mut pair = Pair::under(policy).established();
    pair.server.writer().write_all(b"before").unwrap();
    let late = take(&mut pair.server);
    pair.client.renegotiate().unwrap();
    pair.client.writer().write_all(b"held").unwrap();
    deliver(&late, &mut pair.client, || usize::MAX).unwrap();
    assert_eq!(read(&mut pair.client), b"before");
    cross(&mut pair.client, &mut pair.server);
    assert_eq!(read(&mut pair.server), b"");
    pair.exchange(|| usize::MAX).unwrap();
    assert_eq!(read(&mut pair.server), b"held");
}

#[test]
fn a_certificate_is_asked_for_only_then() {
    let policy = only(
        ProtocolVersion::TLSv1_2,
        CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
    );
    let (chain, key) = test_identity(2048);
    let client = retrossl::ClientConfig::builder(policy)
        .verifier(pin(1024))
        .certificate(chain.clone(), key)
        .build()
        .unwrap();
    let mut pair = Pair::new(client, server_config(policy)).established();
    assert_eq!(pair.server.peer_certificates(), None);
    let (own, own_key) = test_identity(1024);
    let asking = ServerConfig::builder(policy)
        .certificate(own, own_key)
        .client_verifier(pin(2048))
        .build()
        .unwrap();
    pair.server.renegotiate_with(Arc::new(asking)).unwrap();
    pair.exchange(|| usize::MAX).unwrap();
    assert_eq!(pair.server.peer_certificates(), Some(&chain[..]));
}

#[test]
fn a_refusal_is_polite() {
    let version = ProtocolVersion::TLSv1_2;
    let suite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
    let never = only(version, suite).renegotiation(Renegotiation::Never);
    let mut pair = Pair::new(client_config(never), server_config(only(version, suite)));
    pair = pair.established();
    pair.server.renegotiate().unwrap();
    pair.exchange(|| usize::MAX).unwrap();
    assert_eq!(pair.server.renegotiation(), RenegotiationState::Idle);
    pair.echo(b"alive", || usize::MAX);
    let mut pair = Pair::under(only(version, suite)).established();
    pair.client.renegotiate().unwrap();
    pair.client.writer().write_all(b"held").unwrap();
    pair.exchange(|| usize::MAX).unwrap();
    assert_eq!(pair.client.renegotiation(), RenegotiationState::Idle);
    assert_eq!(pair.client.handshakes(), 1);
    assert_eq!(read(&mut pair.server), b"held");
    pair.echo(b"alive", || usize::MAX);
}
