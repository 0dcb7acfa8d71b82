//! What a peer may do a few times, and what would otherwise keep a connection busy for ever.

use crate::error::PeerMisbehaved;

/// Counts, each with its bound.
#[derive(Default)]
pub(super) struct Tolerated {
    warnings: u32,
    empty_records: u32,
    renegotiation_requests: u32,
    peers_renegotiations: u32,
}

impl Tolerated {
    /// Application data: what is bounded in a row begins anew.
    pub(super) fn data(&mut self) {
        *self = Self {
            peers_renegotiations: self.peers_renegotiations,
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

    /// Whether the peer may begin a new handshake of its own accord once more.
    pub(super) fn may_renegotiate(&self) -> bool {
        self.peers_renegotiations < MAX_PEERS_RENEGOTIATIONS
    }

    /// The peer begins a new handshake of its own accord.
    pub(super) fn peers_renegotiation(&mut self) {
        self.peers_renegotiations += 1;
    }

    #[cfg(test)]
    pub(super) fn set_peers_renegotiations(&mut self, count: u32) {
        self.peers_renegotiations = count;
    }
}

fn count(counter: &mut u32, max: u32, otherwise: PeerMisbehaved) -> Result<(), PeerMisbehaved> {
    *counter += 1;
    if *counter > max {
        Err(otherwise)
    } else {
        Ok(())
    }
}

/// Warning alerts without application data between them.
const MAX_WARNINGS: u32 = 8;

/// Empty records in a row: old stacks send one before each record of data, against BEAST.
const MAX_EMPTY_RECORDS: u32 = 32;

/// Requests for a new handshake, refused or ignored, without application data between them.
pub(super) const MAX_RENEGOTIATION_REQUESTS: u32 = 8;

/// New handshakes that one connection lets its peer begin of its own accord: after that, no. A
/// peer that needs more of them can connect anew at the same cost.
pub(super) const MAX_PEERS_RENEGOTIATIONS: u32 = 256;
