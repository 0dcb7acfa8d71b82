//! What a client keeps of a session: the session, and by what it names it to the server.

use zeroize::Zeroizing;

use super::Session;
use crate::config::Resumption;
use crate::error::{InvalidMessage, Malformed};
use crate::message::NewSessionTicket;
use crate::message::codec::{Reader, put_u8, put_u16};

/// A session that can be offered to the server.
pub(crate) struct Resumable {
    pub(crate) session: Session,
    pub(crate) handle: Handle,
}

/// By what a client names a session to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Handle {
    /// 1 to 32 bytes.
    SessionId(Vec<u8>),
    Ticket {
        /// Up to [`MAX_TICKET`] bytes.
        ticket: Vec<u8>,
        /// Seconds; 0 where the server does not say.
        lifetime_hint: u32,
    },
}

impl Resumable {
    /// As bytes, which hold the master secret.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let session = self.session.encode();
        // Room for all of it: growing would leave copies of the secret behind.
        let len = self.handle.encoded_len() + session.len();
        let mut encoded = Zeroizing::new(Vec::with_capacity(len));
        match &self.handle {
            Handle::SessionId(session_id) => {
                encoded.push(SESSION_ID);
                put_u8(&mut encoded, |out| out.extend_from_slice(session_id));
            }
            Handle::Ticket {
                ticket,
                lifetime_hint,
            } => {
                encoded.push(TICKET);
                encoded.extend_from_slice(&lifetime_hint.to_be_bytes());
                put_u16(&mut encoded, |out| out.extend_from_slice(ticket));
            }
        }
        encoded.extend_from_slice(&session);
        encoded
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// Anything that `encode` would not have written.
    pub(crate) fn read(encoded: &[u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new("resumable session", encoded);
        let handle = match reader.u8()? {
            SESSION_ID => {
                let session_id = reader.vector_u8()?;
                let right_len = (1..=32).contains(&session_id.len());
                reader.check(right_len, Malformed::LengthOutOfRange)?;
                Handle::SessionId(session_id.to_vec())
            }
            TICKET => {
                let lifetime_hint = u32::from_be_bytes(reader.array()?);
                let ticket = reader.vector_u16()?;
                let right_len = (1..=MAX_TICKET).contains(&ticket.len());
                reader.check(right_len, Malformed::LengthOutOfRange)?;
                Handle::Ticket {
                    ticket: ticket.to_vec(),
                    lifetime_hint,
                }
            }
            _ => return Err(reader.error(Malformed::IllegalValue)),
        };
        let session = Session::read(reader.rest())?;
        Ok(Self { session, handle })
    }
}

impl Handle {
    /// `None` for a ticket that is empty (the server has changed its mind) or longer than any that
    /// is kept.
    pub(crate) fn of_ticket(message: &NewSessionTicket<'_>) -> Option<Self> {
        let can_be_kept = (1..=MAX_TICKET).contains(&message.ticket.len());
        can_be_kept.then(|| Self::Ticket {
            ticket: message.ticket.to_vec(),
            lifetime_hint: message.lifetime_hint,
        })
    }

    /// `None` where the server does not keep the session.
    pub(crate) fn of_session_id(session_id: Vec<u8>) -> Option<Self> {
        (!session_id.is_empty()).then_some(Self::SessionId(session_id))
    }

    fn encoded_len(&self) -> usize {
        match self {
            Self::SessionId(session_id) => 1 + 1 + session_id.len(),
            Self::Ticket { ticket, .. } => 1 + 4 + 2 + ticket.len(),
        }
    }

    pub(crate) fn resumption(&self) -> Resumption {
        match self {
            Self::SessionId(_) => Resumption::SessionId,
            Self::Ticket { .. } => Resumption::Ticket,
        }
    }
}

/// Bytes of a ticket at the most, given or kept: it must fit into the next ClientHello, beside all
/// else. A client with a long certificate chain has none.
pub(crate) const MAX_TICKET: usize = 16 * 1024;

const SESSION_ID: u8 = 1;
const TICKET: u8 = 2;

#[cfg(test)]
mod tests {
    use super::super::tests::session;
    use super::*;

    fn handles() -> [Handle; 4] {
        [
            Handle::SessionId(vec![1]),
            Handle::SessionId(vec![2; 32]),
            Handle::Ticket {
                ticket: vec![3],
                lifetime_hint: 0,
            },
            Handle::Ticket {
                ticket: vec![4; MAX_TICKET],
                lifetime_hint: u32::MAX,
            },
        ]
    }

    #[test]
    fn what_is_kept_reads_back_and_nothing_shorter_or_longer_does() {
        for handle in handles() {
            let session = session();
            let encoded = Resumable {
                session: session.clone(),
                handle: handle.clone(),
            }
            .encode();
            assert_eq!(encoded.capacity(), encoded.len(), "it did not grow");
            let read = Resumable::read(&encoded).unwrap();
            assert_eq!(read.handle, handle);
            assert_eq!(*read.session.encode(), *session.encode());
            for len in (0..encoded.len()).rev().take(300) {
                assert!(Resumable::read(&encoded[..len]).is_err(), "{len}");
            }
            assert!(Resumable::read(&[&encoded[..], &[0]].concat()).is_err());
        }
    }

    #[test]
    fn handles_that_no_server_gives_are_refused() {
        for handle in [
            Handle::SessionId(Vec::new()),
            Handle::SessionId(vec![0; 33]),
            Handle::Ticket {
                ticket: Vec::new(),
                lifetime_hint: 0,
            },
            Handle::Ticket {
                ticket: vec![0; MAX_TICKET + 1],
                lifetime_hint: 0,
            },
        ] {
            let encoded = Resumable {
                session: session(),
                handle,
            }
            .encode();
            assert!(Resumable::read(&encoded).is_err());
        }
        let mut encoded = Resumable {
            session: session(),
            handle: Handle::SessionId(vec![1]),
        }
        .encode();
        encoded[0] = 3;
        assert!(Resumable::read(&encoded).is_err());
    }
}
