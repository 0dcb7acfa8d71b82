//! Block ciphers in CBC mode.

use aes::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InOutBuf,
    InnerIvInit, KeyInit,
};
use aes::{Aes128, Aes256};
use rc2::Rc2;

use super::{BulkCipher, WrongLength};
use crate::crypto::aes_cbc::{self, CbcChain};
use crate::crypto::des::{self, Des};

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
            Self::Rc2(_) => 8,
            Self::Des(_) | Self::TripleDes(_) => des::BLOCK,
            Self::Aes128(_) | Self::Aes256(_) => aes_cbc::BLOCK,
        }
    }

    pub(crate) fn is_aes(&self) -> bool {
        matches!(self, Self::Aes128(_) | Self::Aes256(_))
    }

    /// For a message that AES is to encrypt piece by piece, beside something else: `None` for other
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
