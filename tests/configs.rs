//! What a config refuses, and what its types promise.

mod in_memory;

use ProtocolVersion::{TLSv1_0, TLSv1_2};
use in_memory::{pin, test_identity};
use retrossl::pki_types::PrivateKeyDer;
use retrossl::{
    CipherSuite, ClientConfig, ClientConnection, ConfigError, Error, Policy, ProtocolVersion,
    RsaPrivateKey, ServerConfig, ServerConnection,
};

const _: () = {
    const fn is_send_sync_debug<T: Send + Sync + std::fmt::Debug>() {}
    const fn is_static_error<T: std::error::Error + Clone + Send + Sync + 'static>() {}
    is_send_sync_debug::<ClientConnection>();
    is_send_sync_debug::<ServerConnection>();
    is_send_sync_debug::<ClientConfig>();
    is_send_sync_debug::<ServerConfig>();
    is_send_sync_debug::<Policy>();
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
    ] {
        assert_eq!(result.unwrap_err(), expected);
    }
    let not_rsa = PrivateKeyDer::Pkcs8(vec![0x30, 0].into());
    assert!(RsaPrivateKey::from_der(&not_rsa).is_err());
}
