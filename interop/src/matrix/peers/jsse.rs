//! Java's own TLS.

use retrossl::ProtocolVersion;

use super::{Client, Peer, Report, Server};
use crate::Error;
use crate::matrix::conversation::TEXT;
use crate::matrix::{Case, Group, Setup, Spoken};
use crate::peer::Version;
use crate::peer::jsse;
use crate::peer::openssl::ClientCertificate;
use crate::people::{Member, People};

/// A process for each group: Java takes its time to begin.
pub struct Jsse;

impl Peer for Jsse {
    fn name(&self) -> &'static str {
        "JSSE"
    }

    fn short_name(&self) -> &'static str {
        "jsse"
    }

    fn origin(&self) -> &'static str {
        "in OpenJDK 17, with nothing disabled"
    }

    fn version(&self) -> Result<String, Error> {
        jsse::version()
    }

    fn cannot(&self, case: &Case) -> Option<&'static str> {
        match case.spoken {
            Spoken::Ssl2(_) => Some("JSSE has nothing of SSL 2.0 but the hello"),
            Spoken::Later(combination) if combination.jsse.is_none() => Some("JSSE has no RC2"),
            Spoken::Later(_) => None,
        }
    }

    fn has_short_key(&self) -> bool {
        false
    }

    fn remark(&self) -> Option<&'static str> {
        Some("Its server makes an ephemeral key for export suites.")
    }

    fn server(&self, group: &Group, people: &People) -> Result<Box<dyn Server>, Error> {
        let settings = settings(group, people, Some(&people.server))?;
        Ok(Box::new(jsse::Server::start(&settings)?))
    }

    fn client(&self, group: &Group, people: &People, port: u16) -> Result<Box<dyn Client>, Error> {
        let shown = (group.setup == Setup::ClientCertificate).then_some(&people.client);
        let settings = settings(group, people, shown)?;
        let count = group.connections();
        let text = str::from_utf8(TEXT)?;
        let client = jsse::Client::reconnect(port, text, &settings, u32::try_from(count)?)?;
        Ok(Box::new(client))
    }
}

fn settings(
    group: &Group,
    people: &People,
    shown: Option<&Member>,
) -> Result<jsse::Settings, Error> {
    let version = Version::from_protocol(group.version).ok_or("no SSL 2.0")?;
    let suites = group.spoken().into_iter().filter_map(name);
    Ok(jsse::Settings {
        suites: suites.map(str::to_owned).collect(),
        identity: shown.map(|member| member.identity.clone()),
        chain: shown.map_or_else(Vec::new, Member::above),
        trusted: people.trusted(),
        server_name: Some("localhost".to_owned()),
        client_certificate: match group.setup {
            Setup::ClientCertificate => ClientCertificate::Required,
            _ => ClientCertificate::NotRequested,
        },
        session_tickets: group.setup == Setup::Tickets,
        // With it, JSSE resumes no session at SSL 3.0.
        extended_master_secret: group.version > ProtocolVersion::SSLv3,
        renegotiates: group.setup == Setup::TheyRenegotiate,
        ..jsse::Settings::new(version, "")
    })
}

fn name(spoken: Spoken) -> Option<&'static str> {
    match spoken {
        Spoken::Ssl2(_) => None,
        Spoken::Later(combination) => combination.jsse,
    }
}

impl Server for jsse::Server {
    fn port(&self) -> u16 {
        self.port()
    }

    fn serve(&mut self, case: &Case) -> Result<Vec<Report>, Error> {
        let connections = case.kind.connections().iter();
        connections.map(|_| report(self.conversation()?)).collect()
    }
}

impl Client for jsse::Client {
    fn connect(&mut self, case: &Case) -> Result<Vec<Report>, Error> {
        let connections = case.kind.connections().iter();
        connections.map(|_| report(self.conversation()?)).collect()
    }
}

fn report(conversation: jsse::Conversation) -> Result<Report, Error> {
    let suite = Spoken::all().find(|spoken| name(*spoken) == Some(&conversation.suite));
    let subject = conversation.peer_subject.as_deref();
    let common_name = subject.and_then(|subject| subject.strip_prefix("CN="));
    Ok(Report {
        version: Some(conversation.version.wire()),
        code: Some(suite.ok_or("an unknown suite")?.code()),
        resumed: Some(conversation.session_resumed),
        master_secret: Some(conversation.master_secret),
        received: Some(conversation.received),
        certificate: Some(common_name.map(str::to_owned)),
        close_notify: Some(conversation.close_notify),
        ..Report::default()
    })
}
