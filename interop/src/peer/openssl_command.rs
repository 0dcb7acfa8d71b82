//! OpenSSL 3.0, by its program `openssl` (`s_server`, `s_client`), in processes of their own.
//!
//! It can do what the `openssl` crate has no safe function for: resume as a client, begin a
//! renegotiation. What Debian builds has TLS 1.0 to 1.2, with AES and without encryption.

use std::process::Command;

use super::Version;
use super::program::{Directory, Program, free_port};
use crate::Error;
use crate::people::{Member, People};

/// The versions that it has.
pub const VERSIONS: [Version; 3] = [Version::Tls1_0, Version::Tls1_1, Version::Tls1_2];

/// Its suites with RSA key exchange that `retrossl` has. Those with SHA-2 are for TLS 1.2.
pub const SUITES: [&str; 9] = [
    "NULL-MD5",
    "NULL-SHA",
    "NULL-SHA256",
    "AES128-SHA",
    "AES256-SHA",
    "AES128-SHA256",
    "AES256-SHA256",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
];

pub const WITHOUT_SSL_3: &str = "Debian builds OpenSSL 3.0 without SSL 3.0";

/// RC4 and Triple DES.
pub const WITHOUT_OLD_CIPHERS: &str = "Debian builds OpenSSL 3.0 without weak ciphers";

/// What a server is told to require a client's certificate, and to verify it.
pub const REQUIRE_CERTIFICATE: [&str; 3] = ["-Verify", "4", "-verify_return_error"];

/// What a server is told to keep sessions by ID, instead of handing out tickets.
pub const BY_ID: [&str; 1] = ["-no_ticket"];

/// What both are told.
pub struct Settings<'s> {
    pub people: &'s People,
    pub version: Version,
    /// OpenSSL's name, such as `AES128-SHA`, or several with colons between them.
    pub suite: &'s str,
    /// On the command line.
    pub options: &'s [&'s str],
}

impl<'s> Settings<'s> {
    pub fn new(people: &'s People, version: Version, suite: &'s str) -> Self {
        Self {
            people,
            version,
            suite,
            options: &[],
        }
    }

    fn start(
        &self,
        command: &str,
        member: &Member,
        options: &[&str],
    ) -> Result<(Program, Directory), Error> {
        let directory = Directory::new("openssl")?;
        directory.write("key.pem", member.identity.key_pem()?)?;
        directory.write("own.pem", member.identity.certificate_pem()?)?;
        directory.write("above.pem", member.authority.certificate_pem()?)?;
        directory.write("root.pem", self.people.root.certificate_pem()?)?;
        let version = match self.version {
            Version::Ssl3 => "-ssl3",
            Version::Tls1_0 => "-tls1",
            Version::Tls1_1 => "-tls1_1",
            Version::Tls1_2 => "-tls1_2",
        };
        let program = Program::start(
            Command::new("openssl")
                .current_dir(directory.path())
                .args([command, version, "-cipher"])
                .arg(format!("{}:@SECLEVEL=0", self.suite))
                .args(["-cert", "own.pem", "-key", "key.pem"])
                .args(["-cert_chain", "above.pem", "-CAfile", "root.pem"])
                .args(self.options)
                .args(options),
        )?;
        Ok((program, directory))
    }
}

/// `openssl s_server`: what it receives it says, what it is told it sends; `r` on a line asks for
/// a renegotiation, `R` for one with a client's certificate.
pub struct Server {
    pub program: Program,
    port: u16,
    _directory: Directory,
}

impl Server {
    pub fn start(settings: &Settings<'_>) -> Result<Self, Error> {
        let port = free_port()?;
        let accept = format!("127.0.0.1:{port}");
        let options = ["-accept", &accept];
        let server = &settings.people.server;
        let (mut program, directory) = settings.start("s_server", server, &options)?;
        program.hear("ACCEPT")?;
        Ok(Self {
            program,
            port,
            _directory: directory,
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

/// `openssl s_client`: what it receives it says, what it is told it sends; `R` on a line begins a
/// renegotiation.
pub struct Client {
    pub program: Program,
    _directory: Directory,
}

impl Client {
    pub fn connect(port: u16, settings: &Settings<'_>) -> Result<Self, Error> {
        let connect = format!("127.0.0.1:{port}");
        let options = ["-connect", &connect, "-servername", "localhost"];
        let client = &settings.people.client;
        let (program, directory) = settings.start("s_client", client, &options)?;
        Ok(Self {
            program,
            _directory: directory,
        })
    }
}
