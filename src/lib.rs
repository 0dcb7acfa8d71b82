//! retrossl
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod alert;
mod crypto;
mod error;
mod fingerprint;
mod message;
mod policy;
mod record;
mod secrets;
mod side;
mod suite;
#[cfg(test)]
mod test_vectors;
mod version;

pub use alert::{AlertDescription, AlertLevel};
pub use crypto::HashAlgorithm;
pub use error::Error;
pub use fingerprint::Fingerprint;
pub use policy::Policy;
pub use suite::CipherSuite;
pub use version::ProtocolVersion;
