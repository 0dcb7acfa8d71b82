//! The matrix can fail, and says what it did not run.

use std::fs;
use std::process::Command;

use interop::Error;
use interop::certificate::Hash;
use interop::matrix::conversation::{End, Known, Played, Surroundings};
use interop::matrix::run::{Outcome, Results, run};
use interop::matrix::verdict::judge;
use interop::matrix::{
    Case, Cast, Client, Group, Kind, Peer, Report, Server, Spoken, Stage, peers, table,
};
use interop::people::People;
use retrossl::{ProtocolVersion, Side};

/// OpenSSL 3.6, but for this.
#[derive(Clone, Copy)]
enum Odd {
    /// Its server has AES-256 where AES-128 is asked for.
    Stubborn,
    /// Its reports name another master secret.
    Lying,
    /// It cannot be had.
    Missing,
}

fn openssl() -> &'static dyn Peer {
    let found = peers::ALL
        .iter()
        .find(|peer| peer.short_name() == "openssl-3.6");
    *found.expect("one of them")
}

impl Peer for Odd {
    fn name(&self) -> &'static str {
        "Odd"
    }

    fn short_name(&self) -> &'static str {
        match self {
            Self::Stubborn => "stubborn",
            Self::Lying => "lying",
            Self::Missing => "missing",
        }
    }

    fn origin(&self) -> &'static str {
        "here"
    }

    fn version(&self) -> Result<String, Error> {
        match self {
            Self::Missing => Err("there is none".into()),
            _ => openssl().version(),
        }
    }

    fn cannot(&self, case: &Case) -> Option<&'static str> {
        openssl().cannot(case)
    }

    fn server(&self, group: &Group, people: &People) -> Result<Box<dyn Server>, Error> {
        let mut group = group.clone();
        if let Self::Stubborn = self {
            for case in &mut group.cases {
                case.spoken = spoken("TLS_RSA_WITH_AES_256_CBC_SHA");
            }
        }
        let server = openssl().server(&group, people)?;
        Ok(match self {
            Self::Lying => Box::new(LyingServer(server)),
            _ => server,
        })
    }

    fn client(&self, group: &Group, people: &People, port: u16) -> Result<Box<dyn Client>, Error> {
        openssl().client(group, people, port)
    }
}

struct LyingServer(Box<dyn Server>);

impl Server for LyingServer {
    fn port(&self) -> u16 {
        self.0.port()
    }

    fn serve(&mut self, case: &Case) -> Result<Vec<Report>, Error> {
        let mut reports = self.0.serve(case)?;
        for report in &mut reports {
            report.master_secret = Some(vec![0; 48]);
        }
        Ok(reports)
    }
}

fn spoken(name: &str) -> Spoken {
    let is_it = |one: &Spoken| one.name() == name && one.version() == ProtocolVersion::TLSv1_0;
    Spoken::all().find(is_it).expect("one of them")
}

fn is_one(case: &Case) -> bool {
    case.side == Side::Client
        && case.kind == Kind::Full
        && case.spoken == spoken("TLS_RSA_WITH_AES_128_CBC_SHA")
}

fn outcome_with(odd: &'static Odd) -> Result<(Results, Outcome), Error> {
    let mut all = run(&[odd], is_one, 1, &|_| {})?;
    let results = all.pop().ok_or("one peer")?;
    let [(_, outcome)] = &results.outcomes[..] else {
        return Err("one case".into());
    };
    let outcome = outcome.clone();
    Ok((results, outcome))
}

#[test]
fn a_server_with_another_suite_fails_and_its_bytes_are_kept() -> Result<(), Error> {
    let (results, outcome) = outcome_with(&Odd::Stubborn)?;
    let Outcome::Failed { reason, kept } = outcome else {
        return Err(format!("{outcome:?}").into());
    };
    assert!(reason.contains("handshake_failure"), "{reason}");
    assert!(reason.contains("no shared cipher"), "{reason}");
    let text = fs::read_to_string(kept.ok_or("not kept")?)?;
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    // A ClientHello; an alert.
    let [hello, alert] = lines[..] else {
        return Err(text.into());
    };
    assert!(hello.starts_with("we = 160301"), "{text}");
    assert_eq!(alert, "they = 15030100020228");
    assert_eq!(results.passed(), 0);
    assert!(table::section(&results).contains("**✗ 1**: our client, TLSv1.0"));
    Ok(())
}

#[test]
fn a_peer_that_tells_something_else_fails() -> Result<(), Error> {
    let (_, outcome) = outcome_with(&Odd::Lying)?;
    let Outcome::Failed { reason, kept } = outcome else {
        return Err(format!("{outcome:?}").into());
    };
    assert!(reason.contains("they: master secret: \"0000"), "{reason}");
    assert!(kept.is_some());
    Ok(())
}

#[test]
fn a_peer_that_is_not_there_is_not_run() -> Result<(), Error> {
    let (results, outcome) = outcome_with(&Odd::Missing)?;
    assert!(matches!(outcome, Outcome::NotRun));
    assert_eq!((results.passed(), results.not_run()), (0, 1));
    let section = table::section(&results);
    assert!(section.contains("**not run here**: there is none"));
    assert!(section.contains("| not run |"), "{section}");
    Ok(())
}

