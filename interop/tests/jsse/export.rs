//! Export suites, both roles: with a certificate's key that is short enough, and with an ephemeral
//! one.

use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::matrix::{self, Combination};
use interop::ours::{self, Secrets, Trace};
use interop::peer::{Version, jsse};
use interop::talk::{our_client, our_server};
use retrossl::Connection;

/// The last one's certificate needs an ephemeral key beside it.
const KEY_LENGTHS: [(u32, bool); 2] = [(512, false), (2048, true)];

/// With JSSE's names; it has no RC2.
fn cases(version: Version) -> Vec<(Combination, &'static str)> {
    matrix::export()
        .filter(|case| case.version == version)
        .filter_map(|case| Some((case, case.jsse?)))
        .collect()
}

fn theirs(version: Version) -> jsse::Settings {
    let names = cases(version).into_iter().map(|(_, name)| name.to_owned());
    jsse::Settings {
        suites: names.collect(),
        split_records: true,
        ..jsse::Settings::new(version, "")
    }
}

#[test]
fn our_client_and_their_server() -> Result<(), Error> {
    let mut count = 0;
    for (bits, ephemeral) in KEY_LENGTHS {
        let identity = Identity::self_signed("localhost", bits, Hash::Sha1)?;
        for version in [Version::Ssl3, Version::Tls1_0] {
            let mut server = jsse::Server::start(&jsse::Settings {
                identity: Some(identity.clone()),
                ..theirs(version)
            })?;
            for (case, name) in cases(version) {
                our_client_at(&mut server, case, name, &identity, ephemeral)
                    .map_err(|error| format!("{case}, {bits} bits: {error}"))?;
                count += 1;
            }
        }
    }
    assert_eq!(count, 8);
    Ok(())
}

fn our_client_at(
    server: &mut jsse::Server,
    case: Combination,
    name: &str,
    identity: &Identity,
    ephemeral: bool,
) -> Result<(), Error> {
    let secrets = Arc::new(Secrets::default());
    let trace = Trace::default();
    let policy = ours::only(case.version, case.suite);
    let client = ours::client(policy, identity)?
        .key_log(secrets.clone())
        .observers(trace.clone());
    let texts = [1, 2, 100, 16_384, 16_385, 40_000].map(|len| vec![b'x'; len]);
    let connection = our_client(client, server.port(), &texts)?;
    let conversation = server.conversation()?;
    assert_eq!(conversation.received, texts.concat(), "{case}");
    assert_agreement(&connection, &conversation, case, name, &secrets);
    assert_eq!(trace.has("received ServerKeyExchange"), ephemeral, "{case}");
    Ok(())
}

#[test]
fn their_client_and_our_server() -> Result<(), Error> {
    let text = "x".repeat(40_000);
    let mut count = 0;
    for (bits, ephemeral) in KEY_LENGTHS {
        let identity = Identity::self_signed("localhost", bits, Hash::Sha1)?;
        for version in [Version::Ssl3, Version::Tls1_0] {
            let listener = Listener::bind()?;
            let settings = jsse::Settings {
                trusted: vec![identity.certificate.clone()],
                ..theirs(version)
            };
            let cases = cases(version);
            let connections = cases.len() as u32;
            let mut client =
                jsse::Client::reconnect(listener.port(), &text, &settings, connections)?;
            for (case, name) in cases {
                let secrets = Arc::new(Secrets::default());
                let trace = Trace::default();
                let server = ours::server(ours::only(version, case.suite), &identity)?
                    .key_log(secrets.clone())
                    .observers(trace.clone());
                let connection = our_server(&Arc::new(server.build()?), &mut client, &listener)
                    .map_err(|error| format!("{case}, {bits} bits: {error}"))?;
                let conversation = client.conversation()?;
                assert_eq!(conversation.received, text.as_bytes(), "{case}");
                assert_agreement(&connection, &conversation, case, name, &secrets);
                assert_eq!(trace.has("sent ServerKeyExchange"), ephemeral, "{case}");
                count += 1;
            }
        }
    }
    assert_eq!(count, 8);
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
}
