//! Limits on records under keys: what crosses with them, and what a peer that breaks them is told.

use std::io::Write;

use super::{cross, inject};
use crate::AlertDescription;
use crate::connection::{Connection, State};
use crate::error::{Error, Malformed};
use crate::handshake::client::ClientState;
use crate::record::ContentType;
use crate::testing::in_memory::fragments::{self, Case, RECORD_SIZE_LIMIT, data_lens};
use crate::testing::in_memory::wire::{Extensions, records, with_extensions};
use crate::testing::in_memory::{Pair, deliver, read, take};

const LENGTHS: [usize; 4] = [512, 1024, 2048, 4096];

fn pair(case: Case, ours: usize, theirs: usize) -> Pair {
    fragments::pair(case.policy(), Some(ours), Some(theirs))
}

/// Sends the client's hello changed, and lets the client take the change for its own.
pub(super) fn send_changed_hello(
    pair: &mut Pair,
    change: impl FnOnce(&mut Extensions),
) -> Result<(), Error> {
    let hello = with_extensions(&take(&mut pair.client), change);
    let State::Client(ClientState::ExpectServerHello(state)) = &mut pair.client.pump.state else {
        panic!("not at the start");
    };
    *state.client_hello() = records(&hello).remove(0).fragment;
    deliver(&hello, &mut pair.server, || usize::MAX)
}

/// A conversation at a max_fragment_length: the newer extension is not offered.
fn at_max_fragment_length(case: Case, limit: usize) -> Pair {
    // The server's own limit gives way.
    let mut pair = pair(case, limit, 64);
    send_changed_hello(&mut pair, |extensions| {
        extensions.retain(|(kind, _)| *kind != RECORD_SIZE_LIMIT);
    })
    .unwrap();
    pair.established()
}

#[test]
fn a_max_fragment_length_holds_both_ways_to_the_end() {
    Case::each(|case| {
        for limit in LENGTHS {
            let mut pair = at_max_fragment_length(case, limit);
            assert_eq!(pair.client.peer_record_limit(), limit);
            assert_eq!(pair.server.peer_record_limit(), limit);
            let Pair { client, server } = &mut pair;
            carry(case, limit, client, server);
            carry(case, limit, server, client);
        }
    });
}

fn carry(case: Case, limit: usize, from: &mut Connection, to: &mut Connection) {
    let data = vec![7; 10_000];
    from.writer().write_all(&data).unwrap();
    let wire = take(from);
    let expected = case.sealed(data.len(), limit);
    assert_eq!(data_lens(&wire), expected, "{case:?}");
    deliver(&wire, to, || usize::MAX).unwrap();
    assert_eq!(read(to), data);
}

/// A client that also speaks TLS 1.3 offers 16385 bytes.
#[test]
fn a_record_size_limit_of_newer_versions_is_no_limit() {
    Case::each(|case| {
        let mut pair = pair(case, 16_384, 100);
        send_changed_hello(&mut pair, |extensions| {
            extensions.retain(|(kind, _)| *kind != RECORD_SIZE_LIMIT);
            extensions.push(fragments::record_size_limit(16_385));
        })
        .unwrap();
        let mut pair = pair.established();
        assert_eq!(pair.server.peer_record_limit(), 16_384);
        let Pair { client, server } = &mut pair;
        carry(case, 16_384, server, client);
        carry(case, 100, client, server);
    });
}

#[test]
fn a_protected_record_above_the_limit_is_refused() {
    Case::each(|case| {
        for (ours, theirs) in [(64, 16_384), (16_384, 64), (100, 1000)] {
            refuses_more(ours, || pair(case, ours, theirs).established(), true);
            refuses_more(theirs, || pair(case, ours, theirs).established(), false);
        }
        for limit in LENGTHS {
            refuses_more(limit, || at_max_fragment_length(case, limit), true);
            refuses_more(limit, || at_max_fragment_length(case, limit), false);
        }
    });
}

/// One side takes `limit` bytes in a record, of any content, and no byte more.
fn refuses_more(limit: usize, established: impl Fn() -> Pair, client_receives: bool) {
    if limit == 16_384 {
        return;
    }
    for content_type in [ContentType::ApplicationData, ContentType::Handshake] {
        for (len, is_refused) in [(limit, false), (limit + 1, true)] {
            let mut pair = established();
            let Pair { client, server } = &mut pair;
            let (from, to): (&mut Connection, &mut Connection) = if client_receives {
                (server, client)
            } else {
                (client, server)
            };
            from.lift_limit();
            // The start of a Certificate: the first byte alone is the one that BEAST splits off.
            let mut content = vec![0; len];
            content[..4].copy_from_slice(&[11, 0, 0x40, 0]);
            if content_type == ContentType::ApplicationData {
                content.extend((case_splits(from)).then_some(0));
            }
            inject(from, content_type, &content);
            let overflow = cross(from, to).err().filter(is_overflow);
            assert_eq!(overflow.is_some(), is_refused, "{len} of {limit}");
            if let Some(error) = overflow {
                assert_eq!(error.alert(), Some(AlertDescription::RECORD_OVERFLOW));
                assert_eq!(to.sent_alert(), Some(AlertDescription::RECORD_OVERFLOW));
                let told = cross(to, from).unwrap_err();
                assert_eq!(
                    told,
                    Error::AlertReceived(AlertDescription::RECORD_OVERFLOW)
                );
            }
        }
    }
}

fn case_splits(connection: &Connection) -> bool {
    let suite = connection.negotiated_cipher_suite().unwrap();
    connection.protocol_version() == Some(crate::ProtocolVersion::TLSv1_0) && suite == super::AES
}

fn is_overflow(error: &Error) -> bool {
    matches!(error, Error::InvalidMessage(invalid)
        if matches!(invalid.problem, Malformed::RecordOverflow(_)))
}
