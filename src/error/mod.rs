//! What can go wrong on a connection, whose fault it is, and which alert it causes.

mod certificate;
mod config;
mod peer;
mod text;

use std::io;

pub use certificate::{CertificateError, CertificateProblem, ChainError};
pub use config::ConfigError;
pub use peer::{InvalidMessage, Malformed, PeerIncompatible, PeerMisbehaved};
pub(crate) use text::printable;

use crate::alert::AlertDescription;
use crate::crypto::random::RandomFailed;
use crate::message::ssl2::Ssl2Error;

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
    /// The peer sent an ERROR of SSL 2.0.
    #[error("the peer sent the SSL 2.0 error {0}{hint}", hint = ssl2_hint(*.0))]
    Ssl2ErrorReceived(Ssl2Error),
    /// The server asked for a client certificate, none was sent, and it ended the handshake by
    /// this alert.
    #[error("the server asked for a client certificate, none was sent, and it answered {0}")]
    ClientCertificateMissing(AlertDescription),
    /// The peer asked for a new handshake, this side refused it, and the peer ended the connection
    /// by this alert.
    #[error(
        "the peer answered {0} where this side refused to renegotiate; `Policy::renegotiation` and, \
         at a server, `Policy::unbidden_renegotiation` allow it, 256 times for a connection"
    )]
    PeerWantedRenegotiation(AlertDescription),
    /// The transport ended without a close_notify: data may be missing (truncation).
    ///
    /// Only readers and streams give it, after everything that was received: the connection
    /// itself has not failed. Peers that always end so can be put up with where the data says
    /// itself where it ends. (At SSL 2.0 every peer ends so, and only a record that came in part is
    /// this error.)
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
    #[error("the settings allow no handshake: {0}")]
    Config(ConfigError),
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
    /// This side: its key, its randomness, its settings, its use of the API.
    Local,
}

impl Error {
    /// The alert that this error sends to the peer, if it sends one. At SSL 2.0 there are no
    /// alerts: see [`ssl2_error`](Self::ssl2_error).
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
            | Self::Config(_)
            | Self::Internal(_) => Alert::INTERNAL_ERROR,
            Self::AlertReceived(_)
            | Self::Ssl2ErrorReceived(_)
            | Self::ClientCertificateMissing(_)
            | Self::PeerWantedRenegotiation(_)
            | Self::Truncated
            | Self::TruncatedHandshake
            | Self::HandshakeNotComplete
            | Self::Renegotiation(_)
            | Self::Export(_) => return None,
        })
    }

    /// The ERROR that this error sends to a peer, if it sends one, where the two speak SSL 2.0: of
    /// these there are few.
    pub fn ssl2_error(&self) -> Option<Ssl2Error> {
        match self {
            Self::PeerIncompatible(PeerIncompatible::NoKindInCommon) => Some(Ssl2Error::NO_CIPHER),
            Self::PeerIncompatible(PeerIncompatible::CertificateType(_)) => {
                Some(Ssl2Error::UNSUPPORTED_CERTIFICATE_TYPE)
            }
            Self::InvalidCertificate(_)
            | Self::PeerMisbehaved(PeerMisbehaved::BadCertificateVerify)
            | Self::PeerIncompatible(PeerIncompatible::NoClientCertificate) => {
                Some(Ssl2Error::BAD_CERTIFICATE)
            }
            _ => None,
        }
    }

    /// The connection's error inside one of I/O, as [`Stream`](crate::Stream), `Reader` and
    /// `Writer` give it; `None` where the transport's own.
    pub fn of_io(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// Who has to act.
    pub fn fault(&self) -> Fault {
        match self {
            Self::InvalidMessage(_) | Self::PeerMisbehaved(_) => Fault::Peer,
            Self::PeerIncompatible(_)
            | Self::Renegotiation(RenegotiationRefused::PeerIsInsecure) => Fault::Settings,
            Self::InvalidCertificate(certificate) => certificate.fault(),
            Self::AlertReceived(_)
            | Self::Ssl2ErrorReceived(_)
            | Self::ClientCertificateMissing(_)
            | Self::PeerWantedRenegotiation(_)
            | Self::Renegotiation(RenegotiationRefused::ByPeer) => Fault::Refused,
            Self::Truncated | Self::TruncatedHandshake => Fault::Transport,
            Self::RandomFailed(_)
            | Self::PrivateKey(_)
            | Self::KeysWornOut(_)
            | Self::HandshakeNotComplete
            | Self::Renegotiation(_)
            | Self::Export(_)
            | Self::Config(_)
            | Self::Internal(_) => Fault::Local,
        }
    }
}

