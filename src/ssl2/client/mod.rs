//! The client's states at SSL 2.0.
//!
//! ```text
//! ExpectServerHello ─► ExpectServerVerify ─► ExpectServerFinished ─► Established
//! ```

mod hello;
mod master_key;
mod resumption;

use std::sync::Arc;

use rustls_pki_types::ServerName;
use subtle::ConstantTimeEq;

use super::Output;
use crate::cert::{self, KeyUse};
use crate::config::{ClientCertificateQuery, ClientConfig, Event, ServerToVerify};
use crate::crypto::rsa::RsaPublicKey;
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::message::RSA_SIGN;
use crate::message::ssl2::{
    ClientCertificate, ClientFinished, MD5_WITH_RSA_ENCRYPTION, Message, RequestCertificate,
    ServerFinished, ServerHello, ServerVerify, Ssl2Error, Ssl2MessageType, X509_CERTIFICATE,
};
use crate::policy::Policy;
use crate::secrets::Ssl2KeyMaterial;
use crate::session::Ssl2Session;
use crate::version::ProtocolVersion;
pub(crate) use hello::{Offer, send_hello};

/// What a client starts with.
#[derive(Clone)]
pub(crate) struct Start {
    pub(crate) config: Arc<ClientConfig>,
    /// The config's, or what the connection narrowed it to.
    pub(crate) policy: Policy,
    pub(crate) server_name: ServerName<'static>,
    pub(crate) rollback_mark: Mark,
}

/// Whether the client says, where only the server can read it, that it could do better than SSL 2.0
/// (RFC 5246 appendix E.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It could.
    Set,
    /// SSL 2.0 is all that it speaks.
    Unset,
}

/// What a client waits for.
pub(crate) enum ClientState {
    ExpectServerHello(Box<ExpectServerHello>),
    ExpectServerVerify(Box<ExpectServerVerify>),
    ExpectServerFinished(Box<ExpectServerFinished>),
    Established,
}

impl ClientState {
    /// The CLIENT-HELLO was sent.
    pub(crate) fn new(start: Start, offer: Offer) -> Self {
        Self::ExpectServerHello(Box::new(ExpectServerHello { start, offer }))
    }

    pub(crate) fn handle(self, message: Message<'_>, out: &mut Output<'_>) -> Result<Self, Error> {
        match self {
            Self::ExpectServerHello(state) => state.handle(message, out),
            Self::ExpectServerVerify(state) => state.handle(message),
            Self::ExpectServerFinished(state) => state.handle(message, out),
            Self::Established => Err(message.unexpected("application data")),
        }
    }
}

/// Step 2.
pub(crate) struct ExpectServerHello {
    start: Start,
    offer: Offer,
}

impl ExpectServerHello {
    /// Up to the client's Finished, which does not wait for anything.
    fn handle(mut self, message: Message<'_>, out: &mut Output<'_>) -> Result<ClientState, Error> {
        let body = message.expect(Ssl2MessageType::SERVER_HELLO)?;
        out.known.server_hello = body.to_vec();
        let hello = ServerHello::read(body)?;
        if hello.version != ProtocolVersion::SSLv2.wire() {
            return Err(PeerMisbehaved::VersionNotOffered(hello.version).into());
        }
        out.known.version = Some(ProtocolVersion::SSLv2);
        let session = self.offer.session.take();
        let session = if hello.session_id_hit {
            let session = session.ok_or(PeerMisbehaved::SessionNotOffered)?;
            out.resume(&session);
            session
        } else {
            if session.is_some() {
                self.start.forget_session();
            }
            let server_key = self.authenticate_server(&hello, out)?;
            self.send_master_key(&hello, &server_key, out)?
        };
        self.send_finished(&hello, session, out)
    }

    /// Step 3.
    fn authenticate_server(
        &self,
        hello: &ServerHello<'_>,
        out: &mut Output<'_>,
    ) -> Result<RsaPublicKey, Error> {
        if hello.certificate.is_empty() {
            return Err(PeerMisbehaved::NoServerCertificate.into());
        }
        if hello.certificate_type != X509_CERTIFICATE {
            return Err(PeerIncompatible::CertificateType(hello.certificate_type).into());
        }
        // Readable also when what follows refuses it.
        out.known.peer_certificates = vec![hello.certificate.to_vec().into()];
        let chain = &out.known.peer_certificates;
        let server_key = match chain.first() {
            Some(certificate) => cert::public_key(certificate)?,
            None => return Err(PeerMisbehaved::NoServerCertificate.into()),
        };
        let config = &self.start.config;
        config.verifier.verify_server(&ServerToVerify {
            chain,
            server_name: &self.start.server_name,
            now: config.common.clock.now(),
            policy: &self.start.policy,
            key_use: KeyUse::KeyEncipherment,
        })?;
        out.report(Event::PeerAuthenticated);
        Ok(server_key)
    }

