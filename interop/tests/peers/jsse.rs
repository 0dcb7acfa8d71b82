//! JSSE and Node.js.

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::matrix::{self, Combination};
use interop::peer::openssl::ClientCertificate;
use interop::peer::{Version, jsse, node};

use crate::TEXT;

fn cases(version: Version) -> impl Iterator<Item = (Combination, &'static str)> {
    matrix::jsse()
        .chain(matrix::null())
        .filter(move |case| case.version == version)
        .filter_map(|case| Some((case, case.jsse?)))
}

#[test]
fn node_client_and_jsse_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut count = 0;
    for version in Version::ALL {
        let mut server = jsse::Server::start(&jsse::Settings {
            identity: Some(identity.clone()),
            suites: cases(version).map(|(_, name)| name.to_owned()).collect(),
            split_records: true,
            ..jsse::Settings::new(version, "")
        })?;
        for (case, name) in cases(version) {
            let mut client = node::Client::connect(
                server.port(),
                TEXT,
                &node::Settings {
                    trusted: vec![identity.certificate.clone()],
                    reject_unauthorized: true,
                    server_name: Some("localhost".to_owned()),
                    ..node::Settings::new(version, case.name)
                },
            )?;
            let client = client
                .conversation()
                .map_err(|error| format!("{case}: {error}"))?;
            let server = server.conversation()?;
            assert_eq!(server.suite, name, "{case}");
            let server_name = (version > Version::Ssl3).then_some("localhost");
            assert_eq!(server.server_name.as_deref(), server_name, "{case}");
            assert_agreement(case, &server, &client);
            count += 1;
        }
    }
    assert_eq!(count, 27 + 9);
    Ok(())
}

#[test]
fn jsse_client_and_node_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut count = 0;
    for version in Version::ALL {
        let mut server = node::Server::start(&node::Settings {
            identity: Some(identity.clone()),
            ..node::Settings::new(version, "ALL:NULL")
        })?;
        for (case, name) in cases(version) {
            let mut client = jsse::Client::connect(
                server.port(),
                TEXT,
                &jsse::Settings {
                    trusted: vec![identity.certificate.clone()],
                    server_name: Some("localhost".to_owned()),
                    ..jsse::Settings::new(version, name)
                },
            )?;
            let client = client
                .conversation()
                .map_err(|error| format!("{case}: {error}"))?;
            let server = server.conversation()?;
            assert_eq!(client.suite, name, "{case}");
            assert_eq!(client.peer_subject.as_deref(), Some("CN=localhost"));
            assert_agreement(case, &client, &server);
            count += 1;
        }
    }
    assert_eq!(count, 27 + 9);
    Ok(())
}

fn assert_agreement(case: Combination, jsse: &jsse::Conversation, node: &node::Conversation) {
    assert_eq!(jsse.version, case.version, "{case}");
    assert_eq!(node.version, case.version.wire(), "{case}");
    assert_eq!(node.cipher, case.name, "{case}");
    assert_eq!(node.suite, case.suite.0.to_be_bytes(), "{case}");
    assert_eq!(jsse.master_secret, node.master_secret, "{case}");
    assert_eq!(jsse.master_secret.len(), 48, "{case}");
    assert_eq!(jsse.received, TEXT.as_bytes(), "{case}");
    assert_eq!(node.received, TEXT.as_bytes(), "{case}");
    assert!(jsse.close_notify && node.close_notify, "{case}");
    assert!(!jsse.session_resumed && !node.session_resumed, "{case}");
}

#[test]
fn sessions_are_resumed() -> Result<(), Error> {
    for (version, session_tickets) in [
        (Version::Ssl3, false),
        (Version::Tls1_0, false),
        (Version::Tls1_0, true),
        (Version::Tls1_2, true),
    ] {
        let jsse = jsse::Settings {
            session_tickets,
            ..jsse::Settings::new(version, "TLS_RSA_WITH_AES_128_CBC_SHA")
        };
        let node = node::Settings {
            session_tickets,
            server_name: Some("localhost".to_owned()),
            ..node::Settings::new(version, "AES128-SHA")
        };
        connect_twice(&jsse, &node, true)
            .map_err(|error| format!("{version}, {session_tickets}: {error}"))?;
    }
    Ok(())
}

