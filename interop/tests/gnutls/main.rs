//! `retrossl` and GnuTLS, over TCP on the loopback interface.

mod mutual;
mod renegotiation;
mod resumption;

use std::io::{Read, Write};
use std::net::TcpStream;

use interop::Error;
use retrossl::{Connection, ServerConnection, StreamOwned};

type ServerStream = StreamOwned<ServerConnection, TcpStream>;

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
