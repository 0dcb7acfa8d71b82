//! Every combination of version and suite that a peer has and `retrossl` must speak with it.

use retrossl::CipherSuite;

use crate::peer::Version;

/// A suite at a version.
#[derive(Clone, Copy, Debug)]
pub struct Combination {
    pub version: Version,
    pub suite: CipherSuite,
    /// OpenSSL's name of the suite.
    pub name: &'static str,
}

impl std::fmt::Display for Combination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", self.version, self.name)
    }
}

/// OpenSSL 3.6 in process: 24 combinations. It has no DES.
pub fn openssl() -> impl Iterator<Item = Combination> {
    combinations(|suite| suite.name != "DES-CBC-SHA")
}

/// OpenSSL 1.0.1e in Node.js: 27 combinations. (It has DES at TLS 1.2, too, where it does not
/// belong.)
pub fn node() -> impl Iterator<Item = Combination> {
    combinations(|_| true)
}

fn combinations(has: impl Fn(&Suite) -> bool) -> impl Iterator<Item = Combination> {
    Version::ALL.into_iter().flat_map(move |version| {
        SUITES
            .iter()
            .filter(|suite| suite.first <= version && version <= suite.last)
            .filter(|suite| has(suite))
            .map(move |suite| Combination {
                version,
                suite: suite.suite,
                name: suite.name,
            })
            .collect::<Vec<_>>()
    })
}

struct Suite {
    name: &'static str,
    suite: CipherSuite,
    first: Version,
    last: Version,
}

/// Not taken from `retrossl`'s own table: that one is tested, too.
#[rustfmt::skip]
const SUITES: [Suite; 10] = [
    suite("RC4-MD5", 0x0004, Version::Ssl3, Version::Tls1_2),
    suite("RC4-SHA", 0x0005, Version::Ssl3, Version::Tls1_2),
    suite("DES-CBC-SHA", 0x0009, Version::Ssl3, Version::Tls1_1),
    suite("DES-CBC3-SHA", 0x000A, Version::Ssl3, Version::Tls1_2),
    suite("AES128-SHA", 0x002F, Version::Ssl3, Version::Tls1_2),
    suite("AES256-SHA", 0x0035, Version::Ssl3, Version::Tls1_2),
    suite("AES128-SHA256", 0x003C, Version::Tls1_2, Version::Tls1_2),
    suite("AES256-SHA256", 0x003D, Version::Tls1_2, Version::Tls1_2),
    suite("AES128-GCM-SHA256", 0x009C, Version::Tls1_2, Version::Tls1_2),
    suite("AES256-GCM-SHA384", 0x009D, Version::Tls1_2, Version::Tls1_2),
];

const fn suite(name: &'static str, number: u16, first: Version, last: Version) -> Suite {
    Suite {
        name,
        suite: CipherSuite(number),
        first,
        last,
    }
}