/// RFC 7627, 5.3, recommends as much; JSSE does so in both roles.
#[test]
fn with_extended_master_secrets_no_session_without_one_is_resumed() -> Result<(), Error> {
    for version in [Version::Ssl3, Version::Tls1_0] {
        let jsse = jsse::Settings {
            extended_master_secret: true,
            ..jsse::Settings::new(version, "TLS_RSA_WITH_AES_128_CBC_SHA")
        };
        connect_twice(&jsse, &node::Settings::new(version, "AES128-SHA"), false)
            .map_err(|error| format!("{version}: {error}"))?;
    }
    Ok(())
}

/// In both roles; the second connection is `resumed` or not.
fn connect_twice(jsse: &jsse::Settings, node: &node::Settings, resumed: bool) -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut server = jsse::Server::start(&jsse::Settings {
        identity: Some(identity.clone()),
        ..jsse.clone()
    })?;
    let mut client = node::Client::reconnect(server.port(), TEXT, node, 2)?;
    for resumed in [false, resumed] {
        assert_eq!(client.conversation()?.session_resumed, resumed);
        assert_eq!(server.conversation()?.session_resumed, resumed);
    }
    let mut server = node::Server::start(&node::Settings {
        identity: Some(identity),
        ..node.clone()
    })?;
    let mut client = jsse::Client::reconnect(server.port(), TEXT, jsse, 2)?;
    for resumed in [false, resumed] {
        assert_eq!(client.conversation()?.session_resumed, resumed);
        assert_eq!(server.conversation()?.session_resumed, resumed);
    }
    Ok(())
}

#[test]
fn client_certificates() -> Result<(), Error> {
    let authority = Identity::authority("Interop Authority", 1024, Hash::Sha1)?;
    let server = authority.issue("localhost", 1024, Hash::Sha1)?;
    let client = authority.issue("somebody", 1024, Hash::Sha1)?;
    let trusted = vec![authority.certificate.clone()];
    for version in Version::ALL {
        let ours = |identity: Option<&Identity>| jsse::Settings {
            identity: identity.cloned(),
            trusted: trusted.clone(),
            ..jsse::Settings::new(version, "TLS_RSA_WITH_AES_128_CBC_SHA")
        };
        let theirs = |identity: Option<&Identity>| node::Settings {
            identity: identity.cloned(),
            trusted: trusted.clone(),
            request_certificate: true,
            reject_unauthorized: true,
            server_name: Some("localhost".to_owned()),
            ..node::Settings::new(version, "AES128-SHA")
        };
        let mut jsse_server = jsse::Server::start(&jsse::Settings {
            client_certificate: ClientCertificate::Required,
            ..ours(Some(&server))
        })?;
        let port = jsse_server.port();
        let mut node_client = node::Client::connect(port, TEXT, &theirs(Some(&client)))?;
        assert!(node_client.conversation()?.authorized, "{version}");
        let subject = jsse_server.conversation()?.peer_subject;
        assert_eq!(subject.as_deref(), Some("CN=somebody"), "{version}");
        let mut node_client = node::Client::connect(port, TEXT, &theirs(None))?;
        assert!(node_client.conversation().is_err(), "{version}");
        assert!(jsse_server.conversation().is_err(), "{version}");

        let mut node_server = node::Server::start(&theirs(Some(&server)))?;
        let mut jsse_client =
            jsse::Client::connect(node_server.port(), TEXT, &ours(Some(&client)))?;
        jsse_client.conversation()?;
        let conversation = node_server.conversation()?;
        assert!(conversation.authorized, "{version}");
        let name = conversation.peer_common_name.as_deref();
        assert_eq!(name, Some("somebody"), "{version}");
    }
    Ok(())
}

#[test]
fn an_untrusted_server_is_refused() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let other = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut server = node::Server::start(&node::Settings {
        identity: Some(identity),
        ..node::Settings::new(Version::Tls1_0, "AES128-SHA")
    })?;
    let settings = jsse::Settings {
        trusted: vec![other.certificate],
        ..jsse::Settings::new(Version::Tls1_0, "TLS_RSA_WITH_AES_128_CBC_SHA")
    };
    let mut client = jsse::Client::connect(server.port(), TEXT, &settings)?;
    let error = client.conversation().expect_err("another certificate");
    assert!(error.to_string().contains("PKIX path"), "{error}");
    assert!(server.conversation().is_err());
    Ok(())
}

const MANY: [&str; 4] = [
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "SSL_RSA_WITH_3DES_EDE_CBC_SHA",
    "SSL_RSA_WITH_RC4_128_MD5",
    "SSL_RSA_EXPORT_WITH_RC4_40_MD5",
];

