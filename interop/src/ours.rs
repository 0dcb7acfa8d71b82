//! `retrossl`'s side of a conversation, made of what the peers are made of.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::DerefMut;
use std::sync::{Arc, Mutex};

use retrossl::client::ClientConfigBuilder;
use retrossl::pki_types::{CertificateDer, PrivateKeyDer};
use retrossl::server::ServerConfigBuilder;
use retrossl::{
    CipherKind, CipherSuite, ClientConfig, ClientConnection, Connection, Direction, Event,
    Fingerprint, KeyLog, Observer, ObserverFactory, PinnedCertificates, Policy, PrivateKey,
    ProtocolVersion, RsaPrivateKey, ServerConfig, Side, StreamOwned,
};

use crate::Error;
use crate::certificate::Identity;
use crate::loopback;
use crate::peer::Version;

impl From<Version> for ProtocolVersion {
    fn from(version: Version) -> Self {
        match version {
            Version::Ssl3 => Self::SSLv3,
            Version::Tls1_0 => Self::TLSv1_0,
            Version::Tls1_1 => Self::TLSv1_1,
            Version::Tls1_2 => Self::TLSv1_2,
        }
    }
}

/// Exactly this version and this suite.
pub fn only(version: Version, suite: CipherSuite) -> Policy {
    between(version, version).cipher_suites(&[suite])
}

/// These versions, with every suite.
pub fn between(min: Version, max: Version) -> Policy {
    Policy::EVERYTHING.versions(min.into(), max.into())
}

/// SSL 2.0 and nothing else, with every kind.
pub fn ssl2() -> Policy {
    up_to(ProtocolVersion::SSLv2)
}

/// SSL 2.0 with exactly this kind.
pub fn only_kind(kind: CipherKind) -> Policy {
    ssl2().cipher_kinds(&[kind])
}

/// SSL 2.0 and all that came after it, up to this version.
pub fn up_to(newest: ProtocolVersion) -> Policy {
    Policy::EVERYTHING.versions(ProtocolVersion::SSLv2, newest)
}

/// A client that takes `server` for the right one, and nobody else.
pub fn client(policy: Policy, server: &Identity) -> Result<ClientConfigBuilder, Error> {
    Ok(ClientConfig::builder(policy).verifier(pin(server)?))
}

/// A client's connection to `localhost`.
pub fn connection(config: ClientConfigBuilder) -> Result<ClientConnection, Error> {
    let name = "localhost".try_into()?;
    Ok(ClientConnection::new(Arc::new(config.build()?), name)?)
}

/// A connection over TCP to what listens on `port`.
pub fn connect(
    config: &Arc<ClientConfig>,
    port: u16,
) -> Result<StreamOwned<ClientConnection, TcpStream>, Error> {
    let connection = ClientConnection::new(config.clone(), "localhost".try_into()?)?;
    let mut stream = StreamOwned::new(connection, loopback::connect(port)?);
    stream.complete_handshake()?;
    Ok(stream)
}

/// Sends `text` and waits for it to come back.
pub fn echo(stream: &mut (impl Read + Write), text: &[u8]) -> Result<(), Error> {
    stream.write_all(text)?;
    let mut echo = vec![0; text.len()];
    stream.read_exact(&mut echo)?;
    assert!(
        echo == *text,
        "{} bytes: {:?}",
        text.len(),
        String::from_utf8_lossy(&echo)
    );
    Ok(())
}

/// Goes on until so many handshakes are complete; what is received on the way waits to be read.
pub fn complete_handshakes<C, T>(
    stream: &mut StreamOwned<C, T>,
    handshakes: u64,
) -> Result<(), Error>
where
    C: DerefMut<Target = Connection>,
    T: Read + Write,
{
    let StreamOwned {
        connection,
        transport,
    } = stream;
    while connection.handshakes() < handshakes || connection.wants_write() {
        while connection.wants_write() {
            connection.write_tls(transport)?;
        }
        if connection.handshakes() < handshakes {
            if connection.read_tls(transport)? == 0 {
                return Err("the peer has gone".into());
            }
            connection.process_new_packets()?;
        }
    }
    Ok(())
}

