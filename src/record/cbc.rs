//! CBC records: MAC-then-encrypt opened in constant time (RFC 5246 §6.2.3.2, RFC 6101 §5.2.3.2),
//! and encrypt-then-MAC (RFC 7366).

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater};
use zeroize::Zeroize;

use super::HEADER;
use super::mac::{MacHeader, RecordMac};
use super::protection::{BAD_KEYS, ProtectionParameters, WriteKeys};
use crate::crypto::chaining_value::MAX_OUTPUT;
use crate::crypto::cipher::BlockKey;
use crate::crypto::constant_time::{conditional_copy, hidden, mask_equal, mask_less};
use crate::crypto::random::SecureRandom;
use crate::error::{Error, PeerMisbehaved};
use crate::version::ProtocolVersion;

/// A CBC suite's keys for one direction.
pub(crate) struct CbcKey {
    key: BlockKey,
    mac: RecordMac,
    order: Order,
    iv: Iv,
    padding: Padding,
}

/// Which comes first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    MacThenEncrypt,
    EncryptThenMac,
}

/// Where a record's IV comes from.
enum Iv {
    /// The last block of the record before (up to TLS 1.0).
    Chained([u8; MAX_BLOCK]),
    /// The record itself (TLS 1.1 and up).
    Explicit,
}

/// What padding may look like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Padding {
    /// Less than a block, of arbitrary bytes (RFC 6101 §5.2.3.2): only its length is checked,
    /// which is POODLE, and beyond repair.
    Ssl3,
    /// Up to 255 bytes, each of them the padding's length (RFC 5246 §6.2.3.2).
    Tls,
}

impl CbcKey {
    pub(super) fn new(
        parameters: ProtectionParameters,
        keys: &WriteKeys,
        mac: RecordMac,
    ) -> Result<Self, Error> {
        let key = BlockKey::new(parameters.suite.cipher, &keys.key).map_err(|_| BAD_KEYS)?;
        let iv = if parameters.version >= ProtocolVersion::TLSv1_1 {
            Iv::Explicit
        } else {
            let mut iv = [0; MAX_BLOCK];
            iv.get_mut(..keys.iv.len())
                .ok_or(BAD_KEYS)?
                .copy_from_slice(&keys.iv);
            Iv::Chained(iv)
        };
        Ok(Self {
            key,
            mac,
            order: if parameters.encrypt_then_mac {
                Order::EncryptThenMac
            } else {
                Order::MacThenEncrypt
            },
            iv,
            padding: if parameters.version == ProtocolVersion::SSLv3 {
                Padding::Ssl3
            } else {
                Padding::Tls
            },
        })
    }

    /// Appends what [`encrypt`](Self::encrypt) makes the protected form of `fragment`.
    pub(super) fn lay_out(
        &self,
        header: MacHeader,
        fragment: &[u8],
        random: &dyn SecureRandom,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let block_len = self.key.block_len();
        let start = out.len();
        if let Iv::Explicit = self.iv {
            out.resize(start + block_len, 0);
            random.fill(&mut out[start..])?;
        }
        let plaintext = out.len();
        out.extend_from_slice(fragment);
        if self.order == Order::MacThenEncrypt {
            let tag = self.mac.compute(header, fragment);
            out.extend_from_slice(&tag[..self.mac.output_len()]);
        }
        let padding_length = block_len - 1 - (out.len() - plaintext) % block_len;
        // Less than a block, so a byte.
        out.resize(out.len() + padding_length + 1, padding_length as u8);
        out.resize(out.len() + self.outer_tag_len(), 0);
        Ok(())
    }

