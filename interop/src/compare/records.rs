//! Sealing and opening application data.

use std::time::Duration;

use super::Cast;
use super::clock::StopWatch;
use super::party::{Contestant, Party, Terms, establish};
use super::work::Work;
use crate::Error;

/// Seals `length` bytes, from the plaintext to the bytes for the transport.
pub fn seal(
    contestant: Contestant,
    terms: &Terms,
    length: usize,
    cast: &Cast,
) -> Result<Box<dyn Work>, Error> {
    let [client, _] = pair(contestant, terms, cast)?;
    Ok(sealing(client, length))
}

/// The same for a party that is there already.
pub fn sealing(mut party: Box<dyn Party>, length: usize) -> Box<dyn Work> {
    let data = vec![0x5a; length];
    let mut wire = Vec::with_capacity(2 * length + 1024);
    Box::new(move || party.seal(&data, &mut wire))
}

/// Opens `length` bytes, from the transport's bytes to the plaintext; sealing is not timed.
pub fn open(
    contestant: Contestant,
    terms: &Terms,
    length: usize,
    cast: &Cast,
) -> Result<Box<dyn Work>, Error> {
    let [client, server] = pair(contestant, terms, cast)?;
    Ok(Box::new(Opening::new(client, server, length)))
}

/// What seals, what opens, and the records between them.
pub struct Opening {
    sealing: Box<dyn Party>,
    opening: Box<dyn Party>,
    data: Vec<u8>,
    wires: Vec<Vec<u8>>,
}

impl Opening {
    pub fn new(sealing: Box<dyn Party>, opening: Box<dyn Party>, length: usize) -> Self {
        // As much as the cache of the second level has room for, beside all else.
        let batch = (AHEAD / length).clamp(1, 64);
        Self {
            sealing,
            opening,
            data: vec![0x5a; length],
            wires: vec![Vec::with_capacity(2 * length + 1024); batch],
        }
    }
}

impl Work for Opening {
    fn run(&mut self, times: u32) -> Result<Duration, Error> {
        let Self {
            sealing,
            opening,
            data,
            wires,
        } = self;
        let mut watch = StopWatch::default();
        let mut left = times as usize;
        while left > 0 {
            let now = left.min(wires.len());
            let wires = &mut wires[..now];
            for wire in wires.iter_mut() {
                sealing.seal(data, wire)?;
            }
            watch.time(|| {
                wires
                    .iter_mut()
                    .try_for_each(|wire| opening.open(wire, data))
            })?;
            left -= now;
        }
        Ok(watch.elapsed())
    }
}

fn pair(contestant: Contestant, terms: &Terms, cast: &Cast) -> Result<[Box<dyn Party>; 2], Error> {
    let people = cast.people(1024)?;
    let mut client = contestant.client(terms, people)?.connect()?;
    let mut server = contestant.server(terms, people)?.connect()?;
    establish(&mut *client, &mut *server)?;
    Ok([client, server])
}

const AHEAD: usize = 128 * 1024;
