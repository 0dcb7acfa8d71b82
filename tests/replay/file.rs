//! The files in `tests/data/replays`.
//!
//! Comments (`#`); what our side is built from, `name = value` in a line each, always the same
//! names in the same order; then the conversations, one after the other under one config. Each
//! begins with an empty line; then come its records, `client = ` or `server = ` and the bytes in
//! hexadecimal. Lines of one side that follow each other are one flight.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use retrossl::{CipherKind, CipherSuite, ProtocolVersion, Resumption, Side};

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// What it is and who made it, in a line each.
    pub comments: Vec<String>,
    pub scenario: Scenario,
    /// What went over the wire in each.
    pub conversations: Vec<Vec<Flight>>,
}

/// What one side sent before the other sent something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    pub from: Side,
    pub records: Vec<Vec<u8>>,
}

impl Flight {
    /// Puts together what one side sent before the other sent something.
    pub fn grouped(records: impl IntoIterator<Item = (Side, Vec<u8>)>) -> Vec<Self> {
        let mut flights: Vec<Self> = Vec::new();
        for (from, record) in records {
            match flights.last_mut() {
                Some(flight) if flight.from == from => flight.records.push(record),
                _ => flights.push(Self {
                    from,
                    records: vec![record],
                }),
            }
        }
        flights
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.records.concat()
    }
}

/// What our side is built from, and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Which side is ours.
    pub role: Side,
    pub offer: Offer,
    /// What is negotiated.
    pub version: ProtocolVersion,
    pub cipher: Cipher,
    /// The test certificate that the server has, by its key's length in bits; a client of ours
    /// pins it.
    pub server_certificate: usize,
    /// The one that the client has; a server of ours asks for it and pins it.
    pub client_certificate: Option<usize>,
    /// How each conversation but the first is resumed.
    pub resumed_by: Option<Resumption>,
    /// Who begins the second handshake, if there is one.
    pub renegotiated_by: Option<Side>,
    /// Of our side's random numbers.
    pub seed: u64,
    /// The time on our side's clock, in seconds since 1970.
    pub now: u64,
    /// What the client says, and what the server answers.
    pub text: Vec<u8>,
    pub answer: Vec<u8>,
    /// What our client says between the two to have the server begin the second handshake.
    pub prompt: Option<Prompt>,
    /// What the peer ends with.
    pub their_end: End,
}

/// A request that the server has words of its own for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub text: Vec<u8>,
    pub answer: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    CloseNotify,
    /// Nothing else: at SSL 2.0 there is nothing else.
    Transport,
}

/// What our side's policy allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// What is negotiated, and nothing else.
    Exact,
    /// `Policy::EVERYTHING`, and a hello in SSL 2.0's format.
    Everything,
}

/// A suite, or what has its place at SSL 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    Suite(CipherSuite),
    Kind(CipherKind),
}

impl fmt::Display for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suite(suite) => suite.fmt(f),
            Self::Kind(kind) => kind.fmt(f),
        }
    }
}

impl Replay {
    /// Every file below a directory, in order of their paths, which are given relative to it.
    ///
    /// # Errors
    /// Where there is none, or one is not a replay.
    pub fn all(directory: &Path) -> Result<BTreeMap<PathBuf, Self>, String> {
        let mut files = BTreeMap::new();
        let mut directories = vec![directory.to_owned()];
        let io = |path: &Path, error| format!("{}: {error}", path.display());
        while let Some(parent) = directories.pop() {
            for entry in parent.read_dir().map_err(|error| io(&parent, error))? {
                let path = entry.map_err(|error| io(&parent, error))?.path();
                if path.is_dir() {
                    directories.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).map_err(|error| io(&path, error))?;
                let replay = Self::parse(&text)
                    .map_err(|problem| format!("{} is not a replay: {problem}", path.display()))?;
                let name = path.strip_prefix(directory).expect("found below it");
                files.insert(name.to_owned(), replay);
            }
        }
        if files.is_empty() {
            return Err(format!("no replays in {}", directory.display()));
        }
        Ok(files)
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().peekable();
        let mut comments = Vec::new();
        while let Some(comment) = lines.next_if(|line| line.starts_with('#')) {
            comments.push(comment.strip_prefix("# ").unwrap_or(comment).to_owned());
        }
        let mut next = |name: &str| {
            let line = lines.next().unwrap_or_default();
            let value = line
                .strip_prefix(name)
                .and_then(|it| it.strip_prefix(" = "));
            value.ok_or_else(|| format!("{line:?} in place of {name:?}"))
        };
        let scenario = Scenario::read(&mut next)?;
        let mut conversations: Vec<Vec<(Side, Vec<u8>)>> = Vec::new();
        for line in lines {
            if line.is_empty() {
                conversations.push(Vec::new());
                continue;
            }
            let records = conversations.last_mut();
            let records = records.ok_or_else(|| format!("{line:?} before a conversation"))?;
            let record = line.split_once(" = ");
            let (from, record) = record.ok_or_else(|| format!("{line:?} is no record"))?;
            records.push((side(from)?, some_bytes(record)?));
        }
        if conversations.is_empty() || conversations.iter().any(Vec::is_empty) {
            return Err("a conversation is empty".to_owned());
        }
        let replay = Self {
            comments,
            scenario,
            conversations: conversations.into_iter().map(Flight::grouped).collect(),
        };
        // Whatever the reader lets pass, a number in another notation, say, is refused here.
        if replay.to_text() != text {
            return Err("it is written otherwise".to_owned());
        }
        Ok(replay)
    }

