//! The RSA handshake, step by step: a client and a server in one process, over byte buffers.

mod shared {
    pub mod fresh_certificate;
    pub mod output;
    pub mod suite_names;
}

use std::error::Error;
use std::io::{self, Read, Write};
use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Parser;
use retrossl::{
    CipherSuite, ClientConfig, ClientConnection, Connection, Direction, Event, HandshakeType,
    Observer, ObserverFactory, PinnedCertificates, Policy, ProtocolVersion, ServerConfig,
    ServerConnection, Side,
};
use shared::fresh_certificate::FreshCertificate;
use shared::output::{Output, is_reader_gone, to_stderr};
use shared::suite_names::suite_names;

/// Walks the ten steps of the RSA handshake between a client and a server in this process
///
/// Each step is printed when its messages have crossed: #n is a message's place on the wire, so
/// that a step whose messages do not come in a row can be told. Lengths are those of the
/// messages, headers included and before encryption. Renegotiation, the eleventh step, is not
/// there yet.
#[derive(Parser)]
#[command(after_help = suite_names())]
struct Options {
    /// ssl3, tls1.0, tls1.1 or tls1.2 [default: the newest that the suite has]
    #[arg(long, value_name = "V", conflicts_with = "all")]
    version: Option<ProtocolVersion>,

    /// A cipher suite's IANA name [default: the strongest that the version has]
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    suite: Option<CipherSuite>,

    /// Let the server not ask for the client's certificate, so that step 5 falls away
    #[arg(long)]
    no_client_certificate: bool,

    /// Every version with each of its suites, one line each, and a count
    #[arg(long)]
    all: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) if is_reader_gone(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            to_stderr(&format!("ten_steps: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether all went well.
fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let mut out = Output;
    if !options.all {
        let (version, suite) = choose(options)?;
        let parties = Parties::new(options)?;
        writeln!(out, "RSA key exchange in ten steps: {version}, {suite}")?;
        parties.converse(version, suite, &StepLog::new(true))?;
        return Ok(true);
    }
    let parties = Parties::new(options)?;
    let mut complete = 0;
    let mut total = 0;
    for version in ProtocolVersion::all() {
        for suite in CipherSuite::all().filter(|suite| suite.exists_at(version)) {
            let result = match parties.converse(version, suite, &StepLog::new(false)) {
                Ok(()) => "ok".to_owned(),
                Err(error) => error.to_string(),
            };
            writeln!(
                out,
                "version={version:<7} suite={suite:<31} result={result}"
            )?;
            total += 1;
            complete += usize::from(result == "ok");
        }
    }
    writeln!(out, "{complete} of {total} complete")?;
    Ok(complete == total)
}

/// The version and the suite, as far as they are not named: the newest, and the strongest.
fn choose(options: &Options) -> Result<(ProtocolVersion, CipherSuite), Box<dyn Error>> {
    let versions = ProtocolVersion::all().rev();
    versions
        .filter(|version| options.version.is_none_or(|named| named == *version))
        .find_map(|version| {
            CipherSuite::all()
                .filter(|suite| options.suite.is_none_or(|named| named == *suite))
                .find(|suite| suite.exists_at(version))
                .map(|suite| (version, suite))
        })
        .ok_or_else(|| "the suite does not exist at that version; --all lists what does".into())
}

/// A client and a server that have pinned each other's certificate.
struct Parties {
    server: FreshCertificate,
    client: Option<FreshCertificate>,
}

impl Parties {
    fn new(options: &Options) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            server: FreshCertificate::new("localhost", &["localhost"])?,
            client: match options.no_client_certificate {
                true => None,
                false => Some(FreshCertificate::new("a client", &[])?),
            },
        })
    }

    /// One conversation, from the first hello to the second close_notify.
    fn converse(
        &self,
        version: ProtocolVersion,
        suite: CipherSuite,
        log: &StepLog,
    ) -> Result<(), Box<dyn Error>> {
        let policy = Policy::EVERYTHING
            .versions(version, version)
            .cipher_suites(&[suite]);
        let client = &mut self.client_connection(policy, log)?;
        let server = &mut self.server_connection(policy, log)?;

        // Four flights; within each the steps stand in their order.
        cross(client, server)?;
        log.show(1..=1)?;
        cross(server, client)?;
        log.show(2..=3)?;
        cross(client, server)?;
        log.show(4..=8)?;
        cross(server, client)?;
        log.show(9..=9)?;
        if client.is_handshaking() || server.is_handshaking() {
            return Err("the handshake is not complete after four flights".into());
        }

        echo(client, server, log)?;
        close(client, server)?;
        log.show(10..=10)?;
        Ok(())
    }

    fn client_connection(
        &self,
        policy: Policy,
        log: &StepLog,
    ) -> Result<ClientConnection, Box<dyn Error>> {
        let mut config = ClientConfig::builder(policy)
            .verifier(PinnedCertificates::new([self.server.fingerprint()]))
            .without_tickets()
            .observers(log.clone());
        if let Some(client) = &self.client {
            config = config.certificate(vec![client.certificate.clone()], client.key.clone());
        }
        let config = Arc::new(config.build()?);
        Ok(ClientConnection::new(config, "localhost".try_into()?)?)
    }

    fn server_connection(
        &self,
        policy: Policy,
        log: &StepLog,
    ) -> Result<ServerConnection, Box<dyn Error>> {
        let mut config = ServerConfig::builder(policy)
            .certificate(
                vec![self.server.certificate.clone()],
                self.server.key.clone(),
            )
            .without_tickets()
            .observers(log.clone());
        if let Some(client) = &self.client {
            config = config.client_verifier(PinnedCertificates::new([client.fingerprint()]));
        }
        Ok(ServerConnection::new(Arc::new(config.build()?)))
    }
}