    /// Protects the fragments of whole `records` that were laid out one after the other; `first` is
    /// the first one's header. Where each has an IV of its own, they are encrypted side by side.
    pub(super) fn encrypt(&mut self, first: MacHeader, records: &mut [u8]) -> Result<(), Error> {
        let block_len = self.key.block_len();
        let tag_len = self.outer_tag_len();
        match &mut self.iv {
            Iv::Explicit => {
                let messages = fragments_of(records).map(|fragment| {
                    let (iv, blocks) = fragment.split_at_mut(block_len);
                    let len = blocks.len() - tag_len;
                    (&*iv, &mut blocks[..len])
                });
                self.key.encrypt_each(messages).map_err(|_| BAD_KEYS)?;
            }
            Iv::Chained(iv) => {
                for fragment in fragments_of(records) {
                    let len = fragment.len() - tag_len;
                    let blocks = &mut fragment[..len];
                    let encrypted = self.key.encrypt(&iv[..block_len], blocks);
                    encrypted.map_err(|_| BAD_KEYS)?;
                    if let Some(last) = blocks.rchunks(block_len).next() {
                        iv[..block_len].copy_from_slice(last);
                    }
                }
            }
        }
        if self.order == Order::EncryptThenMac {
            for (fragment, sequence) in fragments_of(records).zip(first.sequence..) {
                let header = MacHeader { sequence, ..first };
                let (encrypted, tag) = fragment.split_at_mut(fragment.len() - tag_len);
                tag.copy_from_slice(&self.mac.compute(header, encrypted)[..tag_len]);
            }
        }
        Ok(())
    }

    /// Bytes of a MAC outside of what is encrypted.
    fn outer_tag_len(&self) -> usize {
        match self.order {
            Order::MacThenEncrypt => 0,
            Order::EncryptThenMac => self.mac.output_len(),
        }
    }

    /// Opens `fragment` in place and returns where the plaintext is in it.
    ///
    /// Everything that is wrong with it gives one and the same error.
    pub(super) fn open(
        &mut self,
        header: MacHeader,
        fragment: &mut [u8],
    ) -> Result<core::ops::Range<usize>, Error> {
        let opened = match self.order {
            Order::MacThenEncrypt => self.open_mac_then_encrypt(header, fragment),
            Order::EncryptThenMac => self.open_encrypt_then_mac(header, fragment),
        };
        opened.ok_or(PeerMisbehaved::BadRecordMac.into())
    }

    fn open_encrypt_then_mac(
        &mut self,
        header: MacHeader,
        fragment: &mut [u8],
    ) -> Option<core::ops::Range<usize>> {
        let encrypted_len = fragment.len().checked_sub(self.mac.output_len())?;
        let (encrypted, tag) = fragment.split_at_mut(encrypted_len);
        let expected = self.mac.compute(header, encrypted);
        if !bool::from(expected[..self.mac.output_len()].ct_eq(tag)) {
            return None;
        }
        let plaintext = self.decrypt(encrypted)?;
        // The MAC was the peer's: nothing here is secret to it any more.
        let (good, padding) = self.check_padding(&encrypted[plaintext.clone()], 0);
        bool::from(good).then(|| plaintext.start..plaintext.end - padding as usize)
    }

    /// Constant time. What must not leak is whether the padding is right, how long it is, and
    /// whether the padding or the MAC is wrong (Vaudenay, Lucky 13): the padding is checked over
    /// a public number of bytes whatever its length; where it is wrong the length counts as none,
    /// and the MAC is computed all the same, over a secret length, and taken from a secret place,
    /// by [`RecordMac::compute_secret_len`] and [`take_tag`]; one verdict is joined from both.
    /// The early returns depend on the fragment's length alone, which is public.
    fn open_mac_then_encrypt(
        &mut self,
        header: MacHeader,
        fragment: &mut [u8],
    ) -> Option<core::ops::Range<usize>> {
        let tag_len = self.mac.output_len();
        let plaintext = self.decrypt(fragment)?;
        let payload = &fragment[plaintext.clone()];
        // Room for the MAC and the padding's length.
        let max_len = payload.len().checked_sub(tag_len)?;
        if max_len == 0 {
            return None;
        }
        let min_len = max_len.saturating_sub(MAX_PADDING);

        let (padding_good, padding) = self.check_padding(payload, tag_len);
        // A fragment is at most 2^14 + 2048 bytes long.
        let len = max_len as u32 - padding;
        let mut expected = self
            .mac
            .compute_secret_len(header, &payload[..max_len], min_len, len);
        let mut tag = take_tag(payload, tag_len, min_len, len);
        let good = padding_good & expected[..tag_len].ct_eq(&tag[..tag_len]);
        expected.zeroize();
        tag.zeroize();
        // Now that it is genuine its length may be known.
        bool::from(good).then(|| plaintext.start..plaintext.start + len as usize)
    }

