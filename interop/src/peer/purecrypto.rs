//! The crate `purecrypto` (with its feature `tls-legacy`), in threads of this process, over TCP.
//!
//! With RSA key exchange it has SSL 3.0, TLS 1.0 and 1.1, with Triple DES and AES. (It takes AES
//! with SHA-256 at TLS 1.0 and 1.1, too, where that does not belong.) All this is of 0.10.4,
//! which wants Rust 1.95.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use openssl::x509::X509;
use purecrypto::rng::OsRng;
use purecrypto::rsa::BoxedRsaPrivateKey;
use purecrypto::signature_registry::SignaturePolicy;
use purecrypto::tls::{
    ClientAuth, Config, Connection, KeyLog, ProtocolVersion, RootCertStore, SigningKey,
};

use super::Version;
use super::openssl::ClientCertificate;
use crate::Error;
use crate::certificate::{Identity, common_name};
use crate::loopback::{self, Listener, PATIENCE};
use crate::ours::Secrets;

/// The crate's.
pub const VERSION: &str = "0.10.4";

/// The versions that it has with RSA key exchange.
pub const VERSIONS: [Version; 3] = [Version::Ssl3, Version::Tls1_0, Version::Tls1_1];

/// OpenSSL's names of the suites that it has at all of them.
pub const SUITES: [&str; 3] = ["DES-CBC3-SHA", "AES128-SHA", "AES256-SHA"];

pub const WITHOUT_TLS_1_2: &str = "purecrypto has no RSA key exchange at TLS 1.2";

pub const WITHOUT_RESUMPTION: &str =
    "purecrypto has sessions at TLS 1.2 only, where it has no RSA key exchange";

pub const WITHOUT_RENEGOTIATION: &str = "purecrypto does not renegotiate";

/// Both sides have the extended master secret where there is one, and insist on it.
#[derive(Clone)]
pub struct Settings {
    pub version: Version,
    /// The numbers of suites, in order of preference.
    pub suites: Vec<u16>,
    /// A server needs one; a client shows it when asked.
    pub identity: Option<Identity>,
    /// What is sent after the identity's certificate.
    pub chain: Vec<X509>,
    /// Whether a server asks for a certificate.
    pub client_certificate: ClientCertificate,
    /// The certificates that the peer's must lead to; when empty, a client takes any.
    pub trusted: Vec<X509>,
}

impl Settings {
    pub fn new(version: Version, suites: &[u16]) -> Self {
        Self {
            version,
            suites: suites.to_owned(),
            identity: None,
            chain: Vec::new(),
            client_certificate: ClientCertificate::NotRequested,
            trusted: Vec::new(),
        }
    }

    /// What connections are made of.
    pub fn config(&self, secrets: Arc<Secrets>) -> Result<Config, Error> {
        let version = protocol_version(self.version);
        let mut config = Config::builder()
            .rng(Arc::new(OsRng))
            .tls_only()
            .versions(version, version)
            .cipher_suites(&self.suites)
            .require_extended_master_secret(self.version > Version::Ssl3)
            .signature_policy(signature_policy()?)
            .server_name("localhost")
            .key_log(secrets);
        let mut roots = RootCertStore::new();
        for certificate in &self.trusted {
            roots.add_der(certificate.to_der()?)?;
        }
        config = match self.client_certificate {
            ClientCertificate::NotRequested => config,
            ClientCertificate::Requested => {
                config.client_auth(ClientAuth::new(roots.clone(), false))
            }
            ClientCertificate::Required => config.client_auth(ClientAuth::new(roots.clone(), true)),
        };
        config = match self.trusted.is_empty() {
            true => config.verify_certificates(false),
            false => config.roots(roots),
        };
        if let Some(identity) = &self.identity {
            let mut chain = vec![identity.certificate_der()?];
            for certificate in &self.chain {
                chain.push(certificate.to_der()?);
            }
            let key = identity.key.rsa()?.private_key_to_der()?;
            let key = BoxedRsaPrivateKey::from_pkcs1_der(&key)
                .map_err(|error| format!("purecrypto cannot read the key: {error:?}"))?;
            config = config.identity(chain, SigningKey::Rsa(key));
        }
        Ok(config.build())
    }
}

/// What old certificates need, too.
fn signature_policy() -> Result<SignaturePolicy, Error> {
    let policy = SignaturePolicy::modern().try_permit("rsa-pkcs1-sha1")?;
    Ok(policy.with_min_rsa_bits(1024))
}

const fn protocol_version(version: Version) -> ProtocolVersion {
    match version {
        Version::Ssl3 => ProtocolVersion::SSLv3,
        Version::Tls1_0 => ProtocolVersion::TLSv1_0,
        Version::Tls1_1 => ProtocolVersion::TLSv1_1,
        Version::Tls1_2 => ProtocolVersion::TLSv1_2,
    }
}

impl KeyLog for Secrets {
    fn log(&self, label: &str, client_random: &[u8; 32], secret: &[u8]) {
        retrossl::KeyLog::log(self, label, client_random, secret);
    }
}

