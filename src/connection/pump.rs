//! The pump: records in, messages to the state, records out.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::joiner::Joiner;
use super::renegotiation::{RenegotiationState, Request};
use super::ssl2::Protocol;
use super::state::State;
use super::tolerated::Tolerated;
use crate::alert::{AlertDescription, AlertLevel};
use crate::config::{Common, Direction, Event, Observer};
use crate::crypto::random::SecureRandom;
use crate::error::{Error, InvalidMessage, Malformed, PeerMisbehaved};
use crate::handshake::{Incoming, Known, Output};
use crate::message::Handshake;
use crate::message::ssl2::Ssl2Error;
use crate::policy::Policy;
use crate::record::{ByteQueue, ContentType, Framing, Opener, Outgoing, Record, ssl2};
use crate::side::Side;
use crate::version::ProtocolVersion;

/// A connection without its incoming buffer, from which records are borrowed while they are
/// handled.
pub(super) struct Pump {
    pub(super) side: Side,
    pub(super) state: State,
    pub(super) outgoing: Outgoing,
    /// What holds; during the first handshake, what is known so far.
    pub(super) known: Known,
    /// What a renegotiation that is under way has learnt.
    pub(super) next: Option<Box<Known>>,
    /// Plaintext that the user has not read yet.
    pub(super) received: ByteQueue,
    pub(super) peer_has_closed: bool,
    /// The fatal alert that ended the connection.
    pub(super) sent_alert: Option<AlertDescription>,
    /// The ERROR that did, at SSL 2.0.
    pub(super) sent_ssl2_error: Option<Ssl2Error>,
    /// Written while a handshake is under way.
    held: Zeroizing<Vec<u8>>,
    close: Close,
    pub(super) opener: Opener,
    /// Made when the first record of SSL 2.0 comes.
    pub(super) ssl2_opener: Option<Box<ssl2::Opener>>,
    pub(super) protocol: Protocol,
    pub(super) joiner: Joiner,
    pub(super) observer: Option<Box<dyn Observer>>,
    pub(super) random: Arc<dyn SecureRandom>,
    buffer_limit: usize,
    first_version: ProtocolVersion,
    /// Where there is only one that it can come to.
    only_version: Option<ProtocolVersion>,
    pub(super) tolerated: Tolerated,
    pub(super) new_keys: NewKeys,
    /// How the last renegotiation that was asked for ended: `Idle` or `Refused`.
    pub(super) settled: RenegotiationState,
    pub(super) request: Request,
}

/// How far this side is in closing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Close {
    Open,
    /// Asked for during a handshake: the end waits for it, and for what is held.
    WhenEstablished,
    /// Nothing may follow close_notify.
    Sent,
}

/// Whether a new handshake was asked for because the keys are wearing out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NewKeys {
    NotAskedFor,
    AskedFor,
}

impl Pump {
    /// Everything but the state, which sends its first message through
    /// [`output`](Self::output).
    pub(super) fn new(side: Side, state: State, common: &Common, policy: &Policy) -> Self {
        // RFC 5246 appendix E.1: the first record names the oldest version; servers of every age
        // take 0x0301.
        let first_version = match policy.usable_ssl3_versions() {
            Some((ProtocolVersion::SSLv3, _)) => ProtocolVersion::SSLv3,
            _ => ProtocolVersion::TLSv1_0,
        };
        Self {
            side,
            state,
            outgoing: Outgoing::new(first_version, policy.splitting()),
            known: Known::default(),
            next: None,
            received: ByteQueue::default(),
            peer_has_closed: false,
            sent_alert: None,
            sent_ssl2_error: None,
            held: Zeroizing::default(),
            close: Close::Open,
            opener: Opener::unprotected(),
            ssl2_opener: None,
            protocol: Protocol::Unknown,
            joiner: Joiner::default(),
            observer: common.observer(side),
            random: common.random.clone(),
            buffer_limit: common.buffer_limit,
            first_version,
            only_version: policy
                .usable_ssl3_versions()
                .and_then(|(oldest, newest)| (oldest == newest).then_some(newest)),
            tolerated: Tolerated::default(),
            new_keys: NewKeys::NotAskedFor,
            settled: RenegotiationState::Idle,
            request: Request::None,
        }
    }

