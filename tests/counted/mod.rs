//! Connections whose bytes on the heap are counted.
//!
//! Counted are the bytes that were asked for, by thread. While a vector grows, the old one and
//! the new one count side by side.

#![allow(dead_code, reason = "each test crate uses a part of it")]

pub mod hostile;

use std::fmt::Display;
use std::ops::DerefMut;
use std::sync::Arc;

use allocation_counter::measure;
use retrossl::{
    ClientConfig, ClientConnection, Connection, Error, ServerConfig, ServerConnection, Side,
};

/// What connections share, made before anything is counted.
#[derive(Clone)]
pub struct Configs {
    pub client: Arc<ClientConfig>,
    pub server: Arc<ServerConfig>,
}

impl Configs {
    pub fn new(client: ClientConfig, server: ServerConfig) -> Self {
        Self {
            client: Arc::new(client),
            server: Arc::new(server),
        }
    }

    /// Both sides before anything has crossed; the client's first message waits to be taken.
    pub fn connect(&self) -> Conversation {
        Conversation {
            client: self.connect_client(),
            server: self.connect_server(),
        }
    }

    pub fn connect_client(&self) -> Counted {
        let name = "localhost".try_into().unwrap();
        let config = self.client.clone();
        Counted::new(|| ClientConnection::new(config, name).unwrap())
    }

    pub fn connect_server(&self) -> Counted {
        let config = self.server.clone();
        Counted::new(|| ServerConnection::new(config))
    }
}

pub struct Conversation {
    pub client: Counted,
    pub server: Counted,
}

impl Conversation {
    /// The one on `side`, and its peer.
    pub fn seen_from(self, side: Side) -> [Counted; 2] {
        match side {
            Side::Client => [self.client, self.server],
            Side::Server => [self.server, self.client],
        }
    }

    /// Completes the handshake.
    pub fn established(mut self) -> Self {
        let mut wire = wire();
        while self.client.connection.is_handshaking() || self.server.connection.is_handshaking() {
            self.client.send(&mut wire);
            self.server.receive(&wire).unwrap();
            self.server.send(&mut wire);
            self.client.receive(&wire).unwrap();
        }
        self
    }
}

/// A connection of either side on the heap, whose every call is counted.
pub struct Counted {
    pub connection: Box<dyn DerefMut<Target = Connection>>,
    pub account: Account,
}

impl Counted {
    pub fn new<C: DerefMut<Target = Connection> + 'static>(make: impl FnOnce() -> C) -> Self {
        let mut account = Account::default();
        let connection = account.run(|| Box::new(make()));
        Self {
            connection,
            account,
        }
    }

    /// Takes everything that waits into `wire`, in place of what is there.
    pub fn send(&mut self, wire: &mut Vec<u8>) {
        wire.clear();
        self.account.run(|| {
            while self.connection.wants_write() {
                self.connection.write_tls(wire).unwrap();
            }
        });
        let grown = wire.capacity() != MAX_FLIGHT;
        assert!(!grown, "the wire's memory is not to be counted");
    }

    /// What waits, as bytes of their own.
    pub fn flight(&mut self) -> Vec<u8> {
        let mut wire = wire();
        self.send(&mut wire);
        wire
    }

    pub fn receive(&mut self, mut wire: &[u8]) -> Result<(), Error> {
        self.account.run(|| {
            while !wire.is_empty() {
                self.connection.read_tls(&mut wire).unwrap();
                self.connection.process_new_packets()?;
            }
            Ok(())
        })
    }
}

/// The most that was found of something, and where.
pub struct Maximum {
    what: &'static str,
    bytes: i64,
    place: String,
}

impl Maximum {
    pub fn of(what: &'static str) -> Self {
        Self {
            what,
            bytes: 0,
            place: String::new(),
        }
    }

    pub fn add(&mut self, place: impl Display, bytes: i64) {
        if bytes > self.bytes {
            (self.bytes, self.place) = (bytes, place.to_string());
        }
    }

    /// Prints it, and checks that it is below `bound`.
    pub fn check(self, bound: i64) {
        let Self { what, bytes, place } = self;
        println!("{what}: {bytes} bytes at the most ({place})");
        assert!(bytes > 0, "{what}: nothing was measured");
        assert!(
            bytes < bound,
            "{what}: {bytes} bytes ({place}), not below {bound}"
        );
    }
}

/// Room for a flight, made before anything is counted.
pub fn wire() -> Vec<u8> {
    Vec::with_capacity(MAX_FLIGHT)
}

/// One connection's bytes on the heap.
#[derive(Clone, Copy, Debug, Default)]
pub struct Account {
    pub live: i64,
    pub peak: i64,
    /// How often, and how much, was asked for.
    pub allocations: u64,
    pub allocated: u64,
}

impl Account {
    pub fn run<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let mut result = None;
        let info = measure(|| result = Some(work()));
        self.peak = self.peak.max(self.live + info.bytes_max as i64);
        self.live += info.bytes_current;
        self.allocations += info.count_total;
        self.allocated += info.bytes_total;
        result.unwrap()
    }
}

/// More than what is sent in one go here.
pub const MAX_FLIGHT: usize = 512 * 1024;
