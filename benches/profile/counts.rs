//! What Callgrind has counted, by where the instructions came from.

use std::collections::BTreeMap;

/// Instructions by origin.
#[derive(Debug, Default)]
pub struct Counts {
    pub instructions: BTreeMap<Origin, Instructions>,
}

/// Those of a place's own, and those of libraries that worked for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Instructions {
    pub own: u64,
    pub allocation: u64,
    pub copies: u64,
    pub libraries: u64,
}

impl Instructions {
    pub fn all(self) -> u64 {
        self.own + self.allocation + self.copies + self.libraries
    }

    fn of(&mut self, library: Library) -> &mut u64 {
        match library {
            Library::Allocation => &mut self.allocation,
            Library::Copies => &mut self.copies,
            Library::Other => &mut self.libraries,
        }
    }
}

/// Where an instruction came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A cryptographic crate, or one of what they are made of.
    PrimitiveCrate(String),
    /// A file of `src/crypto`.
    OwnPrimitive(String),
    /// The processor's instructions for AES and the like, inlined into whatever uses them.
    Intrinsics,
    /// Any other file of this crate.
    Own(String),
    /// Any other crate.
    Crate(String),
    /// The bench itself.
    Bench,
    /// A library, and it is not known for whom.
    Unknown,
}

/// What the C library, or Rust's, is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Library {
    Allocation,
    Copies,
    Other,
}

impl Origin {
    pub fn is_primitive(&self) -> bool {
        matches!(
            self,
            Self::PrimitiveCrate(_) | Self::OwnPrimitive(_) | Self::Intrinsics
        )
    }

    /// Of a line in `file` that is part of `function`; the line before it that is not the library's
    /// is in `nearby`.
    ///
    /// # Errors
    /// Where it is a library's: whose work it does is for the callers to say.
    fn of(file: &str, function: &str, nearby: &str) -> Result<Self, Library> {
        if file.contains("/core_arch/") {
            return Ok(Self::Intrinsics);
        }
        // Rust's library and those like it are inlined everywhere, and count where they are used.
        Self::of_file(file)
            .or_else(|| Self::of_file(nearby))
            .or_else(|| Self::of_name(function))
            .ok_or_else(|| Library::of(function))
    }

    fn of_file(file: &str) -> Option<Self> {
        if let Some((_, rest)) = file.split_once("/registry/src/") {
            let directory = rest.split('/').nth(1)?;
            // `md-5-0.11.0`: the version begins behind the first hyphen that a number and a point
            // follow.
            let dash = directory.match_indices('-').find(|(place, _)| {
                let major = directory[place + 1..].split_once('.');
                major.is_some_and(|(major, _)| major.parse::<u32>().is_ok())
            });
            let (place, _) = dash?;
            return Self::of_crate(&directory[..place]);
        }
        let file = file.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/"));
        let file = file.filter(|file| file.ends_with(".rs"))?;
        Some(match file.strip_prefix("src/") {
            Some(file) if file.starts_with("crypto/") => Self::OwnPrimitive(file.to_owned()),
            Some(file) => Self::Own(file.to_owned()),
            None => Self::Bench,
        })
    }

    fn of_name(function: &str) -> Option<Self> {
        let start = function.trim_start_matches(['<', '&', '*']);
        let (name, _) = start.split_once("::")?;
        match name {
            // Such as `[u8] as std`.
            name if !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') =>
            {
                None
            }
            "core" | "alloc" | "std" | "hashbrown" | "__rustc" => None,
            "retrossl" => Some(Self::Own("(inlined)".to_owned())),
            "profile" => Some(Self::Bench),
            name => Self::of_crate(&name.replace('_', "-")),
        }
    }

    /// `None` where it is a library to primitives and to what is above them.
    fn of_crate(name: &str) -> Option<Self> {
        if SHARED.contains(&name) {
            return None;
        }
        Some(match PRIMITIVES.contains(&name) {
            true => Self::PrimitiveCrate(name.to_owned()),
            false => Self::Crate(name.to_owned()),
        })
    }
}

impl Library {
    fn of(function: &str) -> Self {
        let has = |names: &[&str]| names.iter().any(|name| function.contains(name));
        if has(&["malloc", "calloc", "_alloc", "dealloc", "free", "arena"]) {
            return Self::Allocation;
        }
        match has(&["memcpy", "memmove", "memset"]) {
            true => Self::Copies,
            false => Self::Other,
        }
    }
}

