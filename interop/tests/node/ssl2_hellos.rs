//! Hellos in SSL 2.0's format, to and from sides that speak SSL 2.0, later versions, or either.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::{self, Listener};
use interop::ours::{self, Trace};
use interop::peer::{Version, node};
use interop::talk::{cause, our_client, our_server};
use retrossl::server::ServerConfigBuilder;
use retrossl::{
    ClientConnection, HelloFormat, PeerIncompatible, PeerMisbehaved, Policy, ProtocolVersion,
    ServerConnection, StreamOwned,
};

#[test]
fn our_client_reaches_their_server_of_each_version() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for version in Version::ALL {
        let mut server = their_server(&identity, all_but(version))?;
        for policy in [with_ssl2(), without_ssl2()] {
            let trace = Trace::default();
            let client = ours::client(policy, &identity)?.observers(trace.clone());
            let connection = our_client(client, server.port(), &[b"text".to_vec()])
                .map_err(|error| format!("{version}: {error}"))?;
            assert_eq!(connection.protocol_version(), Some(version.into()));
            assert!(connection.secure_renegotiation(), "{version}");
            let conversation = server.conversation()?;
            assert_eq!(conversation.version, version.wire());
            assert_eq!(conversation.received, b"text");
            assert!(trace.has("sent CLIENT-HELLO") && !trace.has("sent ClientHello"));
        }
    }
    Ok(())
}

#[test]
fn our_client_reaches_their_server_of_ssl2() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut server = their_server(&identity, node::Settings::ssl2("ALL"))?;
    let client = ours::client(with_ssl2(), &identity)?;
    let connection = our_client(client, server.port(), &[b"text".to_vec()])?;
    let version = Some(ProtocolVersion::SSLv2);
    assert_eq!(connection.protocol_version(), version);
    assert_eq!(server.conversation()?.version, 0x0002);

    // Where the policy does not allow it, the hello names none of its kinds, and the server says
    // so in the words of SSL 2.0.
    let client = ours::client(without_ssl2(), &identity)?;
    our_client(client, server.port(), &[]).expect_err("it speaks nothing else");
    assert!(server.conversation().is_err());
    Ok(())
}

/// OpenSSL takes no mark for a sign of a rollback where it was told to speak nothing better.
#[test]
fn our_client_reaches_their_server_that_was_left_nothing_but_ssl2() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let only_ssl2 = node::Settings {
        without: ["SSLv3", "TLSv1", "TLSv1_1", "TLSv1_2"]
            .map(str::to_owned)
            .to_vec(),
        ..all_versions()
    };
    let mut server = their_server(&identity, only_ssl2)?;
    for policy in [with_ssl2(), ours::ssl2()] {
        let client = ours::client(policy, &identity)?;
        our_client(client, server.port(), &[b"text".to_vec()])?;
        assert_eq!(server.conversation()?.version, 0x0002);
    }
    Ok(())
}

/// Somebody on the way makes the hello one of SSL 2.0; the mark in the secret key tells.
#[test]
fn a_rollback_is_noticed_by_either_server() -> Result<(), Error> {
    let people = People::new()?;
    let mut server = their_server(&people.ssl2, all_versions())?;
    for version in [None, Some(ProtocolVersion::SSLv2)] {
        let client = ClientConnection::new(
            Arc::new(ours::client(with_ssl2(), &people.ssl2)?.build()?),
            "localhost".try_into()?,
        )?;
        let transport = HelloChanged::new(loopback::connect(server.port())?, version);
        let mut stream = StreamOwned::new(client, transport);
        let result = stream.complete_handshake();
        assert_eq!(result.is_err(), version.is_some(), "{result:?}");
        drop(stream);
        let conversation = server.conversation();
        assert_eq!(conversation.is_err(), version.is_some(), "{conversation:?}");
    }

    let server = Arc::new(people.our_server(Policy::EVERYTHING)?.build()?);
    for version in [None, Some(ProtocolVersion::SSLv2)] {
        let listener = Listener::bind()?;
        let mut client = node::Client::connect(listener.port(), "text", &all_versions())?;
        let transport = HelloChanged::new(client.accept(&listener)?, version);
        let connection = ServerConnection::new(server.clone());
        let mut stream = StreamOwned::new(connection, transport);
        let result = stream.complete_handshake();
        assert_eq!(result.is_err(), version.is_some(), "{result:?}");
        if let Err(error) = result {
            let expected = retrossl::Error::from(PeerMisbehaved::BadRecordMac);
            assert_eq!(retrossl::Error::of_io(&error), Some(&expected));
            drop(stream);
            assert!(client.conversation().is_err());
        }
    }
    Ok(())
}

