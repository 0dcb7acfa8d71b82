//! What a config is given so that a conversation is the same each time, and costs little: for
//! fuzzing, and for the conversations that are held again with something wrong in them.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls_pki_types::UnixTime;

use crate::crypto::pkcs1::SignatureInput;
use crate::crypto::random::{RandomFailed, SecureRandom};
use crate::crypto::rsa::RsaPublicKey;
use crate::error::KeyError;
use crate::{Clock, PrivateKey, SessionStore};

/// A key that does each operation once: they are the dearest by far, and most are the same.
#[derive(Debug)]
pub(crate) struct RememberingKey {
    key: Arc<dyn PrivateKey>,
    decrypted: Remembered<Result<Vec<u8>, KeyError>>,
    signed: Remembered<Result<Vec<u8>, KeyError>>,
}

impl RememberingKey {
    pub(crate) fn new(key: Arc<dyn PrivateKey>) -> Arc<Self> {
        Arc::new(Self {
            key,
            decrypted: Remembered::default(),
            signed: Remembered::default(),
        })
    }
}

impl PrivateKey for RememberingKey {
    fn public_key(&self) -> &RsaPublicKey {
        self.key.public_key()
    }

    fn raw_decrypt(&self, ciphertext: &[u8], plaintext: &mut [u8]) -> Result<(), KeyError> {
        let decrypted = self.decrypted.of(&[ciphertext], || {
            let mut plaintext = vec![0; plaintext.len()];
            let result = self.key.raw_decrypt(ciphertext, &mut plaintext);
            result.map(|()| plaintext)
        });
        plaintext.copy_from_slice(&decrypted?);
        Ok(())
    }

    fn sign(&self, input: &SignatureInput) -> Result<Vec<u8>, KeyError> {
        // The kind of the input matters, too.
        let name = format!("{input:?}");
        self.signed.of(&[name.as_bytes()], || self.key.sign(input))
    }
}

/// What was worked out before, by all that it depends on.
#[derive(Debug)]
pub(crate) struct Remembered<T>(Mutex<HashMap<Vec<u8>, T>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Remembered<T> {
    pub(crate) fn of(&self, from: &[&[u8]], make: impl FnOnce() -> T) -> T {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() > MAX_REMEMBERED {
            remembered.clear();
        }
        remembered.entry(from.concat()).or_insert_with(make).clone()
    }
}

/// The same numbers each time.
#[derive(Debug)]
pub(crate) struct FixedRandom(AtomicU64);

impl FixedRandom {
    /// Other numbers for each stream.
    pub(crate) fn stream(number: u32) -> Self {
        Self(AtomicU64::new(u64::from(number) << 32))
    }

    /// The same numbers again.
    #[cfg(test)]
    pub(crate) fn restart(&self) {
        self.0.fetch_and(!u64::from(u32::MAX), Ordering::Relaxed);
    }
}

impl SecureRandom for FixedRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed> {
        for chunk in buffer.chunks_mut(8) {
            // SplitMix64.
            let state = self.0.fetch_add(1, Ordering::Relaxed);
            let mut mixed = state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            chunk.copy_from_slice(&mixed.to_be_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// A time that stands still until it is set forward.
#[derive(Debug)]
pub(crate) struct FixedClock(AtomicU64);

impl FixedClock {
    pub(crate) fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Default for FixedClock {
    fn default() -> Self {
        Self(AtomicU64::new(1_717_243_200))
    }
}

impl Clock for FixedClock {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.0.load(Ordering::Relaxed)))
    }
}

/// What is kept, by its name.
pub(crate) type Map = HashMap<Vec<u8>, Vec<u8>>;

/// A store of sealed sessions that can be looked into.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<Map>);

impl Sessions {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Map> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionStore for Sessions {
    fn put(&self, key: &[u8], session: Vec<u8>, _: Duration) {
        self.lock().insert(key.to_vec(), session);
    }

    fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.lock().get(key).cloned()
    }

    fn remove(&self, key: &[u8]) {
        self.lock().remove(key);
    }
}

/// A fuzzer comes with something new for hours.
const MAX_REMEMBERED: usize = 10_000;
