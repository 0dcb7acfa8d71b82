//! Stored sessions and tickets: their bytes before they are sealed, and sealed ones.

use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::input::Input;
use crate::session::{Context, Resumable, Session, Ssl2Session};
use crate::testing::fixed::FixedRandom;
use crate::{TicketKey, TicketKeys};

/// Whatever a store, or a client with a ticket, could give back.
pub fn sessions(data: &[u8]) {
    let mut input = Input::new(data);
    let mode = input.byte();
    match mode % 5 {
        0 => decode_session(input.rest()),
        1 => decode_resumable(input.rest()),
        2 => decode_ssl2(input.rest()),
        3 => open(&mut input),
        _ => seal(&mut input),
    }
}

/// What can be read is written back as it was.
fn decode_session(encoded: &[u8]) {
    if let Ok(session) = Session::read(encoded) {
        assert_eq!(*session.encode(), encoded);
        ask(|now, lifetime| session.is_current(now, lifetime));
        let _ = format!("{session:?}");
    }
}

fn decode_resumable(encoded: &[u8]) {
    if let Ok(resumable) = Resumable::read(encoded) {
        assert_eq!(*resumable.encode(), encoded);
        let _ = resumable.handle.resumption();
    }
}

fn decode_ssl2(encoded: &[u8]) {
    if let Ok(session) = Ssl2Session::read(encoded) {
        assert_eq!(*session.encode(), encoded);
        ask(|now, lifetime| session.is_current(now, lifetime));
        let _ = (session.may_be_kept(), format!("{session:?}"));
    }
}

fn ask(is_current: impl Fn(UnixTime, Duration) -> bool) {
    for now in [0, NOW, u64::MAX] {
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
        assert!(!is_current(now, Duration::ZERO), "no time is left");
        let _ = is_current(now, Duration::MAX);
    }
}

/// Bytes that nobody with the keys has sealed do not open.
fn open(input: &mut Input<'_>) {
    let name: [u8; 16] = input.array();
    let context = input.string();
    let sealed = input.string();
    for keys in [given(), rotating()] {
        assert_eq!(keys.open(sealed, context, now()), None);
        // With the right key's name in front, it is the tag that decides.
        let mut named = keys.seal(&name, context, now(), &salts()).expect("bytes");
        named.truncate(17);
        named.extend_from_slice(sealed);
        assert_eq!(keys.open(&named, context, now()), None);
    }
}

/// What was sealed opens in its place, unchanged, and not otherwise.
fn seal(input: &mut Input<'_>) {
    let context = input.string();
    let other = input.string();
    let (place, mask) = (usize::from(input.u16()), input.byte());
    let plaintext = input.string();
    for keys in [given(), rotating()] {
        let sealed = keys
            .seal(plaintext, context, now(), &salts())
            .expect("bytes");
        assert_eq!(sealed.len(), plaintext.len() + 49);
        let opened = keys.open(&sealed, context, now());
        assert_eq!(opened.as_ref().map(|opened| &opened[..]), Some(plaintext));
        assert_eq!(keys.open(&sealed, other, now()).is_some(), other == context);
        let ticket = Context::Ticket.encode();
        assert_eq!(
            keys.open(&sealed, &ticket, now()).is_some(),
            ticket == context
        );
        let mut spoilt = sealed.clone();
        let place = place % spoilt.len();
        spoilt[place] ^= mask;
        assert_eq!(keys.open(&spoilt, context, now()).is_some(), mask == 0);
        let cut = &sealed[..place];
        assert_eq!(keys.open(cut, context, now()), None);
    }
}

fn given() -> TicketKeys {
    TicketKeys::given([TicketKey::new([1; 32]), TicketKey::new([2; 32])]).expect("two keys")
}

/// The same each time.
fn salts() -> FixedRandom {
    FixedRandom::stream(0)
}

fn rotating() -> TicketKeys {
    TicketKeys::rotating(Duration::from_secs(3600))
}

fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW))
}

const NOW: u64 = 1_717_243_200;
