//! Verifiers in a handshake: paths to roots on both sides, and another crate's plugged in.

mod in_memory;
mod pki;

use std::sync::Arc;

use in_memory::{Pair, only};
use pki::*;
use retrossl::client::{ServerToVerify, ServerVerifier};
use retrossl::pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, ServerName,
    SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use retrossl::server::{ClientVerifier, ServerConfigBuilder};
use retrossl::{
    AlertDescription, AnonymousClients, CertificateError, CertificateProblem, CipherSuite,
    ClientConfig, ClientConnection, Clock, Error, PathVerifier, Policy, ProtocolVersion,
    RevocationList, RootStore, ServerConfig, ServerConnection,
};
use rsa::pkcs1::DecodeRsaPublicKey;
use sha2::Digest;

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
const ROOT: &str = "CN=Root";
const SUB: &str = "CN=Sub";
const ROOT_KEY: Key = Key::Rsa(2048);
const SUB_KEY: Key = Key::P256(2);

#[derive(Debug)]
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> UnixTime {
        now()
    }
}

fn roots() -> RootStore {
    let root = Template::authority(ROOT, &ROOT_KEY).self_signed(&ROOT_KEY);
    [root].into_iter().collect()
}

fn chain(template: &Template) -> Vec<CertificateDer<'static>> {
    let sub = Template::authority(SUB, &SUB_KEY).issued_by(ROOT, &ROOT_KEY);
    vec![template.issued_by(SUB, &SUB_KEY), sub]
}

fn server(policy: Policy, host: &str) -> ServerConfigBuilder {
    ServerConfig::builder(policy)
        .certificate(chain(&Template::server(host)), rsa_key(2048))
        .clock(Fixed)
}

#[test]
fn a_shared_verifier_names_its_authorities() {
    fn authorities(verifier: impl ClientVerifier) -> Vec<Vec<u8>> {
        verifier.authorities().to_vec()
    }
    let verifier = Arc::new(PathVerifier::new(roots()));
    assert_eq!(authorities(verifier.clone()), [name(ROOT)]);
    let verifier: Arc<dyn ClientVerifier> = verifier;
    assert_eq!(authorities(verifier), [name(ROOT)]);
}

#[test]
fn both_sides_authenticate_each_other_by_paths() {
    for version in in_memory::ssl3_and_later() {
        let policy = only(version, AES);
        let client_chain = chain(&Template::new("CN=somebody", &Key::Rsa(2048)));
        let client = ClientConfig::builder(policy)
            .root_certificates(roots())
            .certificate(client_chain.clone(), rsa_key(2048))
            .clock(Fixed)
            .build()
            .unwrap();
        let server = server(policy, "localhost").client_root_certificates(roots());
        let pair = Pair::new(client, server.build().unwrap()).established();
        assert_eq!(pair.server.peer_certificates(), Some(&client_chain[..]));
    }
}

/// RFC 2246 §7.4.2: with an export suite, a key that is too long to encrypt to signs a shorter one.
#[test]
fn a_key_may_be_used_as_the_suite_uses_it() {
    let export = CipherSuite::TLS_RSA_EXPORT_WITH_RC4_40_MD5;
    for (suite, bits, usage, may) in [
        (AES, 1024, KEY_ENCIPHERMENT, true),
        (AES, 1024, DIGITAL_SIGNATURE, false),
        (export, 512, KEY_ENCIPHERMENT, true),
        (export, 512, DIGITAL_SIGNATURE, false),
        (export, 1024, KEY_ENCIPHERMENT, false),
        (export, 1024, DIGITAL_SIGNATURE, true),
    ] {
        let policy = only(ProtocolVersion::TLSv1_0, suite);
        let client = ClientConfig::builder(policy).root_certificates(roots());
        let template = Template::new("CN=server", &Key::Rsa(bits))
            .with(alt_names(&[dns("localhost")]))
            .with(key_usage(&[usage]));
        let server = ServerConfig::builder(policy).certificate(chain(&template), rsa_key(bits));
        let client = Arc::new(client.clock(Fixed).build().unwrap());
        let server = Arc::new(server.clock(Fixed).build().unwrap());
        for resumed in [false, true] {
            let name = "localhost".try_into().unwrap();
            let mut pair = Pair {
                client: ClientConnection::new(client.clone(), name).unwrap(),
                server: ServerConnection::new(server.clone()),
            };
            let result = pair.exchange(|| usize::MAX);
            if may {
                result.unwrap();
                assert_eq!(pair.client.session_resumed(), resumed, "{suite} {bits}");
                continue;
            }
            let error = result.unwrap_err();
            let Error::InvalidCertificate(CertificateError::Chain(chain)) = error else {
                panic!("{error}");
            };
            assert!(matches!(chain.problem, CertificateProblem::KeyUsage(_)));
        }
    }
}