    /// Steps 7 and 8.
    fn send_finished(
        self,
        hello: &ServerHello<'_>,
        session: Ssl2Session,
        out: &mut Output<'_>,
    ) -> Result<ClientState, Error> {
        let kind = session.master_key.kind();
        out.known.cipher_kind = Some(kind.kind);
        let key_log = self.start.config.common.key_log.as_deref();
        out.log(key_log, &self.offer.random, &session.master_key);
        let connection_id = hello.connection_id;
        let keys =
            Ssl2KeyMaterial::derive(&session.master_key, &self.offer.challenge, connection_id);
        out.install_keys(&keys, kind, &session.key_arg, &self.start.policy)?;
        let finished = ClientFinished { connection_id };
        out.send(Ssl2MessageType::CLIENT_FINISHED, |body| {
            finished.write(body)
        })?;
        Ok(ClientState::ExpectServerVerify(Box::new(
            ExpectServerVerify {
                keyed: Keyed {
                    start: self.start,
                    session,
                    keys,
                },
                challenge: self.offer.challenge,
            },
        )))
    }
}

/// What is known once both sides can derive the keys.
struct Keyed {
    start: Start,
    /// What is kept of the connection when its handshake is complete.
    session: Ssl2Session,
    keys: Ssl2KeyMaterial,
}

/// Step 9 begins: the server shows that it has the keys.
pub(crate) struct ExpectServerVerify {
    keyed: Keyed,
    challenge: Vec<u8>,
}

impl ExpectServerVerify {
    fn handle(self, message: Message<'_>) -> Result<ClientState, Error> {
        let body = message.expect(Ssl2MessageType::SERVER_VERIFY)?;
        let verify = ServerVerify::read(body)?;
        if !bool::from(verify.challenge.ct_eq(&self.challenge)) {
            return Err(PeerMisbehaved::BadFinished.into());
        }
        Ok(ClientState::ExpectServerFinished(Box::new(
            ExpectServerFinished {
                keyed: self.keyed,
                answered: false,
            },
        )))
    }
}

/// Step 9 goes on, unless the server wants the client's certificate first.
pub(crate) struct ExpectServerFinished {
    keyed: Keyed,
    /// Whether it has asked for one.
    answered: bool,
}

impl ExpectServerFinished {
    fn handle(mut self, message: Message<'_>, out: &mut Output<'_>) -> Result<ClientState, Error> {
        match message.kind {
            Ssl2MessageType::REQUEST_CERTIFICATE if !self.answered => {
                let request = RequestCertificate::read(message.body)?;
                self.keyed.send_certificate(&request, out)?;
                self.answered = true;
                Ok(ClientState::ExpectServerFinished(Box::new(self)))
            }
            Ssl2MessageType::SERVER_FINISHED => {
                let finished = ServerFinished::read(message.body);
                self.keyed.keep_session(finished.session_id, out)?;
                out.establish();
                Ok(ClientState::Established)
            }
            _ => Err(message.unexpected("REQUEST-CERTIFICATE or SERVER-FINISHED")),
        }
    }
}

impl Keyed {
    /// Step 5.
    fn send_certificate(
        &self,
        request: &RequestCertificate<'_>,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        let query = ClientCertificateQuery::new(&[], &[RSA_SIGN], &[]);
        let resolver = self.start.config.resolver.as_ref();
        let certified = resolver
            .filter(|_| request.authentication_type == MD5_WITH_RSA_ENCRYPTION)
            .and_then(|resolver| resolver.resolve(&query));
        let Some(certified) = certified else {
            return out.send_error(Ssl2Error::NO_CERTIFICATE);
        };
        certified.check_key_length(&self.start.policy)?;
        let server = out.known.peer_certificates.first();
        let server = server.ok_or(Error::Internal("a server without a certificate"))?;
        let input = self.keys.response_input(request.challenge, server);
        let response = certified.sign(&input)?;
        let message = ClientCertificate {
            certificate_type: X509_CERTIFICATE,
            certificate: certified.end_entity(),
            response: &response,
        };
        out.send(Ssl2MessageType::CLIENT_CERTIFICATE, |body| {
            message.write(body)
        })?;
        Ok(())
    }
}
