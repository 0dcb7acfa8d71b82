//! Independent implementations of SSL and TLS to talk to, and what a test needs around them.
//!
//! The peers are, in this process, [`peer::openssl`] (OpenSSL 3.6) and [`peer::purecrypto`], and, in
//! processes of their own, [`peer::node`] (OpenSSL 1.0.1e, 1.0.1j and 1.0.1l, inside Node.js 0.10.0,
//! 0.10.33 and 0.12.0), [`peer::openssl_command`] (OpenSSL 3.0), [`peer::gnutls`], [`peer::jsse`]
//! (OpenJDK 17) and [`peer::tlslite`] (tlslite-ng). What one of them cannot do, its module says in a
//! constant. [`matrix`] is what they have in common with `retrossl`, whose side is [`ours`]; [`talk`]
//! is what it says. [`redis_store`] lets servers of ours share sessions through a [`peer::redis`].

#![forbid(unsafe_code)]

pub mod certificate;
pub mod fragments;
pub mod loopback;
pub mod matrix;
pub mod ours;
pub mod peer;
pub mod people;
pub mod recording;
pub mod redis_store;
pub mod talk;

/// What stops a peer: shown to whoever reads the failing test, never matched on.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
