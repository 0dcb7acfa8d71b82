//! AES in CBC mode, encrypted beside something else: each block waits for the one before, and while
//! it does there is room for other messages, or for the hash of this one.

use core::cmp::Reverse;

use aes::cipher::consts::U16;
use aes::cipher::{Block, BlockCipherEncrypt, BlockModeEncrypt, InOutBuf, InnerIvInit};
use aes::{Aes128, Aes256};

use super::cipher::WrongLength;

/// A message that is being encrypted.
pub(crate) struct CbcChain<'k> {
    cipher: Cipher<'k>,
    encrypted: usize,
}

enum Cipher<'k> {
    Aes128(cbc::Encryptor<&'k Aes128>),
    Aes256(cbc::Encryptor<&'k Aes256>),
}

impl<'k> CbcChain<'k> {
    pub(super) fn aes128(cipher: &'k Aes128, iv: &[u8; BLOCK]) -> Self {
        Self {
            cipher: Cipher::Aes128(cbc::Encryptor::inner_iv_init(cipher, iv.into())),
            encrypted: 0,
        }
    }

    pub(super) fn aes256(cipher: &'k Aes256, iv: &[u8; BLOCK]) -> Self {
        Self {
            cipher: Cipher::Aes256(cbc::Encryptor::inner_iv_init(cipher, iv.into())),
            encrypted: 0,
        }
    }

    /// Goes on to the last whole block that ends within the first `to` bytes of the message.
    #[inline]
    pub(crate) fn encrypt_to(&mut self, message: &mut [u8], to: usize) {
        let to = to.min(message.len());
        let Some(next) = message.get_mut(self.encrypted..to) else {
            return;
        };
        let (blocks, _) = InOutBuf::from(next).into_chunks();
        self.encrypted += BLOCK * blocks.len();
        match &mut self.cipher {
            Cipher::Aes128(cipher) => cipher.encrypt_blocks_inout(blocks),
            Cipher::Aes256(cipher) => cipher.encrypt_blocks_inout(blocks),
        }
    }
}

/// [`SIDE_BY_SIDE`] messages at a time, for as long as there are so many, then fewer.
///
/// What was measured, in MB/s of AES-128 on an EPYC 7763 in 2026-11: one by one 1010, two side by
/// side 1490, four 3400, eight 5130, sixteen 4730.
pub(super) fn side_by_side<'a, C: BlockCipherEncrypt<BlockSize = U16>>(
    cipher: &C,
    messages: impl IntoIterator<Item = (&'a [u8], &'a mut [u8])>,
) -> Result<(), WrongLength> {
    let mut messages = messages.into_iter().peekable();
    while messages.peek().is_some() {
        // What stays empty takes no time.
        let mut group: [(Block<C>, &mut [[u8; BLOCK]]); SIDE_BY_SIDE] = Default::default();
        for (place, (iv, data)) in group.iter_mut().zip(&mut messages) {
            let (blocks, []) = data.as_chunks_mut() else {
                return Err(WrongLength);
            };
            *place = (iv.try_into().map_err(|_| WrongLength)?, blocks);
        }
        group.sort_unstable_by_key(|(_, blocks)| Reverse(blocks.len()));
        let mut chains = group.each_ref().map(|(iv, _)| *iv);
        let mut done = 0;
        for count in (2..=group.len()).rev() {
            let (group, chains) = (&mut group[..count], &mut chains[..count]);
            let shortest = group.last().map_or(0, |(_, blocks)| blocks.len());
            for place in done..shortest {
                for ((_, blocks), chain) in group.iter().zip(&mut *chains) {
                    let block = u128::from_ne_bytes(blocks[place]);
                    *chain = (block ^ u128::from_ne_bytes(chain.0)).to_ne_bytes().into();
                }
                cipher.encrypt_blocks(chains);
                for ((_, blocks), chain) in group.iter_mut().zip(&*chains) {
                    blocks[place] = chain.0;
                }
            }
            done = done.max(shortest);
        }
        let [(_, longest), ..] = group;
        let [chain, ..] = chains;
        let (rest, _) = InOutBuf::from(longest[done..].as_flattened_mut()).into_chunks();
        cbc::Encryptor::inner_iv_init(cipher, &chain).encrypt_blocks_inout(rest);
    }
    Ok(())
}

/// Messages that are encrypted at once.
const SIDE_BY_SIDE: usize = 8;

/// Bytes in a block.
pub(crate) const BLOCK: usize = 16;
