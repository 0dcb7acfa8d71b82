use ::rsa::hazmat::rsa_encrypt;
use ::rsa::{BoxedUint, PublicKey};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

#[cfg(target_arch = "x86_64")]
use super::lanes::Lanes;
use super::words::Words;
use super::*;

/// `base ^ exponent` modulo `modulus` by the crate that both kernels stand in for.
fn expected(base: &[u64], exponent: &[u64], modulus: &[u64]) -> Vec<u64> {
    let number = |words: &[u64]| BoxedUint::from_words(words.iter().copied());
    let key = PublicKey::new_unchecked(number(modulus), number(exponent));
    let power = rsa_encrypt(&key, &number(base)).unwrap();
    let mut words = power.to_words().to_vec();
    words.resize(modulus.len(), 0);
    words
}

/// Compares the powers of both kernels, each of which a machine must have.
fn check<const C: usize>(moduli: [&[u64]; C], base: &[u64], exponents: [&[u64]; C]) {
    let bits = 64
        * exponents
            .iter()
            .map(|exponent| exponent.len())
            .max()
            .unwrap();
    let expected: Vec<_> = (0..C)
        .map(|at| expected(base, exponents[at], moduli[at]))
        .collect();
    let check = |powers: [Integer; C]| {
        for (at, power) in powers.iter().enumerate() {
            let len = moduli[at].len();
            assert_eq!(
                power[..len],
                expected[at],
                "{moduli:x?} {base:x?} {exponents:x?}"
            );
            assert!(power[len..].iter().all(|word| *word == 0));
        }
    };
    check(secret(&Words::new(moduli), base, exponents, bits));
    #[cfg(target_arch = "x86_64")]
    check(secret(&Lanes::new(moduli).unwrap(), base, exponents, bits));
}

fn secret<const C: usize, R: Ring<C>>(
    ring: &R,
    base: &[u64],
    exponents: [&[u64]; C],
    bits: usize,
) -> [Integer; C] {
    let mut work = ring.workspace();
    let base = enter(ring, &mut work, [base; C]);
    let power = secret_power(ring, &mut work, &base, exponents, bits);
    leave(ring, &mut work, power)
}

/// The same for public exponents.
fn check_public(modulus: &[u64], base: &[u64], exponent: u64) {
    let expected = expected(base, &[exponent], modulus);
    assert_eq!(public(&Words::new([modulus]), base, exponent)[..], expected);
    #[cfg(target_arch = "x86_64")]
    assert_eq!(
        public(&Lanes::new([modulus]).unwrap(), base, exponent)[..],
        expected
    );
}

fn public<R: Ring<1>>(ring: &R, base: &[u64], exponent: u64) -> Integer {
    let work = &mut ring.workspace();
    let entered = enter(ring, work, [base]);
    let power = public_power(ring, work, &entered, exponent);
    let [power] = leave(ring, work, power);
    power
}

/// Odd numbers of that many bits.
fn modulus(bits: usize) -> impl Strategy<Value = Vec<u64>> {
    number(bits.div_ceil(64)).prop_map(move |mut words| {
        let last = words.len() - 1;
        words[last] &= u64::MAX >> (64 * words.len() - bits);
        words[last] |= 1 << ((bits - 1) % 64);
        words[0] |= 1;
        words
    })
}

/// Numbers of that many words, in many of which all bits are the same: carries run far.
fn number(words: usize) -> impl Strategy<Value = Vec<u64>> {
    let word = prop_oneof![Just(0), Just(u64::MAX), any::<u64>()];
    proptest::collection::vec(word, words)
}

/// A modulus, a base as long, a short exponent.
fn single(bits: usize) -> impl Strategy<Value = (Vec<u64>, Vec<u64>, Vec<u64>)> {
    (modulus(bits), number(bits.div_ceil(64)), number(1))
}

/// Two moduli whose lengths are almost the same, a base up to their product, short exponents.
fn pair(bits: usize) -> impl Strategy<Value = ([Vec<u64>; 2], Vec<u64>, [Vec<u64>; 2])> {
    let len = bits.div_ceil(64);
    (0..2usize, 0..2usize).prop_flat_map(move |(a, b)| {
        (
            [modulus(bits - a), modulus(bits - b)],
            number(2 * len),
            [number(1), number(1)],
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn powers_modulo_two_numbers(
        (moduli, base, exponents) in (200..=2100usize).prop_flat_map(pair)
    ) {
        let slices = moduli.each_ref().map(Vec::as_slice);
        check(slices, &base, exponents.each_ref().map(Vec::as_slice));
    }

    #[test]
    fn powers_modulo_one_number(
        (modulus, base, exponent) in (465..=8192usize).prop_flat_map(single)
    ) {
        check([&modulus], &base, [&exponent]);
        check_public(&modulus, &base, exponent[0] | 1);
    }
}

/// Where numbers take one vector, or limbs one bit, more or less.
#[test]
fn powers_at_every_change_of_shape() {
    let mut runner = TestRunner::deterministic();
    for bits in [690, 1024, 1038, 1560, 2048, 2122, 6714, 8192] {
        for bits in [bits - 1, bits, bits + 1] {
            let (modulus, base, exponent) = single(bits).new_tree(&mut runner).unwrap().current();
            check_public(&modulus, &base, exponent[0] | 1);
        }
    }
    for bits in [256, 342, 512, 516, 1024, 1038, 1560, 2048, 4096] {
        for bits in [bits - 1, bits, bits + 1] {
            let (moduli, base, exponents) = pair(bits).new_tree(&mut runner).unwrap().current();
            let slices = moduli.each_ref().map(Vec::as_slice);
            check(slices, &base, exponents.each_ref().map(Vec::as_slice));
        }
    }
}

#[test]
fn powers_of_the_smallest_and_the_largest_numbers() {
    for bits in [465usize, 512, 1024, 2048] {
        for word in [0, u64::MAX] {
            let mut modulus = vec![word; bits.div_ceil(64)];
            *modulus.last_mut().unwrap() &= u64::MAX >> (64 * modulus.len() - bits);
            *modulus.last_mut().unwrap() |= 1 << ((bits - 1) % 64);
            modulus[0] |= 1;
            let zero = vec![0; modulus.len()];
            let mut one = zero.clone();
            one[0] = 1;
            let mut largest = modulus.clone();
            largest[0] -= 1;
            for base in [&zero, &one, &largest, &modulus] {
                for exponent in [2, 3, 65_536, 65_537, (1 << 33) - 1] {
                    check_public(&modulus, base, exponent);
                    check([&modulus, &modulus], base, [&[exponent], &[0]]);
                }
            }
        }
    }
}
