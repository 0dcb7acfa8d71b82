//! Steps 3, 5 and 6: both sides verify chains of three.

use interop::Error;
use interop::certificate::Hash;
use interop::matrix::{self, Combination};
use interop::ours;
use interop::peer::{Version, openssl};
use interop::people::{Member, People};
use retrossl::{AlertDescription, CertificateError, CertificateProblem};

use crate::negotiation::assert_told;
use crate::pair::{our_client, our_server};

fn theirs(people: &People, member: &Member, case: &Combination) -> openssl::Settings {
    openssl::Settings {
        identity: Some(member.identity.clone()),
        chain: member.above(),
        trusted: people.trusted(),
        client_certificate: openssl::ClientCertificate::Required,
        server_name: Some("localhost".to_owned()),
        ..openssl::Settings::new(case.version, case.name)
    }
}

#[test]
fn both_sides_verify_chains() -> Result<(), Error> {
    let mut count = 0;
    for hash in [Hash::Md5, Hash::Sha1, Hash::Sha256] {
        let people = People::new(1024, hash)?;
        for case in matrix::openssl() {
            mutual(&people, &case).map_err(|error| format!("{case}, {hash:?}: {error}"))?;
            count += 1;
        }
    }
    assert_eq!(count, 72);
    Ok(())
}

fn mutual(people: &People, case: &Combination) -> Result<(), Error> {
    let policy = ours::only(case.version, case.suite);
    let server = theirs(people, &people.server, case);
    let mut pair = our_client(people.our_client(policy)?, &server)?;
    pair.establish()?;
    pair.assert_agreement();
    assert_eq!(pair.theirs.peer_common_name().as_deref(), Some("somebody"));
    assert_eq!(
        pair.ours.peer_certificates(),
        Some(&people.server.our_chain()?[..])
    );
    pair.converse(b"data")?;

    let client = theirs(people, &people.client, case);
    let mut pair = our_server(people.our_server(policy)?, &client)?;
    pair.establish()?;
    pair.assert_agreement();
    assert_eq!(pair.theirs.peer_common_name().as_deref(), Some("localhost"));
    assert_eq!(
        pair.ours.peer_certificates(),
        Some(&people.client.our_chain()?[..])
    );
    pair.converse(b"data")
}

/// Everybody's names are the same among the others; their keys are not.
#[test]
fn chains_of_others_are_refused() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha256)?;
    let others = People::new(1024, Hash::Sha256)?;
    for case in matrix::openssl().filter(|case| case.name == "AES128-SHA") {
        let version = case.version;
        let policy = ours::only(version, case.suite);
        let bad_signature = |error: Option<retrossl::Error>| {
            let Some(retrossl::Error::InvalidCertificate(CertificateError::Chain(error))) = error
            else {
                panic!("{version}: {error:?}");
            };
            let bad = matches!(error.problem, CertificateProblem::NotSignedByRoot { .. });
            assert!(bad && error.index == Some(1), "{version}: {error}");
        };
        let server = theirs(&others, &others.server, &case);
        let mut pair = our_client(people.our_client(policy)?, &server)?;
        pair.settle();
        bad_signature(pair.our_error.take());
        assert_told(&pair.their_error, "bad certificate");

        let client = theirs(&others, &others.client, &case);
        let client = openssl::Settings {
            trusted: people.trusted(),
            ..client
        };
        let mut pair = our_server(people.our_server(policy)?, &client)?;
        pair.settle();
        bad_signature(pair.our_error.take());
        assert_told(&pair.their_error, "bad certificate");

        // And they refuse ours.
        let client = theirs(&others, &others.client, &case);
        let mut pair = our_server(people.our_server(policy)?, &client)?;
        pair.settle();
        let expected = match version {
            Version::Ssl3 => AlertDescription::HANDSHAKE_FAILURE,
            _ => AlertDescription::DECRYPT_ERROR,
        };
        let refused = retrossl::Error::AlertReceived(expected);
        assert_eq!(pair.our_error, Some(refused), "{version}");
    }
    Ok(())
}

#[test]
fn a_chain_without_its_middle_is_refused() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha256)?;
    for case in matrix::openssl().filter(|case| case.name == "AES128-SHA") {
        let version = case.version;
        let policy = ours::only(version, case.suite);
        let expected = match version {
            Version::Ssl3 => "certificate unknown",
            _ => "unknown ca",
        };
        let alone = |member| openssl::Settings {
            chain: Vec::new(),
            ..theirs(&people, member, &case)
        };
        let mut pair = our_client(people.our_client(policy)?, &alone(&people.server))?;
        pair.settle();
        assert_unknown_issuer(&pair.our_error, "CN=Interop Servers");
        assert_told(&pair.their_error, expected);
        let mut pair = our_server(people.our_server(policy)?, &alone(&people.client))?;
        pair.settle();
        assert_unknown_issuer(&pair.our_error, "CN=Interop Clients");
        assert_told(&pair.their_error, expected);
    }
    Ok(())
}

fn assert_unknown_issuer(error: &Option<retrossl::Error>, name: &str) {
    let Some(retrossl::Error::InvalidCertificate(CertificateError::Chain(error))) = error else {
        panic!("{error:?}");
    };
    let issuer = name.to_owned();
    assert_eq!(error.problem, CertificateProblem::UnknownIssuer { issuer });
}
