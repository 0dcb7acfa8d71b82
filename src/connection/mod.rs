//! The pump that both sides share: bytes in → records → messages → state; plaintext and bytes
//! out; alerts; the end.

mod facts;
mod joiner;
#[cfg(any(test, fuzzing))]
mod probe;
mod pump;
mod reader_writer;
mod renegotiation;
mod ssl2;
mod state;
mod tolerated;

use core::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use crate::config::{Common, ServerConfig};
use crate::error::Error;
use crate::handshake::Resume;
use crate::handshake::client;
use crate::handshake::server::{self, ServerState};
use crate::policy::Policy;
use crate::record::{Deframer, Framed};
use crate::side::Side;
pub(crate) use joiner::Joiner;
use pump::Pump;
pub use reader_writer::{IoState, Leftovers, Reader, Writer};
pub use renegotiation::RenegotiationState;
use state::State;

/// What a [`ClientConnection`](crate::ClientConnection) and a
/// [`ServerConnection`](crate::ServerConnection) have in common: all but how they start.
///
/// It touches no socket. Bytes from the peer go in by [`read_tls`](Self::read_tls), protocol work
/// is done by [`process_new_packets`](Self::process_new_packets), bytes for the peer come out by
/// [`write_tls`](Self::write_tls); plaintext goes through [`writer`](Self::writer) and
/// [`reader`](Self::reader).
///
/// ```
/// # use retrossl::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
/// # use retrossl::*;
/// # use std::io::{Read, Write};
/// # use std::sync::Arc;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let chain = vec![CertificateDer::from_pem_slice(include_bytes!("../../tests/data/test-certificate-2048.pem"))?];
/// # let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../tests/data/test-key-2048.pem"))?;
/// # let pin = Fingerprint::of(&chain[0]);
/// let client = ClientConfig::builder(Policy::STRICT)
///     .verifier(PinnedCertificates::new([pin]))
///     .build()?;
/// let server = ServerConfig::builder(Policy::STRICT)
///     .certificate(chain, Arc::new(RsaPrivateKey::from_der(&key)?))
///     .build()?;
/// let mut client = ClientConnection::new(Arc::new(client), "localhost".try_into()?)?;
/// let mut server = ServerConnection::new(Arc::new(server));
///
/// /// Carries everything that waits from one side to the other.
/// fn carry(from: &mut Connection, to: &mut Connection) -> Result<(), Error> {
///     let mut wire = Vec::new();
///     while from.wants_write() {
///         from.write_tls(&mut wire).expect("a Vec takes everything");
///     }
///     let mut rest = wire.as_slice();
///     while !rest.is_empty() {
///         to.read_tls(&mut rest).expect("nothing waits to be processed or read");
///         to.process_new_packets()?;
///     }
///     Ok(())
/// }
///
/// while client.is_handshaking() || server.is_handshaking() {
///     carry(&mut client, &mut server)?;
///     carry(&mut server, &mut client)?;
/// }
/// client.writer().write_all(b"hello")?;
/// carry(&mut client, &mut server)?;
/// let mut received = [0; 5];
/// server.reader().read_exact(&mut received)?;
/// assert_eq!(&received, b"hello");
/// # Ok(())
/// # }
/// ```
///
/// [`read_tls`](Self::read_tls) is for when [`wants_read`](Self::wants_read) says so: what was
/// received has to be processed and read first, or it answers with an error. What
/// [`writer`](Self::writer) takes is bounded, so large data is written between drains.
///
/// It holds at most one incoming record (18 KiB; 32 KiB at SSL 2.0), one handshake message (up to
/// 129 KiB), and each way the config's buffer limit and one record.
pub struct Connection {
    deframer: Deframer,
    pump: Pump,
    error: Option<Error>,
    buffer_limit: usize,
    transport_has_ended: bool,
}

impl Connection {
    pub(crate) fn client(start: client::Start) -> Result<Self, Error> {
        let config = start.config.clone();
        let policy = start.policy;
        let mut connection = Self::new(Side::Client, State::Failed, &config.common, &policy);
        connection.pump.start_client(start)?;
        Ok(connection)
    }

    pub(crate) fn server(start: server::Start) -> Self {
        let config = start.config.clone();
        let state = State::Server(ServerState::start(start));
        Self::new(Side::Server, state, &config.common, &config.common.policy)
    }

    fn new(side: Side, state: State, common: &Common, policy: &Policy) -> Self {
        Self {
            deframer: Deframer::default(),
            pump: Pump::new(side, state, common, policy),
            error: None,
            buffer_limit: common.buffer_limit,
            transport_has_ended: false,
        }
    }

    /// Reads once from the transport; `Ok(0)` is its end. A byte slice is a transport, too.
    ///
    /// # Errors
    /// The transport's, which never stick to the connection; `Other` where what came before has
    /// to be processed or read first.
    pub fn read_tls(&mut self, transport: &mut dyn Read) -> io::Result<usize> {
        self.deframer.check_room()?;
        if !self.has_room() {
            return Err(io::Error::other(
                "the buffer limit is reached: read the received plaintext first",
            ));
        }
        let read = self.deframer.read(transport);
        // A transport that has nothing yet leaves the buffer empty.
        self.release_between_flights();
        let read = read?;
        self.transport_has_ended = read == 0;
        Ok(read)
    }

