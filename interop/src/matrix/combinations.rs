//! Every combination of version and suite that a peer has and `retrossl` must speak with it.

use retrossl::{CipherKind, CipherSuite};

use crate::peer::Version::{self, Ssl3, Tls1_0, Tls1_1, Tls1_2};

/// A suite at a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Combination {
    pub version: Version,
    pub suite: CipherSuite,
    /// OpenSSL's name of the suite.
    pub name: &'static str,
    /// The specifications' name of the suite.
    pub specified: &'static str,
    /// JSSE's name of the suite, if it has it.
    pub jsse: Option<&'static str>,
}

impl std::fmt::Display for Combination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", self.version, self.name)
    }
}

/// OpenSSL 3.6 in process: 24 combinations. It has no DES.
pub fn openssl() -> impl Iterator<Item = Combination> {
    combinations(&SUITES).filter(|case| case.name != "DES-CBC-SHA")
}

/// OpenSSL 1.0.1e in Node.js: 27 combinations. (It has DES at TLS 1.2, too, where it does not
/// belong.)
pub fn node() -> impl Iterator<Item = Combination> {
    combinations(&SUITES)
}

/// JSSE of OpenJDK 17: the same 27.
pub fn jsse() -> impl Iterator<Item = Combination> {
    combinations(&SUITES)
}

/// 6 combinations, all of which Node.js has, for keys of up to 512 bits only at a server. JSSE has
/// no RC2.
pub fn export() -> impl Iterator<Item = Combination> {
    combinations(&EXPORT)
}

/// 9 combinations without encryption. OpenSSL 3.6, Node.js and JSSE have them all.
pub fn null() -> impl Iterator<Item = Combination> {
    combinations(&NULL)
}

fn combinations(suites: &'static [Suite]) -> impl Iterator<Item = Combination> {
    Version::ALL.into_iter().flat_map(move |version| {
        suites
            .iter()
            .filter(move |suite| suite.first <= version && version <= suite.last)
            .map(move |suite| Combination {
                version,
                suite: suite.suite,
                name: suite.name,
                specified: suite.specified,
                jsse: suite.jsse,
            })
    })
}

struct Suite {
    name: &'static str,
    specified: &'static str,
    jsse: Option<&'static str>,
    suite: CipherSuite,
    first: Version,
    last: Version,
}

/// Not taken from `retrossl`'s own table: that one is tested, too.
#[rustfmt::skip]
const SUITES: [Suite; 10] = [
    suite("RC4-MD5", "TLS_RSA_WITH_RC4_128_MD5", 0x0004, Ssl3, Tls1_2)
        .in_jsse("SSL_RSA_WITH_RC4_128_MD5"),
    suite("RC4-SHA", "TLS_RSA_WITH_RC4_128_SHA", 0x0005, Ssl3, Tls1_2)
        .in_jsse("SSL_RSA_WITH_RC4_128_SHA"),
    suite("DES-CBC-SHA", "TLS_RSA_WITH_DES_CBC_SHA", 0x0009, Ssl3, Tls1_1)
        .in_jsse("SSL_RSA_WITH_DES_CBC_SHA"),
    suite("DES-CBC3-SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", 0x000A, Ssl3, Tls1_2)
        .in_jsse("SSL_RSA_WITH_3DES_EDE_CBC_SHA"),
    suite("AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA", 0x002F, Ssl3, Tls1_2)
        .likewise_in_jsse(),
    suite("AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA", 0x0035, Ssl3, Tls1_2)
        .likewise_in_jsse(),
    suite("AES128-SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA256", 0x003C, Tls1_2, Tls1_2)
        .likewise_in_jsse(),
    suite("AES256-SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA256", 0x003D, Tls1_2, Tls1_2)
        .likewise_in_jsse(),
    suite("AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256", 0x009C, Tls1_2, Tls1_2)
        .likewise_in_jsse(),
    suite("AES256-GCM-SHA384", "TLS_RSA_WITH_AES_256_GCM_SHA384", 0x009D, Tls1_2, Tls1_2)
        .likewise_in_jsse(),
];

/// RFC 4346 took them away.
#[rustfmt::skip]
const EXPORT: [Suite; 3] = [
    suite("EXP-RC4-MD5", "TLS_RSA_EXPORT_WITH_RC4_40_MD5", 0x0003, Ssl3, Tls1_0)
        .in_jsse("SSL_RSA_EXPORT_WITH_RC4_40_MD5"),
    suite("EXP-RC2-CBC-MD5", "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", 0x0006, Ssl3, Tls1_0),
    suite("EXP-DES-CBC-SHA", "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", 0x0008, Ssl3, Tls1_0)
        .in_jsse("SSL_RSA_EXPORT_WITH_DES40_CBC_SHA"),
];

#[rustfmt::skip]
const NULL: [Suite; 3] = [
    suite("NULL-MD5", "TLS_RSA_WITH_NULL_MD5", 0x0001, Ssl3, Tls1_2)
        .in_jsse("SSL_RSA_WITH_NULL_MD5"),
    suite("NULL-SHA", "TLS_RSA_WITH_NULL_SHA", 0x0002, Ssl3, Tls1_2)
        .in_jsse("SSL_RSA_WITH_NULL_SHA"),
    suite("NULL-SHA256", "TLS_RSA_WITH_NULL_SHA256", 0x003B, Tls1_2, Tls1_2)
        .likewise_in_jsse(),
];

const fn suite(
    name: &'static str,
    specified: &'static str,
    number: u16,
    first: Version,
    last: Version,
) -> Suite {
    Suite {
        name,
        specified,
        jsse: None,
        suite: CipherSuite(number),
        first,
        last,
    }
}

impl Suite {
    const fn in_jsse(mut self, name: &'static str) -> Self {
        self.jsse = Some(name);
        self
    }

    const fn likewise_in_jsse(self) -> Self {
        let name = self.specified;
        self.in_jsse(name)
    }
}

/// A cipher of SSL 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ssl2Cipher {
    /// Three bytes on the wire.
    pub number: u32,
    /// The specification's name.
    pub specified: &'static str,
    /// OpenSSL's name.
    pub name: &'static str,
}

impl Ssl2Cipher {
    pub fn kind(self) -> CipherKind {
        let [_, kind @ ..] = self.number.to_be_bytes();
        CipherKind(kind)
    }
}

impl std::fmt::Display for Ssl2Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SSL 2.0, {}", self.name)
    }
}

/// Node.js alone has them, and IDEA (0x050080, `IDEA-CBC-MD5`).
#[rustfmt::skip]
pub const SSL2: [Ssl2Cipher; 6] = [
    ssl2("RC4-MD5", "SSL_CK_RC4_128_WITH_MD5", 0x01_0080),
    ssl2("EXP-RC4-MD5", "SSL_CK_RC4_128_EXPORT40_WITH_MD5", 0x02_0080),
    ssl2("RC2-CBC-MD5", "SSL_CK_RC2_128_CBC_WITH_MD5", 0x03_0080),
    ssl2("EXP-RC2-CBC-MD5", "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5", 0x04_0080),
    ssl2("DES-CBC-MD5", "SSL_CK_DES_64_CBC_WITH_MD5", 0x06_0040),
    ssl2("DES-CBC3-MD5", "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", 0x07_00C0),
];

const fn ssl2(name: &'static str, specified: &'static str, number: u32) -> Ssl2Cipher {
    Ssl2Cipher {
        number,
        specified,
        name,
    }
}
