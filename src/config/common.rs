//! What both sides' configs have.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use super::clock::{Clock, SystemClock};
use super::key_log::KeyLog;
use super::observer::{Observer, ObserverFactory};
use super::session_store::{MemorySessionStore, SessionStore};
use super::ticket_keys::TicketKeys;
use crate::crypto::HashAlgorithm;
use crate::crypto::random::{SecureRandom, SystemRandom};
use crate::error::ConfigError;
use crate::policy::Policy;
use crate::record::PlaintextLimit;
use crate::side::Side;
use crate::version::ProtocolVersion;

/// The settings that a client's and a server's config share.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) policy: Policy,
    pub(crate) alpn_protocols: Vec<Vec<u8>>,
    pub(crate) random: Arc<dyn SecureRandom>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
    pub(crate) observers: Option<Arc<dyn ObserverFactory>>,
    pub(crate) sessions: Sessions,
    pub(crate) buffer_limit: usize,
    pub(crate) max_fragment: Option<usize>,
}

impl Common {
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            policy,
            alpn_protocols: Vec::new(),
            random: Arc::new(SystemRandom),
            clock: Arc::new(SystemClock),
            key_log: None,
            observers: None,
            sessions: Sessions::new(),
            buffer_limit: DEFAULT_BUFFER_LIMIT,
            max_fragment: None,
        }
    }

    pub(crate) fn observer(&self, side: Side) -> Option<Box<dyn Observer>> {
        self.observers
            .as_ref()
            .map(|factory| factory.observer(side))
    }

    /// What a record may carry to this side, where the config says so.
    pub(crate) fn plaintext_limit(&self) -> Option<PlaintextLimit> {
        self.max_fragment.and_then(PlaintextLimit::new)
    }

    /// Checks the settings, and makes what has none.
    pub(crate) fn check(&mut self) -> Result<(), ConfigError> {
        check_policy(&self.policy)?;
        let names = &self.alpn_protocols;
        let encoded_len: usize = names.iter().map(|name| name.len() + 1).sum();
        if names.iter().any(|name| !(1..=255).contains(&name.len())) || encoded_len > MAX_ALPN_LIST
        {
            return Err(ConfigError::BadApplicationProtocol);
        }
        if !(MIN_SESSION_LIFETIME..=MAX_SESSION_LIFETIME).contains(&self.sessions.lifetime) {
            return Err(ConfigError::BadSessionLifetime);
        }
        if let Some(bytes) = self.max_fragment
            && self.plaintext_limit().is_none()
        {
            return Err(ConfigError::BadMaxFragment(bytes));
        }
        if self.sessions.store.is_none() {
            let store = MemorySessionStore::with_clock(DEFAULT_SESSIONS, self.clock.clone());
            self.sessions.keep_in(store);
        }
        Ok(())
    }
}

impl fmt::Debug for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Common")
            .field("policy", &self.policy)
            .field("alpn_protocols", &self.alpn_protocols)
            .field("random", &self.random)
            .field("clock", &self.clock)
            .field("key_log", &self.key_log)
            .field("observers", &self.observers)
            .field("sessions", &self.sessions)
            .field("buffer_limit", &self.buffer_limit)
            .field("max_fragment", &self.max_fragment)
            .finish()
    }
}

/// How sessions are resumed.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    /// The default one is made by `build()`, with the config's clock.
    pub(crate) store: Option<Arc<dyn SessionStore>>,
    pub(crate) ticket_keys: Arc<TicketKeys>,
    /// Whole seconds.
    pub(crate) lifetime: Duration,
    pub(crate) by_id: bool,
    pub(crate) by_ticket: bool,
}

impl Sessions {
    fn new() -> Self {
        Self {
            store: None,
            ticket_keys: Arc::new(TicketKeys::rotating(DEFAULT_TICKET_KEY_LIFETIME)),
            lifetime: DEFAULT_SESSION_LIFETIME,
            by_id: true,
            by_ticket: true,
        }
    }
}

