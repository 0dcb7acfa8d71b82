//! What a config refuses, and what its types promise.

mod in_memory;

use std::sync::Arc;
use std::time::Duration;

use ProtocolVersion::{TLSv1_0, TLSv1_2};
use in_memory::{Pair, client_config, only, pin, server_config, take, test_identity};
use retrossl::client::{CertificatesByAuthority, ClientCertificateResolver};
use retrossl::pki_types::PrivateKeyDer;
use retrossl::pki_types::pem::PemObject;
use retrossl::server::ServerCertificateResolver;
use retrossl::{
    BadKey, CertifiedKey, CipherSuite, ClientConfig, ClientConnection, Clock, ConfigError, Error,
    Event, HashAlgorithm, KeyLog, KeyLogFile, MemorySessionStore, Observer, ObserverFactory,
    PinnedCertificates, Policy, PrivateKey, ProtocolVersion, RandomFailed, RootStore,
    RsaPrivateKey, SecureRandom, ServerConfig, ServerConnection, SessionStore, Side, SystemClock,
    SystemRandom, TicketKey, TicketKeys, client, server,
};
use rsa::pkcs8::PrivateKeyInfoRef;

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
    let many_suites: Vec<_> = (0..65).map(CipherSuite).collect();
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
            ServerConfig::builder(policy)
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
            ServerConfig::builder(policy)
                .certificate(Vec::new(), key.clone())
                .build()
                .map(drop),
            ConfigError::BadChain,
        ),
        (
            ServerConfig::builder(policy)
                .certificate(vec![chain[0].clone(); 33], key.clone())
                .build()
                .map(drop),
            ConfigError::BadChain,
        ),
        (
            ServerConfig::builder(policy)
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
                .alpn_protocols(vec!["x".repeat(255); 129])
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
        (
            client(policy.cipher_suites(&many_suites)).build().map(drop),
            ConfigError::TooManySuites,
        ),
        (TicketKeys::given([]).map(drop), ConfigError::NoTicketKeys),
    ] {
        assert_eq!(result.unwrap_err(), expected);
    }
    server(policy).session_lifetime(DAY).build().unwrap();
    // 32 KiB, with a length before each name.
    let longest = client(policy).alpn_protocols(vec!["x".repeat(255); 128]);
    longest.build().unwrap();
    let damaged = PrivateKeyDer::Pkcs8(vec![0x30, 0].into());
    let error = RsaPrivateKey::from_der(&damaged).map(drop).unwrap_err();
    assert_eq!(error, BadKey::Damaged);
    let ec = PrivateKeyDer::Sec1(vec![0x30, 0].into());
    let error = RsaPrivateKey::from_der(&ec).map(drop).unwrap_err();
    assert_eq!(error, BadKey::NotRsa("EC".to_owned()));
}

/// What OpenSSL 1.0 writes between `BEGIN RSA PRIVATE KEY` and the end.
#[test]
fn a_key_is_read_in_either_format() {
    let pem = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/test-key-1024.pem"
    ));
    let pkcs8 = PrivateKeyDer::from_pem_slice(&pem.unwrap()).unwrap();
    let inner = PrivateKeyInfoRef::try_from(pkcs8.secret_der()).unwrap();
    let pkcs1 = inner.private_key.as_bytes().to_vec();
    let [pkcs8, pkcs1] = [pkcs8, PrivateKeyDer::Pkcs1(pkcs1.into())]
        .map(|der| RsaPrivateKey::from_der(&der).unwrap());
    assert_eq!(pkcs1.public_key(), pkcs8.public_key());
    let (chain, _) = test_identity(1024);
    let server = ServerConfig::builder(only(TLSv1_2, AES)).certificate(chain, pkcs1);
    let client = client_config(only(TLSv1_2, AES));
    Pair::new(client, server.build().unwrap())
        .established()
        .echo(b"served", || usize::MAX);
}

#[test]
fn a_suites_name_has_either_prefix_or_none() {
    for suite in CipherSuite::all() {
        let name = suite.name().unwrap();
        let bare = name
            .strip_prefix("TLS_")
            .or(name.strip_prefix("SSL_"))
            .unwrap();
        for prefix in ["TLS_", "SSL_", ""] {
            let name = format!("{prefix}{bare}");
            assert_eq!(name.parse(), Ok(suite), "{name}");
            assert_eq!(name.to_lowercase().parse(), Ok(suite), "{name}");
        }
        for prefix in ["TLS_SSL_", "SSL_TLS_", "TLS_TLS_", "TLS", "_", "DTLS_"] {
            let name = format!("{prefix}{bare}");
            let error = name.parse::<CipherSuite>().unwrap_err();
            assert!(error.to_string().contains(&name), "{error}");
        }
        let shorter = &bare[..bare.len() - 1];
        assert!(shorter.parse::<CipherSuite>().is_err(), "{shorter}");
    }
}

