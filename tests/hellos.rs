//! What is offered and chosen: versions, names, protocols, padding, and who looks at it.

mod in_memory;

use std::io::Read;
use std::sync::Arc;

use ProtocolVersion::{SSLv3, TLSv1_0, TLSv1_2};
use in_memory::wire::{with_extensions, with_hello};
use in_memory::{Pair, client_config, deliver, only, pin, server_config, take, test_identity};
use retrossl::server::Acceptor;
use retrossl::{
    AlertDescription, CipherSuite, ClientConfig, ClientConnection, ExtensionType, PeerIncompatible,
    PeerMisbehaved, Policy, ProtocolVersion, Quirk, ServerConfig, ServerConnection, server,
};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

#[test]
fn alpn_and_server_name_are_negotiated() {
    let client = |protocols: &[&str]| {
        ClientConfig::builder(only(TLSv1_2, AES))
            .verifier(pin(1024))
            .alpn_protocols(protocols.iter().copied())
            .build()
            .unwrap()
    };
    let server = |protocols: &[&str]| {
        let (chain, key) = test_identity(1024);
        ServerConfig::builder(only(TLSv1_2, AES))
            .certificate(chain, key)
            .alpn_protocols(protocols.iter().copied())
            .build()
            .unwrap()
    };
    let pair = Pair::new(client(&["a", "b", "c"]), server(&["c", "b"])).established();
    assert_eq!(pair.client.alpn_protocol(), Some(&b"c"[..]));
    assert_eq!(pair.server.alpn_protocol(), Some(&b"c"[..]));
    assert_eq!(pair.server.server_name(), Some("localhost"));

    let pair = Pair::new(client(&["a"]), server(&[])).established();
    assert_eq!(pair.client.alpn_protocol(), None);
    let error = Pair::new(client(&["a"]), server(&["b"]))
        .exchange(|| usize::MAX)
        .unwrap_err();
    assert_eq!(
        error,
        PeerIncompatible::NoApplicationProtocolInCommon.into()
    );
    assert_eq!(
        error.alert(),
        Some(AlertDescription::NO_APPLICATION_PROTOCOL)
    );
}

#[test]
fn the_hello_has_what_the_policy_and_the_name_call_for() {
    let extensions = |policy: Policy, name: &'static str| -> Vec<ExtensionType> {
        let config = Arc::new(client_config(policy));
        let mut client = ClientConnection::new(config, name.try_into().unwrap()).unwrap();
        let mut acceptor = Acceptor::default();
        acceptor.read_tls(&mut &take(&mut client)[..]).unwrap();
        let accepted = acceptor.accept().unwrap().unwrap();
        accepted
            .client_hello()
            .extensions()
            .map(|(kind, _)| kind)
            .collect()
    };
    let all = extensions(Policy::STRICT, "localhost");
    assert!(all.contains(&ExtensionType::SERVER_NAME));
    assert!(all.contains(&ExtensionType::EXTENDED_MASTER_SECRET));
    assert!(all.contains(&ExtensionType::ENCRYPT_THEN_MAC));
    assert!(all.contains(&ExtensionType::SIGNATURE_ALGORITHMS));
    assert!(!extensions(Policy::STRICT, "127.0.0.1").contains(&ExtensionType::SERVER_NAME));
    let gcm = Policy::STRICT.cipher_suites(&[CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256]);
    assert!(!extensions(gcm, "localhost").contains(&ExtensionType::ENCRYPT_THEN_MAC));
    assert!(extensions(Policy::STRICT.quirk(Quirk::NoExtensions), "localhost").is_empty());
    assert!(extensions(only(SSLv3, AES), "localhost").is_empty());
    let tls10 = extensions(only(TLSv1_0, AES), "localhost");
    assert!(!tls10.contains(&ExtensionType::SIGNATURE_ALGORITHMS));
}

