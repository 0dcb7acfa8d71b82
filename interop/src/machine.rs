//! Where something is measured, and when.

use std::fs;
use std::process::Command;

use core_affinity::CoreId;
use openssl::asn1::Asn1Time;

use crate::Error;

/// Now, in UTC.
pub fn date() -> Result<String, Error> {
    Ok(Asn1Time::days_from_now(0)?.to_string())
}

/// Keeps this thread on the core of that number, or on the last one, and says which it is.
pub fn pin(core: Option<usize>) -> Result<usize, Error> {
    let cores = core_affinity::get_core_ids().ok_or("the machine's cores cannot be listed")?;
    let last = cores.last().ok_or("the machine has no cores")?;
    let id = core.unwrap_or(last.id);
    match core_affinity::set_for_current(CoreId { id }) {
        true => Ok(id),
        false => Err(format!("core {id} cannot be had").into()),
    }
}

/// How many cores there are.
pub fn cores() -> usize {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cores = info.lines().filter(|line| line.starts_with("processor"));
    cores.count()
}

/// The processor's name.
pub fn processor() -> String {
    cpuinfo("model name").unwrap_or_else(|| "an unknown processor".to_owned())
}

/// The compiler's name and version.
pub fn compiler() -> String {
    output("rustc", &["--version"])
}

/// What Linux says of the first processor under this key.
pub fn cpuinfo(key: &str) -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(": ")?.1.to_owned())
}

/// What a program prints, or `unknown` where it fails or is not there.
pub fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.ok().filter(|output| output.status.success());
    let text = text.and_then(|output| String::from_utf8(output.stdout).ok());
    text.map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned())
}
