//! The attacker: a peer that has the keys and says what it is told to.

use std::ops::DerefMut;
use std::sync::Arc;

use super::conversation::{Conversation, Flavour, Message, Step, renegotiate};
use crate::connection::Connection;
use crate::crypto::random::SystemRandom;
use crate::error::Error;
use crate::message::ssl2::ClientHello;
use crate::record::{ContentType, Opener, Protection, Record, Sealer};
use crate::secrets::{
    KeyBlock, MasterSecret, PreMasterSecret, Randoms, Transcript, VerifyData,
    certificate_verify_input,
};
use crate::testing::in_memory::ssl2::records::in_clear;
use crate::testing::in_memory::wire::{self, records};
use crate::testing::in_memory::{deliver, take};
use crate::{HandshakeType, HashAlgorithm, ProtocolVersion, Side};

/// How a message is spoilt before it is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoil {
    /// Nothing is wrong with it.
    Whole,
    /// Its body ends after so many bytes, and its header says so.
    CutTo(usize),
    /// The same, but the header says nothing of it, and nothing follows.
    EndsAfter(usize),
    /// A byte more than there should be.
    Extended,
    /// The last bit is another.
    Flipped,
    /// A Finished as the victim would send it.
    Reflected,
    /// What depends on the messages before is as if the conversation had been legal.
    Stale,
}

/// What the attacker says, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) message: Message,
    pub(super) spoil: Spoil,
}

impl Said {
    pub(super) fn whole(message: Message) -> Self {
        let spoil = Spoil::Whole;
        Self { message, spoil }
    }
}

pub(super) struct Peer<'c> {
    pub(super) victim: Box<dyn DerefMut<Target = Connection>>,
    conversation: &'c Conversation,
    pub(super) sealer: Sealer,
    opener: Opener,
    /// All that was sent to the victim.
    pub(super) sent: Vec<u8>,
    /// All that the victim has sent.
    pub(super) heard: Vec<u8>,
    /// The messages of the handshake that is under way, as the victim saw them.
    messages: Vec<Vec<u8>>,
    randoms: Randoms,
    /// Of the ClientKeyExchange that was sent or received.
    master_secret: Option<MasterSecret>,
    finished: u32,
    /// Whether something was computed anew and came out otherwise than in the legal conversation.
    pub(super) departed: bool,
}

impl<'c> Peer<'c> {
    pub(super) fn new(conversation: &'c Conversation) -> Self {
        let mut peer = Self {
            victim: conversation.victim(),
            conversation,
            sealer: Sealer::unprotected(),
            opener: Opener::unprotected(),
            sent: Vec::new(),
            heard: Vec::new(),
            messages: Vec::new(),
            randoms: Randoms {
                client: [0; 32],
                server: [0; 32],
            },
            master_secret: None,
            finished: 0,
            departed: false,
        };
        peer.listen();
        peer
    }

    /// Goes through a legal conversation up to `step`.
    pub(super) fn at(conversation: &'c Conversation, step: usize) -> Self {
        let mut peer = Self::new(conversation);
        peer.take_steps(&conversation.steps[..step]);
        peer
    }

    /// Goes on with it from `step` to its end.
    pub(super) fn go_on(&mut self, step: usize) {
        self.take_steps(&self.conversation.steps[step..]);
    }

