//! Writes `tests/data/recordings` and `tests/data/recordings-ssl2`: conversations of OpenSSL with
//! itself, and with JSSE, as vectors; and `tests/data/replays`: ours with all peers. What is there
//! stays: delete a file to have it made anew.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use clap::Parser;
use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::{self, Listener};
use interop::matrix::{self, Combination, Ssl2Cipher};
use interop::peer::{Version, jsse, node, openssl};
use interop::recording::{ENCRYPT_THEN_MAC, EXTENDED_MASTER_SECRET, Recording, Tape, ssl2};
use interop::replays;
use retrossl::Side;

const PING: &str = "ping from the client\n";
const PONG: &str = "pong from the server\n";

/// Name, and OpenSSL's name.
type Suite = (&'static str, &'static str);

const DES: Suite = ("TLS_RSA_WITH_DES_CBC_SHA", "DES-CBC-SHA");
const TRIPLE_DES: Suite = ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA");
const AES_128_SHA: Suite = ("TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA");
const AES_128_SHA256: Suite = ("TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256");
const AES_256_SHA256: Suite = ("TLS_RSA_WITH_AES_256_CBC_SHA256", "AES256-SHA256");
const AES_128_GCM: Suite = ("TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256");
const AES_256_GCM: Suite = ("TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384");

const ANY_VERSION: [Suite; 7] = [
    ("TLS_RSA_WITH_NULL_MD5", "NULL-MD5"),
    ("TLS_RSA_WITH_NULL_SHA", "NULL-SHA"),
    ("TLS_RSA_WITH_RC4_128_MD5", "RC4-MD5"),
    ("TLS_RSA_WITH_RC4_128_SHA", "RC4-SHA"),
    TRIPLE_DES,
    AES_128_SHA,
    ("TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"),
];

const TLS1_2_ONLY: [Suite; 5] = [
    ("TLS_RSA_WITH_NULL_SHA256", "NULL-SHA256"),
    AES_128_SHA256,
    AES_256_SHA256,
    AES_128_GCM,
    AES_256_GCM,
];

/// What a conversation has beyond the plain one.
#[derive(Clone, Copy, PartialEq)]
enum Extra {
    EncryptThenMac,
    ExtendedMasterSecret,
    ClientCertificate,
    EmptyFragments,
    EphemeralKey,
}
use Extra::{
    ClientCertificate, EmptyFragments, EncryptThenMac, EphemeralKey, ExtendedMasterSecret,
};

const EXTRAS: &[(Version, Suite, &[Extra])] = &[
    (Version::Ssl3, AES_128_SHA, &[EmptyFragments]),
    (Version::Ssl3, AES_128_SHA, &[ClientCertificate]),
    (Version::Tls1_0, AES_128_SHA, &[EmptyFragments]),
    (Version::Tls1_0, AES_128_SHA, &[ClientCertificate]),
    (
        Version::Tls1_0,
        AES_128_SHA,
        &[ExtendedMasterSecret, ClientCertificate],
    ),
    (Version::Tls1_0, AES_128_SHA, &[EncryptThenMac]),
    (Version::Tls1_0, AES_128_SHA, &[ExtendedMasterSecret]),
    (
        Version::Tls1_0,
        AES_128_SHA,
        &[EncryptThenMac, ExtendedMasterSecret],
    ),
    (Version::Tls1_0, TRIPLE_DES, &[EncryptThenMac]),
    (Version::Tls1_1, AES_128_SHA, &[EncryptThenMac]),
    (Version::Tls1_1, AES_128_SHA, &[ExtendedMasterSecret]),
    (
        Version::Tls1_1,
        AES_128_SHA,
        &[EncryptThenMac, ExtendedMasterSecret],
    ),
    (Version::Tls1_1, TRIPLE_DES, &[EncryptThenMac]),
    (Version::Tls1_2, AES_128_SHA, &[ClientCertificate]),
    (
        Version::Tls1_2,
        AES_128_SHA,
        &[ExtendedMasterSecret, ClientCertificate],
    ),
    (Version::Tls1_2, AES_128_SHA, &[EncryptThenMac]),
    (Version::Tls1_2, AES_128_SHA, &[ExtendedMasterSecret]),
    (
        Version::Tls1_2,
        AES_128_SHA,
        &[EncryptThenMac, ExtendedMasterSecret],
    ),
    (Version::Tls1_2, TRIPLE_DES, &[EncryptThenMac]),
    (Version::Tls1_2, AES_128_SHA256, &[EncryptThenMac]),
    (Version::Tls1_2, AES_256_SHA256, &[EncryptThenMac]),
    (Version::Tls1_2, AES_128_GCM, &[ExtendedMasterSecret]),
    (Version::Tls1_2, AES_256_GCM, &[ExtendedMasterSecret]),
];

/// Writes conversations into tests/data: peers among themselves, and ours with them.
///
/// What is there stays: to have a file made anew, delete it. Peers that are missing are installed
/// where that can be done.
#[derive(Parser)]
struct Options {}

