//! Certificates, revocation lists, names and pins: whatever a peer could present, and an
//! administrator load.

use core::time::Duration;
use std::sync::{Arc, LazyLock};

use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};

use super::input::Input;
use crate::cert::{self, Conditions, HostNames, KeyUse, Role};
use crate::crypto::HashAlgorithm;
use crate::crypto::pkcs1::SignatureInput;
use crate::crypto::rsa::RsaPublicKey;
use crate::error::CertificateError;
use crate::server::CertificatesByName;
use crate::testing::vectors::test_key_der;
use crate::{
    CertifiedKey, Fingerprint, PinnedCertificates, Policy, PrivateKey, RevocationList, RootStore,
    RsaPrivateKey, client::ServerToVerify, client::ServerVerifier,
};

/// The first byte says what the rest is.
pub fn certificates(data: &[u8]) {
    let mut input = Input::new(data);
    let what = input.byte();
    match what % 5 {
        what::PATH => path(&mut input),
        what::NAMES => names(&mut input),
        what::FINGERPRINT => fingerprint(input.rest()),
        what::PUBLIC_KEY => public_key(&mut input),
        what::BUNDLE.. => bundle(input.rest()),
    }
}

/// A chain, roots and lists, under a policy.
fn path(input: &mut Input<'_>) {
    let flags = input.byte();
    let policy = POLICIES[usize::from(flags % 4)];
    let now = NOW + u64::from(input.u16()) * 86_400;
    let name = String::from_utf8_lossy(input.string()).into_owned();
    let name = ServerName::try_from(name).unwrap_or("localhost".try_into().expect("a host name"));
    let mut material = Material::default();
    while !input.is_empty() && material.chain.len() < 32 {
        material.add(input);
    }
    let material = material;
    let role = match flags & CLIENT {
        0 => Role::Server(&name, KeyUse::KeyEncipherment),
        _ => Role::Client,
    };
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    let verify_at = |now, policy, roots, lists: &[RevocationList]| {
        let conditions = Conditions {
            policy,
            now,
            role,
            revocation_lists: lists,
        };
        cert::verify(&material.chain, roots, &conditions)
    };
    let verify = |policy, roots, lists| verify_at(now, policy, roots, lists);
    let verdict = verify(&policy, &material.roots, &material.lists);
    assert_eq!(verdict, verify(&policy, &material.roots, &material.lists));
    match verdict {
        Ok(until) => {
            let last = verify_at(until, &policy, &material.roots, &material.lists);
            assert!(last.is_ok(), "it does not hold until then: {last:?}");
            let nobody = RootStore::new();
            assert!(verify(&policy, &nobody, &material.lists).is_err());
            let without_lists = verify(&policy, &material.roots, &[]);
            assert!(without_lists.is_ok(), "lists only revoke");
            // Of more certificates there may be more signatures than are verified.
            if material.chain.len() <= 4 {
                let most = verify(&Policy::EVERYTHING, &material.roots, &material.lists);
                assert!(most.is_ok(), "a wider policy refuses it");
            }
        }
        Err(error) => check_text(&error),
    }
    let pins = material.chain.first().map(Fingerprint::of);
    let pinned = PinnedCertificates::new(pins);
    let server = ServerToVerify::new(&material.chain, &name, now, &policy);
    if let Err(error) = pinned.verify_server(&server) {
        check_text(&error);
    }
    let _ = cert::issuers(&material.chain).len();
}

/// Text for people, whatever the certificate says.
fn check_text(error: &CertificateError) {
    let text = error.to_string();
    assert!(!text.chars().any(char::is_control), "{text:?}");
    let _ = (error.fault(), format!("{error:?}"));
}

#[derive(Default)]
struct Material {
    chain: Vec<CertificateDer<'static>>,
    roots: RootStore,
    lists: Vec<RevocationList>,
}

