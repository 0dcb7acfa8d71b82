//! Where sessions are kept between connections.

use core::fmt;
use core::num::NonZeroUsize;
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use super::clock::{Clock, SystemClock};

/// Keeps sessions between connections: a server's by session identifier (RFC 5246 §7.3), a
/// client's by the server that they are with.
///
/// A store sees sealed bytes only: it can lose sessions, and neither read nor change them. To lose
/// one is always safe, a full handshake follows; so a store that cannot be reached keeps nothing
/// in [`put`](Self::put) and answers `None` in [`find`](Self::find). It may be asked by many
/// connections at once, and a connection waits for its answer.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
/// use std::time::{Duration, Instant};
///
/// use retrossl::SessionStore;
///
/// #[derive(Debug, Default)]
/// struct Unbounded(Mutex<HashMap<Vec<u8>, (Vec<u8>, Instant)>>);
///
/// impl SessionStore for Unbounded {
///     fn put(&self, key: &[u8], session: Vec<u8>, lifetime: Duration) {
///         let Ok(mut sessions) = self.0.lock() else { return };
///         sessions.insert(key.to_vec(), (session, Instant::now() + lifetime));
///     }
///
///     fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
///         let sessions = self.0.lock().ok()?;
///         let (session, until) = sessions.get(key)?;
///         (Instant::now() < *until).then(|| session.clone())
///     }
///
///     fn remove(&self, key: &[u8]) {
///         let Ok(mut sessions) = self.0.lock() else { return };
///         sessions.remove(key);
///     }
/// }
///
/// let store = Unbounded::default();
/// store.put(b"key", b"sealed".to_vec(), Duration::from_secs(7200));
/// assert_eq!(store.find(b"key"), Some(b"sealed".to_vec()));
/// store.remove(b"key");
/// assert_eq!(store.find(b"key"), None);
/// ```
pub trait SessionStore: Send + Sync + fmt::Debug {
    /// Keeps `session` under `key`, 1 to 32 bytes without meaning, for `lifetime` at the most, in
    /// place of what was there.
    fn put(&self, key: &[u8], session: Vec<u8>, lifetime: Duration);

    /// What is kept under `key`; it stays there.
    fn find(&self, key: &[u8]) -> Option<Vec<u8>>;

    /// Forgets what is kept under `key`, if anything is.
    fn remove(&self, key: &[u8]);
}

impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    fn put(&self, key: &[u8], session: Vec<u8>, lifetime: Duration) {
        (**self).put(key, session, lifetime);
    }

    fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
        (**self).find(key)
    }

    fn remove(&self, key: &[u8]) {
        (**self).remove(key);
    }
}

/// A store in memory with a bounded number of sessions, the default.
///
/// Where there are more, the one that was not used for longest makes way. 100,000 sessions of a
/// server that asks for no certificates take 266 bytes each, with a server name of 11 bytes (as
/// measured on a 64-bit machine). A session of more than 16 KiB, which only a long chain of
/// certificates makes, is not kept.
pub struct MemorySessionStore {
    /// `None` where the capacity is 0.
    sessions: Option<Mutex<LruCache<Key, Kept>>>,
    clock: Arc<dyn Clock>,
}

impl MemorySessionStore {
    /// Keeps `capacity` sessions at the most, for as long as the system's clock says. Memory is
    /// taken as they come.
    pub fn new(capacity: usize) -> Self {
        Self::with_clock(capacity, SystemClock)
    }

    /// The same by another clock.
    pub fn with_clock(capacity: usize, clock: impl Clock + 'static) -> Self {
        let sessions = NonZeroUsize::new(capacity).map(LruCache::sparse);
        Self {
            sessions: sessions.map(Mutex::new),
            clock: Arc::new(clock),
        }
    }

    /// How many sessions are kept; those that are past their lifetime count until they are
    /// noticed.
    pub fn len(&self) -> usize {
        self.lock().map_or(0, |sessions| sessions.len())
    }

    /// Whether no session is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> Option<MutexGuard<'_, LruCache<Key, Kept>>> {
        let sessions = self.sessions.as_ref()?;
        Some(sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn now(&self) -> u64 {
        self.clock.now().as_secs()
    }
}

impl SessionStore for MemorySessionStore {
    fn put(&self, key: &[u8], session: Vec<u8>, lifetime: Duration) {
        if session.len() > MAX_SESSION {
            return self.remove(key);
        }
        let Some(key) = Key::of(key) else {
            return;
        };
        let now = self.now();
        let kept = Kept {
            session: session.into_boxed_slice(),
            until: now.saturating_add(lifetime.as_secs()),
        };
        let Some(mut sessions) = self.lock() else {
            return;
        };
        // Two go where one comes, so memory is given back after a rush, and no call is slow.
        for _ in 0..2 {
            if sessions.peek_lru().is_some_and(|(_, old)| old.until <= now) {
                sessions.pop_lru();
            }
        }
        sessions.put(key, kept);
    }

    fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
        let key = Key::of(key)?;
        let now = self.now();
        let mut sessions = self.lock()?;
        let kept = sessions.get(&key)?;
        if now < kept.until {
            return Some(kept.session.to_vec());
        }
        sessions.pop(&key);
        None
    }

