//! Sealing and opening against each other, against the specification, and every way to spoil a
//! record.

use super::*;
use crate::cipher_kind::CipherKind;
use crate::crypto::cipher::{BlockKey, CipherType, StreamKey};
use crate::crypto::{BulkCipher, HashAlgorithm};
use crate::error::{Error, InvalidMessage, Malformed, PeerMisbehaved};
use crate::record::{ContentType, MAX_PLAINTEXT};

const BAD_MAC: Error = Error::PeerMisbehaved(PeerMisbehaved::BadRecordMac);
const DATA: ContentType = ContentType::ApplicationData;

/// Every cipher that a kind has.
fn each_cipher(check: impl Fn(BulkCipher)) {
    CipherKind::all().for_each(|kind| check(kind.row().unwrap().cipher));
}

fn key(cipher: BulkCipher) -> Vec<u8> {
    (1..=cipher.key_len() as u8).collect()
}

fn key_arg(cipher: BulkCipher) -> Vec<u8> {
    (100..100 + cipher.iv_len() as u8).collect()
}

fn protection(cipher: BulkCipher) -> Protection {
    Protection::new(cipher, &key(cipher), &key_arg(cipher)).unwrap()
}

/// Both ends, under keys from the first record on.
fn pair(cipher: BulkCipher) -> (Sealer, Opener) {
    let (mut sealer, mut opener) = (Sealer::unprotected(), Opener::unprotected());
    sealer.protect(protection(cipher), u64::MAX);
    opener.protect(protection(cipher), u64::MAX);
    (sealer, opener)
}

fn seal(sealer: &mut Sealer, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    sealer.seal(DATA, data, &mut out).unwrap();
    out
}

fn open(opener: &mut Opener, wire: &[u8]) -> Result<Vec<u8>, Error> {
    let header = Header::read(wire)?.expect("a whole header");
    let mut fragment = wire[header.header_len()..].to_vec();
    assert_eq!(fragment.len(), header.len());
    let fragment = &mut fragment;
    let data = opener.open(DATA, Record { header, fragment })?;
    Ok(data.to_vec())
}

/// MAC-DATA by the book.
fn mac(cipher: BulkCipher, sequence: u32, padded_data: &[u8]) -> Vec<u8> {
    let hashed = [&key(cipher)[..], padded_data, &sequence.to_be_bytes()].concat();
    HashAlgorithm::Md5.digest(&hashed).as_ref().to_vec()
}

/// A record by the book, whatever its header says: MAC-DATA, ACTUAL-DATA and PADDING-DATA under
/// fresh keys, as record number `sequence`.
fn by_the_book(cipher: BulkCipher, sequence: u32, padded_data: &[u8]) -> Vec<u8> {
    let mut record = [&mac(cipher, sequence, padded_data)[..], padded_data].concat();
    match cipher.cipher_type() {
        CipherType::Stream => StreamKey::new(cipher, &key(cipher))
            .unwrap()
            .run()
            .apply(&mut record),
        _ => BlockKey::new(cipher, &key(cipher))
            .unwrap()
            .encrypt(&key_arg(cipher), &mut record)
            .unwrap(),
    }
    record
}

#[test]
fn what_is_sealed_opens_in_order() {
    each_cipher(|cipher| {
        let (mut sealer, mut opener) = pair(cipher);
        let longest = sealer.fragments(&[0; MAX_PLAINTEXT]).next().unwrap().len();
        for len in [0, 1, 7, 8, 9, 255, 1000, longest - 1, longest] {
            let data: Vec<u8> = (0..len).map(|i| i as u8).collect();
            let wire = seal(&mut sealer, &data);
            assert_eq!(open(&mut opener, &wire), Ok(data), "{cipher:?}");
        }
    });
}

#[test]
fn records_are_those_of_the_specification() {
    let data = b"nine byte";
    each_cipher(|cipher| {
        let (mut sealer, _) = pair(cipher);
        let wire = seal(&mut sealer, data);
        let expected = match cipher.cipher_type() {
            CipherType::Stream => [&[0x80, 25][..], &by_the_book(cipher, 0, data)].concat(),
            _ => {
                let padded = [&data[..], &[0; 7]].concat();
                [&[0x00, 32, 7][..], &by_the_book(cipher, 0, &padded)].concat()
            }
        };
        assert_eq!(wire, expected, "{cipher:?}");
        // Nothing to pad.
        let (mut sealer, _) = pair(cipher);
        let wire = seal(&mut sealer, b"8 bytes!");
        let expected = [&[0x80, 24][..], &by_the_book(cipher, 0, b"8 bytes!")].concat();
        assert_eq!(wire, expected, "{cipher:?}");
    });
}

