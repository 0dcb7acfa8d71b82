//! Waits for the end of a renegotiation, be it under way or only asked for.

use std::io::{self, Read, Write};
use std::ops::DerefMut;

use retrossl::{Connection, Error, RenegotiationState, StreamOwned};

/// Goes on until the new handshake is complete or refused, or the peer has sent close_notify:
/// which of them, the connection tells. Data that comes meanwhile waits for the reader.
pub fn settle<C, T>(stream: &mut StreamOwned<C, T>) -> io::Result<()>
where
    C: DerefMut<Target = Connection>,
    T: Read + Write,
{
    send(stream)?;
    while stream.connection.renegotiation() != RenegotiationState::Idle {
        let read = stream.connection.read_tls(&mut stream.transport)?;
        let result = stream.connection.process_new_packets();
        let sent = send(stream);
        // The error itself says more than a transport that does not take the alert.
        let state = result.map_err(io::Error::other)?;
        sent?;
        if state.peer_has_closed {
            break;
        }
        if read == 0 {
            return Err(io::Error::other(Error::Truncated));
        }
    }
    Ok(())
}

fn send<C, T>(stream: &mut StreamOwned<C, T>) -> io::Result<()>
where
    C: DerefMut<Target = Connection>,
    T: Write,
{
    while stream.connection.wants_write() {
        stream.connection.write_tls(&mut stream.transport)?;
    }
    stream.transport.flush()
}
