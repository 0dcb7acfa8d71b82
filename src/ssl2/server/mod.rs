//! The server's states at SSL 2.0.
//!
//! ```text
//! ExpectClientHello ─┬─► ExpectClientMasterKey ─┐
//!          (resumed) └──────────────────────────┴─► ExpectClientFinished ─┬─► Established
//!                                                ExpectClientCertificate ◄┴──────▲
//! ```

mod client_certificate;
mod master_key;
mod resumption;

use std::sync::Arc;

use subtle::ConstantTimeEq;

use super::Output;
use crate::cipher_kind::CipherKind;
use crate::config::{ClientVerifier, Event, ServerConfig, Ssl2Certificate};
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::message::ssl2::{
    ClientFinished, ClientHello, MD5_WITH_RSA_ENCRYPTION, Message, RequestCertificate,
    ServerFinished, ServerHello, ServerVerify, Ssl2MessageType, X509_CERTIFICATE,
};
use crate::secrets::Ssl2KeyMaterial;
use crate::session::Ssl2Session;
use crate::version::ProtocolVersion;
use client_certificate::ExpectClientCertificate;

/// What a server waits for.
pub(crate) enum ServerState {
    ExpectClientHello(Box<ExpectClientHello>),
    ExpectClientMasterKey(Box<ExpectClientMasterKey>),
    ExpectClientFinished(Box<ExpectClientFinished>),
    ExpectClientCertificate(Box<ExpectClientCertificate>),
    Established,
}

impl ServerState {
    /// A server whose config has a certificate for SSL 2.0.
    pub(crate) fn new(config: Arc<ServerConfig>) -> Result<Self, Error> {
        let certificate = config.ssl2.clone();
        let certificate = certificate.ok_or(Error::Internal("SSL 2.0 without a certificate"))?;
        let start = Start {
            config,
            certificate,
        };
        Ok(Self::ExpectClientHello(Box::new(ExpectClientHello {
            start,
        })))
    }

    pub(crate) fn handle(self, message: Message<'_>, out: &mut Output<'_>) -> Result<Self, Error> {
        match self {
            Self::ExpectClientHello(state) => state.handle(message, out),
            Self::ExpectClientMasterKey(state) => state.handle(message, out),
            Self::ExpectClientFinished(state) => state.handle(message, out),
            Self::ExpectClientCertificate(state) => state.handle(message, out),
            Self::Established => Err(message.unexpected("application data")),
        }
    }

    /// Whether an ERROR that says that the client has no certificate is an answer.
    pub(crate) fn awaits_certificate(&self) -> bool {
        matches!(self, Self::ExpectClientCertificate(_))
    }
}

/// What a server starts with.
struct Start {
    config: Arc<ServerConfig>,
    certificate: Arc<Ssl2Certificate>,
}

/// Step 1.
pub(crate) struct ExpectClientHello {
    start: Start,
}

impl ExpectClientHello {
    /// Step 2: SERVER-HELLO; where a session is resumed, SERVER-VERIFY, too.
    fn handle(self, message: Message<'_>, out: &mut Output<'_>) -> Result<ServerState, Error> {
        let body = message.expect(Ssl2MessageType::CLIENT_HELLO)?;
        let hello = ClientHello::read(body)?;
        out.known.version = Some(ProtocolVersion::SSLv2);
        let mut connection_id = vec![0; CONNECTION_ID];
        out.random.fill(&mut connection_id)?;
        let greeting = Greeting {
            challenge: hello.challenge.to_vec(),
            random: hello.random(),
            connection_id,
        };
        let start = self.start;
        if let Some(session) = start.find_session(&hello) {
            out.resume(&session);
            greeting.send_server_hello(None, &[], out)?;
            return start.verify(greeting, session, out);
        }
        let policy = &start.config.common.policy;
        let offered: Vec<CipherKind> = hello.cipher_kinds().collect();
        let kinds = policy.allowed_kinds();
        let kinds: Vec<CipherKind> = kinds.filter(|kind| offered.contains(kind)).collect();
        if kinds.is_empty() {
            return Err(PeerIncompatible::NoKindInCommon.into());
        }
        greeting.send_server_hello(Some(&start.certificate), &kinds, out)?;
        Ok(ServerState::ExpectClientMasterKey(Box::new(
            ExpectClientMasterKey {
                start,
                greeting,
                kinds,
            },
        )))
    }
}

/// What the two hellos contribute to the keys.
struct Greeting {
    challenge: Vec<u8>,
    /// The challenge, as later versions read it.
    random: [u8; 32],
    connection_id: Vec<u8>,
}