/// GCM before TLS 1.2, export suites after TLS 1.0, FIPS suites after SSL 3.0 and their like, each
/// of which the client has offered for the sake of another version.
#[test]
fn a_suite_of_another_version_is_refused_by_the_client() {
    each_version_and_foreign_suite(|version, suite| {
        let client = client_config(Policy::EVERYTHING.cipher_suites(&[AES, suite]));
        let mut pair = Pair::new(client, server_config(only(version, AES)));
        let hello = take(&mut pair.client);
        deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
        let flight = with_hello(&take(&mut pair.server), |hello| {
            assert_eq!(hello.version, version.wire());
            hello.suites = vec![suite.0];
        });
        let error = deliver(&flight, &mut pair.client, || usize::MAX).unwrap_err();
        let expected = PeerMisbehaved::SuiteNotAtVersion(suite, version);
        assert_eq!(error, expected.into());
        assert_eq!(error.alert(), Some(AlertDescription::ILLEGAL_PARAMETER));
    });
}

#[test]
fn an_answer_that_was_not_offered_or_does_not_fit_is_refused() {
    let rc4 = CipherSuite::TLS_RSA_WITH_RC4_128_SHA;
    let client = |suites: &[CipherSuite]| {
        ClientConfig::builder(only(TLSv1_2, AES).cipher_suites(suites))
            .verifier(pin(1024))
            .alpn_protocols(["a", "b"])
            .build()
            .unwrap()
    };
    let refusal = |suite, kind: ExtensionType, answer: &[u8]| {
        let mut pair = Pair::new(client(&[AES, rc4]), server_config(only(TLSv1_2, suite)));
        deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX).unwrap();
        let flight = with_extensions(&take(&mut pair.server), |extensions| {
            extensions.retain(|(it, _)| *it != kind.0);
            extensions.push((kind.0, answer.to_vec()));
        });
        deliver(&flight, &mut pair.client, || usize::MAX)
    };
    let alpn = ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION;
    refusal(AES, alpn, b"\0\x02\x01b").unwrap();
    refusal(AES, ExtensionType::ENCRYPT_THEN_MAC, b"").unwrap();
    for (suite, kind, answer, expected) in [
        (
            AES,
            alpn,
            &b"\0\x02\x01c"[..],
            PeerMisbehaved::ApplicationProtocolNotOffered,
        ),
        // RFC 7366 §3: it is for block ciphers.
        (
            rc4,
            ExtensionType::ENCRYPT_THEN_MAC,
            b"",
            PeerMisbehaved::EncryptThenMacWithoutCbc,
        ),
    ] {
        let error = refusal(suite, kind, answer).unwrap_err();
        assert_eq!(error, expected.into());
        assert_eq!(error.alert(), Some(AlertDescription::ILLEGAL_PARAMETER));
    }
}

#[test]
fn a_suite_of_another_version_is_passed_over_by_the_server() {
    each_version_and_foreign_suite(|version, suite| {
        let policy = Policy::EVERYTHING.cipher_suites(&[suite, AES]);
        let server = server_config(policy.versions(SSLv3, version));
        let pair = Pair::new(client_config(policy), server).established();
        assert_eq!(pair.client.protocol_version(), Some(version));
        assert_eq!(pair.client.negotiated_cipher_suite(), Some(AES));
    });
}

/// Each version with the suites that it does not have.
fn each_version_and_foreign_suite(check: impl Fn(ProtocolVersion, CipherSuite)) {
    for version in in_memory::ssl3_and_later() {
        for suite in CipherSuite::all().filter(|suite| !suite.exists_at(version)) {
            check(version, suite);
        }
    }
}

