//! Observers, key logs, exporters, and conversations that repeat byte for byte.

mod in_memory;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ProtocolVersion::{SSLv3, TLSv1_2};
use in_memory::{
    Pair, deliver, each_version_and_suite, only, pin, server_config, take, test_identity,
};
use retrossl::pki_types::UnixTime;
use retrossl::{
    CipherSuite, ClientConfig, ClientConnection, Clock, Connection, Error, Event, HandshakeType,
    KeyLog, KeyLogFile, Observer, ObserverFactory, ProtocolVersion, RandomFailed, SecureRandom,
    ServerConfig, ServerConnection, Side,
};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

#[test]
fn observers_see_what_crosses_and_no_secret() {
    #[derive(Debug, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    impl ObserverFactory for Log {
        fn observer(&self, side: Side) -> Box<dyn Observer> {
            let log = self.0.clone();
            Box::new(Seen { side, log })
        }
    }

    struct Seen {
        side: Side,
        log: Arc<Mutex<Vec<String>>>,
    }

    impl Observer for Seen {
        fn observe(&mut self, event: Event<'_>) {
            let line = match event {
                Event::Handshake {
                    direction,
                    message,
                    bytes,
                    ..
                } => {
                    assert_eq!(HandshakeType(bytes[0]), message);
                    format!("{direction:?} {message}")
                }
                Event::ChangeCipherSpec { direction, .. } => {
                    format!("{direction:?} ChangeCipherSpec")
                }
                Event::Alert {
                    direction,
                    description,
                    ..
                } => format!("{direction:?} {description}"),
                other => format!("{other:?}")
                    .split_whitespace()
                    .next()
                    .unwrap()
                    .to_owned(),
            };
            self.log
                .lock()
                .unwrap()
                .push(format!("{}: {line}", self.side));
        }
    }

    let log = Arc::new(Log::default());
    let client = ClientConfig::builder(only(TLSv1_2, AES))
        .verifier(pin(1024))
        .observers(log.clone())
        .build()
        .unwrap();
    let mut pair = Pair::new(client, server_config(only(TLSv1_2, AES))).established();
    pair.client.send_close_notify();
    assert_eq!(
        *log.0.lock().unwrap(),
        [
            "client: Sent ClientHello",
            "client: Received ServerHello",
            "client: Received Certificate",
            "client: PeerAuthenticated",
            "client: Received ServerHelloDone",
            "client: Sent ClientKeyExchange",
            "client: MasterSecretDerived",
            "client: KeysDerived",
            "client: Sent ChangeCipherSpec",
            "client: Sent Finished",
            "client: Received NewSessionTicket",
            "client: Received ChangeCipherSpec",
            "client: Received Finished",
            "client: Established",
            "client: Sent close_notify",
        ]
    );
    let debug = format!("{:?} {:?}", pair.client, pair.server);
    assert!(debug.contains("TLS_RSA_WITH_AES_128_CBC_SHA"), "{debug}");
}

/// CVE-2014-0224's early ChangeCipherSpec is what whoever watches wants to see.
#[test]
fn observers_see_what_is_refused() {
    #[derive(Debug, Default)]
    struct Log(Arc<Mutex<usize>>);

    impl ObserverFactory for Log {
        fn observer(&self, _: Side) -> Box<dyn Observer> {
            Box::new(Count(self.0.clone()))
        }
    }

    struct Count(Arc<Mutex<usize>>);

    impl Observer for Count {
        fn observe(&mut self, event: Event<'_>) {
            *self.0.lock().unwrap() += usize::from(matches!(event, Event::ChangeCipherSpec { .. }));
        }
    }

    let log = Arc::new(Log::default());
    let (chain, key) = test_identity(1024);
    let server = ServerConfig::builder(only(TLSv1_2, AES))
        .certificate(chain, key)
        .observers(log.clone());
    let mut server = ServerConnection::new(Arc::new(server.build().unwrap()));
    let early = [20, 3, 3, 0, 1, 1];
    deliver(&early, &mut server, || usize::MAX).unwrap_err();
    assert_eq!(*log.0.lock().unwrap(), 1);
}

