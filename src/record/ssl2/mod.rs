//! SSL 2.0's record layer (The SSL Protocol, §1): framing, protection, fragmenting.
//!
//! Records have no type: in the handshake each holds one message, after it each holds data.

mod header;
mod opener;
mod protection;
mod sealer;
mod usage;

pub(crate) use header::{Header, MAX_RECORD};
pub(crate) use opener::{Opener, Record};
pub(crate) use protection::Protection;
pub(crate) use sealer::Sealer;

#[cfg(test)]
mod tests;
