//! From bytes to records: the incoming buffer.

use std::io;

use super::{ContentType, HEADER, MAX_CIPHERTEXT};
use crate::error::{Error, InvalidMessage, Malformed, PeerMisbehaved};
use crate::version::ProtocolVersion;

/// Holds incoming bytes and gives out whole records, to be opened in place.
///
/// It never holds more than [`MAX_BUFFER`] bytes: a record that would not fit is refused when
/// its header is read.
#[derive(Default)]
pub(crate) struct Deframer {
    /// Its length is what is allocated; bytes from `start` to `end` are unread.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    seen_a_record: bool,
}

/// A record as it came, its fragment still protected.
#[derive(Debug)]
pub(crate) struct Record<'b> {
    pub(crate) content_type: ContentType,
    pub(crate) fragment: &'b mut [u8],
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
        self.end = (self.end + read).min(self.buffer.len());
        Ok(read)
    }

    /// An error where no byte can be added before records are taken out.
    pub(crate) fn check_room(&self) -> io::Result<()> {
        if self.end - self.start < MAX_BUFFER {
            return Ok(());
        }
        Err(io::Error::other(
            "the incoming buffer is full: process what was read first",
        ))
    }

    /// Takes the next record, if it is whole.
    ///
    /// `negotiated` is the version that records must name by now; before one is negotiated, any
    /// 3.x will do (RFC 5246 appendix E.1). Alerts keep that freedom: peers send them under the
    /// version they know.
    pub(crate) fn next_record(
        &mut self,
        negotiated: Option<ProtocolVersion>,
    ) -> Result<Option<Record<'_>>, Error> {
        let unread = &self.buffer[self.start..self.end];
        if !self.seen_a_record {
            check_first_bytes(unread)?;
        }
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
        let fragment = self.start + HEADER..self.start + HEADER + len;
        self.start = fragment.end;
        self.seen_a_record = true;
        Ok(Some(Record {
            content_type,
            fragment: &mut self.buffer[fragment],
        }))
    }

    /// Bytes that are not taken yet.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
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
            let grown = (self.buffer.len() * 2).clamp(FIRST_BUFFER, MAX_BUFFER);
            self.buffer.resize(grown, 0);
        }
    }
}

/// Refuses a conversation that does not start with a record's header, as soon as its bytes tell.
fn check_first_bytes(bytes: &[u8]) -> Result<(), Error> {
    match *bytes {
        // A length with the high bit set, CLIENT-HELLO, and a version (RFC 5246 appendix E.2).
        [0x80..=0xff, _, 1, ..] => Err(invalid(Malformed::Ssl2)),
        [0x80..=0xff] | [0x80..=0xff, _] => Ok(()),
        [kind, ..] if ContentType::from_wire(kind).is_none() => Err(invalid(Malformed::NotTls)),
        [_, major, ..] if major != 3 => Err(invalid(Malformed::NotTls)),
        _ => Ok(()),
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

/// The longest record, the most that is ever buffered.
const MAX_BUFFER: usize = HEADER + MAX_CIPHERTEXT;

#[cfg(test)]
mod tests {
    use super::*;

    const TLS12: Option<ProtocolVersion> = Some(ProtocolVersion::TLSv1_2);

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
                while let Some(record) = deframer.next_record(TLS12).unwrap() {
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
            (b"\x80\x2e\x01", Malformed::Ssl2),
            (b"\x80\x2e\x02", Malformed::NotTls),
            (b"\xff\xff\xff", Malformed::NotTls),
        ] {
            let mut deframer = Deframer::default();
            feed(&mut deframer, bytes);
            assert_eq!(malformed(deframer.next_record(None).unwrap_err()), problem);
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
        let next = |wire: &[u8], negotiated| {
            let mut deframer = Deframer::default();
            feed(&mut deframer, wire);
            deframer
                .next_record(negotiated)
                .map(|record| record.is_some())
        };
        assert_eq!(next(&[22, 3, 0, 0, 0], None), Ok(true));
        assert_eq!(next(&[22, 3, 9, 0, 0], None), Ok(true));
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
        assert_eq!(deframer.read(&mut &[0u8][..]).unwrap(), 0);
        assert!(deframer.next_record(TLS12).unwrap().is_some());

        let mut deframer = Deframer::default();
        feed(&mut deframer, &[23, 3, 3, 0x48, 0x01]);
        let error = deframer.next_record(TLS12).unwrap_err();
        assert_eq!(malformed(error), Malformed::RecordOverflow(18433));
    }
}
