//! OpenSSL 3.6 in this process, over memory buffers.
//!
//! [`Endpoint`] holds what connections share (certificates, settings, a server's session cache);
//! a [`Connection`] is driven step by step: [`feed`](Connection::feed) it what the peer sent,
//! ask it to [`handshake`](Connection::handshake), [`read`](Connection::read) or
//! [`write`](Connection::write), and [`take`](Connection::take) what it has to send.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use openssl::provider::Provider;
use openssl::ssl::{
    AlpnError, ErrorCode, NameType, ShutdownState, Ssl, SslContext, SslContextBuilder, SslMethod,
    SslMode, SslOptions, SslRef, SslStream, SslVerifyMode, SslVersion,
};
use openssl::x509::{X509, X509VerifyResult};

use super::Version;
use crate::Error;
use crate::certificate::{Identity, common_name};

/// The library's, such as `OpenSSL 3.6.0 1 Oct 2025`.
pub fn library_version() -> &'static str {
    openssl::version::version()
}

/// What an [`Endpoint`] does. [`Settings::new`] switches every extra off.
#[derive(Clone)]
pub struct Settings {
    pub versions: RangeInclusive<Version>,
    /// An OpenSSL cipher list, such as `AES128-SHA:RC4-MD5`.
    pub suites: String,
    /// An OpenSSL list of signature algorithms, such as `RSA+SHA1`, instead of OpenSSL's own.
    pub signature_algorithms: Option<String>,
    /// A server needs one; a client shows it when asked.
    pub identity: Option<Identity>,
    /// What is sent after the identity's certificate.
    pub chain: Vec<X509>,
    /// Whether a server asks for a certificate.
    pub client_certificate: ClientCertificate,
    /// The certificates that the peer's must lead to; when empty, any certificate will do.
    pub trusted: Vec<X509>,
    /// The name that a client sends.
    pub server_name: Option<String>,
    /// In order of preference. A server that finds none of them in the offer goes on without.
    pub alpn_protocols: Vec<String>,
    pub encrypt_then_mac: bool,
    pub extended_master_secret: bool,
    pub session_tickets: bool,
    /// An empty record before each write with CBC at TLS 1.0 and below (against BEAST).
    pub empty_fragments: bool,
    /// Whether a server lets a client renegotiate.
    pub client_renegotiation: bool,
    /// Whether a peer without RFC 5746 may renegotiate.
    pub legacy_renegotiation: bool,
    /// Whether a client says that it has fallen back to its newest version (RFC 7507).
    pub fallback: bool,
    /// Whether buffers are given back whenever they are empty.
    pub release_buffers: bool,
}

/// What a server asks of its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificate {
    NotRequested,
    Requested,
    Required,
}

impl Settings {
    pub fn new(version: Version, suites: &str) -> Self {
        Self {
            versions: version..=version,
            suites: suites.to_owned(),
            signature_algorithms: None,
            identity: None,
            chain: Vec::new(),
            client_certificate: ClientCertificate::NotRequested,
            trusted: Vec::new(),
            server_name: None,
            alpn_protocols: Vec::new(),
            encrypt_then_mac: false,
            extended_master_secret: false,
            session_tickets: false,
            empty_fragments: false,
            client_renegotiation: false,
            legacy_renegotiation: false,
            fallback: false,
            release_buffers: false,
        }
    }

    /// The same with a certificate to show.
    pub fn with_identity(&self, identity: &Identity) -> Self {
        Self {
            identity: Some(identity.clone()),
            ..self.clone()
        }
    }
}

/// A client or a server, from which connections are made.
pub struct Endpoint {
    context: SslContext,
    is_server: bool,
    server_name: Option<String>,
}

impl Endpoint {
    pub fn client(settings: &Settings) -> Result<Self, Error> {
        let mut context = context(settings)?;
        if !settings.alpn_protocols.is_empty() {
            context.set_alpn_protos(&protocol_name_list(&settings.alpn_protocols))?;
        }
        context.set_verify(if settings.trusted.is_empty() {
            SslVerifyMode::NONE
        } else {
            SslVerifyMode::PEER
        });
        Ok(Self {
            context: context.build(),
            is_server: false,
            server_name: settings.server_name.clone(),
        })
    }

    pub fn server(settings: &Settings) -> Result<Self, Error> {
        let mut context = context(settings)?;
        // Without it, sessions with client certificates cannot be resumed.
        context.set_session_id_context(b"interop")?;
        if !settings.alpn_protocols.is_empty() {
            let ours = settings.alpn_protocols.clone();
            context.set_alpn_select_callback(move |_, theirs| {
                ours.iter()
                    .find_map(|ours| protocol_names(theirs).find(|name| *name == ours.as_bytes()))
                    .ok_or(AlpnError::NOACK)
            });
        }
        let mode = match settings.client_certificate {
            ClientCertificate::NotRequested => SslVerifyMode::NONE,
            ClientCertificate::Requested => SslVerifyMode::PEER,
            ClientCertificate::Required => {
                SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT
            }
        };
        if settings.trusted.is_empty() {
            context.set_verify_callback(mode, |_, _| true);
        } else {
            context.set_verify(mode);
        }
        for certificate in &settings.trusted {
            context.add_client_ca(certificate)?;
        }
        Ok(Self {
            context: context.build(),
            is_server: true,
            server_name: None,
        })
    }

