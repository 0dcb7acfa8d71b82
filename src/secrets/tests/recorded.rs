//! Recorded conversations of OpenSSL and JSSE, taken apart and made again.
//!
//! Each file of `tests/data/recordings` says where it is from, and what its secrets were. This
//! crate made nothing of it: whatever derives, opens or verifies here agrees with a stranger.

use rustls_pki_types::CertificateDer;

use crate::alert::{AlertDescription, AlertLevel};
use crate::cert::public_key;
use crate::crypto::HashAlgorithm;
use crate::crypto::pkcs1::SignatureInput;
use crate::crypto::random::SystemRandom;
use crate::crypto::rsa::{RawPrivateKey, RsaPublicKey};
use crate::message::{
    Certificate, CertificateRequest, CertificateVerify, ClientHello, ClientKeyExchange,
    ExtensionType, Handshake, HandshakeType, ServerHello, ServerKeyExchange,
};
use crate::record::tests::resealed::Resealer;
use crate::record::{
    ContentType, Deframer, Framed, Framing, Opener, Protection, ProtectionParameters, WriteKeys,
};
use crate::secrets::*;
use crate::side::Side;
use crate::suite::{KeyExchange, SuiteRow};
use crate::testing::recordings::Recording;
use crate::testing::vectors::written;

#[test]
fn every_recorded_conversation_is_understood_and_made_again() {
    let mut replayed = 0;
    for recording in Recording::all() {
        // Shown where one of them fails.
        println!("{}", recording.name);
        let suite = recording.suite().row().unwrap();
        assert_eq!(suite.name, recording.text("suite_name"));
        Replay::new(&recording, suite).run();
        replayed += 1;
    }
    assert_eq!(replayed, 59 + 10);
}

/// A conversation as far as it has been replayed.
struct Replay<'r> {
    recording: &'r Recording,
    parameters: ProtectionParameters,
    /// The server's certificate's.
    key: RawPrivateKey,
    /// An export suite's, whose private half is not known: the master secret then is the one that
    /// both sides reported.
    ephemeral_key: Option<RsaPublicKey>,
    randoms: Randoms,
    transcript: Transcript,
    /// What the transcript has hashed.
    handshake: Vec<u8>,
    secrets: Option<(MasterSecret, KeyBlock)>,
    messages: Vec<HandshakeType>,
    client: Direction,
    server: Direction,
}

/// What one side has sent, and the means to open its records and to make them again.
struct Direction {
    deframer: Deframer,
    opener: Opener,
    resealer: Resealer,
    plaintext: Vec<u8>,
    closed: bool,
}

impl<'r> Replay<'r> {
    fn new(recording: &'r Recording, suite: &'static SuiteRow) -> Self {
        let version = recording.version();
        let signature_hashes = [HashAlgorithm::Sha1, HashAlgorithm::Sha256];
        Self {
            recording,
            parameters: ProtectionParameters {
                version,
                suite,
                encrypt_then_mac: recording.flag("encrypt_then_mac"),
            },
            key: RawPrivateKey::from_pkcs8_der(&recording.bytes("private_key")).unwrap(),
            ephemeral_key: None,
            randoms: Randoms {
                client: recording.bytes("client_random").try_into().unwrap(),
                server: recording.bytes("server_random").try_into().unwrap(),
            },
            transcript: Transcript::new(version, suite, signature_hashes.into_iter()),
            handshake: Vec::new(),
            secrets: None,
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
            assert!(direction.closed);
        }
    }

    fn record(&mut self, side: Side, recorded: &[u8]) {
        let (content_type, plaintext) = self.open(side, recorded);
        self.direction(side)
            .resealer
            .expect(recorded, content_type, &plaintext);
        match content_type {
            ContentType::Handshake => self.messages(side, &plaintext),
            ContentType::ChangeCipherSpec => {
                assert_eq!(plaintext, [1]);
                self.change_keys(side);
            }
            ContentType::ApplicationData => {
                self.direction(side).plaintext.extend_from_slice(&plaintext);
            }
            ContentType::Alert => {
                let close_notify = [AlertLevel::Warning.wire(), AlertDescription::CLOSE_NOTIFY.0];
                assert_eq!(plaintext, close_notify);
                self.direction(side).closed = true;
            }
        }
    }

    fn open(&mut self, side: Side, mut recorded: &[u8]) -> (ContentType, Vec<u8>) {
        let version = self.parameters.version;
        // A ClientHello's record may name any.
        let negotiated = (!self.messages.is_empty()).then_some(version);
        let direction = self.direction(side);
        direction.deframer.read(&mut recorded).unwrap();
        let record = direction.deframer.next_record(Framing::Ssl3(negotiated));
        let Some(Framed::Ssl3(record)) = record.unwrap() else {
            panic!("a whole record");
        };
        let opened = direction.opener.open(record, version).unwrap();
        let opened = (opened.content_type, opened.plaintext.to_vec());
        assert_eq!(direction.deframer.unread(), [0; 0]);
        opened
    }

