//! The suites that may be named, for the end of `--help`.

use retrossl::CipherSuite;

pub fn suite_names() -> String {
    let names = CipherSuite::all().map(|suite| format!("\n  {suite}"));
    format!("Cipher suites:{}", names.collect::<String>())
}
