//! What a peer could do that has the keys: a script says what it sends and when, and what the
//! application does meanwhile.
//!
//! The peer is this crate's other side, honest but where the script tampers with what it sends. So
//! whatever the script says is sealed as it should be, at any time: in the first handshake, past
//! it, and in the middle of a renegotiation.

use std::io::Write;

use super::input::Input;
use super::parties::Parties;
use super::terms::Terms;
use super::watched::{Watched, take};
use crate::connection::{Connection, RenegotiationState};
use crate::error::{Error, PeerMisbehaved};
use crate::handshake::Resume;
use crate::record::{Change, ContentType};
use crate::side::Side;
use crate::{CipherKind, ProtocolVersion};

/// Plays the script in `input` against `side`.
pub(super) fn run(side: Side, terms: Terms, mut input: Input<'_>) {
    let mut conversation = Conversation::new(side, terms);
    for _ in 0..MAX_STEPS {
        if input.is_empty() {
            break;
        }
        let step = input.byte();
        conversation.step(step, &mut input);
        conversation.check();
    }
    conversation.exchange();
    conversation.check();
    conversation.watched.end();
    conversation.check();
    conversation.take_apart();
}

struct Conversation {
    watched: Watched,
    peer: Connection,
    parties: Parties,
    /// From the peer, not yet delivered.
    wire: Vec<u8>,
    /// Delivered last.
    delivered: Vec<u8>,
    written: Vec<u8>,
    peers_plaintext: Vec<u8>,
    much_left: usize,
    /// Whether the peer has kept to the protocol so far, and the transport was reliable.
    honest: bool,
    /// Whether somebody in between has changed what crosses.
    meddled_with: bool,
    /// Bytes that the application has read, when that was last looked at.
    checked: usize,
}

impl Conversation {
    fn new(side: Side, terms: Terms) -> Self {
        let (watched, parties) = Watched::new(side, terms);
        let mut peer = parties.connection(side.peer());
        peer.begin_tampering();
        Self {
            watched,
            peer,
            parties,
            wire: Vec::new(),
            delivered: Vec::new(),
            written: Vec::new(),
            peers_plaintext: Vec::new(),
            much_left: MAX_MUCH,
            honest: true,
            meddled_with: false,
            checked: 0,
        }
    }

    fn step(&mut self, step: u8, input: &mut Input<'_>) {
        let step = step % 32;
        self.meddled_with |= meddles(step);
        self.honest &= !meddles(step) && !is_dishonest(step);
        match step {
            step::EXCHANGE => self.exchange(),
            step::FROM_PEER => self.deliver(usize::MAX),
            step::PART_FROM_PEER => self.deliver(input.byte().into()),
            step::TO_PEER => self.reply(),
            step::INJECT => self.inject(input),
            step::PEER_WRITES => {
                let _ = self.peer.writer().write(input.string());
            }
            step::PEER_WRITES_MUCH => {
                let data = self.much(input);
                let _ = self.peer.writer().write(&data);
            }
            step::PEER_RENEGOTIATES => {
                let _ = self.peer.renegotiate();
            }
            step::PEER_RENEGOTIATES_RESUMING => {
                let _ = self.peer.renegotiate_resuming();
            }
            step::PEER_CLOSES => self.peer.send_close_notify(),
            step::WRITE => self.write(input.string()),
            step::WRITE_MUCH => {
                let data = self.much(input);
                self.write(&data);
            }
            step::READ => self.watched.read(),
            step::RENEGOTIATE => {
                let _ = self.watched.connection.renegotiate();
            }
            step::RENEGOTIATE_RESUMING => {
                let _ = self.watched.connection.renegotiate_resuming();
            }
            step::RENEGOTIATE_ASKING => self.renegotiate_asking(),
            step::CLOSE => self.watched.connection.send_close_notify(),
            step::END => self.watched.end(),
            step::RELEASE => self.watched.connection.release_buffers(),
            step::LOOK => look(&self.watched.connection),
            step::TAMPER_FLIP => {
                let place = input.u16().into();
                let mask = input.byte();
                self.peer.tamper(Change::Flip { place, mask });
            }
            step::TAMPER_REPLACE => {
                let content_type = content_type(input.byte());
                let content = input.string().to_vec();
                self.peer.tamper(Change::Replace(content_type, content));
            }
            step::TAMPER_BEFORE => {
                let content_type = content_type(input.byte());
                let content = input.string().to_vec();
                self.peer.tamper(Change::Before(content_type, content));
            }
            step::TAMPER_APPEND => {
                let more = input.string().to_vec();
                self.peer.tamper(Change::Append(more));
            }
            step::TAMPER => {
                let change = match input.byte() % 5 {
                    0 => Change::Keep,
                    1 => Change::Drop,
                    2 => Change::Twice,
                    3 => Change::Split(input.byte().into()),
                    _ => Change::Truncate(input.byte().into()),
                };
                self.peer.tamper(change);
            }
            step::FLIP_ON_THE_WIRE => {
                self.pull();
                let (place, mask) = (usize::from(input.u16()), input.byte());
                let place = place % self.wire.len().max(1);
                if let Some(byte) = self.wire.get_mut(place) {
                    *byte ^= mask;
                }
            }
            step::CUT_ON_THE_WIRE => {
                self.pull();
                let from = usize::from(input.u16()).min(self.wire.len());
                let len = usize::from(input.byte()).min(self.wire.len() - from);
                self.wire.drain(from..from + len);
            }
            step::ADD_TO_THE_WIRE => {
                self.pull();
                self.wire.extend_from_slice(input.string());
            }
            step::REPLAY => {
                let delivered = self.delivered.clone();
                self.watched.receive(&delivered);
            }
            step::CLOCK => self.parties.clock.forward(input.u16().into()),
            step::SPOIL_SESSIONS => self.spoil_sessions(input),
            _ => self.watched.connection.check_buffers(),
        }
    }

