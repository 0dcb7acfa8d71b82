//! `retrossl`.

use std::io::{Read, Write};
use std::ops::DerefMut;
use std::sync::Arc;
use std::time::Duration;

use retrossl::pki_types::ServerName;
use retrossl::{
    ClientConfig, ClientConnection, Connection, Policy, Quirk, RootStore, ServerConfig,
    ServerConnection, SessionStore,
};

use super::{Endpoint, Order, Party, Sessions, Terms};
use crate::Error;
use crate::ours;
use crate::peer::openssl::ClientCertificate;
use crate::people::People;

pub fn client(terms: &Terms, people: &People) -> Result<Box<dyn Endpoint>, Error> {
    let policy = policy(terms)?;
    let mut config = match terms.client_certificate {
        ClientCertificate::NotRequested => {
            let mut roots = RootStore::new();
            roots.add(ours::certificate(&people.root)?)?;
            ClientConfig::builder(policy).root_certificates(roots)
        }
        ClientCertificate::Requested | ClientCertificate::Required => people.our_client(policy)?,
    };
    config = match terms.sessions {
        Sessions::Unused => config.session_store(Forgetful),
        Sessions::ById => config.without_tickets(),
        Sessions::ByTicket => config.without_session_ids(),
    };
    Ok(Box::new(Client {
        config: Arc::new(config.build()?),
        server_name: "localhost".try_into()?,
    }))
}

pub fn server(terms: &Terms, people: &People) -> Result<Box<dyn Endpoint>, Error> {
    let policy = policy(terms)?;
    let config = match terms.client_certificate {
        ClientCertificate::NotRequested => people.our_open_server(policy)?,
        ClientCertificate::Requested | ClientCertificate::Required => people.our_server(policy)?,
    };
    Ok(Box::new(Server(Arc::new(config.build()?))))
}

/// The records of one key may be more than a policy lets them be by default.
fn policy(terms: &Terms) -> Result<Policy, Error> {
    let policy = ours::only(terms.version, terms.suite.cipher_suite()?);
    let policy = policy.max_bytes_per_key(u64::MAX);
    Ok(match terms.order {
        Order::MacThenEncrypt => policy.quirk(Quirk::NoEncryptThenMac),
        Order::EncryptThenMac => policy,
    })
}

struct Client {
    config: Arc<ClientConfig>,
    server_name: ServerName<'static>,
}

impl Endpoint for Client {
    fn connect(&self) -> Result<Box<dyn Party>, Error> {
        let connection = ClientConnection::new(self.config.clone(), self.server_name.clone())?;
        Ok(Box::new(Ours(connection)))
    }
}

struct Server(Arc<ServerConfig>);

impl Endpoint for Server {
    fn connect(&self) -> Result<Box<dyn Party>, Error> {
        Ok(Box::new(Ours(ServerConnection::new(self.0.clone()))))
    }
}

struct Ours<C>(C);

impl<C: DerefMut<Target = Connection>> Party for Ours<C> {
    fn send(&mut self, wire: &mut Vec<u8>) -> Result<(), Error> {
        wire.clear();
        while self.0.wants_write() {
            self.0.write_tls(wire)?;
        }
        Ok(())
    }

    fn receive(&mut self, wire: &mut Vec<u8>) -> Result<(), Error> {
        let mut rest = &wire[..];
        while !rest.is_empty() {
            self.0.read_tls(&mut rest)?;
            self.0.process_new_packets()?;
        }
        Ok(())
    }

    fn is_handshaking(&self) -> bool {
        self.0.is_handshaking()
    }

    fn session_resumed(&self) -> bool {
        self.0.session_resumed()
    }

    fn seal(&mut self, data: &[u8], wire: &mut Vec<u8>) -> Result<(), Error> {
        wire.clear();
        let mut rest = data;
        while !rest.is_empty() {
            let taken = self.0.writer().write(rest)?;
            rest = &rest[taken..];
            while self.0.wants_write() {
                self.0.write_tls(wire)?;
            }
        }
        Ok(())
    }

    fn open(&mut self, wire: &mut Vec<u8>, data: &mut [u8]) -> Result<(), Error> {
        let (mut rest, mut taken) = (&wire[..], 0);
        while !rest.is_empty() {
            self.0.read_tls(&mut rest)?;
            let state = self.0.process_new_packets()?;
            let ready = state.plaintext_bytes_to_read;
            let place = data.get_mut(taken..taken + ready);
            let place = place.ok_or("there is more in the records than was sealed")?;
            self.0.reader().read_exact(place)?;
            taken += ready;
        }
        match taken == data.len() {
            true => Ok(()),
            false => Err("there is less in the records than was sealed".into()),
        }
    }

    fn close(&mut self, wire: &mut Vec<u8>) -> Result<(), Error> {
        self.0.send_close_notify();
        self.send(wire)
    }

    fn release_buffers(&mut self) {
        self.0.release_buffers();
    }
}

/// A client with it takes sessions and never has one.
#[derive(Debug)]
struct Forgetful;

impl SessionStore for Forgetful {
    fn put(&self, _: &[u8], _: Vec<u8>, _: Duration) {}

    fn find(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn remove(&self, _: &[u8]) {}
}
