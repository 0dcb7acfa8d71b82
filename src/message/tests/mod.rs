//! The wire formats against themselves, at their limits, and against real hellos.

mod boundaries;
mod round_trips;
