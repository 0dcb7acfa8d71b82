//! Measures whether time tells secrets: see `SECURITY.md` for the method, `TIMING.md` for results.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use interop::Error;
use interop::machine::{compiler, date, pin, processor};
use interop::timing::pre_master_secret::{KeyExchange, Operation};
use interop::timing::record::{CASES, CbcRecord};
use interop::timing::report::{Report, Verdict, with_section};
use interop::timing::server::identity;
use interop::timing::{Experiment, Kept, measure, repeat};

/// A statistical test of timing: every class of input once in each round, in random order; paired
/// tests and bootstrapped confidence intervals of the differences.
///
/// A machine that does nothing else, and a core of its own, give the narrowest intervals. Exit
/// status: 0 where nothing was found that should not be, 1 where secrets differ or something
/// failed, 3 where an experiment was blind, as with too few samples.
#[derive(Parser)]
struct Options {
    /// Runs these experiments only, by their names; see --list
    #[arg(long, value_name = "NAME", num_args = 1..)]
    only: Vec<String>,
    /// Says what there is, and ends
    #[arg(long)]
    list: bool,
    /// Samples of each class, in place of each experiment's own number
    #[arg(long, value_name = "COUNT")]
    samples: Option<usize>,
    /// A hundredth of the samples
    #[arg(long)]
    quick: bool,
    /// Goes through this class alone, by its number, and reports nothing: for
    /// `valgrind --tool=callgrind --toggle-collect='*timing::timed*'`
    #[arg(long, value_name = "NUMBER")]
    class: Option<usize>,
    /// Resamples of each bootstrap
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    resamples: usize,
    /// Keeps all samples in this directory, and adds them to those that are there already; with
    /// --samples 0, those are all that is looked at
    #[arg(long, value_name = "DIRECTORY")]
    keep: Option<PathBuf>,
    /// Stays on this core
    #[arg(long, value_name = "NUMBER")]
    core: Option<usize>,
    /// Writes each experiment's section into this Markdown file, in place of its old one
    #[arg(long, value_name = "FILE", num_args = 0..=1,
          default_missing_value = concat!(env!("CARGO_MANIFEST_DIR"), "/TIMING.md"))]
    write: Option<PathBuf>,
}

fn main() -> ExitCode {
    interop::conclude("timing", run_all(&Options::parse()))
}

fn run_all(options: &Options) -> Result<ExitCode, Error> {
    let mut experiments = experiments()?;
    if let Some(unknown) = options.only.iter().find(|name| {
        let mut names = experiments.iter().map(|experiment| experiment.name());
        !names.any(|other| other == *name)
    }) {
        return Err(format!("there is no experiment {unknown}; see --list").into());
    }
    if options.list {
        let lines = experiments
            .iter()
            .map(|experiment| format!("{}: {}", experiment.name(), experiment.about()));
        return interop::list(lines).map(|()| ExitCode::SUCCESS);
    }
    if options.core.is_some() {
        pin(options.core)?;
    }
    experiments.retain(|experiment| {
        options.only.is_empty() || options.only.iter().any(|name| name == experiment.name())
    });
    let mut verdicts = Vec::new();
    for experiment in &mut experiments {
        if let Some(class) = options.class {
            let classes = experiment.classes().len();
            if class >= classes {
                return Err(format!("{} has {classes} classes", experiment.name()).into());
            }
            let times = samples(&**experiment, options);
            repeat(&mut **experiment, class, times)?;
            continue;
        }
        let (report, verdict) = run(&mut **experiment, options)?;
        println!("{report}");
        verdicts.push((experiment.name().to_owned(), verdict));
        if let Some(path) = &options.write {
            let document = fs::read_to_string(path).unwrap_or_else(|_| OPENING.to_owned());
            fs::write(path, with_section(&document, &report))?;
        }
    }
    for (name, verdict) in &verdicts {
        println!("{name}: {verdict}");
    }
    let any = |wanted| verdicts.iter().any(|(_, verdict)| *verdict == wanted);
    Ok(match () {
        () if any(Verdict::LeakFound) => ExitCode::FAILURE,
        () if any(Verdict::Blind) => ExitCode::from(BLIND),
        () => ExitCode::SUCCESS,
    })
}

fn experiments() -> Result<Vec<Box<dyn Experiment>>, Error> {
    let identity = identity()?;
    let mut experiments: Vec<Box<dyn Experiment>> = Vec::new();
    for operation in [Operation::Real, Operation::Copied, Operation::Searched] {
        experiments.push(Box::new(KeyExchange::new(operation, &identity)?));
    }
    for case in CASES {
        experiments.push(Box::new(CbcRecord::new(case, &identity)?));
    }
    Ok(experiments)
}

fn samples(experiment: &dyn Experiment, options: &Options) -> usize {
    match options.samples {
        Some(samples) => samples,
        None if options.quick => experiment.samples() / 100,
        None => experiment.samples(),
    }
}

/// The experiment's section, and what it shows.
fn run(experiment: &mut dyn Experiment, options: &Options) -> Result<(String, Verdict), Error> {
    let samples = samples(experiment, options);
    let name = experiment.name().to_owned();
    let start = Instant::now();
    let mut shown = start;
    let measured = measure(experiment, samples, |done| {
        if shown.elapsed() > SHOW_EVERY {
            shown = Instant::now();
            let left = start
                .elapsed()
                .mul_f64((samples - done) as f64 / done as f64);
            eprint!(
                "\r{name}: {done} of {samples} rounds, {} s left   ",
                left.as_secs()
            );
            // Nothing is lost where it cannot be shown.
            let _ = io::stderr().flush();
        }
    })?;
    eprintln!(
        "\r{name}: measured in {} s, computing …   ",
        start.elapsed().as_secs()
    );
    let measured = match &options.keep {
        Some(directory) => Kept::new(directory, experiment)?.add(&measured)?,
        None => measured,
    };
    if measured.rounds() == 0 {
        return Err(format!("{name}: there are no samples").into());
    }
    let circumstances = format!(
        "{}, {}, {}{}",
        date()?,
        processor(),
        compiler(),
        options
            .core
            .map_or(String::new(), |core| format!(", on core {core}")),
    );
    let report = Report::new(experiment, &measured, options.resamples);
    Ok((report.to_markdown(&circumstances), report.verdict()))
}

const SHOW_EVERY: Duration = Duration::from_secs(2);

/// What the file says before its first section.
const OPENING: &str = "\
# Timing

Written by `cargo run --release -p interop --bin timing -- --write`. SECURITY.md describes the method
and says what the figures show.

A class's row is about the differences between it and another class in the same round. Of these: the
mean of the middle half, the median and the mean, each with the interval of 99 % confidence, and the
probabilities that chance alone makes them so uneven. The null control is the same as what it is
compared with and shows what chance does; the leak control does a few nanoseconds' work more and shows
what would be seen. Classes marked public differ in what everybody sees anyway, and are not counted.
";

const BLIND: u8 = 3;
