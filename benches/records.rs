//! Throughput of sealing and opening application data, through the public API, for every suite.
//!
//! Sealing is `writer` and `write_tls`; opening is `read_tls`, `process_new_packets` and
//! `reader`, a record at a time.

#[path = "../tests/in_memory/mod.rs"]
mod in_memory;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group,
    criterion_main,
};
use in_memory::{Pair, only};
use retrossl::{CipherSuite, Connection, Policy, ProtocolVersion, Quirk};

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(500));
    targets = seal, open
}
criterion_main!(benches);

fn seal(criterion: &mut Criterion) {
    each_protection(criterion, "seal", bench_sealing);
    each_large_write(criterion, bench_sealing);
}

fn bench_sealing(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    policy: Policy,
    len: usize,
) {
    let mut pair = Pair::under(policy).established();
    let data = vec![0x5a; len];
    let mut wire = Vec::new();
    group.bench_function(id, |bencher| {
        bencher.iter(|| {
            wire.clear();
            seal_onto(&mut wire, &mut pair.client, &data);
        });
    });
}

fn open(criterion: &mut Criterion) {
    each_protection(criterion, "open", |group, id, policy, len| {
        let mut pair = Pair::under(policy).established();
        let data = vec![0x5a; len];
        let mut received = vec![0; len];
        let mut wire = Vec::new();
        group.bench_function(id, |bencher| {
            bencher.iter_custom(|iterations| {
                let mut elapsed = Duration::ZERO;
                for batch in batches(iterations) {
                    wire.clear();
                    for _ in 0..batch {
                        seal_onto(&mut wire, &mut pair.client, &data);
                    }
                    let record_len = wire.len() / batch;
                    let start = Instant::now();
                    for record in wire.chunks_exact(record_len) {
                        open_from(record, &mut pair.server, &mut received);
                    }
                    elapsed += start.elapsed();
                }
                elapsed
            });
        });
    });
}

/// Every suite at the newest version that it exists in, with records of 16 KiB and 256 bytes.
///
/// CBC suites run MAC-then-encrypt, as old peers do, and one of them also the other way round.
fn each_protection(
    criterion: &mut Criterion,
    direction: &str,
    mut bench: impl FnMut(&mut BenchmarkGroup<'_, WallTime>, BenchmarkId, Policy, usize),
) {
    for len in [16 * 1024, 256] {
        let mut group = criterion.benchmark_group(format!("{direction} {len} bytes"));
        group
            .sampling_mode(SamplingMode::Flat)
            .throughput(Throughput::Bytes(len as u64));
        for (label, policy) in protections() {
            bench(&mut group, BenchmarkId::from_parameter(label), policy, len);
        }
    }
}

/// Many records of one write, each of which has its own IV.
fn each_large_write(
    criterion: &mut Criterion,
    mut bench: impl FnMut(&mut BenchmarkGroup<'_, WallTime>, BenchmarkId, Policy, usize),
) {
    let len = 256 * 1024;
    let mut group = criterion.benchmark_group(format!("seal {len} bytes"));
    group
        .sampling_mode(SamplingMode::Flat)
        .throughput(Throughput::Bytes(len as u64));
    for suite in [
        CipherSuite::TLS_RSA_WITH_DES_CBC_SHA,
        CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA,
        CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
    ] {
        let policy = newest(suite).quirk(Quirk::NoEncryptThenMac);
        let id = BenchmarkId::from_parameter(suite);
        bench(&mut group, id, policy, len);
    }
}

fn protections() -> impl Iterator<Item = (String, Policy)> {
    let usual = CipherSuite::all().map(|suite| {
        let policy = newest(suite).quirk(Quirk::NoEncryptThenMac);
        (suite.to_string(), policy)
    });
    let suite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
    usual.chain([(format!("{suite} encrypt-then-MAC"), newest(suite))])
}

fn newest(suite: CipherSuite) -> Policy {
    let mut versions = ProtocolVersion::all().rev();
    let version = versions.find(|version| suite.exists_at(*version)).unwrap();
    // Some measurements outlast a key's default limit.
    only(version, suite).max_bytes_per_key(u64::MAX)
}

fn seal_onto(wire: &mut Vec<u8>, from: &mut Connection, mut data: &[u8]) {
    while !data.is_empty() {
        let taken = from.writer().write(data).unwrap();
        data = &data[taken..];
        while from.wants_write() {
            from.write_tls(wire).unwrap();
        }
    }
}

fn open_from(mut record: &[u8], to: &mut Connection, received: &mut [u8]) {
    while !record.is_empty() {
        to.read_tls(&mut record).unwrap();
        to.process_new_packets().unwrap();
    }
    to.reader().read_exact(received).unwrap();
}

/// `total` in parts small enough for their records to lie in memory.
fn batches(total: u64) -> impl Iterator<Item = usize> {
    const BATCH: u64 = 32;
    let whole = total / BATCH;
    let rest = total % BATCH;
    (0..whole)
        .map(|_| BATCH as usize)
        .chain((rest > 0).then_some(rest as usize))
}
