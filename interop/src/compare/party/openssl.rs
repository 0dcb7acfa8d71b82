//! OpenSSL 3.6.

use std::io::{self, Read, Write};
use std::mem;

use ::openssl::ssl::{ErrorCode, Ssl, SslStream};

use super::{Endpoint, Order, Party, Sessions, Terms};
use crate::Error;
use crate::peer::openssl::{self, Settings};
use crate::people::{Member, People};

pub fn client(terms: &Terms, people: &People) -> Result<Box<dyn Endpoint>, Error> {
    let settings = Settings {
        server_name: Some(HOST.to_owned()),
        ..settings(terms, people, &people.client)?
    };
    Ok(Box::new(Client(openssl::Endpoint::client(&settings)?)))
}

pub fn server(terms: &Terms, people: &People) -> Result<Box<dyn Endpoint>, Error> {
    let settings = settings(terms, people, &people.server)?;
    Ok(Box::new(Server(openssl::Endpoint::server(&settings)?)))
}

/// With the extensions that it has by default.
pub fn settings(terms: &Terms, people: &People, member: &Member) -> Result<Settings, Error> {
    Ok(Settings {
        identity: Some(member.identity.clone()),
        chain: member.above(),
        trusted: people.trusted(),
        client_certificate: terms.client_certificate,
        session_tickets: terms.sessions != Sessions::ById,
        encrypt_then_mac: terms.order == Order::EncryptThenMac,
        extended_master_secret: true,
        empty_fragments: true,
        release_buffers: terms.release_buffers,
        ..Settings::new(terms.version, terms.suite.0)
    })
}

struct Client(openssl::Endpoint);

impl Endpoint for Client {
    fn connect(&self) -> Result<Box<dyn Party>, Error> {
        let mut ssl = self.0.ssl()?;
        ssl.param_mut().set_host(HOST)?;
        let mut client = OpenSsl::new(ssl)?;
        client.shake_hands()?;
        Ok(Box::new(client))
    }
}

struct Server(openssl::Endpoint);

impl Endpoint for Server {
    fn connect(&self) -> Result<Box<dyn Party>, Error> {
        Ok(Box::new(OpenSsl::new(self.0.ssl()?)?))
    }
}

struct OpenSsl {
    stream: SslStream<Wire>,
    is_handshaking: bool,
}

impl OpenSsl {
    fn new(ssl: Ssl) -> Result<Self, Error> {
        Ok(Self {
            stream: SslStream::new(ssl, Wire::default())?,
            is_handshaking: true,
        })
    }

    fn shake_hands(&mut self) -> Result<(), Error> {
        match self.stream.do_handshake() {
            Ok(()) => {
                self.is_handshaking = false;
                Ok(())
            }
            Err(error) if error.code() == ErrorCode::WANT_READ => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Party for OpenSsl {
    fn send(&mut self, wire: &mut Vec<u8>) -> Result<(), Error> {
        self.stream.get_mut().send(wire);
        Ok(())
    }

    fn receive(&mut self, wire: &mut Vec<u8>) -> Result<(), Error> {
        self.stream.get_mut().lend(wire);
        let result = match self.is_handshaking {
            true => self.shake_hands(),
            false => Ok(()),
        };
        self.stream.get_mut().lend(wire);
        result
    }

    fn is_handshaking(&self) -> bool {
        self.is_handshaking
    }

    fn session_resumed(&self) -> bool {
        self.stream.ssl().session_reused()
    }

    fn seal(&mut self, data: &[u8], wire: &mut Vec<u8>) -> Result<(), Error> {
        let mut rest = data;
        while !rest.is_empty() {
            let taken = self.stream.ssl_write(rest)?;
            rest = &rest[taken..];
        }
        self.send(wire)
    }

    fn open(&mut self, wire: &mut Vec<u8>, data: &mut [u8]) -> Result<(), Error> {
        self.stream.get_mut().lend(wire);
        let mut taken = 0;
        while taken < data.len() {
            taken += self.stream.ssl_read(&mut data[taken..])?;
        }
        self.stream.get_mut().lend(wire);
        Ok(())
    }

    fn close(&mut self, wire: &mut Vec<u8>) -> Result<(), Error> {
        self.stream.shutdown()?;
        self.send(wire)
    }
}

/// A transport of two buffers, which are lent from outside.
#[derive(Default)]
pub struct Wire {
    incoming: Vec<u8>,
    read: usize,
    outgoing: Vec<u8>,
}

impl Wire {
    /// All that was written, in place of what is there.
    pub fn send(&mut self, wire: &mut Vec<u8>) {
        wire.clear();
        mem::swap(&mut self.outgoing, wire);
    }

    /// Changes what can be read: lends it, and takes it back.
    pub fn lend(&mut self, wire: &mut Vec<u8>) {
        mem::swap(&mut self.incoming, wire);
        self.read = 0;
    }
}

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut rest = &self.incoming[self.read..];
        if rest.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let taken = rest.read(buf)?;
        self.read += taken;
        Ok(taken)
    }
}

impl Write for Wire {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.outgoing.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whom the client wants to speak with; it checks the name, as ours does.
pub const HOST: &str = "localhost";
