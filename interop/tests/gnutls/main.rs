//! `retrossl` and GnuTLS, over TCP on the loopback interface: what the matrix does not have.

mod records;
mod renegotiation;
mod resumption;

use std::io::{Read, Write};
use std::net::TcpStream;

use interop::Error;
use interop::matrix::{self, Combination};
use interop::peer::Version;
use interop::peer::gnutls;
use retrossl::{CipherSuite, Connection, ServerConnection, StreamOwned};

type ServerStream = StreamOwned<ServerConnection, TcpStream>;

/// Every version with CBC, a stream cipher, and an AEAD, as we and as they name them.
fn protections() -> Vec<(Version, CipherSuite, &'static str)> {
    let is_one = |case: &Combination| {
        gnutls::VERSIONS.contains(&case.version)
            && ["AES128-SHA", "RC4-SHA", "AES128-GCM-SHA256"].contains(&case.name)
    };
    let all: Vec<_> = matrix::openssl()
        .filter(is_one)
        .filter_map(|case| {
            let (_, name) = gnutls::SUITES.iter().find(|(name, _)| *name == case.name)?;
            Some((case.version, case.suite, *name))
        })
        .collect();
    assert_eq!(all.len(), 2 * gnutls::VERSIONS.len() + 1);
    all
}

/// Sends everything back until the client closes, and closes.
fn echo_until_the_end(stream: &mut ServerStream) -> Result<(), Error> {
    let mut piece = [0; 1000];
    loop {
        let length = stream.read(&mut piece)?;
        if length == 0 {
            return Ok(stream.close()?);
        }
        stream.write_all(&piece[..length])?;
    }
}

/// GnuTLS has both extensions.
fn assert_protected(connection: &Connection) {
    assert!(connection.extended_master_secret());
    assert!(connection.secure_renegotiation());
}
