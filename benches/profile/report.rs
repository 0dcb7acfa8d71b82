//! The profiles as Markdown.

use std::fmt::Write;
use std::time::Duration;

use crate::counts::{Counts, Instructions, Origin};
use crate::scenarios::Bound;

/// Instructions of a scenario, for once.
pub struct Profile {
    name: String,
    bound: Option<Bound>,
    /// Without Valgrind.
    taken: Duration,
    total: u64,
    primitives: u64,
    /// Above the primitives, the most first.
    above: Vec<(String, Instructions)>,
}

impl Profile {
    pub fn new(
        name: &str,
        bound: Option<Bound>,
        times: u32,
        counts: &Counts,
        taken: Duration,
    ) -> Self {
        let times = u64::from(times);
        let mut above: Vec<_> = counts
            .instructions
            .iter()
            .filter(|(origin, _)| !origin.is_primitive())
            .filter_map(|(origin, count)| Some((label(origin)?, count.over(times))))
            .collect();
        above.sort_by_key(|(_, count)| std::cmp::Reverse(count.all()));
        Self {
            name: name.to_owned(),
            bound,
            taken,
            total: counts.total() / times,
            primitives: counts.primitives() / times,
            above,
        }
    }
}

fn label(origin: &Origin) -> Option<String> {
    Some(match origin {
        Origin::Own(file) => format!("`{file}`"),
        Origin::Crate(name) => format!("crate `{name}`"),
        Origin::Unknown => "nobody known".to_owned(),
        Origin::Bench => return None,
        Origin::PrimitiveCrate(_) | Origin::OwnPrimitive(_) | Origin::Intrinsics => return None,
    })
}

impl Profile {
    /// Instructions in a microsecond, on the mean.
    pub fn rate(&self) -> f64 {
        self.total as f64 * 1000.0 / self.taken.as_nanos() as f64
    }
}

impl Instructions {
    fn over(self, times: u64) -> Self {
        Self {
            own: self.own / times,
            allocation: self.allocation / times,
            copies: self.copies / times,
            libraries: self.libraries / times,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            own: self.own + other.own,
            allocation: self.allocation + other.allocation,
            copies: self.copies + other.copies,
            libraries: self.libraries + other.libraries,
        }
    }
}

pub fn document(circumstances: &[(&str, String)], profiles: &[Profile], rate: f64) -> String {
    let mut text = OPENING.replace("RATE", &grouped(rate.round() as u64));
    for (what, value) in circumstances {
        let _ = writeln!(text, "- {what}: {value}");
    }
    text.push('\n');
    text += "| | instructions | primitives | above | above, µs | all, µs | above, % | goal 5 |\n";
    text += "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n";
    for profile in profiles {
        let Profile {
            name,
            bound,
            taken,
            total,
            primitives,
            ..
        } = profile;
        let above = total - primitives;
        let microseconds = above as f64 / rate;
        let taken = taken.as_nanos() as f64 / 1000.0;
        let percent = 100.0 * microseconds / taken;
        let verdict = |figure: f64, bound: f64| match figure < bound {
            true => "met",
            false => "**missed**",
        };
        let goal = match bound {
            None => String::new(),
            Some(Bound::Microseconds(most)) => {
                format!("< {most} µs: {}", verdict(microseconds, *most))
            }
            Some(Bound::Percent(most)) => format!("< {most} %: {}", verdict(percent, *most)),
        };
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {microseconds:.1} | {taken:.1} | {percent:.1} | {goal} |",
            grouped(*total),
            grouped(*primitives),
            grouped(above),
        );
    }
    for profile in profiles {
        let _ = write!(text, "\n## {}\n\n", profile.name);
        text += "| above the primitives | instructions | allocation | copies | other libraries |\n";
        text += "| --- | ---: | ---: | ---: | ---: |\n";
        let rest = profile.above.iter().skip(SHOWN);
        let rest = rest.fold(Instructions::default(), |sum, (_, count)| sum.plus(*count));
        let shown = profile.above.iter().take(SHOWN);
        let shown = shown.map(|(label, count)| (label.as_str(), *count));
        for (label, count) in shown.chain([("all else", rest)]) {
            let cells = [count.all(), count.allocation, count.copies, count.libraries].map(grouped);
            let _ = writeln!(text, "| {label} | {} |", cells.join(" | "));
        }
    }
    text
}

/// With commas.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Of each list.
const SHOWN: usize = 12;

const OPENING: &str = "\
# Profile

Written by `cargo bench --bench profile`: instructions by Valgrind's Callgrind, for one handshake (from \
the making of one side's connection to its end) or one record, sorted by the file that each one came \
from, inlined or not.

Primitives are the cryptographic crates, what they are made of, and this crate's `src/crypto`; *above* \
is all else. What the C library, Rust's, `subtle` and `zeroize` do counts for whoever called them, \
and is also given apart. Handshakes are with RSA-2048 and a chain of two certificates below a root, \
which the client verifies, and nothing is resumed where it is not said; records are MAC-then-encrypt.

The microseconds of all were measured without Valgrind, and the percentages are of these. Those above \
the primitives are at RATE instructions each, which is what opening 256 bytes with AES-GCM was measured \
at; handshakes, which ask for more memory, may take longer for theirs. (Valgrind has no SHA instructions, so SHA-1 \
and SHA-256 take more instructions here than on a processor that has them.)

";
