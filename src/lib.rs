//! retrossl
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod alert;
mod cert;
mod config;
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
pub use config::RsaPrivateKey;
pub use crypto::HashAlgorithm;
pub use error::Error;
pub use fingerprint::Fingerprint;
pub use policy::Policy;
pub use rustls_pki_types as pki_types;
pub use suite::CipherSuite;
pub use version::ProtocolVersion;