/// A server that is `identity`.
pub fn server(policy: Policy, identity: &Identity) -> Result<ServerConfigBuilder, Error> {
    let chain = vec![certificate(identity)?];
    Ok(ServerConfig::builder(policy).certificate(chain, private_key(identity)?))
}

/// A server that speaks SSL 2.0 alone, and is `identity` there.
pub fn ssl2_server(policy: Policy, identity: &Identity) -> Result<ServerConfigBuilder, Error> {
    let key = private_key(identity)?;
    Ok(ServerConfig::builder(policy).ssl2_certificate(certificate(identity)?, key))
}

pub fn certificate(identity: &Identity) -> Result<CertificateDer<'static>, Error> {
    Ok(identity.certificate_der()?.into())
}

pub fn private_key(identity: &Identity) -> Result<Arc<dyn PrivateKey>, Error> {
    let der = PrivateKeyDer::Pkcs8(identity.key_der()?.into());
    Ok(Arc::new(RsaPrivateKey::from_der(&der)?))
}

pub fn pin(identity: &Identity) -> Result<PinnedCertificates, Error> {
    let fingerprint = Fingerprint::of(&certificate(identity)?);
    Ok(PinnedCertificates::new([fingerprint]))
}

/// A key log in memory.
#[derive(Debug, Default)]
pub struct Secrets(Mutex<Vec<Vec<u8>>>);

impl Secrets {
    /// The last connection's master secret, or master key at SSL 2.0; empty before there is one.
    pub fn last(&self) -> Vec<u8> {
        let secrets = self.0.lock().expect("nobody panics with it");
        secrets.last().cloned().unwrap_or_default()
    }
}

impl KeyLog for Secrets {
    fn log(&self, label: &str, _: &[u8; 32], secret: &[u8]) {
        assert!(["CLIENT_RANDOM", "SSL2_MASTER_KEY"].contains(&label));
        let mut secrets = self.0.lock().expect("nobody panics with it");
        secrets.push(secret.to_vec());
    }
}

/// What an observer sees, as lines such as `received CertificateVerify`, `sent CLIENT-HELLO` (of
/// SSL 2.0) and `sent warning no_certificate`, with lengths in bytes.
#[derive(Clone, Debug, Default)]
pub struct Trace(Arc<Mutex<Vec<(String, usize)>>>);

impl Trace {
    pub fn has(&self, line: &str) -> bool {
        self.length_of(line).is_some()
    }

    pub fn count(&self, line: &str) -> usize {
        let lines = self.0.lock().expect("nobody panics with it");
        lines.iter().filter(|(seen, _)| seen == line).count()
    }

    /// Of the first one.
    pub fn length_of(&self, line: &str) -> Option<usize> {
        let lines = self.0.lock().expect("nobody panics with it");
        let found = lines.iter().find(|(seen, _)| seen == line);
        found.map(|(_, length)| *length)
    }
}

impl ObserverFactory for Trace {
    fn observer(&self, _: Side) -> Box<dyn Observer> {
        Box::new(self.clone())
    }
}

impl Observer for Trace {
    fn observe(&mut self, event: Event<'_>) {
        let way = |direction| match direction {
            Direction::Sent => "sent",
            Direction::Received => "received",
        };
        let line = match event {
            Event::Handshake {
                direction,
                message,
                bytes,
                ..
            } => (
                format!("{} {}", way(direction), message.name()),
                bytes.len(),
            ),
            Event::Ssl2Handshake {
                direction,
                message,
                bytes,
                ..
            } => (format!("{} {message}", way(direction)), bytes.len()),
            Event::Alert {
                direction,
                level,
                description,
                ..
            } => (format!("{} {level} {description}", way(direction)), 2),
            _ => return,
        };
        self.0.lock().expect("nobody panics with it").push(line);
    }
}
