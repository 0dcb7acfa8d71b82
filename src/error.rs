//! What can go wrong on a connection, whose fault it is, and which alert it causes.

mod chain;
mod text;

use core::fmt;
use std::io;

pub use chain::{CertificateProblem, ChainError};
pub(crate) use text::printable;

use crate::alert::AlertDescription;
use crate::crypto::random::RandomFailed;
use crate::fingerprint::Fingerprint;
use crate::suite::CipherSuite;
use crate::version::ProtocolVersion;

/// Why a connection failed.
///
/// A connection that failed stays failed and answers the same error from then on; the alert that
/// the error caused can still be drained with `write_tls`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer sent bytes that cannot be parsed.
    #[error("the peer sent a malformed {0}")]
    InvalidMessage(InvalidMessage),
    /// The peer sent something well-formed that the protocol forbids.
    #[error("the peer broke the protocol: {0}")]
    PeerMisbehaved(PeerMisbehaved),
    /// The peer and this side's policy have nothing in common.
    #[error("the peer and the policy do not fit: {0}")]
    PeerIncompatible(PeerIncompatible),
    /// The peer's certificate was refused.
    #[error("the peer's certificate was refused: {0}")]
    InvalidCertificate(CertificateError),
    /// The peer sent a fatal alert.
    #[error("the peer sent the alert {0}{hint}", hint = hint(*.0))]
    AlertReceived(AlertDescription),
    /// The transport ended without a close_notify: data may be missing (truncation).
    ///
    /// Only readers and streams give it, after everything that was received: the connection
    /// itself has not failed. Peers that always end so can be put up with where the data says
    /// itself where it ends.
    #[error("the peer closed the transport without close_notify; data may be missing")]
    Truncated,
    /// The transport ended before the handshake was complete.
    #[error(
        "the peer closed the transport during the handshake; it may not accept these versions, \
         suites or extensions"
    )]
    TruncatedHandshake,
    /// The source of random bytes failed.
    #[error("{0}; give the config another one, or repair the system's")]
    RandomFailed(RandomFailed),
    /// This side's private key could not be used.
    #[error("the private key could not be used: {0}")]
    PrivateKey(KeyError),
    /// One key has protected as many bytes as it safely can (Sweet32, RC4's biases).
    #[error(
        "the keys are worn out after {0} bytes; open a new connection, or let the policy name a \
         higher limit"
    )]
    KeysWornOut(u64),
    /// The call needs a completed handshake.
    #[error("the handshake is not complete; drive the connection until it is")]
    HandshakeNotComplete,
    /// The connection cannot be renegotiated; it lives on as it is.
    #[error("the connection cannot be renegotiated: {0}")]
    Renegotiation(RenegotiationRefused),
    /// There are no exporters at SSL 3.0 (RFC 5705 is for TLS), or the request is too long.
    #[error("keying material cannot be exported: {0}")]
    Export(&'static str),
    /// This side's policy allows no handshake, or not with this side's key.
    #[error("the policy allows no handshake: {0}")]
    Policy(String),
    /// A defect of this crate. Please report it.
    #[error("internal error: {0}; please report it")]
    Internal(&'static str),
}

/// Who has to act when a connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The peer broke the protocol, or what came was damaged or forged on the way.
    Peer,
    /// Nobody erred, but the two sides' settings do not meet.
    Settings,
    /// The peer refused this side; its alert says why.
    Refused,
    /// The transport between the two.
    Transport,
    /// This side: its key, its randomness, its use of the API.
    Local,
}

impl Error {
    /// The alert that this error sends to the peer, if it sends one.
    pub fn alert(&self) -> Option<AlertDescription> {
        use AlertDescription as Alert;
        Some(match self {
            Self::InvalidMessage(invalid) => invalid.problem.alert(),
            Self::PeerMisbehaved(misbehaved) => misbehaved.alert(),
            Self::PeerIncompatible(incompatible) => incompatible.alert(),
            Self::InvalidCertificate(certificate) => certificate.alert(),
            // Worn-out keys are no clean end: the peer must not take what it has for all.
            Self::RandomFailed(_)
            | Self::PrivateKey(_)
            | Self::KeysWornOut(_)
            | Self::Policy(_)
            | Self::Internal(_) => Alert::INTERNAL_ERROR,
            Self::AlertReceived(_)
            | Self::Truncated
            | Self::TruncatedHandshake
            | Self::HandshakeNotComplete
            | Self::Renegotiation(_)
            | Self::Export(_) => return None,
        })
    }

