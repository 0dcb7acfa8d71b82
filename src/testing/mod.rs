//! What unit tests share: vectors, keys, recordings, sealed sessions, and the integration tests'
//! pair of connections.

#[path = "../../tests/in_memory/mod.rs"]
pub(crate) mod in_memory;
pub(crate) mod recordings;
pub(crate) mod sessions;
pub(crate) mod vectors;
