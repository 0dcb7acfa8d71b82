use proptest::prelude::*;

use super::*;
use crate::testing::vectors::hex;

#[test]
fn a_key_protects_what_the_documentation_says() {
    for (cipher, bytes) in [
        (BulkCipher::Rc4, 1 << 30),
        (BulkCipher::Rc2Cbc, 1 << 30),
        (BulkCipher::DesCbc, 1 << 30),
        (BulkCipher::TripleDesEdeCbc, 1 << 30),
        (BulkCipher::Aes128Cbc, 1 << 50),
        (BulkCipher::Aes256Cbc, 1 << 50),
        (BulkCipher::Aes128Gcm, 1 << 46),
        (BulkCipher::Aes256Gcm, 1 << 46),
    ] {
        assert_eq!(cipher.bytes_per_key(), bytes, "{cipher:?}");
    }
}

/// RFC 2268 §5: a key of 16 bytes with 128 effective bits (the first block's IV is zero).
#[test]
fn rc2() {
    both_ways(
        BulkCipher::Rc2Cbc,
        "88bca90e90875a7f0f79c384627bafb2",
        "0000000000000000",
        &[0; 8],
        "2269552ab0f85ca6",
    );
}

/// FIPS 81 table C1: DES in CBC mode.
#[test]
fn des_cbc() {
    both_ways(
        BulkCipher::DesCbc,
        "0123456789abcdef",
        "1234567890abcdef",
        b"Now is the time for all ",
        "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6",
    );
}

/// NIST SP 800-67 appendix B (three keys, in ECB: the first block's IV is zero).
#[test]
fn triple_des() {
    both_ways(
        BulkCipher::TripleDesEdeCbc,
        "0123456789abcdef23456789abcdef01456789abcdef0123",
        "0000000000000000",
        b"The qufc",
        "a826fd8ce53b855f",
    );
}

/// NIST SP 800-38A F.2.1 and F.2.5.
#[test]
fn aes_cbc() {
    let plaintext = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
    both_ways(
        BulkCipher::Aes128Cbc,
        "2b7e151628aed2a6abf7158809cf4f3c",
        "000102030405060708090a0b0c0d0e0f",
        &plaintext,
        "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2",
    );
    both_ways(
        BulkCipher::Aes256Cbc,
        "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
        "000102030405060708090a0b0c0d0e0f",
        &plaintext,
        "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d",
    );
}

/// Test case 4 of the GCM specification (McGrew and Viega, appendix B).
#[test]
fn aes_gcm() {
    let key = AeadKey::new(
        BulkCipher::Aes128Gcm,
        &hex("feffe9928665731c6d6a8f9467308308"),
    )
    .unwrap();
    let nonce = hex("cafebabefacedbaddecaf888").try_into().unwrap();
    let additional_data = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plaintext = hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
         1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    );
    let mut data = plaintext.clone();
    let tag = key.seal(&nonce, &additional_data, &mut data).unwrap();
    assert_eq!(tag[..], hex("5bc94fbc3221a5db94fae95ae7121a47"));
    assert_eq!(data[..16], hex("42831ec2217774244b7221b784d0d49c"));
    assert!(!key.open(&nonce, &additional_data[1..], &mut data, &tag));
    assert!(key.open(&nonce, &additional_data, &mut data, &tag));
    assert_eq!(data, plaintext);
}

proptest! {
    /// Of every cipher, and in groups and rests of all sizes.
    #[test]
    fn messages_are_encrypted_side_by_side_as_one_by_one(
        seed: [u8; 32],
        blocks in prop::collection::vec(0..6usize, 0..20),
    ) {
        for cipher in [
            BulkCipher::Rc2Cbc,
            BulkCipher::DesCbc,
            BulkCipher::TripleDesEdeCbc,
            BulkCipher::Aes128Cbc,
            BulkCipher::Aes256Cbc,
        ] {
            let key = BlockKey::new(cipher, &seed[..cipher.key_len()]).unwrap();
            let message = |number: usize, blocks: usize| {
                let iv = vec![number as u8; key.block_len()];
                (iv, vec![!(number as u8); blocks * key.block_len()])
            };
            let mut messages: Vec<_> =
                blocks.iter().enumerate().map(|(number, blocks)| message(number, *blocks)).collect();
            let mut expected = messages.clone();
            for (iv, data) in &mut expected {
                key.encrypt(iv, data).unwrap();
            }
            let each = messages.iter_mut().map(|(iv, data)| (&iv[..], &mut data[..]));
            key.encrypt_each(each).unwrap();
            prop_assert_eq!(&messages, &expected, "{:?}", cipher);
        }
    }

    /// In steps of any length.
    #[test]
    fn a_message_is_encrypted_piece_by_piece_as_at_once(
        seed: [u8; 32],
        len in 0..20usize,
        steps in prop::collection::vec(0..400usize, 0..10),
    ) {
        for cipher in [BulkCipher::Aes128Cbc, BulkCipher::Aes256Cbc] {
            let key = BlockKey::new(cipher, &seed[..cipher.key_len()]).unwrap();
            let mut expected = vec![7; 16 * len];
            let mut data = expected.clone();
            key.encrypt(&seed[16..], &mut expected).unwrap();
            let mut chain = key.chain(&seed[16..]).unwrap();
            for step in steps.iter().copied().chain([data.len()]) {
                chain.encrypt_to(&mut data, step);
            }
            prop_assert_eq!(&data, &expected);
        }
    }
}

#[test]
fn partial_blocks_and_wrong_keys_are_refused() {
    let key = BlockKey::new(BulkCipher::DesCbc, &[1; 8]).unwrap();
    assert_eq!(key.encrypt(&[0; 8], &mut [0; 9]), Err(WrongLength));
    assert_eq!(key.decrypt(&[0; 7], &mut [0; 8]), Err(WrongLength));
    assert!(BlockKey::new(BulkCipher::Aes128Cbc, &[1; 8]).is_err());
    assert!(BlockKey::new(BulkCipher::Rc4, &[1; 16]).is_err());
    for len in [5, 7, 8, 15, 17] {
        assert!(BlockKey::new(BulkCipher::Rc2Cbc, &vec![1; len]).is_err());
        assert!(StreamKey::new(BulkCipher::Rc4, &vec![1; len]).is_err());
        assert!(StreamKey::new(BulkCipher::Null, &vec![1; len]).is_err());
    }
    assert!(StreamKey::new(BulkCipher::Rc2Cbc, &[1; 16]).is_err());
}

fn both_ways(cipher: BulkCipher, key: &str, iv: &str, plaintext: &[u8], ciphertext: &str) {
    let key = BlockKey::new(cipher, &hex(key)).unwrap();
    let mut data = plaintext.to_vec();
    key.encrypt(&hex(iv), &mut data).unwrap();
    assert_eq!(data, hex(ciphertext));
    key.decrypt(&hex(iv), &mut data).unwrap();
    assert_eq!(data, plaintext);
}