    /// The connection's error inside one of I/O, as [`Stream`](crate::Stream), `Reader` and
    /// `Writer` give it; `None` where the transport's own.
    pub fn of_io(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// Who has to act.
    pub fn fault(&self) -> Fault {
        match self {
            Self::InvalidMessage(_)
            | Self::PeerMisbehaved(_)
            | Self::InvalidCertificate(CertificateError::Unreadable) => Fault::Peer,
            Self::PeerIncompatible(_) | Self::InvalidCertificate(_) => Fault::Settings,
            Self::AlertReceived(_) => Fault::Refused,
            Self::Truncated | Self::TruncatedHandshake => Fault::Transport,
            Self::RandomFailed(_)
            | Self::PrivateKey(_)
            | Self::KeysWornOut(_)
            | Self::HandshakeNotComplete
            | Self::Renegotiation(_)
            | Self::Export(_)
            | Self::Policy(_)
            | Self::Internal(_) => Fault::Local,
        }
    }
}

impl From<InvalidMessage> for Error {
    fn from(invalid: InvalidMessage) -> Self {
        Self::InvalidMessage(invalid)
    }
}

impl From<PeerMisbehaved> for Error {
    fn from(misbehaved: PeerMisbehaved) -> Self {
        Self::PeerMisbehaved(misbehaved)
    }
}

impl From<PeerIncompatible> for Error {
    fn from(incompatible: PeerIncompatible) -> Self {
        Self::PeerIncompatible(incompatible)
    }
}

impl From<CertificateError> for Error {
    fn from(certificate: CertificateError) -> Self {
        Self::InvalidCertificate(certificate)
    }
}

impl From<RandomFailed> for Error {
    fn from(failed: RandomFailed) -> Self {
        Self::RandomFailed(failed)
    }
}

/// Bytes that cannot be parsed: what they should have been, and what is wrong with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidMessage {
    /// The structure, by the specifications' name.
    pub what: &'static str,
    /// What is wrong.
    pub problem: Malformed,
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.problem)
    }
}

/// What is wrong with bytes that cannot be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// It ends before it is whole.
    #[error("it is cut short")]
    Truncated,
    /// Bytes follow its end.
    #[error("bytes follow its end")]
    TrailingBytes,
    /// A list or a field has a length that it may not have.
    #[error("a length in it is out of range")]
    LengthOutOfRange,
    /// A number in it has no meaning.
    #[error("a value in it has no meaning")]
    IllegalValue,
    /// The same extension stands in it twice.
    #[error("an extension stands in it twice")]
    DuplicateExtension,
    /// It has more extensions than any peer sends.
    #[error("it has too many extensions")]
    TooManyExtensions,
    /// It has more certificates than any chain.
    #[error("it has too many certificates")]
    TooManyCertificates,
    /// A handshake message is longer than its kind may be.
    #[error("it is {0} bytes long, which is more than allowed")]
    TooLong(usize),
    /// A record is longer than records may be.
    #[error("its fragment is {0} bytes long, which is more than allowed")]
    RecordOverflow(usize),
    /// The first bytes are not those of SSL or TLS.
    #[error("the bytes are not SSL or TLS; is the port right?")]
    NotTls,
    /// The first bytes are those of SSL 2.0, as protocol or as format of the first hello.
    #[error("the hello has the format of SSL 2.0, which this version of the crate cannot read")]
    Ssl2,
    /// A record carries something that is not one of the four content types.
    #[error("its content type {0} does not exist")]
    UnknownContentType(u8),
}

