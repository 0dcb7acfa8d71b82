//! What SECURITY.md names is there: the tests, and the files where the countermeasures are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const SECURITY: &str = include_str!("../SECURITY.md");

#[test]
fn every_row_names_tests_and_each_of_them_is_there() {
    let known = tests();
    assert!(known.len() > 500, "{}", known.len());
    let mut rows = 0;
    for row in rows_with("test") {
        let named = quoted(row.last().unwrap());
        assert!(!named.is_empty(), "no test: {row:?}");
        for name in named {
            assert!(known.contains(name), "{name} is no test: {row:?}");
        }
        rows += 1;
    }
    assert!(rows > 70, "{rows} rows");
}

#[test]
fn every_place_that_a_row_names_is_there() {
    let mut places = 0;
    for row in rows_with("where") {
        for place in quoted(row[2]) {
            assert!(exists(&root().join(place)), "{place} is not there: {row:?}");
            places += 1;
        }
    }
    assert!(places > 60, "{places} places");
}

/// The cells of all rows of the tables that have such a column.
fn rows_with(column: &str) -> Vec<Vec<&'static str>> {
    let mut found = Vec::new();
    let mut lines = SECURITY.lines().peekable();
    while let Some(line) = lines.next() {
        let is_header = lines.peek().is_some_and(|next| next.starts_with("| ---"));
        if !is_header || !cells(line).contains(&column) {
            continue;
        }
        lines.next();
        while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
            assert_eq!(cells(row).len(), cells(line).len(), "{row}");
            found.push(cells(row));
        }
    }
    found
}

fn cells(line: &str) -> Vec<&str> {
    let inside = line.trim_matches('|');
    inside.split('|').map(str::trim).collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Whether there is such a file or folder; `*` is any name.
fn exists(path: &Path) -> bool {
    let text = path.to_str().unwrap();
    match text.split_once("/*/") {
        None => path.exists(),
        Some((parent, rest)) => fs::read_dir(parent)
            .unwrap()
            .any(|entry| entry.unwrap().path().join(rest).exists()),
    }
}

/// The names of all tests in `src` and `tests`.
fn tests() -> BTreeSet<String> {
    let mut sources = Vec::new();
    for folder in ["src", "tests"] {
        collect(&root().join(folder), &mut sources);
    }
    let mut names = BTreeSet::new();
    for source in sources {
        let source = fs::read_to_string(source).unwrap();
        for behind in source.split("#[test]\n").skip(1) {
            let (_, function) = behind.split_once("fn ").unwrap();
            let (name, _) = function.split_once('(').unwrap();
            names.insert(name.to_owned());
        }
    }
    names
}

fn collect(folder: &Path, sources: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
