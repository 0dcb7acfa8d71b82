//! Heap of a server's connections, exactly: a process of its own that is nothing but the server
//! runs under Valgrind's DHAT, which counts the bytes that were asked for, by Rust and by C alike;
//! the clients are on the other end of its standard input and output.
//!
//! Two runs make a figure. One holds no connection at its end, the other [`HELD`]: their difference
//! is what a connection holds. What the second one held at its highest, less the first and all but
//! one connection, is the peak of a handshake (the last one's).

use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use super::Cast;
use super::party::{Contestant, Party, Suite, Terms};
use super::report::table;
use crate::Error;
use crate::certificate::Identity;
use crate::peer::Version;
use crate::peer::openssl::ClientCertificate;
use crate::people::{Member, People};

/// What a server's connection holds, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heap {
    /// The most during its handshake.
    pub peak: i64,
    /// After the handshake and a line of text each way.
    pub idle: i64,
    /// The same, told to give back what it can.
    pub released: i64,
}

/// Whether DHAT can be had; without it there are no figures.
pub fn can_be_measured() -> bool {
    let found = Command::new("valgrind").arg("--version").output();
    found.is_ok_and(|output| output.status.success())
}

/// Of a server that asks for certificates, or does not.
pub fn heap(
    program: &Path,
    contestant: Contestant,
    client_certificate: ClientCertificate,
    cast: &Cast,
) -> Result<Heap, Error> {
    let people = cast.people(2048)?;
    let scenario = |release| Scenario {
        contestant,
        client_certificate,
        release,
    };
    let [kept, released] = [scenario(Release::Nothing), scenario(Release::Buffers)];
    let base = run(program, kept, 0, people)?.end;
    let held = run(program, kept, HELD, people)?;
    let idle = (held.end - base) / i64::from(HELD);
    let released_base = run(program, released, 0, people)?.end;
    let released_held = run(program, released, HELD, people)?;
    Ok(Heap {
        peak: held.peak - base - i64::from(HELD - 1) * idle,
        idle,
        released: (released_held.end - released_base) / i64::from(HELD),
    })
}

/// A section of the report.
pub fn section(program: &Path, cast: &Cast, progress: impl Fn(&str)) -> Result<String, Error> {
    let mut rows = Vec::new();
    let cases = [
        (ClientCertificate::NotRequested, "", Some((32, 4))),
        (
            ClientCertificate::Required,
            ", the client's chain of two asked for",
            None,
        ),
    ];
    for (certificate, label, bounds) in cases {
        progress(&format!("memory{label}"));
        let ours = heap(program, Contestant::Ours, certificate, cast)?;
        let openssl = heap(program, Contestant::OpenSsl, certificate, cast)?;
        let (peak, idle) = bounds.unzip();
        let lines = [
            ("peak in a handshake", ours.peak, openssl.peak, peak),
            ("idle", ours.idle, openssl.idle, None),
            (
                "idle, buffers released",
                ours.released,
                openssl.released,
                idle,
            ),
        ];
        for (what, ours, openssl, bound) in lines {
            rows.push(cells(&format!("{what}{label}"), ours, openssl, bound));
        }
    }
    progress("");
    let header = ["bytes", "retrossl", "OpenSSL", "ratio", "goal", ""].map(str::to_owned);
    Ok(format!("## Memory\n\n{ABOUT}\n\n{}", table(&header, &rows)))
}

/// With a bound in KiB.
fn cells(what: &str, ours: i64, openssl: i64, bound: Option<i64>) -> [String; 6] {
    let verdict = match bound {
        None => "",
        Some(bound) if ours < bound * 1024 => "met",
        Some(_) => "**missed**",
    };
    [
        what.to_owned(),
        ours.to_string(),
        openssl.to_string(),
        format!("{:.2}×", ours as f64 / openssl as f64),
        bound.map_or_else(String::new, |bound| format!("8: < {bound} KiB")),
        verdict.to_owned(),
    ]
}

/// What DHAT says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    pub peak: i64,
    pub end: i64,
}

impl Counted {
    /// Of the lines `At t-gmax: 1,234 bytes in 5 blocks` and `At t-end: …`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = |label| {
            let (_, rest) = text.split_once(label)?;
            let number = rest.split_whitespace().next()?;
            number.replace(',', "").parse().ok()
        };
        Some(Self {
            peak: bytes("At t-gmax:")?,
            end: bytes("At t-end:")?,
        })
    }
}

