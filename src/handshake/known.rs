//! What a connection has learnt, readable at any time and after an error.

use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::occasion::Occasion;
use crate::cipher_kind::CipherKind;
use crate::config::{Resumption, SessionStore, Sessions};
use crate::secrets::{FinishedPair, MasterSecret, Randoms};
use crate::suite::CipherSuite;
use crate::version::ProtocolVersion;

/// What is known so far.
///
/// A renegotiation learns into a [successor](Self::successor) of its own, which takes this one's
/// place when the new handshake is complete: until then nobody takes the peer for whom it only
/// claims to be.
#[derive(Default)]
pub(crate) struct Known {
    /// Which of the connection's handshakes all this is learnt in.
    pub(crate) occasion: Occasion,
    pub(crate) version: Option<ProtocolVersion>,
    pub(crate) suite: Option<CipherSuite>,
    /// In the suite's place at SSL 2.0.
    pub(crate) cipher_kind: Option<CipherKind>,
    /// The ServerHello's body, sent or received; SSL 2.0's, where that is the version.
    pub(crate) server_hello: Vec<u8>,
    pub(crate) peer_certificates: Vec<CertificateDer<'static>>,
    /// An export suite's, sent or received, as a ServerKeyExchange has it: empty where there is
    /// none.
    pub(crate) ephemeral_key: Box<[u8]>,
    pub(crate) server_name: Option<String>,
    /// The hello had SSL 2.0's format, which cannot name a server.
    pub(crate) ssl2_hello: bool,
    pub(crate) alpn_protocol: Option<Vec<u8>>,
    pub(crate) extended_master_secret: bool,
    pub(crate) encrypt_then_mac: bool,
    pub(crate) secure_renegotiation: bool,
    /// A client's: the server asked for a certificate, and none was sent.
    pub(crate) sent_no_certificate: bool,
    /// This side has said no to a new handshake.
    pub(crate) refused_renegotiation: bool,
    /// How the session continues an earlier one, if it does.
    pub(crate) resumption: Option<Resumption>,
    /// Where the session is kept, so that a failure can forget it.
    pub(crate) kept: Option<Kept>,
    /// How many handshakes have been completed.
    pub(crate) handshakes: u64,
    /// From SSL 3.0 on.
    pub(crate) completed: Option<Completed>,
}

impl Known {
    /// Whether a handshake was completed.
    pub(crate) fn is_established(&self) -> bool {
        self.handshakes > 0
    }

    /// What the next handshake starts from: nobody is known to it yet.
    pub(crate) fn successor(&self) -> Self {
        Self {
            occasion: Occasion::after(self),
            handshakes: self.handshakes,
            ..Self::default()
        }
    }
}

/// A session in a store.
pub(crate) struct Kept {
    store: Option<Arc<dyn SessionStore>>,
    key: Box<[u8]>,
}

impl Kept {
    pub(crate) fn new(sessions: &Sessions, key: &[u8]) -> Self {
        Self {
            store: sessions.store.clone(),
            key: key.into(),
        }
    }

    /// The session cannot be taken up any more.
    pub(crate) fn forget(&self) {
        if let Some(store) = &self.store {
            store.remove(&self.key);
        }
    }
}

/// What the last complete handshake left behind.
pub(crate) struct Completed {
    pub(crate) master_secret: MasterSecret,
    pub(crate) randoms: Randoms,
    pub(crate) finished: FinishedPair,
}
