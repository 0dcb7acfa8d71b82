//! From records to handshake messages, however they were cut.

use std::borrow::Cow;

use crate::error::{Error, InvalidMessage, Malformed};
use crate::message::{HANDSHAKE_HEADER, HandshakeType};
use crate::record::extend_within;

/// Joins handshake messages that span records; whole ones pass without a copy.
///
/// It holds no more than one message, whose length is checked against its type's when its header
/// is there.
#[derive(Default)]
pub(crate) struct Joiner {
    partial: Vec<u8>,
}

impl Joiner {
    /// Takes the next whole message off the front of `bytes`; where there is none, keeps what is
    /// there for later.
    pub(crate) fn next<'b>(
        &mut self,
        bytes: &mut &'b [u8],
    ) -> Result<Option<Cow<'b, [u8]>>, Error> {
        if self.partial.is_empty()
            && let Some(len) = message_len(bytes)?
            && let Some((message, rest)) = bytes.split_at_checked(len)
        {
            *bytes = rest;
            return Ok(Some(Cow::Borrowed(message)));
        }
        // First the header, which tells how much more is wanted.
        loop {
            let wanted = message_len(&self.partial)?.unwrap_or(HANDSHAKE_HEADER);
            if self.partial.len() >= HANDSHAKE_HEADER && self.partial.len() == wanted {
                return Ok(Some(Cow::Owned(core::mem::take(&mut self.partial))));
            }
            if bytes.is_empty() {
                return Ok(None);
            }
            let missing = wanted.saturating_sub(self.partial.len());
            let (taken, rest) = bytes.split_at(missing.min(bytes.len()));
            extend_within(&mut self.partial, taken, wanted);
            *bytes = rest;
        }
    }

    /// Panics where it holds more than is documented: the longest message, and twice what has come.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn check_memory(&self) {
        let (memory, come) = (self.partial.capacity(), self.partial.len());
        let longest = HandshakeType::CLIENT_HELLO.max_body();
        let most = (2 * come).clamp(HANDSHAKE_HEADER, HANDSHAKE_HEADER + longest);
        assert!(memory <= most, "{memory} bytes for {come} of a message");
    }

    /// Whether no message is under way.
    pub(crate) fn is_empty(&self) -> bool {
        self.partial.is_empty()
    }
}

/// The whole length of the message that starts `bytes`, if its header is there.
fn message_len(bytes: &[u8]) -> Result<Option<usize>, Error> {
    let Some((&[kind, a, b, c], _)) = bytes.split_first_chunk::<HANDSHAKE_HEADER>() else {
        return Ok(None);
    };
    let kind = HandshakeType(kind);
    let body_len = u32::from_be_bytes([0, a, b, c]) as usize;
    if body_len > kind.max_body() {
        return Err(InvalidMessage {
            what: kind.name(),
            problem: Malformed::TooLong(body_len),
        }
        .into());
    }
    Ok(Some(HANDSHAKE_HEADER + body_len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_however_they_are_cut() {
        let wire = [&[14, 0, 0, 0][..], &[20, 0, 0, 3, 1, 2, 3], &[0, 0, 0, 0]].concat();
        for cut in 1..=wire.len() {
            let mut joiner = Joiner::default();
            let mut seen = Vec::new();
            for mut piece in wire.chunks(cut) {
                while let Some(message) = joiner.next(&mut piece).unwrap() {
                    seen.push(message.into_owned());
                }
            }
            assert_eq!(seen, [&wire[..4], &wire[4..11], &wire[11..]]);
            assert!(joiner.is_empty());
        }
    }

    #[test]
    fn every_type_has_its_limit() {
        for (kind, max) in [
            (HandshakeType::HELLO_REQUEST, 0),
            (HandshakeType::CLIENT_HELLO, 131_396),
            (HandshakeType::SERVER_HELLO, 131_396),
            (HandshakeType::NEW_SESSION_TICKET, 65_541),
            (HandshakeType::CERTIFICATE, 131_072),
            (HandshakeType::SERVER_KEY_EXCHANGE, 8192),
            (HandshakeType::CERTIFICATE_REQUEST, 131_329),
            (HandshakeType::SERVER_HELLO_DONE, 0),
            (HandshakeType::CERTIFICATE_VERIFY, 8192),
            (HandshakeType::CLIENT_KEY_EXCHANGE, 8192),
            (HandshakeType::FINISHED, 36),
            (HandshakeType(99), 16_384),
        ] {
            let header = |len: usize| [&[kind.0][..], &(len as u32).to_be_bytes()[1..]].concat();
            let longest = [header(max), vec![0; max]].concat();
            let joined = Joiner::default().next(&mut &longest[..]).unwrap();
            assert_eq!(joined.unwrap(), longest);
            let problem = Malformed::TooLong(max + 1);
            let what = kind.name();
            let refused = Error::from(InvalidMessage { what, problem });
            let longer = header(max + 1);
            let joined = Joiner::default().next(&mut &longer[..]);
            assert_eq!(joined.unwrap_err(), refused);
        }
    }

    #[test]
    fn a_message_takes_no_more_memory_than_its_length_and_twice_what_has_come() {
        let len = 128 * 1024;
        let mut message = vec![11, 2, 0, 0];
        message.resize(HANDSHAKE_HEADER + len, 7);
        let mut joiner = Joiner::default();
        let mut growths = 0;
        for (come, byte) in message[..message.len() - 1].iter().enumerate() {
            let before = joiner.partial.capacity();
            assert!(joiner.next(&mut &[*byte][..]).unwrap().is_none());
            let capacity = joiner.partial.capacity();
            growths += u32::from(capacity > before);
            assert!(capacity <= message.len().min(2 * (come + 1)).max(HANDSHAKE_HEADER));
        }
        assert!(growths < 20, "{growths}");
        let whole = joiner.next(&mut &[7][..]).unwrap().unwrap();
        assert_eq!(whole, message);
    }

    #[test]
    fn an_overlong_message_is_refused_by_its_header() {
        for (header, len) in [
            ([14, 0, 0, 1], 1),
            ([20, 0, 0, 37], 37),
            ([99, 1, 0, 0], 65_536),
        ] {
            let mut joiner = Joiner::default();
            let problem = Malformed::TooLong(len);
            let what = HandshakeType(header[0]).name();
            let expected = Error::from(InvalidMessage { what, problem });
            assert_eq!(joiner.next(&mut &header[..]).unwrap_err(), expected);
        }
    }
}
