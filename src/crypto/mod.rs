//! Primitives behind small functions and enums, so that the protocol code names algorithms and
//! never crates.
//!
//! RC4, and DES and Triple DES one block at a time, are table ciphers: their memory accesses
//! depend on the key and the data, and no implementation with tables can change that.

pub(crate) mod chaining_value;
pub(crate) mod cipher;
pub(crate) mod constant_time;
pub(crate) mod ecdsa;
pub(crate) mod hash;
pub(crate) mod hmac;
pub(crate) mod montgomery;
pub(crate) mod pkcs1;
pub(crate) mod random;
pub(crate) mod rsa;

pub(crate) use cipher::BulkCipher;
pub use hash::HashAlgorithm;
