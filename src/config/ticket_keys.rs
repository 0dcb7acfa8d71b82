//! The keys that seal sessions and tickets before they leave the process (RFC 5077 §4, §5.5).
//!
//! Sealed bytes are a format number (1 byte), the key's name (16), a salt (16), the ciphertext and
//! the tag (16) of AES-256-GCM. What stands before the ciphertext, and the caller's context, are
//! associated data.
//!
//! With random nonces of 96 bits, one AES key would be worn out after 2^32 seals (NIST SP 800-38D
//! §8.3), and a server of a fleet cannot count the others'. So each seal has an AES key of its
//! own, the HMAC-SHA-256 of its salt under the sealing key, and nonce 0. Only the salt must not
//! repeat: after 2^48 seals by the whole fleet the chance that it did is 2^-33, below the 2^-32
//! that SP 800-38D allows.

use core::fmt;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use crate::crypto::cipher::{AeadKey, NONCE, TAG};
use crate::crypto::hash::{Digest, Hash};
use crate::crypto::hmac::HmacKey;
use crate::crypto::random::{RandomFailed, SecureRandom};
use crate::crypto::{BulkCipher, HashAlgorithm};
use crate::error::ConfigError;

/// A key that seals sessions and tickets, for a fleet whose servers resume each other's sessions.
///
/// Whoever has it reads the master secrets of all sessions that it sealed, and can forge others.
/// Zeroized on drop; `Debug` shows the name that stands in every ticket.
#[derive(Clone)]
pub struct TicketKey {
    name: [u8; NAME],
    // On the heap, so that moving the key leaves no copy behind.
    sealing: Box<Zeroizing<[u8; SECRET]>>,
}

impl TicketKey {
    /// The key that `secret` gives: 32 bytes from a source of random bytes, the same on each
    /// server. A password in their place could be guessed from a single ticket.
    pub fn new(secret: [u8; 32]) -> Self {
        Self::of(&Zeroizing::new(secret))
    }

    fn random(random: &dyn SecureRandom) -> Result<Self, RandomFailed> {
        let mut secret = Zeroizing::new([0; SECRET]);
        random.fill(&mut *secret)?;
        Ok(Self::of(&secret))
    }

    fn of(secret: &[u8; SECRET]) -> Self {
        let mut hash = Hash::new(HashAlgorithm::Sha256);
        hash.update(NAME_LABEL);
        hash.update(secret);
        let mut name = [0; NAME];
        name.copy_from_slice(&hash.finish().as_ref()[..NAME]);
        let mut sealing = Box::new(Zeroizing::new([0; SECRET]));
        let derived = HmacKey::new(HashAlgorithm::Sha256, secret).compute(&[SEALING_LABEL]);
        sealing.copy_from_slice(derived.as_ref());
        Self { name, sealing }
    }

