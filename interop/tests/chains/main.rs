//! Our verdict on a chain and that of `openssl verify`, side by side. Where they differ, the case
//! says why.

mod algorithms;
mod constraints;
mod names;
mod opinions;
mod paths;
mod revocation;
mod usages;
mod workshop;

use std::path::Path;

use interop::Error;
use opinions::{Case, Verdict};
use workshop::{Issued, Key, Template, Workshop};

/// What most chains are made of.
struct Pki {
    workshop: Workshop,
    root: Issued,
    sub: Issued,
    /// In the root's name, with another key.
    impostor: Issued,
}

impl Pki {
    fn new(directory: &Path) -> Result<Self, Error> {
        let mut workshop = Workshop::new(directory)?;
        let root = workshop.self_signed(&Template::authority(ROOT, Key::ROOT))?;
        let sub = workshop.issue(&root, &Template::authority(SUB, Key::SUB))?;
        let impostor = workshop.self_signed(&Template::authority(ROOT, Key::OTHER))?;
        Ok(Self {
            workshop,
            root,
            sub,
            impostor,
        })
    }

    /// Below the root.
    fn authority(&mut self, template: &Template) -> Result<Issued, Error> {
        self.workshop.issue(&self.root, template)
    }

    /// Below the intermediate authority.
    fn leaf(&mut self, template: &Template) -> Result<Issued, Error> {
        self.workshop.issue(&self.sub, template)
    }

    /// The chain of three with this leaf.
    fn with_leaf(&mut self, name: &'static str, template: &Template) -> Result<Case, Error> {
        let leaf = self.leaf(template)?;
        Ok(Case::new(name, &[&leaf, &self.sub], &[&self.root]))
    }

    /// The chain of three with this intermediate authority.
    fn with_sub(&mut self, name: &'static str, template: &Template) -> Result<Case, Error> {
        let sub = self.authority(template)?;
        let leaf = self.workshop.issue(&sub, &server())?;
        Ok(Case::new(name, &[&leaf, &sub], &[&self.root]))
    }

    /// A leaf directly below this root.
    fn with_root(&mut self, name: &'static str, template: &Template) -> Result<Case, Error> {
        let root = self.workshop.self_signed(template)?;
        let leaf = self.workshop.issue(&root, &server())?;
        Ok(Case::new(name, &[&leaf], &[&root]))
    }
}

const ROOT: &str = "/O=Example/CN=Root";
const SUB: &str = "/O=Example/CN=Sub";

/// For the host that everybody asks for.
fn server() -> Template {
    Template::server("DNS:www.example.com")
}

fn sub() -> Template {
    Template::authority(SUB, Key::SUB)
}

#[test]
fn our_verdict_and_that_of_openssl() -> Result<(), Error> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("chains");
    let mut pki = Pki::new(&directory)?;
    let mut cases = Vec::new();
    for table in [
        algorithms::cases,
        paths::cases,
        constraints::cases,
        usages::cases,
        names::cases,
        revocation::cases,
    ] {
        cases.extend(table(&mut pki)?);
    }
    let surprises = surprises(&cases, &directory)?;
    assert!(surprises.is_empty(), "\n{}", surprises.join("\n"));
    let differences = cases.iter().filter(|case| case.why.is_some()).count();
    assert_eq!((cases.len(), differences), (168, 27));
    Ok(())
}

/// The cases of which a verdict is not the expected one, or differs without a reason.
fn surprises(cases: &[Case], directory: &Path) -> Result<Vec<String>, Error> {
    let mut surprises = Vec::new();
    for case in cases {
        let (ours, theirs) = (case.our_opinion()?, case.their_opinion(directory)?);
        let why = case.why.unwrap_or_default();
        let verdicts = format!("{:<8} {:<8}", word(&ours), word(&theirs));
        println!("{:<44} {verdicts} {why}", case.name);
        let differ = ours.is_ok() != theirs.is_ok();
        if !is(case.ours, &ours) || !is(case.theirs, &theirs) || differ == why.is_empty() {
            let name = case.name;
            surprises.push(format!("{name}:\n  we: {ours:?}\n  they: {theirs:?}"));
        }
    }
    Ok(surprises)
}

fn is(expected: Verdict, verdict: &Result<(), String>) -> bool {
    match (expected, verdict) {
        (Ok(()), Ok(())) => true,
        (Err(words), Err(reason)) => reason.contains(words),
        _ => false,
    }
}

fn word(verdict: &Result<(), String>) -> &'static str {
    match verdict {
        Ok(()) => "good",
        Err(_) => "refused",
    }
}