#[test]
fn their_server_of_all_versions_speaks_our_newest() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut server = their_server(&identity, all_versions())?;
    for newest in ProtocolVersion::all() {
        let policy = ours::up_to(newest).hello_format(HelloFormat::Ssl2);
        let client = ours::client(policy, &identity)?;
        let connection = our_client(client, server.port(), &[b"text".to_vec()])
            .map_err(|error| format!("{newest}: {error}"))?;
        assert_eq!(connection.protocol_version(), Some(newest));
        assert_eq!(server.conversation()?.version, newest.wire());
    }
    Ok(())
}

#[test]
fn their_client_of_all_versions_speaks_our_newest() -> Result<(), Error> {
    let people = People::new()?;
    for newest in ProtocolVersion::all() {
        let oldest = if newest == ProtocolVersion::SSLv2 {
            newest
        } else {
            ProtocolVersion::SSLv3
        };
        for policy in [
            ours::up_to(newest),
            Policy::EVERYTHING.versions(oldest, newest),
        ] {
            let trace = Trace::default();
            let server = people.our_server(policy)?.observers(trace.clone());
            let listener = Listener::bind()?;
            let mut client = node::Client::connect(listener.port(), "text", &all_versions())?;
            let connection = our_server(&Arc::new(server.build()?), &mut client, &listener)
                .map_err(|error| format!("{policy:?}: {error}"))?;
            assert_eq!(connection.protocol_version(), Some(newest));
            let conversation = client.conversation()?;
            assert_eq!(conversation.version, newest.wire());
            assert_eq!(conversation.received, b"text", "{newest}");
            assert!(trace.has("received CLIENT-HELLO"), "{newest}");
            assert!(!trace.has("received ClientHello"), "{newest}");
            let later = newest > ProtocolVersion::SSLv2;
            assert_eq!(connection.secure_renegotiation(), later, "{newest}");
        }
    }
    Ok(())
}

#[test]
fn our_server_of_all_versions_speaks_their_only_one() -> Result<(), Error> {
    let people = People::new()?;
    let server = Arc::new(people.our_server(Policy::EVERYTHING)?.build()?);
    let later = Version::ALL.map(|version| (node::Settings::new(version, "ALL"), version.wire()));
    for (settings, version) in [(node::Settings::ssl2("ALL"), 0x0002)]
        .into_iter()
        .chain(later)
    {
        let listener = Listener::bind()?;
        let mut client = node::Client::connect(listener.port(), "text", &settings)?;
        let connection = our_server(&server, &mut client, &listener)
            .map_err(|error| format!("{version:#06x}: {error}"))?;
        let ours = connection.protocol_version().map(ProtocolVersion::wire);
        assert_eq!(ours, Some(version));
        assert_eq!(client.conversation()?.version, version);
    }
    Ok(())
}

