//! `retrossl` and the program `openssl` (OpenSSL 3.0), over TCP on the loopback interface: what the
//! `openssl` crate has no safe function for.

mod renegotiation;
mod resumption;
mod server;

use std::net::TcpStream;
use std::sync::Arc;

use interop::Error;
use interop::loopback::Listener;
use interop::matrix::{self, Combination};
use interop::peer::Version;
use interop::peer::openssl_command::{Client, SUITES, VERSIONS};
use retrossl::{CipherSuite, ServerConfig, ServerConnection, StreamOwned};

type ServerStream = StreamOwned<ServerConnection, TcpStream>;

/// All that Debian's build has with RSA key exchange and encryption, as we and as they name it.
fn combinations() -> impl Iterator<Item = (Version, CipherSuite, &'static str)> {
    let has = |case: &Combination| VERSIONS.contains(&case.version) && SUITES.contains(&case.name);
    let all = matrix::openssl().filter(has);
    all.map(|case| (case.version, case.suite, case.name))
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
