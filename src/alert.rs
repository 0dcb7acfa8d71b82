//! Alerts: one row per description (RFC 5246 §7.2, RFC 6101 §5.4).

use core::fmt;

/// How grave an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlertLevel {
    /// The connection may live on.
    Warning,
    /// The connection ends here.
    Fatal,
}

impl AlertLevel {
    /// The level's byte on the wire.
    pub const fn wire(self) -> u8 {
        match self {
            Self::Warning => 1,
            Self::Fatal => 2,
        }
    }

    pub(crate) fn from_wire(wire: u8) -> Option<Self> {
        match wire {
            1 => Some(Self::Warning),
            2 => Some(Self::Fatal),
            _ => None,
        }
    }
}

impl fmt::Display for AlertLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Warning => "warning",
            Self::Fatal => "fatal",
        })
    }
}

/// What an alert says: a newtype over its byte, so that any number can be carried and printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AlertDescription(pub u8);

macro_rules! alerts {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:literal, ssl3: $ssl3:ident;)*) => {
        impl AlertDescription {
            $($(#[$doc])* pub const $constant: Self = Self($number);)*

            /// The specification's name, if the number is a known one.
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$constant => Some($name),)*
                    _ => None,
                }
            }

            /// The alert to send in its place at SSL 3.0, which knows fewer (RFC 6101 §5.4.2).
            pub(crate) fn for_ssl3(self) -> Self {
                match self {
                    $(Self::$constant => Self::$ssl3,)*
                    other => other,
                }
            }
        }
    };
}

alerts! {
    /// The sender will send nothing more.
    CLOSE_NOTIFY = 0, "close_notify", ssl3: CLOSE_NOTIFY;
    /// A message came where it has no place.
    UNEXPECTED_MESSAGE = 10, "unexpected_message", ssl3: UNEXPECTED_MESSAGE;
    /// A record failed its integrity check.
    BAD_RECORD_MAC = 20, "bad_record_mac", ssl3: BAD_RECORD_MAC;
    /// Reserved; sent by old TLS 1.0 stacks for bad padding.
    DECRYPTION_FAILED = 21, "decryption_failed", ssl3: BAD_RECORD_MAC;
    /// A record was longer than allowed.
    RECORD_OVERFLOW = 22, "record_overflow", ssl3: ILLEGAL_PARAMETER;
    /// Decompression failed.
    DECOMPRESSION_FAILURE = 30, "decompression_failure", ssl3: DECOMPRESSION_FAILURE;
    /// No common parameters.
    HANDSHAKE_FAILURE = 40, "handshake_failure", ssl3: HANDSHAKE_FAILURE;
    /// SSL 3.0 only: the client has no certificate (a warning).
    NO_CERTIFICATE = 41, "no_certificate", ssl3: NO_CERTIFICATE;
    /// A certificate was corrupt.
    BAD_CERTIFICATE = 42, "bad_certificate", ssl3: BAD_CERTIFICATE;
    /// A certificate's type cannot be used.
    UNSUPPORTED_CERTIFICATE = 43, "unsupported_certificate", ssl3: UNSUPPORTED_CERTIFICATE;
    /// A certificate was revoked.
    CERTIFICATE_REVOKED = 44, "certificate_revoked", ssl3: CERTIFICATE_REVOKED;
    /// A certificate has expired or is not valid yet.
    CERTIFICATE_EXPIRED = 45, "certificate_expired", ssl3: CERTIFICATE_EXPIRED;
    /// A certificate is not acceptable for another reason.
    CERTIFICATE_UNKNOWN = 46, "certificate_unknown", ssl3: CERTIFICATE_UNKNOWN;
    /// A field is out of range or contradicts another.
    ILLEGAL_PARAMETER = 47, "illegal_parameter", ssl3: ILLEGAL_PARAMETER;
    /// No trusted authority was found.
    UNKNOWN_CA = 48, "unknown_ca", ssl3: CERTIFICATE_UNKNOWN;
    /// The peer is known and not welcome.
    ACCESS_DENIED = 49, "access_denied", ssl3: HANDSHAKE_FAILURE;
    /// A message could not be parsed.
    DECODE_ERROR = 50, "decode_error", ssl3: ILLEGAL_PARAMETER;
    /// A handshake signature or Finished did not verify.
    DECRYPT_ERROR = 51, "decrypt_error", ssl3: HANDSHAKE_FAILURE;
    /// Reserved; export restrictions were violated.
    EXPORT_RESTRICTION = 60, "export_restriction", ssl3: HANDSHAKE_FAILURE;
    /// The version is known and not supported.
    PROTOCOL_VERSION = 70, "protocol_version", ssl3: HANDSHAKE_FAILURE;
    /// The peer asks for stronger ciphers.
    INSUFFICIENT_SECURITY = 71, "insufficient_security", ssl3: HANDSHAKE_FAILURE;
    /// Something failed that has nothing to do with the peer.
    INTERNAL_ERROR = 80, "internal_error", ssl3: HANDSHAKE_FAILURE;
    /// The fallback was not necessary (RFC 7507 §2); SSL 3.0 uses it too.
    INAPPROPRIATE_FALLBACK = 86, "inappropriate_fallback", ssl3: INAPPROPRIATE_FALLBACK;
    /// The user gave up.
    USER_CANCELED = 90, "user_canceled", ssl3: HANDSHAKE_FAILURE;
    /// No new handshake on this connection (a warning; not known to SSL 3.0).
    NO_RENEGOTIATION = 100, "no_renegotiation", ssl3: HANDSHAKE_FAILURE;
    /// The server answered an extension that was not offered.
    UNSUPPORTED_EXTENSION = 110, "unsupported_extension", ssl3: ILLEGAL_PARAMETER;
    /// The server does not know this server name (RFC 6066 §3).
    UNRECOGNIZED_NAME = 112, "unrecognized_name", ssl3: HANDSHAKE_FAILURE;
    /// No application protocol in common (RFC 7301 §3.2).
    NO_APPLICATION_PROTOCOL = 120, "no_application_protocol", ssl3: HANDSHAKE_FAILURE;
}

impl AlertDescription {
    /// Whether it is one of those that refuse a certificate (RFC 5246 §7.2.2).
    pub(crate) const fn refuses_certificate(self) -> bool {
        matches!(
            self,
            Self::BAD_CERTIFICATE
                | Self::UNSUPPORTED_CERTIFICATE
                | Self::CERTIFICATE_REVOKED
                | Self::CERTIFICATE_EXPIRED
                | Self::CERTIFICATE_UNKNOWN
                | Self::UNKNOWN_CA
                | Self::ACCESS_DENIED
        )
    }
}

impl fmt::Debug for AlertDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AlertDescription({self})")
    }
}

impl fmt::Display for AlertDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "alert {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6101 §5.4: all that SSL 3.0 knows, and RFC 7507's.
    const SSL3: [u8; 13] = [0, 10, 20, 30, 40, 41, 42, 43, 44, 45, 46, 47, 86];

    #[test]
    fn ssl3_gets_only_its_own_alerts() {
        for number in 0..=255 {
            let alert = AlertDescription(number);
            if alert.name().is_some() {
                assert!(SSL3.contains(&alert.for_ssl3().0), "{alert}");
            }
            if SSL3.contains(&number) {
                assert_eq!(alert.for_ssl3(), alert);
            }
        }
    }

    #[test]
    fn unknown_alerts_can_be_printed() {
        assert_eq!(AlertDescription(213).to_string(), "alert 213");
    }
}