/// Carries all that waits from one side to the other; returns how many bytes that were.
fn cross(from: &mut Connection, to: &mut Connection) -> Result<usize, Box<dyn Error>> {
    let mut wire = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut wire)?;
    }
    let mut rest = wire.as_slice();
    while !rest.is_empty() {
        to.read_tls(&mut rest)?;
        to.process_new_packets()?;
    }
    Ok(wire.len())
}

/// Step 10: the client's words to the server, and back.
fn echo(
    client: &mut Connection,
    server: &mut Connection,
    log: &StepLog,
) -> Result<(), Box<dyn Error>> {
    let words = b"Does anybody still speak this?";
    client.writer().write_all(words)?;
    let wire = cross(client, server)?;
    log.data(Side::Client, words.len(), wire);

    let mut heard = [0; 64];
    let len = server.reader().read(&mut heard)?;
    server.writer().write_all(&heard[..len])?;
    let wire = cross(server, client)?;
    log.data(Side::Server, len, wire);

    let mut answer = Vec::new();
    client.reader().take(len as u64).read_to_end(&mut answer)?;
    if answer != words {
        return Err("the echo is not what was sent".into());
    }
    Ok(())
}

fn close(client: &mut Connection, server: &mut Connection) -> Result<(), Box<dyn Error>> {
    client.send_close_notify();
    cross(client, server)?;
    server.send_close_notify();
    cross(server, client)?;
    for side in [client, server] {
        if side.reader().read(&mut [0])? != 0 {
            return Err("data came after the end".into());
        }
    }
    Ok(())
}

/// What happened in each step, as both sides' observers saw it.
#[derive(Clone, Debug)]
struct StepLog {
    entries: Arc<Mutex<Entries>>,
    prints: bool,
}

#[derive(Debug, Default)]
struct Entries {
    by_step: [Vec<String>; STEPS.len()],
    messages: usize,
}

impl StepLog {
    fn new(prints: bool) -> Self {
        Self {
            entries: Arc::default(),
            prints,
        }
    }

    /// Prints the steps that are complete.
    fn show(&self, steps: RangeInclusive<usize>) -> io::Result<()> {
        if !self.prints {
            return Ok(());
        }
        let mut out = Output;
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        for step in steps {
            writeln!(out, "\n{step:>2}. {}", STEPS[step - 1])?;
            let lines = &entries.by_step[step - 1];
            for line in lines {
                writeln!(out, "    {line}")?;
            }
            if lines.is_empty() {
                writeln!(out, "    (not in this handshake)")?;
            }
        }
        Ok(())
    }