fn main() -> ExitCode {
    let Options {} = Options::parse();
    interop::conclude("record", record().map(|()| ExitCode::SUCCESS))
}

fn record() -> Result<(), Error> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data");
    let directory = data.join("recordings");
    fs::create_dir_all(&directory)?;
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;

    for version in Version::ALL {
        let last = if version == Version::Tls1_2 {
            &TLS1_2_ONLY[..]
        } else {
            &[]
        };
        for &suite in ANY_VERSION.iter().chain(last) {
            write(&directory, version, suite, &[], || {
                openssl_pair(&identity, version, suite, &[])
            })?;
        }
    }
    for &(version, suite, extras) in EXTRAS {
        write(&directory, version, suite, extras, || {
            openssl_pair(&identity, version, suite, extras)
        })?;
    }
    // OpenSSL 3 has single DES no longer.
    for version in [Version::Ssl3, Version::Tls1_0, Version::Tls1_1] {
        write(&directory, version, DES, &[], || {
            node_pair(&identity, version, DES)
        })?;
    }
    all_of_export(&directory, &identity)?;
    all_of_ssl2(&data.join("recordings-ssl2"), &identity)?;
    replays::write_missing(&data.join("replays"))
}

/// With a short key of the server's; with an ephemeral one, which of all these stacks JSSE alone
/// makes, but not for RC2.
fn all_of_export(directory: &Path, identity: &Identity) -> Result<(), Error> {
    let short = Identity::self_signed("localhost", 512, Hash::Sha1)?;
    for case in matrix::export() {
        let suite = (case.specified, case.name);
        write(directory, case.version, suite, &[], || {
            node_pair(&short, case.version, suite)
        })?;
        if let Some(name) = case.jsse {
            write(directory, case.version, suite, &[EphemeralKey], || {
                jsse_server_and_node_client(identity, case, name)
            })?;
        }
    }
    Ok(())
}

fn all_of_ssl2(directory: &Path, identity: &Identity) -> Result<(), Error> {
    fs::create_dir_all(directory)?;
    for cipher in matrix::SSL2 {
        let path = directory.join(format!("{}.txt", cipher.specified));
        write_unless_there(&path, || ssl2_node_pair(identity, cipher, None)?.to_text())?;
    }
    let [rc4, ..] = matrix::SSL2;
    let path = directory.join(format!("{}-clientauth.txt", rc4.specified));
    write_unless_there(&path, || {
        let client = identity.renamed("client", Hash::Md5)?;
        ssl2_node_pair(identity, rc4, Some(client))?.to_text()
    })
}

fn write_unless_there(
    path: &Path,
    text: impl FnOnce() -> Result<String, Error>,
) -> Result<(), Error> {
    if !path.exists() {
        fs::write(path, text()?)?;
    }
    Ok(())
}

fn write(
    directory: &Path,
    version: Version,
    (name, _): Suite,
    extras: &[Extra],
    record: impl FnOnce() -> Result<Recording, Error>,
) -> Result<(), Error> {
    let mut file = match version {
        Version::Ssl3 => "ssl3",
        Version::Tls1_0 => "tls1.0",
        Version::Tls1_1 => "tls1.1",
        Version::Tls1_2 => "tls1.2",
    }
    .to_owned();
    file += "-";
    file += name;
    for extra in extras {
        file += match extra {
            EncryptThenMac => "-etm",
            ExtendedMasterSecret => "-ems",
            ClientCertificate => "-clientauth",
            EmptyFragments => "-empty-fragments",
            EphemeralKey => "-ephemeral",
        };
    }
    write_unless_there(&directory.join(file + ".txt"), || {
        let recording = record()?;
        check(&recording, version, extras)?;
        recording.to_text()
    })
}

/// That it is what it is to be.
fn check(recording: &Recording, version: Version, extras: &[Extra]) -> Result<(), Error> {
    let hello = recording.tape.server_hello()?;
    assert_eq!(hello.version, version.wire());
    for (extra, extension) in [
        (EncryptThenMac, ENCRYPT_THEN_MAC),
        (ExtendedMasterSecret, EXTENDED_MASTER_SECRET),
    ] {
        assert_eq!(
            hello.extensions.contains(&extension),
            extras.contains(&extra)
        );
    }
    let ephemeral = recording.tape.has_ephemeral_key();
    assert_eq!(ephemeral, extras.contains(&EphemeralKey));
    Ok(())
}

/// OpenSSL 3 with itself, in memory.
fn openssl_pair(
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
fn node_pair(
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

const NODE_PAIR: &str =
    "Client and server: OpenSSL 1.0.1e in Node.js 0.10.0, by interop/src/bin/record.rs.";

/// JSSE of OpenJDK 17 as a server, which makes an ephemeral key.
fn jsse_server_and_node_client(
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
fn ssl2_node_pair(
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

const SAME_KEY: &str = "The client's certificate has the same key as the server's.";

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
