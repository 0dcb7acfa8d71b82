//! A connection and a blocking transport, as one stream.

use std::io::{self, BufRead, Read, Write};
use std::ops::{Deref, DerefMut};

use crate::connection::{Connection, RenegotiationState};
use crate::error::{Error, RenegotiationRefused};

/// A borrowed connection over a borrowed transport.
///
/// Reading and writing complete the handshake first. `WouldBlock` and timeouts are the
/// transport's: they pass through, stick to nothing, and the call can be repeated.
#[derive(Debug)]
pub struct Stream<'s, T> {
    /// The connection.
    pub connection: &'s mut Connection,
    /// The transport.
    pub transport: &'s mut T,
}

impl<'s, T: Read + Write> Stream<'s, T> {
    /// Joins the two.
    pub fn new(connection: &'s mut Connection, transport: &'s mut T) -> Self {
        Self {
            connection,
            transport,
        }
    }

    /// Goes on until the handshake is complete and its last flight is sent: the first one, or a
    /// new one that is under way or was asked for.
    ///
    /// ```no_run
    /// # use std::sync::Arc;
    /// # use retrossl::{ServerConfig, ServerConnection, StreamOwned};
    /// # fn step_up(
    /// #     stream: &mut StreamOwned<ServerConnection, std::net::TcpStream>,
    /// #     asks_for_certificate: Arc<ServerConfig>,
    /// # ) -> std::io::Result<()> {
    /// stream.connection.renegotiate_with(asks_for_certificate)?;
    /// stream.complete_handshake()?;
    /// let client = stream.connection.peer_certificates();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Data that the peer sends meanwhile is kept for [`Read`], within the connection's buffer
    /// limit: a client that uploads has to be read first. A peer that only writes does not see
    /// that it is asked, and some send nothing more until the new handshake is over.
    ///
    /// # Errors
    /// The transport's; the connection's, after its alert is sent; `WouldBlock` where the buffer
    /// is full (read, and call again). [`RenegotiationRefused`] where there is no new one:
    /// `ByPeer`, or `Closing` where the peer closes instead; [`Error::Truncated`] where it goes
    /// away without a word.
    pub fn complete_handshake(&mut self) -> io::Result<()> {
        self.drive_while(|connection| {
            connection.is_handshaking() || connection.renegotiation().is_pending()
        })?;
        // Whatever call has learnt of it, and whatever handshake followed.
        if self.connection.take_refusal() {
            let refused = Error::Renegotiation(RenegotiationRefused::ByPeer);
            return Err(io::Error::from(refused));
        }
        if !self.connection.awaits_renegotiation() {
            return Ok(());
        }
        Err(io::Error::from(match self.connection.peer_has_closed() {
            true => Error::Renegotiation(RenegotiationRefused::Closing),
            false => Error::Truncated,
        }))
    }

    /// Sends close_notify, after everything that was written; completes the handshake first.
    ///
    /// # Errors
    /// The transport's; the connection's; `BrokenPipe` where the peer went away during a
    /// renegotiation and what was written since cannot be sent.
    pub fn close(&mut self) -> io::Result<()> {
        self.complete_what_is_under_way()?;
        self.connection.send_close_notify();
        self.send()?;
        self.connection.check_nothing_is_lost()
    }

    /// The first handshake, or a new one that has begun: what is written meanwhile waits for its
    /// end. A peer that goes away will not complete it.
    fn complete_what_is_under_way(&mut self) -> io::Result<()> {
        self.drive_while(|connection| {
            connection.is_handshaking()
                || connection.renegotiation() == RenegotiationState::UnderWay
        })
    }

    fn drive_while(&mut self, waits: impl Fn(&Connection) -> bool) -> io::Result<()> {
        while waits(self.connection) {
            self.send_flight()?;
            if waits(self.connection) {
                self.receive()?;
            }
        }
        self.send()?;
        self.connection
            .error()
            .map_or(Ok(()), |error| Err(io::Error::from(error.clone())))
    }

    /// Sends all that waits.
    fn send(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            let written = uninterrupted(|| self.connection.write_tls(self.transport))?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        uninterrupted(|| self.transport.flush())
    }

    /// Sends the handshake's next flight. Where the peer has hung up already, the alert that it
    /// left behind says more than the broken transport.
    fn send_flight(&mut self) -> io::Result<()> {
        let Err(error) = self.send() else {
            return Ok(());
        };
        let hung_up = matches!(
            error.kind(),
            io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
        );
        if hung_up
            && self.connection.read_tls(self.transport).is_ok()
            && let Err(cause) = self.connection.process_new_packets()
        {
            return Err(io::Error::from(cause));
        }
        Err(error)
    }