/// Starts the server under DHAT, and is its clients.
fn run(program: &Path, scenario: Scenario, held: u32, people: &People) -> Result<Counted, Error> {
    let mut server = Command::new("valgrind")
        .args(["--tool=dhat", "--dhat-out-file=/dev/null"])
        .arg(program)
        .args(["--hold", &scenario.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("valgrind cannot be started: {error}"))?;
    let (input, output) = (server.stdin.take(), server.stdout.take());
    let mut pipe = Pipe {
        input: output.ok_or("no output")?,
        output: input.ok_or("no input")?,
    };
    let played = play_clients(&mut pipe, scenario, held, people);
    drop(pipe);
    let output = server.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    played.map_err(|error| format!("the server under valgrind ({scenario}): {error}\n{text}"))?;
    Counted::parse(&text).ok_or_else(|| {
        format!("valgrind ({scenario}) has said nothing of the heap:\n{text}").into()
    })
}

fn play_clients(
    pipe: &mut Pipe<impl Read, impl Write>,
    scenario: Scenario,
    held: u32,
    people: &People,
) -> Result<(), Error> {
    for identity in [
        &people.root,
        &people.server.authority,
        &people.server.identity,
        &people.client.authority,
        &people.client.identity,
    ] {
        pipe.send(identity.certificate_pem()?.as_bytes())?;
        pipe.send(identity.key_pem()?.as_bytes())?;
    }
    let clients = scenario.contestant.client(&scenario.terms(), people)?;
    let mut wire = Vec::new();
    let mut text = [0; TEXT.len()];
    for index in 0..WARM_UP + held {
        pipe.send(match index {
            index if index < WARM_UP => b"drop",
            _ => b"hold",
        })?;
        let mut client = clients.connect()?;
        while client.is_handshaking() {
            client.send(&mut wire)?;
            pipe.send(&wire)?;
            pipe.receive(&mut wire)?;
            client.receive(&mut wire)?;
        }
        client.seal(TEXT, &mut wire)?;
        pipe.send(&wire)?;
        pipe.receive(&mut wire)?;
        client.open(&mut wire, &mut text)?;
    }
    Ok(())
}

/// The server: what `--hold SCENARIO` does until its input ends. Its memory counts as it is then.
pub fn hold(scenario: &str) -> Result<(), Error> {
    let scenario = Scenario::parse(scenario).ok_or("there is no such scenario")?;
    let mut pipe = Pipe {
        input: io::stdin(),
        output: io::stdout(),
    };
    let mut wire = Vec::with_capacity(ROOM);
    let mut identity = || -> Result<Identity, Error> {
        pipe.receive(&mut wire)?;
        let certificate = wire.clone();
        pipe.receive(&mut wire)?;
        Identity::from_pem(&certificate, &wire)
    };
    let people = People {
        root: identity()?,
        server: Member {
            authority: identity()?,
            identity: identity()?,
        },
        client: Member {
            authority: identity()?,
            identity: identity()?,
        },
    };
    let endpoint = scenario.contestant.server(&scenario.terms(), &people)?;
    let mut held = Vec::with_capacity(HELD as usize);
    let mut room = Vec::with_capacity(ROOM);
    while pipe.receive(&mut wire).is_ok() {
        let holds = wire == b"hold";
        let mut server = endpoint.connect()?;
        while server.is_handshaking() {
            pipe.receive(&mut wire)?;
            // Lends it the room for what it will send.
            server.send(&mut room)?;
            server.receive(&mut wire)?;
            server.send(&mut room)?;
            pipe.send(&room)?;
        }
        pipe.receive(&mut wire)?;
        server.send(&mut room)?;
        echo(&mut *server, &mut wire, &mut room)?;
        pipe.send(&room)?;
        if scenario.release == Release::Buffers {
            server.release_buffers();
        }
        if holds {
            held.push(server);
        }
    }
    // Whatever an orderly exit gives back must not.
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM)?;
    Ok(())
}

fn echo(server: &mut dyn Party, wire: &mut Vec<u8>, room: &mut Vec<u8>) -> Result<(), Error> {
    let mut text = [0; TEXT.len()];
    server.open(wire, &mut text)?;
    server.seal(&text, room)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scenario {
    contestant: Contestant,
    client_certificate: ClientCertificate,
    release: Release,
}

impl Scenario {
    fn terms(self) -> Terms {
        let mut terms = Terms::new(Version::Tls1_2, Suite("AES128-SHA"));
        terms.client_certificate = self.client_certificate;
        terms.release_buffers = self.release == Release::Buffers;
        terms
    }

    fn all() -> impl Iterator<Item = Self> {
        let contestants = [Contestant::Ours, Contestant::OpenSsl];
        let certificates = [ClientCertificate::NotRequested, ClientCertificate::Required];
        contestants.into_iter().flat_map(move |contestant| {
            certificates
                .into_iter()
                .flat_map(move |client_certificate| {
                    [Release::Nothing, Release::Buffers].map(|release| Self {
                        contestant,
                        client_certificate,
                        release,
                    })
                })
        })
    }

    fn parse(text: &str) -> Option<Self> {
        Self::all().find(|scenario| scenario.to_string() == text)
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            contestant,
            client_certificate,
            release,
        } = self;
        write!(f, "{contestant},{client_certificate:?},{release:?}")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Release {
    Nothing,
    Buffers,
}

/// Messages, each with its length in front.
struct Pipe<R, W> {
    input: R,
    output: W,
}

impl<R: Read, W: Write> Pipe<R, W> {
    fn send(&mut self, message: &[u8]) -> Result<(), Error> {
        self.output
            .write_all(&(message.len() as u32).to_be_bytes())?;
        self.output.write_all(message)?;
        Ok(self.output.flush()?)
    }

    /// Into `message`, in place of what is there.
    fn receive(&mut self, message: &mut Vec<u8>) -> Result<(), Error> {
        let mut length = [0; 4];
        self.input.read_exact(&mut length)?;
        message.clear();
        message.resize(u32::from_be_bytes(length) as usize, 0);
        Ok(self.input.read_exact(message)?)
    }
}

/// Connections, beside which what is made once and kept is small.
const HELD: u32 = 8;

/// Connections before those that count: whatever is made once is made then.
const WARM_UP: u32 = 2;

/// More than a flight.
const ROOM: usize = 16 * 1024;

const TEXT: &[u8] = b"It is only a line of text, there and back again.\n";

const ABOUT: &str = "\
Heap of one connection of a server, in bytes that were asked for (Valgrind's DHAT, which counts Rust's \
and C's alike): RSA-2048, TLS 1.2 with AES128-SHA, a chain of two certificates sent. Idle is after the \
handshake and a line of text each way, and includes the client's certificates where there are any; \
buffers are released by `release_buffers` and by `SSL_MODE_RELEASE_BUFFERS`.";
