//! Step 11: a new handshake inside the connection, from either side, with data around it.

mod in_memory;

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ProtocolVersion::{SSLv3, TLSv1_2};
use in_memory::{
    Pair, client_config, deliver, each_version_and_suite, only, pin, read, server_config, take,
    test_identity,
};
use retrossl::{
    CipherSuite, ClientConfig, ClientConnection, Connection, Error, Fingerprint, PeerMisbehaved,
    PinnedCertificates, Policy, ProtocolVersion, Renegotiation, RenegotiationRefused,
    RenegotiationState, ServerConfig, ServerConnection, StreamOwned, UnbiddenRenegotiation,
};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

#[test]
fn either_side_renegotiates_at_every_version_and_suite() {
    each_version_and_suite(|version, suite| {
        let mut pair = Pair::under(willing(only(version, suite))).established();
        pair.client.renegotiate().unwrap();
        assert_eq!(pair.client.renegotiation(), RenegotiationState::UnderWay);
        pair.exchange(|| usize::MAX).unwrap();
        assert_handshakes(&pair, 2);
        pair.echo(b"under new keys", || usize::MAX);

        pair.server.renegotiate().unwrap();
        assert_eq!(pair.server.renegotiation(), RenegotiationState::Requested);
        pair.exchange(|| usize::MAX).unwrap();
        assert_handshakes(&pair, 3);
        assert!(!pair.client.session_resumed() && !pair.server.session_resumed());
        pair.echo(b"and again", || usize::MAX);

        pair.client.renegotiate_resuming().unwrap();
        pair.exchange(|| usize::MAX).unwrap();
        assert_handshakes(&pair, 4);
        assert!(pair.client.session_resumed() && pair.server.session_resumed());
        pair.echo(b"resumed", || usize::MAX);
    });
}

/// At every step of a two-way stream of data one side begins, or the other, or both at once;
/// pieces of any length are in flight meanwhile, and not a byte is lost or out of place.
#[test]
fn data_flows_around_a_renegotiation_at_every_point() {
    const STEPS: usize = 14;
    for version in in_memory::ssl3_and_later() {
        let policy = willing(only(version, AES));
        for (begins_client, begins_server) in [(true, false), (false, true), (true, true)] {
            for (begins_at, piece) in (0..STEPS).flat_map(|step| [(step, 7), (step, 300)]) {
                let mut stream = TwoWay::new(policy, piece);
                for step in 0..STEPS {
                    if step == begins_at && begins_client {
                        stream.pair.client.renegotiate().unwrap();
                    }
                    if step == begins_at && begins_server {
                        stream.pair.server.renegotiate().unwrap();
                    }
                    stream.step();
                }
                stream.finish();
                let handshakes = stream.pair.client.handshakes();
                assert_eq!(stream.pair.server.handshakes(), handshakes);
                // Both at once are one, unless the server's request came after the client's end.
                assert!(
                    (2..=3).contains(&handshakes),
                    "{version} {begins_at} {handshakes}"
                );
            }
        }
    }
}

/// Two streams of data in opposite directions, over wires that carry a few bytes at a time.
struct TwoWay {
    pair: Pair,
    piece: usize,
    to_server: VecDeque<u8>,
    to_client: VecDeque<u8>,
    sent: usize,
    at_server: Vec<u8>,
    at_client: Vec<u8>,
}

impl TwoWay {
    fn new(policy: Policy, piece: usize) -> Self {
        Self {
            pair: Pair::under(policy).established(),
            piece,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            sent: 0,
            at_server: Vec::new(),
            at_client: Vec::new(),
        }
    }

    /// Both sides write a little, and a piece of each wire arrives.
    fn step(&mut self) {
        let data = [self.sent as u8; 20];
        self.sent += 1;
        self.pair.client.writer().write_all(&data).unwrap();
        self.pair.server.writer().write_all(&data).unwrap();
        self.carry();
    }

    fn carry(&mut self) {
        self.to_server.extend(take(&mut self.pair.client));
        self.to_client.extend(take(&mut self.pair.server));
        let (client, server) = (&mut self.pair.client, &mut self.pair.server);
        for (wire, to, heard) in [
            (&mut self.to_server, &mut **server, &mut self.at_server),
            (&mut self.to_client, &mut **client, &mut self.at_client),
        ] {
            let piece: Vec<u8> = wire.drain(..wire.len().min(self.piece)).collect();
            deliver(&piece, to, || usize::MAX).unwrap();
            heard.extend(read(to));
        }
    }

