mod contexts;

use allocation_counter::measure;

use super::*;
use crate::config::{MemorySessionStore, SessionStore, TicketKeys};
use crate::crypto::random::{SecureRandom, SystemRandom};
use crate::message::MAX_CHAIN;
use crate::testing::vectors::test_certificate;
use ProtocolVersion::{SSLv3, TLSv1_0};

#[test]
fn a_session_is_read_as_it_was_written() {
    let chain = vec![test_certificate(1024), test_certificate(512)];
    for version in ProtocolVersion::from_ssl3() {
        for suite in CipherSuite::all().filter(|suite| suite.exists_at(version)) {
            for (server_name, peer_certificates) in [
                (None, vec![]),
                (Some("printer.lan".to_owned()), chain.clone()),
            ] {
                let written = Session {
                    version,
                    suite: suite.row().unwrap(),
                    master_secret: MasterSecret::of_session(
                        &[9; 48],
                        version,
                        suite.row().unwrap(),
                    ),
                    extended_master_secret: version > SSLv3,
                    encrypt_then_mac: false,
                    server_name,
                    peer_certificates,
                    ..session()
                };
                let read = Session::read(&written.encode()).unwrap();
                assert_same(&read, &written);
                assert_eq!(read.encode(), written.encode());
            }
        }
    }
    let plain = Session {
        extended_master_secret: false,
        encrypt_then_mac: false,
        ..session()
    };
    assert_same(&Session::read(&plain.encode()).unwrap(), &plain);
}

#[test]
fn an_encoded_session_never_grows() {
    for session in [
        session(),
        with_certificates(0),
        with_certificates(MAX_CHAIN),
    ] {
        let encoded = session.encode();
        assert_eq!(encoded.len(), session.encoded_len());
        assert_eq!(encoded.capacity(), encoded.len());
    }
}

#[test]
fn what_is_cut_short_or_goes_on_is_refused() {
    let encoded = session().encode();
    for len in 0..encoded.len() {
        assert!(Session::read(&encoded[..len]).is_err(), "{len} bytes");
    }
    let longer = [&encoded[..], &[0]].concat();
    assert_eq!(problem(&longer), Some(Malformed::TrailingBytes));
}

#[test]
fn values_that_no_session_has_are_refused() {
    let good = session().encode();
    for (offset, bytes, what) in [
        (0, &[0][..], "format"),
        (0, &[2], "format"),
        (1, &[3, 4], "version"),
        (3, &[0, 0], "suite"),
        (3, &[0x00, 0x3c], "a suite of TLS 1.2"),
        (53, &[2], "extended master secret"),
        (54, &[0xff], "encrypt-then-MAC"),
        (3, &[0x00, 0x05], "encrypt-then-MAC without CBC"),
        (1, &[3, 0], "extensions at SSL 3.0"),
        (57, &[0x80], "server name"),
        (57, "é".as_bytes(), "server name"),
        (108, &[0, 1, 0x51, 0x81], "lifetime"),
    ] {
        let mut spoilt = good.clone();
        spoilt[offset..offset + bytes.len()].copy_from_slice(bytes);
        assert_eq!(problem(&spoilt), Some(Malformed::IllegalValue), "{what}");
    }
    for (extended_master_secret, encrypt_then_mac) in [(true, false), (false, true)] {
        let at_ssl3 = Session {
            version: SSLv3,
            extended_master_secret,
            encrypt_then_mac,
            ..session()
        };
        assert_eq!(problem(&at_ssl3.encode()), Some(Malformed::IllegalValue));
    }
}

#[test]
fn a_session_out_of_bounds_is_written_so_that_it_is_refused() {
    let named = |len| Session {
        server_name: Some("a".repeat(len)),
        ..session()
    };
    assert_eq!(problem(&named(255).encode()), None);
    let refused = Some(Malformed::LengthOutOfRange);
    assert_eq!(problem(&named(256).encode()), refused);
    assert_eq!(problem(&with_certificates(MAX_CHAIN).encode()), None);
    let too_many = Some(Malformed::TooManyCertificates);
    assert_eq!(
        problem(&with_certificates(MAX_CHAIN + 1).encode()),
        too_many
    );
    let lasting = |lifetime| Session {
        lifetime,
        ..session()
    };
    assert_eq!(problem(&lasting(MAX_SESSION_LIFETIME).encode()), None);
    assert!(problem(&lasting(Duration::MAX).encode()).is_some());
}

