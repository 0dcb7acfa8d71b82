//! The export suites, and the ServerKeyExchange that they call for, taken apart and signed anew.

use md5::Md5;
use retrossl::{
    CipherSuite, ClientConfig, Policy, PrivateKey, ProtocolVersion, ServerConfig, SignatureInput,
};
use sha1::{Digest, Sha1};

use super::wire::{Hello, WireRecord, bytes, handshake};
use super::{Pair, each_version_and_suite, only, pin, test_identity, with_ssl2_certificate};

/// An export suite at a version, and the certificate of a server.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub version: ProtocolVersion,
    pub suite: CipherSuite,
    /// The length in bits of the longest key that may be encrypted to.
    pub limit: usize,
    /// The length in bits of the certificate's key.
    pub certificate: usize,
}

impl Case {
    /// Every export suite at each of its versions, with each of the test certificates.
    pub fn each(check: impl Fn(Self)) {
        each_version_and_suite(|version, suite| {
            let name = suite.name().unwrap();
            if !name.contains("EXPORT") {
                return;
            }
            for certificate in [512, 1024, 2048] {
                check(Self {
                    version,
                    suite,
                    limit: if name.contains("EXPORT1024") {
                        1024
                    } else {
                        512
                    },
                    certificate,
                });
            }
        });
    }

    /// A suite of either limit at each version, with the next longer certificate.
    pub fn each_with_an_ephemeral_key(check: impl Fn(Self)) {
        for version in [ProtocolVersion::SSLv3, ProtocolVersion::TLSv1_0] {
            for (suite, limit) in [(RC4_40, 512), (RC4_56, 1024)] {
                check(Self {
                    version,
                    suite,
                    limit,
                    certificate: 2 * limit,
                });
            }
        }
    }

    /// Whether the suite calls for a shorter key than the certificate's.
    pub fn has_ephemeral_key(self) -> bool {
        self.certificate > self.limit
    }

    pub fn policy(self) -> Policy {
        only(self.version, self.suite)
    }

    /// The key that signs.
    pub fn key(self) -> impl PrivateKey {
        test_identity(self.certificate).1
    }

    /// Sides of which the server does not ask for a certificate.
    pub fn pair(self) -> Pair {
        pair(self.policy(), self.policy(), self.certificate)
    }
}

/// A server with the certificate of that many bits, and a client that trusts it.
pub fn pair(client: Policy, server: Policy, certificate: usize) -> Pair {
    let (client, server) = configs(client, server, certificate);
    Pair::new(client, server)
}

/// Their configs, for several connections.
pub fn configs(client: Policy, server: Policy, certificate: usize) -> (ClientConfig, ServerConfig) {
    let (chain, key) = test_identity(certificate);
    let client = ClientConfig::builder(client).verifier(pin(certificate));
    let policy = server;
    let server = ServerConfig::builder(policy).certificate(chain, key);
    let server = with_ssl2_certificate(server, policy);
    (client.build().unwrap(), server.build().unwrap())
}

/// The message that carries an ephemeral RSA key (RFC 2246 §7.4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerKeyExchange {
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
    pub signature: Vec<u8>,
}

impl ServerKeyExchange {
    /// The one of a flight, if there is one.
    pub fn of(flight: &[WireRecord]) -> Option<Self> {
        let message = flight
            .iter()
            .find(|it| it.fragment[0] == SERVER_KEY_EXCHANGE)?;
        let mut body = &message.fragment[4..];
        let mut next = || {
            let (len, rest) = body.split_first_chunk().unwrap();
            let (field, rest) = rest.split_at(u16::from_be_bytes(*len).into());
            body = rest;
            field.to_vec()
        };
        let exchange = Self {
            modulus: next(),
            exponent: next(),
            signature: next(),
        };
        assert!(body.is_empty());
        Some(exchange)
    }

    pub fn body(&self) -> Vec<u8> {
        [self.params(), counted(&self.signature)].concat()
    }

    pub fn message(&self, version: ProtocolVersion) -> WireRecord {
        handshake(version.wire(), SERVER_KEY_EXCHANGE, &self.body())
    }

    /// Both numbers, as they are signed.
    pub fn params(&self) -> Vec<u8> {
        [counted(&self.modulus), counted(&self.exponent)].concat()
    }

    /// Signs the numbers that are there now.
    pub fn sign(&mut self, key: &impl PrivateKey, randoms: &Randoms) {
        let signed = [&randoms.client[..], &randoms.server, &self.params()].concat();
        self.signature = key.sign(&md5_sha1(&signed)).unwrap();
    }
}

/// The two hellos' random numbers.
#[derive(Clone, Debug)]
pub struct Randoms {
    pub client: [u8; 32],
    pub server: [u8; 32],
}

impl Randoms {
    pub fn of(client_hello: &[u8], server_flight: &[WireRecord]) -> Self {
        Self {
            client: Hello::of(client_hello).random,
            server: Hello::of(&bytes(server_flight)).random,
        }
    }
}

/// Both digests side by side, as they are signed before TLS 1.2 (RFC 2246 §7.4.3).
pub fn md5_sha1(signed: &[u8]) -> SignatureInput {
    let mut digests = [0; 36];
    digests[..16].copy_from_slice(&Md5::digest(signed));
    digests[16..].copy_from_slice(&Sha1::digest(signed));
    SignatureInput::Md5Sha1(digests)
}

/// Behind its length in two bytes.
fn counted(field: &[u8]) -> Vec<u8> {
    [&(field.len() as u16).to_be_bytes(), field].concat()
}

pub const RC4_40: CipherSuite = CipherSuite::TLS_RSA_EXPORT_WITH_RC4_40_MD5;
pub const RC4_56: CipherSuite = CipherSuite::TLS_RSA_EXPORT1024_WITH_RC4_56_SHA;

pub const CERTIFICATE_REQUEST: u8 = 13;
pub const SERVER_KEY_EXCHANGE: u8 = 12;
