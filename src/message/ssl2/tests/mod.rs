//! SSL 2.0's wire formats against themselves and at their limits.

mod boundaries;
mod round_trips;
