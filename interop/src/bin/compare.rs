//! Compares what `retrossl` costs with OpenSSL 3.6 and `purecrypto`: see `benches/README.md`.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use interop::Error;
use interop::compare::circumstances::circumstances;
use interop::compare::report::{Line, document, summary, tables};
use interop::compare::rows::{Row, rows};
use interop::compare::{Cast, Measured, memory};
use interop::machine::pin;

/// Measures handshakes, records and memory of retrossl beside OpenSSL 3.6 and the pure Rust crate
/// purecrypto, in this process and on one core.
///
/// A whole run takes some five minutes and writes benches/RESULTS.md. Whether goals are met is in
/// the table, and does not change the exit status.
#[derive(Parser)]
struct Options {
    /// Measures only what has this in its name, such as "RSA-2048", "Seal: TLS 1.2" or "memory"
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Says what there is to measure, and ends
    #[arg(long)]
    list: bool,
    /// How long to measure each row
    #[arg(long, value_name = "SECONDS", default_value_t = 1.8)]
    seconds: f64,
    /// A tenth of the time: enough to see that all of it works
    #[arg(long)]
    quick: bool,
    /// The core to stay on; by default the last one
    #[arg(long, value_name = "NUMBER")]
    core: Option<usize>,
    /// Writes the results into this file; by default a whole run that is not quick writes
    /// benches/RESULTS.md, and others none
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Is a server whose memory is measured
    #[arg(long, value_name = "SCENARIO", hide = true)]
    hold: Option<String>,
}

fn main() -> ExitCode {
    let compared = compare(Options::parse());
    interop::conclude("compare", compared.map(|()| ExitCode::SUCCESS))
}

fn compare(options: Options) -> Result<(), Error> {
    if let Some(scenario) = &options.hold {
        return memory::hold(scenario);
    }
    if !options.seconds.is_finite() || options.seconds < 0.0 {
        return Err("--seconds takes a number of seconds".into());
    }
    let wanted = |name: &str| {
        let only = options.only.as_ref().map(|only| only.to_lowercase());
        only.is_none_or(|only| name.to_lowercase().contains(&only))
    };
    let rows: Vec<Row> = rows()
        .into_iter()
        .filter(|row| wanted(&row.to_string()))
        .collect();
    let measures_memory = wanted(MEMORY);
    if options.list {
        let rows = rows.iter().map(Row::to_string);
        let memory = measures_memory.then(|| MEMORY.to_owned());
        return interop::list(rows.chain(memory));
    }
    if rows.is_empty() && !measures_memory {
        let only = options.only.unwrap_or_default();
        return Err(format!("nothing has {only:?} in its name; see --list").into());
    }
    // So that no two figures are of different cores.
    let core = pin(options.core)?;
    let cast = Cast::default();
    let lines = measure(rows, &cast, &options)?;
    let memory = match measures_memory {
        true => memory_section(&cast)?,
        false => String::new(),
    };
    println!("{}{memory}", tables(&lines));
    if !lines.is_empty() {
        print!("{}", summary(&lines));
    }
    let whole = options.only.is_none() && !options.quick;
    if let Some(path) = options.out.or_else(|| whole.then(results)) {
        fs::write(&path, document(&circumstances(core)?, &lines, &memory))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        println!("Written to {}.", path.display());
    }
    Ok(())
}

fn measure(rows: Vec<Row>, cast: &Cast, options: &Options) -> Result<Vec<Line>, Error> {
    let seconds = match options.quick {
        true => options.seconds / 10.0,
        false => options.seconds,
    };
    let count = rows.len();
    let mut lines = Vec::with_capacity(count);
    for (index, row) in rows.into_iter().enumerate() {
        let name = row.to_string();
        progress(&format!("{} of {count}: {name}", index + 1));
        let measured = Measured::new(row, cast, Duration::from_secs_f64(seconds));
        let measured = measured.map_err(|error| format!("{name}: {error}"))?;
        lines.push(Line::new(&measured).ok_or_else(|| format!("{name}: not compared"))?);
    }
    progress("");
    Ok(lines)
}

/// A line that the next one takes the place of, at a terminal.
fn progress(what: &str) {
    let mut stderr = io::stderr();
    // Nothing is lost where it cannot be shown.
    let _ = match (stderr.is_terminal(), what) {
        (true, "") => write!(stderr, "\r\x1b[K"),
        (true, what) => write!(stderr, "\r\x1b[K{what} …"),
        (false, "") => Ok(()),
        (false, what) => writeln!(stderr, "{what}"),
    };
}

fn memory_section(cast: &Cast) -> Result<String, Error> {
    match memory::can_be_measured() {
        true => memory::section(&std::env::current_exe()?, cast, progress),
        false => {
            Ok("## Memory\n\nNot measured: it takes Valgrind, which is not here.\n".to_owned())
        }
    }
}

fn results() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../benches/RESULTS.md"
    ))
}

const MEMORY: &str = "Memory";
