//! Both sides in one process, over byte buffers.

#![allow(dead_code, reason = "each test crate uses a part of it")]

pub mod ephemeral;
pub mod flights;
pub mod fragments;
pub mod offers;
pub mod ssl2;
pub mod terms;
pub mod wire;

use std::io::{Read, Write};
use std::sync::Arc;

use retrossl::pki_types::pem::PemObject;
use retrossl::pki_types::{CertificateDer, PrivateKeyDer};
use retrossl::server::ServerConfigBuilder;
use retrossl::{
    CipherSuite, ClientConfig, ClientConnection, Connection, Error, Fingerprint,
    PinnedCertificates, Policy, PrivateKey, ProtocolVersion, RsaPrivateKey, ServerConfig,
    ServerConnection,
};

/// The policy of one version and one suite.
pub fn only(version: ProtocolVersion, suite: CipherSuite) -> Policy {
    Policy::EVERYTHING
        .versions(version, version)
        .cipher_suites(&[suite])
}

/// Every version that has suites: all but SSL 2.0.
pub fn ssl3_and_later() -> impl DoubleEndedIterator<Item = ProtocolVersion> + Clone {
    ProtocolVersion::all().filter(|version| *version >= ProtocolVersion::SSLv3)
}

/// Every version with each of its suites.
pub fn each_version_and_suite(mut check: impl FnMut(ProtocolVersion, CipherSuite)) {
    for version in ssl3_and_later() {
        for suite in CipherSuite::all().filter(|suite| suite.exists_at(version)) {
            check(version, suite);
        }
    }
}

/// The repository's test certificate of that many bits, and its key.
pub fn test_identity(bits: usize) -> (Vec<CertificateDer<'static>>, Arc<dyn PrivateKey>) {
    let read = |kind: &str| {
        let root = env!("CARGO_MANIFEST_DIR");
        std::fs::read(format!("{root}/tests/data/test-{kind}-{bits}.pem")).unwrap()
    };
    let certificate = CertificateDer::from_pem_slice(&read("certificate")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(&read("key")).unwrap();
    let key = RsaPrivateKey::from_der(&key).unwrap();
    (vec![certificate], Arc::new(key))
}

/// Pins the test certificate of that many bits.
pub fn pin(bits: usize) -> PinnedCertificates {
    PinnedCertificates::new([Fingerprint::of(&test_identity(bits).0[0])])
}

pub fn client_config(policy: Policy) -> ClientConfig {
    ClientConfig::builder(policy)
        .verifier(pin(1024))
        .build()
        .unwrap()
}

pub fn server_config(policy: Policy) -> ServerConfig {
    let policy = policy.min_rsa_bits(512);
    let (chain, key) = test_identity(1024);
    let server = ServerConfig::builder(policy).certificate(chain, key);
    with_ssl2_certificate(server, policy).build().unwrap()
}

/// The server with a certificate of 512 bits for SSL 2.0, where the policy allows that.
pub fn with_ssl2_certificate(server: ServerConfigBuilder, policy: Policy) -> ServerConfigBuilder {
    match policy.usable_versions() {
        Some((ProtocolVersion::SSLv2, _)) => {
            let (mut chain, key) = test_identity(512);
            server.ssl2_certificate(chain.remove(0), key)
        }
        _ => server,
    }
}

/// A client and a server that have not exchanged anything yet.
pub struct Pair {
    pub client: ClientConnection,
    pub server: ServerConnection,
}

impl Pair {
    pub fn new(client: ClientConfig, server: ServerConfig) -> Self {
        let name = "localhost".try_into().unwrap();
        Self {
            client: ClientConnection::new(Arc::new(client), name).unwrap(),
            server: ServerConnection::new(Arc::new(server)),
        }
    }

    pub fn under(policy: Policy) -> Self {
        Self::new(client_config(policy), server_config(policy))
    }

    /// Exchanges everything until nobody has anything to send; `cut` gives the size of the next
    /// piece that crosses.
    pub fn exchange(&mut self, mut cut: impl FnMut() -> usize) -> Result<(), Error> {
        while self.client.wants_write() || self.server.wants_write() {
            deliver(&take(&mut self.client), &mut self.server, &mut cut)?;
            deliver(&take(&mut self.server), &mut self.client, &mut cut)?;
        }
        Ok(())
    }

    /// Completes the handshake.
    pub fn established(mut self) -> Self {
        self.exchange(|| usize::MAX).unwrap();
        assert!(!self.client.is_handshaking() && !self.server.is_handshaking());
        self
    }

    /// Sends `data` each way and checks that it arrives.
    pub fn echo(&mut self, data: &[u8], mut cut: impl FnMut() -> usize) {
        self.client.writer().write_all(data).unwrap();
        deliver(&take(&mut self.client), &mut self.server, &mut cut).unwrap();
        assert_eq!(read(&mut self.server), data);
        self.server.writer().write_all(data).unwrap();
        deliver(&take(&mut self.server), &mut self.client, &mut cut).unwrap();
        assert_eq!(read(&mut self.client), data);
    }
}

/// Everything that waits to be sent.
pub fn take(connection: &mut Connection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut bytes).unwrap();
    }
    bytes
}

/// Feeds `bytes` in pieces; the first error ends it.
pub fn deliver(
    bytes: &[u8],
    to: &mut Connection,
    mut cut: impl FnMut() -> usize,
) -> Result<(), Error> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (mut piece, later) = rest.split_at(cut().clamp(1, rest.len()));
        while !piece.is_empty() {
            to.read_tls(&mut piece).unwrap();
            to.process_new_packets()?;
        }
        rest = later;
    }
    Ok(())
}

/// All plaintext that waits to be read.
pub fn read(connection: &mut Connection) -> Vec<u8> {
    let mut plaintext = Vec::new();
    // The end of what is there is an error or an end of file; either way it is the end.
    let _ = connection.reader().read_to_end(&mut plaintext);
    plaintext
}