#[test]
fn a_suites_number_has_four_hexadecimal_digits() {
    assert_eq!("0xFEFF".parse(), Ok(CipherSuite(0xFEFF)));
    assert_eq!("0x00ff".parse(), Ok(CipherSuite(0x00FF)));
    for number in [
        "0x", "0x5", "0x005", "0x00005", "0x+005", "0x-005", "0x 005", "0x000g", "0X0005", "0005",
        "5", "",
    ] {
        assert!(number.parse::<CipherSuite>().is_err(), "{number}");
    }
}

#[test]
fn each_side_is_authenticated_in_one_way_that_can_succeed() {
    let (chain, key) = test_identity(1024);
    let policy = Policy::HISTORIC;
    let roots = || -> RootStore { test_identity(1024).0.into_iter().collect() };
    let no_pins = || PinnedCertificates::new([]);
    let client = || ClientConfig::builder(policy);
    let server = || ServerConfig::builder(policy).certificate(chain.clone(), key.clone());
    for (client, server, expected) in [
        (
            client().verifier(pin(1024)).root_certificates(roots()),
            server()
                .client_verifier(pin(1024))
                .client_root_certificates(roots()),
            ConfigError::SeveralVerifiers,
        ),
        (
            client().root_certificates(RootStore::new()),
            server().client_root_certificates(RootStore::new()),
            ConfigError::NoRoots,
        ),
        (
            client().verifier(no_pins()),
            server().client_verifier(no_pins()),
            ConfigError::NoPins,
        ),
        (
            client().verifier(Arc::new(no_pins())),
            server().client_verifier(Arc::new(no_pins())),
            ConfigError::NoPins,
        ),
        (
            client()
                .verifier(pin(1024))
                .certificate(chain.clone(), key.clone())
                .certificate(chain.clone(), key.clone()),
            server().certificate(chain.clone(), key.clone()),
            ConfigError::SeveralCertificates,
        ),
        (
            client()
                .verifier(pin(1024))
                .certificate(chain.clone(), key.clone())
                .certificate_resolver(CertificatesByAuthority::new([])),
            server().certificate_resolver(server::CertificatesByName::new([])),
            ConfigError::SeveralCertificates,
        ),
    ] {
        assert_eq!(client.build().unwrap_err(), expected);
        assert_eq!(server.build().unwrap_err(), expected);
    }
    client().root_certificates(roots()).build().unwrap();
    server().client_root_certificates(roots()).build().unwrap();
}

