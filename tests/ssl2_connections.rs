//! What a connection at SSL 2.0 does as others do, and what it cannot: streams, ends, limits,
//! observers, repetition.

mod in_memory;
mod pki;

use std::io::{self, BufRead, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use in_memory::ssl2::by_hand::HandClient;
use in_memory::ssl2::records::records;
use in_memory::ssl2::{Events, MasterKeys, client, either, only_kind, pair, server, ssl2};
use in_memory::{Pair, deliver, read, take};
use pki::{Key, Template, extension, rsa_key};
use retrossl::pki_types::UnixTime;
use retrossl::{
    CipherKind, ClientConfig, Clock, ConfigError, Error, Fault, Fingerprint, PinnedCertificates,
    RandomFailed, RenegotiationRefused, RenegotiationState, SecureRandom, ServerConfig,
    ServerConnection, Side, Stream, StreamOwned,
};

/// The other side, which answers at once, and goes away when that is used up which it may send.
struct Transport {
    server: ServerConnection,
    /// Bytes of the server's that still come.
    left: usize,
}

impl Read for Transport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(self.left);
        let mut buffer = &mut buffer[..len];
        let read = self.server.write_tls(&mut buffer)?;
        self.left -= read;
        Ok(read)
    }
}

impl Write for Transport {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        deliver(data, &mut self.server, || usize::MAX).map_err(io::Error::other)?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn stream(kind: CipherKind) -> StreamOwned<retrossl::ClientConnection, Transport> {
    let Pair { client, server } = pair(only_kind(kind), ssl2());
    let transport = Transport {
        server,
        left: usize::MAX,
    };
    StreamOwned::new(client, transport)
}

/// There is nothing else that could say it: data can be cut off between records unseen.
#[test]
fn a_stream_ends_cleanly_with_the_transport() {
    for kind in CipherKind::all() {
        let mut stream = stream(kind);
        stream.write_all(b"a line\nand").unwrap();
        stream.flush().unwrap();
        assert_eq!(read(&mut stream.transport.server), b"a line\nand");
        let mut answer = stream.transport.server.writer();
        answer
            .write_all(&[b"a line\n", &[7; 50_000][..]].concat())
            .unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        assert_eq!(line, "a line\n");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, [7; 50_000]);
        assert_eq!(stream.read(&mut [0; 10]).unwrap(), 0);
        // This side can still write, and end.
        stream.write_all(b"bye").unwrap();
        stream.close().unwrap();
        assert_eq!(read(&mut stream.transport.server), b"bye");
        let closed = stream.write(b"more").unwrap_err();
        assert_eq!(closed.kind(), io::ErrorKind::BrokenPipe);
    }
}

#[test]
fn a_record_that_came_in_part_is_data_cut_off() {
    for kind in CipherKind::all() {
        // The header, the MAC, five bytes of data, and padding to whole blocks.
        let record = if kind.to_string().contains("CBC") {
            3 + 16 + 8
        } else {
            2 + 16 + 5
        };
        for missing in 0..record {
            let mut stream = stream(kind);
            stream.complete_handshake().unwrap();
            for data in [b"whole", b"part."] {
                stream.transport.server.writer().write_all(data).unwrap();
            }
            stream.transport.left = 2 * record - missing;
            let mut data = Vec::new();
            let end = stream.read_to_end(&mut data);
            if missing == 0 {
                end.unwrap();
                assert_eq!(data, b"wholepart.");
                continue;
            }
            let error = end.unwrap_err();
            assert_eq!(Error::of_io(&error), Some(&Error::Truncated));
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
            assert_eq!(data, b"whole");
        }
    }
}

#[test]
fn a_stream_whose_peer_goes_away_in_the_handshake_says_so() {
    let handshake = {
        let mut stream = stream(RC4);
        stream.complete_handshake().unwrap();
        usize::MAX - stream.transport.left
    };
    for left in 0..handshake {
        let mut stream = stream(RC4);
        stream.transport.left = left;
        let error = stream.read(&mut [0; 10]).unwrap_err();
        assert_eq!(Error::of_io(&error), Some(&Error::TruncatedHandshake));
    }
    let mut borrowed = stream(RC4);
    let mut stream = Stream::new(&mut borrowed.connection, &mut borrowed.transport);
    stream.complete_handshake().unwrap();
}

