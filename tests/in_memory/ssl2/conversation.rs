//! Conversations at SSL 2.0 with a peer made by hand, message by message.

use std::collections::HashMap;
use std::ops::DerefMut;
use std::sync::{Arc, OnceLock};

use retrossl::{
    CipherKind, ClientConfig, ClientConnection, Connection, Error, PinnedCertificates,
    ServerConfig, ServerConnection, Side, TicketKey, TicketKeys, dangerous,
};

use super::super::terms::MapStore;
use super::super::{deliver, take, test_identity};
use super::by_hand::{clear, decrypt, encrypt, key_arg, master_key, secret, sign, well_padded};
use super::messages::{
    CLIENT_CERTIFICATE, CLIENT_FINISHED, CLIENT_HELLO, CLIENT_MASTER_KEY, ClientHello,
    ClientMasterKey, REQUEST_CERTIFICATE, SERVER_FINISHED, SERVER_HELLO, SERVER_VERIFY,
    ServerHello, client_certificate, error, message,
};
use super::records::{KeyMaterial, Layer, records};
use super::states::{Same, well_formed};
use super::{certificate, clear_len, master_key_len, only_kind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    Full,
    /// The server asks for a certificate and gets one.
    ClientCertificate,
    /// The server asks for a certificate and gets none.
    NoClientCertificate,
    Resumed,
}

impl Flavour {
    pub const ALL: [Self; 4] = [
        Self::Full,
        Self::ClientCertificate,
        Self::NoClientCertificate,
        Self::Resumed,
    ];

    pub fn asks_for_certificate(self) -> bool {
        matches!(self, Self::ClientCertificate | Self::NoClientCertificate)
    }
}

/// Which conversation it is, and who is attacked in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    pub kind: CipherKind,
    pub flavour: Flavour,
    pub victim: Side,
}

impl Case {
    pub fn each() -> impl Iterator<Item = Self> {
        let kinds = [
            CipherKind::SSL_CK_RC4_128_WITH_MD5,
            CipherKind::SSL_CK_DES_192_EDE3_CBC_WITH_MD5,
            CipherKind::SSL_CK_RC4_128_EXPORT40_WITH_MD5,
        ];
        let each = |kind: CipherKind| {
            // What a search finds is not resumed.
            let is_strong = kind.strength_bits() >= Some(112);
            let flavours = Flavour::ALL.into_iter();
            flavours.filter(move |flavour| is_strong || *flavour != Flavour::Resumed)
        };
        kinds.into_iter().flat_map(move |kind| {
            each(kind).flat_map(move |flavour| {
                [Side::Client, Side::Server].map(|victim| Self {
                    kind,
                    flavour,
                    victim,
                })
            })
        })
    }

    /// What the attacker says, by type.
    pub fn script(self) -> Vec<Say> {
        let mut script = match (self.victim, self.flavour) {
            (Side::Server, Flavour::Resumed) => vec![CLIENT_HELLO, CLIENT_FINISHED],
            (Side::Server, _) => vec![CLIENT_HELLO, CLIENT_MASTER_KEY, CLIENT_FINISHED],
            (Side::Client, _) => vec![SERVER_HELLO, SERVER_VERIFY],
        };
        match (self.victim, self.flavour) {
            (Side::Server, Flavour::ClientCertificate) => script.push(CLIENT_CERTIFICATE),
            (Side::Server, Flavour::NoClientCertificate) => script.push(super::messages::ERROR),
            (Side::Client, flavour) if flavour.asks_for_certificate() => {
                script.push(REQUEST_CERTIFICATE);
            }
            _ => {}
        }
        if self.victim == Side::Client {
            script.push(SERVER_FINISHED);
        }
        let mut script: Vec<_> = script.into_iter().map(Say::Message).collect();
        script.push(Say::Data);
        script
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// A message of that type, as it must be now.
    Message(u8),
    Data,
}

pub const DATA: &[u8] = b"~ after the handshake";

/// The victim's config, and the session that it has before the conversation.
pub struct Conversation {
    pub case: Case,
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    store: Arc<MapStore>,
    sessions: HashMap<Vec<u8>, Vec<u8>>,
    /// Master key and KEY-ARG of that session.
    session: Option<(Vec<u8>, Vec<u8>)>,
}

impl Conversation {
    pub fn new(case: Case) -> Self {
        let policy = only_kind(case.kind).min_rsa_bits(512);
        let store = Arc::<MapStore>::default();
        let ticket_keys = || TicketKeys::given([TicketKey::new([1; 32])]).unwrap();
        let (mut chain, key) = test_identity(BITS);
        let pin = PinnedCertificates::new([retrossl::Fingerprint::of(&chain[0])]);
        let mut client = ClientConfig::builder(policy)
            .verifier(pin)
            .random(Same)
            .session_store(store.clone())
            .ticket_keys(ticket_keys());
        if case.flavour == Flavour::ClientCertificate {
            client = client.certificate(chain.clone(), key.clone());
        }
        let mut server = ServerConfig::builder(policy)
            .ssl2_certificate(chain.remove(0), key)
            .random(Same)
            .session_store(store.clone())
            .ticket_keys(ticket_keys());
        if case.flavour.asks_for_certificate() {
            server = server.client_verifier(dangerous::AcceptAnyCertificate);
        }
        let mut conversation = Self {
            case,
            client: Arc::new(client.build().unwrap()),
            server: Arc::new(server.build().unwrap()),
            store,
            sessions: HashMap::new(),
            session: None,
        };
        if case.flavour == Flavour::Resumed {
            conversation.make_session();
        }
        conversation
    }

