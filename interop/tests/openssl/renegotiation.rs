//! Step 11: our side begins, or asks their client to.
//!
//! What they begin is not here: the `openssl` crate has no function for it. `tests/openssl_command`
//! has it.

use std::ops::DerefMut;
use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::matrix::{self, Combination};
use interop::ours::{self, Secrets};
use interop::peer::{Version, openssl};
use interop::people::People;
use retrossl::{ClientConnection, Connection, Renegotiation, Resumption};

use crate::pair::{Pair, our_client, our_server};

#[test]
fn our_client_begins_at_every_version_and_suite() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    let count = each_case(|case, theirs| {
        let secrets = Arc::new(Secrets::default());
        let client = ours::client(ours::only(case.version, case.suite), &identity)?;
        let server = theirs.with_identity(&identity);
        let mut pair = our_client(client.key_log(secrets.clone()), &server)?;
        pair.establish()?;
        begin_twice(&mut pair, &secrets)?;
        pair.ours.renegotiate_resuming()?;
        settle(&mut pair, 4)?;
        // OpenSSL resumes in a renegotiation, too.
        assert!(pair.ours.session_resumed() && pair.theirs.session_resumed());
        pair.converse(b"resumed")?;
        pair.we_close()
    })?;
    assert_eq!(count, 5 + 19 * 2);
    Ok(())
}

#[test]
fn our_server_asks_at_every_version_and_suite() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    let count = each_case(|case, theirs| {
        let secrets = Arc::new(Secrets::default());
        let server = ours::server(ours::only(case.version, case.suite), &identity)?;
        let mut pair = our_server(server.key_log(secrets.clone()), theirs)?;
        pair.establish()?;
        begin_twice(&mut pair, &secrets)?;
        pair.they_close()
    })?;
    assert_eq!(count, 5 + 19 * 2);
    Ok(())
}

/// The five suites of SSL 3.0, the 19 of TLS with and without the extensions that change the keys.
fn each_case(
    check: impl Fn(Combination, &openssl::Settings) -> Result<(), Error>,
) -> Result<usize, Error> {
    let mut count = 0;
    for case in matrix::openssl() {
        for protected in [false, true] {
            if case.version == Version::Ssl3 && protected {
                continue;
            }
            let settings = openssl::Settings {
                client_renegotiation: true,
                encrypt_then_mac: protected,
                extended_master_secret: protected,
                ..openssl::Settings::new(case.version, case.name)
            };
            check(case, &settings).map_err(|error| format!("{case}, {protected}: {error}"))?;
            count += 1;
        }
    }
    Ok(count)
}

fn begin_twice<C: DerefMut<Target = Connection>>(
    pair: &mut Pair<C>,
    secrets: &Secrets,
) -> Result<(), Error> {
    let mut before = secrets.last();
    for handshakes in [2, 3] {
        pair.ours.renegotiate()?;
        settle(pair, handshakes)?;
        assert!(!pair.ours.session_resumed());
        assert_ne!(secrets.last(), before);
        assert_eq!(secrets.last(), pair.theirs.master_secret());
        pair.converse(b"under new keys")?;
        before = secrets.last();
    }
    Ok(())
}

/// Lets the handshake of this number run to its end.
fn settle<C: DerefMut<Target = Connection>>(
    pair: &mut Pair<C>,
    handshakes: u64,
) -> Result<(), Error> {
    pair.establish()?;
    assert!(!pair.ours.renegotiation().is_pending());
    assert_eq!(pair.ours.handshakes(), handshakes);
    pair.assert_agreement();
    Ok(())
}

/// A renegotiation keeps the version, whatever else the two could speak.
#[test]
fn sides_of_more_versions_stay_at_the_common_one() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    for version in Version::ALL {
        let secrets = Arc::new(Secrets::default());
        let theirs = openssl::Settings {
            versions: Version::Ssl3..=version,
            client_renegotiation: true,
            ..openssl::Settings::new(version, "AES128-SHA:AES256-SHA")
        };
        let all = ours::between(Version::Ssl3, Version::Tls1_2);
        let client = ours::client(all, &identity)?.key_log(secrets.clone());
        let mut pair = our_client(client, &theirs.with_identity(&identity))?;
        pair.establish()?;
        begin_twice(&mut pair, &secrets).map_err(|error| format!("{version}: {error}"))?;
        assert_eq!(pair.version(), Some(version));
        let server = ours::server(all, &identity)?.key_log(secrets.clone());
        let mut pair = our_server(server, &theirs)?;
        pair.establish()?;
        begin_twice(&mut pair, &secrets).map_err(|error| format!("{version}: {error}"))?;
        assert_eq!(pair.version(), Some(version));

        let theirs = openssl::Settings {
            versions: Version::Ssl3..=Version::Tls1_2,
            ..theirs
        };
        let client = ours::client(ours::between(Version::Ssl3, version), &identity)?;
        let client = client.key_log(secrets.clone());
        let mut pair = our_client(client, &theirs.with_identity(&identity))?;
        pair.establish()?;
        begin_twice(&mut pair, &secrets).map_err(|error| format!("{version}: {error}"))?;
        assert_eq!(pair.version(), Some(version));
        let server = ours::server(ours::between(Version::Ssl3, version), &identity)?;
        let mut pair = our_server(server.key_log(secrets.clone()), &theirs)?;
        pair.establish()?;
        begin_twice(&mut pair, &secrets).map_err(|error| format!("{version}: {error}"))?;
        assert_eq!(pair.version(), Some(version));
    }
    Ok(())
}

