//! GnuTLS, by its programs.

use retrossl::Side;

use super::{Client, Peer, Prompt, Report, Server, after, line};
use crate::Error;
use crate::certificate::Hash;
use crate::matrix::conversation::TEXT;
use crate::matrix::{Case, Group, Kind, Setup, Spoken};
use crate::peer::Version;
use crate::peer::gnutls::{self, Settings};
use crate::people::People;

pub struct GnuTls;

impl Peer for GnuTls {
    fn name(&self) -> &'static str {
        "GnuTLS"
    }

    fn short_name(&self) -> &'static str {
        "gnutls"
    }

    fn origin(&self) -> &'static str {
        "by Debian's programs gnutls-serv and gnutls-cli"
    }

    fn version(&self) -> Result<String, Error> {
        gnutls::version()
    }

    fn cannot(&self, case: &Case) -> Option<&'static str> {
        match case.spoken {
            Spoken::Ssl2(_) => Some("GnuTLS has no SSL 2.0"),
            Spoken::Later(spoken) if !gnutls::VERSIONS.contains(&spoken.version) => {
                Some(gnutls::WITHOUT_SSL_3)
            }
            Spoken::Later(_) if case.spoken.is_export() => Some("GnuTLS has no export suites"),
            Spoken::Later(_) if words(case.spoken).is_none() => Some("GnuTLS has no single DES"),
            Spoken::Later(_) => None,
        }
    }

    fn certificates(&self) -> (u32, Hash) {
        (2048, Hash::Sha256)
    }

    fn prompt(&self) -> Option<Prompt> {
        Some(Prompt {
            text: b"**REHANDSHAKE**\n",
            answer: b"Successfully executed command\n",
        })
    }

    fn is_silent_before_it_resumes(&self) -> bool {
        true
    }

    fn remark(&self) -> Option<&'static str> {
        Some(
            "Before its client resumes, it says nothing in the connection whose session that is; of a \
             resumed session it does not tell whose it is.",
        )
    }

    fn server(&self, group: &Group, people: &People) -> Result<Box<dyn Server>, Error> {
        let version = Version::from_protocol(group.version).ok_or("no SSL 2.0")?;
        let mut all: Vec<&str> = Vec::new();
        let spoken = group.spoken().into_iter().filter_map(words);
        for word in spoken.flat_map(|words| words.split(':')) {
            if !all.contains(&word) {
                all.push(word);
            }
        }
        if group.setup != Setup::Tickets {
            all.push("%NO_TICKETS");
        }
        let options: &[&str] = match group.setup {
            Setup::ClientCertificate => &["--require-client-cert", "--verify-client-cert"],
            _ => &["--disable-client-cert"],
        };
        Ok(Box::new(gnutls::Server::with(&Settings {
            options,
            ..Settings::new(people, version, &all.join(":"))
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

/// Of a priority string.
fn words(spoken: Spoken) -> Option<&'static str> {
    // One of SSL 2.0's kinds goes by the same name.
    spoken.suite()?;
    let mut suites = gnutls::SUITES.iter();
    let found = suites.find(|(name, _)| *name == spoken.openssl_name());
    found.map(|(_, words)| *words)
}

impl Server for gnutls::Server {
    fn port(&self) -> u16 {
        self.port()
    }

    fn serve(&mut self, case: &Case) -> Result<Vec<Report>, Error> {
        let connections = case.kind.connections().iter();
        connections.map(|_| serve(self, case)).collect()
    }
}

fn serve(server: &mut gnutls::Server, case: &Case) -> Result<Report, Error> {
    let received = format!("received cmd: {}", line()?);
    let (said, _) = server.program.hear_all(&received)?;
    for _ in 1..case.texts() {
        server.program.hear(&received)?;
    }
    report(case, &said, server.secrets()?.pop().unwrap_or_default())
}

struct ClientOfEach {
    version: Version,
    people: People,
    port: u16,
}

impl Client for ClientOfEach {
    fn connect(&mut self, case: &Case) -> Result<Vec<Report>, Error> {
        let words = words(case.spoken).ok_or("not theirs")?;
        let tickets = match case.kind {
            Kind::ResumedByTicket => "",
            _ => ":%NO_TICKETS",
        };
        let options: &[&str] = match case.kind {
            Kind::ResumedById | Kind::ResumedByTicket => &["--resume"],
            Kind::RenegotiatedByThem => &["--inline-commands"],
            _ => &[],
        };
        let mut client = gnutls::Client::with(
            self.port,
            &Settings {
                options,
                ..Settings::new(&self.people, self.version, &format!("{words}{tickets}"))
            },
        )?;
        let text = str::from_utf8(TEXT)?;
        let mut connections = Vec::new();
        for _ in case.kind.connections() {
            connections.push(client.program.hear_all("Handshake was completed")?.0);
        }
        // What tells that a session was resumed comes after the rest.
        client.program.tell(text)?;
        let (said, _) = client.program.hear_all(line()?)?;
        if let Some(last) = connections.last_mut() {
            last.push_str(&said);
        }
        if case.kind == Kind::RenegotiatedByThem {
            client.program.tell("^renegotiate^\n")?;
            client.program.hear("ReHandshake was completed")?;
            client.program.tell(text)?;
            client.program.hear(line()?)?;
        }
        client.program.end_input();
        let (_, succeeded) = client.conversation()?;
        if !succeeded {
            return Err("gnutls-cli: not all was well".into());
        }
        let secret = client.secrets()?.pop().unwrap_or_default();
        let last = connections.len() - 1;
        let connections = connections.into_iter().enumerate();
        connections
            .map(|(at, said)| {
                let report = report(case, &said, secret.clone())?;
                let received = report.received.filter(|_| at == last);
                Ok(Report { received, ..report })
            })
            .collect()
    }
}

/// `said` when the connection was established.
fn report(case: &Case, said: &str, master_secret: Vec<u8>) -> Result<Report, Error> {
    let description = after(said, "Description: ").ok_or("no description")?;
    let (description, _) = description.split_once('\n').ok_or("no description")?;
    let (version, suite) = description.split_once(")-(RSA)-").ok_or("no RSA")?;
    let version = match version.split('-').next() {
        Some("(TLS1.0") => Version::Tls1_0,
        Some("(TLS1.1") => Version::Tls1_1,
        Some("(TLS1.2") => Version::Tls1_2,
        _ => return Err(format!("an unknown version: {description}").into()),
    };
    let named = |spoken: &Spoken| name(*spoken).as_deref() == Some(suite);
    let spoken = Spoken::all().find(named);
    let resumed = said.contains("*** This is a resumed session");
    let verifies = case.kind == Kind::ClientCertificate || case.side == Side::Server && !resumed;
    let subject = match case.side {
        // The server's words, and the client's.
        Side::Client => after(said, "Subject: CN=").and_then(|name| name.lines().next()),
        Side::Server => after(said, "subject `CN=").and_then(|name| name.split('\'').next()),
    };
    Ok(Report {
        version: Some(version.wire()),
        code: Some(
            spoken
                .ok_or_else(|| format!("an unknown suite: {suite}"))?
                .code(),
        ),
        resumed: Some(resumed),
        master_secret: Some(master_secret),
        received: Some(TEXT.repeat(case.texts())),
        // Of a resumed session the client does not say whose it is.
        certificate: (!resumed || case.side == Side::Client).then(|| subject.map(str::to_owned)),
        verified: verifies.then(|| said.contains("The certificate is trusted")),
        close_notify: None,
    })
}

/// As the programs describe it: `(AES-128-CBC)-(SHA1)`, `(AES-128-GCM)`.
fn name(spoken: Spoken) -> Option<String> {
    let (cipher, mac) = words(spoken)?.split_once(':')?;
    let [cipher, mac] = [cipher, mac].map(|word| word.trim_start_matches('+'));
    Some(match mac {
        "AEAD" => format!("({cipher})"),
        _ => format!("({cipher})-({mac})"),
    })
}
