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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::Parser;
use retrossl::{
    CipherSuite, ClientConfig, ClientConnection, Connection, Direction, Event, HandshakeType,
    Observer, ObserverFactory, PinnedCertificates, Policy, ProtocolVersion, Resumption,
    ServerConfig, ServerConnection, Side,
};
use shared::fresh_certificate::FreshCertificate;
use shared::output::{Output, is_reader_gone, to_stderr};
use shared::suite_names::suite_names;

/// Walks the ten steps of the RSA handshake between a client and a server in this process
///
/// Each step is printed when its messages have crossed: #n is a message's place on the wire, so
/// that a step whose messages do not come in a row can be told. Lengths are those of the
/// messages, headers included and before encryption. Renegotiation is the eleventh step
/// (--renegotiate); a session that is resumed needs only some of the ten (--resume).
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

    /// Show the eleventh step: the server asks for a new handshake, and the steps repeat inside the
    /// encrypted channel
    #[arg(long, conflicts_with = "resume")]
    renegotiate: bool,

    /// Show an abbreviated handshake: a second connection that resumes the first one's session, by
    /// its ID
    #[arg(long)]
    resume: bool,

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
    let parties = Parties::new(options)?;
    if !options.all {
        let (version, suite) = choose(options)?;
        let (steps, what) = match (options.renegotiate, options.resume) {
            (true, _) => ("eleven", ""),
            (_, true) => ("ten", ", abbreviated"),
            _ => ("ten", ""),
        };
        writeln!(
            out,
            "RSA key exchange in {steps} steps{what}: {version}, {suite}"
        )?;
        parties.meet(version, suite, true)?;
        return Ok(true);
    }
    let mut complete = 0;
    let mut total = 0;
    for version in ProtocolVersion::all() {
        for suite in CipherSuite::all().filter(|suite| suite.exists_at(version)) {
            let result = match parties.meet(version, suite, false) {
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
    renegotiate: bool,
    resume: bool,
}

impl Parties {
    fn new(options: &Options) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            server: FreshCertificate::new("localhost", &["localhost"])?,
            client: match options.no_client_certificate {
                true => None,
                false => Some(FreshCertificate::new("a client", &[])?),
            },
            renegotiate: options.renegotiate,
            resume: options.resume,
        })
    }

    /// One conversation, or two where the second resumes what the first has made.
    fn meet(
        &self,
        version: ProtocolVersion,
        suite: CipherSuite,
        prints: bool,
    ) -> Result<(), Box<dyn Error>> {
        let policy = Policy::EVERYTHING
            .versions(version, version)
            .cipher_suites(&[suite]);
        let log = StepLog::new();
        let client = self.client_config(policy, &log)?;
        let server = self.server_config(policy, &log)?;
        let connect = || -> Result<_, Box<dyn Error>> {
            let client = ClientConnection::new(client.clone(), "localhost".try_into()?)?;
            Ok((client, ServerConnection::new(server.clone())))
        };
        if self.resume {
            let (mut client, mut server) = connect()?;
            shake_hands(&mut client, &mut server, &log)?;
            close(&mut client, &mut server)?;
            log.forget();
        }
        log.print(prints);
        let (mut client, mut server) = connect()?;
        self.converse(&mut client, &mut server, &log)
    }

    /// From the first hello to the second close_notify.
    fn converse(
        &self,
        client: &mut Connection,
        server: &mut Connection,
        log: &StepLog,
    ) -> Result<(), Box<dyn Error>> {
        shake_hands(client, server, log)?;
        if self.resume && !(client.session_resumed() && server.session_resumed()) {
            return Err("the session is not resumed".into());
        }
        if self.renegotiate {
            echo(client, server, log)?;
            log.show(10..=10, "")?;
            renegotiate(client, server)?;
            log.show_again()?;
        }
        echo(client, server, log)?;
        close(client, server)?;
        log.show(10..=10, ", and close")?;
        Ok(())
    }

    fn client_config(
        &self,
        policy: Policy,
        log: &StepLog,
    ) -> Result<Arc<ClientConfig>, Box<dyn Error>> {
        let mut config = ClientConfig::builder(policy)
            .verifier(PinnedCertificates::new([self.server.fingerprint()]))
            .without_tickets()
            .observers(log.clone());
        if let Some(client) = &self.client {
            config = config.certificate(vec![client.certificate.clone()], client.key.clone());
        }
        Ok(Arc::new(config.build()?))
    }

    fn server_config(
        &self,
        policy: Policy,
        log: &StepLog,
    ) -> Result<Arc<ServerConfig>, Box<dyn Error>> {
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
        Ok(Arc::new(config.build()?))
    }
}