    fn one_time_secret(&self, salt: &[u8; SALT]) -> Digest {
        HmacKey::new(HashAlgorithm::Sha256, &**self.sealing).compute(&[salt])
    }
}

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketKey(")?;
        for byte in self.name {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

/// The keys that seal a config's sessions and tickets: one seals, all open.
///
/// Configs that share keys take each other's sessions for their own, so they must authenticate
/// peers alike.
///
/// ```
/// use retrossl::{TicketKey, TicketKeys};
///
/// # let (yesterdays, todays) = ([1; 32], [2; 32]);
/// let keys = TicketKeys::given([TicketKey::new(yesterdays)])?;
/// // A day later, on each server of the fleet; yesterday's tickets are still accepted.
/// keys.replace([TicketKey::new(todays), TicketKey::new(yesterdays)])?;
/// # Ok::<_, retrossl::ConfigError>(())
/// ```
pub struct TicketKeys(Mutex<Keys>);

impl TicketKeys {
    /// Random keys of one's own, made when they are needed.
    ///
    /// A key seals for `lifetime` and opens for another `lifetime`; the first use after that
    /// erases it. Whole seconds count, one at the least; the time is that of the config's clock.
    pub fn rotating(lifetime: Duration) -> Self {
        Self::of(Keys::Rotating(RotatingKeys {
            lifetime: lifetime.max(Duration::from_secs(1)),
            newest_first: Vec::new(),
        }))
    }

    /// The caller's keys; the first one seals, all of them open.
    ///
    /// # Errors
    /// [`ConfigError::NoTicketKeys`].
    pub fn given(keys: impl IntoIterator<Item = TicketKey>) -> Result<Self, ConfigError> {
        Keys::given(keys).map(Self::of)
    }

    /// Uses these keys from now on and erases the others, those that rotate among them; usually a
    /// new one and the one before it.
    ///
    /// # Errors
    /// [`ConfigError::NoTicketKeys`]; the keys are then what they were.
    pub fn replace(&self, keys: impl IntoIterator<Item = TicketKey>) -> Result<(), ConfigError> {
        // The caller's iterator must not run under the lock.
        let keys = Keys::given(keys)?;
        *self.lock() = keys;
        Ok(())
    }

    /// Seals `plaintext`, which opens again with the same `context` only; 49 bytes longer.
    pub(crate) fn seal(
        &self,
        plaintext: &[u8],
        context: &[u8],
        now: UnixTime,
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, RandomFailed> {
        let mut salt = [0; SALT];
        random.fill(&mut salt)?;
        let mut sealed = Vec::with_capacity(HEADER + plaintext.len() + TAG);
        sealed.push(FORMAT);
        let secret = {
            let mut keys = self.lock();
            let key = keys.sealing(now, random)?;
            sealed.extend_from_slice(&key.name);
            key.one_time_secret(&salt)
        };
        sealed.extend_from_slice(&salt);
        let associated_data = [&sealed, context].concat();
        sealed.extend_from_slice(plaintext);
        let tag = aead_key(&secret)
            .seal(&ONE_TIME_NONCE, &associated_data, &mut sealed[HEADER..])
            .expect("what is sealed is shorter than 64 GiB");
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// What was sealed with this `context`; `None` for anything else, and after the key is gone.
    pub(crate) fn open(
        &self,
        sealed: &[u8],
        context: &[u8],
        now: UnixTime,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let (header, rest) = sealed.split_first_chunk::<HEADER>()?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG>()?;
        let ([FORMAT], rest) = header.split_first_chunk()? else {
            return None;
        };
        let (name, salt) = rest.split_first_chunk()?;
        let secret = self
            .lock()
            .named(name, now)?
            .one_time_secret(salt.first_chunk()?);
        let mut data = Zeroizing::new(ciphertext.to_vec());
        let associated_data = [header, context].concat();
        aead_key(&secret)
            .open(&ONE_TIME_NONCE, &associated_data, &mut data, tag)
            .then_some(data)
    }

    fn of(keys: Keys) -> Self {
        Self(Mutex::new(keys))
    }

    fn lock(&self) -> MutexGuard<'_, Keys> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TicketKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketKeys(…)")
    }
}

enum Keys {
    Rotating(RotatingKeys),
    Given {
        sealing: TicketKey,
        others: Vec<TicketKey>,
    },
}

impl Keys {
    fn given(keys: impl IntoIterator<Item = TicketKey>) -> Result<Self, ConfigError> {
        let mut keys = keys.into_iter();
        Ok(Self::Given {
            sealing: keys.next().ok_or(ConfigError::NoTicketKeys)?,
            others: keys.collect(),
        })
    }

    fn sealing(
        &mut self,
        now: UnixTime,
        random: &dyn SecureRandom,
    ) -> Result<&TicketKey, RandomFailed> {
        match self {
            Self::Rotating(keys) => keys.sealing(now, random),
            Self::Given { sealing, .. } => Ok(sealing),
        }
    }

    fn named(&mut self, name: &[u8; NAME], now: UnixTime) -> Option<&TicketKey> {
        match self {
            Self::Rotating(keys) => keys.named(name, now),
            Self::Given { sealing, others } => core::iter::once(&*sealing)
                .chain(others.iter())
                .find(|key| key.name == *name),
        }
    }
}

struct RotatingKeys {
    lifetime: Duration,
    newest_first: Vec<RotatingKey>,
}

struct RotatingKey {
    key: TicketKey,
    made: u64,
}

impl RotatingKeys {
    fn sealing(
        &mut self,
        now: UnixTime,
        random: &dyn SecureRandom,
    ) -> Result<&TicketKey, RandomFailed> {
        self.erase_old(now);
        let newest = self.newest_first.first();
        if newest.is_none_or(|newest| newest.age(now) >= self.lifetime) {
            let key = TicketKey::random(random)?;
            let made = now.as_secs();
            self.newest_first.insert(0, RotatingKey { key, made });
            self.newest_first.truncate(KEPT);
        }
        Ok(&self.newest_first[0].key)
    }

    fn named(&mut self, name: &[u8; NAME], now: UnixTime) -> Option<&TicketKey> {
        self.erase_old(now);
        let mut keys = self.newest_first.iter().map(|rotating| &rotating.key);
        keys.find(|key| key.name == *name)
    }

    fn erase_old(&mut self, now: UnixTime) {
        for key in &mut self.newest_first {
            // Else a clock that was far ahead for a moment would keep a key for years.
            key.made = key.made.min(now.as_secs());
        }
        let end = self.lifetime.saturating_mul(2);
        self.newest_first.retain(|key| key.age(now) < end);
    }
}

impl RotatingKey {
    fn age(&self, now: UnixTime) -> Duration {
        Duration::from_secs(now.as_secs().saturating_sub(self.made))
    }
}

fn aead_key(secret: &Digest) -> AeadKey {
    AeadKey::new(BulkCipher::Aes256Gcm, secret.as_ref()).expect("SHA-256 gives AES-256's 32 bytes")
}

/// The only format of sealed bytes so far.
const FORMAT: u8 = 1;

const NAME: usize = 16;

const SALT: usize = 16;

const SECRET: usize = 32;

/// Format number, key's name, salt.
const HEADER: usize = 1 + NAME + SALT;

/// Each AES key seals once.
const ONE_TIME_NONCE: [u8; NONCE] = [0; NONCE];

/// Rotating keys at the most: the one that seals and the one before it.
const KEPT: usize = 2;

const NAME_LABEL: &[u8] = b"retrossl ticket key name";

const SEALING_LABEL: &[u8] = b"retrossl ticket sealing key";

#[cfg(test)]
mod tests;
