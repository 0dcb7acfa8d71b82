//! Choosing one's own certificate among several, by the built-in resolvers.

mod in_memory;
mod pki;

use std::sync::Arc;

use in_memory::{Pair, client_config, only, pin, test_identity};
use pki::{Key, Template, alt_names, dns, name, rsa_key};
use retrossl::client::{CertificatesByAuthority, ClientCertificateQuery};
use retrossl::pki_types::CertificateDer;
use retrossl::server::{CertificatesByName, CertifiedKey, ClientToVerify, ClientVerifier};
use retrossl::{
    AnonymousClients, CertificateError, CipherSuite, ClientConfig, ClientConnection, HashAlgorithm,
    Policy, ProtocolVersion, ServerConfig, ServerConnection, dangerous,
};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

#[test]
fn a_server_shows_the_certificate_for_the_name_that_is_asked_for() {
    let named = |names: &[&str], common_name: &str| {
        let mut template = Template::new(common_name, &Key::Rsa(1024));
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(|name| dns(name)).collect();
            template = template.with(alt_names(&names));
        }
        template.self_signed(&Key::Rsa(1024))
    };
    let default = named(&["intranet.lan"], "CN=default.lan");
    let printers = named(&["printer.lan", "*.printers.lan"], "CN=x");
    let old = named(&[], "CN=old.lan");
    // Odd, but whoever has it must be able to show it.
    let (odd, _) = test_identity(1024);
    let all = [&default, &odd[0], &printers, &old];
    let resolver =
        CertificatesByName::new(all.map(|certificate| certified(vec![certificate.clone()], 1024)));
    let server = ServerConfig::builder(Policy::HISTORIC).certificate_resolver(resolver);
    let server = Arc::new(server.build().unwrap());
    let shown_for = |policy: Policy, asked: &str| {
        let client = ClientConfig::builder(policy).verifier(dangerous::AcceptAnyCertificate);
        let client = Arc::new(client.build().unwrap());
        let pair = Pair {
            client: ClientConnection::new(client, asked.to_owned().try_into().unwrap()).unwrap(),
            server: ServerConnection::new(server.clone()),
        };
        pair.established().client.peer_certificates().unwrap()[0].clone()
    };
    for (asked, expected) in [
        ("intranet.lan", &default),
        ("PRINTER.lan", &printers),
        ("laser.printers.lan", &printers),
        ("old.lan", &old),
        ("default.lan", &default),
        ("stranger.lan", &default),
        ("192.0.2.1", &default),
    ] {
        assert_eq!(&shown_for(Policy::HISTORIC, asked), expected, "{asked}");
    }
    // SSL 3.0 has no extensions to ask with.
    let ssl3 = only(ProtocolVersion::SSLv3, AES);
    assert_eq!(shown_for(ssl3, "printer.lan"), default);
}

#[test]
fn a_server_without_certificates_refuses() {
    let resolver = CertificatesByName::new([]);
    let policy = only(ProtocolVersion::TLSv1_2, AES);
    let server = ServerConfig::builder(policy).certificate_resolver(resolver);
    let mut pair = Pair::new(client_config(policy), server.build().unwrap());
    let error = pair.exchange(|| usize::MAX).unwrap_err();
    assert_eq!(
        error,
        retrossl::PeerIncompatible::NoCertificateForClient.into()
    );
}

#[test]
fn a_client_shows_what_an_authority_of_the_servers_has_issued() {
    let first = issued(1024, "O=Example, CN=First");
    let sub = Template::authority("O=Example, CN=Sub", &Key::P256(2))
        .issued_by("O=Example, CN=Root", &Key::P256(1));
    let through_sub = vec![issued(2048, "O=Example, CN=Sub").remove(0), sub];
    let chosen = |authorities: &[&str]| {
        presented(
            [
                certified(first.clone(), 1024),
                certified(through_sub.clone(), 2048),
            ],
            authorities.iter().map(|authority| name(authority)),
            Policy::HISTORIC,
        )
    };
    assert_eq!(chosen(&[]), Some(first.clone()), "any will do");
    assert_eq!(
        chosen(&["CN=Other", "O=Example, CN=First"]),
        Some(first.clone())
    );
    for authority in ["O=Example, CN=Sub", "O=Example, CN=Root"] {
        assert_eq!(chosen(&[authority]), Some(through_sub.clone()));
    }
    // RFC 5280 §7.1: the same name.
    assert_eq!(chosen(&["O=EXAMPLE, CN=root"]), Some(through_sub.clone()));
    assert_eq!(chosen(&["CN=Root, O=Example"]), None);
    let garbage = presented(
        [certified(through_sub, 2048)],
        [vec![0x30, 9]],
        Policy::HISTORIC,
    );
    assert_eq!(garbage, None);
}

