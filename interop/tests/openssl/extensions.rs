//! Server names, application protocols, and who may leave an extension out.

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::matrix;
use interop::ours;
use interop::peer::{Version, openssl};
use retrossl::{CipherSuite, PeerIncompatible, Quirk};

use crate::negotiation::assert_told;
use crate::pair::{our_client, our_server};

const TLS: [Version; 3] = [Version::Tls1_0, Version::Tls1_1, Version::Tls1_2];
const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

#[test]
fn server_names_arrive() -> Result<(), Error> {
    let identity = identity()?;
    for version in Version::ALL {
        let expected = (version > Version::Ssl3).then_some("localhost");
        let policy = ours::only(version, AES);
        let client = ours::client(policy, &identity)?;
        let mut pair = our_client(client, &server(version, &identity))?;
        pair.establish()?;
        assert_eq!(pair.theirs.server_name(), expected);

        let client = ours::client(policy, &identity)?.without_server_name();
        let mut pair = our_client(client, &server(version, &identity))?;
        pair.establish()?;
        assert_eq!(pair.theirs.server_name(), None);

        let client = openssl::Settings {
            server_name: Some("localhost".to_owned()),
            ..openssl::Settings::new(version, "AES128-SHA")
        };
        let mut pair = our_server(ours::server(policy, &identity)?, &client)?;
        pair.establish()?;
        assert_eq!(pair.ours.server_name(), expected);
    }
    Ok(())
}

#[test]
fn application_protocols_are_negotiated() -> Result<(), Error> {
    let identity = identity()?;
    for version in TLS {
        for (ours, theirs, from_our_server, from_their_server) in [
            (&["a", "b"][..], &["b", "a"][..], "a", "b"),
            (&["http/1.1"], &["h2", "http/1.1"], "http/1.1", "http/1.1"),
        ] {
            let names = || theirs.iter().map(|&name| name.to_owned()).collect();
            let policy = ours::only(version, AES);
            let server = openssl::Settings {
                alpn_protocols: names(),
                ..server(version, &identity)
            };
            let client = ours::client(policy, &identity)?.alpn_protocols(ours.to_vec());
            let mut pair = our_client(client, &server)?;
            pair.establish()?;
            let chosen = Some(from_their_server.as_bytes());
            assert_eq!(pair.ours.alpn_protocol(), chosen);
            assert_eq!(pair.theirs.alpn_protocol(), chosen);

            let client = openssl::Settings {
                alpn_protocols: names(),
                ..openssl::Settings::new(version, "AES128-SHA")
            };
            let server = ours::server(policy, &identity)?.alpn_protocols(ours.to_vec());
            let mut pair = our_server(server, &client)?;
            pair.establish()?;
            let chosen = Some(from_our_server.as_bytes());
            assert_eq!(pair.ours.alpn_protocol(), chosen);
            assert_eq!(pair.theirs.alpn_protocol(), chosen);
        }
    }
    Ok(())
}

#[test]
fn an_ssl3_server_answers_extensions_of_a_client_of_all_versions() -> Result<(), Error> {
    let identity = identity()?;
    let policy = ours::between(Version::Ssl3, Version::Tls1_2);
    let server = openssl::Settings {
        alpn_protocols: vec!["x".to_owned()],
        encrypt_then_mac: true,
        extended_master_secret: true,
        ..server(Version::Ssl3, &identity)
    };
    let client = ours::client(policy, &identity)?.alpn_protocols(["x"]);
    let mut pair = our_client(client, &server)?;
    pair.establish()?;
    pair.assert_agreement();
    assert_eq!(pair.ours.alpn_protocol(), pair.theirs.alpn_protocol());
    assert!(!pair.ours.encrypt_then_mac() && !pair.ours.extended_master_secret());
    pair.converse(b"data")?;
    pair.we_close()
}

