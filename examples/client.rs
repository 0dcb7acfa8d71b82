//! A client for old servers.

mod shared {
    pub mod certificate_use;
    pub mod cipher;
    pub mod impatient_tcp;
    pub mod output;
    pub mod pem_files;
    pub mod policy_options;
    pub mod session_options;
    pub mod status_text;
    pub mod trace;
}

use std::error::Error;
use std::io::{self, IsTerminal, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use retrossl::client::ClientConfigBuilder;
use retrossl::dangerous::AcceptAnyCertificate;
use retrossl::pki_types::{IpAddr, ServerName};
use retrossl::{
    AlertDescription, CertificateError, CertificateProblem, ClientConfig, ClientConnection,
    Connection, Error as TlsError, Fingerprint, HelloFormat, KeyLogFile, PathVerifier,
    PeerIncompatible, PinnedCertificates, Policy, ProtocolVersion, RenegotiationRefused, RootStore,
    Ssl2Error, StreamOwned,
};
use shared::certificate_use::Watch;
use shared::cipher::cipher_names;
use shared::impatient_tcp::ImpatientTcp;
use shared::output::{Output, is_reader_gone, to_stderr};
use shared::pem_files::{read_identity, read_revocation_lists, read_roots};
use shared::policy_options::PolicyOptions;
use shared::session_options::SessionOptions;
use shared::status_text::{cause, negotiated, printable, quoted, subject};

/// Talks to old servers: SSL 2.0 to TLS 1.2 with RSA key exchange
///
/// Prints one line version=… suite=… resumed=… renegotiated=… subject=… certificate=…, then what
/// comes back. resumed= is no, id or ticket; renegotiated= counts the handshakes after the first;
/// subject= is whom the server's certificate names, in quotation marks, with \" and \\ for those
/// characters in it, or `-` where that cannot be read; certificate= says what became of the
/// client's: not-asked, not-sent or sent. max_fragment=… after the suite says how much the server
/// takes in one record, where that is less than 16384 bytes. At SSL 2.0 the suite is a cipher kind,
/// and kinds=… ends the line with those that the server lists (`-` where a session is resumed).
///
/// Ends with 0 only if all went well, the server's close_notify included where its answer lasts
/// until then (SSL 2.0 has none: there the connection's end counts); otherwise with one line on
/// stderr: the cause, the alert, and where the server's certificate was refused, but not revoked,
/// what pins it. The certificate is verified by the system's roots unless --ca, --pin or --insecure
/// says otherwise. A reader of stdout that leaves ends the program with 0.
#[derive(Parser)]
#[command(after_help = cipher_names())]
struct Options {
    /// The server; an IPv6 address stands in brackets
    #[arg(value_name = "HOST:PORT")]
    server: String,

    /// The name to ask the server for, in place of HOST
    #[arg(long)]
    name: Option<String>,

    /// Verify the certificate by the authorities in PEM, in place of the system's
    #[arg(long, value_name = "PEM", group = "authentication")]
    ca: Option<PathBuf>,

    /// Refuse what the revocation lists in PEM revoke; may be repeated
    #[arg(long, value_name = "PEM", conflicts_with_all = ["pin", "insecure"])]
    crl: Vec<PathBuf>,

    /// Accept the certificate with this SHA-256 fingerprint and no other
    #[arg(long, value_name = "SHA256", group = "authentication")]
    pin: Option<Fingerprint>,

    /// Accept any certificate: whoever is in between can read and change everything
    #[arg(long, group = "authentication")]
    insecure: bool,

    /// The certificate for a server that asks for one, and the rest of its chain after it
    #[arg(long, value_name = "PEM", requires = "key")]
    cert: Option<PathBuf>,

    /// The certificate's RSA key, PKCS#8 or PKCS#1
    #[arg(long, value_name = "PEM", requires = "cert")]
    key: Option<PathBuf>,

    /// Send an HTTP/1.0 GET for PATH and print the answer
    #[arg(long, value_name = "PATH", conflicts_with = "send", value_parser = http_path)]
    get: Option<String>,

    /// Send TEXT and print as many bytes as come back, up to its length
    #[arg(long, value_name = "TEXT")]
    send: Option<String>,

    /// Do the same again on a second connection, which resumes the session where the server lets
    /// it; each answer then ends its line. (At SSL 2.0 sessions of DES and export kinds are not
    /// kept, and none is offered in a hello that offers TLS 1.2, too)
    #[arg(long)]
    reconnect: bool,

    /// Renegotiate before anything is sent; a server that refuses is an error. A session that was
    /// resumed at SSL 3.0, as with --reconnect, cannot be renegotiated under --renegotiation
    /// secure; with --no-session-ids none is resumed
    #[arg(long)]
    renegotiate: bool,

    /// How to begin [default: ssl2 where --min or --suites asks for SSL 2.0, else ssl3]
    #[arg(long, value_enum, value_name = "FORMAT")]
    hello: Option<Hello>,

    /// Print every handshake message, ChangeCipherSpec and alert, both ways
    #[arg(long)]
    trace: bool,

    /// Append the session's secrets to FILE, for programs that decrypt captures
    #[arg(long, value_name = "FILE")]
    keylog: Option<PathBuf>,

    /// Ask the server for records of at most BYTES of plaintext, 64 to 16384: by RFC 8449, and from
    /// 512 on by RFC 6066, too, rounded down to 512, 1024, 2048 or 4096, which then binds both
    /// ways; it need not agree
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(64..=16_384))]
    max_fragment: Option<u16>,

    /// How long connecting may take, and the server between two pieces of its answer
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,

    #[command(flatten)]
    sessions: SessionOptions,

    #[command(flatten)]
    allowed: PolicyOptions,
}

