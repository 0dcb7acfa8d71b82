//! How a run went, as a document: `interop/MATRIX.md`.

use std::path::{Path, PathBuf};

use retrossl::{CipherSuite, ProtocolVersion, Side};

use super::run::{Outcome, Results};
use super::verdict::Fact;
use super::{Absence, Case, Kind, Spoken};

/// The document.
pub fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("MATRIX.md")
}

/// The whole document.
pub fn document(all: &[Results]) -> String {
    let summaries: String = all.iter().map(summary).collect();
    let mut parts = vec![head() + &summaries, without_a_peer()];
    parts.extend(all.iter().map(section));
    parts.join("\n")
}

/// What stands above all that comes from a run.
pub fn head() -> String {
    format!("{HEAD}{SUMMARY_HEAD}")
}

/// A peer's line in the table of all.
pub fn summary(results: &Results) -> String {
    let absent = |wanted: fn(&Absence) -> bool| {
        results.count(|outcome| matches!(outcome, Outcome::Absent(why) if wanted(why)))
    };
    format!(
        "| [{}](#{}) | {} | {} | {} | {} | {} | {} | {} |\n",
        results.peer.name(),
        anchor(results.peer.name()),
        results.outcomes.len(),
        results.passed(),
        results.failures().count(),
        results.not_run(),
        absent(|why| matches!(why, Absence::Theirs(_))),
        absent(|why| matches!(why, Absence::Ours(_))),
        absent(|why| matches!(why, Absence::Protocol(_))),
    )
}

/// What we have and no peer has.
pub fn without_a_peer() -> String {
    let mut text = WITHOUT_A_PEER.to_owned();
    let spoken: Vec<Spoken> = Spoken::all().collect();
    for suite in CipherSuite::all() {
        let versions: Vec<String> = ProtocolVersion::all()
            .filter(|version| suite.exists_at(*version))
            .filter(|version| {
                let is_it = |one: &Spoken| one.suite() == Some(suite) && one.version() == *version;
                !spoken.iter().any(is_it)
            })
            .map(|version| version.to_string())
            .collect();
        if !versions.is_empty() {
            text += &format!("- {suite} ({})\n", versions.join(", "));
        }
    }
    text
}

/// All about one peer.
pub fn section(results: &Results) -> String {
    let peer = results.peer;
    let origin = peer.origin();
    let found = match &results.version {
        Ok(version) => format!("{RUN}{origin}; this was {version}."),
        Err(reason) => format!("{RUN}{origin}, but **not run here**: {}", line(reason)),
    };
    let mut notes = Notes::default();
    let rows: String = Spoken::all()
        .filter_map(|spoken| row(results, spoken, &mut notes))
        .collect();
    let remark = peer.remark();
    let remark = remark.map_or_else(String::new, |remark| format!("\n{remark}\n"));
    let table = format!("{}{rows}", table_head(peer.kinds()));
    let parts = [
        format!("## {}\n", peer.name()),
        format!("{found}\n"),
        compared(results) + &remark,
        table,
        notes.text(),
    ];
    parts.join("\n").trim_end().to_owned() + "\n"
}

/// GitHub's, of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        _ => c.is_alphanumeric().then_some(c),
    });
    kept.collect()
}

/// What the peer tells of how many of the cases that passed.
fn compared(results: &Results) -> String {
    let tells = |fact: Fact| {
        results.count(|outcome| matches!(outcome, Outcome::Passed(facts) if facts.contains(&fact)))
    };
    let passed = results.passed();
    let facts = Fact::ALL.into_iter().filter_map(|fact| match tells(fact) {
        0 => None,
        all if all == passed => Some(format!("{fact}")),
        some => Some(format!("{fact} ({some})")),
    });
    let facts: Vec<String> = facts.collect();
    match facts.is_empty() {
        true => "It told nothing.\n".to_owned(),
        false => format!("It told, of {passed}: {}.\n", facts.join(", ")),
    }
}

fn table_head(kinds: &[Kind]) -> String {
    let mut names = String::from("| version | suite |");
    let mut rule = String::from("| --- | --- |");
    for side in [Side::Client, Side::Server] {
        for (at, kind) in kinds.iter().enumerate() {
            let kind = column(*kind);
            names += &match at {
                0 => format!(" our {side}: {kind} |"),
                _ => format!(" {kind} |"),
            };
            rule += " --- |";
        }
    }
    format!("{names}\n{rule}\n")
}

