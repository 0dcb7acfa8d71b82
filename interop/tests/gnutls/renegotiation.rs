//! Step 11, begun by either side in either role; and legacy renegotiation, at TLS 1.0 to 1.2:
//! GnuTLS can be told to do without RFC 5746. (For SSL 3.0 there is no such peer: OpenSSL cannot be
//! told to, and has had it since 0.9.8m.)

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use interop::Error;
use interop::certificate::Hash;
use interop::loopback::Listener;
use interop::ours::{self, Trace};
use interop::peer::Version;
use interop::peer::gnutls::{self, Client, Server, Settings};
use interop::people::People;
use retrossl::{
    CipherSuite, ClientConnection, PeerMisbehaved, Policy, Renegotiation, RenegotiationRefused,
    Resumption, ServerConfig, ServerConnection, StreamOwned, UnbiddenRenegotiation,
};

use crate::{ServerStream, assert_protected, echo_until_the_end, protections};

type ClientStream = StreamOwned<ClientConnection, TcpStream>;

/// Without tickets: GnuTLS 3.7 breaks off where a renegotiation resumes by one ("Error in
/// rehandshake: Cannot perform this action while handshake is in progress").
#[test]
fn our_client_begins() -> Result<(), Error> {
    let people = People::new(2048, Hash::Sha256)?;
    for (version, suite, name) in protections() {
        let server = Server::start(&people, version, &format!("{name}:%NO_TICKETS"), &[])?;
        let client = Arc::new(people.our_client(ours::only(version, suite))?.build()?);
        let mut stream = ours::connect(&client, server.port())?;
        for handshakes in [2, 3] {
            stream.connection.renegotiate()?;
            ours::complete_handshakes(&mut stream, handshakes)
                .map_err(|error| format!("{version}, {suite}: {error}"))?;
            assert_protected(&stream.connection);
            ours::echo(&mut stream, b"a line\n")?;
        }
        stream.connection.renegotiate_resuming()?;
        ours::complete_handshakes(&mut stream, 4)?;
        let by_id = Some(Resumption::SessionId);
        assert_eq!(stream.connection.resumption(), by_id, "{version}, {suite}");
        ours::echo(&mut stream, b"a line\n")?;
        stream.close()?;
    }
    Ok(())
}

/// It cannot ask for a certificate only then: it does so each time, or never.
#[test]
fn their_server_asks() -> Result<(), Error> {
    let people = People::new(2048, Hash::Sha256)?;
    for (version, suite, name) in protections() {
        for option in ["--disable-client-cert", "--require-client-cert"] {
            let trace = Trace::default();
            let server = Server::with(&Settings {
                options: &[option],
                ..Settings::new(&people, version, name)
            })?;
            let client = people.our_client(ours::only(version, suite))?;
            let client = Arc::new(client.observers(Arc::new(trace.clone())).build()?);
            let mut stream = ours::connect(&client, server.port())?;
            tell_to_ask(&mut stream)?;
            ours::complete_handshakes(&mut stream, 2)
                .map_err(|error| format!("{version}, {suite}, {option}: {error}"))?;
            assert_protected(&stream.connection);
            ours::echo(&mut stream, b"a line\n")?;
            let shown = trace.count("sent CertificateVerify");
            let expected = if option == "--require-client-cert" {
                2
            } else {
                0
            };
            assert_eq!(shown, expected, "{version}, {suite}");
            stream.close()?;
        }
    }
    Ok(())
}

#[test]
fn their_client_begins() -> Result<(), Error> {
    let people = People::new(2048, Hash::Sha256)?;
    for (version, suite, name) in protections() {
        let policy = ours::only(version, suite);
        let policy = policy.unbidden_renegotiation(UnbiddenRenegotiation::Accepted);
        let server = Arc::new(people.our_server(policy)?.build()?);
        let settings = Settings {
            options: &["--rehandshake", "--inline-commands"],
            ..Settings::new(&people, version, name)
        };
        let (mut client, mut stream) = accept(&server, &settings)?;
        ours::complete_handshakes(&mut stream, 2)
            .map_err(|error| format!("{version}, {suite}: {error}"))?;
        client.program.tell("^renegotiate^\n")?;
        ours::complete_handshakes(&mut stream, 3)?;
        assert_protected(&stream.connection);
        let chain = people.client.our_chain()?;
        assert_eq!(stream.connection.peer_certificates(), Some(&chain[..]));
        finish(client, stream)?;
    }
    Ok(())
}

/// `gnutls-cli` takes no for a reason to ask again, until we have had enough.
#[test]
fn our_server_says_no() -> Result<(), Error> {
    let people = People::new(2048, Hash::Sha256)?;
    for version in gnutls::VERSIONS {
        let server = Arc::new(people.our_server(ours::only(version, AES))?.build()?);
        let settings = Settings {
            options: &["--rehandshake"],
            ..Settings::new(&people, version, THEIR_AES)
        };
        let (mut client, mut stream) = accept(&server, &settings)?;
        let error = stream.read(&mut [0]).expect_err("enough");
        let expected = PeerMisbehaved::TooManyRenegotiationRequests;
        let expected = retrossl::Error::from(expected).to_string();
        assert_eq!(error.to_string(), expected, "{version}");
        assert_eq!(stream.connection.handshakes(), 1, "{version}");
        let (output, _) = client.conversation()?;
        assert!(output.contains("No renegotiation"), "{version}: {output}");
    }
    Ok(())
}

