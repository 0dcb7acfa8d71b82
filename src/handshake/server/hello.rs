//! Steps 1 and 2 on the server: judging the ClientHello, and the ServerHello.

use super::Start;
use crate::crypto::cipher::CipherType;
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::handshake::{Choice, DOWNGRADE_SENTINEL, Flow, Occasion, Output};
use crate::message::extension::{
    Extensions, ExtensionsWriter, read_flag, read_protocol_names, read_renegotiated_connection,
    read_server_name, read_signature_algorithms, write_protocol_names,
    write_renegotiated_connection,
};
use crate::message::{ClientHello, ExtensionType, HandshakeType, NULL_COMPRESSION, ServerHello};
use crate::policy::Quirk;
use crate::side::Side;
use crate::suite::{CipherSuite, SuiteRow};
use crate::version::ProtocolVersion;

/// What the server answers to a ClientHello.
pub(super) struct Answer {
    pub(super) choice: Choice,
    answers_server_name: bool,
    alpn_protocol: Option<Vec<u8>>,
    server_name: Option<String>,
    renegotiated_connection: Option<Vec<u8>>,
    secure_renegotiation: bool,
}

impl Answer {
    /// Checks the hello and chooses; what it says goes to what is known.
    pub(super) fn make(
        start: &Start,
        hello: &ClientHello<'_>,
        out: &mut Output<'_>,
    ) -> Result<Self, Error> {
        let version = version(start, hello)?;
        out.known.version = Some(version);
        // From here on, so that clients understand an alert, too.
        out.outgoing.set_version(version);
        if !hello.compression_methods.contains(&NULL_COMPRESSION) {
            return Err(PeerMisbehaved::Compression.into());
        }
        let mut answer = Self {
            choice: Choice::new(version, suite(start, hello, version)?),
            answers_server_name: false,
            alpn_protocol: None,
            server_name: None,
            renegotiated_connection: None,
            secure_renegotiation: false,
        };
        for (kind, body) in hello.extensions() {
            answer.take(kind, body, start)?;
        }
        answer.check_occasion(start, hello)?;
        out.known.alpn_protocol.clone_from(&answer.alpn_protocol);
        out.known.server_name.clone_from(&answer.server_name);
        out.known.secure_renegotiation = answer.secure_renegotiation;
        Ok(answer)
    }

