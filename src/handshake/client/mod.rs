//! The client's states.
//!
//! ```text
//! ExpectServerHello ─┬─► ExpectCertificate ─► [ExpectServerKeyExchange] ─┐
//!          (resumed) │       ExpectCertificateRequestOrDone ◄────────────┘
//!                    │                  └─┬─► [ExpectServerHelloDone] ─┐
//!                    └─► [ExpectNewSessionTicket] ◄────────────────────┘
//!                             └─► ExpectChangeCipherSpec ─► ExpectFinished ─► Established
//! ```

mod client_certificate;
mod hello;
mod key_exchange;
mod resumption;
mod server_hello;

use rustls_pki_types::UnixTime;

use crate::cert::{self, KeyUse};
use crate::config::Event;
use crate::config::ServerToVerify;
use crate::crypto::rsa::RsaPublicKey;
use crate::error::{Error, PeerMisbehaved};
use crate::handshake::{Flow, Incoming, Negotiated, Output, Resume, signature_hashes};
use crate::message::{
    Certificate, CertificateRequest, HandshakeType, NewSessionTicket, ServerHello,
};
use crate::policy::Policy;
use crate::secrets::{KeyBlock, MasterSecret, Randoms};
use crate::session::Handle;
use crate::side::Side;
use client_certificate::ClientCertificate;
use hello::Offer;
pub(crate) use hello::Start;

/// What a client waits for.
pub(crate) enum ClientState {
    ExpectServerHello(Box<ExpectServerHello>),
    ExpectCertificate(Box<ExpectCertificate>),
    ExpectServerKeyExchange(Box<ExpectServerKeyExchange>),
    ExpectCertificateRequestOrDone(Box<ExpectCertificateRequestOrDone>),
    ExpectServerHelloDone(Box<ExpectServerHelloDone>),
    ExpectNewSessionTicket(Box<ExpectNewSessionTicket>),
    ExpectChangeCipherSpec(Box<ExpectChangeCipherSpec>),
    ExpectFinished(Box<ExpectFinished>),
    Established(Box<Established>),
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

    /// Step 1 was a hello in SSL 2.0's format.
    pub(crate) fn after_ssl2_hello(
        start: Start,
        encoded: Vec<u8>,
        random: [u8; 32],
    ) -> Result<Self, Error> {
        let offer = Offer::in_ssl2_format(&start, encoded, random)?;
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
            Self::ExpectServerKeyExchange(state) => state.handle(incoming, out),
            Self::ExpectCertificateRequestOrDone(state) => state.handle(incoming, out),
            Self::ExpectServerHelloDone(state) => state.handle(incoming, out),
            Self::ExpectNewSessionTicket(state) => state.handle(incoming, out),
            Self::ExpectChangeCipherSpec(state) => state.handle(incoming, out),
            Self::ExpectFinished(state) => state.handle(incoming, out),
            Self::Established(_) => Err(incoming.unexpected("application data")),
        }
    }

    /// Step 11: a new handshake, where one can begin now.
    pub(crate) fn renegotiate(self, resume: Resume, out: &mut Output<'_>) -> Result<Self, Error> {
        match self {
            Self::Established(state) => Self::start(
                Start {
                    occasion: out.known.occasion.clone(),
                    resume,
                    ..state.start
                },
                out,
            ),
            other => Ok(other),
        }
    }

    /// Whether a new handshake was begun and the server has not answered.
    pub(crate) fn awaits_renegotiation(&self) -> bool {
        matches!(self, Self::ExpectServerHello(state) if !state.start.occasion.is_first())
    }

    /// The server does not want a new handshake: everything goes on as before.
    pub(crate) fn renegotiation_refused(self) -> Self {
        match self {
            Self::ExpectServerHello(state) => {
                Self::Established(Box::new(Established { start: state.start }))
            }
            other => other,
        }
    }

    pub(crate) fn is_established(&self) -> bool {
        matches!(self, Self::Established(_))
    }

    /// Whether the peer's ChangeCipherSpec has come and its Finished has not: nothing may stand
    /// between them.
    pub(crate) fn expects_finished(&self) -> bool {
        matches!(self, Self::ExpectFinished(_))
    }

    /// The policy of an established connection.
    pub(crate) fn policy(&self) -> Option<&Policy> {
        match self {
            Self::Established(state) => Some(&state.start.policy),
            _ => None,
        }
    }
}

