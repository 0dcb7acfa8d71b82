//! Node.js 0.10.33, with OpenSSL 1.0.1j: every version and suite, both roles, with a certificate of
//! the client, a renegotiation that our side begins, and the session resumed; and SSL 2.0.

use std::io::{Read, Write};
use std::ops::DerefMut;
use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::matrix::{self, Combination};
use interop::ours::{self, Secrets};
use interop::peer::Version;
use interop::peer::node::{self, Release};
use interop::people::{Member, People};
use interop::talk::{close, our_client_of, our_server};
use retrossl::{
    CipherKind, ClientConfig, Connection, Resumption, ServerConfig, ServerConnection, StreamOwned,
};

#[test]
fn each_has_its_openssl() -> Result<(), Error> {
    for (release, openssl) in [
        (Release::V0_10_0, "1.0.1e"),
        (Release::V0_10_33, "1.0.1j"),
        (Release::V0_12_0, "1.0.1l"),
    ] {
        assert_eq!(release.openssl()?, openssl, "{release:?}");
    }
    Ok(())
}

#[test]
fn our_client_and_their_server() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    let mut count = 0;
    for version in Version::ALL {
        let settings = node::Settings::new(version, "ALL:NULL");
        let mut server = node::Server::start(&theirs(&people, &people.server, settings))?;
        for case in cases().filter(|case| case.version == version) {
            let secrets = Arc::new(Secrets::default());
            let client = people.our_client(ours::only(version, case.suite))?;
            let client = Arc::new(client.key_log(secrets.clone()).build()?);
            our_client_at(&mut server, case, &client, &secrets)
                .map_err(|error| format!("{case}: {error}"))?;
            count += 1;
        }
    }
    assert_eq!(count, 27 + 9);
    Ok(())
}

fn cases() -> impl Iterator<Item = Combination> {
    matrix::node().chain(matrix::null())
}

fn our_client_at(
    server: &mut node::Server,
    case: Combination,
    client: &Arc<ClientConfig>,
    secrets: &Secrets,
) -> Result<(), Error> {
    let mut stream = ours::connect(client, server.port())?;
    ours::echo(&mut stream, b"te")?;
    let first = secrets.last();
    stream.connection.renegotiate()?;
    ours::echo(&mut stream, b"xt")?;
    assert_eq!(stream.connection.handshakes(), 2, "{case}");
    let connection = close(stream)?;
    assert_agreement(&connection, &server.conversation()?, case, None, &first);

    let connection = our_client_of(client, server.port(), &[b"text".to_vec()])?;
    let by_id = Some(Resumption::SessionId);
    let theirs = server.conversation()?;
    assert_agreement(&connection, &theirs, case, by_id, &secrets.last());
    assert_eq!(theirs.peer_common_name.as_deref(), Some("somebody"));
    Ok(())
}

/// A process for each: a client of theirs offers what it is told, and we choose.
#[test]
fn their_client_and_our_server() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha1)?;
    let mut count = 0;
    for version in Version::ALL {
        let listener = Listener::bind()?;
        let settings = node::Settings::new(version, "ALL:NULL");
        let settings = theirs(&people, &people.client, settings);
        for case in cases().filter(|case| case.version == version) {
            let secrets = Arc::new(Secrets::default());
            let server = people.our_server(ours::only(version, case.suite))?;
            let server = Arc::new(server.key_log(secrets.clone()).build()?);
            let mut client = node::Client::reconnect(listener.port(), "text", &settings, 2)?;
            our_server_at(&listener, &mut client, case, &server, &secrets)
                .map_err(|error| format!("{case}: {error}"))?;
            count += 1;
        }
    }
    assert_eq!(count, 27 + 9);
    Ok(())
}

fn our_server_at(
    listener: &Listener,
    client: &mut node::Client,
    case: Combination,
    server: &Arc<ServerConfig>,
    secrets: &Secrets,
) -> Result<(), Error> {
    let transport = client.accept(listener)?;
    let mut stream = StreamOwned::new(ServerConnection::new(server.clone()), transport);
    let mut text = [0; 4];
    stream.read_exact(&mut text)?;
    stream.write_all(&text[..2])?;
    let first = secrets.last();
    stream.connection.renegotiate()?;
    ours::complete_handshakes(&mut stream, 2)?;
    stream.write_all(&text[2..])?;
    let connection = close(stream)?;
    assert_agreement(&connection, &client.conversation()?, case, None, &first);

    let connection = our_server(server, client, listener)?;
    assert!(connection.peer_certificates().is_some(), "{case}");
    let by_id = Some(Resumption::SessionId);
    let theirs = client.conversation()?;
    assert_agreement(&connection, &theirs, case, by_id, &secrets.last());
    Ok(())
}

fn theirs(people: &People, member: &Member, settings: node::Settings) -> node::Settings {
    node::Settings {
        release: Release::V0_10_33,
        identity: Some(member.identity.clone()),
        chain: member.above(),
        trusted: people.trusted(),
        request_certificate: true,
        reject_unauthorized: true,
        server_name: Some("localhost".to_owned()),
        ..settings
    }
}

fn assert_agreement(
    ours: &impl DerefMut<Target = Connection>,
    theirs: &node::Conversation,
    case: Combination,
    resumption: Option<Resumption>,
    master_secret: &[u8],
) {
    assert_eq!(ours.protocol_version(), Some(case.version.into()), "{case}");
    assert_eq!(theirs.version, case.version.wire(), "{case}");
    assert_eq!(ours.negotiated_cipher_suite(), Some(case.suite), "{case}");
    assert_eq!(theirs.cipher, case.name, "{case}");
    assert_eq!(ours.resumption(), resumption, "{case}");
    assert_eq!(theirs.session_resumed, resumption.is_some(), "{case}");
    assert_eq!(theirs.master_secret, master_secret, "{case}");
    assert_eq!(theirs.received, b"text", "{case}");
    assert!(theirs.close_notify && theirs.authorized, "{case}");
}

#[test]
fn ssl2() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Md5)?;
    let settings = node::Settings {
        release: Release::V0_10_33,
        identity: Some(identity.clone()),
        server_name: Some("localhost".to_owned()),
        ..node::Settings::ssl2("ALL")
    };
    let mut server = node::Server::start(&settings)?;
    let listener = Listener::bind()?;
    for cipher in matrix::SSL2 {
        let policy = ours::only_kind(cipher.kind());
        let client = Arc::new(ours::client(policy, &identity)?.build()?);
        our_client_of(&client, server.port(), &[b"text".to_vec()])
            .map_err(|error| format!("{cipher}: {error}"))?;
        assert_ssl2(&server.conversation()?, cipher.kind());

        let server = Arc::new(ours::ssl2_server(policy, &identity)?.build()?);
        let mut client = node::Client::connect(listener.port(), "text", &settings)?;
        our_server(&server, &mut client, &listener)
            .map_err(|error| format!("{cipher}: {error}"))?;
        assert_ssl2(&client.conversation()?, cipher.kind());
    }
    Ok(())
}

fn assert_ssl2(theirs: &node::Conversation, kind: CipherKind) {
    assert_eq!(theirs.version, 2, "{kind}");
    assert_eq!(theirs.suite, kind.0, "{kind}");
    assert_eq!(theirs.received, b"text", "{kind}");
}