impl Malformed {
    fn alert(self) -> AlertDescription {
        match self {
            Self::Truncated
            | Self::TrailingBytes
            | Self::LengthOutOfRange
            | Self::TooManyExtensions
            | Self::TooManyCertificates => AlertDescription::DECODE_ERROR,
            Self::IllegalValue | Self::DuplicateExtension | Self::TooLong(_) => {
                AlertDescription::ILLEGAL_PARAMETER
            }
            Self::RecordOverflow(_) => AlertDescription::RECORD_OVERFLOW,
            Self::NotTls | Self::UnknownContentType(_) => AlertDescription::UNEXPECTED_MESSAGE,
            Self::Ssl2 => AlertDescription::PROTOCOL_VERSION,
        }
    }
}

/// What the peer did that the protocol forbids.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerMisbehaved {
    /// A message came where it has no place.
    #[error("{received} came where {expected} was expected")]
    UnexpectedMessage {
        /// What came.
        received: &'static str,
        /// What the state waits for.
        expected: &'static str,
    },
    /// A record's integrity check failed: it was damaged, forged, or made under other keys.
    #[error("a record failed its integrity check")]
    BadRecordMac,
    /// A record names another version than the connection's.
    #[error("a record has version {0:#06x} after another one was negotiated")]
    WrongRecordVersion(u16),
    /// Keys changed in the middle of a handshake message, or with one left unread.
    #[error("a handshake message straddles a change of keys")]
    KeyChangeInsideMessage,
    /// A record of another kind came in the middle of a handshake message.
    #[error("a record of another kind interrupts a handshake message")]
    InterruptedMessage,
    /// The server chose a version that was not offered.
    #[error("the server chose version {0:#06x}, which was not offered")]
    VersionNotOffered(u16),
    /// The server chose a suite that was not offered.
    #[error("the server chose the cipher suite {0}, which was not offered")]
    SuiteNotOffered(CipherSuite),
    /// The server chose a suite that does not exist at the version that it chose.
    #[error("the server chose the cipher suite {0} at {1}, where it does not exist")]
    SuiteNotAtVersion(CipherSuite, ProtocolVersion),
    /// A compression method other than null was chosen, or null was not offered.
    #[error("compression was asked for, which is never done here (CRIME)")]
    Compression,
    /// The server answered an extension that was not offered.
    #[error("the server answered extension {0}, which was not offered")]
    UnsolicitedExtension(u16),
    /// The server took up a session otherwise than it was made: what it changed.
    #[error("the server resumes the session with a change of {0}")]
    ResumedDifferently(&'static str),
    /// The server chose an application protocol that was not offered.
    #[error("the server chose an application protocol that was not offered")]
    ApplicationProtocolNotOffered,
    /// Encrypt-then-MAC was answered for a suite without CBC (RFC 7366 §3).
    #[error("the server chose encrypt-then-MAC with a suite that is not CBC")]
    EncryptThenMacWithoutCbc,
    /// An extension came that does not exist at SSL 3.0.
    #[error("the server answered extension {0} at SSL 3.0, where it does not exist")]
    ExtensionAtSsl3(u16),
    /// The renegotiation_info, or its lack, does not fit the handshake that came before on the
    /// connection (RFC 5746 §3.4 to §3.7).
    #[error(
        "the renegotiation_info does not name the handshake before this one: somebody may be \
         splicing two connections together"
    )]
    BadRenegotiationInfo,
    /// A renegotiation would end without a protection that the connection has: what it drops.
    #[error("the renegotiation drops {0}")]
    ProtectionDropped(&'static str),
    /// A server showed another certificate when it was renegotiated with (the triple handshake
    /// attack).
    #[error("the server changed its certificate in a renegotiation")]
    ServerCertificateChanged,
    /// A client asked for another server name in a renegotiation.
    #[error("the client changed the server name in a renegotiation")]
    ServerNameChanged,
    /// A renegotiation would change the version.
    #[error("the peer changed the version in a renegotiation, to {0:#06x}")]
    VersionChanged(u16),
    /// The server's random says that both sides could do better: somebody tampers (RFC 8446
    /// §4.1.3).
    #[error("the server's random says that a better version was possible: a downgrade attack")]
    DowngradeDetected,
    /// A connection that says it is a fallback reached a server that could do better (RFC 7507).
    #[error(
        "the client says that it fell back to {0}, but a better version is possible: a downgrade \
         attack, or a client that retries too eagerly"
    )]
    InappropriateFallback(ProtocolVersion),
    /// A Finished does not fit: the two sides saw different handshakes, or have different keys.
    #[error("the Finished message does not verify: the handshake was tampered with")]
    BadFinished,
    /// A CertificateVerify does not verify.
    #[error("the CertificateVerify signature does not verify")]
    BadSignature,
    /// A signature was made with an algorithm that was not offered.
    #[error("the signature was made with an algorithm that was not offered")]
    SignatureAlgorithmNotOffered,
    /// A Certificate message was empty where a certificate is needed.
    #[error("the server sent no certificate")]
    NoServerCertificate,
    /// More warning alerts in a row than allowed.
    #[error("too many warning alerts in a row")]
    TooManyWarnings,
    /// More empty records in a row than allowed.
    #[error("too many empty records in a row")]
    TooManyEmptyRecords,
    /// More requests for a new handshake than allowed.
    #[error("too many requests for a new handshake")]
    TooManyRenegotiationRequests,
}

