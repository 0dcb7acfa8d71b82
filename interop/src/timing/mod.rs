//! Whether what a server does takes time that depends on a secret: classes of input, measured in
//! random order within each round, so that each round gives one paired sample of every class.
//!
//! The method is that of the author of "Everlasting ROBOT: the Marvin Attack": paired tests
//! ([`differences`]), never a comparison of independent means, as durations are neither independent
//! nor normal.

pub mod differences;
mod kept;
pub mod pre_master_secret;
pub mod record;
pub mod report;
pub mod server;
mod write_keys;

pub use kept::Kept;

use std::hint::black_box;
use std::sync::atomic::{Ordering, fence};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use retrossl::{Connection, IoState, ServerConnection};

use crate::Error;

/// Inputs that an attacker could want to tell apart.
#[derive(Clone, Debug)]
pub struct Class {
    pub name: String,
    pub role: Role,
}

/// What a class is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Must take the time that the other secret ones take.
    Secret,
    /// The same as the first class, under another name: what chance alone does.
    NullControl,
    /// The same as the first class, with a little work more: what a leak looks like.
    LeakControl,
    /// Differs in what everybody sees anyway.
    Public,
}

/// What is measured: [`ServerConnection::process_new_packets`] on one record of each class.
pub trait Experiment {
    /// The name to ask for it by.
    fn name(&self) -> &str;

    /// What it measures, in a sentence or two.
    fn about(&self) -> &str;

    /// The first one is what the others are compared with.
    fn classes(&self) -> &[Class];

    /// What should come of it.
    fn expected(&self) -> Expected {
        Expected::NoLeak
    }

    /// How many samples of each class are called for: fixed beforehand, so that no run ends where
    /// it looks well.
    fn samples(&self) -> usize;

    /// Rounds of a loop that does nothing, which the leak control takes beyond the others.
    fn leak(&self) -> u32;

    /// A new record of this class.
    fn record(&mut self, class: usize) -> Result<Vec<u8>, Error>;

    /// A connection that waits for the record.
    fn connection(&self) -> Result<ServerConnection, Error>;

    /// Whether the record did to the connection what its class must do.
    fn is_right(&self, class: usize, outcome: &Outcome) -> bool;
}

/// What should come of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// No secret class differs from another.
    NoLeak,
    /// Some do: the experiment shows that it would be seen.
    Leak,
}

/// What a record led to.
pub type Outcome = Result<IoState, retrossl::Error>;

/// Nanoseconds, of each class for each round.
#[derive(Debug, PartialEq, Eq)]
pub struct Samples(Vec<Vec<u32>>);

impl Samples {
    /// None yet, of so many classes.
    pub fn none(classes: usize) -> Self {
        Self(vec![Vec::new(); classes])
    }

    pub fn of(&self, class: usize) -> &[u32] {
        &self.0[class]
    }

    pub fn rounds(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }

    /// Round by round, four bytes a class.
    pub fn to_bytes(&self) -> Vec<u8> {
        (0..self.rounds())
            .flat_map(|round| self.0.iter().map(move |class| class[round].to_le_bytes()))
            .flatten()
            .collect()
    }

    /// Adds what [`to_bytes`](Self::to_bytes) wrote of the same classes.
    pub fn add_bytes(&mut self, bytes: &[u8]) {
        for round in bytes.as_chunks().0.chunks_exact(self.0.len()) {
            for (class, duration) in self.0.iter_mut().zip(round) {
                class.push(u32::from_le_bytes(*duration));
            }
        }
    }
}

