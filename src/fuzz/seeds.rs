//! What the fuzzers start from: the recordings and the replays in `tests/data`, and conversations
//! of both sides of this crate, each in the form of its target.
//!
//! `fuzz/seed` writes them.

mod paths;
#[allow(dead_code, reason = "what writes replays is not needed here")]
#[path = "../../tests/replay/file.rs"]
mod replay;
mod scripts;
mod seen;

use std::fs;
use std::io::Write;
use std::path::Path;

pub(super) use seen::Seen;

use super::input::Input;
use super::messages::reader;
use super::parties::{self, Parties, meet};
use super::terms::{self, Terms, flag};
use super::watched::take;
use crate::connection::Connection;
use crate::session::{Context, Resumable, Session, Ssl2Session};
use crate::side::Side;
use crate::testing::recordings::Recording;
use crate::{CipherKind, CipherSuite, Clock, ProtocolVersion, Resumption, TicketKeys};
use replay::{Cipher, Flight, Offer, Replay, Scenario};

/// One file of a corpus: its target, its name, and what is in it.
pub(super) struct Seed {
    pub(super) target: &'static str,
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

pub(super) fn all() -> Vec<Seed> {
    let mut seeds = Seeds(Vec::new());
    for recording in Recording::all() {
        seeds.recording(&recording, &terms_of(&recording));
    }
    for recording in Recording::all_of_ssl2() {
        seeds.recording(&recording, &ssl2_terms_of(&recording));
    }
    let replays = Replay::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/replays"));
    for (path, replay) in replays.unwrap_or_else(|problem| panic!("{problem}")) {
        let name = path.with_extension("").display().to_string();
        seeds.replay(&name.replace('/', "-"), &replay);
    }
    for (name, terms) in conversations() {
        seeds.wire(&name, terms);
        seeds.talks(&name, &terms);
        seeds.disturbances(&name, &terms);
    }
    for (name, terms) in differences() {
        seeds.wire(&name, terms);
        seeds.talks(&name, &terms);
    }
    seeds.crafted_hellos();
    seeds.stored_sessions();
    seeds.certificates();
    seeds.0
}

impl Seed {
    /// Writes the file, in its target's directory.
    pub(super) fn write(&self, directory: &Path) -> std::io::Result<()> {
        let target = directory.join(self.target);
        fs::create_dir_all(&target)?;
        fs::write(target.join(&self.name), &self.bytes)
    }
}

struct Seeds(Vec<Seed>);

impl Seeds {
    fn add(&mut self, target: &'static str, name: impl Into<String>, parts: &[&[u8]]) {
        let name = name.into();
        let bytes = parts.concat();
        self.0.push(Seed {
            target,
            name,
            bytes,
        });
    }

    /// For one side, or for either at SSL 2.0.
    fn connection(&mut self, side: Side, name: &str, mode: u8, terms: &[u8; 7], parts: &[&[u8]]) {
        let target = match side {
            Side::Client => "client",
            Side::Server => "server",
        };
        let parts = parts.concat();
        self.add(target, name, &[&[mode], terms, &parts]);
        if [terms::VERSIONS_ALL, terms::VERSIONS_SSL2].contains(&terms[0])
            || terms[0] == terms::VERSIONS_ALL_BY_SSL2_HELLO
        {
            let role = u8::from(side == Side::Server);
            let versions = match terms[0] {
                terms::VERSIONS_SSL2 => 0,
                terms::VERSIONS_ALL => 2,
                _ => 3,
            };
            let rest = &terms[1..];
            let name = format!("{target}-{name}");
            self.add("ssl2", name, &[&[role, mode, versions], rest, &parts]);
        }
    }

    fn recording(&mut self, recording: &Recording, terms: &[u8; 7]) {
        for side in [Side::Client, Side::Server] {
            let from = recording.records.iter().filter(|(from, _)| *from != side);
            let wire: Vec<u8> = from.flat_map(|(_, record)| record.clone()).collect();
            self.foreign(side, &format!("recorded-{}", recording.name), terms, &wire);
        }
    }

    fn replay(&mut self, name: &str, replay: &Replay) {
        let terms = terms_of_replay(&replay.scenario);
        for (number, flights) in replay.conversations.iter().enumerate() {
            for side in [Side::Client, Side::Server] {
                let from = flights.iter().filter(|flight| flight.from != side);
                let wire: Vec<u8> = from.flat_map(Flight::bytes).collect();
                self.foreign(side, &format!("{name}-{number}"), &terms, &wire);
            }
        }
    }

