//! The options that say which versions and suites are allowed.

use clap::{Args, ValueEnum};
use retrossl::{CipherSuite, Policy, ProtocolVersion};

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
}

#[derive(Clone, Copy, ValueEnum)]
enum Preset {
    /// TLS 1.2 with AES
    Strict,
    /// TLS 1.0 to 1.2; adds Triple DES
    Compatible,
    /// SSL 3.0 to TLS 1.2; adds RC4 and DES, keys from 1024 bits
    Historic,
    /// All that the library speaks, keys from 512 bits
    Everything,
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
        Ok(match self.suites.as_slice() {
            [] => policy,
            suites => policy.cipher_suites(suites),
        })
    }
}
