//! The peers against each other: what they are to test is not here.

mod export;
mod jsse;
mod ssl2;

use std::net::TcpStream;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::{self, Listener};
use interop::peer::{Version, node, openssl};

const TEXT: &str = "ping from the client\n";

/// By version: what both have. (DES is Node.js's alone.)
fn suites(version: Version) -> Vec<&'static str> {
    let mut suites = vec![
        "NULL-MD5",
        "NULL-SHA",
        "RC4-MD5",
        "RC4-SHA",
        "DES-CBC3-SHA",
        "AES128-SHA",
        "AES256-SHA",
    ];
    if version == Version::Tls1_2 {
        suites.extend([
            "NULL-SHA256",
            "AES128-SHA256",
            "AES256-SHA256",
            "AES128-GCM-SHA256",
            "AES256-GCM-SHA384",
        ]);
    }
    suites
}

#[test]
fn openssl_client_and_node_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    for version in Version::ALL {
        for suite in suites(version) {
            openssl_to_node(version, suite, &identity)
                .map_err(|error| format!("{version}, {suite}: {error}"))?;
        }
    }
    Ok(())
}

fn openssl_to_node(version: Version, suite: &str, identity: &Identity) -> Result<(), Error> {
    let case = format!("{version}, {suite}");
    let mut server = node::Server::start(&node::Settings {
        identity: Some(identity.clone()),
        ..node::Settings::new(version, suite)
    })?;
    let client = openssl::Endpoint::client(&openssl::Settings {
        trusted: vec![identity.certificate.clone()],
        server_name: Some("localhost".to_owned()),
        ..openssl::Settings::new(version, suite)
    })?;
    let mut client = client.connection()?;
    let mut transport = loopback::connect(server.port())?;

    while !client.handshake()? {
        assert!(client.exchange(&mut transport)?, "{case}");
    }
    client.write(TEXT.as_bytes())?;
    let mut received = Vec::new();
    while received.len() < TEXT.len() {
        assert!(client.exchange(&mut transport)?, "{case}");
        received.extend(client.read()?);
    }
    client.shutdown()?;
    while !client.close_notify_received() {
        assert!(client.exchange(&mut transport)?, "{case}");
        assert_eq!(client.read()?, b"", "{case}");
    }

    assert_eq!(received, TEXT.as_bytes(), "{case}");
    let conversation = server.conversation()?;
    assert_eq!(conversation.received, TEXT.as_bytes(), "{case}");
    assert!(conversation.close_notify, "{case}");
    if version > Version::Ssl3 {
        let name = conversation.server_name.as_deref();
        assert_eq!(name, Some("localhost"), "{case}");
    }
    assert_agreement(version, suite, &client, &conversation);
    Ok(())
}

#[test]
fn node_client_and_openssl_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for version in Version::ALL {
        for suite in suites(version) {
            node_to_openssl(version, suite, &identity)
                .map_err(|error| format!("{version}, {suite}: {error}"))?;
        }
    }
    Ok(())
}

fn node_to_openssl(version: Version, suite: &str, identity: &Identity) -> Result<(), Error> {
    let case = format!("{version}, {suite}");
    let server = openssl::Endpoint::server(&openssl::Settings {
        identity: Some(identity.clone()),
        ..openssl::Settings::new(version, suite)
    })?;
    let listener = Listener::bind()?;
    let mut client = node::Client::connect(
        listener.port(),
        TEXT,
        &node::Settings {
            trusted: vec![identity.certificate.clone()],
            reject_unauthorized: true,
            server_name: Some("localhost".to_owned()),
            ..node::Settings::new(version, suite)
        },
    )?;
    let server = echo(&mut client.accept(&listener)?, &server)?;

    let conversation = client.conversation()?;
    assert_eq!(conversation.received, TEXT.as_bytes(), "{case}");
    assert!(conversation.authorized, "{case}");
    assert!(conversation.close_notify, "{case}");
    let name = conversation.peer_common_name.as_deref();
    assert_eq!(name, Some("localhost"), "{case}");
    assert_agreement(version, suite, &server, &conversation);
    Ok(())
}

