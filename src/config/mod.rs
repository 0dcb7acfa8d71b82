//! What a connection must know before it starts, as data and traits.

mod certified_key;
mod client;
mod clock;
mod common;
pub mod dangerous;
mod export_keys;
mod key_log;
mod observer;
mod path_verifier;
mod private_key;
mod resolver;
mod server;
mod session_store;
mod ssl2_certificate;
mod ticket_keys;
mod verifier;

pub use crate::cert::KeyUse;
pub use certified_key::CertifiedKey;
pub use client::{ClientConfig, ClientConfigBuilder};
pub use clock::{Clock, SystemClock};
pub(crate) use common::{Common, MAX_SESSION_LIFETIME, Sessions, check_policy};
#[cfg(any(test, fuzzing))]
pub(crate) use export_keys::ExportKeys;
pub use key_log::{KeyLog, KeyLogFile};
pub use observer::{Direction, Event, Observer, ObserverFactory, Resumption};
pub use path_verifier::PathVerifier;
pub use private_key::{PrivateKey, RsaPrivateKey};
pub use resolver::{
    CertificatesByAuthority, CertificatesByName, ClientCertificateQuery, ClientCertificateResolver,
    ServerCertificateQuery, ServerCertificateResolver,
};
pub use server::{ServerConfig, ServerConfigBuilder};
pub use session_store::{MemorySessionStore, SessionStore};
pub(crate) use ssl2_certificate::Ssl2Certificate;
pub use ticket_keys::{TicketKey, TicketKeys};
pub use verifier::{
    AnonymousClients, ClientToVerify, ClientVerifier, PinnedCertificates, ServerToVerify,
    ServerVerifier,
};
