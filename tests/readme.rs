//! What the README says about versions, suites and cipher kinds is what the presets do, and what
//! the tests' own says about files is what there is.

use std::collections::BTreeSet;
use std::path::Path;

use retrossl::{CipherKind, CipherSuite, HashAlgorithm, Policy, ProtocolVersion};

const README: &str = include_str!("../README.md");

#[test]
fn the_table_names_the_smallest_preset_of_each_version_and_suite() {
    let versions = || ProtocolVersion::all().filter(|version| *version != ProtocolVersion::SSLv2);
    for suite in CipherSuite::all() {
        let cells = row_of(suite.name().unwrap());
        let expected: Vec<_> = versions()
            .map(|version| match suite.exists_at(version) {
                true => smallest_preset(|policy| {
                    policy.allows_version(version) && policy.allowed_suites().any(|it| it == suite)
                }),
                false => "–".to_owned(),
            })
            .collect();
        assert_eq!(cells, expected, "{suite}");
    }
    let header = row("suite");
    let numbers: Vec<_> = versions().map(specified).collect();
    assert_eq!(header, numbers);
}

#[test]
fn the_table_names_the_smallest_preset_of_each_kind() {
    for kind in CipherKind::all() {
        let cells = row_of(kind.name().unwrap());
        let expected = smallest_preset(|policy| {
            policy.allows_version(ProtocolVersion::SSLv2)
                && policy.allowed_kinds().any(|it| it == kind)
        });
        assert_eq!(cells, [expected], "{kind}");
    }
    assert_eq!(row("cipher kind"), [specified(ProtocolVersion::SSLv2)]);
}

#[test]
fn the_table_has_nothing_else_and_marks_what_was_not_tested_against_others() {
    let known: Vec<_> = CipherSuite::all()
        .filter_map(CipherSuite::name)
        .chain(CipherKind::all().filter_map(CipherKind::name))
        .collect();
    let mut found = 0;
    for line in README.lines() {
        let Some(name) = line.split('`').nth(1) else {
            continue;
        };
        let is_row = ["| `TLS_RSA_", "| `SSL_RSA_", "| `SSL_CK_"]
            .iter()
            .any(|start| line.starts_with(start));
        if !is_row {
            continue;
        }
        assert!(known.contains(&name), "{line}");
        found += 1;
        let marked = line.starts_with(&format!("| `{name}` ¹ |"));
        let alone = name.contains("EXPORT1024") || name.contains("FIPS");
        assert_eq!(marked, alone, "{line}");
    }
    assert_eq!(found, known.len());
    assert!(README.contains("\n¹ Tested against the specification and this crate itself only"));
}

#[test]
fn the_presets_have_the_versions_and_keys_that_are_named() {
    for (name, policy) in PRESETS {
        let (oldest, newest) = policy.version_range();
        let versions = match oldest == newest {
            true => specified(newest),
            false => format!("{} to {}", specified(oldest), specified(newest)),
        };
        let bits = format!("{} bits", policy.smallest_rsa_key());
        let hashes = [
            ("MD5", HashAlgorithm::Md5),
            ("SHA-1", HashAlgorithm::Sha1),
            ("SHA-2", HashAlgorithm::Sha256),
        ];
        let allowed = hashes
            .into_iter()
            .filter(|(_, hash)| policy.allows_certificate_hash(*hash));
        let hashes = allowed.map(|(name, _)| name).collect::<Vec<_>>().join(", ");
        assert_eq!(row_of(name), [versions, bits, hashes], "{name}");
    }
}

/// Each test file stands in the second column, and nothing else does.
#[test]
fn the_tests_own_names_every_file() {
    let readme = include_str!("README.md");
    let table = readme.lines().filter(|line| line.starts_with("| "));
    let named: BTreeSet<_> = table
        .take_while(|line| !line.starts_with("| |"))
        .filter_map(|line| line.split('|').nth(2))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter(|name| !name.contains('/'))
        .map(str::to_owned)
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let files: BTreeSet<_> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(named, files);
}

/// The cells of the row that begins with `first`, without that one.
fn row(first: &str) -> Vec<String> {
    let found = README.lines().find_map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let cell = cells.next()?;
        let is_it = line.starts_with('|') && cell.trim_end_matches(" ¹") == first;
        is_it.then(|| {
            let cells = cells.map(|cell| cell.trim_matches('`').to_owned());
            cells.collect()
        })
    });
    found.unwrap_or_else(|| panic!("{first} has no row"))
}

fn row_of(name: &str) -> Vec<String> {
    row(&format!("`{name}`"))
}

/// As the specifications write it: SSL 3.0.
fn specified(version: ProtocolVersion) -> String {
    let name = version.short_name();
    let (family, number) = name.split_at(3);
    let number = match number.contains('.') {
        true => number.to_owned(),
        false => format!("{number}.0"),
    };
    format!("{} {number}", family.to_ascii_uppercase())
}

fn smallest_preset(allows: impl Fn(&Policy) -> bool) -> String {
    let preset = PRESETS.iter().find(|(_, policy)| allows(policy));
    preset.map_or("named", |(name, _)| name).to_owned()
}

const PRESETS: [(&str, Policy); 4] = [
    ("STRICT", Policy::STRICT),
    ("COMPATIBLE", Policy::COMPATIBLE),
    ("HISTORIC", Policy::HISTORIC),
    ("EVERYTHING", Policy::EVERYTHING),
];