    /// Does the protocol work on everything that was read: the only place where it happens.
    ///
    /// # Errors
    /// Why the connection failed; from then on always the same. The alert that it caused waits
    /// for [`write_tls`](Self::write_tls), and plaintext that came before it for the
    /// [`reader`](Self::reader).
    pub fn process_new_packets(&mut self) -> Result<IoState, Error> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        self.process().map_err(|error| self.fail(error))?;
        self.release_between_flights();
        Ok(self.io_state())
    }

    /// Writes once to the transport what waits for it; `Ok(0)` where nothing does. A `Vec<u8>`
    /// is a transport, too.
    ///
    /// One call writes handshake records or application data, never both, for protocols that
    /// wrap the handshake's flights in packets of their own.
    ///
    /// # Errors
    /// The transport's, which never stick to the connection.
    pub fn write_tls(&mut self, transport: &mut dyn Write) -> io::Result<usize> {
        let written = self.pump.outgoing.write_to(transport)?;
        if self.pump.peer_keeps_up() {
            self.pump.tolerated.taken();
        }
        self.release_between_flights();
        Ok(written)
    }

    /// Whether the connection wants bytes from the peer: not while plaintext waits to be read,
    /// and not after the end.
    pub fn wants_read(&self) -> bool {
        let open = self.error.is_none() && !self.pump.peer_has_closed && !self.transport_has_ended;
        open && self.pump.received.len() == 0
    }

    /// Whether bytes wait for [`write_tls`](Self::write_tls).
    pub fn wants_write(&self) -> bool {
        self.pump.outgoing.len() > 0
    }

    /// Whether the first handshake is still under way (`false` once it is complete or has
    /// failed).
    pub fn is_handshaking(&self) -> bool {
        self.error.is_none() && !self.pump.known.is_established()
    }

    /// Begins a new, full handshake inside the connection (step 11): new keys, and whoever asks
    /// for certificates asks again. A client sends its hello; a server asks the client for one,
    /// which it may refuse or leave unanswered: [`renegotiation`](Self::renegotiation) tells how
    /// far it is.
    ///
    /// Data can be read and written all the while. From this side's hello to the end of the
    /// handshake what is written waits, within the config's buffer limit, and comes after it. (A
    /// server that has asked had better not write before the answer: some clients, OpenSSL's among
    /// them, take no data then.) Where both sides ask at once, one new handshake answers both.
    ///
    /// # Errors
    /// [`Error::HandshakeNotComplete`] during the first one; [`Error::Renegotiation`] where it
    /// is not allowed or not safe. Neither harms the connection. Else the connection's error.
    pub fn renegotiate(&mut self) -> Result<(), Error> {
        self.begin_handshake(None, Resume::Never)
    }

    /// As [`renegotiate`](Self::renegotiate), but the session may be resumed: new keys from the
    /// same master secret, at a fraction of the work, and with the same certificates.
    ///
    /// # Errors
    /// As there.
    pub fn renegotiate_resuming(&mut self) -> Result<(), Error> {
        self.begin_handshake(None, Resume::IfPossible)
    }

    /// How far a renegotiation is; `Idle` also where nothing can come of it any more, because the
    /// peer has closed or the transport has ended.
    ///
    /// Whoever asked for one knows that it was completed where it is `Idle` and
    /// [`handshakes`](Self::handshakes) has grown. Until then all that is known of the peer is what
    /// the handshake before has proven.
    pub fn renegotiation(&self) -> RenegotiationState {
        if self.transport_has_ended {
            return RenegotiationState::Idle;
        }
        self.pump.renegotiation()
    }

    /// How many handshakes have been completed on this connection, the first among them, and those
    /// that a client has begun unasked.
    pub fn handshakes(&self) -> u64 {
        self.pump.known.handshakes
    }

    /// Reads received plaintext.
    pub fn reader(&mut self) -> Reader<'_> {
        Reader { connection: self }
    }

    /// Takes plaintext to be sent.
    pub fn writer(&mut self) -> Writer<'_> {
        Writer { connection: self }
    }

    /// Tells the peer that nothing more will be sent; during a handshake, as soon as it is
    /// complete and what was written before is sent. Only the first call does something.
    ///
    /// Each side ends for itself: what the peer still sends can be read, and after the peer's end
    /// this side can still write. These versions ask a peer to answer at once and to drop what it
    /// has not sent (RFC 5246 §7.2.1), and most do, so that is for peers that are known not to. A
    /// peer that answered close_notify with its own has received all that was written; in a
    /// renegotiation that it leaves so, what waits for the new handshake is lost.
    ///
    /// SSL 2.0 has no close_notify: nothing goes out, and the peer sees the end of the transport.
    pub fn send_close_notify(&mut self) {
        if self.error.is_some() || self.pump.is_closing() {
            return;
        }
        if let Err(error) = self.pump.send_close_notify() {
            self.fail(error);
        }
    }

    /// Gives the memory of empty buffers back, for a connection that will be idle. They grow
    /// again when they are needed. (In the first handshake that happens by itself.)
    pub fn release_buffers(&mut self) {
        self.deframer.release();
        self.pump.release_buffers();
    }

    /// Takes the connection apart: unread plaintext, bytes that were not processed, and bytes
    /// that were not sent. For protocols that leave TLS on a transport that lives on.
    pub fn into_leftovers(mut self) -> Leftovers {
        let mut unsent_bytes = Vec::with_capacity(self.pump.outgoing.len());
        while self.wants_write() {
            // Writing to a Vec does not fail.
            if self.write_tls(&mut unsent_bytes).is_err() {
                break;
            }
        }
        Leftovers {
            plaintext: self.pump.received.as_slice().to_vec(),
            unread_bytes: self.deframer.unread().to_vec(),
            unsent_bytes,
        }
    }

    /// A handshake may stay half done for as long as the peer likes: what it waits with is little.
    fn release_between_flights(&mut self) {
        if self.is_handshaking() && !self.pump.is_inside_message() {
            self.release_buffers();
        }
    }

    pub(crate) fn begin_handshake(
        &mut self,
        config: Option<Arc<ServerConfig>>,
        resume: Resume,
    ) -> Result<(), Error> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        match self.pump.renegotiate_for_user(config, resume) {
            Err(error)
                if !matches!(
                    error,
                    Error::HandshakeNotComplete | Error::Renegotiation(_) | Error::Config(_)
                ) =>
            {
                Err(self.fail(error))
            }
            other => other,
        }
    }

    pub(crate) fn peer_has_closed(&self) -> bool {
        self.pump.peer_has_closed
    }

    /// Whether the peer has closed, or the transport has ended.
    pub(crate) fn ended(&self) -> bool {
        self.pump.peer_has_closed || self.transport_has_ended
    }

    /// Whether received plaintext leaves room for more.
    pub(crate) fn has_room(&self) -> bool {
        self.pump.received.len() < self.buffer_limit
    }

    fn process(&mut self) -> Result<(), Error> {
        // After close_notify nothing is looked at: it may not even be TLS.
        while !self.pump.peer_has_closed {
            match self.deframer.next_record(self.pump.framing())? {
                Some(Framed::Ssl3(record)) => self.pump.receive(record)?,
                Some(Framed::Ssl2(record)) => self.pump.receive_ssl2(record)?,
                None => break,
            }
        }
        if self.transport_has_ended && self.is_handshaking() {
            return Err(Error::TruncatedHandshake);
        }
        Ok(())
    }

    fn fail(&mut self, error: Error) -> Error {
        // First, so that it is there also where a store panics.
        self.error = Some(error.clone());
        self.pump.fail(&error);
        error
    }

    fn io_state(&self) -> IoState {
        IoState {
            tls_bytes_to_write: self.pump.outgoing.len(),
            plaintext_bytes_to_read: self.pump.received.len(),
            peer_has_closed: self.pump.peer_has_closed,
            transport_has_ended: self.transport_has_ended,
        }
    }

    pub(crate) fn unread_plaintext(&self) -> io::Result<&[u8]> {
        let plaintext = self.pump.received.as_slice();
        if !plaintext.is_empty() || self.pump.peer_has_closed {
            return Ok(plaintext);
        }
        Err(match &self.error {
            Some(error) => io::Error::from(error.clone()),
            // The end of the transport is the only one that there is.
            None if self.transport_has_ended && self.ends_with_the_transport() => {
                return Ok(plaintext);
            }
            None if self.transport_has_ended => io::Error::from(Error::Truncated),
            None => io::ErrorKind::WouldBlock.into(),
        })
    }

    /// At SSL 2.0, where nothing says that data was cut off but a record that came in part.
    fn ends_with_the_transport(&self) -> bool {
        self.pump.has_spoken_ssl2() && self.deframer.unread().is_empty()
    }

    pub(crate) fn consume_plaintext(&mut self, len: usize) {
        self.pump.received.consume(len);
    }

    fn write_plaintext(&mut self, data: &[u8]) -> io::Result<usize> {
        if let Some(error) = &self.error {
            return Err(io::Error::from(error.clone()));
        }
        if self.pump.is_closing() {
            return Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "the end was asked for by send_close_notify; nothing can follow it",
            ));
        }
        self.check_not_cut_off()?;
        self.pump
            .send(data)
            .map_err(|error| io::Error::from(self.fail(error)))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("side", &self.side())
            .field("version", &self.protocol_version())
            .field(
                "suite",
                &self
                    .negotiated_cipher_suite()
                    .map(|suite| suite.to_string()),
            )
            .field(
                "kind",
                &self.negotiated_cipher_kind().map(|kind| kind.to_string()),
            )
            .field("is_handshaking", &self.is_handshaking())
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