/// What was not there is missed in no way: the connection lives on.
#[test]
fn what_ssl2_does_not_have_is_refused_and_does_no_harm() {
    let pair = pair(ssl2(), ssl2());
    let export = |connection: &retrossl::Connection| {
        connection.export_keying_material([0; 16], b"EXPORTER-test", None)
    };
    assert_eq!(export(&pair.client), Err(Error::HandshakeNotComplete));
    let mut pair = pair.established();
    let refused = Err(Error::Renegotiation(RenegotiationRefused::Ssl2));
    let config = Arc::new(server(either()).build().unwrap());
    assert_eq!(pair.server.renegotiate_with(config), refused);
    for connection in [&mut *pair.client, &mut *pair.server] {
        assert_eq!(connection.renegotiate(), refused);
        assert_eq!(connection.renegotiate_resuming(), refused);
        assert_eq!(connection.renegotiation(), RenegotiationState::Idle);
        match export(connection) {
            Err(Error::Export(why)) => assert!(why.contains("SSL has no exporters"), "{why}"),
            other => panic!("{other:?}"),
        }
        assert!(!connection.secure_renegotiation());
        assert!(!connection.extended_master_secret());
        assert!(!connection.encrypt_then_mac());
        assert_eq!(connection.alpn_protocol(), None);
        assert!(connection.server_hello().is_none());
        assert_eq!((connection.sent_alert(), connection.error()), (None, None));
        assert!(!connection.wants_write());
    }
    assert_eq!(pair.server.server_name(), None);
    pair.echo(b"as before", || usize::MAX);
}

#[test]
fn leftovers_are_what_was_not_used() {
    for kind in CipherKind::all() {
        let mut pair = pair(only_kind(kind), ssl2()).established();
        pair.client.writer().write_all(b"login").unwrap();
        let wire = take(&mut pair.client);
        deliver(&wire, &mut pair.server, || usize::MAX).unwrap();
        pair.server
            .read_tls(&mut &b"plain from here on"[..])
            .unwrap();
        pair.server.writer().write_all(b"unsent").unwrap();
        let leftovers = pair.server.into_leftovers();
        assert_eq!(leftovers.plaintext, b"login");
        assert_eq!(leftovers.unread_bytes, b"plain from here on");
        deliver(&leftovers.unsent_bytes, &mut pair.client, || usize::MAX).unwrap();
        assert_eq!(read(&mut pair.client), b"unsent");
    }
}

/// One limit for what waits to go out, and for what waits to be read.
#[test]
fn buffers_are_limited() {
    let limited = client(only_kind(DES)).buffer_limit(10_000);
    let server = server(ssl2()).build().unwrap();
    let mut pair = Pair::new(limited.build().unwrap(), server);
    // Before the handshake is complete, too.
    assert_eq!(pair.client.writer().write(&[1; 30_000]).unwrap(), 10_000);
    assert_eq!(pair.client.writer().write(&[1; 30_000]).unwrap(), 0);
    pair.exchange(|| usize::MAX).unwrap();
    assert_eq!(read(&mut pair.server), [1; 10_000]);
    assert_eq!(pair.client.writer().write(&[2; 30_000]).unwrap(), 10_000);
    assert_eq!(pair.client.writer().write(&[2; 30_000]).unwrap(), 0);
    deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX).unwrap();
    assert_eq!(read(&mut pair.server), [2; 10_000]);

    pair.server.writer().write_all(&[3; 12_000]).unwrap();
    pair.server.writer().write_all(&[4; 12_000]).unwrap();
    let wire = take(&mut pair.server);
    let mut rest = &wire[..];
    let error = loop {
        match pair.client.read_tls(&mut rest) {
            Ok(read) => assert_ne!(read, 0, "all of it went in"),
            Err(error) => break error,
        }
        pair.client.process_new_packets().unwrap();
    };
    assert!(error.to_string().contains("buffer limit"), "{error}");
    let mut received = read(&mut pair.client);
    deliver(rest, &mut pair.client, || usize::MAX).unwrap();
    received.extend(read(&mut pair.client));
    assert_eq!(received, [[3; 12_000], [4; 12_000]].concat());
}

/// What is written in the handshake waits for its end, as does the end.
#[test]
fn data_held_during_the_handshake_goes_out_after_it() {
    for kind in CipherKind::all() {
        let mut pair = pair(only_kind(kind), ssl2());
        pair.client.writer().write_all(b"early ").unwrap();
        pair.client.writer().write_all(&[5; 40_000]).unwrap();
        pair.server.writer().write_all(b"welcome").unwrap();
        pair.client.send_close_notify();
        assert!(pair.client.writer().write(b"late").is_err());
        pair.exchange(|| 1000).unwrap();
        assert_eq!(read(&mut pair.client), b"welcome");
        assert_eq!(
            read(&mut pair.server),
            [b"early ", &[5; 40_000][..]].concat()
        );
    }
}

