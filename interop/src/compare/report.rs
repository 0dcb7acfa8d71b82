//! The table, for a terminal and for `benches/RESULTS.md`.

use std::fmt::Write;

use super::Measured;
use super::party::Contestant;
use super::rows::{Goal, Section, Unit};
use super::statistics::{Ratio, median};

/// What one row says.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub section: Section,
    pub name: String,
    pub unit: Unit,
    pub ours: f64,
    pub openssl: f64,
    pub purecrypto: Option<f64>,
    /// To OpenSSL: of times, or of rates.
    pub ratio: Ratio,
    pub goal: Option<Goal>,
}

impl Line {
    /// None unless both of us were measured.
    pub fn new(measured: &Measured) -> Option<Self> {
        let ours = measured.of(Contestant::Ours)?;
        let openssl = measured.of(Contestant::OpenSsl)?;
        let row = &measured.row;
        let figure = |samples: &[f64]| row.unit.figure(median(samples));
        let times = Ratio::new(ours, openssl);
        Some(Self {
            section: row.section,
            name: row.name.clone(),
            unit: row.unit,
            ours: figure(ours),
            openssl: figure(openssl),
            purecrypto: measured.of(Contestant::Purecrypto).map(figure),
            ratio: match row.unit {
                Unit::Time => times,
                Unit::Rate { .. } => times.inverse(),
            },
            goal: row.goal,
        })
    }

    pub fn verdict(&self) -> Verdict {
        let Some(goal) = self.goal else {
            return Verdict::NoGoal;
        };
        let ratio = self.ratio.of_medians;
        if self.unit.reaches(ratio, goal.wanted) {
            Verdict::Met
        } else if self.unit.reaches(ratio, goal.least) {
            Verdict::LeastMet
        } else {
            Verdict::Missed
        }
    }

    fn is_behind_purecrypto(&self) -> bool {
        let Some(purecrypto) = self.purecrypto else {
            return false;
        };
        !self.unit.reaches(self.ours, purecrypto)
    }

    fn verdict_text(&self) -> String {
        let verdict = match self.verdict() {
            Verdict::NoGoal => "",
            Verdict::Met => "met",
            Verdict::LeastMet => "least met",
            Verdict::Missed => "**missed**",
        };
        match (self.is_behind_purecrypto(), verdict) {
            (false, verdict) => verdict.to_owned(),
            (true, "") => "behind purecrypto".to_owned(),
            (true, verdict) => format!("{verdict}, behind purecrypto"),
        }
    }

    fn cells(&self) -> [String; 8] {
        let figure = |figure: f64| match figure {
            figure if figure < 100.0 => format!("{figure:.1}"),
            figure => format!("{figure:.0}"),
        };
        let Ratio {
            of_medians,
            low,
            high,
        } = self.ratio;
        [
            self.name.clone(),
            figure(self.ours),
            figure(self.openssl),
            self.purecrypto.map_or_else(|| "–".to_owned(), figure),
            format!("{of_medians:.2}×"),
            format!("{low:.2}–{high:.2}"),
            self.goal
                .map_or_else(String::new, |goal| goal.text(self.unit)),
            self.verdict_text(),
        ]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    NoGoal,
    Met,
    LeastMet,
    Missed,
}

impl Unit {
    /// From nanoseconds for once.
    fn figure(self, nanoseconds: f64) -> f64 {
        match self {
            Self::Time => nanoseconds / 1000.0,
            Self::Rate { bytes } => bytes as f64 * 1000.0 / nanoseconds,
        }
    }

    fn reaches(self, figure: f64, bound: f64) -> bool {
        match self {
            Self::Time => figure <= bound,
            Self::Rate { .. } => figure >= bound,
        }
    }
}

impl Goal {
    fn text(self, unit: Unit) -> String {
        let Self {
            number,
            wanted,
            least,
        } = self;
        let sign = match unit {
            Unit::Time => '≤',
            Unit::Rate { .. } => '≥',
        };
        let least = match least == wanted {
            true => String::new(),
            false => format!(", least {least}×"),
        };
        format!("{number}: {sign} {wanted}×{least}")
    }
}

impl Section {
    fn about(self) -> &'static str {
        match self {
            Self::Rsa => {
                "µs for each; less is better. Private: blinded by all three; OpenSSL and we also check \
                 it for faults. Public: a PKCS#1 signature verified."
            }
            Self::Full => {
                "µs of one side's processor time, from making its connection to sending close_notify and dropping it; less is \
                 better. Chains of two certificates (SHA-256) below a root, which the client verifies, \
                 with the server's name; extended master secret, encrypt-then-MAC and a new ticket \
                 where the version has them (purecrypto: the first of them only). Each implementation \
                 speaks with itself."
            }
            Self::Resumed => {
                "µs of one side's processor time, as above; less is better. The sessions are those of \
                 RSA-2048."
            }
            Self::Seal => {
                "MB/s of plaintext, from the plaintext to bytes for the transport; more is better. \
                 MAC-then-encrypt unless it says otherwise. 256 KiB are one write. Where a CBC suite \
                 has no IV of its own in each record, each write is split against BEAST: by OpenSSL \
                 into 0/n, by us and purecrypto into 1/n-1 bytes."
            }
            Self::Open => {
                "MB/s of plaintext, from the transport's bytes to the plaintext; more is better. \
                 Otherwise as above."
            }
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Rsa | Self::Full | Self::Resumed => "µs",
            Self::Seal | Self::Open => "MB/s",
        }
    }
}

