//! tlslite-ng.

use retrossl::{ProtocolVersion, Side};

use super::{Client, Peer, Report, Server};
use crate::Error;
use crate::matrix::conversation::TEXT;
use crate::matrix::{Case, Group, Kind, Setup};
use crate::peer::Version;
use crate::peer::tlslite::{self, Conversation, Settings};
use crate::people::People;

pub struct TlsliteNg;

impl Peer for TlsliteNg {
    fn name(&self) -> &'static str {
        "tlslite-ng"
    }

    fn short_name(&self) -> &'static str {
        "tlslite-ng"
    }

    fn origin(&self) -> &'static str {
        "in Python"
    }

    fn version(&self) -> Result<String, Error> {
        tlslite::version()
    }

    fn cannot(&self, case: &Case) -> Option<&'static str> {
        let has = |case: &Case| {
            let mut suites = tlslite::SUITES.iter();
            suites.any(|(name, ..)| *name == case.spoken.openssl_name())
        };
        match case.kind {
            _ if case.spoken.is_ssl2() => Some("tlslite-ng has no SSL 2.0"),
            _ if case.spoken.is_export() => Some("tlslite-ng has no export suites"),
            _ if !has(case) => Some("tlslite-ng has no single DES"),
            Kind::RenegotiatedByUs | Kind::RenegotiatedByThem => {
                Some(tlslite::WITHOUT_RENEGOTIATION)
            }
            _ => None,
        }
    }

    fn remark(&self) -> Option<&'static str> {
        Some("It pins certificates, and verifies no chains.")
    }

    fn server(&self, group: &Group, people: &People) -> Result<Box<dyn Server>, Error> {
        Ok(Box::new(tlslite::Server::start(&settings(group, people)?)?))
    }

    fn client(&self, group: &Group, people: &People, port: u16) -> Result<Box<dyn Client>, Error> {
        Ok(Box::new(ClientOfEachKind {
            settings: settings(group, people)?,
            port,
            kinds: group.cases.iter().map(|case| case.kind).collect(),
            running: None,
        }))
    }
}

fn settings(group: &Group, people: &People) -> Result<Settings, Error> {
    let (own, other) = match group.side {
        Side::Client => (&people.server, &people.client),
        Side::Server => (&people.client, &people.server),
    };
    let asks = group.setup == Setup::ClientCertificate;
    let shows = asks || group.side == Side::Client;
    let pins = asks || group.side == Side::Server;
    let has_extensions = group.version > ProtocolVersion::SSLv3;
    let version = Version::from_protocol(group.version).ok_or("no SSL 2.0")?;
    Ok(Settings {
        identity: shows.then(|| own.identity.clone()),
        chain: own.above(),
        request_certificate: asks,
        pinned: pins.then(|| other.identity.certificate.clone()),
        server_name: Some("localhost".to_owned()),
        extended_master_secret: has_extensions,
        encrypt_then_mac: has_extensions,
        session_tickets: group.setup == Setup::Tickets,
        ..Settings::new(version)
    })
}

impl Server for tlslite::Server {
    fn port(&self) -> u16 {
        self.port()
    }

    fn serve(&mut self, case: &Case) -> Result<Vec<Report>, Error> {
        let connections = case.kind.connections().iter();
        connections
            .map(|_| Ok(report(self.conversation()?)))
            .collect()
    }
}

/// A process for all cases of a kind: Python takes its time to begin.
struct ClientOfEachKind {
    settings: Settings,
    port: u16,
    kinds: Vec<Kind>,
    running: Option<(Kind, tlslite::Client)>,
}

impl ClientOfEachKind {
    fn client(&mut self, kind: Kind) -> Result<&mut tlslite::Client, Error> {
        if self
            .running
            .as_ref()
            .is_none_or(|(other, _)| *other != kind)
        {
            let sessions = self.kinds.iter().filter(|other| **other == kind).count();
            let connections = kind.connections().len();
            let text = str::from_utf8(TEXT)?;
            let settings = &self.settings;
            let client =
                tlslite::Client::reconnect(self.port, text, settings, connections, sessions)?;
            self.running = Some((kind, client));
        }
        let running = self.running.as_mut();
        running.map(|(_, client)| client).ok_or("not begun".into())
    }
}

impl Client for ClientOfEachKind {
    fn connect(&mut self, case: &Case) -> Result<Vec<Report>, Error> {
        let client = self.client(case.kind)?;
        let connections = case.kind.connections().iter();
        connections
            .map(|_| Ok(report(client.conversation()?)))
            .collect()
    }
}

fn report(conversation: Conversation) -> Report {
    Report {
        version: Some(conversation.version.wire()),
        code: Some(conversation.suite),
        resumed: Some(conversation.session_resumed),
        master_secret: Some(conversation.master_secret),
        received: Some(conversation.received),
        certificate: Some(conversation.peer_common_name),
        close_notify: Some(conversation.close_notify),
        ..Report::default()
    }
}
