//! GnuTLS, by its programs `gnutls-serv` and `gnutls-cli`, in processes of their own.
//!
//! They are in Debian's package `gnutls-bin`, which is installed if it is missing and this may be
//! done. What Debian builds has no SSL 3.0, but RC4, Triple DES, AES and no encryption at all.

use std::net::TcpStream;
use std::process::Command;
use std::sync::OnceLock;

use super::Version;
use super::program::{Directory, Program, free_port, install};
use crate::Error;
use crate::loopback::Listener;
use crate::people::{Member, People};

/// The versions that it has.
pub const VERSIONS: [Version; 3] = [Version::Tls1_0, Version::Tls1_1, Version::Tls1_2];

/// OpenSSL's names of the suites that it has, and its own of their ciphers and MACs. Those with
/// SHA-2 are for TLS 1.2.
#[rustfmt::skip]
pub const SUITES: [(&str, &str); 12] = [
    ("NULL-MD5", "+NULL:+MD5"),
    ("NULL-SHA", "+NULL:+SHA1"),
    ("NULL-SHA256", "+NULL:+SHA256"),
    ("RC4-MD5", "+ARCFOUR-128:+MD5"),
    ("RC4-SHA", "+ARCFOUR-128:+SHA1"),
    ("DES-CBC3-SHA", "+3DES-CBC:+SHA1"),
    ("AES128-SHA", "+AES-128-CBC:+SHA1"),
    ("AES256-SHA", "+AES-256-CBC:+SHA1"),
    ("AES128-SHA256", "+AES-128-CBC:+SHA256"),
    ("AES256-SHA256", "+AES-256-CBC:+SHA256"),
    ("AES128-GCM-SHA256", "+AES-128-GCM:+AEAD"),
    ("AES256-GCM-SHA384", "+AES-256-GCM:+AEAD"),
];

pub const WITHOUT_SSL_3: &str = "Debian builds GnuTLS without SSL 3.0";

/// What both programs are told.
pub struct Settings<'s> {
    pub people: &'s People,
    pub version: Version,
    /// Of a priority string, such as `+AES-128-CBC:+SHA1`; modifiers such as
    /// `%DISABLE_SAFE_RENEGOTIATION`, too.
    pub ciphers: &'s str,
    /// On the command line.
    pub options: &'s [&'s str],
}

impl<'s> Settings<'s> {
    pub fn new(people: &'s People, version: Version, ciphers: &'s str) -> Self {
        Self {
            people,
            version,
            ciphers,
            options: &[],
        }
    }

    fn start(
        &self,
        program: &str,
        member: &Member,
        options: &[&str],
    ) -> Result<(Program, Directory), Error> {
        installed()?;
        let directory = Directory::new("gnutls")?;
        let chain = [&member.identity, &member.authority].map(|one| one.certificate_pem());
        let [own, above] = chain;
        directory.write("key.pem", member.identity.key_pem()?)?;
        directory.write("chain.pem", own? + &above?)?;
        directory.write("root.pem", self.people.root.certificate_pem()?)?;
        let program = Program::start(
            Command::new(program)
                .current_dir(directory.path())
                .args(["--x509cafile", "root.pem", "--x509certfile", "chain.pem"])
                .args(["--x509keyfile", "key.pem", "--priority", &self.priority()])
                .args(self.options)
                .args(options),
        )?;
        Ok((program, directory))
    }

    fn priority(&self) -> String {
        let version = match self.version {
            Version::Ssl3 => "SSL3.0",
            Version::Tls1_0 => "TLS1.0",
            Version::Tls1_1 => "TLS1.1",
            Version::Tls1_2 => "TLS1.2",
        };
        let ciphers = self.ciphers;
        format!("NONE:+VERS-{version}:+RSA:{ciphers}:+COMP-NULL:+SIGN-ALL:+CTYPE-X509")
    }
}

/// A server that echoes lines.
pub struct Server {
    pub program: Program,
    port: u16,
    _directory: Directory,
}

impl Server {
    /// Requires a client's certificate; with further `options` of the program.
    pub fn start(
        people: &People,
        version: Version,
        ciphers: &str,
        options: &[&str],
    ) -> Result<Self, Error> {
        let options = [&["--require-client-cert", "--verify-client-cert"], options].concat();
        Self::with(&Settings {
            options: &options,
            ..Settings::new(people, version, ciphers)
        })
    }

    pub fn with(settings: &Settings<'_>) -> Result<Self, Error> {
        let port = free_port()?;
        let options = ["--echo", "--port", &port.to_string()];
        let server = &settings.people.server;
        let (mut program, directory) = settings.start("gnutls-serv", server, &options)?;
        // What it says comes late, when it is a pipe that it says it to.
        program.listens(port)?;
        Ok(Self {
            program,
            port,
            _directory: directory,
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it; what it said.
    pub fn stop(mut self) -> String {
        self.program.stop()
    }
}

/// A client that sends what it is told.
pub struct Client {
    pub program: Program,
    _directory: Directory,
}

impl Client {
    /// Sends one line, waits for it to come back, and closes; with further `options` of the
    /// program.
    pub fn connect(
        port: u16,
        people: &People,
        version: Version,
        ciphers: &str,
        options: &[&str],
    ) -> Result<Self, Error> {
        let settings = Settings {
            options,
            ..Settings::new(people, version, ciphers)
        };
        let mut client = Self::with(port, &settings)?;
        client.program.tell("a line\n")?;
        client.program.end_input();
        Ok(client)
    }

    pub fn with(port: u16, settings: &Settings<'_>) -> Result<Self, Error> {
        let options = ["--port", &port.to_string(), "localhost"];
        let client = &settings.people.client;
        let (program, directory) = settings.start("gnutls-cli", client, &options)?;
        Ok(Self {
            program,
            _directory: directory,
        })
    }

    /// Waits for the client to come; if it does not, says why.
    pub fn accept(&mut self, listener: &Listener) -> Result<TcpStream, Error> {
        self.program.accept(listener)
    }

    /// Ends it; what it said.
    pub fn stop(mut self) -> String {
        self.program.stop()
    }

    /// Waits for its end: what it said, and whether all was well.
    pub fn conversation(mut self) -> Result<(String, bool), Error> {
        self.program.conversation()
    }
}

/// Installs the programs unless they are there; tried once, however many tests ask.
fn installed() -> Result<(), Error> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    let present = || {
        let run = |name| Command::new(name).arg("--version").output();
        run("gnutls-cli").is_ok() && run("gnutls-serv").is_ok()
    };
    INSTALLED
        .get_or_init(|| install("gnutls-bin", present))
        .clone()
        .map_err(Into::into)
}
