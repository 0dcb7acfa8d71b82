//! Netscape's FIPS suites: the PRF of TLS 1.0 at SSL 3.0, and all else as SSL 3.0 has it. (That
//! they have no exporter either is shown with all other suites, in `tests/watching.rs`.)
//!
//! The expected secrets and digests were computed with Python's hashlib and hmac, from the formulas
//! in RFC 2246 and RFC 6101.

use CipherSuite as Suite;

use crate::crypto::pkcs1::SignatureInput;
use crate::crypto::random::{RandomFailed, SecureRandom, SystemRandom};
use crate::record::{ContentType, Protection, ProtectionParameters, Sealer, WriteKeys};
use crate::secrets::*;
use crate::side::Side;
use crate::suite::CipherSuite;
use crate::testing::in_memory::flights::client_flight;
use crate::testing::in_memory::{Pair, only};
use crate::testing::vectors::hex;
use crate::version::ProtocolVersion;

#[test]
fn fips_suites_exist_at_ssl_3_0_only() {
    for suite in [TRIPLE_DES, DES].as_flattened() {
        for version in ProtocolVersion::from_ssl3() {
            let exists = version == ProtocolVersion::SSLv3;
            assert_eq!(suite.exists_at(version), exists, "{suite} {version}");
        }
    }
    let numbers = [TRIPLE_DES, DES].map(|suites| suites.map(|suite| suite.0));
    assert_eq!(numbers, [[0xfeff, 0xffe0], [0xfefe, 0xffe1]]);
}

#[test]
fn the_master_secret_is_tls_1_0s() {
    for suite in [TRIPLE_DES, DES].as_flattened() {
        assert_eq!(master_secret(*suite).as_bytes()[..], hex(MASTER_SECRET));
    }
    // By SSL 3.0's own rule, of the same.
    let own = "4ea13bac63ceab45d56b07bcc4e0db9dd3024145af133b15\
               06080579a2326434d6d39b120104d0ba8d19e509d5b71c92";
    let suite = Suite::TLS_RSA_WITH_3DES_EDE_CBC_SHA;
    assert_eq!(master_secret(suite).as_bytes()[..], hex(own));
}

#[test]
fn the_keys_are_tls_1_0s() {
    let mac_keys = [
        "82065dd19aad2189b03438884a0d97f6dfe446a8",
        "c741c0aa8cb9f6422288ff94ee8f04aa97a8a7f6",
    ];
    let triple_des = [
        "fb891893366068c96035c8baee9432f80b5c6492d16b76d5",
        "0a0ecff199f4693b01ccf45b12bc1183f64cf1bd7240a2e3",
        "7484ed147d92c51d",
        "303e95c8cc8cac8a",
    ];
    let des = [
        "fb891893366068c9",
        "6035c8baee9432f8",
        "0b5c6492d16b76d5",
        "0a0ecff199f4693b",
    ];
    for (suites, rest) in [(TRIPLE_DES, triple_des), (DES, des)] {
        for suite in suites {
            let KeyBlock { client, server } = key_block(suite);
            for (derived, expected) in [
                (&client.mac_key, mac_keys[0]),
                (&server.mac_key, mac_keys[1]),
                (&client.key, rest[0]),
                (&server.key, rest[1]),
                (&client.iv, rest[2]),
                (&server.iv, rest[3]),
            ] {
                assert_eq!(**derived, hex(expected), "{suite}");
            }
        }
    }
}

#[test]
fn finished_is_ssl_3_0s() {
    let client = "c7233316e98d3eb1615cfafa9ee62d74f9b2cbac4849d91b9c22d30d95e3b11912e21260";
    let server = "25a4b77651365415e3dce61043517f37325727908a1ef7dbf194881d3e0d6ce2e04ee022";
    for suite in [TRIPLE_DES, DES].as_flattened() {
        let finished = |sender| {
            let version = ProtocolVersion::SSLv3;
            VerifyData::compute(version, &master_secret(*suite), &transcript(*suite), sender)
        };
        assert_eq!(finished(Side::Client).as_bytes(), hex(client), "{suite}");
        assert_eq!(finished(Side::Server).as_bytes(), hex(server), "{suite}");
    }
}