#[derive(Clone, Copy, ValueEnum)]
enum Hello {
    /// With a message of SSL 3.0 and TLS, unless SSL 2.0 is all that is allowed
    Ssl3,
    /// With SSL 2.0's, which servers of all versions could read and today's refuse: without
    /// extensions, such as the server's name, and without a session, but one of SSL 2.0
    Ssl2,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn report(problem: &str) {
    to_stderr(&format!("client: {}", printable(problem)));
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let watch = Watch::new(options.trace);
    let client = Client {
        options,
        config: config(options, &watch)?,
        name: name(options)?,
        watch,
    };
    for _ in 0..=usize::from(options.reconnect) {
        match client.connect() {
            // There is nothing left to do.
            Err(error) if is_reader_gone(&*error) => break,
            result => result?,
        }
    }
    Ok(())
}

fn config(options: &Options, watch: &Watch) -> Result<Arc<ClientConfig>, Box<dyn Error>> {
    let config = ClientConfig::builder(policy(options)?).observers(watch.clone());
    let mut config = authenticate_server(config, options)?;
    if let (Some(cert), Some(key)) = (&options.cert, &options.key) {
        let (chain, key) = read_identity(cert, key)?;
        config = config.certificate(chain, key);
    }
    if let Some(path) = &options.keylog {
        let log = KeyLogFile::open(path)
            .map_err(|error| format!("cannot open {}: {error}", path.display()))?;
        config = config.key_log(log);
    }
    if let Some(bytes) = options.max_fragment {
        config = config.max_fragment(bytes.into());
    }
    if options.sessions.no_tickets {
        config = config.without_tickets();
    }
    if options.sessions.no_session_ids {
        config = config.without_session_ids();
    }
    Ok(Arc::new(config.build()?))
}

fn policy(options: &Options) -> Result<Policy, String> {
    let policy = match options.renegotiate {
        true => options.allowed.renegotiating_policy("--renegotiate")?,
        false => options.allowed.policy()?,
    };
    Ok(match options.hello {
        None => policy,
        Some(Hello::Ssl3) => policy.hello_format(HelloFormat::Ssl3),
        Some(Hello::Ssl2) => policy.hello_format(HelloFormat::Ssl2),
    })
}

fn authenticate_server(
    config: ClientConfigBuilder,
    options: &Options,
) -> Result<ClientConfigBuilder, String> {
    if options.insecure {
        return Ok(config.verifier(AcceptAnyCertificate));
    }
    if let Some(pin) = options.pin {
        return Ok(config.verifier(PinnedCertificates::new([pin])));
    }
    let roots = match &options.ca {
        Some(path) => {
            let (roots, skipped) = read_roots(path)?;
            skipped.iter().for_each(|problem| report(problem));
            roots
        }
        None => system_roots()?,
    };
    let lists = read_revocation_lists(&options.crl)?;
    Ok(config.verifier(PathVerifier::new(roots).revocation_lists(lists)))
}

/// Those of the system's roots that can be used; the others concern nobody here.
fn system_roots() -> Result<RootStore, String> {
    let loaded = rustls_native_certs::load_native_certs();
    let roots: RootStore = loaded.certs.into_iter().collect();
    if roots.is_empty() {
        let causes: Vec<_> = loaded.errors.iter().map(ToString::to_string).collect();
        return Err(format!(
            "the system has no root certificates; name some with --ca, or --pin the server's \
             certificate {causes:?}"
        ));
    }
    Ok(roots)
}

fn name(options: &Options) -> Result<ServerName<'static>, String> {
    let (host, _) = host_and_port(&options.server)?;
    let name = options.name.as_deref().unwrap_or(host);
    ServerName::try_from(name.to_owned())
        .map_err(|_| format!("{name:?} is neither a host name nor an IP address"))
}