/// The second record's IV is the first one's last block, and the stream goes on.
#[test]
fn the_cipher_goes_on_from_record_to_record() {
    each_cipher(|cipher| {
        let (mut sealer, _) = pair(cipher);
        let first = seal(&mut sealer, b"8 bytes!");
        let second = seal(&mut sealer, b"8 more..");
        let mut both = [&first[2..], &second[2..]].concat();
        match cipher.cipher_type() {
            CipherType::Stream => StreamKey::new(cipher, &key(cipher))
                .unwrap()
                .run()
                .apply(&mut both),
            _ => BlockKey::new(cipher, &key(cipher))
                .unwrap()
                .decrypt(&key_arg(cipher), &mut both)
                .unwrap(),
        }
        let [first, second] = [(0, b"8 bytes!"), (1, b"8 more..")]
            .map(|(sequence, data)| [&mac(cipher, sequence, data)[..], data].concat());
        assert_eq!(both, [first, second].concat(), "{cipher:?}");
    });
}

#[test]
fn records_without_protection_are_their_content() {
    let mut sealer = Sealer::unprotected();
    let wire = seal(&mut sealer, b"message");
    assert_eq!(wire, b"\x80\x07message");
    let mut opener = Opener::unprotected();
    assert_eq!(open(&mut opener, &wire).unwrap(), b"message");
    // A certificate may make a message longer than data ever is.
    let long = vec![7; MAX_RECORD];
    let wire = seal(&mut sealer, &long);
    assert_eq!(open(&mut opener, &wire), Ok(long));
}

/// Two unprotected records have numbers 0 and 1, so the first protected one has 2.
#[test]
fn the_sequence_number_counts_unprotected_records_too() {
    each_cipher(|cipher| {
        let (mut sealer, mut opener) = (Sealer::unprotected(), Opener::unprotected());
        for _ in 0..2 {
            let wire = seal(&mut sealer, b"hello");
            open(&mut opener, &wire).unwrap();
        }
        sealer.protect(protection(cipher), u64::MAX);
        opener.protect(protection(cipher), u64::MAX);
        let wire = seal(&mut sealer, b"8 bytes!");
        assert_eq!(wire[2..], by_the_book(cipher, 2, b"8 bytes!"), "{cipher:?}");
        assert_eq!(open(&mut opener, &wire).unwrap(), b"8 bytes!", "{cipher:?}");
    });
}

#[test]
fn a_spoilt_record_gives_one_error_wherever_it_is_spoilt() {
    each_cipher(|cipher| {
        let (mut sealer, _) = pair(cipher);
        let wire = seal(&mut sealer, b"some plaintext to be spoilt");
        let header_len = Header::read(&wire).unwrap().unwrap().header_len();
        for place in header_len..wire.len() {
            for bit in 0..8 {
                let mut spoilt = wire.clone();
                spoilt[place] ^= 1 << bit;
                let (_, mut opener) = pair(cipher);
                assert_eq!(
                    open(&mut opener, &spoilt),
                    Err(BAD_MAC),
                    "{cipher:?} {place}"
                );
            }
        }
    });
}

#[test]
fn a_record_twice_or_out_of_order_is_refused() {
    each_cipher(|cipher| {
        let (mut sealer, mut opener) = pair(cipher);
        let first = seal(&mut sealer, b"one");
        let second = seal(&mut sealer, b"two");
        open(&mut opener, &first).unwrap();
        assert_eq!(open(&mut opener, &first), Err(BAD_MAC));
        let (_, mut opener) = pair(cipher);
        assert_eq!(open(&mut opener, &second), Err(BAD_MAC));
    });
}

/// The same IV and the same number, so only the number is at fault.
#[test]
fn a_record_of_another_number_is_refused() {
    each_cipher(|cipher| {
        let record = |sequence| {
            let fragment = by_the_book(cipher, sequence, b"8 bytes!");
            [&[0x80, 24][..], &fragment].concat()
        };
        let (_, mut opener) = pair(cipher);
        assert_eq!(open(&mut opener, &record(1)), Err(BAD_MAC), "{cipher:?}");
        let (_, mut opener) = pair(cipher);
        assert!(open(&mut opener, &record(0)).is_ok(), "{cipher:?}");
    });
}

#[test]
fn a_record_of_any_length_is_refused_without_a_panic() {
    each_cipher(|cipher| {
        for len in 1..=64u8 {
            let wire = [&[0x80, len][..], &vec![0xa5; len.into()]].concat();
            let (_, mut opener) = pair(cipher);
            assert_eq!(open(&mut opener, &wire), Err(BAD_MAC), "{cipher:?} {len}");
        }
    });
}