    /// Reads once and processes it; an alert that this causes is sent.
    fn receive(&mut self) -> io::Result<()> {
        if !self.connection.has_room() {
            return Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                "the peer sends data in the middle of a renegotiation: read it first",
            ));
        }
        self.connection.read_tls(self.transport)?;
        self.connection
            .process_new_packets()
            .map(|_| ())
            .map_err(|error| {
                // The error itself says more than a transport that does not take the alert.
                let _ = self.send();
                io::Error::from(error)
            })
    }
}

impl<T: Read + Write> Read for Stream<'_, T> {
    /// As [`Reader`](crate::Reader), waiting for the transport where nothing is there.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = {
            let plaintext = self.fill_buf()?;
            let len = plaintext.len().min(buffer.len());
            buffer[..len].copy_from_slice(&plaintext[..len]);
            len
        };
        self.consume(len);
        Ok(len)
    }
}

impl<T: Read + Write> BufRead for Stream<'_, T> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.connection.is_handshaking() {
            self.complete_handshake()?;
        }
        while self.connection.wants_read() {
            // A renegotiation, or an answer to what came. Where the peer takes nothing any more,
            // what it has sent, an alert perhaps, says more than the broken transport.
            let _ = self.send();
            self.receive()?;
        }
        // What came is there, whatever becomes of the answer: the next call tries again.
        let _ = self.send();
        self.connection.unread_plaintext()
    }

    fn consume(&mut self, len: usize) {
        self.connection.consume_plaintext(len);
    }
}

impl<T: Read + Write> Write for Stream<'_, T> {
    /// During a renegotiation data waits, as far as it fits into the connection's buffer; then
    /// the call waits for its end. A peer that meanwhile sends more than that buffer has to be
    /// read first: `WouldBlock`.
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.connection.is_handshaking() {
            self.complete_what_is_under_way()?;
        }
        self.send()?;
        let mut written = self.connection.writer().write(data)?;
        if written == 0 && !data.is_empty() {
            self.complete_what_is_under_way()?;
            written = self.connection.writer().write(data)?;
        }
        // What is sealed is written, as far as the caller goes, also where the transport does not
        // take it now: the next call tries again first, and reports what then is wrong.
        let _ = self.send();
        Ok(written)
    }

    /// # Errors
    /// `BrokenPipe` also where the peer went away during a renegotiation and what was written
    /// since cannot be sent.
    fn flush(&mut self) -> io::Result<()> {
        self.complete_what_is_under_way()?;
        self.connection.check_nothing_is_lost()
    }
}

/// A signal is no reason to leave unsent what the peer waits for.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// An owned connection over an owned transport; see [`Stream`].
#[derive(Debug)]
pub struct StreamOwned<C, T> {
    /// The connection.
    pub connection: C,
    /// The transport.
    pub transport: T,
}

impl<C: DerefMut + Deref<Target = Connection>, T: Read + Write> StreamOwned<C, T> {
    /// Joins the two.
    pub fn new(connection: C, transport: T) -> Self {
        Self {
            connection,
            transport,
        }
    }

    /// See [`Stream::complete_handshake`].
    ///
    /// # Errors
    /// As there.
    pub fn complete_handshake(&mut self) -> io::Result<()> {
        self.as_stream().complete_handshake()
    }

    /// See [`Stream::close`].
    ///
    /// # Errors
    /// As there.
    pub fn close(&mut self) -> io::Result<()> {
        self.as_stream().close()
    }

    /// Takes the two apart.
    pub fn into_parts(self) -> (C, T) {
        (self.connection, self.transport)
    }

    fn as_stream(&mut self) -> Stream<'_, T> {
        Stream {
            connection: &mut self.connection,
            transport: &mut self.transport,
        }
    }
}

impl<C: DerefMut + Deref<Target = Connection>, T: Read + Write> Read for StreamOwned<C, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_stream().read(buffer)
    }
}

impl<C: DerefMut + Deref<Target = Connection>, T: Read + Write> BufRead for StreamOwned<C, T> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.as_stream().fill_buf()?;
        self.connection.unread_plaintext()
    }

    fn consume(&mut self, len: usize) {
        self.connection.consume_plaintext(len);
    }
}

impl<C: DerefMut + Deref<Target = Connection>, T: Read + Write> Write for StreamOwned<C, T> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.as_stream().write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.as_stream().flush()
    }
}
