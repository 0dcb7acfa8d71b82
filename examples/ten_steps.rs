//! The RSA handshake, step by step: a client and a server in one process, over byte buffers.

mod shared {
    pub mod fresh_certificate;
    pub mod output;
    pub mod step_log;
    pub mod suite_names;
}

use std::error::Error;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use retrossl::{
    CipherSuite, ClientConfig, ClientConnection, Connection, PinnedCertificates, Policy,
    ProtocolVersion, ServerConfig, ServerConnection, Side,
};
use shared::fresh_certificate::FreshCertificate;
use shared::output::{Output, is_reader_gone, to_stderr};
use shared::step_log::StepLog;
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
    /// encrypted channel; not together with --resume
    #[arg(long, conflicts_with = "resume")]
    renegotiate: bool,

    /// Show an abbreviated handshake: a second connection that resumes the first one's session, by
    /// its ID; not together with --renegotiate
    #[arg(long)]
    resume: bool,

    /// Every version with each of its suites, one line each, and a count; with --renegotiate or
    /// --resume each of them does that, too
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
fn choose(options: &Options) -> Result<(ProtocolVersion, CipherSuite), String> {
    if let (Some(version), Some(suite)) = (options.version, options.suite)
        && !suite.exists_at(version)
    {
        return Err(format!(
            "{suite} does not exist at {version}; --all lists what does"
        ));
    }
    let both = ProtocolVersion::all()
        .rev()
        .filter(|version| options.version.is_none_or(|named| named == *version))
        .find_map(|version| {
            CipherSuite::all()
                .filter(|suite| options.suite.is_none_or(|named| named == *suite))
                .find(|suite| suite.exists_at(version))
                .map(|suite| (version, suite))
        });
    Ok(both.expect("each version has a suite, and each suite a version"))
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
