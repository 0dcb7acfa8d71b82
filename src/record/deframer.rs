//! From bytes to records: the incoming buffer.

use std::io;

use super::{ContentType, HEADER, MAX_CIPHERTEXT, ssl2};
use crate::error::{Error, InvalidMessage, Malformed, PeerMisbehaved};
use crate::version::ProtocolVersion;

/// Holds incoming bytes and gives out whole records, to be opened in place.
///
/// It never holds more than the longest record's bytes: one that would not fit is refused when
/// its header is read.
pub(crate) struct Deframer {
    /// Its length is what is allocated; bytes from `start` to `end` are unread.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    max_buffer: usize,
}

/// How the peer's records are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Nothing has come yet: the first bytes will tell.
    Unknown,
    /// As SSL 3.0's and TLS's, naming this version once one is negotiated; before, any 3.x will do
    /// (RFC 5246 appendix E.1). Alerts keep that freedom: peers send them under the version they
    /// know.
    Ssl3(Option<ProtocolVersion>),
    Ssl2,
}

/// A whole record of either protocol.
#[derive(Debug)]
pub(crate) enum Framed<'b> {
    Ssl3(Record<'b>),
    Ssl2(ssl2::Record<'b>),
}

/// A record as it came, its fragment still protected.
#[derive(Debug)]
pub(crate) struct Record<'b> {
    pub(crate) content_type: ContentType,
    pub(crate) fragment: &'b mut [u8],
}

impl Default for Deframer {
    fn default() -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            end: 0,
            max_buffer: MAX_BUFFER,
        }
    }
}

impl Deframer {
    /// Reads once from `io` into the free space; 0 means that the transport ended, or that the
    /// buffer is full (see [`check_room`](Self::check_room)).
    pub(crate) fn read(&mut self, io: &mut dyn io::Read) -> io::Result<usize> {
        self.make_room();
        let Some(room) = self.buffer.get_mut(self.end..) else {
            return Ok(0);
        };
        let read = io.read(room)?;
        // A reader that claims more than the room would otherwise break the invariant.
        self.end = self.end.saturating_add(read).min(self.buffer.len());
        Ok(read)
    }

    /// An error where no byte can be added before records are taken out.
    pub(crate) fn check_room(&self) -> io::Result<()> {
        if self.end - self.start < self.max_buffer {
            return Ok(());
        }
        Err(io::Error::other(
            "the incoming buffer is full: process what was read first",
        ))
    }

    /// Takes the next record, if it is whole.
    pub(crate) fn next_record(&mut self, framing: Framing) -> Result<Option<Framed<'_>>, Error> {
        match framing {
            Framing::Unknown => match first_framing(self.unread())? {
                Some(Framing::Ssl2) => self.next_ssl2_record(MAX_CIPHERTEXT),
                Some(framing) => self.next_record(framing),
                None => Ok(None),
            },
            Framing::Ssl3(negotiated) => {
                let record = self.next_ssl3_record(negotiated)?;
                Ok(record.map(Framed::Ssl3))
            }
            Framing::Ssl2 => {
                self.max_buffer = SSL2_HEADER + ssl2::MAX_RECORD;
                self.next_ssl2_record(ssl2::MAX_RECORD)
            }
        }
    }

    fn next_ssl3_record(
        &mut self,
        negotiated: Option<ProtocolVersion>,
    ) -> Result<Option<Record<'_>>, Error> {
        let unread = &self.buffer[self.start..self.end];
        let Some((&[kind, major, minor, len_high, len_low], rest)) =
            unread.split_first_chunk::<HEADER>()
        else {
            return Ok(None);
        };
        let content_type =
            ContentType::from_wire(kind).ok_or(invalid(Malformed::UnknownContentType(kind)))?;
        check_version(u16::from_be_bytes([major, minor]), content_type, negotiated)?;
        let len = usize::from(u16::from_be_bytes([len_high, len_low]));
        if len > MAX_CIPHERTEXT {
            return Err(invalid(Malformed::RecordOverflow(len)));
        }
        if rest.len() < len {
            return Ok(None);
        }
        let fragment = self.take(HEADER, len);
        Ok(Some(Record {
            content_type,
            fragment,
        }))
    }

    fn next_ssl2_record(&mut self, max_len: usize) -> Result<Option<Framed<'_>>, Error> {
        let Some(header) = ssl2::Header::read(self.unread())? else {
            return Ok(None);
        };
        let (header_len, len) = (header.header_len(), header.len());
        if len > max_len {
            return Err(invalid(Malformed::RecordOverflow(len)));
        }
        if self.unread().len() < header_len + len {
            return Ok(None);
        }
        let fragment = self.take(header_len, len);
        Ok(Some(Framed::Ssl2(ssl2::Record { header, fragment })))
    }

    /// Takes a record whose bytes are all there, and returns those behind its header.
    fn take(&mut self, header_len: usize, len: usize) -> &mut [u8] {
        let fragment = self.start + header_len..self.start + header_len + len;
        self.start = fragment.end;
        &mut self.buffer[fragment]
    }

    /// Bytes that are not taken yet.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Bytes of memory that are held.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn memory(&self) -> usize {
        self.buffer.len()
    }

    /// Gives the memory back, where nothing is unread.
    pub(crate) fn release(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            self.buffer = Vec::new();
        }
    }

    /// Moves what is unread to the front and lets the buffer grow towards what is needed.
    fn make_room(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            let grown = (self.buffer.len() * 2).clamp(FIRST_BUFFER, self.max_buffer);
            // Else a vector at least doubles, and the last step is a short one.
            self.buffer.reserve_exact(grown - self.buffer.len());
            self.buffer.resize(grown, 0);
        }
    }
}

