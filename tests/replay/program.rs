//! What uses our side. It goes by all that has come in so far, never by the pieces in which it
//! came.

use std::io::{Read, Write};

use retrossl::{Connection, Error, IoState, Side};

use super::file::{Cipher, End, Prompt, Scenario};

/// A client says its text, waits for the whole answer and closes; a server answers each whole
/// text, and closes when the client has. Where there is a second handshake, a client says its text
/// again after it, and a server that begins it answers after it.
pub struct Program<'s> {
    scenario: &'s Scenario,
    /// What a client says, and what it expects for it.
    lines: Vec<(&'s [u8], &'s [u8])>,
    received: Vec<u8>,
    /// Texts or answers.
    sent: usize,
    has_renegotiated: bool,
    has_closed: bool,
    their_end: Option<End>,
}

impl<'s> Program<'s> {
    pub fn new(scenario: &'s Scenario) -> Self {
        let line: (&[u8], &[u8]) = (&scenario.text, &scenario.answer);
        let mut lines = vec![line];
        if let Some(Prompt { text, answer }) = &scenario.prompt {
            lines.push((text, answer));
        }
        if scenario.renegotiated_by.is_some() {
            lines.push(line);
        }
        Self {
            scenario,
            lines,
            received: Vec::new(),
            sent: 0,
            has_renegotiated: false,
            has_closed: false,
            their_end: None,
        }
    }

    /// Does what there is to do since the last time.
    pub fn advance(&mut self, connection: &mut Connection, state: IoState) -> Result<(), Error> {
        if state.peer_has_closed {
            self.their_end = Some(End::CloseNotify);
        } else if state.transport_has_ended {
            self.their_end = Some(End::Transport);
        }
        // The end of what is there is an error or an end of file; either way it is the end.
        let _ = connection.reader().read_to_end(&mut self.received);
        if connection.is_handshaking() || self.has_closed {
            return Ok(());
        }
        match self.scenario.role {
            Side::Client => self.advance_client(connection),
            Side::Server => self.advance_server(connection),
        }
    }

    /// Whether it has nothing more to say.
    pub fn has_closed(&self) -> bool {
        self.has_closed
    }

    /// Whether it waits for nothing more either.
    pub fn is_over(&self) -> bool {
        self.has_closed && self.their_end.is_some()
    }

    /// Checks what is known of a conversation's end.
    pub fn check(&self, connection: &Connection, number: usize) -> Result<(), String> {
        let scenario = self.scenario;
        let plaintext = match scenario.role {
            Side::Client => self.answers(self.lines.len()),
            // A client may come just for a session.
            Side::Server if scenario.resumed_by.is_some() && number == 0 => {
                scenario.text.repeat(self.sent)
            }
            Side::Server => scenario.text.repeat(self.sent.max(1)),
        };
        let cipher = connection
            .negotiated_cipher_suite()
            .map(Cipher::Suite)
            .or(connection.negotiated_cipher_kind().map(Cipher::Kind));
        let resumed_by = scenario.resumed_by.filter(|_| number > 0);
        let authenticates = match scenario.role {
            Side::Client => true,
            Side::Server => scenario.client_certificate.is_some(),
        };
        same(
            "version",
            &connection.protocol_version(),
            &Some(scenario.version),
        )?;
        same("cipher", &cipher, &Some(scenario.cipher))?;
        same("resumption", &connection.resumption(), &resumed_by)?;
        same("handshakes", &connection.handshakes(), &self.handshakes())?;
        same(
            "peer's certificate",
            &connection.peer_certificates().is_some(),
            &authenticates,
        )?;
        same("plaintext", &self.received, &plaintext)?;
        same("their end", &self.their_end, &Some(scenario.their_end))?;
        same("our end", &self.has_closed, &true)
    }

    fn advance_client(&mut self, connection: &mut Connection) -> Result<(), Error> {
        if self.received.len() < self.answers(self.sent).len() {
            return Ok(());
        }
        let Some((text, _)) = self.lines.get(self.sent) else {
            self.close(connection);
            return Ok(());
        };
        let is_last = self.sent + 1 == self.lines.len();
        if self.sent > 0 && is_last && connection.handshakes() < self.handshakes() {
            return self.renegotiate(connection);
        }
        self.say(connection, text)
    }

    /// To so many lines.
    fn answers(&self, lines: usize) -> Vec<u8> {
        let lines = self.lines[..lines].iter();
        lines
            .flat_map(|(_, answer)| answer.iter().copied())
            .collect()
    }

    fn advance_server(&mut self, connection: &mut Connection) -> Result<(), Error> {
        while self.received.len() >= (self.sent + 1) * self.scenario.text.len() {
            let first = connection.handshakes() < self.handshakes();
            if first && self.scenario.renegotiated_by == Some(Side::Server) {
                return self.renegotiate(connection);
            }
            self.say(connection, &self.scenario.answer)?;
        }
        if self.their_end.is_some() {
            self.close(connection);
        }
        Ok(())
    }

    /// Begins the second handshake, or waits for it.
    fn renegotiate(&mut self, connection: &mut Connection) -> Result<(), Error> {
        let ours = self.scenario.renegotiated_by == Some(self.scenario.role);
        if ours && !self.has_renegotiated {
            self.has_renegotiated = true;
            connection.renegotiate()?;
        }
        Ok(())
    }

    fn say(&mut self, connection: &mut Connection, words: &[u8]) -> Result<(), Error> {
        self.sent += 1;
        let written = connection.writer().write_all(words);
        written.map_err(|error| Error::of_io(&error).expect("the connection's").clone())
    }

    fn close(&mut self, connection: &mut Connection) {
        connection.send_close_notify();
        self.has_closed = true;
    }

    fn handshakes(&self) -> u64 {
        1 + u64::from(self.scenario.renegotiated_by.is_some())
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, is: &T, should_be: &T) -> Result<(), String> {
    if is == should_be {
        return Ok(());
    }
    Err(format!("{what}: {is:?}, not {should_be:?}"))
}
