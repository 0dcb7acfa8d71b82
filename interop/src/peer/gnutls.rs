//! GnuTLS, by its programs `gnutls-serv` and `gnutls-cli`, in processes of their own.
//!
//! They are in Debian's package `gnutls-bin`, which is installed if it is missing and this may be
//! done. What Debian builds has no SSL 3.0.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use super::Version;
use crate::Error;
use crate::loopback::Listener;
use crate::people::{Member, People};

/// How long a client is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// The versions that it has.
pub const VERSIONS: [Version; 3] = [Version::Tls1_0, Version::Tls1_1, Version::Tls1_2];

/// A program and the files that it reads.
struct Program {
    child: Child,
    directory: PathBuf,
}

/// A server that echoes lines and requires a client's certificate.
pub struct Server {
    program: Program,
    port: u16,
}

impl Server {
    /// With further `options` of the program.
    pub fn start(
        people: &People,
        version: Version,
        ciphers: &str,
        options: &[&str],
    ) -> Result<Self, Error> {
        // It does not take 0 for any port.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let port_option = port.to_string();
        let all = [
            "--echo",
            "--require-client-cert",
            "--verify-client-cert",
            "--port",
            &port_option,
        ];
        let all = [&all[..], options].concat();
        let mut program = Program::start(
            "gnutls-serv",
            &all,
            people,
            &people.server,
            &priority(version, ciphers),
        )?;
        let mut stdout = program.child.stdout.take().ok_or("piped")?;
        // A pipe that nobody reads would stop it.
        thread::spawn(move || io::copy(&mut stdout, &mut io::sink()));
        // What it says comes late, when it is a pipe that it says it to.
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if program.child.try_wait()?.is_some() || Instant::now() > deadline {
                return Err(program.failure("did not listen"));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(Self { program, port })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it; what it wrote to its standard error.
    pub fn stop(mut self) -> String {
        self.program.failure("was stopped").to_string()
    }
}

/// A client that sends one line, waits for it to come back, and closes.
pub struct Client(Program);

impl Client {
    /// With further `options` of the program.
    pub fn connect(
        port: u16,
        people: &People,
        version: Version,
        ciphers: &str,
        options: &[&str],
    ) -> Result<Self, Error> {
        let port = port.to_string();
        let priority = priority(version, ciphers);
        let all = [options, &["--port", &port, "localhost"]].concat();
        let mut program = Program::start("gnutls-cli", &all, people, &people.client, &priority)?;
        let mut stdin = program.child.stdin.take().ok_or("piped")?;
        stdin.write_all(b"a line\n")?;
        Ok(Self(program))
    }

    /// Waits for the client to come; if it does not, says why.
    pub fn accept(&mut self, listener: &Listener) -> Result<TcpStream, Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(stream) = listener.try_accept()? {
                return Ok(stream);
            }
            if self.0.child.try_wait()?.is_some() || Instant::now() > deadline {
                return Err(self.0.failure("did not connect"));
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Ends it; what it wrote to its standard error.
    pub fn stop(mut self) -> String {
        self.0.failure("was stopped").to_string()
    }

    /// Waits for its end: what it wrote to its standard output, and whether all was well.
    pub fn conversation(mut self) -> Result<(String, bool), Error> {
        let mut output = String::new();
        let mut stdout = self.0.child.stdout.take().ok_or("piped")?;
        stdout.read_to_string(&mut output)?;
        let status = self.0.child.wait()?;
        Ok((output, status.success()))
    }
}

impl Program {
    fn start(
        name: &str,
        options: &[&str],
        people: &People,
        member: &Member,
        priority: &str,
    ) -> Result<Self, Error> {
        installed()?;
        let directory = files(people, member)?;
        let child = Command::new(name)
            .current_dir(&directory)
            .args(["--x509cafile", "root.pem", "--x509certfile", "chain.pem"])
            .args(["--x509keyfile", "key.pem", "--priority", priority])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(Self { child, directory })
    }

    /// Ends the process, too: what it wrote to its standard error is known only then.
    fn failure(&mut self, what: &str) -> Error {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let mut said = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            let _ = stderr.read_to_string(&mut said);
        }
        format!("GnuTLS {what}: {said}").into()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn priority(version: Version, ciphers: &str) -> String {
    let version = match version {
        Version::Ssl3 => "SSL3.0",
        Version::Tls1_0 => "TLS1.0",
        Version::Tls1_1 => "TLS1.1",
        Version::Tls1_2 => "TLS1.2",
    };
    format!("NONE:+VERS-{version}:+RSA:{ciphers}:+COMP-NULL:+SIGN-ALL:+CTYPE-X509")
}

/// Its files, in a directory of their own.
fn files(people: &People, member: &Member) -> Result<PathBuf, Error> {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../target/peers")
        .join(format!("gnutls-{}-{count}", std::process::id()));
    fs::create_dir_all(&directory)?;
    let chain = [&member.identity, &member.authority].map(|one| one.certificate_pem());
    let [own, above] = chain;
    fs::write(directory.join("key.pem"), member.identity.key_pem()?)?;
    fs::write(directory.join("chain.pem"), own? + &above?)?;
    fs::write(directory.join("root.pem"), people.root.certificate_pem()?)?;
    Ok(directory)
}

/// Installs the programs unless they are there; tried once, however many tests ask.
fn installed() -> Result<(), Error> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    INSTALLED
        .get_or_init(|| {
            let present = || {
                let run = |name| Command::new(name).arg("--version").output();
                run("gnutls-cli").is_ok() && run("gnutls-serv").is_ok()
            };
            if present() {
                return Ok(());
            }
            // A new machine has no list of packages to install from.
            let _ = apt_get(&["update"]);
            let output = apt_get(&["install", "--yes", "--no-install-recommends", "gnutls-bin"]);
            if present() {
                return Ok(());
            }
            let said = match output {
                Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
                Err(error) => error.to_string(),
            };
            Err(format!(
                "cannot get gnutls-cli and gnutls-serv, peers of these tests: {said}\n\
                 Install them (Debian: apt-get install gnutls-bin)"
            ))
        })
        .clone()
        .map_err(Into::into)
}

fn apt_get(arguments: &[&str]) -> std::io::Result<Output> {
    Command::new("apt-get")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
}
