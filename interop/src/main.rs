//! Goes through the matrix and writes `interop/MATRIX.md`.

#![forbid(unsafe_code)]

use std::fs;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use clap::Parser;
use interop::Error;
use interop::matrix::run::{Outcome, Progress, Results, outcome_without_trying, run};
use interop::matrix::{Absence, Case, Kind, Peer, peers, table};
use retrossl::{ProtocolVersion, Side};

/// Plays every live peer in both roles, with every version and suite, full, resumed, with a
/// client's certificate and renegotiated, and writes interop/MATRIX.md.
///
/// Peers that are missing are installed where that can be done, by npm, PyPI and Debian's packages.
///
/// Each filter can be given several times, or several values with commas. Exit status: 0 when all
/// passed, 1 when something failed, 2 when no case is left to play, 3 when nothing failed but a
/// peer could not be had: then interop/MATRIX.md is left as it is, too.
#[derive(Parser)]
struct Options {
    /// Peers, such as openssl-1.0.1e or 'OpenSSL 1.0.1e' [default: all; a wrong name lists them]
    #[arg(long, value_delimiter = ',', value_parser = peer)]
    peer: Vec<&'static dyn Peer>,

    /// What we are: client or server [default: both]
    #[arg(long, value_delimiter = ',', value_parser = side)]
    role: Vec<Side>,

    /// Versions: ssl2, ssl3, tls1.0, tls1.1, tls1.2 [default: all]
    #[arg(long, value_delimiter = ',')]
    version: Vec<ProtocolVersion>,

    /// Suites and SSL 2.0's kinds by their names, or parts of those, such as RC4 [default: all]
    #[arg(long, value_delimiter = ',')]
    suite: Vec<String>,

    /// Kinds of conversation [default: all]
    #[arg(long, value_delimiter = ',', value_enum)]
    kind: Vec<Kind>,

    /// Name the cases and run none
    #[arg(long)]
    list: bool,

    /// How many conversations at once, up to 64 [default: as many as there are processors]
    #[arg(long)]
    jobs: Option<NonZeroUsize>,
}

impl Options {
    fn is_filtered(&self) -> bool {
        let Self {
            peer,
            role,
            version,
            suite,
            kind,
            ..
        } = self;
        let everything = peer.is_empty()
            && role.is_empty()
            && version.is_empty()
            && suite.is_empty()
            && kind.is_empty();
        !everything
    }

    fn peers(&self) -> &[&'static dyn Peer] {
        match self.peer.is_empty() {
            true => peers::ALL,
            false => &self.peer,
        }
    }

    /// Whether any case is selected that its peer can play.
    fn leaves_something(&self) -> bool {
        self.peers().iter().any(|peer| {
            let kinds = peer.kinds();
            let mut cases = Case::all().filter(|case| kinds.contains(&case.kind));
            cases.any(|case| self.selects(&case) && outcome_without_trying(*peer, &case).is_none())
        })
    }

    fn selects(&self, case: &Case) -> bool {
        let name = case.spoken.name().to_ascii_uppercase();
        let is_named = |part: &String| name.contains(&part.to_ascii_uppercase());
        is_among(&self.role, &case.side)
            && is_among(&self.version, &case.spoken.version())
            && is_among(&self.kind, &case.kind)
            && (self.suite.is_empty() || self.suite.iter().any(is_named))
    }
}

fn is_among<T: PartialEq>(chosen: &[T], one: &T) -> bool {
    chosen.is_empty() || chosen.contains(one)
}

fn peer(name: &str) -> Result<&'static dyn Peer, String> {
    let is_called = |peer: &&&'static dyn Peer| {
        [peer.short_name(), peer.name()]
            .iter()
            .any(|own| own.eq_ignore_ascii_case(name))
    };
    let found = peers::ALL.iter().find(is_called);
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = peers::ALL.iter().map(|peer| peer.short_name()).collect();
        format!("one of {} is expected", names.join(", "))
    })
}

fn side(name: &str) -> Result<Side, String> {
    let mut sides = [Side::Client, Side::Server].into_iter();
    let found = sides.find(|side| side.to_string().eq_ignore_ascii_case(name));
    found.ok_or_else(|| "client or server is expected".to_owned())
}

fn main() -> ExitCode {
    interop::conclude("interop", play(&Options::parse()))
}

