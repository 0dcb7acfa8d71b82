//! Steps 5 and 6: a client without a certificate is refused.

use std::sync::Arc;

use interop::Error;
use interop::certificate::Hash;
use interop::loopback::Listener;
use interop::ours;
use interop::peer::openssl::ClientCertificate;
use interop::peer::{Version, jsse};
use interop::people::{Member, People};
use interop::talk::{cause, our_client, our_server};
use retrossl::{ClientConfig, PeerIncompatible};

fn theirs(people: &People, member: Option<&Member>, version: Version) -> jsse::Settings {
    jsse::Settings {
        identity: member.map(|member| member.identity.clone()),
        chain: member.map_or_else(Vec::new, Member::above),
        trusted: people.trusted(),
        client_certificate: ClientCertificate::Required,
        ..jsse::Settings::new(version, "TLS_RSA_WITH_AES_128_CBC_SHA")
    }
}

#[test]
fn our_client_has_none() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    for version in Version::ALL {
        let policy = ours::between(version, version);
        let mut server = jsse::Server::start(&theirs(&people, Some(&people.server), version))?;
        let nobody = ClientConfig::builder(policy).verifier(ours::pin(&people.server.identity)?);
        our_client(nobody, server.port(), &[]).expect_err("one is required");
        server.conversation().expect_err("one is required");
    }
    Ok(())
}

#[test]
fn their_client_has_none() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    for version in Version::ALL {
        let server = people.our_server(ours::between(version, version))?;
        let server = Arc::new(server.build()?);
        let listener = Listener::bind()?;
        let settings = theirs(&people, None, version);
        let mut client = jsse::Client::connect(listener.port(), "text", &settings)?;
        let error = our_server(&server, &mut client, &listener).expect_err("one is required");
        let expected = PeerIncompatible::NoClientCertificate;
        assert_eq!(cause(&error), Some(&expected.into()), "{version}: {error}");
        client.conversation().expect_err("one is required");
    }
    Ok(())
}