/// Sweet32, RC4's biases: there are no new keys at SSL 2.0, so the connection ends.
#[test]
fn worn_out_keys_end_the_connection() {
    for kind in CipherKind::all() {
        for of_client in [true, false] {
            let limited = only_kind(kind).max_bytes_per_key(40_000);
            let mut pair = pair(limited, limited).established();
            let (sender, receiver) = if of_client {
                (&mut *pair.client, &mut *pair.server)
            } else {
                (&mut *pair.server, &mut *pair.client)
            };
            // Three records of nearly 16 KiB: the third begins below the limit.
            let written = sender.writer().write(&[1; 60_000]).unwrap();
            assert!((48_000..50_000).contains(&written), "{written}");
            let error = sender.writer().write(&[1]).unwrap_err();
            let worn_out = Error::KeysWornOut(40_000);
            assert_eq!(Error::of_io(&error), Some(&worn_out));
            assert_eq!(worn_out.fault(), Fault::Local);
            deliver(&take(sender), receiver, || usize::MAX).unwrap();
            assert_eq!(read(receiver), vec![1; written]);
        }
    }
    // A peer that goes on is not heard.
    let limited = server(only_kind(RC4).max_bytes_per_key(1000));
    let mut client = HandClient::finished(&Arc::new(limited.build().unwrap()), RC4);
    client.say(&[1; 1000]).unwrap();
    assert_eq!(client.say(b"more"), Err(Error::KeysWornOut(1000)));
}

#[test]
fn an_observer_sees_every_message_and_no_secret() {
    let events = Events::default();
    let log = Arc::new(MasterKeys::default());
    let client = client(only_kind(RC4))
        .observers(events.clone())
        .key_log(log.clone());
    let server = server(only_kind(RC4))
        .observers(events.clone())
        .key_log(log.clone());
    let pair = Pair::new(client.build().unwrap(), server.build().unwrap());
    let pair = pair.established();
    assert_eq!(
        events.of(Side::Client),
        [
            "Sent CLIENT-HELLO",
            "Received SERVER-HELLO",
            "PeerAuthenticated",
            "Sent CLIENT-MASTER-KEY",
            "MasterSecretDerived",
            "Ssl2KeysDerived SSL_CK_RC4_128_WITH_MD5",
            "Sent CLIENT-FINISHED",
            "Received SERVER-VERIFY",
            "Received SERVER-FINISHED",
            "Established",
        ]
    );
    assert_eq!(
        events.of(Side::Server),
        [
            "Received CLIENT-HELLO",
            "Sent SERVER-HELLO",
            "Received CLIENT-MASTER-KEY",
            "MasterSecretDerived",
            "Ssl2KeysDerived SSL_CK_RC4_128_WITH_MD5",
            "Sent SERVER-VERIFY",
            "Received CLIENT-FINISHED",
            "Sent SERVER-FINISHED",
            "Established",
        ]
    );
    let log = log.0.lock().unwrap();
    assert_eq!(log.len(), 2);
    assert_eq!(log[0], log[1], "both sides log the same");
    let shown = format!("{:?} {:?}", pair.client, pair.server);
    assert!(shown.contains("SSLv2"), "{shown}");
}

#[test]
fn an_error_that_is_sent_or_received_is_seen() {
    let events = Events::default();
    let client = client(only_kind(RC4)).observers(events.clone());
    let server = server(only_kind(DES)).observers(events.clone());
    let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
    pair.exchange(|| usize::MAX).unwrap_err();
    pair.exchange(|| usize::MAX).unwrap_err();
    assert_eq!(
        events.of(Side::Server),
        ["Received CLIENT-HELLO", "Sent ERROR"]
    );
    assert_eq!(
        events.of(Side::Client),
        ["Sent CLIENT-HELLO", "Received ERROR"]
    );
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

#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(1_717_243_200))
    }
}

#[test]
fn a_conversation_with_fixed_randomness_repeats_byte_for_byte() {
    for policy in CipherKind::all().map(only_kind).chain([either()]) {
        let converse = || {
            let client = client(policy).clock(Stopped);
            let client = client.random(Counting(Mutex::new(1)));
            let server = server(policy).clock(Stopped);
            let server = server.random(Counting(Mutex::new(2)));
            let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
            let mut wire = Vec::new();
            for _ in 0..4 {
                let bytes = take(&mut pair.client);
                deliver(&bytes, &mut pair.server, || usize::MAX).unwrap();
                wire.push(bytes);
                let bytes = take(&mut pair.server);
                deliver(&bytes, &mut pair.client, || usize::MAX).unwrap();
                wire.push(bytes);
                pair.client.writer().write_all(b"data").unwrap();
            }
            assert!(!pair.client.is_handshaking());
            wire
        };
        assert_eq!(converse(), converse());
    }
}