    /// Everything crosses until nobody has anything to send.
    fn exchange(&mut self) {
        for _ in 0..MAX_ROUNDS {
            self.reply();
            self.pull();
            if self.wire.is_empty() && !self.watched.connection.wants_write() {
                return;
            }
            self.deliver(usize::MAX);
        }
    }

    /// Takes what waits in the peer.
    fn pull(&mut self) {
        self.wire.extend(take(&mut self.peer));
    }

    /// Brings bytes of the peer's.
    fn deliver(&mut self, len: usize) {
        self.pull();
        let len = len.min(self.wire.len());
        self.delivered = self.wire.drain(..len).collect();
        let delivered = core::mem::take(&mut self.delivered);
        self.watched.receive(&delivered);
        self.delivered = delivered;
    }

    /// Brings the peer everything; it takes what it likes, as its own failures are not what is
    /// looked for.
    fn reply(&mut self) {
        let wire = self.watched.take();
        let mut rest = &wire[..];
        while !rest.is_empty() {
            let read = self.peer.read_tls(&mut rest);
            let _ = self.peer.process_new_packets();
            let before = self.peers_plaintext.len();
            let _ = std::io::Read::read_to_end(&mut self.peer.reader(), &mut self.peers_plaintext);
            if read.is_err() && before == self.peers_plaintext.len() {
                return;
            }
        }
    }

    /// More than a script could hold, as far as the bound lets it be.
    fn much(&mut self, input: &mut Input<'_>) -> Vec<u8> {
        let len = usize::from(input.u16()).min(self.much_left);
        self.much_left -= len;
        vec![0x55; len]
    }

    fn inject(&mut self, input: &mut Input<'_>) {
        let content_type = content_type(input.byte());
        let content = input.string();
        self.peer.lift_limit();
        let _ = self.peer.inject(content_type, content);
    }

    fn write(&mut self, data: &[u8]) {
        if let Ok(written) = self.watched.connection.writer().write(data) {
            self.written.extend_from_slice(&data[..written]);
        }
    }

    fn renegotiate_asking(&mut self) {
        if self.watched.connection.side() == Side::Server {
            let config = self.parties.asking_server();
            let connection = &mut self.watched.connection;
            let _ = connection.begin_handshake(Some(config), Resume::Never);
        }
    }

    fn spoil_sessions(&mut self, input: &mut Input<'_>) {
        let (place, mask) = (usize::from(input.u16()), input.byte());
        for sessions in [&self.parties.client_sessions, &self.parties.server_sessions] {
            for sealed in sessions.lock().values_mut() {
                let place = place % sealed.len().max(1);
                if let Some(byte) = sealed.get_mut(place) {
                    *byte ^= mask;
                }
            }
        }
    }