    fn remove(&self, key: &[u8]) {
        if let (Some(key), Some(mut sessions)) = (Key::of(key), self.lock()) {
            sessions.pop(&key);
        }
    }
}

impl fmt::Debug for MemorySessionStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySessionStore")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// In place: one allocation less for each session.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    len: u8,
    bytes: [u8; MAX_KEY],
}

impl Key {
    /// `None` for what no caller has: nothing is kept under a longer key.
    fn of(key: &[u8]) -> Option<Self> {
        let mut bytes = [0; MAX_KEY];
        bytes.get_mut(..key.len())?.copy_from_slice(key);
        Some(Self {
            len: key.len() as u8,
            bytes,
        })
    }
}

struct Kept {
    session: Box<[u8]>,
    /// Seconds since 1970.
    until: u64,
}

/// A session identifier's bytes at the most (RFC 5246 §7.4.1.2).
const MAX_KEY: usize = 32;

/// Bytes of a session that is kept in memory, at the most.
const MAX_SESSION: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicU64, Ordering};

    use rustls_pki_types::UnixTime;

    use super::*;

    #[test]
    fn sessions_are_kept_replaced_and_forgotten() {
        let store = MemorySessionStore::new(10);
        assert!(store.is_empty());
        store.put(b"key", vec![1], HOUR);
        store.put(b"key\0", vec![2], HOUR);
        store.put(b"key", vec![3], HOUR);
        assert_eq!(store.find(b"key"), Some(vec![3]));
        assert_eq!(store.find(b"key"), Some(vec![3]));
        assert_eq!(store.find(b"key\0"), Some(vec![2]));
        assert_eq!(store.len(), 2);
        store.remove(b"key");
        store.remove(b"key");
        assert_eq!(store.find(b"key"), None);
        assert_eq!(store.len(), 1);
    }

    #[test]
    fn the_one_not_used_for_longest_makes_way() {
        let store = MemorySessionStore::new(2);
        store.put(b"a", vec![1], HOUR);
        store.put(b"b", vec![2], HOUR);
        store.find(b"a");
        store.put(b"c", vec![3], HOUR);
        assert_eq!(store.len(), 2);
        assert_eq!(store.find(b"b"), None);
        assert_eq!(store.find(b"a"), Some(vec![1]));
        assert_eq!(store.find(b"c"), Some(vec![3]));
    }

    #[test]
    fn a_session_goes_at_the_end_of_its_lifetime() {
        let (store, clock) = with_fake_clock();
        store.put(b"a", vec![1], HOUR);
        clock.set(1000 + 3599);
        assert_eq!(store.find(b"a"), Some(vec![1]));
        clock.set(1000 + 3600);
        assert_eq!(store.find(b"a"), None);
        assert!(store.is_empty());
        store.put(b"a", vec![1], Duration::MAX);
        clock.set(u64::MAX - 1);
        assert_eq!(store.find(b"a"), Some(vec![1]));
    }

    #[test]
    fn sessions_that_are_over_are_given_back_as_others_come() {
        let (store, clock) = with_fake_clock();
        for key in 0..10 {
            store.put(&[key], vec![key], HOUR);
        }
        clock.set(1000 + 3600);
        for key in 10..15 {
            store.put(&[key], vec![key], HOUR);
        }
        assert_eq!(store.len(), 5);
        assert!((10..15).all(|key| store.find(&[key]) == Some(vec![key])));
    }

    #[test]
    fn what_is_out_of_bounds_is_not_kept() {
        let nothing = MemorySessionStore::new(0);
        nothing.put(b"key", vec![1], HOUR);
        nothing.remove(b"key");
        assert_eq!(nothing.find(b"key"), None);
        assert!(nothing.is_empty());

        let store = MemorySessionStore::new(usize::MAX);
        store.put(&[0; 32], vec![1; MAX_SESSION], HOUR);
        assert_eq!(store.find(&[0; 32]), Some(vec![1; MAX_SESSION]));
        store.put(&[0; 33], vec![1], HOUR);
        store.remove(&[0; 33]);
        assert_eq!(store.find(&[0; 33]), None);
        store.put(b"long", vec![1; MAX_SESSION + 1], HOUR);
        assert_eq!(store.find(b"long"), None);
        store.put(&[0; 32], vec![1; MAX_SESSION + 1], HOUR);
        assert!(store.is_empty(), "not what was replaced either");
    }

    fn with_fake_clock() -> (MemorySessionStore, Arc<FakeClock>) {
        let clock = Arc::new(FakeClock(AtomicU64::new(1000)));
        (MemorySessionStore::with_clock(100, clock.clone()), clock)
    }

    #[derive(Debug)]
    struct FakeClock(AtomicU64);

    impl FakeClock {
        fn set(&self, seconds: u64) {
            self.0.store(seconds, Ordering::Relaxed);
        }
    }

    impl Clock for FakeClock {
        fn now(&self) -> UnixTime {
            UnixTime::since_unix_epoch(Duration::from_secs(self.0.load(Ordering::Relaxed)))
        }
    }

    const HOUR: Duration = Duration::from_secs(3600);
}