    /// Carries the rest, and checks that everything has arrived in its order.
    fn finish(&mut self) {
        loop {
            self.carry();
            let waits = self.pair.client.wants_write() || self.pair.server.wants_write();
            if !waits && self.to_server.is_empty() && self.to_client.is_empty() {
                break;
            }
        }
        let expected: Vec<u8> = (0..self.sent).flat_map(|step| [step as u8; 20]).collect();
        assert_eq!(self.at_server, expected);
        assert_eq!(self.at_client, expected);
    }
}

#[test]
fn what_is_written_meanwhile_waits_and_is_bounded() {
    let policy = willing(only(TLSv1_2, AES));
    let client = ClientConfig::builder(policy)
        .verifier(pin(1024))
        .buffer_limit(1000);
    let mut pair = Pair::new(client.build().unwrap(), server_config(policy)).established();
    pair.client.renegotiate().unwrap();
    assert_eq!(pair.client.writer().write(&[7; 3000]).unwrap(), 1000);
    assert_eq!(pair.client.writer().write(&[7; 3000]).unwrap(), 0);
    cross(&mut pair.client, &mut pair.server);
    assert_eq!(read(&mut pair.server), b"", "nothing follows the hello");
    pair.exchange(|| usize::MAX).unwrap();
    assert_eq!(read(&mut pair.server), [7; 1000]);
}

/// A client certificate is asked for when it is known what the client wants.
#[test]
fn a_certificate_is_asked_for_only_then() {
    for version in in_memory::ssl3_and_later() {
        let policy = only(version, AES);
        let (chain, key) = test_identity(2048);
        let client = ClientConfig::builder(policy)
            .verifier(pin(1024))
            .certificate(chain.clone(), key);
        let mut pair = Pair::new(client.build().unwrap(), server_config(policy)).established();
        assert_eq!(pair.server.peer_certificates(), None);
        let (own, own_key) = test_identity(1024);
        let asking = ServerConfig::builder(policy)
            .certificate(own, own_key)
            .client_verifier(pin(2048));
        let asking = Arc::new(asking.build().unwrap());
        pair.server.renegotiate_with(asking).unwrap();
        pair.exchange(|| usize::MAX).unwrap();
        assert_eq!(pair.server.peer_certificates(), Some(&chain[..]));
        pair.echo(b"known now", || usize::MAX);
        // A later handshake that does not ask leaves nobody authenticated.
        let silent = Arc::new(server_config(policy));
        pair.server.renegotiate_with(silent).unwrap();
        pair.exchange(|| usize::MAX).unwrap();
        assert_eq!(pair.server.peer_certificates(), None);
    }
}

#[test]
fn a_missing_certificate_ends_the_connection() {
    let policy = only(TLSv1_2, AES);
    let mut pair = Pair::under(policy).established();
    let (own, own_key) = test_identity(1024);
    let asking = ServerConfig::builder(policy)
        .certificate(own, own_key)
        .client_verifier(pin(2048));
    pair.server
        .renegotiate_with(Arc::new(asking.build().unwrap()))
        .unwrap();
    let error = pair.exchange(|| usize::MAX).unwrap_err();
    assert_eq!(
        error,
        retrossl::PeerIncompatible::NoClientCertificate.into()
    );
}

#[test]
fn a_refusal_is_polite() {
    let open = only(TLSv1_2, AES);
    let never = open.renegotiation(Renegotiation::Never);
    let mut pair = Pair::new(client_config(never), server_config(open)).established();
    pair.server.renegotiate().unwrap();
    pair.server.writer().write_all(b"goes on").unwrap();
    pair.exchange(|| usize::MAX).unwrap();
    assert_eq!(pair.server.renegotiation(), RenegotiationState::Refused);
    assert_eq!(read(&mut pair.client), b"goes on");

    // Not unbidden, though it is allowed.
    let mut pair = Pair::under(open).established();
    pair.client.renegotiate().unwrap();
    pair.client.writer().write_all(b"held").unwrap();
    pair.exchange(|| usize::MAX).unwrap();
    assert_eq!(pair.client.renegotiation(), RenegotiationState::Refused);
    assert_eq!(read(&mut pair.server), b"held");
    assert_handshakes(&pair, 1);
    // And it can be tried again.
    pair.client.renegotiate().unwrap();
    pair.exchange(|| usize::MAX).unwrap();
    pair.echo(b"alive", || usize::MAX);
}

