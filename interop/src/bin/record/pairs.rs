//! Two peers in conversation, and what crosses between them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::{self, Listener};
use interop::matrix::{Combination, Ssl2Cipher};
use interop::peer::{Version, jsse, node, openssl};
use interop::recording::{Recording, Tape, ssl2};
use retrossl::Side;

use super::Extra::{self, ClientCertificate, EmptyFragments, EncryptThenMac, ExtendedMasterSecret};
use super::Suite;

/// OpenSSL 3 with itself, in memory.
pub fn openssl_pair(
    identity: &Identity,
    version: Version,
    (name, openssl_name): Suite,
    extras: &[Extra],
) -> Result<Recording, Error> {
    let common = openssl::Settings {
        // Without RSA-PSS, which is younger than TLS 1.2.
        signature_algorithms: Some("RSA+SHA256:RSA+SHA1".to_owned()),
        encrypt_then_mac: extras.contains(&EncryptThenMac),
        extended_master_secret: extras.contains(&ExtendedMasterSecret),
        empty_fragments: extras.contains(&EmptyFragments),
        ..openssl::Settings::new(version, openssl_name)
    };
    let server = openssl::Endpoint::server(&openssl::Settings {
        identity: Some(identity.clone()),
        client_certificate: if extras.contains(&ClientCertificate) {
            openssl::ClientCertificate::Required
        } else {
            openssl::ClientCertificate::NotRequested
        },
        ..common.clone()
    })?;
    let client = openssl::Endpoint::client(&openssl::Settings {
        identity: Some(identity.renamed("client", Hash::Sha256)?),
        server_name: Some("localhost".to_owned()),
        ..common
    })?;

    let (mut client, mut server) = (client.connection()?, server.connection()?);
    let mut tape = Tape::default();
    loop {
        let client_done = client.handshake()?;
        carry(&mut client, &mut server, Side::Client, &mut tape);
        let server_done = server.handshake()?;
        carry(&mut server, &mut client, Side::Server, &mut tape);
        if client_done && server_done {
            break;
        }
    }
    client.write(PING.as_bytes())?;
    carry(&mut client, &mut server, Side::Client, &mut tape);
    assert_eq!(server.read()?, PING.as_bytes());
    server.write(PONG.as_bytes())?;
    carry(&mut server, &mut client, Side::Server, &mut tape);
    assert_eq!(client.read()?, PONG.as_bytes());
    client.shutdown()?;
    carry(&mut client, &mut server, Side::Client, &mut tape);
    assert_eq!(server.read()?, b"");
    server.shutdown()?;
    carry(&mut server, &mut client, Side::Server, &mut tape);
    assert_eq!(client.read()?, b"");
    assert!(client.close_notify_received() && server.close_notify_received());
    assert_eq!(client.master_secret(), server.master_secret());

    let mut source = vec![
        format!("{version}, {name}"),
        format!(
            "Client and server: {}, in memory, by interop/src/bin/record.rs.",
            ::openssl::version::version()
        ),
    ];
    if extras.contains(&ClientCertificate) {
        source.push(SAME_KEY.to_owned());
    }
    if extras.contains(&EmptyFragments) {
        source.push("An empty record of application data comes before each with data.".to_owned());
    }
    Ok(Recording {
        source,
        suite_name: name.to_owned(),
        key: identity.key.clone(),
        master_secret: client.master_secret(),
        client_plaintext: PING.into(),
        server_plaintext: PONG.into(),
        tape,
    })
}

fn carry(
    from: &mut openssl::Connection,
    to: &mut openssl::Connection,
    side: Side,
    tape: &mut Tape,
) {
    let bytes = from.take();
    tape.push(side, &bytes);
    to.feed(&bytes);
}

/// OpenSSL 1.0.1e in Node.js 0.10.0 with itself, and this process in the middle.
pub fn node_pair(
    identity: &Identity,
    version: Version,
    (name, openssl_name): Suite,
) -> Result<Recording, Error> {
    let mut server = node::Server::start(&node::Settings {
        identity: Some(identity.clone()),
        reply: Some(PONG.to_owned()),
        ..node::Settings::new(version, openssl_name)
    })?;
    let tape = Mutex::new(Tape::default());
    let settings = node::Settings {
        server_name: Some("localhost".to_owned()),
        ..node::Settings::new(version, openssl_name)
    };
    let client = node_client(server.port(), &settings, |side, piece| {
        lock(&tape).push(side, piece);
    })?;
    let server = server.conversation()?;
    assert_eq!(server.received, PING.as_bytes());
    assert!(client.close_notify && server.close_notify);
    assert_eq!(client.master_secret, server.master_secret);

    Ok(Recording {
        source: vec![format!("{version}, {name}"), NODE_PAIR.to_owned()],
        suite_name: name.to_owned(),
        key: identity.key.clone(),
        master_secret: client.master_secret,
        client_plaintext: PING.into(),
        server_plaintext: PONG.into(),
        tape: into_inner(tape),
    })
}

