//! SSL 2.0 to TLS 1.2 with RSA key exchange, for the peers that today's stacks refuse.
//!
//! `retrossl` is pure Rust and sans-IO: a [`ClientConnection`] or [`ServerConnection`] turns bytes
//! into bytes and never touches a socket, a clock or a global. It speaks with RC2, RC4, DES, Triple
//! DES and AES, with export keys and without encryption to printers, management processors,
//! databases, ovens and game consoles that cannot be upgraded. It is **not for new systems**:
//! nothing here has forward secrecy, and much of it is broken beyond repair. What each [`Policy`]
//! costs is written on it.
//!
//! ```no_run
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//! use std::sync::Arc;
//!
//! use retrossl::{ClientConfig, ClientConnection, PinnedCertificates, Policy, StreamOwned};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The printer's certificate, as `openssl x509 -noout -fingerprint -sha256` shows it.
//! let pin = "sha256 Fingerprint=BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:\
//!            B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD"
//!     .parse()?;
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
//! | step | what happens | the code |
//! | --- | --- | --- |
//! | 1 | the client sends its version, cipher settings, session data | [`ClientHello`](../src/retrossl/handshake/client/hello.rs.html) |
//! | 2 | the server answers with its own, and its certificate; it may ask for the client's | [`ServerHello`](../src/retrossl/handshake/server/hello.rs.html), judged by the client in [`server_hello`](../src/retrossl/handshake/client/server_hello.rs.html) |
//! | 3 | the client authenticates the server | [`ExpectCertificate`](../src/retrossl/handshake/client/mod.rs.html), by a [`ServerVerifier`](client::ServerVerifier) |
//! | 4 | the client creates the pre-master secret and encrypts it to the server's public key; for an export suite to a shorter one, which the server has signed (ServerKeyExchange) | [`send_ephemeral_key`](../src/retrossl/handshake/server/key_exchange.rs.html), [`ExpectServerKeyExchange`](../src/retrossl/handshake/client/mod.rs.html), [`key_exchange`](../src/retrossl/handshake/client/key_exchange.rs.html), [`PreMasterSecret`](../src/retrossl/secrets/master_secret.rs.html) |
//! | 5 | if asked, the client signs data unique to this handshake and sends it with its certificate | [`client_certificate`](../src/retrossl/handshake/client/client_certificate.rs.html) |
//! | 6 | the server authenticates the client and decrypts the pre-master secret; both derive the master secret | [`ExpectClientCertificate, ExpectCertificateVerify`](../src/retrossl/handshake/server/mod.rs.html), [`key_exchange`](../src/retrossl/handshake/server/key_exchange.rs.html), [`MasterSecret`](../src/retrossl/secrets/master_secret.rs.html) |
//! | 7 | both derive the session keys | [`KeyBlock`](../src/retrossl/secrets/key_block.rs.html) |
//! | 8 | the client announces encryption and sends its Finished | [`Negotiated::send_finished`](../src/retrossl/handshake/negotiated.rs.html), [`VerifyData`](../src/retrossl/secrets/finished.rs.html) |
//! | 9 | the server does the same | [`Negotiated::send_finished`](../src/retrossl/handshake/negotiated.rs.html), received in [`ExpectFinished`](../src/retrossl/handshake/client/mod.rs.html) |
//! | 10 | both exchange data, encrypted and integrity-checked | [`Sealer`](../src/retrossl/record/sealer.rs.html), [`Opener`](../src/retrossl/record/opener.rs.html) |
//! | 11 | at any time either side may renegotiate: the process repeats inside the encrypted channel | [`Connection::renegotiate`], [`renegotiation`](../src/retrossl/connection/renegotiation.rs.html) |
//!
//! SSL 2.0 is a protocol of its own, with the same ten steps, some of them later or earlier: its
//! states are [`ssl2::client`](../src/retrossl/ssl2/client/mod.rs.html) and
//! [`ssl2::server`](../src/retrossl/ssl2/server/mod.rs.html). It has no step 11.
//!
//! `cargo run --example ten_steps` shows the steps as they happen: with `-- --renegotiate` the
//! eleventh, too, with `-- --resume` those that a resumed session needs, and with `-- --version
//! ssl2` those of SSL 2.0.
//!
//! # Coming from rustls
//!
//! | there | here |
//! | --- | --- |
//! | `ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()` | `ClientConfig::builder(policy).root_certificates(roots).build()?`: the [`Policy`] is always named |
//! | `with_single_cert(chain, key)`, `with_client_auth_cert(chain, key)` | `certificate(chain, key)`, with a [`PrivateKey`] such as [`RsaPrivateKey`], by value or in an `Arc` |
//! | `dangerous().with_custom_certificate_verifier(…)` | [`verifier`](client::ClientConfigBuilder::verifier), and what [`dangerous`] has |
//! | `Connection`, an enum | [`Connection`], a struct that both sides' connections dereference to |
//! | `ServerConnection::new(config)?` | [`ServerConnection::new(config)`](ServerConnection::new) |
//! | `conn.complete_io(&mut tcp)` | [`Stream::complete_handshake`] |
//! | `StreamOwned { conn, sock }` | [`StreamOwned`] has `connection` and `transport` |
//! | `IoState::plaintext_bytes_to_read()` | [`IoState`] has fields |
//! | `KeyLogFile::new()` | [`KeyLogFile::from_env`] |
//!
//! # Bounds
//!
//! What a peer can make a connection hold or do is bounded: one record (18,437 bytes; 32,769 at
//! SSL 2.0), one handshake message (up to 129 KiB, by type), 32 certificates in a chain, 128
//! extensions, RSA moduli of 465 to 8192 bits, 8 warnings, 32 empty records and 8 requests to
//! renegotiate without data between them, a gibibyte under one RC2, RC4, DES or Triple DES key, and
//! each way the config's buffer limit and one record. SECURITY.md has the whole table.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// The integration tests' pair of connections names the crate as a user does.
#[cfg(test)]
extern crate self as retrossl;

