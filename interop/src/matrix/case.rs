//! What is to be gone through.

use std::fmt;

use clap::ValueEnum;
use retrossl::{CipherSuite, Policy, ProtocolVersion, Resumption, Side};

use super::{Combination, Peer, SSL2, Ssl2Cipher, export, node, null};
use crate::Error;
use crate::certificate::Hash;
use crate::ours;
use crate::people::{Member, People};

/// One or two connections of one kind with one suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// What we are.
    pub side: Side,
    pub spoken: Spoken,
    pub kind: Kind,
}

impl Case {
    /// Both sides, every version, suite and kind.
    pub fn all() -> impl Iterator<Item = Self> {
        [Side::Client, Side::Server].into_iter().flat_map(|side| {
            Spoken::all().flat_map(move |spoken| {
                Kind::ALL
                    .into_iter()
                    .map(move |kind| Self { side, spoken, kind })
            })
        })
    }

    /// Such as `client-tls1.2-TLS_RSA_WITH_RC4_128_MD5-full`.
    pub fn file_name(&self) -> String {
        let Self { side, spoken, kind } = self;
        let version = spoken.version().short_name();
        let kind = kind.to_string().replace(' ', "-");
        format!("{side}-{version}-{}-{kind}", spoken.name())
    }

    /// How often the text goes each way.
    pub fn texts(&self) -> usize {
        match (self.kind, self.side) {
            (Kind::RenegotiatedByUs, Side::Client) | (Kind::RenegotiatedByThem, _) => 2,
            _ => 1,
        }
    }

    /// Why this case is none, whoever the peer is.
    pub fn absence(&self) -> Option<Absence> {
        let version = self.spoken.version();
        let protocol = |why| Some(Absence::Protocol(why));
        match self.kind {
            Kind::ResumedByTicket if version == ProtocolVersion::SSLv2 => {
                protocol("SSL 2.0 has no tickets")
            }
            Kind::ResumedByTicket if version == ProtocolVersion::SSLv3 => {
                protocol("SSL 3.0 has no tickets")
            }
            Kind::RenegotiatedByUs | Kind::RenegotiatedByThem
                if version == ProtocolVersion::SSLv2 =>
            {
                protocol("SSL 2.0 has no renegotiation")
            }
            Kind::ResumedById if self.spoken.is_weak_ssl2() => Some(Absence::Ours(
                "of the weak kinds of SSL 2.0 our sides keep no sessions",
            )),
            _ => None,
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { side, spoken, kind } = self;
        write!(f, "our {side}, {spoken}, {kind}")
    }
}

/// Why there is nothing to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Absence {
    /// No implementation could.
    Protocol(&'static str),
    /// We do not, on purpose.
    Ours(&'static str),
    /// The peer cannot.
    Theirs(&'static str),
}

/// What happens in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Kind {
    Full,
    /// A second connection resumes the session of the first one.
    ResumedById,
    ResumedByTicket,
    /// The server requires the client's certificate.
    ClientCertificate,
    /// We begin a second handshake within the connection.
    RenegotiatedByUs,
    RenegotiatedByThem,
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::Full,
        Self::ResumedById,
        Self::ResumedByTicket,
        Self::ClientCertificate,
        Self::RenegotiatedByUs,
        Self::RenegotiatedByThem,
    ];

    pub const fn setup(self) -> Setup {
        match self {
            Self::Full | Self::ResumedById | Self::RenegotiatedByUs => Setup::Plain,
            Self::ResumedByTicket => Setup::Tickets,
            Self::ClientCertificate => Setup::ClientCertificate,
            Self::RenegotiatedByThem => Setup::TheyRenegotiate,
        }
    }

    /// By what each of its connections is resumed.
    pub const fn connections(self) -> &'static [Option<Resumption>] {
        match self {
            Self::ResumedById => &[None, Some(Resumption::SessionId)],
            Self::ResumedByTicket => &[None, Some(Resumption::Ticket)],
            _ => &[None],
        }
    }

    /// How many handshakes each of its connections has.
    pub const fn handshakes(self) -> u64 {
        match self {
            Self::RenegotiatedByUs | Self::RenegotiatedByThem => 2,
            _ => 1,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Full => "full",
            Self::ResumedById => "resumed by ID",
            Self::ResumedByTicket => "resumed by ticket",
            Self::ClientCertificate => "client certificate",
            Self::RenegotiatedByUs => "renegotiated by us",
            Self::RenegotiatedByThem => "renegotiated by them",
        })
    }
}

/// A version with one of its suites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken {
    Ssl2(Ssl2Cipher),
    Later(Combination),
}

impl Spoken {
    /// All that any peer has, oldest version first.
    pub fn all() -> impl Iterator<Item = Self> {
        let mut later: Vec<_> = node().chain(export()).chain(null()).collect();
        later.sort_by_key(|combination| combination.version);
        let ssl2 = SSL2.into_iter().map(Self::Ssl2);
        ssl2.chain(later.into_iter().map(Self::Later))
    }

    pub fn version(self) -> ProtocolVersion {
        match self {
            Self::Ssl2(_) => ProtocolVersion::SSLv2,
            Self::Later(combination) => combination.version.into(),
        }
    }

