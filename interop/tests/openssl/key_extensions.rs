//! Every version and suite, both roles, with and without the extensions that change the keys; the
//! suites without encryption are named in the policy.

use std::ops::DerefMut;
use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::matrix::{self, Combination};
use interop::ours::{self, Secrets};
use interop::peer::{Version, openssl};
use retrossl::{CipherSuite, Connection, ProtocolVersion};

use crate::pair::{Pair, our_client, our_server};

#[test]
fn the_matrix_is_all_that_both_sides_have() {
    let ours: usize = ProtocolVersion::all()
        .map(|version| {
            CipherSuite::all()
                .filter(|suite| suite.exists_at(version))
                .count()
        })
        .sum();
    let common = matrix::node().chain(matrix::export()).chain(matrix::null());
    let common = common
        .filter(|combination| combination.suite.exists_at(combination.version.into()))
        .count();
    assert_eq!(common, 27 + 6 + 9);
    // Nobody has Netscape's FIPS suites at SSL 3.0, and those of EXPORT1024 at TLS 1.0 or below.
    assert_eq!(ours, common + 4 + 2 * 4);
    assert_eq!(matrix::openssl().count(), 24);
    for version in Version::ALL {
        let settings = openssl::Settings::new(version, "DES-CBC-SHA");
        assert!(openssl::Endpoint::client(&settings).is_err());
    }
}

#[test]
fn our_client_and_their_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    let count = each_case(|case, theirs| {
        let secrets = Arc::new(Secrets::default());
        let policy = ours::only(case.version, case.suite);
        let client = ours::client(policy, &identity)?.key_log(secrets.clone());
        let server = theirs.with_identity(&identity);
        whole_conversation(our_client(client, &server)?, case, theirs, &secrets)
    })?;
    assert_eq!(count, 81 + 30);
    Ok(())
}

#[test]
fn their_client_and_our_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let count = each_case(|case, theirs| {
        let secrets = Arc::new(Secrets::default());
        let policy = ours::only(case.version, case.suite);
        let server = ours::server(policy, &identity)?.key_log(secrets.clone());
        let client = openssl::Settings {
            trusted: vec![identity.certificate.clone()],
            ..theirs.clone()
        };
        whole_conversation(our_server(server, &client)?, case, theirs, &secrets)
    })?;
    assert_eq!(count, 81 + 30);
    Ok(())
}

/// Five suites at SSL 3.0, and 19 at TLS with each choice of the two extensions; two and seven
/// without encryption.
fn each_case(
    check: impl Fn(Combination, &openssl::Settings) -> Result<(), Error>,
) -> Result<usize, Error> {
    let mut count = 0;
    for case in matrix::openssl().chain(matrix::null()) {
        for (encrypt_then_mac, extended_master_secret) in
            [(false, false), (true, false), (false, true), (true, true)]
        {
            if case.version == Version::Ssl3 && (encrypt_then_mac || extended_master_secret) {
                continue;
            }
            let settings = openssl::Settings {
                encrypt_then_mac,
                extended_master_secret,
                ..openssl::Settings::new(case.version, case.name)
            };
            check(case, &settings).map_err(|error| {
                format!("{case}, {encrypt_then_mac}, {extended_master_secret}: {error}")
            })?;
            count += 1;
        }
    }
    Ok(count)
}

fn whole_conversation<C: DerefMut<Target = Connection>>(
    mut pair: Pair<C>,
    case: Combination,
    theirs: &openssl::Settings,
    secrets: &Secrets,
) -> Result<(), Error> {
    pair.establish()?;
    pair.assert_agreement();
    assert_eq!(pair.version(), Some(case.version), "{case}");
    assert_eq!(
        pair.ours.negotiated_cipher_suite(),
        Some(case.suite),
        "{case}"
    );
    let extended = theirs.extended_master_secret;
    assert_eq!(pair.ours.extended_master_secret(), extended, "{case}");
    let encrypts_then_macs = theirs.encrypt_then_mac && is_cbc(case);
    assert_eq!(pair.ours.encrypt_then_mac(), encrypts_then_macs, "{case}");
    assert_eq!(secrets.last(), pair.theirs.master_secret(), "{case}");
    assert_eq!(secrets.last().len(), 48, "{case}");
    assert_same_exports(&pair, case)?;

    for len in [1, 2, 100, 16_383, 16_384, 16_385, 40_000] {
        pair.converse(&vec![len as u8; len])?;
    }
    if theirs.encrypt_then_mac {
        pair.they_close()
    } else {
        pair.we_close()
    }
}

fn is_cbc(case: Combination) -> bool {
    !["RC4", "GCM", "NULL"]
        .iter()
        .any(|other| case.name.contains(other))
}

fn assert_same_exports<C: DerefMut<Target = Connection>>(
    pair: &Pair<C>,
    case: Combination,
) -> Result<(), Error> {
    for context in [None, Some(&b""[..]), Some(&b"context"[..])] {
        for length in [1, 32, 100] {
            let label = "EXPORTER-interop";
            let ours = pair
                .ours
                .export_keying_material(vec![0; length], label.as_bytes(), context);
            if case.version == Version::Ssl3 {
                assert!(matches!(ours, Err(retrossl::Error::Export(_))), "{case}");
                continue;
            }
            let theirs = pair.theirs.export_keying_material(length, label, context)?;
            assert_eq!(ours?, theirs, "{case}, {context:?}");
        }
    }
    Ok(())
}