    /// OpenSSL puts each message into a record of its own, JSSE several into one.
    fn messages(&mut self, side: Side, mut rest: &[u8]) {
        while let [_, a, b, c, ..] = *rest {
            let len = 4 + u32::from_be_bytes([0, a, b, c]) as usize;
            let (message, after) = rest.split_at(len);
            self.message(side, Handshake::read(message).unwrap());
            rest = after;
        }
        assert_eq!(rest, [0; 0]);
    }

    fn message(&mut self, side: Side, message: Handshake<'_>) {
        let body = message.body;
        match message.kind {
            HandshakeType::CLIENT_HELLO => self.client_hello(body),
            HandshakeType::SERVER_HELLO => self.server_hello(body),
            HandshakeType::CERTIFICATE => self.certificate(body),
            HandshakeType::CERTIFICATE_REQUEST => self.certificate_request(body),
            HandshakeType::SERVER_KEY_EXCHANGE => self.server_key_exchange(body),
            HandshakeType::SERVER_HELLO_DONE => assert_eq!(body, [0; 0]),
            HandshakeType::CERTIFICATE_VERIFY => self.certificate_verify(body),
            HandshakeType::FINISHED => self.finished(side, body),
            HandshakeType::CLIENT_KEY_EXCHANGE => {}
            other => panic!("{other}"),
        }
        self.transcript.add(message.encoded);
        self.handshake.extend_from_slice(message.encoded);
        // The extended master secret covers this message too.
        if message.kind == HandshakeType::CLIENT_KEY_EXCHANGE {
            self.client_key_exchange(body);
        }
        self.messages.push(message.kind);
    }

    fn client_hello(&self, body: &[u8]) {
        let hello = ClientHello::read(body).unwrap();
        assert_eq!(hello.client_version, self.parameters.version.wire());
        assert_eq!(hello.random, self.randoms.client);
        assert!(hello.offers(self.parameters.suite.suite));
        assert_eq!(written(|out| hello.write(out)), body);
    }

    fn server_hello(&self, body: &[u8]) {
        let hello = ServerHello::read(body).unwrap();
        let has = |extension| hello.extensions.find(extension).is_some();
        assert_eq!(hello.server_version, self.parameters.version.wire());
        assert_eq!(hello.random, self.randoms.server);
        assert_eq!(hello.cipher_suite, self.parameters.suite.suite);
        assert_eq!(
            has(ExtensionType::ENCRYPT_THEN_MAC),
            self.parameters.encrypt_then_mac
        );
        assert_eq!(
            has(ExtensionType::EXTENDED_MASTER_SECRET),
            self.recording.flag("extended_master_secret")
        );
        assert_eq!(written(|out| hello.write(out)), body);
    }

    /// Both sides' certificates are for the same key.
    fn certificate(&self, body: &[u8]) {
        let message = Certificate::read(body).unwrap();
        let [certificate] = message.certificate_list[..] else {
            panic!("one certificate is expected");
        };
        let key = public_key(&CertificateDer::from(certificate)).unwrap();
        assert_eq!(&key, self.key.public());
        assert_eq!(written(|out| message.write(out)), body);
    }

    fn certificate_request(&self, body: &[u8]) {
        let version = self.parameters.version;
        let message = CertificateRequest::read(body, version).unwrap();
        assert_eq!(written(|out| message.write(out, version)), body);
    }

    fn server_key_exchange(&mut self, body: &[u8]) {
        let message = ServerKeyExchange::read(body).unwrap();
        let params = message.params;
        let input = signed_params(&self.randoms, &written(|out| params.write(out)));
        assert!(self.key.public().verify(&input, message.signature));
        assert_eq!(written(|out| message.write(out)), body);

        let key = RsaPublicKey::new(params.modulus, params.exponent).unwrap();
        let KeyExchange::RsaExport { max_bits } = self.parameters.suite.key_exchange else {
            panic!("an export suite is expected");
        };
        assert_eq!(key.bits(), max_bits);
        assert!(self.key.public().bits() > max_bits);
        self.ephemeral_key = Some(key);
    }

