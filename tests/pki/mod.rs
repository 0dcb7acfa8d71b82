//! A small authority: certificates and revocation lists with any fields, made of DER by hand.

#![allow(dead_code, reason = "each test crate uses a part of it")]

pub mod der;
pub mod verdict;

use std::slice::from_ref;
use std::sync::{Arc, OnceLock};

use der::{bits, explicit, integer, octets, oid, sequence, set, text, time, utf8};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use retrossl::pki_types::pem::PemObject;
use retrossl::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime,
};
use retrossl::{HashAlgorithm, PrivateKey, RsaPrivateKey, SignatureInput};
use rsa::pkcs8::DecodePrivateKey;
use sha2::Digest;

/// 2024-06-01 12:00:00 UTC, when all tests happen.
pub const NOW: u64 = 1_717_243_200;

pub fn now() -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW))
}

/// A key that certificates are for and signed with.
#[derive(Clone)]
pub enum Key {
    Rsa(usize),
    P256(u8),
    P384(u8),
}

/// How a certificate is signed.
#[derive(Clone, Copy)]
pub enum Signature {
    Rsa(HashAlgorithm),
    /// SHA-1 by OIW's number.
    RsaOiw,
    Pss(HashAlgorithm),
    /// PSS as in [`Pss`](Self::Pss) whose parameters say something about it.
    PssSaying {
        hash: HashAlgorithm,
        mask: HashAlgorithm,
        salt_len: u8,
        trailer: u8,
    },
    Ecdsa(HashAlgorithm),
}

use HashAlgorithm::{Md5, Sha1, Sha224, Sha256, Sha384, Sha512};

impl Key {
    /// The signature algorithm that goes with the key without saying more.
    fn usual(&self) -> Signature {
        match self {
            Self::Rsa(_) => Signature::Rsa(Sha256),
            Self::P256(_) => Signature::Ecdsa(Sha256),
            Self::P384(_) => Signature::Ecdsa(Sha384),
        }
    }

    /// The SubjectPublicKeyInfo.
    pub fn info(&self) -> Vec<u8> {
        match self {
            Self::Rsa(size) => {
                let modulus = rsa_key(*size).public_key().modulus();
                rsa_info(&modulus, &[1, 0, 1])
            }
            Self::P256(seed) => {
                let point = p256_key(*seed).verifying_key().to_sec1_point(false);
                ec_info("1.2.840.10045.3.1.7", point.as_bytes())
            }
            Self::P384(seed) => {
                let point = p384_key(*seed).verifying_key().to_sec1_point(false);
                ec_info("1.3.132.0.34", point.as_bytes())
            }
        }
    }

    fn sign(&self, signature: Signature, tbs: &[u8]) -> Vec<u8> {
        match (self, signature) {
            (Self::Rsa(size), Signature::Rsa(hash)) => sign_rsa(*size, hash, tbs),
            (Self::Rsa(size), Signature::RsaOiw) => sign_rsa(*size, Sha1, tbs),
            (Self::Rsa(size), Signature::Pss(hash) | Signature::PssSaying { hash, .. }) => {
                sign_pss(*size, hash, tbs)
            }
            (Self::P256(seed), Signature::Ecdsa(hash)) => {
                let signature: p256::ecdsa::Signature =
                    p256_key(*seed).sign_prehash(&digest(hash, tbs)).unwrap();
                signature.to_der().as_bytes().to_vec()
            }
            (Self::P384(seed), Signature::Ecdsa(hash)) => {
                let signature: p384::ecdsa::Signature =
                    p384_key(*seed).sign_prehash(&digest(hash, tbs)).unwrap();
                signature.to_der().as_bytes().to_vec()
            }
            _ => panic!("the key does not sign so"),
        }
    }
}

pub fn rsa_info(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = sequence(&[integer(modulus), integer(exponent)]);
    let algorithm = sequence(&[oid("1.2.840.113549.1.1.1"), der::null()]);
    sequence(&[algorithm, bits(&key)])
}

