//! No heap allocation per record in steady state, whatever the suite, the order of MAC and
//! encryption, and the splitting of records (which is on).

mod in_memory;

use std::io::{Read, Write};

use allocation_counter::measure;
use in_memory::{Pair, each_version_and_suite, only};
use retrossl::{Connection, Quirk};

#[test]
fn records_of_16_kib_are_sealed_and_opened_without_an_allocation() {
    check_every_suite(16 * 1024, 20);
}

#[test]
fn records_of_256_bytes_are_sealed_and_opened_without_an_allocation() {
    check_every_suite(256, 50);
}

fn check_every_suite(len: usize, records: usize) {
    each_version_and_suite(|version, suite| {
        let policy = only(version, suite);
        let pair = Pair::under(policy).established();
        if pair.client.encrypt_then_mac() {
            let policy = policy.quirk(Quirk::NoEncryptThenMac);
            let pair = Pair::under(policy).established();
            let allocations = steady_state_allocations(pair, len, records);
            assert_eq!(allocations, NONE, "{version} {suite}, MAC, then encrypted");
        }
        let allocations = steady_state_allocations(pair, len, records);
        assert_eq!(allocations, NONE, "{version} {suite}");
    });
}

/// Allocations while the client seals, the server opens, the server seals, the client opens.
fn steady_state_allocations(pair: Pair, len: usize, records: usize) -> [u64; 4] {
    let Pair {
        mut client,
        mut server,
    } = pair;
    let mut transfer = Transfer::of(len);
    transfer.send(&mut client, &mut server, WARM_UP);
    transfer.send(&mut server, &mut client, WARM_UP);
    let [client_seals, server_opens] = transfer.send(&mut client, &mut server, records);
    let [server_seals, client_opens] = transfer.send(&mut server, &mut client, records);
    [client_seals, server_opens, server_seals, client_opens]
}

/// What crosses, in buffers that are made before anything is counted.
struct Transfer {
    sent: Vec<u8>,
    wire: Vec<u8>,
    received: Vec<u8>,
}

impl Transfer {
    fn of(len: usize) -> Self {
        Self {
            sent: vec![0x5a; len],
            wire: Vec::with_capacity(2 * len + 1024),
            received: vec![0; len],
        }
    }

    /// Allocations of the one that seals and of the one that opens, over so many records.
    fn send(&mut self, from: &mut Connection, to: &mut Connection, records: usize) -> [u64; 2] {
        let mut allocations = [0; 2];
        for _ in 0..records {
            allocations[0] += measure(|| self.seal(from)).count_total;
            allocations[1] += measure(|| self.open(to)).count_total;
            assert_eq!(self.received, self.sent);
            self.received.fill(0);
        }
        allocations
    }

    fn seal(&mut self, from: &mut Connection) {
        self.wire.clear();
        from.writer().write_all(&self.sent).unwrap();
        while from.wants_write() {
            from.write_tls(&mut self.wire).unwrap();
        }
    }

    fn open(&mut self, to: &mut Connection) {
        let mut wire = self.wire.as_slice();
        while !wire.is_empty() {
            to.read_tls(&mut wire).unwrap();
            to.process_new_packets().unwrap();
        }
        to.reader().read_exact(&mut self.received).unwrap();
    }
}

/// Records that let the buffers grow to what they need.
const WARM_UP: usize = 3;

const NONE: [u64; 4] = [0; 4];
