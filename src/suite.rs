//! The cipher suites: one table, a row each, that the rest of the code reads.

use core::fmt;
use core::str::FromStr;

use crate::crypto::{BulkCipher, HashAlgorithm};
use crate::version::ProtocolVersion;

/// A cipher suite's number on the wire (RFC 5246 appendix A.5).
///
/// Any number can be carried, compared and printed; what this crate can use has a row in its
/// table, so [`name`](Self::name) and the other properties are `Some`.
///
/// ```
/// use retrossl::CipherSuite;
///
/// let suite: CipherSuite = "TLS_RSA_WITH_RC4_128_SHA".parse().unwrap();
/// assert_eq!(suite, CipherSuite(0x0005));
/// assert_eq!(CipherSuite(0xC02F).to_string(), "0xC02F");
/// assert_eq!("0xC02F".parse(), Ok(CipherSuite(0xC02F)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CipherSuite(pub u16);

impl CipherSuite {
    /// No encryption, an MD5 MAC.
    pub const TLS_RSA_WITH_NULL_MD5: Self = Self(0x0001);
    /// No encryption, a SHA-1 MAC.
    pub const TLS_RSA_WITH_NULL_SHA: Self = Self(0x0002);
    /// No encryption, a SHA-256 MAC.
    pub const TLS_RSA_WITH_NULL_SHA256: Self = Self(0x003B);

    /// RC4 with 40 secret bits and an MD5 MAC; the key exchange is of 512 bits.
    pub const TLS_RSA_EXPORT_WITH_RC4_40_MD5: Self = Self(0x0003);
    /// RC2 with 40 secret bits in CBC mode and an MD5 MAC; the key exchange is of 512 bits.
    pub const TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5: Self = Self(0x0006);
    /// DES with 40 secret bits in CBC mode and a SHA-1 MAC; the key exchange is of 512 bits.
    pub const TLS_RSA_EXPORT_WITH_DES40_CBC_SHA: Self = Self(0x0008);

    /// RC4 with 56 secret bits and an MD5 MAC; the key exchange is of 1024 bits.
    ///
    /// No independent implementation of the EXPORT1024 suites was at hand: they rest on
    /// draft-ietf-tls-56-bit-ciphersuites and on tests of this crate against itself.
    pub const TLS_RSA_EXPORT1024_WITH_RC4_56_MD5: Self = Self(0x0060);
    /// RC2 with 56 secret bits in CBC mode and an MD5 MAC; the key exchange is of 1024 bits. Not
    /// tested against others, as [0x0060](Self::TLS_RSA_EXPORT1024_WITH_RC4_56_MD5).
    pub const TLS_RSA_EXPORT1024_WITH_RC2_CBC_56_MD5: Self = Self(0x0061);
    /// DES in CBC mode with a SHA-1 MAC; the key exchange is of 1024 bits. Not tested against
    /// others, as [0x0060](Self::TLS_RSA_EXPORT1024_WITH_RC4_56_MD5).
    pub const TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA: Self = Self(0x0062);
    /// RC4 with 56 secret bits and a SHA-1 MAC; the key exchange is of 1024 bits. Not tested
    /// against others, as [0x0060](Self::TLS_RSA_EXPORT1024_WITH_RC4_56_MD5).
    pub const TLS_RSA_EXPORT1024_WITH_RC4_56_SHA: Self = Self(0x0064);

    /// Triple DES in CBC mode with a SHA-1 MAC, at SSL 3.0 with the PRF of TLS 1.0: Netscape's,
    /// for FIPS 140.
    ///
    /// No independent implementation of the FIPS suites was at hand: they rest on Netscape's
    /// description and on tests of this crate against itself.
    pub const SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA: Self = Self(0xFEFF);
    /// DES in CBC mode, else as [0xFEFF](Self::SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA).
    pub const SSL_RSA_FIPS_WITH_DES_CBC_SHA: Self = Self(0xFEFE);
    /// The older number of [0xFEFF](Self::SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA).
    pub const SSL_RSA_OLDFIPS_WITH_3DES_EDE_CBC_SHA: Self = Self(0xFFE0);
    /// The older number of [0xFEFE](Self::SSL_RSA_FIPS_WITH_DES_CBC_SHA).
    pub const SSL_RSA_OLDFIPS_WITH_DES_CBC_SHA: Self = Self(0xFFE1);

