//! What was measured, for a reader to judge.

use std::fmt::{self, Write};

use rand::rngs::SmallRng;

use super::differences::{Differences, Interval, Intervals, Location, friedman};
use super::{Class, Expected, Experiment, Role, Samples, seeded};

/// The figures of one experiment.
pub struct Report {
    name: String,
    about: String,
    rounds: usize,
    classes: Vec<Class>,
    /// Of each class's durations, in nanoseconds.
    medians: Vec<u32>,
    /// Every class against the first one.
    against_first: Vec<Compared>,
    /// The pairs of secret classes that differ most, by the least of their probabilities.
    least_probable: Vec<Compared>,
    pairs: usize,
    significant: usize,
    friedman: f64,
    expected: Expected,
}

/// What an experiment has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No secret class differs from another, and what was leaked on purpose was seen.
    NothingFound,
    /// The leak that the experiment is there to show.
    LeakSeen,
    /// Some secret classes differ.
    LeakFound,
    /// What was leaked on purpose was not seen, so that the rest says nothing.
    Blind,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingFound => "no difference found, and the control's is",
            Self::LeakSeen => "the leak is seen, as it must be",
            Self::LeakFound => "SECRETS DIFFER",
            Self::Blind => "the leak on purpose was not seen: take more samples",
        })
    }
}

/// Two classes, by their numbers.
struct Compared {
    class: usize,
    from: usize,
    sign_test: f64,
    wilcoxon: f64,
    location: Location,
    intervals: Intervals,
}

impl Compared {
    fn new(
        samples: &Samples,
        class: usize,
        from: usize,
        resamples: usize,
        random: &mut SmallRng,
    ) -> Self {
        let differences = Differences::new(samples.of(class), samples.of(from));
        Self {
            class,
            from,
            sign_test: differences.sign_test(),
            wilcoxon: differences.wilcoxon(),
            location: differences.location(),
            intervals: differences.intervals(resamples, random),
        }
    }
}

impl Report {
    pub fn new(experiment: &dyn Experiment, samples: &Samples, resamples: usize) -> Self {
        let classes = experiment.classes().to_vec();
        let mut random = seeded();
        let secret: Vec<usize> = (0..classes.len())
            .filter(|class| matches!(classes[*class].role, Role::Secret | Role::NullControl))
            .collect();
        let mut tested = Vec::new();
        for (place, &from) in secret.iter().enumerate() {
            for &class in &secret[place + 1..] {
                let differences = Differences::new(samples.of(class), samples.of(from));
                let probability = differences.sign_test().min(differences.wilcoxon());
                tested.push((probability, class, from));
            }
        }
        tested.sort_by(|(a, ..), (b, ..)| a.total_cmp(b));
        let limit = limit(tested.len());
        let secret_samples: Vec<&[u32]> = secret.iter().map(|class| samples.of(*class)).collect();
        Self {
            name: experiment.name().to_owned(),
            about: experiment.about().to_owned(),
            rounds: samples.rounds(),
            medians: (0..classes.len())
                .map(|class| median(samples.of(class)))
                .collect(),
            against_first: (1..classes.len())
                .map(|class| Compared::new(samples, class, 0, resamples, &mut random))
                .collect(),
            least_probable: tested
                .iter()
                .take(SHOWN)
                .map(|&(_, class, from)| {
                    Compared::new(samples, class, from, resamples, &mut random)
                })
                .collect(),
            pairs: tested.len(),
            significant: tested.iter().filter(|(p, ..)| *p < limit).count(),
            friedman: friedman(&secret_samples),
            expected: experiment.expected(),
            classes,
        }
    }

    pub fn verdict(&self) -> Verdict {
        let leaks = |row: &&Compared| self.classes[row.class].role == Role::LeakControl;
        // One pair, two tests.
        let is_seen = |row: &Compared| row.sign_test.min(row.wilcoxon) < limit(1);
        let sees = self.against_first.iter().find(leaks).is_some_and(is_seen);
        match (self.expected, self.significant) {
            (Expected::Leak, 1..) => Verdict::LeakSeen,
            (Expected::NoLeak, 1..) => Verdict::LeakFound,
            (Expected::NoLeak, 0) if sees => Verdict::NothingFound,
            (_, 0) => Verdict::Blind,
        }
    }

    /// A section of Markdown, from its heading on; `circumstances` is a line about the machine.
    pub fn to_markdown(&self, circumstances: &str) -> String {
        let mut out = String::new();
        self.write_markdown(circumstances, &mut out)
            .expect("a String takes everything");
        out
    }

    fn write_markdown(&self, circumstances: &str, out: &mut String) -> std::fmt::Result {
        writeln!(out, "## {}\n\n{}\n", self.name, self.about)?;
        writeln!(
            out,
            "{} samples of each class, {circumstances}.\n",
            thousands(self.rounds)
        )?;
        writeln!(
            out,
            "{} of {} pairs of secret classes differ (sign test or Wilcoxon below {:.1e}); \
             Friedman over all of them: {}. Verdict: {}.\n",
            self.significant,
            self.pairs,
            limit(self.pairs),
            probability(self.friedman),
            self.verdict()
        )?;
        let first = &self.classes[0].name;
        writeln!(out, "Against \"{first}\" ({} ns):\n", self.medians[0])?;
        self.write_table(&self.against_first, out)?;
        writeln!(out, "\nThe pairs of secret classes that differ most:\n")?;
        self.write_table(&self.least_probable, out)
    }

