//! `retrossl` and tlslite-ng, over TCP on the loopback interface: every version and suite that it
//! has, both roles, with and without extensions, where sessions remember who was authenticated.

use std::io::{Read, Write};
use std::sync::Arc;

use interop::Error;
use interop::certificate::Hash;
use interop::loopback::Listener;
use interop::matrix::{self, Combination};
use interop::ours::{self, Secrets};
use interop::peer::Version;
use interop::peer::tlslite::{Client, Conversation, SUITES, Server, Settings};
use interop::people::{Member, People};
use interop::talk::{close, our_client_of, our_server};
use retrossl::{ClientConfig, Connection, Resumption, ServerConnection, StreamOwned};

/// With the suites without encryption.
fn cases(version: Version) -> impl Iterator<Item = Combination> {
    let all = matrix::openssl().chain(matrix::null());
    all.filter(move |case| case.version == version)
}

#[test]
fn it_has_what_openssl_has() {
    let mut ours: Vec<_> = cases(Version::Tls1_2).map(|case| case.name).collect();
    let mut theirs = SUITES.map(|(name, ..)| name);
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
}

/// Whether with extensions, and whether with tickets: SSL 3.0 has neither.
fn ways(version: Version) -> impl Iterator<Item = (bool, bool)> {
    let ways = [(false, false), (true, false), (true, true)].into_iter();
    ways.filter(move |&way| version > Version::Ssl3 || way == (false, false))
}

/// With extensions the matrix has all suites: here, those with CBC, a stream cipher, and an AEAD.
fn cases_of(version: Version, (extensions, _): (bool, bool)) -> Vec<Combination> {
    let names = ["AES128-SHA", "RC4-SHA", "AES128-GCM-SHA256"];
    let is_one = |case: &Combination| !extensions || names.contains(&case.name);
    cases(version).filter(is_one).collect()
}

fn theirs(
    member: &Member,
    other: &Member,
    version: Version,
    (extensions, tickets): (bool, bool),
) -> Settings {
    Settings {
        identity: Some(member.identity.clone()),
        chain: member.above(),
        request_certificate: true,
        pinned: Some(other.identity.certificate.clone()),
        server_name: Some("localhost".to_owned()),
        extended_master_secret: extensions,
        encrypt_then_mac: extensions,
        session_tickets: tickets,
        ..Settings::new(version)
    }
}

#[test]
fn our_client_and_their_server() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    let mut count = 0;
    for version in Version::ALL {
        for way in ways(version) {
            let settings = theirs(&people.server, &people.client, version, way);
            let mut server = Server::start(&settings)?;
            let by = match way {
                (_, true) => Some(Resumption::Ticket),
                (true, _) => Some(Resumption::SessionId),
                // Ours always offers the extended master secret where there is one.
                _ => (version == Version::Ssl3).then_some(Resumption::SessionId),
            };
            for case in cases_of(version, way) {
                let secrets = Arc::new(Secrets::default());
                let client = people.our_client(ours::only(version, case.suite))?;
                let client = Arc::new(client.key_log(secrets.clone()).build()?);
                our_client_at(&mut server, &settings, case, by, &client, &secrets)
                    .map_err(|error| format!("{case}, {by:?}: {error}"))?;
                count += 1;
            }
        }
    }
    assert_eq!(count, 7 + (7 + 7 + 12) + 2 * (2 + 2 + 3));
    Ok(())
}

fn our_client_at(
    server: &mut Server,
    settings: &Settings,
    case: Combination,
    by: Option<Resumption>,
    client: &Arc<ClientConfig>,
    secrets: &Secrets,
) -> Result<(), Error> {
    let texts = [1, 2, 100, 3000].map(|len| vec![b'x'; len]);
    for expected in [None, by] {
        let connection = our_client_of(client, server.port(), &texts)?;
        let theirs = server.conversation()?;
        assert_eq!(connection.resumption(), expected, "{case}");
        let name = theirs.peer_common_name.as_deref();
        assert_eq!(name, Some("somebody"), "{case}");
        assert_eq!(theirs.received, texts.concat(), "{case}");
        let server_name = (case.version > Version::Ssl3).then_some("localhost");
        assert_eq!(theirs.server_name.as_deref(), server_name, "{case}");
        assert_agreement(&connection, &theirs, settings, case, secrets);
    }
    Ok(())
}

