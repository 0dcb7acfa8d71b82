//! The options that say what is allowed.

use clap::{Args, ValueEnum};
use retrossl::{CipherKind, CipherSuite, HelloFormat, Policy, ProtocolVersion, Renegotiation};

use super::cipher::Cipher;

#[derive(Args)]
#[command(next_help_heading = "What is allowed")]
pub struct PolicyOptions {
    /// The preset to start from; the options below adjust it
    #[arg(long, value_enum, default_value = "historic")]
    policy: Preset,

    /// The oldest version: ssl2, ssl3, tls1.0, tls1.1 or tls1.2 [default: the preset's]
    ///
    /// Where the preset has no SSL 2.0 and --suites names no cipher kinds, ssl2 brings all kinds
    /// but the export ones
    #[arg(long, value_name = "V")]
    min: Option<ProtocolVersion>,

    /// The newest version [default: the preset's]
    #[arg(long, value_name = "V")]
    max: Option<ProtocolVersion>,

    /// Exactly these cipher suites, in order of preference, whatever the preset: their IANA names,
    /// and for SSL 2.0 its cipher kinds' (SSL_CK_…), separated by commas
    ///
    /// Kinds alone mean SSL 2.0 alone; suites alone leave SSL 2.0 out, whatever the preset; both
    /// together mean SSL 2.0 and what came after it. A --min or --max that says otherwise is an
    /// error, but --max may end both together at SSL 2.0. Numbers do as well: 0x002F is a suite,
    /// 0x0700C0 a kind
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    suites: Vec<Cipher>,

    /// With whom to renegotiate [default: the preset's]
    #[arg(long, value_enum, value_name = "WITH")]
    renegotiation: Option<Peers>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Preset {
    /// TLS 1.2 with AES; no renegotiation. Certificates to verify: keys from 2048 bits, SHA-2,
    /// version 3, names in the subjectAltName
    Strict,
    /// TLS 1.0 to 1.2; adds Triple DES and secure renegotiation. Certificates as for strict: keys
    /// from 2048 bits, SHA-2, version 3, names in the subjectAltName
    Compatible,
    /// SSL 3.0 to TLS 1.2; adds RC4 and DES. Certificates to verify: keys from 1024 bits, MD5 and
    /// SHA-1 too, version 1 too but not in between, common names where there is no subjectAltName
    Historic,
    /// SSL 2.0 to TLS 1.2; adds the export and FIPS suites: all that the library speaks but suites
    /// that encrypt nothing. Certificates to verify: keys from 512 bits, MD5 and SHA-1 too, version
    /// 1 too wherever it stands, common names where there is no subjectAltName
    Everything,
}

#[derive(Clone, Copy, ValueEnum)]
enum Peers {
    /// With nobody
    Never,
    /// With peers that have RFC 5746, unless their session was resumed unbound
    Secure,
    /// With everybody: somebody in between can then put data before the client's (CVE-2009-3555)
    Legacy,
}

impl PolicyOptions {
    pub fn policy(&self) -> Result<Policy, String> {
        let preset = match self.policy {
            Preset::Strict => Policy::STRICT,
            Preset::Compatible => Policy::COMPATIBLE,
            Preset::Historic => Policy::HISTORIC,
            Preset::Everything => Policy::EVERYTHING,
        };
        let named = self.named();
        let policy = self.with_versions(preset, &named)?;
        let policy = match self.asks_for_ssl2() {
            true => policy.hello_format(HelloFormat::Ssl2),
            false => policy,
        };
        let policy = match self.renegotiation {
            None => policy,
            Some(Peers::Never) => policy.renegotiation(Renegotiation::Never),
            Some(Peers::Secure) => policy.renegotiation(Renegotiation::Secure),
            Some(Peers::Legacy) => policy.renegotiation(Renegotiation::Legacy),
        };
        if !self.suites.is_empty() {
            return Ok(policy
                .cipher_suites(&named.suites)
                .cipher_kinds(&named.kinds));
        }
        let lacks_kinds = policy.allows_version(ProtocolVersion::SSLv2)
            && policy.allowed_kinds().next().is_none();
        Ok(match lacks_kinds {
            true => policy.cipher_kinds(&unexported_kinds()),
            false => policy,
        })
    }

