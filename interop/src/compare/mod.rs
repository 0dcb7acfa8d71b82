//! How much processor time `retrossl` takes beside OpenSSL 3.6 and `purecrypto`, in this process.
//!
//! All that is compared are [`rows`]; [`work`] measures one: each contestant does a short slice of
//! it in turn, on one core, by the [`clock`] of the thread's processor time, and what is compared
//! are medians. Conversations go over buffers: [`party`] drives all implementations in the same
//! way, and of two sides of a conversation only one is timed. [`report`] says what came out.
//!
//! `cargo run --release -p interop --bin compare` does it, and writes `benches/RESULTS.md`.

pub mod circumstances;
pub mod clock;
pub mod evp;
pub mod handshakes;
pub mod memory;
pub mod party;
pub mod records;
pub mod report;
pub mod rows;
pub mod rsa;
pub mod statistics;
pub mod work;

use std::cell::OnceCell;
use std::time::Duration;

use crate::Error;
use crate::certificate::{Hash, Identity};
use crate::people::People;
use party::Contestant;
use rows::Row;

/// What came out of a row: each contestant's samples, in nanoseconds, round by round.
pub struct Measured {
    pub row: Row,
    pub samples: Vec<Vec<f64>>,
}

impl Measured {
    pub fn new(row: Row, cast: &Cast, budget: Duration) -> Result<Self, Error> {
        let prepare = |contestant: &Contestant| {
            let work = row.prepare(*contestant, cast);
            work.map_err(|error| Error::from(format!("{contestant}: {error}")))
        };
        let works: Result<Vec<_>, Error> = row.contestants.iter().map(prepare).collect();
        let samples = work::measure(&mut works?, budget)?;
        Ok(Self { row, samples })
    }

    /// None where it does not take part.
    pub fn of(&self, contestant: Contestant) -> Option<&[f64]> {
        let mut contestants = self.row.contestants.iter();
        let place = contestants.position(|one| *one == contestant)?;
        self.samples.get(place).map(Vec::as_slice)
    }
}

/// Who takes part, by the length of their keys; made when they are first needed.
#[derive(Default)]
pub struct Cast {
    short: OnceCell<People>,
    long: OnceCell<People>,
}

impl Cast {
    /// 1024 bits, or 2048.
    pub fn people(&self, bits: u32) -> Result<&People, Error> {
        let cell = match bits {
            1024 => &self.short,
            2048 => &self.long,
            _ => return Err(format!("nobody has a key of {bits} bits").into()),
        };
        if let Some(people) = cell.get() {
            return Ok(people);
        }
        let people = People::new(bits, Hash::Sha256)?;
        Ok(cell.get_or_init(|| people))
    }

    /// A key by itself, and its certificate.
    pub fn identity(&self, bits: u32) -> Result<Identity, Error> {
        match bits {
            1024 | 2048 => Ok(self.people(bits)?.server.identity.clone()),
            _ => Identity::self_signed("localhost", bits, Hash::Sha256),
        }
    }
}
