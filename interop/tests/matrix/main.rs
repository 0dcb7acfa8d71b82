//! The matrix, whole: every peer passes all that it can do, and `MATRIX.md` says so.

mod controls;

use std::fs;

use interop::Error;
use interop::matrix::run::run;
use interop::matrix::{peers, table};

/// A test each.
const PEERS: [&str; 9] = [
    "openssl-1.0.1e",
    "openssl-1.0.1j",
    "openssl-1.0.1l",
    "openssl-3.0",
    "openssl-3.6",
    "gnutls",
    "jsse",
    "purecrypto",
    "tlslite-ng",
];

#[test]
fn openssl_1_0_1e() -> Result<(), Error> {
    passes(PEERS[0])
}

#[test]
fn openssl_1_0_1j() -> Result<(), Error> {
    passes(PEERS[1])
}

#[test]
fn openssl_1_0_1l() -> Result<(), Error> {
    passes(PEERS[2])
}

#[test]
fn openssl_3_0() -> Result<(), Error> {
    passes(PEERS[3])
}

#[test]
fn openssl_3_6() -> Result<(), Error> {
    passes(PEERS[4])
}

#[test]
fn gnutls() -> Result<(), Error> {
    passes(PEERS[5])
}

#[test]
fn jsse() -> Result<(), Error> {
    passes(PEERS[6])
}

#[test]
fn purecrypto() -> Result<(), Error> {
    passes(PEERS[7])
}

#[test]
fn tlslite_ng() -> Result<(), Error> {
    passes(PEERS[8])
}

fn passes(name: &str) -> Result<(), Error> {
    let peer = peers::ALL.iter().find(|peer| peer.short_name() == name);
    let peer = *peer.ok_or("no such peer")?;
    let all = run(&[peer], |_| true, 2, &|_| {})?;
    let [results] = &all[..] else {
        return Err("one peer was asked for".into());
    };
    if let Err(reason) = &results.version {
        return Err(format!("not run: {reason}").into());
    }
    for (case, reason, kept) in results.failures() {
        eprintln!("{case}: {reason}\n    what crossed: {kept:?}");
    }
    assert_eq!(results.failures().count(), 0);
    assert_eq!(results.not_run(), 0);

    let committed = table::comparable(&fs::read_to_string(table::file())?);
    for part in [table::summary(results), table::section(results)] {
        let part = table::comparable(&part);
        let is_there = committed.contains(&part);
        assert!(is_there, "not in MATRIX.md (cargo run -p interop):\n{part}");
    }
    Ok(())
}

#[test]
fn every_peer_has_its_test() {
    let names: Vec<&str> = peers::ALL.iter().map(|peer| peer.short_name()).collect();
    assert_eq!(names, PEERS);
}

#[test]
fn the_document_holds_nothing_else() -> Result<(), Error> {
    let committed = fs::read_to_string(table::file())?;
    let mut parts = committed.split("\n## ");
    let summaries = parts
        .next()
        .and_then(|top| top.strip_prefix(&table::head()));
    let lines = summaries.map(|summaries| summaries.lines().count());
    assert_eq!(lines, Some(PEERS.len()));
    let without = parts.next().map(|part| format!("## {part}"));
    assert_eq!(without, Some(table::without_a_peer()));
    let headings: Vec<_> = parts.map(|part| part.lines().next()).collect();
    let names: Vec<_> = peers::ALL.iter().map(|peer| Some(peer.name())).collect();
    assert_eq!(headings, names);
    Ok(())
}
