//! Primitives behind small functions and enums, so that the protocol code names algorithms and
//! never crates.
//!
//! RC4, RC2, and DES and Triple DES where they encrypt, are table ciphers: their memory accesses
//! depend on the key and the data, and no implementation with tables can change that. DES and
//! Triple DES decrypt without tables, in constant time.

pub(crate) mod aes_cbc;
pub(crate) mod chaining_value;
pub(crate) mod cipher;
pub(crate) mod constant_time;
pub(crate) mod des;
pub(crate) mod ecdsa;
pub(crate) mod hash;
pub(crate) mod hmac;
mod md5;
pub(crate) mod montgomery;
pub(crate) mod pkcs1;
pub(crate) mod random;
mod rc4;
pub(crate) mod rsa;

pub(crate) use cipher::BulkCipher;
pub use hash::HashAlgorithm;
