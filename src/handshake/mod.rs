//! The handshake of SSL 3.0 to TLS 1.2, as states that are types.
//!
//! A state is named for what it waits for and holds exactly what is known by then. Handling a
//! message consumes it; what it does not expect is refused in one place, [`Incoming::unexpected`].

pub(crate) mod client;
mod known;
mod negotiated;
mod occasion;
mod output;
mod record_limits;
pub(crate) mod server;

pub(crate) use known::{Kept, Known};
use negotiated::{Choice, Negotiated};
pub(crate) use occasion::Occasion;
pub(crate) use output::Output;

use crate::crypto::HashAlgorithm;
use crate::error::{Error, PeerMisbehaved};
use crate::message::ssl2::{self, Ssl2MessageType};
use crate::message::{Handshake, HandshakeType};
use crate::policy::Policy;
use crate::suite::CipherSuite;

/// What reaches a state.
#[derive(Clone, Copy)]
pub(crate) enum Incoming<'a> {
    /// A handshake message.
    Handshake(Handshake<'a>),
    /// A ChangeCipherSpec.
    ChangeCipherSpec,
    /// A first ClientHello in SSL 2.0's format.
    Ssl2ClientHello {
        hello: ssl2::ClientHello<'a>,
        /// The message, for the transcript (RFC 5246 appendix E.2: without the record's header).
        encoded: &'a [u8],
    },
    /// SSL 3.0's warning in place of a client's Certificate.
    NoCertificate,
}

impl<'a> Incoming<'a> {
    /// The message of type `kind` that the state waits for.
    fn expect(self, kind: HandshakeType) -> Result<Handshake<'a>, Error> {
        match self {
            Self::Handshake(message) if message.kind == kind => Ok(message),
            other => Err(other.unexpected(kind.name())),
        }
    }

    /// A ChangeCipherSpec is what the state waits for.
    fn expect_change_cipher_spec(self) -> Result<(), Error> {
        match self {
            Self::ChangeCipherSpec => Ok(()),
            other => Err(other.unexpected("ChangeCipherSpec")),
        }
    }

    /// The refusal of everything that has no place: skipped, repeated and early messages alike.
    pub(crate) fn unexpected(self, expected: &'static str) -> Error {
        let received = match self {
            Self::Handshake(message) => message.kind.name(),
            Self::ChangeCipherSpec => "ChangeCipherSpec",
            Self::Ssl2ClientHello { .. } => Ssl2MessageType::CLIENT_HELLO.name(),
            Self::NoCertificate => "a no_certificate alert",
        };
        PeerMisbehaved::UnexpectedMessage { received, expected }.into()
    }
}

/// Whether a connection repeats, at a lower version, one that failed (RFC 7507).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    First,
    Fallback,
}

impl Attempt {
    /// The suites that are none, of a first hello.
    pub(crate) fn signals(self) -> &'static [CipherSuite] {
        match self {
            // RFC 5746 §3.4: the signal in place of an empty extension, for servers that break on
            // extensions, and for SSL 3.0, which has none.
            Self::First => &[CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV],
            Self::Fallback => &[
                CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV,
                CipherSuite::TLS_FALLBACK_SCSV,
            ],
        }
    }
}

/// Whether a handshake may take up an earlier session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    IfPossible,
    Never,
}

/// Which way a handshake goes (RFC 5246 §7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// The client's Finished is the first.
    Full,
    /// A session is resumed: the server's Finished is the first.
    Abbreviated,
}

/// The hashes that the policy lets TLS 1.2 signatures be made over, the preferred first.
fn signature_hashes(policy: &Policy) -> impl Iterator<Item = HashAlgorithm> + Clone + use<> {
    let policy = *policy;
    [
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha384,
        HashAlgorithm::Sha512,
        HashAlgorithm::Sha224,
        HashAlgorithm::Sha1,
        HashAlgorithm::Md5,
    ]
    .into_iter()
    .filter(move |hash| policy.allows_signature_hash(*hash))
}

/// The end of a TLS 1.1 or older server's random that says that it could do TLS 1.2 (RFC 8446
/// §4.1.3).
const DOWNGRADE_SENTINEL: [u8; 8] = *b"DOWNGRD\x00";