    pub fn to_text(&self) -> String {
        let mut lines: Vec<_> = self.comments.iter().map(|it| format!("# {it}")).collect();
        let values = self.scenario.values().into_iter();
        lines.extend(values.map(|(name, value)| format!("{name} = {value}")));
        for flights in &self.conversations {
            lines.push(String::new());
            for flight in flights {
                let records = flight.records.iter();
                lines.extend(records.map(|it| format!("{} = {}", flight.from, to_hex(it))));
            }
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

impl Scenario {
    /// Its file's path below the directory of whoever it is held with.
    pub fn path(&self) -> PathBuf {
        let mut name = format!("{}-{}", self.version.short_name(), self.cipher);
        if self.offer == Offer::Everything {
            name += "-ssl2-hello";
        }
        if self.client_certificate.is_some() {
            name += "-clientauth";
        }
        match self.resumed_by {
            Some(Resumption::SessionId) => name += "-resumed-by-id",
            Some(Resumption::Ticket) => name += "-resumed-by-ticket",
            None => {}
        }
        match self.renegotiated_by {
            Some(side) if side == self.role => name += "-renegotiated-by-us",
            Some(_) => name += "-renegotiated-by-them",
            None => {}
        }
        Path::new(&format!("our-{}", self.role)).join(name + ".txt")
    }

    fn read<'t>(next: &mut impl FnMut(&str) -> Result<&'t str, String>) -> Result<Self, String> {
        let role = side(next("role")?)?;
        let offer = match next("offer")? {
            "exact" => Offer::Exact,
            "everything" => Offer::Everything,
            other => return Err(format!("{other:?} is no offer")),
        };
        let version = parsed(next("version")?)?;
        let name = next("cipher")?;
        let cipher = match version {
            ProtocolVersion::SSLv2 => Cipher::Kind(parsed(name)?),
            _ => Cipher::Suite(parsed(name)?),
        };
        Ok(Self {
            role,
            offer,
            version,
            cipher,
            server_certificate: parsed(next("server_certificate")?)?,
            client_certificate: optional(next("client_certificate")?, parsed)?,
            resumed_by: optional(next("resumed_by")?, |value| match value {
                "id" => Ok(Resumption::SessionId),
                "ticket" => Ok(Resumption::Ticket),
                other => Err(format!("{other:?} names no session")),
            })?,
            renegotiated_by: optional(next("renegotiated_by")?, side)?,
            seed: parsed(next("seed")?)?,
            now: parsed(next("now")?)?,
            text: some_bytes(next("text")?)?,
            answer: some_bytes(next("answer")?)?,
            prompt: optional(next("prompt")?, |value| {
                let (text, answer) = value.split_once(' ').ok_or("no answer")?;
                Ok(Prompt {
                    text: some_bytes(text)?,
                    answer: some_bytes(answer)?,
                })
            })?,
            their_end: match next("their_end")? {
                "close_notify" => End::CloseNotify,
                "transport" => End::Transport,
                other => return Err(format!("{other:?} is no end")),
            },
        })
    }

    fn values(&self) -> [(&'static str, String); 14] {
        let or_none = |value: Option<String>| value.unwrap_or_else(|| NONE.to_owned());
        let offer = match self.offer {
            Offer::Exact => "exact",
            Offer::Everything => "everything",
        };
        let resumed_by = self.resumed_by.map(|resumption| match resumption {
            Resumption::SessionId => "id",
            Resumption::Ticket => "ticket",
        });
        let prompt = self.prompt.as_ref();
        let prompt = prompt.map(|it| format!("{} {}", to_hex(&it.text), to_hex(&it.answer)));
        let their_end = match self.their_end {
            End::CloseNotify => "close_notify",
            End::Transport => "transport",
        };
        [
            ("role", self.role.to_string()),
            ("offer", offer.to_owned()),
            ("version", self.version.short_name().to_owned()),
            ("cipher", self.cipher.to_string()),
            ("server_certificate", self.server_certificate.to_string()),
            (
                "client_certificate",
                or_none(self.client_certificate.map(|bits| bits.to_string())),
            ),
            ("resumed_by", or_none(resumed_by.map(str::to_owned))),
            (
                "renegotiated_by",
                or_none(self.renegotiated_by.map(|side| side.to_string())),
            ),
            ("seed", self.seed.to_string()),
            ("now", self.now.to_string()),
            ("text", to_hex(&self.text)),
            ("answer", to_hex(&self.answer)),
            ("prompt", or_none(prompt)),
            ("their_end", their_end.to_owned()),
        ]
    }
}

const NONE: &str = "none";

fn optional<T>(
    value: &str,
    some: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    match value {
        NONE => Ok(None),
        value => some(value).map(Some),
    }
}

fn parsed<T: FromStr<Err: fmt::Display>>(value: &str) -> Result<T, String> {
    value.parse().map_err(|error| format!("{value:?}: {error}"))
}

fn side(name: &str) -> Result<Side, String> {
    [Side::Client, Side::Server]
        .into_iter()
        .find(|side| side.to_string() == name)
        .ok_or_else(|| format!("{name:?} is no side"))
}

fn some_bytes(value: &str) -> Result<Vec<u8>, String> {
    match from_hex(value)? {
        bytes if bytes.is_empty() => Err("there are no bytes".to_owned()),
        bytes => Ok(bytes),
    }
}

pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn from_hex(digits: &str) -> Result<Vec<u8>, String> {
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
        _ => None,
    };
    let bytes = digits.as_bytes().chunks(2).map(pair).collect::<Option<_>>();
    bytes.ok_or_else(|| format!("not hexadecimal: {digits:?}"))
}

fn nibble(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}
