//! What weakens checking, behind a name that a reviewer can search for.

use super::verifier::{
    AnonymousClients, ClientToVerify, ClientVerifier, ServerToVerify, ServerVerifier,
};
use crate::error::CertificateError;

/// Accepts whatever certificate the peer presents, so that anybody in between can read and change
/// everything.
///
/// For scanners and laboratories. To talk to a device, pin its certificate instead
/// ([`PinnedCertificates`](crate::PinnedCertificates)). As a [`ClientVerifier`] it asks for a
/// certificate and goes on without one.
#[derive(Clone, Copy, Debug, Default)]
pub struct AcceptAnyCertificate;

impl ServerVerifier for AcceptAnyCertificate {
    fn verify_server(&self, _: &ServerToVerify<'_>) -> Result<(), CertificateError> {
        Ok(())
    }
}

impl ClientVerifier for AcceptAnyCertificate {
    fn anonymous_clients(&self) -> AnonymousClients {
        AnonymousClients::Accepted
    }

    fn verify_client(&self, _: &ClientToVerify<'_>) -> Result<(), CertificateError> {
        Ok(())
    }
}