fn ec_info(curve: &str, point: &[u8]) -> Vec<u8> {
    let algorithm = sequence(&[oid("1.2.840.10045.2.1"), oid(curve)]);
    sequence(&[algorithm, bits(point)])
}

fn algorithm(signature: Signature) -> Vec<u8> {
    let rsa = |number: &str| sequence(&[oid(number), der::null()]);
    match signature {
        Signature::Rsa(Md5) => rsa("1.2.840.113549.1.1.4"),
        Signature::Rsa(Sha1) => rsa("1.2.840.113549.1.1.5"),
        Signature::Rsa(Sha224) => rsa("1.2.840.113549.1.1.14"),
        Signature::Rsa(Sha256) => rsa("1.2.840.113549.1.1.11"),
        Signature::Rsa(Sha384) => rsa("1.2.840.113549.1.1.12"),
        Signature::Rsa(Sha512) => rsa("1.2.840.113549.1.1.13"),
        Signature::RsaOiw => rsa("1.3.14.3.2.29"),
        Signature::Pss(hash) => pss_algorithm(hash, hash, hash.output_len() as u8, 1),
        Signature::PssSaying {
            hash,
            mask,
            salt_len,
            trailer,
        } => pss_algorithm(hash, mask, salt_len, trailer),
        Signature::Ecdsa(Sha1) => sequence(&[oid("1.2.840.10045.4.1")]),
        Signature::Ecdsa(Sha224) => sequence(&[oid("1.2.840.10045.4.3.1")]),
        Signature::Ecdsa(Sha256) => sequence(&[oid("1.2.840.10045.4.3.2")]),
        Signature::Ecdsa(Sha384) => sequence(&[oid("1.2.840.10045.4.3.3")]),
        Signature::Ecdsa(Sha512) => sequence(&[oid("1.2.840.10045.4.3.4")]),
        Signature::Rsa(hash) | Signature::Ecdsa(hash) => panic!("{hash} has no number here"),
    }
}

fn pss_algorithm(hash: HashAlgorithm, mask: HashAlgorithm, salt_len: u8, trailer: u8) -> Vec<u8> {
    let algorithm = |hash| {
        let number = match hash {
            Sha1 => "1.3.14.3.2.26",
            Sha224 => "2.16.840.1.101.3.4.2.4",
            Sha256 => "2.16.840.1.101.3.4.2.1",
            Sha384 => "2.16.840.1.101.3.4.2.2",
            Sha512 => "2.16.840.1.101.3.4.2.3",
            hash => panic!("{hash} has no number here"),
        };
        sequence(&[oid(number), der::null()])
    };
    let mask = sequence(&[oid("1.2.840.113549.1.1.8"), algorithm(mask)]);
    let mut parameters = vec![
        explicit(0, &algorithm(hash)),
        explicit(1, &mask),
        explicit(2, &integer(&[salt_len])),
    ];
    // The default.
    if trailer != 1 {
        parameters.push(explicit(3, &integer(&[trailer])));
    }
    sequence(&[oid("1.2.840.113549.1.1.10"), sequence(&parameters)])
}

fn digest(hash: HashAlgorithm, data: &[u8]) -> Vec<u8> {
    match hash {
        Md5 => md5::Md5::digest(data).to_vec(),
        Sha1 => sha1::Sha1::digest(data).to_vec(),
        Sha224 => sha2::Sha224::digest(data).to_vec(),
        Sha256 => sha2::Sha256::digest(data).to_vec(),
        Sha384 => sha2::Sha384::digest(data).to_vec(),
        Sha512 => sha2::Sha512::digest(data).to_vec(),
        hash => panic!("{hash} is not made here"),
    }
}

fn sign_rsa(size: usize, hash: HashAlgorithm, tbs: &[u8]) -> Vec<u8> {
    let digest = digest(hash, tbs);
    rsa_key(size)
        .sign(&SignatureInput::DigestInfo { hash, digest })
        .unwrap()
}