fn host_and_port(server: &str) -> Result<(&str, u16), String> {
    server
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse().ok()?)))
        .map(|(host, port)| (host.trim_matches(['[', ']']), port))
        .filter(|(host, _)| !host.is_empty())
        .ok_or_else(|| format!("{server:?} is not HOST:PORT"))
}

fn connect_tcp(options: &Options) -> Result<TcpStream, String> {
    let (host, port) = host_and_port(&options.server)?;
    let refused = |error: io::Error| format!("cannot connect to {}: {error}", options.server);
    let mut last = io::Error::other("the name has no address");
    for address in (host, port).to_socket_addrs().map_err(refused)? {
        match TcpStream::connect_timeout(&address, Duration::from_secs(options.timeout)) {
            Ok(tcp) => return Ok(tcp),
            Err(error) => last = error,
        }
    }
    Err(refused(last))
}

type TlsStream = StreamOwned<ClientConnection, ImpatientTcp>;

/// What every connection gets.
struct Client<'o> {
    options: &'o Options,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    watch: Watch,
}

impl Client<'_> {
    fn connect(&self) -> Result<(), Box<dyn Error>> {
        let connection = ClientConnection::new(self.config.clone(), self.name.clone())?;
        let timeout = Duration::from_secs(self.options.timeout);
        let transport = ImpatientTcp::new(connect_tcp(self.options)?, timeout);
        let mut stream = StreamOwned::new(connection, transport);
        let result = self.converse(&mut stream);
        if matches!(&result, Err(error) if is_reader_gone(error)) {
            // It does not matter any more whether the server hears it.
            let _ = stream.close();
        }
        let (connection, transport) = stream.into_parts();
        transport.hang_up();
        result.map_err(|error| match is_reader_gone(&error) {
            true => error.into(),
            false => self.explain(&error, &connection).into(),
        })
    }

    fn converse(&self, stream: &mut TlsStream) -> io::Result<()> {
        stream.complete_handshake()?;
        let resumption = stream.connection.resumption();
        if self.options.renegotiate {
            renegotiate(stream)?;
        }
        writeln!(
            Output,
            "{} certificate={}{}",
            negotiated(&stream.connection, resumption),
            self.watch.certificate_use(),
            kinds(&stream.connection),
        )?;
        if let Some(path) = &self.options.get {
            let host = match &self.name {
                ServerName::IpAddress(address @ IpAddr::V6(_)) => {
                    format!("[{}]", std::net::IpAddr::from(*address))
                }
                name => name.to_str().into_owned(),
            };
            stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").as_bytes())?;
            self.print_answer(stream, usize::MAX)?;
        } else if let Some(text) = &self.options.send {
            stream.write_all(text.as_bytes())?;
            self.print_answer(stream, text.len())?;
        }
        stream.close()
    }

    /// Prints what comes as it comes, up to `limit` bytes or the server's close_notify.
    fn print_answer(&self, stream: &mut TlsStream, limit: usize) -> io::Result<()> {
        let mut last_byte = b'\n';
        let result = copy_answer(stream, limit, &mut last_byte);
        // Whatever comes next begins a line: a prompt, or the second connection's status.
        if last_byte != b'\n' && (self.options.reconnect || io::stdout().is_terminal()) {
            writeln!(Output)?;
        }
        result
    }

    /// Why a connection failed, and what may help.
    fn explain(&self, error: &io::Error, connection: &Connection) -> String {
        let is_renegotiating = self.options.renegotiate && connection.handshakes() == 1;
        match TlsError::of_io(error) {
            Some(TlsError::Renegotiation(RenegotiationRefused::ByPeer)) => {
                refused_renegotiation(AlertDescription::NO_RENEGOTIATION)
            }
            Some(TlsError::AlertReceived(alert)) if is_renegotiating => {
                refused_renegotiation(*alert)
            }
            Some(TlsError::Renegotiation(_)) => cause(error, connection),
            Some(TlsError::PeerIncompatible(PeerIncompatible::NoKindInCommon)) => format!(
                "{}; the server lists {}, and --suites names what is wanted",
                cause(error, connection),
                listed_kinds(connection).unwrap_or_else(|| "none".to_owned())
            ),
            Some(TlsError::Ssl2ErrorReceived(Ssl2Error::NO_CIPHER)) => format!(
                "{}; --suites and --policy offer other cipher kinds",
                cause(error, connection)
            ),
            _ if is_renegotiating => {
                format!("during the renegotiation: {}", cause(error, connection))
            }
            Some(TlsError::InvalidCertificate(CertificateError::Chain(chain))) => {
                explain_refusal(cause(error, connection), &chain.problem, connection)
            }
            _ => cause(error, connection),
        }
    }
}

