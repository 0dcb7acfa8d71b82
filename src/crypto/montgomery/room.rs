//! Room for intermediate results.

use core::ops::{Deref, DerefMut};

use zeroize::{Zeroize, Zeroizing};

/// A slice of zeros to begin with, zeroized in the end: on the stack where `NEAR` elements do,
/// which is for the usual keys, so that a handshake's peak on the heap stays small.
pub(crate) struct Room<T: Zeroize, const NEAR: usize> {
    near: Zeroizing<[T; NEAR]>,
    far: Zeroizing<Box<[T]>>,
    len: usize,
}

impl<T: Zeroize + Copy, const NEAR: usize> Room<T, NEAR> {
    pub(super) fn new(zero: T, len: usize) -> Self {
        let far = if len > NEAR { len } else { 0 };
        Self {
            near: Zeroizing::new([zero; NEAR]),
            far: Zeroizing::new(vec![zero; far].into()),
            len,
        }
    }
}

impl<T: Zeroize, const NEAR: usize> Deref for Room<T, NEAR> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self.far.is_empty() {
            true => &self.near[..self.len],
            false => &self.far,
        }
    }
}

impl<T: Zeroize, const NEAR: usize> DerefMut for Room<T, NEAR> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self.far.is_empty() {
            true => &mut self.near[..self.len],
            false => &mut self.far,
        }
    }
}