#[test]
fn what_cannot_be_begun_says_why() {
    let refused = |connection: &mut Connection| connection.renegotiate().unwrap_err();
    let policy = willing(only(TLSv1_2, AES));
    let mut pair = Pair::under(policy);
    assert_eq!(refused(&mut pair.client), Error::HandshakeNotComplete);
    let mut pair = pair.established();
    pair.client.renegotiate().unwrap();
    let under_way = Error::Renegotiation(RenegotiationRefused::UnderWay);
    assert_eq!(refused(&mut pair.client), under_way);
    pair.exchange(|| usize::MAX).unwrap();
    pair.client.send_close_notify();
    let closing = Error::Renegotiation(RenegotiationRefused::Closing);
    assert_eq!(refused(&mut pair.client), closing);
    cross(&mut pair.client, &mut pair.server);
    assert_eq!(refused(&mut pair.server), closing);

    let never = policy.renegotiation(Renegotiation::Never);
    let mut pair = Pair::new(client_config(never), server_config(policy)).established();
    let by_policy = Error::Renegotiation(RenegotiationRefused::Policy);
    assert_eq!(refused(&mut pair.client), by_policy);
    assert_eq!(
        pair.server.renegotiate_with(Arc::new(server_config(never))),
        Err(by_policy)
    );
    pair.echo(b"none of it harms", || usize::MAX);
}

/// Each costs a private operation: beyond the bound the answer is no.
#[test]
fn a_client_renegotiates_so_often_and_no_more() {
    let policy = willing(only(TLSv1_2, AES));
    let mut pair = Pair::under(policy).established();
    for _ in 0..256 {
        pair.client.renegotiate_resuming().unwrap();
        pair.exchange(|| usize::MAX).unwrap();
    }
    assert_handshakes(&pair, 257);
    pair.client.renegotiate_resuming().unwrap();
    pair.exchange(|| usize::MAX).unwrap();
    assert_handshakes(&pair, 257);
    pair.echo(b"alive", || usize::MAX);
    // The server's own requests are not the client's.
    pair.server.renegotiate().unwrap();
    pair.exchange(|| usize::MAX).unwrap();
    assert_handshakes(&pair, 258);
}

/// A server may not become another (the triple handshake, and whoever gets between).
#[test]
fn the_servers_certificate_does_not_change() {
    for version in in_memory::ssl3_and_later() {
        let policy = only(version, AES);
        let both = PinnedCertificates::new(
            [1024, 2048].map(|bits| Fingerprint::of(&test_identity(bits).0[0])),
        );
        let client = ClientConfig::builder(policy).verifier(both);
        let mut pair = Pair::new(client.build().unwrap(), server_config(policy)).established();
        let (chain, key) = test_identity(2048);
        let other = ServerConfig::builder(policy).certificate(chain, key);
        pair.server
            .renegotiate_with(Arc::new(other.build().unwrap()))
            .unwrap();
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        assert_eq!(error, PeerMisbehaved::ServerCertificateChanged.into());
    }
}

/// RFC 7627 §5.3: a session resumed without the extended master secret is bound to nothing.
#[test]
fn an_unbound_session_is_not_renegotiated() {
    let unbound = |renegotiation| {
        let policy = willing(only(SSLv3, AES)).renegotiation(renegotiation);
        let (client, server) = (
            Arc::new(client_config(policy)),
            Arc::new(server_config(policy)),
        );
        let connect = || {
            let name = "localhost".try_into().unwrap();
            Pair {
                client: ClientConnection::new(client.clone(), name).unwrap(),
                server: ServerConnection::new(server.clone()),
            }
            .established()
        };
        connect();
        let pair = connect();
        assert!(pair.client.session_resumed());
        pair
    };
    let expected = Err(Error::Renegotiation(RenegotiationRefused::UnboundSession));
    let mut pair = unbound(Renegotiation::Secure);
    assert_eq!(pair.client.renegotiate(), expected);
    assert_eq!(pair.server.renegotiate(), expected);
    let mut pair = unbound(Renegotiation::Legacy);
    pair.client.renegotiate().unwrap();
    pair.exchange(|| usize::MAX).unwrap();
    assert_handshakes(&pair, 2);
}

