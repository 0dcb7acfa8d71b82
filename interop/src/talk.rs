//! Our side of a conversation over TCP with peers that report, blocking.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::DerefMut;
use std::sync::Arc;

use retrossl::client::ClientConfigBuilder;
use retrossl::{
    ClientConfig, ClientConnection, Connection, ProtocolVersion, ServerConfig, ServerConnection,
    Stream, StreamOwned,
};

use crate::Error;
use crate::loopback::Listener;
use crate::ours;
use crate::peer::{jsse, node, purecrypto, tlslite};

/// A client of theirs that reports.
pub trait Client {
    /// Waits for the client to come; if it does not, says why.
    fn come(&mut self, listener: &Listener) -> Result<TcpStream, Error>;
}

impl Client for node::Client {
    fn come(&mut self, listener: &Listener) -> Result<TcpStream, Error> {
        self.accept(listener)
    }
}

impl Client for purecrypto::Client {
    fn come(&mut self, listener: &Listener) -> Result<TcpStream, Error> {
        self.accept(listener)
    }
}

impl Client for tlslite::Client {
    fn come(&mut self, listener: &Listener) -> Result<TcpStream, Error> {
        self.accept(listener)
    }
}

impl Client for jsse::Client {
    fn come(&mut self, listener: &Listener) -> Result<TcpStream, Error> {
        self.accept(listener)
    }
}

/// Connects to their server, sends each of `texts` and waits for it to come back, closes.
pub fn our_client(
    config: ClientConfigBuilder,
    port: u16,
    texts: &[Vec<u8>],
) -> Result<ClientConnection, Error> {
    our_client_of(&Arc::new(config.build()?), port, texts)
}

/// The same under a config that outlives the connection.
pub fn our_client_of(
    config: &Arc<ClientConfig>,
    port: u16,
    texts: &[Vec<u8>],
) -> Result<ClientConnection, Error> {
    let mut stream = ours::connect(config, port)?;
    for text in texts {
        ours::echo(&mut stream, text)?;
    }
    close(stream)
}

/// Closes, and waits for the peer to do so.
pub fn close<C>(mut stream: StreamOwned<C, TcpStream>) -> Result<C, Error>
where
    C: DerefMut<Target = Connection>,
{
    stream.close()?;
    if stream.connection.protocol_version() == Some(ProtocolVersion::SSLv2) {
        // It has no close_notify: the end is the transport's.
        stream.transport.shutdown(Shutdown::Write)?;
    }
    let end = stream.read(&mut [0])?;
    assert_eq!(end, 0, "data after the end");
    Ok(stream.into_parts().0)
}

/// Waits for their client and sends everything back until it closes.
pub fn our_server(
    config: &Arc<ServerConfig>,
    client: &mut impl Client,
    listener: &Listener,
) -> Result<ServerConnection, Error> {
    let mut transport = client.come(listener)?;
    let mut connection = ServerConnection::new(config.clone());
    let mut stream = Stream::new(&mut connection, &mut transport);
    let mut piece = [0; 10_000];
    loop {
        let n = stream.read(&mut piece)?;
        if n == 0 {
            break;
        }
        stream.write_all(&piece[..n])?;
    }
    stream.close()?;
    Ok(connection)
}

/// The connection's error, where it is one.
pub fn cause(error: &Error) -> Option<&retrossl::Error> {
    let error: &io::Error = error.downcast_ref()?;
    error.get_ref()?.downcast_ref()
}