#[test]
fn client_certificates() -> Result<(), Error> {
    let authority = Identity::authority("Interop Authority", 2048, Hash::Sha256)?;
    let server_identity = authority.issue("localhost", 1024, Hash::Sha256)?;
    let client_identity = authority.issue("somebody", 1024, Hash::Sha256)?;
    let trusted = vec![authority.certificate.clone()];
    for version in Version::ALL {
        let mut node_server = node::Server::start(&node::Settings {
            identity: Some(server_identity.clone()),
            trusted: trusted.clone(),
            request_certificate: true,
            reject_unauthorized: true,
            ..node::Settings::new(version, "AES128-SHA")
        })?;
        let openssl_client = openssl::Endpoint::client(&openssl::Settings {
            identity: Some(client_identity.clone()),
            trusted: trusted.clone(),
            ..openssl::Settings::new(version, "AES128-SHA")
        })?;
        let mut connection = openssl_client.connection()?;
        let mut transport = loopback::connect(node_server.port())?;
        while !connection.handshake()? {
            assert!(connection.exchange(&mut transport)?, "{version}");
        }
        connection.shutdown()?;
        while !connection.close_notify_received() {
            assert!(connection.exchange(&mut transport)?, "{version}");
            connection.read()?;
        }
        let conversation = node_server.conversation()?;
        assert!(conversation.authorized, "{version}");
        let name = conversation.peer_common_name.as_deref();
        assert_eq!(name, Some("somebody"), "{version}");

        let openssl_server = openssl::Endpoint::server(&openssl::Settings {
            identity: Some(server_identity.clone()),
            trusted: trusted.clone(),
            client_certificate: openssl::ClientCertificate::Required,
            ..openssl::Settings::new(version, "AES128-SHA")
        })?;
        let listener = Listener::bind()?;
        let mut node_client = node::Client::connect(
            listener.port(),
            TEXT,
            &node::Settings {
                identity: Some(client_identity.clone()),
                trusted: trusted.clone(),
                reject_unauthorized: true,
                server_name: Some("localhost".to_owned()),
                ..node::Settings::new(version, "AES128-SHA")
            },
        )?;
        let connection = echo(&mut node_client.accept(&listener)?, &openssl_server)?;
        assert_eq!(
            connection.peer_common_name().as_deref(),
            Some("somebody"),
            "{version}"
        );
        assert!(node_client.conversation()?.authorized, "{version}");
    }
    Ok(())
}

#[test]
fn an_openssl_server_resumes_a_session() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    for (version, session_tickets) in [
        (Version::Ssl3, false),
        (Version::Tls1_0, false),
        (Version::Tls1_2, false),
        (Version::Tls1_2, true),
    ] {
        let server = openssl::Endpoint::server(&openssl::Settings {
            identity: Some(identity.clone()),
            session_tickets,
            ..openssl::Settings::new(version, "AES128-SHA")
        })?;
        let listener = Listener::bind()?;
        let mut client = node::Client::reconnect(
            listener.port(),
            TEXT,
            &node::Settings {
                session_tickets,
                ..node::Settings::new(version, "AES128-SHA")
            },
            2,
        )?;
        for resumed in [false, true] {
            let server = echo(&mut client.accept(&listener)?, &server)?;
            assert_eq!(server.session_resumed(), resumed, "{version}");
            let conversation = client.conversation()?;
            assert_eq!(conversation.session_resumed, resumed, "{version}");
            assert_eq!(conversation.master_secret, server.master_secret());
        }
    }
    Ok(())
}

#[test]
fn certificates_of_every_kind() -> Result<(), Error> {
    for bits in [512, 1024, 2048] {
        for hash in [Hash::Md5, Hash::Sha1, Hash::Sha256] {
            let identity = Identity::self_signed("localhost", bits, hash)?;
            let server = openssl::Endpoint::server(&openssl::Settings {
                identity: Some(identity.clone()),
                ..openssl::Settings::new(Version::Tls1_0, "AES128-SHA")
            })?;
            let listener = Listener::bind()?;
            let mut client = node::Client::connect(
                listener.port(),
                TEXT,
                &node::Settings {
                    trusted: vec![identity.certificate.clone()],
                    server_name: Some("localhost".to_owned()),
                    ..node::Settings::new(Version::Tls1_0, "AES128-SHA")
                },
            )?;
            echo(&mut client.accept(&listener)?, &server)?;
            assert!(client.conversation()?.authorized, "{bits}, {hash:?}");
        }
    }
    Ok(())
}

