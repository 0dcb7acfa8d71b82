//! Step 11, begun by either side in either role.

use std::io::{Read, Write};
use std::sync::Arc;

use interop::Error;
use interop::certificate::Hash;
use interop::loopback::Listener;
use interop::ours::{self, Trace};
use interop::peer::openssl_command::{Client, Server, Settings, VERSIONS};
use interop::people::People;
use retrossl::{AlertDescription, CipherSuite, Connection, Renegotiation, UnbiddenRenegotiation};

use crate::{accept, protections};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

#[test]
fn our_client_begins() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha256)?;
    for (version, suite, name) in protections() {
        let mut server = Server::start(&Settings {
            options: &["-client_renegotiation"],
            ..Settings::new(&people, version, name)
        })?;
        let client = Arc::new(people.our_client(ours::only(version, suite))?.build()?);
        let mut stream = ours::connect(&client, server.port())?;
        for handshakes in [2, 3] {
            stream.connection.renegotiate()?;
            ours::complete_handshakes(&mut stream, handshakes)?;
            assert_renegotiated(&stream.connection, handshakes);
            stream.write_all(b"from the client\n")?;
            server.program.hear("from the client")?;
            server.program.tell("from the server\n")?;
            receive(&mut stream, b"from the server\n")?;
        }
    }
    Ok(())
}

#[test]
fn their_server_says_no() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha256)?;
    for version in VERSIONS {
        let mut server = Server::start(&Settings::new(&people, version, "AES128-SHA"))?;
        let client = people.our_client(ours::only(version, AES))?;
        let mut stream = ours::connect(&Arc::new(client.build()?), server.port())?;
        stream.connection.renegotiate()?;
        stream.write_all(b"kept\n")?;
        server.program.tell("from the server\n")?;
        receive(&mut stream, b"from the server\n")?;
        while stream.connection.renegotiation().is_pending() {
            stream.connection.read_tls(&mut stream.transport)?;
            stream.connection.process_new_packets()?;
        }
        stream.flush()?;
        server.program.hear("kept")?;
        assert_renegotiated(&stream.connection, 1);
    }
    Ok(())
}

/// With `r`; with `R` it asks for a certificate only then.
#[test]
fn their_server_asks() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha256)?;
    for (version, suite, name) in protections() {
        for (command, shows_certificate) in [("r\n", false), ("R\n", true)] {
            let trace = Trace::default();
            let mut server = Server::start(&Settings::new(&people, version, name))?;
            let client = people.our_client(ours::only(version, suite))?;
            let client = client.observers(Arc::new(trace.clone()));
            let mut stream = ours::connect(&Arc::new(client.build()?), server.port())?;
            stream.write_all(b"before\n")?;
            server.program.hear("before")?;
            server.program.tell(command)?;
            ours::complete_handshakes(&mut stream, 2)?;
            assert_renegotiated(&stream.connection, 2);
            let case = format!("{version}, {suite}, {command}");
            assert_eq!(
                trace.has("sent CertificateVerify"),
                shows_certificate,
                "{case}"
            );
            stream.write_all(b"after\n")?;
            server.program.hear("after")?;
            server.program.tell("from the server\n")?;
            receive(&mut stream, b"from the server\n")?;
        }
    }
    Ok(())
}

#[test]
fn our_client_says_no() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha256)?;
    for version in VERSIONS {
        let mut server = Server::start(&Settings::new(&people, version, "AES128-SHA"))?;
        let policy = ours::only(version, AES).renegotiation(Renegotiation::Never);
        let client = people.our_client(policy)?;
        let mut stream = ours::connect(&Arc::new(client.build()?), server.port())?;
        server.program.tell("r\n")?;
        let told = stream
            .read(&mut [0])
            .expect_err("OpenSSL takes no for an end");
        let alert = AlertDescription::HANDSHAKE_FAILURE;
        let expected = retrossl::Error::PeerWantedRenegotiation(alert).to_string();
        assert_eq!(told.to_string(), expected, "{version}");
        server.program.hear("no renegotiation")?;
    }
    Ok(())
}

#[test]
fn their_client_begins() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha256)?;
    for (version, suite, name) in protections() {
        let policy = ours::only(version, suite);
        let policy = policy.unbidden_renegotiation(UnbiddenRenegotiation::Accepted);
        let server = Arc::new(people.our_server(policy)?.build()?);
        let listener = Listener::bind()?;
        let settings = Settings::new(&people, version, name);
        let mut client = Client::connect(listener.port(), &settings)?;
        let mut stream = accept(&server, &mut client, &listener)?;
        for handshakes in [2, 3] {
            client.program.tell("R\n")?;
            client.program.hear("RENEGOTIATING")?;
            ours::complete_handshakes(&mut stream, handshakes)
                .map_err(|error| format!("{version}, {suite}: {error}"))?;
            assert_renegotiated(&stream.connection, handshakes);
            client.program.tell("from the client\n")?;
            receive(&mut stream, b"from the client\n")?;
            stream.write_all(b"from the server\n")?;
            client.program.hear("from the server")?;
        }
    }
    Ok(())
}

#[test]
fn our_server_says_no() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha256)?;
    for version in VERSIONS {
        let server = Arc::new(people.our_server(ours::only(version, AES))?.build()?);
        let listener = Listener::bind()?;
        let settings = Settings::new(&people, version, "AES128-SHA");
        let mut client = Client::connect(listener.port(), &settings)?;
        let mut stream = accept(&server, &mut client, &listener)?;
        client.program.tell("R\n")?;
        let told = stream
            .read(&mut [0])
            .expect_err("OpenSSL takes no for an end");
        let alert = AlertDescription::HANDSHAKE_FAILURE;
        let expected = retrossl::Error::PeerWantedRenegotiation(alert).to_string();
        assert_eq!(told.to_string(), expected, "{version}");
        client.program.hear("no renegotiation")?;
        assert_eq!(stream.connection.handshakes(), 1);
    }
    Ok(())
}

#[test]
fn our_server_asks_and_only_then_for_a_certificate() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha256)?;
    for (version, suite, name) in protections() {
        let policy = ours::only(version, suite);
        let server = people.our_open_server(policy)?;
        let listener = Listener::bind()?;
        let settings = Settings::new(&people, version, name);
        let mut client = Client::connect(listener.port(), &settings)?;
        let mut stream = accept(&Arc::new(server.build()?), &mut client, &listener)?;
        stream.connection.renegotiate()?;
        ours::complete_handshakes(&mut stream, 2)?;
        assert_eq!(stream.connection.peer_certificates(), None);
        let asking = Arc::new(people.our_server(policy)?.build()?);
        stream.connection.renegotiate_with(asking)?;
        ours::complete_handshakes(&mut stream, 3)?;
        assert_renegotiated(&stream.connection, 3);
        let chain = people.client.our_chain()?;
        assert_eq!(stream.connection.peer_certificates(), Some(&chain[..]));
        client.program.tell("from the client\n")?;
        receive(&mut stream, b"from the client\n")?;
        stream.write_all(b"from the server\n")?;
        client.program.hear("from the server")?;
    }
    Ok(())
}

fn assert_renegotiated(connection: &Connection, handshakes: u64) {
    assert_eq!(connection.handshakes(), handshakes);
    assert!(!connection.renegotiation().is_pending());
    assert!(connection.secure_renegotiation() && connection.extended_master_secret());
}

fn receive(stream: &mut impl Read, expected: &[u8]) -> Result<(), Error> {
    let mut text = vec![0; expected.len()];
    stream.read_exact(&mut text)?;
    assert_eq!(text, expected);
    Ok(())
}
