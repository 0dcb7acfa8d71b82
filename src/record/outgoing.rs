//! The outgoing bytes: sealed records, waiting to be taken.

use std::collections::VecDeque;
use std::io;

use super::{
    ByteQueue, ContentType, FirstFragment, MAX_ADDED, PlaintextLimit, Protection, Sealer,
    fragments, ssl2,
};
use crate::crypto::random::SecureRandom;
use crate::error::Error;
use crate::policy::RecordSplitting;
use crate::version::ProtocolVersion;

/// Seals records into one buffer, and gives them out without mixing handshake and data.
pub(crate) struct Outgoing {
    queue: ByteQueue,
    /// What is not taken yet, as runs of one kind.
    runs: VecDeque<Run>,
    layer: Layer,
    /// The version that records name.
    version: ProtocolVersion,
    splitting: RecordSplitting,
    limit: PlaintextLimit,
    #[cfg(any(test, fuzzing))]
    pub(crate) tampering: Option<Box<super::Tampering>>,
}

/// Which protocol's records are made.
enum Layer {
    Ssl3(Sealer),
    Ssl2(ssl2::Sealer),
}

/// Neighbouring records of one kind.
struct Run {
    kind: RunKind,
    len: usize,
}

/// What may not share a drain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RunKind {
    Handshake,
    ApplicationData,
}

impl Outgoing {
    /// Nothing to send, no protection, and `version` in the first records.
    pub(crate) fn new(version: ProtocolVersion, splitting: RecordSplitting) -> Self {
        Self {
            splitting,
            queue: ByteQueue::default(),
            runs: VecDeque::new(),
            layer: Layer::Ssl3(Sealer::unprotected()),
            version,
            limit: PlaintextLimit::MAX,
            #[cfg(any(test, fuzzing))]
            tampering: None,
        }
    }

    /// Sets the version that records name from now on.
    pub(crate) fn set_version(&mut self, version: ProtocolVersion) {
        self.version = version;
    }

    /// Makes records of SSL 2.0 from now on, unprotected ones at first.
    pub(crate) fn speak_ssl2(&mut self) {
        self.layer = Layer::Ssl2(ssl2::Sealer::unprotected());
    }

    /// Makes records of SSL 3.0 and TLS from now on, unprotected ones at first: the peer has
    /// answered a hello in SSL 2.0's format so.
    pub(crate) fn speak_ssl3(&mut self) {
        self.layer = Layer::Ssl3(Sealer::unprotected());
    }

    pub(crate) fn speaks_ssl2(&self) -> bool {
        matches!(self.layer, Layer::Ssl2(_))
    }

    /// Protects what is sent from now on; `max_bytes` is what the key may protect, `limit` what
    /// one record may carry.
    pub(crate) fn protect(
        &mut self,
        protection: Protection,
        max_bytes: u64,
        limit: PlaintextLimit,
    ) -> Result<(), Error> {
        match &mut self.layer {
            Layer::Ssl3(sealer) => *sealer = Sealer::new(protection, max_bytes),
            Layer::Ssl2(_) => return Err(OTHER_LAYER),
        }
        self.limit = limit;
        Ok(())
    }

    /// The same at SSL 2.0, where the sequence number goes on.
    pub(crate) fn protect_ssl2(
        &mut self,
        protection: ssl2::Protection,
        max_bytes: u64,
    ) -> Result<(), Error> {
        match &mut self.layer {
            Layer::Ssl2(sealer) => {
                sealer.protect(protection, max_bytes);
                Ok(())
            }
            Layer::Ssl3(_) => Err(OTHER_LAYER),
        }
    }

    /// Cuts what is sent to `limit` before the keys come that go with it; never to more than
    /// before.
    pub(crate) fn limit_early(&mut self, limit: PlaintextLimit) {
        self.limit = self.limit.min(limit);
    }

    /// Bytes of data that one record may carry now.
    pub(crate) fn max_data(&self) -> usize {
        match &self.layer {
            Layer::Ssl3(_) => self.limit.bytes(),
            Layer::Ssl2(sealer) => sealer.max_data(),
        }
    }

    /// How much data comes to `room` bytes of records, or little more: what is cut short more than
    /// doubles.
    pub(crate) fn data_for(&self, room: usize) -> usize {
        let max_data = self.max_data();
        let records = room.div_ceil(max_data + MAX_ADDED);
        room.min(records * max_data)
    }