fn sign_pss(size: usize, hash: HashAlgorithm, tbs: &[u8]) -> Vec<u8> {
    let key = rsa::PrivateKey::from_pkcs8_der(key_der(size).secret_pkcs8_der()).unwrap();
    let digest = digest(hash, tbs);
    let mut random = getrandom::rand_core::UnwrapErr(getrandom::SysRng);
    match hash {
        Sha1 => key.sign_with_rng(&mut random, rsa::Pss::<sha1::Sha1>::new(), &digest),
        Sha224 => key.sign_with_rng(&mut random, rsa::Pss::<sha2::Sha224>::new(), &digest),
        Sha256 => key.sign_with_rng(&mut random, rsa::Pss::<sha2::Sha256>::new(), &digest),
        Sha384 => key.sign_with_rng(&mut random, rsa::Pss::<sha2::Sha384>::new(), &digest),
        Sha512 => key.sign_with_rng(&mut random, rsa::Pss::<sha2::Sha512>::new(), &digest),
        hash => panic!("{hash} is not made here"),
    }
    .unwrap()
}

fn p256_key(seed: u8) -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn p384_key(seed: u8) -> p384::ecdsa::SigningKey {
    p384::ecdsa::SigningKey::from_slice(&[seed; 48]).unwrap()
}

fn key_der(size: usize) -> PrivatePkcs8KeyDer<'static> {
    let root = env!("CARGO_MANIFEST_DIR");
    let pem = std::fs::read(format!("{root}/tests/data/test-key-{size}.pem")).unwrap();
    PrivatePkcs8KeyDer::from_pem_slice(&pem).unwrap()
}

/// The repository's test key of that size.
pub fn rsa_key(size: usize) -> Arc<RsaPrivateKey> {
    static KEYS: [OnceLock<Arc<RsaPrivateKey>>; 3] = [const { OnceLock::new() }; 3];
    let index = [512, 1024, 2048].iter().position(|it| *it == size).unwrap();
    KEYS[index]
        .get_or_init(|| {
            let der = PrivateKeyDer::Pkcs8(key_der(size));
            Arc::new(RsaPrivateKey::from_der(&der).unwrap())
        })
        .clone()
}

/// A certificate to be signed; every field can be changed.
#[derive(Clone)]
pub struct Template {
    pub version: u8,
    pub serial: Vec<u8>,
    pub subject: Vec<u8>,
    pub issuer: Vec<u8>,
    pub not_before: String,
    pub not_after: String,
    pub key_info: Vec<u8>,
    pub extensions: Vec<Vec<u8>>,
    pub signature: Option<Signature>,
    /// The algorithm outside of what is signed, where it is another one.
    pub outside: Option<Signature>,
}

impl Template {
    pub fn new(subject: &str, key: &Key) -> Self {
        Self {
            version: 3,
            serial: vec![1],
            subject: name(subject),
            issuer: Vec::new(),
            not_before: "20240101000000Z".to_owned(),
            not_after: "20250101000000Z".to_owned(),
            key_info: key.info(),
            extensions: Vec::new(),
            signature: None,
            outside: None,
        }
    }

    /// A server's, for this host name.
    pub fn server(host: &str) -> Self {
        Self::new("CN=server", &Key::Rsa(2048)).with(alt_names(&[dns(host)]))
    }

    /// An authority's.
    pub fn authority(subject: &str, key: &Key) -> Self {
        Self::new(subject, key).with(basic_constraints(true, None))
    }

    pub fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    pub fn valid(mut self, not_before: &str, not_after: &str) -> Self {
        self.not_before = not_before.to_owned();
        self.not_after = not_after.to_owned();
        self
    }

    pub fn signed_with(mut self, signature: Signature) -> Self {
        self.signature = Some(signature);
        self
    }

    pub fn serial(mut self, serial: &[u8]) -> Self {
        self.serial = serial.to_vec();
        self
    }

    pub fn version(mut self, version: u8) -> Self {
        self.version = version;
        self
    }