impl Greeting {
    /// With neither certificate nor kinds, a session is resumed.
    fn send_server_hello(
        &self,
        certificate: Option<&Ssl2Certificate>,
        kinds: &[CipherKind],
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        let cipher_specs: Vec<u8> = kinds.iter().flat_map(|kind| kind.0).collect();
        let hello = ServerHello {
            session_id_hit: certificate.is_none(),
            certificate_type: certificate.map_or(0, |_| X509_CERTIFICATE),
            version: ProtocolVersion::SSLv2.wire(),
            certificate: certificate.map_or(&[], |it| it.certified().end_entity()),
            cipher_specs: &cipher_specs,
            connection_id: &self.connection_id,
        };
        out.send(Ssl2MessageType::SERVER_HELLO, |body| hello.write(body))?;
        out.known.server_hello.clear();
        hello.write(&mut out.known.server_hello);
        Ok(())
    }
}

/// Step 4.
pub(crate) struct ExpectClientMasterKey {
    start: Start,
    greeting: Greeting,
    /// What the SERVER-HELLO listed: the policy's kinds that the client offered.
    kinds: Vec<CipherKind>,
}

impl ExpectClientMasterKey {
    fn handle(self, message: Message<'_>, out: &mut Output<'_>) -> Result<ServerState, Error> {
        let body = message.expect(Ssl2MessageType::CLIENT_MASTER_KEY)?;
        let (master_key, key_arg) = self.decrypt_master_key(body)?;
        out.report(Event::MasterSecretDerived { extended: false });
        let session = self.start.new_session(master_key, key_arg, out)?;
        self.start.verify(self.greeting, session, out)
    }
}

impl Start {
    /// Steps 7 and, before the client's, 9: SERVER-VERIFY.
    fn verify(
        self,
        greeting: Greeting,
        session: Ssl2Session,
        out: &mut Output<'_>,
    ) -> Result<ServerState, Error> {
        let Greeting {
            challenge,
            random,
            connection_id,
        } = greeting;
        let kind = session.master_key.kind();
        out.known.cipher_kind = Some(kind.kind);
        let common = &self.config.common;
        out.log(common.key_log.as_deref(), &random, &session.master_key);
        let keys = Ssl2KeyMaterial::derive(&session.master_key, &challenge, &connection_id);
        out.install_keys(&keys, kind, &session.key_arg, &common.policy)?;
        let verify = ServerVerify {
            challenge: &challenge,
        };
        out.send(Ssl2MessageType::SERVER_VERIFY, |body| verify.write(body))?;
        Ok(ServerState::ExpectClientFinished(Box::new(
            ExpectClientFinished {
                keyed: Keyed {
                    start: self,
                    session,
                    keys,
                },
                connection_id,
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

/// Step 8: the client shows that it has the keys.
pub(crate) struct ExpectClientFinished {
    keyed: Keyed,
    connection_id: Vec<u8>,
}

impl ExpectClientFinished {
    fn handle(self, message: Message<'_>, out: &mut Output<'_>) -> Result<ServerState, Error> {
        let body = message.expect(Ssl2MessageType::CLIENT_FINISHED)?;
        let finished = ClientFinished::read(body)?;
        if !bool::from(finished.connection_id.ct_eq(&self.connection_id)) {
            return Err(PeerMisbehaved::BadFinished.into());
        }
        match self.keyed.start.config.client_verifier.clone() {
            Some(verifier) if out.known.resumption.is_none() => {
                self.keyed.request_certificate(verifier, out)
            }
            _ => self.keyed.finish(out),
        }
    }
}

impl Keyed {
    /// Step 2's second half, which SSL 2.0 has here.
    fn request_certificate(
        self,
        verifier: Arc<dyn ClientVerifier>,
        out: &mut Output<'_>,
    ) -> Result<ServerState, Error> {
        let mut challenge = vec![0; CERTIFICATE_CHALLENGE];
        out.random.fill(&mut challenge)?;
        let request = RequestCertificate {
            authentication_type: MD5_WITH_RSA_ENCRYPTION,
            challenge: &challenge,
        };
        out.send(Ssl2MessageType::REQUEST_CERTIFICATE, |body| {
            request.write(body)
        })?;
        let state = ExpectClientCertificate::new(self, verifier, challenge);
        Ok(ServerState::ExpectClientCertificate(Box::new(state)))
    }

    /// Step 9 ends.
    fn finish(self, out: &mut Output<'_>) -> Result<ServerState, Error> {
        let finished = ServerFinished {
            session_id: &self.session.session_id,
        };
        out.send(Ssl2MessageType::SERVER_FINISHED, |body| {
            finished.write(body)
        })?;
        self.keep_session(out)?;
        out.establish();
        Ok(ServerState::Established)
    }
}

/// Bytes of CONNECTION-ID: as many as all servers sent.
const CONNECTION_ID: usize = 16;

/// Bytes of CERTIFICATE-CHALLENGE-DATA.
const CERTIFICATE_CHALLENGE: usize = 16;