#[test]
fn a_refused_chain_can_be_read_and_its_alert_is_sent() {
    let policy = only(ProtocolVersion::TLSv1_0, AES);
    let client = |roots| {
        ClientConfig::builder(policy)
            .root_certificates(roots)
            .clock(Fixed)
            .build()
            .unwrap()
    };
    let stranger = Template::authority("CN=Stranger", &SUB_KEY).self_signed(&SUB_KEY);
    let strangers: RootStore = [stranger].into_iter().collect();
    for (roots, host, alert) in [
        (strangers, "localhost", AlertDescription::UNKNOWN_CA),
        (roots(), "other.lan", AlertDescription::BAD_CERTIFICATE),
    ] {
        let server = server(policy, host).build().unwrap();
        let mut pair = Pair::new(client(roots), server);
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        assert!(matches!(
            error,
            Error::InvalidCertificate(CertificateError::Chain(_))
        ));
        assert_eq!(error.alert(), Some(alert));
        let presented = chain(&Template::server(host));
        let shown = pair.client.peer_certificates().unwrap();
        assert_eq!(shown.len(), presented.len());
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        assert_eq!(error, Error::AlertReceived(alert));
    }
}

#[test]
fn clients_without_a_certificate_are_let_in_or_not() {
    let policy = only(ProtocolVersion::TLSv1_2, AES);
    for (clients, welcome) in [
        (AnonymousClients::Accepted, true),
        (AnonymousClients::Refused, false),
    ] {
        let client = ClientConfig::builder(policy)
            .root_certificates(roots())
            .clock(Fixed);
        let verifier = PathVerifier::new(roots()).anonymous_clients(clients);
        let server = server(policy, "localhost").client_verifier(verifier);
        let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        assert_eq!(pair.exchange(|| usize::MAX).is_ok(), welcome);
    }
}

#[test]
fn a_revoked_client_is_refused() {
    let policy = only(ProtocolVersion::TLSv1_2, AES);
    let somebody = Template::new("CN=somebody", &Key::Rsa(2048)).serial(&[66]);
    let client = ClientConfig::builder(policy)
        .root_certificates(roots())
        .certificate(chain(&somebody), rsa_key(2048))
        .clock(Fixed);
    let list = ListTemplate::revoking(&[&[66]]).issued_by(SUB, &SUB_KEY);
    let lists = [RevocationList::from_der(&list).unwrap()];
    let verifier = PathVerifier::new(roots()).revocation_lists(lists);
    let server = server(policy, "localhost").client_verifier(verifier);
    let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
    let error = pair.exchange(|| usize::MAX).unwrap_err();
    assert_eq!(error.alert(), Some(AlertDescription::CERTIFICATE_REVOKED));
    let Error::InvalidCertificate(CertificateError::Chain(error)) = error else {
        panic!("{error}");
    };
    assert!(matches!(error.problem, CertificateProblem::Revoked { .. }));
    assert_eq!(error.subject, "CN=somebody");
}