    /// A full handshake, whose session stays with the victim.
    fn make_session(&mut self) {
        let full = Case {
            flavour: Flavour::Full,
            ..self.case
        };
        let mut peer = Peer::new(self);
        for say in full.script() {
            peer.say(say).unwrap();
        }
        let (master_key, key_arg) = (peer.master_key, peer.key_arg);
        self.session = Some((master_key, key_arg));
        self.sessions = self.store.0.lock().unwrap().clone();
        assert_eq!(self.sessions.len(), 1);
    }

    fn victim(&self) -> Box<dyn DerefMut<Target = Connection>> {
        self.store.0.lock().unwrap().clone_from(&self.sessions);
        match self.case.victim {
            Side::Client => {
                let name = "localhost".try_into().unwrap();
                Box::new(ClientConnection::new(self.client.clone(), name).unwrap())
            }
            Side::Server => Box::new(ServerConnection::new(self.server.clone())),
        }
    }
}

/// The attacker.
pub struct Peer<'c> {
    pub victim: Box<dyn DerefMut<Target = Connection>>,
    pub layer: Layer,
    pub is_keyed: bool,
    /// All that the victim has sent.
    pub heard: Vec<u8>,
    /// What each thing that was said was on the wire.
    pub sent: Vec<Vec<u8>>,
    conversation: &'c Conversation,
    hello: ClientHello,
    answer: ServerHello,
    master_key: Vec<u8>,
    key_arg: Vec<u8>,
    keys: Vec<u8>,
    certificate_challenge: Vec<u8>,
}

impl<'c> Peer<'c> {
    pub fn new(conversation: &'c Conversation) -> Self {
        let case = conversation.case;
        let mut hello = ClientHello::offering(&[case.kind]);
        let mut answer = ServerHello::listing(&[case.kind], &certificate(BITS));
        if conversation.session.is_some() {
            (answer.session_id_hit, answer.certificate_type) = (1, 0);
            (answer.certificate, answer.cipher_specs) = (Vec::new(), Vec::new());
            if case.victim == Side::Server {
                hello.session_id = conversation.sessions.keys().next().unwrap().clone();
            }
        }
        let mut peer = Self {
            victim: conversation.victim(),
            layer: Layer::new(case.victim.peer()),
            is_keyed: false,
            heard: Vec::new(),
            sent: Vec::new(),
            conversation,
            hello,
            answer,
            master_key: Vec::new(),
            key_arg: Vec::new(),
            keys: Vec::new(),
            certificate_challenge: Vec::new(),
        };
        peer.listen();
        peer
    }

    /// Goes through the first `len` steps of the legal conversation.
    pub fn after(conversation: &'c Conversation, len: usize) -> Self {
        let mut peer = Self::new(conversation);
        for say in &conversation.case.script()[..len] {
            peer.say(*say).unwrap();
        }
        peer
    }

    pub fn say(&mut self, say: Say) -> Result<(), Error> {
        let content = self.content(say);
        self.say_content(say, &content)
    }