impl PeerMisbehaved {
    fn alert(&self) -> AlertDescription {
        use AlertDescription as Alert;
        match self {
            Self::UnexpectedMessage { .. }
            | Self::KeyChangeInsideMessage
            | Self::InterruptedMessage
            | Self::NoServerCertificate
            | Self::TooManyWarnings
            | Self::TooManyEmptyRecords
            | Self::TooManyRenegotiationRequests => Alert::UNEXPECTED_MESSAGE,
            Self::BadRecordMac => Alert::BAD_RECORD_MAC,
            Self::WrongRecordVersion(_) | Self::VersionNotOffered(_) | Self::VersionChanged(_) => {
                Alert::PROTOCOL_VERSION
            }
            Self::SuiteNotOffered(_)
            | Self::SuiteNotAtVersion(..)
            | Self::ResumedDifferently(_)
            | Self::Compression
            | Self::ApplicationProtocolNotOffered
            | Self::EncryptThenMacWithoutCbc
            | Self::DowngradeDetected
            | Self::SignatureAlgorithmNotOffered => Alert::ILLEGAL_PARAMETER,
            Self::UnsolicitedExtension(_) | Self::ExtensionAtSsl3(_) => {
                Alert::UNSUPPORTED_EXTENSION
            }
            Self::BadRenegotiationInfo | Self::ProtectionDropped(_) | Self::ServerNameChanged => {
                Alert::HANDSHAKE_FAILURE
            }
            Self::ServerCertificateChanged => Alert::BAD_CERTIFICATE,
            Self::InappropriateFallback(_) => Alert::INAPPROPRIATE_FALLBACK,
            Self::BadFinished | Self::BadSignature => Alert::DECRYPT_ERROR,
        }
    }
}

/// Why a connection cannot be renegotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenegotiationRefused {
    /// The policy says never.
    #[error("the policy says never; `Policy::renegotiation` says otherwise")]
    Policy,
    /// The peer does not have RFC 5746, and the policy asks for it.
    #[error("the peer lacks RFC 5746, so an attacker could put data before the client's")]
    PeerIsInsecure,
    /// The session was resumed without the extended master secret, and the policy asks for a
    /// connection that is tied to it (RFC 7627 §5.3).
    #[error("the session was resumed without the extended master secret, which leaves it unbound")]
    UnboundSession,
    /// close_notify was sent or received.
    #[error("the connection is closing")]
    Closing,
    /// One is under way.
    #[error("a renegotiation is under way")]
    UnderWay,
}

