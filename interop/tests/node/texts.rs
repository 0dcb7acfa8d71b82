//! Every version and suite, both roles: texts of many sizes, with empty fragments and without them.

use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::matrix::{self, Combination};
use interop::ours::{self, Secrets};
use interop::peer::{Version, node};
use interop::talk::{our_client, our_server};
use retrossl::Connection;

#[test]
fn our_client_and_their_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut count = 0;
    for empty_fragments in [false, true] {
        for version in Version::ALL {
            let mut server = node::Server::start(&node::Settings {
                identity: Some(identity.clone()),
                empty_fragments,
                ..node::Settings::new(version, "ALL:NULL")
            })?;
            for case in cases().filter(|case| case.version == version) {
                our_client_at(&mut server, case, &identity)
                    .map_err(|error| format!("{case}: {error}"))?;
                count += 1;
            }
        }
    }
    assert_eq!(count, 54 + 18);
    Ok(())
}

fn cases() -> impl Iterator<Item = Combination> {
    matrix::node().chain(matrix::null())
}

fn our_client_at(
    server: &mut node::Server,
    case: Combination,
    identity: &Identity,
) -> Result<(), Error> {
    let secrets = Arc::new(Secrets::default());
    let policy = ours::only(case.version, case.suite);
    let client = ours::client(policy, identity)?.key_log(secrets.clone());
    let texts = [1, 2, 100, 16_384, 16_385, 40_000].map(|len| vec![b'x'; len]);
    let connection = our_client(client, server.port(), &texts)?;

    let conversation = server.conversation()?;
    assert_eq!(conversation.received, texts.concat(), "{case}");
    assert!(conversation.close_notify, "{case}");
    if case.version > Version::Ssl3 {
        let name = conversation.server_name.as_deref();
        assert_eq!(name, Some("localhost"), "{case}");
    }
    assert_agreement(&connection, &conversation, case, &secrets);
    Ok(())
}

#[test]
fn their_client_and_our_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut count = 0;
    let text = "x".repeat(40_000);
    for case in cases() {
        our_server_at(&text, case, &identity).map_err(|error| format!("{case}: {error}"))?;
        count += 1;
    }
    assert_eq!(count, 27 + 9);
    Ok(())
}

fn our_server_at(text: &str, case: Combination, identity: &Identity) -> Result<(), Error> {
    let secrets = Arc::new(Secrets::default());
    let policy = ours::only(case.version, case.suite);
    let server = ours::server(policy, identity)?.key_log(secrets.clone());
    let listener = Listener::bind()?;
    let mut client = node::Client::connect(
        listener.port(),
        text,
        &node::Settings {
            trusted: vec![identity.certificate.clone()],
            reject_unauthorized: true,
            server_name: Some("localhost".to_owned()),
            empty_fragments: true,
            ..node::Settings::new(case.version, case.name)
        },
    )?;
    let connection = our_server(&Arc::new(server.build()?), &mut client, &listener)?;

    let conversation = client.conversation()?;
    assert_eq!(conversation.received, text.as_bytes(), "{case}");
    assert!(
        conversation.close_notify && conversation.authorized,
        "{case}"
    );
    let name = (case.version > Version::Ssl3).then_some("localhost");
    assert_eq!(connection.server_name(), name, "{case}");
    assert_agreement(&connection, &conversation, case, &secrets);
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
    assert!(ours.secure_renegotiation(), "{case}");
    assert!(!ours.session_resumed() && !theirs.session_resumed, "{case}");
}

#[test]
fn a_client_that_would_resume_gets_full_handshakes_where_we_do_not() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for version in Version::ALL {
        for session_tickets in [false, true] {
            let server = ours::server(ours::between(version, version), &identity)?
                .without_session_ids()
                .without_tickets();
            let server = Arc::new(server.build()?);
            let listener = Listener::bind()?;
            let settings = node::Settings {
                session_tickets,
                server_name: Some("localhost".to_owned()),
                ..node::Settings::new(version, "AES128-SHA")
            };
            let mut client = node::Client::reconnect(listener.port(), "text", &settings, 2)?;
            for _ in 0..2 {
                our_server(&server, &mut client, &listener)?;
                assert!(!client.conversation()?.session_resumed, "{version}");
            }
        }
    }
    Ok(())
}