    /// Takes one extension; those that are not known are ignored. At SSL 3.0 only
    /// renegotiation_info has a meaning, but a malformed one is an error at any version.
    fn take(&mut self, kind: ExtensionType, body: &[u8], start: &Start) -> Result<(), Error> {
        let policy = &start.config.common.policy;
        let in_tls = self.choice.version > ProtocolVersion::SSLv3;
        match kind {
            ExtensionType::RENEGOTIATION_INFO => {
                self.renegotiated_connection = Some(read_renegotiated_connection(body)?.to_vec());
            }
            ExtensionType::SERVER_NAME => {
                self.server_name = read_server_name(body)?.map(str::to_ascii_lowercase);
                self.answers_server_name = in_tls && self.server_name.is_some();
            }
            ExtensionType::EXTENDED_MASTER_SECRET => {
                read_flag("extended_master_secret", body)?;
                self.choice.extended_master_secret =
                    in_tls && !policy.has_quirk(Quirk::NoExtendedMasterSecret);
            }
            ExtensionType::ENCRYPT_THEN_MAC => {
                read_flag("encrypt_then_mac", body)?;
                self.choice.encrypt_then_mac = in_tls
                    && self.choice.suite.cipher.cipher_type() == CipherType::Block
                    && !policy.has_quirk(Quirk::NoEncryptThenMac);
            }
            ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION => {
                let offered: Vec<&[u8]> = read_protocol_names(body)?.collect();
                if in_tls {
                    self.alpn_protocol = alpn_protocol(start, &offered)?;
                }
            }
            ExtensionType::MAX_FRAGMENT_LENGTH | ExtensionType::RECORD_SIZE_LIMIT => {
                let own = start.config.common.plaintext_limit();
                let mut limits = self.choice.record_limits;
                limits.take_offer(kind, body, own)?;
                if in_tls {
                    self.choice.record_limits = limits;
                }
            }
            // With RSA key exchange the server signs nothing; the list must be one all the same.
            ExtensionType::SIGNATURE_ALGORITHMS => {
                let _ = read_signature_algorithms(body)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Judges renegotiation_info, or the signal in its place, and what a renegotiation may not
    /// change.
    fn check_occasion(&mut self, start: &Start, hello: &ClientHello<'_>) -> Result<(), Error> {
        let occasion = &start.occasion;
        let signalled = hello.offers(CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
        if signalled && !occasion.is_first() {
            return Err(PeerMisbehaved::BadRenegotiationInfo.into());
        }
        // RFC 5746 §3.6: the signal says what an empty extension says.
        let empty: &[u8] = &[];
        let info = self.renegotiated_connection.as_deref();
        let info = info.or(signalled.then_some(empty));
        self.secure_renegotiation = occasion.check_info(info, Side::Client)?;
        self.server_name =
            occasion.check_server_name(self.server_name.take(), self.choice.version)?;
        occasion.check_choice(&self.choice)
    }

    /// Sends the ServerHello; returns it, and the server's random.
    pub(super) fn send_server_hello(
        &self,
        start: &Start,
        flow: Flow,
        session_id: &[u8],
        out: &mut Output<'_>,
    ) -> Result<(Vec<u8>, [u8; 32]), Error> {
        let mut random = [0; 32];
        out.random.fill(&mut random)?;
        if start.occasion.is_first()
            && self.choice.version < ProtocolVersion::TLSv1_2
            && start
                .config
                .common
                .policy
                .usable_at(ProtocolVersion::TLSv1_2)
            && let Some(end) = random.last_chunk_mut()
        {
            *end = DOWNGRADE_SENTINEL;
        }
        let extensions = self.extensions(&start.occasion, flow);
        let hello = ServerHello {
            server_version: self.choice.version.wire(),
            random,
            session_id,
            cipher_suite: self.choice.suite.suite,
            compression_method: NULL_COMPRESSION,
            extensions: Extensions::of(&extensions),
        };
        let encoded = out.send(HandshakeType::SERVER_HELLO, |body| hello.write(body))?;
        out.known.server_hello.clear();
        hello.write(&mut out.known.server_hello);
        Ok((encoded, random))
    }

    fn extensions(&self, occasion: &Occasion, flow: Flow) -> ExtensionsWriter {
        // RFC 6066 §3: a name is not confirmed where a session is resumed, which has its own.
        let answers_server_name = self.answers_server_name && flow == Flow::Full;
        let mut extensions = ExtensionsWriter::default();
        if self.secure_renegotiation
            && let Some(info) = occasion.renegotiated_connection(Side::Server)
        {
            extensions.add(ExtensionType::RENEGOTIATION_INFO, |body| {
                write_renegotiated_connection(body, &info);
            });
        }
        for (kind, answered) in [
            (ExtensionType::SERVER_NAME, answers_server_name),
            (
                ExtensionType::EXTENDED_MASTER_SECRET,
                self.choice.extended_master_secret,
            ),
            (
                ExtensionType::ENCRYPT_THEN_MAC,
                self.choice.encrypt_then_mac,
            ),
            (ExtensionType::SESSION_TICKET, self.choice.session_ticket),
        ] {
            if answered {
                extensions.add(kind, |_| {});
            }
        }
        if let Some(protocol) = &self.alpn_protocol {
            extensions.add(
                ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION,
                |body| {
                    write_protocol_names(body, [protocol.as_slice()]);
                },
            );
        }
        if let Some((kind, content)) = self.choice.record_limits.answer() {
            extensions.add(kind, |body| body.extend(content));
        }
        extensions
    }
}

/// The newest version that both sides have (RFC 5246 appendix E.1), unless the client has fallen
/// back for no reason (RFC 7507 §3).
fn version(start: &Start, hello: &ClientHello<'_>) -> Result<ProtocolVersion, Error> {
    let policy = &start.config.common.policy;
    if let Some(version) = start.occasion.version() {
        return if hello.client_version < version.wire() {
            Err(PeerMisbehaved::VersionChanged(hello.client_version).into())
        } else {
            Ok(version)
        };
    }
    let (min, max) = policy.version_range();
    let version = ProtocolVersion::from_ssl3()
        .rev()
        .find(|version| version.wire() <= hello.client_version && policy.usable_at(*version))
        .ok_or(PeerIncompatible::NoVersionInCommon {
            peer: hello.client_version,
            min,
            max,
        })?;
    let could_do_better = policy
        .usable_versions()
        .is_some_and(|(_, max)| max.wire() > hello.client_version);
    if could_do_better && hello.offers(CipherSuite::TLS_FALLBACK_SCSV) {
        return Err(PeerMisbehaved::InappropriateFallback(version).into());
    }
    Ok(version)
}

/// The first suite of the policy that the client offers and that exists at the version.
fn suite(
    start: &Start,
    hello: &ClientHello<'_>,
    version: ProtocolVersion,
) -> Result<&'static SuiteRow, Error> {
    start
        .config
        .common
        .policy
        .allowed_suites()
        .filter(|suite| hello.offers(*suite))
        .filter_map(CipherSuite::row)
        .find(|row| row.exists_at(version))
        .ok_or(PeerIncompatible::NoSuiteInCommon(version).into())
}

/// The first protocol of the config that the client offers (RFC 7301 §3.2); none where the config
/// has none.
fn alpn_protocol(start: &Start, offered: &[&[u8]]) -> Result<Option<Vec<u8>>, Error> {
    let served = &start.config.common.alpn_protocols;
    if served.is_empty() {
        return Ok(None);
    }
    served
        .iter()
        .find(|protocol| offered.contains(&protocol.as_slice()))
        .cloned()
        .map(Some)
        .ok_or(PeerIncompatible::NoApplicationProtocolInCommon.into())
}
