//! Every version and suite, both roles: texts of many sizes, with split records and without them.

use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::matrix::{self, Combination};
use interop::ours::{self, Secrets};
use interop::peer::{Version, jsse};
use interop::talk::{our_client, our_server};
use retrossl::Connection;

/// With JSSE's names.
fn cases(version: Version) -> Vec<(Combination, &'static str)> {
    matrix::jsse()
        .chain(matrix::null())
        .filter(|case| case.version == version)
        .filter_map(|case| Some((case, case.jsse?)))
        .collect()
}

/// One process for all suites of a version: Java takes its time to begin.
fn theirs(version: Version, split_records: bool) -> jsse::Settings {
    let names = cases(version).into_iter().map(|(_, name)| name.to_owned());
    jsse::Settings {
        suites: names.collect(),
        split_records,
        ..jsse::Settings::new(version, "")
    }
}

#[test]
fn our_client_and_their_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut count = 0;
    for extended_master_secret in [false, true] {
        for version in Version::ALL {
            let mut server = jsse::Server::start(&jsse::Settings {
                identity: Some(identity.clone()),
                extended_master_secret,
                ..theirs(version, extended_master_secret)
            })?;
            for (case, name) in cases(version) {
                let extended = extended_master_secret && version > Version::Ssl3;
                our_client_at(&mut server, case, name, extended, &identity)
                    .map_err(|error| format!("{case}: {error}"))?;
                count += 1;
            }
        }
    }
    assert_eq!(count, 2 * (27 + 9));
    Ok(())
}

fn our_client_at(
    server: &mut jsse::Server,
    case: Combination,
    name: &str,
    extended_master_secret: bool,
    identity: &Identity,
) -> Result<(), Error> {
    let secrets = Arc::new(Secrets::default());
    let policy = ours::only(case.version, case.suite);
    let client = ours::client(policy, identity)?.key_log(secrets.clone());
    let texts = [1, 2, 100, 16_384, 16_385, 40_000].map(|len| vec![b'x'; len]);
    let connection = our_client(client, server.port(), &texts)?;

    let conversation = server.conversation()?;
    assert_eq!(conversation.received, texts.concat(), "{case}");
    let server_name = (case.version > Version::Ssl3).then_some("localhost");
    assert_eq!(conversation.server_name.as_deref(), server_name, "{case}");
    let extended = connection.extended_master_secret();
    assert_eq!(extended, extended_master_secret, "{case}");
    assert_agreement(&connection, &conversation, case, name, &secrets);
    Ok(())
}

/// A client connects once for each suite; which one it is, is ours to choose.
#[test]
fn their_client_and_our_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut count = 0;
    let text = "x".repeat(40_000);
    for version in Version::ALL {
        let listener = Listener::bind()?;
        let settings = jsse::Settings {
            trusted: vec![identity.certificate.clone()],
            server_name: Some("localhost".to_owned()),
            ..theirs(version, true)
        };
        let cases = cases(version);
        let connections = cases.len() as u32;
        let mut client = jsse::Client::reconnect(listener.port(), &text, &settings, connections)?;
        for (case, name) in cases {
            our_server_at(&listener, &mut client, &text, case, name, &identity)
                .map_err(|error| format!("{case}: {error}"))?;
            count += 1;
        }
    }
    assert_eq!(count, 27 + 9);
    Ok(())
}

fn our_server_at(
    listener: &Listener,
    client: &mut jsse::Client,
    text: &str,
    case: Combination,
    name: &str,
    identity: &Identity,
) -> Result<(), Error> {
    let secrets = Arc::new(Secrets::default());
    let policy = ours::only(case.version, case.suite);
    let server = ours::server(policy, identity)?.key_log(secrets.clone());
    let connection = our_server(&Arc::new(server.build()?), client, listener)?;

    let conversation = client.conversation()?;
    assert_eq!(conversation.received, text.as_bytes(), "{case}");
    assert_eq!(conversation.peer_subject.as_deref(), Some("CN=localhost"));
    // JSSE sends extensions at SSL 3.0, too.
    assert_eq!(connection.server_name(), Some("localhost"), "{case}");
    assert_agreement(&connection, &conversation, case, name, &secrets);
    Ok(())
}

fn assert_agreement(
    ours: &Connection,
    theirs: &jsse::Conversation,
    case: Combination,
    name: &str,
    secrets: &Secrets,
) {
    assert_eq!(ours.protocol_version(), Some(case.version.into()), "{case}");
    assert_eq!(theirs.version, case.version, "{case}");
    assert_eq!(ours.negotiated_cipher_suite(), Some(case.suite), "{case}");
    assert_eq!(theirs.suite, name, "{case}");
    assert_eq!(secrets.last(), theirs.master_secret, "{case}");
    assert_eq!(secrets.last().len(), 48, "{case}");
    assert!(theirs.close_notify, "{case}");
    assert!(ours.secure_renegotiation(), "{case}");
    assert!(!ours.session_resumed() && !theirs.session_resumed, "{case}");
}