    /// A message that has crossed.
    fn message(&self, step: usize, sender: Side, name: &str, what: &str, len: usize) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.messages += 1;
        let number = format!("#{}", entries.messages);
        let way = way(sender);
        let line = format!("{number:<4} {way}  {name:<18} {what:<16} {len:>4} bytes");
        entries.by_step[step - 1].push(line);
    }

    /// Application data that has crossed.
    fn data(&self, sender: Side, len: usize, wire: usize) {
        let what = format!("in {wire} on the wire");
        self.message(10, sender, "ApplicationData", "content 23", len);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = entries.by_step[9].last_mut() {
            *line = format!("{line} {what}");
        }
    }

    /// Something that a side has done by itself.
    fn deed(&self, step: usize, side: Side, deed: &str) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.by_step[step - 1].push(format!("     {side} {deed}"));
    }
}

impl ObserverFactory for StepLog {
    fn observer(&self, side: Side) -> Box<dyn Observer> {
        Box::new(Watcher {
            side,
            log: self.clone(),
        })
    }
}

/// Watches one side.
struct Watcher {
    side: Side,
    log: StepLog,
}

impl Observer for Watcher {
    /// A message counts when it is received: then it has really crossed.
    fn observe(&mut self, event: Event<'_>) {
        let (side, log) = (self.side, &self.log);
        let sender = match side {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        };
        match event {
            Event::Handshake {
                direction: Direction::Received,
                message,
                bytes,
                ..
            } => {
                let what = format!("handshake {}", message.0);
                let step = step_of(message, sender);
                log.message(step, sender, message.name(), &what, bytes.len());
            }
            Event::ChangeCipherSpec {
                direction: Direction::Received,
                ..
            } => {
                let step = step_of(HandshakeType::FINISHED, sender);
                log.message(step, sender, "ChangeCipherSpec", "content 20", 1);
            }
            Event::Alert {
                direction: Direction::Received,
                level,
                description,
                ..
            } => {
                let what = format!("alert {}, {level}", description.0);
                log.message(10, sender, &description.to_string(), &what, 2);
            }
            Event::PeerAuthenticated if side == Side::Client => {
                log.deed(3, side, "accepts the server's certificate: it is pinned");
            }
            Event::PeerAuthenticated => {
                let deed = "accepts the client's certificate (it is pinned) and signature";
                log.deed(6, side, deed);
            }
            Event::MasterSecretDerived { extended, .. } => {
                let how = if extended { " (extended)" } else { "" };
                log.deed(6, side, &format!("derives the master secret{how}"));
            }
            Event::KeysDerived { version, suite, .. } => {
                log.deed(7, side, &format!("derives the keys for {version}, {suite}"));
            }
            Event::Established { .. } => {
                let deed = "has verified the other's Finished: the handshake is complete";
                log.deed(step_of(HandshakeType::FINISHED, sender), side, deed);
            }
            _ => {}
        }
    }
}

/// The step that a message belongs to.
fn step_of(message: HandshakeType, sender: Side) -> usize {
    match (message, sender) {
        (HandshakeType::CLIENT_HELLO, _) => 1,
        (HandshakeType::CLIENT_KEY_EXCHANGE, _) => 4,
        (HandshakeType::CERTIFICATE | HandshakeType::CERTIFICATE_VERIFY, Side::Client) => 5,
        (HandshakeType::FINISHED, Side::Client) => 8,
        (HandshakeType::FINISHED, Side::Server) => 9,
        _ => 2,
    }
}

fn way(sender: Side) -> &'static str {
    match sender {
        Side::Client => "client → server",
        Side::Server => "client ← server",
    }
}

const STEPS: [&str; 10] = [
    "The client sends its version, cipher settings and session data",
    "The server answers with its own and its certificate, and may ask for the client's",
    "The client authenticates the server",
    "The client creates the pre-master secret and encrypts it to the server's public key",
    "If asked, the client sends its certificate and signs data unique to this handshake",
    "The server authenticates the client, decrypts the pre-master secret; both derive the master secret",
    "Both derive the session keys",
    "The client announces encryption and sends its Finished",
    "The server does the same",
    "Both exchange data, encrypted and integrity-checked, and close",
];
