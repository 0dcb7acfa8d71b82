//! OpenSSL 1.0.1e as it is set up by default: its client begins with a hello in SSL 2.0's format,
//! its server takes one.

use retrossl::ProtocolVersion;

use super::HAS_ALL;
use crate::Error;
use crate::matrix::conversation::TEXT;
use crate::matrix::{Case, Client, Group, Kind, Peer, Report, Server, peers};
use crate::peer::node;
use crate::people::People;

/// A server that speaks one version, whichever hello comes; a client that speaks all up to one.
pub struct OfAllVersions;

impl Peer for OfAllVersions {
    fn name(&self) -> &'static str {
        as_usual().name()
    }

    fn short_name(&self) -> &'static str {
        as_usual().short_name()
    }

    fn origin(&self) -> &'static str {
        as_usual().origin()
    }

    fn version(&self) -> Result<String, Error> {
        as_usual().version()
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Full]
    }

    fn cannot(&self, case: &Case) -> Option<&'static str> {
        let mut ciphers = CIPHERS.split(':');
        let has = ciphers.any(|cipher| cipher == case.spoken.openssl_name());
        (!has).then_some("it is not here for that")
    }

    fn server(&self, group: &Group, people: &People) -> Result<Box<dyn Server>, Error> {
        let others = ProtocolVersion::all().filter(|version| *version != group.version);
        Ok(Box::new(node::Server::start(&node::Settings {
            identity: Some(people.server.identity.clone()),
            without: others.map(name_of).collect(),
            ..node::Settings::with_method("SSLv23_method", CIPHERS)
        })?))
    }

    fn client(&self, group: &Group, people: &People, port: u16) -> Result<Box<dyn Client>, Error> {
        let newer = ProtocolVersion::all().filter(|version| *version > group.version);
        let settings = node::Settings {
            trusted: people.trusted(),
            without: newer.map(name_of).collect(),
            ..node::Settings::with_method("SSLv23_method", CIPHERS)
        };
        Ok(Box::new(Once { settings, port }))
    }
}

/// As the matrix has it.
fn as_usual() -> &'static dyn Peer {
    let mut all = peers::ALL.iter();
    let found = all.find(|peer| peer.short_name() == HAS_ALL);
    *found.expect("it is the first one")
}

/// In Node.js.
fn name_of(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::SSLv2 => "SSLv2",
        ProtocolVersion::SSLv3 => "SSLv3",
        ProtocolVersion::TLSv1_0 => "TLSv1",
        ProtocolVersion::TLSv1_1 => "TLSv1_1",
        _ => "TLSv1_2",
    }
    .to_owned()
}

struct Once {
    settings: node::Settings,
    port: u16,
}

impl Client for Once {
    fn connect(&mut self, _: &Case) -> Result<Vec<Report>, Error> {
        let text = str::from_utf8(TEXT)?;
        let mut client = node::Client::connect(self.port, text, &self.settings)?;
        client.conversation()?;
        Ok(vec![Report::default()])
    }
}

/// Without a cipher of SSL 2.0 it would not use its format.
const CIPHERS: &str = "DES-CBC3-MD5:AES128-SHA";
