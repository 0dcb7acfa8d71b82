//! SSL 2.0, which Node.js alone has.

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::matrix;
use interop::peer::node::{Client, Conversation, Server, Settings};

use crate::TEXT;

const SSL2: u16 = 0x0002;

fn with(identity: &Identity, settings: Settings) -> Settings {
    Settings {
        identity: Some(identity.clone()),
        ..settings
    }
}

/// What both report of one connection.
fn talk(server: &Settings, client: &Settings) -> Result<[Conversation; 2], Error> {
    let mut server = Server::start(server)?;
    let mut client = Client::connect(server.port(), TEXT, client)?;
    let both = [client.conversation()?, server.conversation()?];
    let [ours, theirs] = &both;
    assert_eq!(ours.version, theirs.version);
    assert_eq!(ours.suite, theirs.suite);
    assert_eq!(ours.master_secret, theirs.master_secret);
    assert_eq!(ours.received, TEXT.as_bytes());
    assert_eq!(theirs.received, TEXT.as_bytes());
    Ok(both)
}

#[test]
fn every_cipher() -> Result<(), Error> {
    // An export cipher limits the secret part of the session's key, not the certificate's key.
    for bits in [512, 2048] {
        let identity = Identity::self_signed("localhost", bits, Hash::Md5)?;
        let idea = [("IDEA-CBC-MD5", 0x05_0080)];
        let ciphers = matrix::SSL2.map(|cipher| (cipher.name, cipher.number));
        for (name, number) in ciphers.into_iter().chain(idea) {
            let settings = Settings::ssl2(name);
            let [client, _] = talk(&with(&identity, settings.clone()), &settings)
                .map_err(|error| format!("{name}, {bits}: {error}"))?;
            assert_eq!(client.version, SSL2, "{name}");
            assert_eq!(client.cipher, name);
            assert_eq!(client.suite, number.to_be_bytes()[1..], "{name}");
            let name = client.peer_common_name.as_deref();
            assert_eq!(name, Some("localhost"));
        }
    }
    Ok(())
}

/// What both have decides, with one and the same ClientHello.
#[test]
fn a_client_of_all_versions() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let all = Settings::with_method("SSLv23_method", "ALL");
    let ssl2 = Settings::ssl2("ALL");
    let only_tls1 = Settings::with_method("TLSv1_method", "ALL");
    for (server, client, version) in [
        (&ssl2, &all, SSL2),
        (&all, &ssl2, SSL2),
        (&all, &all, 0x0303),
        (&all, &only_tls1, 0x0301),
    ] {
        let server = with(&identity, server.clone());
        assert_eq!(talk(&server, client)?[0].version, version);
    }
    // To a server of TLS 1.0 only, that ClientHello is none.
    let mut server = Server::start(&with(&identity, only_tls1))?;
    let mut client = Client::connect(server.port(), TEXT, &all)?;
    assert!(client.conversation().is_err());
    let error = server.conversation().expect_err("SSL 2.0's format");
    assert!(error.to_string().contains("wrong version"), "{error}");
    Ok(())
}

#[test]
fn client_certificates() -> Result<(), Error> {
    let authority = Identity::authority("Interop Authority", 1024, Hash::Md5)?;
    let server = Settings {
        trusted: vec![authority.certificate.clone()],
        request_certificate: true,
        ..with(
            &authority.issue("localhost", 1024, Hash::Md5)?,
            Settings::ssl2("RC4-MD5"),
        )
    };
    let nobody = Settings {
        trusted: vec![authority.certificate.clone()],
        ..Settings::ssl2("RC4-MD5")
    };
    let somebody = with(
        &authority.issue("somebody", 1024, Hash::Md5)?,
        nobody.clone(),
    );
    let stranger = with(
        &Identity::self_signed("stranger", 1024, Hash::Md5)?,
        nobody.clone(),
    );
    for (client, name, authorized) in [(somebody, "somebody", true), (stranger, "stranger", false)]
    {
        let [_, theirs] = talk(&server, &client)?;
        assert_eq!(theirs.peer_common_name.as_deref(), Some(name));
        assert_eq!(theirs.authorized, authorized, "{name}");
    }
    // It makes no difference whether the server insists.
    for reject_unauthorized in [false, true] {
        let mut server = Server::start(&Settings {
            reject_unauthorized,
            ..server.clone()
        })?;
        let mut client = Client::connect(server.port(), TEXT, &nobody)?;
        assert!(client.conversation().is_err());
        let error = server.conversation().expect_err("it has none");
        let says_so = error.to_string().contains("peer error no certificate");
        assert!(says_so, "{error}");
    }
    Ok(())
}

/// A session that was written down and read again lacks what OpenSSL's client of SSL 2.0 looks at
/// when the server takes it up.
#[test]
fn a_server_resumes_sessions_but_a_client_cannot() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let settings = Settings::ssl2("RC4-MD5");
    let mut server = Server::start(&with(&identity, settings.clone()))?;
    let mut client = Client::reconnect(server.port(), TEXT, &settings, 2)?;
    let session_id = client.conversation()?.session_id;
    assert_eq!(session_id.len(), 16);
    assert_eq!(server.conversation()?.session_id, session_id);
    let error = client.conversation().expect_err("a session taken up");
    let at_server_hello = error
        .to_string()
        .contains("GET_SERVER_HELLO:internal error");
    assert!(at_server_hello, "{error}");
    assert!(server.conversation().is_err());

    let mut client = Client::connect(server.port(), TEXT, &settings)?;
    assert!(!client.conversation()?.session_resumed);
    Ok(())
}