/// How a conversation is framed that starts with `bytes`, as soon as they tell; anything else is
/// refused.
fn first_framing(bytes: &[u8]) -> Result<Option<Framing>, Error> {
    match *bytes {
        // A length with the high bit set, and CLIENT-HELLO, SERVER-HELLO or ERROR.
        [0x80..=0xff, _, 0 | 1 | 4, ..] => Ok(Some(Framing::Ssl2)),
        [] | [0x80..=0xff] | [0x80..=0xff, _] => Ok(None),
        [kind, ..] if ContentType::from_wire(kind).is_none() => Err(invalid(Malformed::NotTls)),
        [_, major, ..] if major != 3 => Err(invalid(Malformed::NotTls)),
        _ => Ok(Some(Framing::Ssl3(None))),
    }
}

fn check_version(
    wire: u16,
    content_type: ContentType,
    negotiated: Option<ProtocolVersion>,
) -> Result<(), Error> {
    let good = match negotiated {
        Some(version) if content_type != ContentType::Alert => wire == version.wire(),
        _ => wire >> 8 == 3,
    };
    if good {
        Ok(())
    } else {
        Err(PeerMisbehaved::WrongRecordVersion(wire).into())
    }
}

fn invalid(problem: Malformed) -> Error {
    InvalidMessage {
        what: "record",
        problem,
    }
    .into()
}

/// What is allocated at first: most handshakes' messages fit.
const FIRST_BUFFER: usize = 4096;

/// The longest record of SSL 3.0 and TLS, the most that is buffered but at SSL 2.0.
const MAX_BUFFER: usize = HEADER + MAX_CIPHERTEXT;

