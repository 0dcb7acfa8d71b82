//! What a state may touch: messages to send, keys to install, facts and events to report.

use crate::cipher_kind::KindRow;
use crate::config::{Direction, Event, KeyLog, Observer, Resumption};
use crate::crypto::random::SecureRandom;
use crate::error::Error;
use crate::handshake::Known;
use crate::message::ssl2::{ErrorMessage, Ssl2Error, Ssl2MessageType, encode};
use crate::policy::Policy;
use crate::record::{ContentType, Outgoing, ssl2};
use crate::secrets::{Ssl2KeyMaterial, Ssl2MasterKey};
use crate::session::Ssl2Session;
use crate::side::Side;

/// A state's way to the rest of the connection.
pub(crate) struct Output<'c> {
    pub(crate) side: Side,
    pub(crate) outgoing: &'c mut Outgoing,
    pub(crate) opener: &'c mut ssl2::Opener,
    pub(crate) known: &'c mut Known,
    pub(crate) observer: &'c mut Option<Box<dyn Observer>>,
    pub(crate) random: &'c dyn SecureRandom,
}

impl Output<'_> {
    /// Sends a message in a record of its own. Returns it as it was encoded.
    pub(crate) fn send(
        &mut self,
        message: Ssl2MessageType,
        write_body: impl FnOnce(&mut Vec<u8>),
    ) -> Result<Vec<u8>, Error> {
        let encoded = encode(message, write_body);
        self.outgoing
            .send(ContentType::Handshake, &encoded, self.random)?;
        self.report(Event::Ssl2Handshake {
            direction: Direction::Sent,
            message,
            bytes: &encoded,
        });
        Ok(encoded)
    }

    /// Sends an ERROR.
    pub(crate) fn send_error(&mut self, code: Ssl2Error) -> Result<(), Error> {
        let message = ErrorMessage { code };
        self.send(Ssl2MessageType::ERROR, |body| message.write(body))?;
        Ok(())
    }

    /// The connection goes on with `session`, and with the certificate that was shown for it.
    pub(crate) fn resume(&mut self, session: &Ssl2Session) {
        self.known.peer_certificates = session.peer_certificates.clone();
        let by = Resumption::SessionId;
        self.known.resumption = Some(by);
        self.report(Event::SessionResumed { by });
    }

    /// Step 7, where the master key is known: both directions are protected from here on.
    pub(crate) fn install_keys(
        &mut self,
        keys: &Ssl2KeyMaterial,
        kind: &'static KindRow,
        key_arg: &[u8],
        policy: &Policy,
    ) -> Result<(), Error> {
        let max_bytes = policy.bytes_per_key(kind.cipher.bytes_per_key());
        let protection =
            |sender| ssl2::Protection::new(kind.cipher, keys.write_key(sender), key_arg);
        let own = protection(self.side)?;
        let peers = protection(self.side.peer())?;
        self.outgoing.protect_ssl2(own, max_bytes)?;
        self.opener.protect(peers, max_bytes);
        self.report(Event::Ssl2KeysDerived { kind: kind.kind });
        Ok(())
    }

    /// Logs the master key, under the challenge in the client random's place.
    pub(crate) fn log(
        &self,
        key_log: Option<&dyn KeyLog>,
        client_random: &[u8; 32],
        master_key: &Ssl2MasterKey,
    ) {
        if let Some(key_log) = key_log {
            key_log.log("SSL2_MASTER_KEY", client_random, master_key.as_bytes());
        }
    }

    /// Step 10 begins.
    pub(crate) fn establish(&mut self) {
        self.known.handshakes += 1;
        self.report(Event::Established {});
    }

    /// Tells the observer, if there is one.
    pub(crate) fn report(&mut self, event: Event<'_>) {
        if let Some(observer) = self.observer {
            observer.observe(event);
        }
    }
}