    fn take_steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Say(message) => self.say(&Said::whole(message.clone())).unwrap(),
                Step::Renegotiate => self.have_renegotiate(),
            }
        }
    }

    /// The victim's user asks for a new handshake, where there was one.
    pub(super) fn have_renegotiate(&mut self) {
        if self.victim.handshakes() > 0 && self.victim.error().is_none() {
            renegotiate(self.conversation.case.flavour, &mut self.victim);
            self.listen();
        }
    }

    /// Says it to the victim.
    pub(super) fn say(&mut self, said: &Said) -> Result<(), Error> {
        let content = self.content(said);
        let wire = match &said.message {
            Message::Ssl2Hello(_) => in_clear(&content),
            message => self.seal(content_type(message), &content),
        };
        self.note_said(said, &content);
        self.deliver(&wire)
    }

    /// Lets the victim have these bytes.
    pub(super) fn deliver(&mut self, wire: &[u8]) -> Result<(), Error> {
        self.sent.extend(wire);
        let result = deliver(wire, &mut self.victim, || usize::MAX);
        self.listen();
        result
    }

    /// The record of `content` under the keys of now.
    pub(super) fn seal(&mut self, content_type: ContentType, content: &[u8]) -> Vec<u8> {
        self.seal_as(content_type, self.version(), content)
    }

    /// The same under another version.
    pub(super) fn seal_as(
        &mut self,
        content_type: ContentType,
        version: ProtocolVersion,
        content: &[u8],
    ) -> Vec<u8> {
        let mut wire = Vec::new();
        self.sealer
            .seal(content_type, version, content, &SystemRandom, &mut wire)
            .unwrap();
        wire
    }

    /// What goes into the record of something that is said now.
    pub(super) fn content(&mut self, said: &Said) -> Vec<u8> {
        let content = match &said.message {
            Message::ChangeCipherSpec => vec![1],
            Message::Alert(level, description) => vec![level.wire(), description.0],
            Message::Data(data) => data.clone(),
            Message::Ssl2Hello(hello) => hello.clone(),
            Message::Handshake(recorded) => self.renewed(recorded, said.spoil),
        };
        let is_handshake = matches!(said.message, Message::Handshake(_));
        spoilt(content, is_handshake, said.spoil)
    }

    /// A message as it must be after what was said before.
    fn renewed(&mut self, recorded: &[u8], spoil: Spoil) -> Vec<u8> {
        let kind = HandshakeType(recorded[0]);
        let body = match kind {
            HandshakeType::FINISHED => {
                let sender = match spoil {
                    Spoil::Reflected => self.side().peer(),
                    _ => self.side(),
                };
                self.verify_data(sender)
            }
            HandshakeType::CERTIFICATE_VERIFY => self.certificate_verify(&recorded[4..]),
            _ => return recorded.to_vec(),
        };
        if body != recorded[4..] {
            self.departed = true;
        }
        if spoil == Spoil::Stale {
            return recorded.to_vec();
        }
        wire::handshake(0, kind.0, &body).fragment
    }

    fn verify_data(&self, sender: Side) -> Vec<u8> {
        let master_secret = self.master_secret();
        let name = sender.to_string();
        let messages = self.messages.concat();
        let known = [name.as_bytes(), master_secret.as_bytes(), &messages];
        let verify_data = self.conversation.verify_data.of(&known, || {
            VerifyData::compute(self.version(), &master_secret, &self.transcript(), sender)
        });
        verify_data.as_bytes().to_vec()
    }

    fn certificate_verify(&self, recorded: &[u8]) -> Vec<u8> {
        // The algorithm, where there is one, stays.
        let (algorithm, _) = recorded.split_at(match self.version() {
            ProtocolVersion::TLSv1_2 => 2,
            _ => 0,
        });
        let hash = match algorithm {
            [] => None,
            [4, 1] => Some(HashAlgorithm::Sha256),
            other => panic!("signed by {other:?}"),
        };
        let transcript = self.transcript();
        let input =
            certificate_verify_input(self.version(), &self.master_secret(), &transcript, hash);
        let signature = self.conversation.client_key.sign(&input.unwrap()).unwrap();
        let len = (signature.len() as u16).to_be_bytes();
        [algorithm, &len, &signature].concat()
    }

    fn transcript(&self) -> Transcript {
        let suite = self.conversation.parameters.suite;
        let hashes = core::iter::once(HashAlgorithm::Sha256);
        let mut transcript = Transcript::new(self.version(), suite, hashes);
        for message in &self.messages {
            transcript.add(message);
        }
        transcript
    }

    /// The one of the ClientKeyExchange; without one, the legal conversation's.
    fn master_secret(&self) -> MasterSecret {
        let recorded = &self.conversation.master_secret;
        self.master_secret.as_ref().unwrap_or(recorded).clone()
    }

    fn version(&self) -> ProtocolVersion {
        self.conversation.case.version
    }

    fn side(&self) -> Side {
        self.conversation.case.attacker()
    }

    /// Takes what the victim has sent, and learns from it.
    fn listen(&mut self) {
        let wire = take(&mut self.victim);
        self.heard.extend(&wire);
        for mut record in records(&wire) {
            let record = Record {
                content_type: ContentType::from_wire(record.content_type).unwrap(),
                fragment: &mut record.fragment,
            };
            let opened = self.opener.open(record, self.version()).unwrap();
            let (content_type, plaintext) = (opened.content_type, opened.plaintext.to_vec());
            self.note(self.side().peer(), content_type, &plaintext);
        }
    }

    /// Takes it for said.
    pub(super) fn note_said(&mut self, said: &Said, content: &[u8]) {
        match &said.message {
            Message::Ssl2Hello(_) => self.note_ssl2_hello(content),
            message => self.note(self.side(), content_type(message), content),
        }
    }

    /// What one of the two has said, of which keys and hashes are made.
    fn note(&mut self, sender: Side, content_type: ContentType, content: &[u8]) {
        match content_type {
            ContentType::ChangeCipherSpec => self.change_keys(sender),
            ContentType::Handshake => self.note_message(content),
            ContentType::Alert | ContentType::ApplicationData => {}
        }
    }

    fn note_ssl2_hello(&mut self, content: &[u8]) {
        if let Ok(hello) = ClientHello::read(&content[1..]) {
            self.randoms.client = hello.random();
        }
        self.messages.push(content.to_vec());
    }

    fn note_message(&mut self, content: &[u8]) {
        let kind = content.first().map(|kind| HandshakeType(*kind));
        match kind {
            Some(HandshakeType::HELLO_REQUEST) | None => return,
            Some(HandshakeType::CLIENT_HELLO) => {
                if self.finished == 2 {
                    self.messages.clear();
                    self.master_secret = None;
                    self.finished = 0;
                }
                self.randoms.client = random(content);
            }
            Some(HandshakeType::SERVER_HELLO) => self.randoms.server = random(content),
            Some(HandshakeType::FINISHED) => self.finished += 1,
            Some(_) => {}
        }
        self.messages.push(content.to_vec());
        if kind == Some(HandshakeType::CLIENT_KEY_EXCHANGE) {
            self.master_secret = self.derive_master_secret(&content[4..]);
        }
    }

    /// From a ClientKeyExchange, if it is a good one.
    fn derive_master_secret(&self, body: &[u8]) -> Option<MasterSecret> {
        let key = &self.conversation.server_key;
        let len = key.public_key().modulus_len();
        let prefix = if self.version() == ProtocolVersion::SSLv3 {
            0
        } else {
            2
        };
        let encrypted = body.get(prefix..).filter(|it| it.len() == len)?;
        let mut encoded = vec![0; len];
        key.raw_decrypt(encrypted, &mut encoded).ok()?;
        let version = self.version().wire();
        let substitute = PreMasterSecret::generate(version, &SystemRandom).unwrap();
        let secret = PreMasterSecret::unpad(&encoded, [version, version], &substitute);
        let suite = self.conversation.parameters.suite;
        let messages = self.messages.concat();
        let Randoms { client, server } = &self.randoms;
        let known = [secret.as_bytes(), client, server, &messages];
        let (known, extended) = match self.conversation.case.flavour {
            Flavour::ExtendedMasterSecret => (&known[..], true),
            _ => (&known[..3], false),
        };
        Some(self.conversation.master_secrets.of(known, || {
            if extended {
                MasterSecret::derive_extended(&secret, self.version(), suite, &self.transcript())
            } else {
                MasterSecret::derive(&secret, self.version(), suite, &self.randoms)
            }
        }))
    }

    fn change_keys(&mut self, sender: Side) {
        let keys = self.keys();
        let keys = match sender {
            Side::Client => &keys.client,
            Side::Server => &keys.server,
        };
        let protection = Protection::new(self.conversation.parameters, keys).unwrap();
        if sender == self.side() {
            self.sealer = Sealer::new(protection, u64::MAX);
        } else {
            self.opener = Opener::new(protection, u64::MAX);
        }
    }

    fn keys(&self) -> Arc<KeyBlock> {
        let master_secret = self.master_secret();
        let Randoms { client, server } = &self.randoms;
        let known = [&master_secret.as_bytes()[..], client, server];
        self.conversation.keys.of(&known, || {
            let parameters = self.conversation.parameters;
            Arc::new(KeyBlock::expand(&master_secret, &self.randoms, parameters))
        })
    }
}