/// Bytes of SSL 2.0's header in front of the longest records, which have no padding.
const SSL2_HEADER: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    const TLS12: Framing = Framing::Ssl3(Some(ProtocolVersion::TLSv1_2));

    fn feed(deframer: &mut Deframer, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            assert_ne!(deframer.read(&mut bytes).unwrap(), 0);
        }
    }

    fn malformed(error: Error) -> Malformed {
        match error {
            Error::InvalidMessage(invalid) => invalid.problem,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn records_come_out_however_they_are_cut() {
        let wire = [
            &[22, 3, 3, 0, 2, 7, 8][..],
            &[23, 3, 3, 0, 0],
            &[23, 3, 3, 0, 1, 9],
        ]
        .concat();
        for cut in 1..=wire.len() {
            let mut deframer = Deframer::default();
            let mut seen = Vec::new();
            for piece in wire.chunks(cut) {
                feed(&mut deframer, piece);
                while let Some(Framed::Ssl3(record)) = deframer.next_record(TLS12).unwrap() {
                    seen.push((record.content_type.wire(), record.fragment.to_vec()));
                }
            }
            assert_eq!(seen, [(22, vec![7, 8]), (23, vec![]), (23, vec![9])]);
            assert!(deframer.unread().is_empty());
            deframer.release();
        }
    }

    #[test]
    fn what_is_not_tls_is_noticed_by_its_first_bytes() {
        for (bytes, problem) in [
            (&b"G"[..], Malformed::NotTls),
            (b"\x16\x02", Malformed::NotTls),
            (b"HTTP/1.1 400 Bad Request", Malformed::NotTls),
            (b"\x80\x2e\x02", Malformed::NotTls),
            (b"\xff\xff\xff", Malformed::NotTls),
        ] {
            let mut deframer = Deframer::default();
            feed(&mut deframer, bytes);
            assert_eq!(
                malformed(deframer.next_record(Framing::Unknown).unwrap_err()),
                problem
            );
        }
    }

    #[test]
    fn an_unknown_content_type_is_refused() {
        let mut deframer = Deframer::default();
        feed(&mut deframer, &[21, 3, 3, 0, 0, 24, 3, 3, 0, 0]);
        assert!(deframer.next_record(TLS12).unwrap().is_some());
        let error = deframer.next_record(TLS12).unwrap_err();
        assert_eq!(malformed(error), Malformed::UnknownContentType(24));
    }

    #[test]
    fn versions_are_free_before_negotiation_and_for_alerts_only() {
        let next = |wire: &[u8], framing| {
            let mut deframer = Deframer::default();
            feed(&mut deframer, wire);
            deframer.next_record(framing).map(|record| record.is_some())
        };
        assert_eq!(next(&[22, 3, 0, 0, 0], Framing::Unknown), Ok(true));
        assert_eq!(next(&[22, 3, 9, 0, 0], Framing::Ssl3(None)), Ok(true));
        assert_eq!(next(&[21, 3, 1, 0, 0], TLS12), Ok(true));
        assert_eq!(
            next(&[22, 3, 1, 0, 0], TLS12),
            Err(PeerMisbehaved::WrongRecordVersion(0x0301).into())
        );
    }

    #[test]
    fn the_buffer_is_bounded_and_an_overlong_record_refused() {
        let mut deframer = Deframer::default();
        feed(&mut deframer, &[23, 3, 3, 0x48, 0x00]);
        feed(&mut deframer, &[0; MAX_CIPHERTEXT]);
        assert!(deframer.check_room().is_err());
        assert_eq!(deframer.buffer.capacity(), MAX_BUFFER);
        assert_eq!(deframer.read(&mut &[0u8][..]).unwrap(), 0);
        assert!(deframer.next_record(TLS12).unwrap().is_some());

        let mut deframer = Deframer::default();
        feed(&mut deframer, &[23, 3, 3, 0x48, 0x01]);
        let error = deframer.next_record(TLS12).unwrap_err();
        assert_eq!(malformed(error), Malformed::RecordOverflow(18433));
    }

    #[test]
    fn ssl2_is_known_by_its_first_bytes_and_its_records_may_be_longer() {
        for kind in [0, 1, 4] {
            for len in 0..3 {
                let mut deframer = Deframer::default();
                feed(&mut deframer, &[0x80, 3, kind][..len]);
                assert!(deframer.next_record(Framing::Unknown).unwrap().is_none());
            }
            let mut deframer = Deframer::default();
            feed(&mut deframer, &[0x80, 3, kind, 7, 8, 0xff]);
            match deframer.next_record(Framing::Unknown).unwrap() {
                Some(Framed::Ssl2(record)) => assert_eq!(*record.fragment, [kind, 7, 8]),
                other => panic!("{other:?}"),
            }
            // The longest record, of which the first byte is there.
            feed(&mut deframer, &[0xff]);
            assert!(deframer.next_record(Framing::Ssl2).unwrap().is_none());
            feed(&mut deframer, &[9; ssl2::MAX_RECORD]);
            match deframer.next_record(Framing::Ssl2).unwrap() {
                Some(Framed::Ssl2(record)) => assert_eq!(record.fragment.len(), 0x7fff),
                other => panic!("{other:?}"),
            }
            // SECURITY.md says so.
            assert_eq!(deframer.memory(), 32_769);
        }
    }
}
