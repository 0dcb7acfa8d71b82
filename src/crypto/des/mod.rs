//! DES and Triple DES (FIPS 46-3, NIST SP 800-67) in CBC mode.

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
    /// CBC-encrypts whole blocks in place, by tables: see [`serial`].
    pub(crate) fn encrypt_cbc(&self, iv: [u8; BLOCK], data: &mut [[u8; BLOCK]]) {
        serial::encrypt_cbc(&self.passes, iv, data);
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
