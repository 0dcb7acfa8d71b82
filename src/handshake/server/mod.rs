//! The server's states.
//!
//! ```text
//! ExpectClientHello ─┬─► ExpectClientCertificate ─┐
//!          (resumed) ├────────────────────────────┴─► ExpectClientKeyExchange ─┐
//!                    │ ┌─ ExpectCertificateVerify (where the client sent one) ◄─┤
//!                    └─┴──► ExpectChangeCipherSpec ◄────────────────────────────┘
//!                                 └─► ExpectFinished ─► Established
//! ```

mod flight;
mod hello;
mod key_exchange;
mod resumption;

use std::sync::Arc;

use crate::cert;
use crate::config::{
    AnonymousClients, ClientToVerify, ClientVerifier, Event, PrivateKey, ServerCertificateQuery,
    ServerConfig,
};
use crate::crypto::rsa::RsaPublicKey;
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::handshake::{Flow, Incoming, Negotiated, Occasion, Output, Resume, signature_hashes};
use crate::message::{Certificate, CertificateVerify, ClientHello, HandshakeType};
use crate::policy::Policy;
use crate::secrets::{KeyBlock, MasterSecret, Randoms, certificate_verify_input};
use crate::session::server_binding;
use crate::side::Side;
use crate::version::ProtocolVersion;
use hello::Answer;
use resumption::Keep;

/// What one handshake of a server starts with.
pub(crate) struct Start {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) occasion: Occasion,
    pub(crate) resume: Resume,
}

/// What a server waits for.
pub(crate) enum ServerState {
    ExpectClientHello(Box<ExpectClientHello>),
    ExpectClientCertificate(Box<ExpectClientCertificate>),
    ExpectClientKeyExchange(Box<ExpectClientKeyExchange>),
    ExpectCertificateVerify(Box<ExpectCertificateVerify>),
    ExpectChangeCipherSpec(Box<ExpectChangeCipherSpec>),
    ExpectFinished(Box<ExpectFinished>),
    Established(Box<Established>),
}

impl ServerState {
    pub(crate) fn start(start: Start) -> Self {
        Self::ExpectClientHello(Box::new(ExpectClientHello { start }))
    }

    pub(crate) fn handle(
        self,
        incoming: Incoming<'_>,
        out: &mut Output<'_>,
    ) -> Result<Self, Error> {
        match self {
            Self::ExpectClientHello(state) => state.handle(incoming, out),
            Self::ExpectClientCertificate(state) => state.handle(incoming, out),
            Self::ExpectClientKeyExchange(state) => state.handle(incoming, out),
            Self::ExpectCertificateVerify(state) => state.handle(incoming, out),
            Self::ExpectChangeCipherSpec(state) => state.handle(incoming, out),
            Self::ExpectFinished(state) => state.handle(incoming, out),
            Self::Established(state) => state.handle(incoming, out),
        }
    }

    /// The config of an established connection.
    pub(crate) fn config(&self) -> Option<&Arc<ServerConfig>> {
        match self {
            Self::Established(state) => Some(&state.config),
            _ => None,
        }
    }

    /// Asks for a new handshake, where one can begin now; under `config`, if one is given.
    pub(crate) fn ask_to_renegotiate(
        self,
        config: Option<Arc<ServerConfig>>,
        resume: Resume,
        out: &mut Output<'_>,
    ) -> Result<Self, Error> {
        match self {
            Self::Established(mut state) => {
                // RFC 5246 §7.4.1.1: it is no part of the handshake, and never hashed.
                out.send(HandshakeType::HELLO_REQUEST, |_| {})?;
                // Who asks once more, for any handshake, does not take another config back.
                state.asked = match (config, state.asked.take()) {
                    (None, Some(asked)) if asked.config.is_some() => Some(asked),
                    (config, _) => Some(Asked { config, resume }),
                };
                Ok(Self::Established(state))
            }
            other => Ok(other),
        }
    }

    /// The client does not want a new handshake: everything goes on as before.
    pub(crate) fn renegotiation_refused(mut self) -> Self {
        if let Self::Established(state) = &mut self {
            state.asked = None;
        }
        self
    }

