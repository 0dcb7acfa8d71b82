//! Which version comes out of what both sides allow; `SSLv23_method` allows all that it has.

use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::ours;
use interop::peer::{Version, node};
use interop::talk::{cause, our_client, our_server};
use retrossl::PeerIncompatible;

type Range = (Version, Version);

#[test]
fn their_server_of_all_versions_speaks_our_newest() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut server = node::Server::start(&node::Settings {
        identity: Some(identity.clone()),
        ..node::Settings::with_method("SSLv23_method", "ALL")
    })?;
    for (min, max) in ranges() {
        let client = ours::client(ours::between(min, max), &identity)?;
        let connection = our_client(client, server.port(), &[b"text".to_vec()])
            .map_err(|error| format!("{min} to {max}: {error}"))?;
        assert_eq!(connection.protocol_version(), Some(max.into()));
        assert_eq!(server.conversation()?.version, max.wire());
    }
    Ok(())
}

#[test]
fn their_client_of_all_versions_speaks_our_newest() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for (min, max) in ranges() {
        let server = ours::server(ours::between(min, max), &identity)?.build()?;
        let listener = Listener::bind()?;
        let mut client = node::Client::connect(listener.port(), "text", &all_versions())?;
        let connection = our_server(&Arc::new(server), &mut client, &listener)
            .map_err(|error| format!("{min} to {max}: {error}"))?;
        assert_eq!(connection.protocol_version(), Some(max.into()));
        assert_eq!(client.conversation()?.version, max.wire());
    }
    Ok(())
}

/// With a name to send, its ClientHello has SSL 3.0's format.
fn all_versions() -> node::Settings {
    node::Settings {
        server_name: Some("localhost".to_owned()),
        ..node::Settings::with_method("SSLv23_method", "ALL")
    }
}

#[test]
fn our_client_of_all_versions_speaks_their_only_one() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for version in Version::ALL {
        let mut server = node::Server::start(&node::Settings {
            identity: Some(identity.clone()),
            ..node::Settings::new(version, "ALL")
        })?;
        let policy = ours::between(Version::Ssl3, Version::Tls1_2);
        let client = ours::client(policy, &identity)?;
        let connection = our_client(client, server.port(), &[b"text".to_vec()])
            .map_err(|error| format!("{version}: {error}"))?;
        assert_eq!(connection.protocol_version(), Some(version.into()));
        assert_eq!(server.conversation()?.version, version.wire());
    }
    Ok(())
}

#[test]
fn our_server_of_all_versions_speaks_their_only_one() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let policy = ours::between(Version::Ssl3, Version::Tls1_2);
    let server = Arc::new(ours::server(policy, &identity)?.build()?);
    for version in Version::ALL {
        let listener = Listener::bind()?;
        let settings = node::Settings {
            server_name: Some("localhost".to_owned()),
            ..node::Settings::new(version, "ALL")
        };
        let mut client = node::Client::connect(listener.port(), "text", &settings)?;
        let connection = our_server(&server, &mut client, &listener)
            .map_err(|error| format!("{version}: {error}"))?;
        assert_eq!(connection.protocol_version(), Some(version.into()));
        assert_eq!(client.conversation()?.version, version.wire());
    }
    Ok(())
}

#[test]
fn both_sides_refuse_a_version_that_they_do_not_have() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut server = node::Server::start(&node::Settings {
        identity: Some(identity.clone()),
        ..node::Settings::new(Version::Tls1_0, "ALL")
    })?;
    let policy = ours::between(Version::Tls1_1, Version::Tls1_2);
    let client = ours::client(policy, &identity)?;
    let error = our_client(client, server.port(), &[]).expect_err("no version in common");
    let (min, max) = (Version::Tls1_1.into(), Version::Tls1_2.into());
    let peer = Version::Tls1_0.wire();
    let expected = PeerIncompatible::NoVersionInCommon { peer, min, max };
    assert_eq!(cause(&error), Some(&expected.into()));
    assert!(server.conversation().is_err());

    let server = Arc::new(ours::server(policy, &identity)?.build()?);
    let listener = Listener::bind()?;
    let settings = node::Settings {
        server_name: Some("localhost".to_owned()),
        ..node::Settings::new(Version::Tls1_0, "ALL")
    };
    let mut client = node::Client::connect(listener.port(), "text", &settings)?;
    let error = our_server(&server, &mut client, &listener).expect_err("no version in common");
    let expected = PeerIncompatible::NoVersionInCommon { peer, min, max };
    assert_eq!(cause(&error), Some(&expected.into()));
    let told = client.conversation().expect_err("refused").to_string();
    assert!(told.contains("protocol version"), "{told}");
    Ok(())
}

#[test]
fn without_a_suite_in_common_both_sides_know_why() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let rc4 = "TLS_RSA_WITH_RC4_128_SHA".parse()?;
    for version in Version::ALL {
        let mut server = node::Server::start(&node::Settings {
            identity: Some(identity.clone()),
            ..node::Settings::new(version, "AES128-SHA")
        })?;
        let client = ours::client(ours::only(version, rc4), &identity)?;
        // A server in Node.js 0.10.0 that fails tears the connection down, and its alert with it.
        our_client(client, server.port(), &[]).expect_err("no suite in common");
        let theirs = server.conversation().expect_err("no suite in common");
        assert!(theirs.to_string().contains("no shared cipher"), "{theirs}");

        let server = Arc::new(ours::server(ours::only(version, rc4), &identity)?.build()?);
        let listener = Listener::bind()?;
        let settings = node::Settings::new(version, "AES128-SHA");
        let mut client = node::Client::connect(listener.port(), "text", &settings)?;
        let error = our_server(&server, &mut client, &listener).expect_err("no suite in common");
        let expected = PeerIncompatible::NoSuiteInCommon(version.into());
        assert_eq!(cause(&error), Some(&expected.into()), "{version}");
        let told = client.conversation().expect_err("refused").to_string();
        assert!(told.contains("handshake failure"), "{version}: {told}");
    }
    Ok(())
}

/// OpenSSL 1.0.1e still has it there; RFC 5246 does not.
#[test]
fn des_is_not_spoken_at_tls_1_2() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let policy = ours::between(Version::Ssl3, Version::Tls1_2);
    let server = Arc::new(ours::server(policy, &identity)?.build()?);
    let listener = Listener::bind()?;
    let settings = node::Settings::new(Version::Tls1_2, "DES-CBC-SHA");
    let mut client = node::Client::connect(listener.port(), "text", &settings)?;
    let error = our_server(&server, &mut client, &listener).expect_err("DES at TLS 1.2");
    let expected = PeerIncompatible::NoSuiteInCommon(Version::Tls1_2.into());
    assert_eq!(cause(&error), Some(&expected.into()));
    assert!(client.conversation().is_err());
    Ok(())
}

fn ranges() -> impl Iterator<Item = Range> {
    let all = Version::ALL.into_iter();
    all.flat_map(|min| Version::ALL.into_iter().map(move |max| (min, max)))
        .filter(|(min, max)| min <= max)
}