    /// RC4 with an MD5 MAC.
    pub const TLS_RSA_WITH_RC4_128_MD5: Self = Self(0x0004);
    /// RC4 with a SHA-1 MAC.
    pub const TLS_RSA_WITH_RC4_128_SHA: Self = Self(0x0005);
    /// DES (56 bits) in CBC mode with a SHA-1 MAC.
    pub const TLS_RSA_WITH_DES_CBC_SHA: Self = Self(0x0009);
    /// Triple DES in CBC mode with a SHA-1 MAC.
    pub const TLS_RSA_WITH_3DES_EDE_CBC_SHA: Self = Self(0x000A);
    /// AES-128 in CBC mode with a SHA-1 MAC (RFC 3268).
    pub const TLS_RSA_WITH_AES_128_CBC_SHA: Self = Self(0x002F);
    /// AES-256 in CBC mode with a SHA-1 MAC (RFC 3268).
    pub const TLS_RSA_WITH_AES_256_CBC_SHA: Self = Self(0x0035);
    /// AES-128 in CBC mode with a SHA-256 MAC.
    pub const TLS_RSA_WITH_AES_128_CBC_SHA256: Self = Self(0x003C);
    /// AES-256 in CBC mode with a SHA-256 MAC.
    pub const TLS_RSA_WITH_AES_256_CBC_SHA256: Self = Self(0x003D);
    /// AES-128-GCM (RFC 5288).
    pub const TLS_RSA_WITH_AES_128_GCM_SHA256: Self = Self(0x009C);
    /// AES-256-GCM (RFC 5288).
    pub const TLS_RSA_WITH_AES_256_GCM_SHA384: Self = Self(0x009D);

    /// Signals secure renegotiation in place of the extension (RFC 5746 §3.3).
    pub const TLS_EMPTY_RENEGOTIATION_INFO_SCSV: Self = Self(0x00FF);
    /// Signals a repeated attempt at a lower version (RFC 7507).
    pub const TLS_FALLBACK_SCSV: Self = Self(0x5600);

    /// Every suite that this crate implements, strongest first; those that encrypt nothing come
    /// last.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.suite)
    }

    /// The IANA name, for a suite that this crate implements.
    pub fn name(self) -> Option<&'static str> {
        self.row().map(|row| row.name)
    }

    /// Whether the suite exists at `version`; `false` for suites that this crate does not have.
    pub fn exists_at(self, version: ProtocolVersion) -> bool {
        self.row().is_some_and(|row| row.exists_at(version))
    }

    /// Bits of secret in the cipher's key that an attacker must find (3DES: 112; NULL: 0).
    pub fn strength_bits(self) -> Option<u16> {
        self.row().map(|row| row.strength_bits)
    }

    /// Whether it was made for export from the United States: its key exchange is limited to 512 or
    /// 1024 bits.
    pub fn is_export(self) -> bool {
        self.row()
            .is_some_and(|row| matches!(row.key_exchange, KeyExchange::RsaExport { .. }))
    }

    /// The table's row, for a suite that this crate implements.
    pub(crate) fn row(self) -> Option<&'static SuiteRow> {
        TABLE.iter().find(|row| row.suite == self)
    }
}

impl fmt::Display for CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "{:#06X}", self.0),
        }
    }
}

impl fmt::Debug for CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CipherSuite({self})")
    }
}

impl FromStr for CipherSuite {
    type Err = UnknownSuiteName;

    /// Takes the IANA name of a suite that this crate implements, with or without `TLS_` or
    /// `SSL_` in front, or any number as it is printed: `0xC02F`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let are_digits = |it: &&str| it.len() == 4 && it.bytes().all(|it| it.is_ascii_hexdigit());
        let digits = name.strip_prefix("0x").filter(are_digits);
        if let Some(Ok(number)) = digits.map(|digits| u16::from_str_radix(digits, 16)) {
            return Ok(Self(number));
        }
        let bare = |full: &str| {
            let bare = full.strip_prefix("TLS_").or(full.strip_prefix("SSL_"));
            bare.unwrap_or(full).to_owned()
        };
        let wanted = bare(&name.to_ascii_uppercase());
        TABLE
            .iter()
            .find(|row| bare(row.name) == wanted)
            .map(|row| row.suite)
            .ok_or_else(|| UnknownSuiteName(name.to_owned()))
    }
}