/// JSSE of OpenJDK 17 as a server, which makes an ephemeral key.
pub fn jsse_server_and_node_client(
    identity: &Identity,
    case: Combination,
    jsse_name: &str,
) -> Result<Recording, Error> {
    let version = case.version;
    let mut server = jsse::Server::start(&jsse::Settings {
        identity: Some(identity.clone()),
        reply: Some(PONG.to_owned()),
        ..jsse::Settings::new(version, jsse_name)
    })?;
    let tape = Mutex::new(Tape::default());
    let settings = node::Settings {
        server_name: Some("localhost".to_owned()),
        ..node::Settings::new(version, case.name)
    };
    let client = node_client(server.port(), &settings, |side, piece| {
        lock(&tape).push(side, piece);
    })?;
    let server = server.conversation()?;
    assert_eq!(server.received, PING.as_bytes());
    assert!(client.close_notify && server.close_notify);
    assert_eq!(client.master_secret, server.master_secret);

    let name = case.specified;
    Ok(Recording {
        source: vec![
            format!("{version}, {name}"),
            "Client: OpenSSL 1.0.1e in Node.js 0.10.0; server: JSSE of OpenJDK 17; by \
             interop/src/bin/record.rs."
                .to_owned(),
            "The ephemeral key's private half never left JSSE, so the pre-master secret is not \
             known; the master secret is what both sides reported."
                .to_owned(),
        ],
        suite_name: name.to_owned(),
        key: identity.key.clone(),
        master_secret: client.master_secret,
        client_plaintext: PING.into(),
        server_plaintext: PONG.into(),
        tape: into_inner(tape),
    })
}

/// OpenSSL 1.0.1e with itself at SSL 2.0.
pub fn ssl2_node_pair(
    identity: &Identity,
    cipher: Ssl2Cipher,
    client: Option<Identity>,
) -> Result<ssl2::Recording, Error> {
    let shown = client.as_ref();
    let mut server = node::Server::start(&node::Settings {
        identity: Some(identity.clone()),
        reply: Some(PONG.to_owned()),
        trusted: shown
            .map(|client| client.certificate.clone())
            .into_iter()
            .collect(),
        request_certificate: shown.is_some(),
        ..node::Settings::ssl2(cipher.name)
    })?;
    let tape = Mutex::new(Tape::default());
    let mut source = vec![
        format!("SSL 2.0, {}", cipher.specified),
        NODE_PAIR.to_owned(),
    ];
    if shown.is_some() {
        source.push(SAME_KEY.to_owned());
    }
    let settings = node::Settings {
        identity: client,
        ..node::Settings::ssl2(cipher.name)
    };
    let client = node_client(server.port(), &settings, |side, piece| {
        lock(&tape).push(side, piece);
    })?;
    let server = server.conversation()?;
    assert_eq!(server.received, PING.as_bytes());
    assert_eq!(client.master_secret, server.master_secret);
    assert_eq!(
        (client.version, client.cipher.as_str()),
        (0x0002, cipher.name)
    );

    Ok(ssl2::Recording {
        source,
        cipher,
        key: identity.key.clone(),
        master_key: client.master_secret,
        client_plaintext: PING.into(),
        server_plaintext: PONG.into(),
        tape: into_inner(tape),
    })
}

/// A client in Node.js that talks with a server, with this process in the middle; `write_down` is
/// given all that crosses.
fn node_client(
    port: u16,
    settings: &node::Settings,
    write_down: impl Fn(Side, &[u8]) + Sync,
) -> Result<node::Conversation, Error> {
    let listener = Listener::bind()?;
    let mut client = node::Client::connect(listener.port(), PING, settings)?;
    let to_client = client.accept(&listener)?;
    let to_server = loopback::connect(port)?;
    thread::scope(|scope| {
        let up = scope.spawn(|| forward(&to_client, &to_server, Side::Client, &write_down));
        let down = scope.spawn(|| forward(&to_server, &to_client, Side::Server, &write_down));
        up.join().expect("no panic")?;
        down.join().expect("no panic")
    })?;
    let client = client.conversation()?;
    assert_eq!(client.received, PONG.as_bytes());
    Ok(client)
}

/// Until the sender closes. Written down first, so that an answer cannot overtake what it answers.
fn forward(
    mut from: &TcpStream,
    mut to: &TcpStream,
    side: Side,
    write_down: &impl Fn(Side, &[u8]),
) -> Result<(), Error> {
    let mut piece = [0; 4096];
    loop {
        let n = from.read(&mut piece)?;
        if n == 0 {
            // The other side may be gone already.
            let _ = to.shutdown(Shutdown::Write);
            return Ok(());
        }
        write_down(side, &piece[..n]);
        to.write_all(&piece[..n])?;
    }
}

fn lock<T>(tape: &Mutex<T>) -> MutexGuard<'_, T> {
    tape.lock().unwrap_or_else(PoisonError::into_inner)
}

fn into_inner<T>(tape: Mutex<T>) -> T {
    tape.into_inner().unwrap_or_else(PoisonError::into_inner)
}

const PING: &str = "ping from the client\n";
const PONG: &str = "pong from the server\n";

const NODE_PAIR: &str =
    "Client and server: OpenSSL 1.0.1e in Node.js 0.10.0, by interop/src/bin/record.rs.";

const SAME_KEY: &str = "The client's certificate has the same key as the server's.";