/// What was written, and the end, come after a handshake that is under way.
#[test]
fn a_close_waits_for_the_handshake() {
    let mut pair = Pair::under(willing(only(TLSv1_2, AES))).established();
    pair.client.renegotiate().unwrap();
    pair.client.writer().write_all(b"last words").unwrap();
    pair.client.send_close_notify();
    pair.exchange(|| usize::MAX).unwrap();
    let mut heard = Vec::new();
    pair.server.reader().read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"last words");
}

/// A peer that closes will not complete it: the answer goes out at once.
#[test]
fn a_peer_may_close_instead_of_answering() {
    let mut pair = Pair::under(willing(only(TLSv1_2, AES))).established();
    pair.client.renegotiate().unwrap();
    pair.server.send_close_notify();
    cross(&mut pair.server, &mut pair.client);
    assert_eq!(
        pair.client.reader().read(&mut [0; 9]).unwrap(),
        0,
        "a clean end"
    );
    let _ = take(&mut pair.client);
    pair.client.send_close_notify();
    assert!(pair.client.wants_write());
}

#[test]
fn a_transport_that_ends_meanwhile_is_a_truncation() {
    let mut pair = Pair::under(willing(only(TLSv1_2, AES))).established();
    pair.client.renegotiate().unwrap();
    pair.client.read_tls(&mut &[][..]).unwrap();
    pair.client.process_new_packets().unwrap();
    let error = pair.client.reader().read(&mut [0; 9]).unwrap_err();
    assert_eq!(Error::of_io(&error), Some(&Error::Truncated));
}

/// Over blocking streams: the server asks again and again while both talk at length.
#[test]
fn streams_go_through_renegotiations() {
    const TOTAL: usize = 300_000;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let policy = only(TLSv1_2, AES);
    let server = thread::spawn(move || {
        let tcp = with_timeout(listener.accept().unwrap().0);
        let connection = ServerConnection::new(Arc::new(server_config(policy)));
        let mut stream = StreamOwned::new(connection, tcp);
        let mut buffer = [0; 10_000];
        let mut heard = 0;
        while heard < TOTAL {
            let len = stream.read(&mut buffer).unwrap();
            stream.write_all(&buffer[..len]).unwrap();
            heard += len;
            if stream.connection.renegotiation() == RenegotiationState::Idle {
                stream.connection.renegotiate().unwrap();
            }
        }
        stream.close().unwrap();
        stream.connection.handshakes()
    });
    let tcp = with_timeout(TcpStream::connect(address).unwrap());
    let name = "localhost".try_into().unwrap();
    let connection = ClientConnection::new(Arc::new(client_config(policy)), name).unwrap();
    let mut stream = StreamOwned::new(connection, tcp);
    for chunk in 0..TOTAL / 10_000 {
        stream.write_all(&[chunk as u8; 10_000]).unwrap();
        let mut back = [0; 10_000];
        stream.read_exact(&mut back).unwrap();
        assert_eq!(back, [chunk as u8; 10_000]);
    }
    assert!(server.join().unwrap() > 10);
    assert!(stream.connection.handshakes() > 10);
}

fn with_timeout(tcp: TcpStream) -> TcpStream {
    tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    tcp.set_write_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    tcp
}

/// What a connection failed with is all that it answers.
#[test]
fn a_connection_that_has_failed_begins_nothing() {
    let mut pair = Pair::under(willing(only(ProtocolVersion::TLSv1_2, AES))).established();
    let error = deliver(b"garbage", &mut pair.client, || usize::MAX).unwrap_err();
    let _ = take(&mut pair.client);
    assert_eq!(pair.client.renegotiate(), Err(error.clone()));
    assert_eq!(pair.client.renegotiate_resuming(), Err(error));
    assert!(!pair.client.wants_write());
}

/// A policy under which a client may begin of its own accord.
fn willing(policy: Policy) -> Policy {
    policy.unbidden_renegotiation(UnbiddenRenegotiation::Accepted)
}

fn assert_handshakes(pair: &Pair, expected: u64) {
    assert_eq!(pair.client.handshakes(), expected);
    assert_eq!(pair.server.handshakes(), expected);
}

fn cross(from: &mut Connection, to: &mut Connection) {
    deliver(&take(from), to, || usize::MAX).unwrap();
}
