//! The two sides of a conversation, made so that it can be held again byte for byte, and fast.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::conversation::{Case, Flavour, Message, Step};
use crate::config::{ExportKeys, TicketKeys};
use crate::testing::fixed::{FixedClock, FixedRandom, RememberingKey};
use crate::testing::in_memory::terms::MapStore;
use crate::testing::in_memory::{Pair, pin, test_identity};
use crate::testing::vectors::test_key_der;
use crate::{
    ClientConfig, ClientConnection, Clock, Direction, Event, Observer, ObserverFactory, PrivateKey,
    RsaPrivateKey, ServerConfig, ServerConnection, Side, TicketKey, dangerous,
};

/// Both sides' configs and what they draw from.
pub(super) struct Setup {
    case: Case,
    pub(super) client: Arc<ClientConfig>,
    pub(super) server: ServerConfig,
    pub(super) client_store: Arc<MapStore>,
    pub(super) server_store: Arc<MapStore>,
    randoms: [Arc<FixedRandom>; 2],
    pub(super) tape: Tape,
    pub(super) client_key: Arc<dyn PrivateKey>,
    pub(super) server_key: Arc<dyn PrivateKey>,
    pub(super) ephemeral_key: Arc<RsaPrivateKey>,
}

impl Setup {
    pub(super) fn new(case: Case) -> Self {
        let flavour = case.flavour;
        let tape = Tape::default();
        let randoms = [1, 2].map(|stream| Arc::new(FixedRandom::stream(stream)));
        let [client_store, server_store] = [Arc::<MapStore>::default(), Arc::default()];
        let bits = flavour.certificate();
        let (chain, key) = test_identity(bits);
        let server_key = RememberingKey::new(key);
        let mut server = ServerConfig::builder(case.policy(Side::Server))
            .certificate(chain, server_key.clone())
            .random(randoms[1].clone())
            .session_store(server_store.clone())
            .ticket_keys(ticket_keys())
            .clock(FixedClock::default());
        let (chain, key) = test_identity(1024);
        let client_key = RememberingKey::new(key);
        let mut client = ClientConfig::builder(case.policy(Side::Client))
            .verifier(pin(bits))
            .random(randoms[0].clone())
            .session_store(client_store.clone())
            .ticket_keys(ticket_keys())
            .clock(FixedClock::default());
        if flavour.asks_for_certificate() {
            server = server.client_verifier(dangerous::AcceptAnyCertificate);
        }
        if flavour == Flavour::ClientCertificate {
            client = client.certificate(chain, client_key.clone());
        }
        if !flavour.has_tickets() {
            client = client.without_tickets();
        }
        if !flavour.keeps_session() {
            client = client.without_session_ids();
            server = server.without_session_ids();
        }
        match case.attacker() {
            Side::Client => client = client.observers(tape.clone()),
            Side::Server => server = server.observers(tape.clone()),
        }
        Self {
            case,
            client: Arc::new(client.build().unwrap()),
            server: server.build().unwrap(),
            client_store,
            server_store,
            randoms,
            tape,
            client_key,
            server_key,
            ephemeral_key: Arc::new(RsaPrivateKey::from_der(&test_key_der(512)).unwrap()),
        }
    }

    pub(super) fn pair(&self) -> Pair {
        Pair {
            client: self.client(),
            server: self.server(),
        }
    }

    /// Its ephemeral key never wears out.
    pub(super) fn server(&self) -> ServerConnection {
        let export_keys =
            ExportKeys::given([self.ephemeral_key.clone()], FixedClock::default().now());
        ServerConnection::new(Arc::new(ServerConfig {
            export_keys: Arc::new(export_keys),
            ..self.server.clone()
        }))
    }

    pub(super) fn client(&self) -> ClientConnection {
        let name = "localhost".try_into().unwrap();
        ClientConnection::new(self.client.clone(), name).unwrap()
    }

    /// All begins anew, with these sessions in the two stores.
    pub(super) fn restart(&self, sessions: &[HashMap<Vec<u8>, Vec<u8>>; 2]) {
        for random in &self.randoms {
            random.restart();
        }
        self.tape.0.lock().unwrap().clear();
        let [of_client, of_server] = sessions;
        self.client_store.0.lock().unwrap().clone_from(of_client);
        self.server_store.0.lock().unwrap().clone_from(of_server);
    }

    /// Whether that side is told to begin the second handshake.
    pub(super) fn begins(&self, side: Side) -> bool {
        match self.case.flavour {
            Flavour::Renegotiation => side == Side::Server,
            Flavour::UnbiddenRenegotiation => side == Side::Client,
            flavour => flavour == Flavour::ResumingRenegotiation,
        }
    }
}

fn ticket_keys() -> TicketKeys {
    TicketKeys::given([TicketKey::new([1; 32])]).unwrap()
}

/// What the attacker's side says while the conversation is written down.
#[derive(Clone, Debug, Default)]
pub(super) struct Tape(pub(super) Arc<Mutex<Vec<Step>>>);

impl Tape {
    pub(super) fn push(&self, step: Step) {
        self.0.lock().unwrap().push(step);
    }
}

impl ObserverFactory for Tape {
    fn observer(&self, _: Side) -> Box<dyn Observer> {
        Box::new(self.clone())
    }
}

impl Observer for Tape {
    fn observe(&mut self, event: Event<'_>) {
        let sent = Direction::Sent;
        let message = match event {
            Event::Handshake {
                direction, bytes, ..
            } if direction == sent => Message::Handshake(bytes.to_vec()),
            Event::Ssl2Handshake {
                direction, bytes, ..
            } if direction == sent => Message::Ssl2Hello(bytes.to_vec()),
            Event::ChangeCipherSpec { direction } if direction == sent => Message::ChangeCipherSpec,
            Event::Alert {
                direction,
                level,
                description,
            } if direction == sent => Message::Alert(level, description),
            _ => return,
        };
        self.push(Step::Say(message));
    }
}
