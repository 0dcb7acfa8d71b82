//! A connection at SSL 2.0 in each of its states, and a peer that has the keys.

use std::ops::DerefMut;
use std::sync::Arc;

use retrossl::{
    CipherKind, ClientConnection, Connection, Error, InvalidMessage, Malformed, RandomFailed,
    SecureRandom, ServerConfig, ServerConnection, Side, dangerous,
};

use super::super::{take, test_identity};
use super::by_hand::{HandClient, HandServer, encrypt, master_key, secret, sign, well_padded};
use super::messages::{
    CLIENT_CERTIFICATE, CLIENT_FINISHED, CLIENT_HELLO, CLIENT_MASTER_KEY, ClientHello, ERROR,
    REQUEST_CERTIFICATE, SERVER_FINISHED, SERVER_HELLO, SERVER_VERIFY, ServerHello,
    client_certificate, error, message,
};
use super::records::Layer;
use super::{certificate, client, connect, server, ssl2};

/// The states of either side: what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaits {
    ClientHello,
    MasterKey,
    ClientFinished,
    Certificate,
    ServerHello,
    Verify,
    ServerFinished,
    /// It has answered a REQUEST-CERTIFICATE.
    ServerFinishedAlone,
}

impl Awaits {
    pub const ALL: [Self; 8] = [
        Self::ClientHello,
        Self::MasterKey,
        Self::ClientFinished,
        Self::Certificate,
        Self::ServerHello,
        Self::Verify,
        Self::ServerFinished,
        Self::ServerFinishedAlone,
    ];

    pub fn expects(self) -> &'static [u8] {
        match self {
            Self::ClientHello => &[CLIENT_HELLO],
            Self::MasterKey => &[CLIENT_MASTER_KEY],
            Self::ClientFinished => &[CLIENT_FINISHED],
            Self::Certificate => &[CLIENT_CERTIFICATE],
            Self::ServerHello => &[SERVER_HELLO],
            Self::Verify => &[SERVER_VERIFY],
            Self::ServerFinished => &[SERVER_FINISHED, REQUEST_CERTIFICATE],
            Self::ServerFinishedAlone => &[SERVER_FINISHED],
        }
    }

    pub fn is_clients(self) -> bool {
        self as usize >= Self::ServerHello as usize
    }

    /// Nothing has come yet.
    pub fn is_first(self) -> bool {
        [Self::ClientHello, Self::ServerHello].contains(&self)
    }
}

pub fn each_state(check: impl Fn(Awaits)) {
    Awaits::ALL.into_iter().for_each(check);
}

/// A connection in a state, and its peer, which has the keys.
pub struct Peer {
    pub connection: Box<dyn DerefMut<Target = Connection>>,
    pub layer: Layer,
    echo: Vec<u8>,
    response_input: Vec<u8>,
}

impl Peer {
    pub fn at(state: Awaits) -> Self {
        let kind = RC4;
        let of_client = |mut client: HandClient| {
            take(&mut client.server);
            Self {
                echo: client.answer.connection_id,
                connection: Box::new(client.server),
                layer: client.layer,
                response_input: Vec::new(),
            }
        };
        let of_server = |mut server: HandServer| {
            take(&mut server.client);
            Self {
                echo: server.hello.challenge,
                connection: Box::new(server.client),
                layer: server.layer,
                response_input: Vec::new(),
            }
        };
        match state {
            Awaits::ClientHello => Self {
                connection: Box::new(ServerConnection::new(asking())),
                layer: Layer::new(Side::Client),
                echo: Vec::new(),
                response_input: Vec::new(),
            },
            Awaits::MasterKey => of_client(HandClient::greet(&asking(), &[kind])),
            Awaits::ClientFinished => of_client(HandClient::keyed(&asking(), kind)),
            Awaits::Certificate => {
                let mut client = HandClient::finished(&asking(), kind);
                let request = client.heard().remove(0);
                assert_eq!(request[..2], [REQUEST_CERTIFICATE, 1]);
                let keys = client.keys.clone().unwrap().bytes;
                let input = [&keys[..], &request[2..], &certificate(1024)].concat();
                Self {
                    response_input: input,
                    ..of_client(client)
                }
            }
            Awaits::ServerHello => of_server(HandServer::asked(new_client(), &[kind])),
            Awaits::Verify => of_server(HandServer::keyed(new_client(), kind)),
            Awaits::ServerFinished => of_server(HandServer::verified(new_client(), kind)),
            Awaits::ServerFinishedAlone => {
                let mut server = HandServer::verified(new_client(), kind);
                server.say(&well_formed(REQUEST_CERTIFICATE)).unwrap();
                of_server(server)
            }
        }
    }

    /// A message of that type as it must be now.
    pub fn expected(&self, kind: u8) -> Vec<u8> {
        match kind {
            CLIENT_FINISHED | SERVER_VERIFY => message(kind, &self.echo),
            CLIENT_CERTIFICATE => {
                let (chain, key) = test_identity(512);
                let response = sign(&key, &self.response_input);
                client_certificate(1, &chain[0], &response)
            }
            _ => well_formed(kind),
        }
    }
}

/// A message that nothing is wrong with but its time.
pub fn well_formed(kind: u8) -> Vec<u8> {
    match kind {
        ERROR => error(2),
        CLIENT_HELLO => ClientHello::offering(&[RC4]).message(),
        CLIENT_MASTER_KEY => {
            let encrypted = encrypt(1024, &well_padded(128, &secret(RC4)));
            master_key(RC4, encrypted).message()
        }
        SERVER_HELLO => ServerHello::listing(&[RC4], &certificate(1024)).message(),
        REQUEST_CERTIFICATE => [&[kind, 1][..], &[5; 16]].concat(),
        CLIENT_CERTIFICATE => client_certificate(1, &certificate(2048), &[1; 256]),
        _ => message(kind, &[1; 16]),
    }
}

pub fn malformed(error: &Error) -> Malformed {
    match error {
        Error::InvalidMessage(InvalidMessage { problem, .. }) => *problem,
        other => panic!("{other}"),
    }
}

/// It has no certificate.
pub fn new_client() -> ClientConnection {
    connect(client(ssl2()).random(Same).build().unwrap())
}

pub fn plain() -> Arc<ServerConfig> {
    Arc::new(server(ssl2()).random(Same).build().unwrap())
}

/// It asks for a certificate.
pub fn asking() -> Arc<ServerConfig> {
    let server = server(ssl2()).random(Same);
    let server = server.client_verifier(dangerous::AcceptAnyCertificate);
    Arc::new(server.build().unwrap())
}

/// The same bytes always, so that what is sent twice is the same.
#[derive(Debug)]
pub struct Same;

impl SecureRandom for Same {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed> {
        buffer.fill(0x2a);
        Ok(())
    }
}

const RC4: CipherKind = CipherKind::SSL_CK_RC4_128_WITH_MD5;