fn play(options: &Options) -> Result<ExitCode, Error> {
    if options.list {
        return interop::list(cases(options)).map(|()| ExitCode::SUCCESS);
    }
    if !options.leaves_something() {
        eprintln!("no case is left to play: --list with the same filters says why");
        return Ok(ExitCode::from(NOTHING_TO_DO));
    }
    let jobs = options
        .jobs
        .or_else(|| thread::available_parallelism().ok())
        .map_or(1, usize::from)
        .min(MAX_JOBS);
    let output = Mutex::new(());
    let tell = |progress: Progress<'_>| {
        // A line at a time.
        let _output = output.lock();
        tell(&progress);
    };
    let selected = |case: &Case| options.selects(case);
    let all = run(options.peers(), selected, jobs, &tell)?;
    print_totals(&all);
    let failed = all
        .iter()
        .any(|results| results.failures().next().is_some());
    let not_run = all.iter().any(|results| results.not_run() > 0);
    if options.is_filtered() {
        println!("interop/MATRIX.md is left as it is: this was a part only");
    } else if not_run {
        println!("interop/MATRIX.md is left as it is: not all peers could be had");
    } else {
        let file = table::file();
        fs::write(&file, table::document(&all))
            .map_err(|error| format!("{}: {error}", file.display()))?;
        println!("interop/MATRIX.md is written");
    }
    Ok(match (failed, not_run) {
        (true, _) => ExitCode::FAILURE,
        (false, true) => ExitCode::from(NOT_RUN),
        (false, false) => ExitCode::SUCCESS,
    })
}

fn cases(options: &Options) -> impl Iterator<Item = String> {
    options.peers().iter().flat_map(move |peer| {
        let kinds = peer.kinds();
        let cases = Case::all().filter(move |case| kinds.contains(&case.kind));
        let selected = cases.filter(move |case| options.selects(case));
        selected.map(move |case| {
            let short_name = peer.short_name();
            match outcome_without_trying(*peer, &case) {
                Some(Outcome::Absent(why)) => format!("{short_name}: {case}: {}", said(why)),
                _ => format!("{short_name}: {case}"),
            }
        })
    })
}

fn said(why: Absence) -> String {
    match why {
        Absence::Protocol(why) => format!("does not exist: {why}"),
        Absence::Ours(why) => format!("we do not: {why}"),
        Absence::Theirs(why) => format!("the peer cannot: {why}"),
    }
}

fn tell(progress: &Progress<'_>) {
    match progress {
        Progress::Peer(peer, Ok(version)) => {
            println!("{}, {}: {version}", peer.name(), peer.origin());
        }
        Progress::Peer(peer, Err(reason)) => {
            println!("{}, {}: NOT RUN: {reason}", peer.name(), peer.origin());
        }
        Progress::Group {
            peer,
            group,
            passed,
            failed,
            over,
            of,
        } => {
            let failed = match failed {
                0 => String::new(),
                some => format!(", {some} FAILED"),
            };
            let name = peer.name();
            println!("[{over:>3}/{of}] {name}, {group}: {passed} passed{failed}");
        }
        Progress::Failed {
            peer,
            case,
            reason,
            kept,
        } => {
            println!("FAILED: {}, {case}: {reason}", peer.name());
            if let Some(kept) = kept {
                println!("        what crossed: {}", kept.display());
            }
        }
    }
}

fn print_totals(all: &[Results]) {
    println!();
    println!(
        "{:<16} {:>6} {:>6} {:>7} {:>6}",
        "peer", "passed", "failed", "not run", "absent"
    );
    for results in all {
        let absent = results.count(|outcome| matches!(outcome, Outcome::Absent(_)));
        println!(
            "{:<16} {:>6} {:>6} {:>7} {absent:>6}",
            results.peer.name(),
            results.passed(),
            results.failures().count(),
            results.not_run(),
        );
        if let Err(reason) = &results.version {
            println!("    not run: {reason}");
        }
    }
    for results in all {
        for (case, reason, kept) in results.failures() {
            println!("FAILED: {}, {case}: {reason}", results.peer.name());
            if let Some(kept) = kept {
                println!("        what crossed: {}", kept.display());
            }
        }
    }
    println!();
}

/// As clap's own, for options that make no sense.
const NOTHING_TO_DO: u8 = 2;

const NOT_RUN: u8 = 3;

/// Each has a peer in a process of its own, or several.
const MAX_JOBS: usize = 64;
