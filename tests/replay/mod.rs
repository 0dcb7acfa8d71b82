//! Conversations of one of our sides with another implementation, recorded, and held again without
//! it. What records them includes this, too: `interop/src/replays.rs`.
//!
//! What a side sends is a function of what its [`Scenario`] says and of what it has received, so a
//! recording is what is received ([`file`]), and that what is sent is the same again is the test.

#![allow(dead_code, reason = "each crate that includes it uses a part of it")]

pub mod file;
pub mod our_side;
pub mod program;

use std::fmt;
use std::ops::DerefMut;

use retrossl::Connection;

use file::{Flight, Replay, Scenario};
use our_side::OurSide;
use program::Program;

/// How a flight of the peer's comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pieces {
    Whole,
    Bytes,
}

/// Holds the conversations of a recording once more.
///
/// # Errors
/// Where something else is sent than was recorded, or the outcome is not what the scenario says.
pub fn replay(replay: &Replay, pieces: Pieces) -> Result<(), String> {
    let scenario = &replay.scenario;
    let side = OurSide::new(scenario).map_err(|error| error.to_string())?;
    for (number, flights) in replay.conversations.iter().enumerate() {
        let mut conversation =
            Conversation::new(scenario, &side).map_err(|error| error.to_string())?;
        conversation
            .repeat(flights, pieces)
            .and_then(|()| conversation.check(number))
            .map_err(|error| format!("conversation {}: {error}", number + 1))?;
    }
    Ok(())
}

/// One of our sides, and the program that uses it.
pub struct Conversation<'s> {
    connection: Box<dyn DerefMut<Target = Connection>>,
    program: Program<'s>,
}

impl<'s> Conversation<'s> {
    /// What waits to be sent is the first flight, if it is ours.
    pub fn new(scenario: &'s Scenario, side: &OurSide) -> Result<Self, retrossl::Error> {
        Ok(Self {
            connection: side.connect()?,
            program: Program::new(scenario),
        })
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Takes what the peer sent; nothing is the end of the transport.
    pub fn receive(&mut self, mut bytes: &[u8]) -> Result<(), retrossl::Error> {
        let connection = &mut *self.connection;
        loop {
            // The program reads all that comes in, so there is room.
            connection.read_tls(&mut bytes).expect("room for a record");
            let state = connection.process_new_packets()?;
            self.program.advance(connection, state)?;
            if bytes.is_empty() {
                return Ok(());
            }
        }
    }

    /// All that waits to be sent.
    pub fn take(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.connection.wants_write() {
            let written = self.connection.write_tls(&mut bytes);
            written.expect("a Vec takes everything");
        }
        bytes
    }

    /// Whether we have nothing more to say.
    pub fn has_closed(&self) -> bool {
        self.program.has_closed()
    }

    /// Whether both sides have closed.
    pub fn is_over(&self) -> bool {
        self.program.is_over()
    }

    /// Checks the outcome of a scenario's conversation, the first of which is number 0.
    pub fn check(&self, number: usize) -> Result<(), String> {
        self.program.check(self.connection(), number)
    }

    fn repeat(&mut self, flights: &[Flight], pieces: Pieces) -> Result<(), String> {
        let ours = self.connection().side();
        for (place, flight) in flights.iter().enumerate() {
            let at = |problem: &dyn fmt::Display| format!("flight {}: {problem}", place + 1);
            if flight.from == ours {
                let sent = self.take();
                compare(&sent, &flight.bytes()).map_err(|difference| at(&difference))?;
            } else {
                let bytes = flight.bytes();
                let size = match pieces {
                    Pieces::Whole => bytes.len(),
                    Pieces::Bytes => 1,
                };
                for piece in bytes.chunks(size) {
                    self.receive(piece).map_err(|error| at(&error))?;
                }
            }
        }
        self.nothing_waits("after the last flight")?;
        if !self.is_over() {
            self.receive(&[]).map_err(|error| error.to_string())?;
            self.nothing_waits("after the end of the transport")?;
        }
        Ok(())
    }

    fn nothing_waits(&mut self, when: &str) -> Result<(), String> {
        match self.take().len() {
            0 => Ok(()),
            more => Err(format!("{more} bytes more are sent {when}")),
        }
    }
}

/// Says where the first difference is.
fn compare(sent: &[u8], recorded: &[u8]) -> Result<(), String> {
    if sent == recorded {
        return Ok(());
    }
    let same = sent
        .iter()
        .zip(recorded)
        .take_while(|(sent, recorded)| sent == recorded)
        .count();
    Err(format!(
        "{} bytes are sent, {} were recorded, and the first {same} are the same",
        sent.len(),
        recorded.len()
    ))
}