/// The tables of all sections that have lines.
pub fn tables(lines: &[Line]) -> String {
    let mut text = String::new();
    for section in Section::ALL {
        let rows: Vec<_> = lines
            .iter()
            .filter(|line| line.section == section)
            .collect();
        if rows.is_empty() {
            continue;
        }
        let header = [
            section.unit(),
            "retrossl",
            "OpenSSL",
            "purecrypto",
            "ratio",
            "5–95 %",
            "goal",
            "",
        ]
        .map(str::to_owned);
        let cells: Vec<_> = rows.iter().map(|line| line.cells()).collect();
        let _ = write!(
            text,
            "## {}\n\n{}\n\n{}\n",
            section.title(),
            section.about(),
            table(&header, &cells)
        );
    }
    text
}

/// How many goals are met, and which rows miss theirs.
pub fn summary(lines: &[Line]) -> String {
    let count = |wanted| {
        let found = lines.iter().filter(|line| line.verdict() == wanted);
        found.count()
    };
    let (met, least, missed) = (
        count(Verdict::Met),
        count(Verdict::LeastMet),
        count(Verdict::Missed),
    );
    let mut text = format!(
        "Of {} rows of times and rates with a goal, {met} meet it, {least} only the least that is asked for, and {missed} \
         miss it.\n",
        met + least + missed
    );
    let behind: Vec<_> = lines
        .iter()
        .filter(|line| line.is_behind_purecrypto())
        .map(|line| format!("{}: {}", line.section.title(), line.name))
        .collect();
    let _ = match behind.is_empty() {
        true => writeln!(text, "No row is behind purecrypto."),
        false => writeln!(text, "Behind purecrypto: {}.", behind.join("; ")),
    };
    text
}

/// The whole file.
pub fn document(circumstances: &[(&str, String)], lines: &[Line], memory: &str) -> String {
    let mut text = OPENING.to_owned();
    for (what, value) in circumstances {
        let _ = writeln!(text, "- {what}: {value}");
    }
    let _ = write!(text, "\n{}\n{}{memory}", summary(lines), tables(lines));
    text
}

/// Markdown whose columns are in line, the first to the left, figures to the right.
pub fn table<const N: usize>(header: &[String; N], rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .chain([header])
            .map(|row| row[column].chars().count());
        cells.max().unwrap_or(0).max(2)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    let mut line = |cells: &[String; N]| {
        for (column, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            let width = *width;
            let _ = match is_text(column, N) {
                true => write!(text, "| {cell:<width$} "),
                false => write!(text, "| {cell:>width$} "),
            };
        }
        text.push_str("|\n");
    };
    line(header);
    let rule = std::array::from_fn(|column| match is_text(column, N) {
        true => "-".repeat(widths[column]),
        false => format!("{}:", "-".repeat(widths[column] - 1)),
    });
    line(&rule);
    rows.iter().for_each(line);
    text
}

/// The first column, and the last two.
fn is_text(column: usize, columns: usize) -> bool {
    column == 0 || column + 2 >= columns
}

const OPENING: &str = "\
# Results

Written by `cargo run --release -p interop --bin compare`: `retrossl` beside OpenSSL 3.6 and the pure \
Rust crate `purecrypto`, in one process, on one core. [README.md](README.md) says more.

Figures are medians of many slices of a few milliseconds, of the thread's processor time; the \
contestants take turns. *ratio* is ours to OpenSSL's, of the medians: of times (less is better) or of \
rates (more is better). *5–95 %* is where nine in ten of the rounds' own ratios lie. A goal's number is \
that of the list in README.md.

";
