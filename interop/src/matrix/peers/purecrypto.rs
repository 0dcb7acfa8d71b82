//! The crate `purecrypto`.

use super::{Client, Peer, Report, Server};
use crate::Error;
use crate::matrix::conversation::TEXT;
use crate::matrix::{Case, Group, Kind, Setup, Spoken};
use crate::peer::Version;
use crate::peer::openssl::ClientCertificate;
use crate::peer::purecrypto::{self, Conversation, Settings, VERSION};
use crate::people::{Member, People};

pub struct Purecrypto;

impl Peer for Purecrypto {
    fn name(&self) -> &'static str {
        "purecrypto"
    }

    fn short_name(&self) -> &'static str {
        "purecrypto"
    }

    fn origin(&self) -> &'static str {
        "in this process, by the crate with its feature tls-legacy"
    }

    fn version(&self) -> Result<String, Error> {
        Ok(VERSION.to_owned())
    }

    fn cannot(&self, case: &Case) -> Option<&'static str> {
        let Some(version) = Version::from_protocol(case.spoken.version()) else {
            return Some("purecrypto has no SSL 2.0");
        };
        if !purecrypto::VERSIONS.contains(&version) {
            return Some(purecrypto::WITHOUT_TLS_1_2);
        }
        if !purecrypto::SUITES.contains(&case.spoken.openssl_name()) {
            return Some("purecrypto has Triple DES and AES only");
        }
        match case.kind {
            Kind::ResumedById | Kind::ResumedByTicket => Some(purecrypto::WITHOUT_RESUMPTION),
            Kind::RenegotiatedByUs | Kind::RenegotiatedByThem => {
                Some(purecrypto::WITHOUT_RENEGOTIATION)
            }
            Kind::Full | Kind::ClientCertificate => None,
        }
    }

    fn server(&self, group: &Group, people: &People) -> Result<Box<dyn Server>, Error> {
        let settings = settings(group, people, &people.server)?;
        Ok(Box::new(purecrypto::Server::start(&settings)?))
    }

    fn client(&self, group: &Group, people: &People, port: u16) -> Result<Box<dyn Client>, Error> {
        let settings = settings(group, people, &people.client)?;
        Ok(Box::new(ClientOfEach { settings, port }))
    }
}

fn settings(group: &Group, people: &People, member: &Member) -> Result<Settings, Error> {
    let version = Version::from_protocol(group.version).ok_or("no SSL 2.0")?;
    let suites = group.spoken().into_iter().filter_map(Spoken::suite);
    let suites: Vec<u16> = suites.map(|suite| suite.0).collect();
    Ok(Settings {
        identity: Some(member.identity.clone()),
        chain: member.above(),
        trusted: people.trusted(),
        client_certificate: match group.setup {
            Setup::ClientCertificate => ClientCertificate::Required,
            _ => ClientCertificate::NotRequested,
        },
        ..Settings::new(version, &suites)
    })
}

impl Server for purecrypto::Server {
    fn port(&self) -> u16 {
        self.port()
    }

    fn serve(&mut self, _: &Case) -> Result<Vec<Report>, Error> {
        Ok(vec![report(self.conversation()?)])
    }
}

struct ClientOfEach {
    settings: Settings,
    port: u16,
}

impl Client for ClientOfEach {
    fn connect(&mut self, case: &Case) -> Result<Vec<Report>, Error> {
        let suite = case.spoken.suite().ok_or("no SSL 2.0")?;
        self.settings.suites = vec![suite.0];
        let text = str::from_utf8(TEXT)?;
        let mut client = purecrypto::Client::connect(self.port, text, &self.settings)?;
        Ok(vec![report(client.conversation()?)])
    }
}

fn report(conversation: Conversation) -> Report {
    Report {
        code: Some(conversation.suite.to_be_bytes().to_vec()),
        master_secret: Some(conversation.master_secret),
        received: Some(conversation.received),
        certificate: Some(conversation.peer_common_name),
        close_notify: Some(conversation.close_notify),
        ..Report::default()
    }
}
