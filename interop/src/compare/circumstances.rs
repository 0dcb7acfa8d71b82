//! Where it was measured, and with what.

use std::fs;

use crate::Error;
use crate::machine::{compiler, cores, cpuinfo, date, output, processor};
use crate::peer::openssl::library_version;
use crate::peer::purecrypto;

/// A line each of what a reader has to know to compare the figures with others.
pub fn circumstances(core: usize) -> Result<Vec<(&'static str, String)>, Error> {
    // What this thread could use is less: it stays on one of them.
    let cores = cores();
    Ok(vec![
        ("date", date()?),
        (
            "processor",
            format!("{}, the core numbered {core} of {cores}", processor()),
        ),
        ("features", features()),
        ("kernel", kernel()),
        ("compiler", compiler()),
        ("retrossl", retrossl()),
        ("OpenSSL", library_version().to_owned()),
        ("purecrypto", purecrypto::VERSION.to_owned()),
    ])
}

/// Those that make a difference here.
fn features() -> String {
    let flags = cpuinfo("flags").unwrap_or_default();
    let flags: Vec<_> = flags.split(' ').collect();
    let known = [
        "avx2",
        "bmi2",
        "adx",
        "aes",
        "pclmulqdq",
        "sha_ni",
        "avx512f",
    ];
    let found: Vec<_> = known
        .into_iter()
        .filter(|one| flags.contains(one))
        .collect();
    found.join(", ")
}

/// The version, and which commit it is.
fn retrossl() -> String {
    let manifest = env!("CARGO_MANIFEST_DIR");
    let commit = output("git", &["-C", manifest, "describe", "--always", "--dirty"]);
    format!("commit {commit}")
}

/// Its version, without what whoever has built it calls the build.
fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let version = release.trim().split('-').next();
    version
        .filter(|version| !version.is_empty())
        .unwrap_or("unknown")
        .to_owned()
}
