//! Both sides at SSL 2.0.

pub mod by_hand;
pub mod conversation;
pub mod messages;
pub mod records;
pub mod states;

use std::sync::{Arc, Mutex};

use retrossl::pki_types::CertificateDer;
use retrossl::{
    CipherKind, ClientConfig, ClientConnection, Connection, Error, Event, Fault, HelloFormat,
    KeyLog, Observer, ObserverFactory, Policy, ProtocolVersion, ServerConfig, Side, Ssl2Error,
    Ssl2MessageType, client, server,
};

use super::{Pair, deliver, take, test_identity};

/// Nothing but SSL 2.0, with one kind.
pub fn only_kind(kind: CipherKind) -> Policy {
    ssl2().cipher_kinds(&[kind])
}

/// Nothing but SSL 2.0.
pub fn ssl2() -> Policy {
    Policy::EVERYTHING.versions(ProtocolVersion::SSLv2, ProtocolVersion::SSLv2)
}

/// SSL 2.0 and all that came after, begun with a hello that servers of each understand.
pub fn either() -> Policy {
    Policy::EVERYTHING.hello_format(HelloFormat::Ssl2)
}

/// The certificate of that many bits.
pub fn certificate(bits: usize) -> CertificateDer<'static> {
    test_identity(bits).0.remove(0)
}

/// A server that shows 1024 bits at SSL 2.0, and 2048 where its policy allows later versions.
pub fn server(policy: Policy) -> server::ServerConfigBuilder {
    let mut server = ServerConfig::builder(policy);
    if policy.version_range().1 > ProtocolVersion::SSLv2 {
        let (chain, key) = test_identity(2048);
        server = server.certificate(chain, key);
    }
    if policy.version_range().0 == ProtocolVersion::SSLv2 {
        server = server.ssl2_certificate(certificate(1024), test_identity(1024).1);
    }
    server
}

/// A client that accepts the server at any version.
pub fn client(policy: Policy) -> client::ClientConfigBuilder {
    let pins = [1024, 2048].map(|bits| retrossl::Fingerprint::of(&certificate(bits)));
    ClientConfig::builder(policy).verifier(retrossl::PinnedCertificates::new(pins))
}

pub fn pair(client_policy: Policy, server_policy: Policy) -> Pair {
    Pair::new(
        client(client_policy).build().unwrap(),
        server(server_policy).build().unwrap(),
    )
}

/// Bytes of the kind's master key.
pub fn master_key_len(kind: CipherKind) -> usize {
    usize::from(u16::from_be_bytes([kind.0[1], kind.0[2]])) / 8
}

/// How many of them go to the server in the clear.
pub fn clear_len(kind: CipherKind) -> usize {
    if kind.to_string().contains("EXPORT40") {
        11
    } else {
        0
    }
}

/// Bytes of the kind's first IV.
pub fn key_arg_len(kind: CipherKind) -> usize {
    if kind.to_string().contains("CBC") {
        8
    } else {
        0
    }
}

pub fn connect(config: ClientConfig) -> ClientConnection {
    ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap()
}

/// Delivers `bytes`, expects an error whose fault is the peer's, which stays, and returns it with
/// what goes out then.
pub fn refused(by: &mut Connection, bytes: &[u8]) -> (Error, Vec<u8>) {
    let error = deliver(bytes, by, || usize::MAX).expect_err("nothing was wrong with it");
    assert_eq!(error.fault(), Fault::Peer, "{error}");
    expect_it_stays(by, &error);
    (error, take(by))
}

/// A connection that has failed stays so, says why, and does nothing more.
pub fn expect_it_stays(by: &mut Connection, error: &Error) {
    assert_eq!(by.error(), Some(error));
    assert_eq!(by.process_new_packets().as_ref(), Err(error));
    assert!(!by.is_handshaking());
    assert_eq!(by.handshakes(), 0);
    assert!(std::io::Write::write(&mut by.writer(), b"data").is_err());
}

/// An ERROR as it goes out in the clear.
pub fn error_in_clear(code: Ssl2Error) -> Vec<u8> {
    records::in_clear(&messages::error(code.0))
}

/// Every master key that was logged, the newest last.
#[derive(Debug, Default)]
pub struct MasterKeys(pub Mutex<Vec<Vec<u8>>>);

impl MasterKeys {
    pub fn newest(&self) -> Vec<u8> {
        let logged = self.0.lock().unwrap();
        logged.last().expect("a master key was logged").clone()
    }
}

impl KeyLog for MasterKeys {
    fn log(&self, label: &str, _: &[u8; 32], secret: &[u8]) {
        assert_eq!(label, "SSL2_MASTER_KEY");
        self.0.lock().unwrap().push(secret.to_vec());
    }
}

/// What both sides have seen, a line each.
#[derive(Clone, Debug, Default)]
pub struct Events(Arc<Mutex<Vec<String>>>);

impl Events {
    /// What one side has seen since it was last asked.
    pub fn of(&self, side: Side) -> Vec<String> {
        let start = format!("{side}: ");
        let mut lines = self.0.lock().unwrap();
        let (of_side, others) = lines.drain(..).partition(|line| line.starts_with(&start));
        *lines = others;
        let of_side: Vec<String> = of_side;
        let rest = |line: &String| line[start.len()..].to_owned();
        of_side.iter().map(rest).collect()
    }
}

impl ObserverFactory for Events {
    fn observer(&self, side: Side) -> Box<dyn Observer> {
        let lines = self.clone();
        Box::new(OneSide { side, lines })
    }
}

struct OneSide {
    side: Side,
    lines: Events,
}

impl Observer for OneSide {
    fn observe(&mut self, event: Event<'_>) {
        let line = match event {
            Event::Ssl2Handshake {
                direction,
                message,
                bytes,
                ..
            } => {
                assert_eq!(Ssl2MessageType(bytes[0]), message);
                format!("{direction:?} {message}")
            }
            Event::Handshake {
                direction, message, ..
            } => format!("{direction:?} {message}"),
            Event::SessionResumed { by, .. } => format!("SessionResumed {by:?}"),
            Event::Ssl2KeysDerived { kind, .. } => format!("Ssl2KeysDerived {kind}"),
            other => {
                let other = format!("{other:?}");
                other.split_whitespace().next().unwrap().to_owned()
            }
        };
        let side = self.side;
        self.lines.0.lock().unwrap().push(format!("{side}: {line}"));
    }
}
