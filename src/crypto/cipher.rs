//! The bulk ciphers, keyed for one direction.

use aes::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit,
    KeyInit,
};
use aes::{Aes128, Aes256};
use aes_gcm::aead::{AeadInOut, inout::InOutBuf};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use rc2::Rc2;

use super::aes_cbc::{self, CbcChain};
use super::chaining_value::{BLOCK, ChainingValue};
use super::rc4::{self, Rc4};

use super::des::{self, Des};

/// A suite's cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BulkCipher {
    /// Nothing is encrypted.
    Null,
    /// With a key of 16 bytes, of which an export suite keeps a few secret.
    Rc4,
    /// With a key of 16 bytes and 128 effective bits (RFC 2268 §2), in export suites, too.
    Rc2Cbc,
    DesCbc,
    TripleDesEdeCbc,
    Aes128Cbc,
    Aes256Cbc,
    Aes128Gcm,
    Aes256Gcm,
}

/// How a cipher turns a fragment into a record (RFC 5246 §6.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CipherType {
    Stream,
    Block,
    Aead,
}

impl BulkCipher {
    pub(crate) const fn cipher_type(self) -> CipherType {
        match self {
            Self::Null | Self::Rc4 => CipherType::Stream,
            Self::Rc2Cbc
            | Self::DesCbc
            | Self::TripleDesEdeCbc
            | Self::Aes128Cbc
            | Self::Aes256Cbc => CipherType::Block,
            Self::Aes128Gcm | Self::Aes256Gcm => CipherType::Aead,
        }
    }

    /// Key length in bytes.
    pub(crate) const fn key_len(self) -> usize {
        match self {
            Self::Null => 0,
            Self::DesCbc => 8,
            Self::Rc4 | Self::Rc2Cbc | Self::Aes128Cbc | Self::Aes128Gcm => 16,
            Self::TripleDesEdeCbc => 24,
            Self::Aes256Cbc | Self::Aes256Gcm => 32,
        }
    }

    /// Bytes of IV in the key block: a block for CBC (up to TLS 1.0), the implicit part of the
    /// nonce for GCM (RFC 5288 §3).
    pub(crate) const fn iv_len(self) -> usize {
        match self {
            Self::Null | Self::Rc4 => 0,
            Self::Rc2Cbc | Self::DesCbc | Self::TripleDesEdeCbc => 8,
            Self::Aes128Cbc | Self::Aes256Cbc => 16,
            Self::Aes128Gcm | Self::Aes256Gcm => 4,
        }
    }

    /// Bytes that one key may protect before it is worn out: half of the birthday bound's
    /// exponent for 64-bit blocks less a margin (Sweet32), and for RC4 well before its biases add
    /// up.
    pub(crate) const fn bytes_per_key(self) -> u64 {
        match self {
            Self::Rc4 | Self::Rc2Cbc | Self::DesCbc | Self::TripleDesEdeCbc => 1 << 30,
            Self::Null => u64::MAX,
            Self::Aes128Cbc | Self::Aes256Cbc => 1 << 50,
            // 2^32 records of 2^14 bytes (NIST SP 800-38D §8.3 with an unrepeated nonce).
            Self::Aes128Gcm | Self::Aes256Gcm => 1 << 46,
        }
    }
}

/// A key of the wrong length: an error of this crate's own, never of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrongLength;

/// A stream cipher's running state.
pub(crate) enum StreamKey {
    Null,
    Rc4(Box<Rc4>),
}

impl StreamKey {
    pub(crate) fn new(cipher: BulkCipher, key: &[u8]) -> Result<Self, WrongLength> {
        match cipher {
            BulkCipher::Null if key.is_empty() => Ok(Self::Null),
            BulkCipher::Rc4 => {
                let key = key.try_into().map_err(|_| WrongLength)?;
                Ok(Self::Rc4(Box::new(Rc4::new(key))))
            }
            _ => Err(WrongLength),
        }
    }

    /// For a record, or several: what is unpacked then is packed again at its end.
    pub(crate) fn run(&mut self) -> RunningStream<'_> {
        match self {
            Self::Null => RunningStream::Null,
            Self::Rc4(key) => RunningStream::Rc4(key.run()),
        }
    }
}

/// A stream cipher in use.
#[allow(
    clippy::large_enum_variant,
    reason = "it lives on the stack, while a record is sealed or opened"
)]
pub(crate) enum RunningStream<'k> {
    Null,
    Rc4(rc4::Running<'k>),
}