#[test]
fn without_an_application_protocol_in_common_each_server_does_as_it_should() -> Result<(), Error> {
    let identity = identity()?;
    for version in TLS {
        let policy = ours::only(version, AES);
        let server = openssl::Settings {
            alpn_protocols: vec!["theirs".to_owned()],
            ..server(version, &identity)
        };
        let client = ours::client(policy, &identity)?.alpn_protocols(["ours"]);
        let mut pair = our_client(client, &server)?;
        pair.establish()?;
        assert_eq!(pair.ours.alpn_protocol(), None);

        let client = openssl::Settings {
            alpn_protocols: vec!["theirs".to_owned()],
            ..openssl::Settings::new(version, "AES128-SHA")
        };
        let server = ours::server(policy, &identity)?.alpn_protocols(["ours"]);
        let mut pair = our_server(server, &client)?;
        pair.settle();
        let refused = PeerIncompatible::NoApplicationProtocolInCommon;
        assert_eq!(pair.our_error, Some(refused.into()));
        assert_told(&pair.their_error, "no application protocol");
    }
    Ok(())
}

#[test]
fn what_our_policy_leaves_out_is_not_used() -> Result<(), Error> {
    let identity = identity()?;
    let mut count = 0;
    for case in matrix::openssl().filter(|case| case.version > Version::Ssl3) {
        let policy = ours::only(case.version, case.suite)
            .quirk(Quirk::NoEncryptThenMac)
            .quirk(Quirk::NoExtendedMasterSecret);
        let theirs = openssl::Settings {
            encrypt_then_mac: true,
            extended_master_secret: true,
            ..openssl::Settings::new(case.version, case.name)
        };
        let server = theirs.with_identity(&identity);
        let mut pair = our_client(ours::client(policy, &identity)?, &server)?;
        pair.establish()?;
        assert!(!pair.theirs.extended_master_secret() && !pair.ours.encrypt_then_mac());
        pair.converse(b"data")?;

        let mut pair = our_server(ours::server(policy, &identity)?, &theirs)?;
        pair.establish()?;
        assert!(!pair.theirs.extended_master_secret() && !pair.ours.encrypt_then_mac());
        pair.converse(b"data")?;
        count += 1;
    }
    assert_eq!(count, 19);
    Ok(())
}

#[test]
fn a_client_without_extensions_is_understood() -> Result<(), Error> {
    let identity = identity()?;
    for version in Version::ALL {
        let policy = ours::only(version, AES).quirk(Quirk::NoExtensions);
        let server = openssl::Settings {
            encrypt_then_mac: true,
            extended_master_secret: true,
            session_tickets: true,
            ..server(version, &identity)
        };
        let mut pair = our_client(ours::client(policy, &identity)?, &server)?;
        pair.establish()?;
        pair.assert_agreement();
        pair.converse(b"data")?;
    }
    Ok(())
}

#[test]
fn an_offer_of_session_tickets_may_be_ignored() -> Result<(), Error> {
    let identity = identity()?;
    for version in Version::ALL {
        let client = openssl::Settings {
            session_tickets: true,
            ..openssl::Settings::new(version, "AES128-SHA")
        };
        let server = ours::server(ours::only(version, AES), &identity)?.without_tickets();
        let mut pair = our_server(server, &client)?;
        pair.establish()?;
        pair.converse(b"data")?;
        pair.they_close()?;
    }
    Ok(())
}

#[test]
fn a_hello_of_awkward_length_is_padded_and_understood() -> Result<(), Error> {
    let identity = identity()?;
    for name_len in [1, 60, 120, 180, 240, 255] {
        let server = openssl::Settings {
            alpn_protocols: vec!["x".to_owned()],
            ..server(Version::Tls1_2, &identity)
        };
        let long = "y".repeat(name_len);
        let client = ours::client(ours::only(Version::Tls1_2, AES), &identity)?
            .alpn_protocols([long.as_str(), "x"]);
        let mut pair = our_client(client, &server)?;
        pair.establish()?;
        assert_eq!(pair.ours.alpn_protocol(), Some(&b"x"[..]));
        let hello = usize::from(u16::from_be_bytes([pair.sent_by_us[3], pair.sent_by_us[4]]));
        assert!(!(256..512).contains(&hello), "{hello}");
    }
    Ok(())
}

fn identity() -> Result<Identity, Error> {
    Identity::self_signed("localhost", 1024, Hash::Sha256)
}

fn server(version: Version, identity: &Identity) -> openssl::Settings {
    openssl::Settings::new(version, "AES128-SHA").with_identity(identity)
}
