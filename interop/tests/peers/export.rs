//! Export suites, which Node.js and JSSE have.

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::matrix;
use interop::peer::{Version, jsse, node};

use crate::TEXT;

#[test]
fn node_against_itself_with_a_short_key() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 512, Hash::Md5)?;
    let mut count = 0;
    for case in matrix::export() {
        let settings = node::Settings::new(case.version, case.name);
        let mut server = node::Server::start(&node::Settings {
            identity: Some(identity.clone()),
            ..settings.clone()
        })?;
        let mut client = node::Client::reconnect(server.port(), TEXT, &settings, 2)?;
        for resumed in [false, true] {
            let theirs = client
                .conversation()
                .map_err(|error| format!("{case}: {error}"))?;
            assert_eq!(theirs.suite, case.suite.0.to_be_bytes(), "{case}");
            assert_eq!(theirs.version, case.version.wire(), "{case}");
            assert_eq!(theirs.received, TEXT.as_bytes(), "{case}");
            assert_eq!(theirs.session_resumed, resumed, "{case}");
            let secret = server.conversation()?.master_secret;
            assert_eq!(theirs.master_secret, secret, "{case}");
        }
        count += 1;
    }
    assert_eq!(count, 6);
    Ok(())
}

/// Node.js never tells OpenSSL of a short key.
#[test]
fn a_node_server_with_a_long_key_refuses() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    for case in matrix::export() {
        let settings = node::Settings::new(case.version, case.name);
        let mut server = node::Server::start(&node::Settings {
            identity: Some(identity.clone()),
            ..settings.clone()
        })?;
        let mut client = node::Client::connect(server.port(), TEXT, &settings)?;
        assert!(client.conversation().is_err(), "{case}");
        let error = server.conversation().expect_err("no key to exchange");
        assert!(error.to_string().contains("no shared cipher"), "{error}");
    }
    Ok(())
}

/// The server's own key, or an ephemeral one of 512 bits that it signs.
#[test]
fn jsse_server() -> Result<(), Error> {
    for bits in [512, 1024, 2048] {
        let identity = Identity::self_signed("localhost", bits, Hash::Sha1)?;
        for version in [Version::Ssl3, Version::Tls1_0] {
            let cases = || matrix::export().filter(move |case| case.version == version);
            let mut server = jsse::Server::start(&jsse::Settings {
                identity: Some(identity.clone()),
                suites: cases()
                    .filter_map(|case| case.jsse.map(str::to_owned))
                    .collect(),
                ..jsse::Settings::new(version, "")
            })?;
            for (case, name) in cases().filter_map(|case| Some((case, case.jsse?))) {
                let settings = node::Settings {
                    trusted: vec![identity.certificate.clone()],
                    server_name: Some("localhost".to_owned()),
                    ..node::Settings::new(version, case.name)
                };
                let mut client = node::Client::connect(server.port(), TEXT, &settings)?;
                let client = client
                    .conversation()
                    .map_err(|error| format!("{case}, {bits}: {error}"))?;
                assert_eq!(client.received, TEXT.as_bytes(), "{case}");
                assert!(client.authorized, "{case}");
                let conversation = server.conversation()?;
                assert_eq!(conversation.suite, name, "{case}");
                assert_eq!(conversation.master_secret, client.master_secret, "{case}");
            }
            let settings = jsse::Settings::new(version, "SSL_RSA_EXPORT_WITH_DES40_CBC_SHA");
            let mut client = jsse::Client::connect(server.port(), TEXT, &settings)?;
            let client = client
                .conversation()
                .map_err(|error| format!("{version}, {bits}: {error}"))?;
            assert_eq!(client.received, TEXT.as_bytes(), "{version}, {bits}");
            let secret = server.conversation()?.master_secret;
            assert_eq!(client.master_secret, secret, "{version}, {bits}");
        }
    }
    Ok(())
}

#[test]
fn jsse_client_and_node_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 512, Hash::Sha1)?;
    for (case, name) in matrix::export().filter_map(|case| Some((case, case.jsse?))) {
        let mut server = node::Server::start(&node::Settings {
            identity: Some(identity.clone()),
            ..node::Settings::new(case.version, case.name)
        })?;
        let settings = jsse::Settings {
            trusted: vec![identity.certificate.clone()],
            ..jsse::Settings::new(case.version, name)
        };
        let mut client = jsse::Client::connect(server.port(), TEXT, &settings)?;
        let client = client
            .conversation()
            .map_err(|error| format!("{case}: {error}"))?;
        assert_eq!(client.received, TEXT.as_bytes(), "{case}");
        let conversation = server.conversation()?;
        assert_eq!(conversation.cipher, case.name);
        assert_eq!(conversation.master_secret, client.master_secret, "{case}");
    }
    Ok(())
}

/// RFC 4346 forbids them there. OpenSSL 1.0.1e does not.
#[test]
fn node_has_them_at_newer_versions() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 512, Hash::Sha1)?;
    for version in [Version::Tls1_1, Version::Tls1_2] {
        let settings = node::Settings::new(version, "EXP-RC4-MD5");
        let mut server = node::Server::start(&node::Settings {
            identity: Some(identity.clone()),
            ..settings.clone()
        })?;
        let mut client = node::Client::connect(server.port(), TEXT, &settings)?;
        assert_eq!(client.conversation()?.version, version.wire());
        assert_eq!(server.conversation()?.cipher, "EXP-RC4-MD5");
    }
    Ok(())
}
