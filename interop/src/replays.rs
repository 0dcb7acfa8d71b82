//! Writes `tests/data/replays`: conversations of ours with the matrix's peers, to be held again
//! without them.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;

use retrossl::{ProtocolVersion, Side};

use crate::Error;
use crate::certificate::Identity;
use crate::matrix::conversation::{self, TEXT};
use crate::matrix::{Case, Cast, Group, Kind, Peer, Spoken, Stage, peers};
use crate::people::{Member, People};
use crate::recording::Tape;
use crate::replay::file::{Cipher, End, Flight, Offer, Replay, Scenario};
use crate::replay::our_side::{self, OurSide};
use crate::replay::{Conversation, Pieces, replay};

/// Writes what is missing, and says so.
///
/// # Errors
/// What could not be recorded; the rest is there then.
pub fn write_missing(directory: &Path) -> Result<(), Error> {
    let mut failures = Vec::new();
    for &peer in peers::ALL {
        let directory = directory.join(peer.short_name());
        let is_missing = |case: &Case| !directory.join(scenario(peer, case).path()).exists();
        for group in Group::divide(cases(peer).filter(is_missing)) {
            let mut cases = group.cases().peekable();
            while cases.peek().is_some() {
                if let Err(failure) = write_until_failure(peer, &group, &mut cases, &directory) {
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

/// After a failure nobody knows what the peer would do next.
fn write_until_failure(
    peer: &dyn Peer,
    group: &Group,
    cases: &mut impl Iterator<Item = Case>,
    directory: &Path,
) -> Result<(), Error> {
    let failed = |what: &dyn std::fmt::Display, error| format!("{}, {what}: {error}", peer.name());
    let cast = cast(group.side)?;
    let mut stage = match Stage::open(peer, group, &cast) {
        Ok(stage) => stage,
        Err(error) => {
            cases.by_ref().for_each(drop);
            return Err(failed(group, error).into());
        }
    };
    for case in cases {
        let replay = record(&mut stage, peer, &case).map_err(|error| failed(&case, error))?;
        let path = directory.join(replay.scenario.path());
        fs::create_dir_all(path.parent().expect("it is in a directory"))?;
        fs::write(&path, replay.to_text())?;
        println!("{}, {case}", peer.name());
    }
    Ok(())
}

/// What is to be recorded with a peer: with the one that has nearly all, everything there is;
/// with the others, one suite.
fn cases(peer: &dyn Peer) -> impl Iterator<Item = Case> {
    let has_all = peer.short_name() == HAS_ALL;
    Case::all().filter(move |case| {
        let usual = REPRESENTATIVES.contains(&case.spoken.name());
        let wanted = match case.kind {
            Kind::Full => has_all || usual || case.spoken.is_export(),
            Kind::RenegotiatedByThem => usual,
            _ => usual && (has_all || case.spoken.version() == ProtocolVersion::TLSv1_2),
        };
        wanted
            && case.absence().is_none()
            && peer.kinds().contains(&case.kind)
            && peer.cannot(case).is_none()
    })
}

const HAS_ALL: &str = "openssl-1.0.1e";

/// At SSL 2.0, and at later versions.
const REPRESENTATIVES: [&str; 2] = [
    "SSL_CK_DES_192_EDE3_CBC_WITH_MD5",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
];

/// What the case is, with everything in it fixed.
pub fn scenario(peer: &dyn Peer, case: &Case) -> Scenario {
    let short = case.side == Side::Client && case.spoken.is_export() && peer.has_short_key();
    let [connections @ .., last] = case.kind.connections() else {
        unreachable!("a case has a connection");
    };
    let mut scenario = Scenario {
        role: case.side,
        offer: Offer::Exact,
        version: case.spoken.version(),
        cipher: match case.spoken {
            Spoken::Ssl2(cipher) => Cipher::Kind(cipher.kind()),
            Spoken::Later(combination) => Cipher::Suite(combination.suite),
        },
        server_certificate: if short { SHORT } else { SERVER },
        client_certificate: (case.kind == Kind::ClientCertificate).then_some(CLIENT),
        resumed_by: last.filter(|_| !connections.is_empty()),
        renegotiated_by: match case.kind {
            Kind::RenegotiatedByUs => Some(case.side),
            Kind::RenegotiatedByThem => Some(case.side.peer()),
            _ => None,
        },
        seed: 0,
        now: NOW,
        text: TEXT.to_vec(),
        answer: TEXT.to_vec(),
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

/// The lengths in bits of the test certificates' keys.
const SHORT: usize = 512;
const SERVER: usize = 1024;
const CLIENT: usize = 2048;

/// The beginning of 2027, when the test certificates are valid.
const NOW: u64 = 1_798_761_600;

/// Everybody is their own authority, and whoever verifies our side trusts it.
fn cast(ours: Side) -> Result<Cast, Error> {
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

/// Plays the case, and holds its conversations again at once, however they are cut.
pub fn record(stage: &mut Stage<'_>, peer: &dyn Peer, case: &Case) -> Result<Replay, Error> {
    let scenario = scenario(peer, case);
    let side = OurSide::new(&scenario)?;
    let mut number = 0..;
    let (ours, theirs) = stage.meet(case, |transport| {
        let number = number.next().expect("there is no end of them");
        converse(&scenario, &side, number, transport)
    });
    let conversations = match (ours, theirs) {
        (Ok(conversations), Ok(_)) => conversations,
        (Ok(_), Err(theirs)) => return Err(theirs),
        (Err(ours), Ok(_)) => return Err(ours),
        (Err(ours), Err(theirs)) => return Err(format!("{ours}; they: {theirs}").into()),
    };
    let recorded = Replay {
        comments: vec![
            case.to_string(),
            format!("With {} {}", peer.name(), peer.origin()),
        ],
        scenario: scenario.clone(),
        conversations,
    };
    for pieces in [Pieces::Whole, Pieces::Bytes] {
        replay(&recorded, pieces)?;
    }
    Ok(recorded)
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