impl From<Error> for io::Error {
    /// With the kind that readers know; [`Error::of_io`] gets it back.
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::Truncated | Error::TruncatedHandshake => io::ErrorKind::UnexpectedEof,
            Error::AlertReceived(_) | Error::Ssl2ErrorReceived(_) => {
                io::ErrorKind::ConnectionAborted
            }
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
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

impl From<ConfigError> for Error {
    fn from(config: ConfigError) -> Self {
        Self::Config(config)
    }
}

impl From<RandomFailed> for Error {
    fn from(failed: RandomFailed) -> Self {
        Self::RandomFailed(failed)
    }
}

/// Why a private key could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key is elsewhere and cannot be reached now; a later connection may succeed.
    #[error("it is not available now; try again later")]
    Unavailable,
    /// The result does not verify with the public key, and was thrown away: the processor or the
    /// memory erred, somebody made it err (Bellcore), or the key's numbers do not fit together.
    #[error(
        "its result does not verify with the public key; the key is damaged, or the hardware is"
    )]
    Faulty,
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
    /// The connection speaks SSL 2.0.
    #[error("SSL 2.0 has no renegotiation")]
    Ssl2,
    /// close_notify was sent or received.
    #[error("the connection is closing")]
    Closing,
    /// One is under way.
    #[error("a renegotiation is under way")]
    UnderWay,
    /// The peer was asked and does not want one.
    #[error("the peer does not want it")]
    ByPeer,
}

/// What an alert that says little may mean to a peer of this crate.
fn hint(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::HANDSHAKE_FAILURE => {
            "; in answer to the hello: it may want (EC)DHE, which this crate does not have, or \
             other suites; later: it may refuse this side's certificate"
        }
        AlertDescription::UNRECOGNIZED_NAME => "; it does not serve the name that it was asked for",
        AlertDescription::PROTOCOL_VERSION => {
            "; it speaks other versions than the policy allows, or wants a hello in another format \
             (`Policy::hello_format`)"
        }
        alert if alert.refuses_certificate() => {
            "; it refuses the certificate that this side sent, or asks for one"
        }
        _ => "",
    }
}

/// What an ERROR of SSL 2.0 may mean to a peer of this crate.
fn ssl2_hint(code: Ssl2Error) -> &'static str {
    match code {
        Ssl2Error::NO_CIPHER => "; it has none of the cipher kinds that the policy allows",
        Ssl2Error::NO_CERTIFICATE => "; it asks for this side's certificate",
        Ssl2Error::BAD_CERTIFICATE | Ssl2Error::UNSUPPORTED_CERTIFICATE_TYPE => {
            "; it refuses the certificate that this side sent, or asks for one"
        }
        _ => "",
    }
}

/// Errors that grow are not built by users.
///
/// ```compile_fail
/// retrossl::InvalidMessage { what: "", problem: retrossl::Malformed::Truncated };
/// ```
///
/// ```compile_fail
/// let alert = retrossl::AlertDescription::CLOSE_NOTIFY;
/// retrossl::CertificateError::Refused { alert, reason: String::new() };
/// ```
#[cfg(doctest)]
struct NonExhaustive;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_say_what_they_may_mean() {
        for (alert, meaning) in [
            (AlertDescription::HANDSHAKE_FAILURE, "(EC)DHE"),
            (AlertDescription::UNRECOGNIZED_NAME, "the name"),
            (AlertDescription::PROTOCOL_VERSION, "other versions"),
            (AlertDescription::UNKNOWN_CA, "refuses the certificate"),
            (AlertDescription::BAD_CERTIFICATE, "refuses the certificate"),
            (AlertDescription::ACCESS_DENIED, "refuses the certificate"),
        ] {
            let text = Error::AlertReceived(alert).to_string();
            assert!(text.contains(meaning), "{text}");
        }
        let text = Error::AlertReceived(AlertDescription::INTERNAL_ERROR).to_string();
        assert!(text.ends_with("internal_error"), "{text}");
    }
}