    pub(super) fn output(&mut self) -> Output<'_> {
        Output {
            outgoing: &mut self.outgoing,
            opener: &mut self.opener,
            known: self.next.as_deref_mut().unwrap_or(&mut self.known),
            observer: &mut self.observer,
            random: &*self.random,
        }
    }

    /// What the handshake that is under way has learnt, or what holds.
    fn learning(&self) -> &Known {
        self.next.as_deref().unwrap_or(&self.known)
    }

    /// How incoming records are framed by now.
    pub(super) fn framing(&self) -> Framing {
        match self.protocol {
            Protocol::Unknown => Framing::Unknown,
            Protocol::Ssl3 => Framing::Ssl3(self.known.version),
            Protocol::Ssl2 => Framing::Ssl2,
        }
    }

    /// Opens one record and handles what is in it.
    pub(super) fn receive(&mut self, record: Record<'_>) -> Result<(), Error> {
        self.settle_on_ssl3();
        let version = self.known.version.unwrap_or(self.first_version);
        let opened = self.opener.open(record, version)?;
        self.tolerated.record(opened.plaintext.len())?;
        match opened.content_type {
            ContentType::Alert => self.receive_alerts(opened.plaintext),
            ContentType::Handshake => self.receive_handshake(opened.plaintext),
            ContentType::ChangeCipherSpec => self.receive_change_cipher_spec(opened.plaintext),
            ContentType::ApplicationData => self.receive_application_data(opened.plaintext),
        }
    }

    /// Seals what of `data` the limit lets in.
    pub(super) fn send(&mut self, data: &[u8]) -> Result<usize, Error> {
        if !self.state.is_established() {
            let room = self.buffer_limit.saturating_sub(self.held.len());
            let taken = data.len().min(room);
            self.held.extend_from_slice(&data[..taken]);
            return Ok(taken);
        }
        let room = self.buffer_limit.saturating_sub(self.outgoing.len());
        let taken = data.len().min(self.outgoing.data_for(room));
        let sent = self.send_application_data(&data[..taken])?;
        self.replace_worn_keys()?;
        Ok(sent)
    }

    /// Sends the alert that `error` causes, and forgets the handshake and the session.
    pub(super) fn fail(&mut self, error: &Error) {
        self.state = State::Failed;
        self.held = Zeroizing::default();
        // RFC 5246 §7.2: after a fatal alert, either way, the session cannot be resumed.
        let next = self.next.take().and_then(|mut next| next.kept.take());
        for kept in next.into_iter().chain(self.known.kept.take()) {
            kept.forget();
        }
        self.joiner = Joiner::default();
        if self.speaks_ssl2() {
            return self.fail_ssl2(error);
        }
        let Some(alert) = error.alert().filter(|_| self.close != Close::Sent) else {
            return;
        };
        let alert = self.alert_for_version(alert);
        // Nothing is left to be done where even the alert cannot be sealed.
        if self.output().alert(AlertLevel::Fatal, alert).is_ok() {
            self.sent_alert = Some(alert);
        }
    }

    /// Says that nothing more will be sent; during a handshake, when it is complete.
    pub(super) fn send_close_notify(&mut self) -> Result<(), Error> {
        // A peer that has closed will not complete a renegotiation.
        if !self.state.is_established() && !self.peer_has_closed {
            self.close = Close::WhenEstablished;
            return Ok(());
        }
        self.close = Close::Sent;
        // SSL 2.0 has none: the end of the transport is all that the peer will see.
        if self.speaks_ssl2() {
            return Ok(());
        }
        self.output().warn(AlertDescription::CLOSE_NOTIFY)
    }

    /// Whether this side's end was asked for: nothing can be written after it.
    pub(super) fn is_closing(&self) -> bool {
        self.close != Close::Open
    }

    /// Whether a handshake message has come in part.
    pub(super) fn is_inside_message(&self) -> bool {
        !self.joiner.is_empty()
    }

    /// Whether something waits for the end of a handshake.
    pub(super) fn holds_data(&self) -> bool {
        !self.held.is_empty()
    }

    /// Nothing may follow it.
    pub(super) fn has_sent_close_notify(&self) -> bool {
        self.close == Close::Sent
    }

    /// Whether the peer takes what is sent, as far as that can be told.
    pub(super) fn peer_keeps_up(&self) -> bool {
        self.outgoing.len() < self.buffer_limit
    }

    /// Gives back what an idle connection does not need.
    pub(super) fn release_buffers(&mut self) {
        self.received.release();
        self.outgoing.release();
    }

    fn receive_application_data(&mut self, plaintext: &[u8]) -> Result<(), Error> {
        // While a new handshake is under way, data still comes under the old keys.
        let expected = self.known.is_established() && !self.state.expects_finished();
        if !expected {
            return Err(PeerMisbehaved::UnexpectedMessage {
                received: ContentType::ApplicationData.name(),
                expected: "the rest of the handshake",
            }
            .into());
        }
        self.check_uninterrupted(PeerMisbehaved::InterruptedMessage)?;
        if !plaintext.is_empty() {
            self.tolerated.data();
            self.received
                .tail(plaintext.len())
                .extend_from_slice(plaintext);
        }
        self.replace_worn_keys()
    }

    fn receive_change_cipher_spec(&mut self, plaintext: &[u8]) -> Result<(), Error> {
        // RFC 5246 §7.1: one byte of value 1.
        if plaintext != [1] {
            let problem = Malformed::IllegalValue;
            let what = ContentType::ChangeCipherSpec.name();
            return Err(InvalidMessage { what, problem }.into());
        }
        self.output().report(Event::ChangeCipherSpec {
            direction: Direction::Received,
        });
        self.check_uninterrupted(PeerMisbehaved::KeyChangeInsideMessage)?;
        self.advance(Incoming::ChangeCipherSpec)
    }

    fn receive_handshake(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while let Some(encoded) = self.joiner.next(&mut bytes)? {
            let message = Handshake::read(&encoded)?;
            self.output().report(Event::Handshake {
                direction: Direction::Received,
                message: message.kind,
                bytes: message.encoded,
            });
            if !self.asks_for_renegotiation(message.kind) || self.answer_renegotiation_request()? {
                self.advance(Incoming::Handshake(message))?;
            }
        }
        Ok(())
    }

    fn receive_alerts(&mut self, plaintext: &[u8]) -> Result<(), Error> {
        let (alerts, rest) = plaintext.as_chunks::<2>();
        if !rest.is_empty() {
            let problem = Malformed::Truncated;
            let what = ContentType::Alert.name();
            return Err(InvalidMessage { what, problem }.into());
        }
        for [level, description] in alerts {
            let problem = Malformed::IllegalValue;
            let what = ContentType::Alert.name();
            let level = AlertLevel::from_wire(*level).ok_or(InvalidMessage { what, problem })?;
            self.receive_alert(level, AlertDescription(*description))?;
            if self.peer_has_closed {
                break;
            }
        }
        Ok(())
    }

    fn receive_alert(
        &mut self,
        level: AlertLevel,
        description: AlertDescription,
    ) -> Result<(), Error> {
        self.output().report(Event::Alert {
            direction: Direction::Received,
            level,
            description,
        });
        match (level, description) {
            (_, AlertDescription::CLOSE_NOTIFY) if self.known.is_established() => {
                self.peer_has_closed = true;
                // It will not complete a handshake that this side's end waits for.
                match self.close {
                    Close::WhenEstablished => self.send_close_notify(),
                    Close::Open | Close::Sent => Ok(()),
                }
            }
            (AlertLevel::Fatal, _) | (_, AlertDescription::CLOSE_NOTIFY) => {
                Err(self.ended_by(description))
            }
            (_, AlertDescription::NO_CERTIFICATE) if self.answers_certificate_request() => {
                self.check_uninterrupted(PeerMisbehaved::InterruptedMessage)?;
                self.advance(Incoming::NoCertificate)
            }
            (_, AlertDescription::NO_RENEGOTIATION) if self.state.awaits_renegotiation() => {
                self.renegotiation_refused()
            }
            (AlertLevel::Warning, _) => {
                self.tolerated.warning()?;
                Ok(())
            }
        }
    }

    /// What the peer's fatal alert means, as far as it can be told from what came before.
    fn ended_by(&self, alert: AlertDescription) -> Error {
        let lacks_certificate =
            alert == AlertDescription::HANDSHAKE_FAILURE || alert.refuses_certificate();
        if self.learning().sent_no_certificate && lacks_certificate && !self.state.is_established()
        {
            return Error::ClientCertificateMissing(alert);
        }
        if self.known.refused_renegotiation && alert == AlertDescription::HANDSHAKE_FAILURE {
            return Error::PeerWantedRenegotiation(alert);
        }
        Error::AlertReceived(alert)
    }

    /// SSL 3.0 clients that have no certificate say so with a warning.
    fn answers_certificate_request(&self) -> bool {
        self.side == Side::Server
            && self.known.version == Some(ProtocolVersion::SSLv3)
            && !self.state.is_established()
    }

    /// Hands `incoming` to the state; what it leads to takes its place.
    pub(super) fn advance(&mut self, incoming: Incoming<'_>) -> Result<(), Error> {
        let state = core::mem::replace(&mut self.state, State::Failed);
        let was_established = state.is_established();
        if was_established {
            self.next = Some(Box::new(self.known.successor()));
        }
        self.state = state.handle(incoming, &mut self.output())?;
        if self.state.is_established() && !was_established {
            if let Some(next) = self.next.take() {
                self.known = *next;
            }
            self.new_keys = NewKeys::NotAskedFor;
            if self.request == Request::Pending {
                self.request = Request::None;
            }
            self.flush_held()?;
        }
        Ok(())
    }

    /// Sends what waited for the end of a handshake, close_notify last.
    pub(super) fn flush_held(&mut self) -> Result<(), Error> {
        let held = core::mem::take(&mut self.held);
        let mut rest = held.as_slice();
        while !rest.is_empty() {
            rest = &rest[self.send_application_data(rest)?..];
        }
        if self.close == Close::WhenEstablished {
            self.send_close_notify()?;
        }
        Ok(())
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, Error> {
        let random = &*self.random;
        self.outgoing
            .send(ContentType::ApplicationData, data, random)
    }

    fn check_uninterrupted(&self, otherwise: PeerMisbehaved) -> Result<(), Error> {
        if self.is_inside_message() {
            Err(otherwise.into())
        } else {
            Ok(())
        }
    }

    fn alert_for_version(&self, alert: AlertDescription) -> AlertDescription {
        match self.known.version.or(self.only_version) {
            Some(ProtocolVersion::SSLv3) => alert.for_ssl3(),
            _ => alert,
        }
    }
}