#[test]
fn their_client_and_our_server() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    let mut count = 0;
    for version in Version::ALL {
        for way in ways(version) {
            let settings = theirs(&people.client, &people.server, version, way);
            let listener = Listener::bind()?;
            let sessions = cases_of(version, way).len();
            let mut client = Client::reconnect(listener.port(), TEXT, &settings, 2, sessions)?;
            for case in cases_of(version, way) {
                let secrets = Arc::new(Secrets::default());
                let server = people.our_server(ours::only(version, case.suite))?;
                let (server, by) = match way {
                    (_, true) => (server.without_session_ids(), Resumption::Ticket),
                    (_, false) => (server.without_tickets(), Resumption::SessionId),
                };
                let server = Arc::new(server.key_log(secrets.clone()).build()?);
                for expected in [None, Some(by)] {
                    let connection = our_server(&server, &mut client, &listener)
                        .map_err(|error| format!("{case}, {by:?}: {error}"))?;
                    let theirs = client.conversation()?;
                    assert_eq!(connection.resumption(), expected, "{case}");
                    assert!(connection.peer_certificates().is_some(), "{case}");
                    assert_eq!(theirs.peer_common_name.as_deref(), Some("localhost"));
                    assert_eq!(theirs.received, TEXT.as_bytes(), "{case}");
                    assert_agreement(&connection, &theirs, &settings, case, &secrets);
                }
                count += 1;
            }
        }
    }
    assert_eq!(count, 7 + (7 + 7 + 12) + 2 * (2 + 2 + 3));
    Ok(())
}

const TEXT: &str = "ping from the client";

fn assert_agreement(
    ours: &Connection,
    theirs: &Conversation,
    settings: &Settings,
    case: Combination,
    secrets: &Secrets,
) {
    assert_eq!(ours.protocol_version(), Some(case.version.into()), "{case}");
    assert_eq!(theirs.version, case.version, "{case}");
    assert_eq!(ours.negotiated_cipher_suite(), Some(case.suite), "{case}");
    assert_eq!(theirs.suite, case.suite.0.to_be_bytes(), "{case}");
    assert_eq!(theirs.master_secret, secrets.last(), "{case}");
    assert_eq!(theirs.master_secret.len(), 48, "{case}");
    assert_eq!(theirs.session_resumed, ours.session_resumed(), "{case}");
    let extended = settings.extended_master_secret;
    assert_eq!(ours.extended_master_secret(), extended, "{case}");
    assert_eq!(theirs.extended_master_secret, extended, "{case}");
    let is_cbc = case.specified.contains("_CBC_");
    let encrypt_then_mac = settings.encrypt_then_mac && is_cbc;
    assert_eq!(theirs.encrypt_then_mac, encrypt_then_mac, "{case}");
    assert!(theirs.close_notify, "{case}");
    assert!(ours.secure_renegotiation(), "{case}");
}

/// Each side knows the other's certificate.
#[test]
fn strangers_are_refused() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    let strangers = People::new(1024, Hash::Sha1)?;
    let version = Version::Tls1_2;
    let policy = ours::between(version, version);
    let way = (false, false);
    let settings = theirs(&people.server, &strangers.client, version, way);
    let mut server = Server::start(&settings)?;
    let client = Arc::new(people.our_client(policy)?.build()?);
    our_client_of(&client, server.port(), &[b"text".to_vec()]).expect_err("a stranger");
    let error = server.conversation().expect_err("a stranger").to_string();
    assert!(error.contains("TLSFingerprintError"), "{error}");

    let listener = Listener::bind()?;
    let settings = theirs(&people.client, &strangers.server, version, way);
    let mut client = Client::connect(listener.port(), TEXT, &settings)?;
    let server = Arc::new(people.our_server(policy)?.build()?);
    // Their client says nothing to us of what it thinks.
    let _ = our_server(&server, &mut client, &listener);
    let error = client.conversation().expect_err("a stranger").to_string();
    assert!(error.contains("TLSFingerprintError"), "{error}");
    Ok(())
}

/// It says no, and goes on.
#[test]
fn it_does_not_renegotiate() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    for version in Version::ALL {
        let policy = ours::between(version, version);
        let way = (false, false);
        let mut server = Server::start(&theirs(&people.server, &people.client, version, way))?;
        let client = Arc::new(people.our_client(policy)?.build()?);
        let mut stream = ours::connect(&client, server.port())?;
        stream.connection.renegotiate()?;
        ours::echo(&mut stream, b"text").map_err(|error| format!("{version}: {error}"))?;
        assert_eq!(close(stream)?.handshakes(), 1, "{version}");
        assert_eq!(server.conversation()?.received, b"text", "{version}");

        let listener = Listener::bind()?;
        let settings = theirs(&people.client, &people.server, version, way);
        let mut client = Client::connect(listener.port(), TEXT, &settings)?;
        let server = Arc::new(people.our_server(policy)?.build()?);
        let connection = ServerConnection::new(server);
        let mut stream = StreamOwned::new(connection, client.accept(&listener)?);
        let mut text = [0; TEXT.len()];
        stream.read_exact(&mut text)?;
        stream.connection.renegotiate()?;
        stream.write_all(&text)?;
        assert_eq!(close(stream)?.handshakes(), 1, "{version}");
        assert_eq!(client.conversation()?.received, TEXT.as_bytes());
    }
    Ok(())
}
