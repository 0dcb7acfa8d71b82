//! SSL 2.0: certificates of clients.

use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::loopback::Listener;
use interop::ours::{self, Trace};
use interop::peer::node;
use interop::talk::{cause, our_client, our_server};
use retrossl::dangerous::AcceptAnyCertificate;
use retrossl::server::ServerConfigBuilder;
use retrossl::{CertificateError, Fingerprint, PeerIncompatible, ServerConfig, ServerConnection};

struct People {
    authority: Identity,
    server: Identity,
    client: Identity,
}

impl People {
    fn new(hash: Hash) -> Result<Self, Error> {
        let authority = Identity::authority("Interop Authority", 1024, hash)?;
        Ok(Self {
            server: authority.issue("localhost", 1024, hash)?,
            client: authority.issue("somebody", 1024, hash)?,
            authority,
        })
    }

    /// Theirs, which knows the authority.
    fn theirs(&self, identity: Option<&Identity>) -> node::Settings {
        node::Settings {
            identity: identity.cloned(),
            trusted: vec![self.authority.certificate.clone()],
            ..node::Settings::ssl2("ALL")
        }
    }

    fn asking_server(&self, insists: bool) -> Result<node::Server, Error> {
        node::Server::start(&node::Settings {
            request_certificate: true,
            reject_unauthorized: insists,
            ..self.theirs(Some(&self.server))
        })
    }

    fn our_server(&self) -> Result<ServerConfigBuilder, Error> {
        ours::ssl2_server(ours::ssl2(), &self.server)
    }

    /// Their client at our server; what ours knows of it, and what it reports.
    fn their_client(
        &self,
        server: &Arc<ServerConfig>,
        identity: Option<&Identity>,
    ) -> Result<(Result<ServerConnection, Error>, node::Client), Error> {
        let listener = Listener::bind()?;
        let settings = self.theirs(identity);
        let mut client = node::Client::connect(listener.port(), "text", &settings)?;
        Ok((our_server(server, &mut client, &listener), client))
    }
}

#[test]
fn our_client_shows_its_certificate() -> Result<(), Error> {
    for hash in [Hash::Md5, Hash::Sha1] {
        let people = People::new(hash)?;
        let mut server = people.asking_server(true)?;
        let trace = Trace::default();
        let chain = vec![ours::certificate(&people.client)?];
        let client = ours::client(ours::ssl2(), &people.server)?
            .certificate(chain, ours::private_key(&people.client)?)
            .observers(trace.clone());
        our_client(client, server.port(), &[b"text".to_vec()])?;
        let conversation = server.conversation()?;
        assert!(conversation.authorized, "{conversation:?}");
        let name = conversation.peer_common_name.as_deref();
        assert_eq!(name, Some("somebody"));
        assert!(trace.has("received REQUEST-CERTIFICATE"));
        assert!(trace.has("sent CLIENT-CERTIFICATE"));
    }
    Ok(())
}

/// To OpenSSL it makes no difference whether the server insists.
#[test]
fn our_client_has_none_and_is_refused() -> Result<(), Error> {
    let people = People::new(Hash::Sha1)?;
    for insists in [false, true] {
        let mut server = people.asking_server(insists)?;
        let trace = Trace::default();
        let client = ours::client(ours::ssl2(), &people.server)?.observers(trace.clone());
        let error = our_client(client, server.port(), &[]).expect_err("one is required");
        // It says nothing, but goes away.
        let expected = retrossl::Error::TruncatedHandshake;
        assert_eq!(cause(&error), Some(&expected), "{error}");
        assert!(trace.has("sent ERROR"));
        let theirs = server.conversation().expect_err("one is required");
        let says_so = theirs.to_string().contains("peer error no certificate");
        assert!(says_so, "{theirs}");
    }
    Ok(())
}

#[test]
fn their_client_shows_its_certificate() -> Result<(), Error> {
    let people = People::new(Hash::Md5)?;
    let server = people
        .our_server()?
        .client_verifier(ours::pin(&people.client)?);
    let server = Arc::new(server.build()?);
    let (connection, mut client) = people.their_client(&server, Some(&people.client))?;
    let expected = [ours::certificate(&people.client)?];
    assert_eq!(connection?.peer_certificates(), Some(&expected[..]));
    assert_eq!(client.conversation()?.received, b"text");

    let (refused, mut stranger) = people.their_client(&server, Some(&people.server))?;
    let error = refused.map(|_| ()).expect_err("a stranger");
    let fingerprint = Fingerprint::of(&ours::certificate(&people.server)?);
    let expected = CertificateError::NotPinned(fingerprint);
    assert_eq!(cause(&error), Some(&expected.into()));
    let told = stranger.conversation().expect_err("refused").to_string();
    assert!(told.contains("peer error certificate"), "{told}");
    Ok(())
}

#[test]
fn their_client_has_none() -> Result<(), Error> {
    let people = People::new(Hash::Sha1)?;
    let trace = Trace::default();
    let server = people
        .our_server()?
        .client_verifier(AcceptAnyCertificate)
        .observers(trace.clone());
    let (connection, mut client) = people.their_client(&Arc::new(server.build()?), None)?;
    assert_eq!(connection?.peer_certificates(), None);
    assert_eq!(client.conversation()?.received, b"text");
    assert!(trace.has("received ERROR"));

    let server = people
        .our_server()?
        .client_verifier(ours::pin(&people.client)?);
    let (refused, mut client) = people.their_client(&Arc::new(server.build()?), None)?;
    let error = refused.map(|_| ()).expect_err("one is required");
    let expected = PeerIncompatible::NoClientCertificate;
    assert_eq!(cause(&error), Some(&expected.into()), "{error}");
    let told = client.conversation().expect_err("refused").to_string();
    assert!(told.contains("peer error certificate"), "{told}");
    Ok(())
}
