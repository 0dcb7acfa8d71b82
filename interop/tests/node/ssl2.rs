//! SSL 2.0: every cipher, both roles.

use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::matrix::{self, Ssl2Cipher};
use interop::ours::{self, Secrets};
use interop::peer::node;
use interop::talk::{cause, our_client, our_server};
use retrossl::{CipherKind, Connection, PeerIncompatible, ProtocolVersion};

/// An export cipher limits the secret part of the master key, not the certificate's key.
const KEY_LENGTHS: [u32; 2] = [512, 2048];

#[test]
fn the_ciphers_are_all_that_both_sides_have() {
    let ours: Vec<_> = CipherKind::all().collect();
    assert_eq!(ours.len(), matrix::SSL2.len());
    for cipher in matrix::SSL2 {
        assert!(ours.contains(&cipher.kind()), "{cipher}");
        assert_eq!(cipher.kind().name(), Some(cipher.specified));
    }
}

#[test]
fn our_client_and_their_server() -> Result<(), Error> {
    for bits in KEY_LENGTHS {
        let identity = Identity::self_signed("localhost", bits, Hash::Md5)?;
        let mut server = node::Server::start(&node::Settings {
            identity: Some(identity.clone()),
            ..node::Settings::ssl2("ALL")
        })?;
        for cipher in matrix::SSL2 {
            our_client_at(&mut server, cipher, &identity)
                .map_err(|error| format!("{cipher}, {bits} bits: {error}"))?;
        }
    }
    Ok(())
}

fn our_client_at(
    server: &mut node::Server,
    cipher: Ssl2Cipher,
    identity: &Identity,
) -> Result<(), Error> {
    let secrets = Arc::new(Secrets::default());
    let policy = ours::only_kind(cipher.kind());
    let client = ours::client(policy, identity)?.key_log(secrets.clone());
    let texts = [1, 2, 100, 16_384, 16_385, 40_000].map(|len| vec![b'x'; len]);
    let connection = our_client(client, server.port(), &texts)?;

    let conversation = server.conversation()?;
    assert_eq!(conversation.received, texts.concat(), "{cipher}");
    assert_agreement(&connection, &conversation, cipher, &secrets);
    let shown = connection.peer_certificates();
    assert_eq!(shown, Some(&[ours::certificate(identity)?][..]), "{cipher}");
    Ok(())
}

#[test]
fn their_client_and_our_server() -> Result<(), Error> {
    for bits in KEY_LENGTHS {
        let identity = Identity::self_signed("localhost", bits, Hash::Md5)?;
        for cipher in matrix::SSL2 {
            for length in [1, 40_001] {
                our_server_at(&"x".repeat(length), cipher, &identity)
                    .map_err(|error| format!("{cipher}, {bits} bits, {length} bytes: {error}"))?;
            }
        }
    }
    Ok(())
}

fn our_server_at(text: &str, cipher: Ssl2Cipher, identity: &Identity) -> Result<(), Error> {
    let secrets = Arc::new(Secrets::default());
    let policy = ours::only_kind(cipher.kind());
    let server = ours::ssl2_server(policy, identity)?.key_log(secrets.clone());
    let listener = Listener::bind()?;
    let settings = node::Settings {
        trusted: vec![identity.certificate.clone()],
        ..node::Settings::ssl2("ALL")
    };
    let mut client = node::Client::connect(listener.port(), text, &settings)?;
    let connection = our_server(&Arc::new(server.build()?), &mut client, &listener)?;

    let conversation = client.conversation()?;
    assert_eq!(conversation.received, text.as_bytes(), "{cipher}");
    let name = conversation.peer_common_name.as_deref();
    assert_eq!(name, Some("localhost"), "{cipher}");
    assert_agreement(&connection, &conversation, cipher, &secrets);
    Ok(())
}

fn assert_agreement(
    ours: &Connection,
    theirs: &node::Conversation,
    cipher: Ssl2Cipher,
    secrets: &Secrets,
) {
    assert_eq!(ours.protocol_version(), Some(ProtocolVersion::SSLv2));
    assert_eq!(theirs.version, 0x0002, "{cipher}");
    assert_eq!(ours.negotiated_cipher_kind(), Some(cipher.kind()));
    assert_eq!(ours.negotiated_cipher_suite(), None, "{cipher}");
    assert_eq!(theirs.suite, cipher.kind().0, "{cipher}");
    assert_eq!(theirs.cipher, cipher.name);
    assert_eq!(secrets.last(), theirs.master_secret, "{cipher}");
    assert!(!secrets.last().is_empty(), "{cipher}");
    assert!(!ours.secure_renegotiation(), "{cipher}");
    assert!(!ours.session_resumed() && !theirs.session_resumed);
}

/// They have IDEA, we do not.
#[test]
fn without_a_kind_in_common_both_sides_know_why() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha1)?;
    let idea = node::Settings::ssl2("IDEA-CBC-MD5");
    let expected = PeerIncompatible::NoKindInCommon.into();

    let mut server = node::Server::start(&node::Settings {
        identity: Some(identity.clone()),
        ..idea.clone()
    })?;
    let client = ours::client(ours::ssl2(), &identity)?;
    let error = our_client(client, server.port(), &[]).expect_err("only IDEA");
    assert_eq!(cause(&error), Some(&expected), "{error}");
    let theirs = server.conversation().expect_err("only IDEA").to_string();
    assert!(theirs.contains("peer error no cipher"), "{theirs}");

    let server = ours::ssl2_server(ours::ssl2(), &identity)?;
    let listener = Listener::bind()?;
    let mut client = node::Client::connect(listener.port(), "text", &idea)?;
    let error =
        our_server(&Arc::new(server.build()?), &mut client, &listener).expect_err("only IDEA");
    assert_eq!(cause(&error), Some(&expected), "{error}");
    let told = client.conversation().expect_err("only IDEA").to_string();
    assert!(told.contains("peer error no cipher"), "{told}");
    Ok(())
}