#[test]
fn a_client_passes_over_a_key_too_short_for_the_hash() {
    let short = issued(512, "CN=Root");
    let long = issued(1024, "CN=Root");
    let chosen = |hashes: &[HashAlgorithm], version| {
        presented(
            [certified(short.clone(), 512), certified(long.clone(), 1024)],
            [],
            Policy::EVERYTHING
                .versions(version, version)
                .signature_hashes(hashes),
        )
    };
    let sha384 = &[HashAlgorithm::Sha384];
    let both = &[HashAlgorithm::Sha384, HashAlgorithm::Sha256];
    assert_eq!(chosen(sha384, ProtocolVersion::TLSv1_2), Some(long.clone()));
    assert_eq!(chosen(both, ProtocolVersion::TLSv1_2), Some(short.clone()));
    // Before TLS 1.2 everybody signs MD5 and SHA-1 side by side.
    assert_eq!(chosen(sha384, ProtocolVersion::TLSv1_1), Some(short));
}

/// As a resolver of one's own asks.
#[test]
fn a_query_says_which_certificate_the_server_takes() {
    let certified = certified(issued(512, "CN=Root"), 512);
    let [root, other] = [name("CN=Root"), name("CN=Other")];
    let (sha256, sha384) = (&[HashAlgorithm::Sha256][..], &[HashAlgorithm::Sha384][..]);
    for (authorities, hashes, expected) in [
        (&[][..], &[][..], true),
        (&[&root[..]], sha256, true),
        (&[&other, &root], sha256, true),
        (&[&other], sha256, false),
        (&[&root], sha384, false),
    ] {
        let query = ClientCertificateQuery::new(authorities, &[1], hashes);
        assert_eq!(query.accepts(&certified), expected, "{query:?}");
    }
}

/// What a client that has these certificates shows to a server that lists these authorities.
fn presented(
    certificates: impl IntoIterator<Item = CertifiedKey>,
    authorities: impl IntoIterator<Item = Vec<u8>>,
    policy: Policy,
) -> Option<Vec<CertificateDer<'static>>> {
    let client = ClientConfig::builder(policy)
        .verifier(pin(1024))
        .certificate_resolver(CertificatesByAuthority::new(certificates))
        .build()
        .unwrap();
    let (chain, key) = test_identity(1024);
    let server = ServerConfig::builder(policy)
        .certificate(chain, key)
        .client_verifier(Hinting(authorities.into_iter().collect()))
        .build()
        .unwrap();
    let pair = Pair::new(client, server).established();
    pair.server.peer_certificates().map(<[_]>::to_vec)
}

/// Names authorities and accepts everybody.
#[derive(Debug)]
struct Hinting(Vec<Vec<u8>>);

impl ClientVerifier for Hinting {
    fn anonymous_clients(&self) -> AnonymousClients {
        AnonymousClients::Accepted
    }

    fn authorities(&self) -> &[Vec<u8>] {
        &self.0
    }

    fn verify_client(&self, _: &ClientToVerify<'_>) -> Result<(), CertificateError> {
        Ok(())
    }
}

fn issued(bits: usize, issuer: &str) -> Vec<CertificateDer<'static>> {
    vec![Template::new("CN=client", &Key::Rsa(bits)).issued_by(issuer, &Key::P256(1))]
}

fn certified(chain: Vec<CertificateDer<'static>>, bits: usize) -> CertifiedKey {
    CertifiedKey::new(chain, rsa_key(bits)).unwrap()
}
