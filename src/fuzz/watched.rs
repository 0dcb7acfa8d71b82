//! A connection of which everything is checked that always holds.

use core::sync::atomic::{AtomicU32, Ordering};
use std::io::Read;
use std::sync::Arc;

use super::parties::Parties;
use super::terms::Terms;
use crate::connection::Connection;
use crate::error::Error;
use crate::server::Acceptor;
use crate::side::Side;
use crate::{AlertDescription, AlertLevel, Direction, Event, Observer, ObserverFactory};

/// The connection under test, and all that has come out of it.
pub(super) struct Watched {
    pub(super) connection: Connection,
    witness: Arc<Witness>,
    /// What the application has read.
    pub(super) plaintext: Vec<u8>,
}

/// What came of a conversation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    plaintext: Vec<u8>,
    sent: Vec<u8>,
    error: Option<Error>,
    alert: Option<AlertDescription>,
    handshakes: u64,
}

impl Watched {
    pub(super) fn new(side: Side, terms: Terms) -> (Self, Parties) {
        let witness = Arc::new(Witness::default());
        let parties = Parties::new(terms, side, Witnesses(witness.clone()));
        let watched = Self {
            connection: parties.connection(side),
            witness,
            plaintext: Vec::new(),
        };
        (watched, parties)
    }

    /// A server that goes on once the client's hello was looked at, and how many of the client's
    /// bytes that took; `None` where there is no hello that it accepts.
    pub(super) fn accepted<'b>(
        terms: Terms,
        pieces: impl Iterator<Item = &'b [u8]>,
    ) -> Option<(Self, usize)> {
        let mut acceptor = Acceptor::default();
        let mut taken = 0;
        for mut piece in pieces {
            while !piece.is_empty() {
                taken += acceptor.read_tls(&mut piece).expect("all was looked at");
                if let Some(accepted) = acceptor.accept().ok()? {
                    let (mut watched, parties) = Self::new(Side::Server, terms);
                    let connection = accepted.into_connection(parties.server);
                    watched.connection = connection.into_inner();
                    return Some((watched, taken));
                }
            }
        }
        None
    }

    /// Takes bytes from the peer, as far as the connection wants any.
    pub(super) fn receive(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if !self.connection.wants_read() {
                self.read();
            }
            if !self.connection.wants_read() {
                // Failed, or closed: what else comes is not looked at.
                self.process();
                return;
            }
            let read = self.connection.read_tls(&mut bytes);
            assert!(read.is_ok_and(|read| read > 0), "it wanted bytes");
            self.process();
        }
    }

    /// The transport ends.
    pub(super) fn end(&mut self) {
        self.read();
        if self.connection.wants_read() {
            let read = self.connection.read_tls(&mut &[][..]);
            assert_eq!(read.ok(), Some(0), "it wanted bytes");
            self.process();
        }
    }

    fn process(&mut self) {
        let before = self.connection.error().cloned();
        match self.connection.process_new_packets() {
            Ok(state) => {
                assert_eq!(before, None, "a failed connection recovered");
                assert_eq!(self.connection.error(), None);
                let waits = self.connection.wants_write();
                assert_eq!(state.tls_bytes_to_write > 0, waits);
                self.connection.check_all_is_processed();
            }
            Err(error) => {
                if let Some(before) = before {
                    assert_eq!(error, before, "the error changed");
                }
                // This crate's word for its own mistakes.
                assert!(!matches!(error, Error::Internal(_)), "{error}");
                self.check_failed(&error);
            }
        }
        self.check();
    }

    /// What holds at any time.
    pub(super) fn check(&self) {
        self.connection.check_buffers();
        let alerts = self.witness.fatal_alerts.load(Ordering::Relaxed);
        assert!(alerts <= 1, "{alerts} fatal alerts");
        let sent = self.connection.sent_alert().is_some();
        assert_eq!(sent, alerts == 1, "what was sent and what is said of it");
        let after = self.witness.after_the_end.load(Ordering::Relaxed);
        assert_eq!(after, 0, "something was sent behind a fatal alert");
    }

    fn check_failed(&mut self, error: &Error) {
        let connection = &mut self.connection;
        assert_eq!(connection.error(), Some(error));
        assert!(!connection.is_handshaking() && !connection.wants_read());
        assert_eq!(connection.process_new_packets().as_ref(), Err(error));
        assert_eq!(connection.renegotiate().as_ref(), Err(error));
    }

    /// Reads what there is.
    pub(super) fn read(&mut self) {
        // The end of what is there is an error or an end of file; either way it is the end.
        let _ = self.connection.reader().read_to_end(&mut self.plaintext);
    }

    /// Everything that waits to be sent.
    pub(super) fn take(&mut self) -> Vec<u8> {
        take(&mut self.connection)
    }

    pub(super) fn outcome(mut self, sent: Vec<u8>) -> Outcome {
        self.read();
        Outcome {
            plaintext: self.plaintext,
            sent,
            error: self.connection.error().cloned(),
            alert: self.connection.sent_alert(),
            handshakes: self.connection.handshakes(),
        }
    }
}

/// Everything that waits to be sent.
pub(super) fn take(connection: &mut Connection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while connection.wants_write() {
        let written = connection.write_tls(&mut bytes);
        assert!(written.is_ok_and(|written| written > 0), "it had bytes");
    }
    bytes
}

/// Counts what may come once, and what may not come at all.
#[derive(Debug, Default)]
struct Witness {
    fatal_alerts: AtomicU32,
    after_the_end: AtomicU32,
}

/// Gives its connections' observers.
#[derive(Debug)]
struct Witnesses(Arc<Witness>);

impl ObserverFactory for Witnesses {
    fn observer(&self, _: Side) -> Box<dyn Observer> {
        Box::new(Watching(self.0.clone()))
    }
}

struct Watching(Arc<Witness>);

impl Observer for Watching {
    fn observe(&mut self, event: Event<'_>) {
        let sent = match event {
            Event::Handshake { direction, .. }
            | Event::Ssl2Handshake { direction, .. }
            | Event::ChangeCipherSpec { direction }
            | Event::Alert { direction, .. } => direction == Direction::Sent,
            _ => false,
        };
        if !sent {
            return;
        }
        if self.0.fatal_alerts.load(Ordering::Relaxed) > 0 {
            self.0.after_the_end.fetch_add(1, Ordering::Relaxed);
        }
        if let Event::Alert {
            level: AlertLevel::Fatal,
            ..
        } = event
        {
            self.0.fatal_alerts.fetch_add(1, Ordering::Relaxed);
        }
    }
}
