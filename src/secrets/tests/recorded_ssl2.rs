//! Recorded conversations of OpenSSL at SSL 2.0, taken apart and made again.
//!
//! Each file of `tests/data/recordings-ssl2` says where it is from, and what its secrets were. This
//! crate made nothing of it: whatever derives, opens or verifies here agrees with a stranger.

use rustls_pki_types::CertificateDer;

use crate::cert::public_key;
use crate::cipher_kind::KindRow;
use crate::crypto::pkcs1::{RollbackMark, unpad_secret_key};
use crate::crypto::rsa::RawPrivateKey;
use crate::message::ssl2::{
    ClientCertificate, ClientFinished, ClientHello, ClientMasterKey, MD5_WITH_RSA_ENCRYPTION,
    Message, RequestCertificate, ServerFinished, ServerHello, ServerVerify, Ssl2MessageType,
    X509_CERTIFICATE,
};
use crate::record::ssl2::{Opener, Protection, Sealer};
use crate::record::{ContentType, Deframer, Framed, Framing};
use crate::secrets::{Ssl2KeyMaterial, Ssl2MasterKey};
use crate::side::Side;
use crate::testing::recordings::Recording;
use crate::testing::vectors::written;

#[test]
fn every_recorded_conversation_at_ssl2_is_understood_and_made_again() {
    let mut replayed = 0;
    for recording in Recording::all_of_ssl2() {
        // Shown where one of them fails.
        println!("{}", recording.name);
        let kind = recording.kind().row().unwrap();
        assert_eq!(kind.name, recording.text("kind_name"));
        Replay::new(&recording, kind).run();
        replayed += 1;
    }
    assert_eq!(replayed, 7);
}

/// A conversation as far as it has been replayed.
struct Replay<'r> {
    recording: &'r Recording,
    kind: &'static KindRow,
    /// The server's; the client's certificate, where it has one, is for the same.
    key: RawPrivateKey,
    challenge: Vec<u8>,
    server_certificate: Vec<u8>,
    connection_id: Vec<u8>,
    certificate_challenge: Vec<u8>,
    keys: Option<Ssl2KeyMaterial>,
    messages: Vec<Ssl2MessageType>,
    client: Direction,
    server: Direction,
}

/// What one side has sent, and the means to open its records and to make them again.
struct Direction {
    deframer: Deframer,
    opener: Opener,
    sealer: Sealer,
    plaintext: Vec<u8>,
}

impl<'r> Replay<'r> {
    fn new(recording: &'r Recording, kind: &'static KindRow) -> Self {
        Self {
            recording,
            kind,
            key: RawPrivateKey::from_pkcs8_der(&recording.bytes("private_key")).unwrap(),
            challenge: Vec::new(),
            server_certificate: Vec::new(),
            connection_id: Vec::new(),
            certificate_challenge: Vec::new(),
            keys: None,
            messages: Vec::new(),
            client: Direction::new(),
            server: Direction::new(),
        }
    }

    fn run(mut self) {
        for (side, record) in &self.recording.records {
            self.record(*side, record);
        }
        assert_eq!(self.messages, expected_messages(self.recording));
        for (direction, plaintext) in [
            (self.client, "client_plaintext"),
            (self.server, "server_plaintext"),
        ] {
            assert_eq!(direction.plaintext, self.recording.bytes(plaintext));
        }
    }

    fn record(&mut self, side: Side, mut recorded: &[u8]) {
        let established = self.messages.contains(&Ssl2MessageType::SERVER_FINISHED);
        let content_type = if established {
            ContentType::ApplicationData
        } else {
            ContentType::Handshake
        };
        let whole = recorded;
        let direction = self.direction(side);
        direction.deframer.read(&mut recorded).unwrap();
        let record = direction.deframer.next_record(Framing::Ssl2).unwrap();
        let Some(Framed::Ssl2(record)) = record else {
            panic!("a whole record");
        };
        let data = direction.opener.open(content_type, record).unwrap();
        let data = data.to_vec();
        assert_eq!(direction.deframer.unread(), [0; 0]);

        let mut made = Vec::new();
        direction
            .sealer
            .seal(content_type, &data, &mut made)
            .unwrap();
        assert_eq!(made, whole);

        if established {
            self.direction(side).plaintext.extend_from_slice(&data);
        } else {
            self.message(Message::read(&data).unwrap());
        }
    }

