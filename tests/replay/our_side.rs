//! One of our sides with nothing in it left to chance.

use std::ops::DerefMut;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use retrossl::pki_types::pem::PemObject;
use retrossl::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use retrossl::{
    ClientConfig, ClientConnection, Clock, Connection, Error, Fingerprint, HelloFormat,
    PinnedCertificates, Policy, PrivateKey, ProtocolVersion, RandomFailed, Resumption,
    RsaPrivateKey, SecureRandom, ServerConfig, ServerConnection, Side, UnbiddenRenegotiation,
};

use super::file::{Cipher, Offer, Scenario};

/// A config, with what is kept between conversations.
pub enum OurSide {
    Client(Arc<ClientConfig>),
    Server(Arc<ServerConfig>),
}

impl OurSide {
    pub fn new(scenario: &Scenario) -> Result<Self, Error> {
        Ok(match scenario.role {
            Side::Client => Self::Client(Arc::new(client(scenario)?)),
            Side::Server => Self::Server(Arc::new(server(scenario)?)),
        })
    }

    pub fn connect(&self) -> Result<Box<dyn DerefMut<Target = Connection>>, Error> {
        Ok(match self {
            Self::Client(config) => {
                let name = "localhost".try_into().expect("a host's name");
                Box::new(ClientConnection::new(config.clone(), name)?)
            }
            Self::Server(config) => Box::new(ServerConnection::new(config.clone())),
        })
    }
}

fn client(scenario: &Scenario) -> Result<ClientConfig, Error> {
    let mut client = ClientConfig::builder(policy(scenario))
        .verifier(pin(scenario.server_certificate))
        .random(Seeded::new(scenario.seed))
        .clock(Stopped(scenario.now));
    if let Some(bits) = scenario.client_certificate {
        let (certificate, key) = identity(bits);
        client = client.certificate(vec![certificate], key);
    }
    if scenario.resumed_by == Some(Resumption::SessionId) {
        client = client.without_tickets();
    }
    Ok(client.build()?)
}

fn server(scenario: &Scenario) -> Result<ServerConfig, Error> {
    let policy = policy(scenario);
    let (certificate, key) = identity(scenario.server_certificate);
    let mut server = ServerConfig::builder(policy)
        .random(Seeded::new(scenario.seed))
        .clock(Stopped(scenario.now));
    if let Some(bits) = scenario.client_certificate {
        server = server.client_verifier(pin(bits));
    }
    if scenario.resumed_by == Some(Resumption::SessionId) {
        server = server.without_tickets();
    }
    let (other, its_key) = identity(OTHER_PROTOCOL);
    server = match (scenario.offer, scenario.version) {
        (Offer::Exact, ProtocolVersion::SSLv2) => server.ssl2_certificate(certificate, key),
        (Offer::Exact, _) => server.certificate(vec![certificate], key),
        (Offer::Everything, ProtocolVersion::SSLv2) => server
            .ssl2_certificate(certificate, key)
            .certificate(vec![other], its_key),
        (Offer::Everything, _) => server
            .certificate(vec![certificate], key)
            .ssl2_certificate(other, its_key),
    };
    Ok(server.build()?)
}

fn policy(scenario: &Scenario) -> Policy {
    let version = scenario.version;
    let policy = match scenario.offer {
        Offer::Exact => Policy::EVERYTHING.versions(version, version),
        Offer::Everything => Policy::EVERYTHING.hello_format(HelloFormat::Ssl2),
    };
    let policy = match (scenario.offer, scenario.cipher) {
        (Offer::Everything, _) => policy,
        (Offer::Exact, Cipher::Suite(suite)) => policy.cipher_suites(&[suite]),
        (Offer::Exact, Cipher::Kind(kind)) => policy.cipher_kinds(&[kind]),
    };
    match (scenario.role, scenario.renegotiated_by) {
        (Side::Server, Some(Side::Client)) => {
            policy.unbidden_renegotiation(UnbiddenRenegotiation::Accepted)
        }
        _ => policy,
    }
}

fn pin(bits: usize) -> PinnedCertificates {
    PinnedCertificates::new([Fingerprint::of(&identity(bits).0)])
}

fn identity(bits: usize) -> (CertificateDer<'static>, Arc<dyn PrivateKey>) {
    let (certificate, key) = pem(bits);
    let certificate = CertificateDer::from_pem_slice(certificate).expect("a test certificate");
    let key = PrivateKeyDer::from_pem_slice(key).expect("a test key");
    let key = RsaPrivateKey::from_der(&key).expect("a test key");
    (certificate, Arc::new(key))
}

/// The length in bits of the certificate for what is not negotiated, SSL 2.0 or all the others.
const OTHER_PROTOCOL: usize = 512;

/// The test certificate of that many bits, and its key.
pub fn pem(bits: usize) -> (&'static [u8], &'static [u8]) {
    macro_rules! pem {
        ($bits:literal) => {
            (
                include_bytes!(concat!("../data/test-certificate-", $bits, ".pem")),
                include_bytes!(concat!("../data/test-key-", $bits, ".pem")),
            )
        };
    }
    match bits {
        512 => pem!("512"),
        1024 => pem!("1024"),
        2048 => pem!("2048"),
        _ => panic!("there is no test certificate of {bits} bits"),
    }
}

/// Steele, Lea and Flood's SplitMix64: no protection whatever, and the same in every release.
#[derive(Debug)]
struct Seeded(AtomicU64);

impl Seeded {
    fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let state = self.0.fetch_add(STEP, Ordering::Relaxed);
        let mut mixed = state.wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

impl SecureRandom for Seeded {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed> {
        for piece in buffer.chunks_mut(8) {
            piece.copy_from_slice(&self.next().to_be_bytes()[..piece.len()]);
        }
        Ok(())
    }
}

/// Sessions say when they were made, so time stands still.
#[derive(Debug)]
struct Stopped(u64);

impl Clock for Stopped {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.0))
    }
}
