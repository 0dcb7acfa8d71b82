//! From the pre-master secret to the keys: steps 4, 6 and 7 of the handshake.

mod finished;
mod key_block;
mod master_secret;
mod prf;
mod signed_params;
mod ssl2;
mod transcript;

pub(crate) use finished::{FinishedPair, VerifyData, certificate_verify_input};
pub(crate) use key_block::KeyBlock;
pub(crate) use master_secret::{MasterSecret, PreMasterSecret, Randoms};
pub(crate) use signed_params::signed_params;
pub(crate) use ssl2::{Ssl2KeyMaterial, Ssl2MasterKey};
pub(crate) use transcript::Transcript;

#[cfg(test)]
mod tests;