    /// The suite's or kind's name in the specifications.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ssl2(cipher) => cipher.specified,
            Self::Later(combination) => combination.specified,
        }
    }

    pub fn openssl_name(self) -> &'static str {
        match self {
            Self::Ssl2(cipher) => cipher.name,
            Self::Later(combination) => combination.name,
        }
    }

    /// The suite's two bytes, or the kind's three.
    pub fn code(self) -> Vec<u8> {
        match self {
            Self::Ssl2(cipher) => cipher.kind().0.to_vec(),
            Self::Later(combination) => combination.suite.0.to_be_bytes().to_vec(),
        }
    }

    pub fn suite(self) -> Option<CipherSuite> {
        match self {
            Self::Ssl2(_) => None,
            Self::Later(combination) => Some(combination.suite),
        }
    }

    /// Nothing but this.
    pub fn policy(self) -> Policy {
        match self {
            Self::Ssl2(cipher) => ours::only_kind(cipher.kind()),
            Self::Later(combination) => ours::only(combination.version, combination.suite),
        }
    }

    /// At SSL 2.0 it is the master key, of the cipher's length.
    pub fn master_secret_length(self) -> usize {
        match self {
            Self::Ssl2(cipher) => (cipher.number & 0xFFFF) as usize / 8,
            Self::Later(_) => 48,
        }
    }

    pub fn is_ssl2(self) -> bool {
        matches!(self, Self::Ssl2(_))
    }

    /// Whether the server must have a short key, be it an ephemeral one.
    pub fn is_export(self) -> bool {
        matches!(self, Self::Later(combination) if combination.specified.contains("_EXPORT_"))
    }

    fn is_weak_ssl2(self) -> bool {
        matches!(self, Self::Ssl2(cipher) if cipher.kind().strength_bits() < Some(112))
    }
}

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.version(), self.name())
    }
}

/// What a peer's process is set up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// Full handshakes, resumption by ID, and renegotiations that we begin.
    Plain,
    Tickets,
    ClientCertificate,
    TheyRenegotiate,
}

/// Cases for one process of a peer's.
#[derive(Clone, Debug)]
pub struct Group {
    /// What we are.
    pub side: Side,
    pub version: ProtocolVersion,
    pub setup: Setup,
    /// Whether their server has a key of 512 bits.
    pub short_key: bool,
    pub cases: Vec<Case>,
}

impl Group {
    /// Of one case.
    pub fn of(peer: &dyn Peer, case: &Case) -> Self {
        Self {
            side: case.side,
            version: case.spoken.version(),
            setup: case.kind.setup(),
            short_key: case.side == Side::Client && case.spoken.is_export() && peer.has_short_key(),
            cases: vec![*case],
        }
    }

    /// As few as the cases can be divided into, each with one kind after the other.
    pub fn divide(peer: &dyn Peer, cases: impl IntoIterator<Item = Case>) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for case in cases {
            let one = Self::of(peer, &case);
            match groups.iter_mut().find(|group| group.goes_with(&one)) {
                Some(group) => group.cases.push(case),
                None => groups.push(one),
            }
        }
        for group in &mut groups {
            group.cases.sort_by_key(|case| case.kind);
        }
        groups
    }

    fn goes_with(&self, other: &Self) -> bool {
        let what = |group: &Self| (group.side, group.version, group.setup, group.short_key);
        what(self) == what(other)
    }

    /// How many connections there will be.
    pub fn connections(&self) -> usize {
        let cases = self.cases.iter();
        cases.map(|case| case.kind.connections().len()).sum()
    }

    /// Each of them once.
    pub fn spoken(&self) -> Vec<Spoken> {
        let mut all: Vec<Spoken> = Vec::new();
        for case in &self.cases {
            if !all.contains(&case.spoken) {
                all.push(case.spoken);
            }
        }
        all
    }

    /// OpenSSL's list of its suites.
    pub fn openssl_names(&self) -> String {
        let spoken = self.spoken().into_iter();
        let names: Vec<_> = spoken.map(Spoken::openssl_name).collect();
        names.join(":")
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { side, version, .. } = self;
        let key = if self.short_key { " (512 bits)" } else { "" };
        let mut kinds: Vec<Kind> = self.cases.iter().map(|case| case.kind).collect();
        kinds.dedup();
        let kinds: Vec<String> = kinds.iter().map(Kind::to_string).collect();
        write!(f, "our {side}, {version}{key}, {}", kinds.join(", "))
    }
}

/// Who takes part.
pub struct Cast {
    pub people: People,
    /// The same, but for the server's key, which has 512 bits.
    pub with_short_key: People,
}

impl Cast {
    pub fn new(bits: u32, hash: Hash) -> Result<Self, Error> {
        let people = People::new(bits, hash)?;
        let authority = &people.server.authority;
        let short = Member {
            identity: authority.issue("localhost", 512, hash)?,
            authority: authority.clone(),
        };
        let with_short_key = People {
            server: short,
            ..people.clone()
        };
        Ok(Self {
            people,
            with_short_key,
        })
    }
}