mod alert;
mod cert;
mod cipher_kind;
pub mod client;
mod config;
mod connection;
mod crypto;
mod error;
mod fingerprint;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
mod handshake;
mod message;
mod policy;
mod record;
mod secrets;
pub mod server;
mod session;
mod side;
mod ssl2;
mod stream;
mod suite;
#[cfg(any(test, fuzzing))]
mod testing;
mod version;

pub use alert::{AlertDescription, AlertLevel};
pub use cert::{
    AddedRoots, RevocationList, RevocationListError, RootProblem, RootStore, SkippedRoot,
    certificate_subject,
};
pub use cipher_kind::{CipherKind, UnknownKindName};
pub use client::{ClientConfig, ClientConnection};
pub use config::{
    AnonymousClients, CertifiedKey, Clock, Direction, Event, KeyLog, KeyLogFile,
    MemorySessionStore, Observer, ObserverFactory, PathVerifier, PinnedCertificates, PrivateKey,
    Resumption, RsaPrivateKey, SessionStore, SystemClock, TicketKey, TicketKeys, dangerous,
};
pub use connection::{Connection, IoState, Leftovers, Reader, RenegotiationState, Writer};
pub use crypto::HashAlgorithm;
pub use crypto::pkcs1::SignatureInput;
pub use crypto::random::{RandomFailed, SecureRandom, SystemRandom};
pub use crypto::rsa::{BadKey, RsaPublicKey};
pub use error::{
    CertificateError, CertificateProblem, ChainError, ConfigError, Error, Fault, InvalidMessage,
    KeyError, Malformed, PeerIncompatible, PeerMisbehaved, RenegotiationRefused,
};
pub use fingerprint::{BadFingerprint, Fingerprint};
pub use message::ssl2::{ServerHello as Ssl2ServerHello, Ssl2Error, Ssl2MessageType};
pub use message::{ClientHello, ExtensionType, HandshakeType, HelloFormat, ServerHello};
pub use policy::{
    CommonNameFallback, Policy, Quirk, RecordSplitting, Renegotiation, StepUpUsages,
    UnbiddenRenegotiation, Version1Certificates,
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
