//! Writes `tests/data/replays`: conversations of ours with the peers, to be held again without
//! them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use retrossl::ProtocolVersion;

use crate::Error;
use crate::recording::Tape;
use crate::replay::Conversation;
use crate::replay::file::{Flight, Scenario};
use crate::replay::our_side::OurSide;

/// Holds a scenario's conversation `number` over `transport`, and writes it down.
pub fn converse(
    scenario: &Scenario,
    side: &OurSide,
    number: usize,
    mut transport: TcpStream,
) -> Result<Vec<Flight>, Error> {
    let mut conversation = Conversation::new(scenario, side)?;
    let mut tape = Tape::default();
    let mut piece = [0; 4096];
    let mut has_ended = false;
    loop {
        let bytes = conversation.take();
        tape.push(scenario.role, &bytes);
        transport.write_all(&bytes)?;
        if conversation.has_closed() && !has_ended && scenario.version == ProtocolVersion::SSLv2 {
            // It has no close_notify: the end is the transport's.
            transport.shutdown(Shutdown::Write)?;
            has_ended = true;
        }
        if conversation.is_over() {
            break;
        }
        let n = transport.read(&mut piece)?;
        tape.push(scenario.role.peer(), &piece[..n]);
        conversation.receive(&piece[..n])?;
    }
    conversation.check(number)?;
    tape.into_flights()
}
