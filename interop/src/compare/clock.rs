//! Processor time of this thread: what other programs take on the same core does not count.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::Error;

/// What the thread has used so far.
pub fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// A sum of spans, each of which is between two readings of the clock.
#[derive(Debug, Default)]
pub struct StopWatch(Duration);

impl StopWatch {
    pub fn time<T>(&mut self, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let start = now();
        let done = work()?;
        self.0 += now() - start;
        Ok(done)
    }

    pub fn elapsed(&self) -> Duration {
        self.0
    }
}
