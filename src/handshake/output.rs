//! What a state may touch: messages to send, keys to install, facts and events to report.

use super::known::Known;
use crate::alert::{AlertDescription, AlertLevel};
use crate::config::{Direction, Event, Observer};
use crate::crypto::random::SecureRandom;
use crate::error::Error;
use crate::message::{HandshakeType, encode};
use crate::record::{ContentType, Opener, Outgoing, PlaintextLimit, Protection};
use crate::secrets::Transcript;

/// A state's way to the rest of the connection.
pub(crate) struct Output<'c> {
    pub(crate) outgoing: &'c mut Outgoing,
    pub(crate) opener: &'c mut Opener,
    pub(crate) known: &'c mut Known,
    pub(crate) observer: &'c mut Option<Box<dyn Observer>>,
    pub(crate) random: &'c dyn SecureRandom,
}

impl Output<'_> {
    /// Sends a handshake message, in a record of its own where it fits: some old peers do not
    /// take two in one. Returns it as it was encoded.
    pub(crate) fn send(
        &mut self,
        message: HandshakeType,
        write_body: impl FnOnce(&mut Vec<u8>),
    ) -> Result<Vec<u8>, Error> {
        let encoded = encode(message, write_body);
        self.outgoing
            .send(ContentType::Handshake, &encoded, self.random)?;
        self.report(Event::Handshake {
            direction: Direction::Sent,
            message,
            bytes: &encoded,
        });
        Ok(encoded)
    }

    /// Sends a handshake message and adds it to the transcript.
    pub(crate) fn send_hashed(
        &mut self,
        transcript: &mut Transcript,
        message: HandshakeType,
        write_body: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Error> {
        let encoded = self.send(message, write_body)?;
        transcript.add(&encoded);
        Ok(())
    }

    /// Sends a ChangeCipherSpec; protects what follows it, and cuts it to `limit`.
    pub(crate) fn change_cipher_spec(
        &mut self,
        protection: Protection,
        max_bytes: u64,
        limit: PlaintextLimit,
    ) -> Result<(), Error> {
        self.outgoing
            .send(ContentType::ChangeCipherSpec, &[1], self.random)?;
        self.outgoing.protect(protection, max_bytes, limit)?;
        self.report(Event::ChangeCipherSpec {
            direction: Direction::Sent,
        });
        Ok(())
    }

    /// Opens what follows the peer's ChangeCipherSpec, up to `limit` in a record.
    pub(crate) fn peer_changed_cipher_spec(
        &mut self,
        protection: Protection,
        max_bytes: u64,
        limit: PlaintextLimit,
    ) {
        *self.opener = Opener::new(protection, max_bytes).limited_to(limit);
    }

    /// Sends a warning.
    pub(crate) fn warn(&mut self, description: AlertDescription) -> Result<(), Error> {
        self.alert(AlertLevel::Warning, description)
    }

    /// Sends an alert.
    pub(crate) fn alert(
        &mut self,
        level: AlertLevel,
        description: AlertDescription,
    ) -> Result<(), Error> {
        let alert = [level.wire(), description.0];
        self.outgoing
            .send(ContentType::Alert, &alert, self.random)?;
        self.report(Event::Alert {
            direction: Direction::Sent,
            level,
            description,
        });
        Ok(())
    }

    /// Tells the observer, if there is one.
    pub(crate) fn report(&mut self, event: Event<'_>) {
        if let Some(observer) = self.observer {
            observer.observe(event);
        }
    }
}