/// Steps 1 to 9 in four flights, or in three where a session is resumed: the server's Finished
/// then comes first. Within each flight the steps stand in their order.
fn shake_hands(
    client: &mut Connection,
    server: &mut Connection,
    log: &StepLog,
) -> Result<(), Box<dyn Error>> {
    cross(client, server)?;
    log.show(1..=1, "")?;
    cross(server, client)?;
    if client.session_resumed() {
        cross(client, server)?;
        log.show(2..=9, "")?;
    } else {
        log.show(2..=3, "")?;
        cross(client, server)?;
        log.show(4..=8, "")?;
        cross(server, client)?;
        log.show(9..=9, "")?;
    }
    match client.is_handshaking() || server.is_handshaking() {
        true => Err("the handshake is not complete after its flights".into()),
        false => Ok(()),
    }
}

/// Step 11: the server asks, and the client answers with a hello.
fn renegotiate(client: &mut Connection, server: &mut Connection) -> Result<(), Box<dyn Error>> {
    server.renegotiate()?;
    while cross(server, client)? + cross(client, server)? > 0 {}
    match (client.handshakes(), server.handshakes()) {
        (2, 2) => Ok(()),
        _ => Err("the new handshake is not complete".into()),
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
#[derive(Clone, Debug, Default)]
struct StepLog(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    by_step: [Vec<String>; STEPS.len()],
    messages: usize,
    is_resumed: bool,
    prints: bool,
}

impl StepLog {
    fn new() -> Self {
        Self::default()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn print(&self, prints: bool) {
        self.entries().prints = prints;
    }

    /// Begins anew, with another connection.
    fn forget(&self) {
        *self.entries() = Entries::default();
    }

    /// Prints the steps that are complete.
    fn show(&self, steps: RangeInclusive<usize>, more: &str) -> io::Result<()> {
        let mut entries = self.entries();
        if !entries.prints {
            return Ok(());
        }
        let mut out = Output;
        for step in steps {
            writeln!(out, "\n{step:>2}. {}{more}", STEPS[step - 1])?;
            let lines = core::mem::take(&mut entries.by_step[step - 1]);
            for line in &lines {
                writeln!(out, "    {line}")?;
            }
            if lines.is_empty() {
                let why = match (entries.is_resumed, step) {
                    (true, 3..=6) => "falls away: the session is resumed",
                    _ => "not in this handshake",
                };
                writeln!(out, "    ({why})")?;
            }
        }
        Ok(())
    }

    /// Prints step 11, with the others inside it.
    fn show_again(&self) -> io::Result<()> {
        let mut entries = self.entries();
        if !entries.prints {
            return Ok(());
        }
        let mut out = Output;
        writeln!(out, "\n11. {}", STEPS[10])?;
        let (steps, request) = entries.by_step.split_at_mut(10);
        for line in request.iter_mut().flat_map(|lines| lines.drain(..)) {
            writeln!(out, "        {line}")?;
        }
        for (index, lines) in steps.iter_mut().enumerate() {
            for (place, line) in lines.drain(..).enumerate() {
                let number = match place {
                    0 => format!("{:>2}.", index + 1),
                    _ => String::new(),
                };
                writeln!(out, "    {number:<3} {line}")?;
            }
        }
        Ok(())
    }

    /// A message that has crossed.
    fn message(&self, step: usize, sender: Side, name: &str, what: &str, len: usize) {
        let mut entries = self.entries();
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
        if let Some(line) = self.entries().by_step[9].last_mut() {
            *line = format!("{line} {what}");
        }
    }

    /// Something that a side has done by itself.
    fn deed(&self, step: usize, side: Side, deed: &str) {
        self.entries().by_step[step - 1].push(format!("     {side} {deed}"));
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
            Event::SessionResumed { by, .. } => {
                let by = match by {
                    Resumption::SessionId => "its ID",
                    Resumption::Ticket => "a ticket",
                };
                log.entries().is_resumed = true;
                log.deed(2, side, &format!("resumes the session, by {by}"));
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
        (HandshakeType::HELLO_REQUEST, _) => 11,
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

const STEPS: [&str; 11] = [
    "The client sends its version, cipher settings and session data",
    "The server answers with its own and its certificate, and may ask for the client's",
    "The client authenticates the server",
    "The client creates the pre-master secret and encrypts it to the server's public key",
    "If asked, the client sends its certificate and signs data unique to this handshake",
    "The server authenticates the client, decrypts the pre-master secret; both derive the master secret",
    "Both derive the session keys",
    "The client announces encryption and sends its Finished",
    "The server does the same",
    "Both exchange data, encrypted and integrity-checked",
    "Either side may renegotiate: the steps repeat inside the encrypted channel",
];
