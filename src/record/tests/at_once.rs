//! Several records made at once: those that would be made one by one, IVs included, and where one
//! cannot be made, those before it.

use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicU8, Ordering};

use super::*;
use crate::crypto::random::{RandomFailed, SecureRandom};

#[test]
fn fragments_are_sealed_at_once_as_one_by_one() {
    each_protection(|parameters| {
        let version = parameters.version;
        let data = ContentType::ApplicationData;
        let fragments: [&[u8]; 7] = [
            &[1; 300],
            &[2; 300],
            &[3; 300],
            &[],
            &[5; 299],
            &[6; 300],
            &[7; 17],
        ];
        let (mut sealer, _) = pair(parameters);
        let random = Numbered::up_to(u8::MAX);
        let mut one_by_one = Vec::new();
        for fragment in fragments {
            sealer
                .seal(data, version, fragment, &random, &mut one_by_one)
                .unwrap();
        }

        let (mut sealer, mut opener) = pair(parameters);
        let random = Numbered::up_to(u8::MAX);
        let mut at_once = vec![1, 2, 3];
        let (taken, sealed) = sealer.seal_each(data, version, fragments, &random, &mut at_once);
        assert_eq!((taken, sealed), (300 * 4 + 299 + 17, Ok(())));
        let (before, mut records) = at_once.split_at(3);
        assert_eq!(before, [1, 2, 3]);
        assert_eq!(records, one_by_one);
        for fragment in fragments {
            let len = usize::from(u16::from_be_bytes([records[3], records[4]]));
            let (record, rest) = records.split_at(HEADER + len);
            assert_eq!(open(&mut opener, version, record).unwrap(), fragment);
            records = rest;
        }

        // The second record is the last.
        let protection = Protection::new(parameters, &keys(parameters)).unwrap();
        let mut sealer = Sealer::new(protection, 400);
        let random = Numbered::up_to(u8::MAX);
        let mut out = Vec::new();
        let (taken, sealed) = sealer.seal_each(data, version, fragments, &random, &mut out);
        assert_eq!((taken, sealed), (600, Err(Error::KeysWornOut(400))));
        assert!(out.len() >= 600 && one_by_one.starts_with(&out));

        // There is randomness for two IVs.
        let (mut sealer, _) = pair(parameters);
        let random = Numbered::up_to(2);
        let mut out = Vec::new();
        let (taken, sealed) = sealer.seal_each(data, version, fragments, &random, &mut out);
        if has_random_ivs(parameters) {
            assert_eq!((taken, sealed), (600, Err(RandomFailed.into())));
            assert!(out.len() >= 600 && one_by_one.starts_with(&out));
        } else {
            assert_eq!(sealed, Ok(()));
            assert_eq!(out, one_by_one);
        }
    });
}

/// What was laid out is plaintext, and does not stay where it could be sent.
#[test]
fn a_source_of_randomness_that_panics_leaves_nothing_behind() {
    each_protection(|parameters| {
        let (mut sealer, _) = pair(parameters);
        let mut out = vec![1, 2, 3];
        let data = ContentType::ApplicationData;
        let fragments: [&[u8]; 2] = [&[5; 300], &[6; 300]];
        let sealing = AssertUnwindSafe(|| {
            sealer.seal_each(
                data,
                parameters.version,
                fragments,
                &Panics::default(),
                &mut out,
            )
        });
        let sealed = std::panic::catch_unwind(sealing);
        if has_random_ivs(parameters) {
            assert!(sealed.is_err());
            assert_eq!(out, [1, 2, 3]);
        } else {
            assert_eq!(sealed.unwrap(), (600, Ok(())));
        }
    });
}

/// GCM's explicit nonce is a number.
fn has_random_ivs(parameters: ProtectionParameters) -> bool {
    let is_block = parameters.suite.cipher.cipher_type() == CipherType::Block;
    is_block && parameters.version >= ProtocolVersion::TLSv1_1
}

/// Randomness for one IV, and then no error.
#[derive(Debug, Default)]
struct Panics(AtomicU8);

impl SecureRandom for Panics {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomFailed> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(()),
            _ => panic!("no randomness"),
        }
    }
}

/// Randomness that says how often it was asked, and ends.
#[derive(Debug)]
struct Numbered {
    asked: AtomicU8,
    up_to: u8,
}

impl Numbered {
    fn up_to(up_to: u8) -> Self {
        let asked = AtomicU8::new(0);
        Self { asked, up_to }
    }
}

impl SecureRandom for Numbered {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        if number >= self.up_to {
            return Err(RandomFailed);
        }
        buffer.fill(number);
        Ok(())
    }
}
