//! All that is compared: a row each, with its goal where there is one.

use std::fmt;

use retrossl::Side;

use super::evp::{Algorithms, EvpRecords};
use super::handshakes::Handshakes;
use super::party::{Contestant, Order, Sessions, Suite, Terms};
use super::records::Opening;
use super::work::Work;
use super::{Cast, records, rsa};
use crate::Error;
use crate::peer::Version::{self, Ssl3, Tls1_0, Tls1_1, Tls1_2};

/// Something that all contestants, or some, do alike.
pub struct Row {
    pub section: Section,
    pub name: String,
    pub unit: Unit,
    pub goal: Option<Goal>,
    pub contestants: Vec<Contestant>,
    prepare: Prepare,
}

type Prepare = Box<dyn Fn(Contestant, &Cast) -> Result<Box<dyn Work>, Error>>;

impl Row {
    pub fn prepare(&self, contestant: Contestant, cast: &Cast) -> Result<Box<dyn Work>, Error> {
        (self.prepare)(contestant, cast)
    }

    fn goal(self, number: u8, wanted: f64, least: f64) -> Self {
        let goal = Some(Goal {
            number,
            wanted,
            least,
        });
        Self { goal, ..self }
    }

    /// By its own number, a goal may bind these rows only.
    fn goal_if(self, applies: bool, number: u8, wanted: f64, least: f64) -> Self {
        match applies {
            true => self.goal(number, wanted, least),
            false => self,
        }
    }
}

/// As `--only` sees it.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.section.title(), self.name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Rsa,
    Full,
    Resumed,
    Seal,
    Open,
}

impl Section {
    pub const ALL: [Self; 5] = [Self::Rsa, Self::Full, Self::Resumed, Self::Seal, Self::Open];

    pub fn title(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::Full => "Full handshake",
            Self::Resumed => "Resumed handshake",
            Self::Seal => "Seal",
            Self::Open => "Open",
        }
    }
}

/// What a figure is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unit {
    /// Microseconds for once: less is better.
    Time,
    /// Megabytes a second, where once is so many bytes: more is better.
    Rate { bytes: usize },
}

/// What the ratio to OpenSSL is to be: at the most for times, at the least for rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// The number in the list of goals.
    pub number: u8,
    pub wanted: f64,
    /// What has to be reached in any case.
    pub least: f64,
}

/// In the order of the table.
pub fn rows() -> Vec<Row> {
    let mut rows = rsa_rows();
    rows.extend(full_handshakes());
    rows.extend(resumed_handshakes());
    for direction in [Direction::Seal, Direction::Open] {
        rows.extend(record_rows(direction));
        rows.extend(evp_rows(direction));
    }
    rows
}

fn rsa_rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for bits in [1024, 2048, 4096] {
        rows.push(row(
            Section::Rsa,
            format!("RSA-{bits} private operation"),
            EVERYBODY,
            move |contestant, cast| rsa::private(contestant, bits, cast),
        ));
    }
    for bits in [1024, 2048, 4096] {
        rows.push(row(
            Section::Rsa,
            format!("RSA-{bits} public operation"),
            EVERYBODY,
            move |contestant, cast| rsa::public(contestant, bits, cast),
        ));
    }
    rows
}

fn full_handshakes() -> Vec<Row> {
    let both = [2048, 1024];
    let cases: [(Version, &str, &[u32]); 5] = [
        (Tls1_2, "AES128-SHA", &both),
        (Tls1_2, "AES128-GCM-SHA256", &[2048]),
        (Tls1_1, "AES128-SHA", &both),
        (Tls1_0, "DES-CBC3-SHA", &[2048]),
        (Ssl3, "RC4-MD5", &both),
    ];
    let mut rows = Vec::new();
    for (version, suite, sizes) in cases {
        for (bits, side) in sizes
            .iter()
            .flat_map(|bits| [(*bits, Side::Server), (*bits, Side::Client)])
        {
            let terms = Terms::new(version, Suite(suite));
            // Only to see that purecrypto can take part, which has MAC-then-encrypt alone.
            let contestants = speaking(&terms.mac_then_encrypt());
            let name = format!("{terms}, RSA-{bits}, {side}");
            let new = move |contestant, cast: &Cast| -> Result<Box<dyn Work>, Error> {
                let handshakes = Handshakes::new(contestant, &terms, bits, side, cast)?;
                Ok(Box::new(handshakes))
            };
            let least = match side {
                Side::Server => 1.3,
                Side::Client => 1.0,
            };
            rows.push(row(Section::Full, name, &contestants, new).goal(1, 1.0, least));
        }
    }
    rows
}

