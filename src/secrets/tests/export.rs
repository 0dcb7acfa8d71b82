//! The export suites' keys and IVs, and what signs their ephemeral keys.
//!
//! The expected values were computed with Python's hashlib and hmac, from the formulas in the
//! specifications.

use std::collections::BTreeSet;

use crate::crypto::pkcs1::SignatureInput;
use crate::record::{ProtectionParameters, WriteKeys};
use crate::secrets::*;
use crate::suite::CipherSuite;
use crate::testing::vectors::hex;
use crate::version::ProtocolVersion;

#[test]
fn export_keys_at_ssl_3_0() {
    expect_all(ProtocolVersion::SSLv3, &AT_SSL_3_0);
}

#[test]
fn export_keys_at_tls_1_0() {
    expect_all(ProtocolVersion::TLSv1_0, &AT_TLS_1_0);
}

#[test]
fn later_versions_have_no_export_suites() {
    for version in [ProtocolVersion::TLSv1_1, ProtocolVersion::TLSv1_2] {
        expect_all(version, &[]);
    }
}

/// RFC 2246 §7.4.3: md5_hash and sha_hash of the client's random, the server's, the parameters.
#[test]
fn both_randoms_are_signed_with_the_parameters() {
    let SignatureInput::Md5Sha1(digests) = signed_params(&RANDOMS, &hex("0002 abcd 0001 03"))
    else {
        panic!("MD5 and SHA-1 are expected side by side")
    };
    let md5 = "a5640cfb06b6b699e440a457b13e206b";
    let sha1 = "f0fbbf60ede515f898bd586df0c69c25ad8ab151";
    assert_eq!(digests[..], hex(&[md5, sha1].concat()));
}

/// Every export suite of the version has a row.
fn expect_all(version: ProtocolVersion, rows: &[(CipherSuite, [[&str; 3]; 2])]) {
    let is_export = |suite: &CipherSuite| suite.name().unwrap().contains("EXPORT");
    let all = CipherSuite::all().filter(|suite| is_export(suite) && suite.exists_at(version));
    let all: BTreeSet<_> = all.map(|suite| suite.0).collect();
    let expected: BTreeSet<_> = rows.iter().map(|(suite, _)| suite.0).collect();
    assert_eq!(all, expected);
    for (suite, keys) in rows {
        assert_derives(version, *suite, keys);
    }
}

fn assert_derives(version: ProtocolVersion, suite: CipherSuite, expected: &[[&str; 3]; 2]) {
    let suite = suite.row().unwrap();
    let bytes: Vec<u8> = (0x10..0x40).collect();
    let master_secret = MasterSecret::of_session(&bytes.try_into().unwrap(), version, suite);
    let parameters = ProtectionParameters {
        version,
        suite,
        encrypt_then_mac: false,
    };
    let block = KeyBlock::expand(&master_secret, &RANDOMS, parameters);
    let derived = [&block.client, &block.server]
        .map(|keys: &WriteKeys| [&keys.mac_key, &keys.key, &keys.iv].map(|secret| secret.to_vec()));
    assert_eq!(
        derived,
        expected.map(|keys| keys.map(hex)),
        "{}",
        suite.name
    );
}

const RANDOMS: Randoms = Randoms {
    client: [0xc1; 32],
    server: [0x5e; 32],
};

/// The client's MAC key, key and IV, and the server's.
const AT_SSL_3_0: [(CipherSuite, [[&str; 3]; 2]); 7] = [
    (
        CipherSuite::TLS_RSA_EXPORT_WITH_RC4_40_MD5,
        [
            [
                "1189e722b511e6153202e01f074ac4f9",
                "23c601ec23229724b0ecf7720ffaa9da",
                "",
            ],
            [
                "b6cf95174c322e0ad927283a02fb5528",
                "854ceb1156fa349ebb9bbf9ff86fd4e9",
                "",
            ],
        ],
    ),
    (
        CipherSuite::TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5,
        [
            [
                "1189e722b511e6153202e01f074ac4f9",
                "23c601ec23229724b0ecf7720ffaa9da",
                "5148cb268035822c",
            ],
            [
                "b6cf95174c322e0ad927283a02fb5528",
                "854ceb1156fa349ebb9bbf9ff86fd4e9",
                "121eaa710600faad",
            ],
        ],
    ),
    (
        CipherSuite::TLS_RSA_EXPORT_WITH_DES40_CBC_SHA,
        [
            [
                "1189e722b511e6153202e01f074ac4f9b6cf9517",
                "aac2100e89f12123",
                "5148cb268035822c",
            ],
            [
                "4c322e0ad927283a02fb55288a6d9617ccc09d1f",
                "a0840fcb67be267f",
                "121eaa710600faad",
            ],
        ],
    ),
    (
        CipherSuite::TLS_RSA_EXPORT1024_WITH_RC4_56_MD5,
        [
            [
                "1189e722b511e6153202e01f074ac4f9",
                "eb36ffc5f751c980a01e2afc83672bd4",
                "",
            ],
            [
                "b6cf95174c322e0ad927283a02fb5528",
                "b776146f60aad54b50dc1a6ed792e01c",
                "",
            ],
        ],
    ),
    (
        CipherSuite::TLS_RSA_EXPORT1024_WITH_RC4_56_SHA,
        [
            [
                "1189e722b511e6153202e01f074ac4f9b6cf9517",
                "b48122f6380429c61d9ba82f887d9b36",
                "",
            ],
            [
                "4c322e0ad927283a02fb55288a6d9617ccc09d1f",
                "264839d4bf2e1d956cae0c41c5134451",
                "",
            ],
        ],
    ),
    (
        CipherSuite::TLS_RSA_EXPORT1024_WITH_RC2_CBC_56_MD5,
        [
            [
                "1189e722b511e6153202e01f074ac4f9",
                "eb36ffc5f751c980a01e2afc83672bd4",
                "5148cb268035822c",
            ],
            [
                "b6cf95174c322e0ad927283a02fb5528",
                "b776146f60aad54b50dc1a6ed792e01c",
                "121eaa710600faad",
            ],
        ],
    ),
    (
        CipherSuite::TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA,
        [
            [
                "1189e722b511e6153202e01f074ac4f9b6cf9517",
                "a3e56f9721ed2bc0",
                "5148cb268035822c",
            ],
            [
                "4c322e0ad927283a02fb55288a6d9617ccc09d1f",
                "8e36c87f449f993c",
                "121eaa710600faad",
            ],
        ],
    ),
];

