//! The targets without a fuzzer: every file of the corpora, and what they start from.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::parties::meet;
use super::seeds::{self, Seen, conversations};
use super::*;

/// A test for each target, that runs its corpus through it.
macro_rules! corpora {
    ($($target:ident)*) => {
        const TARGETS: [&str; 6] = [$(stringify!($target)),*];

        /// The target of that name.
        fn target(name: &str) -> fn(&[u8]) {
            match name {
                $(stringify!($target) => super::$target,)*
                _ => panic!("there is no target {name}"),
            }
        }

        mod corpus {
            $(#[test]
            fn $target() {
                super::runs_through(stringify!($target));
            })*
        }
    };
}

corpora!(client server messages ssl2 certificates sessions);

fn runs_through(name: &str) {
    let target = target(name);
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(name);
    let mut files: Vec<_> = fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(!files.is_empty(), "{} is empty", directory.display());
    files.sort();
    for file in files {
        println!("{}", file.display());
        target(&fs::read(&file).unwrap());
    }
}

/// `fuzz/seed` says where to write them, and then none may find anything already.
#[test]
fn each_target_has_seeds() {
    let directory = std::env::var_os("RETROSSL_FUZZ_SEEDS");
    let mut targets = BTreeSet::new();
    for seed in seeds::all() {
        targets.insert(seed.target);
        if let Some(directory) = &directory {
            println!("{} {}", seed.target, seed.name);
            target(seed.target)(&seed.bytes);
            seed.write(Path::new(directory)).unwrap();
        }
    }
    assert_eq!(targets, BTreeSet::from(TARGETS));
}

/// Else the targets would see little.
#[test]
fn handshakes_are_completed_under_the_seeds_terms() {
    for (name, terms) in &conversations() {
        let parties = seeds::parties(*terms, Side::Client, Seen::default());
        let (client, server) = meet(&parties);
        let completed = client.handshakes() == 1 && server.handshakes() == 1;
        let errors = [client.error(), server.error()];
        assert!(completed, "{name}: {errors:?}");
    }
}
