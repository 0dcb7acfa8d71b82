use ::rsa::BoxedUint;
use ::rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rustls_pki_types::PrivateKeyDer;

use super::*;
use crate::crypto::hash::HashAlgorithm;
use crate::crypto::pkcs1::SignatureInput;
use crate::crypto::random::SystemRandom;
use crate::testing::vectors::{hex, test_key, test_key_der};

#[test]
fn what_is_encrypted_to_the_key_decrypts() {
    for bits in [512, 1024, 2048] {
        let key = test_key(bits);
        assert_eq!(key.public().bits(), bits);
        let ciphertext = key
            .public()
            .encrypt(&[7; 48], &SystemRandom)
            .unwrap()
            .unwrap();
        assert_eq!(ciphertext.len(), bits / 8);
        let encoded = key.raw(&ciphertext).unwrap();
        assert_eq!(encoded[..2], [0, 2]);
        assert_eq!(
            encoded[bits / 8 - 49..],
            [[0].as_slice(), &[7; 48]].concat()
        );
    }
}

#[test]
fn a_generated_key_has_its_length_and_works() {
    for bits in [512, 1024] {
        let key = RawPrivateKey::generate(bits, &SystemRandom).unwrap();
        assert_eq!(key.public().bits(), bits);
        let other = RawPrivateKey::generate(bits, &SystemRandom).unwrap();
        assert_ne!(key.public(), other.public());
        let ciphertext = key.public().encrypt(&[7; 48], &SystemRandom);
        let encoded = key.raw(&ciphertext.unwrap().unwrap()).unwrap();
        assert_eq!(encoded[bits / 8 - 48..], [7; 48]);
    }
}

#[test]
fn a_signature_verifies_over_its_own_input_only() {
    let key = test_key(1024);
    let input = |text: &[u8]| SignatureInput::DigestInfo {
        hash: HashAlgorithm::Sha256,
        digest: HashAlgorithm::Sha256.digest(text).as_ref().to_vec(),
    };
    let signature = key.raw(&input(b"text").encode(128).unwrap()).unwrap();
    assert!(key.public().verify(&input(b"text"), &signature));
    assert!(!key.public().verify(&input(b"another"), &signature));
    assert!(!key.public().verify(&input(b"text"), &signature[1..]));
    assert!(!key.public().verify(&input(b"text"), &[0xff; 128]));
}

/// BERserk: a signature whose padding ends early, with garbage behind the digest, would pass
/// a parser; with e = 3 it can be made without the key.
#[test]
fn garbage_behind_the_digest_is_refused() {
    let key = test_key(1024);
    let input = SignatureInput::Md5Sha1([9; 36]);
    let mut forged = vec![0, 1];
    forged.extend([0xff; 8]);
    forged.push(0);
    forged.extend(input.to_bytes());
    forged.resize(128, 0x42);
    let signature = key.raw(&forged).unwrap();
    assert!(!key.public().verify(&input, &signature));
}

/// Also where a sum with its length would overflow.
#[test]
fn a_salt_longer_than_the_modulus_is_refused() {
    let key = test_key(1024);
    let digest = HashAlgorithm::Sha256.digest(b"text");
    for salt_len in [95, 128, 129, usize::MAX - 40, usize::MAX] {
        let signature = [1; 128];
        let hash = HashAlgorithm::Sha256;
        let verified = key
            .public()
            .verify_pss(hash, salt_len, digest.as_ref(), &signature);
        assert!(!verified, "{salt_len}");
    }
}

#[test]
fn numbers_not_below_the_modulus_are_refused() {
    let key = test_key(1024);
    let modulus = key.public().modulus();
    assert_eq!(key.raw(&modulus).unwrap_err(), RawFailure::OutOfRange);
    assert_eq!(key.raw(&modulus[1..]).unwrap_err(), RawFailure::OutOfRange);
    assert!(key.raw(&[0; 128]).is_ok());
}

#[test]
fn keys_that_make_no_sense_are_refused() {
    let odd = [0xff; 128];
    let mut even = odd;
    even[127] = 0xfe;
    assert!(RsaPublicKey::new(&odd, &[1, 0, 1]).is_ok());
    assert!(RsaPublicKey::new(&odd, &[3]).is_ok());
    let shortest = [&[1][..], &[0xff; 58]].concat();
    for modulus in [&shortest[..], &[0xff; 1024]] {
        assert!(RsaPublicKey::new(modulus, &[3]).is_ok());
    }
    assert!(RsaPublicKey::new(&odd, &[1, 0xff, 0xff, 0xff, 0xff]).is_ok());
    let longest_and_a_bit = [&[1][..], &[0xff; 1024]].concat();
    for (modulus, exponent) in [
        (&even[..], &[3][..]),
        (&odd, &[2]),
        (&odd, &[1]),
        (&odd, &[]),
        (&[], &[3]),
        (&odd[..58], &[3]),
        (&longest_and_a_bit, &[3]),
        (&odd, &[2, 0, 0, 0, 1]),
        (&odd, &[0xff; 40]),
    ] {
        assert_eq!(
            RsaPublicKey::new(modulus, exponent).unwrap_err(),
            BadKey::Damaged
        );
    }
}

#[test]
fn a_public_key_is_made_of_its_two_numbers() {
    let key = test_key(1024);
    let (modulus, exponent) = (key.public().modulus(), key.public().exponent());
    assert_eq!(exponent, [1, 0, 1]);
    assert_eq!(
        &RsaPublicKey::new(&modulus, &exponent).unwrap(),
        key.public()
    );
    let padded = RsaPublicKey::new(&modulus, &[0, 0, 3]).unwrap();
    assert_eq!(padded.exponent(), [3]);
}

/// Bellcore: a result that does not give the input again never leaves. Here one of the primes
/// is none, but the product of the two largest of 128 bits.
#[test]
fn a_wrong_result_is_a_fault() {
    let PrivateKeyDer::Pkcs8(good) = test_key_der(512) else {
        panic!("the test keys are in PKCS#8");
    };
    let good = reading::from_pkcs8_der(good.secret_pkcs8_der()).unwrap();
    let composite = hex("fffffffffffffffffffffffffffffeb400000000000000000000000000006b73");
    let composite = BoxedUint::from_be_slice_vartime(&composite);
    let prime = good.primes()[1].as_ref().clone();
    let key = ::rsa::PrivateKey::from_p_q(composite, prime, good.e().clone()).unwrap();
    let key = RawPrivateKey::new(&key).unwrap();
    assert_eq!(key.raw(&[7; 64]).unwrap_err(), RawFailure::Fault);
}
