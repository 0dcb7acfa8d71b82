//! Looking at a ClientHello before choosing the config.

use core::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use super::ServerConnection;
use crate::alert::AlertLevel;
use crate::config::ServerConfig;
use crate::connection::Joiner;
use crate::crypto::random::SystemRandom;
use crate::error::{Error, InvalidMessage, Malformed, PeerMisbehaved};
use crate::message::{ClientHello, Handshake, HandshakeType, HelloFormat, ssl2};
use crate::policy::RecordSplitting;
use crate::record::{self, ContentType, Deframer, Framed, Framing, Outgoing, extend_within};
use crate::version::ProtocolVersion;

/// Reads a ClientHello, so that a server can look at it before it picks its config.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use retrossl::{ClientHello, ServerConfig, server::Acceptor};
/// # fn serve(
/// #     mut tcp: std::net::TcpStream,
/// #     choose: impl Fn(&ClientHello) -> Arc<ServerConfig>,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let mut acceptor = Acceptor::default();
/// let accepted = loop {
///     if acceptor.read_tls(&mut tcp)? == 0 {
///         return Err("the client went away".into());
///     }
///     match acceptor.accept() {
///         Ok(Some(accepted)) => break accepted,
///         Ok(None) => {}
///         Err(error) => {
///             acceptor.write_tls(&mut tcp)?;
///             return Err(error.into());
///         }
///     }
/// };
/// let config = choose(&accepted.client_hello());
/// let connection = accepted.into_connection(config);
/// # Ok(())
/// # }
/// ```
pub struct Acceptor {
    deframer: Deframer,
    framing: Framing,
    joiner: Joiner,
    /// Everything that was read, for the connection.
    bytes: Vec<u8>,
    outgoing: Outgoing,
    error: Option<Error>,
}

impl Default for Acceptor {
    fn default() -> Self {
        Self {
            deframer: Deframer::default(),
            framing: Framing::Unknown,
            joiner: Joiner::default(),
            bytes: Vec::new(),
            outgoing: Outgoing::new(ProtocolVersion::TLSv1_0, RecordSplitting::Never),
            error: None,
        }
    }
}

impl Acceptor {
    /// Reads once from the transport; `Ok(0)` is its end.
    ///
    /// # Errors
    /// The transport's; `Other` where what came before has to be accepted first.
    pub fn read_tls(&mut self, transport: &mut dyn Read) -> io::Result<usize> {
        self.deframer.check_room()?;
        let before = self.deframer.unread().len();
        let read = self.deframer.read(transport)?;
        let unread = self.deframer.unread();
        // What was read is at the end of what is unread.
        let new = unread.get(before..).unwrap_or_default();
        extend_within(&mut self.bytes, new, MAX_BYTES + new.len());
        Ok(read)
    }

    /// The ClientHello, once it is whole.
    ///
    /// # Errors
    /// Why these bytes are no ClientHello; from then on always the same. The alert that it caused
    /// waits for [`write_tls`](Self::write_tls).
    pub fn accept(&mut self) -> Result<Option<Accepted>, Error> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        self.next_message().map_err(|error| self.fail(error))
    }

    /// Writes once to the transport what waits for it: an alert, or nothing.
    ///
    /// # Errors
    /// The transport's.
    pub fn write_tls(&mut self, transport: &mut dyn Write) -> io::Result<usize> {
        self.outgoing.write_to(transport)
    }

    /// Everything that was read and not handed on, for whoever can do something else with it.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn next_message(&mut self) -> Result<Option<Accepted>, Error> {
        if self.bytes.len() > MAX_BYTES {
            let problem = Malformed::TooLong(self.bytes.len());
            let what = HandshakeType::CLIENT_HELLO.name();
            return Err(InvalidMessage { what, problem }.into());
        }
        while let Some(record) = self.deframer.next_record(self.framing)? {
            let record = match record {
                Framed::Ssl3(record) => record,
                Framed::Ssl2(record) => {
                    let body = read_ssl2_hello(record)?;
                    return Ok(Some(self.accepted(HelloFormat::Ssl2, body)));
                }
            };
            self.framing = Framing::Ssl3(None);
            if record.content_type != ContentType::Handshake {
                return Err(unexpected(record.content_type.name()));
            }
            let mut fragment = &*record.fragment;
            if let Some(encoded) = self.joiner.next(&mut fragment)? {
                let message = Handshake::read(&encoded)?;
                if message.kind != HandshakeType::CLIENT_HELLO {
                    return Err(unexpected(message.kind.name()));
                }
                ClientHello::read(message.body)?;
                let body = message.body.to_vec();
                return Ok(Some(self.accepted(HelloFormat::Ssl3, body)));
            }
        }
        Ok(None)
    }

    fn accepted(&mut self, format: HelloFormat, body: Vec<u8>) -> Accepted {
        Accepted {
            format,
            body,
            bytes: core::mem::take(&mut self.bytes),
        }
    }

    fn fail(&mut self, error: Error) -> Error {
        if let Some(description) = error.alert() {
            let alert = [AlertLevel::Fatal.wire(), description.0];
            // Without protection there is nothing in sealing that could fail.
            let _ = self
                .outgoing
                .send(ContentType::Alert, &alert, &SystemRandom);
        }
        self.error = Some(error.clone());
        error
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor")
            .field("bytes", &self.bytes.len())
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// A client whose hello is known, and who waits for an answer.
#[derive(Debug)]
pub struct Accepted {
    format: HelloFormat,
    /// The ClientHello's body, which has been read once without an error.
    body: Vec<u8>,
    bytes: Vec<u8>,
}

impl Accepted {
    /// What the client offers.
    ///
    /// # Panics
    /// Never: the body was read before.
    pub fn client_hello(&self) -> ClientHello<'_> {
        let hello = match self.format {
            HelloFormat::Ssl3 => ClientHello::read(&self.body),
            HelloFormat::Ssl2 => {
                ssl2::ClientHello::read(&self.body).map(|hello| ClientHello::of_ssl2(&hello))
            }
        };
        hello.expect("a ClientHello that was read before")
    }

    /// Goes on under `config`. What the client has sent is processed already, so the answer waits
    /// for `write_tls`; if there is something wrong with it, the next `process_new_packets` says
    /// so.
    pub fn into_connection(self, config: Arc<ServerConfig>) -> ServerConnection {
        let mut connection = ServerConnection::new(config);
        let mut bytes = self.bytes.as_slice();
        while !bytes.is_empty() {
            // A slice does not fail, and an error of the connection's stays with it.
            let read = connection.read_tls(&mut bytes).unwrap_or(0);
            if connection.process_new_packets().is_err() || read == 0 {
                break;
            }
        }
        connection
    }
}

/// The body of a CLIENT-HELLO, of which one record is all.
fn read_ssl2_hello(record: record::ssl2::Record<'_>) -> Result<Vec<u8>, Error> {
    let mut opener = record::ssl2::Opener::unprotected();
    let encoded = opener.open(ContentType::Handshake, record)?;
    let message = ssl2::Message::read(encoded)?;
    if message.kind != ssl2::Ssl2MessageType::CLIENT_HELLO {
        return Err(unexpected(message.kind.name()));
    }
    ssl2::ClientHello::read(message.body)?;
    Ok(message.body.to_vec())
}

fn unexpected(received: &'static str) -> Error {
    let expected = HandshakeType::CLIENT_HELLO.name();
    PeerMisbehaved::UnexpectedMessage { received, expected }.into()
}

/// Bytes that a ClientHello may come in at the most: the longest one, in small records.
const MAX_BYTES: usize = 256 * 1024;