/// The name of a cipher suite that this crate does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown cipher suite {0:?}; an IANA name such as TLS_RSA_WITH_3DES_EDE_CBC_SHA is expected"
)]
pub struct UnknownSuiteName(String);

/// How the pre-master secret reaches the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyExchange {
    /// Encrypted to the public key in the server's certificate; no ServerKeyExchange.
    Rsa,
    /// Encrypted to a key of `max_bits` at the most: the certificate's where it is short enough,
    /// else an ephemeral one in a signed ServerKeyExchange (RFC 2246 §7.4.3).
    RsaExport { max_bits: usize },
}

impl KeyExchange {
    /// Of how many bits an ephemeral key is at the most, where the certificate's key is too long to
    /// encrypt to and signs one.
    pub(crate) fn ephemeral_key_limit(self, certificate_bits: usize) -> Option<usize> {
        match self {
            Self::Rsa => None,
            Self::RsaExport { max_bits } => (certificate_bits > max_bits).then_some(max_bits),
        }
    }
}

/// How secrets become keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyDerivation {
    /// By the version's own rule.
    Version,
    /// At SSL 3.0 by the PRF of TLS 1.0, where MACs and Finished stay SSL 3.0's.
    Fips,
    /// This many bytes of the key block are expanded to the cipher's key, and the IV is public
    /// (RFC 2246 §6.3.1, RFC 6101 §6.2.2.1).
    Export { key_material: usize },
}

/// How records are authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MacAlgorithm {
    /// HMAC with this hash; at SSL 3.0 the keyed hash of RFC 6101 §5.2.3.1.
    Keyed(HashAlgorithm),
    /// The cipher authenticates (AEAD).
    Aead,
}

/// One cipher suite.
#[derive(Debug)]
pub(crate) struct SuiteRow {
    pub(crate) suite: CipherSuite,
    pub(crate) name: &'static str,
    pub(crate) key_exchange: KeyExchange,
    pub(crate) keys: KeyDerivation,
    pub(crate) cipher: BulkCipher,
    pub(crate) mac: MacAlgorithm,
    /// The PRF's hash at TLS 1.2; older versions have one PRF for all.
    pub(crate) prf_hash: HashAlgorithm,
    pub(crate) strength_bits: u16,
    /// The first and the last version that the suite exists in.
    pub(crate) versions: (ProtocolVersion, ProtocolVersion),
}

impl SuiteRow {
    pub(crate) fn exists_at(&self, version: ProtocolVersion) -> bool {
        (self.versions.0..=self.versions.1).contains(&version)
    }
}

