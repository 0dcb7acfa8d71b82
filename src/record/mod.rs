//! The record layer (RFC 5246 §6, RFC 6101 §5.2): framing, protection, fragmenting.

mod byte_queue;
mod cbc;
mod deframer;
mod fragment;
mod limit;
mod mac;
mod opener;
mod outgoing;
mod protection;
mod sealer;
pub(crate) mod ssl2;
#[cfg(any(test, fuzzing))]
mod tampering;

pub(crate) use byte_queue::{ByteQueue, extend_within};
pub(crate) use deframer::{Deframer, Framed, Framing, Record};
use fragment::{FirstFragment, fragments};
pub(crate) use limit::{MaxFragmentLength, PlaintextLimit};
pub(crate) use opener::Opener;
pub(crate) use outgoing::Outgoing;
pub(crate) use protection::{Protection, ProtectionParameters, WriteKeys};
pub(crate) use sealer::Sealer;
#[cfg(any(test, fuzzing))]
pub(crate) use tampering::{Change, Tampering};

/// What a record carries (RFC 5246 §6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentType {
    ChangeCipherSpec,
    Alert,
    Handshake,
    ApplicationData,
}

impl ContentType {
    pub(crate) const fn wire(self) -> u8 {
        match self {
            Self::ChangeCipherSpec => 20,
            Self::Alert => 21,
            Self::Handshake => 22,
            Self::ApplicationData => 23,
        }
    }

    pub(crate) fn from_wire(wire: u8) -> Option<Self> {
        [
            Self::ChangeCipherSpec,
            Self::Alert,
            Self::Handshake,
            Self::ApplicationData,
        ]
        .into_iter()
        .find(|content_type| content_type.wire() == wire)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ChangeCipherSpec => "ChangeCipherSpec",
            Self::Alert => "Alert",
            Self::Handshake => "Handshake",
            Self::ApplicationData => "ApplicationData",
        }
    }
}

/// Bytes of header: type, version, length.
pub(crate) const HEADER: usize = 5;

/// Bytes that a record has beside its plaintext, at the most, when it is sent: its header, an IV, a
/// MAC and a block of padding.
const MAX_ADDED: usize = HEADER + 16 + 32 + 16;

/// Bytes of plaintext in a record at the most.
pub(crate) const MAX_PLAINTEXT: usize = 1 << 14;

/// Bytes of protected fragment in a record at the most: 2^14 and 2048 for whatever the cipher
/// adds (RFC 5246 §6.2.3).
pub(crate) const MAX_CIPHERTEXT: usize = MAX_PLAINTEXT + 2048;

#[cfg(test)]
pub(crate) mod tests;
