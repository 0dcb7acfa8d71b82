//! Why a certificate was refused.

use core::fmt;

use rustls_pki_types::UnixTime;

use super::Fault;
use super::text::{Date, Names};
use crate::alert::AlertDescription;
use crate::crypto::HashAlgorithm;
use crate::fingerprint::Fingerprint;

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
    /// A verifier's own reason; [`refused`](Self::refused) makes it.
    #[error("{reason}")]
    #[non_exhaustive]
    Refused {
        /// The alert to send, one of the certificate alerts.
        alert: AlertDescription,
        /// What is wrong, for a person.
        reason: String,
    },
}

impl CertificateError {
    /// A verifier's own reason, for a person, and the alert that tells it to the peer.
    ///
    /// The alert is one of those for certificates: bad_certificate, unsupported_certificate,
    /// certificate_revoked, certificate_expired, certificate_unknown, unknown_ca, access_denied.
    /// In place of any other, certificate_unknown is sent.
    pub fn refused(alert: AlertDescription, reason: impl Into<String>) -> Self {
        Self::Refused {
            alert: if alert.refuses_certificate() {
                alert
            } else {
                AlertDescription::CERTIFICATE_UNKNOWN
            },
            reason: reason.into(),
        }
    }

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

    /// Who has to act.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unreadable => Fault::Peer,
            Self::NotRsa | Self::NotPinned(_) | Self::Refused { .. } => Fault::Settings,
            // Trust anchors come from this side's roots.
            Self::Chain(ChainError { index: None, .. }) => Fault::Local,
            Self::Chain(chain) => chain.problem.fault(),
        }
    }
}

impl From<ChainError> for CertificateError {
    fn from(chain: ChainError) -> Self {
        Self::Chain(chain)
    }
}

/// Which certificate of a chain was refused, and why (RFC 5280 §6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainError {
    /// The certificate's place in the Certificate message, the peer's own being 0; `None` for a
    /// trust anchor, which comes from the roots.
    pub index: Option<usize>,
    /// The certificate's subject, fit for a terminal; empty where it has none.
    pub subject: String,
    /// What is wrong with it.
    pub problem: CertificateProblem,
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "certificate {index} of the chain")?,
            None => f.write_str("the trust anchor")?,
        }
        if !self.subject.is_empty() {
            write!(f, " ({})", self.subject)?;
        }
        write!(f, ": {}", self.problem)?;
        match (self.index, &self.problem) {
            // Only a peer's own certificate can be pinned.
            (Some(0), CertificateProblem::Unreadable) => {
                f.write_str("; if it is the right one, pin its fingerprint")
            }
            _ => Ok(()),
        }
    }
}