/// Step 2 begins.
pub(crate) struct ExpectServerHello {
    start: Start,
    offer: Offer,
}

impl ExpectServerHello {
    fn handle(
        mut self,
        incoming: Incoming<'_>,
        out: &mut Output<'_>,
    ) -> Result<ClientState, Error> {
        let message = incoming.expect(HandshakeType::SERVER_HELLO)?;
        out.known.server_hello = message.body.to_vec();
        let hello = ServerHello::read(message.body)?;
        out.known.suite = Some(hello.cipher_suite);
        let choice = server_hello::judge(&self.start, &self.offer, &hello, out)?;
        let randoms = Randoms {
            client: self.offer.random,
            server: hello.random,
        };
        let was_offered = self.offer.session.is_some();
        let resumed = self.offer.resumed_by(&hello);
        // A CertificateRequest may ask for a signature over any of them.
        let may_sign = resumed.is_none() && self.start.config.resolver.is_some();
        let signature_hashes = signature_hashes(&self.start.policy).filter(|_| may_sign);
        let hellos = [&self.offer.encoded[..], message.encoded];
        let policy = &self.start.policy;
        let negotiated = Negotiated::begin(choice, randoms, hellos, policy, signature_hashes, out);
        if let Some(session) = resumed {
            return self.start.resume(session, negotiated, out);
        }
        if was_offered {
            self.start.forget_session();
        }
        Ok(ClientState::ExpectCertificate(Box::new(
            ExpectCertificate {
                start: self.start,
                offered_version: self.offer.max_version.wire(),
                session_id: hello.session_id.to_vec(),
                negotiated,
            },
        )))
    }
}

#[cfg(test)]
impl ExpectServerHello {
    /// The ClientHello, as if the client had sent another one.
    pub(crate) fn client_hello(&mut self) -> &mut Vec<u8> {
        &mut self.offer.encoded
    }
}

