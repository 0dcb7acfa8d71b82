//! What a hostile peer would have the other side keep between connections.

use std::sync::{Arc, Mutex};

use super::fragments::send_changed_hello;
use super::{AES, cross, inject};
use crate::config::TicketKeys;
use crate::record::{ContentType, PlaintextLimit, Protection, ProtectionParameters};
use crate::secrets::{KeyBlock, MasterSecret, Randoms, Transcript, VerifyData};
use crate::testing::in_memory::terms::MapStore;
use crate::testing::in_memory::wire::{extensions, handshake, records};
use crate::testing::in_memory::{Pair, deliver, only, pin, server_config, take, test_identity};
use crate::testing::sessions::{handle, rename_sessions};
use crate::{
    AlertDescription, ClientConfig, ClientConnection, KeyLog, Policy, ProtocolVersion,
    ServerConfig, ServerConnection, Side, TicketKey,
};
use ProtocolVersion::TLSv1_2;

const SESSION_TICKET: u16 = 35;
const SERVER_NAME: u16 = 0;
/// Bytes of a ticket at the most.
const MAX_TICKET: usize = 16_384;

/// The ticket has to fit into the next hello, whatever the store takes.
#[test]
fn a_ticket_too_long_to_offer_is_not_kept() {
    for (len, is_kept) in [
        (1, true),
        (MAX_TICKET, true),
        (MAX_TICKET + 1, false),
        (usize::from(u16::MAX), false),
    ] {
        let client = Client::new();
        let mut pair = client.connect();
        finish_with_ticket(&mut pair, &client.secret, &vec![0x55; len]);
        assert_eq!(client.store.0.lock().unwrap().len(), is_kept.into());
        client.next_connection_offers(if is_kept { len } else { 0 });
    }
}

/// Nor is it offered where it is in the store already.
#[test]
fn a_ticket_too_long_to_offer_is_not_offered() {
    for (len, is_offered) in [
        (MAX_TICKET, true),
        (MAX_TICKET + 1, false),
        (usize::from(u16::MAX), false),
    ] {
        let client = Client::new();
        client.connect().established();
        rename_sessions(&client.store, &client.keys, &handle(&vec![0x55; len], &[]));
        client.next_connection_offers(if is_offered { len } else { 0 });
    }
}

/// RFC 1035 §2.3.4: what is longer than a name can be does not fill the server's store.
#[test]
fn a_host_name_too_long_is_not_kept() {
    for (len, is_kept) in [(1, true), (255, true), (256, false), (16_000, false)] {
        let store: Arc<MapStore> = Arc::default();
        let (chain, key) = test_identity(1024);
        let server = ServerConfig::builder(policy())
            .certificate(chain, key)
            .without_tickets()
            .session_store(store.clone());
        let mut pair = Pair {
            server: ServerConnection::new(Arc::new(server.build().unwrap())),
            ..Pair::under(policy())
        };
        let result = send_changed_hello(&mut pair, |extensions| {
            let named = extensions.iter_mut().find(|(kind, _)| *kind == SERVER_NAME);
            // The list, its only entry's type, the name.
            let [list_len, name_len] = [len + 3, len].map(|len| (len as u16).to_be_bytes());
            let name = vec![b'a'; len];
            named.unwrap().1 = [&list_len[..], &[0], &name_len, &name].concat();
        });
        if is_kept {
            let pair = pair.established();
            assert_eq!(pair.server.server_name().map(str::len), Some(len));
        } else {
            let error = result.unwrap_err();
            assert_eq!(error.alert(), Some(AlertDescription::DECODE_ERROR));
        }
        assert_eq!(store.0.lock().unwrap().len(), is_kept.into());
    }
}

/// A client with a store that has no bounds.
struct Client {
    config: Arc<ClientConfig>,
    store: Arc<MapStore>,
    keys: Arc<TicketKeys>,
    secret: Arc<LastSecret>,
}

