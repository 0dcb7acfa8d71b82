//! What both sides know from the ServerHello on, and what they do alike with it: steps 6 to 9.

use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::known::{Completed, Known};
use super::output::Output;
use super::record_limits::RecordLimits;
use crate::config::{Event, KeyLog};
use crate::crypto::HashAlgorithm;
use crate::error::{Error, PeerMisbehaved};
use crate::message::{Finished, Handshake, HandshakeType};
use crate::policy::Policy;
use crate::record::{Protection, ProtectionParameters, WriteKeys};
use crate::secrets::{
    FinishedPair, KeyBlock, MasterSecret, PreMasterSecret, Randoms, Transcript, VerifyData,
};
use crate::session::{Binding, Session};
use crate::side::Side;
use crate::suite::SuiteRow;
use crate::version::ProtocolVersion;

/// What the hellos agree on.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    pub(super) version: ProtocolVersion,
    pub(super) suite: &'static SuiteRow,
    pub(super) extended_master_secret: bool,
    pub(super) encrypt_then_mac: bool,
    /// A NewSessionTicket comes before the server's ChangeCipherSpec (RFC 5077 §3.2).
    pub(super) session_ticket: bool,
    pub(super) record_limits: RecordLimits,
}

impl Choice {
    /// Before any extension is looked at.
    pub(super) fn new(version: ProtocolVersion, suite: &'static SuiteRow) -> Self {
        Self {
            version,
            suite,
            extended_master_secret: false,
            encrypt_then_mac: false,
            session_ticket: false,
            record_limits: RecordLimits::default(),
        }
    }
}

/// The hellos' outcome and the transcript from the ClientHello on.
pub(super) struct Negotiated {
    pub(super) choice: Choice,
    pub(super) randoms: Randoms,
    pub(super) max_bytes_per_key: u64,
    pub(super) transcript: Transcript,
    /// Filled as the Finished messages go out and come in.
    finished: FinishedPair,
}

impl Negotiated {
    /// What follows from two `hellos`, the client's and the server's: tells the user what was
    /// chosen, and the record layer what holds behind the ServerHello (which is itself shorter
    /// than any max_fragment_length).
    ///
    /// `signature_hashes` are those of a TLS 1.2 CertificateVerify that may follow.
    pub(super) fn begin(
        choice: Choice,
        randoms: Randoms,
        hellos: [&[u8]; 2],
        policy: &Policy,
        signature_hashes: impl Iterator<Item = HashAlgorithm>,
        out: &mut Output<'_>,
    ) -> Self {
        let Choice { version, suite, .. } = choice;
        let mut transcript = Transcript::new(version, suite, signature_hashes);
        for hello in hellos {
            transcript.add(hello);
        }
        out.outgoing.limit_early(choice.record_limits.sent());
        if let Some(limit) = choice.record_limits.received_early() {
            out.opener.limit_early(limit);
        }
        out.known.suite = Some(suite.suite);
        out.known.extended_master_secret = choice.extended_master_secret;
        out.known.encrypt_then_mac = choice.encrypt_then_mac;
        Self {
            choice,
            randoms,
            max_bytes_per_key: policy.bytes_per_key(suite.cipher.bytes_per_key()),
            transcript,
            finished: FinishedPair::default(),
        }
    }

    /// Step 6, once the ClientKeyExchange is in the transcript.
    pub(super) fn derive_master_secret(
        &self,
        pre_master_secret: &PreMasterSecret,
        key_log: Option<&dyn KeyLog>,
        out: &mut Output<'_>,
    ) -> MasterSecret {
        let (version, suite) = (self.choice.version, self.choice.suite);
        let extended = self.choice.extended_master_secret;
        let master_secret = if extended {
            MasterSecret::derive_extended(pre_master_secret, version, suite, &self.transcript)
        } else {
            MasterSecret::derive(pre_master_secret, version, suite, &self.randoms)
        };
        self.log(&master_secret, key_log);
        out.report(Event::MasterSecretDerived { extended });
        master_secret
    }