    fn check(&mut self) {
        self.watched.check();
        self.check_plaintext();
        // At SSL 2.0 a peer that takes its handshake for complete reads messages as data.
        if self.peer.protocol_version() != Some(ProtocolVersion::SSLv2) {
            let read = &self.peers_plaintext;
            assert!(self.written.starts_with(read), "data that was not written");
        }
        self.check_agreement();
        if self.honest {
            for side in [&self.watched.connection, &self.peer] {
                check_accusation(side.error());
            }
        }
    }

    fn check_plaintext(&mut self) {
        let plaintext = &self.watched.plaintext;
        if plaintext.len() == self.checked {
            return;
        }
        self.checked = plaintext.len();
        let version = self.watched.connection.protocol_version();
        let is_data = is_sealed_data(plaintext, self.peer.sealed(), version);
        assert!(
            is_data || self.padding_may_have_moved(),
            "data that the peer did not send"
        );
    }

    /// Nothing authenticates how much of a record of SSL 2.0 is padding.
    fn padding_may_have_moved(&self) -> bool {
        let kind = self.watched.connection.negotiated_cipher_kind();
        let pads = kind
            .and_then(CipherKind::row)
            .is_some_and(|row| row.key_arg_len() > 0);
        pads && self.meddled_with
    }

    /// What was received and is not read is no other data.
    fn take_apart(self) {
        let version = self.watched.connection.protocol_version();
        let padding_may_have_moved = self.padding_may_have_moved();
        let leftovers = self.watched.connection.into_leftovers();
        let plaintext = [self.watched.plaintext, leftovers.plaintext].concat();
        let is_data = is_sealed_data(&plaintext, self.peer.sealed(), version);
        assert!(
            is_data || padding_may_have_moved,
            "leftover data that the peer did not send"
        );
    }

    /// Who has completed the same handshake has agreed on everything.
    fn check_agreement(&self) {
        let (one, other) = (&self.watched.connection, &self.peer);
        let completed = one.handshakes();
        let idle = |side: &Connection| {
            side.error().is_none() && side.renegotiation() != RenegotiationState::UnderWay
        };
        if completed == 0 || other.handshakes() != completed || !idle(one) || !idle(other) {
            return;
        }
        assert_eq!(one.protocol_version(), other.protocol_version());
        let suites = [one, other].map(|side| side.negotiated_cipher_suite());
        assert_eq!(suites[0], suites[1]);
        let kinds = [one, other].map(|side| side.negotiated_cipher_kind());
        assert_eq!(kinds[0], kinds[1]);
        assert_eq!(one.session_resumed(), other.session_resumed());
        let keys = [one, other]
            .map(|side| side.export_keying_material([0; 16], b"label", Some(b"context")));
        assert_eq!(keys[0], keys[1]);
    }
}

/// Whether the peer has sealed these bytes as data, in this order: nobody without the keys adds
/// any, changes or reorders them.
fn is_sealed_data(
    plaintext: &[u8],
    sealed: &[(ContentType, Vec<u8>)],
    version: Option<ProtocolVersion>,
) -> bool {
    let starts = |sealed: &[(ContentType, Vec<u8>)], is_data: fn(ContentType) -> bool| {
        let data = sealed.iter().filter(|(kind, _)| is_data(*kind));
        let data: Vec<u8> = data.flat_map(|(_, content)| content.clone()).collect();
        data.starts_with(plaintext)
    };
    match version {
        // A record does not say what it is: from some place on all are data.
        Some(ProtocolVersion::SSLv2) => {
            (0..=sealed.len()).any(|from| starts(&sealed[from..], |_| true))
        }
        _ => starts(sealed, |kind| kind == ContentType::ApplicationData),
    }
}

/// Whether a step is one that no honest peer makes.
fn is_dishonest(step: u8) -> bool {
    matches!(
        step,
        step::INJECT
            | step::TAMPER_FLIP
            | step::TAMPER_REPLACE
            | step::TAMPER_BEFORE
            | step::TAMPER_APPEND
            | step::TAMPER
    )
}

/// Whether a step is that of somebody in between.
fn meddles(step: u8) -> bool {
    matches!(
        step,
        step::END
            | step::FLIP_ON_THE_WIRE
            | step::CUT_ON_THE_WIRE
            | step::ADD_TO_THE_WIRE
            | step::REPLAY
    )
}