/// What a config is made of can be given as it is, or shared.
#[test]
fn settings_are_given_by_value_or_shared() {
    #[derive(Debug)]
    struct Silent;

    impl KeyLog for Silent {
        fn log(&self, _: &str, _: &[u8; 32], _: &[u8]) {}
    }

    impl ObserverFactory for Silent {
        fn observer(&self, _: Side) -> Box<dyn Observer> {
            Box::new(Silent)
        }
    }

    impl Observer for Silent {
        fn observe(&mut self, _: Event<'_>) {}
    }

    let policy = only(TLSv1_2, AES);
    let (chain, key) = test_identity(1024);
    let certified = || CertifiedKey::new(chain.clone(), key.clone()).unwrap();
    let by_authority = || CertificatesByAuthority::new([certified()]);
    let by_name = || server::CertificatesByName::new([certified()]);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn SecureRandom> = Arc::new(SystemRandom);
    let store: Arc<dyn SessionStore> = Arc::new(MemorySessionStore::new(1));
    let resolver: Arc<dyn client::ClientCertificateResolver> = Arc::new(by_authority());
    let client = ClientConfig::builder(policy)
        .verifier(pin(1024))
        .certificate_resolver(resolver)
        .clock(clock)
        .random(random)
        .key_log(Arc::new(Silent))
        .observers(Arc::new(Silent))
        .session_store(store)
        .ticket_keys(Arc::new(TicketKeys::rotating(DAY)));
    let server = ServerConfig::builder(policy)
        .certificate_resolver(by_name())
        .client_verifier(Arc::new(pin(1024)))
        .clock(SystemClock)
        .random(SystemRandom)
        .key_log(Silent)
        .observers(Silent)
        .session_store(MemorySessionStore::new(1))
        .ticket_keys(TicketKeys::rotating(DAY));
    Pair::new(client.build().unwrap(), server.build().unwrap()).established();
}

#[test]
fn resolvers_can_be_asked_outside_of_a_connection() {
    let (chain, key) = test_identity(1024);
    let certified = || CertifiedKey::new(chain.clone(), key.clone()).unwrap();
    let mut client = Pair::under(only(TLSv1_2, AES)).client;
    let mut acceptor = server::Acceptor::default();
    acceptor.read_tls(&mut &take(&mut client)[..]).unwrap();
    let accepted = acceptor.accept().unwrap().unwrap();
    let hello = accepted.client_hello();
    let query = server::ServerCertificateQuery::new(&hello, TLSv1_2, AES);
    let resolver = server::CertificatesByName::new([certified()]);
    assert_eq!(resolver.resolve(&query).unwrap().chain(), chain);

    let resolver = CertificatesByAuthority::new([certified()]);
    let sha256 = &[HashAlgorithm::Sha256];
    let any = client::ClientCertificateQuery::new(&[], &[1], sha256);
    assert_eq!(resolver.resolve(&any).unwrap().chain(), chain);
    let other = client::ClientCertificateQuery::new(&[b"0\0"], &[1], sha256);
    assert!(resolver.resolve(&other).is_none());
}

#[test]
fn a_key_from_a_resolver_obeys_the_policy() {
    #[derive(Debug)]
    struct Weak;

    impl server::ServerCertificateResolver for Weak {
        fn resolve(
            &self,
            _: &server::ServerCertificateQuery<'_>,
        ) -> Option<Arc<server::CertifiedKey>> {
            let (chain, key) = test_identity(512);
            server::CertifiedKey::new(chain, key).ok().map(Arc::new)
        }
    }

    let server = ServerConfig::builder(Policy::STRICT)
        .certificate_resolver(Weak)
        .build()
        .unwrap();
    let client = ClientConfig::builder(Policy::STRICT)
        .verifier(pin(512))
        .build()
        .unwrap();
    let error = Pair::new(client, server)
        .exchange(|| usize::MAX)
        .unwrap_err();
    let too_short = ConfigError::KeyTooShort {
        bits: 512,
        min: 2048,
    };
    assert_eq!(error, Error::Config(too_short));
    let (chain, key) = test_identity(2048);
    let both = ServerConfig::builder(Policy::STRICT)
        .certificate(chain, key)
        .certificate_resolver(Weak)
        .build();
    assert_eq!(both.unwrap_err(), ConfigError::SeveralCertificates);
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
    let foreign = CipherSuite(0xC02F);
    for (policy, expected) in [
        (
            Policy::STRICT.signature_hashes(&[]),
            ConfigError::NoSignatureHashes,
        ),
        (Policy::STRICT.cipher_suites(&[]), ConfigError::NoSuites),
        (
            Policy::STRICT.cipher_suites(&[foreign]),
            ConfigError::UnknownSuite(foreign),
        ),
        (
            Policy::STRICT.versions(TLSv1_2, TLSv1_0),
            ConfigError::EmptyVersionRange(TLSv1_2, TLSv1_0),
        ),
    ] {
        assert_eq!(start(policy).unwrap_err(), Error::Config(expected));
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
        .random(Zeros)
        .build()
        .unwrap();
    let error = Pair::new(client, server_config(policy)).exchange(|| usize::MAX);
    assert_eq!(error.unwrap_err(), Error::RandomFailed(RandomFailed));
}

/// Another process, because this one's environment is shared by all tests.
#[test]
fn a_key_log_is_where_the_environment_says() {
    const CHILD: &str = "RETROSSL_TEST_LOGS_KEYS";
    if std::env::var_os(CHILD).is_some() {
        // For no file at all, the first time.
        if let Some(log) = KeyLogFile::from_env().unwrap() {
            log.log("CLIENT_RANDOM", &[1; 32], &[2; 48]);
        }
        return;
    }
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/keys.log");
    let _ = std::fs::remove_file(path);
    for name in ["", path] {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_key_log_is_where_the_environment_says"])
            .env(CHILD, "1")
            .env("SSLKEYLOGFILE", name)
            .stdout(std::process::Stdio::null())
            .status();
        assert!(status.unwrap().success(), "{name:?}");
    }
    let line = ["CLIENT_RANDOM", &"01".repeat(32), &"02".repeat(48)].join(" ");
    assert_eq!(std::fs::read_to_string(path).unwrap(), line + "\n");
    if std::env::var_os("SSLKEYLOGFILE").is_none() {
        assert!(KeyLogFile::from_env().unwrap().is_none());
    }
}