/// Measures every class of `experiment` once a round, for so many rounds; `progress` hears how many
/// are done.
///
/// What is read and written right before and while the clock runs has its place in memory by its
/// turn, not by its class: half a nanosecond can come from where in the cache a class's own things
/// lie.
pub fn measure(
    experiment: &mut dyn Experiment,
    rounds: usize,
    mut progress: impl FnMut(usize),
) -> Result<Samples, Error> {
    let mut random: SmallRng = rand::make_rng();
    let mut order: Vec<usize> = (0..experiment.classes().len()).collect();
    let mut samples = Samples::none(order.len());
    let mut measured = Vec::with_capacity(order.len());
    let mut place = Vec::new();
    let warm_up = WARM_UP.min(rounds);
    for round in 0..warm_up + rounds {
        order.shuffle(&mut random);
        let inputs: Vec<Input> = order
            .iter()
            .map(|class| Input::new(experiment, *class))
            .collect::<Result<_, _>>()?;
        for input in &inputs {
            measured.push(input.measure(experiment, &mut place)?);
        }
        for (class, (outcome, elapsed)) in order.iter().zip(measured.drain(..)) {
            check(experiment, *class, &outcome)?;
            if round >= warm_up {
                let nanoseconds = u32::try_from(elapsed.as_nanos()).unwrap_or(u32::MAX);
                samples.0[*class].push(nanoseconds);
            }
        }
        if round >= warm_up {
            progress(round + 1 - warm_up);
        }
    }
    Ok(samples)
}

/// Goes through one class alone, so many times: for whoever counts something else than time, such
/// as instructions.
pub fn repeat(experiment: &mut dyn Experiment, class: usize, times: usize) -> Result<(), Error> {
    for _ in 0..times {
        let input = Input::new(experiment, class)?;
        let (outcome, _) = input.measure(experiment, &mut Vec::new())?;
        check(experiment, class, &outcome)?;
    }
    Ok(())
}

/// What one sample needs to know of its class.
struct Input {
    record: Vec<u8>,
    extra: u32,
}

impl Input {
    fn new(experiment: &mut dyn Experiment, class: usize) -> Result<Self, Error> {
        let extra = match experiment.classes()[class].role {
            Role::LeakControl => experiment.leak(),
            Role::Secret | Role::NullControl | Role::Public => 0,
        };
        let record = experiment.record(class)?;
        Ok(Self { record, extra })
    }

    /// The record is read from `place`, where all others were before it: how its class came to be
    /// made, and where, is not to be seen in what is read.
    fn measure(
        &self,
        experiment: &dyn Experiment,
        place: &mut Vec<u8>,
    ) -> Result<(Outcome, Duration), Error> {
        let mut connection = experiment.connection()?;
        place.clear();
        place.extend_from_slice(&self.record);
        read(&mut connection, place)?;
        // Nothing of that is under way any more when the clock starts.
        fence(Ordering::SeqCst);
        Ok(timed(&mut connection, self.extra))
    }
}

fn check(experiment: &dyn Experiment, class: usize, outcome: &Outcome) -> Result<(), Error> {
    if experiment.is_right(class, outcome) {
        return Ok(());
    }
    let name = &experiment.classes()[class].name;
    Err(format!("{name}: {outcome:?}").into())
}

/// One call site for all classes.
#[inline(never)]
fn timed(connection: &mut Connection, extra: u32) -> (Outcome, Duration) {
    let start = Instant::now();
    let outcome = black_box(&mut *connection).process_new_packets();
    for _ in 0..black_box(extra) {
        black_box(());
    }
    (outcome, start.elapsed())
}

/// Reads a whole record, which is shorter than what is read at once.
fn read(connection: &mut Connection, mut record: &[u8]) -> Result<(), Error> {
    while !record.is_empty() {
        connection.read_tls(&mut record)?;
    }
    Ok(())
}

/// A generator for what experiments put into their records.
fn seeded() -> SmallRng {
    SmallRng::seed_from_u64(rand::random())
}

/// Rounds before the first one that counts; no more than those that do.
const WARM_UP: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_kept_as_bytes_and_added() {
        let samples = Samples(vec![vec![1, 2, 3], vec![4, 5, u32::MAX]]);
        let mut added = Samples::none(2);
        added.add_bytes(&samples.to_bytes());
        assert_eq!(added, samples);
        added.add_bytes(&samples.to_bytes());
        assert_eq!(added.of(1), [4, 5, u32::MAX, 4, 5, u32::MAX]);
        assert_eq!(added.rounds(), 6);
    }
}
