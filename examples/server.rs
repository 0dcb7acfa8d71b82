//! A server for old clients: an HTTP page about the connection, or an echo.

mod shared {
    pub mod fresh_certificate;
    pub mod impatient_tcp;
    pub mod output;
    pub mod pem_files;
    pub mod policy_options;
    pub mod session_options;
    pub mod status_text;
    pub mod suite_names;
}

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use clap::Parser;
use retrossl::server::ServerConfigBuilder;
use retrossl::{
    AnonymousClients, Connection, Error as TlsError, Fingerprint, PathVerifier, Policy,
    RenegotiationRefused, RenegotiationState, Resumption, ServerConfig, ServerConnection,
    StreamOwned, UnbiddenRenegotiation,
};
use shared::fresh_certificate::FreshCertificate;
use shared::impatient_tcp::ImpatientTcp;
use shared::output::{Output, is_reader_gone, to_stderr};
use shared::pem_files::{read_identity, read_revocation_lists, read_roots};
use shared::policy_options::PolicyOptions;
use shared::session_options::SessionOptions;
use shared::status_text::{cause, negotiated, printable, renegotiation_hint, resumed, subject};
use shared::suite_names::suite_names;

/// Serves old clients: SSL 3.0 to TLS 1.2 with RSA key exchange
///
/// Prints `listening on ADDR` once it is ready, then one line for each connection when it has
/// ended: version=… suite=… resumed=… renegotiated=… subject=… client=ADDR sni=… result=ok, or
/// after result= the cause and the alert. `-` stands for what is not known. resumed= is no, id or
/// ticket; renegotiated= counts the handshakes after the first. The subject of a client's
/// certificate stands in quotation marks, with \" and \\ for those characters in it; result=ok says
/// that it was verified, and after it stands why no new handshake was asked for, where
/// --renegotiate-every could not. max_fragment=… after the suite says how much the client takes in
/// one record, where that is less than 16384 bytes.
#[derive(Parser)]
#[command(after_help = suite_names())]
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
    announce(fresh, listener.local_addr()?)?;

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
fn announce(fresh: Option<Fingerprint>, address: SocketAddr) -> io::Result<()> {
    let fresh = fresh.map(|it| format!("fresh certificate, to pin: {it}\n"));
    let fresh = fresh.unwrap_or_default();
    match writeln!(Output, "{fresh}listening on {address}") {
        Err(error) if !is_reader_gone(&error) => Err(error),
        _ => Ok(()),
    }
}

fn report(problem: &str) {
    to_stderr(&format!("server: {problem}"));
}

/// The config, and the fingerprint of a certificate that was made for it.
fn config(options: &Options) -> Result<(Arc<ServerConfig>, Option<Fingerprint>), Box<dyn Error>> {
    let config = ServerConfig::builder(policy(options)?);
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
    let (chain, key, fresh) = match (&options.cert, &options.key) {
        (Some(cert), Some(key)) => {
            let (chain, key) = read_identity(cert, key)?;
            (chain, key, None)
        }
        _ => {
            let fresh = FreshCertificate::new("localhost", &["localhost"])?;
            let fingerprint = fresh.fingerprint();
            (vec![fresh.certificate], fresh.key, Some(fingerprint))
        }
    };
    let config = config.certificate(chain, key).build()?;
    Ok((Arc::new(config), fresh))
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
        ("suite", text(connection.negotiated_cipher_suite())),
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
    let bits = connection
        .negotiated_cipher_suite()
        .and_then(|suite| suite.strength_bits());
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
