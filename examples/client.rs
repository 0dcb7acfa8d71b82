//! A client for old servers.

mod shared {
    pub mod impatient_tcp;
    pub mod output;
    pub mod pem_files;
    pub mod policy_options;
    pub mod status_text;
    pub mod suite_names;
    pub mod trace;
}

use std::error::Error;
use std::io::{self, IsTerminal, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use retrossl::client::ClientConfigBuilder;
use retrossl::dangerous::AcceptAnyCertificate;
use retrossl::pki_types::ServerName;
use retrossl::{
    CertificateError, CertificateProblem, ClientConfig, ClientConnection, Connection,
    Error as TlsError, Fingerprint, KeyLogFile, PathVerifier, PinnedCertificates, RootStore,
    StreamOwned, certificate_subject,
};
use shared::impatient_tcp::ImpatientTcp;
use shared::output::{Output, is_reader_gone, to_stderr};
use shared::pem_files::{read_identity, read_revocation_lists, read_roots};
use shared::policy_options::PolicyOptions;
use shared::status_text::{cause, negotiated, printable};
use shared::suite_names::suite_names;
use shared::trace::Trace;

/// Talks to old servers: SSL 3.0 to TLS 1.2 with RSA key exchange
///
/// Prints one line version=… suite=… resumed=… peer=SUBJECT, then what comes back. Ends with 0
/// only if all went well, the server's close_notify included where its answer lasts until then;
/// otherwise with one line on stderr: the cause, the alert, and where the server's certificate was
/// refused, but not revoked, what pins it. The certificate is verified by the system's roots unless
/// --ca, --pin or --insecure says otherwise. A reader of stdout that leaves ends the program with 0.
#[derive(Parser)]
#[command(after_help = suite_names())]
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

    /// Print every handshake message, ChangeCipherSpec and alert, both ways
    #[arg(long)]
    trace: bool,

    /// Append the session's secrets to FILE, for programs that decrypt captures
    #[arg(long, value_name = "FILE")]
    keylog: Option<PathBuf>,

    /// How long connecting may take, and the server between two pieces of its answer
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,

    #[command(flatten)]
    allowed: PolicyOptions,
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
    let config = config(options)?;
    let name = name(options)?;
    let connection = ClientConnection::new(config, name.clone())?;
    let transport = ImpatientTcp::new(connect(options)?, Duration::from_secs(options.timeout));
    let mut stream = StreamOwned::new(connection, transport);
    let result = match converse(&mut stream, options, &name) {
        Err(error) if is_reader_gone(&error) => {
            // There is nothing left to do, so that it does not matter whether the server hears it.
            let _ = stream.close();
            Ok(())
        }
        result => result,
    };
    let (connection, transport) = stream.into_parts();
    transport.hang_up();
    result.map_err(|error| {
        let pin = pin_hint(&error, &connection).unwrap_or_default();
        format!("{}{pin}", cause(&error, &connection)).into()
    })
}

fn config(options: &Options) -> Result<Arc<ClientConfig>, Box<dyn Error>> {
    let config = ClientConfig::builder(options.allowed.policy()?);
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
    if options.trace {
        config = config.observers(Trace);
    }
    Ok(Arc::new(config.build()?))
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

/// How to accept a certificate that was not verified, if it is the right one. One that was revoked
/// is not.
fn pin_hint(error: &io::Error, connection: &Connection) -> Option<String> {
    match TlsError::of_io(error) {
        Some(TlsError::InvalidCertificate(CertificateError::Chain(chain)))
            if !matches!(chain.problem, CertificateProblem::Revoked { .. }) => {}
        _ => return None,
    }
    let certificate = connection.peer_certificates()?.first()?;
    let fingerprint = Fingerprint::of(certificate);
    Some(format!("; if it is the right one: --pin {fingerprint}"))
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

fn connect(options: &Options) -> Result<TcpStream, String> {
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

fn converse(stream: &mut TlsStream, options: &Options, name: &ServerName) -> io::Result<()> {
    stream.complete_handshake()?;
    writeln!(
        Output,
        "{} peer={}",
        negotiated(&stream.connection),
        subject(&stream.connection)
    )?;
    if let Some(path) = &options.get {
        let name = name.to_str();
        stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {name}\r\n\r\n").as_bytes())?;
        print_answer(stream, usize::MAX)?;
    } else if let Some(text) = &options.send {
        stream.write_all(text.as_bytes())?;
        print_answer(stream, text.len())?;
    }
    stream.close()
}

/// Prints what comes as it comes, up to `limit` bytes or the server's close_notify.
fn print_answer(stream: &mut TlsStream, limit: usize) -> io::Result<()> {
    let mut last_byte = b'\n';
    let result = copy_answer(stream, limit, &mut last_byte);
    if last_byte != b'\n' && io::stdout().is_terminal() {
        writeln!(Output)?;
    }
    result
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

fn subject(connection: &Connection) -> String {
    connection
        .peer_certificates()
        .and_then(|chain| certificate_subject(&chain[0]))
        .map_or_else(|| "-".to_owned(), |subject| printable(&subject))
}

/// A path that cannot smuggle a second request line.
fn http_path(path: &str) -> Result<String, String> {
    let is_clean = !path.contains(|character: char| character.is_control() || character == ' ');
    (path.starts_with('/') && is_clean)
        .then(|| path.to_owned())
        .ok_or_else(|| "a path starts with / and has no spaces".to_owned())
}
