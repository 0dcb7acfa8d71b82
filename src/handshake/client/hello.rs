//! Step 1: the ClientHello, and what it offered, for the judgement of the ServerHello.

use std::sync::Arc;

use rustls_pki_types::ServerName;

use crate::config::ClientConfig;
use crate::crypto::HashAlgorithm;
use crate::crypto::cipher::CipherType;
use crate::error::Error;
use crate::handshake::{Attempt, Occasion, Output, Resume, record_limits};
use crate::message::extension::{
    Extensions, ExtensionsWriter, write_protocol_names, write_renegotiated_connection,
    write_server_name,
};
use crate::message::{
    ClientHello, ExtensionType, HANDSHAKE_HEADER, HandshakeType, HelloFormat, NULL_COMPRESSION,
    SignatureAlgorithm, write_algorithms,
};
use crate::policy::{Policy, Quirk};
use crate::session::{Handle, Resumable};
use crate::side::Side;
use crate::suite::CipherSuite;
use crate::version::ProtocolVersion;

/// What one handshake of a client starts with.
#[derive(Clone)]
pub(crate) struct Start {
    pub(crate) config: Arc<ClientConfig>,
    /// The config's, or what the connection narrowed it to.
    pub(crate) policy: Policy,
    pub(crate) server_name: ServerName<'static>,
    pub(crate) attempt: Attempt,
    pub(crate) occasion: Occasion,
    pub(crate) resume: Resume,
}

impl Start {
    /// The newest version that the ClientHello offers.
    pub(super) fn newest_version(&self) -> Result<ProtocolVersion, Error> {
        let versions = self.policy.usable_ssl3_versions();
        let (_, newest) = versions.ok_or(Error::Internal("a policy without a version"))?;
        Ok(newest)
    }

    /// Whether the ClientHello has TLS_FALLBACK_SCSV.
    fn says_fallback(&self) -> bool {
        self.occasion.is_first() && self.attempt == Attempt::Fallback
    }

    /// Whether the ClientHello has extensions, renegotiation_info apart.
    pub(super) fn sends_extensions(&self) -> bool {
        let max = self.policy.usable_ssl3_versions().map(|(_, max)| max);
        max >= Some(ProtocolVersion::TLSv1_0) && !self.policy.has_quirk(Quirk::NoExtensions)
    }
}

/// What the ClientHello said.
pub(super) struct Offer {
    /// The message, for the transcript that starts with the ServerHello.
    pub(super) encoded: Vec<u8>,
    pub(super) random: [u8; 32],
    pub(super) max_version: ProtocolVersion,
    pub(super) extensions: Vec<ExtensionType>,
    /// Empty where no session is offered.
    pub(super) session_id: Vec<u8>,
    pub(super) session: Option<Resumable>,
}

impl Offer {
    /// What a hello in SSL 2.0's format offers: no extensions, no session.
    pub(super) fn in_ssl2_format(
        start: &Start,
        encoded: Vec<u8>,
        random: [u8; 32],
    ) -> Result<Self, Error> {
        Ok(Self {
            encoded,
            random,
            max_version: start.newest_version()?,
            extensions: Vec::new(),
            session_id: Vec::new(),
            session: None,
        })
    }
}

/// Sends the ClientHello.
pub(super) fn send(start: &Start, out: &mut Output<'_>) -> Result<Offer, Error> {
    let max_version = start.newest_version()?;
    let mut random = [0; 32];
    out.random.fill(&mut random)?;
    let suites = cipher_suites(start);
    let session = match start.resume {
        // RFC 7507 §4: no session of the version that TLS_FALLBACK_SCSV says is a fallback.
        Resume::IfPossible if !start.says_fallback() => start.find_session(out.known),
        Resume::IfPossible | Resume::Never => None,
    };
    let session_id = session_id(session.as_ref(), out)?;
    let mut hello = ClientHello {
        format: HelloFormat::Ssl3,
        client_version: max_version.wire(),
        random,
        session_id: &session_id,
        cipher_suites: &suites,
        compression_methods: &[NULL_COMPRESSION],
        extensions: Extensions::default(),
    };
    let mut extensions = Offered::default();
    extensions.add_renegotiation_info(&start.occasion);
    if start.sends_extensions() {
        extensions.add_all(start, max_version, session.as_ref());
        let mut body = Vec::new();
        hello.write(&mut body);
        extensions.pad(start, HANDSHAKE_HEADER + body.len());
    }
    hello.extensions = Extensions::of(&extensions.writer);
    let encoded = out.send(HandshakeType::CLIENT_HELLO, |body| hello.write(body))?;
    Ok(Offer {
        encoded,
        random,
        max_version,
        extensions: extensions.kinds,
        session_id,
        session,
    })
}