    /// Logs the master secret, which a resumed session has already.
    pub(super) fn log(&self, master_secret: &MasterSecret, key_log: Option<&dyn KeyLog>) {
        if let Some(key_log) = key_log {
            key_log.log(
                "CLIENT_RANDOM",
                &self.randoms.client,
                master_secret.as_bytes(),
            );
        }
    }

    /// Step 7.
    pub(super) fn derive_keys(
        &self,
        master_secret: &MasterSecret,
        out: &mut Output<'_>,
    ) -> KeyBlock {
        let keys = KeyBlock::expand(master_secret, &self.randoms, self.parameters());
        out.report(Event::KeysDerived {
            version: self.choice.version,
            suite: self.choice.suite.suite,
        });
        keys
    }

    /// Half of step 8 or 9: this side's ChangeCipherSpec and Finished.
    pub(super) fn send_finished(
        &mut self,
        side: Side,
        master_secret: &MasterSecret,
        keys: &WriteKeys,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        let protection = Protection::new(self.parameters(), keys)?;
        let limit = self.choice.record_limits.sent();
        out.change_cipher_spec(protection, self.max_bytes_per_key, limit)?;
        let verify_data =
            VerifyData::compute(self.choice.version, master_secret, &self.transcript, side);
        out.send_hashed(&mut self.transcript, HandshakeType::FINISHED, |body| {
            body.extend_from_slice(verify_data.as_bytes());
        })?;
        self.keep_finished(side, verify_data);
        Ok(())
    }

    /// The other half: the peer's ChangeCipherSpec.
    pub(super) fn receive_change_cipher_spec(
        &self,
        keys: &WriteKeys,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        let protection = Protection::new(self.parameters(), keys)?;
        let limit = self.choice.record_limits.received();
        out.peer_changed_cipher_spec(protection, self.max_bytes_per_key, limit);
        Ok(())
    }

    /// The peer's Finished.
    pub(super) fn receive_finished(
        &mut self,
        side: Side,
        master_secret: &MasterSecret,
        message: Handshake<'_>,
    ) -> Result<(), Error> {
        let expected =
            VerifyData::compute(self.choice.version, master_secret, &self.transcript, side);
        let received = Finished::read(message.body, expected.as_bytes().len())?;
        if !expected.matches(received.verify_data) {
            return Err(PeerMisbehaved::BadFinished.into());
        }
        self.transcript.add(message.encoded);
        self.keep_finished(side, expected);
        Ok(())
    }

    fn keep_finished(&mut self, side: Side, verify_data: VerifyData) {
        match side {
            Side::Client => self.finished.client = verify_data,
            Side::Server => self.finished.server = verify_data,
        }
    }

    /// Step 10 begins.
    pub(super) fn establish(self, master_secret: MasterSecret, out: &mut Output<'_>) {
        out.known.completed = Some(Completed {
            master_secret,
            randoms: self.randoms,
            finished: self.finished,
        });
        out.known.handshakes += 1;
        out.report(Event::Established {});
    }

    /// The session that this handshake has led to, to be kept.
    pub(super) fn session(
        &self,
        master_secret: &MasterSecret,
        binding: Binding,
        created: UnixTime,
        lifetime: Duration,
        known: &Known,
    ) -> Session {
        Session {
            version: self.choice.version,
            suite: self.choice.suite,
            master_secret: master_secret.clone(),
            extended_master_secret: self.choice.extended_master_secret,
            encrypt_then_mac: self.choice.encrypt_then_mac,
            server_name: known.server_name.clone(),
            peer_certificates: known.peer_certificates.clone(),
            binding,
            created,
            lifetime,
        }
    }

    fn parameters(&self) -> ProtectionParameters {
        ProtectionParameters {
            version: self.choice.version,
            suite: self.choice.suite,
            encrypt_then_mac: self.choice.encrypt_then_mac,
        }
    }
}
