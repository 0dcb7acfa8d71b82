//! Our side of a case, over a loopback connection that is tapped.
//!
//! What our side sends depends on what it has received so far, on its config, and on nothing else:
//! not on how the bytes were cut, nor on the time. Our client sends [`TEXT`], waits until all of
//! it has come back, and closes; our server waits for all of [`TEXT`], sends it back, and closes
//! when the client has. Where there is a second handshake:
//!
//! - our client begins it, or lets the server begin it, after the first text, and sends a second
//!   one after it;
//! - our server begins it before it sends the text back; where the client begins it, that comes
//!   after the first text, and a second one follows.
//!
//! With the same [`Surroundings`] it sends the same bytes to a peer that sends the same.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::DerefMut;
use std::sync::Arc;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use retrossl::pki_types::CertificateDer;
use retrossl::{
    ClientConfig, ClientConnection, Clock, Connection, ObserverFactory, ProtocolVersion,
    Resumption, SecureRandom, ServerConfig, ServerConnection, StreamOwned, SystemClock,
    SystemRandom, TicketKeys, UnbiddenRenegotiation,
};

use super::{Case, Client, Kind, Prompt, Report, Server, Spoken};
use crate::Error;
use crate::loopback::{self, Crossed, Listener, PATIENCE, Tapped};
use crate::ours::{self, Secrets};
use crate::people::People;

/// What goes over a connection, there and back.
pub const TEXT: &[u8] = b"A line of text that goes there and back.\n";

/// What our configs are given apart from the case; by default what everybody gets.
#[derive(Clone, Debug)]
pub struct Surroundings {
    pub random: Arc<dyn SecureRandom>,
    pub clock: Arc<dyn Clock>,
    pub observers: Option<Arc<dyn ObserverFactory>>,
    pub ticket_keys: Option<Arc<TicketKeys>>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            random: Arc::new(SystemRandom),
            clock: Arc::new(SystemClock),
            observers: None,
            ticket_keys: None,
        }
    }
}

/// How a case went.
pub struct Played {
    /// What crossed each connection, as far as they went.
    pub crossed: Vec<Vec<Crossed>>,
    /// What we know of each connection.
    pub ours: Result<Vec<Known>, Error>,
    /// What the peer knows.
    pub theirs: Result<Vec<Report>, Error>,
}

/// What we know of a connection after its end.
#[derive(Clone, Debug)]
pub struct Known {
    pub version: Option<ProtocolVersion>,
    /// The suite's two bytes, or the kind's three.
    pub code: Vec<u8>,
    pub resumption: Option<Resumption>,
    pub handshakes: u64,
    pub certificates: Vec<CertificateDer<'static>>,
    pub master_secret: Vec<u8>,
    pub secure_renegotiation: bool,
    pub end: End,
}

/// What the peer ended the connection with. (SSL 2.0 has the end of the transport only, and does
/// not miss more.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    AsItShould,
    WithoutCloseNotify,
}

/// Our client plays the case with their server.
pub fn with_their_server(
    case: &Case,
    people: &People,
    surroundings: &Surroundings,
    server: &mut dyn Server,
    prompt: Option<Prompt>,
) -> Result<Played, Error> {
    let secrets = Arc::new(Secrets::default());
    let config = client_config(case, people, surroundings, secrets.clone())?;
    let mut crossed = Vec::new();
    let (ours, theirs) = meet_server(case, server, |transport| {
        let connection = ClientConnection::new(config.clone(), "localhost".try_into()?)?;
        converse(connection, transport, &secrets, &mut crossed, |stream| {
            client(stream, case, prompt)
        })
    });
    Ok(Played {
        crossed,
        ours,
        theirs,
    })
}

/// Our server plays the case with their client, which comes to `listener`; what it says nothing in
/// is the first of several connections.
pub fn with_their_client(
    case: &Case,
    people: &People,
    surroundings: &Surroundings,
    client: &mut dyn Client,
    listener: &Listener,
    silent_first: bool,
) -> Result<Played, Error> {
    let secrets = Arc::new(Secrets::default());
    let config = server_config(case, people, surroundings, secrets.clone())?;
    let mut crossed = Vec::new();
    let (ours, theirs) = meet_client(case, client, listener, |transport| {
        let connection = ServerConnection::new(config.clone());
        let silent = silent_first && crossed.is_empty() && case.kind.connections().len() > 1;
        converse(
            connection,
            transport,
            &secrets,
            &mut crossed,
            |stream| match silent {
                true => silent_server(stream),
                false => self::server(stream, case),
            },
        )
    });
    Ok(Played {
        crossed,
        ours,
        theirs,
    })
}

