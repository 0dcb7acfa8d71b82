//! Export suites, both roles: with a certificate's key that is short enough, and, at our server,
//! with an ephemeral one. (Node.js never has OpenSSL make one.)

use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::matrix::{self, Combination};
use interop::ours::{self, Secrets, Trace};
use interop::peer::{Version, node};
use interop::talk::{cause, our_client, our_client_of, our_server};
use retrossl::{CipherSuite, Connection, PeerIncompatible, Policy, Resumption};

#[test]
fn our_client_and_their_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 512, Hash::Md5)?;
    let mut count = 0;
    for empty_fragments in [false, true] {
        for version in [Version::Ssl3, Version::Tls1_0] {
            let mut server = node::Server::start(&node::Settings {
                identity: Some(identity.clone()),
                empty_fragments,
                ..node::Settings::new(version, "ALL")
            })?;
            for case in matrix::export().filter(|case| case.version == version) {
                our_client_at(&mut server, case, &identity)
                    .map_err(|error| format!("{case}: {error}"))?;
                count += 1;
            }
        }
    }
    assert_eq!(count, 12);
    Ok(())
}

fn our_client_at(
    server: &mut node::Server,
    case: Combination,
    identity: &Identity,
) -> Result<(), Error> {
    let secrets = Arc::new(Secrets::default());
    let trace = Trace::default();
    let policy = ours::only(case.version, case.suite);
    let client = ours::client(policy, identity)?
        .key_log(secrets.clone())
        .observers(trace.clone());
    let client = Arc::new(client.build()?);
    for expected in [None, Some(Resumption::SessionId)] {
        let texts = [1, 2, 100, 16_384, 16_385, 40_000].map(|len| vec![b'x'; len]);
        let connection = our_client_of(&client, server.port(), &texts)?;
        let conversation = server.conversation()?;
        assert_eq!(conversation.received, texts.concat(), "{case}");
        assert_eq!(connection.resumption(), expected, "{case}");
        assert_agreement(&connection, &conversation, case, &secrets);
    }
    assert!(!trace.has("received ServerKeyExchange"), "{case}");
    Ok(())
}

#[test]
fn their_client_and_our_server() -> Result<(), Error> {
    let mut count = 0;
    for bits in [512, 1024, 2048] {
        let identity = Identity::self_signed("localhost", bits, Hash::Sha1)?;
        for case in matrix::export() {
            our_server_at(case, &identity, bits > 512)
                .map_err(|error| format!("{case}, {bits} bits: {error}"))?;
            count += 1;
        }
    }
    assert_eq!(count, 18);
    Ok(())
}

fn our_server_at(case: Combination, identity: &Identity, ephemeral: bool) -> Result<(), Error> {
    let secrets = Arc::new(Secrets::default());
    let trace = Trace::default();
    let policy = ours::only(case.version, case.suite);
    let server = ours::server(policy, identity)?
        .key_log(secrets.clone())
        .observers(trace.clone());
    let server = Arc::new(server.build()?);
    let listener = Listener::bind()?;
    let text = "x".repeat(40_000);
    let settings = node::Settings {
        trusted: vec![identity.certificate.clone()],
        reject_unauthorized: true,
        server_name: Some("localhost".to_owned()),
        empty_fragments: true,
        ..node::Settings::new(case.version, case.name)
    };
    let mut client = node::Client::reconnect(listener.port(), &text, &settings, 2)?;
    for expected in [None, Some(Resumption::SessionId)] {
        let connection = our_server(&server, &mut client, &listener)?;
        let conversation = client.conversation()?;
        assert_eq!(conversation.received, text.as_bytes(), "{case}");
        assert!(conversation.authorized, "{case}");
        assert_eq!(connection.resumption(), expected, "{case}");
        assert_agreement(&connection, &conversation, case, &secrets);
    }
    // None where the session was resumed.
    let key_exchanges = trace.count("sent ServerKeyExchange");
    assert_eq!(key_exchanges, usize::from(ephemeral), "{case}");
    Ok(())
}

fn assert_agreement(
    ours: &Connection,
    theirs: &node::Conversation,
    case: Combination,
    secrets: &Secrets,
) {
    assert_eq!(ours.protocol_version(), Some(case.version.into()), "{case}");
    assert_eq!(theirs.version, case.version.wire(), "{case}");
    assert_eq!(ours.negotiated_cipher_suite(), Some(case.suite), "{case}");
    assert_eq!(theirs.suite, case.suite.0.to_be_bytes(), "{case}");
    assert_eq!(theirs.cipher, case.name, "{case}");
    assert_eq!(secrets.last(), theirs.master_secret, "{case}");
    assert_eq!(secrets.last().len(), 48, "{case}");
    assert!(theirs.close_notify, "{case}");
    let resumed = theirs.session_resumed;
    assert_eq!(ours.session_resumed(), resumed, "{case}");
}

/// OpenSSL 1.0.1e has them there, RFC 4346 does not.
#[test]
fn they_are_not_spoken_at_tls_1_1_and_1_2() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 512, Hash::Sha1)?;
    let exports: Vec<CipherSuite> = matrix::export().map(|case| case.suite).collect();
    for version in [Version::Tls1_1, Version::Tls1_2] {
        let aes = "TLS_RSA_WITH_AES_128_CBC_SHA".parse()?;
        let policy = ours::between(version, version);
        let server = ours::server(
            policy.cipher_suites(&[&exports[..], &[aes]].concat()),
            &identity,
        )?;
        let listener = Listener::bind()?;
        let settings = node::Settings::new(version, "EXP");
        let mut client = node::Client::connect(listener.port(), "text", &settings)?;
        let error =
            our_server(&Arc::new(server.build()?), &mut client, &listener).expect_err("only EXP");
        let expected = PeerIncompatible::NoSuiteInCommon(version.into());
        assert_eq!(cause(&error), Some(&expected.into()), "{error}");
        assert!(client.conversation().is_err());
    }
    Ok(())
}

#[test]
fn without_being_named_they_are_refused() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for version in [Version::Ssl3, Version::Tls1_0] {
        let policy = Policy::HISTORIC.versions(version.into(), version.into());
        let server = ours::server(policy, &identity)?;
        let listener = Listener::bind()?;
        let settings = node::Settings::new(version, "EXP");
        let mut client = node::Client::connect(listener.port(), "text", &settings)?;
        let error =
            our_server(&Arc::new(server.build()?), &mut client, &listener).expect_err("only EXP");
        let expected = PeerIncompatible::NoSuiteInCommon(version.into());
        assert_eq!(cause(&error), Some(&expected.into()), "{error}");
        let told = client.conversation().expect_err("refused").to_string();
        assert!(told.contains("handshake failure"), "{told}");

        let mut server = node::Server::start(&node::Settings {
            identity: Some(Identity::self_signed("localhost", 512, Hash::Sha1)?),
            ..node::Settings::new(version, "EXP")
        })?;
        our_client(ours::client(policy, &identity)?, server.port(), &[]).expect_err("only EXP");
        let theirs = server.conversation().expect_err("only EXP").to_string();
        assert!(theirs.contains("no shared cipher"), "{theirs}");
    }
    Ok(())
}