const AT_TLS_1_0: [(CipherSuite, [[&str; 3]; 2]); 7] = [
    (
        CipherSuite::TLS_RSA_EXPORT_WITH_RC4_40_MD5,
        [
            [
                "ed3d537e0ffd7f6c33181357c523b01e",
                "cc1827228a5d76096f2fb3a714cb57ee",
                "",
            ],
            [
                "6e87c4505fc6f0df65e9fe949b52f552",
                "a0979a27bb24f5ef5e2b180c46859c10",
                "",
            ],
        ],
    ),
    (
        CipherSuite::TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5,
        [
            [
                "ed3d537e0ffd7f6c33181357c523b01e",
                "cc1827228a5d76096f2fb3a714cb57ee",
                "3910eeda2cd8da38",
            ],
            [
                "6e87c4505fc6f0df65e9fe949b52f552",
                "a0979a27bb24f5ef5e2b180c46859c10",
                "a09a5ac44129b150",
            ],
        ],
    ),
    (
        CipherSuite::TLS_RSA_EXPORT_WITH_DES40_CBC_SHA,
        [
            [
                "ed3d537e0ffd7f6c33181357c523b01e6e87c450",
                "5df6fc22680800a0",
                "3910eeda2cd8da38",
            ],
            [
                "5fc6f0df65e9fe949b52f552e089aac8eb8ee3a2",
                "26747f801b42ab65",
                "a09a5ac44129b150",
            ],
        ],
    ),
    (
        CipherSuite::TLS_RSA_EXPORT1024_WITH_RC4_56_MD5,
        [
            [
                "ed3d537e0ffd7f6c33181357c523b01e",
                "44e88efe4230ff4b6f0d6e924cc8ba73",
                "",
            ],
            [
                "6e87c4505fc6f0df65e9fe949b52f552",
                "79d1dce3ae4ea8b3334879f425961e47",
                "",
            ],
        ],
    ),
    (
        CipherSuite::TLS_RSA_EXPORT1024_WITH_RC4_56_SHA,
        [
            [
                "ed3d537e0ffd7f6c33181357c523b01e6e87c450",
                "ce054f233103684c54e9b1a38a86450c",
                "",
            ],
            [
                "5fc6f0df65e9fe949b52f552e089aac8eb8ee3a2",
                "c18f9e95f38dd7c08712ea70ae633f2a",
                "",
            ],
        ],
    ),
    (
        CipherSuite::TLS_RSA_EXPORT1024_WITH_RC2_CBC_56_MD5,
        [
            [
                "ed3d537e0ffd7f6c33181357c523b01e",
                "44e88efe4230ff4b6f0d6e924cc8ba73",
                "3910eeda2cd8da38",
            ],
            [
                "6e87c4505fc6f0df65e9fe949b52f552",
                "79d1dce3ae4ea8b3334879f425961e47",
                "a09a5ac44129b150",
            ],
        ],
    ),
    (
        CipherSuite::TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA,
        [
            [
                "ed3d537e0ffd7f6c33181357c523b01e6e87c450",
                "f4c116a0b0e52452",
                "3910eeda2cd8da38",
            ],
            [
                "5fc6f0df65e9fe949b52f552e089aac8eb8ee3a2",
                "a5daedabccf4f84f",
                "a09a5ac44129b150",
            ],
        ],
    ),
];
