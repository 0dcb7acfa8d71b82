//! The RSA handshake, step by step: a client and a server in one process, over byte buffers.

mod shared {
    pub mod cipher;
    pub mod fresh_certificate;
    pub mod output;
    pub mod step_log;
}

use std::error::Error;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use retrossl::{
    CipherKind, CipherSuite, ClientConfig, ClientConnection, Connection, PinnedCertificates,
    Policy, ProtocolVersion, ServerConfig, ServerConnection, Side,
};
use shared::cipher::{Cipher, cipher_names};
use shared::fresh_certificate::FreshCertificate;
use shared::output::{Output, is_reader_gone, to_stderr};
use shared::step_log::StepLog;

/// Walks the ten steps of the RSA handshake between a client and a server in this process
///
/// Each step is printed when its messages have crossed: #n is a message's place on the wire, so
/// that a step whose messages do not come in a row can be told. Lengths are those of the
/// messages, headers included and before encryption. Renegotiation is the eleventh step
/// (--renegotiate); a session that is resumed needs only some of the ten (--resume). SSL 2.0 has
/// the same ten, some of them later or earlier.
#[derive(Parser)]
#[command(after_help = cipher_names())]
struct Options {
    /// ssl2, ssl3, tls1.0, tls1.1 or tls1.2 [default: the newest that the suite has]
    #[arg(long, value_name = "V", conflicts_with = "all")]
    version: Option<ProtocolVersion>,

    /// A cipher suite's IANA name, or for SSL 2.0 a cipher kind's (SSL_CK_…) [default: the
    /// strongest that the version has]
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    suite: Option<Cipher>,

    /// Let the server not ask for the client's certificate, so that step 5 falls away
    #[arg(long)]
    no_client_certificate: bool,

    /// Show the eleventh step: the server asks for a new handshake, and the steps repeat inside the
    /// encrypted channel; not together with --resume, and not at SSL 2.0
    #[arg(long, conflicts_with = "resume")]
    renegotiate: bool,

    /// Show an abbreviated handshake: a second connection that resumes the first one's session, by
    /// its ID; not together with --renegotiate
    #[arg(long)]
    resume: bool,

    /// Every version with each of its suites, those that encrypt nothing included, one line each,
    /// and a count; with --renegotiate or --resume each of them does that, too (SSL 2.0, which has
    /// no renegotiation, is left out of the former, and its weak kinds, of which no session is
    /// kept, of the latter)
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
    if options.all {
        return run_all(options);
    }
    let combination = choose(options)?;
    let (steps, what) = match (options.renegotiate, options.resume) {
        (true, _) => ("eleven", ""),
        (_, true) => ("ten", ", abbreviated"),
        _ => ("ten", ""),
    };
    let Combination { version, cipher } = combination;
    let parties = Parties::new(options)?;
    writeln!(
        Output,
        "RSA key exchange in {steps} steps{what}: {version}, {cipher}"
    )?;
    parties.meet(combination, true)?;
    Ok(true)
}

/// Each combination, and a line for it.
fn run_all(options: &Options) -> Result<bool, Box<dyn Error>> {
    let mut out = Output;
    let (ssl2, later): (Vec<_>, Vec<_>) = Combination::all()
        .filter(|it| it.what_it_lacks(options).is_none())
        .partition(|it| it.version == ProtocolVersion::SSLv2);
    let mut complete = 0;
    let total = ssl2.len() + later.len();
    for combinations in [ssl2, later] {
        // Who breaks a key at SSL 2.0 could use it against what came after (DROWN).
        let parties = Parties::new(options)?;
        for combination in combinations {
            let result = match parties.meet(combination, false) {
                Ok(()) => "ok".to_owned(),
                Err(error) => error.to_string(),
            };
            let Combination { version, cipher } = combination;
            writeln!(
                out,
                "version={version:<7} suite={cipher:<38} result={result}"
            )?;
            complete += usize::from(result == "ok");
        }
    }
    writeln!(out, "{complete} of {total} complete")?;
    Ok(complete == total)
}

/// What a conversation is held in.
#[derive(Clone, Copy)]
struct Combination {
    version: ProtocolVersion,
    cipher: Cipher,
}

impl Combination {
    /// From the oldest version, each with its strongest cipher first.
    fn all() -> impl Iterator<Item = Self> {
        let kinds = CipherKind::all().map(|kind| Self {
            version: ProtocolVersion::SSLv2,
            cipher: Cipher::Kind(kind),
        });
        kinds.chain(ProtocolVersion::all().flat_map(|version| {
            CipherSuite::all()
                .filter(move |suite| suite.exists_at(version))
                .map(move |suite| Self {
                    version,
                    cipher: Cipher::Suite(suite),
                })
        }))
    }

