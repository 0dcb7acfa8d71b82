//! Peers that never finish, and peers that are slow: what they can make a connection hold, and how
//! much work they can make of it.

mod counted;
mod in_memory;

use counted::hostile::{hello, unfinished_hello, with_the_longest_chain};
use counted::{Account, Configs, Conversation, Counted, Maximum};
use in_memory::wire::{CHANGE_CIPHER_SPEC, HANDSHAKE, bytes, record, records, with_extensions};
use in_memory::{pin, ssl2, ssl3_and_later, test_identity};
use retrossl::server::Acceptor;
use retrossl::{CipherKind, ProtocolVersion, Side};

/// In each state all of the longest message but its last byte, and then all of the longest record
/// but its last byte.
#[test]
fn a_peer_that_never_finishes_makes_nobody_hold_more_than_the_longest_messages() {
    for side in [Side::Client, Side::Server] {
        let mut first = Maximum::of("nothing but an unfinished message");
        let mut later = Maximum::of("a chain and an unfinished message");
        let mut peak = Maximum::of("while the memory grows");
        for version in ssl3_and_later() {
            let configs = with_the_longest_chain(version, side);
            for messages in 0.. {
                let Some(held) = stalled(&configs, side, messages, stall) else {
                    assert!(messages > 5, "{side}, {version}");
                    break;
                };
                let place = format!("{side}, {version}, after {messages} messages");
                if messages == 0 {
                    first.add(&place, held.live);
                } else {
                    later.add(&place, held.live);
                }
                peak.add(&place, held.peak);
            }
        }
        first.check(152 * KIB);
        later.check(288 * KIB);
        peak.check(420 * KIB);
    }
}

/// At SSL 2.0 a message is a record.
#[test]
fn a_peer_that_never_finishes_at_ssl2_makes_nobody_hold_more_than_the_longest_record() {
    for side in [Side::Client, Side::Server] {
        let mut held = Maximum::of("at SSL 2.0");
        for kind in CipherKind::all() {
            let configs = ssl2_configs(kind);
            for messages in 0.. {
                let Some(account) = stalled(&configs, side, messages, stall_ssl2) else {
                    assert!(messages > 3, "{side}, {kind}");
                    break;
                };
                let place = format!("{side}, {kind}, after {messages} messages");
                held.add(&place, account.live);
            }
        }
        held.check(40 * KIB);
    }
}

/// A hello is kept for the user, and the answer to server_name may say anything.
#[test]
fn a_long_server_hello_adds_no_more_than_its_length() {
    for version in ssl3_and_later().filter(|version| *version > ProtocolVersion::SSLv3) {
        let Conversation {
            mut client,
            mut server,
        } = with_the_longest_chain(version, Side::Client).connect();
        server.receive(&client.flight()).unwrap();
        let flight = with_extensions(&server.flight(), |extensions| {
            extensions.retain(|(kind, _)| *kind != SERVER_NAME);
            extensions.push((SERVER_NAME, vec![7; 16_000]));
        });
        let [all @ .., _done] = &split(&flight)[..] else {
            panic!("no flight")
        };
        for message in all {
            client.receive(message).unwrap();
        }
        stall(&mut client, Keys::None);
        let mut held = Maximum::of("a long hello, a chain and an unfinished message");
        held.add(version, client.account.live);
        held.check(304 * KIB);
    }
}

/// The longest conversation there is, a byte at a time, takes the memory that it takes in whole
/// flights, and the work: allocations do not grow with the number of pieces.
#[test]
fn a_peer_that_sends_a_byte_at_a_time_costs_no_more_memory_and_hardly_more_work() {
    let kind = CipherKind::SSL_CK_DES_192_EDE3_CBC_WITH_MD5;
    for side in [Side::Client, Side::Server] {
        let mut peak = Maximum::of("in renegotiations with the longest chain");
        for version in ssl3_and_later() {
            let place = format!("{side}, {version}");
            let whole = check_pace(&place, || with_the_longest_chain(version, side), side);
            peak.add(place, whole.peak);
        }
        check_pace(&format!("{side}, {kind}"), || ssl2_configs(kind), side);
        peak.check(680 * KIB);
    }
}

