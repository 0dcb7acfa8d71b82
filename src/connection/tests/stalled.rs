//! A peer that has the keys and never finishes a second handshake.

use crate::record::{Change, ContentType};
use crate::side::Side;
use crate::testing::counted::hostile::{unfinished_hello, with_the_longest_chain};
use crate::testing::counted::{Account, Maximum};
use crate::testing::in_memory::ssl3_and_later;
use crate::testing::in_memory::wire::{HANDSHAKE, bytes, record};
use crate::version::ProtocolVersion;

/// The chain of the first handshake is still there, beside what the second has brought: in each
/// state all of the longest message but its last byte, and all of the longest record but its last.
#[test]
fn a_renegotiation_that_never_finishes_adds_no_more_than_the_chain_of_before() {
    for side in [Side::Client, Side::Server] {
        let mut held = Maximum::of("two chains and an unfinished message");
        let mut peak = Maximum::of("while the memory grows");
        for version in ssl3_and_later() {
            for messages in 0.. {
                let Some(account) = stalled(version, side, messages) else {
                    assert!(messages > 3, "{side}, {version}");
                    break;
                };
                let place = format!("{side}, {version}, after {messages} messages");
                held.add(&place, account.live);
                peak.add(&place, account.peak);
            }
        }
        held.check(420 * KIB);
        peak.check(560 * KIB);
    }
}

/// After so many of the peer's contents in a second handshake; `None` where it is complete before.
fn stalled(version: ProtocolVersion, side: Side, messages: usize) -> Option<Account> {
    let conversation = with_the_longest_chain(version, side).connect();
    let [mut connection, mut peer] = conversation.established().seen_from(side);
    peer.connection.begin_tampering();
    for _ in 0..messages {
        peer.connection.tamper(Change::Keep);
    }
    let hello = unfinished_hello(side.peer());
    peer.connection
        .tamper(Change::Replace(ContentType::Handshake, hello));
    for _ in 0..20 {
        peer.connection.tamper(Change::Drop);
    }
    let begun = connection
        .account
        .run(|| connection.connection.renegotiate());
    begun.unwrap();
    // Until nobody has anything to say.
    while connection.connection.wants_write() || peer.connection.wants_write() {
        peer.receive(&connection.flight()).unwrap();
        connection.receive(&peer.flight()).unwrap();
    }
    if connection.connection.handshakes() == 2 {
        return None;
    }
    let mut longest = bytes(&[record(HANDSHAKE, version.wire(), &[0; (1 << 14) + 2048])]);
    longest.pop();
    connection.receive(&longest).unwrap();
    Some(connection.account)
}

const KIB: i64 = 1024;