#[test]
fn a_session_is_current_for_its_lifetime() {
    let session = session();
    for (now, expected) in [
        (0, false),
        (CREATED - 61, false),
        (CREATED - 60, true),
        (CREATED, true),
        (CREATED + 7199, true),
        (CREATED + 7200, false),
        (u64::MAX, false),
    ] {
        assert_eq!(
            session.is_current(at(now), Duration::MAX),
            expected,
            "{now}"
        );
    }
    let at_the_end_of_time = Session {
        created: at(u64::MAX),
        ..session
    };
    assert!(at_the_end_of_time.is_current(at(u64::MAX), Duration::MAX));
    assert!(!at_the_end_of_time.is_current(at(0), Duration::MAX));
    // Lifetimes were cut since.
    assert!(!at_the_end_of_time.is_current(at(u64::MAX), Duration::ZERO));
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", session());
    assert!(shown.contains("MasterSecret(…)"), "{shown}");
}

/// The documentation of [`MemorySessionStore`] says what this prints.
#[test]
fn the_memory_of_100_000_sessions_is_what_is_documented() {
    let keys = TicketKeys::rotating(MAX_SESSION_LIFETIME);
    let sealed = keys
        .seal(&session().encode(), b"key", at(CREATED), &SystemRandom)
        .unwrap();
    let identifiers: Vec<[u8; 32]> = (0..SESSIONS)
        .map(|_| {
            let mut identifier = [0; 32];
            SystemRandom.fill(&mut identifier).unwrap();
            identifier
        })
        .collect();
    let mut store = None;
    let info = measure(|| {
        let store = store.insert(MemorySessionStore::new(SESSIONS));
        for identifier in &identifiers {
            store.put(identifier, sealed.clone(), MAX_SESSION_LIFETIME);
        }
    });
    assert_eq!(store.unwrap().len(), SESSIONS);
    let each = info.bytes_current as usize / SESSIONS;
    println!("{each} bytes each, of which sealed {}", sealed.len());
    assert!(each <= DOCUMENTED, "{each}");
}

/// As a server that asks for no certificates has them.
pub(super) fn session() -> Session {
    let suite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA.row().unwrap();
    Session {
        version: TLSv1_0,
        suite,
        master_secret: MasterSecret::of_session(&[0x5a; 48], TLSv1_0, suite),
        extended_master_secret: true,
        encrypt_then_mac: true,
        server_name: Some("printer.lan".to_owned()),
        peer_certificates: Vec::new(),
        binding: [7; 32],
        created: at(CREATED),
        lifetime: Duration::from_secs(7200),
    }
}

fn with_certificates(count: usize) -> Session {
    Session {
        peer_certificates: vec![test_certificate(512); count],
        ..session()
    }
}

fn assert_same(one: &Session, other: &Session) {
    assert_eq!(one.version, other.version);
    assert_eq!(one.suite.suite, other.suite.suite);
    assert_eq!(one.master_secret.as_bytes(), other.master_secret.as_bytes());
    assert_eq!(one.master_secret.prf(), other.master_secret.prf());
    assert_eq!(one.extended_master_secret, other.extended_master_secret);
    assert_eq!(one.encrypt_then_mac, other.encrypt_then_mac);
    assert_eq!(one.server_name, other.server_name);
    assert_eq!(one.peer_certificates, other.peer_certificates);
    assert_eq!(one.binding, other.binding);
    assert_eq!(one.created, other.created);
    assert_eq!(one.lifetime, other.lifetime);
}

fn problem(encoded: &[u8]) -> Option<Malformed> {
    Session::read(encoded).err().map(|invalid| invalid.problem)
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

const CREATED: u64 = 1_700_000_000;

const SESSIONS: usize = 100_000;

const DOCUMENTED: usize = 266;
