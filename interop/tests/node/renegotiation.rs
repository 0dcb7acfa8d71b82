//! Step 11. Node.js 0.10.0 renegotiates when it is asked to, and cannot begin; 0.12.0 can.
//!
//! All of these have RFC 5746 and cannot be told not to: legacy renegotiation is tested with
//! GnuTLS, which can. What they do not have is the extended master secret.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::DerefMut;
use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::matrix::{self, Combination};
use interop::ours::{self, Secrets};
use interop::peer::{Version, node};
use interop::people::{Member, People};
use interop::talk::{cause, close};
use retrossl::{
    AlertDescription, ClientConfig, Connection, PeerIncompatible, Policy, Renegotiation,
    RenegotiationRefused, Resumption, ServerConfig, ServerConnection, StreamOwned,
    UnbiddenRenegotiation,
};

type Stream<C> = StreamOwned<C, TcpStream>;

#[test]
fn our_client_begins_twice_at_every_version_and_suite() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for version in Version::ALL {
        let mut server = node::Server::start(&node::Settings {
            identity: Some(identity.clone()),
            session_tickets: true,
            ..node::Settings::new(version, "ALL")
        })?;
        for case in matrix::node().filter(|case| case.version == version) {
            our_client_at(&mut server, case, &identity)
                .map_err(|error| format!("{case}: {error}"))?;
        }
    }
    Ok(())
}

fn our_client_at(
    server: &mut node::Server,
    case: Combination,
    identity: &Identity,
) -> Result<(), Error> {
    let secrets = Arc::new(Secrets::default());
    let client = ours::client(ours::only(case.version, case.suite), identity)?;
    let client = Arc::new(client.key_log(secrets.clone()).build()?);
    let mut stream = ours::connect(&client, server.port())?;
    ours::echo(&mut stream, b"first")?;
    let before = secrets.last();
    stream.connection.renegotiate()?;
    // Sent under the new keys.
    ours::echo(&mut stream, b"second")?;
    assert_handshakes(&stream, 2, None);
    assert_ne!(secrets.last(), before);
    stream.connection.renegotiate_resuming()?;
    ours::echo(&mut stream, b"third")?;
    // Node.js looks for IDs in a connection's first hello only.
    let by_ticket = (case.version > Version::Ssl3).then_some(Resumption::Ticket);
    assert_handshakes(&stream, 3, by_ticket);
    close(stream)?;
    let conversation = server.conversation()?;
    assert_eq!(conversation.received, b"firstsecondthird");
    Ok(())
}

/// A renegotiation keeps the version, and resumption the session's, whatever else one side could
/// speak.
#[test]
fn a_side_of_all_versions_stays_at_the_common_one() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let all = ours::between(Version::Ssl3, Version::Tls1_2);
    let client = Arc::new(ours::client(all, &identity)?.build()?);
    for version in Version::ALL {
        our_client_of_all_versions(&client, version, &identity)
            .map_err(|error| format!("{version}: {error}"))?;
        their_client_of_all_versions(version, &identity)
            .map_err(|error| format!("{version}: {error}"))?;
    }
    Ok(())
}

fn our_client_of_all_versions(
    client: &Arc<ClientConfig>,
    version: Version,
    identity: &Identity,
) -> Result<(), Error> {
    let server = node::Server::start(&node::Settings {
        identity: Some(identity.clone()),
        ..node::Settings::new(version, "AES128-SHA")
    })?;
    let mut stream = ours::connect(client, server.port())?;
    stream.connection.renegotiate()?;
    ours::echo(&mut stream, b"text")?;
    assert_handshakes(&stream, 2, None);
    close(stream)?;
    let mut stream = ours::connect(client, server.port())?;
    assert_handshakes(&stream, 1, Some(Resumption::SessionId));
    ours::echo(&mut stream, b"text")?;
    let connection = &stream.connection;
    assert_eq!(connection.protocol_version(), Some(version.into()));
    close(stream)?;
    Ok(())
}

fn their_client_of_all_versions(version: Version, identity: &Identity) -> Result<(), Error> {
    let server = ours::server(ours::between(version, version), identity)?.build()?;
    let server = Arc::new(server);
    let listener = Listener::bind()?;
    let settings = node::Settings {
        server_name: Some("localhost".to_owned()),
        ..node::Settings::with_method("SSLv23_method", "AES128-SHA")
    };
    let mut client = node::Client::reconnect(listener.port(), "text", &settings, 2)?;
    let mut stream = accept(&server, &mut client, &listener)?;
    receive(&mut stream, b"text")?;
    stream.connection.renegotiate()?;
    ours::complete_handshakes(&mut stream, 2)?;
    assert_handshakes(&stream, 2, None);
    stream.write_all(b"text")?;
    close(stream)?;
    client.conversation()?;
    let mut stream = accept(&server, &mut client, &listener)?;
    receive(&mut stream, b"text")?;
    stream.write_all(b"text")?;
    // The session is that of the first handshake. The hello that offers one of SSL 3.0 is of SSL
    // 3.0, and so has no name; the one that it was made with had.
    let resumption = (version > Version::Ssl3).then_some(Resumption::SessionId);
    assert_handshakes(&stream, 1, resumption);
    close(stream)?;
    assert_eq!(client.conversation()?.version, version.wire());
    Ok(())
}

