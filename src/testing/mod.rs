//! What unit tests share, and fuzzing a part of it: fixed numbers, vectors, keys, recordings,
//! sealed sessions, and the integration tests' pair of connections.

#[cfg(test)]
#[path = "../../tests/counted/mod.rs"]
pub(crate) mod counted;
pub(crate) mod fixed;
#[cfg(test)]
#[path = "../../tests/in_memory/mod.rs"]
pub(crate) mod in_memory;
#[cfg(test)]
#[allow(
    unreachable_patterns,
    reason = "hashes that only users of the crate have to expect"
)]
#[path = "../../tests/pki/mod.rs"]
pub(crate) mod pki;
#[cfg(test)]
pub(crate) mod recordings;
#[cfg(test)]
pub(crate) mod sessions;
pub(crate) mod vectors;