#[test]
fn node_begins_with_an_ssl2_client_hello() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let server = openssl::Endpoint::server(&openssl::Settings {
        identity: Some(identity),
        versions: Version::Ssl3..=Version::Tls1_2,
        ..openssl::Settings::new(Version::Tls1_2, "ALL")
    })?;
    let listener = Listener::bind()?;
    let settings = node::Settings::with_method("SSLv23_method", "RC4-MD5:AES128-SHA");
    let mut client = node::Client::connect(listener.port(), TEXT, &settings)?;

    let mut first = [0; 3];
    let mut transport = client.accept(&listener)?;
    transport.peek(&mut first)?;
    assert_eq!((first[0] & 0x80, first[2]), (0x80, 1));

    let server = echo(&mut transport, &server)?;
    assert_eq!(client.conversation()?.version, Version::Tls1_2.wire());
    assert_eq!(server.version(), Some(Version::Tls1_2));
    Ok(())
}

#[test]
fn node_against_itself() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 512, Hash::Sha1)?;
    for (method, cipher, version) in [
        ("SSLv3_method", "DES-CBC-SHA", 0x0300),
        ("TLSv1_method", "DES-CBC-SHA", 0x0301),
        ("SSLv23_method", "RC4-SHA", 0x0303),
    ] {
        let settings = node::Settings {
            identity: Some(identity.clone()),
            ..node::Settings::with_method(method, cipher)
        };
        let case = format!("{method}, {cipher}");
        let mut server = node::Server::start(&settings)?;
        let mut client = node::Client::connect(server.port(), TEXT, &settings)?;
        let client = client
            .conversation()
            .map_err(|error| format!("{case}: {error}"))?;
        let server = server
            .conversation()
            .map_err(|error| format!("{case}: {error}"))?;
        assert_eq!(client.received, TEXT.as_bytes(), "{case}");
        assert_eq!(
            (client.version, server.version),
            (version, version),
            "{case}"
        );
        assert_eq!(client.cipher, cipher, "{case}");
        assert_eq!(client.master_secret, server.master_secret, "{case}");
    }
    Ok(())
}

#[test]
fn peers_refuse_each_other() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    let mut server = node::Server::start(&node::Settings {
        identity: Some(identity.clone()),
        ..node::Settings::new(Version::Tls1_0, "AES128-SHA")
    })?;
    let other_version = openssl::Settings::new(Version::Tls1_2, "AES128-SHA");
    let other_suite = openssl::Settings::new(Version::Tls1_0, "AES256-SHA");
    for settings in [other_version, other_suite] {
        let mut client = openssl::Endpoint::client(&settings)?.connection()?;
        let mut transport = loopback::connect(server.port())?;
        let refused = loop {
            match client.handshake() {
                Ok(true) => break false,
                Ok(false) => client.exchange(&mut transport)?,
                Err(_) => break true,
            };
        };
        transport.shutdown(std::net::Shutdown::Both)?;
        assert!(refused);
        assert!(server.conversation().is_err());
    }
    Ok(())
}

/// Sends everything back until the client closes.
fn echo(
    transport: &mut TcpStream,
    server: &openssl::Endpoint,
) -> Result<openssl::Connection, Error> {
    let mut server = server.connection()?;
    while !server.handshake()? {
        server.exchange(transport)?;
    }
    // When a session is resumed, the first data comes together with the client's Finished.
    loop {
        let received = server.read()?;
        server.write(&received)?;
        if server.close_notify_received() {
            break;
        }
        server.exchange(transport)?;
    }
    server.shutdown()?;
    server.exchange(transport)?;
    Ok(server)
}

fn assert_agreement(
    version: Version,
    suite: &str,
    openssl: &openssl::Connection,
    node: &node::Conversation,
) {
    let case = format!("{version}, {suite}");
    assert_eq!(openssl.version(), Some(version), "{case}");
    assert_eq!(node.version, version.wire(), "{case}");
    assert_eq!(node.cipher, suite, "{case}");
    let number = openssl.suite().map(u16::to_be_bytes);
    assert_eq!(
        number.as_ref().map(|n| &n[..]),
        Some(&node.suite[..]),
        "{case}"
    );
    assert_eq!(openssl.master_secret(), node.master_secret, "{case}");
    assert_eq!(node.master_secret.len(), 48, "{case}");
}