#[test]
fn their_server_asks() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    for (version, asks_for_certificate) in each_version_twice() {
        let case = format!("{version}, {asks_for_certificate}");
        let secrets = Arc::new(Secrets::default());
        let mut server = node::Server::renegotiating(&node::Settings {
            request_certificate: asks_for_certificate,
            ..theirs(&people, &people.server, version)
        })?;
        let client = people.our_client(ours::between(version, version))?;
        let client = Arc::new(client.key_log(secrets.clone()).build()?);
        let mut stream = ours::connect(&client, server.port())?;
        ours::echo(&mut stream, b"first").map_err(|error| format!("{case}: {error}"))?;
        assert_handshakes(&stream, 2, None);
        ours::echo(&mut stream, b"second")?;
        // Node.js 0.12.0 answers close_notify with the transport's end.
        stream.close()?;
        drop(stream);
        let conversation = server.conversation()?;
        assert_eq!(conversation.received, b"firstsecond", "{case}");
        assert_eq!(conversation.master_secret, secrets.last(), "{case}");
        assert_eq!(conversation.authorized, asks_for_certificate, "{case}");
        let name = asks_for_certificate.then_some("somebody");
        assert_eq!(conversation.peer_common_name.as_deref(), name, "{case}");
    }
    Ok(())
}

#[test]
fn their_client_begins() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    for (version, accepted) in each_version_twice() {
        let secrets = Arc::new(Secrets::default());
        let policy = ours::between(version, version);
        let policy = match accepted {
            true => policy.unbidden_renegotiation(UnbiddenRenegotiation::Accepted),
            false => policy,
        };
        let server = people.our_server(policy)?.key_log(secrets.clone());
        let listener = Listener::bind()?;
        let settings = theirs(&people, &people.client, version);
        let mut client = node::Client::renegotiating(listener.port(), "text", &settings)?;
        let mut stream = accept(&Arc::new(server.build()?), &mut client, &listener)?;
        receive(&mut stream, b"text")?;
        stream.write_all(b"text")?;
        if !accepted {
            assert_refused(&mut stream, version)?;
            client
                .conversation()
                .expect_err("OpenSSL takes no for an end");
            continue;
        }
        receive(&mut stream, b"text").map_err(|error| format!("{version}: {error}"))?;
        stream.write_all(b"text")?;
        assert_handshakes(&stream, 2, None);
        close(stream)?;
        let conversation = client.conversation()?;
        assert_eq!(conversation.received, b"texttext", "{version}");
        assert_eq!(conversation.master_secret, secrets.last(), "{version}");
    }
    Ok(())
}

/// SSL 3.0 has no alert that says no and goes on.
fn assert_refused(stream: &mut Stream<ServerConnection>, version: Version) -> Result<(), Error> {
    let error = stream.read(&mut [0]).expect_err("nothing comes").into();
    let expected = match version {
        Version::Ssl3 => PeerIncompatible::NoRenegotiation.into(),
        _ => retrossl::Error::PeerWantedRenegotiation(AlertDescription::HANDSHAKE_FAILURE),
    };
    match cause(&error) {
        Some(retrossl::Error::Truncated) if version > Version::Ssl3 => {}
        other => assert_eq!(other, Some(&expected), "{version}: {error}"),
    }
    assert_eq!(stream.connection.handshakes(), 1);
    Ok(())
}

#[test]
fn our_server_asks_for_a_certificate_only_then() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    for version in Version::ALL {
        let policy = ours::between(version, version);
        let server = people.our_open_server(policy)?;
        let listener = Listener::bind()?;
        let settings = theirs(&people, &people.client, version);
        let mut client = node::Client::connect(listener.port(), "text", &settings)?;
        let mut stream = accept(&Arc::new(server.build()?), &mut client, &listener)?;
        receive(&mut stream, b"text")?;
        assert_eq!(stream.connection.peer_certificates(), None, "{version}");
        let asking = Arc::new(people.our_server(policy)?.build()?);
        stream.connection.renegotiate_with(asking)?;
        ours::complete_handshakes(&mut stream, 2).map_err(|error| format!("{version}: {error}"))?;
        let chain = people.client.our_chain()?;
        let certificates = stream.connection.peer_certificates().unwrap_or_default();
        assert!(certificates.starts_with(&chain), "{version}");
        stream.write_all(b"text")?;
        close(stream)?;
        assert!(client.conversation()?.close_notify, "{version}");
    }
    Ok(())
}