/// The same conversation in whole flights and by bytes; what the first of them took.
fn check_pace(place: &str, configs: impl Fn() -> Configs, side: Side) -> Account {
    // Configs of their own, so that no session is resumed.
    let [whole, slow] = [usize::MAX, 1].map(|piece| converse(&configs(), side, piece));
    println!("{place}: {whole:?} in flights, {slow:?} by bytes");
    assert!(slow.peak <= whole.peak, "{place}");
    assert!(slow.live <= whole.live, "{place}");
    // The RSA operations' own vary.
    let more = slow.allocations.saturating_sub(whole.allocations);
    assert!(more <= 100, "{place}: {more} allocations");
    assert!(4 * slow.allocated < 5 * whole.allocated, "{place}");
    whole
}

/// The longest ClientHello, in as many records as it has bytes.
#[test]
fn a_message_in_the_shortest_records_is_joined_in_few_steps() {
    let mut server =
        with_the_longest_chain(ProtocolVersion::TLSv1_2, Side::Server).connect_server();
    let hello = unfinished_hello(Side::Client);
    let mut wire = bytes(&[record(HANDSHAKE, 0x0301, &[0])]);
    for byte in &hello {
        *wire.last_mut().unwrap() = *byte;
        server.receive(&wire).unwrap();
    }
    let Account {
        allocations,
        allocated,
        peak,
        ..
    } = server.account;
    println!(
        "{} records: {allocations} allocations, {allocated} bytes",
        hello.len()
    );
    assert!(allocations < 50, "{allocations}");
    assert!(allocated < 4 * hello.len() as u64, "{allocated}");
    assert!(peak < 264 * KIB, "{peak}");
}

/// What has come counts twice: as it came, and as far as it is joined. The longest hello that comes
/// in so many bytes is in records of five.
#[test]
fn an_acceptor_holds_what_has_come_and_what_is_joined() {
    let hello = unfinished_hello(Side::Client);
    let wire: Vec<u8> = hello
        .chunks(5)
        .flat_map(|piece| bytes(&[record(HANDSHAKE, 0x0301, piece)]))
        .collect();
    let mut account = Account::default();
    let mut acceptor = account.run(Acceptor::default);
    for mut piece in wire[..256 * 1024].chunks(1024) {
        while !piece.is_empty() {
            account.run(|| acceptor.read_tls(&mut piece)).unwrap();
            assert!(account.run(|| acceptor.accept()).unwrap().is_none());
        }
    }
    println!("{account:?}");
    let mut held = Maximum::of("a hello in short records");
    held.add("acceptor", account.live);
    held.check(392 * KIB);
    let mut peak = Maximum::of("while the memory grows");
    peak.add("acceptor", account.peak);
    peak.check(460 * KIB);
}

/// The connection of `side` after so many of the peer's messages and key changes, and then what
/// never ends. `None` where the handshake is complete before.
fn stalled(
    configs: &Configs,
    side: Side,
    messages: usize,
    stall: fn(&mut Counted, Keys),
) -> Option<Account> {
    let [mut connection, mut peer] = configs.connect().seen_from(side);
    let mut left = messages;
    let mut keys = Keys::None;
    loop {
        for message in split(&peer.flight()) {
            if left == 0 {
                stall(&mut connection, keys);
                return Some(connection.account);
            }
            left -= 1;
            connection.receive(&message).unwrap();
            if message[0] == CHANGE_CIPHER_SPEC {
                keys = Keys::Installed;
            }
        }
        if !connection.connection.is_handshaking() {
            return None;
        }
        peer.receive(&connection.flight()).unwrap();
    }
}