#[test]
fn our_server_without_ssl2_refuses_a_client_of_nothing_else() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let policy = ours::between(Version::Ssl3, Version::Tls1_2);
    let server = ours::server(policy, &identity)?.build()?;
    let listener = Listener::bind()?;
    let settings = node::Settings::ssl2("ALL");
    let mut client = node::Client::connect(listener.port(), "text", &settings)?;
    let error = our_server(&Arc::new(server), &mut client, &listener).expect_err("SSL 2.0");
    let (min, max) = (ProtocolVersion::SSLv3, ProtocolVersion::TLSv1_2);
    let expected = PeerIncompatible::NoVersionInCommon {
        peer: 0x0002,
        min,
        max,
    };
    assert_eq!(cause(&error), Some(&expected.into()), "{error}");
    assert!(client.conversation().is_err());
    Ok(())
}

/// What our servers show at SSL 2.0, and at all later versions.
struct People {
    ssl2: Identity,
    later: Identity,
}

impl People {
    fn new() -> Result<Self, Error> {
        Ok(Self {
            ssl2: Identity::self_signed("localhost", 1024, Hash::Sha1)?,
            later: Identity::self_signed("localhost", 1024, Hash::Sha1)?,
        })
    }

    fn our_server(&self, policy: Policy) -> Result<ServerConfigBuilder, Error> {
        let (oldest, newest) = policy.version_range();
        let speaks_ssl2 = oldest == ProtocolVersion::SSLv2;
        if newest == ProtocolVersion::SSLv2 {
            return ours::ssl2_server(policy, &self.ssl2);
        }
        let server = ours::server(policy, &self.later)?;
        if !speaks_ssl2 {
            return Ok(server);
        }
        let certificate = ours::certificate(&self.ssl2)?;
        Ok(server.ssl2_certificate(certificate, ours::private_key(&self.ssl2)?))
    }
}

fn with_ssl2() -> Policy {
    Policy::EVERYTHING.hello_format(HelloFormat::Ssl2)
}

fn without_ssl2() -> Policy {
    ours::between(Version::Ssl3, Version::Tls1_2).hello_format(HelloFormat::Ssl2)
}

fn their_server(identity: &Identity, settings: node::Settings) -> Result<node::Server, Error> {
    node::Server::start(&node::Settings {
        identity: Some(identity.clone()),
        ..settings
    })
}

/// As a client it sends no name, and so a hello in SSL 2.0's format.
fn all_versions() -> node::Settings {
    node::Settings::with_method("SSLv23_method", "ALL")
}

/// A server that reads hellos of both formats, and speaks one version.
fn all_but(version: Version) -> node::Settings {
    let others = [
        ("SSLv2", None),
        ("SSLv3", Some(Version::Ssl3)),
        ("TLSv1", Some(Version::Tls1_0)),
        ("TLSv1_1", Some(Version::Tls1_1)),
        ("TLSv1_2", Some(Version::Tls1_2)),
    ];
    node::Settings {
        without: others
            .into_iter()
            .filter(|(_, other)| *other != Some(version))
            .map(|(name, _)| name.to_owned())
            .collect(),
        ..all_versions()
    }
}

/// A connection that changes what the first message, a CLIENT-HELLO, says of the version.
struct HelloChanged {
    stream: TcpStream,
    version: Option<ProtocolVersion>,
}

impl HelloChanged {
    /// `None` leaves it as it is.
    fn new(stream: TcpStream, version: Option<ProtocolVersion>) -> Self {
        Self { stream, version }
    }

    fn change(&mut self, first: &mut [u8]) {
        if let Some(version) = self.version.take() {
            // Behind the record's header and the message's type.
            first[3..5].copy_from_slice(&version.wire().to_be_bytes());
        }
    }
}

impl Read for HelloChanged {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.version.is_none() {
            return self.stream.read(buffer);
        }
        let mut hello = [0; 5];
        self.stream.read_exact(&mut hello)?;
        self.change(&mut hello);
        buffer[..hello.len()].copy_from_slice(&hello);
        Ok(hello.len())
    }
}

impl Write for HelloChanged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut bytes = bytes.to_vec();
        self.change(&mut bytes);
        self.stream.write_all(&bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