    pub(crate) fn is_established(&self) -> bool {
        matches!(self, Self::Established(_))
    }

    /// Whether the client was asked for a new handshake and has not answered.
    pub(crate) fn has_asked_to_renegotiate(&self) -> bool {
        matches!(self, Self::Established(state) if state.asked.is_some())
    }

    /// Whether the peer's ChangeCipherSpec has come and its Finished has not: nothing may stand
    /// between them.
    pub(crate) fn expects_finished(&self) -> bool {
        matches!(self, Self::ExpectFinished(_))
    }

    /// The config of a connection whose first ClientHello has not come.
    pub(crate) fn unanswered(&self) -> Option<&Arc<ServerConfig>> {
        match self {
            Self::ExpectClientHello(state) => Some(&state.start.config),
            _ => None,
        }
    }

    /// The policy of an established connection.
    pub(crate) fn policy(&self) -> Option<&Policy> {
        match self {
            Self::Established(state) => Some(&state.config.common.policy),
            _ => None,
        }
    }
}

/// Step 1.
pub(crate) struct ExpectClientHello {
    start: Start,
}

impl ExpectClientHello {
    /// Step 2: ServerHello, Certificate, \[ServerKeyExchange\], \[CertificateRequest\],
    /// ServerHelloDone.
    fn handle(self, incoming: Incoming<'_>, out: &mut Output<'_>) -> Result<ServerState, Error> {
        let (hello, encoded) = match incoming {
            Incoming::Ssl2ClientHello { hello, encoded } => {
                out.known.ssl2_hello = true;
                (ClientHello::of_ssl2(&hello), encoded)
            }
            other => {
                let message = other.expect(HandshakeType::CLIENT_HELLO)?;
                (ClientHello::read(message.body)?, message.encoded)
            }
        };
        let mut answer = Answer::make(&self.start, &hello, out)?;
        let config = &self.start.config;
        let query = ServerCertificateQuery {
            hello: &hello,
            version: answer.choice.version,
            suite: answer.choice.suite.suite,
        };
        let resolver = config.resolver.as_ref();
        let certified = resolver
            .and_then(|resolver| resolver.resolve(&query))
            .ok_or(PeerIncompatible::NoCertificateForClient)?;
        certified.check_key_length(&config.common.policy)?;
        if let Some(ssl2) = &config.ssl2 {
            ssl2.check_apart_from(&certified)?;
        }
        let binding = server_binding(config, &certified);
        if let Some(resumed) = self
            .start
            .find_session(&binding, &hello, &answer.choice, out)?
        {
            return self.start.resume(resumed, encoded, &hello, &answer, out);
        }
        let keep = Keep::plan(&self.start, binding, &hello, &mut answer.choice, out)?;

        let session_id = keep.session_id();
        let (server_hello, server_random) =
            answer.send_server_hello(&self.start, Flow::Full, session_id, out)?;
        let randoms = Randoms {
            client: hello.random,
            server: server_random,
        };
        // A CertificateVerify may come over any hash of the CertificateRequest.
        let policy = &config.common.policy;
        let signature_hashes =
            signature_hashes(policy).filter(|_| config.client_verifier.is_some());
        let hellos = [encoded, &server_hello];
        let mut negotiated = Negotiated::begin(
            answer.choice,
            randoms,
            hellos,
            policy,
            signature_hashes,
            out,
        );
        let key = negotiated.send_rest_of_flight(config, &certified, out)?;

        let known = KnownClient {
            start: self.start,
            client_version: hello.client_version,
            keep,
            negotiated,
            key,
        };
        Ok(match known.start.config.client_verifier.clone() {
            Some(verifier) => {
                ServerState::ExpectClientCertificate(Box::new(ExpectClientCertificate {
                    known,
                    verifier,
                }))
            }
            None => known.expect_client_key_exchange(None),
        })
    }
}

