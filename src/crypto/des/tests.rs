//! DES against its tables, published answers, and the `des` crate.

use ::des::{Des as DesOfTheCrate, TdesEde3};
use cbc::cipher::{Block, BlockModeEncrypt, KeyIvInit};
use proptest::prelude::*;

use super::sliced::InstructionSet;
use super::*;
use crate::testing::vectors::hex;

/// All 64 inputs at once: bit `x` of each word belongs to the input `x`.
#[test]
fn each_circuit_is_its_table() {
    let circuits = [
        sboxes::s1,
        sboxes::s2,
        sboxes::s3,
        sboxes::s4,
        sboxes::s5,
        sboxes::s6,
        sboxes::s7,
        sboxes::s8,
    ];
    let bits = |of: &dyn Fn(usize) -> u8, place: u32| {
        (0..64).fold(0, |bits, x| bits | u64::from(of(x) >> place & 1) << x)
    };
    for (s, circuit) in circuits.into_iter().enumerate() {
        let inputs = [5, 4, 3, 2, 1, 0].map(|place| bits(&|x| x as u8, place));
        let outputs = [3, 2, 1, 0].map(|place| {
            let inverted = sboxes::INVERTED[s];
            bits(&|x| tables::substitute(s, x) ^ inverted, place)
        });
        assert_eq!(circuit(inputs), outputs, "S-box {}", s + 1);
    }
}

#[test]
fn known_answers() {
    let mut answers = 0;
    let lines = include_str!("sp800-17.txt").lines();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let [key, plaintext, ciphertext] = line
            .split(' ')
            .map(|digits| <[u8; 8]>::try_from(hex(digits)).unwrap())
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        check(&Des::<1>::new(&key), [0; 8], &[plaintext], &[ciphertext]);
        // Three times the same key is one.
        let three = [key; 3].concat().try_into().unwrap();
        check(&Des::<3>::new(&three), [0; 8], &[plaintext], &[ciphertext]);
        answers += 1;
    }
    assert_eq!(answers, 64 + 56 + 32 + 19);
}

/// Around each instruction set's number of blocks.
#[test]
fn any_number_of_blocks_is_as_the_crate_has_it() {
    let data: Vec<[u8; 8]> = (0_u64..600)
        .map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes())
        .collect();
    let key = core::array::from_fn(|place| 37_u8.wrapping_mul(place as u8));
    for len in [
        0, 1, 2, 35, 63, 64, 65, 127, 128, 129, 255, 256, 257, 512, 513, 600,
    ] {
        compare(key, [0x5a; 8], &data[..len]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn anything_is_as_the_crate_has_it(
        key in any::<[u8; 24]>(),
        iv in any::<[u8; 8]>(),
        data in proptest::collection::vec(any::<[u8; 8]>(), 1..=600),
    ) {
        compare(key, iv, &data);
    }
}

/// As many messages as there may be, of all lengths and in any order.
#[test]
fn messages_side_by_side_are_encrypted_as_one_by_one() {
    let key = Des::<3>::new(&[0x3e; 24]);
    let lengths = [5, 0, 9, 9, 1, 9, 7, 9, 9, 9, 9, 2, 3];
    for count in 0..=lengths.len() {
        let plaintexts: Vec<_> = lengths[..count]
            .iter()
            .enumerate()
            .map(|(n, len)| ([n as u8; 8], vec![[0x11 * n as u8; 8]; *len]))
            .collect();
        let mut data = plaintexts.clone();
        let mut messages: Vec<_> = data
            .iter_mut()
            .map(|(iv, blocks)| Message { iv: *iv, blocks })
            .collect();
        key.encrypt_cbc(&mut messages);
        for ((iv, plaintext), (_, made)) in plaintexts.iter().zip(&data) {
            assert_eq!(made, &encrypted(&key, *iv, plaintext), "{count} messages");
        }
    }
}

/// Weak keys are keys: the first with ones in all bits, one that is its own inverse.
#[test]
fn weak_keys_are_taken() {
    for key in [[0xff; 8], [0x01; 8], [0; 8]] {
        let des = Des::<1>::new(&key);
        let once = encrypted(&des, [0; 8], &[*b"weak key"]);
        assert_ne!(once, [*b"weak key"]);
        assert_eq!(encrypted(&des, [0; 8], &once), [*b"weak key"]);
    }
}

#[test]
fn nothing_of_a_key_is_shown() {
    assert_eq!(format!("{:?}", Des::<3>::new(&[0xa5; 24])), "Des { .. }");
}

fn compare(key: [u8; 24], iv: [u8; 8], plaintext: &[[u8; 8]]) {
    let mut ciphertext = plaintext.to_vec();
    cbc::Encryptor::<TdesEde3>::new(&key.into(), &iv.into())
        .encrypt_blocks(of_the_crate(&mut ciphertext));
    check(&Des::<3>::new(&key), iv, plaintext, &ciphertext);

    let key = *key.first_chunk().unwrap();
    let mut ciphertext = plaintext.to_vec();
    cbc::Encryptor::<DesOfTheCrate>::new(&key.into(), &iv.into())
        .encrypt_blocks(of_the_crate(&mut ciphertext));
    check(&Des::<1>::new(&key), iv, plaintext, &ciphertext);
}

/// Both ways, on every instruction set that there is here.
fn check<const PASSES: usize>(
    key: &Des<PASSES>,
    iv: [u8; 8],
    plaintext: &[[u8; 8]],
    ciphertext: &[[u8; 8]],
) {
    assert_eq!(encrypted(key, iv, plaintext), ciphertext);
    for instruction_set in InstructionSet::all() {
        let mut data = ciphertext.to_vec();
        instruction_set.decrypt_cbc(&key.passes, iv, &mut data);
        assert_eq!(data, plaintext, "{instruction_set:?}");
    }
}

fn encrypted<const PASSES: usize>(
    key: &Des<PASSES>,
    iv: [u8; 8],
    plaintext: &[[u8; 8]],
) -> Vec<[u8; 8]> {
    let mut data = plaintext.to_vec();
    let blocks = &mut data[..];
    key.encrypt_cbc(&mut [Message { iv, blocks }]);
    data
}

fn of_the_crate(blocks: &mut [[u8; 8]]) -> &mut [Block<DesOfTheCrate>] {
    Block::<DesOfTheCrate>::cast_slice_from_core_mut(blocks)
}