    pub fn connection(&self) -> Result<Connection, Error> {
        let stream = SslStream::new(self.ssl()?, Wire::default())?;
        Ok(Connection { stream })
    }

    /// A connection that has no transport yet.
    pub fn ssl(&self) -> Result<Ssl, Error> {
        let mut ssl = Ssl::new(&self.context)?;
        if self.is_server {
            ssl.set_accept_state();
        } else {
            ssl.set_connect_state();
        }
        if let Some(name) = &self.server_name {
            ssl.set_hostname(name)?;
        }
        Ok(ssl)
    }
}

/// One connection, between two buffers.
pub struct Connection {
    stream: SslStream<Wire>,
}

impl Connection {
    /// Hands over bytes from the peer; nothing happens to them before the next call.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.stream.get_mut().incoming.extend(bytes);
    }

    /// The peer will send nothing more.
    pub fn feed_end(&mut self) {
        self.stream.get_mut().incoming_ended = true;
    }

    /// Takes the bytes for the peer: an alert, too, after an error.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.stream.get_mut().outgoing)
    }

    /// Goes as far as what was fed allows; says whether the handshake is complete.
    pub fn handshake(&mut self) -> Result<bool, Error> {
        match self.stream.do_handshake() {
            Ok(()) => Ok(true),
            Err(error) if error.code() == ErrorCode::WANT_READ => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub fn write(&mut self, plaintext: &[u8]) -> Result<(), Error> {
        let mut rest = plaintext;
        while !rest.is_empty() {
            let written = self.stream.ssl_write(rest)?;
            rest = &rest[written..];
        }
        Ok(())
    }

    /// The plaintext in what was fed, which may be none. Renegotiates if the peer asks for it.
    pub fn read(&mut self) -> Result<Vec<u8>, Error> {
        let mut plaintext = Vec::new();
        let mut piece = [0; 16 * 1024];
        loop {
            match self.stream.ssl_read(&mut piece) {
                Ok(n) => plaintext.extend_from_slice(&piece[..n]),
                Err(error)
                    if matches!(error.code(), ErrorCode::WANT_READ | ErrorCode::ZERO_RETURN) =>
                {
                    return Ok(plaintext);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Sends close_notify.
    pub fn shutdown(&mut self) -> Result<(), Error> {
        self.stream.shutdown()?;
        Ok(())
    }

    /// Whether [`read`](Self::read) has met the peer's close_notify.
    pub fn close_notify_received(&mut self) -> bool {
        self.stream.get_shutdown().contains(ShutdownState::RECEIVED)
    }

    /// Sends what there is to send.
    pub fn send(&mut self, transport: &mut impl Write) -> Result<(), Error> {
        Ok(transport.write_all(&self.take())?)
    }

    /// Sends what there is to send, then waits for the peer once. False at the end of the stream.
    pub fn exchange(&mut self, transport: &mut (impl Read + Write)) -> Result<bool, Error> {
        self.send(transport)?;
        let mut piece = [0; 16 * 1024];
        let n = transport.read(&mut piece).map_err(|error| {
            let state = self.ssl().state_string_long();
            format!("nothing from the peer ({state}): {error}")
        })?;
        if n == 0 {
            self.feed_end();
        }
        self.feed(&piece[..n]);
        Ok(n > 0)
    }

    pub fn version(&self) -> Option<Version> {
        match self.ssl().version2()? {
            SslVersion::SSL3 => Some(Version::Ssl3),
            SslVersion::TLS1 => Some(Version::Tls1_0),
            SslVersion::TLS1_1 => Some(Version::Tls1_1),
            SslVersion::TLS1_2 => Some(Version::Tls1_2),
            _ => None,
        }
    }

    /// The suite's number on the wire.
    pub fn suite(&self) -> Option<u16> {
        let cipher = self.ssl().current_cipher()?;
        Some(u16::from_be_bytes(cipher.protocol_id()))
    }

    /// Empty before there is one.
    pub fn master_secret(&self) -> Vec<u8> {
        let Some(session) = self.ssl().session() else {
            return Vec::new();
        };
        let mut secret = vec![0; session.master_key_len()];
        session.master_key(&mut secret);
        secret
    }

    /// Keying material of `length` bytes (RFC 5705 §4).
    pub fn export_keying_material(
        &self,
        length: usize,
        label: &str,
        context: Option<&[u8]>,
    ) -> Result<Vec<u8>, Error> {
        let mut material = vec![0; length];
        self.ssl()
            .export_keying_material(&mut material, label, context)?;
        Ok(material)
    }

    pub fn session_resumed(&self) -> bool {
        self.ssl().session_reused()
    }

    pub fn extended_master_secret(&self) -> bool {
        self.ssl().extms_support() == Some(true)
    }

    pub fn alpn_protocol(&self) -> Option<&[u8]> {
        self.ssl().selected_alpn_protocol()
    }

    /// At a server, the name that the client sent.
    pub fn server_name(&self) -> Option<&str> {
        self.ssl().servername(NameType::HOST_NAME)
    }

    pub fn peer_certificate(&self) -> Option<X509> {
        self.ssl().peer_certificate()
    }

    /// Whether the peer's certificate, if there is one, is what it should be.
    pub fn verified(&self) -> bool {
        self.ssl().verify_result() == X509VerifyResult::OK
    }

    pub fn peer_common_name(&self) -> Option<String> {
        common_name(&self.peer_certificate()?)
    }

    fn ssl(&self) -> &SslRef {
        self.stream.ssl()
    }
}

/// Lets OpenSSL read what was fed and keeps what it writes.
#[derive(Default)]
struct Wire {
    incoming: VecDeque<u8>,
    incoming_ended: bool,
    outgoing: Vec<u8>,
}

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.incoming.is_empty() && !self.incoming_ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.incoming.read(buf)
    }
}

impl Write for Wire {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.outgoing.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// Not named by the `openssl` crate; from OpenSSL's `ssl.h`.
const LEGACY_SERVER_CONNECT: SslOptions = SslOptions::from_bits_retain(1 << 2);
const NO_EXTENDED_MASTER_SECRET: SslOptions = SslOptions::from_bits_retain(1);
const ALLOW_CLIENT_RENEGOTIATION: SslOptions = SslOptions::from_bits_retain(1 << 8);
const NO_ENCRYPT_THEN_MAC: SslOptions = SslOptions::from_bits_retain(1 << 19);

fn context(settings: &Settings) -> Result<SslContextBuilder, Error> {
    load_providers()?;
    let mut context = SslContextBuilder::new(SslMethod::tls())?;
    configure(&mut context, settings)?;
    Ok(context)
}

/// What the settings of clients and of servers have in common.
pub fn configure(context: &mut SslContextBuilder, settings: &Settings) -> Result<(), Error> {
    context.set_security_level(0);
    context.clear_options(SslOptions::NO_SSLV3);
    context.set_min_proto_version(Some(ssl_version(*settings.versions.start())))?;
    context.set_max_proto_version(Some(ssl_version(*settings.versions.end())))?;
    context.set_cipher_list(&format!("{}:@SECLEVEL=0", settings.suites))?;
    if let Some(list) = &settings.signature_algorithms {
        context.set_sigalgs_list(list)?;
    }
    for (option, set) in [
        (LEGACY_SERVER_CONNECT, true),
        (NO_ENCRYPT_THEN_MAC, !settings.encrypt_then_mac),
        (NO_EXTENDED_MASTER_SECRET, !settings.extended_master_secret),
        (SslOptions::NO_TICKET, !settings.session_tickets),
        (
            SslOptions::DONT_INSERT_EMPTY_FRAGMENTS,
            !settings.empty_fragments,
        ),
        (ALLOW_CLIENT_RENEGOTIATION, settings.client_renegotiation),
        (
            SslOptions::ALLOW_UNSAFE_LEGACY_RENEGOTIATION,
            settings.legacy_renegotiation,
        ),
    ] {
        if set {
            context.set_options(option);
        } else {
            context.clear_options(option);
        }
    }
    if let Some(identity) = &settings.identity {
        context.set_certificate(&identity.certificate)?;
        context.set_private_key(&identity.key)?;
    }
    if settings.fallback {
        context.set_mode(SslMode::SEND_FALLBACK_SCSV);
    }
    if settings.release_buffers {
        context.set_mode(SslMode::RELEASE_BUFFERS);
    }
    for certificate in &settings.chain {
        context.add_extra_chain_cert(certificate.clone())?;
    }
    for certificate in &settings.trusted {
        context.cert_store_mut().add_cert(certificate.clone())?;
    }
    Ok(())
}

fn ssl_version(version: Version) -> SslVersion {
    match version {
        Version::Ssl3 => SslVersion::SSL3,
        Version::Tls1_0 => SslVersion::TLS1,
        Version::Tls1_1 => SslVersion::TLS1_1,
        Version::Tls1_2 => SslVersion::TLS1_2,
    }
}

/// `ProtocolNameList` (RFC 7301 §3.1), without the length in front.
fn protocol_name_list(names: &[String]) -> Vec<u8> {
    let mut list = Vec::new();
    for name in names {
        list.push(u8::try_from(name.len()).expect("a protocol name has at most 255 bytes"));
        list.extend_from_slice(name.as_bytes());
    }
    list
}

fn protocol_names(mut list: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = list.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        list = rest;
        Some(name)
    })
}

/// RC4, DES and RC2 are in the legacy provider; loading that one alone would unload the default
/// one.
pub fn load_providers() -> Result<(), Error> {
    static PROVIDERS: OnceLock<Result<[Provider; 2], String>> = OnceLock::new();
    let load =
        |name| Provider::load(None, name).map_err(|error| format!("provider {name}: {error}"));
    match PROVIDERS.get_or_init(|| Ok([load("default")?, load("legacy")?])) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.clone().into()),
    }
}
