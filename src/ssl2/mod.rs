//! The handshake of SSL 2.0, as states that are types (Netscape's The SSL Protocol, 1995).
//!
//! It is a protocol of its own: other messages, other records, other keys, and no alerts, no
//! renegotiation, no close_notify. What it has in common with later versions is the config.
//!
//! ```text
//! CLIENT-HELLO                ─►
//!                             ◄─  SERVER-HELLO
//! CLIENT-MASTER-KEY           ─►                         (not where a session is resumed)
//! CLIENT-FINISHED             ─►                         (from here on encrypted)
//!                             ◄─  SERVER-VERIFY
//!                             ◄─  REQUEST-CERTIFICATE    (where the server wants one)
//! CLIENT-CERTIFICATE or ERROR ─►
//!                             ◄─  SERVER-FINISHED
//! ```

pub(crate) mod client;
mod output;
pub(crate) mod server;

pub(crate) use output::Output;

use crate::error::{Error, PeerMisbehaved};
use crate::message::ssl2::{Message, Ssl2MessageType};

impl<'a> Message<'a> {
    /// The body of a message of type `kind`, which the state waits for.
    fn expect(self, kind: Ssl2MessageType) -> Result<&'a [u8], Error> {
        if self.kind == kind {
            Ok(self.body)
        } else {
            Err(self.unexpected(kind.name()))
        }
    }

    /// The refusal of everything that has no place: skipped, repeated and early messages alike.
    pub(crate) fn unexpected(self, expected: &'static str) -> Error {
        let received = self.kind.name();
        PeerMisbehaved::UnexpectedMessage { received, expected }.into()
    }
}