/// Nothing ties a session that was resumed without the extended master secret to its first
/// connection (RFC 7627 §5.3): it is renegotiated under a policy that puts up with that.
#[test]
fn a_resumed_session_is_renegotiated_only_under_legacy() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for version in Version::ALL {
        for renegotiation in [Renegotiation::Secure, Renegotiation::Legacy] {
            let policy = ours::between(version, version).renegotiation(renegotiation);
            let client = Arc::new(ours::client(policy, &identity)?.build()?);
            resumed_by_our_client(&client, policy, version, &identity)
                .map_err(|error| format!("{version}, {renegotiation:?}: {error}"))?;
            let server = Arc::new(ours::server(policy, &identity)?.build()?);
            resumed_by_our_server(&server, policy, version)
                .map_err(|error| format!("{version}, {renegotiation:?}: {error}"))?;
        }
    }
    Ok(())
}

fn resumed_by_our_client(
    client: &Arc<ClientConfig>,
    policy: Policy,
    version: Version,
    identity: &Identity,
) -> Result<(), Error> {
    let mut server = node::Server::start(&node::Settings {
        identity: Some(identity.clone()),
        ..node::Settings::new(version, "AES128-SHA")
    })?;
    close(ours::connect(client, server.port())?)?;
    server.conversation()?;
    let mut stream = ours::connect(client, server.port())?;
    assert_handshakes(&stream, 1, Some(Resumption::SessionId));
    if may_renegotiate(&mut stream.connection, policy)? {
        ours::complete_handshakes(&mut stream, 2)?;
        assert_handshakes(&stream, 2, None);
    }
    ours::echo(&mut stream, b"text")?;
    close(stream)?;
    assert_eq!(server.conversation()?.received, b"text");
    Ok(())
}

fn resumed_by_our_server(
    server: &Arc<ServerConfig>,
    policy: Policy,
    version: Version,
) -> Result<(), Error> {
    let listener = Listener::bind()?;
    let settings = node::Settings::new(version, "AES128-SHA");
    let mut client = node::Client::reconnect(listener.port(), "text", &settings, 2)?;
    for resumption in [None, Some(Resumption::SessionId)] {
        let mut stream = accept(server, &mut client, &listener)?;
        receive(&mut stream, b"text")?;
        assert_handshakes(&stream, 1, resumption);
        if resumption.is_some() && may_renegotiate(&mut stream.connection, policy)? {
            ours::complete_handshakes(&mut stream, 2)?;
            assert_handshakes(&stream, 2, None);
        }
        stream.write_all(b"text")?;
        close(stream)?;
        assert!(client.conversation()?.close_notify);
    }
    Ok(())
}

/// Begins under `Legacy`, is refused under `Secure`.
fn may_renegotiate(connection: &mut Connection, policy: Policy) -> Result<bool, Error> {
    let refused = retrossl::Error::Renegotiation(RenegotiationRefused::UnboundSession);
    assert!(!connection.extended_master_secret());
    assert!(connection.secure_renegotiation());
    let may = policy.allowed_renegotiation() == Renegotiation::Legacy;
    let expected = if may { Ok(()) } else { Err(refused) };
    assert_eq!(connection.renegotiate(), expected);
    Ok(may)
}

/// And the second time with a refusal, or a request for a certificate.
fn each_version_twice() -> impl Iterator<Item = (Version, bool)> {
    let all = Version::ALL.into_iter();
    all.flat_map(|version| [false, true].map(|second| (version, second)))
}

fn theirs(people: &People, member: &Member, version: Version) -> node::Settings {
    node::Settings {
        identity: Some(member.identity.clone()),
        chain: member.above(),
        trusted: people.trusted(),
        server_name: Some("localhost".to_owned()),
        ..node::Settings::new(version, "AES128-SHA")
    }
}

fn accept(
    config: &Arc<ServerConfig>,
    client: &mut node::Client,
    listener: &Listener,
) -> Result<Stream<ServerConnection>, Error> {
    let transport = client.accept(listener)?;
    Ok(StreamOwned::new(
        ServerConnection::new(config.clone()),
        transport,
    ))
}

fn receive(stream: &mut impl Read, expected: &[u8]) -> Result<(), Error> {
    let mut text = vec![0; expected.len()];
    stream.read_exact(&mut text)?;
    assert_eq!(text, expected);
    Ok(())
}

fn assert_handshakes<C>(stream: &Stream<C>, handshakes: u64, resumption: Option<Resumption>)
where
    C: DerefMut<Target = Connection>,
{
    assert_eq!(stream.connection.handshakes(), handshakes);
    assert_eq!(stream.connection.resumption(), resumption);
}
