//! What both sides' configs have.

use core::fmt;
use std::sync::Arc;

use super::clock::{Clock, SystemClock};
use super::error::ConfigError;
use super::key_log::KeyLog;
use super::observer::{Observer, ObserverFactory};
use crate::crypto::HashAlgorithm;
use crate::crypto::random::{SecureRandom, SystemRandom};
use crate::policy::Policy;
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
    pub(crate) buffer_limit: usize,
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
            buffer_limit: DEFAULT_BUFFER_LIMIT,
        }
    }

    pub(crate) fn observer(&self, side: Side) -> Option<Box<dyn Observer>> {
        self.observers
            .as_ref()
            .map(|factory| factory.observer(side))
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        check_policy(&self.policy)?;
        let names = &self.alpn_protocols;
        let encoded_len: usize = names.iter().map(|name| name.len() + 1).sum();
        if names.iter().any(|name| !(1..=255).contains(&name.len())) || encoded_len > MAX_ALPN_LIST
        {
            return Err(ConfigError::BadApplicationProtocol);
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
            .field("buffer_limit", &self.buffer_limit)
            .finish()
    }
}

/// Refuses a policy under which no handshake could succeed.
pub(crate) fn check_policy(policy: &Policy) -> Result<(), ConfigError> {
    if policy.allowed_suites().next().is_none() {
        return Err(ConfigError::NoSuites);
    }
    if policy.lists_too_many_suites() {
        return Err(ConfigError::TooManySuites);
    }
    if let Some(unknown) = policy.allowed_suites().find(|suite| suite.row().is_none()) {
        return Err(ConfigError::UnknownSuite(unknown));
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
        pub fn random(mut self, random: Arc<dyn SecureRandom>) -> Self {
            self.common.random = random;
            self
        }

        /// What time it is; the system's clock by default.
        pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
            self.common.clock = clock;
            self
        }

        /// Logs each connection's master secret; nothing by default.
        pub fn key_log(mut self, key_log: Arc<dyn KeyLog>) -> Self {
            self.common.key_log = Some(key_log);
            self
        }

        /// Is asked for one observer per connection; nobody watches by default.
        pub fn observers(mut self, factory: Arc<dyn ObserverFactory>) -> Self {
            self.common.observers = Some(factory);
            self
        }

        /// How many bytes a connection holds for the user at the most, each way: received
        /// plaintext that is not read yet, and written data that is not taken out yet. 64 KiB by
        /// default, 1 at the least. A whole record of 16 KiB is let in at any limit.
        pub fn buffer_limit(mut self, bytes: usize) -> Self {
            self.common.buffer_limit = bytes.max(1);
            self
        }
    };
}

pub(super) use common_setters;

/// Bytes for the user, each way, unless the config says otherwise.
const DEFAULT_BUFFER_LIMIT: usize = 64 * 1024;

/// A ProtocolNameList's bytes at the most, so that it fits into the hello with all else.
const MAX_ALPN_LIST: usize = 32 * 1024;
