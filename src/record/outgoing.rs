//! The outgoing bytes: sealed records, waiting to be taken.

use std::collections::VecDeque;
use std::io;

use super::{ByteQueue, ContentType, FirstFragment, PlaintextLimit, Protection, Sealer, fragments};
use crate::crypto::random::SecureRandom;
use crate::error::Error;
use crate::policy::RecordSplitting;
use crate::version::ProtocolVersion;

/// Seals records into one buffer, and gives them out without mixing handshake and data.
pub(crate) struct Outgoing {
    queue: ByteQueue,
    /// What is not taken yet, as runs of one kind.
    runs: VecDeque<Run>,
    sealer: Sealer,
    /// The version that records name.
    version: ProtocolVersion,
    splitting: RecordSplitting,
    limit: PlaintextLimit,
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
            sealer: Sealer::unprotected(),
            version,
            limit: PlaintextLimit::MAX,
        }
    }

    /// Sets the version that records name from now on.
    pub(crate) fn set_version(&mut self, version: ProtocolVersion) {
        self.version = version;
    }

    /// Protects what is sent from now on; `max_bytes` is what the key may protect, `limit` what
    /// one record may carry.
    pub(crate) fn protect(
        &mut self,
        protection: Protection,
        max_bytes: u64,
        limit: PlaintextLimit,
    ) {
        self.sealer = Sealer::new(protection, max_bytes);
        self.limit = limit;
    }

    /// Cuts what is sent to `limit` before the keys come that go with it; never to more than
    /// before.
    pub(crate) fn limit_early(&mut self, limit: PlaintextLimit) {
        self.limit = self.limit.min(limit);
    }

    /// What one record may carry now.
    pub(crate) fn limit(&self) -> PlaintextLimit {
        self.limit
    }

    /// Seals `data` into as many records as it takes, and returns how many bytes it took: all of
    /// them, unless the key wears out on the way.
    ///
    /// Application data starts with one byte on its own where the protection calls for it
    /// (BEAST), unless the policy says never; other content is never split so.
    pub(crate) fn send(
        &mut self,
        content_type: ContentType,
        data: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<usize, Error> {
        let mut taken = 0;
        let first = self.first_fragment(content_type);
        for fragment in fragments(data, first, self.limit) {
            let out = self.queue.tail();
            let before = out.len();
            match self
                .sealer
                .seal(content_type, self.version, fragment, random, out)
            {
                Err(Error::KeysWornOut(_)) if taken > 0 => break,
                sealed => sealed?,
            }
            let sealed = out.len() - before;
            self.extend_run(content_type, sealed);
            taken += fragment.len();
        }
        Ok(taken)
    }

    fn first_fragment(&self, content_type: ContentType) -> FirstFragment {
        let splits = content_type == ContentType::ApplicationData
            && self.splitting == RecordSplitting::OneByteFirst
            && self.sealer.has_predictable_iv(self.version);
        if splits {
            FirstFragment::OneByte
        } else {
            FirstFragment::Whole
        }
    }

    /// Whether the key will soon be worn out.
    pub(crate) fn is_wearing_out(&self) -> bool {
        self.sealer.is_wearing_out()
    }

    /// Bytes that wait.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    /// As if the peer took any record.
    #[cfg(test)]
    pub(crate) fn lift_limit(&mut self) {
        self.limit = PlaintextLimit::MAX;
    }

    /// Bytes of memory that are held.
    #[cfg(test)]
    pub(crate) fn memory(&mut self) -> usize {
        self.queue.tail().capacity()
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
