//! tlslite-ng, in Python processes of its own.
//!
//! It has SSL 3.0 to TLS 1.2, with RC4, Triple DES, AES and no encryption at all. The programs are
//! in `peers/tlslite/`. The package comes from PyPI, with what it depends on (`ecdsa` and `six`),
//! once, into `target/peers/tlslite-ng-0.8.2` of the workspace.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use openssl::hash::MessageDigest;
use openssl::x509::X509;
use serde_json::{Value, json};

use super::Version;
use super::program::{made_once, run};
use super::reporter::{self, LIFE, Report, Reporter};
use crate::Error;
use crate::certificate::{Identity, common_name};
use crate::recording::to_hex;

/// OpenSSL's names of the suites that it has, and its own of their ciphers and MACs. Those with
/// SHA-2 are for TLS 1.2.
#[rustfmt::skip]
pub const SUITES: [(&str, &str, &str); 12] = [
    ("NULL-MD5", "null", "md5"),
    ("NULL-SHA", "null", "sha"),
    ("NULL-SHA256", "null", "sha256"),
    ("RC4-MD5", "rc4", "md5"),
    ("RC4-SHA", "rc4", "sha"),
    ("DES-CBC3-SHA", "3des", "sha"),
    ("AES128-SHA", "aes128", "sha"),
    ("AES256-SHA", "aes256", "sha"),
    ("AES128-SHA256", "aes128", "sha256"),
    ("AES256-SHA256", "aes256", "sha256"),
    ("AES128-GCM-SHA256", "aes128gcm", "aead"),
    ("AES256-GCM-SHA384", "aes256gcm", "aead"),
];

/// Asked to, it says no and goes on; a second handshake of its own it refuses to begin
/// ("Renegotiation disallowed for security reasons").
pub const WITHOUT_RENEGOTIATION: &str = "tlslite-ng does not renegotiate";

/// [`Settings::new`] switches every extra off.
#[derive(Clone)]
pub struct Settings {
    pub version: Version,
    /// Its names, such as `aes128gcm`, in order of preference.
    pub ciphers: Vec<String>,
    /// Its names: `md5`, `sha`, `sha256`, `aead`.
    pub macs: Vec<String>,
    /// A server needs one; a client shows it when asked.
    pub identity: Option<Identity>,
    /// What is sent after the identity's certificate.
    pub chain: Vec<X509>,
    /// Whether a server asks for a certificate.
    pub request_certificate: bool,
    /// The certificate that the peer must show; without one, any will do, and none. It does not
    /// verify chains.
    pub pinned: Option<X509>,
    /// The name that a client sends.
    pub server_name: Option<String>,
    /// A server without it resumes no session of a client that has it.
    pub extended_master_secret: bool,
    pub encrypt_then_mac: bool,
    /// Whether a server has them; a client always does.
    pub session_tickets: bool,
}

impl Settings {
    /// Every suite that it has at this version.
    pub fn new(version: Version) -> Self {
        let names = |name: fn(&(_, &str, &str)) -> String| {
            let mut names: Vec<String> = SUITES.iter().map(name).collect();
            names.sort();
            names.dedup();
            names
        };
        Self {
            version,
            ciphers: names(|(_, cipher, _)| (*cipher).to_owned()),
            macs: names(|(_, _, mac)| (*mac).to_owned()),
            identity: None,
            chain: Vec::new(),
            request_certificate: false,
            pinned: None,
            server_name: None,
            extended_master_secret: false,
            encrypt_then_mac: false,
            session_tickets: false,
        }
    }

    /// The suite of OpenSSL's name alone.
    pub fn only(version: Version, suite: &str) -> Result<Self, Error> {
        let (_, cipher, mac) = SUITES
            .iter()
            .find(|(name, ..)| *name == suite)
            .ok_or_else(|| format!("tlslite-ng has no {suite}"))?;
        Ok(Self {
            ciphers: vec![(*cipher).to_owned()],
            macs: vec![(*mac).to_owned()],
            ..Self::new(version)
        })
    }

    fn options(&self) -> Result<Value, Error> {
        let mut chain = None;
        let mut key = None;
        if let Some(identity) = &self.identity {
            let mut certificates = identity.certificate_pem()?;
            for certificate in &self.chain {
                certificates += &String::from_utf8(certificate.to_pem()?)?;
            }
            chain = Some(certificates);
            key = Some(identity.key_pem()?);
        }
        let pinned = match &self.pinned {
            // It takes SHA-1 of them.
            Some(certificate) => Some(to_hex(&certificate.digest(MessageDigest::sha1())?)),
            None => None,
        };
        Ok(json!({
            "version": self.version.wire(),
            "ciphers": self.ciphers,
            "macs": self.macs,
            "chain": chain,
            "key": key,
            "request_certificate": self.request_certificate,
            "pinned": pinned,
            "server_name": self.server_name,
            "extended_master_secret": self.extended_master_secret,
            "encrypt_then_mac": self.encrypt_then_mac,
            "tickets": self.session_tickets,
            "life": LIFE.as_millis() as u64,
        }))
    }
}

