//! Whether a handshake is a connection's first, and what a later one must agree with (RFC 5746,
//! RFC 7366 §3.1, RFC 7627).

use rustls_pki_types::CertificateDer;
use subtle::ConstantTimeEq;

use super::known::Known;
use super::negotiated::Choice;
use crate::crypto::cipher::CipherType;
use crate::error::{Error, PeerMisbehaved};
use crate::secrets::FinishedPair;
use crate::side::Side;
use crate::version::ProtocolVersion;

/// Which of its connection's handshakes one is.
#[derive(Clone, Default)]
pub(crate) enum Occasion {
    #[default]
    First,
    Renegotiation(Box<Previous>),
}

/// What the handshake before left behind.
#[derive(Clone)]
pub(crate) struct Previous {
    version: ProtocolVersion,
    /// A client's: the server's own certificate.
    server_certificate: Option<CertificateDer<'static>>,
    /// A server's: the name that the client asked for.
    server_name: Option<String>,
    /// The first hello had SSL 2.0's format, which cannot name one.
    ssl2_hello: bool,
    /// `None` where the peer does not have RFC 5746: a legacy renegotiation.
    finished: Option<FinishedPair>,
    extended_master_secret: bool,
    encrypt_then_mac: bool,
}

impl Occasion {
    /// What the next handshake of a connection is that knows all this.
    pub(super) fn after(known: &Known) -> Self {
        let previous = known.occasion.previous();
        // Once it is there it stays, also where a suite in between could not have it.
        let had_encrypt_then_mac = previous.is_some_and(|previous| previous.encrypt_then_mac);
        let began_as_ssl2 = previous.is_some_and(|previous| previous.ssl2_hello);
        match (&known.completed, known.version) {
            (Some(completed), Some(version)) => Self::Renegotiation(Box::new(Previous {
                version,
                server_certificate: known.peer_certificates.first().cloned(),
                server_name: known.server_name.clone(),
                ssl2_hello: known.ssl2_hello || began_as_ssl2,
                finished: known
                    .secure_renegotiation
                    .then(|| completed.finished.clone()),
                extended_master_secret: known.extended_master_secret,
                encrypt_then_mac: known.encrypt_then_mac || had_encrypt_then_mac,
            })),
            _ => Self::First,
        }
    }

    pub(super) fn is_first(&self) -> bool {
        matches!(self, Self::First)
    }

    fn previous(&self) -> Option<&Previous> {
        match self {
            Self::First => None,
            Self::Renegotiation(previous) => Some(previous),
        }
    }

    /// The version of the connection, which stays.
    pub(super) fn version(&self) -> Option<ProtocolVersion> {
        self.previous().map(|previous| previous.version)
    }

    /// Refuses a server that becomes another, in full or with a session: the triple handshake,
    /// and whoever gets between.
    pub(super) fn check_server_certificate(
        &self,
        end_entity: Option<&CertificateDer<'static>>,
    ) -> Result<(), PeerMisbehaved> {
        match self.previous() {
            Some(previous) if previous.server_certificate.as_ref() != end_entity => {
                Err(PeerMisbehaved::ServerCertificateChanged)
            }
            _ => Ok(()),
        }
    }

    /// The name that the client asks for at `version`, which stays.
    ///
    /// At SSL 3.0, OpenSSL 1.0 sends it from the second hello on, others in the first one only, and
    /// a first hello in SSL 2.0's format has no place for it: there the first hello's is it, and a
    /// missing one no other.
    pub(super) fn check_server_name(
        &self,
        asked: Option<String>,
        version: ProtocolVersion,
    ) -> Result<Option<String>, PeerMisbehaved> {
        let Some(previous) = self.previous() else {
            return Ok(asked);
        };
        let before = &previous.server_name;
        let one_is_missing = before.is_none() || asked.is_none();
        let may_be_missing = version == ProtocolVersion::SSLv3 || previous.ssl2_hello;
        if *before == asked || may_be_missing && one_is_missing {
            Ok(before.clone())
        } else {
            Err(PeerMisbehaved::ServerNameChanged)
        }
    }

    /// Whether the first hello could name the server; if it could not, a later one shall not.
    pub(super) fn can_name_server(&self) -> bool {
        self.previous().is_none_or(|previous| !previous.ssl2_hello)
    }

    /// The renegotiated_connection that `sender` sends; `None` where the extension has no place.
    /// (A client's first hello has a signal in its stead.)
    pub(super) fn renegotiated_connection(&self, sender: Side) -> Option<Vec<u8>> {
        match self {
            Self::First => Some(FinishedPair::default().renegotiated_connection(sender)),
            Self::Renegotiation(previous) => previous
                .finished
                .as_ref()
                .map(|finished| finished.renegotiated_connection(sender)),
        }
    }

    /// Judges the renegotiation_info that `sender` sent, and says whether the connection is safe
    /// from spliced handshakes.
    ///
    /// A first handshake may lack it; in a secure renegotiation it must be there and right, in a
    /// legacy one it must not be there (RFC 5746 §3.4 to §3.7, §4.2, §4.4).
    pub(super) fn check_info(&self, received: Option<&[u8]>, sender: Side) -> Result<bool, Error> {
        let wanted = self.renegotiated_connection(sender);
        let secure = match (received, wanted) {
            (Some(received), Some(wanted)) => bool::from(received.ct_eq(&wanted)).then_some(true),
            (None, Some(_)) => matches!(self, Self::First).then_some(false),
            (None, None) => Some(false),
            (Some(_), None) => None,
        };
        secure.ok_or(PeerMisbehaved::BadRenegotiationInfo.into())
    }

    /// Refuses to give up what protects the connection.
    pub(super) fn check_choice(&self, choice: &Choice) -> Result<(), Error> {
        let Some(previous) = self.previous() else {
            return Ok(());
        };
        let is_cbc = choice.suite.cipher.cipher_type() == CipherType::Block;
        let dropped = if previous.extended_master_secret && !choice.extended_master_secret {
            "the extended master secret"
        } else if previous.encrypt_then_mac && is_cbc && !choice.encrypt_then_mac {
            "encrypt-then-MAC"
        } else {
            return Ok(());
        };
        Err(PeerMisbehaved::ProtectionDropped(dropped).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_name_stays() {
        use ProtocolVersion::{SSLv3, TLSv1_0};
        for (version, ssl2_hello, first, later, kept) in [
            (TLSv1_0, false, None, None, Some(None)),
            (TLSv1_0, false, None, Some("a"), None),
            (TLSv1_0, false, Some("a"), None, None),
            (TLSv1_0, false, Some("a"), Some("b"), None),
            (TLSv1_0, false, Some("a"), Some("a"), Some(Some("a"))),
            (TLSv1_0, true, None, None, Some(None)),
            (TLSv1_0, true, None, Some("a"), Some(None)),
            (SSLv3, false, None, Some("a"), Some(None)),
            (SSLv3, false, Some("a"), None, Some(Some("a"))),
            (SSLv3, false, Some("a"), Some("b"), None),
        ] {
            let occasion = Occasion::Renegotiation(Box::new(Previous {
                version,
                server_certificate: None,
                server_name: first.map(str::to_owned),
                ssl2_hello,
                finished: None,
                extended_master_secret: false,
                encrypt_then_mac: false,
            }));
            let name = occasion.check_server_name(later.map(str::to_owned), version);
            let kept = kept.map(|name| name.map(str::to_owned));
            assert_eq!(name.ok(), kept, "{version}, {first:?}, {later:?}");
        }
    }
}
