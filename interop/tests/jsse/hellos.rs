//! Hellos in SSL 2.0's format, and what becomes of a client that offers more than SSL 3.0.

use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::ours::{self, Trace};
use interop::peer::{Version, jsse};
use interop::talk::{cause, our_client, our_server};
use retrossl::{HelloFormat, PeerMisbehaved, Policy, Quirk};

const SUITES: [&str; 3] = [
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "SSL_RSA_WITH_3DES_EDE_CBC_SHA",
    "SSL_RSA_WITH_RC4_128_MD5",
];

fn theirs(newest: Version, ssl2_client_hello: bool) -> jsse::Settings {
    jsse::Settings {
        versions: Version::Ssl3..=newest,
        ssl2_client_hello,
        suites: SUITES.map(str::to_owned).to_vec(),
        ..jsse::Settings::new(newest, "")
    }
}

#[test]
fn our_client_reaches_their_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for newest in Version::ALL {
        let mut server = jsse::Server::start(&jsse::Settings {
            identity: Some(identity.clone()),
            ..theirs(newest, true)
        })?;
        let trace = Trace::default();
        // To JSSE, SSL 3.0 is out of reach for a client that offers TLS: see below.
        let ours = match newest {
            Version::Ssl3 => Version::Ssl3,
            _ => Version::Tls1_2,
        };
        let policy = ours::between(Version::Ssl3, ours).hello_format(HelloFormat::Ssl2);
        let client = ours::client(policy, &identity)?.observers(trace.clone());
        let connection = our_client(client, server.port(), &[b"text".to_vec()])
            .map_err(|error| format!("{newest}: {error}"))?;
        assert_eq!(connection.protocol_version(), Some(newest.into()));
        assert!(connection.secure_renegotiation(), "{newest}");
        assert_eq!(server.conversation()?.version, newest);
        assert!(trace.has("sent CLIENT-HELLO") && !trace.has("sent ClientHello"));
    }
    Ok(())
}

#[test]
fn their_client_reaches_our_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for theirs_newest in Version::ALL {
        let listener = Listener::bind()?;
        let settings = theirs(theirs_newest, true);
        let mut client = jsse::Client::reconnect(listener.port(), "text", &settings, 4)?;
        for ours_newest in Version::ALL {
            let trace = Trace::default();
            // With a session to offer, JSSE begins in SSL 3.0's format.
            let server = ours::server(policy(ours_newest), &identity)?
                .without_session_ids()
                .observers(trace.clone());
            let connection = our_server(&Arc::new(server.build()?), &mut client, &listener)
                .map_err(|error| format!("{theirs_newest}, {ours_newest}: {error}"))?;
            let newest = theirs_newest.min(ours_newest);
            assert_eq!(connection.protocol_version(), Some(newest.into()));
            let conversation = client.conversation()?;
            assert_eq!(conversation.version, newest);
            assert_eq!(conversation.received, b"text");
            assert!(trace.has("received CLIENT-HELLO"), "{newest}");
            assert!(!trace.has("received ClientHello"), "{newest}");
        }
    }
    Ok(())
}

/// Of a client that offers TLS 1.0 at the most, where SSL 3.0 or TLS 1.0 is spoken: it names the
/// version that was negotiated in its premaster secret, not the one that it offered.
fn policy(newest: Version) -> Policy {
    ours::between(Version::Ssl3, newest).quirk(Quirk::NegotiatedVersionInPreMasterSecret)
}

/// JSSE's client sends the premaster secret with its length in front then, as at TLS. Our server
/// passes over it.
#[test]
fn their_client_that_offers_tls_comes_down_to_ssl3() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for newest in Version::ALL {
        let trace = Trace::default();
        let server = ours::server(policy(Version::Ssl3), &identity)?.observers(trace.clone());
        let listener = Listener::bind()?;
        let mut client = jsse::Client::connect(listener.port(), "text", &theirs(newest, false))?;
        let connection = our_server(&Arc::new(server.build()?), &mut client, &listener)
            .map_err(|error| format!("{newest}: {error}"))?;
        assert_eq!(connection.protocol_version(), Some(Version::Ssl3.into()));
        assert_eq!(client.conversation()?.received, b"text");
        let length = 4 + 128 + if newest > Version::Ssl3 { 2 } else { 0 };
        let received = trace.length_of("received ClientKeyExchange");
        assert_eq!(received, Some(length), "{newest}");
    }
    Ok(())
}

#[test]
fn their_client_that_offers_tls_1_0_is_taken_for_a_rollback_without_the_quirk() -> Result<(), Error>
{
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let server = ours::server(ours::between(Version::Ssl3, Version::Ssl3), &identity)?;
    let listener = Listener::bind()?;
    let settings = theirs(Version::Tls1_0, false);
    let mut client = jsse::Client::connect(listener.port(), "text", &settings)?;
    let error =
        our_server(&Arc::new(server.build()?), &mut client, &listener).expect_err("other keys");
    let expected = PeerMisbehaved::BadRecordMac;
    assert_eq!(cause(&error), Some(&expected.into()), "{error}");
    assert!(client.conversation().is_err());
    Ok(())
}

/// JSSE's server expects the same of our client, which at SSL 3.0 does as RFC 6101 says. A policy
/// of SSL 3.0 alone gets through.
#[test]
fn our_client_that_offers_tls_does_not_come_down_to_ssl3_with_their_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut server = jsse::Server::start(&jsse::Settings {
        identity: Some(identity.clone()),
        ..theirs(Version::Ssl3, false)
    })?;
    let policy = ours::between(Version::Ssl3, Version::Tls1_2);
    our_client(ours::client(policy, &identity)?, server.port(), &[]).expect_err("no length");
    let error = server.conversation().expect_err("no length").to_string();
    assert!(error.contains("Insufficient space"), "{error}");

    let policy = ours::between(Version::Ssl3, Version::Ssl3);
    let client = ours::client(policy, &identity)?;
    our_client(client, server.port(), &[b"text".to_vec()])?;
    assert_eq!(server.conversation()?.version, Version::Ssl3);
    Ok(())
}