    fn client_key_exchange(&mut self, body: &[u8]) {
        let version = self.parameters.version;
        let key = self.ephemeral_key.as_ref();
        let modulus_len = key.unwrap_or(self.key.public()).modulus_len();
        let message = ClientKeyExchange::read(body, version, modulus_len).unwrap();
        assert_eq!(message.encrypted_pre_master_secret.len(), modulus_len);
        assert_eq!(written(|out| message.write(out, version)), body);

        let recorded = self.recording.bytes("master_secret");
        let master_secret = if self.ephemeral_key.is_some() {
            assert!(!self.recording.has("pre_master_secret"));
            let suite = self.parameters.suite;
            MasterSecret::of_session(&recorded.try_into().unwrap(), version, suite)
        } else {
            let derived = self.master_secret(&message);
            assert_eq!(derived.as_bytes()[..], recorded);
            derived
        };
        let key_block = KeyBlock::expand(&master_secret, &self.randoms, self.parameters);
        self.secrets = Some((master_secret, key_block));
    }

    /// What the certificate's key decrypts, and what is derived from it.
    fn master_secret(&self, message: &ClientKeyExchange<'_>) -> MasterSecret {
        let version = self.parameters.version;
        let encoded = self.key.raw(message.encrypted_pre_master_secret).unwrap();
        let substitute = PreMasterSecret::generate(0, &SystemRandom).unwrap();
        let pre_master_secret = PreMasterSecret::unpad(&encoded, [version.wire(); 2], &substitute);
        assert_eq!(
            pre_master_secret.as_bytes(),
            self.recording.bytes("pre_master_secret")
        );
        let suite = self.parameters.suite;
        if self.recording.flag("extended_master_secret") {
            MasterSecret::derive_extended(&pre_master_secret, version, suite, &self.transcript)
        } else {
            MasterSecret::derive(&pre_master_secret, version, suite, &self.randoms)
        }
    }

    fn certificate_verify(&self, body: &[u8]) {
        let message = CertificateVerify::read(body, self.parameters.version).unwrap();
        let hash = message
            .algorithm
            .map(|algorithm| algorithm.rsa_hash().expect("an RSA signature"));
        let version = self.parameters.version;
        let (master_secret, _) = self.secrets();
        let input = |hash| {
            certificate_verify_input(version, master_secret, &self.transcript, hash).unwrap()
        };
        assert!(self.key.public().verify(&input(hash), message.signature));
        assert_eq!(written(|out| message.write(out)), body);
        if message.algorithm.is_some() {
            // Every recorded signature is over the PRF's hash; a peer may choose this one.
            let hash = HashAlgorithm::Sha1;
            let digest = hash.digest(&self.handshake).as_ref().to_vec();
            assert_eq!(
                input(Some(hash)),
                SignatureInput::DigestInfo { hash, digest }
            );
        }
    }

    fn finished(&self, side: Side, body: &[u8]) {
        let (master_secret, _) = self.secrets();
        let verify_data = VerifyData::compute(
            self.parameters.version,
            master_secret,
            &self.transcript,
            side,
        );
        assert_eq!(verify_data.as_bytes(), body);
        assert!(verify_data.matches(body));
    }

    fn change_keys(&mut self, side: Side) {
        let keys = self.keys(side);
        let protection = Protection::new(self.parameters, keys).unwrap();
        let opener = Opener::new(protection, u64::MAX);
        let resealer = Resealer::new(self.parameters, keys);
        let direction = self.direction(side);
        (direction.opener, direction.resealer) = (opener, resealer);
    }

    fn direction(&mut self, side: Side) -> &mut Direction {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn keys(&self, side: Side) -> &WriteKeys {
        let (_, key_block) = self.secrets();
        match side {
            Side::Client => &key_block.client,
            Side::Server => &key_block.server,
        }
    }

    fn secrets(&self) -> &(MasterSecret, KeyBlock) {
        self.secrets.as_ref().expect("a ClientKeyExchange before")
    }
}

impl Direction {
    fn new() -> Self {
        Self {
            deframer: Deframer::default(),
            opener: Opener::unprotected(),
            resealer: Resealer::unprotected(),
            plaintext: Vec::new(),
            closed: false,
        }
    }
}

fn expected_messages(recording: &Recording) -> Vec<HandshakeType> {
    let client_certificate = recording.name.ends_with("clientauth");
    let ephemeral_key = recording.name.ends_with("ephemeral");
    let only = |wanted: bool, kind| wanted.then_some(kind);
    [
        Some(HandshakeType::CLIENT_HELLO),
        Some(HandshakeType::SERVER_HELLO),
        Some(HandshakeType::CERTIFICATE),
        only(ephemeral_key, HandshakeType::SERVER_KEY_EXCHANGE),
        only(client_certificate, HandshakeType::CERTIFICATE_REQUEST),
        Some(HandshakeType::SERVER_HELLO_DONE),
        only(client_certificate, HandshakeType::CERTIFICATE),
        Some(HandshakeType::CLIENT_KEY_EXCHANGE),
        only(client_certificate, HandshakeType::CERTIFICATE_VERIFY),
        Some(HandshakeType::FINISHED),
        Some(HandshakeType::FINISHED),
    ]
    .into_iter()
    .flatten()
    .collect()
}
