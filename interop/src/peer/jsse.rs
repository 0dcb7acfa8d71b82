//! Java's own TLS (JSSE), of OpenJDK 17, in processes of its own.
//!
//! It still has the export suites (but for RC2), with ephemeral keys at a server whose own is too
//! long for them, and the NULL suites. Everything that it is told to refuse by default is allowed.
//! The programs are in `peers/jsse/`; they are compiled once, into `target/peers/jsse` of the
//! workspace, by Debian's package `openjdk-17-jdk-headless`, which is installed if it is missing
//! and this may be done.

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use openssl::x509::X509;

use super::Version;
use super::openssl::ClientCertificate;
use super::program::{install, made_once, run};
use super::reporter::{self, LIFE, Report, Reporter};
use crate::Error;
use crate::certificate::Identity;
use crate::recording::to_hex;

/// What both sides are told. [`Settings::new`] switches every extra off.
#[derive(Clone)]
pub struct Settings {
    pub versions: RangeInclusive<Version>,
    /// A client begins with a ClientHello in SSL 2.0's format, a server takes one. (JSSE has
    /// nothing else of SSL 2.0.)
    pub ssl2_client_hello: bool,
    /// JSSE's names, such as `SSL_RSA_EXPORT_WITH_RC4_40_MD5`, in order of a client's preference.
    pub suites: Vec<String>,
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
    /// With it, no session is resumed with a peer that does not have it, nor any at SSL 3.0.
    pub extended_master_secret: bool,
    pub session_tickets: bool,
    /// The first byte of a write in a record of its own with CBC at TLS 1.0 and below (against
    /// BEAST).
    pub split_records: bool,
    /// Whether it begins a renegotiation: a server after the first piece of data; a client when its
    /// text has come back, and then sends it once more.
    pub renegotiates: bool,
    /// What a server answers to each piece of data; by default it sends the data back.
    pub reply: Option<String>,
}

impl Settings {
    pub fn new(version: Version, suite: &str) -> Self {
        Self {
            versions: version..=version,
            ssl2_client_hello: false,
            suites: vec![suite.to_owned()],
            identity: None,
            chain: Vec::new(),
            client_certificate: ClientCertificate::NotRequested,
            trusted: Vec::new(),
            server_name: None,
            extended_master_secret: false,
            session_tickets: false,
            split_records: false,
            renegotiates: false,
            reply: None,
        }
    }

    fn arguments(&self) -> Result<Vec<String>, Error> {
        let mut arguments = Vec::new();
        let mut set = |name: &str, value: &str| arguments.push(format!("{name}={value}"));
        let versions = Version::ALL.into_iter();
        for version in versions.filter(|version| self.versions.contains(version)) {
            set("protocol", name_of(version));
        }
        if self.ssl2_client_hello {
            set("protocol", "SSLv2Hello");
        }
        for suite in &self.suites {
            set("suite", suite);
        }
        if let Some(identity) = &self.identity {
            set("key", &to_hex(&identity.key_der()?));
            set("certificate", &identity.certificate_pem()?);
            for certificate in &self.chain {
                set("certificate", &String::from_utf8(certificate.to_pem()?)?);
            }
        }
        for certificate in &self.trusted {
            set("trusted", &String::from_utf8(certificate.to_pem()?)?);
        }
        let client_certificate = match self.client_certificate {
            ClientCertificate::NotRequested => "not requested",
            ClientCertificate::Requested => "requested",
            ClientCertificate::Required => "required",
        };
        set("clientCertificate", client_certificate);
        if let Some(name) = &self.server_name {
            set("serverName", name);
        }
        let extended = self.extended_master_secret.to_string();
        set("extendedMasterSecret", &extended);
        set("tickets", &self.session_tickets.to_string());
        set("splitRecords", &self.split_records.to_string());
        set("renegotiates", &self.renegotiates.to_string());
        if let Some(reply) = &self.reply {
            set("reply", reply);
        }
        set("life", &LIFE.as_millis().to_string());
        Ok(arguments)
    }
}

/// JSSE's.
const fn name_of(version: Version) -> &'static str {
    match version {
        Version::Ssl3 => "SSLv3",
        Version::Tls1_0 => "TLSv1",
        Version::Tls1_1 => "TLSv1.1",
        Version::Tls1_2 => "TLSv1.2",
    }
}

