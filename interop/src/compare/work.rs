//! What is measured, and how: contestants in turn, in short slices, round after round.

use std::time::{Duration, Instant};

use super::clock::StopWatch;
use crate::Error;

/// Something that a contestant does again and again.
pub trait Work {
    /// Does it so many times; the processor time of what is to be measured of it.
    fn run(&mut self, times: u32) -> Result<Duration, Error>;
}

/// Where everything is to be measured.
impl<F: FnMut() -> Result<(), Error>> Work for F {
    fn run(&mut self, times: u32) -> Result<Duration, Error> {
        let mut watch = StopWatch::default();
        watch.time(|| (0..times).try_for_each(|_| self()))?;
        Ok(watch.elapsed())
    }
}

/// For each of `works`, what it takes once, in nanoseconds: a sample for each round.
///
/// Each round runs a slice of every work; in every other round the order is reversed, so that none
/// of them always follows the same one.
pub fn measure(works: &mut [Box<dyn Work>], budget: Duration) -> Result<Vec<Vec<f64>>, Error> {
    let mut slices = Vec::with_capacity(works.len());
    for work in works.iter_mut() {
        slices.push(times_for_a_slice(&mut **work)?);
    }
    let mut samples = vec![Vec::new(); works.len()];
    let start = Instant::now();
    let mut order: Vec<usize> = (0..works.len()).collect();
    while start.elapsed() < budget || samples[0].len() < FEWEST_ROUNDS {
        for &index in &order {
            let times = slices[index];
            let elapsed = works[index].run(times)?;
            samples[index].push(elapsed.as_nanos() as f64 / f64::from(times));
        }
        order.reverse();
    }
    Ok(samples)
}

/// How often the work has to be done to fill a slice; this warms it up, too.
fn times_for_a_slice(work: &mut dyn Work) -> Result<u32, Error> {
    work.run(1)?;
    let mut times = 1;
    while times < MOST_TIMES {
        let start = Instant::now();
        work.run(times)?;
        if start.elapsed() >= SLICE {
            break;
        }
        times *= 2;
    }
    Ok(times)
}

/// Long beside a reading of the clock, short beside what another program's turn takes.
const SLICE: Duration = Duration::from_millis(3);

/// Of work that takes next to nothing.
const MOST_TIMES: u32 = 1 << 20;

/// However long they take.
const FEWEST_ROUNDS: usize = 7;