/// Whatever one side says that is not as it should be.
#[test]
fn every_fact_counts() -> Result<(), Error> {
    let peer = openssl();
    let cast = Cast::new(1024, Hash::Sha1)?;
    let case = Case {
        side: Side::Client,
        spoken: spoken("TLS_RSA_WITH_AES_128_CBC_SHA"),
        kind: Kind::ClientCertificate,
    };
    let mut stage = Stage::open(peer, &Group::of(peer, &case), &cast)?;
    let played = stage.play(&case, &Surroundings::default())?;
    let judged = |ours: &Known, theirs: &Report| {
        let played = Played {
            crossed: Vec::new(),
            ours: Ok(vec![ours.clone()]),
            theirs: Ok(vec![theirs.clone()]),
        };
        judge(&case, peer, &cast.people, &played).map_err(|error| error.to_string())
    };
    let ([ours], [theirs]) = (&played.ours?[..], &played.theirs?[..]) else {
        return Err("one connection".into());
    };
    assert_eq!(judged(ours, theirs).map(|facts| facts.len()), Ok(8));

    let changes: [Change<Known>; 8] = [
        ("version", |known| known.version = None),
        ("suite", |known| known.code = vec![0, 0x35]),
        ("resumed", |known| {
            known.resumption = Some(retrossl::Resumption::Ticket)
        }),
        ("handshakes", |known| known.handshakes = 2),
        ("certificates", |known| known.certificates.truncate(1)),
        ("length of the master secret", |known| {
            known.master_secret.clear()
        }),
        ("secure renegotiation", |known| {
            known.secure_renegotiation = false
        }),
        ("end", |known| known.end = End::WithoutCloseNotify),
    ];
    for (what, change) in changes {
        let mut known = ours.clone();
        change(&mut known);
        let error = judged(&known, theirs).expect_err(what);
        assert!(error.contains(&format!("we: {what}: ")), "{what}: {error}");
    }
    let changes: [Change<Report>; 8] = [
        ("version", |report| report.version = Some(0x0302)),
        ("suite", |report| report.code = Some(vec![0, 0x35])),
        ("resumed", |report| report.resumed = Some(true)),
        ("master secret", |report| {
            report.master_secret = Some(vec![1; 48])
        }),
        ("received", |report| {
            report.received = Some(b"else".to_vec())
        }),
        ("certificate", |report| report.certificate = Some(None)),
        ("verified", |report| report.verified = Some(false)),
        ("close_notify", |report| report.close_notify = Some(false)),
    ];
    for (what, change) in changes {
        let mut report = theirs.clone();
        change(&mut report);
        let error = judged(ours, &report).expect_err(what);
        assert!(
            error.contains(&format!("they: {what}: ")),
            "{what}: {error}"
        );
    }
    Ok(())
}

/// What is changed, and how.
type Change<T> = (&'static str, fn(&mut T));

/// Of the program; a machine without any programs has no OpenSSL 3.0.
#[test]
fn the_exit_status_tells_what_was_not_run() -> Result<(), Error> {
    let interop = || {
        let mut interop = Command::new(env!("CARGO_BIN_EXE_interop"));
        interop.args([
            "--suite",
            "TLS_RSA_WITH_AES_128_CBC_SHA,CK_RC4",
            "--kind",
            "full",
        ]);
        interop.args(["--version", "tls1.0,ssl2", "--role", "client"]);
        interop
    };
    let before = fs::read_to_string(table::file())?;
    let output = interop().args(["--peer", "openssl-3.6"]).output()?;
    let said = String::from_utf8(output.stdout)?;
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("[  1/1] OpenSSL 3.6, our client, TLSv1.0, full: 1 passed"),
        "{said}"
    );

    let without = interop()
        .args(["--peer", "openssl-3.0"])
        .env("PATH", "")
        .output()?;
    let said = String::from_utf8(without.stdout)?;
    assert_eq!(without.status.code(), Some(3), "{said}");
    assert!(said.contains("NOT RUN: "), "{said}");
    assert!(said.contains("left as it is"), "{said}");
    assert!(before == fs::read_to_string(table::file())?);

    let list = interop()
        .args(["--peer", "openssl-3.6", "--list"])
        .output()?;
    let said = String::from_utf8(list.stdout)?;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines,
        [
            "openssl-3.6: our client, SSLv2, SSL_CK_RC4_128_WITH_MD5, full: the peer cannot: \
             OpenSSL 3 has no SSL 2.0",
            "openssl-3.6: our client, SSLv2, SSL_CK_RC4_128_EXPORT40_WITH_MD5, full: the peer \
             cannot: OpenSSL 3 has no SSL 2.0",
            "openssl-3.6: our client, TLSv1.0, TLS_RSA_WITH_AES_128_CBC_SHA, full",
        ]
    );
    Ok(())
}
