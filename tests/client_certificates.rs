//! Steps 5 and 6: a client's certificate, asked for, sent, proven, refused.

mod in_memory;

use std::sync::{Arc, Mutex};

use in_memory::wire::records;
use in_memory::{
    Pair, client_config, deliver, each_version_and_suite, only, pin, take, test_identity,
};
use retrossl::{
    AlertDescription, AnonymousClients, CertifiedKey, CipherSuite, ClientConfig, ClientConnection,
    ConfigError, Error, Fault, PeerIncompatible, ProtocolVersion, ServerConfig, ServerConnection,
    client, dangerous, server,
};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

#[test]
fn a_client_certificate_is_asked_for_sent_and_proven() {
    for (client_certificate, required) in [(true, true), (true, false), (false, false)] {
        each_version_and_suite(|version, suite| {
            let policy = only(version, suite);
            let mut client = ClientConfig::builder(policy).verifier(pin(1024));
            if client_certificate {
                let (chain, key) = test_identity(2048);
                client = client.certificate(chain, key);
            }
            let (chain, key) = test_identity(1024);
            let server = ServerConfig::builder(policy).certificate(chain, key);
            let server = if required {
                server.client_verifier(pin(2048))
            } else {
                server.client_verifier(dangerous::AcceptAnyCertificate)
            };
            let pair = Pair::new(client.build().unwrap(), server.build().unwrap()).established();
            let expected = client_certificate.then(|| test_identity(2048).0);
            assert_eq!(pair.server.peer_certificates(), expected.as_deref());
        });
    }
}

#[test]
fn a_required_client_certificate_that_is_missing_or_wrong_is_refused() {
    for version in in_memory::ssl3_and_later() {
        let policy = only(version, AES);
        let server = || {
            let (chain, key) = test_identity(1024);
            ServerConfig::builder(policy)
                .certificate(chain, key)
                .client_verifier(pin(2048))
                .build()
                .unwrap()
        };
        let error = Pair::new(client_config(policy), server())
            .exchange(|| usize::MAX)
            .unwrap_err();
        assert_eq!(error, PeerIncompatible::NoClientCertificate.into());

        let (chain, key) = test_identity(512);
        let client = ClientConfig::builder(policy)
            .verifier(pin(1024))
            .certificate(chain.clone(), key)
            .build()
            .unwrap();
        let mut pair = Pair::new(client, server());
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        assert_eq!(error.alert(), Some(AlertDescription::CERTIFICATE_UNKNOWN));
        assert_eq!(pair.server.peer_certificates(), Some(&chain[..]));
    }
}

/// An authenticated connection is wanted: it does not become an anonymous one in silence.
#[test]
fn a_clients_key_that_is_shorter_than_the_policy_allows_ends_the_handshake() {
    #[derive(Debug)]
    struct Weak;

    impl client::ClientCertificateResolver for Weak {
        fn resolve(&self, _: &client::ClientCertificateQuery<'_>) -> Option<Arc<CertifiedKey>> {
            let (chain, key) = test_identity(512);
            CertifiedKey::new(chain, key).ok().map(Arc::new)
        }
    }

    for version in in_memory::ssl3_and_later() {
        let policy = only(version, AES).min_rsa_bits(1024);
        let client = ClientConfig::builder(policy)
            .verifier(pin(1024))
            .certificate_resolver(Weak);
        let (chain, key) = test_identity(1024);
        let server = ServerConfig::builder(policy)
            .certificate(chain, key)
            .client_verifier(dangerous::AcceptAnyCertificate);
        let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        let too_short = ConfigError::KeyTooShort {
            bits: 512,
            min: 1024,
        };
        assert_eq!(error, Error::Config(too_short));
        assert_eq!(error.fault(), Fault::Local);
    }
}

#[test]
fn a_client_without_a_certificate_is_told_that_it_lacks_one() {
    for version in in_memory::ssl3_and_later() {
        let policy = only(version, AES);
        let (chain, key) = test_identity(1024);
        let server = ServerConfig::builder(policy)
            .certificate(chain, key)
            .client_verifier(pin(2048));
        let mut pair = Pair::new(client_config(policy), server.build().unwrap());
        pair.exchange(|| usize::MAX).unwrap_err();
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        let alert = AlertDescription::HANDSHAKE_FAILURE;
        assert_eq!(error, Error::ClientCertificateMissing(alert));
        assert_eq!((error.fault(), error.alert()), (Fault::Refused, None));
    }
}