    /// The certificate, as `issuer` signs it with `key`.
    pub fn issued_by(&self, issuer: &str, key: &Key) -> CertificateDer<'static> {
        let mut template = self.clone();
        template.issuer = name(issuer);
        template.sign(key)
    }

    pub fn self_signed(&self, key: &Key) -> CertificateDer<'static> {
        let mut template = self.clone();
        template.issuer = template.subject.clone();
        template.sign(key)
    }

    pub fn sign(&self, key: &Key) -> CertificateDer<'static> {
        let signature = self.signature.unwrap_or(key.usual());
        let tbs = self.tbs(signature);
        let value = bits(&key.sign(signature, &tbs));
        let outside = algorithm(self.outside.unwrap_or(signature));
        sequence(&[tbs, outside, value]).into()
    }

    fn tbs(&self, signature: Signature) -> Vec<u8> {
        let mut fields = Vec::new();
        if self.version > 1 {
            fields.push(explicit(0, &integer(&[self.version - 1])));
        }
        fields.extend([
            der::value(0x02, &self.serial),
            algorithm(signature),
            self.issuer.clone(),
            sequence(&[time(&self.not_before), time(&self.not_after)]),
            self.subject.clone(),
            self.key_info.clone(),
        ]);
        if !self.extensions.is_empty() {
            fields.push(explicit(3, &sequence(&self.extensions)));
        }
        sequence(&fields)
    }
}

/// `C=DE, O=Example, CN=name` as a distinguished name; each attribute an RDN of its own.
pub fn name(text: &str) -> Vec<u8> {
    name_of(text, utf8)
}

/// As [`name`], with another string type.
pub fn name_of(text: &str, string: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    let rdns: Vec<_> = text
        .split(", ")
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (kind, value) = part.split_once('=').unwrap();
            let number = match kind {
                "CN" => "2.5.4.3",
                "O" => "2.5.4.10",
                "C" => "2.5.4.6",
                "E" => "1.2.840.113549.1.9.1",
                other => panic!("{other}"),
            };
            set(&[sequence(&[oid(number), string(value)])])
        })
        .collect();
    sequence(&rdns)
}

pub fn extension(number: &str, critical: bool, contents: &[u8]) -> Vec<u8> {
    let mut fields = vec![oid(number)];
    if critical {
        fields.push(der::boolean(true));
    }
    fields.push(octets(contents));
    sequence(&fields)
}

pub fn basic_constraints(ca: bool, path_len: Option<u8>) -> Vec<u8> {
    let mut fields = Vec::new();
    if ca {
        fields.push(der::boolean(true));
    }
    fields.extend(path_len.map(|len| integer(&[len])));
    extension("2.5.29.19", true, &sequence(&fields))
}

/// The bits by their numbers in RFC 5280 §4.2.1.3.
pub fn key_usage(set_bits: &[u8]) -> Vec<u8> {
    let byte = set_bits.iter().fold(0, |byte, bit| byte | 0x80 >> bit);
    extension("2.5.29.15", true, &bits(&[byte]))
}

pub const DIGITAL_SIGNATURE: u8 = 0;
pub const KEY_ENCIPHERMENT: u8 = 2;
pub const KEY_CERT_SIGN: u8 = 5;
pub const CRL_SIGN: u8 = 6;

pub fn extended_key_usage(usages: &[&str]) -> Vec<u8> {
    let usages: Vec<_> = usages.iter().map(|usage| oid(usage)).collect();
    extension("2.5.29.37", false, &sequence(&usages))
}

pub const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
pub const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
pub const ANY_USAGE: &str = "2.5.29.37.0";

/// Netscape's certificate type: bit 0 a client, bit 1 a server.
pub fn netscape_cert_type(bit: u8) -> Vec<u8> {
    extension("2.16.840.1.113730.1.1", false, &bits(&[0x80 >> bit]))
}

pub fn alt_names(names: &[Vec<u8>]) -> Vec<u8> {
    extension("2.5.29.17", false, &sequence(names))
}

pub fn dns(host: &str) -> Vec<u8> {
    der::value(0x82, host.as_bytes())
}

