use super::*;
use crate::crypto::random::SystemRandom;

#[test]
fn what_was_sealed_opens_and_each_seal_is_another() {
    let keys = given([1]);
    for len in [0, 1, 16, 1000] {
        let plaintext = vec![7; len];
        let sealed = seal(&keys, &plaintext, 0);
        assert_eq!(sealed.len(), len + 49);
        assert_eq!(sealed.capacity(), sealed.len());
        assert_eq!(open(&keys, &sealed, 0), Some(plaintext.clone()));
        assert_ne!(seal(&keys, &plaintext, 0)[HEADER..], sealed[HEADER..]);
    }
}

#[test]
fn spoilt_and_shortened_bytes_do_not_open() {
    let keys = given([1]);
    let sealed = seal(&keys, b"session", 0);
    for bit in 0..sealed.len() * 8 {
        let mut spoilt = sealed.clone();
        spoilt[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open(&keys, &spoilt, 0), None, "bit {bit}");
    }
    for len in 0..sealed.len() {
        assert_eq!(open(&keys, &sealed[..len], 0), None, "{len} bytes");
    }
    assert_eq!(open(&keys, &[&sealed[..], &[0]].concat(), 0), None);
}

#[test]
fn another_context_does_not_open() {
    let keys = given([1]);
    let sealed = seal(&keys, b"session", 0);
    for other in [&b""[..], b"contex", b"context ", b"Context"] {
        assert!(keys.open(&sealed, other, at(0)).is_none());
    }
    assert!(keys.open(&sealed, b"context", at(0)).is_some());
}

#[test]
fn a_fleet_opens_what_each_of_its_servers_sealed() {
    let (one, other) = (given([1, 2]), given([2, 1]));
    for (from, to) in [(&one, &other), (&other, &one)] {
        let sealed = seal(from, b"session", 0);
        assert_eq!(open(to, &sealed, 0).as_deref(), Some(&b"session"[..]));
        assert_eq!(open(&given([3]), &sealed, 0), None);
    }
}

#[test]
fn replaced_keys_open_only_while_they_are_listed() {
    let keys = given([1]);
    let sealed = seal(&keys, b"session", 0);
    assert_eq!(keys.replace([]), Err(ConfigError::NoTicketKeys));
    assert!(open(&keys, &sealed, 0).is_some());
    keys.replace([key(2), key(1)]).unwrap();
    assert!(open(&keys, &sealed, 0).is_some());
    assert!(open(&given([2]), &seal(&keys, b"session", 0), 0).is_some());
    keys.replace([key(2)]).unwrap();
    assert_eq!(open(&keys, &sealed, 0), None);
    assert!(TicketKeys::given([]).is_err());

    let keys = TicketKeys::rotating(HOUR);
    let sealed = seal(&keys, b"session", 0);
    keys.replace([key(2)]).unwrap();
    assert_eq!(open(&keys, &sealed, 0), None);
}

#[test]
fn a_key_seals_for_its_lifetime_and_opens_for_another() {
    let keys = TicketKeys::rotating(HOUR);
    let sealed = seal(&keys, b"session", 1000);
    assert_eq!(key_name(&seal(&keys, b"", 1000 + 3599)), key_name(&sealed));
    assert_ne!(key_name(&seal(&keys, b"", 1000 + 3600)), key_name(&sealed));
    assert!(open(&keys, &sealed, 1000 + 7199).is_some());
    assert_eq!(open(&keys, &sealed, 1000 + 7200), None);
    assert_eq!(open(&keys, &sealed, 1000), None, "erased for good");
}

#[test]
fn a_key_ends_in_time_where_nothing_was_sealed_after_it() {
    let keys = TicketKeys::rotating(HOUR);
    let sealed = seal(&keys, b"session", 0);
    assert!(open(&keys, &sealed, 7199).is_some());
    seal(&keys, b"", 7199);
    assert_eq!(open(&keys, &sealed, 7200), None);
}

#[test]
fn a_clock_that_goes_back_neither_stops_rotation_nor_adds_keys() {
    let keys = TicketKeys::rotating(HOUR);
    let ahead = seal(&keys, b"session", u64::MAX);
    assert!(open(&keys, &ahead, 1000).is_some());
    assert_eq!(key_name(&seal(&keys, b"", 4599)), key_name(&ahead));
    assert_ne!(key_name(&seal(&keys, b"", 4600)), key_name(&ahead));

    let keys = TicketKeys::rotating(HOUR);
    let to_and_fro = [0, 3600, 0, 3600, 0, 3600];
    let mut sealed = to_and_fro.map(|now| seal(&keys, b"session", now)).to_vec();
    sealed.dedup_by(|one, other| key_name(one) == key_name(other));
    assert_eq!(sealed.len(), 4);
    sealed.retain(|old| open(&keys, old, 0).is_some());
    assert_eq!(sealed.len(), KEPT);
}

#[test]
fn lifetimes_of_any_length_work() {
    for (lifetime, opens) in [(Duration::ZERO, false), (Duration::MAX, true)] {
        let keys = TicketKeys::rotating(lifetime);
        let sealed = seal(&keys, b"session", 0);
        assert_eq!(open(&keys, &sealed, u64::MAX).is_some(), opens);
    }
}

#[test]
fn a_failing_source_of_random_bytes_leaves_the_keys_as_they_are() {
    let keys = TicketKeys::rotating(HOUR);
    let sealed = seal(&keys, b"session", 0);
    for now in [0, 3600] {
        let failed = keys.seal(b"", b"", at(now), &Broken);
        assert_eq!(failed, Err(RandomFailed));
    }
    assert!(open(&keys, &sealed, 3600).is_some());
}

#[test]
fn a_poisoned_lock_still_gives_the_keys() {
    let keys = given([1]);
    let sealed = seal(&keys, b"session", 0);
    let panicked = std::thread::scope(|scope| {
        let poison = || {
            let _guard = keys.0.lock();
            panic!("on purpose");
        };
        scope.spawn(poison).join()
    });
    assert!(panicked.is_err() && keys.0.is_poisoned());
    assert!(open(&keys, &sealed, 0).is_some());
    keys.replace([key(1)]).unwrap();
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?} {:?}", key(0xab), given([0xab]));
    assert!(!shown.contains("abab") && !shown.contains("171"), "{shown}");
}

#[derive(Debug)]
struct Broken;

impl SecureRandom for Broken {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomFailed> {
        Err(RandomFailed)
    }
}

fn key(byte: u8) -> TicketKey {
    TicketKey::new([byte; 32])
}

fn given<const N: usize>(bytes: [u8; N]) -> TicketKeys {
    TicketKeys::given(bytes.map(key)).unwrap()
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn seal(keys: &TicketKeys, plaintext: &[u8], now: u64) -> Vec<u8> {
    keys.seal(plaintext, b"context", at(now), &SystemRandom)
        .unwrap()
}

fn open(keys: &TicketKeys, sealed: &[u8], now: u64) -> Option<Vec<u8>> {
    keys.open(sealed, b"context", at(now))
        .map(|data| data.to_vec())
}

fn key_name(sealed: &[u8]) -> &[u8] {
    &sealed[1..1 + NAME]
}

const HOUR: Duration = Duration::from_secs(3600);