#[test]
fn a_client_that_may_come_without_a_certificate_resumes_its_session() {
    for version in in_memory::ssl3_and_later() {
        let policy = only(version, AES);
        let client = Arc::new(client_config(policy));
        let (chain, key) = test_identity(1024);
        let server = ServerConfig::builder(policy)
            .certificate(chain, key)
            .client_verifier(dangerous::AcceptAnyCertificate);
        let server = Arc::new(server.build().unwrap());
        let resumed = || {
            let name = "localhost".try_into().unwrap();
            let pair = Pair {
                client: ClientConnection::new(client.clone(), name).unwrap(),
                server: ServerConnection::new(server.clone()),
            };
            pair.established().server.session_resumed()
        };
        assert_eq!((resumed(), resumed()), (false, true), "{version}");
    }
}

/// A server that wants DSA's.
#[test]
fn a_client_without_a_certificate_of_the_wanted_type_sends_none() {
    for version in [ProtocolVersion::TLSv1_0, ProtocolVersion::TLSv1_1] {
        // The types and no authorities, and what the client answers.
        for (wanted, is_sent) in [(1, true), (2, false)] {
            let (chain, key) = test_identity(2048);
            let client = ClientConfig::builder(only(version, AES))
                .verifier(pin(1024))
                .certificate(chain, key)
                .build()
                .unwrap();
            let (chain, key) = test_identity(1024);
            let server = ServerConfig::builder(only(version, AES))
                .certificate(chain, key)
                .client_verifier(dangerous::AcceptAnyCertificate)
                .build()
                .unwrap();
            let mut pair = Pair::new(client, server);
            deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX).unwrap();
            let mut flight = take(&mut pair.server);
            let request = [13, 0, 0, 4, 1, 1, 0, 0];
            let at = flight
                .windows(request.len())
                .position(|it| it == request)
                .unwrap();
            flight[at + 5] = wanted;
            deliver(&flight, &mut pair.client, || usize::MAX).unwrap();
            let answer = records(&take(&mut pair.client));
            let empty = [11, 0, 0, 3, 0, 0, 0];
            let is_empty = answer[0].fragment.starts_with(&empty);
            assert_eq!(is_empty, !is_sent, "{version} {wanted}");
        }
    }
}

#[test]
fn a_client_resolver_sees_what_the_server_accepts() {
    #[derive(Debug)]
    struct Seen(Mutex<Vec<Vec<u8>>>);

    impl client::ClientCertificateResolver for Seen {
        fn resolve(
            &self,
            request: &client::ClientCertificateQuery<'_>,
        ) -> Option<Arc<client::CertifiedKey>> {
            let authorities = request.authorities.iter().map(|name| name.to_vec());
            self.0.lock().unwrap().extend(authorities);
            None
        }
    }

    #[derive(Debug)]
    struct Hinting(Vec<Vec<u8>>);

    impl server::ClientVerifier for Hinting {
        fn anonymous_clients(&self) -> AnonymousClients {
            AnonymousClients::Accepted
        }

        fn authorities(&self) -> &[Vec<u8>] {
            &self.0
        }

        fn verify_client(
            &self,
            _: &server::ClientToVerify<'_>,
        ) -> Result<(), retrossl::CertificateError> {
            Ok(())
        }
    }

    for version in in_memory::ssl3_and_later() {
        let seen = Arc::new(Seen(Mutex::default()));
        let client = ClientConfig::builder(only(version, AES))
            .verifier(pin(1024))
            .certificate_resolver(seen.clone())
            .build()
            .unwrap();
        let (chain, key) = test_identity(1024);
        // More than fits: a request of nearly 64 KiB, over several records.
        let names = vec![vec![0x30; 1000]; 70];
        let server = ServerConfig::builder(only(version, AES))
            .certificate(chain, key)
            .client_verifier(Hinting(names))
            .build()
            .unwrap();
        Pair::new(client, server).established();
        assert_eq!(
            seen.0.lock().unwrap().len(),
            65,
            "all that fit into 65535 bytes"
        );
    }
}
