//! Steps 3, 5 and 6: both sides verify chains of three.

use std::sync::Arc;

use interop::Error;
use interop::certificate::Hash;
use interop::loopback::Listener;
use interop::ours;
use interop::peer::{Version, node};
use interop::people::{Member, People};
use interop::talk::{cause, our_client, our_server};
use retrossl::{CertificateError, CertificateProblem};

fn theirs(people: &People, member: &Member, version: Version) -> node::Settings {
    node::Settings {
        identity: Some(member.identity.clone()),
        chain: member.above(),
        trusted: people.trusted(),
        request_certificate: true,
        reject_unauthorized: true,
        server_name: Some("localhost".to_owned()),
        ..node::Settings::new(version, "AES128-SHA")
    }
}

#[test]
fn both_sides_verify_chains() -> Result<(), Error> {
    let mut count = 0;
    for hash in [Hash::Md5, Hash::Sha1, Hash::Sha256] {
        let people = People::new(1024, hash)?;
        for version in Version::ALL {
            their_server(&people, version)
                .map_err(|error| format!("{version}, {hash:?}: {error}"))?;
            their_client(&people, version)
                .map_err(|error| format!("{version}, {hash:?}: {error}"))?;
            count += 2;
        }
    }
    assert_eq!(count, 24);
    Ok(())
}

fn their_server(people: &People, version: Version) -> Result<(), Error> {
    let mut server = node::Server::start(&theirs(people, &people.server, version))?;
    let client = people.our_client(ours::between(version, version))?;
    let connection = our_client(client, server.port(), &[b"text".to_vec()])?;
    let expected = people.server.our_chain()?;
    let certificates = connection.peer_certificates().unwrap_or_default();
    assert!(certificates.starts_with(&expected));
    let conversation = server.conversation()?;
    assert_eq!(conversation.version, version.wire());
    assert!(conversation.authorized, "{conversation:?}");
    let name = conversation.peer_common_name.as_deref();
    assert_eq!(name, Some("somebody"));
    Ok(())
}

fn their_client(people: &People, version: Version) -> Result<(), Error> {
    let server = people.our_server(ours::between(version, version))?;
    let server = Arc::new(server.build()?);
    let listener = Listener::bind()?;
    let settings = theirs(people, &people.client, version);
    let mut client = node::Client::connect(listener.port(), "text", &settings)?;
    let connection = our_server(&server, &mut client, &listener)?;
    let expected = people.client.our_chain()?;
    let certificates = connection.peer_certificates().unwrap_or_default();
    assert!(certificates.starts_with(&expected));
    let conversation = client.conversation()?;
    assert_eq!(conversation.version, version.wire());
    assert!(conversation.authorized, "{conversation:?}");
    Ok(())
}

#[test]
fn a_chain_without_its_middle_is_refused() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    let alone = |member, version| node::Settings {
        chain: Vec::new(),
        ..theirs(&people, member, version)
    };
    for version in Version::ALL {
        let policy = ours::between(version, version);
        let server = node::Server::start(&alone(&people.server, version))?;
        let error = our_client(people.our_client(policy)?, server.port(), &[])
            .expect_err("its issuer is unknown");
        assert_unknown_issuer(&error, "CN=Interop Servers");

        let server = Arc::new(people.our_server(policy)?.build()?);
        let listener = Listener::bind()?;
        let settings = alone(&people.client, version);
        let mut client = node::Client::connect(listener.port(), "text", &settings)?;
        let error = our_server(&server, &mut client, &listener).expect_err("its issuer is unknown");
        assert_unknown_issuer(&error, "CN=Interop Clients");
        let told = client.conversation().expect_err("refused").to_string();
        let expected = match version {
            Version::Ssl3 => "certificate unknown",
            _ => "unknown ca",
        };
        assert!(told.contains(expected), "{version}: {told}");
    }
    Ok(())
}

fn assert_unknown_issuer(error: &Error, name: &str) {
    let Some(retrossl::Error::InvalidCertificate(CertificateError::Chain(error))) = cause(error)
    else {
        panic!("{error}");
    };
    let issuer = name.to_owned();
    assert_eq!(error.problem, CertificateProblem::UnknownIssuer { issuer });
}