/// What the header says of padding is not authenticated; within a block it may say anything.
#[test]
fn padding_is_cut_off_as_the_header_says_but_never_a_block() {
    each_cipher(|cipher| {
        let with_padding = |padding: u8| {
            let fragment = by_the_book(cipher, 0, &[7; 16]);
            let wire = [&[0x00, 32, padding][..], &fragment].concat();
            open(&mut pair(cipher).1, &wire)
        };
        for padding in 0..=32 {
            let expected = match cipher.cipher_type() {
                CipherType::Stream if padding > 0 => Err(padding_refused()),
                _ if padding >= 8 => Err(BAD_MAC),
                _ => Ok(vec![7; 16 - usize::from(padding)]),
            };
            assert_eq!(with_padding(padding), expected, "{cipher:?} {padding}");
        }
    });
}

#[test]
fn padding_without_protection_is_refused() {
    let mut opener = Opener::unprotected();
    assert_eq!(open(&mut opener, b"\x00\x02\x01ab"), Err(padding_refused()));
    assert_eq!(open(&mut opener, b"\x00\x02\x00ab").unwrap(), b"ab");
}

#[test]
fn data_is_cut_to_what_a_record_carries() {
    let lengths = |sealer: &Sealer, len| -> Vec<usize> {
        let data = vec![0; len];
        sealer.fragments(&data).map(<[u8]>::len).collect()
    };
    each_cipher(|cipher| {
        let (mut sealer, mut opener) = pair(cipher);
        let longest = match cipher.cipher_type() {
            CipherType::Stream => 16_384,
            // 16383 bytes are 2047 blocks; two of them are the MAC.
            _ => 16_360,
        };
        assert!(lengths(&sealer, 0).is_empty());
        assert_eq!(lengths(&sealer, longest), [longest]);
        assert_eq!(lengths(&sealer, 2 * longest + 1), [longest, longest, 1]);
        for len in longest - 8..=longest {
            let wire = seal(&mut sealer, &vec![1; len]);
            assert_eq!(open(&mut opener, &wire).unwrap().len(), len);
        }
    });
}

#[test]
fn what_no_record_can_carry_leaves_nothing_behind() {
    let refused = |sealer: &mut Sealer, len| {
        let mut out = vec![1, 2, 3];
        let sealed = sealer.seal(ContentType::Handshake, &vec![0; len], &mut out);
        assert!(matches!(sealed, Err(Error::Internal(_))), "{sealed:?}");
        assert_eq!(out, [1, 2, 3]);
    };
    let mut sealer = Sealer::unprotected();
    refused(&mut sealer, 0);
    refused(&mut sealer, MAX_RECORD + 1);
    each_cipher(|cipher| {
        let (mut sealer, _) = pair(cipher);
        refused(&mut sealer, MAX_RECORD);
        if cipher.cipher_type() == CipherType::Block {
            refused(&mut sealer, 16_361);
        }
    });
}

#[test]
fn worn_out_keys_carry_no_more_data() {
    each_cipher(|cipher| {
        let (mut sealer, mut opener) = (Sealer::unprotected(), Opener::unprotected());
        sealer.protect(protection(cipher), 48);
        opener.protect(protection(cipher), 48);
        for _ in 0..2 {
            let wire = seal(&mut sealer, b"8 bytes!");
            open(&mut opener, &wire).unwrap();
        }
        assert!(sealer.is_wearing_out());
        let mut out = vec![9];
        let worn_out = Err(Error::KeysWornOut(48));
        assert_eq!(sealer.seal(DATA, b"8 bytes!", &mut out), worn_out);
        assert_eq!(out, [9]);
        let fragment = by_the_book(cipher, 2, b"8 bytes!");
        let wire = [&[0x80, 24][..], &fragment].concat();
        assert_eq!(open(&mut opener, &wire), Err(Error::KeysWornOut(48)));
    });
}

#[test]
fn keys_and_iv_of_wrong_lengths_are_refused() {
    each_cipher(|cipher| {
        let new = |key: &[u8], key_arg: &[u8]| Protection::new(cipher, key, key_arg).is_ok();
        let key = key(cipher);
        let is_block = cipher.cipher_type() == CipherType::Block;
        assert_eq!(new(&key, &[]), !is_block, "{cipher:?}");
        assert_eq!(new(&key, &[0; 8]), is_block, "{cipher:?}");
        assert!(!new(&key, &[0; 7]), "{cipher:?}");
        assert!(!new(&[], &key_arg(cipher)), "{cipher:?}");
    });
    assert!(Protection::new(BulkCipher::Aes128Gcm, &[0; 16], &[0; 4]).is_err());
}

fn padding_refused() -> Error {
    InvalidMessage {
        what: "record",
        problem: Malformed::IllegalValue,
    }
    .into()
}