impl RunningStream<'_> {
    /// Encrypts or decrypts `data` with the next bytes of the key stream.
    pub(crate) fn apply(&mut self, data: &mut [u8]) {
        match self {
            Self::Null => {}
            Self::Rc4(key) => key.apply(data),
        }
    }

    /// Absorbs `blocks`, and encrypts them.
    pub(crate) fn hash_and_encrypt(
        &mut self,
        hash: &mut ChainingValue,
        blocks: &mut [[u8; BLOCK]],
    ) {
        match (self, hash) {
            (Self::Rc4(key), ChainingValue::Md5(state)) => key.hash_and_encrypt(state, blocks),
            (stream, hash) => {
                hash.compress(blocks);
                stream.apply(blocks.as_flattened_mut());
            }
        }
    }

    /// Decrypts `blocks`, and absorbs them.
    pub(crate) fn decrypt_and_hash(
        &mut self,
        hash: &mut ChainingValue,
        blocks: &mut [[u8; BLOCK]],
    ) {
        match (self, hash) {
            (Self::Rc4(key), ChainingValue::Md5(state)) => key.decrypt_and_hash(state, blocks),
            (stream, hash) => {
                stream.apply(blocks.as_flattened_mut());
                hash.compress(blocks);
            }
        }
    }
}

/// A block cipher's expanded key, for CBC with a chain that the caller keeps.
pub(crate) enum BlockKey {
    Rc2(Rc2),
    Des(Des<1>),
    TripleDes(Des<3>),
    Aes128(Aes128),
    Aes256(Aes256),
}

impl BlockKey {
    pub(crate) fn new(cipher: BulkCipher, key: &[u8]) -> Result<Self, WrongLength> {
        fn expand<C: KeyInit>(key: &[u8]) -> Result<C, WrongLength> {
            C::new_from_slice(key).map_err(|_| WrongLength)
        }
        fn whole<const N: usize>(key: &[u8]) -> Result<&[u8; N], WrongLength> {
            key.try_into().map_err(|_| WrongLength)
        }
        match cipher {
            // The crate takes any length, and as many effective bits.
            BulkCipher::Rc2Cbc if key.len() == cipher.key_len() => expand(key).map(Self::Rc2),
            BulkCipher::DesCbc => whole(key).map(Des::<1>::new).map(Self::Des),
            BulkCipher::TripleDesEdeCbc => whole(key).map(Des::<3>::new).map(Self::TripleDes),
            BulkCipher::Aes128Cbc => expand(key).map(Self::Aes128),
            BulkCipher::Aes256Cbc => expand(key).map(Self::Aes256),
            BulkCipher::Rc2Cbc
            | BulkCipher::Null
            | BulkCipher::Rc4
            | BulkCipher::Aes128Gcm
            | BulkCipher::Aes256Gcm => Err(WrongLength),
        }
    }

    /// Block length in bytes.
    pub(crate) fn block_len(&self) -> usize {
        match self {
            Self::Rc2(_) | Self::Des(_) | Self::TripleDes(_) => 8,
            Self::Aes128(_) | Self::Aes256(_) => 16,
        }
    }

    pub(crate) fn is_aes(&self) -> bool {
        matches!(self, Self::Aes128(_) | Self::Aes256(_))
    }