#[test]
fn both_sides_log_the_same_secret_and_export_the_same_material() {
    #[derive(Debug, Default)]
    struct Secrets(Mutex<Vec<Line>>);

    type Line = (String, [u8; 32], Vec<u8>);

    impl KeyLog for Secrets {
        fn log(&self, label: &str, client_random: &[u8; 32], secret: &[u8]) {
            let line = (label.to_owned(), *client_random, secret.to_vec());
            self.0.lock().unwrap().push(line);
        }
    }

    each_version_and_suite(|version, suite| {
        let secrets = Arc::new(Secrets::default());
        let policy = only(version, suite);
        let client = ClientConfig::builder(policy)
            .verifier(pin(1024))
            .key_log(secrets.clone());
        let (chain, key) = test_identity(1024);
        let server = ServerConfig::builder(policy)
            .certificate(chain, key)
            .key_log(secrets.clone());
        let pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        let early = pair.client.export_keying_material([0; 8], b"label", None);
        assert_eq!(early.unwrap_err(), Error::HandshakeNotComplete);
        let pair = pair.established();
        let lines = secrets.0.lock().unwrap();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], lines[1]);
        assert_eq!(lines[0].0, "CLIENT_RANDOM");
        assert_eq!(lines[0].2.len(), 48);

        let export = |side: &Connection, context| {
            side.export_keying_material([0u8; 40], b"EXPERIMENTAL", context)
        };
        let client = export(&pair.client, Some(b"context"));
        assert_eq!(client, export(&pair.server, Some(b"context")));
        if version == SSLv3 {
            assert!(matches!(client, Err(Error::Export(_))));
        } else {
            // RFC 5705 §4: no context and an empty one differ.
            assert_ne!(export(&pair.client, None), export(&pair.client, Some(b"")));
            assert!(export(&pair.client, Some(&[0; 65_536])).is_err());
        }
    });
}

#[test]
fn the_key_log_file_has_lines_that_other_programs_read() {
    let path = std::env::temp_dir().join(format!("retrossl-key-log-{}", std::process::id()));
    let log = Arc::new(KeyLogFile::open(&path).unwrap());
    for _ in 0..2 {
        let client = ClientConfig::builder(only(TLSv1_2, AES))
            .verifier(pin(1024))
            .key_log(log.clone())
            .build()
            .unwrap();
        Pair::new(client, server_config(only(TLSv1_2, AES))).established();
    }
    let lines = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(lines.lines().count(), 2);
    for line in lines.lines() {
        let [label, random, secret] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(
            (label, random.len(), secret.len()),
            ("CLIENT_RANDOM", 64, 96)
        );
        assert!(
            random
                .chars()
                .chain(secret.chars())
                .all(|digit| digit.is_ascii_hexdigit())
        );
    }
}

/// A repeatable source: a counter, hashed by nobody.
#[derive(Debug)]
struct Counting(Mutex<u8>);

impl SecureRandom for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed> {
        let mut next = self.0.lock().unwrap();
        for byte in buffer {
            *byte = *next;
            *next = next.wrapping_add(1);
        }
        Ok(())
    }
}

/// A session says when it was made, so time has to stand still as well.
#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(1_717_243_200))
    }
}

#[test]
fn a_conversation_with_fixed_randomness_repeats_byte_for_byte() {
    each_version_and_suite(|version, suite| {
        let converse = || {
            let policy = only(version, suite);
            let client = ClientConfig::builder(policy)
                .verifier(pin(1024))
                .clock(Stopped)
                .random(Counting(Mutex::new(1)));
            let (chain, key) = test_identity(1024);
            let server = ServerConfig::builder(policy)
                .certificate(chain, key)
                .clock(Stopped)
                .random(Counting(Mutex::new(2)));
            let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
            let mut wire = Vec::new();
            for _ in 0..3 {
                let bytes = take(&mut pair.client);
                deliver(&bytes, &mut pair.server, || usize::MAX).unwrap();
                wire.push(bytes);
                let bytes = take(&mut pair.server);
                deliver(&bytes, &mut pair.client, || usize::MAX).unwrap();
                wire.push(bytes);
                let _ = pair.client.writer().write(b"data");
            }
            wire
        };
        assert_eq!(converse(), converse());
    });
}

#[test]
fn failing_randomness_is_an_error_and_not_a_weak_handshake() {
    #[derive(Debug)]
    struct Failing;

    impl SecureRandom for Failing {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomFailed> {
            Err(RandomFailed)
        }
    }

    let client = ClientConfig::builder(only(TLSv1_2, AES))
        .verifier(pin(1024))
        .random(Failing)
        .build()
        .unwrap();
    let error = ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap());
    assert_eq!(error.unwrap_err(), Error::RandomFailed(RandomFailed));
}