pub fn ip(octets: &[u8]) -> Vec<u8> {
    der::value(0x87, octets)
}

pub fn email(address: &str) -> Vec<u8> {
    der::value(0x81, address.as_bytes())
}

pub fn directory(subject: &str) -> Vec<u8> {
    der::value(0xa4, &name(subject))
}

pub fn name_constraints(permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> Vec<u8> {
    let subtrees = |tag, bases: &[Vec<u8>]| {
        let subtrees: Vec<_> = bases.iter().map(|base| sequence(from_ref(base))).collect();
        der::value(tag, &subtrees.concat())
    };
    let mut fields = Vec::new();
    if !permitted.is_empty() {
        fields.push(subtrees(0xa0, permitted));
    }
    if !excluded.is_empty() {
        fields.push(subtrees(0xa1, excluded));
    }
    extension("2.5.29.30", true, &sequence(&fields))
}

/// A revocation list to be signed.
pub struct ListTemplate {
    pub this_update: &'static str,
    pub next_update: Option<&'static str>,
    pub revoked: Vec<Vec<u8>>,
    pub extensions: Vec<Vec<u8>>,
    pub entry_extensions: Vec<Vec<u8>>,
}

impl ListTemplate {
    pub fn revoking(serials: &[&[u8]]) -> Self {
        Self {
            this_update: "20240501000000Z",
            next_update: Some("20240701000000Z"),
            revoked: serials.iter().map(|serial| serial.to_vec()).collect(),
            extensions: Vec::new(),
            entry_extensions: Vec::new(),
        }
    }

    pub fn issued_by(&self, issuer: &str, key: &Key) -> CertificateRevocationListDer<'static> {
        let signature = key.usual();
        let mut fields = vec![
            integer(&[1]),
            algorithm(signature),
            name(issuer),
            time(self.this_update),
        ];
        fields.extend(self.next_update.map(time));
        let entries: Vec<_> = self
            .revoked
            .iter()
            .map(|serial| self.entry(serial))
            .collect();
        if !entries.is_empty() {
            fields.push(sequence(&entries));
        }
        if !self.extensions.is_empty() {
            fields.push(explicit(0, &sequence(&self.extensions)));
        }
        let tbs = sequence(&fields);
        let value = bits(&key.sign(signature, &tbs));
        sequence(&[tbs, algorithm(signature), value]).into()
    }

    fn entry(&self, serial: &[u8]) -> Vec<u8> {
        let mut fields = vec![der::value(0x02, serial), time("20240415000000Z")];
        if !self.entry_extensions.is_empty() {
            fields.push(sequence(&self.entry_extensions));
        }
        sequence(&fields)
    }
}

/// PEM around DER.
pub fn pem(label: &str, der: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut base64 = String::new();
    for chunk in der.chunks(3) {
        let group = (0..3).fold(0, |group, index| {
            group << 8 | u32::from(chunk.get(index).copied().unwrap_or(0))
        });
        for index in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * index) & 63) as usize];
            base64.push(if index <= chunk.len() {
                digit.into()
            } else {
                '='
            });
        }
    }
    let lines: Vec<_> = base64
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// Text in a string type with this tag.
pub fn string(tag: u8) -> impl Fn(&str) -> Vec<u8> {
    move |value| text(tag, value)
}

/// A BMPString.
pub fn bmp(value: &str) -> Vec<u8> {
    let units: Vec<u8> = value.encode_utf16().flat_map(u16::to_be_bytes).collect();
    der::value(0x1e, &units)
}

/// A UniversalString.
pub fn universal(value: &str) -> Vec<u8> {
    let chars = value.chars().map(u32::from);
    let chars: Vec<u8> = chars.flat_map(u32::to_be_bytes).collect();
    der::value(0x1c, &chars)
}

/// One attribute of a distinguished name.
pub fn attribute(number: &str, value: Vec<u8>) -> Vec<u8> {
    sequence(&[oid(number), value])
}
