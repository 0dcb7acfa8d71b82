//! retrossl
#![forbid(unsafe_code)]
#![warn(missing_docs)]

// The integration tests' pair of connections serves the unit tests, too.
#[cfg(test)]
extern crate self as retrossl;
#[cfg(test)]
#[path = "../tests/in_memory/mod.rs"]
mod in_memory;

mod alert;
mod cert;
pub mod client;
mod config;
mod connection;
mod crypto;
mod error;
mod fingerprint;
mod handshake;
mod message;
mod policy;
mod record;
mod secrets;
pub mod server;
mod side;
mod stream;
mod suite;
#[cfg(test)]
mod test_recordings;
#[cfg(test)]
mod test_vectors;
mod version;

pub use alert::{AlertDescription, AlertLevel};
pub use cert::certificate_subject;
pub use client::{ClientConfig, ClientConnection};
pub use config::{
    Clock, ConfigError, Direction, Event, KeyLog, KeyLogFile, Observer, ObserverFactory,
    PinnedCertificates, PrivateKey, RsaPrivateKey, SystemClock, dangerous,
};
pub use connection::{Connection, IoState, Leftovers, Reader, Writer};
pub use crypto::HashAlgorithm;
pub use crypto::pkcs1::SignatureInput;
pub use crypto::random::{RandomFailed, SecureRandom, SystemRandom};
pub use crypto::rsa::{BadKey, PublicKey};
pub use error::{
    CertificateError, Error, Fault, InvalidMessage, KeyError, Malformed, PeerIncompatible,
    PeerMisbehaved,
};
pub use fingerprint::{BadFingerprint, Fingerprint};
pub use message::{ClientHello, ExtensionType, HandshakeType, ServerHello};
pub use policy::{Policy, Quirk, RecordSplitting};
pub use rustls_pki_types as pki_types;
pub use server::{ServerConfig, ServerConnection};
pub use side::Side;
pub use stream::{Stream, StreamOwned};
pub use suite::{CipherSuite, UnknownSuiteName};
pub use version::{ProtocolVersion, UnknownVersionName};
