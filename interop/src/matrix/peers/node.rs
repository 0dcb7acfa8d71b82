//! OpenSSL 1.0.1, in Node.js.

use retrossl::{ProtocolVersion, Side};

use super::{Client, Peer, Report, Server};
use crate::Error;
use crate::matrix::conversation::{End, TEXT};
use crate::matrix::{Case, Group, Kind, Setup};
use crate::peer::Version;
use crate::peer::node::{self, Release};
use crate::people::{Member, People};

/// One of Node.js 0.10.
pub struct OpenSsl1_0_1 {
    pub name: &'static str,
    pub short_name: &'static str,
    pub origin: &'static str,
    pub release: Release,
}

pub const OPENSSL_1_0_1E: OpenSsl1_0_1 = OpenSsl1_0_1 {
    name: "OpenSSL 1.0.1e",
    short_name: "openssl-1.0.1e",
    origin: "in Node.js 0.10.0",
    release: Release::V0_10_0,
};

pub const OPENSSL_1_0_1J: OpenSsl1_0_1 = OpenSsl1_0_1 {
    name: "OpenSSL 1.0.1j",
    short_name: "openssl-1.0.1j",
    origin: "in Node.js 0.10.33",
    release: Release::V0_10_33,
};

impl Peer for OpenSsl1_0_1 {
    fn name(&self) -> &'static str {
        self.name
    }

    fn short_name(&self) -> &'static str {
        self.short_name
    }

    fn origin(&self) -> &'static str {
        self.origin
    }

    fn version(&self) -> Result<String, Error> {
        self.release.openssl()
    }

    fn cannot(&self, case: &Case) -> Option<&'static str> {
        match (case.kind, case.side) {
            (Kind::RenegotiatedByThem, _) => {
                Some("Node.js 0.10 has no function that begins one; see OpenSSL 1.0.1l")
            }
            (Kind::ResumedById, Side::Server) if case.spoken.is_ssl2() => Some(
                "its SSL 2.0 client fails over a session that was written down and read again, \
                 as Node.js does with all",
            ),
            _ => None,
        }
    }

    fn server(&self, group: &Group, people: &People) -> Result<Box<dyn Server>, Error> {
        Ok(Box::new(node::Server::start(&node::Settings {
            request_certificate: group.setup == Setup::ClientCertificate,
            reject_unauthorized: group.setup == Setup::ClientCertificate,
            ..settings(
                self.release,
                group,
                "ALL:NULL",
                people,
                Some(&people.server),
            )
        })?))
    }

    fn client(&self, group: &Group, people: &People, port: u16) -> Result<Box<dyn Client>, Error> {
        let shown = (group.setup == Setup::ClientCertificate).then_some(&people.client);
        let settings = settings(self.release, group, "", people, shown);
        Ok(Box::new(ClientOfEach { settings, port }))
    }
}

fn settings(
    release: Release,
    group: &Group,
    ciphers: &str,
    people: &People,
    shown: Option<&Member>,
) -> node::Settings {
    let ssl2 = group.version == ProtocolVersion::SSLv2;
    let chain = shown.filter(|_| !ssl2).map(Member::above);
    node::Settings {
        release,
        identity: shown.map(|member| member.identity.clone()),
        chain: chain.unwrap_or_default(),
        trusted: match ssl2 {
            true => people.trusted_at_ssl2(),
            false => people.trusted(),
        },
        server_name: Some("localhost".to_owned()),
        reject_unauthorized: true,
        session_tickets: group.setup == Setup::Tickets,
        ..match Version::from_protocol(group.version) {
            Some(version) => node::Settings::new(version, ciphers),
            None => node::Settings::ssl2(ciphers),
        }
    }
}

/// In Node.js 0.12.0, which can begin a renegotiation.
pub struct OpenSsl1_0_1l;

impl Peer for OpenSsl1_0_1l {
    fn name(&self) -> &'static str {
        "OpenSSL 1.0.1l"
    }

    fn short_name(&self) -> &'static str {
        "openssl-1.0.1l"
    }

    fn origin(&self) -> &'static str {
        "in Node.js 0.12.0"
    }

    fn version(&self) -> Result<String, Error> {
        Release::V0_12_0.openssl()
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::RenegotiatedByThem]
    }

    fn cannot(&self, _: &Case) -> Option<&'static str> {
        None
    }

    fn end(&self, side: Side) -> End {
        match side {
            Side::Client => End::AsItShould,
            Side::Server => End::WithoutCloseNotify,
        }
    }

    fn remark(&self) -> Option<&'static str> {
        Some(
            "Its server ends a connection without close_notify, and it does not tell whether ours came.",
        )
    }

    fn server(&self, group: &Group, people: &People) -> Result<Box<dyn Server>, Error> {
        let server = Some(&people.server);
        let settings = settings(Release::V0_12_0, group, "ALL:NULL", people, server);
        Ok(Box::new(node::Server::renegotiating(&settings)?))
    }

    fn client(&self, group: &Group, people: &People, port: u16) -> Result<Box<dyn Client>, Error> {
        let settings = settings(Release::V0_12_0, group, "", people, None);
        Ok(Box::new(ClientOfEach { settings, port }))
    }
}

impl Server for node::Server {
    fn port(&self) -> u16 {
        self.port()
    }

    fn serve(&mut self, case: &Case) -> Result<Vec<Report>, Error> {
        let connections = case.kind.connections().iter();
        connections
            .map(|_| Ok(report(case, self.conversation()?)))
            .collect()
    }
}

/// A process for each case.
struct ClientOfEach {
    settings: node::Settings,
    port: u16,
}

impl Client for ClientOfEach {
    fn connect(&mut self, case: &Case) -> Result<Vec<Report>, Error> {
        let connections = case.kind.connections();
        self.settings.ciphers = case.spoken.openssl_name().to_owned();
        let text = str::from_utf8(TEXT)?;
        let count = u32::try_from(connections.len())?;
        let mut client = match case.kind {
            Kind::RenegotiatedByThem => {
                node::Client::renegotiating(self.port, text, &self.settings)?
            }
            _ => node::Client::reconnect(self.port, text, &self.settings, count)?,
        };
        let connections = connections.iter();
        connections
            .map(|_| Ok(report(case, client.conversation()?)))
            .collect()
    }
}

fn report(case: &Case, conversation: node::Conversation) -> Report {
    let ssl2 = case.spoken.is_ssl2();
    let verifies = match case.side {
        Side::Client => case.kind == Kind::ClientCertificate,
        Side::Server => true,
    };
    Report {
        version: Some(conversation.version),
        code: Some(conversation.suite),
        resumed: Some(conversation.session_resumed),
        master_secret: Some(conversation.master_secret),
        received: Some(conversation.received),
        certificate: Some(conversation.peer_common_name),
        verified: verifies.then_some(conversation.authorized),
        close_notify: (!ssl2 && case.kind != Kind::RenegotiatedByThem)
            .then_some(conversation.close_notify),
    }
}