/// Whether the peer's records are protected, so that only who has the keys can send a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    None,
    Installed,
}

/// Sends what never ends: it must not be an error.
fn stall(connection: &mut Counted, keys: Keys) {
    let version = connection.connection.protocol_version();
    let version = version.unwrap_or(ProtocolVersion::TLSv1_0).wire();
    if keys == Keys::None {
        let hello = unfinished_hello(connection.connection.side().peer());
        for piece in hello.chunks(1 << 14) {
            let record = record(HANDSHAKE, version, piece);
            connection.receive(&bytes(&[record])).unwrap();
        }
    }
    let mut longest = bytes(&[record(HANDSHAKE, version, &[0; (1 << 14) + 2048])]);
    longest.pop();
    connection.receive(&longest).unwrap();
}

/// The same at SSL 2.0, where the first record may not be as long as the others.
fn stall_ssl2(connection: &mut Counted, _: Keys) {
    let len: u16 = match connection.connection.protocol_version() {
        None => (1 << 14) + 2048,
        Some(_) => 32_767,
    };
    let [high, low] = len.to_be_bytes();
    let mut longest = vec![
        0x80 | high,
        low,
        hello(connection.connection.side().peer(), 4),
    ];
    longest.resize(2 + usize::from(len) - 1, 0);
    connection.receive(&longest).unwrap();
}

/// A flight's records, those joined that a message in clear is in.
fn split(flight: &[u8]) -> Vec<Vec<u8>> {
    if flight.first().is_some_and(|byte| !(20..24).contains(byte)) {
        let records = ssl2::records::records(flight);
        return records.iter().map(ssl2::records::Record::bytes).collect();
    }
    let mut messages: Vec<Vec<u8>> = Vec::new();
    let mut missing = 0;
    let mut in_clear = true;
    for record in records(flight) {
        let continues = missing > 0;
        if !continues && record.content_type == HANDSHAKE && in_clear {
            let [_, a, b, c, ..] = record.fragment[..] else {
                panic!("a header that is cut")
            };
            missing = 4 + u32::from_be_bytes([0, a, b, c]) as usize;
        }
        missing = missing.saturating_sub(record.fragment.len());
        in_clear &= record.content_type != CHANGE_CIPHER_SPEC;
        let record = bytes(&[record]);
        match messages.last_mut() {
            Some(message) if continues => message.extend(record),
            _ => messages.push(record),
        }
    }
    messages
}

/// Handshakes, data each way, new handshakes, data, and the end: whatever the version has. What
/// comes to `side` comes in pieces of at most `piece` bytes.
fn converse(configs: &Configs, side: Side, piece: usize) -> Account {
    let [mut connection, mut peer] = configs.connect().seen_from(side);
    let exchange = |connection: &mut Counted, peer: &mut Counted| {
        while peer.connection.wants_write() || connection.connection.wants_write() {
            for piece in peer.flight().chunks(piece) {
                connection.receive(piece).unwrap();
            }
            peer.receive(&connection.flight()).unwrap();
        }
    };
    exchange(&mut connection, &mut peer);
    assert_eq!(connection.connection.handshakes(), 1);
    let ssl2 = connection.connection.protocol_version() == Some(ProtocolVersion::SSLv2);
    for _ in 0..if ssl2 { 0 } else { 2 } {
        let renegotiated = connection
            .account
            .run(|| connection.connection.renegotiate());
        renegotiated.unwrap();
        exchange(&mut connection, &mut peer);
    }
    connection.account
}

fn ssl2_configs(kind: CipherKind) -> Configs {
    let policy = ssl2::only_kind(kind);
    let (chain, key) = test_identity(2048);
    let client = ssl2::client(policy).certificate(chain, key);
    let server = ssl2::server(policy).client_verifier(pin(2048));
    Configs::new(client.build().unwrap(), server.build().unwrap())
}

const SERVER_NAME: u16 = 0;

const KIB: i64 = 1024;