/// The session's own ID; with a ticket a random one, whose echo tells that the server takes it
/// (RFC 5077 §3.4).
fn session_id(session: Option<&Resumable>, out: &mut Output<'_>) -> Result<Vec<u8>, Error> {
    Ok(match session.map(|session| &session.handle) {
        None => Vec::new(),
        Some(Handle::SessionId(session_id)) => session_id.clone(),
        Some(Handle::Ticket { .. }) => {
            let mut random = vec![0; 32];
            out.random.fill(&mut random)?;
            random
        }
    })
}

/// The suites of the policy that exist at one of its versions, and the signals.
fn cipher_suites(start: &Start) -> Vec<u8> {
    let signals: &[_] = match start.occasion.renegotiated_connection(Side::Client) {
        _ if start.occasion.is_first() => start.attempt.signals(),
        Some(_extension) => &[],
        // RFC 5746 §4.2: a legacy renegotiation has the signal again, for a server that has been
        // made to look like one without it.
        None => &[CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV],
    };
    start
        .policy
        .usable_suites()
        .chain(signals.iter().copied())
        .flat_map(|suite| suite.0.to_be_bytes())
        .collect()
}

/// The extensions that are offered, and their types in the same order.
#[derive(Default)]
struct Offered {
    writer: ExtensionsWriter,
    kinds: Vec<ExtensionType>,
}

impl Offered {
    fn add(&mut self, kind: ExtensionType, write_body: impl FnOnce(&mut Vec<u8>)) {
        self.writer.add(kind, write_body);
        self.kinds.push(kind);
    }

    /// RFC 5746 §3.5; at SSL 3.0, too.
    fn add_renegotiation_info(&mut self, occasion: &Occasion) {
        if let Occasion::Renegotiation(_) = occasion
            && let Some(info) = occasion.renegotiated_connection(Side::Client)
        {
            self.add(ExtensionType::RENEGOTIATION_INFO, |body| {
                write_renegotiated_connection(body, &info);
            });
        }
    }

    fn add_all(
        &mut self,
        start: &Start,
        max_version: ProtocolVersion,
        session: Option<&Resumable>,
    ) {
        let policy = &start.policy;
        // RFC 6066 §3: names only, never addresses, without the trailing dot.
        let sends_name = start.config.sends_server_name && start.occasion.can_name_server();
        if let (ServerName::DnsName(name), true) = (&start.server_name, sends_name) {
            let name = name.as_ref().trim_end_matches('.');
            self.add(ExtensionType::SERVER_NAME, |body| {
                write_server_name(body, name)
            });
        }
        if !policy.has_quirk(Quirk::NoExtendedMasterSecret) {
            self.add(ExtensionType::EXTENDED_MASTER_SECRET, |_| {});
        }
        if !policy.has_quirk(Quirk::NoEncryptThenMac) && offers_cbc(policy) {
            self.add(ExtensionType::ENCRYPT_THEN_MAC, |_| {});
        }
        if start.config.common.sessions.by_ticket {
            let ticket: &[u8] = match session.map(|session| &session.handle) {
                Some(Handle::Ticket { ticket, .. }) => ticket,
                _ => &[],
            };
            self.add(ExtensionType::SESSION_TICKET, |body| {
                body.extend_from_slice(ticket);
            });
        }
        let protocols = &start.config.common.alpn_protocols;
        if !protocols.is_empty() {
            self.add(
                ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION,
                |body| {
                    write_protocol_names(body, protocols.iter().map(Vec::as_slice));
                },
            );
        }
        for (kind, content) in record_limits::offers(start.config.common.plaintext_limit()) {
            self.add(kind, |body| body.extend(content));
        }
        if max_version >= ProtocolVersion::TLSv1_2 {
            let algorithms = signature_algorithms(policy);
            self.add(ExtensionType::SIGNATURE_ALGORITHMS, |body| {
                write_algorithms(body, &algorithms);
            });
        }
    }

    /// RFC 7685: some peers hang on hellos of 256 to 511 bytes, so those are filled up to 512.
    ///
    /// `len` is the message's length without the extensions.
    fn pad(&mut self, start: &Start, len: usize) {
        let len = len + self.writer.encoded_len();
        if start.policy.has_quirk(Quirk::NoHelloPadding) || !(256..512).contains(&len) {
            return;
        }
        // An empty padding takes four bytes; it may then go a little above.
        let padding = 512usize.saturating_sub(len + 4);
        self.add(ExtensionType::PADDING, |body| {
            body.resize(body.len() + padding, 0)
        });
    }
}

/// Whether a suite on offer could be made with encrypt-then-MAC.
fn offers_cbc(policy: &Policy) -> bool {
    policy
        .usable_suites()
        .filter_map(CipherSuite::row)
        .any(|row| row.cipher.cipher_type() == CipherType::Block)
}

/// RSA over the hashes that the policy accepts, in certificates or in signatures.
fn signature_algorithms(policy: &Policy) -> Vec<SignatureAlgorithm> {
    HashAlgorithm::ALL
        .into_iter()
        .rev()
        .filter(|hash| policy.allows_certificate_hash(*hash) || policy.allows_signature_hash(*hash))
        .map(SignatureAlgorithm::rsa)
        .collect()
}