/// What is known of a connection when it is over.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub version: Version,
    pub suite: u16,
    pub master_secret: Vec<u8>,
    pub peer_common_name: Option<String>,
    /// At a server, the name that the client sent.
    pub server_name: Option<String>,
    pub received: Vec<u8>,
    /// Whether the peer sent one.
    pub close_notify: bool,
}

/// A server on a port of the loopback interface, which speaks with one client after the other.
pub struct Server {
    port: u16,
    conversations: Receiver<Result<Conversation, Error>>,
    ended: Arc<AtomicBool>,
}

impl Server {
    pub fn start(settings: &Settings) -> Result<Self, Error> {
        let settings = settings.clone();
        let listener = Listener::bind()?;
        let port = listener.port();
        let ended = Arc::new(AtomicBool::new(false));
        let (sender, conversations) = channel();
        let end = ended.clone();
        thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                match listener.try_accept() {
                    Ok(Some(stream)) => {
                        if sender
                            .send(converse(&settings, stream, Role::Server))
                            .is_err()
                        {
                            return;
                        }
                    }
                    Ok(None) => thread::sleep(Duration::from_millis(1)),
                    Err(error) => {
                        let _ = sender.send(Err(error.into()));
                        return;
                    }
                }
            }
        });
        Ok(Self {
            port,
            conversations,
            ended,
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the end of the next connection; an error if it failed.
    pub fn conversation(&mut self) -> Result<Conversation, Error> {
        self.conversations.recv_timeout(PATIENCE)?
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

/// A client that sends a text, waits for as many bytes, and closes.
pub struct Client {
    conversation: Receiver<Result<Conversation, Error>>,
}

impl Client {
    /// It has connected when this returns.
    pub fn connect(port: u16, text: &str, settings: &Settings) -> Result<Self, Error> {
        let settings = settings.clone();
        let stream = loopback::connect(port)?;
        let text = text.as_bytes().to_vec();
        let (sender, conversation) = channel();
        thread::spawn(move || {
            let _ = sender.send(converse(&settings, stream, Role::Client(text)));
        });
        Ok(Self { conversation })
    }

    pub fn accept(&mut self, listener: &Listener) -> Result<TcpStream, Error> {
        let stream = listener.try_accept()?;
        Ok(stream.ok_or("purecrypto has connected to somebody else")?)
    }

    /// Waits for the end of the connection; an error if it failed.
    pub fn conversation(&mut self) -> Result<Conversation, Error> {
        self.conversation.recv_timeout(PATIENCE)?
    }
}

enum Role {
    /// Sends this.
    Client(Vec<u8>),
    /// Sends everything back.
    Server,
}

fn converse(settings: &Settings, mut stream: TcpStream, role: Role) -> Result<Conversation, Error> {
    let secrets = Arc::new(Secrets::default());
    let config = settings.config(secrets.clone())?;
    let mut connection = match role {
        Role::Client(_) => Connection::client(&config)?,
        Role::Server => Connection::server(&config)?,
    };
    while !connection.is_handshake_complete() {
        exchange(&mut connection, &mut stream)?;
    }
    let mut received = Vec::new();
    let text = match role {
        Role::Client(text) => {
            connection.send(&text)?;
            Some(text)
        }
        Role::Server => None,
    };
    let mut open = true;
    loop {
        let piece = connection.recv()?;
        received.extend_from_slice(&piece);
        let done = match &text {
            Some(text) => received.len() >= text.len(),
            None => {
                if !piece.is_empty() {
                    connection.send(&piece)?;
                }
                connection.received_close_notify()
            }
        };
        if done && open {
            connection.close()?;
            open = false;
        }
        if connection.received_close_notify() || !exchange(&mut connection, &mut stream)? {
            break;
        }
    }
    stream.write_all(&connection.pop()?)?;
    stream.shutdown(Shutdown::Write)?;
    Ok(Conversation {
        version: settings.version,
        suite: connection.negotiated_cipher_suite().ok_or("no suite")?,
        master_secret: secrets.last(),
        peer_common_name: match connection.peer_certificates() {
            [certificate, ..] => common_name(&X509::from_der(certificate)?),
            [] => None,
        },
        server_name: connection.peer_server_name().map(str::to_owned),
        received,
        close_notify: connection.received_close_notify(),
    })
}

/// Sends what there is to send, then waits for the peer once. False at the end of the stream.
fn exchange(connection: &mut Connection, stream: &mut TcpStream) -> Result<bool, Error> {
    stream.write_all(&connection.pop()?)?;
    let mut piece = [0; 16 * 1024];
    let length = stream.read(&mut piece)?;
    if length == 0 && !connection.is_handshake_complete() {
        return Err("purecrypto: the end during the handshake".into());
    }
    let fed = connection.feed(&piece[..length]);
    if fed.is_err() {
        // The alert.
        stream.write_all(&connection.pop()?)?;
    }
    fed?;
    Ok(length > 0)
}
