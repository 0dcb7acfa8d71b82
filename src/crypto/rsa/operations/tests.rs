use ::rsa::hazmat::{rsa_decrypt, rsa_encrypt};
use ::rsa::traits::{PrivateKeyParts, PublicKeyParts};
use ::rsa::{BoxedUint, PrivateKey};
use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng, UnwrapErr};
use getrandom::SysRng;
use rustls_pki_types::PrivateKeyDer;

use super::*;
use crate::crypto::rsa::conversion::{to_bytes, to_words};
use crate::crypto::rsa::reading;
use crate::testing::vectors::{hex, test_key_der};

fn test_key(bits: usize) -> PrivateKey {
    let PrivateKeyDer::Pkcs8(der) = test_key_der(bits) else {
        panic!("the test keys are in PKCS#8");
    };
    reading::from_pkcs8_der(der.secret_pkcs8_der()).unwrap()
}

/// The operation on each kernel; this machine has to have all.
fn operations(numbers: &KeyNumbers) -> Vec<PrivateOperation> {
    let operations = vec![
        PrivateOperation::new(numbers),
        PrivateOperation::in_words(numbers),
    ];
    #[cfg(target_arch = "x86_64")]
    assert!(matches!(operations[0], PrivateOperation::Lanes(_)));
    operations
}

fn public_operations(modulus: &[u64]) -> Vec<PublicOperation> {
    vec![
        PublicOperation::new(modulus),
        PublicOperation::Words(Words::new([modulus])),
    ]
}

fn number(words: &[u64]) -> BoxedUint {
    BoxedUint::from_words(words.iter().copied())
}

/// 0, 1, the largest, all ones as far as that is below the modulus, one random number.
fn inputs(modulus: &[u64], random: &mut ChaCha20Rng) -> [Integer; 5] {
    let mut inputs = [(); 5].map(|()| Integer::new(modulus.into()));
    inputs[0].fill(0);
    inputs[1].fill(0);
    inputs[1][0] = 1;
    inputs[2][0] -= 1;
    inputs[3].fill(u64::MAX);
    inputs[4].fill_with(|| random.next_u64());
    for input in &mut inputs[3..] {
        let highest = modulus[modulus.len() - 1];
        input[modulus.len() - 1] &= (u64::MAX >> highest.leading_zeros()) >> 1;
    }
    inputs
}

/// Compares both operations with the crate's, on some inputs and kinds of blinding.
fn check(key: &PrivateKey) {
    let numbers = KeyNumbers::of(key).unwrap();
    let mut random = ChaCha20Rng::from_seed([7; 32]);
    for input in inputs(&numbers.modulus, &mut random) {
        let boxed = number(&input);
        let public = rsa_encrypt(key, &boxed).unwrap();
        for operation in public_operations(&numbers.modulus) {
            let power = operation.run(&input, numbers.exponent);
            assert_eq!(
                number(&power),
                public,
                "{boxed} to the power of {}",
                key.e()
            );
        }
        let private = rsa_decrypt(None::<&mut UnwrapErr<SysRng>>, key, &boxed).unwrap();
        let len = numbers.primes[0].len();
        for blinding in [
            vec![1; len],
            vec![u64::MAX; len],
            numbers.exponents[0].to_vec(),
        ] {
            for operation in operations(&numbers) {
                let result = operation.run(&input, [&blinding, &blinding]).unwrap();
                assert_eq!(number(&result), private, "{boxed} by {:?}", key.n());
            }
        }
    }
}

#[test]
fn agrees_with_the_crate_for_keys_of_usual_lengths() {
    for bits in [512, 1024, 2048] {
        check(&test_key(bits));
    }
}

#[test]
fn agrees_with_the_crate_for_keys_of_unusual_lengths() {
    let mut random = ChaCha20Rng::from_seed([8; 32]);
    for bits in [465, 511, 513, 641, 777, 1023, 1025, 1153] {
        check(&PrivateKey::new_unchecked(&mut random, bits).unwrap());
    }
}