/// What the two sides do not have in common.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerIncompatible {
    /// The peer's version lies outside the policy's.
    #[error(
        "the peer speaks {}, the policy allows {min} to {max}; name a policy or versions that \
         include it if you accept its weaknesses", VersionNumber(*.peer)
    )]
    NoVersionInCommon {
        /// The newest version that the client offers, or the one that the server chose, as on
        /// the wire.
        peer: u16,
        /// The policy's oldest version.
        min: ProtocolVersion,
        /// The policy's newest version.
        max: ProtocolVersion,
    },
    /// None of the client's suites is allowed at the version.
    #[error(
        "no cipher suite in common at {0}: the policy leaves out what the client offers, or it \
         offers only (EC)DHE or TLS 1.3 suites, which this crate does not have"
    )]
    NoSuiteInCommon(ProtocolVersion),
    /// None of the client's application protocols is served.
    #[error("no application protocol in common")]
    NoApplicationProtocolInCommon,
    /// The peer's public key is too short to carry a pre-master secret.
    #[error("the peer's RSA key of {0} bits is too short to encrypt a pre-master secret to")]
    KeyTooShort(usize),
    /// No certificate of this side fits what the client asks for.
    #[error("no certificate for what the client asks for")]
    NoCertificateForClient,
    /// The server requires a certificate and the client sent none.
    #[error("the client sent no certificate, and one is required")]
    NoClientCertificate,
    /// An SSL 3.0 client asks for a new handshake, which cannot be refused politely there.
    #[error(
        "the client asks for a new handshake, which the policy does not allow, and SSL 3.0 has no \
         polite refusal"
    )]
    NoRenegotiation,
}

impl PeerIncompatible {
    fn alert(&self) -> AlertDescription {
        match self {
            Self::NoVersionInCommon { .. } => AlertDescription::PROTOCOL_VERSION,
            Self::NoSuiteInCommon(_)
            | Self::NoClientCertificate
            | Self::NoCertificateForClient
            | Self::NoRenegotiation => AlertDescription::HANDSHAKE_FAILURE,
            Self::NoApplicationProtocolInCommon => AlertDescription::NO_APPLICATION_PROTOCOL,
            Self::KeyTooShort(_) => AlertDescription::UNSUPPORTED_CERTIFICATE,
        }
    }
}

/// Why a certificate was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The certificate's public key cannot be found in it.
    #[error("it cannot be read")]
    Unreadable,
    /// The certificate's key is not an RSA key.
    #[error("its key is not an RSA key that makes sense")]
    NotRsa,
    /// The certificate is none of the pinned ones.
    #[error("it is not pinned; if it is the right one, pin its SHA-256 fingerprint {0}")]
    NotPinned(Fingerprint),
    /// A certificate of the chain does not stand up to path validation.
    #[error("{0}")]
    Chain(ChainError),
    /// A verifier's own reason.
    #[error("{reason}")]
    Refused {
        /// The alert to send, one of the certificate alerts.
        alert: AlertDescription,
        /// What is wrong, for a person.
        reason: String,
    },
}

impl CertificateError {
    /// The alert that this refusal sends to the peer.
    pub fn alert(&self) -> AlertDescription {
        match self {
            Self::Unreadable => AlertDescription::BAD_CERTIFICATE,
            Self::NotRsa => AlertDescription::UNSUPPORTED_CERTIFICATE,
            Self::NotPinned(_) => AlertDescription::CERTIFICATE_UNKNOWN,
            Self::Chain(chain) => chain.problem.alert(),
            Self::Refused { alert, .. } => *alert,
        }
    }
}

impl From<ChainError> for CertificateError {
    fn from(chain: ChainError) -> Self {
        Self::Chain(chain)
    }
}

/// Why a private key could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key is elsewhere and cannot be reached now; a later connection may succeed.
    #[error("it is not available now; try again later")]
    Unavailable,
    /// The ciphertext is not a number below the modulus. In a handshake this is never reported:
    /// it takes the same way as every other bad pre-master secret.
    #[error("the input is not a number below the modulus")]
    InputOutOfRange,
    /// The key is too short to carry the signature.
    #[error("it is too short for the signature")]
    TooShort,
    /// The operation itself failed.
    #[error("{0}")]
    Failed(String),
}

/// A version's number with its name, where it has one.
struct VersionNumber(u16);

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match ProtocolVersion::from_wire(self.0) {
            Some(version) => version.fmt(f),
            None if self.0 == 0x0002 => f.pad("SSLv2"),
            None => write!(f, "version {:#06x}", self.0),
        }
    }
}

/// What the alert that says least may mean to a peer of this crate.
fn hint(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::HANDSHAKE_FAILURE => {
            "; it may want (EC)DHE, which this crate does not have, other suites, or a client \
             certificate"
        }
        _ => "",
    }
}
