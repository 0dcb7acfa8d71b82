//! What a peer can do wrong: bytes that cannot be parsed, messages that the protocol forbids,
//! wishes that the policy does not meet.

use core::fmt;

use crate::alert::AlertDescription;
use crate::cipher_kind::CipherKind;
use crate::suite::CipherSuite;
use crate::version::ProtocolVersion;

/// Bytes that cannot be parsed: what they should have been, and what is wrong with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// A record is longer than records may be, or than this side said they may be.
    #[error("its fragment is {0} bytes long, which is more than allowed")]
    RecordOverflow(usize),
    /// The first bytes are not those of SSL or TLS.
    #[error("the bytes are not SSL or TLS; is the port right?")]
    NotTls,
    /// A record carries something that is not one of the four content types.
    #[error("its content type {0} does not exist")]
    UnknownContentType(u8),
}

impl Malformed {
    pub(super) fn alert(self) -> AlertDescription {
        match self {
            Self::Truncated
            | Self::TrailingBytes
            | Self::LengthOutOfRange
            | Self::TooManyExtensions
            | Self::TooManyCertificates
            | Self::TooLong(_) => AlertDescription::DECODE_ERROR,
            Self::IllegalValue | Self::DuplicateExtension => AlertDescription::ILLEGAL_PARAMETER,
            Self::RecordOverflow(_) => AlertDescription::RECORD_OVERFLOW,
            Self::NotTls | Self::UnknownContentType(_) => AlertDescription::UNEXPECTED_MESSAGE,
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
    /// The client chose a cipher kind that it had not offered, or that the server does not have
    /// (CVE-2015-3197).
    #[error("the client chose the cipher kind {0}, which was not among those in common")]
    KindNotOffered(CipherKind),
    /// The server takes up a session of SSL 2.0 that was not offered.
    #[error("the server resumes a session that was not offered")]
    SessionNotOffered,
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
    /// The server chose a max_fragment_length other than the one that was offered (RFC 6066 §4).
    #[error("the server chose the max_fragment_length {0}, which was not offered")]
    MaxFragmentLengthNotOffered(u8),
    /// The server answered max_fragment_length and record_size_limit, too (RFC 8449 §5).
    #[error("the server answered both max_fragment_length and record_size_limit")]
    TwoRecordLimits,
    /// A record_size_limit below 64 bytes (RFC 8449 §4).
    #[error("the record_size_limit is {0} bytes, and must be 64 at the least")]
    RecordSizeLimitTooSmall(u16),
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
    BadCertificateVerify,
    /// A signature was made with an algorithm that was not offered.
    #[error("the signature was made with an algorithm that was not offered")]
    SignatureAlgorithmNotOffered,
    /// A Certificate message was empty where a certificate is needed.
    #[error("the server sent no certificate")]
    NoServerCertificate,
    /// The signature over an export suite's ephemeral key does not verify.
    #[error("the ServerKeyExchange's signature does not verify")]
    BadServerKeyExchange,
    /// An export suite's ephemeral key makes no sense.
    #[error("the ServerKeyExchange's key makes no sense")]
    UnusableEphemeralKey,
    /// An export suite's ephemeral key is longer than the suite allows, or shorter than the policy
    /// and the suite ask for.
    #[error("the ServerKeyExchange's key has {bits} bits; from {min} to {max} are allowed")]
    EphemeralKeyLength {
        /// The key's length.
        bits: usize,
        /// The shortest that is accepted.
        min: usize,
        /// The suite's limit.
        max: usize,
    },
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
    pub(super) fn alert(&self) -> AlertDescription {
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
            | Self::KindNotOffered(_)
            | Self::SessionNotOffered
            | Self::ResumedDifferently(_)
            | Self::Compression
            | Self::ApplicationProtocolNotOffered
            | Self::MaxFragmentLengthNotOffered(_)
            | Self::TwoRecordLimits
            | Self::RecordSizeLimitTooSmall(_)
            | Self::EncryptThenMacWithoutCbc
            | Self::DowngradeDetected
            | Self::UnusableEphemeralKey
            | Self::SignatureAlgorithmNotOffered => Alert::ILLEGAL_PARAMETER,
            // RFC 2246 §7.2.2.
            Self::EphemeralKeyLength { .. } => Alert::EXPORT_RESTRICTION,
            Self::UnsolicitedExtension(_) | Self::ExtensionAtSsl3(_) => {
                Alert::UNSUPPORTED_EXTENSION
            }
            Self::BadRenegotiationInfo | Self::ProtectionDropped(_) | Self::ServerNameChanged => {
                Alert::HANDSHAKE_FAILURE
            }
            Self::ServerCertificateChanged => Alert::BAD_CERTIFICATE,
            Self::InappropriateFallback(_) => Alert::INAPPROPRIATE_FALLBACK,
            Self::BadFinished | Self::BadCertificateVerify | Self::BadServerKeyExchange => {
                Alert::DECRYPT_ERROR
            }
        }
    }
}

/// What the two sides do not have in common.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerIncompatible {
    /// The peer's version lies outside the policy's.
    #[error(
        "the peer speaks {}, the policy allows {}; name a policy or versions that include it if you \
         accept its weaknesses", VersionNumber(*.peer), VersionRange(*.min, *.max)
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
    /// The two sides have no cipher kind of SSL 2.0 in common.
    #[error(
        "no cipher kind of SSL 2.0 in common: the policy leaves out what the peer has, or that is IDEA, which this crate does not have"
    )]
    NoKindInCommon,
    /// The server answers in SSL 2.0, and was not asked to.
    #[error(
        "the server answers in SSL 2.0; to speak it, let the policy allow SSL 2.0 (`versions`, \
         `cipher_kinds`), and either nothing else or `hello_format` SSL 2.0's"
    )]
    SpeaksSsl2,
    /// A certificate of SSL 2.0 that is not of the type X.509.
    #[error("the certificate is of type {0}; only X.509, type 1, is known")]
    CertificateType(u8),
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
    pub(super) fn alert(&self) -> AlertDescription {
        match self {
            Self::NoVersionInCommon { .. } | Self::SpeaksSsl2 => AlertDescription::PROTOCOL_VERSION,
            Self::NoSuiteInCommon(_)
            | Self::NoKindInCommon
            | Self::NoClientCertificate
            | Self::NoCertificateForClient
            | Self::NoRenegotiation => AlertDescription::HANDSHAKE_FAILURE,
            Self::NoApplicationProtocolInCommon => AlertDescription::NO_APPLICATION_PROTOCOL,
            Self::KeyTooShort(_) | Self::CertificateType(_) => {
                AlertDescription::UNSUPPORTED_CERTIFICATE
            }
        }
    }
}

/// What a policy allows, as people say it.
struct VersionRange(ProtocolVersion, ProtocolVersion);

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(min, max) = self;
        if min == max {
            write!(f, "{min} alone")
        } else {
            write!(f, "{min} to {max}")
        }
    }
}

/// A version's number with its name, where it has one.
struct VersionNumber(u16);

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match ProtocolVersion::from_wire(self.0) {
            Some(version) => version.fmt(f),
            None => write!(f, "version {:#06x}", self.0),
        }
    }
}
