//! Where something was measured.

use std::fs;
use std::process::Command;

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