/// Step 2 goes on: all suites authenticate the server by a certificate.
pub(crate) struct ExpectCertificate {
    start: Start,
    offered_version: u16,
    session_id: Vec<u8>,
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
        let end_entity = chain.first().ok_or(PeerMisbehaved::NoServerCertificate)?;
        let occasion = &self.start.occasion;
        occasion.check_server_certificate(Some(end_entity))?;
        let server_key = cert::public_key(end_entity);
        // Readable also when what follows refuses it.
        out.known.peer_certificates = chain;
        self.negotiated.transcript.add(message.encoded);
        let server_key = server_key?;
        self.authenticate_server(&server_key, out)?;
        let known = KnownServer {
            start: self.start,
            offered_version: self.offered_version,
            session_id: self.session_id,
            negotiated: self.negotiated,
            server_key,
        };
        let key_exchange = known.negotiated.choice.suite.key_exchange;
        let limit = key_exchange.ephemeral_key_limit(known.server_key.bits());
        Ok(match limit {
            Some(max_bits) => {
                let state = ExpectServerKeyExchange { known, max_bits };
                ClientState::ExpectServerKeyExchange(Box::new(state))
            }
            // Here ServerKeyExchange is refused as a message without a place: FREAK.
            None => known.expect_certificate_request_or_done(),
        })
    }

    /// Step 3.
    fn authenticate_server(
        &self,
        server_key: &RsaPublicKey,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        let config = &self.start.config;
        let key_exchange = self.negotiated.choice.suite.key_exchange;
        config.verifier.verify_server(&ServerToVerify {
            chain: &out.known.peer_certificates,
            server_name: &self.start.server_name,
            now: config.common.clock.now(),
            policy: &self.start.policy,
            key_use: KeyUse::in_key_exchange(key_exchange, || server_key.bits()),
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
    /// What the server calls the session; empty where it does not keep it.
    session_id: Vec<u8>,
    negotiated: Negotiated,
    /// What the pre-master secret is encrypted to.
    server_key: RsaPublicKey,
}

impl KnownServer {
    fn expect_certificate_request_or_done(self) -> ClientState {
        let state = ExpectCertificateRequestOrDone { known: self };
        ClientState::ExpectCertificateRequestOrDone(Box::new(state))
    }
}

/// The suite calls for a shorter key than the certificate's.
pub(crate) struct ExpectServerKeyExchange {
    known: KnownServer,
    max_bits: usize,
}

impl ExpectServerKeyExchange {
    fn handle(
        mut self,
        incoming: Incoming<'_>,
        out: &mut Output<'_>,
    ) -> Result<ClientState, Error> {
        let message = incoming.expect(HandshakeType::SERVER_KEY_EXCHANGE)?;
        self.known.take_ephemeral_key(message, self.max_bits, out)?;
        Ok(self.known.expect_certificate_request_or_done())
    }
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
                let version = negotiated.choice.version;
                negotiated.transcript.add(message.encoded);
                let request = CertificateRequest::read(message.body, version)?;
                let answer = ClientCertificate::choose(&self.known.start, &request, version)?;
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

/// What is known once both sides can derive the keys.
pub(crate) struct Keyed {
    start: Start,
    negotiated: Negotiated,
    master_secret: MasterSecret,
    keys: KeyBlock,
    flow: Flow,
    /// By what the session can be resumed later.
    handle: Option<Handle>,
    /// When a resumed session was made.
    created: Option<UnixTime>,
}

impl Keyed {
    /// What the server sends next: a ticket, if it has announced one, or its ChangeCipherSpec.
    fn expect_servers_end(self) -> ClientState {
        if self.negotiated.choice.session_ticket {
            ClientState::ExpectNewSessionTicket(Box::new(ExpectNewSessionTicket { keyed: self }))
        } else {
            ClientState::ExpectChangeCipherSpec(Box::new(ExpectChangeCipherSpec { keyed: self }))
        }
    }
}

/// The server has announced a ticket.
pub(crate) struct ExpectNewSessionTicket {
    keyed: Keyed,
}

impl ExpectNewSessionTicket {
    fn handle(mut self, incoming: Incoming<'_>, _: &mut Output<'_>) -> Result<ClientState, Error> {
        let message = incoming.expect(HandshakeType::NEW_SESSION_TICKET)?;
        let ticket = NewSessionTicket::read(message.body)?;
        self.keyed.negotiated.transcript.add(message.encoded);
        self.keyed.handle = Handle::of_ticket(&ticket).or(self.keyed.handle);
        let keyed = self.keyed;
        Ok(ClientState::ExpectChangeCipherSpec(Box::new(
            ExpectChangeCipherSpec { keyed },
        )))
    }
}

/// Step 9 begins. In a full handshake the client's Finished has been sent.
pub(crate) struct ExpectChangeCipherSpec {
    keyed: Keyed,
}

impl ExpectChangeCipherSpec {
    fn handle(self, incoming: Incoming<'_>, out: &mut Output<'_>) -> Result<ClientState, Error> {
        incoming.expect_change_cipher_spec()?;
        let keyed = self.keyed;
        keyed
            .negotiated
            .receive_change_cipher_spec(&keyed.keys.server, out)?;
        Ok(ClientState::ExpectFinished(Box::new(ExpectFinished {
            keyed,
        })))
    }
}

/// Step 9 goes on.
pub(crate) struct ExpectFinished {
    keyed: Keyed,
}

impl ExpectFinished {
    fn handle(self, incoming: Incoming<'_>, out: &mut Output<'_>) -> Result<ClientState, Error> {
        let message = incoming.expect(HandshakeType::FINISHED)?;
        let Keyed {
            start,
            mut negotiated,
            master_secret,
            keys,
            flow,
            handle,
            created,
        } = self.keyed;
        negotiated.receive_finished(Side::Server, &master_secret, message)?;
        if flow == Flow::Abbreviated {
            negotiated.send_finished(Side::Client, &master_secret, &keys.client, out)?;
        }
        start.keep_session(handle, created, &negotiated, &master_secret, out)?;
        negotiated.establish(master_secret, out);
        Ok(ClientState::Established(Box::new(Established { start })))
    }
}

/// Step 10, until there is a step 11.
pub(crate) struct Established {
    start: Start,
}
