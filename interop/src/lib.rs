//! Independent implementations of SSL and TLS to talk to, and what a test needs around them.
//!
//! The peers are, in this process, [`peer::openssl`] (OpenSSL 3.6) and [`peer::purecrypto`], and,
//! in processes of their own, [`peer::node`] (OpenSSL 1.0.1e, 1.0.1j and 1.0.1l, inside Node.js
//! 0.10.0, 0.10.33 and 0.12.0), [`peer::openssl_command`] (OpenSSL 3.0), [`peer::gnutls`],
//! [`peer::jsse`] (OpenJDK 17) and [`peer::tlslite`] (tlslite-ng). What one of them cannot do, its
//! module says in a constant. [`ours`] is `retrossl`'s side, made of what they are made of.
//!
//! `cargo run -p interop` goes through the [`matrix`]: every peer, in both roles, with every
//! version and suite, in full handshakes, resumed ones, with certificates of clients, and
//! renegotiated. It says what passed, what failed and what there is not, and why, and writes
//! `interop/MATRIX.md`; what crossed where one failed lies in `target/interop-failures`.
//! `tests/matrix` does the same. The other tests are of what the matrix has not: extensions,
//! refusals, sizes, several versions at once; [`talk`] is what our side says there. [`redis_store`]
//! lets servers of ours share sessions through a [`peer::redis`].
//!
//! `cargo run -p interop --bin record` writes conversations down as test data of `retrossl`'s:
//! [`recording`]s of peers among themselves, and [`replays`] of ours with them.
//!
//! `cargo run --release -p interop --bin timing` measures whether [`timing`] tells secrets.
//!
//! `cargo run --release -p interop --bin compare` measures who is faster, and writes
//! `benches/RESULTS.md`: see [`mod@compare`].

#![forbid(unsafe_code)]

pub mod certificate;
pub mod compare;
pub mod fragments;
pub mod loopback;
pub mod machine;
pub mod matrix;
pub mod ours;
pub mod peer;
pub mod people;
pub mod recording;
pub mod redis_store;
/// What `tests/replays.rs` repeats the recorded conversations with.
#[path = "../../tests/replay/mod.rs"]
pub mod replay;
pub mod replays;
pub mod talk;
pub mod timing;

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

/// A program's end: what stopped it, if something did, in words.
pub fn conclude(program: &str, result: Result<ExitCode, Error>) -> ExitCode {
    result.unwrap_or_else(|error| {
        eprintln!("{program}: {error}");
        ExitCode::FAILURE
    })
}

/// Prints each of `items` on a line of its own; whoever has read enough may go.
pub fn list(items: impl IntoIterator<Item = impl Display>) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    let mut items = items.into_iter();
    match items.try_for_each(|item| writeln!(out, "{item}")) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// What stops a peer: shown to whoever reads the failing test, never matched on.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