    /// Why what is to be shown does not exist here.
    fn what_it_lacks(self, options: &Options) -> Option<&'static str> {
        match self.cipher {
            Cipher::Kind(_) if options.renegotiate => {
                Some("SSL 2.0 has no renegotiation, and so no eleventh step")
            }
            Cipher::Kind(kind) if options.resume && kind.strength_bits() < Some(112) => Some(
                "sessions of so weak a cipher kind are not kept: their master key can be searched",
            ),
            _ => None,
        }
    }

    fn policy(self) -> Policy {
        let policy = Policy::EVERYTHING.versions(self.version, self.version);
        match self.cipher {
            Cipher::Suite(suite) => policy.cipher_suites(&[suite]),
            Cipher::Kind(kind) => policy.cipher_kinds(&[kind]),
        }
    }
}

/// The version and the cipher, as far as they are not named: the newest, and the strongest.
fn choose(options: &Options) -> Result<Combination, String> {
    let is_named = |it: &Combination| {
        options.version.is_none_or(|named| named == it.version)
            && options.suite.is_none_or(|named| named == it.cipher)
    };
    let named: Vec<_> = Combination::all().filter(is_named).collect();
    let newest = named.iter().map(|it| it.version).max();
    let chosen = named.into_iter().find(|it| Some(it.version) == newest);
    match (chosen, options.version, options.suite) {
        (Some(it), ..) => match it.what_it_lacks(options) {
            Some(lack) => Err(lack.to_owned()),
            None => Ok(it),
        },
        (None, Some(version), Some(cipher)) => Err(format!(
            "{cipher} does not exist at {version}; --all lists what does"
        )),
        (None, _, cipher) => Err(format!(
            "the library does not have {}; --all lists what it has",
            cipher.map_or_else(String::new, |cipher| cipher.to_string())
        )),
    }
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
    fn meet(&self, combination: Combination, prints: bool) -> Result<(), Box<dyn Error>> {
        let policy = combination.policy();
        let log = StepLog::new(combination.version);
        let client = self.client_config(policy, &log)?;
        let server = self.server_config(policy, &log)?;
        let connect = || -> Result<_, Box<dyn Error>> {
            let client = ClientConnection::new(client.clone(), "localhost".try_into()?)?;
            Ok((client, ServerConnection::new(server.clone())))
        };
        if self.resume {
            let (mut client, mut server) = connect()?;
            shake_hands(&mut client, &mut server, &log)?;
            close(&mut client, &mut server, &log)?;
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
        close(client, server, log)?;
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
        let certificate = self.server.certificate.clone();
        let key = self.server.key.clone();
        let config = ServerConfig::builder(policy);
        let mut config = match log.is_ssl2() {
            true => config.ssl2_certificate(certificate, key),
            false => config.certificate(vec![certificate], key),
        }
        .without_tickets()
        .observers(log.clone());
        if let Some(client) = &self.client {
            config = config.client_verifier(PinnedCertificates::new([client.fingerprint()]));
        }
        Ok(Arc::new(config.build()?))
    }
}

/// Steps 1 to 9 in four flights, or in three where a session is resumed: the server's Finished
/// then comes first. Within each flight the steps stand in their order, but at SSL 2.0, where there
/// may be six.
fn shake_hands(
    client: &mut Connection,
    server: &mut Connection,
    log: &StepLog,
) -> Result<(), Box<dyn Error>> {
    cross(client, server)?;
    log.show(1..=1, "")?;
    cross(server, client)?;
    if log.is_ssl2() {
        while cross(client, server)? + cross(server, client)? > 0 {}
        log.show(2..=9, "")?;
    } else if client.session_resumed() {
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

/// At SSL 2.0 the transport does it.
fn close(
    client: &mut Connection,
    server: &mut Connection,
    log: &StepLog,
) -> Result<(), Box<dyn Error>> {
    client.send_close_notify();
    cross(client, server)?;
    server.send_close_notify();
    cross(server, client)?;
    if log.is_ssl2() {
        log.end();
    }
    for side in [client, server] {
        if log.is_ssl2() {
            side.read_tls(&mut io::empty())?;
            side.process_new_packets()?;
        }
        if side.reader().read(&mut [0])? != 0 {
            return Err("data came after the end".into());
        }
    }
    Ok(())
}