/// RFC 7685: no hello of 256 to 511 bytes, unless the quirk says so.
#[test]
fn a_hello_of_an_unlucky_length_is_padded() {
    let hello_len = |policy: Policy, name_len: usize| {
        let mut name = "a".repeat(50) + ".";
        name = name.repeat(5)[..name_len].trim_end_matches('.').to_owned();
        let config = Arc::new(client_config(policy));
        let mut client = ClientConnection::new(config, name.try_into().unwrap()).unwrap();
        take(&mut client).len() - 5
    };
    let quirk = Policy::STRICT.quirk(Quirk::NoHelloPadding);
    let mut padded = 0;
    for name_len in 1..=250 {
        let bare = hello_len(quirk, name_len);
        let len = hello_len(Policy::STRICT, name_len);
        if (256..512).contains(&bare) {
            assert!((512..516).contains(&len), "{bare} became {len}");
            padded += 1;
        } else {
            assert_eq!(len, bare);
        }
    }
    assert!(padded > 50);
}

#[test]
fn a_server_can_look_at_the_hello_before_it_picks_its_config() {
    for cut in [1, 7, usize::MAX] {
        let policy = only(TLSv1_2, AES);
        let mut pair = Pair::under(policy);
        let mut acceptor = Acceptor::default();
        let hello = take(&mut pair.client);
        let mut accepted = None;
        for mut piece in hello.chunks(cut.min(hello.len())) {
            assert!(accepted.is_none());
            acceptor.read_tls(&mut piece).unwrap();
            accepted = acceptor.accept().unwrap();
        }
        let accepted = accepted.unwrap();
        let hello = accepted.client_hello();
        assert_eq!(hello.server_name().as_deref(), Some("localhost"));
        assert_eq!(hello.client_version(), 0x0303);
        assert_eq!(hello.cipher_suites().next(), Some(AES));
        pair.server = accepted.into_connection(Arc::new(server_config(policy)));
        pair.established().echo(b"hello", || usize::MAX);
    }
    let mut acceptor = Acceptor::default();
    acceptor
        .read_tls(&mut &b"GET / HTTP/1.0\r\n\r\n"[..])
        .unwrap();
    let error = acceptor.accept().unwrap_err();
    assert_eq!(acceptor.accept().unwrap_err(), error);
    let mut alert = Vec::new();
    acceptor.write_tls(&mut alert).unwrap();
    assert_eq!(alert, [21, 3, 1, 0, 2, 2, 10]);
}

#[test]
fn an_acceptor_takes_nothing_but_a_hello() {
    let hello_request = [22, 3, 1, 0, 4, 0, 0, 0, 0];
    let data = [23, 3, 1, 0, 1, 0];
    let ssl2_error = [0x80, 3, 0, 0, 1];
    for (mut bytes, received) in [
        (&hello_request[..], "HelloRequest"),
        (&data, "ApplicationData"),
        (&ssl2_error, "ERROR"),
    ] {
        let mut acceptor = Acceptor::default();
        acceptor.read_tls(&mut bytes).unwrap();
        let error = acceptor.accept().unwrap_err();
        let expected = "ClientHello";
        assert_eq!(
            error,
            PeerMisbehaved::UnexpectedMessage { received, expected }.into()
        );
        let mut alert = Vec::new();
        acceptor.write_tls(&mut alert).unwrap();
        assert_eq!(alert, [21, 3, 1, 0, 2, 2, 10]);
    }
}

#[test]
fn an_acceptor_whose_buffer_is_full_says_so() {
    let mut acceptor = Acceptor::default();
    // A ClientHello of 32764 bytes in two records.
    let mut hello = vec![22, 3, 1, 0x40, 0, 1, 0, 0x7f, 0xfc];
    hello.resize(5 + 16_384, 0);
    hello.extend([22, 3, 1, 0x40, 0]);
    hello.resize(2 * (5 + 16_384), 0);
    let mut rest = &hello[..];
    let error = loop {
        match acceptor.read_tls(&mut rest) {
            Ok(read) => assert_ne!(read, 0, "that is the transport's end"),
            Err(error) => break error,
        }
    };
    assert!(
        error.to_string().contains("process what was read"),
        "{error}"
    );
    assert!(acceptor.accept().unwrap().is_none());
    assert_ne!(acceptor.read_tls(&mut rest).unwrap(), 0);
}