/// What it reports of a connection when it is over.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub version: Version,
    /// The suite's two bytes.
    pub suite: Vec<u8>,
    pub master_secret: Vec<u8>,
    pub session_resumed: bool,
    pub extended_master_secret: bool,
    pub encrypt_then_mac: bool,
    pub peer_common_name: Option<String>,
    /// At a server, the name that the client sent.
    pub server_name: Option<String>,
    pub received: Vec<u8>,
    /// Whether the peer sent one.
    pub close_notify: bool,
}

impl reporter::Conversation for Conversation {
    fn read(report: &Report) -> Result<Self, Error> {
        let version = report.bytes("version")?;
        let mut versions = Version::ALL.into_iter();
        let peer_common_name = match report.text("peer_certificate") {
            Some(_) => common_name(&X509::from_der(&report.bytes("peer_certificate")?)?),
            None => None,
        };
        Ok(Self {
            version: versions
                .find(|known| known.wire().to_be_bytes() == version[..])
                .ok_or_else(|| format!("tlslite-ng speaks {version:?}"))?,
            suite: report.bytes("suite")?,
            master_secret: report.bytes("master_secret")?,
            session_resumed: report.flag("resumed"),
            extended_master_secret: report.flag("extended_master_secret"),
            encrypt_then_mac: report.flag("encrypt_then_mac"),
            peer_common_name,
            server_name: report.text("server_name"),
            received: report.bytes("received")?,
            close_notify: report.flag("close_notify"),
        })
    }
}

/// A server on a port of the loopback interface, which speaks with one client after the other.
pub type Server = reporter::Server<Conversation>;

impl Server {
    pub fn start(settings: &Settings) -> Result<Self, Error> {
        Self::of(start("server.py", settings.options()?)?)
    }
}

/// A client that sends a text, waits for as many bytes, and closes.
pub type Client = reporter::Client<Conversation>;

impl Client {
    pub fn connect(port: u16, text: &str, settings: &Settings) -> Result<Self, Error> {
        Self::reconnect(port, text, settings, 1, 1)
    }

    /// The same, several times, one after the other, each with the session of the one before; and
    /// all that for so many sessions, in the same process.
    pub fn reconnect(
        port: u16,
        text: &str,
        settings: &Settings,
        connections: usize,
        sessions: usize,
    ) -> Result<Self, Error> {
        let mut options = settings.options()?;
        options["port"] = json!(port);
        options["text"] = json!(text);
        options["connections"] = json!(connections);
        options["sessions"] = json!(sessions);
        let process = start("client.py", options)?;
        Ok(Self::of(process))
    }
}

/// The package's; it is fetched if it is not there.
pub fn version() -> Result<String, Error> {
    installed()?;
    let (_, version) = HOME.rsplit_once('-').ok_or("no version")?;
    Ok(version.to_owned())
}

fn start(script: &str, options: Value) -> Result<Reporter, Error> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("peers/tlslite")
        .join(script);
    Reporter::start(
        "tlslite-ng",
        Command::new(PYTHON)
            .arg("-B")
            .arg(script)
            .arg(options.to_string())
            .env("PYTHONPATH", installed()?),
    )
}

const PYTHON: &str = "python3";

/// Tried once, however many tests ask.
fn installed() -> Result<&'static Path, Error> {
    static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        made_once(HOME, |home| home.join("tlslite").exists(), fetch).map_err(|error| {
            format!(
                "cannot get tlslite-ng, a peer of these tests: {error}\n\
                 It takes Python 3.8 or newer with pip ({PYTHON} -m pip), and a way to PyPI"
            )
        })
    });
    match installed {
        Ok(path) => Ok(path),
        Err(error) => Err(error.clone().into()),
    }
}

const HOME: &str = "tlslite-ng-0.8.2";

fn fetch(directory: &Path) -> Result<(), Error> {
    run(Command::new(PYTHON)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args([
            "--target",
            ".",
            "tlslite-ng==0.8.2",
            "ecdsa==0.19.2",
            "six==1.17.0",
        ])
        .current_dir(directory))
}
