//! What a peer may do a few times, and what would otherwise keep a connection busy for ever.

use crate::error::PeerMisbehaved;

/// Counts, each with its bound.
#[derive(Default)]
pub(super) struct Tolerated {
    warnings: u8,
    empty_records: u8,
    renegotiation_requests: u8,
    untaken_answers: u8,
    peers_renegotiations: u16,
}

impl Tolerated {
    /// Application data: what is bounded in a row begins anew.
    pub(super) fn data(&mut self) {
        *self = Self {
            peers_renegotiations: self.peers_renegotiations,
            untaken_answers: self.untaken_answers,
            ..Self::default()
        };
    }

    /// A warning alert that means nothing.
    pub(super) fn warning(&mut self) -> Result<(), PeerMisbehaved> {
        count(
            &mut self.warnings,
            MAX_WARNINGS,
            PeerMisbehaved::TooManyWarnings,
        )
    }

    /// A record of `len` bytes of plaintext.
    pub(super) fn record(&mut self, len: usize) -> Result<(), PeerMisbehaved> {
        if len > 0 {
            self.empty_records = 0;
            return Ok(());
        }
        count(
            &mut self.empty_records,
            MAX_EMPTY_RECORDS,
            PeerMisbehaved::TooManyEmptyRecords,
        )
    }

    /// A request for a new handshake that is refused or ignored.
    pub(super) fn renegotiation_request(&mut self) -> Result<(), PeerMisbehaved> {
        count(
            &mut self.renegotiation_requests,
            MAX_RENEGOTIATION_REQUESTS,
            PeerMisbehaved::TooManyRenegotiationRequests,
        )
    }

    /// Whether there may be one more answer to a request for a new handshake behind what the peer has
    /// not taken.
    pub(super) fn untaken_answer(&mut self) -> bool {
        self.untaken_answers = self.untaken_answers.saturating_add(1);
        self.untaken_answers <= MAX_UNTAKEN_ANSWERS
    }

    /// The peer takes what is sent.
    pub(super) fn taken(&mut self) {
        self.untaken_answers = 0;
    }

    /// Whether the peer may begin a new handshake of its own accord once more.
    pub(super) fn may_renegotiate(&self) -> bool {
        self.peers_renegotiations < MAX_PEERS_RENEGOTIATIONS
    }

    /// The peer begins a new handshake of its own accord.
    pub(super) fn peers_renegotiation(&mut self) {
        self.peers_renegotiations += 1;
    }

    #[cfg(test)]
    pub(super) fn set_peers_renegotiations(&mut self, count: u16) {
        self.peers_renegotiations = count;
    }
}

fn count(counter: &mut u8, max: u8, otherwise: PeerMisbehaved) -> Result<(), PeerMisbehaved> {
    *counter = counter.saturating_add(1);
    if *counter > max {
        Err(otherwise)
    } else {
        Ok(())
    }
}

/// Warning alerts without application data between them.
const MAX_WARNINGS: u8 = 8;

/// Empty records in a row: old stacks send one before each record of data, against BEAST.
const MAX_EMPTY_RECORDS: u8 = 32;

/// Requests for a new handshake, refused or ignored, without application data between them.
pub(super) const MAX_RENEGOTIATION_REQUESTS: u8 = 8;

/// Answers to requests for a new handshake that are queued behind a full buffer.
pub(super) const MAX_UNTAKEN_ANSWERS: u8 = 8;

/// New handshakes that one connection lets its peer begin of its own accord: after that, no. A
/// peer that needs more of them can connect anew at the same cost.
pub(super) const MAX_PEERS_RENEGOTIATIONS: u16 = 256;
