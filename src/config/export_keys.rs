//! A server's ephemeral RSA keys for the export suites (RFC 2246 §7.4.3).

use core::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls_pki_types::UnixTime;

use super::private_key::RsaPrivateKey;
use crate::crypto::random::{RandomFailed, SecureRandom};

/// One key for each limit that suites have, shared by a config's connections and renewed by age
/// and by use: who factors one, which takes hours at 512 bits, finds little under it (FREAK).
#[derive(Default)]
pub(crate) struct ExportKeys(Mutex<Vec<Made>>);

struct Made {
    bits: usize,
    key: Arc<RsaPrivateKey>,
    at: UnixTime,
    uses: u32,
}

impl ExportKeys {
    /// Makes a key of so many bits ahead, so that the first handshake has not to wait for it; those
    /// that come when it is to be renewed wait for some milliseconds.
    pub(crate) fn prepare(
        &self,
        bits: usize,
        now: UnixTime,
        random: &dyn SecureRandom,
    ) -> Result<(), RandomFailed> {
        self.with(bits, now, random, |_| {})
    }

    /// The key of so many bits, for one more handshake.
    pub(crate) fn key(
        &self,
        bits: usize,
        now: UnixTime,
        random: &dyn SecureRandom,
    ) -> Result<Arc<RsaPrivateKey>, RandomFailed> {
        self.with(bits, now, random, |made| {
            made.uses += 1;
            made.key.clone()
        })
    }

    /// Hands out the key, a new one where there is none or it is worn out.
    fn with<T>(
        &self,
        bits: usize,
        now: UnixTime,
        random: &dyn SecureRandom,
        hand_out: impl FnOnce(&mut Made) -> T,
    ) -> Result<T, RandomFailed> {
        // A thread that panicked elsewhere has left whole keys behind.
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|made| made.bits != bits || made.is_fresh(now));
        if let Some(made) = keys.iter_mut().find(|made| made.bits == bits) {
            return Ok(hand_out(made));
        }
        let mut made = Made {
            bits,
            key: Arc::new(RsaPrivateKey::generate(bits, random)?),
            at: now,
            uses: 0,
        };
        let handed_out = hand_out(&mut made);
        keys.push(made);
        Ok(handed_out)
    }
}

#[cfg(any(test, fuzzing))]
impl ExportKeys {
    /// With keys that were made already.
    pub(crate) fn given(keys: impl IntoIterator<Item = Arc<RsaPrivateKey>>, at: UnixTime) -> Self {
        use super::private_key::PrivateKey;
        let made = |key: Arc<RsaPrivateKey>| Made {
            bits: key.public_key().bits(),
            key,
            at,
            uses: 0,
        };
        Self(Mutex::new(keys.into_iter().map(made).collect()))
    }
}

impl Made {
    /// A clock that was set back makes a key old, too.
    fn is_fresh(&self, now: UnixTime) -> bool {
        let age = now.as_secs().checked_sub(self.at.as_secs());
        self.uses < MAX_USES && age.is_some_and(|age| age < MAX_AGE)
    }
}

impl fmt::Debug for ExportKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExportKeys(…)")
    }
}

/// Handshakes that one key is used in.
const MAX_USES: u32 = 200;

/// Seconds that one key is used for.
const MAX_AGE: u64 = 15 * 60;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::super::private_key::PrivateKey;
    use super::*;
    use crate::crypto::random::SystemRandom;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn a_key_is_shared_until_it_is_old() {
        let keys = ExportKeys::default();
        let of = |bits, seconds| keys.key(bits, at(seconds), &SystemRandom).unwrap();
        keys.prepare(512, at(1000), &SystemRandom).unwrap();
        let first = of(512, 1000);
        assert!(Arc::ptr_eq(&first, &of(512, 1000 + 15 * 60 - 1)));
        assert_eq!(of(1024, 1000).public_key().bits(), 1024);
        let second = of(512, 1000 + 15 * 60);
        assert_ne!(first.public_key(), second.public_key());
        let after_the_clock_was_set_back = of(512, 999 + 15 * 60);
        assert!(!Arc::ptr_eq(&second, &after_the_clock_was_set_back));
    }

    #[test]
    fn a_key_is_shared_until_it_is_worn_out() {
        let keys = ExportKeys::default();
        let next = || keys.key(512, at(1000), &SystemRandom).unwrap();
        let first = next();
        for _ in 1..200 {
            assert!(Arc::ptr_eq(&first, &next()));
        }
        assert!(!Arc::ptr_eq(&first, &next()));
    }
}