#[test]
fn a_certificate_verify_signs_what_ssl_3_0_does() {
    let digests = "7492631ae7a7faf9262f41fab8cb2c636df439dd10a0a1bd98559ed2c0551f38210f7936";
    for suite in [TRIPLE_DES, DES].as_flattened() {
        let (secret, transcript) = (master_secret(*suite), transcript(*suite));
        let version = ProtocolVersion::SSLv3;
        let input = certificate_verify_input(version, &secret, &transcript, None).unwrap();
        let expected = hex(digests).try_into().unwrap();
        assert_eq!(input, SignatureInput::Md5Sha1(expected), "{suite}");
    }
}

/// As with the suites of the same cipher, whose records at SSL 3.0 are recorded elsewhere.
#[test]
fn records_are_ssl_3_0s() {
    for (suites, same) in [
        (TRIPLE_DES, Suite::TLS_RSA_WITH_3DES_EDE_CBC_SHA),
        (DES, Suite::TLS_RSA_WITH_DES_CBC_SHA),
    ] {
        for suite in suites {
            let keys = key_block(suite).client;
            let expected = seal(ProtocolVersion::SSLv3, same, &keys);
            assert_eq!(seal(ProtocolVersion::SSLv3, suite, &keys), expected);
            assert_ne!(seal(ProtocolVersion::TLSv1_0, same, &keys), expected);
        }
    }
}

/// RFC 6101 §5.6.7.1.
#[test]
fn a_client_key_exchange_has_no_length_in_front() {
    for suite in [TRIPLE_DES, DES].as_flattened() {
        let mut pair = Pair::under(only(ProtocolVersion::SSLv3, *suite));
        let exchange = &client_flight(&mut pair)[0];
        assert_eq!(exchange.fragment[..4], [16, 0, 0, 128], "{suite}");
        assert_eq!(exchange.fragment.len(), 4 + 128);
    }
}

fn seal(version: ProtocolVersion, suite: CipherSuite, keys: &WriteKeys) -> Vec<u8> {
    let protection = Protection::new(parameters(version, suite), keys).unwrap();
    let mut sealer = Sealer::new(protection, u64::MAX);
    let mut fragments = Vec::new();
    for data in [&b"once"[..], b"and again"] {
        let mut record = Vec::new();
        let data_type = ContentType::ApplicationData;
        sealer
            .seal(data_type, version, data, &SystemRandom, &mut record)
            .unwrap();
        fragments.push(record.split_off(5));
    }
    fragments.concat()
}

fn transcript(suite: CipherSuite) -> Transcript {
    let suite = suite.row().unwrap();
    let mut transcript = Transcript::new(ProtocolVersion::SSLv3, suite, [].into_iter());
    transcript.add(b"some handshake messages");
    transcript
}

fn key_block(suite: CipherSuite) -> KeyBlock {
    let parameters = parameters(ProtocolVersion::SSLv3, suite);
    KeyBlock::expand(&master_secret(suite), &RANDOMS, parameters)
}

fn parameters(version: ProtocolVersion, suite: CipherSuite) -> ProtectionParameters {
    ProtectionParameters {
        version,
        suite: suite.row().unwrap(),
        encrypt_then_mac: false,
    }
}

/// Of a pre-master secret that counts: 0300, 8283 and so on up to af.
fn master_secret(suite: CipherSuite) -> MasterSecret {
    #[derive(Debug)]
    struct Counting;

    impl SecureRandom for Counting {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed> {
            for (byte, value) in buffer.iter_mut().zip(0x82..) {
                *byte = value;
            }
            Ok(())
        }
    }

    let version = ProtocolVersion::SSLv3;
    let pre_master_secret = PreMasterSecret::generate(version.wire(), &Counting).unwrap();
    MasterSecret::derive(&pre_master_secret, version, suite.row().unwrap(), &RANDOMS)
}

const MASTER_SECRET: &str = "5383c3214ff95c2e6060a21f9253c4aadb3b8d949bff7b4f\
                             552932793a7c65bd82079639301c6b59e24d4d7365bcf886";

const TRIPLE_DES: [CipherSuite; 2] = [
    Suite::SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA,
    Suite::SSL_RSA_OLDFIPS_WITH_3DES_EDE_CBC_SHA,
];
const DES: [CipherSuite; 2] = [
    Suite::SSL_RSA_FIPS_WITH_DES_CBC_SHA,
    Suite::SSL_RSA_OLDFIPS_WITH_DES_CBC_SHA,
];

const RANDOMS: Randoms = Randoms {
    client: [0xc1; 32],
    server: [0x5e; 32],
};
