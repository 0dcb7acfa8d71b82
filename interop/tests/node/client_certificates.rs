//! Steps 5 and 6: certificates of clients.

use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::ours::{self, Trace};
use interop::peer::{Version, node};
use interop::talk::{cause, our_client, our_server};
use retrossl::dangerous::AcceptAnyCertificate;
use retrossl::{CertificateError, Fingerprint, PeerIncompatible};

struct People {
    authority: Identity,
    server: Identity,
    client: Identity,
}

impl People {
    fn new() -> Result<Self, Error> {
        let authority = Identity::authority("Interop Authority", 1024, Hash::Sha1)?;
        Ok(Self {
            server: authority.issue("localhost", 1024, Hash::Sha1)?,
            client: authority.issue("somebody", 1024, Hash::Sha1)?,
            authority,
        })
    }

    /// Their server, which asks.
    fn asking_server(&self, version: Version, insists: bool) -> Result<node::Server, Error> {
        node::Server::start(&node::Settings {
            identity: Some(self.server.clone()),
            trusted: vec![self.authority.certificate.clone()],
            request_certificate: true,
            reject_unauthorized: insists,
            ..node::Settings::new(version, "AES128-SHA")
        })
    }

    /// Their client, with a certificate or without one.
    fn their_client(
        &self,
        version: Version,
        identity: Option<&Identity>,
        listener: &Listener,
    ) -> Result<node::Client, Error> {
        let settings = node::Settings {
            identity: identity.cloned(),
            trusted: vec![self.authority.certificate.clone()],
            server_name: Some("localhost".to_owned()),
            ..node::Settings::new(version, "AES128-SHA")
        };
        node::Client::connect(listener.port(), "text", &settings)
    }
}

#[test]
fn our_client_has_none() -> Result<(), Error> {
    let people = People::new()?;
    for version in Version::ALL {
        let trace = Trace::default();
        let client = || {
            ours::client(ours::between(version, version), &people.server)
                .map(|client| client.observers(trace.clone()))
        };
        let mut server = people.asking_server(version, false)?;
        our_client(client()?, server.port(), &[b"text".to_vec()])
            .map_err(|error| format!("{version}: {error}"))?;
        let conversation = server.conversation()?;
        assert!(!conversation.authorized, "{version}");
        assert_eq!(conversation.peer_common_name, None, "{version}");
        let says_so = match version {
            Version::Ssl3 => "sent warning no_certificate",
            _ => "sent Certificate",
        };
        assert!(trace.has(says_so), "{version}");

        let mut server = people.asking_server(version, true)?;
        // A server in Node.js 0.10.0 that fails tears the connection down, and its alert with it.
        our_client(client()?, server.port(), &[]).expect_err("one is required");
        let theirs = server.conversation().expect_err("one is required");
        let said = theirs.to_string().contains("did not return a certificate");
        assert!(said, "{version}: {theirs}");
    }
    Ok(())
}

#[test]
fn their_client_shows_its_certificate() -> Result<(), Error> {
    let people = People::new()?;
    for version in Version::ALL {
        let server = ours::server(ours::between(version, version), &people.server)?
            .client_verifier(ours::pin(&people.client)?);
        let server = Arc::new(server.build()?);
        let listener = Listener::bind()?;
        let mut client = people.their_client(version, Some(&people.client), &listener)?;
        let connection = our_server(&server, &mut client, &listener)
            .map_err(|error| format!("{version}: {error}"))?;
        let expected = [ours::certificate(&people.client)?];
        let certificates = connection.peer_certificates().unwrap_or_default();
        assert!(certificates.starts_with(&expected), "{version}");
        assert!(client.conversation()?.close_notify, "{version}");

        let listener = Listener::bind()?;
        let mut stranger = people.their_client(version, Some(&people.server), &listener)?;
        let error = our_server(&server, &mut stranger, &listener).expect_err("a stranger");
        let fingerprint = Fingerprint::of(&ours::certificate(&people.server)?);
        let expected = CertificateError::NotPinned(fingerprint);
        assert_eq!(cause(&error), Some(&expected.into()), "{version}");
        let told = stranger.conversation().expect_err("refused").to_string();
        assert!(told.contains("certificate unknown"), "{version}: {told}");
    }
    Ok(())
}

#[test]
fn their_client_has_none() -> Result<(), Error> {
    let people = People::new()?;
    for version in Version::ALL {
        let policy = ours::between(version, version);
        let trace = Trace::default();
        let server = ours::server(policy, &people.server)?
            .client_verifier(AcceptAnyCertificate)
            .observers(trace.clone());
        let listener = Listener::bind()?;
        let mut client = people.their_client(version, None, &listener)?;
        let connection = our_server(&Arc::new(server.build()?), &mut client, &listener)
            .map_err(|error| format!("{version}: {error}"))?;
        assert_eq!(connection.peer_certificates(), None, "{version}");
        assert!(client.conversation()?.close_notify, "{version}");
        let says_so = match version {
            Version::Ssl3 => "received warning no_certificate",
            _ => "received Certificate",
        };
        assert!(trace.has(says_so), "{version}");

        let server =
            ours::server(policy, &people.server)?.client_verifier(ours::pin(&people.client)?);
        let listener = Listener::bind()?;
        let mut client = people.their_client(version, None, &listener)?;
        let error = our_server(&Arc::new(server.build()?), &mut client, &listener)
            .expect_err("one is required");
        let expected = PeerIncompatible::NoClientCertificate;
        assert_eq!(cause(&error), Some(&expected.into()), "{version}");
        let told = client.conversation().expect_err("refused").to_string();
        assert!(told.contains("handshake failure"), "{version}: {told}");
    }
    Ok(())
}