const fn column(kind: Kind) -> &'static str {
    match kind {
        Kind::Full => "full",
        Kind::ResumedById => "by ID",
        Kind::ResumedByTicket => "by ticket",
        Kind::ClientCertificate => "certificate",
        Kind::RenegotiatedByUs => "we renegotiate",
        Kind::RenegotiatedByThem => "they renegotiate",
    }
}

/// `None` where nothing of it was selected.
fn row(results: &Results, spoken: Spoken, notes: &mut Notes) -> Option<String> {
    let outcomes = results.outcomes.iter();
    let cells: Vec<String> = outcomes
        .filter(|(case, _)| case.spoken == spoken)
        .map(|(case, outcome)| notes.cell(case, outcome))
        .collect();
    let cells_text = cells.join(" | ");
    let version = spoken.version();
    (!cells.is_empty()).then(|| format!("| {version} | {} | {cells_text} |\n", spoken.name()))
}

/// What the cells refer to.
#[derive(Default)]
struct Notes {
    absences: Vec<Absence>,
    failures: Vec<String>,
}

impl Notes {
    fn cell(&mut self, case: &Case, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Passed(_) => "✓".to_owned(),
            Outcome::NotRun => "not run".to_owned(),
            Outcome::Absent(why) => {
                let known = self.absences.iter().position(|one| one == why);
                let at = known.unwrap_or_else(|| {
                    self.absences.push(*why);
                    self.absences.len() - 1
                });
                letter(at)
            }
            Outcome::Failed { reason, .. } => {
                self.failures.push(format!("{case}: {}", line(reason)));
                format!("**✗ {}**", self.failures.len())
            }
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (at, absence) in self.absences.iter().enumerate() {
            let (who, why) = match absence {
                Absence::Protocol(why) => ("does not exist", why),
                Absence::Ours(why) => ("we do not", why),
                Absence::Theirs(why) => ("the peer cannot", why),
            };
            text += &format!("- {}: {who}: {why}\n", letter(at));
        }
        for (at, failure) in self.failures.iter().enumerate() {
            text += &format!("- **✗ {}**: {failure}\n", at + 1);
        }
        text
    }
}

/// The document without what differs from machine to machine: the versions of the peers.
pub fn comparable(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with(RUN));
    lines.map(|line| format!("{line}\n")).collect()
}

/// In one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// a, b, …
fn letter(at: usize) -> String {
    let letters = ('a'..='z').cycle().skip(at % 26);
    letters.take(at / 26 + 1).collect()
}

const RUN: &str = "Run ";

const HEAD: &str = "\
# Interop matrix

`cargo run -p interop` plays every live peer in both roles, with every version and suite that any of them has, in conversations of six kinds, and writes this file. `cargo test -p interop --test matrix` does the same and compares.

- **full**: a handshake, a line of text there and back, an orderly close
- **by ID**, **by ticket**: the same, and then once more in a second connection that resumes the session
- **certificate**: the server requires the client's certificate
- **we renegotiate**, **they renegotiate**: our side, or theirs, begins a second handshake inside the connection; text goes under its keys

✓ is a pass. On our side: the version, the suite, by what the session was resumed, how many handshakes there were, the peer's chain, byte for byte, verified up to the root, the text, the end by close_notify (at SSL 2.0, which has none, by the transport's). On theirs: whatever the peer tells of the same; each section says what that is. The master secrets must be the same where it tells its own. Where a peer ends without close_notify and is known to, its section says so.

A letter is a case that there is not, for the reason below the table: the peer cannot, we do not, or it does not exist in that version. ✗ is a failure. A peer that cannot be had on a machine is *not run*, and counted apart.

Export suites take an RSA key of 512 bits: the server's own, or an ephemeral one beside a longer one (our server's always; their server's where the section says so).

";

const SUMMARY_HEAD: &str = "\
| peer | cases | passed | failed | not run | the peer cannot | we do not | does not exist |
| --- | --- | --- | --- | --- | --- | --- | --- |
";

const WITHOUT_A_PEER: &str = "\
## Without a peer

Nothing that can be had from a package registry speaks these; they are tested against ourselves and against published descriptions only.

";