    /// For a message that AES is to encrypt bit by bit, beside something else: `None` for other
    /// ciphers, and where `iv` is shorter than a block.
    pub(crate) fn chain(&self, iv: &[u8]) -> Option<CbcChain<'_>> {
        let iv = iv.first_chunk()?;
        match self {
            Self::Aes128(cipher) => Some(CbcChain::aes128(cipher, iv)),
            Self::Aes256(cipher) => Some(CbcChain::aes256(cipher, iv)),
            Self::Rc2(_) | Self::Des(_) | Self::TripleDes(_) => None,
        }
    }

    /// CBC-encrypts whole blocks in place.
    ///
    /// `iv` is one block long and `data` whole blocks, or nothing happens and it is an error.
    pub(crate) fn encrypt(&self, iv: &[u8], data: &mut [u8]) -> Result<(), WrongLength> {
        fn run<C: BlockCipherEncrypt>(
            cipher: &C,
            iv: &[u8],
            data: &mut [u8],
        ) -> Result<(), WrongLength> {
            let iv = iv.try_into().map_err(|_| WrongLength)?;
            let (blocks, rest) = InOutBuf::from(data).into_chunks();
            if !rest.is_empty() {
                return Err(WrongLength);
            }
            cbc::Encryptor::inner_iv_init(cipher, iv).encrypt_blocks_inout(blocks);
            Ok(())
        }
        match self {
            Self::Rc2(cipher) => run(cipher, iv, data),
            Self::Des(_) | Self::TripleDes(_) => self.encrypt_each([(iv, data)]),
            Self::Aes128(cipher) => run(cipher, iv, data),
            Self::Aes256(cipher) => run(cipher, iv, data),
        }
    }

    /// CBC-encrypts whole blocks in place, of several messages, each behind its IV: but for RC2 in
    /// less time than one by one, because what waits for the block before leaves room for others.
    ///
    /// Each IV is one block long and each message whole blocks, or it is an error.
    pub(crate) fn encrypt_each<'a>(
        &self,
        messages: impl IntoIterator<Item = (&'a [u8], &'a mut [u8])>,
    ) -> Result<(), WrongLength> {
        fn side_by_side<'a>(
            messages: impl IntoIterator<Item = (&'a [u8], &'a mut [u8])>,
            encrypt: impl Fn(&mut [des::Message<'a>]),
        ) -> Result<(), WrongLength> {
            let mut messages = messages.into_iter().peekable();
            while messages.peek().is_some() {
                // What stays empty takes no time.
                let mut group: [des::Message<'_>; des::SIDE_BY_SIDE] = Default::default();
                for (place, (iv, data)) in group.iter_mut().zip(&mut messages) {
                    *place = des(iv, data)?;
                }
                encrypt(&mut group);
            }
            Ok(())
        }
        match self {
            Self::Des(cipher) => side_by_side(messages, |group| cipher.encrypt_cbc(group)),
            Self::TripleDes(cipher) => side_by_side(messages, |group| cipher.encrypt_cbc(group)),
            Self::Aes128(cipher) => aes_cbc::side_by_side(cipher, messages),
            Self::Aes256(cipher) => aes_cbc::side_by_side(cipher, messages),
            Self::Rc2(_) => messages
                .into_iter()
                .try_for_each(|(iv, data)| self.encrypt(iv, data)),
        }
    }

    /// CBC-decrypts whole blocks in place.
    ///
    /// `iv` is one block long and `data` whole blocks, or nothing happens and it is an error.
    pub(crate) fn decrypt(&self, iv: &[u8], data: &mut [u8]) -> Result<(), WrongLength> {
        fn run<C: BlockCipherDecrypt>(
            cipher: &C,
            iv: &[u8],
            data: &mut [u8],
        ) -> Result<(), WrongLength> {
            let iv = iv.try_into().map_err(|_| WrongLength)?;
            let (blocks, rest) = InOutBuf::from(data).into_chunks();
            if !rest.is_empty() {
                return Err(WrongLength);
            }
            cbc::Decryptor::inner_iv_init(cipher, iv).decrypt_blocks_inout(blocks);
            Ok(())
        }
        match self {
            Self::Rc2(cipher) => run(cipher, iv, data),
            Self::Des(cipher) => des(iv, data).map(|it| cipher.decrypt_cbc(it.iv, it.blocks)),
            Self::TripleDes(cipher) => des(iv, data).map(|it| cipher.decrypt_cbc(it.iv, it.blocks)),
            Self::Aes128(cipher) => run(cipher, iv, data),
            Self::Aes256(cipher) => run(cipher, iv, data),
        }
    }
}

/// IV and whole blocks for DES.
fn des<'a>(iv: &[u8], data: &'a mut [u8]) -> Result<des::Message<'a>, WrongLength> {
    let iv = iv.try_into().map_err(|_| WrongLength)?;
    let (blocks, []) = data.as_chunks_mut() else {
        return Err(WrongLength);
    };
    Ok(des::Message { iv, blocks })
}

/// AES-GCM's expanded key.
///
/// Boxed: its tables are several times the size of every other key, and a connection's size is
/// that of its largest possible state.
pub(crate) enum AeadKey {
    Aes128(Box<Aes128Gcm>),
    Aes256(Box<Aes256Gcm>),
}

impl AeadKey {
    pub(crate) fn new(cipher: BulkCipher, key: &[u8]) -> Result<Self, WrongLength> {
        match cipher {
            BulkCipher::Aes128Gcm => Aes128Gcm::new_from_slice(key)
                .map(|key| Self::Aes128(Box::new(key)))
                .map_err(|_| WrongLength),
            BulkCipher::Aes256Gcm => Aes256Gcm::new_from_slice(key)
                .map(|key| Self::Aes256(Box::new(key)))
                .map_err(|_| WrongLength),
            _ => Err(WrongLength),
        }
    }

    /// Encrypts `data` in place and returns the tag.
    ///
    /// The nonce must never repeat under one key.
    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE],
        additional_data: &[u8],
        data: &mut [u8],
    ) -> Result<[u8; TAG], WrongLength> {
        let tag = match self {
            Self::Aes128(key) => {
                key.encrypt_inout_detached(nonce.into(), additional_data, data.into())
            }
            Self::Aes256(key) => {
                key.encrypt_inout_detached(nonce.into(), additional_data, data.into())
            }
        };
        tag.map(Into::into).map_err(|_| WrongLength)
    }

    /// Checks the tag and decrypts `data` in place; `false` and no change where it is wrong.
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE],
        additional_data: &[u8],
        data: &mut [u8],
        tag: &[u8; TAG],
    ) -> bool {
        let opened = match self {
            Self::Aes128(key) => {
                key.decrypt_inout_detached(nonce.into(), additional_data, data.into(), tag.into())
            }
            Self::Aes256(key) => {
                key.decrypt_inout_detached(nonce.into(), additional_data, data.into(), tag.into())
            }
        };
        opened.is_ok()
    }
}

/// Bytes in a GCM nonce.
pub(crate) const NONCE: usize = 12;

/// Bytes in a GCM tag.
pub(crate) const TAG: usize = 16;

#[cfg(test)]
mod tests {
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
        fn a_message_is_encrypted_bit_by_bit_as_at_once(
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
}