/// What is wrong with a certificate, and what was expected.
///
/// Texts that come from a certificate are fit for a terminal: control characters are replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// It is not an X.509 certificate in DER.
    #[error("it cannot be parsed as X.509")]
    Unreadable,
    /// One of its extensions cannot be parsed.
    #[error("its extension {0} cannot be parsed")]
    MalformedExtension(String),
    /// One of its extensions stands in it twice (RFC 5280 §4.2).
    #[error("its extension {0} stands in it twice")]
    DuplicateExtension(String),
    /// It asks not to be used by who does not know one of its extensions (RFC 5280 §4.2).
    #[error("its critical extension {0} is not known here")]
    UnknownCriticalExtension(String),
    /// It has version 1 or 2, without extensions (RFC 5280 §4.1.2.1).
    #[error(
        "it has version {0}, which the policy does not accept here; `version_1_certificates` \
         changes that"
    )]
    OldVersion(u32),

    /// Its time is over (RFC 5280 §4.1.2.5).
    #[error("it expired on {}, and now it is {}", Date(*.not_after), Date(*.now))]
    Expired {
        /// Its last second; 1970's first where that was earlier.
        not_after: UnixTime,
        /// The config's time.
        now: UnixTime,
    },
    /// Its time has not come.
    #[error(
        "it is valid from {}, and now it is {}; is this clock right?", Date(*.not_before),
        Date(*.now)
    )]
    NotYetValid {
        /// Its first second.
        not_before: UnixTime,
        /// The config's time.
        now: UnixTime,
    },

    /// Nobody who is known has issued it.
    #[error(
        "its issuer, {issuer}, is neither among the roots nor in the chain; if that is an \
         intermediate authority, the peer should send its certificate, too; if it is a root that \
         you trust, add its certificate to the roots"
    )]
    UnknownIssuer {
        /// The issuer's name.
        issuer: String,
    },
    /// It is its own issuer, and not among the roots.
    #[error("it is self-signed and not among the roots; if you trust it, add it there")]
    SelfSigned,
    /// It is its own issuer, and another certificate of its name is among the roots.
    #[error(
        "it is self-signed, and the roots have another certificate of that name, with {}",
        match same_key {
            true => "the same key; if it was renewed, replace the root with it",
            false => "another key; it may have been renewed, so compare the two and replace the \
                      root, or it is an impostor's",
        }
    )]
    SelfSignedNamesake {
        /// Whether both have the same key.
        same_key: bool,
    },
    /// Its signature does not verify with the key of a certificate of the chain.
    #[error("its signature does not verify with the key of its issuer, {issuer}")]
    BadSignature {
        /// The issuer's name.
        issuer: String,
    },
    /// Its signature does not verify with the key that the roots have for its issuer.
    #[error(
        "its signature does not verify with the key that the roots have for its issuer, \
         {issuer}; that authority may have a new key, so compare its certificates and replace the \
         root, or this one is forged"
    )]
    NotSignedByRoot {
        /// The issuer's name.
        issuer: String,
    },
    /// It is signed over a hash that the policy does not accept.
    #[error(
        "it is signed with {0}, which the policy does not accept; `certificate_hashes` changes \
         that"
    )]
    HashNotAccepted(HashAlgorithm),
    /// It is signed in a way that this crate does not know, or says two things about it.
    #[error("it is signed with {0}, which is not known here")]
    UnknownSignatureAlgorithm(String),
    /// There are more certificates above it than are followed.
    #[error("the path goes on above it, and none is followed beyond {0} certificates")]
    LongPath(usize),
    /// Too many signatures would have to be verified, or names compared with constraints.
    #[error(
        "the chain causes more work than an honest one: too many candidates for issuers, too \
         many revocation lists, or too many names to compare"
    )]
    TooMuchWork,

    /// Its key is shorter than the policy allows.
    #[error("its key has {bits} bits where {min} are needed; `min_rsa_bits` changes that")]
    KeyTooShort {
        /// Its key's length.
        bits: usize,
        /// The policy's smallest.
        min: usize,
    },
    /// Its key is of a kind that this crate does not know.
    #[error("its key is of the kind {0}, which is not known here")]
    UnknownKey(String),
    /// The numbers of its key make no sense.
    #[error("the numbers of its key make no sense")]
    BadKey,

    /// It has issued another certificate and is no authority (RFC 5280 §4.2.1.9).
    #[error("it issued another certificate without being an authority (basicConstraints)")]
    NotAnAuthority,
    /// There are more authorities below one of the path than that one allows.
    #[error("an issuer above it allows {max} authorities below itself, and here are more")]
    PathTooLong {
        /// The issuer's pathLenConstraint.
        max: u32,
    },
    /// Its keyUsage does not allow what it is used for (RFC 5280 §4.2.1.3).
    #[error("its keyUsage does not allow {0}")]
    KeyUsage(&'static str),
    /// Its extended key usage, or Netscape's certificate type, is for something else (RFC 5280
    /// §4.2.1.12).
    #[error("it is for {}, not for {expected}", Names(.found))]
    ExtendedKeyUsage {
        /// What it is used for.
        expected: &'static str,
        /// What it says it is for.
        found: Vec<String>,
    },
    /// An issuer's name constraints exclude one of its names (RFC 5280 §4.2.1.10).
    #[error("the name constraints of an issuer do not permit its name {0}")]
    NameNotPermitted(String),
    /// An issuer's name constraints speak of a kind of name that it has and that is not known.
    #[error("an issuer constrains names of the kind {0}, which are not compared here")]
    UnknownNameConstraint(&'static str),
    /// Its name constraints have a form that RFC 5280 §4.2.1.10 forbids.
    #[error("its name constraints are malformed: they have {0}")]
    MalformedNameConstraints(&'static str),

    /// It is not for the name that the user asked for (RFC 6125 §6).
    #[error("{}", NameMismatch { asked, found, ignored })]
    NotForName {
        /// Whom the user asked for.
        asked: String,
        /// Whom the certificate is for.
        found: Vec<String>,
        /// Common names that were not looked at, by the policy.
        ignored: Vec<String>,
    },

    /// Its issuer has revoked it (RFC 5280 §5).
    #[error("its issuer revoked it on {}", Date(*.since))]
    Revoked {
        /// The date of revocation.
        since: UnixTime,
    },
    /// Its issuer's revocation list is too old to say whether it is revoked.
    #[error(
        "its issuer's revocation list was to be renewed by {}, and now it is {}; give the \
         verifier a newer one, or none", Date(*.next_update), Date(*.now)
    )]
    StaleRevocationList {
        /// When the next list was due.
        next_update: UnixTime,
        /// The config's time.
        now: UnixTime,
    },
    /// Its issuer's revocation lists are all from the future.
    #[error(
        "its issuer's revocation list is of {}, and now it is {}; is this clock right?",
        Date(*.this_update), Date(*.now)
    )]
    FutureRevocationList {
        /// When the list was made.
        this_update: UnixTime,
        /// The config's time.
        now: UnixTime,
    },
    /// A revocation list in its issuer's name was given that the issuer has not signed.
    #[error(
        "the revocation list in the name of its issuer is not signed by that issuer in a way \
         that the policy accepts"
    )]
    BadRevocationList,
}

