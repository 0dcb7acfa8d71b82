//! What happens in each of the handshake's steps, as observers see it.

use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use retrossl::{Direction, Event, HandshakeType, Observer, ObserverFactory, Resumption, Side};

use super::output::Output;

/// What happened in each step, as both sides' observers saw it.
#[derive(Clone, Debug, Default)]
pub struct StepLog(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    by_step: [Vec<String>; STEPS.len()],
    messages: usize,
    is_resumed: bool,
    prints: bool,
}

impl StepLog {
    pub fn new() -> Self {
        Self::default()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn print(&self, prints: bool) {
        self.entries().prints = prints;
    }

    /// Begins anew, with another connection.
    pub fn forget(&self) {
        *self.entries() = Entries::default();
    }

    /// Prints the steps that are complete.
    pub fn show(&self, steps: RangeInclusive<usize>, more: &str) -> io::Result<()> {
        let mut entries = self.entries();
        if !entries.prints {
            return Ok(());
        }
        let mut out = Output;
        for step in steps {
            writeln!(out, "\n{step:>2}. {}{more}", STEPS[step - 1])?;
            let lines = core::mem::take(&mut entries.by_step[step - 1]);
            for line in &lines {
                writeln!(out, "    {line}")?;
            }
            if lines.is_empty() {
                let why = match (entries.is_resumed, step) {
                    (true, 3..=6) => "falls away: the session is resumed",
                    _ => "not in this handshake",
                };
                writeln!(out, "    ({why})")?;
            }
        }
        Ok(())
    }

    /// Prints step 11, with the others inside it.
    pub fn show_again(&self) -> io::Result<()> {
        let mut entries = self.entries();
        if !entries.prints {
            return Ok(());
        }
        let mut out = Output;
        writeln!(out, "\n11. {}", STEPS[10])?;
        let (steps, request) = entries.by_step.split_at_mut(10);
        for line in request.iter_mut().flat_map(|lines| lines.drain(..)) {
            writeln!(out, "        {line}")?;
        }
        for (index, lines) in steps.iter_mut().enumerate() {
            for (place, line) in lines.drain(..).enumerate() {
                let number = match place {
                    0 => format!("{:>2}.", index + 1),
                    _ => String::new(),
                };
                writeln!(out, "    {number:<3} {line}")?;
            }
        }
        Ok(())
    }

    /// A message that has crossed.
    fn message(&self, step: usize, sender: Side, name: &str, what: &str, len: usize) {
        let mut entries = self.entries();
        entries.messages += 1;
        let number = format!("#{}", entries.messages);
        let way = way(sender);
        let line = format!("{number:<4} {way}  {name:<18} {what:<16} {len:>4} bytes");
        entries.by_step[step - 1].push(line);
    }

    /// Application data that has crossed.
    pub fn data(&self, sender: Side, len: usize, wire: usize) {
        let what = format!("in {wire} on the wire");
        self.message(10, sender, "ApplicationData", "content 23", len);
        if let Some(line) = self.entries().by_step[9].last_mut() {
            *line = format!("{line} {what}");
        }
    }

    /// Something that a side has done by itself.
    fn deed(&self, step: usize, side: Side, deed: &str) {
        self.entries().by_step[step - 1].push(format!("     {side} {deed}"));
    }
}

impl ObserverFactory for StepLog {
    fn observer(&self, side: Side) -> Box<dyn Observer> {
        Box::new(Watcher {
            side,
            log: self.clone(),
        })
    }
}

/// Watches one side.
struct Watcher {
    side: Side,
    log: StepLog,
}

impl Observer for Watcher {
    /// A message counts when it is received: then it has really crossed.
    fn observe(&mut self, event: Event<'_>) {
        let (side, log) = (self.side, &self.log);
        let sender = match side {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        };
        match event {
            Event::Handshake {
                direction: Direction::Received,
                message,
                bytes,
                ..
            } => {
                let what = format!("handshake {}", message.0);
                let step = step_of(message, sender);
                log.message(step, sender, message.name(), &what, bytes.len());
            }
            Event::ChangeCipherSpec {
                direction: Direction::Received,
                ..
            } => {
                let step = step_of(HandshakeType::FINISHED, sender);
                log.message(step, sender, "ChangeCipherSpec", "content 20", 1);
            }
            Event::Alert {
                direction: Direction::Received,
                level,
                description,
                ..
            } => {
                let what = format!("alert {}, {level}", description.0);
                log.message(10, sender, &description.to_string(), &what, 2);
            }
            Event::PeerAuthenticated if side == Side::Client => {
                log.deed(3, side, "accepts the server's certificate: it is pinned");
            }
            Event::PeerAuthenticated => {
                let deed = "accepts the client's certificate (it is pinned) and signature";
                log.deed(6, side, deed);
            }
            Event::SessionResumed { by, .. } => {
                let by = match by {
                    Resumption::SessionId => "its ID",
                    Resumption::Ticket => "a ticket",
                };
                log.entries().is_resumed = true;
                log.deed(2, side, &format!("resumes the session, by {by}"));
            }
            Event::MasterSecretDerived { extended, .. } => {
                let how = if extended { " (extended)" } else { "" };
                log.deed(6, side, &format!("derives the master secret{how}"));
            }
            Event::KeysDerived { version, suite, .. } => {
                log.deed(7, side, &format!("derives the keys for {version}, {suite}"));
            }
            Event::Established { .. } => {
                let deed = "has verified the other's Finished: the handshake is complete";
                log.deed(step_of(HandshakeType::FINISHED, sender), side, deed);
            }
            _ => {}
        }
    }
}

/// The step that a message belongs to.
fn step_of(message: HandshakeType, sender: Side) -> usize {
    match (message, sender) {
        (HandshakeType::HELLO_REQUEST, _) => 11,
        (HandshakeType::CLIENT_HELLO, _) => 1,
        (HandshakeType::CLIENT_KEY_EXCHANGE, _) => 4,
        (HandshakeType::CERTIFICATE | HandshakeType::CERTIFICATE_VERIFY, Side::Client) => 5,
        (HandshakeType::FINISHED, Side::Client) => 8,
        (HandshakeType::FINISHED, Side::Server) => 9,
        _ => 2,
    }
}

fn way(sender: Side) -> &'static str {
    match sender {
        Side::Client => "client → server",
        Side::Server => "client ← server",
    }
}

const STEPS: [&str; 11] = [
    "The client sends its version, cipher settings and session data",
    "The server answers with its own and its certificate, and may ask for the client's",
    "The client authenticates the server",
    "The client creates the pre-master secret and encrypts it to the server's public key",
    "If asked, the client sends its certificate and signs data unique to this handshake",
    "The server authenticates the client, decrypts the pre-master secret; both derive the master secret",
    "Both derive the session keys",
    "The client announces encryption and sends its Finished",
    "The server does the same",
    "Both exchange data, encrypted and integrity-checked",
    "Either side may renegotiate: the steps repeat inside the encrypted channel",
];