/// Every suite, strongest first. The AES suites with SHA-1 are at SSL 3.0 by custom.
#[rustfmt::skip]
static TABLE: &[SuiteRow] = {
    use BulkCipher::*;
    use HashAlgorithm::*;
    use KeyDerivation::{Fips, Version};
    use KeyExchange::Rsa;
    use MacAlgorithm::*;
    use ProtocolVersion::*;
    const EXPORT: KeyExchange = KeyExchange::RsaExport { max_bits: EXPORT_KEY_LENGTHS[0] };
    const EXPORT1024: KeyExchange = KeyExchange::RsaExport { max_bits: EXPORT_KEY_LENGTHS[1] };
    const EXPORT_40: KeyDerivation = KeyDerivation::Export { key_material: 5 };
    const EXPORT_56: KeyDerivation = KeyDerivation::Export { key_material: 7 };
    // DES: 56 bits in 8 bytes.
    const EXPORT_64: KeyDerivation = KeyDerivation::Export { key_material: 8 };
    &[
        row(CipherSuite::TLS_RSA_WITH_AES_256_GCM_SHA384, "TLS_RSA_WITH_AES_256_GCM_SHA384", Rsa, Version, Aes256Gcm, Aead, Sha384, 256, (TLSv1_2, TLSv1_2)),
        row(CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256, "TLS_RSA_WITH_AES_128_GCM_SHA256", Rsa, Version, Aes128Gcm, Aead, Sha256, 128, (TLSv1_2, TLSv1_2)),
        row(CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA256, "TLS_RSA_WITH_AES_256_CBC_SHA256", Rsa, Version, Aes256Cbc, Keyed(Sha256), Sha256, 256, (TLSv1_2, TLSv1_2)),
        row(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA256, "TLS_RSA_WITH_AES_128_CBC_SHA256", Rsa, Version, Aes128Cbc, Keyed(Sha256), Sha256, 128, (TLSv1_2, TLSv1_2)),
        row(CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA, "TLS_RSA_WITH_AES_256_CBC_SHA", Rsa, Version, Aes256Cbc, Keyed(Sha1), Sha256, 256, (SSLv3, TLSv1_2)),
        row(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA, "TLS_RSA_WITH_AES_128_CBC_SHA", Rsa, Version, Aes128Cbc, Keyed(Sha1), Sha256, 128, (SSLv3, TLSv1_2)),
        row(CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", Rsa, Version, TripleDesEdeCbc, Keyed(Sha1), Sha256, 112, (SSLv3, TLSv1_2)),
        row(CipherSuite::SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA, "SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA", Rsa, Fips, TripleDesEdeCbc, Keyed(Sha1), Sha256, 112, (SSLv3, SSLv3)),
        row(CipherSuite::SSL_RSA_OLDFIPS_WITH_3DES_EDE_CBC_SHA, "SSL_RSA_OLDFIPS_WITH_3DES_EDE_CBC_SHA", Rsa, Fips, TripleDesEdeCbc, Keyed(Sha1), Sha256, 112, (SSLv3, SSLv3)),
        row(CipherSuite::TLS_RSA_WITH_RC4_128_SHA, "TLS_RSA_WITH_RC4_128_SHA", Rsa, Version, Rc4, Keyed(Sha1), Sha256, 128, (SSLv3, TLSv1_2)),
        row(CipherSuite::TLS_RSA_WITH_RC4_128_MD5, "TLS_RSA_WITH_RC4_128_MD5", Rsa, Version, Rc4, Keyed(Md5), Sha256, 128, (SSLv3, TLSv1_2)),
        row(CipherSuite::TLS_RSA_WITH_DES_CBC_SHA, "TLS_RSA_WITH_DES_CBC_SHA", Rsa, Version, DesCbc, Keyed(Sha1), Sha256, 56, (SSLv3, TLSv1_1)),
        row(CipherSuite::SSL_RSA_FIPS_WITH_DES_CBC_SHA, "SSL_RSA_FIPS_WITH_DES_CBC_SHA", Rsa, Fips, DesCbc, Keyed(Sha1), Sha256, 56, (SSLv3, SSLv3)),
        row(CipherSuite::SSL_RSA_OLDFIPS_WITH_DES_CBC_SHA, "SSL_RSA_OLDFIPS_WITH_DES_CBC_SHA", Rsa, Fips, DesCbc, Keyed(Sha1), Sha256, 56, (SSLv3, SSLv3)),
        row(CipherSuite::TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA, "TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA", EXPORT1024, EXPORT_64, DesCbc, Keyed(Sha1), Sha256, 56, (SSLv3, TLSv1_0)),
        row(CipherSuite::TLS_RSA_EXPORT1024_WITH_RC4_56_SHA, "TLS_RSA_EXPORT1024_WITH_RC4_56_SHA", EXPORT1024, EXPORT_56, Rc4, Keyed(Sha1), Sha256, 56, (SSLv3, TLSv1_0)),
        row(CipherSuite::TLS_RSA_EXPORT1024_WITH_RC4_56_MD5, "TLS_RSA_EXPORT1024_WITH_RC4_56_MD5", EXPORT1024, EXPORT_56, Rc4, Keyed(Md5), Sha256, 56, (SSLv3, TLSv1_0)),
        row(CipherSuite::TLS_RSA_EXPORT1024_WITH_RC2_CBC_56_MD5, "TLS_RSA_EXPORT1024_WITH_RC2_CBC_56_MD5", EXPORT1024, EXPORT_56, Rc2Cbc, Keyed(Md5), Sha256, 56, (SSLv3, TLSv1_0)),
        row(CipherSuite::TLS_RSA_EXPORT_WITH_DES40_CBC_SHA, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", EXPORT, EXPORT_40, DesCbc, Keyed(Sha1), Sha256, 40, (SSLv3, TLSv1_0)),
        row(CipherSuite::TLS_RSA_EXPORT_WITH_RC4_40_MD5, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", EXPORT, EXPORT_40, Rc4, Keyed(Md5), Sha256, 40, (SSLv3, TLSv1_0)),
        row(CipherSuite::TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", EXPORT, EXPORT_40, Rc2Cbc, Keyed(Md5), Sha256, 40, (SSLv3, TLSv1_0)),
        row(CipherSuite::TLS_RSA_WITH_NULL_SHA256, "TLS_RSA_WITH_NULL_SHA256", Rsa, Version, Null, Keyed(Sha256), Sha256, 0, (TLSv1_2, TLSv1_2)),
        row(CipherSuite::TLS_RSA_WITH_NULL_SHA, "TLS_RSA_WITH_NULL_SHA", Rsa, Version, Null, Keyed(Sha1), Sha256, 0, (SSLv3, TLSv1_2)),
        row(CipherSuite::TLS_RSA_WITH_NULL_MD5, "TLS_RSA_WITH_NULL_MD5", Rsa, Version, Null, Keyed(Md5), Sha256, 0, (SSLv3, TLSv1_2)),
    ]
};

/// The limits of the export suites' key exchange, in bits.
pub(crate) const EXPORT_KEY_LENGTHS: [usize; 2] = [512, 1024];

#[allow(clippy::too_many_arguments, reason = "the columns of the table")]
const fn row(
    suite: CipherSuite,
    name: &'static str,
    key_exchange: KeyExchange,
    keys: KeyDerivation,
    cipher: BulkCipher,
    mac: MacAlgorithm,
    prf_hash: HashAlgorithm,
    strength_bits: u16,
    versions: (ProtocolVersion, ProtocolVersion),
) -> SuiteRow {
    SuiteRow {
        suite,
        name,
        key_exchange,
        keys,
        cipher,
        mac,
        prf_hash,
        strength_bits,
        versions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_unique_and_go_both_ways() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.name.parse(), Ok(row.suite));
            assert_eq!(row.name.to_ascii_lowercase()[4..].parse(), Ok(row.suite));
            for other in &TABLE[index + 1..] {
                assert_ne!(row.suite, other.suite);
                assert_ne!(row.name, other.name);
            }
        }
    }

    #[test]
    fn suites_exist_at_the_versions_that_define_them() {
        use ProtocolVersion::*;
        let at = |version| {
            CipherSuite::all()
                .filter(|suite| suite.exists_at(version))
                .count()
        };
        assert_eq!(
            [at(SSLv3), at(TLSv1_0), at(TLSv1_1), at(TLSv1_2)],
            [19, 15, 8, 12]
        );
        assert!(!CipherSuite::TLS_RSA_WITH_DES_CBC_SHA.exists_at(TLSv1_2));
        for row in TABLE {
            let new = row.name.ends_with("SHA256") || row.name.contains("GCM");
            let old = row.name.contains("EXPORT") || row.name.contains("FIPS");
            assert_eq!(row.exists_at(TLSv1_1), !new && !old, "{}", row.name);
            assert_eq!(row.exists_at(SSLv3), !new, "{}", row.name);
        }
    }

    #[test]
    fn an_export_suite_keeps_as_much_secret_as_its_name_says() {
        for row in TABLE {
            let exported = match (row.key_exchange, row.keys) {
                (KeyExchange::RsaExport { max_bits }, KeyDerivation::Export { key_material }) => {
                    let named = row.name.contains("EXPORT1024");
                    assert_eq!(max_bits, if named { 1024 } else { 512 }, "{}", row.name);
                    let bits = if key_material == 8 {
                        56
                    } else {
                        8 * key_material
                    };
                    assert_eq!(usize::from(row.strength_bits), bits, "{}", row.name);
                    true
                }
                (KeyExchange::Rsa, KeyDerivation::Version | KeyDerivation::Fips) => false,
                other => panic!("{}: {other:?}", row.name),
            };
            assert_eq!(exported, row.name.contains("EXPORT"), "{}", row.name);
        }
    }
}
