//! A root, two authorities below it, and below each a server or a client.

use std::sync::Arc;

use openssl::x509::X509;
use retrossl::client::ClientConfigBuilder;
use retrossl::pki_types::CertificateDer;
use retrossl::server::ServerConfigBuilder;
use retrossl::{ClientConfig, PathVerifier, Policy, RootStore, ServerConfig};

use crate::Error;
use crate::certificate::{Hash, Identity};
use crate::ours;

/// Who authenticates whom, by chains of three.
#[derive(Clone)]
pub struct People {
    pub root: Identity,
    pub server: Member,
    pub client: Member,
}

/// Somebody, and the authority between them and the root.
#[derive(Clone)]
pub struct Member {
    pub identity: Identity,
    pub authority: Identity,
}

impl People {
    /// The server is `localhost`, the client `somebody`.
    pub fn new(bits: u32, hash: Hash) -> Result<Self, Error> {
        let root = Identity::authority("Interop Root", bits, hash)?;
        let member = |authority, name| -> Result<Member, Error> {
            let authority = root.issue_authority(authority, bits, hash)?;
            let identity = authority.issue(name, bits, hash)?;
            Ok(Member {
                identity,
                authority,
            })
        };
        Ok(Self {
            server: member("Interop Servers", "localhost")?,
            client: member("Interop Clients", "somebody")?,
            root,
        })
    }

    /// The root, as the peers take it.
    pub fn trusted(&self) -> Vec<X509> {
        vec![self.root.certificate.clone()]
    }

    /// The same, where a chain is but one certificate.
    pub fn trusted_at_ssl2(&self) -> Vec<X509> {
        let all = [&self.root, &self.server.authority, &self.client.authority];
        all.map(|one| one.certificate.clone()).to_vec()
    }

    /// Our client, which shows its chain.
    pub fn our_client(&self, policy: Policy) -> Result<ClientConfigBuilder, Error> {
        let client = &self.client;
        let key = ours::private_key(&client.identity)?;
        Ok(ClientConfig::builder(policy)
            .root_certificates(roots(&self.root)?)
            .certificate(client.our_chain()?, key))
    }

    /// Our server, which requires a client's chain.
    pub fn our_server(&self, policy: Policy) -> Result<ServerConfigBuilder, Error> {
        let server = self.our_open_server(policy)?;
        Ok(server.client_verifier(PathVerifier::new(roots(&self.root)?)))
    }

    /// Our server, which asks nobody who they are.
    pub fn our_open_server(&self, policy: Policy) -> Result<ServerConfigBuilder, Error> {
        let server = &self.server;
        let key = ours::private_key(&server.identity)?;
        Ok(ServerConfig::builder(policy).certificate(server.our_chain()?, key))
    }

    /// Our client at SSL 2.0, which has room for one certificate: whoever verifies it knows the
    /// authority above.
    pub fn our_ssl2_client(&self, policy: Policy) -> Result<ClientConfigBuilder, Error> {
        let client = &self.client.identity;
        let chain = vec![ours::certificate(client)?];
        Ok(ClientConfig::builder(policy)
            .root_certificates(roots(&self.server.authority)?)
            .certificate(chain, ours::private_key(client)?))
    }

    /// Our server at SSL 2.0, which requires a client's certificate.
    pub fn our_ssl2_server(&self, policy: Policy) -> Result<ServerConfigBuilder, Error> {
        let server = self.our_open_ssl2_server(policy)?;
        Ok(server.client_verifier(PathVerifier::new(roots(&self.client.authority)?)))
    }

    /// Our server at SSL 2.0, which asks nobody who they are.
    pub fn our_open_ssl2_server(&self, policy: Policy) -> Result<ServerConfigBuilder, Error> {
        ours::ssl2_server(policy, &self.server.identity)
    }
}

fn roots(authority: &Identity) -> Result<Arc<RootStore>, Error> {
    let mut roots = RootStore::new();
    roots.add(ours::certificate(authority)?)?;
    Ok(Arc::new(roots))
}

impl Member {
    pub fn our_chain(&self) -> Result<Vec<CertificateDer<'static>>, Error> {
        let mut chain = vec![ours::certificate(&self.identity)?];
        for above in self.above() {
            chain.push(above.to_der()?.into());
        }
        Ok(chain)
    }

    /// What comes after the certificate, as the peers take it: nothing where that is its own
    /// authority.
    pub fn above(&self) -> Vec<X509> {
        let authority = &self.authority.certificate;
        let above = (*authority != self.identity.certificate).then(|| authority.clone());
        above.into_iter().collect()
    }

    pub fn above_pem(&self) -> Result<String, Error> {
        let mut pem = String::new();
        for above in self.above() {
            pem += &String::from_utf8(above.to_pem()?)?;
        }
        Ok(pem)
    }
}
