//! What a pass means: what both sides know of a case afterwards is what it is about, and the same.

use std::fmt;

use retrossl::pki_types::CertificateDer;
use retrossl::{Fingerprint, Side};

use super::conversation::{Known, Played, TEXT};
use super::{Case, Kind, Peer, Report};
use crate::Error;
use crate::people::People;
use crate::recording::to_hex;

/// Something that a peer tells and that was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    Version,
    Suite,
    Resumed,
    MasterSecret,
    Received,
    Certificate,
    Verified,
    CloseNotify,
}

impl Fact {
    pub const ALL: [Self; 8] = [
        Self::Version,
        Self::Suite,
        Self::Resumed,
        Self::MasterSecret,
        Self::Received,
        Self::Certificate,
        Self::Verified,
        Self::CloseNotify,
    ];
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "version",
            Self::Suite => "suite",
            Self::Resumed => "whether resumed",
            Self::MasterSecret => "master secret",
            Self::Received => "text received",
            Self::Certificate => "our certificate",
            Self::Verified => "whether verified",
            Self::CloseNotify => "our close_notify",
        })
    }
}

/// The facts that were compared in all of the case's connections; an error that says what is
/// wrong, on whichever side.
pub fn judge(
    case: &Case,
    peer: &dyn Peer,
    people: &People,
    played: &Played,
) -> Result<Vec<Fact>, Error> {
    let (ours, theirs) = match (&played.ours, &played.theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (ours, theirs) => {
            let [ours, theirs] = [said(ours), said(theirs)];
            return Err(format!("we: {ours}; they: {theirs}").into());
        }
    };
    let expected = case.kind.connections().len();
    if [ours.len(), theirs.len()] != [expected; 2] {
        return Err(format!("{} and {} connections", ours.len(), theirs.len()).into());
    }
    let mut facts = Fact::ALL.to_vec();
    for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let differences = [
            our_differences(case, at, peer, people, ours)?,
            their_differences(case, at, ours, theirs),
        ]
        .concat();
        if !differences.is_empty() {
            let differences = differences.join("; ");
            return Err(format!("connection {}: {differences}", at + 1).into());
        }
        facts.retain(|fact| tells(theirs, *fact));
    }
    Ok(facts)
}

fn said<T>(result: &Result<T, Error>) -> String {
    match result {
        Ok(_) => "nothing was wrong".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn our_differences(
    case: &Case,
    at: usize,
    peer: &dyn Peer,
    people: &People,
    ours: &Known,
) -> Result<Vec<String>, Error> {
    let chain = shown(case, people)?;
    let differences = [
        difference("version", &ours.version, &Some(case.spoken.version())),
        difference("suite", &to_hex(&ours.code), &to_hex(&case.spoken.code())),
        difference("resumed", &ours.resumption, &case.kind.connections()[at]),
        difference("handshakes", &ours.handshakes, &case.kind.handshakes()),
        difference("end", &ours.end, &peer.end(case.side.peer())),
        difference(
            "secure renegotiation",
            &ours.secure_renegotiation,
            &!case.spoken.is_ssl2(),
        ),
        difference("certificates", &names(&ours.certificates), &names(&chain)),
        difference(
            "length of the master secret",
            &ours.master_secret.len(),
            &case.spoken.master_secret_length(),
        ),
    ];
    Ok(named("we", differences))
}

/// What tells them apart.
fn names(chain: &[CertificateDer<'_>]) -> Vec<String> {
    let fingerprints = chain.iter().map(Fingerprint::of);
    fingerprints.map(|one| one.to_string()).collect()
}

/// The chain that we are shown.
fn shown(case: &Case, people: &People) -> Result<Vec<CertificateDer<'static>>, Error> {
    let member = match case.side {
        Side::Client => &people.server,
        Side::Server if case.kind == Kind::ClientCertificate => &people.client,
        Side::Server => return Ok(Vec::new()),
    };
    let mut chain = member.our_chain()?;
    if case.spoken.is_ssl2() {
        chain.truncate(1);
    }
    Ok(chain)
}

fn their_differences(case: &Case, at: usize, ours: &Known, theirs: &Report) -> Vec<String> {
    let resumed = case.kind.connections()[at].is_some();
    let certificate = match case.side {
        Side::Client if case.kind == Kind::ClientCertificate => Some("somebody".to_owned()),
        Side::Client => None,
        Side::Server => Some("localhost".to_owned()),
    };
    let hex = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(to_hex);
    let received = theirs.received.as_deref().map(String::from_utf8_lossy);
    let text = String::from_utf8_lossy(TEXT).repeat(case.texts());
    let differences = [
        told("version", &theirs.version, &case.spoken.version().wire()),
        told("suite", &hex(&theirs.code), &to_hex(&case.spoken.code())),
        told("resumed", &theirs.resumed, &resumed),
        told(
            "master secret",
            &hex(&theirs.master_secret),
            &to_hex(&ours.master_secret),
        ),
        told("received", &received, &text.into()),
        told("certificate", &theirs.certificate, &certificate),
        told("verified", &theirs.verified, &true),
        told("close_notify", &theirs.close_notify, &true),
    ];
    named("they", differences)
}

fn tells(report: &Report, fact: Fact) -> bool {
    match fact {
        Fact::Version => report.version.is_some(),
        Fact::Suite => report.code.is_some(),
        Fact::Resumed => report.resumed.is_some(),
        Fact::MasterSecret => report.master_secret.is_some(),
        Fact::Received => report.received.is_some(),
        Fact::Certificate => report.certificate.is_some(),
        Fact::Verified => report.verified.is_some(),
        Fact::CloseNotify => report.close_notify.is_some(),
    }
}

fn told<T: fmt::Debug + PartialEq>(what: &str, told: &Option<T>, expected: &T) -> Option<String> {
    difference(what, told.as_ref()?, expected)
}

fn difference<T: fmt::Debug + PartialEq>(what: &str, found: &T, expected: &T) -> Option<String> {
    (found != expected).then(|| format!("{what}: {found:?}, not {expected:?}"))
}

fn named<const N: usize>(who: &str, differences: [Option<String>; N]) -> Vec<String> {
    let differences = differences.into_iter().flatten();
    differences
        .map(|difference| format!("{who}: {difference}"))
        .collect()
}