/// The smallest exponent and the largest, and the primes in either order.
#[test]
fn agrees_with_the_crate_for_unusual_keys() {
    let mut random = ChaCha20Rng::from_seed([9; 32]);
    for exponent in [3, 17, (1u64 << 33) - 1] {
        let exponent = BoxedUint::from(exponent);
        let key = PrivateKey::new_with_exp_unchecked(&mut random, 512, exponent).unwrap();
        check(&key);
        let [p, q] = key.primes() else {
            panic!("it has two primes")
        };
        let swapped = PrivateKey::from_p_q(q.as_ref().clone(), p.as_ref().clone(), key.e().clone());
        check(&swapped.unwrap());
    }
}

/// Of the test keys' n and d, by Python:
/// `x = int.from_bytes(bytes(range(bits // 8)), "big"); print(f"{pow(x, d, n):x}")`
#[test]
fn agrees_with_python() {
    for (bits, expected) in KNOWN {
        let numbers = KeyNumbers::of(&test_key(bits)).unwrap();
        let input: Vec<u8> = (0..bits / 8).map(|byte| byte as u8).collect();
        let blinding = numbers.primes();
        for operation in operations(&numbers) {
            let [p, q] = blinding.map(|prime| [&[prime[0] - 2], &prime[1..]].concat());
            let result = operation.run(&to_words(&input), [&p, &q]).unwrap();
            assert_eq!(to_bytes(&result, bits / 8)[..], hex(expected));
        }
    }
}

/// Whatever goes wrong in one half: here, the other prime's inverse is another number, an
/// exponent is, or the blinding is 0 there.
#[test]
fn a_fault_in_one_half_gives_nothing() {
    let faults: [fn(&mut KeyNumbers); 3] = [
        |numbers| numbers.inverse[1] ^= 1,
        |numbers| numbers.exponents[0][1] ^= 1 << 40,
        |numbers| numbers.exponents[1][2] ^= 1 << 7,
    ];
    for fault in faults {
        let mut numbers = KeyNumbers::of(&test_key(1024)).unwrap();
        fault(&mut numbers);
        for operation in operations(&numbers) {
            assert!(operation.run(&[7; 16], [&[5; 8], &[6; 8]]).is_none());
        }
    }
    let numbers = KeyNumbers::of(&test_key(1024)).unwrap();
    for operation in operations(&numbers) {
        assert!(operation.run(&[7; 16], [&[5; 8], &[6; 8]]).is_some());
        assert!(operation.run(&[7; 16], [&[0; 8], &[6; 8]]).is_none());
        assert!(
            operation
                .run(&[7; 16], [&[5; 8], &numbers.primes[1]])
                .is_none()
        );
    }
}

const KNOWN: [(usize, &str); 3] = [
    (
        512,
        "1f38459d4c075aa55f99ea49d6a18d8826fdd81602950934a79c973332cd637a5f0c6080bfcea90e \
         997c589f5455b85e0630f21ede3a35b3172fe371d85b48ef",
    ),
    (
        1024,
        "77d414d2a005a4c1e86e85149c21f95b7e9cdb6dbf0d7b3a40c2be7739672e96231a5d6e15ccb588 \
         1e3a9b19d7de2618e4088f28a7ce172167616dd73c74ccdfb81138bd198149c56297b433efb09a22 \
         691153c1ee9ce831e56020af6c3e6d8eaa93f51592bb2a455e3f12e480da8556e8845096b74c5a3c \
         654387d95fbd9fa2",
    ),
    (
        2048,
        "4dabd985226117b080542befc0f832cca86735807ad69382df3717ddb6dc02424ab6a460a891f4b6 \
         98773c961b723a2981681e3d920cad7d77db67e715e4bfba25902c5ee44119785a98b012bb3aa996 \
         978d0ac3e4192d83925cef71954e1d1e375985077238b46c1a73336810e57988d30ed3bcf941aa94 \
         513de29e9c4384605a45318142325346f16721574955e9c2826823d98f9fd6ee87a95c1caca03ace \
         eb4fe5b54f50748e26484aed636059a341dfc536eecb9faf077ae2928a63764f8d934b055f208e1c \
         8182a15535e8f3b98eac429625f8450ba07f1835e9d18cf0b387e1c417161e05f2d98b93583e16c2 \
         0a5410a55cdc1dc6bf9da55b8b534beb",
    ),
];