fn spoilt(mut content: Vec<u8>, is_handshake: bool, spoil: Spoil) -> Vec<u8> {
    let header = if is_handshake { 4 } else { 0 };
    match spoil {
        Spoil::Whole | Spoil::Reflected | Spoil::Stale => return content,
        Spoil::CutTo(len) => content.truncate(header + len),
        Spoil::EndsAfter(len) => {
            content.truncate(header + len);
            return content;
        }
        Spoil::Extended => content.push(0),
        Spoil::Flipped => {
            if let Some(last) = content.last_mut() {
                *last ^= 1;
            }
        }
    }
    if is_handshake {
        let len = (content.len() - header) as u32;
        content[1..4].copy_from_slice(&len.to_be_bytes()[1..]);
    }
    content
}

pub(super) fn content_type(message: &Message) -> ContentType {
    match message {
        Message::Handshake(_) | Message::Ssl2Hello(_) => ContentType::Handshake,
        Message::ChangeCipherSpec => ContentType::ChangeCipherSpec,
        Message::Alert(..) => ContentType::Alert,
        Message::Data(_) => ContentType::ApplicationData,
    }
}

/// A hello's; of one that is cut short, what there is of it.
fn random(hello: &[u8]) -> [u8; 32] {
    let mut random = [0; 32];
    let there = hello.get(6..).unwrap_or_default();
    random
        .iter_mut()
        .zip(there)
        .for_each(|(to, from)| *to = *from);
    random
}
