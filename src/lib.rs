//! retrossl
