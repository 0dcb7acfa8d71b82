//! The crate `purecrypto`, which has RSA key exchange up to TLS 1.1.

use std::sync::Arc;

use ::purecrypto::tls::{Config, Connection};

use super::{Endpoint, Order, Party, Sessions, Terms};
use crate::Error;
use crate::ours::Secrets;
use crate::peer::purecrypto::{SUITES, Settings, VERSIONS};
use crate::people::{Member, People};

pub fn speaks(terms: &Terms) -> bool {
    VERSIONS.contains(&terms.version)
        && SUITES.contains(&terms.suite.0)
        && terms.sessions == Sessions::Unused
        && terms.order == Order::MacThenEncrypt
}

pub fn client(terms: &Terms, people: &People) -> Result<Box<dyn Endpoint>, Error> {
    let config = settings(terms, people, &people.client)?;
    Ok(Box::new(Client(config)))
}

pub fn server(terms: &Terms, people: &People) -> Result<Box<dyn Endpoint>, Error> {
    let config = settings(terms, people, &people.server)?;
    Ok(Box::new(Server(config)))
}

fn settings(terms: &Terms, people: &People, member: &Member) -> Result<Config, Error> {
    let settings = Settings {
        identity: Some(member.identity.clone()),
        chain: member.above(),
        trusted: people.trusted(),
        client_certificate: terms.client_certificate,
        ..Settings::new(terms.version, &[terms.suite.cipher_suite()?.0])
    };
    settings.config(Arc::new(Secrets::default()))
}

struct Client(Config);

impl Endpoint for Client {
    fn connect(&self) -> Result<Box<dyn Party>, Error> {
        Ok(Box::new(Purecrypto(Connection::client(&self.0)?)))
    }
}

struct Server(Config);

impl Endpoint for Server {
    fn connect(&self) -> Result<Box<dyn Party>, Error> {
        Ok(Box::new(Purecrypto(Connection::server(&self.0)?)))
    }
}

struct Purecrypto(Connection);

impl Party for Purecrypto {
    fn send(&mut self, wire: &mut Vec<u8>) -> Result<(), Error> {
        *wire = self.0.pop()?;
        Ok(())
    }

    fn receive(&mut self, wire: &mut Vec<u8>) -> Result<(), Error> {
        self.0.feed(wire)?;
        Ok(())
    }

    fn is_handshaking(&self) -> bool {
        !self.0.is_handshake_complete()
    }

    fn session_resumed(&self) -> bool {
        false
    }

    fn seal(&mut self, data: &[u8], wire: &mut Vec<u8>) -> Result<(), Error> {
        self.0.send(data)?;
        self.send(wire)
    }

    fn open(&mut self, wire: &mut Vec<u8>, data: &mut [u8]) -> Result<(), Error> {
        self.0.feed(wire)?;
        let opened = self.0.recv()?;
        if opened.len() != data.len() {
            return Err("purecrypto has opened something else than was sealed".into());
        }
        data.copy_from_slice(&opened);
        Ok(())
    }

    fn close(&mut self, wire: &mut Vec<u8>) -> Result<(), Error> {
        self.0.close()?;
        self.send(wire)
    }
}