/// What is known while the client's flight comes in.
pub(crate) struct KnownClient {
    start: Start,
    /// What the ClientHello offered at the most, which the pre-master secret carries.
    client_version: u16,
    keep: Keep,
    negotiated: Negotiated,
    /// What the pre-master secret is encrypted to.
    key: Arc<dyn PrivateKey>,
}

impl KnownClient {
    fn expect_client_key_exchange(mut self, client_key: Option<RsaPublicKey>) -> ServerState {
        if client_key.is_none() {
            self.negotiated.transcript.drop_signature_hashes();
        }
        ServerState::ExpectClientKeyExchange(Box::new(ExpectClientKeyExchange {
            known: self,
            client_key,
        }))
    }
}

/// The client's certificate was asked for: step 5.
pub(crate) struct ExpectClientCertificate {
    known: KnownClient,
    verifier: Arc<dyn ClientVerifier>,
}

impl ExpectClientCertificate {
    /// The first half of step 6.
    fn handle(
        mut self,
        incoming: Incoming<'_>,
        out: &mut Output<'_>,
    ) -> Result<ServerState, Error> {
        let ssl3 = self.known.negotiated.choice.version == ProtocolVersion::SSLv3;
        let chain = match incoming {
            Incoming::NoCertificate if ssl3 => Vec::new(),
            other => {
                let message = other.expect(HandshakeType::CERTIFICATE)?;
                self.known.negotiated.transcript.add(message.encoded);
                Certificate::read(message.body)?.to_owned_chain()
            }
        };
        // Readable also when what follows refuses it.
        out.known.peer_certificates = chain;
        let Some(end_entity) = out.known.peer_certificates.first() else {
            if self.verifier.anonymous_clients() == AnonymousClients::Refused {
                return Err(PeerIncompatible::NoClientCertificate.into());
            }
            return Ok(self.known.expect_client_key_exchange(None));
        };
        let client_key = cert::public_key(end_entity)?;
        let common = &self.known.start.config.common;
        self.verifier.verify_client(&ClientToVerify {
            chain: &out.known.peer_certificates,
            now: common.clock.now(),
            policy: &common.policy,
        })?;
        Ok(self.known.expect_client_key_exchange(Some(client_key)))
    }
}

/// Step 4, from the server's side.
pub(crate) struct ExpectClientKeyExchange {
    known: KnownClient,
    /// The key of the client's certificate, whose possession is to be proven.
    client_key: Option<RsaPublicKey>,
}

impl ExpectClientKeyExchange {
    /// The second half of step 6, and step 7.
    fn handle(
        mut self,
        incoming: Incoming<'_>,
        out: &mut Output<'_>,
    ) -> Result<ServerState, Error> {
        let message = incoming.expect(HandshakeType::CLIENT_KEY_EXCHANGE)?;
        let pre_master_secret = self.known.decrypt_pre_master_secret(message.body, out)?;
        let start = self.known.start;
        let mut negotiated = self.known.negotiated;
        negotiated.transcript.add(message.encoded);
        let key_log = start.config.common.key_log.as_deref();
        let master_secret = negotiated.derive_master_secret(&pre_master_secret, key_log, out);
        let keys = negotiated.derive_keys(&master_secret, out);
        let keyed = Keyed {
            start,
            negotiated,
            master_secret,
            keys,
            flow: Flow::Full,
            keep: self.known.keep,
        };
        Ok(match self.client_key.take() {
            Some(client_key) => {
                ServerState::ExpectCertificateVerify(Box::new(ExpectCertificateVerify {
                    keyed,
                    client_key,
                }))
            }
            None => ServerState::ExpectChangeCipherSpec(Box::new(ExpectChangeCipherSpec { keyed })),
        })
    }
}

/// What is known once both sides can derive the keys.
pub(crate) struct Keyed {
    start: Start,
    negotiated: Negotiated,
    master_secret: MasterSecret,
    keys: KeyBlock,
    flow: Flow,
    keep: Keep,
}

/// The client has to prove that the certificate is its own: the end of step 5.
pub(crate) struct ExpectCertificateVerify {
    keyed: Keyed,
    client_key: RsaPublicKey,
}