impl Material {
    /// A kind, and the bytes: whole ones, or what is to be signed.
    fn add(&mut self, input: &mut Input<'_>) {
        let kind = input.byte();
        let bytes = input.string();
        let der = match kind & SIGNED {
            0 => bytes.to_vec(),
            _ => signed(bytes),
        };
        match kind % 4 {
            material::CHAIN => self.chain.push(der.into()),
            material::ROOT => {
                let _ = self.roots.add(der.into());
            }
            material::LIST => {
                let der = CertificateRevocationListDer::from(der);
                match RevocationList::from_der(&der) {
                    Ok(list) => {
                        let _ = (list.this_update(), list.next_update(), format!("{list:?}"));
                        self.lists.push(list);
                    }
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
            material::BUNDLE.. => {
                let added = self.roots.add_pem(&der);
                let _ = format!("{added:?}");
            }
        }
    }
}

/// A name that is looked for among a certificate's.
fn names(input: &mut Input<'_>) {
    let name = String::from_utf8_lossy(input.string()).into_owned();
    let certificate = CertificateDer::from(signed(input.rest()));
    let _ = HostNames::of(&certificate).include(&name);
    if let Some(subject) = cert::certificate_subject(&certificate) {
        assert!(!subject.chars().any(char::is_control), "{subject:?}");
    }
    if let Ok(certified) = CertifiedKey::new(vec![certificate], KEY.clone()) {
        let _ = CertificatesByName::new([certified]);
    }
}

/// What can be read is printed so that it reads as the same.
fn fingerprint(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    if let Ok(fingerprint) = text.parse::<Fingerprint>() {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
}

/// Numbers that a ServerKeyExchange, or a certificate, could carry.
fn public_key(input: &mut Input<'_>) {
    let modulus = input.string();
    let exponent = input.string();
    let Ok(key) = RsaPublicKey::new(modulus, exponent) else {
        return;
    };
    let again = RsaPublicKey::new(&key.modulus(), &key.exponent());
    assert!(again.is_ok_and(|again| again == key));
    assert_eq!(key.modulus().len(), key.modulus_len());
    let digest = SignatureInput::Md5Sha1([7; 36]);
    let _ = key.verify(&digest, input.string());
}

/// A bundle of certificates.
fn bundle(pem: &[u8]) {
    let mut roots = RootStore::new();
    let added = roots.add_pem(pem);
    let text = format!("{added:?}");
    assert!(!text.is_empty());
    assert!(
        roots
            .anchors()
            .iter()
            .all(|anchor| roots.contains(&anchor.der))
    );
}

/// Signs a certificate's or a list's contents, with the key that stands in all seeds: so what is
/// changed in them is looked at, and not just a signature refused.
fn signed(contents: &[u8]) -> Vec<u8> {
    let digest = HashAlgorithm::Sha256.digest(contents);
    let input = SignatureInput::DigestInfo {
        hash: HashAlgorithm::Sha256,
        digest: digest.as_ref().to_vec(),
    };
    let signature = KEY.sign(&input).expect("the key is long enough");
    let bits = [&[0], &signature[..]].concat();
    let whole = [contents, SHA256_WITH_RSA, &der(0x03, &bits)].concat();
    der(0x30, &whole)
}

fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let len = contents.len();
    let header = match len {
        0..=0x7f => vec![tag, len as u8],
        0x80..=0xff => vec![tag, 0x81, len as u8],
        _ => vec![tag, 0x82, (len >> 8) as u8, len as u8],
    };
    [&header, contents].concat()
}

static KEY: LazyLock<Arc<RsaPrivateKey>> = LazyLock::new(|| {
    let der = test_key_der(512);
    Arc::new(RsaPrivateKey::from_der(&der).expect("a test key"))
});

const POLICIES: [Policy; 4] = [
    Policy::EVERYTHING,
    Policy::HISTORIC.min_rsa_bits(512),
    Policy::COMPATIBLE.min_rsa_bits(512),
    Policy::STRICT,
];

/// Of the flags of a path: it is a client's.
pub(super) const CLIENT: u8 = 4;

/// Of an entry's kind: the bytes are to be signed.
pub(super) const SIGNED: u8 = 4;

/// What the first byte says.
pub(super) mod what {
    pub(in crate::fuzz) const PATH: u8 = 0;
    pub(in crate::fuzz) const NAMES: u8 = 1;
    pub(in crate::fuzz) const FINGERPRINT: u8 = 2;
    pub(in crate::fuzz) const PUBLIC_KEY: u8 = 3;
    pub(in crate::fuzz) const BUNDLE: u8 = 4;
}

/// Which material follows.
pub(super) mod material {
    pub(in crate::fuzz) const CHAIN: u8 = 0;
    pub(in crate::fuzz) const ROOT: u8 = 1;
    pub(in crate::fuzz) const LIST: u8 = 2;
    pub(in crate::fuzz) const BUNDLE: u8 = 3;
}

/// 2024-06-01, from which the input counts days.
const NOW: u64 = 1_717_200_000;

/// AlgorithmIdentifier sha256WithRSAEncryption (RFC 8017 appendix A.2).
const SHA256_WITH_RSA: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00,
];
