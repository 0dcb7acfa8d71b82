//! The client's states.
//!
//! ```text
//! ExpectServerHello ─► ExpectCertificate ─► ExpectCertificateRequestOrDone ─┬─► ExpectChangeCipherSpec
//!                                                   └─► ExpectServerHelloDone ┘        │
//!                                             Established ◄─ ExpectFinished ◄──────────┘
//! ```

mod client_certificate;
mod hello;
mod key_exchange;
mod server_hello;

use crate::cert;
use crate::config::Event;
use crate::config::ServerToVerify;
use crate::crypto::rsa::RsaPublicKey;
use crate::error::{Error, PeerMisbehaved};
use crate::handshake::{Incoming, Negotiated, Output, signature_hashes};
use crate::message::{Certificate, CertificateRequest, HandshakeType, ServerHello};
use crate::secrets::{KeyBlock, MasterSecret, Randoms};
use crate::side::Side;
use crate::suite::KeyExchange;
use client_certificate::ClientCertificate;
use hello::Offer;
pub(crate) use hello::{Attempt, Start};

/// What a client waits for.
pub(crate) enum ClientState {
    ExpectServerHello(Box<ExpectServerHello>),
    ExpectCertificate(Box<ExpectCertificate>),
    ExpectCertificateRequestOrDone(Box<ExpectCertificateRequestOrDone>),
    ExpectServerHelloDone(Box<ExpectServerHelloDone>),
    ExpectChangeCipherSpec(Box<ExpectChangeCipherSpec>),
    ExpectFinished(Box<ExpectFinished>),
    Established,
}

impl ClientState {
    /// Sends the ClientHello: step 1.
    pub(crate) fn start(start: Start, out: &mut Output<'_>) -> Result<Self, Error> {
        let offer = hello::send(&start, out)?;
        Ok(Self::ExpectServerHello(Box::new(ExpectServerHello {
            start,
            offer,
        })))
    }

    pub(crate) fn handle(
        self,
        incoming: Incoming<'_>,
        out: &mut Output<'_>,
    ) -> Result<Self, Error> {
        match self {
            Self::ExpectServerHello(state) => state.handle(incoming, out),
            Self::ExpectCertificate(state) => state.handle(incoming, out),
            Self::ExpectCertificateRequestOrDone(state) => state.handle(incoming, out),
            Self::ExpectServerHelloDone(state) => state.handle(incoming, out),
            Self::ExpectChangeCipherSpec(state) => state.handle(incoming, out),
            Self::ExpectFinished(state) => state.handle(incoming, out),
            Self::Established => Err(incoming.unexpected("application data")),
        }
    }

    pub(crate) fn is_established(&self) -> bool {
        matches!(self, Self::Established)
    }
}

/// Step 2 begins.
pub(crate) struct ExpectServerHello {
    start: Start,
    offer: Offer,
}

impl ExpectServerHello {
    fn handle(self, incoming: Incoming<'_>, out: &mut Output<'_>) -> Result<ClientState, Error> {
        let message = incoming.expect(HandshakeType::SERVER_HELLO)?;
        out.known.server_hello = message.body.to_vec();
        let hello = ServerHello::read(message.body)?;
        out.known.suite = Some(hello.cipher_suite);
        let choice = server_hello::judge(&self.start, &self.offer, &hello, out)?;
        let randoms = Randoms {
            client: self.offer.random,
            server: hello.random,
        };
        // A CertificateRequest may ask for a signature over any of them.
        let signature_hashes =
            signature_hashes(&self.start.policy).filter(|_| self.start.config.resolver.is_some());
        let mut negotiated = Negotiated::new(choice, randoms, &self.start.policy, signature_hashes);
        negotiated.transcript.add(&self.offer.encoded);
        negotiated.transcript.add(message.encoded);
        negotiated.announce(out);
        Ok(ClientState::ExpectCertificate(Box::new(
            ExpectCertificate {
                start: self.start,
                offered_version: self.offer.max_version.wire(),
                negotiated,
            },
        )))
    }
}

/// Step 2 goes on: all suites authenticate the server by a certificate.
pub(crate) struct ExpectCertificate {
    start: Start,
    offered_version: u16,
    negotiated: Negotiated,
}

