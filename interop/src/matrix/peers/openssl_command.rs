//! OpenSSL 3.0, by its program.

use std::thread;
use std::time::{Duration, Instant};

use openssl::base64::decode_block;
use openssl::ssl::{SslSession, SslVersion};

use super::{Client, Peer, Report, Server, after, line};
use crate::Error;
use crate::loopback::PATIENCE;
use crate::matrix::conversation::TEXT;
use crate::matrix::{Case, Group, Kind, Setup, Spoken};
use crate::peer::Version;
use crate::peer::openssl_command::{self as command, Settings};
use crate::peer::program::{Directory, Program};
use crate::people::People;

/// The one that can do what the crate has no safe function for.
pub struct OpenSsl3_0;

impl Peer for OpenSsl3_0 {
    fn name(&self) -> &'static str {
        "OpenSSL 3.0"
    }

    fn short_name(&self) -> &'static str {
        "openssl-3.0"
    }

    fn origin(&self) -> &'static str {
        "by Debian's program openssl (s_server, s_client)"
    }

    fn version(&self) -> Result<String, Error> {
        command::version()
    }

    fn cannot(&self, case: &Case) -> Option<&'static str> {
        match case.spoken {
            Spoken::Ssl2(_) => Some("OpenSSL 3 has no SSL 2.0"),
            Spoken::Later(spoken) if !command::VERSIONS.contains(&spoken.version) => {
                Some(command::WITHOUT_SSL_3)
            }
            Spoken::Later(_) if case.spoken.is_export() => Some("OpenSSL 3 has no export suites"),
            Spoken::Later(spoken) if spoken.name == "DES-CBC-SHA" => {
                Some("OpenSSL 3 has no suites with single DES")
            }
            Spoken::Later(spoken) if !command::SUITES.contains(&spoken.name) => {
                Some(command::WITHOUT_OLD_CIPHERS)
            }
            Spoken::Later(_) => None,
        }
    }

    fn server(&self, group: &Group, people: &People) -> Result<Box<dyn Server>, Error> {
        let version = Version::from_protocol(group.version).ok_or("no SSL 2.0")?;
        let mut options = vec!["-client_renegotiation"];
        match group.setup {
            Setup::Tickets => {}
            Setup::ClientCertificate => options.extend(command::REQUIRE_CERTIFICATE),
            Setup::Plain | Setup::TheyRenegotiate => options.extend(command::BY_ID),
        }
        Ok(Box::new(command::Server::start(&Settings {
            options: &options,
            ..Settings::new(people, version, &group.openssl_names())
        })?))
    }

    fn client(&self, group: &Group, people: &People, port: u16) -> Result<Box<dyn Client>, Error> {
        Ok(Box::new(ClientOfEach {
            version: Version::from_protocol(group.version).ok_or("no SSL 2.0")?,
            people: people.clone(),
            port,
        }))
    }
}

impl Server for command::Server {
    fn port(&self) -> u16 {
        self.port()
    }

    fn serve(&mut self, case: &Case) -> Result<Vec<Report>, Error> {
        let connections = case.kind.connections().iter();
        connections.map(|_| serve(self, case)).collect()
    }
}

/// It does not send back what it receives; that is done for it.
fn serve(server: &mut command::Server, case: &Case) -> Result<Report, Error> {
    let line = line()?;
    let (said, _) = server.program.hear_all(line)?;
    if case.kind == Kind::RenegotiatedByThem {
        let handshakes = server.secrets()?.len();
        server.program.tell("r\n")?;
        server.program.hear("SSL_do_handshake -> 1")?;
        wait_for_secret(server, handshakes + 1)?;
    }
    tell(&mut server.program)?;
    for _ in 1..case.texts() {
        server.program.hear(line)?;
        tell(&mut server.program)?;
    }
    // Without close_notify it says ERROR.
    let (rest, _) = server.program.hear_all("DONE")?;
    // On its other stream, so it may be heard later than what was said later.
    let verified = [&said, &rest]
        .iter()
        .any(|heard| heard.contains("verify return:1"));
    let session = after(&said, SESSION).ok_or("no session")?;
    let (base64, _) = session.split_once("-----").ok_or("no session")?;
    let der = decode_block(&base64.replace('\n', ""))?;
    let version = SslSession::from_der(&der)?.protocol_version();
    let cipher = after(&said, "CIPHER is ").map(first_word);
    Ok(Report {
        version: Some(wire(version).ok_or("an unknown version")?),
        code: Some(code(cipher)?),
        resumed: Some(said.contains("Reused session-id")),
        master_secret: Some(server.secrets()?.pop().unwrap_or_default()),
        received: Some(TEXT.repeat(case.texts())),
        certificate: Some(common_name(&said)),
        verified: (case.kind == Kind::ClientCertificate).then_some(verified),
        close_notify: Some(!rest.contains("ERROR")),
    })
}

