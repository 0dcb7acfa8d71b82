//! The plaintext's two ends, and what a connection tells about its buffers.

use std::io;

use super::Connection;

/// What there is to do after [`Connection::process_new_packets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IoState {
    /// Bytes that wait for `write_tls`.
    pub tls_bytes_to_write: usize,
    /// Bytes that wait in the reader.
    pub plaintext_bytes_to_read: usize,
    /// The peer has sent close_notify: what waits in the reader is all that it sent.
    pub peer_has_closed: bool,
    /// The transport has ended. Without [`peer_has_closed`](Self::peer_has_closed) that is a
    /// truncation: the reader gives what was received, then
    /// [`Error::Truncated`](crate::Error::Truncated). At SSL 2.0 it is how every connection ends,
    /// and the reader gives `Ok(0)` then.
    pub transport_has_ended: bool,
}

/// What a connection still held when it was taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leftovers {
    /// Received and decrypted, not yet read by the user.
    pub plaintext: Vec<u8>,
    /// Received and not processed: whatever follows TLS on the transport, or records that came
    /// in part.
    pub unread_bytes: Vec<u8>,
    /// Not yet taken by `write_tls`.
    pub unsent_bytes: Vec<u8>,
}

/// Reads received plaintext; made by [`Connection::reader`].
#[derive(Debug)]
pub struct Reader<'c> {
    pub(super) connection: &'c mut Connection,
}

impl io::Read for Reader<'_> {
    /// Reads what was received. `Ok(0)` is the clean end that close_notify gives; at SSL 2.0, which
    /// has none, the end of the transport: whether data was cut off there, nobody can tell.
    ///
    /// # Errors
    /// `WouldBlock` where nothing is there yet; `UnexpectedEof` where the transport ended without
    /// close_notify ([`Error::Truncated`](crate::Error::Truncated)); the connection's error, once
    /// everything that came before it is read.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let plaintext = io::BufRead::fill_buf(self)?;
        let len = plaintext.len().min(buffer.len());
        buffer[..len].copy_from_slice(&plaintext[..len]);
        io::BufRead::consume(self, len);
        Ok(len)
    }
}

impl io::BufRead for Reader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.connection.unread_plaintext()
    }

    fn consume(&mut self, len: usize) {
        self.connection.consume_plaintext(len);
    }
}

/// Takes plaintext to be sent; made by [`Connection::writer`].
#[derive(Debug)]
pub struct Writer<'c> {
    pub(super) connection: &'c mut Connection,
}

impl io::Write for Writer<'_> {
    /// Seals as much of `data` as the buffer limit lets in, and keeps it until `write_tls`.
    ///
    /// During a handshake, data is kept and sent when it is complete. `Ok(0)` for data that is
    /// not empty: the buffer is full, and `write_tls` makes room.
    ///
    /// # Errors
    /// The connection's error; `BrokenPipe` after `send_close_notify`.
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.connection.write_plaintext(data)
    }

    /// Does nothing: the transport is not here. `write_tls` empties the buffer.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