/// Verification by `rustls-webpki`.
#[derive(Debug)]
struct WebPki(CertificateDer<'static>);

impl ServerVerifier for WebPki {
    fn verify_server(&self, server: &ServerToVerify<'_>) -> Result<(), CertificateError> {
        self.verify(server).map_err(|error| {
            CertificateError::refused(AlertDescription::BAD_CERTIFICATE, error.to_string())
        })
    }
}

impl WebPki {
    fn verify(&self, server: &ServerToVerify<'_>) -> Result<(), webpki::Error> {
        let anchors = [webpki::anchor_from_trusted_cert(&self.0)?];
        let end_entity = webpki::EndEntityCert::try_from(&server.chain[0])?;
        end_entity.verify_for_usage(
            &[&RsaSha256],
            &anchors,
            &server.chain[1..],
            server.now,
            webpki::KeyUsage::server_auth(),
            None,
            None,
        )?;
        end_entity.verify_is_valid_for_subject_name(server.server_name)
    }
}

/// The signatures of the test's authority, for `rustls-webpki`, which has none of its own.
#[derive(Debug)]
struct RsaSha256;

impl SignatureVerificationAlgorithm for RsaSha256 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = rsa::PublicKey::from_pkcs1_der(public_key).map_err(|_| InvalidSignature)?;
        let scheme = rsa::Pkcs1v15Sign::new::<sha2::Sha256>();
        key.verify(scheme, &sha2::Sha256::digest(message), signature)
            .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_PKCS1_SHA256
    }
}

#[test]
fn another_crate_s_verifier_can_be_plugged_in() {
    let policy = only(ProtocolVersion::TLSv1_0, AES);
    let root = Template::authority(ROOT, &ROOT_KEY).self_signed(&ROOT_KEY);
    for (host, accepted) in [("localhost", true), ("other.lan", false)] {
        let client = ClientConfig::builder(policy)
            .verifier(WebPki(root.clone()))
            .clock(Fixed);
        let leaf = Template::server(host).issued_by(ROOT, &ROOT_KEY);
        let server = ServerConfig::builder(policy).certificate(vec![leaf], rsa_key(2048));
        let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        match pair.exchange(|| usize::MAX) {
            Ok(()) => assert!(accepted),
            Err(error) => {
                assert!(!accepted, "{error}");
                assert_eq!(error.alert(), Some(AlertDescription::BAD_CERTIFICATE));
            }
        }
    }
}

/// Where both have an opinion, it is the same one.
#[test]
fn both_verifiers_agree() {
    let root = Template::authority(ROOT, &ROOT_KEY).self_signed(&ROOT_KEY);
    let other = WebPki(root.clone());
    let own = PathVerifier::new([root].into_iter().collect::<RootStore>());
    let leaf = || Template::server("localhost");
    let sub = || Template::authority(SUB, &ROOT_KEY);
    let name = ServerName::try_from("localhost").unwrap();
    let direct = |leaf: Template| vec![leaf.issued_by(ROOT, &ROOT_KEY)];
    let through = |sub: Template| {
        let leaf = leaf().issued_by(SUB, &ROOT_KEY);
        vec![leaf, sub.issued_by(ROOT, &ROOT_KEY)]
    };
    let lan = name_constraints(&[dns("lan")], &[]);
    let unknown = extension("1.2.3.4", true, b"?");
    let not_ca = Template::new(SUB, &ROOT_KEY).with(basic_constraints(false, None));
    let client_only = extended_key_usage(&[CLIENT_AUTH]);
    for (chain, accepted) in [
        (direct(leaf()), true),
        (
            direct(leaf().valid("20200101000000Z", "20210101000000Z")),
            false,
        ),
        (direct(leaf().with(client_only.clone())), false),
        (direct(leaf().with(unknown.clone())), false),
        (direct(Template::server("elsewhere.lan")), false),
        (through(sub()), true),
        (through(sub().with(lan)), false),
        (
            through(sub().with(name_constraints(&[], &[dns("lan")]))),
            true,
        ),
        (through(sub().with(client_only)), false),
        (through(sub().with(unknown)), false),
        // It does not look at keyUsage at all, so that is left out.
        (through(not_ca), false),
        (vec![leaf().issued_by(SUB, &ROOT_KEY)], false),
    ] {
        let server = ServerToVerify::new(&chain, &name, now(), &Policy::STRICT);
        let verdicts = (own.verify_server(&server), other.verify_server(&server));
        assert_eq!(verdicts.0.is_ok(), accepted, "{verdicts:?}");
        assert_eq!(verdicts.1.is_ok(), accepted, "{verdicts:?}");
    }
}