impl Sessions {
    pub(super) fn keep_in(&mut self, store: impl SessionStore + 'static) {
        self.store = Some(Arc::new(store));
    }

    pub(crate) fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.store.as_ref()?.find(key)
    }

    pub(crate) fn remove(&self, key: &[u8]) {
        if let Some(store) = &self.store {
            store.remove(key);
        }
    }

    pub(crate) fn put(&self, key: &[u8], sealed: Vec<u8>, lifetime: Duration) {
        if let Some(store) = &self.store {
            store.put(key, sealed, lifetime);
        }
    }
}

/// Refuses a policy under which no handshake could succeed.
pub(crate) fn check_policy(policy: &Policy) -> Result<(), ConfigError> {
    if policy.allowed_suites().next().is_none() && policy.allowed_kinds().next().is_none() {
        return Err(ConfigError::NoSuites);
    }
    if policy.lists_too_many_suites() {
        return Err(ConfigError::TooManySuites);
    }
    if let Some(unknown) = policy.allowed_suites().find(|suite| suite.row().is_none()) {
        return Err(ConfigError::UnknownSuite(unknown));
    }
    if let Some(unknown) = policy.allowed_kinds().find(|kind| kind.row().is_none()) {
        return Err(ConfigError::UnknownKind(unknown));
    }
    let (min, max) = policy.version_range();
    if min > max {
        return Err(ConfigError::EmptyVersionRange(min, max));
    }
    if policy.usable_versions().is_none() {
        return Err(ConfigError::NoUsableVersion(min, max));
    }
    let signs = |hash: &HashAlgorithm| policy.allows_signature_hash(*hash);
    if policy.usable_at(ProtocolVersion::TLSv1_2) && !HashAlgorithm::ALL.iter().any(signs) {
        return Err(ConfigError::NoSignatureHashes);
    }
    Ok(())
}

/// What was given, at most once.
pub(super) fn at_most_one<T>(
    given: Vec<T>,
    several: ConfigError,
) -> Result<Option<T>, ConfigError> {
    let mut given = given.into_iter();
    match (given.next(), given.next()) {
        (first, None) => Ok(first),
        _ => Err(several),
    }
}