fn resumed_handshakes() -> Vec<Row> {
    let cases = [
        (Tls1_2, "AES128-SHA", Sessions::ById),
        (Tls1_2, "AES128-SHA", Sessions::ByTicket),
        (Ssl3, "RC4-MD5", Sessions::ById),
    ];
    let mut rows = Vec::new();
    for (version, suite, sessions) in cases {
        for side in [Side::Server, Side::Client] {
            let terms = Terms::new(version, Suite(suite)).resuming(sessions);
            let by = match sessions {
                Sessions::ByTicket => "by ticket",
                Sessions::ById | Sessions::Unused => "by ID",
            };
            let name = format!("{terms}, {by}, {side}");
            let new = move |contestant, cast: &Cast| -> Result<Box<dyn Work>, Error> {
                let handshakes = Handshakes::new(contestant, &terms, 2048, side, cast)?;
                Ok(Box::new(handshakes))
            };
            rows.push(row(Section::Resumed, name, &speaking(&terms), new).goal(7, 1.0, 1.0));
        }
    }
    rows
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Seal,
    Open,
}

impl Direction {
    fn section(self) -> Section {
        match self {
            Self::Seal => Section::Seal,
            Self::Open => Section::Open,
        }
    }
}

/// Of OpenSSL's own suites: 16 KiB at each version that old peers use them with, then the shorter.
fn record_rows(direction: Direction) -> Vec<Row> {
    let whole: [(Version, &[&str]); 4] = [
        (
            Tls1_2,
            &[
                "RC4-MD5",
                "RC4-SHA",
                "DES-CBC3-SHA",
                "AES128-SHA",
                "AES256-SHA",
                "AES128-SHA256",
                "AES256-SHA256",
                "AES128-GCM-SHA256",
                "AES256-GCM-SHA384",
                "NULL-MD5",
                "NULL-SHA",
            ],
        ),
        (Tls1_1, &["DES-CBC3-SHA", "AES128-SHA"]),
        (Tls1_0, &["RC4-MD5", "DES-CBC3-SHA", "AES128-SHA"]),
        (Ssl3, &["RC4-MD5", "RC4-SHA", "DES-CBC3-SHA"]),
    ];
    let mut rows = Vec::new();
    for (version, suites) in whole {
        for suite in suites {
            let terms = Terms::new(version, Suite(suite)).mac_then_encrypt();
            rows.push(record_row(direction, terms, 16 * KIB));
        }
    }
    for suite in ["DES-CBC3-SHA", "AES128-SHA"] {
        rows.push(record_row(
            direction,
            Terms::new(Tls1_2, Suite(suite)),
            16 * KIB,
        ));
    }
    if direction == Direction::Seal {
        for suite in ["DES-CBC3-SHA", "AES128-SHA"] {
            let terms = Terms::new(Tls1_2, Suite(suite)).mac_then_encrypt();
            rows.push(record_row(direction, terms, 256 * KIB));
        }
    }
    for length in [KIB, 256] {
        for suite in [
            "RC4-MD5",
            "RC4-SHA",
            "DES-CBC3-SHA",
            "AES128-SHA",
            "AES128-SHA256",
            "AES128-GCM-SHA256",
        ] {
            let terms = Terms::new(Tls1_2, Suite(suite)).mac_then_encrypt();
            rows.push(record_row(direction, terms, length));
        }
    }
    rows
}