/// Records with little in them make a hello long that is not too long in itself.
#[test]
fn an_acceptor_takes_256_kib_and_not_a_byte_more() {
    let hello = [&[1, 1, 0, 0][..], &[0; 50_000]].concat();
    let wire: Vec<u8> = hello
        .iter()
        .flat_map(|byte| [22, 3, 1, 0, 1, *byte])
        .collect();
    let (mut most, mut rest) = wire.split_at(256 * 1024);
    let mut acceptor = Acceptor::default();
    while !most.is_empty() {
        acceptor.read_tls(&mut most).unwrap();
        assert!(acceptor.accept().unwrap().is_none());
    }
    acceptor.read_tls(&mut (&mut rest).take(1)).unwrap();
    let error = acceptor.accept().unwrap_err();
    assert_eq!(error.alert(), Some(AlertDescription::DECODE_ERROR));
    assert_eq!(acceptor.into_bytes().len(), 256 * 1024 + 1);
}

/// Host names have no case, and maps have.
#[test]
fn the_server_name_comes_in_lower_case() {
    let client = ClientConnection::new(
        Arc::new(client_config(only(TLSv1_2, AES))),
        "Printer.LAN".try_into().unwrap(),
    );
    let mut client = client.unwrap();
    let hello = take(&mut client);
    let mut acceptor = Acceptor::default();
    acceptor.read_tls(&mut &hello[..]).unwrap();
    let accepted = acceptor.accept().unwrap().unwrap();
    let name = accepted.client_hello().server_name();
    assert_eq!(name.as_deref(), Some("printer.lan"));
    let server = accepted.into_connection(Arc::new(server_config(only(TLSv1_2, AES))));
    assert_eq!(server.server_name(), Some("printer.lan"));
}

#[test]
fn a_resolver_chooses_by_the_hello_and_may_refuse() {
    #[derive(Debug)]
    struct ByName(Arc<server::CertifiedKey>);

    impl server::ServerCertificateResolver for ByName {
        fn resolve(
            &self,
            wanted: &server::ServerCertificateQuery<'_>,
        ) -> Option<Arc<server::CertifiedKey>> {
            let name = wanted.hello.server_name();
            (name.as_deref() == Some("localhost")).then(|| self.0.clone())
        }
    }

    let (chain, key) = test_identity(1024);
    let certified = Arc::new(server::CertifiedKey::new(chain, key).unwrap());
    let config = Arc::new(
        ServerConfig::builder(only(TLSv1_2, AES))
            .certificate_resolver(ByName(certified))
            .build()
            .unwrap(),
    );
    let mut pair = Pair::under(only(TLSv1_2, AES));
    pair.server = ServerConnection::new(config.clone());
    pair.established();
    let client = Arc::new(client_config(only(TLSv1_2, AES)));
    let mut pair = Pair {
        client: ClientConnection::new(client, "other".try_into().unwrap()).unwrap(),
        server: ServerConnection::new(config),
    };
    let error = pair.exchange(|| usize::MAX).unwrap_err();
    assert_eq!(error, PeerIncompatible::NoCertificateForClient.into());
}

#[test]
fn versions_are_negotiated_across_ranges() {
    for server_max in in_memory::ssl3_and_later() {
        for client_max in in_memory::ssl3_and_later() {
            let up_to = |max| Policy::EVERYTHING.versions(SSLv3, max);
            let pair = Pair::new(
                client_config(up_to(client_max)),
                server_config(up_to(server_max)),
            );
            let pair = pair.established();
            let expected = Some(client_max.min(server_max));
            assert_eq!(pair.client.protocol_version(), expected);
            assert_eq!(pair.server.protocol_version(), expected);
        }
    }
}
