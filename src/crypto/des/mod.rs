//! DES and Triple DES (FIPS 46-3, NIST SP 800-67) in CBC mode.
//!
//! Decryption ([`sliced`]) takes many blocks at once and looks nothing up. Encryption
//! ([`serial`]) cannot, and reads tables at places that depend on the key and the data.
//!
//! What was tried, in MB/s of Triple DES and of DES over the 2051 blocks of a full record, on one
//! core of an EPYC 7763 at 3.2 GHz, 2026-11-29. OpenSSL 3.0 beside it: 28 and 77 to decrypt, 27
//! and 71 to encrypt.
//!
//! | decryption | 3DES | DES |
//! | --- | --- | --- |
//! | the `des` crate, with tables | 10.4 | 31.6 |
//! | planes of 64 blocks in words | 136 | 355 |
//! | of 128 in arrays of words, the vectors left to the compiler | 118 | 264 |
//! | of 128 in SSE registers | 332 | 741 |
//! | of 256 in arrays of words, the same within a function for AVX2 | 397 | 867 |
//! | **of 256 in AVX2 registers** | 644 | 1468 |
//!
//! A pass over planes that are hardly filled takes as long as any: a full record is eight and
//! three blocks more. Narrower planes for the rest would save nothing, as a plane's operation
//! takes the same time in any width, and tables would read what is secret; so a record of 256
//! bytes takes 3.6 µs and OpenSSL 10, and one of 40 bytes 3.6, too, where tables would take 1.3.
//!
//! | encryption | 3DES | DES |
//! | --- | --- | --- |
//! | the `des` crate | 10.3 | 30.5 |
//! | tables whose words are expanded for the next round already | 31.1 | 77 |
//! | and what they give joined in a tree, the chain kept expanded | 32.5 | 85 |
//! | **and bytes for indexes, without a mask** | 33.0 | 82 |

mod lanes;
mod sboxes;
mod schedule;
mod serial;
mod sliced;
mod tables;
#[cfg(test)]
mod tests;
mod transpose;

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use schedule::{Subkeys, subkeys};
pub(crate) use serial::{Message, SIDE_BY_SIDE};

/// A key of DES, or with three passes one of Triple DES (encrypt, decrypt, encrypt).
///
/// Any key is taken, weak ones too, and the parity bits are passed over.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Des<const PASSES: usize> {
    /// In the order of encryption.
    passes: [Subkeys; PASSES],
}

impl Des<1> {
    pub(crate) fn new(key: &[u8; 8]) -> Self {
        let passes = [subkeys(*key)];
        Self { passes }
    }
}

impl Des<3> {
    pub(crate) fn new(key: &[u8; 24]) -> Self {
        let [first, second, third] =
            [0, 8, 16].map(|at| subkeys(core::array::from_fn(|place| key[at + place])));
        let mut second = second;
        second.reverse();
        let passes = [first, second, third];
        Self { passes }
    }
}

impl<const PASSES: usize> Des<PASSES> {
    /// CBC-encrypts messages in place, by tables: see [`serial`]. Up to [`SIDE_BY_SIDE`] take
    /// little longer than one.
    pub(crate) fn encrypt_cbc(&self, messages: &mut [Message<'_>]) {
        serial::encrypt_cbc(&self.passes, messages);
    }

    /// CBC-decrypts whole blocks in place, in constant time: see [`sliced`].
    pub(crate) fn decrypt_cbc(&self, iv: [u8; BLOCK], data: &mut [[u8; BLOCK]]) {
        sliced::decrypt_cbc(&self.passes, iv, data);
    }
}

impl<const PASSES: usize> fmt::Debug for Des<PASSES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Des").finish_non_exhaustive()
    }
}

/// Bytes in a block.
pub(crate) const BLOCK: usize = 8;