/// ` kinds=…` at SSL 2.0.
fn kinds(connection: &Connection) -> String {
    match connection.protocol_version() {
        Some(ProtocolVersion::SSLv2) => {
            let kinds = listed_kinds(connection);
            format!(" kinds={}", kinds.as_deref().unwrap_or("-"))
        }
        _ => String::new(),
    }
}

/// The cipher kinds that the server lists, unless there are none.
fn listed_kinds(connection: &Connection) -> Option<String> {
    let hello = connection.ssl2_server_hello()?;
    let kinds: Vec<_> = hello.cipher_kinds().map(|kind| kind.to_string()).collect();
    (!kinds.is_empty()).then(|| kinds.join(","))
}

fn renegotiate(stream: &mut TlsStream) -> io::Result<()> {
    stream.transport.renew();
    let began = stream.connection.renegotiate().map_err(io::Error::other);
    let result = began.and_then(|()| stream.complete_handshake());
    if let Err(error) = &result
        && matches!(TlsError::of_io(error), Some(TlsError::Renegotiation(_)))
    {
        // The connection is what it was, and so is its end; but what counts is why.
        let _ = stream.close();
    }
    result
}

fn refused_renegotiation(alert: AlertDescription) -> String {
    format!(
        "the server refuses to renegotiate (alert received: {alert}); many do unless they ask for \
         it themselves; the example `server` accepts it with --accept-renegotiation"
    )
}

/// Adds how to accept a certificate that was not verified, if it is the right one. One that was
/// revoked is not.
fn explain_refusal(cause: String, problem: &CertificateProblem, connection: &Connection) -> String {
    let Some(own) = connection.peer_certificates().and_then(<[_]>::first) else {
        return cause;
    };
    // The library's advice is about the certificate with the problem, which may be an issuer's;
    // only the server's own can be pinned.
    let cause = cause
        .replace(
            "; add it there, or pin its fingerprint, if it is the right one",
            "",
        )
        .replace("; if it is the right one, pin its fingerprint", "");
    match problem {
        CertificateProblem::Revoked { .. } => cause,
        _ => format!(
            "{cause}; if the server's own certificate, {}, is the right one: --pin {}",
            subject(connection).map_or_else(|| "number 0".to_owned(), |name| quoted(&name)),
            Fingerprint::of(own)
        ),
    }
}

fn copy_answer(stream: &mut TlsStream, limit: usize, last_byte: &mut u8) -> io::Result<()> {
    let mut rest = limit;
    let mut buffer = vec![0; 16 * 1024];
    let mut out = Output;
    while rest > 0 {
        stream.transport.renew();
        let wanted = rest.min(buffer.len());
        let len = stream.read(&mut buffer[..wanted])?;
        let Some(byte) = buffer[..len].last() else {
            break;
        };
        *last_byte = *byte;
        out.write_all(&buffer[..len])?;
        out.flush()?;
        rest -= len;
    }
    Ok(())
}

/// A path that cannot smuggle a second request line.
fn http_path(path: &str) -> Result<String, String> {
    let is_clean = !path.contains(|character: char| character.is_control() || character == ' ');
    (path.starts_with('/') && is_clean)
        .then(|| path.to_owned())
        .ok_or_else(|| "a path starts with / and has no spaces".to_owned())
}