    fn message(&mut self, message: Message<'_>) {
        let body = message.body;
        match message.kind {
            Ssl2MessageType::CLIENT_HELLO => self.client_hello(body),
            Ssl2MessageType::SERVER_HELLO => self.server_hello(body),
            Ssl2MessageType::CLIENT_MASTER_KEY => self.client_master_key(body),
            Ssl2MessageType::CLIENT_FINISHED => {
                let message = ClientFinished::read(body).unwrap();
                assert_eq!(message.connection_id, self.connection_id);
                assert_eq!(written(|out| message.write(out)), body);
            }
            Ssl2MessageType::SERVER_VERIFY => {
                let message = ServerVerify::read(body).unwrap();
                assert_eq!(message.challenge, self.challenge);
                assert_eq!(written(|out| message.write(out)), body);
            }
            Ssl2MessageType::REQUEST_CERTIFICATE => {
                let message = RequestCertificate::read(body).unwrap();
                assert_eq!(message.authentication_type, MD5_WITH_RSA_ENCRYPTION);
                assert_eq!(written(|out| message.write(out)), body);
                self.certificate_challenge = message.challenge.to_vec();
            }
            Ssl2MessageType::CLIENT_CERTIFICATE => self.client_certificate(body),
            Ssl2MessageType::SERVER_FINISHED => {
                let message = ServerFinished::read(body);
                assert_eq!(message.session_id.len(), 16);
                assert_eq!(written(|out| message.write(out)), body);
            }
            other => panic!("{other}"),
        }
        self.messages.push(message.kind);
    }

    fn client_hello(&mut self, body: &[u8]) {
        let hello = ClientHello::read(body).unwrap();
        assert_eq!(hello.version, 0x0002);
        assert!(hello.cipher_kinds().eq([self.kind.kind]));
        assert_eq!(hello.session_id, [0; 0]);
        assert_eq!(written(|out| hello.write(out)), body);
        self.challenge = hello.challenge.to_vec();
    }

    fn server_hello(&mut self, body: &[u8]) {
        let hello = ServerHello::read(body).unwrap();
        assert_eq!(hello.version, 0x0002);
        assert!(!hello.session_id_hit);
        assert_eq!(hello.certificate_type, X509_CERTIFICATE);
        assert!(hello.cipher_kinds().eq([self.kind.kind]));
        assert_eq!(written(|out| hello.write(out)), body);
        let certificate = CertificateDer::from(hello.certificate);
        assert_eq!(&public_key(&certificate).unwrap(), self.key.public());
        self.server_certificate = hello.certificate.to_vec();
        self.connection_id = hello.connection_id.to_vec();
    }

    fn client_master_key(&mut self, body: &[u8]) {
        let message = ClientMasterKey::read(body).unwrap();
        assert_eq!(message.cipher_kind, self.kind.kind);
        assert_eq!(written(|out| message.write(out)), body);

        let encoded = self.key.raw(message.encrypted_key).unwrap();
        let substitute = vec![0; self.kind.secret_len()];
        // A client of SSL 2.0 alone sets no mark.
        let secret = unpad_secret_key(&encoded, RollbackMark::Refused, &substitute);
        let master_key = Ssl2MasterKey::of(self.kind, message.clear_key, &secret).unwrap();
        assert_eq!(master_key.as_bytes(), self.recording.bytes("master_key"));

        let keys = Ssl2KeyMaterial::derive(&master_key, &self.challenge, &self.connection_id);
        for side in [Side::Client, Side::Server] {
            let new = || Protection::new(self.kind.cipher, keys.write_key(side), message.key_arg);
            let (opens, seals) = (new().unwrap(), new().unwrap());
            let direction = self.direction(side);
            direction.opener.protect(opens, u64::MAX);
            direction.sealer.protect(seals, u64::MAX);
        }
        self.keys = Some(keys);
    }

    fn client_certificate(&self, body: &[u8]) {
        let message = ClientCertificate::read(body).unwrap();
        assert_eq!(message.certificate_type, X509_CERTIFICATE);
        assert_eq!(written(|out| message.write(out)), body);
        let certificate = CertificateDer::from(message.certificate);
        let key = public_key(&certificate).unwrap();
        assert_eq!(&key, self.key.public());
        let keys = self.keys.as_ref().expect("a CLIENT-MASTER-KEY before");
        let input = keys.response_input(&self.certificate_challenge, &self.server_certificate);
        assert!(key.verify(&input, message.response));
    }

    fn direction(&mut self, side: Side) -> &mut Direction {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

impl Direction {
    fn new() -> Self {
        Self {
            deframer: Deframer::default(),
            opener: Opener::unprotected(),
            sealer: Sealer::unprotected(),
            plaintext: Vec::new(),
        }
    }
}

fn expected_messages(recording: &Recording) -> Vec<Ssl2MessageType> {
    let client_certificate = recording.name.ends_with("clientauth");
    let mut messages = vec![
        Ssl2MessageType::CLIENT_HELLO,
        Ssl2MessageType::SERVER_HELLO,
        Ssl2MessageType::CLIENT_MASTER_KEY,
        Ssl2MessageType::CLIENT_FINISHED,
        Ssl2MessageType::SERVER_VERIFY,
    ];
    if client_certificate {
        messages.push(Ssl2MessageType::REQUEST_CERTIFICATE);
        messages.push(Ssl2MessageType::CLIENT_CERTIFICATE);
    }
    messages.push(Ssl2MessageType::SERVER_FINISHED);
    messages
}
