//! Writes `tests/data/replays`: conversations of ours with the matrix's peers, to be held again
//! without them.

mod of_all_versions;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};

use retrossl::{ProtocolVersion, Side};

use crate::Error;
use crate::certificate::Identity;
use crate::matrix::conversation::{self, TEXT};
use crate::matrix::{Case, Cast, Group, Kind, Peer, Spoken, Stage, peers};
use crate::people::{Member, People};
use crate::recording::Tape;
use crate::replay::file::{Cipher, End, Flight, Offer, Prompt, Replay, Scenario};
use crate::replay::our_side::{self, OurSide};
use crate::replay::{Conversation, Pieces, replay};
use of_all_versions::OfAllVersions;

/// Writes what is missing, and says so.
///
/// # Errors
/// What could not be recorded; the rest is there then.
pub fn write_missing(directory: &Path) -> Result<(), Error> {
    let mut failures = Vec::new();
    for partner in Partner::all() {
        let is_missing = |case: &Case| !directory.join(partner.path(case)).exists();
        for group in Group::divide(partner.peer, partner.cases().filter(is_missing)) {
            let mut cases = group.cases.iter().copied().peekable();
            while cases.peek().is_some() {
                if let Err(failure) = partner.write(&group, &mut cases, directory) {
                    println!("{failure}");
                    failures.push(failure.to_string());
                }
            }
        }
    }
    match &failures[..] {
        [] => Ok(()),
        _ => Err(failures.join("\n").into()),
    }
}

/// A peer, and what our side offers it.
#[derive(Clone, Copy)]
pub struct Partner {
    pub peer: &'static dyn Peer,
    offer: Offer,
}

impl Partner {
    pub fn all() -> impl Iterator<Item = Self> {
        let peers = peers::ALL.iter().map(|&peer| Self {
            peer,
            offer: Offer::Exact,
        });
        peers.chain([Self {
            peer: &OfAllVersions,
            offer: Offer::Everything,
        }])
    }

    /// What is to be recorded: with the one that has nearly all, everything there is; with the
    /// others, a few suites.
    pub fn cases(self) -> impl Iterator<Item = Case> {
        let has_all = self.peer.short_name() == HAS_ALL && self.offer == Offer::Exact;
        Case::all().filter(move |case| {
            let usual = REPRESENTATIVES.contains(&case.spoken.name());
            let wanted = match case.kind {
                Kind::Full => {
                    let ephemeral = case.spoken.is_export() && !self.peer.has_short_key();
                    has_all || usual || ephemeral || case.spoken.name() == NEWEST
                }
                Kind::RenegotiatedByThem => usual,
                _ => usual && (has_all || case.spoken.version() == ProtocolVersion::TLSv1_2),
            };
            wanted
                && case.absence().is_none()
                && self.peer.kinds().contains(&case.kind)
                && self.peer.cannot(case).is_none()
        })
    }

    /// The case's file.
    pub fn path(self, case: &Case) -> PathBuf {
        Path::new(self.peer.short_name()).join(self.scenario(case).path())
    }

    /// Until one fails: after that nobody knows what the peer would do next.
    fn write(
        self,
        group: &Group,
        cases: &mut impl Iterator<Item = Case>,
        directory: &Path,
    ) -> Result<(), Error> {
        let failed = |what: &dyn std::fmt::Display, error| {
            Error::from(format!("{}, {what}: {error}", self.peer.name()))
        };
        let cast = cast(group.side)?;
        let mut stage = Stage::open(self.peer, group, &cast).map_err(|error| {
            cases.by_ref().for_each(drop);
            failed(group, error)
        })?;
        for case in cases {
            let recorded = self.record(&mut stage, &case);
            let recorded = recorded.map_err(|error| failed(&case, error))?;
            let path = directory.join(self.path(&case));
            fs::create_dir_all(path.parent().expect("it is in a directory"))?;
            fs::write(&path, recorded.to_text())?;
            println!("{}, {case}", self.peer.name());
        }
        Ok(())
    }

    /// Plays the case, and holds its conversations again at once, however they are cut.
    pub fn record(self, stage: &mut Stage<'_>, case: &Case) -> Result<Replay, Error> {
        let peer = self.peer;
        let scenario = self.scenario(case);
        let side = OurSide::new(&scenario)?;
        let mut numbers = 0..;
        let (ours, theirs) = stage.meet(case, |transport| {
            let number = numbers.next().expect("there is no end of them");
            converse(&scenario, &side, number, transport)
        });
        let conversations = match (ours, theirs) {
            (Ok(conversations), Ok(_)) => conversations,
            (Ok(_), Err(theirs)) => return Err(theirs),
            (Err(ours), Ok(_)) => return Err(ours),
            (Err(ours), Err(theirs)) => return Err(format!("{ours}; they: {theirs}").into()),
        };
        let (name, origin, version) = (peer.name(), peer.origin(), peer.version()?);
        let recorded = Replay {
            comments: vec![
                case.to_string(),
                format!("With {name}, {origin} ({version})."),
            ],
            scenario: scenario.clone(),
            conversations,
        };
        for pieces in [Pieces::Whole, Pieces::Bytes] {
            replay(&recorded, pieces)?;
        }
        Ok(recorded)
    }

