//! Independent implementations of SSL and TLS to talk to, and what a test needs around them.
//!
//! The peers are [`peer::openssl`] (OpenSSL 3.6, in process) and, in processes of their own,
//! [`peer::node`] (OpenSSL 1.0.1e, inside Node.js 0.10.0), [`peer::openssl_command`] (OpenSSL 3.0),
//! [`peer::gnutls`] and [`peer::jsse`] (OpenJDK 17). [`matrix`] is what they have in common with
//! `retrossl`, whose side is [`ours`]; [`talk`] is what it says. [`redis_store`] lets servers of
//! ours share sessions through a [`peer::redis`]. [`timing`] measures whether time tells secrets.

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
pub mod timing;

/// What stops a peer: shown to whoever reads the failing test, never matched on.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
