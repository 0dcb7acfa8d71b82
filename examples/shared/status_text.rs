//! What status lines are made of: one line each, whatever the peer sent.

use std::io;

use retrossl::{
    Connection, Error, PeerIncompatible, ProtocolVersion, RenegotiationRefused, Resumption,
    certificate_subject,
};

/// `text` without what could start a new line or make a terminal do something.
pub fn printable(text: &str) -> String {
    let rewrites_the_line = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.replace(rewrites_the_line, "\u{fffd}")
}

/// `version=… suite=… resumed=… renegotiated=… subject=…`; `-` for what is not known. At SSL 2.0
/// the suite is a cipher kind. After it comes `max_fragment=…` where the peer takes less in one
/// record than all do by default.
///
/// `resumption` is the first handshake's: the connection itself tells the last one's.
pub fn negotiated(connection: &Connection, resumption: Option<Resumption>) -> String {
    let or_dash = |known: Option<String>| known.unwrap_or_else(|| "-".to_owned());
    let max_fragment = match (
        connection.protocol_version(),
        connection.peer_record_limit(),
    ) {
        (Some(ProtocolVersion::SSLv2), _) | (_, FULL_RECORD..) => String::new(),
        (_, bytes) => format!(" max_fragment={bytes}"),
    };
    format!(
        "version={} suite={}{max_fragment} resumed={} renegotiated={} subject={}",
        or_dash(connection.protocol_version().map(|it| it.to_string())),
        or_dash(cipher(connection)),
        resumed(resumption),
        connection.handshakes().saturating_sub(1),
        or_dash(subject(connection).map(|subject| quoted(&subject))),
    )
}

/// The suite, or at SSL 2.0 the cipher kind.
pub fn cipher(connection: &Connection) -> Option<String> {
    let suite = connection.negotiated_cipher_suite();
    let kind = connection.negotiated_cipher_kind();
    let suite = suite.map(|suite| suite.to_string());
    suite.or_else(|| kind.map(|kind| kind.to_string()))
}

/// How a session was resumed, in a word.
pub fn resumed(resumption: Option<Resumption>) -> &'static str {
    match resumption {
        None => "no",
        Some(Resumption::SessionId) => "id",
        Some(Resumption::Ticket) => "ticket",
    }
}

/// Whom the peer's certificate names, if it sent one; nobody is a name, too.
pub fn subject(connection: &Connection) -> Option<String> {
    let chain = connection.peer_certificates()?;
    certificate_subject(chain.first()?).map(|subject| printable(&subject))
}

/// One field of a line, spaces and all.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

/// Why a stream failed, the alert (at SSL 2.0 the ERROR) that tells the same to the other side, and
/// the option that would allow it.
pub fn cause(error: &io::Error, connection: &Connection) -> String {
    let alert = match (Error::of_io(error), connection.sent_alert()) {
        (Some(Error::AlertReceived(alert) | Error::ClientCertificateMissing(alert)), _) => {
            format!("alert received: {alert}")
        }
        (Some(Error::Ssl2ErrorReceived(code)), _) => format!("error received: {code}"),
        (_, Some(alert)) => format!("alert sent: {alert}"),
        _ => match connection.sent_ssl2_error() {
            Some(code) => format!("error sent: {code}"),
            None => "no alert".to_owned(),
        },
    };
    let hint = match Error::of_io(error) {
        Some(Error::PeerIncompatible(PeerIncompatible::SpeaksSsl2)) => {
            "; --min ssl2 --hello ssl2 allows it"
        }
        Some(Error::Renegotiation(refused)) => renegotiation_hint(*refused, connection),
        Some(Error::PeerIncompatible(PeerIncompatible::NoRenegotiation)) => {
            "; --accept-renegotiation allows it"
        }
        _ => "",
    };
    printable(&format!("{error} ({alert}){hint}"))
}

/// The options that would let the connection be renegotiated.
pub fn renegotiation_hint(refused: RenegotiationRefused, connection: &Connection) -> &'static str {
    match (refused, connection.protocol_version()) {
        (RenegotiationRefused::PeerIsInsecure, _) => "; --renegotiation legacy takes that risk",
        (RenegotiationRefused::UnboundSession, Some(ProtocolVersion::SSLv3)) => {
            "; with --no-session-ids every handshake is a full one"
        }
        (RenegotiationRefused::UnboundSession, _) => {
            "; with --no-tickets and --no-session-ids every handshake is a full one"
        }
        _ => "",
    }
}

/// The plaintext of a record at the most.
const FULL_RECORD: usize = 16_384;
