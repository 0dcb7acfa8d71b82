//! Where random bytes come from.

use core::fmt;
use std::sync::Arc;

/// A source of unpredictable bytes.
///
/// Everything that a connection draws comes from its config's source, so that a test can replay
/// a conversation byte for byte. (Blinding inside RSA draws from the system: the amount that it
/// takes varies.)
pub trait SecureRandom: Send + Sync + fmt::Debug {
    /// Fills `buffer` whole.
    ///
    /// # Errors
    /// [`RandomFailed`] when the source cannot deliver; the connection then fails.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed>;
}

impl<R: SecureRandom + ?Sized> SecureRandom for Arc<R> {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed> {
        (**self).fill(buffer)
    }
}

/// The source of random bytes failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source of random bytes failed")]
pub struct RandomFailed;

/// The operating system's source, the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl SecureRandom for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed> {
        getrandom::fill(buffer).map_err(|_| RandomFailed)
    }
}