    /// What another implementation has sent to `side`: whole, as records, and as a hello.
    fn foreign(&mut self, side: Side, name: &str, terms: &[u8; 7], wire: &[u8]) {
        self.connection(side, name, 0, terms, &[&[0], wire]);
        let records = match terms[0] {
            terms::VERSIONS_SSL2 => reader::SSL2_RECORDS,
            _ => reader::FIRST_RECORDS,
        };
        let name = format!("{side:?}-{name}");
        for (what, head) in [
            ("records", [records, 3, 7]),
            ("hello", [reader::ACCEPTOR, 3, 50]),
        ] {
            self.add("messages", format!("{what}-{name}"), &[&head, wire]);
        }
    }

    /// One of our own, that comes to its end: the bytes are those that the fixed numbers call for.
    fn wire(&mut self, name: &str, terms: [u8; 7]) {
        for side in [Side::Client, Side::Server] {
            let seen = Seen::default();
            let wire = wire_to(side, &parties(terms, side, seen.clone()));
            self.connection(side, name, 0, &terms, &[&[0], &wire]);
            for (index, (reader, body)) in seen.0.lock().unwrap().iter().enumerate() {
                let name = format!("{name}-{side:?}-{index}");
                let version = terms[0].wrapping_sub(2).min(3);
                self.add("messages", name, &[&[*reader, version, 64], body]);
            }
        }
    }

