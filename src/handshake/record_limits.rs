//! How much plaintext records carry: what a client offers, what a server answers, and what the
//! two agree on (RFC 6066 §4, RFC 8449).

use crate::error::{Error, InvalidMessage, Malformed, PeerMisbehaved};
use crate::message::ExtensionType;
use crate::message::extension::{
    read_max_fragment_length, read_record_size_limit, write_max_fragment_length,
    write_record_size_limit,
};
use crate::record::{MaxFragmentLength, PlaintextLimit};

/// What the hellos agree on; every handshake does so afresh, one that resumes a session, too.
/// (RFC 6066 §4 would have its length last for the session; a client that wants it asks each time.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum RecordLimits {
    /// Neither extension.
    #[default]
    NotNegotiated,
    /// One length for both ways, from the ServerHello on (RFC 6066 §4).
    MaxFragmentLength(MaxFragmentLength),
    /// Each way its own, for records under the handshake's keys (RFC 8449 §4).
    RecordSizeLimit {
        sent: PlaintextLimit,
        received: PlaintextLimit,
    },
}

impl RecordLimits {
    /// Takes one of the two extensions of a ClientHello to a server whose own limit is `own`.
    pub(super) fn take_offer(
        &mut self,
        kind: ExtensionType,
        body: &[u8],
        own: Option<PlaintextLimit>,
    ) -> Result<(), Error> {
        let offer = Self::read(kind, body, own)?;
        // RFC 8449 §5: beside record_size_limit the other is ignored, in either order.
        if !matches!(self, Self::RecordSizeLimit { .. }) {
            *self = offer;
        }
        Ok(())
    }

    /// The extension that answers the offer.
    pub(super) fn answer(self) -> Option<(ExtensionType, Vec<u8>)> {
        match self {
            Self::NotNegotiated => None,
            Self::MaxFragmentLength(length) => Some(max_fragment_length(length)),
            Self::RecordSizeLimit { received, .. } => Some(record_size_limit(received)),
        }
    }

    /// Takes one of the two extensions of the ServerHello to a client whose own limit is `own`.
    pub(super) fn take_answer(
        &mut self,
        kind: ExtensionType,
        body: &[u8],
        own: Option<PlaintextLimit>,
    ) -> Result<(), Error> {
        let answer = Self::read(kind, body, own)?;
        if *self != Self::NotNegotiated {
            return Err(PeerMisbehaved::TwoRecordLimits.into());
        }
        if let Self::MaxFragmentLength(length) = answer
            && own.and_then(MaxFragmentLength::within) != Some(length)
        {
            return Err(PeerMisbehaved::MaxFragmentLengthNotOffered(length.code()).into());
        }
        *self = answer;
        Ok(())
    }

    /// What holds for records that are sent, from the ServerHello on.
    ///
    /// In clear a record_size_limit need not be kept to, but GnuTLS 3.7 refuses what is longer
    /// there, too, and less is always allowed.
    pub(super) fn sent(self) -> PlaintextLimit {
        match self {
            Self::NotNegotiated => PlaintextLimit::MAX,
            Self::MaxFragmentLength(length) => length.limit(),
            Self::RecordSizeLimit { sent, .. } => sent,
        }
    }

    /// What holds for records that are received under the handshake's keys.
    pub(super) fn received(self) -> PlaintextLimit {
        match self {
            Self::NotNegotiated => PlaintextLimit::MAX,
            Self::MaxFragmentLength(length) => length.limit(),
            Self::RecordSizeLimit { received, .. } => received,
        }
    }

    /// What holds for records that are received before there are keys.
    pub(super) fn received_early(self) -> Option<PlaintextLimit> {
        match self {
            Self::MaxFragmentLength(length) => Some(length.limit()),
            Self::NotNegotiated | Self::RecordSizeLimit { .. } => None,
        }
    }

    /// What an extension of the peer's means, taken alone.
    fn read(kind: ExtensionType, body: &[u8], own: Option<PlaintextLimit>) -> Result<Self, Error> {
        match kind {
            ExtensionType::MAX_FRAGMENT_LENGTH => {
                let length = MaxFragmentLength::from_code(read_max_fragment_length(body)?);
                let length = length.ok_or(InvalidMessage {
                    what: "max_fragment_length",
                    problem: Malformed::IllegalValue,
                })?;
                Ok(Self::MaxFragmentLength(length))
            }
            ExtensionType::RECORD_SIZE_LIMIT => {
                let wire = read_record_size_limit(body)?;
                let sent = PlaintextLimit::from_wire(wire)
                    .ok_or(PeerMisbehaved::RecordSizeLimitTooSmall(wire))?;
                let received = own.unwrap_or(PlaintextLimit::MAX);
                Ok(Self::RecordSizeLimit { sent, received })
            }
            _ => Err(Error::Internal(
                "an extension without a limit was read as one",
            )),
        }
    }
}

/// The extensions that a client whose own limit is `own` offers: beside the newer one the older,
/// for servers that know no other.
pub(super) fn offers(
    own: Option<PlaintextLimit>,
) -> impl Iterator<Item = (ExtensionType, Vec<u8>)> {
    let older = own.and_then(MaxFragmentLength::within);
    own.map(record_size_limit)
        .into_iter()
        .chain(older.map(max_fragment_length))
}

fn max_fragment_length(length: MaxFragmentLength) -> (ExtensionType, Vec<u8>) {
    let mut body = Vec::new();
    write_max_fragment_length(&mut body, length.code());
    (ExtensionType::MAX_FRAGMENT_LENGTH, body)
}

fn record_size_limit(limit: PlaintextLimit) -> (ExtensionType, Vec<u8>) {
    let mut body = Vec::new();
    write_record_size_limit(&mut body, limit.wire());
    (ExtensionType::RECORD_SIZE_LIMIT, body)
}
