//! What unit tests share: vectors, keys, recordings, and the integration tests' pair of
//! connections.

#[path = "../../tests/in_memory/mod.rs"]
pub(crate) mod in_memory;
pub(crate) mod recordings;
pub(crate) mod vectors;