/// What it does not say: that the new handshake is over.
fn wait_for_secret(server: &mut command::Server, count: usize) -> Result<(), Error> {
    let deadline = Instant::now() + PATIENCE;
    while server.secrets()?.len() < count {
        if Instant::now() > deadline {
            return Err(server.program.failure("did not renegotiate"));
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

const SESSION: &str = "-----BEGIN SSL SESSION PARAMETERS-----";

struct ClientOfEach {
    version: Version,
    people: People,
    port: u16,
}

impl Client for ClientOfEach {
    fn connect(&mut self, case: &Case) -> Result<Vec<Report>, Error> {
        let directory = Directory::new("session")?;
        let file = directory.path().canonicalize()?.join("session.pem");
        let file = file.to_str().ok_or("a path in UTF-8")?;
        let tickets: &[&str] = match case.kind {
            Kind::ResumedByTicket => &[],
            _ => &command::BY_ID,
        };
        let connections = case.kind.connections().iter();
        connections
            .map(|resumption| {
                let session = match resumption {
                    None => ["-sess_out", file],
                    Some(_) => ["-sess_in", file],
                };
                self.converse(case, &[tickets, &session].concat())
            })
            .collect()
    }
}

impl ClientOfEach {
    fn converse(&self, case: &Case, options: &[&str]) -> Result<Report, Error> {
        let settings = Settings {
            options,
            ..Settings::new(&self.people, self.version, case.spoken.openssl_name())
        };
        let mut client = command::Client::connect(self.port, &settings)?;
        let (said, verified) = client.program.hear_all("Verify return code: ")?;
        let line = line()?;
        tell(&mut client.program)?;
        client.program.hear(line)?;
        if case.kind == Kind::RenegotiatedByThem {
            client.program.tell("R\n")?;
            client.program.hear("RENEGOTIATING")?;
            tell(&mut client.program)?;
            client.program.hear(line)?;
        }
        client.program.tell("Q\n")?;
        let (_, succeeded) = client.program.conversation()?;
        if !succeeded {
            return Err("s_client: not all was well".into());
        }
        let version = after(&said, "Protocol  : ").map(first_word);
        let cipher = after(&said, "Cipher    : ").map(first_word);
        Ok(Report {
            version: Some(version.and_then(named).ok_or("an unknown version")?),
            code: Some(code(cipher)?),
            resumed: Some(said.contains("Reused, ")),
            master_secret: Some(client.secrets()?.pop().unwrap_or_default()),
            received: Some(TEXT.repeat(case.texts())),
            certificate: Some(common_name(&said)),
            verified: Some(verified == "0 (ok)"),
            close_notify: None,
        })
    }
}

fn tell(program: &mut Program) -> Result<(), Error> {
    program.tell(str::from_utf8(TEXT)?)
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

fn code(openssl_name: Option<&str>) -> Result<Vec<u8>, Error> {
    let named = |spoken: &Spoken| !spoken.is_ssl2() && Some(spoken.openssl_name()) == openssl_name;
    let spoken = Spoken::all().find(named);
    let spoken = spoken.ok_or_else(|| format!("an unknown suite: {openssl_name:?}"))?;
    Ok(spoken.code())
}

fn named(version: &str) -> Option<u16> {
    let version = match version {
        "TLSv1" => Version::Tls1_0,
        "TLSv1.1" => Version::Tls1_1,
        "TLSv1.2" => Version::Tls1_2,
        _ => return None,
    };
    Some(version.wire())
}

fn wire(version: SslVersion) -> Option<u16> {
    let version = match version {
        SslVersion::TLS1 => Version::Tls1_0,
        SslVersion::TLS1_1 => Version::Tls1_1,
        SslVersion::TLS1_2 => Version::Tls1_2,
        _ => return None,
    };
    Some(version.wire())
}

fn common_name(said: &str) -> Option<String> {
    let name = after(said, "subject=CN = ")?;
    name.lines().next().map(str::to_owned)
}