/// What our side and theirs made of a case.
pub type Met<T> = (Result<Vec<T>, Error>, Result<Vec<Report>, Error>);

/// `ours` is given each of the case's connections to their server.
pub(super) fn meet_server<T>(
    case: &Case,
    server: &mut dyn Server,
    mut ours: impl FnMut(TcpStream) -> Result<T, Error>,
) -> Met<T> {
    let port = server.port();
    thread::scope(|scope| {
        let theirs = scope.spawn(|| server.serve(case));
        let connections = case.kind.connections().iter();
        let ours = connections
            .map(|_| ours(loopback::connect(port)?))
            .collect();
        (ours, reports(theirs))
    })
}

/// `ours` is given each of the case's connections that their client makes.
pub(super) fn meet_client<T>(
    case: &Case,
    client: &mut dyn Client,
    listener: &Listener,
    mut ours: impl FnMut(TcpStream) -> Result<T, Error>,
) -> Met<T> {
    thread::scope(|scope| {
        let theirs = scope.spawn(|| client.connect(case));
        let connections = case.kind.connections().iter();
        let ours = connections
            .map(|_| ours(accept(listener, &theirs)?))
            .collect();
        (ours, reports(theirs))
    })
}

/// Of a client that verifies the server, and has a certificate to show.
pub fn client_config(
    case: &Case,
    people: &People,
    surroundings: &Surroundings,
    secrets: Arc<Secrets>,
) -> Result<Arc<ClientConfig>, Error> {
    let policy = case.spoken.policy();
    let mut builder = match case.spoken {
        Spoken::Ssl2(_) => people.our_ssl2_client(policy)?,
        Spoken::Later(_) => people.our_client(policy)?,
    };
    builder = builder
        .key_log(secrets)
        .random(surroundings.random.clone())
        .clock(surroundings.clock.clone());
    if case.kind != Kind::ResumedByTicket {
        builder = builder.without_tickets();
    }
    if let Some(observers) = &surroundings.observers {
        builder = builder.observers(observers.clone());
    }
    Ok(Arc::new(builder.build()?))
}

/// Of a server that requires a certificate where the case is about that.
pub fn server_config(
    case: &Case,
    people: &People,
    surroundings: &Surroundings,
    secrets: Arc<Secrets>,
) -> Result<Arc<ServerConfig>, Error> {
    let policy = match case.kind {
        Kind::RenegotiatedByThem => case
            .spoken
            .policy()
            .unbidden_renegotiation(UnbiddenRenegotiation::Accepted),
        _ => case.spoken.policy(),
    };
    let asks = case.kind == Kind::ClientCertificate;
    let mut builder = match (case.spoken, asks) {
        (Spoken::Ssl2(_), false) => people.our_open_ssl2_server(policy)?,
        (Spoken::Ssl2(_), true) => people.our_ssl2_server(policy)?,
        (Spoken::Later(_), false) => people.our_open_server(policy)?,
        (Spoken::Later(_), true) => people.our_server(policy)?,
    };
    builder = builder
        .key_log(secrets)
        .random(surroundings.random.clone())
        .clock(surroundings.clock.clone());
    if case.kind != Kind::ResumedByTicket {
        builder = builder.without_tickets();
    }
    if let Some(observers) = &surroundings.observers {
        builder = builder.observers(observers.clone());
    }
    if let Some(keys) = &surroundings.ticket_keys {
        builder = builder.ticket_keys(keys.clone());
    }
    Ok(Arc::new(builder.build()?))
}

type Stream<C> = StreamOwned<C, Tapped>;

