//! OpenSSL 1.0.1, in Node.js.

use retrossl::{ProtocolVersion, Side};

use super::{Client, Peer, Report, Server};
use crate::Error;
use crate::matrix::conversation::TEXT;
use crate::matrix::{Case, Group, Kind};
use crate::peer::{Version, node};
use crate::people::{Member, People};

/// In Node.js 0.10.0.
pub struct OpenSsl1_0_1e;

impl Peer for OpenSsl1_0_1e {
    fn name(&self) -> &'static str {
        "OpenSSL 1.0.1e"
    }

    fn short_name(&self) -> &'static str {
        "openssl-1.0.1e"
    }

    fn origin(&self) -> &'static str {
        "in Node.js 0.10.0"
    }

    fn version(&self) -> Result<String, Error> {
        node::Release::V0_10_0.openssl_version()
    }

    fn cannot(&self, case: &Case) -> Option<&'static str> {
        match (case.kind, case.side) {
            (Kind::RenegotiatedByThem, _) => Some("Node.js 0.10 has no function for it"),
            (Kind::ResumedById, Side::Server) if case.spoken.is_ssl2() => Some(
                "its SSL 2.0 client fails over a session that was written down and read again, \
                 as Node.js does with all",
            ),
            _ => None,
        }
    }

    fn server(&self, group: &Group, people: &People) -> Result<Box<dyn Server>, Error> {
        Ok(Box::new(node::Server::start(&node::Settings {
            request_certificate: group.kind == Kind::ClientCertificate,
            reject_unauthorized: group.kind == Kind::ClientCertificate,
            ..settings(group, "ALL:NULL", people, Some(&people.server))
        })?))
    }

    fn client(&self, group: &Group, people: &People, port: u16) -> Result<Box<dyn Client>, Error> {
        let shown = (group.kind == Kind::ClientCertificate).then_some(&people.client);
        let settings = settings(group, "", people, shown);
        Ok(Box::new(ClientOfEach { settings, port }))
    }
}

fn settings(
    group: &Group,
    ciphers: &str,
    people: &People,
    shown: Option<&Member>,
) -> node::Settings {
    let ssl2 = group.version == ProtocolVersion::SSLv2;
    let chain = shown.filter(|_| !ssl2).map(Member::above);
    node::Settings {
        identity: shown.map(|member| member.identity.clone()),
        chain: chain.unwrap_or_default(),
        trusted: match ssl2 {
            true => people.trusted_at_ssl2(),
            false => people.trusted(),
        },
        // With a name its client begins with a hello of SSL 3.0.
        server_name: (!ssl2).then(|| "localhost".to_owned()),
        reject_unauthorized: !ssl2,
        session_tickets: group.kind == Kind::ResumedByTicket,
        ..match Version::from_protocol(group.version) {
            Some(version) => node::Settings::new(version, ciphers),
            None => node::Settings::ssl2(ciphers),
        }
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
        let mut client = node::Client::reconnect(self.port, text, &self.settings, count)?;
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
        // A client that sends no name calls nobody authorized.
        Side::Server => !ssl2,
    };
    Report {
        version: Some(conversation.version),
        code: Some(conversation.suite),
        resumed: Some(conversation.session_resumed),
        master_secret: Some(conversation.master_secret),
        received: Some(conversation.received),
        certificate: Some(conversation.peer_common_name),
        verified: verifies.then_some(conversation.authorized),
        close_notify: (!ssl2).then_some(conversation.close_notify),
    }
}
