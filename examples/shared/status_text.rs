//! What status lines are made of: one line each, whatever the peer sent.

use std::io;

use retrossl::{Connection, Error};

/// `text` without what could start a new line or make a terminal do something.
pub fn printable(text: &str) -> String {
    let rewrites_the_line = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.replace(rewrites_the_line, "\u{fffd}")
}

/// `version=… suite=… resumed=…`; `-` for what is not known.
pub fn negotiated(connection: &Connection) -> String {
    let or_dash = |known: Option<String>| known.unwrap_or_else(|| "-".to_owned());
    format!(
        "version={} suite={} resumed={}",
        or_dash(connection.protocol_version().map(|it| it.to_string())),
        or_dash(
            connection
                .negotiated_cipher_suite()
                .map(|it| it.to_string())
        ),
        if connection.session_resumed() {
            "yes"
        } else {
            "no"
        },
    )
}

/// Why a stream failed, and the alert that tells the same to the other side.
pub fn cause(error: &io::Error, connection: &Connection) -> String {
    let alert = match (Error::of_io(error), connection.sent_alert()) {
        (Some(Error::AlertReceived(alert) | Error::ClientCertificateMissing(alert)), _) => {
            format!("alert received: {alert}")
        }
        (_, Some(alert)) => format!("alert sent: {alert}"),
        _ => "no alert".to_owned(),
    };
    printable(&format!("{error} ({alert})"))
}