/// What JSSE reports of a connection when it is over.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub version: Version,
    /// JSSE's name of the suite.
    pub suite: String,
    pub master_secret: Vec<u8>,
    pub session_resumed: bool,
    /// The subject of the peer's certificate, such as `CN=localhost`.
    pub peer_subject: Option<String>,
    /// At a server, the name that the client sent.
    pub server_name: Option<String>,
    pub received: Vec<u8>,
    /// Whether the peer sent one.
    pub close_notify: bool,
}

impl reporter::Conversation for Conversation {
    fn read(report: &Report) -> Result<Self, Error> {
        let protocol = report.text("protocol").unwrap_or_default();
        let mut versions = Version::ALL.into_iter();
        Ok(Self {
            version: versions
                .find(|version| name_of(*version) == protocol)
                .ok_or_else(|| format!("JSSE speaks {protocol:?}"))?,
            suite: report.text("suite").unwrap_or_default(),
            master_secret: report.bytes("master_secret")?,
            session_resumed: report.flag("resumed"),
            peer_subject: report.text("peer_subject"),
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
        Self::of(start("Server", settings.arguments()?)?)
    }
}

/// A client that sends a text, waits for as many bytes, and closes.
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
        let mut arguments = settings.arguments()?;
        arguments.push(format!("port={port}"));
        arguments.push(format!("text={text}"));
        arguments.push(format!("connections={connections}"));
        let process = start("Client", arguments)?;
        Ok(Self::of(process))
    }
}

/// The runtime's, such as `17.0.17`.
pub fn version() -> Result<String, Error> {
    let java = &compiled()?.java;
    let output = Command::new(java).arg("-version").output()?;
    let said = String::from_utf8(output.stderr)?;
    let quoted = said.split('"').nth(1);
    Ok(quoted.ok_or("no version")?.to_owned())
}

fn start(program: &str, arguments: Vec<String>) -> Result<Reporter, Error> {
    let Compiled { java, classes } = compiled()?;
    Reporter::start(
        "JSSE",
        Command::new(java)
            // It does not live long enough for more.
            .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"])
            // The master secret is nobody's business but this package's.
            .arg("--add-opens=java.base/sun.security.ssl=ALL-UNNAMED")
            .arg("-cp")
            .arg(classes)
            .arg(program)
            .args(arguments),
    )
}

/// The programs, and what runs them.
struct Compiled {
    java: PathBuf,
    classes: PathBuf,
}

/// Tried once, however many tests ask.
fn compiled() -> Result<&'static Compiled, Error> {
    static COMPILED: OnceLock<Result<Compiled, String>> = OnceLock::new();
    let compiled = COMPILED.get_or_init(|| {
        install("openjdk-17-jdk-headless", || jdk().is_some())?;
        let jdk = jdk().ok_or("OpenJDK 17 has gone")?;
        compile(&jdk).map_err(|error| error.to_string())
    });
    compiled.as_ref().map_err(|error| error.clone().into())
}

/// Other versions may be there, too, and be the ones that go by the name of `java`.
fn jdk() -> Option<PathBuf> {
    let found = fs::read_dir("/usr/lib/jvm").ok()?;
    found
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.to_string_lossy().contains("/java-17-openjdk"))
        .find(|bin| bin.join("javac").exists())
}

/// Unless it has been done: the classes lie beside what they were made of.
fn compile(bin: &Path) -> Result<Compiled, Error> {
    let is_there = |classes: &Path, (name, text): (&str, &str)| {
        fs::read_to_string(classes.join(name)).is_ok_and(|found| found == text)
    };
    let all_are = |classes: &Path| SOURCES.iter().all(|&source| is_there(classes, source));
    let classes = made_once("jsse", all_are, |unfinished| {
        for (name, text) in SOURCES {
            fs::write(unfinished.join(name), text)?;
        }
        run(Command::new(bin.join("javac"))
            .args(SOURCES.map(|(name, _)| name))
            .current_dir(unfinished))
    })?;
    Ok(Compiled {
        java: bin.join("java"),
        classes,
    })
}

const SOURCES: [(&str, &str); 4] = [
    ("Client.java", include_str!("../../peers/jsse/Client.java")),
    ("Report.java", include_str!("../../peers/jsse/Report.java")),
    ("Server.java", include_str!("../../peers/jsse/Server.java")),
    (
        "Settings.java",
        include_str!("../../peers/jsse/Settings.java"),
    ),
];
