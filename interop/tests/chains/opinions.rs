//! Two opinions of a chain: ours and that of `openssl verify`.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use interop::Error;
use retrossl::client::{ServerToVerify, ServerVerifier};
use retrossl::pki_types::pem::PemObject;
use retrossl::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use retrossl::server::{ClientToVerify, ClientVerifier};
use retrossl::{PathVerifier, Policy, RevocationList, RootStore};

use crate::workshop::{Issued, run, text};

/// 2026-01-01.
const NOW: u64 = 1_767_225_600;

pub const HOST: &str = "www.example.com";

/// Accepted, or refused with these words in the reason.
pub type Verdict = Result<(), &'static str>;

/// A chain and what is to be said of it.
pub struct Case {
    pub name: &'static str,
    chain: Vec<Issued>,
    roots: Vec<Issued>,
    lists: Vec<PathBuf>,
    /// `None` for a client's certificate.
    host: Option<&'static str>,
    policy: Policy,
    /// OpenSSL's word for what is too weak; 0 accepts everything.
    auth_level: &'static str,
    pub ours: Verdict,
    pub theirs: Verdict,
    /// Why the verdicts differ, where they do.
    pub why: Option<&'static str>,
}

impl Case {
    /// A server's, under the widest policy; accepted by both unless told otherwise.
    pub fn new(name: &'static str, chain: &[&Issued], roots: &[&Issued]) -> Self {
        let owned = |certificates: &[&Issued]| certificates.iter().copied().cloned().collect();
        Self {
            name,
            chain: owned(chain),
            roots: owned(roots),
            lists: Vec::new(),
            host: Some(HOST),
            policy: Policy::EVERYTHING,
            auth_level: "0",
            ours: Ok(()),
            theirs: Ok(()),
            why: None,
        }
    }

    pub fn of_client(self) -> Self {
        Self { host: None, ..self }
    }

    pub fn asked_for(self, host: &'static str) -> Self {
        let host = Some(host);
        Self { host, ..self }
    }

    /// Our policy, and the level of OpenSSL's that comes near it.
    pub fn under(self, policy: Policy, auth_level: &'static str) -> Self {
        Self {
            policy,
            auth_level,
            ..self
        }
    }

    pub fn lists(self, lists: &[&PathBuf]) -> Self {
        let lists = lists.iter().copied().cloned().collect();
        Self { lists, ..self }
    }

    pub fn both_refuse(self, ours: &'static str, theirs: &'static str) -> Self {
        Self {
            ours: Err(ours),
            theirs: Err(theirs),
            ..self
        }
    }

    pub fn only_we_accept(self, theirs: &'static str, why: &'static str) -> Self {
        Self {
            theirs: Err(theirs),
            why: Some(why),
            ..self
        }
    }

    pub fn only_they_accept(self, ours: &'static str, why: &'static str) -> Self {
        Self {
            ours: Err(ours),
            why: Some(why),
            ..self
        }
    }

    /// What we say.
    pub fn our_opinion(&self) -> Result<Result<(), String>, Error> {
        let chain = ders(&self.chain)?;
        let mut roots = RootStore::new();
        for root in ders(&self.roots)? {
            roots.add(root)?;
        }
        let mut lists = Vec::new();
        for path in &self.lists {
            let der = CertificateRevocationListDer::from_pem_file(path)?;
            lists.push(RevocationList::from_der(&der)?);
        }
        let verifier = PathVerifier::new(roots).revocation_lists(lists);
        let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
        let verdict = match self.host {
            Some(host) => {
                let host = ServerName::try_from(host)?;
                verifier.verify_server(&ServerToVerify::new(&chain, &host, now, &self.policy))
            }
            None => verifier.verify_client(&ClientToVerify::new(&chain, now, &self.policy)),
        };
        Ok(verdict.map_err(|error| error.to_string()))
    }

    /// What `openssl verify` says, with its files in `directory`.
    pub fn their_opinion(&self, directory: &Path) -> Result<Result<(), String>, Error> {
        fs::create_dir_all(directory)?;
        let write = |name: &str, pems: Vec<&PathBuf>| -> Result<String, Error> {
            let path = directory.join(name);
            let mut bundle = String::new();
            for pem in pems {
                bundle += &fs::read_to_string(pem)?;
            }
            fs::write(&path, bundle)?;
            Ok(text(&path)?.to_owned())
        };
        let pems = |certificates: &'_ [Issued]| -> Vec<PathBuf> {
            certificates.iter().map(|one| one.pem.clone()).collect()
        };
        let roots = write("roots.pem", pems(&self.roots).iter().collect())?;
        let others = write("others.pem", pems(&self.chain[1..]).iter().collect())?;
        let lists = write("lists.pem", self.lists.iter().collect())?;
        let now = NOW.to_string();
        let mut arguments = vec![
            "verify",
            "-no-CApath",
            "-no-CAstore",
            "-CAfile",
            &roots,
            "-attime",
            &now,
            "-auth_level",
            self.auth_level,
        ];
        if self.chain.len() > 1 {
            arguments.extend(["-untrusted", &others]);
        }
        if !self.lists.is_empty() {
            arguments.extend(["-crl_check_all", "-CRLfile", &lists]);
        }
        match self.host {
            Some(host) if host.parse::<IpAddr>().is_ok() => arguments.extend(["-verify_ip", host]),
            Some(host) => arguments.extend(["-verify_hostname", host]),
            None => {}
        }
        let purpose = self.host.map_or("sslclient", |_| "sslserver");
        arguments.extend(["-purpose", purpose, text(&self.chain[0].pem)?]);
        let output = run(&arguments)?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.code() {
            Some(0) => Ok(Ok(())),
            // What it would not even read is no verdict.
            Some(2) if said.contains("verification failed") => Ok(Err(said)),
            _ => Err(format!("{}: openssl verify: {}\n{said}", self.name, output.status).into()),
        }
    }
}

fn ders(certificates: &[Issued]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = |one: &Issued| Ok(CertificateDer::from_pem_file(&one.pem)?);
    certificates.iter().map(read).collect()
}