impl Client {
    fn new() -> Self {
        let store: Arc<MapStore> = Arc::default();
        let keys = Arc::new(TicketKeys::given([TicketKey::new([1; 32])]).unwrap());
        let secret: Arc<LastSecret> = Arc::default();
        let config = ClientConfig::builder(policy())
            .verifier(pin(1024))
            .session_store(store.clone())
            .ticket_keys(keys.clone())
            .key_log(secret.clone());
        Self {
            config: Arc::new(config.build().unwrap()),
            store,
            keys,
            secret,
        }
    }

    /// To a server that has made no ticket yet.
    fn connect(&self) -> Pair {
        let name = "localhost".try_into().unwrap();
        Pair {
            client: ClientConnection::new(self.config.clone(), name).unwrap(),
            server: ServerConnection::new(Arc::new(server_config(policy()))),
        }
    }

    /// The next connection comes about, and its hello has a ticket of `len` bytes.
    fn next_connection_offers(&self, len: usize) {
        let mut pair = self.connect();
        let hello = take(&mut pair.client);
        let message: Vec<u8> = records(&hello)
            .into_iter()
            .flat_map(|record| record.fragment)
            .collect();
        let offered = extensions(&message)
            .into_iter()
            .find(|(kind, _)| *kind == SESSION_TICKET);
        assert_eq!(offered.map(|(_, ticket)| ticket.len()), Some(len));
        deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
        let mut pair = pair.established();
        assert!(!pair.client.session_resumed());
        pair.echo(b"all is well", || usize::MAX);
    }
}

#[derive(Debug, Default)]
struct LastSecret(Mutex<Vec<u8>>);

impl KeyLog for LastSecret {
    fn log(&self, _: &str, _: &[u8; 32], secret: &[u8]) {
        *self.0.lock().unwrap() = secret.to_vec();
    }
}

/// Goes through a handshake whose server ends it with another ticket than it would.
fn finish_with_ticket(pair: &mut Pair, secret: &LastSecret, ticket: &[u8]) {
    let Pair { client, server } = pair;
    let hello = take(client);
    deliver(&hello, server, || usize::MAX).unwrap();
    let flight = take(server);
    deliver(&flight, client, || usize::MAX).unwrap();
    let answer = take(client);
    let suite = AES.row().unwrap();
    let mut transcript = Transcript::new(TLSv1_2, suite, core::iter::empty());
    let [hello, flight, answer] = [hello, flight, answer].map(|bytes| records(&bytes));
    // Of the answer the ClientKeyExchange; its Finished is encrypted.
    for record in hello.iter().chain(&flight).chain(&answer[..1]) {
        transcript.add(&record.fragment);
    }
    let secret: [u8; 48] = secret.0.lock().unwrap()[..].try_into().unwrap();
    let master_secret = MasterSecret::of_session(&secret, TLSv1_2, suite);
    let finished = |transcript: &Transcript, side| {
        let verify_data = VerifyData::compute(TLSv1_2, &master_secret, transcript, side);
        handshake(0, 20, verify_data.as_bytes()).fragment
    };
    transcript.add(&finished(&transcript, Side::Client));
    let ticket_len = (ticket.len() as u16).to_be_bytes();
    let ticket = handshake(0, 4, &[&[0; 4], &ticket_len[..], ticket].concat()).fragment;
    transcript.add(&ticket);
    let random = |fragment: &[u8]| fragment[6..38].try_into().unwrap();
    let randoms = Randoms {
        client: random(&hello[0].fragment),
        server: random(&flight[0].fragment),
    };
    let parameters = ProtectionParameters {
        version: TLSv1_2,
        suite,
        encrypt_then_mac: client.encrypt_then_mac(),
    };
    let keys = KeyBlock::expand(&master_secret, &randoms, parameters);
    inject(server, ContentType::Handshake, &ticket);
    inject(server, ContentType::ChangeCipherSpec, &[1]);
    let protection = Protection::new(parameters, &keys.server).unwrap();
    let outgoing = &mut server.pump.outgoing;
    outgoing
        .protect(protection, u64::MAX, PlaintextLimit::MAX)
        .unwrap();
    let finished = finished(&transcript, Side::Server);
    inject(server, ContentType::Handshake, &finished);
    cross(server, client).unwrap();
    assert!(!client.is_handshaking());
}

fn policy() -> Policy {
    only(TLSv1_2, AES)
}
