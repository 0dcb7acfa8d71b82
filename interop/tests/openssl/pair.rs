//! A connection of ours and one of OpenSSL's.

use std::io::{ErrorKind, Read, Write};
use std::ops::DerefMut;
use std::sync::Arc;

use interop::Error;
use interop::ours;
use interop::peer::{Version, openssl};
use retrossl::client::ClientConfigBuilder;
use retrossl::server::ServerConfigBuilder;
use retrossl::{ClientConnection, Connection, ProtocolVersion, ServerConnection};

/// `C` is our side.
pub struct Pair<C> {
    pub ours: C,
    pub theirs: openssl::Connection,
    pub received_by_us: Vec<u8>,
    pub received_by_them: Vec<u8>,
    /// What we sent, whether it arrived or not.
    pub sent_by_us: Vec<u8>,
    pub sent_by_them: Vec<u8>,
    pub our_error: Option<retrossl::Error>,
    pub their_error: Option<Error>,
    /// Bytes cross in pieces of at most this length.
    pub cut: usize,
}

/// Our client, their server.
pub fn our_client(
    ours: ClientConfigBuilder,
    theirs: &openssl::Settings,
) -> Result<Pair<ClientConnection>, Error> {
    let theirs = openssl::Endpoint::server(theirs)?.connection()?;
    Ok(Pair::new(ours::connection(ours)?, theirs))
}

/// Our server, their client.
pub fn our_server(
    ours: ServerConfigBuilder,
    theirs: &openssl::Settings,
) -> Result<Pair<ServerConnection>, Error> {
    let theirs = openssl::Endpoint::client(theirs)?.connection()?;
    let ours = ServerConnection::new(Arc::new(ours.build()?));
    Ok(Pair::new(ours, theirs))
}

impl<C: DerefMut<Target = Connection>> Pair<C> {
    pub fn new(ours: C, theirs: openssl::Connection) -> Self {
        Self {
            ours,
            theirs,
            received_by_us: Vec::new(),
            received_by_them: Vec::new(),
            sent_by_us: Vec::new(),
            sent_by_them: Vec::new(),
            our_error: None,
            their_error: None,
            cut: usize::MAX,
        }
    }

    /// Goes on until both sides have completed the handshake.
    pub fn establish(&mut self) -> Result<(), Error> {
        self.exchange()?;
        if self.ours.is_handshaking() || !self.theirs.handshake()? {
            return Err("both sides wait for the other one".into());
        }
        Ok(())
    }

    /// Lets everything cross that there is to send; an error if one of the sides has one.
    pub fn exchange(&mut self) -> Result<(), Error> {
        self.settle();
        match (&self.our_error, &self.their_error) {
            (None, None) => Ok(()),
            (ours, theirs) => Err(format!("we: {ours:?}; they: {theirs:?}").into()),
        }
    }

    /// The same, where an error is the point: alerts cross, too.
    pub fn settle(&mut self) {
        self.they_go_on();
        loop {
            let from_us = take(&mut self.ours);
            let from_them = self.theirs.take();
            if from_us.is_empty() && from_them.is_empty() {
                break;
            }
            for piece in from_us.chunks(self.cut) {
                self.theirs.feed(piece);
                self.they_go_on();
            }
            for piece in from_them.chunks(self.cut) {
                self.we_go_on(piece);
            }
            self.sent_by_us.extend(from_us);
            self.sent_by_them.extend(from_them);
        }
    }

    /// Each side sends `data` to the other one.
    pub fn converse(&mut self, data: &[u8]) -> Result<(), Error> {
        self.received_by_us.clear();
        self.received_by_them.clear();
        self.ours.writer().write_all(data)?;
        self.exchange()?;
        assert!(self.received_by_them == data, "{} bytes", data.len());
        self.theirs.write(data)?;
        self.exchange()?;
        assert!(self.received_by_us == data, "{} bytes", data.len());
        Ok(())
    }

    /// close_notify from us, and then from them.
    pub fn we_close(&mut self) -> Result<(), Error> {
        self.ours.send_close_notify();
        self.exchange()?;
        assert!(self.theirs.close_notify_received());
        self.theirs.shutdown()?;
        self.assert_clean_end()
    }

    /// close_notify from them, and then from us.
    pub fn they_close(&mut self) -> Result<(), Error> {
        self.theirs.shutdown()?;
        self.exchange()?;
        assert!(!self.theirs.close_notify_received());
        self.ours.send_close_notify();
        self.assert_clean_end()
    }

    fn assert_clean_end(&mut self) -> Result<(), Error> {
        self.exchange()?;
        assert!(self.theirs.close_notify_received());
        assert_eq!(self.ours.reader().read(&mut [0])?, 0);
        assert!(!self.ours.wants_read());
        Ok(())
    }

    /// What both sides report of the version and the suite.
    pub fn assert_agreement(&self) {
        let version = self.theirs.version().map(ProtocolVersion::from);
        assert_eq!(self.ours.protocol_version(), version);
        let suite = self.ours.negotiated_cipher_suite().map(|suite| suite.0);
        assert_eq!(suite, self.theirs.suite());
        let extended = self.theirs.extended_master_secret();
        assert_eq!(self.ours.extended_master_secret(), extended);
        assert!(self.ours.secure_renegotiation());
        let resumed = self.theirs.session_resumed();
        assert_eq!(self.ours.session_resumed(), resumed);
    }

    pub fn version(&self) -> Option<Version> {
        self.theirs.version()
    }

    fn they_go_on(&mut self) {
        if self.their_error.is_some() {
            return;
        }
        let result = match self.theirs.handshake() {
            Ok(true) => self.theirs.read(),
            Ok(false) => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        match result {
            Ok(plaintext) => self.received_by_them.extend(plaintext),
            Err(error) => self.their_error = Some(error),
        }
    }

    fn we_go_on(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.our_error.is_none() {
            let result = match self.ours.read_tls(&mut bytes) {
                Ok(_) => self.ours.process_new_packets(),
                Err(error) => panic!("a slice cannot be read: {error}"),
            };
            self.our_error = result.err();
            self.received_by_us.extend(read(&mut self.ours));
        }
    }
}

fn take(connection: &mut Connection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while connection.wants_write() {
        connection
            .write_tls(&mut bytes)
            .expect("a Vec takes everything");
    }
    bytes
}

fn read(connection: &mut Connection) -> Vec<u8> {
    let mut plaintext = Vec::new();
    match connection.reader().read_to_end(&mut plaintext) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        // Reported by `process_new_packets`, too.
        Err(error) => assert!(connection.error().is_some(), "{error}"),
    }
    plaintext
}
