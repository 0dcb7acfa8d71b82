//! What a config refuses, and what its types promise.

mod in_memory;

use std::sync::Arc;
use std::time::Duration;

use ProtocolVersion::{TLSv1_0, TLSv1_2};
use in_memory::{Pair, client_config, only, pin, server_config, take, test_identity};
use retrossl::pki_types::PrivateKeyDer;
use retrossl::{
    CipherSuite, ClientConfig, ClientConnection, ConfigError, Error, MemorySessionStore, Policy,
    ProtocolVersion, RandomFailed, RsaPrivateKey, SecureRandom, ServerConfig, ServerConnection,
    TicketKey, TicketKeys, server,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

const _: () = {
    const fn is_send_sync_debug<T: Send + Sync + std::fmt::Debug>() {}
    const fn is_static_error<T: std::error::Error + Clone + Send + Sync + 'static>() {}
    is_send_sync_debug::<ClientConnection>();
    is_send_sync_debug::<ServerConnection>();
    is_send_sync_debug::<ClientConfig>();
    is_send_sync_debug::<ServerConfig>();
    is_send_sync_debug::<Policy>();
    is_send_sync_debug::<MemorySessionStore>();
    is_send_sync_debug::<TicketKey>();
    is_send_sync_debug::<TicketKeys>();
    is_static_error::<Error>();
    is_static_error::<ConfigError>();
};

#[test]
fn configs_that_could_never_work_are_refused_when_built() {
    let (chain, key) = test_identity(1024);
    let (other_chain, other_key) = test_identity(2048);
    let policy = Policy::HISTORIC;
    let des = [CipherSuite::TLS_RSA_WITH_DES_CBC_SHA];
    let server = |policy| ServerConfig::builder(policy).certificate(chain.clone(), key.clone());
    let client = |policy| ClientConfig::builder(policy).verifier(pin(1024));
    for (result, expected) in [
        (
            ServerConfig::builder(policy).build().map(drop),
            ConfigError::NoCertificate,
        ),
        (
            ClientConfig::builder(policy).build().map(drop),
            ConfigError::NoVerifier,
        ),
        (
            server(policy)
                .certificate(chain.clone(), other_key.clone())
                .build()
                .map(drop),
            ConfigError::KeyMismatch,
        ),
        (
            client(policy)
                .certificate(other_chain.clone(), key.clone())
                .build()
                .map(drop),
            ConfigError::KeyMismatch,
        ),
        (
            server(policy)
                .certificate(Vec::new(), key.clone())
                .build()
                .map(drop),
            ConfigError::BadChain,
        ),
        (
            server(policy)
                .certificate(vec![chain[0].clone(); 33], key.clone())
                .build()
                .map(drop),
            ConfigError::BadChain,
        ),
        (
            server(policy)
                .certificate(vec![vec![0x30, 0].into()], key.clone())
                .build()
                .map(drop),
            ConfigError::UnreadableCertificate,
        ),
        (
            server(Policy::STRICT).build().map(drop),
            ConfigError::KeyTooShort {
                bits: 1024,
                min: 2048,
            },
        ),
        (
            server(policy.cipher_suites(&[])).build().map(drop),
            ConfigError::NoSuites,
        ),
        (
            client(policy.cipher_suites(&[CipherSuite(0xC02F)]))
                .build()
                .map(drop),
            ConfigError::UnknownSuite(CipherSuite(0xC02F)),
        ),
        (
            client(policy.versions(TLSv1_2, TLSv1_2).cipher_suites(&des))
                .build()
                .map(drop),
            ConfigError::NoUsableVersion(TLSv1_2, TLSv1_2),
        ),
        (
            client(policy.versions(TLSv1_2, TLSv1_0)).build().map(drop),
            ConfigError::EmptyVersionRange(TLSv1_2, TLSv1_0),
        ),
        (
            client(policy.signature_hashes(&[])).build().map(drop),
            ConfigError::NoSignatureHashes,
        ),
        (
            client(policy).alpn_protocols([""]).build().map(drop),
            ConfigError::BadApplicationProtocol,
        ),
        (
            client(policy)
                .alpn_protocols(["x".repeat(256)])
                .build()
                .map(drop),
            ConfigError::BadApplicationProtocol,
        ),
        (
            client(policy)
                .session_lifetime(Duration::from_millis(999))
                .build()
                .map(drop),
            ConfigError::BadSessionLifetime,
        ),
        (
            server(policy)
                .session_lifetime(DAY + Duration::from_secs(1))
                .build()
                .map(drop),
            ConfigError::BadSessionLifetime,
        ),
        (TicketKeys::given([]).map(drop), ConfigError::NoTicketKeys),
    ] {
        assert_eq!(result.unwrap_err(), expected);
    }
    server(policy).session_lifetime(DAY).build().unwrap();
    let not_rsa = PrivateKeyDer::Pkcs8(vec![0x30, 0].into());
    assert!(RsaPrivateKey::from_der(&not_rsa).is_err());
}

#[test]
fn a_key_from_a_resolver_obeys_the_policy() {
    #[derive(Debug)]
    struct Weak;

    impl server::ServerCertificateResolver for Weak {
        fn resolve(&self, _: &server::CertificateWanted<'_>) -> Option<Arc<server::CertifiedKey>> {
            let (chain, key) = test_identity(512);
            server::CertifiedKey::new(chain, key).ok().map(Arc::new)
        }
    }

    let server = ServerConfig::builder(Policy::STRICT)
        .certificate_resolver(Arc::new(Weak))
        .build()
        .unwrap();
    let client = ClientConfig::builder(Policy::STRICT)
        .verifier(pin(512))
        .build()
        .unwrap();
    let error = Pair::new(client, server)
        .exchange(|| usize::MAX)
        .unwrap_err();
    assert!(matches!(error, Error::Policy(_)), "{error}");
    let (chain, key) = test_identity(2048);
    let both = ServerConfig::builder(Policy::STRICT)
        .certificate(chain, key)
        .certificate_resolver(Arc::new(Weak))
        .build();
    assert_eq!(both.unwrap_err(), ConfigError::CertificateAndResolver);
    let (chain, key) = test_identity(512);
    let client = ClientConfig::builder(Policy::STRICT)
        .verifier(pin(512))
        .certificate(chain, key)
        .build();
    let expected = ConfigError::KeyTooShort {
        bits: 512,
        min: 2048,
    };
    assert_eq!(client.unwrap_err(), expected);
}

#[test]
fn a_connections_own_policy_is_checked_like_the_configs() {
    let config = Arc::new(client_config(only(TLSv1_0, AES)));
    let start = |policy| {
        ClientConnection::with_policy(config.clone(), "localhost".try_into().unwrap(), policy)
    };
    for policy in [
        Policy::STRICT.signature_hashes(&[]),
        Policy::STRICT.cipher_suites(&[]),
        Policy::STRICT.cipher_suites(&[CipherSuite(0xC02F)]),
        Policy::STRICT.versions(TLSv1_2, TLSv1_0),
    ] {
        assert!(matches!(start(policy).unwrap_err(), Error::Policy(_)));
    }
    start(Policy::STRICT).unwrap();
    // A fallback lowers the newest version, and never raises it.
    let name = "localhost".try_into().unwrap();
    let mut client = ClientConnection::fallback(config, name, TLSv1_2).unwrap();
    assert_eq!(take(&mut client)[9..11], [3, 1]);
}

#[test]
fn a_source_of_randomness_that_is_stuck_is_an_error() {
    #[derive(Debug)]
    struct Zeros;

    impl SecureRandom for Zeros {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed> {
            buffer.fill(0);
            Ok(())
        }
    }

    let policy = only(TLSv1_2, AES);
    let client = ClientConfig::builder(policy)
        .verifier(pin(1024))
        .random(Arc::new(Zeros))
        .build()
        .unwrap();
    let error = Pair::new(client, server_config(policy)).exchange(|| usize::MAX);
    assert_eq!(error.unwrap_err(), Error::RandomFailed(RandomFailed));
}
