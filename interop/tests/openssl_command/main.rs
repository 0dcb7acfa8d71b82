//! `retrossl` and the program `openssl` (OpenSSL 3.0), over TCP on the loopback interface: what the
//! matrix does not have, and the `openssl` crate has no safe function for.

mod renegotiation;
mod resumption;

use std::net::TcpStream;
use std::sync::Arc;

use interop::Error;
use interop::loopback::Listener;
use interop::matrix::{self, Combination};
use interop::peer::Version;
use interop::peer::openssl_command::{Client, VERSIONS};
use retrossl::{CipherSuite, ServerConfig, ServerConnection, StreamOwned};

type ServerStream = StreamOwned<ServerConnection, TcpStream>;

/// Every version with CBC and an AEAD, as we and as they name them.
fn protections() -> Vec<(Version, CipherSuite, &'static str)> {
    const NAMES: [&str; 2] = ["AES128-SHA", "AES128-GCM-SHA256"];
    let has = |case: &Combination| VERSIONS.contains(&case.version) && NAMES.contains(&case.name);
    let all: Vec<_> = matrix::openssl()
        .filter(has)
        .map(|case| (case.version, case.suite, case.name))
        .collect();
    assert_eq!(all.len(), VERSIONS.len() + 1);
    all
}

fn accept(
    config: &Arc<ServerConfig>,
    client: &mut Client,
    listener: &Listener,
) -> Result<ServerStream, Error> {
    let transport = client.program.accept(listener)?;
    let mut stream = StreamOwned::new(ServerConnection::new(config.clone()), transport);
    stream.complete_handshake()?;
    Ok(stream)
}
