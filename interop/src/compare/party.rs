//! Connections of each implementation, driven in the same way over buffers.

mod openssl;
mod openssl_resuming;
mod ours;
mod purecrypto;

use std::fmt;

use retrossl::CipherSuite;

use crate::Error;
use crate::peer::Version;
use crate::peer::openssl::ClientCertificate;
use crate::people::People;

/// One side of a conversation.
pub trait Party {
    /// Puts all that is to be sent into `wire`, in place of what is there.
    fn send(&mut self, wire: &mut Vec<u8>) -> Result<(), Error>;

    /// Takes what the peer has sent, and goes as far in the handshake as that allows. What becomes
    /// of `wire` is open: where an implementation reads from its transport, the buffer is lent to
    /// that, so that no side copies more than the other.
    fn receive(&mut self, wire: &mut Vec<u8>) -> Result<(), Error>;

    fn is_handshaking(&self) -> bool;

    fn session_resumed(&self) -> bool;

    /// Seals `data` and puts the records into `wire`, in place of what is there.
    fn seal(&mut self, data: &[u8], wire: &mut Vec<u8>) -> Result<(), Error>;

    /// Opens records that hold as much as `data` takes; of `wire` as in [`receive`](Self::receive).
    fn open(&mut self, wire: &mut Vec<u8>, data: &mut [u8]) -> Result<(), Error>;

    /// Sends close_notify. Without it OpenSSL gives up the session, on either side.
    fn close(&mut self, wire: &mut Vec<u8>) -> Result<(), Error>;

    /// Gives back what memory it can while nothing crosses.
    fn release_buffers(&mut self) {}
}

/// What connections are made from: a config, a context.
pub trait Endpoint {
    /// A new connection; a client's first message is ready.
    fn connect(&self) -> Result<Box<dyn Party>, Error>;
}

/// Whom to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contestant {
    Ours,
    OpenSsl,
    Purecrypto,
}

impl fmt::Display for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "retrossl",
            Self::OpenSsl => "OpenSSL",
            Self::Purecrypto => "purecrypto",
        })
    }
}

impl Contestant {
    pub fn client(self, terms: &Terms, people: &People) -> Result<Box<dyn Endpoint>, Error> {
        match self {
            Self::Ours => ours::client(terms, people),
            Self::OpenSsl if terms.sessions == Sessions::Unused => openssl::client(terms, people),
            Self::OpenSsl => openssl_resuming::client(terms, people),
            Self::Purecrypto => purecrypto::client(terms, people),
        }
    }

    pub fn server(self, terms: &Terms, people: &People) -> Result<Box<dyn Endpoint>, Error> {
        match self {
            Self::Ours => ours::server(terms, people),
            Self::OpenSsl => openssl::server(terms, people),
            Self::Purecrypto => purecrypto::server(terms, people),
        }
    }

    /// Whether it speaks on these terms at all.
    pub fn speaks(self, terms: &Terms) -> bool {
        match self {
            Self::Ours => true,
            Self::OpenSsl => terms.suite.openssl_has_it(),
            Self::Purecrypto => purecrypto::speaks(terms),
        }
    }
}

/// What a conversation is to be.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub version: Version,
    pub suite: Suite,
    pub sessions: Sessions,
    pub order: Order,
    pub client_certificate: ClientCertificate,
    /// Whether a server of OpenSSL's gives back its buffers whenever they are empty; ours are
    /// [told to](Party::release_buffers).
    pub release_buffers: bool,
}

impl Terms {
    /// Full handshakes with what every side has by default.
    pub fn new(version: Version, suite: Suite) -> Self {
        Self {
            version,
            suite,
            sessions: Sessions::Unused,
            order: Order::EncryptThenMac,
            client_certificate: ClientCertificate::NotRequested,
            release_buffers: false,
        }
    }

    pub fn mac_then_encrypt(self) -> Self {
        let order = Order::MacThenEncrypt;
        Self { order, ..self }
    }

    pub fn resuming(self, sessions: Sessions) -> Self {
        Self { sessions, ..self }
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, suite, .. } = self;
        write!(f, "{version} {}", suite.0)
    }
}

/// Whether handshakes are full, or by what they are abbreviated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// The server gives out sessions, and the client never asks for one.
    Unused,
    ById,
    ByTicket,
}

/// What both sides ask for with a CBC suite from TLS 1.0 on (RFC 7366).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As old peers do.
    MacThenEncrypt,
    EncryptThenMac,
}

/// A suite by OpenSSL's name of it, which is short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite(pub &'static str);

impl Suite {
    /// Ours.
    pub fn cipher_suite(self) -> Result<CipherSuite, Error> {
        let found = SUITES.iter().find(|(name, _)| *name == self.0);
        let (_, suite) = found.ok_or_else(|| format!("no suite {}", self.0))?;
        Ok(*suite)
    }

    fn openssl_has_it(self) -> bool {
        !self.0.starts_with("DES-CBC-") && !self.0.starts_with("EXP-")
    }
}

/// Completes the handshake of a client and a server.
pub fn establish(client: &mut dyn Party, server: &mut dyn Party) -> Result<(), Error> {
    let mut wire = Vec::new();
    while client.is_handshaking() || server.is_handshaking() {
        client.send(&mut wire)?;
        server.receive(&mut wire)?;
        server.send(&mut wire)?;
        if wire.is_empty() && client.is_handshaking() {
            return Err("a handshake does not go on".into());
        }
        client.receive(&mut wire)?;
    }
    Ok(())
}

const SUITES: [(&str, CipherSuite); 14] = [
    ("NULL-MD5", CipherSuite::TLS_RSA_WITH_NULL_MD5),
    ("NULL-SHA", CipherSuite::TLS_RSA_WITH_NULL_SHA),
    ("RC4-MD5", CipherSuite::TLS_RSA_WITH_RC4_128_MD5),
    ("RC4-SHA", CipherSuite::TLS_RSA_WITH_RC4_128_SHA),
    (
        "EXP-RC2-CBC-MD5",
        CipherSuite::TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5,
    ),
    ("DES-CBC-SHA", CipherSuite::TLS_RSA_WITH_DES_CBC_SHA),
    ("DES-CBC3-SHA", CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA),
    ("AES128-SHA", CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA),
    ("AES256-SHA", CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA),
    (
        "AES128-SHA256",
        CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA256,
    ),
    (
        "AES256-SHA256",
        CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA256,
    ),
    (
        "AES128-GCM-SHA256",
        CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "AES256-GCM-SHA384",
        CipherSuite::TLS_RSA_WITH_AES_256_GCM_SHA384,
    ),
    ("NULL-SHA256", CipherSuite::TLS_RSA_WITH_NULL_SHA256),
];
