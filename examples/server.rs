//! A server for old clients: an HTTP page about the connection, or an echo.

mod shared {
    pub mod cipher;
    pub mod fresh_certificate;
    pub mod impatient_tcp;
    pub mod output;
    pub mod pem_files;
    pub mod policy_options;
    pub mod session_options;
    pub mod status_text;
}

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use clap::Parser;
use retrossl::server::ServerConfigBuilder;
use retrossl::{
    AnonymousClients, Connection, Error as TlsError, Fingerprint, PathVerifier, Policy, PrivateKey,
    ProtocolVersion, RenegotiationRefused, RenegotiationState, Resumption, ServerConfig,
    ServerConnection, StreamOwned, UnbiddenRenegotiation,
};
use shared::cipher::cipher_names;
use shared::fresh_certificate::FreshCertificate;
use shared::impatient_tcp::ImpatientTcp;
use shared::output::{Output, is_reader_gone, to_stderr};
use shared::pem_files::{Chain, read_identity, read_revocation_lists, read_roots};
use shared::policy_options::PolicyOptions;
use shared::session_options::SessionOptions;
use shared::status_text::{
    cause, cipher, negotiated, printable, renegotiation_hint, resumed, subject,
};

/// Serves old clients: SSL 2.0 to TLS 1.2 with RSA key exchange
///
/// Prints `listening on ADDR` once it is ready, then one line for each connection when it has
/// ended: version=… suite=… resumed=… renegotiated=… subject=… client=ADDR sni=… result=ok, or
/// after result= the cause and the alert. `-` stands for what is not known. resumed= is no, id or
/// ticket; renegotiated= counts the handshakes after the first. The subject of a client's
/// certificate stands in quotation marks, with \" and \\ for those characters in it; result=ok says
/// that it was verified, and after it stands why no new handshake was asked for, where
/// --renegotiate-every could not. max_fragment=… after the suite says how much the client takes in
/// one record, where that is less than 16384 bytes. At SSL 2.0 the suite is a cipher kind.
#[derive(Parser)]
#[command(after_help = cipher_names())]
struct Options {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4433")]
    listen: String,

    /// The certificate, and the rest of its chain after it [default: a fresh one for localhost]
    #[arg(long, value_name = "PEM", requires = "key")]
    cert: Option<PathBuf>,

    /// The certificate's RSA key, PKCS#8 or PKCS#1
    #[arg(long, value_name = "PEM", requires = "cert")]
    key: Option<PathBuf>,

    /// The certificate for SSL 2.0, alone, where that is allowed [default: a fresh one]
    ///
    /// Its key must be another than the other certificate's: who breaks SSL 2.0 could then break
    /// what came after it, too (DROWN)
    #[arg(long, value_name = "PEM", requires = "ssl2_key")]
    ssl2_cert: Option<PathBuf>,

    /// The RSA key of the certificate for SSL 2.0, PKCS#8 or PKCS#1
    #[arg(long, value_name = "PEM", requires = "ssl2_cert")]
    ssl2_key: Option<PathBuf>,

    /// Ask clients for a certificate, and verify it by the authorities in PEM; clients without
    /// one are let in
    #[arg(long, value_name = "PEM")]
    client_ca: Option<PathBuf>,

    /// Refuse clients whose certificate the revocation lists in PEM revoke; may be repeated
    #[arg(long, value_name = "PEM", requires = "client_ca")]
    client_crl: Vec<PathBuf>,

    /// Refuse clients without a certificate
    #[arg(long, requires = "client_ca")]
    require_client_cert: bool,

    /// Answer an HTTP request with a page that states what was negotiated (the default)
    #[arg(long, conflicts_with = "echo")]
    www: bool,

    /// Send back what comes, until the client closes
    #[arg(long)]
    echo: bool,

    /// Ask for a new handshake after N bytes of data, both ways together, and again after each N
    /// more, but not while the last request waits for its answer
    ///
    /// A client may refuse, and is asked again N bytes later. The page waits for the answer, until
    /// the timeout where a client ignores the request, as one must that does not want it at SSL
    /// 3.0. The echo does not wait: a client that writes on and never reads does not answer, and is
    /// not asked again. Many clients, OpenSSL's among them, stand no data between the request and
    /// the end of the handshake, so that large echoes to them break off
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    renegotiate_every: Option<u64>,

    /// Let clients renegotiate without having been asked to
    #[arg(long)]
    accept_renegotiation: bool,

