//! What became of the client's certificate.

use core::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use retrossl::{Direction, Event, HandshakeType, Observer, ObserverFactory, Side, Ssl2MessageType};

use super::trace::Trace;

/// How far it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CertificateUse {
    #[default]
    NotAsked,
    NotSent,
    Sent,
}

impl fmt::Display for CertificateUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAsked => "not-asked",
            Self::NotSent => "not-sent",
            Self::Sent => "sent",
        })
    }
}

/// Watches one connection after the other, and prints their messages where it is to trace.
#[derive(Clone, Debug)]
pub struct Watch {
    latest: Arc<Mutex<CertificateUse>>,
    traces: bool,
}

impl Watch {
    pub fn new(traces: bool) -> Self {
        Self {
            latest: Arc::default(),
            traces,
        }
    }

    /// Of the latest connection.
    pub fn certificate_use(&self) -> CertificateUse {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, certificate_use: CertificateUse) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = certificate_use;
    }
}

impl ObserverFactory for Watch {
    fn observer(&self, _: Side) -> Box<dyn Observer> {
        self.set(CertificateUse::NotAsked);
        Box::new(self.clone())
    }
}

impl Observer for Watch {
    fn observe(&mut self, event: Event<'_>) {
        let now = match event {
            Event::Handshake {
                direction: Direction::Received,
                message: HandshakeType::CERTIFICATE_REQUEST,
                ..
            }
            | Event::Ssl2Handshake {
                direction: Direction::Received,
                message: Ssl2MessageType::REQUEST_CERTIFICATE,
                ..
            } => CertificateUse::NotSent,
            Event::Handshake {
                direction: Direction::Sent,
                message: HandshakeType::CERTIFICATE,
                bytes,
                ..
            } if bytes.len() > EMPTY_CERTIFICATE => CertificateUse::Sent,
            // Without one it would be an ERROR.
            Event::Ssl2Handshake {
                direction: Direction::Sent,
                message: Ssl2MessageType::CLIENT_CERTIFICATE,
                ..
            } => CertificateUse::Sent,
            _ => CertificateUse::NotAsked,
        };
        self.set(self.certificate_use().max(now));
        if self.traces {
            Trace.observe(event);
        }
    }
}

/// A Certificate message without one: a header, and the length of an empty list.
const EMPTY_CERTIFICATE: usize = 4 + 3;