/// Two honest sides may not agree, or ask for too much, but do not accuse each other of more.
fn check_accusation(error: Option<&Error>) {
    let tolerable = match error {
        Some(Error::PeerMisbehaved(accusation)) => matches!(
            accusation,
            PeerMisbehaved::InappropriateFallback(_)
                | PeerMisbehaved::TooManyRenegotiationRequests
                | PeerMisbehaved::TooManyWarnings
        ),
        Some(Error::InvalidMessage(_) | Error::Internal(_)) => false,
        _ => true,
    };
    assert!(tolerable, "an honest peer is accused: {error:?}");
}

/// Asks for all that can be asked for.
fn look(connection: &Connection) {
    let _ = format!("{connection:?}");
    let _ = connection.server_hello().map(|hello| format!("{hello:?}"));
    let _ = connection
        .ssl2_server_hello()
        .map(|hello| format!("{hello:?}"));
    let _ = connection.peer_certificates().map(<[_]>::len);
    let _ = connection.ephemeral_key();
    let _ = (connection.resumption(), connection.sent_ssl2_error());
    let _ = (
        connection.extended_master_secret(),
        connection.encrypt_then_mac(),
    );
    let _ = (
        connection.secure_renegotiation(),
        connection.received_server_name(),
    );
    let _ = connection.alpn_protocol().map(<[_]>::len);
    let _ = connection.peer_record_limit();
    let _ = connection
        .error()
        .map(|error| (error.to_string(), error.fault()));
}

fn content_type(byte: u8) -> ContentType {
    match byte % 4 {
        0 => ContentType::ChangeCipherSpec,
        1 => ContentType::Alert,
        2 => ContentType::Handshake,
        _ => ContentType::ApplicationData,
    }
}

/// What a script's bytes say.
pub(super) mod step {
    pub(in crate::fuzz) const EXCHANGE: u8 = 0;
    pub(in crate::fuzz) const FROM_PEER: u8 = 1;
    pub(in crate::fuzz) const PART_FROM_PEER: u8 = 2;
    pub(in crate::fuzz) const TO_PEER: u8 = 3;
    pub(in crate::fuzz) const INJECT: u8 = 4;
    pub(in crate::fuzz) const PEER_WRITES: u8 = 5;
    pub(in crate::fuzz) const PEER_WRITES_MUCH: u8 = 6;
    pub(in crate::fuzz) const PEER_RENEGOTIATES: u8 = 7;
    pub(in crate::fuzz) const PEER_RENEGOTIATES_RESUMING: u8 = 8;
    pub(in crate::fuzz) const PEER_CLOSES: u8 = 9;
    pub(in crate::fuzz) const WRITE: u8 = 10;
    pub(in crate::fuzz) const WRITE_MUCH: u8 = 11;
    pub(in crate::fuzz) const READ: u8 = 12;
    pub(in crate::fuzz) const RENEGOTIATE: u8 = 13;
    pub(in crate::fuzz) const RENEGOTIATE_RESUMING: u8 = 14;
    pub(in crate::fuzz) const RENEGOTIATE_ASKING: u8 = 15;
    pub(in crate::fuzz) const CLOSE: u8 = 16;
    pub(in crate::fuzz) const END: u8 = 17;
    pub(in crate::fuzz) const RELEASE: u8 = 18;
    pub(in crate::fuzz) const LOOK: u8 = 19;
    pub(in crate::fuzz) const TAMPER_FLIP: u8 = 20;
    pub(in crate::fuzz) const TAMPER_REPLACE: u8 = 21;
    pub(in crate::fuzz) const TAMPER_BEFORE: u8 = 22;
    pub(in crate::fuzz) const TAMPER_APPEND: u8 = 23;
    pub(in crate::fuzz) const TAMPER: u8 = 24;
    pub(in crate::fuzz) const FLIP_ON_THE_WIRE: u8 = 25;
    pub(in crate::fuzz) const CUT_ON_THE_WIRE: u8 = 26;
    pub(in crate::fuzz) const ADD_TO_THE_WIRE: u8 = 27;
    pub(in crate::fuzz) const REPLAY: u8 = 28;
    pub(in crate::fuzz) const CLOCK: u8 = 29;
    pub(in crate::fuzz) const SPOIL_SESSIONS: u8 = 30;
}

const MAX_STEPS: usize = 64;

/// Bytes that both sides write by the lot: the buffers' limit is 64 KiB.
const MAX_MUCH: usize = 100_000;

/// Of one exchange: enough for a handshake that follows another.
const MAX_ROUNDS: usize = 12;