    pub fn say_content(&mut self, say: Say, content: &[u8]) -> Result<(), Error> {
        let wire = self.layer.seal(content);
        let result = deliver(&wire, &mut self.victim, || usize::MAX);
        self.sent.push(wire);
        // From here on the victim has the keys, too.
        let brings_keys = match say {
            Say::Message(CLIENT_MASTER_KEY) => self.conversation.case.victim == Side::Server,
            Say::Message(SERVER_HELLO) => self.conversation.session.is_some(),
            _ => false,
        };
        if brings_keys && result.is_ok() && !self.is_keyed {
            let kind = self.conversation.case.kind;
            self.take_master_key(&[clear(kind), secret(kind)].concat(), &key_arg(kind));
        }
        self.listen();
        result
    }

    pub fn content(&self, say: Say) -> Vec<u8> {
        let Say::Message(kind) = say else {
            return DATA.to_vec();
        };
        let ours = self.conversation.case.victim.peer();
        match (kind, ours) {
            (super::messages::ERROR, _) => error(2),
            (CLIENT_HELLO, Side::Client) => self.hello.message(),
            (CLIENT_MASTER_KEY, Side::Client) => {
                let kind = self.conversation.case.kind;
                master_key(kind, encrypted(kind)).message()
            }
            (CLIENT_FINISHED, Side::Client) => message(kind, &self.answer.connection_id),
            (CLIENT_CERTIFICATE, Side::Client) => {
                let challenge = &self.certificate_challenge;
                let input = [&self.keys[..], challenge, &certificate(BITS)].concat();
                let (chain, key) = test_identity(BITS);
                client_certificate(1, &chain[0], &sign(&key, &input))
            }
            (SERVER_HELLO, Side::Server) => self.answer.message(),
            (SERVER_VERIFY, Side::Server) => message(kind, &self.hello.challenge),
            (SERVER_FINISHED, Side::Server) => message(kind, &[9; 16]),
            _ => well_formed(kind),
        }
    }

    fn take_master_key(&mut self, master_key: &[u8], key_arg: &[u8]) {
        let session = &self.conversation.session;
        let (master_key, key_arg) = match session {
            Some((master_key, key_arg)) => (&master_key[..], &key_arg[..]),
            None => (master_key, key_arg),
        };
        let keys = KeyMaterial::derive(
            self.conversation.case.kind,
            master_key,
            key_arg,
            &self.hello.challenge,
            &self.answer.connection_id,
        );
        self.layer.protect(&keys);
        (self.master_key, self.key_arg) = (master_key.to_vec(), key_arg.to_vec());
        self.keys = keys.bytes;
        self.is_keyed = true;
    }

    pub fn deliver(&mut self, wire: &[u8]) -> Result<(), Error> {
        let result = deliver(wire, &mut self.victim, || usize::MAX);
        self.listen();
        result
    }

    /// Takes what the victim has sent, and learns from it.
    fn listen(&mut self) {
        let wire = take(&mut self.victim);
        self.heard.extend(&wire);
        // An alert, to somebody who may not speak SSL 2.0 at all, or what is under other keys.
        if self.victim.error().is_some() {
            return;
        }
        for record in records(&wire) {
            let Some(opened) = self.layer.try_open(&record.bytes()) else {
                return;
            };
            let opened = &opened[0];
            match opened[0] {
                CLIENT_HELLO => self.hello = ClientHello::read(opened),
                SERVER_HELLO => {
                    self.answer = ServerHello::read(opened);
                    if self.conversation.session.is_some() {
                        self.take_master_key(&[], &[]);
                    }
                }
                CLIENT_MASTER_KEY => self.take_sent_master_key(&ClientMasterKey::read(opened)),
                REQUEST_CERTIFICATE => self.certificate_challenge = opened[2..].to_vec(),
                _ => {}
            }
        }
    }

    fn take_sent_master_key(&mut self, sent: &ClientMasterKey) {
        let encoded = decrypt(BITS, &sent.encrypted);
        let secret_len = master_key_len(sent.kind) - clear_len(sent.kind);
        let secret = &encoded[encoded.len() - secret_len..];
        let master_key = [&sent.clear, secret].concat();
        self.take_master_key(&master_key, &sent.key_arg);
    }
}

/// The same ciphertext each time, for the work that it is.
fn encrypted(kind: CipherKind) -> Vec<u8> {
    static OF_LEN: [OnceLock<Vec<u8>>; 32] = [const { OnceLock::new() }; 32];
    let secret = secret(kind);
    OF_LEN[secret.len()]
        .get_or_init(|| encrypt(BITS, &well_padded(BITS / 8, &secret)))
        .clone()
}

/// Bits of each certificate's key: as few as will do.
const BITS: usize = 512;