    /// Whether SSL 2.0 is asked for, and not only the preset's.
    fn asks_for_ssl2(&self) -> bool {
        self.min == Some(ProtocolVersion::SSLv2) || !self.named().kinds.is_empty()
    }

    fn named(&self) -> Named {
        let mut named = Named::default();
        for cipher in &self.suites {
            match cipher {
                Cipher::Suite(suite) => named.suites.push(*suite),
                Cipher::Kind(kind) => named.kinds.push(*kind),
            }
        }
        named
    }

    /// The preset with the versions that the options name, or that what they name calls for.
    fn with_versions(&self, preset: Policy, named: &Named) -> Result<Policy, String> {
        const SSL2: ProtocolVersion = ProtocolVersion::SSLv2;
        let (oldest, newest) = preset.usable_versions().expect("a preset has versions");
        let (oldest, newest) = match (named.suites.first(), named.kinds.first()) {
            (None, None) => (oldest, newest),
            (Some(_), None) if self.min == Some(SSL2) || self.max == Some(SSL2) => {
                return Err(
                    "--suites names no cipher kind, and --min or --max asks for SSL 2.0, which \
                     has no other suites; name some (SSL_CK_…), or a newer version"
                        .to_owned(),
                );
            }
            (Some(_), None) => (oldest.max(ProtocolVersion::SSLv3), newest),
            (_, Some(kind)) if self.min.is_some_and(|min| min > SSL2) => {
                return Err(format!(
                    "{kind} is of SSL 2.0, and --min asks for newer versions; --min ssl2 allows it"
                ));
            }
            (None, Some(_)) if self.max.is_some_and(|max| max > SSL2) => {
                return Err(
                    "--suites names cipher kinds alone, and --max asks for versions after SSL \
                     2.0; name suites for those, too, or --max ssl2"
                        .to_owned(),
                );
            }
            (None, Some(_)) => (SSL2, SSL2),
            (Some(_), Some(_)) => (SSL2, newest),
        };
        let min = self.min.unwrap_or(oldest);
        let max = self.max.unwrap_or(newest);
        if min > max && self.min.is_none() {
            return Err(format!(
                "--max {max} is older than what is allowed without --min, {min} and later: add \
                 --min {max}"
            ));
        }
        if min > max {
            return Err(format!(
                "the oldest version, {min}, is newer than the newest, {max}; --min and --max \
                 change them"
            ));
        }
        Ok(preset.versions(min, max))
    }

    /// The policy for who uses `option`, which is worth nothing where nobody may renegotiate.
    pub fn renegotiating_policy(&self, option: &str) -> Result<Policy, String> {
        let policy = self.policy()?;
        let newest = policy.usable_versions().map(|(_, newest)| newest);
        if newest == Some(ProtocolVersion::SSLv2) {
            return Err(format!(
                "only SSL 2.0 is allowed, which has no renegotiation, and {option} asks for it; \
                 --max allows newer versions"
            ));
        }
        match policy.allowed_renegotiation() {
            Renegotiation::Never => Err(format!(
                "the policy never renegotiates, and {option} asks for it; --renegotiation secure \
                 allows it"
            )),
            _ => Ok(policy),
        }
    }
}

/// What `--suites` names.
#[derive(Default)]
struct Named {
    suites: Vec<CipherSuite>,
    kinds: Vec<CipherKind>,
}

/// Those for presets without kinds: none of them has export suites either.
fn unexported_kinds() -> Vec<CipherKind> {
    CipherKind::all()
        .filter(|kind| kind.strength_bits() > Some(40))
        .collect()
}
