//! Step 6 on the server: authenticating the client.

use std::sync::Arc;

use super::{Keyed, Output, ServerState};
use crate::cert;
use crate::config::{AnonymousClients, ClientToVerify, ClientVerifier, Event};
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::message::ssl2::{
    ClientCertificate, ErrorMessage, Message, Ssl2Error, Ssl2MessageType, X509_CERTIFICATE,
};

/// The client was asked for its certificate.
pub(crate) struct ExpectClientCertificate {
    keyed: Keyed,
    verifier: Arc<dyn ClientVerifier>,
    challenge: Vec<u8>,
}

impl ExpectClientCertificate {
    pub(super) fn new(keyed: Keyed, verifier: Arc<dyn ClientVerifier>, challenge: Vec<u8>) -> Self {
        Self {
            keyed,
            verifier,
            challenge,
        }
    }

    pub(super) fn handle(
        mut self,
        message: Message<'_>,
        out: &mut Output<'_>,
    ) -> Result<ServerState, Error> {
        match message.kind {
            Ssl2MessageType::CLIENT_CERTIFICATE => {
                self.authenticate(&ClientCertificate::read(message.body)?, out)?;
            }
            Ssl2MessageType::ERROR => {
                let ErrorMessage { code } = ErrorMessage::read(message.body)?;
                if code != Ssl2Error::NO_CERTIFICATE {
                    return Err(Error::Ssl2ErrorReceived(code));
                }
                if self.verifier.anonymous_clients() != AnonymousClients::Accepted {
                    return Err(PeerIncompatible::NoClientCertificate.into());
                }
            }
            _ => return Err(message.unexpected(Ssl2MessageType::CLIENT_CERTIFICATE.name())),
        }
        self.keyed.session.peer_certificates = out.known.peer_certificates.clone();
        self.keyed.finish(out)
    }

    fn authenticate(
        &self,
        message: &ClientCertificate<'_>,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        if message.certificate_type != X509_CERTIFICATE {
            return Err(PeerIncompatible::CertificateType(message.certificate_type).into());
        }
        out.known.peer_certificates = vec![message.certificate.to_vec().into()];
        let chain = &out.known.peer_certificates;
        let client_key = match chain.first() {
            Some(certificate) => cert::public_key(certificate)?,
            None => return Err(PeerIncompatible::NoClientCertificate.into()),
        };
        let common = &self.keyed.start.config.common;
        self.verifier.verify_client(&ClientToVerify {
            chain,
            now: common.clock.now(),
            policy: &common.policy,
        })?;
        let own = self.keyed.start.certificate.certified().end_entity();
        let input = self.keyed.keys.response_input(&self.challenge, own);
        if !client_key.verify(&input, message.response) {
            return Err(PeerMisbehaved::BadCertificateVerify.into());
        }
        out.report(Event::PeerAuthenticated);
        Ok(())
    }
}