    fn write_table(&self, rows: &[Compared], out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "| class | median, ns | middle half's mean of differences, ns | their median | their \
             mean | sign test | Wilcoxon |"
        )?;
        writeln!(out, "| --- | --- | --- | --- | --- | --- | --- |")?;
        for row in rows {
            let mut name = self.classes[row.class].name.clone();
            if self.classes[row.class].role == Role::Public {
                name += " (public)";
            }
            if row.from != 0 {
                write!(name, " − {}", self.classes[row.from].name)?;
            }
            writeln!(
                out,
                "| {name} | {} | {} | {} | {} | {} | {} |",
                self.medians[row.class],
                figure(row.location.middle, row.intervals.middle),
                figure(row.location.median, row.intervals.median),
                figure(row.location.mean, row.intervals.mean),
                probability(row.sign_test),
                probability(row.wilcoxon),
            )?;
        }
        Ok(())
    }
}

/// Below which probability a pair counts as different, where there are so many: Bonferroni over
/// them and both tests.
fn limit(pairs: usize) -> f64 {
    FALSE_ALARM / (2 * pairs) as f64
}

fn median(durations: &[u32]) -> u32 {
    let mut sorted = durations.to_vec();
    let middle = sorted.len() / 2;
    *sorted.select_nth_unstable(middle).1
}

fn figure(value: f64, interval: Interval) -> String {
    let Interval { low, high } = interval;
    let digits = if (high - low).abs() < 20.0 { 2 } else { 0 };
    format!("{value:.digits$} ({low:.digits$} to {high:.digits$})")
}

fn probability(p: f64) -> String {
    match p {
        // Too small for a number.
        0.0 => "0".to_owned(),
        _ if p < 0.001 => format!("{p:.0e}"),
        _ => format!("{p:.3}"),
    }
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// The probability that an experiment without any leak shows one.
const FALSE_ALARM: f64 = 0.001;

/// How many pairs are shown.
const SHOWN: usize = 3;

/// `document` with `section`, from its heading to the next, in place of the one of that heading, or
/// at the end.
pub fn with_section(document: &str, section: &str) -> String {
    let heading = section.lines().next().unwrap_or_default();
    let mut sections: Vec<String> = Vec::new();
    for line in document.lines() {
        match sections.last_mut() {
            Some(last) if !line.starts_with("## ") => {
                last.push('\n');
                last.push_str(line);
            }
            _ => sections.push(line.to_owned()),
        }
    }
    let section = section.trim_end().to_owned();
    let found = sections
        .iter_mut()
        .find(|other| other.lines().next() == Some(heading));
    match found {
        Some(found) => *found = section,
        None => sections.push(section),
    }
    let sections: Vec<&str> = sections.iter().map(|section| section.trim_end()).collect();
    sections.join("\n\n") + "\n"
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use retrossl::ServerConnection;

    use super::*;
    use crate::Error;
    use crate::timing::Outcome;

    #[test]
    fn a_section_takes_the_place_of_the_one_before() {
        let document = "# Title\n\nText.\n\n## a\n\none\n\n## b\n\ntwo\n";
        assert_eq!(
            with_section(document, "## a\n\nthree\n"),
            "# Title\n\nText.\n\n## a\n\nthree\n\n## b\n\ntwo\n"
        );
        assert_eq!(
            with_section(document, "## c\n\nthree\n"),
            "# Title\n\nText.\n\n## a\n\none\n\n## b\n\ntwo\n\n## c\n\nthree\n"
        );
    }

    /// The first class, the same again, the leak control, and another secret one: what they take
    /// more than chance says.
    #[test]
    fn a_verdict_tells_leaks_from_blindness() {
        for (expected, leak, secret, rounds, verdict) in [
            (Expected::NoLeak, 5, 0, 2000, Verdict::NothingFound),
            (Expected::NoLeak, 5, 5, 2000, Verdict::LeakFound),
            (Expected::NoLeak, 0, 5, 2000, Verdict::LeakFound),
            (Expected::NoLeak, 0, 0, 2000, Verdict::Blind),
            (Expected::NoLeak, 5, 5, 3, Verdict::Blind),
            (Expected::Leak, 5, 5, 2000, Verdict::LeakSeen),
            (Expected::Leak, 5, 0, 2000, Verdict::Blind),
        ] {
            let mut random = SmallRng::seed_from_u64(1);
            let durations = |more: u32, random: &mut SmallRng| {
                let chance = |_| 1000 + more + random.random_range(0..10);
                (0..rounds).map(chance).collect()
            };
            let samples = [0, 0, leak, secret].map(|more| durations(more, &mut random));
            let report = Report::new(&Made::new(expected), &Samples(samples.into()), 10);
            assert_eq!(report.verdict(), verdict, "{expected:?} {leak} {secret}");
        }
    }

    struct Made {
        expected: Expected,
        classes: [Class; 4],
    }

    impl Made {
        fn new(expected: Expected) -> Self {
            use Role::*;
            let classes = [Secret, NullControl, LeakControl, Secret].map(|role| Class {
                name: format!("{role:?}"),
                role,
            });
            Self { expected, classes }
        }
    }

    impl Experiment for Made {
        fn name(&self) -> &str {
            "made"
        }

        fn about(&self) -> &str {
            ""
        }

        fn classes(&self) -> &[Class] {
            &self.classes
        }

        fn expected(&self) -> Expected {
            self.expected
        }

        fn samples(&self) -> usize {
            0
        }

        fn leak(&self) -> u32 {
            0
        }

        fn record(&mut self, _: usize) -> Result<Vec<u8>, Error> {
            unreachable!("nothing is measured")
        }

        fn connection(&self) -> Result<ServerConnection, Error> {
            unreachable!("nothing is measured")
        }

        fn is_right(&self, _: usize, _: &Outcome) -> bool {
            unreachable!("nothing is measured")
        }
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(thousands(1_000_000), "1,000,000");
        assert_eq!(thousands(999), "999");
        assert_eq!(median(&[5, 1, 9, 3, 7]), 5);
    }
}
