//! Our client takes up sessions of their server, by ID and by ticket.
//!
//! Their client is not here: the `openssl` crate hands it a session by an unsafe function only.
//! `tests/openssl_command` has it.

use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::matrix::{self, Combination};
use interop::ours::{self, Secrets};
use interop::peer::{Version, openssl};
use interop::people::People;
use retrossl::{ClientConfig, ClientConnection, Resumption};

use crate::pair::Pair;

/// Three connections, one after the other, between the same two.
fn connect_thrice(
    client: &Arc<ClientConfig>,
    server: &openssl::Endpoint,
    by: Resumption,
    check: impl Fn(&mut Pair<ClientConnection>) -> Result<(), Error>,
) -> Result<(), Error> {
    for expected in [None, Some(by), Some(by)] {
        let ours = ClientConnection::new(client.clone(), "localhost".try_into()?)?;
        let mut pair = Pair::new(ours, server.connection()?);
        pair.establish()?;
        pair.assert_agreement();
        assert_eq!(pair.ours.resumption(), expected);
        check(&mut pair)?;
        pair.converse(b"data")?;
        // A server's session whose connection has not been closed is lost.
        pair.we_close()?;
    }
    Ok(())
}

#[test]
fn sessions_are_taken_up_at_every_version_and_suite() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    let mut count = 0;
    for (case, by) in matrix::openssl().flat_map(ways) {
        for protected in [false, case.version > Version::Ssl3] {
            let secrets = Arc::new(Secrets::default());
            let policy = ours::only(case.version, case.suite);
            let client = ours::client(policy, &identity)?.key_log(secrets.clone());
            let server = openssl::Endpoint::server(&openssl::Settings {
                identity: Some(identity.clone()),
                session_tickets: by == Resumption::Ticket,
                encrypt_then_mac: protected,
                extended_master_secret: protected,
                ..openssl::Settings::new(case.version, case.name)
            })?;
            connect_thrice(&Arc::new(client.build()?), &server, by, |pair| {
                assert_eq!(pair.ours.extended_master_secret(), protected);
                assert_eq!(secrets.last(), pair.theirs.master_secret());
                assert_eq!(
                    pair.ours.peer_certificates(),
                    Some(&[ours::certificate(&identity)?][..])
                );
                Ok(())
            })
            .map_err(|error| format!("{case}, {by:?}, {protected}: {error}"))?;
            count += 1;
        }
    }
    // 5 suites at SSL 3.0, 19 at TLS; two ways and two kinds of master secret at TLS.
    assert_eq!(count, 5 * 2 + 19 * 2 * 2);
    Ok(())
}

/// By ID; and by ticket, which SSL 3.0 does not have.
fn ways(case: Combination) -> impl Iterator<Item = (Combination, Resumption)> {
    let ticket = (case.version > Version::Ssl3).then_some(Resumption::Ticket);
    let ways = [Some(Resumption::SessionId), ticket].into_iter().flatten();
    ways.map(move |by| (case, by))
}

#[test]
fn both_sides_remember_whom_they_have_authenticated() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha256)?;
    let aes = matrix::openssl().filter(|case| case.name == "AES128-SHA");
    for (case, by) in aes.flat_map(ways) {
        let client = people.our_client(ours::only(case.version, case.suite))?;
        let server = openssl::Endpoint::server(&openssl::Settings {
            identity: Some(people.server.identity.clone()),
            chain: people.server.above(),
            trusted: people.trusted(),
            client_certificate: openssl::ClientCertificate::Required,
            session_tickets: by == Resumption::Ticket,
            ..openssl::Settings::new(case.version, case.name)
        })?;
        connect_thrice(&Arc::new(client.build()?), &server, by, |pair| {
            assert_eq!(pair.theirs.peer_common_name().as_deref(), Some("somebody"));
            let expected = people.server.our_chain()?;
            assert_eq!(pair.ours.peer_certificates(), Some(&expected[..]));
            Ok(())
        })
        .map_err(|error| format!("{case}, {by:?}: {error}"))?;
    }
    Ok(())
}

/// Two servers with the same name that do not know each other's sessions: a full handshake, and
/// the next one resumes again.
#[test]
fn a_server_that_has_lost_its_sessions_gets_a_full_handshake() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    let aes = matrix::openssl().filter(|case| case.name == "AES128-SHA");
    for (case, by) in aes.flat_map(ways) {
        let client = ours::client(ours::only(case.version, case.suite), &identity)?;
        let client = Arc::new(client.build()?);
        for _ in 0..2 {
            let server = openssl::Endpoint::server(&openssl::Settings {
                session_tickets: by == Resumption::Ticket,
                identity: Some(identity.clone()),
                ..openssl::Settings::new(case.version, case.name)
            })?;
            connect_thrice(&client, &server, by, |_| Ok(()))
                .map_err(|error| format!("{case}, {by:?}: {error}"))?;
        }
    }
    Ok(())
}

/// A session keeps its version, whatever else the two could speak.
#[test]
fn sides_of_more_versions_resume_at_the_common_one() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    for version in Version::ALL {
        let aes = matrix::openssl()
            .filter(|case| case.version == version && case.name == "AES128-SHA")
            .flat_map(ways);
        for (case, by) in aes {
            let policy = ours::between(Version::Ssl3, Version::Tls1_2).cipher_suites(&[case.suite]);
            let server = openssl::Endpoint::server(&openssl::Settings {
                identity: Some(identity.clone()),
                session_tickets: by == Resumption::Ticket,
                versions: Version::Ssl3..=version,
                ..openssl::Settings::new(version, case.name)
            })?;
            let client = Arc::new(ours::client(policy, &identity)?.build()?);
            connect_thrice(&client, &server, by, |pair| {
                assert_eq!(pair.version(), Some(version));
                Ok(())
            })
            .map_err(|error| format!("{case}, {by:?}: {error}"))?;
        }
    }
    Ok(())
}