    /// Decrypts in place; returns where the plaintext, with all that is added, is.
    ///
    /// `None` where the length alone, which is public, makes it no protected fragment.
    fn decrypt(&mut self, fragment: &mut [u8]) -> Option<core::ops::Range<usize>> {
        let block_len = self.key.block_len();
        let len = fragment.len();
        match &mut self.iv {
            Iv::Explicit => {
                let (iv, blocks) = fragment.split_at_mut_checked(block_len)?;
                self.key.decrypt(iv, blocks).ok()?;
                (len > block_len).then_some(block_len..len)
            }
            Iv::Chained(iv) => {
                let mut next = [0; MAX_BLOCK];
                next[..block_len].copy_from_slice(fragment.get(len.checked_sub(block_len)?..)?);
                self.key.decrypt(&iv[..block_len], fragment).ok()?;
                *iv = next;
                Some(0..len)
            }
        }
    }

    /// Whether `payload` ends in padding that leaves room for `tag_len` bytes, and how many bytes
    /// that padding takes with its length; 0 bytes where it is wrong. Constant time, see
    /// [`open_mac_then_encrypt`](Self::open_mac_then_encrypt).
    fn check_padding(&self, payload: &[u8], tag_len: usize) -> (Choice, u32) {
        let Some(padding_length) = payload.last() else {
            return (Choice::from(0), 0);
        };
        let removed = u32::from(*padding_length) + 1;
        // A fragment is at most 2^14 + 2048 bytes long.
        let room = payload.len().saturating_sub(tag_len) as u32;
        let mut good = !removed.ct_gt(&room);
        match self.padding {
            Padding::Ssl3 => good &= !removed.ct_gt(&(self.key.block_len() as u32)),
            Padding::Tls => {
                let removed = hidden(removed);
                let tail = &payload[payload.len().saturating_sub(MAX_PADDING)..];
                let mut difference = 0;
                for (place, byte) in (0..).zip(tail.iter().rev()) {
                    difference |= mask_less(place, removed) & (byte ^ padding_length);
                }
                good &= difference.ct_eq(&0);
            }
        }
        (good, u32::conditional_select(&0, &removed, good))
    }
}

/// The fragments of whole records. The headers that delimit them are this side's own, so none is
/// left out.
fn fragments_of(mut records: &mut [u8]) -> impl Iterator<Item = &mut [u8]> {
    core::iter::from_fn(move || {
        let (header, rest) = core::mem::take(&mut records).split_first_chunk_mut::<HEADER>()?;
        let [_, _, _, high, low] = *header;
        let (fragment, rest) = rest.split_at_mut_checked(u16::from_be_bytes([high, low]).into())?;
        records = rest;
        Some(fragment)
    })
}

/// The `tag_len` bytes of `payload` that start at `start`, a secret that is at least `min_start`.
///
/// Constant time. What must not leak is `start`. Every byte that could be part of the tag is
/// read, and lands in a ring by its public place, if a mask says that it is one; then the ring
/// is turned by the secret amount with conditional copies of public distances.
fn take_tag(payload: &[u8], tag_len: usize, min_start: usize, start: u32) -> [u8; MAX_OUTPUT] {
    let start = hidden(start);
    let end = start + tag_len as u32;
    let mut ring = [0; MAX_OUTPUT];
    let mut turn = 0;
    for (round, bytes) in payload[min_start..].chunks(tag_len).enumerate() {
        let first_place = (min_start + round * tag_len) as u32;
        for (ring_place, (ring, byte)) in (0..).zip(ring.iter_mut().zip(bytes)) {
            let place = first_place + u32::from(ring_place);
            *ring |= byte & !mask_less(place, start) & mask_less(place, end);
            turn |= ring_place & mask_equal(place, start);
        }
    }

    let mut distance = 1;
    while distance < tag_len {
        let mut turned = ring;
        turned[..tag_len].rotate_left(distance);
        let bit = Choice::from((turn >> distance.trailing_zeros()) & 1);
        conditional_copy(&mut ring, &turned, bit);
        distance *= 2;
    }
    ring
}

/// Bytes of padding at the most, with the length.
const MAX_PADDING: usize = 256;

/// Bytes in the longest block, AES's.
const MAX_BLOCK: usize = 16;
