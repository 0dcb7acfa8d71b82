//! Where the instructions go: in the primitives, or in all that is above them.
//!
//! `cargo bench --bench profile` runs each scenario under Valgrind's Callgrind, which counts
//! instructions and so gives the same figures every time, sorts them by the file that each one came
//! from, inlined or not, and writes `benches/PROFILE.md`. It wants Valgrind; `-- TEXT` runs only
//! what has that in its name, and writes nothing.

mod counts;
#[path = "../../tests/in_memory/mod.rs"]
mod in_memory;
#[path = "../../tests/pki/mod.rs"]
mod pki;
mod report;
mod scenarios;

use std::cell::Cell;
use std::error::Error;
use std::process::{Command, ExitCode};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use std::{env, fs};

use counts::Counts;
use report::{Profile, document};
use scenarios::Scenario;

fn main() -> ExitCode {
    let outcome = run();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [flag, name, times] = &arguments[..]
        && flag == REPEAT
    {
        let scenario = scenarios::all().find(|scenario| scenario.to_string() == *name);
        scenario.ok_or("no such scenario")?.repeat(times.parse()?);
        return Ok(());
    }
    // Cargo adds `--bench`.
    let wanted = arguments.iter().find(|argument| !argument.starts_with('-'));
    let rate = rate(&scenarios::calibration())?;
    let mut profiles = Vec::new();
    for scenario in scenarios::all() {
        let name = scenario.to_string();
        if wanted.is_none_or(|wanted| name.contains(wanted.as_str())) {
            eprintln!("{name} …");
            profiles.push(profile(&scenario, &name)?);
        }
    }
    let document = document(&circumstances(), &profiles, rate);
    println!("{document}");
    if wanted.is_none() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/PROFILE.md");
        fs::write(path, document)?;
        println!("Written to {path}.");
    }
    Ok(())
}

/// When, where and of what it was counted.
fn circumstances() -> [(&'static str, String); 5] {
    let told = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        let text = output.map_or_else(|_| Vec::new(), |output| output.stdout);
        match String::from_utf8_lossy(&text).trim() {
            "" => "unknown".to_owned(),
            text => text.to_owned(),
        }
    };
    let manifest = env!("CARGO_MANIFEST_DIR");
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let processor = model.map_or("unknown", |model| {
        model.trim_start_matches(['\t', ':', ' '])
    });
    [
        ("date", told("date", &["-u", "+%F"])),
        ("processor", processor.to_owned()),
        ("compiler", told("rustc", &["--version"])),
        ("valgrind", told("valgrind", &["--version"])),
        (
            "commit",
            told("git", &["-C", manifest, "describe", "--always", "--dirty"]),
        ),
    ]
}

/// Instructions in a microsecond.
fn rate(scenario: &Scenario) -> Result<f64, Box<dyn Error>> {
    Ok(profile(scenario, &scenario.to_string())?.rate())
}

/// Runs the scenario in a process of its own, under Callgrind.
fn profile(scenario: &Scenario, name: &str) -> Result<Profile, Box<dyn Error>> {
    let out = env::temp_dir().join(format!("retrossl-callgrind-{}", std::process::id()));
    let times = scenario.times();
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*profile::profiled*"])
        .args(["--compress-strings=no", "--compress-pos=no"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(env::current_exe()?)
        .args([REPEAT, name, &times.to_string()])
        .env("GLIBC_TUNABLES", WITHOUT_REP_MOVSB)
        .output()
        .map_err(|error| format!("valgrind cannot be started: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name} under valgrind: {}\n{said}", output.status).into());
    }
    let text = fs::read_to_string(&out)?;
    fs::remove_file(&out)?;
    let counts = Counts::parse(&text);
    if counts.total() == 0 {
        return Err(format!("{name}: nothing was counted").into());
    }
    Ok(Profile::new(
        name,
        scenario.bound(),
        times,
        &counts,
        time(scenario),
    ))
}

/// How long the scenario takes once, without Valgrind: the least of some repetitions.
fn time(scenario: &Scenario) -> Duration {
    let times = scenario.times();
    let repetitions = (0..REPETITIONS).map(|_| {
        TAKEN.set(Duration::ZERO);
        scenario.repeat(times);
        TAKEN.get() / times
    });
    repetitions.min().unwrap_or_default()
}

/// What is to be profiled, and timed.
fn taken<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = profiled(work);
    let elapsed = start.elapsed().saturating_sub(*READING);
    TAKEN.set(TAKEN.get() + elapsed);
    result
}

/// What reading the clock takes by itself.
static READING: LazyLock<Duration> = LazyLock::new(|| {
    let readings = (0..1000).map(|_| Instant::now().elapsed());
    readings.min().unwrap_or_default()
});

thread_local! {
    static TAKEN: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// All that is counted happens in here.
#[inline(never)]
fn profiled<T>(work: impl FnOnce() -> T) -> T {
    std::hint::black_box(work())
}

const REPETITIONS: u32 = 20;

const REPEAT: &str = "--repeat";

/// Callgrind counts a `rep movsb` once for each byte, the vector instructions in its place as they
/// are.
const WITHOUT_REP_MOVSB: &str =
    "glibc.cpu.x86_rep_movsb_threshold=1000000000:glibc.cpu.x86_rep_stosb_threshold=1000000000";
