//! `retrossl` and the crate `purecrypto`, over TCP on the loopback interface: every version and
//! suite that it has with RSA key exchange, both roles, where both sides verify chains of three.

use std::io::{Read, Write};
use std::sync::Arc;

use interop::Error;
use interop::certificate::Hash;
use interop::loopback::Listener;
use interop::matrix::{self, Combination};
use interop::ours::{self, Secrets};
use interop::peer::Version;
use interop::peer::openssl::ClientCertificate;
use interop::peer::purecrypto::{Client, Conversation, SUITES, Server, Settings, VERSIONS};
use interop::people::{Member, People};
use interop::talk::{close, our_client, our_client_of, our_server};
use retrossl::{Connection, ServerConfig, ServerConnection, StreamOwned};

#[test]
fn our_client_and_their_server() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    let mut count = 0;
    for case in cases() {
        for client_certificate in [ClientCertificate::NotRequested, ClientCertificate::Required] {
            let mut server = Server::start(&Settings {
                client_certificate,
                ..theirs(&people, &people.server, case)
            })?;
            our_client_at(&mut server, &people, case, client_certificate)
                .map_err(|error| format!("{case}, {client_certificate:?}: {error}"))?;
            count += 1;
        }
    }
    assert_eq!(count, 2 * 9);
    Ok(())
}

fn cases() -> impl Iterator<Item = Combination> {
    let has = |case: &Combination| VERSIONS.contains(&case.version) && SUITES.contains(&case.name);
    matrix::openssl().filter(has)
}

fn theirs(people: &People, member: &Member, case: Combination) -> Settings {
    Settings {
        identity: Some(member.identity.clone()),
        chain: member.above(),
        trusted: people.trusted(),
        ..Settings::new(case.version, &[case.suite.0])
    }
}

fn our_client_at(
    server: &mut Server,
    people: &People,
    case: Combination,
    client_certificate: ClientCertificate,
) -> Result<(), Error> {
    let secrets = Arc::new(Secrets::default());
    let client = people.our_client(ours::only(case.version, case.suite))?;
    let texts = [1, 2, 100, 16_384, 16_385, 40_000].map(|len| vec![b'x'; len]);
    let client = client.key_log(secrets.clone());
    let connection = our_client(client, server.port(), &texts)?;
    let chain = people.server.our_chain()?;
    assert_eq!(connection.peer_certificates(), Some(&chain[..]), "{case}");
    let theirs = server.conversation()?;
    assert_eq!(theirs.received, texts.concat(), "{case}");
    let name = (client_certificate == ClientCertificate::Required).then_some("somebody");
    assert_eq!(theirs.peer_common_name.as_deref(), name, "{case}");
    let server_name = (case.version > Version::Ssl3).then_some("localhost");
    assert_eq!(theirs.server_name.as_deref(), server_name, "{case}");
    assert_agreement(&connection, &theirs, case, &secrets);
    Ok(())
}

#[test]
fn their_client_and_our_server() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    let mut count = 0;
    for case in cases() {
        let policy = ours::only(case.version, case.suite);
        for (server, asks) in [
            (people.our_open_server(policy)?, false),
            (people.our_server(policy)?, true),
        ] {
            let secrets = Arc::new(Secrets::default());
            let server = Arc::new(server.key_log(secrets.clone()).build()?);
            let connection = their_client_at(&server, &people, case, &secrets)
                .map_err(|error| format!("{case}, {asks}: {error}"))?;
            let chain = people.client.our_chain()?;
            let expected = asks.then_some(&chain[..]);
            assert_eq!(connection.peer_certificates(), expected, "{case}");
            count += 1;
        }
    }
    assert_eq!(count, 2 * 9);
    Ok(())
}

fn their_client_at(
    server: &Arc<ServerConfig>,
    people: &People,
    case: Combination,
    secrets: &Secrets,
) -> Result<ServerConnection, Error> {
    let text = "x".repeat(40_000);
    let listener = Listener::bind()?;
    let settings = theirs(people, &people.client, case);
    let mut client = Client::connect(listener.port(), &text, &settings)?;
    let connection = our_server(server, &mut client, &listener)?;
    let theirs = client.conversation()?;
    assert_eq!(theirs.received, text.as_bytes(), "{case}");
    assert_eq!(theirs.peer_common_name.as_deref(), Some("localhost"));
    assert_agreement(&connection, &theirs, case, secrets);
    Ok(connection)
}

