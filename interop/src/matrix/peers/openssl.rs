//! OpenSSL 3.6, in this process.

use std::net::TcpStream;

use retrossl::Side;

use super::{Client, Peer, Report, Server};
use crate::Error;
use crate::loopback::{self, Listener};
use crate::matrix::conversation::TEXT;
use crate::matrix::{Case, Group, Kind, Setup};
use crate::peer::Version;
use crate::peer::openssl::{ClientCertificate, Connection, Endpoint, Settings, library_version};
use crate::people::{Member, People};

pub struct OpenSsl3_6;

impl Peer for OpenSsl3_6 {
    fn name(&self) -> &'static str {
        "OpenSSL 3.6"
    }

    fn short_name(&self) -> &'static str {
        "openssl-3.6"
    }

    fn origin(&self) -> &'static str {
        "in this process, by the crate openssl"
    }

    fn version(&self) -> Result<String, Error> {
        Ok(library_version().to_owned())
    }

    fn cannot(&self, case: &Case) -> Option<&'static str> {
        let name = case.spoken.openssl_name();
        match (case.kind, case.side) {
            _ if case.spoken.is_ssl2() => Some("OpenSSL 3 has no SSL 2.0"),
            _ if case.spoken.is_export() => Some("OpenSSL 3 has no export suites"),
            _ if name == "DES-CBC-SHA" => Some("OpenSSL 3 has no suites with single DES"),
            (Kind::ResumedById | Kind::ResumedByTicket, Side::Server) => Some(
                "the crate gives a client its session back by an unsafe function only; see OpenSSL \
                 3.0",
            ),
            (Kind::RenegotiatedByThem, _) => {
                Some("the crate has no function that begins one; see OpenSSL 3.0")
            }
            _ => None,
        }
    }

    fn server(&self, group: &Group, people: &People) -> Result<Box<dyn Server>, Error> {
        let endpoint = Endpoint::server(&settings(group, people, &people.server)?)?;
        let listener = Listener::bind()?;
        Ok(Box::new(InProcess { endpoint, listener }))
    }

    fn client(&self, group: &Group, people: &People, port: u16) -> Result<Box<dyn Client>, Error> {
        let endpoint = Endpoint::client(&settings(group, people, &people.client)?)?;
        Ok(Box::new(ClientInProcess { endpoint, port }))
    }
}

/// With the extensions that it has by default.
fn settings(group: &Group, people: &People, member: &Member) -> Result<Settings, Error> {
    let version = Version::from_protocol(group.version).ok_or("no SSL 2.0")?;
    Ok(Settings {
        identity: Some(member.identity.clone()),
        chain: member.above(),
        trusted: people.trusted(),
        server_name: Some("localhost".to_owned()),
        client_certificate: match group.setup {
            Setup::ClientCertificate => ClientCertificate::Required,
            _ => ClientCertificate::NotRequested,
        },
        session_tickets: group.setup == Setup::Tickets,
        encrypt_then_mac: true,
        extended_master_secret: true,
        client_renegotiation: group.setup == Setup::Plain,
        ..Settings::new(version, &group.openssl_names())
    })
}

struct InProcess {
    endpoint: Endpoint,
    listener: Listener,
}

impl Server for InProcess {
    fn port(&self) -> u16 {
        self.listener.port()
    }

    fn serve(&mut self, case: &Case) -> Result<Vec<Report>, Error> {
        let connections = case.kind.connections().iter();
        connections
            .map(|_| {
                let mut theirs = self.endpoint.connection()?;
                let mut transport = self.listener.accept()?;
                let report = serve(case, &mut theirs, &mut transport);
                // After an error, an alert.
                theirs.send(&mut transport)?;
                report
            })
            .collect()
    }
}

fn serve(case: &Case, theirs: &mut Connection, transport: &mut TcpStream) -> Result<Report, Error> {
    let mut received = Vec::new();
    let mut answered = 0;
    loop {
        if theirs.handshake()? {
            received.extend(theirs.read()?);
            if received.len() >= answered + TEXT.len() {
                theirs.write(&received[answered..])?;
                answered = received.len();
            }
            if theirs.close_notify_received() {
                theirs.shutdown()?;
                return report(case, theirs, received);
            }
        }
        if !theirs.exchange(transport)? {
            return Err("the transport has ended".into());
        }
    }
}

struct ClientInProcess {
    endpoint: Endpoint,
    port: u16,
}

impl Client for ClientInProcess {
    fn connect(&mut self, case: &Case) -> Result<Vec<Report>, Error> {
        let mut theirs = self.endpoint.connection()?;
        let mut transport = loopback::connect(self.port)?;
        let report = connect(case, &mut theirs, &mut transport);
        // After an error, an alert.
        theirs.send(&mut transport)?;
        Ok(vec![report?])
    }
}

fn connect(
    case: &Case,
    theirs: &mut Connection,
    transport: &mut TcpStream,
) -> Result<Report, Error> {
    while !theirs.handshake()? {
        go_on(theirs, transport)?;
    }
    theirs.write(TEXT)?;
    let mut received = Vec::new();
    while received.len() < TEXT.len() {
        go_on(theirs, transport)?;
        received.extend(theirs.read()?);
    }
    theirs.shutdown()?;
    while !theirs.close_notify_received() {
        go_on(theirs, transport)?;
        received.extend(theirs.read()?);
    }
    report(case, theirs, received)
}

fn go_on(theirs: &mut Connection, transport: &mut TcpStream) -> Result<(), Error> {
    match theirs.exchange(transport)? {
        true => Ok(()),
        false => Err("the transport has ended".into()),
    }
}

fn report(case: &Case, theirs: &mut Connection, received: Vec<u8>) -> Result<Report, Error> {
    let version = theirs.version().map(Version::wire);
    let verifies = case.side == Side::Server || case.kind == Kind::ClientCertificate;
    Ok(Report {
        version: Some(version.ok_or("no version")?),
        code: theirs.suite().map(|suite| suite.to_be_bytes().to_vec()),
        resumed: Some(theirs.session_resumed()),
        master_secret: Some(theirs.master_secret()),
        received: Some(received),
        certificate: Some(theirs.peer_common_name()),
        verified: verifies.then(|| theirs.verified()),
        close_notify: Some(theirs.close_notify_received()),
    })
}
