//! What a verifier has accepted, so that it need not look again.

use core::fmt;
use core::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::cert::Role;
use crate::config::verifier::{ClientToVerify, ServerToVerify};
use crate::crypto::HashAlgorithm;
use crate::crypto::hash::Hash;
use crate::policy::Policy;

/// Chains, by a hash of all that the verdict depends on but time and one verifier's roots and
/// lists, with the seconds from which and to which it holds. Verifiers with other roots or lists do
/// not share it.
pub(super) struct AcceptedChains(Mutex<LruCache<CaseHash, (u64, u64)>>);

/// SHA-256 of a case, its time apart.
type CaseHash = [u8; 32];

/// A peer to be verified.
pub(super) struct Case<'a> {
    pub(super) chain: &'a [CertificateDer<'static>],
    pub(super) role: Role<'a>,
    pub(super) now: UnixTime,
    pub(super) policy: &'a Policy,
}

impl<'a> Case<'a> {
    pub(super) fn of_server(server: &ServerToVerify<'a>) -> Self {
        Self {
            chain: server.chain,
            role: Role::Server(server.server_name, server.key_use),
            now: server.now,
            policy: server.policy,
        }
    }

    pub(super) fn of_client(client: &ClientToVerify<'a>) -> Self {
        Self {
            chain: client.chain,
            role: Role::Client,
            now: client.now,
            policy: client.policy,
        }
    }

    fn hash(&self) -> CaseHash {
        let mut hash = Hash::new(HashAlgorithm::Sha256);
        let mut add = |part: &[u8]| {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        match self.role {
            // A client has no name, and a server never an empty one.
            Role::Client => add(b""),
            Role::Server(name, key_use) => {
                add(name.to_str().as_bytes());
                add(&[key_use as u8]);
            }
        }
        add(&self.policy.canonical());
        self.chain.iter().for_each(|certificate| add(certificate));
        let mut digest = [0; 32];
        digest.copy_from_slice(hash.finish().as_ref());
        digest
    }
}

impl AcceptedChains {
    /// That it was accepted now, and holds until then; of times before nothing is known.
    pub(super) fn remember(&self, case: &Case<'_>, until: UnixTime) {
        let span = (case.now.as_secs(), until.as_secs());
        // A chain may be long, and others wait for the lock.
        let hash = case.hash();
        self.lock().put(hash, span);
    }

    /// Whether the same was accepted, and the time has not changed it.
    pub(super) fn holds(&self, case: &Case<'_>) -> bool {
        let now = case.now.as_secs();
        let hash = case.hash();
        let mut accepted = self.lock();
        let span = accepted.get(&hash);
        span.is_some_and(|(from, until)| (*from..=*until).contains(&now))
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<CaseHash, (u64, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for AcceptedChains {
    fn default() -> Self {
        Self(Mutex::new(LruCache::sparse(MAX)))
    }
}

impl fmt::Debug for AcceptedChains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AcceptedChains({} chains)", self.lock().len())
    }
}

/// How many are remembered.
const MAX: NonZeroUsize = NonZeroUsize::new(256).unwrap();

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn so_many_chains_are_remembered_and_no_more() {
        let accepted = AcceptedChains::default();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1000));
        let chains: Vec<[CertificateDer<'_>; 1]> = (0..=256u16)
            .map(|number| [number.to_be_bytes().to_vec().into()])
            .collect();
        let cases = chains.iter().map(|chain| Case {
            chain,
            role: Role::Client,
            now,
            policy: &Policy::STRICT,
        });
        for case in cases.clone() {
            accepted.remember(&case, now);
            assert!(accepted.holds(&case));
        }
        assert_eq!(cases.filter(|case| accepted.holds(case)).count(), 256);
    }
}