/// Each side verifies the other.
#[test]
fn strangers_are_refused() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    let strangers = People::new(1024, Hash::Sha1)?;
    for case in cases() {
        let policy = ours::only(case.version, case.suite);
        let mut server = Server::start(&Settings {
            client_certificate: ClientCertificate::Required,
            ..theirs(&people, &people.server, case)
        })?;
        let key = ours::private_key(&strangers.client.identity)?;
        let stranger = ours::client(policy, &people.server.identity)?
            .certificate(strangers.client.our_chain()?, key);
        our_client(stranger, server.port(), &[]).expect_err("a stranger");
        server.conversation().expect_err("a stranger");

        let listener = Listener::bind()?;
        let settings = theirs(&people, &people.client, case);
        let mut client = Client::connect(listener.port(), "text", &settings)?;
        let stranger = Arc::new(strangers.our_open_server(policy)?.build()?);
        let connection = ServerConnection::new(stranger);
        let mut stream = StreamOwned::new(connection, client.accept(&listener)?);
        stream.complete_handshake().expect_err("a stranger");
        client.conversation().expect_err("a stranger");
    }
    Ok(())
}

fn assert_agreement(
    ours: &Connection,
    theirs: &Conversation,
    case: Combination,
    secrets: &Secrets,
) {
    assert_eq!(ours.protocol_version(), Some(case.version.into()), "{case}");
    assert_eq!(theirs.version, case.version, "{case}");
    assert_eq!(ours.negotiated_cipher_suite(), Some(case.suite), "{case}");
    assert_eq!(theirs.suite, case.suite.0, "{case}");
    assert_eq!(secrets.last(), theirs.master_secret, "{case}");
    assert_eq!(secrets.last().len(), 48, "{case}");
    assert!(theirs.close_notify, "{case}");
    assert!(ours.secure_renegotiation(), "{case}");
    let has_extension = case.version > Version::Ssl3;
    assert_eq!(ours.extended_master_secret(), has_extension, "{case}");
}

#[test]
fn it_has_no_rsa_key_exchange_at_tls_1_2() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    for case in matrix::openssl().filter(|case| case.version == Version::Tls1_2) {
        let settings = theirs(&people, &people.server, case);
        let mut server = Server::start(&settings)?;
        let client = people.our_client(ours::only(case.version, case.suite))?;
        our_client(client, server.port(), &[]).expect_err("no suite in common");
        // Some it refuses before a handshake, some in it.
        let error = server.conversation().expect_err("no suite").to_string();
        let refused = error == "TLS handshake failure";
        assert!(
            refused || error.contains("no supported cipher suite"),
            "{case}: {error}"
        );

        let listener = Listener::bind()?;
        let mut client = Client::connect(listener.port(), "text", &settings)?;
        let error = client.conversation().expect_err("no suite").to_string();
        assert!(
            error.contains("no supported cipher suite"),
            "{case}: {error}"
        );
    }
    Ok(())
}

#[test]
fn it_resumes_nothing() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    for case in cases() {
        let mut server = Server::start(&theirs(&people, &people.server, case))?;
        let client = people.our_client(ours::only(case.version, case.suite))?;
        let client = Arc::new(client.build()?);
        for _ in 0..2 {
            let connection = our_client_of(&client, server.port(), &[b"text".to_vec()])?;
            assert_eq!(connection.resumption(), None, "{case}");
            server.conversation()?;
        }
    }
    Ok(())
}

#[test]
fn it_does_not_renegotiate() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    for case in cases() {
        let policy = ours::only(case.version, case.suite);
        let server = Server::start(&theirs(&people, &people.server, case))?;
        let client = Arc::new(people.our_client(policy)?.build()?);
        let mut stream = ours::connect(&client, server.port())?;
        stream.connection.renegotiate()?;
        // It says no, and goes on, in either role.
        ours::echo(&mut stream, b"text")?;
        assert_eq!(stream.connection.handshakes(), 1, "{case}");

        let listener = Listener::bind()?;
        let settings = theirs(&people, &people.client, case);
        let mut client = Client::connect(listener.port(), "text", &settings)?;
        let server = Arc::new(people.our_server(policy)?.build()?);
        let connection = ServerConnection::new(server);
        let mut stream = StreamOwned::new(connection, client.accept(&listener)?);
        let mut text = [0; 4];
        stream.read_exact(&mut text)?;
        stream.connection.renegotiate()?;
        stream.write_all(&text)?;
        assert_eq!(close(stream)?.handshakes(), 1, "{case}");
        assert_eq!(client.conversation()?.received, b"text", "{case}");
    }
    Ok(())
}
