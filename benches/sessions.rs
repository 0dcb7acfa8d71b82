//! Sessions in the store that a config has by default: how many are kept and found in a second,
//! and how much memory 100,000 of them take.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use retrossl::{MemorySessionStore, SessionStore};

criterion_group!(benches, sessions);
criterion_main!(benches);

fn sessions(criterion: &mut Criterion) {
    let mut memory = None;
    let measured = allocation_counter::measure(|| {
        let store = MemorySessionStore::new(SESSIONS);
        (0..SESSIONS).for_each(|index| keep(&store, index));
        memory = Some(store);
    });
    println!(
        "{SESSIONS} sessions of {SEALED} sealed bytes take {} bytes of heap each",
        measured.bytes_current / SESSIONS as i64
    );
    let store = MemorySessionStore::new(SESSIONS);
    let mut group = criterion.benchmark_group("sessions");
    group
        .throughput(Throughput::Elements(1))
        .measurement_time(Duration::from_secs(1));
    let mut index = 0;
    group.bench_function("put, full", |bencher| {
        bencher.iter(|| {
            index += 1;
            keep(&store, index);
        });
    });
    group.bench_function("find", |bencher| {
        bencher.iter(|| {
            index -= 1;
            black_box(store.find(&key(index)))
        });
    });
}

fn keep(store: &MemorySessionStore, index: usize) {
    store.put(&key(index), vec![7; SEALED], Duration::from_secs(7200));
}

/// As even as a random session ID.
fn key(index: usize) -> [u8; 32] {
    let mut key = [0; 32];
    key[..8].copy_from_slice(
        &(index as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .to_be_bytes(),
    );
    key
}

const SESSIONS: usize = 100_000;

/// Bytes of a server's session without a client certificate, sealed.
const SEALED: usize = 164;