/// Whatever it is for, and however well it goes on.
#[test]
fn failing_randomness_is_an_error_and_not_a_weak_handshake() {
    /// One call fails, which so many come before.
    #[derive(Debug)]
    struct Failing(Mutex<Option<usize>>);

    impl SecureRandom for Failing {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed> {
            let mut before = self.0.lock().unwrap();
            if *before == Some(0) {
                *before = None;
                return Err(RandomFailed);
            }
            *before = before.map(|calls| calls - 1);
            buffer.fill(3);
            Ok(())
        }
    }

    let failing = |before| Failing(Mutex::new(Some(before)));
    let failed = Error::RandomFailed(RandomFailed);
    assert_eq!(failed.fault(), Fault::Local);
    // CONNECTION-ID, session ID, the seal of the session that is kept.
    for before in 0..3 {
        let server = server(only_kind(RC2)).random(failing(before));
        let client = client(only_kind(RC2)).build().unwrap();
        let mut pair = Pair::new(client, server.build().unwrap());
        assert_eq!(
            pair.exchange(|| usize::MAX),
            Err(failed.clone()),
            "{before}"
        );
        assert_eq!(pair.server.error(), Some(&failed));
        assert_eq!(pair.server.handshakes(), 0);
    }
    // Behind the challenge: master key, KEY-ARG, padding, the seal.
    for before in 1..5 {
        let client = client(only_kind(RC2)).random(failing(before));
        let server = server(ssl2()).build().unwrap();
        let mut pair = Pair::new(client.build().unwrap(), server);
        assert_eq!(
            pair.exchange(|| usize::MAX),
            Err(failed.clone()),
            "{before}"
        );
        assert_eq!(pair.client.error(), Some(&failed));
        assert_eq!(pair.client.handshakes(), 0);
    }
}

/// Before the handshake is complete there is nothing that it could end.
#[test]
fn the_transports_end_is_a_clean_one_only_after_the_handshake() {
    let hello_of_ssl2 = retrossl::Policy::COMPATIBLE.hello_format(retrossl::HelloFormat::Ssl2);
    for policy in [ssl2(), either(), hello_of_ssl2] {
        let config = client(policy).build().unwrap();
        let mut connection = in_memory::ssl2::connect(config);
        take(&mut connection);
        connection.read_tls(&mut &[][..]).unwrap();
        let end = connection.reader().read(&mut [0; 9]).unwrap_err();
        assert_eq!(Error::of_io(&end), Some(&Error::Truncated));
        let ended = connection.process_new_packets();
        assert_eq!(ended, Err(Error::TruncatedHandshake));
    }
}

#[test]
fn an_idle_connection_gives_its_memory_back() {
    let mut pair = pair(only_kind(RC2), ssl2()).established();
    for _ in 0..3 {
        pair.client.release_buffers();
        pair.server.release_buffers();
        pair.echo(&[9; 40_000], || 5000);
    }
}

/// Data in the largest records that the kind and the header allow, and no larger.
#[test]
fn data_is_cut_into_records_that_every_peer_takes() {
    for kind in CipherKind::all() {
        let mut pair = pair(only_kind(kind), ssl2()).established();
        pair.client.writer().write_all(&[1; 60_000]).unwrap();
        let wire = take(&mut pair.client);
        let records = records(&wire);
        assert_eq!(records.len(), 4);
        let longest = records.iter().map(|it| it.fragment.len()).max().unwrap();
        let is_block = kind.to_string().contains("CBC");
        assert_eq!(longest, if is_block { 16_376 } else { 16_400 });
        deliver(&wire, &mut pair.server, || 1).unwrap();
        assert_eq!(read(&mut pair.server), [1; 60_000]);
    }
}

/// A SERVER-HELLO is one record.
#[test]
fn a_certificate_has_15_kib_at_the_most() {
    let padded = |padding: usize| {
        let filler = extension("1.2.3.4", false, &vec![0; padding]);
        let template = Template::new("CN=localhost", &Key::Rsa(1024)).with(filler);
        template.self_signed(&Key::Rsa(1024))
    };
    let longest = 15 * 1024;
    let overhead = padded(15_000).len() - 15_000;
    for (len, is_refused) in [(longest, false), (longest + 1, true)] {
        let certificate = padded(len - overhead);
        assert_eq!(certificate.len(), len);
        let fingerprint = Fingerprint::of(&certificate);
        let server = ServerConfig::builder(ssl2()).ssl2_certificate(certificate, rsa_key(1024));
        match server.build() {
            Ok(server) => {
                assert!(!is_refused);
                let client =
                    ClientConfig::builder(ssl2()).verifier(PinnedCertificates::new([fingerprint]));
                let pair = Pair::new(client.build().unwrap(), server);
                pair.established().echo(b"presented", || 1000);
            }
            Err(error) => {
                assert!(is_refused);
                assert_eq!(error, ConfigError::Ssl2CertificateTooLong);
            }
        }
    }
}

const RC4: CipherKind = CipherKind::SSL_CK_RC4_128_WITH_MD5;
const RC2: CipherKind = CipherKind::SSL_CK_RC2_128_CBC_WITH_MD5;
const DES: CipherKind = CipherKind::SSL_CK_DES_64_CBC_WITH_MD5;
