//! The options that say what is allowed.

use clap::{Args, ValueEnum};
use retrossl::{CipherSuite, Policy, ProtocolVersion, Renegotiation};

#[derive(Args)]
#[command(next_help_heading = "What is allowed")]
pub struct PolicyOptions {
    /// The preset to start from; the options below adjust it
    #[arg(long, value_enum, default_value = "historic")]
    policy: Preset,

    /// The oldest version: ssl3, tls1.0, tls1.1 or tls1.2 [default: the preset's]
    #[arg(long, value_name = "V")]
    min: Option<ProtocolVersion>,

    /// The newest version [default: the preset's]
    #[arg(long, value_name = "V")]
    max: Option<ProtocolVersion>,

    /// Exactly these cipher suites, in order of preference, whatever the preset (IANA names,
    /// separated by commas)
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    suites: Vec<CipherSuite>,

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
    /// All that the library speaks. Certificates to verify: keys from 512 bits, MD5 and SHA-1 too,
    /// version 1 too wherever it stands, common names where there is no subjectAltName
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
        let (oldest, newest) = preset.usable_versions().expect("a preset has versions");
        let min = self.min.unwrap_or(oldest);
        let max = self.max.unwrap_or(newest);
        if min > max {
            return Err(format!(
                "the oldest version, {min}, is newer than the newest, {max}; --min and --max \
                 change them"
            ));
        }
        let policy = preset.versions(min, max);
        let policy = match self.renegotiation {
            None => policy,
            Some(Peers::Never) => policy.renegotiation(Renegotiation::Never),
            Some(Peers::Secure) => policy.renegotiation(Renegotiation::Secure),
            Some(Peers::Legacy) => policy.renegotiation(Renegotiation::Legacy),
        };
        Ok(match self.suites.as_slice() {
            [] => policy,
            suites => policy.cipher_suites(suites),
        })
    }

    /// The policy for who uses `option`, which is worth nothing where nobody may renegotiate.
    pub fn renegotiating_policy(&self, option: &str) -> Result<Policy, String> {
        let policy = self.policy()?;
        match policy.allowed_renegotiation() {
            Renegotiation::Never => Err(format!(
                "the policy never renegotiates, and {option} asks for it; --renegotiation secure \
                 allows it"
            )),
            _ => Ok(policy),
        }
    }
}
