//! Handshakes in memory, of a client and a server of the same implementation, of which one side is
//! timed: the making of its connection, its part of the handshake, its close_notify, and the
//! dropping of its connection.

use std::time::Duration;

use retrossl::Side;

use super::Cast;
use super::clock::StopWatch;
use super::party::{Contestant, Endpoint, Party, Sessions, Terms, establish};
use super::work::Work;
use crate::Error;

pub struct Handshakes {
    client: Box<dyn Endpoint>,
    server: Box<dyn Endpoint>,
    timed: Side,
    resumed: bool,
}

impl Handshakes {
    pub fn new(
        contestant: Contestant,
        terms: &Terms,
        bits: u32,
        timed: Side,
        cast: &Cast,
    ) -> Result<Self, Error> {
        let people = cast.people(bits)?;
        let handshakes = Self {
            client: contestant.client(terms, people)?,
            server: contestant.server(terms, people)?,
            timed,
            resumed: terms.sessions != Sessions::Unused,
        };
        if handshakes.resumed {
            // Makes the session that all others resume.
            let (mut client, mut server) =
                (handshakes.client.connect()?, handshakes.server.connect()?);
            establish(&mut *client, &mut *server)?;
            let mut wire = Vec::new();
            client.close(&mut wire)?;
            server.close(&mut wire)?;
        }
        handshakes.together(1)?;
        Ok(handshakes)
    }

    /// So many handshakes, step by step side by side: the clock is read once for a step of all.
    fn together(&self, count: u32) -> Result<Duration, Error> {
        let mut client = Sides::new(self.timed == Side::Client);
        let mut server = Sides::new(self.timed == Side::Server);
        let mut wires = vec![Vec::with_capacity(FLIGHT); count as usize];
        client.connect(&*self.client, count)?;
        server.connect(&*self.server, count)?;
        while client.is_handshaking() || server.is_handshaking() {
            client.send(&mut wires)?;
            server.receive(&mut wires)?;
            server.send(&mut wires)?;
            client.receive(&mut wires)?;
        }
        for (side, sides) in [(Side::Client, &client), (Side::Server, &server)] {
            let mut parties = sides.parties.iter();
            if parties.any(|party| party.session_resumed() != self.resumed) {
                let not = if self.resumed { "not " } else { "" };
                return Err(format!("the {side}'s session was {not}resumed").into());
            }
        }
        Ok(client.end(&mut wires)? + server.end(&mut wires)?)
    }
}

impl Work for Handshakes {
    fn run(&mut self, times: u32) -> Result<Duration, Error> {
        let mut elapsed = Duration::ZERO;
        let mut left = times;
        while left > 0 {
            let now = left.min(SIDE_BY_SIDE);
            elapsed += self.together(now)?;
            left -= now;
        }
        Ok(elapsed)
    }
}

/// All connections of one side.
struct Sides {
    parties: Vec<Box<dyn Party>>,
    timed: bool,
    watch: StopWatch,
}

impl Sides {
    fn new(timed: bool) -> Self {
        Self {
            parties: Vec::with_capacity(SIDE_BY_SIDE as usize),
            timed,
            watch: StopWatch::default(),
        }
    }

    fn connect(&mut self, endpoint: &dyn Endpoint, count: u32) -> Result<(), Error> {
        self.step(|parties| {
            for _ in 0..count {
                parties.push(endpoint.connect()?);
            }
            Ok(())
        })
    }

    fn send(&mut self, wires: &mut [Vec<u8>]) -> Result<(), Error> {
        self.step(|parties| {
            let mut pairs = parties.iter_mut().zip(wires);
            pairs.try_for_each(|(party, wire)| party.send(wire))
        })
    }

    fn receive(&mut self, wires: &mut [Vec<u8>]) -> Result<(), Error> {
        self.step(|parties| {
            let mut pairs = parties.iter_mut().zip(wires);
            pairs.try_for_each(|(party, wire)| party.receive(wire))
        })
    }

    fn is_handshaking(&self) -> bool {
        self.parties.iter().any(|party| party.is_handshaking())
    }

    /// What was timed, the end of the connections included.
    fn end(mut self, wires: &mut [Vec<u8>]) -> Result<Duration, Error> {
        self.step(|parties| {
            let mut pairs = parties.drain(..).zip(wires);
            pairs.try_for_each(|(mut party, wire)| party.close(wire))
        })?;
        Ok(self.watch.elapsed())
    }

    fn step(
        &mut self,
        step: impl FnOnce(&mut Vec<Box<dyn Party>>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match self.timed {
            true => self.watch.time(|| step(&mut self.parties)),
            false => step(&mut self.parties),
        }
    }
}

/// Enough for a reading of the clock to be small beside an abbreviated handshake, few enough for
/// what they hold to stay in the cache.
const SIDE_BY_SIDE: u32 = 8;

/// Room for the longest flight.
const FLIGHT: usize = 8192;
