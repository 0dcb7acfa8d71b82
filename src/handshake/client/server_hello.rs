//! Step 2: judging the ServerHello against what was offered.

use super::hello::{Offer, Start};
use crate::crypto::cipher::CipherType;
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::handshake::{Choice, DOWNGRADE_SENTINEL, Output};
use crate::message::extension::{
    Answer, read_chosen_protocol, read_flag, read_renegotiated_connection,
};
use crate::message::{ExtensionType, NULL_COMPRESSION, ServerHello};
use crate::side::Side;
use crate::suite::SuiteRow;
use crate::version::ProtocolVersion;

/// Checks every field; what the extensions say goes to what is known.
pub(super) fn judge(
    start: &Start,
    offer: &Offer,
    hello: &ServerHello<'_>,
    out: &mut Output<'_>,
) -> Result<Choice, Error> {
    let version = version(start, offer, hello)?;
    out.known.version = Some(version);
    // From here on, so that servers understand an alert, too.
    out.outgoing.set_version(version);
    let suite = suite(start, hello, version)?;
    if hello.compression_method != NULL_COMPRESSION {
        return Err(PeerMisbehaved::Compression.into());
    }
    out.known.alpn_protocol = None;
    let mut choice = Choice::new(version, suite);
    let mut renegotiated_connection = None;
    for (kind, body) in hello.extensions() {
        check_answer(kind, offer, version)?;
        if kind == ExtensionType::RENEGOTIATION_INFO {
            renegotiated_connection = Some(read_renegotiated_connection(body)?);
        } else {
            take(&mut choice, kind, body, start, out)?;
        }
    }
    out.known.secure_renegotiation = start
        .occasion
        .check_info(renegotiated_connection, Side::Server)?;
    start.occasion.check_choice(&choice)?;
    Ok(choice)
}

fn version(
    start: &Start,
    offer: &Offer,
    hello: &ServerHello<'_>,
) -> Result<ProtocolVersion, Error> {
    let wire = hello.server_version;
    if wire > offer.max_version.wire() {
        return Err(PeerMisbehaved::VersionNotOffered(wire).into());
    }
    if start
        .occasion
        .version()
        .is_some_and(|version| version.wire() != wire)
    {
        return Err(PeerMisbehaved::VersionChanged(wire).into());
    }
    let (min, max) = start.policy.version_range();
    let version = ProtocolVersion::from_wire(wire)
        .filter(|version| *version >= ProtocolVersion::SSLv3 && start.policy.usable_at(*version))
        .ok_or(PeerIncompatible::NoVersionInCommon {
            peer: wire,
            min,
            max,
        })?;
    let downgraded = version < ProtocolVersion::TLSv1_2
        && offer.max_version == ProtocolVersion::TLSv1_2
        && hello.random.ends_with(&DOWNGRADE_SENTINEL);
    if downgraded {
        return Err(PeerMisbehaved::DowngradeDetected.into());
    }
    Ok(version)
}

fn suite(
    start: &Start,
    hello: &ServerHello<'_>,
    version: ProtocolVersion,
) -> Result<&'static SuiteRow, Error> {
    let suite = hello.cipher_suite;
    if !start.policy.usable_suites().any(|offered| offered == suite) {
        return Err(PeerMisbehaved::SuiteNotOffered(suite).into());
    }
    suite
        .row()
        .filter(|row| row.exists_at(version))
        .ok_or(PeerMisbehaved::SuiteNotAtVersion(suite, version).into())
}

/// Whether the server may answer this extension here at all.
fn check_answer(kind: ExtensionType, offer: &Offer, version: ProtocolVersion) -> Result<(), Error> {
    // renegotiation_info is offered by a signal, and judged apart.
    let offered = kind == ExtensionType::RENEGOTIATION_INFO || offer.extensions.contains(&kind);
    match kind.answer() {
        Answer::FromTls10 if offered && version == ProtocolVersion::SSLv3 => {
            Err(PeerMisbehaved::ExtensionAtSsl3(kind.0).into())
        }
        Answer::FromTls10 | Answer::Always if offered => Ok(()),
        _ => Err(PeerMisbehaved::UnsolicitedExtension(kind.0).into()),
    }
}

/// What one answered extension means.
fn take(
    choice: &mut Choice,
    kind: ExtensionType,
    body: &[u8],
    start: &Start,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    match kind {
        ExtensionType::EXTENDED_MASTER_SECRET => {
            read_flag("extended_master_secret", body)?;
            choice.extended_master_secret = true;
        }
        ExtensionType::ENCRYPT_THEN_MAC => {
            read_flag("encrypt_then_mac", body)?;
            if choice.suite.cipher.cipher_type() != CipherType::Block {
                return Err(PeerMisbehaved::EncryptThenMacWithoutCbc.into());
            }
            choice.encrypt_then_mac = true;
        }
        ExtensionType::SESSION_TICKET => {
            read_flag("session_ticket", body)?;
            choice.session_ticket = true;
        }
        ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION => {
            let protocol = read_chosen_protocol(body)?;
            if !start
                .config
                .common
                .alpn_protocols
                .iter()
                .any(|offered| offered == protocol)
            {
                return Err(PeerMisbehaved::ApplicationProtocolNotOffered.into());
            }
            out.known.alpn_protocol = Some(protocol.to_vec());
        }
        ExtensionType::MAX_FRAGMENT_LENGTH | ExtensionType::RECORD_SIZE_LIMIT => {
            let own = start.config.common.plaintext_limit();
            choice.record_limits.take_answer(kind, body, own)?;
        }
        // server_name's answer says nothing and should be empty (RFC 6066 §3).
        _ => {}
    }
    Ok(())
}