    /// Seals `data` into as many records as it takes, and returns how many bytes it took: all of
    /// them, unless the key wears out on the way. (SSL 2.0's handshake has a record for each
    /// message; one that does not fit is an error.)
    ///
    /// Application data starts with one byte on its own where the protection calls for it
    /// (BEAST), unless the policy says never; other content is never split so.
    pub(crate) fn send(
        &mut self,
        content_type: ContentType,
        data: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<usize, Error> {
        #[cfg(any(test, fuzzing))]
        if let Some(mut tampering) = self.tampering.take() {
            let sent = self.send_tampered(&mut tampering, content_type, data, random);
            self.tampering = Some(tampering);
            return sent.map(|()| data.len());
        }
        self.send_as_it_is(content_type, data, random)
    }

    #[cfg(any(test, fuzzing))]
    fn send_tampered(
        &mut self,
        tampering: &mut super::Tampering,
        content_type: ContentType,
        data: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<(), Error> {
        for (content_type, mut content) in tampering.apply(content_type, data) {
            let sent = self.send_as_it_is(content_type, &content, random)?;
            content.truncate(sent);
            tampering.sealed.push((content_type, content));
        }
        Ok(())
    }

    fn send_as_it_is(
        &mut self,
        content_type: ContentType,
        data: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<usize, Error> {
        match &self.layer {
            Layer::Ssl3(sealer) => {
                let first = self.first_fragment(sealer, content_type);
                self.send_each(content_type, fragments(data, first, self.limit), random)
            }
            Layer::Ssl2(_) if content_type == ContentType::Handshake => {
                self.send_each(content_type, core::iter::once(data), random)
            }
            Layer::Ssl2(sealer) => {
                let fragments = sealer.fragments(data);
                self.send_each(content_type, fragments, random)
            }
        }
    }

    fn send_each<'d>(
        &mut self,
        content_type: ContentType,
        mut fragments: impl Iterator<Item = &'d [u8]> + Clone,
        random: &dyn SecureRandom,
    ) -> Result<usize, Error> {
        let room = fragments.clone().map(|fragment| fragment.len() + MAX_ADDED);
        let out = self.queue.tail(room.sum());
        let before = out.len();
        let (taken, sealed) = match &mut self.layer {
            Layer::Ssl3(sealer) => {
                sealer.seal_each(content_type, self.version, fragments, random, out)
            }
            Layer::Ssl2(sealer) => {
                let mut taken = 0;
                let sealed = fragments.try_for_each(|fragment| {
                    sealer.seal(content_type, fragment, out)?;
                    taken += fragment.len();
                    Ok(())
                });
                (taken, sealed)
            }
        };
        let len = out.len() - before;
        if len > 0 {
            self.extend_run(content_type, len);
        }
        match sealed {
            Err(Error::KeysWornOut(_)) if taken > 0 => {}
            sealed => sealed?,
        }
        Ok(taken)
    }

    fn first_fragment(&self, sealer: &Sealer, content_type: ContentType) -> FirstFragment {
        let splits = content_type == ContentType::ApplicationData
            && self.splitting == RecordSplitting::OneByteFirst
            && sealer.has_predictable_iv(self.version);
        if splits {
            FirstFragment::OneByte
        } else {
            FirstFragment::Whole
        }
    }

    /// Whether the key will soon be worn out.
    pub(crate) fn is_wearing_out(&self) -> bool {
        match &self.layer {
            Layer::Ssl3(sealer) => sealer.is_wearing_out(),
            Layer::Ssl2(sealer) => sealer.is_wearing_out(),
        }
    }

    /// Bytes that wait.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    /// As if the peer took any record.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn lift_limit(&mut self) {
        self.limit = PlaintextLimit::MAX;
    }

    /// Bytes of memory that are held.
    #[cfg(test)]
    pub(crate) fn memory(&mut self) -> usize {
        self.queue.tail(0).capacity()
    }

    /// Writes once to `io`, from the first run only.
    pub(crate) fn write_to(&mut self, io: &mut dyn io::Write) -> io::Result<usize> {
        let Some(run) = self.runs.front_mut() else {
            return Ok(0);
        };
        let written = io.write(&self.queue.as_slice()[..run.len])?;
        // A writer that claims more than it was given would otherwise break the invariant.
        let written = written.min(run.len);
        run.len -= written;
        self.queue.consume(written);
        if run.len == 0 {
            self.runs.pop_front();
        }
        Ok(written)
    }

    /// Gives the memory back, where nothing waits.
    pub(crate) fn release(&mut self) {
        self.queue.release();
        if self.runs.is_empty() {
            self.runs = VecDeque::new();
        }
    }

    fn extend_run(&mut self, content_type: ContentType, len: usize) {
        let kind = match content_type {
            ContentType::ApplicationData => RunKind::ApplicationData,
            // An alert goes out with whatever is before it.
            ContentType::Alert => self.runs.back().map_or(RunKind::Handshake, |run| run.kind),
            ContentType::Handshake | ContentType::ChangeCipherSpec => RunKind::Handshake,
        };
        match self.runs.back_mut() {
            Some(run) if run.kind == kind => run.len += len,
            _ => self.runs.push_back(Run { kind, len }),
        }
    }
}

const OTHER_LAYER: Error = Error::Internal("keys of one protocol for another's records");