    /// Answer clients that ask by RFC 8449 that records to this server carry at most BYTES of
    /// plaintext, 64 to 16384; a client with only RFC 6066 decides itself, and one with neither
    /// sends full records
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(64..=16_384))]
    max_fragment: Option<u16>,

    /// How long a client may take to complete the handshake and its request, or between two
    /// pieces of what is echoed
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,

    #[command(flatten)]
    sessions: SessionOptions,

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

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(&options.listen)
        .map_err(|error| format!("cannot listen on {}: {error}", options.listen))?;
    let (config, fresh) = config(options)?;
    let service = Arc::new(Service {
        config,
        timeout: Duration::from_secs(options.timeout),
        echoes: options.echo,
        renegotiates_every: options.renegotiate_every,
    });
    announce(&fresh, listener.local_addr()?)?;

    let places = Arc::new(Places::default());
    loop {
        let place = places.take();
        match listener.accept() {
            Ok((tcp, address)) => {
                let service = service.clone();
                let serving = thread::Builder::new().spawn(move || {
                    let _place = place;
                    service.serve(tcp, address);
                });
                if let Err(error) = serving {
                    report(&format!("no thread for {address}: {error}"));
                }
            }
            // Such as too many open files, or a client that is gone already: later ones may do.
            Err(error) => {
                report(&format!("cannot accept: {error}"));
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// Says that all is ready. A reader that is gone is no reason to stop.
fn announce(fresh: &[Fresh], address: SocketAddr) -> io::Result<()> {
    let fresh: String = fresh
        .iter()
        .map(|(what, fingerprint)| format!("{what}, to pin: {fingerprint}\n"))
        .collect();
    match writeln!(Output, "{fresh}listening on {address}") {
        Err(error) if !is_reader_gone(&error) => Err(error),
        _ => Ok(()),
    }
}

fn report(problem: &str) {
    to_stderr(&format!("server: {problem}"));
}

/// A certificate that was made: what it is, and what pins it.
type Fresh = (&'static str, Fingerprint);

/// The config, and the certificates that were made for it.
fn config(options: &Options) -> Result<(Arc<ServerConfig>, Vec<Fresh>), Box<dyn Error>> {
    let policy = policy(options)?;
    let config = ServerConfig::builder(policy);
    let mut config = authenticate_clients(config, options)?;
    if options.sessions.no_tickets {
        config = config.without_tickets();
    }
    if options.sessions.no_session_ids {
        config = config.without_session_ids();
    }
    if let Some(bytes) = options.max_fragment {
        config = config.max_fragment(bytes.into());
    }
    let mut fresh = Vec::new();
    // Where there is no version at all, `build` says so.
    if let Some((oldest, newest)) = policy.usable_versions() {
        if newest > ProtocolVersion::SSLv2 {
            let given = options.cert.as_deref().zip(options.key.as_deref());
            let (chain, key) = identity(given, "fresh certificate", &mut fresh)?;
            config = config.certificate(chain, key);
        } else if options.cert.is_some() {
            return Err(
                "only SSL 2.0 is allowed, which has a certificate of its own: --ssl2-cert \
                        and --ssl2-key, in place of --cert and --key, name it"
                    .into(),
            );
        }
        if oldest == ProtocolVersion::SSLv2 {
            let given = options
                .ssl2_cert
                .as_deref()
                .zip(options.ssl2_key.as_deref());
            let (chain, key) = identity(given, "fresh certificate for SSL 2.0", &mut fresh)?;
            if chain.len() > 1 {
                return Err(format!(
                    "--ssl2-cert has {} certificates, and SSL 2.0 sends one: leave the others out; \
                     who issued it has to be among the clients' roots",
                    chain.len()
                )
                .into());
            }
            let own = chain.into_iter().next().expect("a chain is not empty");
            config = config.ssl2_certificate(own, key);
        } else if options.ssl2_cert.is_some() {
            return Err(
                "--ssl2-cert is given, and SSL 2.0 is not allowed; --min ssl2 or --policy \
                        everything allows it, unless --suites names no cipher kind"
                    .into(),
            );
        }
    }
    Ok((Arc::new(config.build()?), fresh))
}

/// A certificate and its key from files, or made.
fn identity(
    given: Option<(&Path, &Path)>,
    what: &'static str,
    fresh: &mut Vec<Fresh>,
) -> Result<(Chain, Arc<dyn PrivateKey>), Box<dyn Error>> {
    if let Some((cert, key)) = given {
        return Ok(read_identity(cert, key)?);
    }
    let made = FreshCertificate::new("localhost", &["localhost"])?;
    fresh.push((what, made.fingerprint()));
    Ok((vec![made.certificate], made.key))
}

fn policy(options: &Options) -> Result<Policy, String> {
    if options.accept_renegotiation {
        let policy = options
            .allowed
            .renegotiating_policy("--accept-renegotiation")?;
        return Ok(policy.unbidden_renegotiation(UnbiddenRenegotiation::Accepted));
    }
    match options.renegotiate_every {
        Some(_) => options.allowed.renegotiating_policy("--renegotiate-every"),
        None => options.allowed.policy(),
    }
}

fn authenticate_clients(
    config: ServerConfigBuilder,
    options: &Options,
) -> Result<ServerConfigBuilder, String> {
    let Some(path) = &options.client_ca else {
        return Ok(config);
    };
    let (roots, skipped) = read_roots(path)?;
    skipped.iter().for_each(|problem| report(problem));
    let anonymous = if options.require_client_cert {
        AnonymousClients::Refused
    } else {
        AnonymousClients::Accepted
    };
    let verifier = PathVerifier::new(roots)
        .anonymous_clients(anonymous)
        .revocation_lists(read_revocation_lists(&options.client_crl)?);
    Ok(config.client_verifier(verifier))
}

/// What every connection gets.
struct Service {
    config: Arc<ServerConfig>,
    timeout: Duration,
    echoes: bool,
    renegotiates_every: Option<u64>,
}

impl Service {
    /// One connection, and its line.
    fn serve(&self, tcp: TcpStream, address: SocketAddr) {
        let connection = ServerConnection::new(self.config.clone());
        let mut conversation = Conversation {
            stream: StreamOwned::new(connection, ImpatientTcp::new(tcp, self.timeout)),
            address,
            resumption: None,
            renegotiates_every: self.renegotiates_every,
            unasked_bytes: 0,
            cannot_renegotiate: None,
        };
        let result = match conversation.hold(self.echoes) {
            Ok(()) => conversation.success(),
            Err(error) => cause(&error, &conversation.stream.connection),
        };
        let (connection, tcp) = conversation.stream.into_parts();
        let line = format!(
            "{} client={address} sni={} result={result}\n",
            negotiated(&connection, conversation.resumption),
            text(connection.server_name().map(one_word)),
        );
        // One write, so that lines do not mix. A reader that is gone is no reason to stop.
        let _ = io::stdout().write_all(line.as_bytes());
        tcp.hang_up();
    }
}

/// One connection, while it lasts.
struct Conversation {
    stream: StreamOwned<ServerConnection, ImpatientTcp>,
    address: SocketAddr,
    resumption: Option<Resumption>,
    renegotiates_every: Option<u64>,
    /// Data since the last request for a new handshake.
    unasked_bytes: u64,
    cannot_renegotiate: Option<RenegotiationRefused>,
}

impl Conversation {
    fn hold(&mut self, echoes: bool) -> io::Result<()> {
        self.stream.complete_handshake()?;
        self.resumption = self.stream.connection.resumption();
        match echoes {
            true => self.echo(),
            false => self.answer_request(),
        }
    }

    /// A client that cannot be renegotiated with has been served all the same.
    fn success(&self) -> String {
        match self.cannot_renegotiate {
            None => "ok".to_owned(),
            Some(why) => {
                let hint = renegotiation_hint(why, &self.stream.connection);
                format!("ok (not renegotiated: {why}{hint})")
            }
        }
    }

    fn echo(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            self.stream.transport.renew();
            let len = self.stream.read(&mut buffer)?;
            if len == 0 {
                return self.stream.close();
            }
            self.stream.write_all(&buffer[..len])?;
            // The answer comes when the client has time for it, with data before it.
            self.count(2 * len)?;
            self.stream.flush()?;
        }
    }

    fn answer_request(&mut self) -> io::Result<()> {
        let mut request = Vec::new();
        let mut buffer = [0; 1024];
        while !is_complete(&request) {
            let len = self.stream.read(&mut buffer)?;
            if len == 0 {
                // Closed without a request: nothing is wrong with that.
                return self.stream.close();
            }
            request.extend_from_slice(&buffer[..len]);
            if request.len() > MAX_REQUEST {
                return Err(io::Error::other("the HTTP request is too long"));
            }
        }
        let page = page(&self.stream.connection, self.resumption, self.address);
        let header = format!(
            "HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            page.len()
        );
        let body = if request.starts_with(b"HEAD ") {
            ""
        } else {
            &page
        };
        self.count(request.len())?;
        self.answer(format!("{header}{body}").as_bytes())?;
        self.stream.close()
    }

    /// Sends `answer`, in pieces where new handshakes come between them: after close_notify there
    /// would be none.
    fn answer(&mut self, mut answer: &[u8]) -> io::Result<()> {
        while !answer.is_empty() {
            self.settle()?;
            let rest = self
                .renegotiates_every
                .map_or(u64::MAX, |every| every.saturating_sub(self.unasked_bytes));
            let len = usize::try_from(rest)
                .unwrap_or(usize::MAX)
                .clamp(1, answer.len());
            let (piece, later) = answer.split_at(len);
            self.stream.write_all(piece)?;
            self.count(len)?;
            answer = later;
        }
        self.settle()
    }

    /// Waits for the new handshake that was asked for, if there is one. A client may refuse it.
    fn settle(&mut self) -> io::Result<()> {
        let result = self.stream.complete_handshake();
        match self.stream.connection.renegotiation() {
            RenegotiationState::Refused => Ok(()),
            _ => result,
        }
    }

    /// Counts application data, and asks for a new handshake where it is time, unless the last
    /// request waits for its answer.
    fn count(&mut self, bytes: usize) -> io::Result<()> {
        self.unasked_bytes += bytes as u64;
        let is_time = self
            .renegotiates_every
            .is_some_and(|every| self.unasked_bytes >= every);
        let connection = &mut self.stream.connection;
        if !is_time || connection.renegotiation().is_pending() {
            return Ok(());
        }
        self.unasked_bytes = 0;
        match connection.renegotiate() {
            // A client that has sent all that it has can still be answered.
            Ok(()) | Err(TlsError::Renegotiation(RenegotiationRefused::Closing)) => {}
            Err(TlsError::Renegotiation(why)) => {
                self.renegotiates_every = None;
                self.cannot_renegotiate = Some(why);
            }
            Err(error) => return Err(io::Error::other(error)),
        }
        Ok(())
    }
}

/// Whether the request's header has ended; an HTTP/0.9 request is one line.
fn is_complete(request: &[u8]) -> bool {
    let mut lines = request.split_inclusive(|byte| *byte == b'\n');
    let Some(first) = lines.next().filter(|line| line.ends_with(b"\n")) else {
        return false;
    };
    let has_header = first.windows(6).any(|bytes| bytes == b" HTTP/");
    !has_header || lines.any(|line| line == b"\r\n" || line == b"\n")
}

/// HTML that the oldest browsers show.
fn page(
    connection: &ServerConnection,
    resumption: Option<Resumption>,
    address: SocketAddr,
) -> String {
    let yes_or_no = |yes| if yes { "yes" } else { "no" };
    let rows = [
        ("version", text(connection.protocol_version())),
        ("suite", text(cipher(connection))),
        ("strength", strength(connection)),
        ("resumed", resumed(resumption).into()),
        (
            "extended master secret",
            yes_or_no(connection.extended_master_secret()).into(),
        ),
        (
            "encrypt-then-MAC",
            yes_or_no(connection.encrypt_then_mac()).into(),
        ),
        (
            "secure renegotiation",
            yes_or_no(connection.secure_renegotiation()).into(),
        ),
        ("server name", text(connection.server_name().map(one_word))),
        ("client", address.to_string()),
        ("client's certificate", text(subject(connection))),
    ];
    let rows: String = rows
        .iter()
        .map(|(name, value)| format!("{name:<24}{}\n", escape(value)))
        .collect();
    format!("<html><head><title>retrossl</title></head><body><pre>\n{rows}</pre></body></html>\n")
}

fn text(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn strength(connection: &Connection) -> String {
    let suite = connection.negotiated_cipher_suite();
    let kind = connection.negotiated_cipher_kind();
    let bits = suite
        .and_then(|suite| suite.strength_bits())
        .or(kind.and_then(|kind| kind.strength_bits()));
    text(bits.map(|bits| format!("{bits} bits")))
}

fn escape(value: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A name from the peer as one field of a line.
fn one_word(name: &str) -> String {
    printable(name).replace(char::is_whitespace, "\u{fffd}")
}

/// Places for connections: where all are taken, the next ones wait in the listener's queue.
#[derive(Default)]
struct Places {
    taken: Mutex<usize>,
    freed: Condvar,
}

impl Places {
    fn take(self: &Arc<Self>) -> Place {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = self
            .freed
            .wait_while(taken, |taken| *taken >= MAX_CONNECTIONS)
            .unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        Place(self.clone())
    }
}

struct Place(Arc<Places>);

impl Drop for Place {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.freed.notify_one();
    }
}

/// Far more than old clients come at once; each takes a thread while it is served.
const MAX_CONNECTIONS: usize = 4096;

/// A request's header at the most.
const MAX_REQUEST: usize = 16 * 1024;
