//! Conversations with real implementations, held again byte for byte.

mod replay;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use replay::file::Replay;
use replay::{Pieces, replay};

#[test]
fn every_recorded_conversation_is_repeated() {
    check_all(Pieces::Whole);
}

#[test]
fn it_does_not_matter_how_the_peers_bytes_are_cut() {
    check_all(Pieces::Bytes);
}

fn check_all(pieces: Pieces) {
    let mut failures = Vec::new();
    for (path, recorded) in all() {
        if let Err(problem) = replay(&recorded, pieces) {
            failures.push(format!("{}: {problem}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn all() -> BTreeMap<PathBuf, Replay> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/replays");
    Replay::all(&directory).unwrap_or_else(|problem| panic!("{problem}"))
}
