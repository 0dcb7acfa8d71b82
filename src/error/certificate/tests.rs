//! Whose fault each refusal is.

use super::*;
use CertificateProblem as Problem;

#[test]
fn who_has_to_act_is_said_of_every_problem() {
    let time = UnixTime::since_unix_epoch(core::time::Duration::ZERO);
    let text = String::new;
    for (problem, fault) in [
        (Problem::Unreadable, Fault::Peer),
        (Problem::MalformedExtension(text()), Fault::Peer),
        (Problem::DuplicateExtension(text()), Fault::Peer),
        (Problem::UnknownCriticalExtension(text()), Fault::Settings),
        (Problem::OldVersion(1), Fault::Settings),
        (
            Problem::Expired {
                not_after: time,
                now: time,
            },
            Fault::Settings,
        ),
        (
            Problem::NotYetValid {
                not_before: time,
                now: time,
            },
            Fault::Settings,
        ),
        (Problem::UnknownIssuer { issuer: text() }, Fault::Settings),
        (Problem::SelfSigned, Fault::Settings),
        (
            Problem::SelfSignedNamesake { same_key: false },
            Fault::Settings,
        ),
        (Problem::NotSignedByRoot { issuer: text() }, Fault::Peer),
        (Problem::LongPath(10), Fault::Settings),
        (Problem::BadSignature { issuer: text() }, Fault::Peer),
        (
            Problem::HashNotAccepted(HashAlgorithm::Md5),
            Fault::Settings,
        ),
        (Problem::UnknownSignatureAlgorithm(text()), Fault::Settings),
        (Problem::TooMuchWork, Fault::Peer),
        (Problem::KeyTooShort { bits: 1, min: 2 }, Fault::Settings),
        (Problem::UnknownKey(text()), Fault::Settings),
        (Problem::BadKey, Fault::Peer),
        (Problem::NotAnAuthority, Fault::Settings),
        (Problem::PathTooLong { max: 0 }, Fault::Settings),
        (Problem::KeyUsage(""), Fault::Settings),
        (
            Problem::ExtendedKeyUsage {
                expected: "",
                found: Vec::new(),
            },
            Fault::Settings,
        ),
        (Problem::NameNotPermitted(text()), Fault::Settings),
        (Problem::UnknownNameConstraint(""), Fault::Settings),
        (Problem::MalformedNameConstraints(""), Fault::Peer),
        (
            Problem::NotForName {
                asked: text(),
                found: Vec::new(),
                ignored: Vec::new(),
            },
            Fault::Settings,
        ),
        (Problem::Revoked { since: time }, Fault::Peer),
        (
            Problem::StaleRevocationList {
                next_update: time,
                now: time,
            },
            Fault::Local,
        ),
        (
            Problem::FutureRevocationList {
                this_update: time,
                now: time,
            },
            Fault::Local,
        ),
        (Problem::BadRevocationList, Fault::Local),
    ] {
        let at = |index| {
            CertificateError::Chain(ChainError {
                index,
                subject: String::new(),
                problem: problem.clone(),
            })
        };
        assert_eq!(
            crate::Error::from(at(Some(0))).fault(),
            fault,
            "{problem:?}"
        );
        assert_eq!(at(None).fault(), Fault::Local, "{problem:?}");
    }
    for (error, fault) in [
        (CertificateError::Unreadable, Fault::Peer),
        (CertificateError::NotRsa, Fault::Settings),
        (
            CertificateError::NotPinned(Fingerprint::of(&Vec::new().into())),
            Fault::Settings,
        ),
        (
            CertificateError::refused(AlertDescription::UNKNOWN_CA, ""),
            Fault::Settings,
        ),
    ] {
        assert_eq!(
            crate::Error::from(error.clone()).fault(),
            fault,
            "{error:?}"
        );
    }
}

/// A verifier's word cannot end a connection cleanly, nor blame the handshake.
#[test]
fn a_refusal_sends_an_alert_for_certificates() {
    use AlertDescription as Alert;
    let sent = |alert| CertificateError::refused(alert, "a reason").alert();
    for alert in [
        Alert::BAD_CERTIFICATE,
        Alert::UNSUPPORTED_CERTIFICATE,
        Alert::CERTIFICATE_REVOKED,
        Alert::CERTIFICATE_EXPIRED,
        Alert::CERTIFICATE_UNKNOWN,
        Alert::UNKNOWN_CA,
        Alert::ACCESS_DENIED,
    ] {
        assert_eq!(sent(alert), alert);
    }
    for alert in [
        Alert::CLOSE_NOTIFY,
        Alert::NO_CERTIFICATE,
        Alert::HANDSHAKE_FAILURE,
        Alert::USER_CANCELED,
        AlertDescription(213),
    ] {
        assert_eq!(sent(alert), Alert::CERTIFICATE_UNKNOWN);
    }
    let error = CertificateError::refused(Alert::UNKNOWN_CA, "a reason");
    assert_eq!(error.to_string(), "a reason");
}