    /// What either side keeps, and tickets.
    fn stored_sessions(&mut self) {
        let keys = TicketKeys::given([parties::ticket_key()]).unwrap();
        for (name, terms) in conversations() {
            let parties = parties(terms, Side::Client, Seen::default());
            meet(&parties);
            let now = parties.clock.now();
            let stores = [&parties.client_sessions, &parties.server_sessions];
            for (store, sessions) in stores.into_iter().enumerate() {
                for (key, sealed) in sessions.lock().iter() {
                    self.add(
                        "sessions",
                        format!("{name}-sealed-{store}"),
                        &[&[3], &[0; 16], &[0, sealed.len().min(250) as u8], sealed],
                    );
                    let mut contexts = vec![
                        Context::ServersSession(key),
                        Context::ServersSsl2Session(key),
                    ];
                    if let Ok(binding) = key.as_slice().try_into() {
                        contexts.push(Context::ClientsSession(binding));
                        contexts.push(Context::ClientsSsl2Session(binding));
                    }
                    for context in contexts {
                        let context = context.encode();
                        let Some(encoded) = keys.open(sealed, &context, now) else {
                            continue;
                        };
                        let mode = match () {
                            () if Session::read(&encoded).is_ok() => 0,
                            () if Resumable::read(&encoded).is_ok() => 1,
                            () if Ssl2Session::read(&encoded).is_ok() => 2,
                            () => panic!("what was kept cannot be read"),
                        };
                        let name = format!("{name}-{store}");
                        self.add("sessions", &*name, &[&[mode], &encoded]);
                        self.add(
                            "sessions",
                            format!("seal-{name}"),
                            &[
                                &[4, context.len() as u8],
                                &context,
                                &[2, 9, 9, 0, 60, 1, 250],
                                &encoded,
                            ],
                        );
                    }
                }
            }
        }
    }
}

/// Each version and suite, and each flag: handshakes that are completed.
pub(super) fn conversations() -> Vec<(String, [u8; 7])> {
    let mut all = Vec::new();
    for (index, version) in ProtocolVersion::all().enumerate() {
        let versions = index as u8 + 1;
        let suites = match version {
            ProtocolVersion::SSLv2 => CipherKind::all().count(),
            _ => CipherSuite::all()
                .filter(|suite| suite.exists_at(version))
                .count(),
        };
        for suite in 1..=suites as u8 {
            let name = format!("{version}-{suite}");
            all.push((name, [versions, suite, 0, 0, 0, 0, 0]));
        }
        for bit in 0..16 {
            let [high, low] = (1u16 << bit | combined(1 << bit)).to_be_bytes();
            let name = format!("{version}-flag-{bit}");
            all.push((name, [versions, 0, high, low, 0, 0, 0]));
        }
    }
    for versions in [terms::VERSIONS_ALL, terms::VERSIONS_ALL_BY_SSL2_HELLO] {
        all.push((format!("all-{versions}"), [versions, 0, 0, 0, 0, 0, 0]));
    }
    all
}

/// Sides that do not want the same; some of them cannot agree.
fn differences() -> Vec<(String, [u8; 7])> {
    let mut all = Vec::new();
    for own in 0..7 {
        for peers in (0..7).filter(|peers| *peers != own) {
            for flags in [0, flag::FALLBACK] {
                let [high, low] = flags.to_be_bytes();
                let name = format!("versions-{own}-{peers}-{high}");
                all.push((name, [own, 0, high, low, peers + 1, high, low]));
            }
        }
        for bit in 0..16 {
            let [high, low] = (1u16 << bit).to_be_bytes();
            let [all_high, all_low] = (1u16 << bit | differing(1 << bit)).to_be_bytes();
            let name = format!("only-own-{own}-{bit}");
            all.push((name, [own, 0, all_high, all_low, 0, high, low]));
            let [other_high, other_low] = differing(1 << bit).to_be_bytes();
            let name = format!("only-peers-{own}-{bit}");
            all.push((name, [own, 0, other_high, other_low, 0, high, low]));
        }
    }
    all
}

/// What both have, so that a difference shows.
fn differing(one: u16) -> u16 {
    match one {
        flag::NO_EXTENSIONS => flag::LEGACY_RENEGOTIATION,
        flag::INSISTS_ON_CERTIFICATE => flag::ASKS_FOR_CERTIFICATE,
        flag::WITHOUT_TICKETS => flag::RESUMES,
        _ => 0,
    }
}

/// What goes with a flag, so that it shows.
fn combined(one: u16) -> u16 {
    match one {
        flag::CLIENT_CERTIFICATE => flag::ASKS_FOR_CERTIFICATE,
        flag::WITHOUT_TICKETS => flag::RESUMES,
        flag::FALLBACK => flag::RESUMES | flag::UNBIDDEN_RENEGOTIATION,
        flag::ASKS_FOR_CERTIFICATE => flag::RESUMES,
        _ => 0,
    }
}

fn terms_of(recording: &Recording) -> [u8; 7] {
    terms_for(recording.version(), Cipher::Suite(recording.suite()), 0)
}

fn ssl2_terms_of(recording: &Recording) -> [u8; 7] {
    terms_for(ProtocolVersion::SSLv2, Cipher::Kind(recording.kind()), 0)
}

fn terms_of_replay(scenario: &Scenario) -> [u8; 7] {
    let mut flags = flag::LEGACY_RENEGOTIATION;
    if scenario.client_certificate.is_some() {
        flags |= flag::ASKS_FOR_CERTIFICATE | flag::CLIENT_CERTIFICATE;
    }
    match scenario.resumed_by {
        Some(Resumption::SessionId) => flags |= flag::RESUMES | flag::WITHOUT_TICKETS,
        Some(Resumption::Ticket) => flags |= flag::RESUMES,
        None => {}
    }
    if scenario.renegotiated_by == Some(scenario.role.peer()) {
        flags |= flag::UNBIDDEN_RENEGOTIATION;
    }
    let terms = terms_for(scenario.version, scenario.cipher, flags);
    match scenario.offer {
        Offer::Exact => terms,
        // Any suite.
        Offer::Everything => {
            let [_, _, high, low, ..] = terms;
            [terms::VERSIONS_ALL_BY_SSL2_HELLO, 0, high, low, 0, 0, 0]
        }
    }
}

/// One version with one suite, on both sides.
fn terms_for(version: ProtocolVersion, cipher: Cipher, flags: u16) -> [u8; 7] {
    let versions = ProtocolVersion::all().position(|it| it == version);
    let cipher = match cipher {
        Cipher::Suite(suite) => CipherSuite::all()
            .filter(|suite| suite.exists_at(version))
            .position(|it| it == suite),
        Cipher::Kind(kind) => CipherKind::all().position(|it| it == kind),
    };
    let [high, low] = flags.to_be_bytes();
    let nth = |index: Option<usize>| index.expect("a row of the table") as u8 + 1;
    [nth(versions), nth(cipher), high, low, 0, 0, 0]
}

pub(super) fn parties(terms: [u8; 7], side: Side, observers: Seen) -> Parties {
    Parties::new(Terms::read(&mut Input::new(&terms), side), side, observers)
}

/// All that crosses to `side`, with a little data.
fn wire_to(side: Side, parties: &Parties) -> Vec<u8> {
    let mut client = parties.connection(Side::Client);
    let mut server = parties.connection(Side::Server);
    let mut crossed = Vec::new();
    for round in 0..6 {
        if round == 4 {
            let _ = client.writer().write(b"ping");
            let _ = server.writer().write(b"pong");
            client.send_close_notify();
            server.send_close_notify();
        }
        let mut carry = |from: &mut Connection, to: &mut Connection| {
            let wire = take(from);
            if to.side() == side {
                crossed.extend_from_slice(&wire);
            }
            let mut rest = &wire[..];
            while !rest.is_empty() && to.read_tls(&mut rest).is_ok() {
                let _ = to.process_new_packets();
            }
        };
        carry(&mut client, &mut server);
        carry(&mut server, &mut client);
    }
    crossed
}