impl Counts {
    /// Of a file in Callgrind's format, with names and positions written out.
    pub fn parse(text: &str) -> Self {
        let mut counts = Self::default();
        let mut libraries = Libraries::default();
        let (mut file, mut home, mut nearby, mut function) = ("", "", "", "");
        let mut callee = "";
        let mut is_call = false;
        for line in text.lines() {
            if let Some((key, value)) = line.split_once('=') {
                match key {
                    "fl" => (file, home) = (value, value),
                    "fi" | "fe" => file = value,
                    "fn" => (function, file, nearby) = (value, home, home),
                    "cfn" => callee = value,
                    "calls" => is_call = true,
                    _ => {}
                }
                continue;
            }
            let Some((_, cost)) = parse_cost(line) else {
                continue;
            };
            if Origin::of_file(file).is_some() {
                nearby = file;
            }
            let origin = Origin::of(file, function, nearby);
            // What a call costs is counted in what is called.
            if std::mem::take(&mut is_call) {
                let calls = libraries.calls.entry(callee).or_default();
                *calls.entry((function, origin.ok())).or_default() += cost;
                continue;
            }
            match origin {
                Ok(origin) => counts.instructions.entry(origin).or_default().own += cost,
                Err(library) => *libraries.work.entry((function, library)).or_default() += cost,
            }
        }
        libraries.attribute(&mut counts.instructions);
        counts
    }

    pub fn total(&self) -> u64 {
        let counted = self.instructions.iter();
        let counted = counted.filter(|(origin, _)| **origin != Origin::Bench);
        counted.map(|(_, count)| count.all()).sum()
    }

    pub fn primitives(&self) -> u64 {
        let counted = self.instructions.iter();
        let primitives = counted.filter(|(origin, _)| origin.is_primitive());
        primitives.map(|(_, count)| count.all()).sum()
    }
}

/// What libraries did, and who called them.
#[derive(Default)]
struct Libraries<'a> {
    work: BTreeMap<(&'a str, Library), u64>,
    /// By the called function: the calling one, where in it, and what that took in all. Without an
    /// origin it is a library's, too.
    calls: BTreeMap<&'a str, BTreeMap<(&'a str, Option<Origin>), u64>>,
}

impl Libraries<'_> {
    /// Each function's work is its callers', in the proportion of what their calls took.
    fn attribute(mut self, instructions: &mut BTreeMap<Origin, Instructions>) {
        let mut settle = |origin: Origin, library: Library, work: u64| {
            *instructions.entry(origin).or_default().of(library) += work;
        };
        for _ in 0..DEPTH {
            for ((function, library), work) in std::mem::take(&mut self.work) {
                let calls = self.calls.get(function).into_iter().flatten();
                let calls: Vec<_> = calls
                    .filter(|((caller, _), _)| *caller != function)
                    .collect();
                let all: u64 = calls.iter().map(|(_, cost)| **cost).sum();
                let mut left = work;
                for ((caller, origin), cost) in calls {
                    let share = u128::from(work) * u128::from(*cost) / u128::from(all.max(1));
                    let share = u64::try_from(share).expect("it is a part of the work");
                    left -= share;
                    match origin {
                        Some(origin) => settle(origin.clone(), library, share),
                        None => *self.work.entry((*caller, library)).or_default() += share,
                    }
                }
                settle(Origin::Unknown, library, left);
            }
        }
        // What goes in circles.
        for ((_, library), work) in self.work {
            settle(Origin::Unknown, library, work);
        }
    }
}

/// A line number, and what was counted there.
fn parse_cost(line: &str) -> Option<(u64, u64)> {
    let (position, cost) = line.split_once(' ')?;
    Some((position.parse().ok()?, cost.trim().parse().ok()?))
}

/// What compares, selects and wipes, for primitives and for all else.
const SHARED: &[&str] = &["subtle", "zeroize"];

/// Ciphers, hashes, numbers, and the crates that only carry blocks for them.
const PRIMITIVES: &[&str] = &[
    "aes",
    "aes-gcm",
    "aead",
    "block-buffer",
    "cbc",
    "chacha20",
    "cipher",
    "cmov",
    "cpubits",
    "cpufeatures",
    "crypto-bigint",
    "crypto-common",
    "ctr",
    "ctutils",
    "des",
    "digest",
    "ghash",
    "hmac",
    "hybrid-array",
    "inout",
    "md-5",
    "md5",
    "num-traits",
    "p256",
    "p384",
    "polyval",
    "pulp",
    "rand-core",
    "rc2",
    "rc4",
    "rsa",
    "sha1",
    "sha2",
    "universal-hash",
];

/// Calls within libraries, one in the other.
const DEPTH: usize = 64;