#[test]
fn a_client_begins_with_an_ssl2_client_hello() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let mut server = node::Server::start(&node::Settings {
        identity: Some(identity),
        ..node::Settings::with_method("SSLv23_method", "ALL")
    })?;
    for newest in Version::ALL {
        let settings = jsse::Settings {
            versions: Version::Ssl3..=newest,
            ssl2_client_hello: true,
            suites: MANY.map(str::to_owned).to_vec(),
            ..jsse::Settings::new(newest, "")
        };
        let mut client = jsse::Client::connect(server.port(), TEXT, &settings)?;
        let conversation = client
            .conversation()
            .map_err(|error| format!("{newest}: {error}"))?;
        assert_eq!(conversation.version, newest);
        assert_eq!(server.conversation()?.version, newest.wire());

        let listener = Listener::bind()?;
        let mut client = jsse::Client::connect(listener.port(), TEXT, &settings)?;
        let mut first = [0; 5];
        client.accept(&listener)?.peek(&mut first)?;
        assert_eq!((first[0] & 0x80, first[2]), (0x80, 1), "{newest}");
        assert_eq!(first[3..], newest.wire().to_be_bytes());
    }
    Ok(())
}

#[test]
fn a_server_takes_an_ssl2_client_hello() -> Result<(), Error> {
    let mixed = "RC4-MD5:DES-CBC3-MD5:AES128-SHA";
    for newest in [Version::Tls1_0, Version::Tls1_1, Version::Tls1_2] {
        let mut server = server_of(newest, true)?;
        let all = node::Settings::with_method("SSLv23_method", mixed);
        let mut client = node::Client::connect(server.port(), TEXT, &all)?;
        let conversation = client
            .conversation()
            .map_err(|error| format!("{newest}: {error}"))?;
        assert_eq!(conversation.version, newest.wire());
        assert_eq!(server.conversation()?.version, newest);
    }
    let mut server = server_of(Version::Ssl3, true)?;
    let only_ssl = without_tls(node::Settings::with_method("SSLv23_method", mixed));
    let mut client = node::Client::connect(server.port(), TEXT, &only_ssl)?;
    assert_eq!(client.conversation()?.version, Version::Ssl3.wire());
    assert_eq!(server.conversation()?.version, Version::Ssl3);

    let mut server = server_of(Version::Tls1_2, false)?;
    let mut client = node::Client::connect(server.port(), TEXT, &only_ssl)?;
    assert!(client.conversation().is_err());
    let error = server.conversation().expect_err("SSL 2.0's format");
    assert!(error.to_string().contains("SSLv2Hello"), "{error}");
    Ok(())
}

/// To JSSE of OpenJDK 17, the version that the client offers decides whether two bytes before the
/// encrypted premaster secret say how long it is. At SSL 3.0, there are none.
#[test]
fn a_client_that_offers_tls_does_not_come_down_to_ssl3() -> Result<(), Error> {
    let all = node::Settings {
        server_name: Some("localhost".to_owned()),
        ..node::Settings::with_method("SSLv23_method", "AES128-SHA")
    };
    let mut server = server_of(Version::Ssl3, false)?;
    let mut client = node::Client::connect(server.port(), TEXT, &all)?;
    assert!(client.conversation().is_err());
    let error = server.conversation().expect_err("no length");
    assert!(error.to_string().contains("Insufficient space"), "{error}");

    let mut server = node::Server::start(&node::Settings {
        identity: Some(Identity::self_signed("localhost", 1024, Hash::Sha1)?),
        ..node::Settings::new(Version::Ssl3, "AES128-SHA")
    })?;
    let settings = jsse::Settings {
        versions: Version::Ssl3..=Version::Tls1_0,
        ..jsse::Settings::new(Version::Tls1_0, "TLS_RSA_WITH_AES_128_CBC_SHA")
    };
    let mut client = jsse::Client::connect(server.port(), TEXT, &settings)?;
    assert!(client.conversation().is_err());
    let error = server.conversation().expect_err("another premaster secret");
    assert!(error.to_string().contains("bad record mac"), "{error}");
    Ok(())
}

fn server_of(newest: Version, ssl2_client_hello: bool) -> Result<jsse::Server, Error> {
    jsse::Server::start(&jsse::Settings {
        versions: Version::Ssl3..=newest,
        ssl2_client_hello,
        suites: MANY.map(str::to_owned).to_vec(),
        identity: Some(Identity::self_signed("localhost", 1024, Hash::Sha1)?),
        ..jsse::Settings::new(newest, "")
    })
}

fn without_tls(settings: node::Settings) -> node::Settings {
    node::Settings {
        without: ["TLSv1", "TLSv1_1", "TLSv1_2"].map(str::to_owned).to_vec(),
        ..settings
    }
}