impl ExpectCertificateVerify {
    fn handle(
        mut self,
        incoming: Incoming<'_>,
        out: &mut Output<'_>,
    ) -> Result<ServerState, Error> {
        let message = incoming.expect(HandshakeType::CERTIFICATE_VERIFY)?;
        let policy = &self.keyed.start.config.common.policy;
        let transcript = &mut self.keyed.negotiated.transcript;
        let version = self.keyed.negotiated.choice.version;
        let verify = CertificateVerify::read(message.body, version)?;
        let hash = match verify.algorithm {
            // SLOTH: only what the policy names, and the CertificateRequest offered.
            Some(algorithm) => algorithm
                .rsa_hash()
                .filter(|hash| policy.allows_signature_hash(*hash))
                .ok_or(PeerMisbehaved::SignatureAlgorithmNotOffered)
                .map(Some)?,
            None => None,
        };
        let input = certificate_verify_input(version, &self.keyed.master_secret, transcript, hash)?;
        if !self.client_key.verify(&input, verify.signature) {
            return Err(PeerMisbehaved::BadCertificateVerify.into());
        }
        out.report(Event::PeerAuthenticated);
        transcript.add(message.encoded);
        transcript.drop_signature_hashes();
        Ok(ServerState::ExpectChangeCipherSpec(Box::new(
            ExpectChangeCipherSpec { keyed: self.keyed },
        )))
    }
}

/// Step 8.
pub(crate) struct ExpectChangeCipherSpec {
    keyed: Keyed,
}

impl ExpectChangeCipherSpec {
    fn handle(self, incoming: Incoming<'_>, out: &mut Output<'_>) -> Result<ServerState, Error> {
        incoming.expect_change_cipher_spec()?;
        let keyed = self.keyed;
        keyed
            .negotiated
            .receive_change_cipher_spec(&keyed.keys.client, out)?;
        Ok(ServerState::ExpectFinished(Box::new(ExpectFinished {
            keyed,
        })))
    }
}

/// Step 8 goes on.
pub(crate) struct ExpectFinished {
    keyed: Keyed,
}

impl ExpectFinished {
    /// Step 9.
    fn handle(self, incoming: Incoming<'_>, out: &mut Output<'_>) -> Result<ServerState, Error> {
        let message = incoming.expect(HandshakeType::FINISHED)?;
        let Keyed {
            start,
            mut negotiated,
            master_secret,
            keys,
            flow,
            keep,
        } = self.keyed;
        negotiated.receive_finished(Side::Client, &master_secret, message)?;
        start.keep_session(&keep, &mut negotiated, &master_secret, out)?;
        if flow == Flow::Full {
            negotiated.send_finished(Side::Server, &master_secret, &keys.server, out)?;
        }
        negotiated.establish(master_secret, out);
        Ok(ServerState::Established(Box::new(Established {
            config: start.config,
            asked: None,
        })))
    }
}

/// Step 10, until there is a step 11.
pub(crate) struct Established {
    /// For the next handshake.
    config: Arc<ServerConfig>,
    asked: Option<Asked>,
}

/// The client was asked for a new handshake.
struct Asked {
    /// Another config for it.
    config: Option<Arc<ServerConfig>>,
    resume: Resume,
}

impl Established {
    /// A ClientHello begins a new handshake; whether it may was asked before.
    fn handle(self, incoming: Incoming<'_>, out: &mut Output<'_>) -> Result<ServerState, Error> {
        let expected = matches!(incoming, Incoming::Handshake(message)
            if message.kind == HandshakeType::CLIENT_HELLO);
        if !expected {
            return Err(incoming.unexpected("application data"));
        }
        let (config, resume) = match self.asked {
            Some(Asked { config, resume }) => (config.unwrap_or(self.config), resume),
            None => (self.config, Resume::IfPossible),
        };
        let start = Start {
            config,
            occasion: out.known.occasion.clone(),
            resume,
        };
        ExpectClientHello { start }.handle(incoming, out)
    }
}
