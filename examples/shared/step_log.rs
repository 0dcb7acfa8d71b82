//! What happens in each of the handshake's steps, as observers see it.

use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use retrossl::{
    Direction, Event, HandshakeType, Observer, ObserverFactory, ProtocolVersion, Resumption, Side,
    Ssl2MessageType,
};

use super::output::Output;

/// What happened in each step, as both sides' observers saw it.
#[derive(Clone, Debug)]
pub struct StepLog {
    entries: Arc<Mutex<Entries>>,
    titles: &'static [&'static str; STEPS.len()],
    /// The longest message's name.
    name_width: usize,
}

#[derive(Debug, Default)]
struct Entries {
    by_step: [Vec<String>; STEPS.len()],
    messages: usize,
    is_resumed: bool,
    prints: bool,
}

impl StepLog {
    pub fn new(version: ProtocolVersion) -> Self {
        let (titles, name_width) = match version {
            ProtocolVersion::SSLv2 => (&SSL2_STEPS, Ssl2MessageType::REQUEST_CERTIFICATE.name()),
            _ => (&STEPS, HandshakeType::CERTIFICATE_REQUEST.name()),
        };
        Self {
            entries: Arc::default(),
            titles,
            name_width: name_width.len(),
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
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
            writeln!(out, "\n{step:>2}. {}{more}", self.titles[step - 1])?;
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
        writeln!(out, "\n11. {}", self.titles[10])?;
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
        let width = self.name_width;
        let line = format!("{number:<4} {way}  {name:<width$} {what:<16} {len:>4} bytes");
        entries.by_step[step - 1].push(line);
    }

    /// Application data that has crossed.
    pub fn data(&self, sender: Side, len: usize, wire: usize) {
        let (name, what) = match self.is_ssl2() {
            true => ("data", ""),
            false => ("ApplicationData", "content 23"),
        };
        self.message(10, sender, name, what, len);
        self.add(10, &format!(" in {wire} on the wire"));
    }

    /// Goes on with the step's last line.
    fn add(&self, step: usize, more: &str) {
        if let Some(line) = self.entries().by_step[step - 1].last_mut() {
            line.push_str(more);
        }
    }

    /// The transport's end, which at SSL 2.0 is the conversation's.
    pub fn end(&self) {
        let line =
            "     both take the end of the transport for the end: SSL 2.0 has no close_notify";
        self.entries().by_step[9].push(line.to_owned());
    }

    pub fn is_ssl2(&self) -> bool {
        core::ptr::eq(self.titles, &SSL2_STEPS)
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
                if message == HandshakeType::SERVER_KEY_EXCHANGE {
                    let bits = ephemeral_bits(bytes);
                    log.add(step, &format!(": a key of {bits} bits for it, signed"));
                }
            }
            Event::Ssl2Handshake {
                direction: Direction::Received,
                message,
                bytes,
                ..
            } => {
                let what = format!("message {}", message.0);
                let step = ssl2_step_of(message);
                log.message(step, sender, message.name(), &what, bytes.len());
                if message == Ssl2MessageType::CLIENT_MASTER_KEY
                    && let clear @ 1.. = clear_key(bytes)
                {
                    log.add(step, &format!(": {clear} of the key's 16 are in clear"));
                }
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
            Event::MasterSecretDerived { .. } if log.is_ssl2() => match side {
                Side::Client => log.deed(4, side, "makes the master key"),
                Side::Server => log.deed(6, side, "has decrypted the master key"),
            },
            Event::MasterSecretDerived { extended, .. } => {
                let how = if extended { " (extended)" } else { "" };
                log.deed(6, side, &format!("derives the master secret{how}"));
            }
            Event::KeysDerived { version, suite, .. } => {
                log.deed(7, side, &format!("derives the keys for {version}, {suite}"));
            }
            Event::Ssl2KeysDerived { kind, .. } => {
                let deed = format!("derives the keys for {}, {kind}", ProtocolVersion::SSLv2);
                log.deed(7, side, &deed);
            }
            Event::Established { .. } if log.is_ssl2() => match side {
                Side::Client => {
                    let deed = "has verified the other's proof: the handshake is complete";
                    log.deed(9, side, deed);
                }
                Side::Server => log.deed(8, side, "has verified the other's Finished"),
            },
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
        (HandshakeType::SERVER_KEY_EXCHANGE | HandshakeType::CLIENT_KEY_EXCHANGE, _) => 4,
        (HandshakeType::CERTIFICATE | HandshakeType::CERTIFICATE_VERIFY, Side::Client) => 5,
        (HandshakeType::FINISHED, Side::Client) => 8,
        (HandshakeType::FINISHED, Side::Server) => 9,
        _ => 2,
    }
}

/// The same at SSL 2.0.
fn ssl2_step_of(message: Ssl2MessageType) -> usize {
    match message {
        Ssl2MessageType::CLIENT_HELLO => 1,
        Ssl2MessageType::CLIENT_MASTER_KEY => 4,
        Ssl2MessageType::CLIENT_CERTIFICATE => 5,
        Ssl2MessageType::CLIENT_FINISHED => 8,
        Ssl2MessageType::SERVER_VERIFY | Ssl2MessageType::SERVER_FINISHED => 9,
        _ => 2,
    }
}

/// The length in bits of a ServerKeyExchange's modulus, which follows the message's header.
fn ephemeral_bits(message: &[u8]) -> usize {
    8 * length_at(message, 4)
}

/// How many bytes of the master key a CLIENT-MASTER-KEY shows: that follows the message's type and
/// the kind.
fn clear_key(message: &[u8]) -> usize {
    length_at(message, 1 + 3)
}

fn length_at(message: &[u8], place: usize) -> usize {
    let len = message.get(place..).and_then(<[u8]>::first_chunk);
    len.map_or(0, |len| u16::from_be_bytes(*len).into())
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

/// At SSL 2.0 some change their place, which the numbers of the messages show.
const SSL2_STEPS: [&str; 11] = [
    "The client sends its version, cipher kinds and session data",
    "The server answers with its kinds and its certificate; it asks for the client's after step 8",
    "The client authenticates the server",
    "The client chooses a kind, makes the master key and encrypts it to the server's public key",
    "If asked, the client sends its certificate and its signature: encrypted, after step 8",
    "The server decrypts the master key; it authenticates the client after step 5",
    "Both derive the session keys",
    "The client sends its Finished, encrypted; nothing announces that",
    "The server proves that it has the keys, without waiting for step 8, and finishes last",
    "Both exchange data, encrypted and integrity-checked",
    "(There is no renegotiation)",
];
