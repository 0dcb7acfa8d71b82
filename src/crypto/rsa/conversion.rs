//! Between the bytes of the protocol and words (I2OSP and OS2IP, RFC 8017 §4).

use zeroize::Zeroizing;

use crate::crypto::montgomery::Integer;

/// `input` in words, if it is as long as `modulus` and below it.
pub(super) fn number_below(input: &[u8], modulus: &[u8]) -> Option<Integer> {
    if input.len() != modulus.len() {
        return None;
    }
    // Whether it is below is public, the number not.
    let borrow = input.iter().zip(modulus).rev();
    let borrow = borrow.fold(0, |borrow, (byte, modulus)| {
        (i32::from(*byte) - i32::from(*modulus) + borrow) >> 8
    });
    (borrow < 0).then(|| to_words(input))
}

/// Big-endian bytes in words.
pub(super) fn to_words(bytes: &[u8]) -> Integer {
    let words = bytes.rchunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[8 - chunk.len()..].copy_from_slice(chunk);
        u64::from_be_bytes(word)
    });
    Integer::new(words.collect())
}

/// The lowest `len` bytes of a number, big-endian.
pub(super) fn to_bytes(number: &[u64], len: usize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![0; len]);
    for (chunk, word) in bytes.rchunks_mut(8).zip(number) {
        chunk.copy_from_slice(&word.to_be_bytes()[8 - chunk.len()..]);
    }
    bytes
}

/// Without leading zeros.
pub(super) fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_bytes_and_words() {
        let bytes: Vec<u8> = (1..=17).collect();
        let words = [0x0a0b_0c0d_0e0f_1011, 0x0203_0405_0607_0809, 0x01];
        assert_eq!(to_words(&bytes)[..], words);
        assert_eq!(to_bytes(&words, 17)[..], bytes);
        assert!(number_below(&[1, 2, 3], &[1, 2, 4]).is_some());
        assert!(number_below(&[1, 1, 255], &[1, 2, 0]).is_some());
        assert!(number_below(&[1, 2, 3], &[1, 2, 3]).is_none());
        assert!(number_below(&[1, 2, 3], &[1, 1, 4]).is_none());
        assert!(number_below(&[2, 3], &[1, 1, 4]).is_none());
    }
}
