//! What the README says about versions and suites is what the presets do.

use retrossl::{CipherSuite, Policy, ProtocolVersion};

#[test]
fn the_table_names_the_smallest_preset_of_each_version_and_suite() {
    let readme = include_str!("../README.md");
    for suite in CipherSuite::all() {
        let row = readme
            .lines()
            .find(|line| line.starts_with(&format!("| `{suite}` |")))
            .unwrap_or_else(|| panic!("{suite} has no row"));
        let cells = row.split(" | ").skip(1);
        let expected = ProtocolVersion::all().map(|version| smallest_preset(version, suite));
        for (cell, name) in cells.zip(expected) {
            let cell = cell.trim_end_matches(" |");
            assert_eq!(cell.trim_matches('`'), name, "{row}");
        }
        assert_eq!(row.split(" | ").count(), 1 + ProtocolVersion::all().count());
    }
}

fn smallest_preset(version: ProtocolVersion, suite: CipherSuite) -> &'static str {
    PRESETS
        .iter()
        .filter(|_| suite.exists_at(version))
        .find(|(_, policy)| {
            policy.allows_version(version) && policy.allowed_suites().any(|it| it == suite)
        })
        .map_or("–", |(name, _)| name)
}

const PRESETS: [(&str, Policy); 4] = [
    ("STRICT", Policy::STRICT),
    ("COMPATIBLE", Policy::COMPATIBLE),
    ("HISTORIC", Policy::HISTORIC),
    ("EVERYTHING", Policy::EVERYTHING),
];
