//! DES and Triple DES (FIPS 46-3, NIST SP 800-67) in CBC mode.
//!
//! Decryption ([`sliced`]) takes many blocks at once and looks nothing up. Encryption
//! ([`serial`]) cannot, and reads tables at places that depend on the key and the data.
//!
//! What was tried, in MB/s of Triple DES and of DES over the 2051 blocks of a full record, on one
//! core of an EPYC 7763 at 3.2 GHz, 2026-11-29. OpenSSL 3.0 beside it: 28 and 77 to decrypt, 27
//! and 72 to encrypt.
//!
//! | decryption | 3DES | DES |
//! | --- | --- | --- |
//! | the `des` crate, with tables | 10.4 | 31.5 |
//! | planes of 128 blocks in arrays of words, the vectors left to the compiler | 118 | 264 |
//! | planes of 256 in arrays of words, within a function for AVX2 | 397 | 867 |
//! | planes of 256 in registers that are aligned like words | 438 | 1153 |
//! | the same, aligned like registers | 506 | 1205 |
//! | the same, eight rows at a time through three steps of the transposition | 588 | 1440 |
//! | **the same, with masks that are made by vectors, and memory that is cleared once** | 711 | 1615 |
//! | that with 128 blocks in SSE registers, where there is no AVX2 | 330 | 785 |
//! | that with 64 blocks in words, where there is neither | 148 | 382 |
//!
//! A pass over planes that are hardly filled takes as long as any, and a full record is eight and
//! three blocks more. Narrower planes for the rest would save nothing, as a plane's operation
//! takes the same time in any width, and tables would read what is secret. So a record of 256
//! bytes takes 3.2 µs (OpenSSL: 10), and one of 40 bytes 3.2, too (OpenSSL: 1.4). It takes 21 KiB
//! of stack, of which the masks are cleared behind it.
//!
//! | encryption | 3DES | DES |
//! | --- | --- | --- |
//! | the `des` crate | 10.3 | 30.5 |
//! | tables whose words are expanded for the next round already | 31.1 | 77 |
//! | the same, what they give joined in a tree, and the chain kept expanded | 32.5 | 85 |
//! | **the same, with bytes for indexes, without a mask** | 33.3 | 86 |
//! | **two messages side by side** | 54 | |
//! | **three** | 65 | |
//! | **four** | 65 | 147 |

mod planes;
mod sboxes;
mod schedule;
mod serial;
mod sliced;
mod tables;
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
        let passes = [0, 8, 16].map(|at| subkeys(core::array::from_fn(|place| key[at + place])));
        let mut des = Self { passes };
        des.passes[1].reverse();
        des
    }
}

impl<const PASSES: usize> Des<PASSES> {
    /// CBC-encrypts messages in place, by tables: see [`serial`]. [`SIDE_BY_SIDE`] take as long
    /// as two one after the other.
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

#[cfg(test)]
mod tests;