#[test]
fn data_crosses_on_the_way() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    for version in Version::ALL {
        let suite = "TLS_RSA_WITH_AES_128_CBC_SHA".parse()?;
        let client = ours::client(ours::only(version, suite), &identity)?;
        let theirs = openssl::Settings {
            client_renegotiation: true,
            ..openssl::Settings::new(version, "AES128-SHA").with_identity(&identity)
        };
        let mut pair = our_client(client, &theirs)?;
        pair.establish()?;
        pair.theirs.write(b"sent before they know of it")?;
        pair.ours.renegotiate()?;
        std::io::Write::write_all(&mut pair.ours.writer(), b"kept until it is over")?;
        settle(&mut pair, 2)?;
        assert_eq!(pair.received_by_us, b"sent before they know of it");
        assert_eq!(pair.received_by_them, b"kept until it is over");
    }
    Ok(())
}

#[test]
fn a_certificate_is_asked_for_only_then() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha256)?;
    for case in matrix::openssl().filter(|case| case.name == "AES128-SHA") {
        let policy = ours::only(case.version, case.suite);
        let theirs = openssl::Settings {
            identity: Some(people.client.identity.clone()),
            chain: people.client.above(),
            trusted: people.trusted(),
            ..openssl::Settings::new(case.version, case.name)
        };
        let server = people.our_open_server(policy)?;
        let mut pair = our_server(server, &theirs)?;
        pair.establish()?;
        assert_eq!(pair.ours.peer_certificates(), None, "{case}");
        pair.converse(b"who are you?")?;
        let asking = Arc::new(people.our_server(policy)?.build()?);
        pair.ours.renegotiate_with(asking)?;
        settle(&mut pair, 2)?;
        let expected = people.client.our_chain()?;
        assert_eq!(pair.ours.peer_certificates(), Some(&expected[..]), "{case}");
        pair.converse(b"somebody")?;
    }
    Ok(())
}

/// TLS only: SSL 3.0 has no alert for it, so OpenSSL says nothing there, and our client waits.
#[test]
fn their_no_is_no_end() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    for version in [Version::Tls1_0, Version::Tls1_1, Version::Tls1_2] {
        let client = ours::client(ours::between(version, version), &identity)?;
        let theirs = openssl::Settings::new(version, "AES128-SHA").with_identity(&identity);
        let mut pair = our_client(client, &theirs)?;
        pair.establish()?;
        pair.ours.renegotiate()?;
        std::io::Write::write_all(&mut pair.ours.writer(), b"kept")?;
        settle(&mut pair, 1)?;
        assert_eq!(pair.received_by_them, b"kept", "{version}");
        pair.converse(b"as before")?;
        pair.we_close()?;
    }
    Ok(())
}

/// RFC 7627 §5.3: what ties a resumed session to its first connection is the extended master
/// secret.
#[test]
fn a_resumed_session_is_renegotiated_where_it_is_bound() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    for (renegotiation, bound, allowed) in [
        (Renegotiation::Secure, true, true),
        (Renegotiation::Secure, false, false),
        (Renegotiation::Legacy, false, true),
    ] {
        for version in [Version::Tls1_0, Version::Tls1_1, Version::Tls1_2] {
            let policy = ours::between(version, version).renegotiation(renegotiation);
            let client = Arc::new(ours::client(policy, &identity)?.build()?);
            let server = openssl::Endpoint::server(&openssl::Settings {
                identity: Some(identity.clone()),
                client_renegotiation: true,
                session_tickets: true,
                extended_master_secret: bound,
                ..openssl::Settings::new(version, "AES128-SHA")
            })?;
            let connect = || -> Result<_, Error> {
                let ours = ClientConnection::new(client.clone(), "localhost".try_into()?)?;
                let mut pair = Pair::new(ours, server.connection()?);
                pair.establish()?;
                Ok(pair)
            };
            connect()?.we_close()?;
            let mut pair = connect()?;
            assert_eq!(pair.ours.resumption(), Some(Resumption::Ticket));
            match pair.ours.renegotiate() {
                Ok(()) => assert!(allowed, "{version}, {renegotiation:?}"),
                Err(error) => {
                    assert!(!allowed, "{version}, {renegotiation:?}: {error}");
                    let unbound = retrossl::RenegotiationRefused::UnboundSession;
                    assert_eq!(error, retrossl::Error::Renegotiation(unbound));
                }
            }
            settle(&mut pair, if allowed { 2 } else { 1 })?;
            pair.converse(b"data")?;
        }
    }
    Ok(())
}