/// What crosses is kept, however the conversation ends.
fn converse<C: DerefMut<Target = Connection>>(
    connection: C,
    transport: TcpStream,
    secrets: &Secrets,
    crossed: &mut Vec<Vec<Crossed>>,
    behave: impl FnOnce(&mut Stream<C>) -> Result<End, Error>,
) -> Result<Known, Error> {
    let mut stream = StreamOwned::new(connection, Tapped::new(transport));
    let end = behave(&mut stream);
    let (connection, transport) = stream.into_parts();
    crossed.push(transport.into_crossed());
    let suite = connection.negotiated_cipher_suite();
    let kind = connection.negotiated_cipher_kind();
    let suite = suite.map(|suite| suite.0.to_be_bytes().to_vec());
    Ok(Known {
        version: connection.protocol_version(),
        code: suite
            .or(kind.map(|kind| kind.0.to_vec()))
            .unwrap_or_default(),
        resumption: connection.resumption(),
        handshakes: connection.handshakes(),
        certificates: connection.peer_certificates().unwrap_or_default().to_vec(),
        master_secret: secrets.last(),
        secure_renegotiation: connection.secure_renegotiation(),
        end: end?,
    })
}

fn client(
    stream: &mut Stream<ClientConnection>,
    case: &Case,
    prompt: Option<Prompt>,
) -> Result<End, Error> {
    stream.complete_handshake()?;
    send_and_receive(stream, TEXT, TEXT)?;
    if case.kind == Kind::RenegotiatedByUs {
        stream.connection.renegotiate()?;
    }
    if case.kind == Kind::RenegotiatedByThem
        && let Some(Prompt { text, answer }) = prompt
    {
        send_and_receive(stream, text, answer)?;
    }
    if case.kind.handshakes() > 1 {
        ours::complete_handshakes(stream, case.kind.handshakes())?;
        send_and_receive(stream, TEXT, TEXT)?;
    }
    stream.close()?;
    if case.spoken.is_ssl2() {
        stream.transport.end()?;
    }
    end(stream)
}

fn send_and_receive(
    stream: &mut Stream<ClientConnection>,
    text: &[u8],
    answer: &[u8],
) -> Result<(), Error> {
    stream.write_all(text)?;
    receive(stream, answer)
}

fn server(stream: &mut Stream<ServerConnection>, case: &Case) -> Result<End, Error> {
    receive(stream, TEXT)?;
    if case.kind == Kind::RenegotiatedByUs {
        stream.connection.renegotiate()?;
        ours::complete_handshakes(stream, 2)?;
    }
    stream.write_all(TEXT)?;
    if case.kind == Kind::RenegotiatedByThem {
        ours::complete_handshakes(stream, 2)?;
        receive(stream, TEXT)?;
        stream.write_all(TEXT)?;
    }
    let end = end(stream)?;
    stream.close()?;
    Ok(end)
}

fn silent_server(stream: &mut Stream<ServerConnection>) -> Result<End, Error> {
    stream.complete_handshake()?;
    let end = end(stream)?;
    stream.close()?;
    Ok(end)
}

fn receive(stream: &mut impl Read, expected: &[u8]) -> Result<(), Error> {
    let mut text = vec![0; expected.len()];
    stream.read_exact(&mut text)?;
    if text != expected {
        let text = String::from_utf8_lossy(&text);
        return Err(format!("received {text:?}").into());
    }
    Ok(())
}

/// Waits for the peer's.
fn end(stream: &mut impl Read) -> Result<End, Error> {
    match stream.read(&mut [0]) {
        Ok(0) => Ok(End::AsItShould),
        Ok(_) => Err("data after the end".into()),
        Err(error) => match retrossl::Error::of_io(&error) {
            Some(retrossl::Error::Truncated) => Ok(End::WithoutCloseNotify),
            _ => Err(error.into()),
        },
    }
}

type Theirs<'scope> = ScopedJoinHandle<'scope, Result<Vec<Report>, Error>>;

/// Their client may end before it comes.
fn accept(listener: &Listener, theirs: &Theirs<'_>) -> Result<TcpStream, Error> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let ended = theirs.is_finished();
        if let Some(stream) = listener.try_accept()? {
            return Ok(stream);
        }
        if ended || Instant::now() > deadline {
            return Err("nobody connected".into());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn reports(theirs: Theirs<'_>) -> Result<Vec<Report>, Error> {
    let joined = theirs.join();
    joined.unwrap_or_else(|_| Err("their side panicked".into()))
}