impl CertificateProblem {
    fn alert(&self) -> AlertDescription {
        use AlertDescription as Alert;
        match self {
            Self::Unreadable
            | Self::MalformedExtension(_)
            | Self::DuplicateExtension(_)
            | Self::BadSignature { .. }
            | Self::NotSignedByRoot { .. }
            | Self::BadKey
            | Self::LongPath(_)
            | Self::TooMuchWork
            | Self::NotAnAuthority
            | Self::PathTooLong { .. }
            | Self::NameNotPermitted(_)
            | Self::MalformedNameConstraints(_)
            | Self::NotForName { .. } => Alert::BAD_CERTIFICATE,
            Self::UnknownCriticalExtension(_)
            | Self::OldVersion(_)
            | Self::HashNotAccepted(_)
            | Self::UnknownSignatureAlgorithm(_)
            | Self::KeyTooShort { .. }
            | Self::UnknownKey(_)
            | Self::KeyUsage(_)
            | Self::ExtendedKeyUsage { .. }
            | Self::UnknownNameConstraint(_) => Alert::UNSUPPORTED_CERTIFICATE,
            Self::Expired { .. } | Self::NotYetValid { .. } => Alert::CERTIFICATE_EXPIRED,
            Self::UnknownIssuer { .. } | Self::SelfSigned | Self::SelfSignedNamesake { .. } => {
                Alert::UNKNOWN_CA
            }
            Self::Revoked { .. } => Alert::CERTIFICATE_REVOKED,
            Self::StaleRevocationList { .. }
            | Self::FutureRevocationList { .. }
            | Self::BadRevocationList => Alert::CERTIFICATE_UNKNOWN,
        }
    }

    /// Who has to act where a certificate of the peer's has it.
    fn fault(&self) -> Fault {
        match self {
            Self::Unreadable
            | Self::MalformedExtension(_)
            | Self::DuplicateExtension(_)
            | Self::BadSignature { .. }
            | Self::BadKey
            | Self::TooMuchWork
            | Self::NotSignedByRoot { .. }
            | Self::MalformedNameConstraints(_)
            | Self::Revoked { .. } => Fault::Peer,
            Self::UnknownCriticalExtension(_)
            | Self::OldVersion(_)
            | Self::Expired { .. }
            | Self::NotYetValid { .. }
            | Self::UnknownIssuer { .. }
            | Self::SelfSigned
            | Self::SelfSignedNamesake { .. }
            | Self::LongPath(_)
            | Self::HashNotAccepted(_)
            | Self::UnknownSignatureAlgorithm(_)
            | Self::KeyTooShort { .. }
            | Self::UnknownKey(_)
            | Self::NotAnAuthority
            | Self::PathTooLong { .. }
            | Self::KeyUsage(_)
            | Self::ExtendedKeyUsage { .. }
            | Self::NameNotPermitted(_)
            | Self::UnknownNameConstraint(_)
            | Self::NotForName { .. } => Fault::Settings,
            Self::StaleRevocationList { .. }
            | Self::FutureRevocationList { .. }
            | Self::BadRevocationList => Fault::Local,
        }
    }
}

/// The name asked for, the names found, and what else could be tried.
struct NameMismatch<'a> {
    asked: &'a str,
    found: &'a [String],
    ignored: &'a [String],
}

impl fmt::Display for NameMismatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = self.asked;
        match (self.found, self.ignored) {
            ([], []) => write!(f, "it is for no name, not for {asked}"),
            ([], ignored) => write!(
                f,
                "it has no subjectAltName for {asked}, and the policy does not accept its common \
                 name, {}; `common_name_fallback` changes that",
                Names(ignored)
            ),
            (found, _) => write!(f, "it is for {}, not for {asked}", Names(found)),
        }
    }
}

#[cfg(test)]
mod tests;
