//! Whole handshakes in memory, over every version and suite.

mod in_memory;

use in_memory::{Pair, each_version_and_suite, only, read, take};
use retrossl::{Policy, Quirk};

/// Repeatable pseudo-random sizes from 1 to 40.
fn random_cuts(mut seed: u64) -> impl FnMut() -> usize {
    move || {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (seed >> 33) as usize % 40 + 1
    }
}

fn policies(policy: Policy) -> [Policy; 2] {
    [
        policy,
        policy
            .quirk(Quirk::NoEncryptThenMac)
            .quirk(Quirk::NoExtendedMasterSecret),
    ]
}

fn converse(policy: Policy, mut cut: impl FnMut() -> usize) {
    let mut pair = Pair::under(policy);
    pair.exchange(&mut cut).unwrap();
    assert!(!pair.client.is_handshaking() && !pair.server.is_handshaking());
    let (min, _) = policy.usable_versions().unwrap();
    for connection in [&*pair.client, &*pair.server] {
        assert_eq!(connection.protocol_version(), Some(min));
        assert_eq!(
            connection.negotiated_cipher_suite(),
            policy.allowed_suites().next()
        );
    }
    for len in [1, 2, 100, 16_384, 40_000] {
        pair.echo(&vec![len as u8; len], &mut cut);
    }
    pair.client.send_close_notify();
    pair.server.send_close_notify();
    pair.exchange(&mut cut).unwrap();
    assert!(read(&mut pair.client).is_empty());
    assert!(take(&mut pair.client).is_empty());
}

#[test]
fn every_version_and_suite_fed_whole() {
    each_version_and_suite(|version, suite| {
        for policy in policies(only(version, suite)) {
            converse(policy, || usize::MAX);
        }
    });
}

#[test]
fn every_version_and_suite_fed_byte_by_byte() {
    each_version_and_suite(|version, suite| {
        for policy in policies(only(version, suite)) {
            converse(policy, || 1);
        }
    });
}

#[test]
fn every_version_and_suite_fed_in_random_cuts() {
    each_version_and_suite(|version, suite| {
        for (seed, policy) in policies(only(version, suite)).into_iter().enumerate() {
            converse(policy, random_cuts(seed as u64));
        }
    });
}