#[test]
fn our_server_asks_and_only_then_for_a_certificate() -> Result<(), Error> {
    let people = People::new(2048, Hash::Sha256)?;
    for (version, suite, name) in protections() {
        let policy = ours::only(version, suite);
        let server = people.our_open_server(policy)?;
        let settings = Settings::new(&people, version, name);
        let (client, mut stream) = accept(&Arc::new(server.build()?), &settings)?;
        stream.connection.renegotiate()?;
        ours::complete_handshakes(&mut stream, 2)?;
        assert_eq!(stream.connection.peer_certificates(), None);
        let asking = Arc::new(people.our_server(policy)?.build()?);
        stream.connection.renegotiate_with(asking)?;
        ours::complete_handshakes(&mut stream, 3)
            .map_err(|error| format!("{version}, {suite}: {error}"))?;
        assert_protected(&stream.connection);
        let chain = people.client.our_chain()?;
        assert_eq!(stream.connection.peer_certificates(), Some(&chain[..]));
        finish(client, stream)?;
    }
    Ok(())
}

/// Under `Secure` we neither begin nor agree; the connection goes on.
#[test]
fn without_rfc_5746_only_legacy_renegotiates() -> Result<(), Error> {
    let people = People::new(2048, Hash::Sha256)?;
    for version in gnutls::VERSIONS {
        for renegotiation in [Renegotiation::Secure, Renegotiation::Legacy] {
            let policy = ours::only(version, AES).renegotiation(renegotiation);
            legacy_server(&people, version, policy)
                .map_err(|error| format!("{version}, {renegotiation:?}: {error}"))?;
            legacy_client(&people, version, policy)
                .map_err(|error| format!("{version}, {renegotiation:?}: {error}"))?;
        }
    }
    Ok(())
}

fn legacy_server(people: &People, version: Version, policy: Policy) -> Result<(), Error> {
    let legacy = policy.allowed_renegotiation() == Renegotiation::Legacy;
    let server = Server::start(
        people,
        version,
        &format!("{THEIR_AES}{WITHOUT_RFC_5746}"),
        &[],
    )?;
    let client = Arc::new(people.our_client(policy)?.build()?);
    let mut stream = ours::connect(&client, server.port())?;
    assert!(!stream.connection.secure_renegotiation());
    assert_eq!(stream.connection.renegotiate(), expected(legacy));
    if legacy {
        ours::complete_handshakes(&mut stream, 2)?;
    }
    ours::echo(&mut stream, b"a line\n")?;
    tell_to_ask(&mut stream)?;
    if legacy {
        ours::complete_handshakes(&mut stream, 3)?;
        ours::echo(&mut stream, b"a line\n")?;
    }
    stream.close()?;
    Ok(())
}

fn legacy_client(people: &People, version: Version, policy: Policy) -> Result<(), Error> {
    let legacy = policy.allowed_renegotiation() == Renegotiation::Legacy;
    let policy = policy.unbidden_renegotiation(UnbiddenRenegotiation::Accepted);
    let server = Arc::new(people.our_server(policy)?.build()?);
    let priority = format!("{THEIR_AES}{WITHOUT_RFC_5746}");
    let settings = Settings {
        options: &["--inline-commands"],
        ..Settings::new(people, version, &priority)
    };
    let (mut client, mut stream) = accept(&server, &settings)?;
    assert!(!stream.connection.secure_renegotiation());
    assert_eq!(stream.connection.renegotiate(), expected(legacy));
    if legacy {
        ours::complete_handshakes(&mut stream, 2)?;
        client.program.tell("^renegotiate^\n")?;
        ours::complete_handshakes(&mut stream, 3)?;
    }
    finish(client, stream)
}

/// Their server asks for a renegotiation when it receives a certain line.
fn tell_to_ask(stream: &mut ClientStream) -> Result<(), Error> {
    let answer = b"Successfully executed command\n";
    stream.write_all(b"**REHANDSHAKE**\n")?;
    let mut received = [0; 30];
    stream.read_exact(&mut received)?;
    assert_eq!(&received, answer);
    Ok(())
}

fn expected(legacy: bool) -> Result<(), retrossl::Error> {
    let refused = retrossl::Error::Renegotiation(RenegotiationRefused::PeerIsInsecure);
    if legacy { Ok(()) } else { Err(refused) }
}

fn accept(
    config: &Arc<ServerConfig>,
    settings: &Settings<'_>,
) -> Result<(Client, ServerStream), Error> {
    let listener = Listener::bind()?;
    let mut client = Client::with(listener.port(), settings)?;
    let transport = client.accept(&listener)?;
    let mut stream = StreamOwned::new(ServerConnection::new(config.clone()), transport);
    stream.complete_handshake()?;
    Ok((client, stream))
}

/// A line there and back, and the end.
fn finish(mut client: Client, mut stream: ServerStream) -> Result<(), Error> {
    client.program.tell("a line\n")?;
    client.program.end_input();
    echo_until_the_end(&mut stream)?;
    drop(stream);
    let (output, succeeded) = client.conversation()?;
    assert!(output.contains("a line") && succeeded, "{output}");
    Ok(())
}

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

const THEIR_AES: &str = "+AES-128-CBC:+SHA1";

const WITHOUT_RFC_5746: &str = ":%DISABLE_SAFE_RENEGOTIATION";