fn record_row(direction: Direction, terms: Terms, length: usize) -> Row {
    let contestants = speaking(&terms);
    let encrypt_then_mac = match terms.order {
        Order::EncryptThenMac => ", encrypt-then-MAC",
        Order::MacThenEncrypt => "",
    };
    let name = format!("{terms}{encrypt_then_mac}, {}", bytes(length));
    let new = move |contestant, cast: &Cast| match direction {
        Direction::Seal => records::seal(contestant, &terms, length, cast),
        Direction::Open => records::open(contestant, &terms, length, cast),
    };
    let row = row_of_rate(direction.section(), name, length, &contestants, new);
    let suite = terms.suite.0;
    let is = |prefix: &str| suite.starts_with(prefix);
    match direction {
        _ if is("NULL") => row,
        _ if length == 256 => row.goal(6, 1.0, 1.0),
        _ if length == KIB => row,
        Direction::Open if is("DES") => row.goal(2, 10.0, 6.0),
        Direction::Seal if is("DES") => row.goal(2, 1.0, 1.0),
        _ if is("RC4") => row.goal(3, 1.0, 0.9),
        _ => row.goal_if(is("AES"), 4, 1.0, 1.0),
    }
}

/// Single DES and RC2, beside OpenSSL's EVP ciphers and HMAC.
fn evp_rows(direction: Direction) -> Vec<Row> {
    let cases = [
        (Tls1_1, "DES-CBC-SHA", Algorithms::DesSha1),
        (Tls1_0, "EXP-RC2-CBC-MD5", Algorithms::Rc2Md5),
    ];
    let mut rows = Vec::new();
    for (version, suite, algorithms) in cases {
        let terms = Terms::new(version, Suite(suite)).mac_then_encrypt();
        let new = move |contestant, cast: &Cast| -> Result<Box<dyn Work>, Error> {
            match (contestant, direction) {
                (Contestant::OpenSsl, Direction::Seal) => {
                    let [sealing, _] = EvpRecords::pair(algorithms, version)?;
                    Ok(records::sealing(Box::new(sealing), 16 * KIB))
                }
                (Contestant::OpenSsl, Direction::Open) => {
                    let [sealing, opening] = EvpRecords::pair(algorithms, version)?;
                    let work = Opening::new(Box::new(sealing), Box::new(opening), 16 * KIB);
                    Ok(Box::new(work))
                }
                (_, Direction::Seal) => records::seal(contestant, &terms, 16 * KIB, cast),
                (_, Direction::Open) => records::open(contestant, &terms, 16 * KIB, cast),
            }
        };
        let name = format!("{terms}, 16 KiB, beside EVP and HMAC");
        let contestants = [Contestant::Ours, Contestant::OpenSsl];
        let row = row_of_rate(direction.section(), name, 16 * KIB, &contestants, new);
        let (wanted, least) = match direction {
            Direction::Seal => (1.0, 1.0),
            Direction::Open => (10.0, 6.0),
        };
        rows.push(row.goal_if(suite.starts_with("DES"), 2, wanted, least));
    }
    rows
}

fn row(
    section: Section,
    name: String,
    contestants: &[Contestant],
    prepare: impl Fn(Contestant, &Cast) -> Result<Box<dyn Work>, Error> + 'static,
) -> Row {
    Row {
        section,
        name,
        unit: Unit::Time,
        goal: None,
        contestants: contestants.to_vec(),
        prepare: Box::new(prepare),
    }
}

fn row_of_rate(
    section: Section,
    name: String,
    bytes: usize,
    contestants: &[Contestant],
    prepare: impl Fn(Contestant, &Cast) -> Result<Box<dyn Work>, Error> + 'static,
) -> Row {
    Row {
        unit: Unit::Rate { bytes },
        ..row(section, name, contestants, prepare)
    }
}

fn speaking(terms: &Terms) -> Vec<Contestant> {
    let all = EVERYBODY.iter().copied();
    all.filter(|contestant| contestant.speaks(terms)).collect()
}

fn bytes(count: usize) -> String {
    match count {
        count if count % KIB == 0 => format!("{} KiB", count / KIB),
        count => format!("{count} B"),
    }
}

const EVERYBODY: &[Contestant] = &[
    Contestant::Ours,
    Contestant::OpenSsl,
    Contestant::Purecrypto,
];

const KIB: usize = 1024;
