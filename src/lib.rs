//! SSL 3.0 to TLS 1.2 with RSA key exchange, for the peers that today's stacks refuse.
//!
//! `retrossl` is pure Rust and sans-IO: a [`ClientConnection`] or [`ServerConnection`] turns bytes
//! into bytes and never touches a socket, a clock or a global. It speaks with RC4, DES, Triple DES
//! and AES to printers, management processors, databases, ovens and game consoles that cannot be
//! upgraded. It is **not for new systems**: nothing here has forward secrecy, and much of it is
//! broken beyond repair. What each [`Policy`] costs is written on it.
//!
//! ```no_run
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//! use std::sync::Arc;
//!
//! use retrossl::{ClientConfig, ClientConnection, PinnedCertificates, Policy, StreamOwned};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The printer's certificate, as `openssl x509 -fingerprint -sha256` shows it.
//! let pin = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD".parse()?;
//! let config = ClientConfig::builder(Policy::HISTORIC)
//!     .verifier(PinnedCertificates::new([pin]))
//!     .build()?;
//! let connection = ClientConnection::new(Arc::new(config), "printer.lan".try_into()?)?;
//! let mut stream = StreamOwned::new(connection, TcpStream::connect("printer.lan:443")?);
//! stream.write_all(b"GET / HTTP/1.0\r\nHost: printer.lan\r\n\r\n")?;
//! let mut page = Vec::new();
//! stream.read_to_end(&mut page)?;
//! # Ok(())
//! # }
//! ```
//!
//! # The handshake, step by step
//!
//! | step | what happens | where |
//! | --- | --- | --- |
//! | 1 | the client sends its version, cipher settings, session data | [`ClientState::start`](handshake::client::ClientState::start) |
//! | 2 | the server answers with its own, and its certificate; it may ask for the client's | [`server::ExpectClientHello`](handshake::server::ExpectClientHello), judged in [`client::ExpectServerHello`](handshake::client::ExpectServerHello) |
//! | 3 | the client authenticates the server | [`client::ExpectCertificate`](handshake::client::ExpectCertificate), by a [`ServerVerifier`](client::ServerVerifier) |
//! | 4 | the client creates the pre-master secret and encrypts it to the server's public key | [`PreMasterSecret`](secrets::PreMasterSecret), sent by [`client::KnownServer`](handshake::client::KnownServer) |
//! | 5 | if asked, the client signs data unique to this handshake and sends it with its certificate | [`certificate_verify_input`](secrets::certificate_verify_input), sent by [`client::KnownServer`](handshake::client::KnownServer) |
//! | 6 | the server authenticates the client and decrypts the pre-master secret; both derive the master secret | [`server::ExpectClientCertificate`](handshake::server::ExpectClientCertificate), [`server::ExpectClientKeyExchange`](handshake::server::ExpectClientKeyExchange), [`MasterSecret`](secrets::MasterSecret) |
//! | 7 | both derive the session keys | [`KeyBlock`](secrets::KeyBlock) |
//! | 8 | the client announces encryption and sends its Finished | [`server::ExpectChangeCipherSpec`](handshake::server::ExpectChangeCipherSpec), [`server::ExpectFinished`](handshake::server::ExpectFinished) |
//! | 9 | the server does the same | [`client::ExpectChangeCipherSpec`](handshake::client::ExpectChangeCipherSpec), [`client::ExpectFinished`](handshake::client::ExpectFinished) |
//! | 10 | both exchange data, encrypted and integrity-checked | [`Sealer`](record::Sealer), [`Opener`](record::Opener) |
//! | 11 | either side may renegotiate | not yet: a request is refused, politely where the version lets the connection live on |
//!
//! `cargo doc --document-private-items` makes the links lead to the code; `cargo run --example
//! ten_steps` shows the steps as they happen.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![allow(
    rustdoc::private_intra_doc_links,
    reason = "the table of the ten steps leads to the states, which are private"
)]

// The integration tests' pair of connections names the crate as a user does.
#[cfg(test)]
extern crate self as retrossl;

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
mod testing;
mod version;

pub use alert::{AlertDescription, AlertLevel};
pub use cert::{
    Added, BadRevocationList, RevocationList, RootStore, SkipReason, SkippedRoot,
    certificate_subject,
};
pub use client::{ClientConfig, ClientConnection};
pub use config::{
    AnonymousClients, Clock, ConfigError, Direction, Event, KeyLog, KeyLogFile, Observer,
    ObserverFactory, PathVerifier, PinnedCertificates, PrivateKey, RsaPrivateKey, SystemClock,
    dangerous,
};
pub use connection::{Connection, IoState, Leftovers, Reader, Writer};
pub use crypto::HashAlgorithm;
pub use crypto::pkcs1::SignatureInput;
pub use crypto::random::{RandomFailed, SecureRandom, SystemRandom};
pub use crypto::rsa::{BadKey, PublicKey};
pub use error::{
    CertificateError, CertificateProblem, ChainError, Error, Fault, InvalidMessage, KeyError,
    Malformed, PeerIncompatible, PeerMisbehaved,
};
pub use fingerprint::{BadFingerprint, Fingerprint};
pub use message::{ClientHello, ExtensionType, HandshakeType, ServerHello};
pub use policy::{
    CommonNameFallback, Policy, Quirk, RecordSplitting, StepUpUsages, Version1Certificates,
};
pub use rustls_pki_types as pki_types;
pub use server::{ServerConfig, ServerConnection};
pub use side::Side;
pub use stream::{Stream, StreamOwned};
pub use suite::{CipherSuite, UnknownSuiteName};
pub use version::{ProtocolVersion, UnknownVersionName};

/// The README's code must compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