impl ExpectCertificate {
    fn handle(
        mut self,
        incoming: Incoming<'_>,
        out: &mut Output<'_>,
    ) -> Result<ClientState, Error> {
        let message = incoming.expect(HandshakeType::CERTIFICATE)?;
        let chain = Certificate::read(message.body)?.to_owned_chain();
        let end_entity = chain
            .first()
            .ok_or(PeerMisbehaved::NoServerCertificate)?
            .clone();
        // Readable also when what follows refuses it.
        out.known.peer_certificates = chain;
        self.negotiated.transcript.add(message.encoded);
        let server_key = cert::public_key(&end_entity)?;
        self.authenticate_server(out)?;
        let known = KnownServer {
            start: self.start,
            offered_version: self.offered_version,
            negotiated: self.negotiated,
            server_key,
        };
        match known.negotiated.suite.key_exchange {
            KeyExchange::Rsa => Ok(ClientState::ExpectCertificateRequestOrDone(Box::new(
                ExpectCertificateRequestOrDone { known },
            ))),
        }
    }

    /// Step 3.
    fn authenticate_server(&self, out: &mut Output<'_>) -> Result<(), Error> {
        let config = &self.start.config;
        config.verifier.verify_server(&ServerToVerify {
            chain: &out.known.peer_certificates,
            server_name: &self.start.server_name,
            now: config.common.clock.now(),
            policy: &self.start.policy,
        })?;
        out.report(Event::PeerAuthenticated);
        Ok(())
    }
}

/// What is known once the server's Certificate has come.
pub(crate) struct KnownServer {
    start: Start,
    /// The version that the ClientHello offered, which the pre-master secret carries.
    offered_version: u16,
    negotiated: Negotiated,
    /// What the pre-master secret is encrypted to.
    server_key: RsaPublicKey,
}

/// The server may ask for a certificate, or be done.
pub(crate) struct ExpectCertificateRequestOrDone {
    known: KnownServer,
}

impl ExpectCertificateRequestOrDone {
    fn handle(
        mut self,
        incoming: Incoming<'_>,
        out: &mut Output<'_>,
    ) -> Result<ClientState, Error> {
        match incoming {
            Incoming::Handshake(message) if message.kind == HandshakeType::CERTIFICATE_REQUEST => {
                let negotiated = &mut self.known.negotiated;
                let version = negotiated.version;
                negotiated.transcript.add(message.encoded);
                let request = CertificateRequest::read(message.body, version)?;
                let answer = ClientCertificate::choose(&self.known.start, &request, version);
                Ok(ClientState::ExpectServerHelloDone(Box::new(
                    ExpectServerHelloDone {
                        known: self.known,
                        answer,
                    },
                )))
            }
            Incoming::Handshake(message) if message.kind == HandshakeType::SERVER_HELLO_DONE => {
                self.known.answer(None, message, out)
            }
            other => Err(other.unexpected("CertificateRequest or ServerHelloDone")),
        }
    }
}

/// The server has asked for a certificate.
pub(crate) struct ExpectServerHelloDone {
    known: KnownServer,
    answer: ClientCertificate,
}

impl ExpectServerHelloDone {
    fn handle(self, incoming: Incoming<'_>, out: &mut Output<'_>) -> Result<ClientState, Error> {
        let message = incoming.expect(HandshakeType::SERVER_HELLO_DONE)?;
        self.known.answer(Some(self.answer), message, out)
    }
}

/// The client has sent its Finished; step 9 begins.
pub(crate) struct ExpectChangeCipherSpec {
    negotiated: Negotiated,
    master_secret: MasterSecret,
    keys: KeyBlock,
}

impl ExpectChangeCipherSpec {
    fn handle(self, incoming: Incoming<'_>, out: &mut Output<'_>) -> Result<ClientState, Error> {
        incoming.expect_change_cipher_spec()?;
        self.negotiated
            .receive_change_cipher_spec(&self.keys.server, out)?;
        Ok(ClientState::ExpectFinished(Box::new(ExpectFinished {
            negotiated: self.negotiated,
            master_secret: self.master_secret,
        })))
    }
}

/// Step 9 goes on.
pub(crate) struct ExpectFinished {
    negotiated: Negotiated,
    master_secret: MasterSecret,
}

impl ExpectFinished {
    fn handle(
        mut self,
        incoming: Incoming<'_>,
        out: &mut Output<'_>,
    ) -> Result<ClientState, Error> {
        let message = incoming.expect(HandshakeType::FINISHED)?;
        self.negotiated
            .receive_finished(Side::Server, &self.master_secret, message)?;
        self.negotiated.establish(self.master_secret, out);
        Ok(ClientState::Established)
    }
}