/// Adds the setters that both sides' builders have to a builder with a field `common`.
macro_rules! common_setters {
    () => {
        /// Application protocols to negotiate (ALPN, RFC 7301), in order of preference.
        pub fn alpn_protocols<P: Into<Vec<u8>>>(
            mut self,
            protocols: impl IntoIterator<Item = P>,
        ) -> Self {
            self.common.alpn_protocols = protocols.into_iter().map(Into::into).collect();
            self
        }

        /// Where random bytes come from; the system by default. A fixed source makes a
        /// conversation repeatable, and worthless as protection.
        pub fn random(mut self, random: impl SecureRandom + 'static) -> Self {
            self.common.random = Arc::new(random);
            self
        }

        /// What time it is; the system's clock by default.
        pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
            self.common.clock = Arc::new(clock);
            self
        }

        /// Logs each connection's master secret; nothing by default.
        pub fn key_log(mut self, key_log: impl KeyLog + 'static) -> Self {
            self.common.key_log = Some(Arc::new(key_log));
            self
        }

        /// Is asked for one observer per connection; nobody watches by default.
        pub fn observers(mut self, factory: impl ObserverFactory + 'static) -> Self {
            self.common.observers = Some(Arc::new(factory));
            self
        }

        /// Where sessions are kept; by default 1024 of them in memory, for this config and its
        /// clones.
        ///
        /// Configs find each other's sessions where they share the store and
        /// [`ticket_keys`](Self::ticket_keys), as what is in the store is sealed with those.
        pub fn session_store(mut self, store: impl SessionStore + 'static) -> Self {
            self.common.sessions.keep_in(store);
            self
        }

        /// What seals sessions in the store and tickets; by default random keys that rotate every
        /// 12 hours, for this config and its clones. Tickets need no store: servers with the same
        /// keys resume each other's sessions.
        ///
        /// Only configs that authenticate peers alike may share keys: a resumed session is
        /// authenticated as it was when it was made.
        pub fn ticket_keys(mut self, keys: impl Into<Arc<TicketKeys>>) -> Self {
            self.common.sessions.ticket_keys = keys.into();
            self
        }

        /// For how long a session can be resumed: 2 hours by default; whole seconds, from 1 to 24
        /// hours' (RFC 5246 §F.1.4), or `build()` refuses it. What the default ticket keys have
        /// sealed opens for 12 hours at the least: more takes
        /// [`TicketKeys::rotating`] with the lifetime.
        pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
            self.common.sessions.lifetime = Duration::from_secs(lifetime.as_secs());
            self
        }

        /// Resumes no session by its identifier (RFC 5246 §7.3), the only way there is at SSL 3.0.
        pub fn without_session_ids(mut self) -> Self {
            self.common.sessions.by_id = false;
            self
        }

        /// Neither gives nor takes tickets (RFC 5077).
        pub fn without_tickets(mut self) -> Self {
            self.common.sessions.by_ticket = false;
            self
        }

        /// How many bytes a connection holds for the user at the most, each way: received
        /// plaintext that is not read yet, and written data that is not taken out yet. 64 KiB by
        /// default, 1 at the least. A whole record of 16 KiB is let in at any limit.
        pub fn buffer_limit(mut self, bytes: usize) -> Self {
            self.common.buffer_limit = bytes.max(1);
            self
        }

        /// The plaintext that a record to this side may carry, 64 to 16384 bytes; longer ones are
        /// refused with a record_overflow alert, once the peer has agreed. By default nothing
        /// is asked for, and 16384 is the limit, as always.
        ///
        /// A client asks for it by record_size_limit (RFC 8449), and from 512 bytes on by
        /// max_fragment_length (RFC 6066 §4), too, rounded down to 512, 1024, 2048 or 4096, which
        /// then binds both ways. Servers need not agree, and old ones do not. A server can only
        /// answer: it tells its limit to a client that offers record_size_limit; the one of a
        /// client that offers just max_fragment_length holds in its place; and from a client that
        /// offers neither it must take full records, as it must at SSL 3.0.
        ///
        /// SSL 2.0 knows nothing of it, and its records carry up to 32 KiB.
        ///
        /// record_size_limit is for protected records, so a handshake's messages before
        /// ChangeCipherSpec may still come in full ones.
        pub fn max_fragment(mut self, bytes: usize) -> Self {
            self.common.max_fragment = Some(bytes);
            self
        }
    };
}

pub(super) use common_setters;

/// Bytes for the user, each way, unless the config says otherwise.
const DEFAULT_BUFFER_LIMIT: usize = 64 * 1024;

/// Sessions in the default store.
const DEFAULT_SESSIONS: usize = 1024;

const DEFAULT_TICKET_KEY_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

const DEFAULT_SESSION_LIFETIME: Duration = Duration::from_secs(2 * 60 * 60);

const MIN_SESSION_LIFETIME: Duration = Duration::from_secs(1);

/// RFC 5246 §F.1.4.
pub(crate) const MAX_SESSION_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A ProtocolNameList's bytes at the most, so that it fits into the hello with all else.
const MAX_ALPN_LIST: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unless_told_otherwise_1024_sessions_are_kept_for_2_hours() {
        let mut common = Common::new(Policy::HISTORIC);
        common.check().unwrap();
        let sessions = &common.sessions;
        assert_eq!(sessions.lifetime, Duration::from_secs(7200));
        let store = sessions.store.as_ref().unwrap();
        let keys: Vec<_> = (0..1025u32).map(u32::to_be_bytes).collect();
        for key in &keys {
            store.put(key, vec![1], sessions.lifetime);
        }
        let kept = keys.iter().filter(|key| store.find(*key).is_some());
        assert_eq!(kept.count(), 1024);
        assert_eq!(store.find(&keys[0]), None);
    }
}
