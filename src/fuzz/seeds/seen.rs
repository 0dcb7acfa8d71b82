//! The messages of a conversation, as one side receives them.

use std::sync::{Arc, Mutex};

use crate::fuzz::messages::reader;
use crate::message::HandshakeType;
use crate::message::ssl2::Ssl2MessageType;
use crate::side::Side;
use crate::{Direction, Event, Observer, ObserverFactory};

/// Collects them.
#[derive(Clone, Debug, Default)]
pub(in crate::fuzz) struct Seen(pub(super) Arc<Mutex<Vec<Message>>>);

/// The reader that it is for, and what it reads.
type Message = (u8, Vec<u8>);

impl ObserverFactory for Seen {
    fn observer(&self, _: Side) -> Box<dyn Observer> {
        Box::new(self.clone())
    }
}

impl Observer for Seen {
    fn observe(&mut self, event: Event<'_>) {
        let seen = match event {
            Event::Handshake {
                direction: Direction::Received,
                message,
                bytes,
            } => reader(message).map(|reader| (reader, bytes[4..].to_vec())),
            Event::Ssl2Handshake {
                direction: Direction::Received,
                message,
                bytes,
            } => Some((ssl2_reader(message), bytes[1..].to_vec())),
            _ => None,
        };
        self.0.lock().unwrap().extend(seen);
    }
}

/// `None` for what has no fields.
fn reader(message: HandshakeType) -> Option<u8> {
    Some(match message {
        HandshakeType::CLIENT_HELLO => reader::CLIENT_HELLO,
        HandshakeType::SERVER_HELLO => reader::SERVER_HELLO,
        HandshakeType::NEW_SESSION_TICKET => reader::NEW_SESSION_TICKET,
        HandshakeType::CERTIFICATE => reader::CERTIFICATE,
        HandshakeType::SERVER_KEY_EXCHANGE => reader::SERVER_KEY_EXCHANGE,
        HandshakeType::CERTIFICATE_REQUEST => reader::CERTIFICATE_REQUEST,
        HandshakeType::CERTIFICATE_VERIFY => reader::CERTIFICATE_VERIFY,
        HandshakeType::CLIENT_KEY_EXCHANGE => reader::CLIENT_KEY_EXCHANGE,
        _ => return None,
    })
}

fn ssl2_reader(message: Ssl2MessageType) -> u8 {
    match message {
        Ssl2MessageType::ERROR => reader::SSL2_ERROR,
        Ssl2MessageType::CLIENT_HELLO => reader::SSL2_CLIENT_HELLO,
        Ssl2MessageType::SERVER_HELLO => reader::SSL2_SERVER_HELLO,
        Ssl2MessageType::CLIENT_MASTER_KEY => reader::SSL2_CLIENT_MASTER_KEY,
        Ssl2MessageType::REQUEST_CERTIFICATE | Ssl2MessageType::CLIENT_CERTIFICATE => {
            reader::SSL2_CLIENT_AUTHENTICATION
        }
        _ => reader::SSL2_FINISHED,
    }
}
