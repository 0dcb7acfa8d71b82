//! Under which terms two sides meet, as seven bytes.

use super::input::Input;
use crate::side::Side;
use crate::{
    CipherKind, CipherSuite, HelloFormat, Policy, ProtocolVersion, Quirk, RecordSplitting,
    Renegotiation, UnbiddenRenegotiation,
};

/// Each side's own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Terms {
    pub(super) client: Settings,
    pub(super) server: Settings,
}

/// Versions, suite, and two bytes of flags.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Settings {
    versions: u8,
    suite: u8,
    flags: u16,
}

/// What a bit of the flags says.
pub(super) mod flag {
    pub(in crate::fuzz) const ASKS_FOR_CERTIFICATE: u16 = 1;
    pub(in crate::fuzz) const CLIENT_CERTIFICATE: u16 = 1 << 1;
    /// The client comes with a session of a conversation before.
    pub(in crate::fuzz) const RESUMES: u16 = 1 << 2;
    pub(in crate::fuzz) const WITHOUT_TICKETS: u16 = 1 << 3;
    pub(in crate::fuzz) const NO_RENEGOTIATION: u16 = 1 << 4;
    pub(in crate::fuzz) const LEGACY_RENEGOTIATION: u16 = 1 << 5;
    pub(in crate::fuzz) const UNBIDDEN_RENEGOTIATION: u16 = 1 << 6;
    pub(in crate::fuzz) const LONGER_CERTIFICATE: u16 = 1 << 7;
    pub(in crate::fuzz) const ALPN: u16 = 1 << 8;
    pub(in crate::fuzz) const SMALL_RECORDS: u16 = 1 << 9;
    pub(in crate::fuzz) const SMALL_BUFFERS: u16 = 1 << 10;
    pub(in crate::fuzz) const SHORT_LIVED_KEYS: u16 = 1 << 11;
    pub(in crate::fuzz) const NO_EXTENSIONS: u16 = 1 << 12;
    pub(in crate::fuzz) const PLAIN_CBC: u16 = 1 << 13;
    pub(in crate::fuzz) const NO_SPLITTING: u16 = 1 << 14;
    /// Of a client.
    pub(in crate::fuzz) const FALLBACK: u16 = 1 << 15;
    /// Of a server that asks for one.
    pub(in crate::fuzz) const INSISTS_ON_CERTIFICATE: u16 = 1 << 15;
}

impl Terms {
    /// The settings of `side`, in four bytes; then how its peer's differ: other versions, where the
    /// byte is not 0, and which flags.
    pub(super) fn read(input: &mut Input<'_>, side: Side) -> Self {
        Self::with_peer(Settings::read(input), input, side)
    }

    /// The same with settings under which SSL 2.0 is spoken, or a hello in its format.
    pub(super) fn read_ssl2(input: &mut Input<'_>, side: Side) -> Self {
        let own = Settings::read(input);
        let versions = match own.versions % 4 {
            0 | 1 => VERSIONS_SSL2,
            2 => VERSIONS_ALL,
            _ => VERSIONS_ALL_BY_SSL2_HELLO,
        };
        Self::with_peer(Settings { versions, ..own }, input, side)
    }

    fn with_peer(own: Settings, input: &mut Input<'_>, side: Side) -> Self {
        let versions = input.byte();
        let flags = own.flags ^ input.u16();
        let peer = match versions.checked_sub(1) {
            None => Settings { flags, ..own },
            // The suite of one version would be another one of others.
            Some(versions) => Settings {
                versions,
                suite: 0,
                flags,
            },
        };
        match side {
            Side::Client => Self {
                client: own,
                server: peer,
            },
            Side::Server => Self {
                client: peer,
                server: own,
            },
        }
    }

    pub(super) fn of(&self, side: Side) -> Settings {
        match side {
            Side::Client => self.client,
            Side::Server => self.server,
        }
    }
}

impl Settings {
    fn read(input: &mut Input<'_>) -> Self {
        Self {
            versions: input.byte(),
            suite: input.byte(),
            flags: input.u16(),
        }
    }

    pub(super) fn has(self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    pub(super) fn policy(self) -> Policy {
        let mut policy = Policy::EVERYTHING;
        let (min, max) = match self.versions % 7 {
            VERSIONS_ALL => policy.version_range(),
            VERSIONS_ALL_BY_SSL2_HELLO => {
                policy = policy.hello_format(HelloFormat::Ssl2);
                policy.version_range()
            }
            // One of the five versions.
            one => {
                let nth = ProtocolVersion::all().nth(usize::from(one) - 1);
                let version = nth.unwrap_or(ProtocolVersion::TLSv1_2);
                (version, version)
            }
        };
        policy = policy.versions(min, max);
        if self.suite > 0 {
            let nth = usize::from(self.suite) - 1;
            if max == ProtocolVersion::SSLv2 {
                let kinds: Vec<_> = CipherKind::all().collect();
                policy = policy.cipher_kinds(&[kinds[nth % kinds.len()]]);
            } else {
                let exists = |suite: &CipherSuite| min != max || suite.exists_at(max);
                let suites: Vec<_> = CipherSuite::all().filter(exists).collect();
                policy = policy.cipher_suites(&[suites[nth % suites.len()]]);
            }
        }
        let renegotiation = match () {
            () if self.has(flag::NO_RENEGOTIATION) => Renegotiation::Never,
            () if self.has(flag::LEGACY_RENEGOTIATION) => Renegotiation::Legacy,
            () => Renegotiation::Secure,
        };
        policy = policy.renegotiation(renegotiation);
        if self.has(flag::UNBIDDEN_RENEGOTIATION) {
            policy = policy.unbidden_renegotiation(UnbiddenRenegotiation::Accepted);
        }
        if self.has(flag::SHORT_LIVED_KEYS) {
            policy = policy.max_bytes_per_key(600);
        }
        if self.has(flag::NO_EXTENSIONS) {
            policy = policy
                .quirk(Quirk::NoExtensions)
                .quirk(Quirk::NegotiatedVersionInPreMasterSecret);
        }
        if self.has(flag::PLAIN_CBC) {
            policy = policy
                .quirk(Quirk::NoEncryptThenMac)
                .quirk(Quirk::NoExtendedMasterSecret);
        }
        if self.has(flag::NO_SPLITTING) {
            policy = policy.record_splitting(RecordSplitting::Never);
        }
        policy
    }
}

pub(super) const VERSIONS_ALL: u8 = 0;
pub(super) const VERSIONS_SSL2: u8 = 1;
pub(super) const VERSIONS_ALL_BY_SSL2_HELLO: u8 = 6;
