//! Our side of a conversation over TCP, blocking.

use std::io::{self, Read, Write};
use std::sync::Arc;

use interop::Error;
use interop::loopback::{self, Listener};
use interop::ours;
use interop::peer::node;
use retrossl::client::ClientConfigBuilder;
use retrossl::{ClientConnection, ServerConfig, ServerConnection, Stream, StreamOwned};

/// Connects to their server, sends each of `texts` and waits for it to come back, closes.
pub fn our_client(
    config: ClientConfigBuilder,
    port: u16,
    texts: &[Vec<u8>],
) -> Result<ClientConnection, Error> {
    let mut stream = StreamOwned::new(ours::connection(config)?, loopback::connect(port)?);
    stream.complete_handshake()?;
    for text in texts {
        stream.write_all(text)?;
        let mut echo = vec![0; text.len()];
        stream.read_exact(&mut echo)?;
        assert!(echo == *text, "{} bytes", text.len());
    }
    stream.close()?;
    let end = stream.read(&mut [0])?;
    assert_eq!(end, 0, "data after the end");
    Ok(stream.into_parts().0)
}

/// Waits for their client and sends everything back until it closes.
pub fn our_server(
    config: &Arc<ServerConfig>,
    client: &mut node::Client,
    listener: &Listener,
) -> Result<ServerConnection, Error> {
    let mut transport = client.accept(listener)?;
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