    /// What the case is, with everything in it fixed.
    fn scenario(self, case: &Case) -> Scenario {
        let Self { peer, offer } = self;
        let short = Group::of(peer, case).short_key;
        let [earlier @ .., last] = case.kind.connections() else {
            unreachable!("a case has a connection");
        };
        let mut scenario = Scenario {
            role: case.side,
            offer,
            version: case.spoken.version(),
            cipher: match case.spoken {
                Spoken::Ssl2(cipher) => Cipher::Kind(cipher.kind()),
                Spoken::Later(combination) => Cipher::Suite(combination.suite),
            },
            server_certificate: if short { SHORT } else { SERVER },
            client_certificate: (case.kind == Kind::ClientCertificate).then_some(CLIENT),
            resumed_by: last.filter(|_| !earlier.is_empty()),
            renegotiated_by: match case.kind {
                Kind::RenegotiatedByUs => Some(case.side),
                Kind::RenegotiatedByThem => Some(case.side.peer()),
                _ => None,
            },
            seed: 0,
            now: NOW,
            text: TEXT.to_vec(),
            answer: TEXT.to_vec(),
            prompt: match case {
                Case {
                    side: Side::Client,
                    kind: Kind::RenegotiatedByThem,
                    ..
                } => peer.prompt().map(|prompt| Prompt {
                    text: prompt.text.to_vec(),
                    answer: prompt.answer.to_vec(),
                }),
                _ => None,
            },
            their_end: match peer.end(case.side.peer()) {
                conversation::End::AsItShould if !case.spoken.is_ssl2() => End::CloseNotify,
                _ => End::Transport,
            },
        };
        // The same each time, and another one in each file.
        let name = format!("{}/{}", peer.short_name(), scenario.path().display());
        let [a, b, c, d, ..] = openssl::sha::sha256(name.as_bytes());
        scenario.seed = u32::from_be_bytes([a, b, c, d]).into();
        scenario
    }
}

const NEWEST: &str = "TLS_RSA_WITH_AES_256_GCM_SHA384";

/// The lengths in bits of the test certificates' keys.
const SHORT: usize = 512;
const SERVER: usize = 1024;
const CLIENT: usize = 2048;

/// The beginning of 2027, when the test certificates are valid.
const NOW: u64 = 1_798_761_600;

/// Everybody is their own authority, and whoever verifies our side trusts it.
pub fn cast(ours: Side) -> Result<Cast, Error> {
    let member = |bits| -> Result<Member, Error> {
        let (certificate, key) = our_side::pem(bits);
        let identity = Identity::from_pem(certificate, key)?;
        Ok(Member {
            authority: identity.clone(),
            identity,
        })
    };
    let (server, client) = (member(SERVER)?, member(CLIENT)?);
    let people = People {
        root: match ours {
            Side::Client => client.identity.clone(),
            Side::Server => server.identity.clone(),
        },
        server,
        client,
    };
    let with_short_key = People {
        server: member(SHORT)?,
        ..people.clone()
    };
    Ok(Cast {
        people,
        with_short_key,
    })
}

/// Holds a scenario's conversation `number` over `transport`, and writes it down.
fn converse(
    scenario: &Scenario,
    side: &OurSide,
    number: usize,
    mut transport: TcpStream,
) -> Result<Vec<Flight>, Error> {
    let mut conversation = Conversation::new(scenario, side)?;
    let mut tape = Tape::default();
    let mut piece = [0; 4096];
    let mut has_ended = false;
    loop {
        let bytes = conversation.take();
        tape.push(scenario.role, &bytes);
        transport.write_all(&bytes)?;
        if conversation.has_closed() && !has_ended && scenario.version == ProtocolVersion::SSLv2 {
            // It has no close_notify: the end is the transport's.
            transport.shutdown(Shutdown::Write)?;
            has_ended = true;
        }
        if conversation.is_over() {
            break;
        }
        let n = transport.read(&mut piece)?;
        tape.push(scenario.role.peer(), &piece[..n]);
        conversation.receive(&piece[..n])?;
    }
    conversation.check(number)?;
    tape.into_flights()
}

const HAS_ALL: &str = "openssl-1.0.1e";

/// At SSL 2.0, and at later versions.
const REPRESENTATIVES: [&str; 2] = [
    "SSL_CK_DES_192_EDE3_CBC_WITH_MD5",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
];
