//! What this crate brings into a user's program: licences, sources, pre-releases and duplicates.
//!
//! It needs Cargo and what the build has fetched, no network: so whether a version was yanked, or
//! has an advisory against it, is not seen here. Licences are those of the normal and build
//! dependencies on this machine's platform, and of what the tests use; everything else is of the
//! whole Cargo.lock, other platforms and `interop` included.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use spdx::{Expression, ParseMode};
use toml::{Table, Value};

/// Licences that a user of the crate is asked to keep.
const ALLOWED: &[&str] = &["BSD-3-Clause", "MIT", "Unicode-3.0"];

/// The same for what only tests and benchmarks use.
const ALLOWED_IN_TESTS: &[&str] = &["Apache-2.0", "ISC", "MIT"];

const PRE_RELEASES: &[Exception] = &[];

const DUPLICATES: &[Exception] = &[
    Exception {
        package: "syn",
        versions: &["2.0.119", "3.0.10"],
        why: "builds only: thiserror's macros use 3, those of zeroize and asn1-rs still 2",
    },
    Exception {
        package: "synstructure",
        versions: &["0.13.2", "0.14.0"],
        why: "builds only: the one for each syn; 0.14 is behind interop's redis alone",
    },
];

struct Exception {
    package: &'static str,
    versions: &'static [&'static str],
    why: &'static str,
}

#[test]
fn what_comes_with_the_crate_has_a_licence_that_its_users_can_keep() {
    let packages = licences("normal,build");
    assert!(packages.len() > 50, "{packages:?}");
    check_licences(&packages, ALLOWED);
}

#[test]
fn what_the_tests_use_has_a_licence_of_the_same_kind() {
    let shipped = licences("normal,build");
    let mut packages = licences("normal,build,dev");
    packages.retain(|package, _| !shipped.contains_key(package));
    assert!(packages.len() > 20, "{packages:?}");
    check_licences(&packages, ALLOWED_IN_TESTS);
}

#[test]
fn everything_comes_from_crates_io_with_a_checksum() {
    for package in locked() {
        let name = text(&package, "name");
        match package.get("source").map(|source| source.as_str().unwrap()) {
            Some("registry+https://github.com/rust-lang/crates.io-index") => {
                assert_eq!(text(&package, "checksum").len(), 64, "{name}");
            }
            Some(source) => panic!("{name} comes from {source}"),
            None => assert!(["retrossl", "interop"].contains(&name), "{name}"),
        }
    }
}

#[test]
fn pre_releases_are_those_that_there_is_a_reason_for() {
    let found = versions().into_iter().filter_map(|(name, mut versions)| {
        versions.retain(|version| is_pre_release(version));
        (!versions.is_empty()).then_some((name, versions))
    });
    check_exceptions(found.collect(), PRE_RELEASES);
}

#[test]
fn duplicates_are_those_that_there_is_a_reason_for() {
    let mut found = versions();
    found.retain(|_, versions| versions.len() > 1);
    check_exceptions(found, DUPLICATES);
}

/// Exactly the exceptions are found: neither one more nor one less.
fn check_exceptions(found: BTreeMap<String, BTreeSet<String>>, exceptions: &[Exception]) {
    let expected = exceptions.iter().map(|exception| {
        assert!(!exception.why.is_empty());
        let versions = exception.versions.iter().map(|&it| it.to_owned());
        (exception.package.to_owned(), versions.collect())
    });
    assert_eq!(found, expected.collect());
}

/// Every package is under a licence of the list, and every licence of the list is needed.
fn check_licences(packages: &BTreeMap<String, String>, allowed: &[&str]) {
    for (package, licence) in packages {
        assert!(allows(licence, allowed), "{package}: {licence}");
    }
    for needless in allowed {
        let others: Vec<_> = allowed
            .iter()
            .copied()
            .filter(|it| it != needless)
            .collect();
        let mut licences = packages.values();
        assert!(
            licences.any(|licence| !allows(licence, &others)),
            "{needless} is needed for nothing"
        );
    }
}

fn allows(licence: &str, allowed: &[&str]) -> bool {
    // Some still write MIT/Apache-2.0.
    let expression = Expression::parse_mode(licence, ParseMode::LAX).unwrap();
    expression.evaluate(|one| {
        one.license
            .id()
            .is_some_and(|id| allowed.contains(&id.name))
    })
}

/// Name and version of each package that this one depends on in those ways, with its licence.
fn licences(edges: &str) -> BTreeMap<String, String> {
    let tree = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--locked", "--offline", "--package", "retrossl"])
        .args(["--edges", edges, "--prefix", "none", "--no-dedupe"])
        .args(["--format", "{p}\t{l}"])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "{errors}");
    let lines = String::from_utf8(tree.stdout).unwrap();
    let packages = lines.lines().map(|line| {
        let (package, licence) = line.split_once('\t').unwrap();
        (package.to_owned(), licence.to_owned())
    });
    packages.collect()
}

fn versions() -> BTreeMap<String, BTreeSet<String>> {
    let mut versions = BTreeMap::<_, BTreeSet<_>>::new();
    for package in locked() {
        let [name, version] = ["name", "version"].map(|key| text(&package, key).to_owned());
        versions.entry(name).or_default().insert(version);
    }
    versions
}

fn is_pre_release(version: &str) -> bool {
    let (version, _build) = version.split_once('+').unwrap_or((version, ""));
    version.contains('-')
}

fn text<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap()
}

/// The packages of Cargo.lock.
fn locked() -> Vec<Value> {
    let lock: Table = include_str!("../Cargo.lock").parse().unwrap();
    lock["package"].as_array().unwrap().clone()
}
