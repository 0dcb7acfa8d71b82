//! Choosing one's own certificate.

use core::fmt;
use std::sync::Arc;

use super::certified_key::CertifiedKey;
use crate::message::ClientHello;

/// Chooses a server's certificate for a client.
pub trait ServerCertificateResolver: Send + Sync + fmt::Debug {
    /// The certificate for the client that sent `hello`; `None` refuses it with
    /// `handshake_failure`.
    fn resolve(&self, hello: &ClientHello<'_>) -> Option<Arc<CertifiedKey>>;
}

/// Chooses a client's certificate for a server that asks.
pub trait ClientCertificateResolver: Send + Sync + fmt::Debug {
    /// The certificate for what the server accepts; `None` sends none, which the server may or
    /// may not put up with.
    fn resolve(&self, request: &CertificateRequested<'_>) -> Option<Arc<CertifiedKey>>;
}

/// What a server says it accepts of a client's certificate (RFC 5246 §7.4.4).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CertificateRequested<'a> {
    /// DER of the distinguished names of the authorities that are accepted; empty for any.
    pub authorities: &'a [&'a [u8]],
}

/// One certificate for everybody.
#[derive(Debug)]
pub(crate) struct Always(pub(crate) Arc<CertifiedKey>);

impl ServerCertificateResolver for Always {
    fn resolve(&self, _: &ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

impl ClientCertificateResolver for Always {
    fn resolve(&self, _: &CertificateRequested<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}
