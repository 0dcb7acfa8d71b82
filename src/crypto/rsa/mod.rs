//! RSA: the public key, and the raw private operation, blinded and checked.

mod conversion;
mod key_numbers;
mod operations;
mod private;
mod public;
mod reading;
mod recombination;

pub(crate) use private::{RawFailure, RawPrivateKey};
pub use public::RsaPublicKey;
pub use reading::BadKey;

#[cfg(test)]
mod tests;
