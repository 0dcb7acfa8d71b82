//! Every derivation against conversations of independent stacks, or, where there are none, against
//! values from elsewhere.

mod export;
mod fips;
mod recorded;
mod recorded_ssl2;
