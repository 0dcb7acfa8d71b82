//! CBC records: MAC-then-encrypt opened in constant time (RFC 5246 §6.2.3.2, RFC 6101 §5.2.3.2),
//! and encrypt-then-MAC (RFC 7366).

use core::ops::Range;

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater};
use zeroize::Zeroize;

use super::HEADER;
use super::mac::{MacHeader, RecordMac};
use super::protection::{BAD_KEYS, ProtectionParameters, WriteKeys};
use crate::crypto::aes_cbc::BLOCK as AES_BLOCK;
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
#[derive(Clone, Copy)]
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

    /// Appends what [`protect`](Self::protect) makes the protected form of `fragment`: with room
    /// for its MAC.
    pub(super) fn lay_out(
        &self,
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
        out.resize(out.len() + self.inner_tag_len(), 0);
        let padding_length = block_len - 1 - (out.len() - plaintext) % block_len;
        // Less than a block, so a byte.
        out.resize(out.len() + padding_length + 1, padding_length as u8);
        out.resize(out.len() + self.outer_tag_len(), 0);
        Ok(())
    }

    /// Protects the fragments of whole `records` that were laid out one after the other; `first` is
    /// the first one's header.
    ///
    /// Where each record has an IV of its own, several are encrypted side by side. One alone is
    /// encrypted beside its MAC, if the cipher is AES: each block waits for the one before, in the
    /// cipher and in the hash. (Others' encryption takes much longer than the MAC.)
    pub(super) fn protect(&mut self, first: MacHeader, records: &mut [u8]) -> Result<(), Error> {
        let several_at_once =
            matches!(self.iv, Iv::Explicit) && fragments_of(records).nth(1).is_some();
        if self.key.is_aes() && !several_at_once {
            for (header, fragment) in with_headers(first, records) {
                self.protect_in_one_pass(header, fragment)?;
            }
            return Ok(());
        }
        if self.order == Order::MacThenEncrypt {
            for (header, fragment) in with_headers(first, records) {
                let Parts { payload, .. } = self.parts(fragment);
                let (data, tag) = self.data_and_tag(payload);
                tag.copy_from_slice(&self.mac.compute(header, data)[..tag.len()]);
            }
        }
        self.encrypt(records)?;
        if self.order == Order::EncryptThenMac {
            for (header, fragment) in with_headers(first, records) {
                let (encrypted, tag) = fragment.split_at_mut(fragment.len() - self.outer_tag_len());
                tag.copy_from_slice(&self.mac.compute(header, encrypted)[..tag.len()]);
            }
        }
        Ok(())
    }

    fn encrypt(&mut self, records: &mut [u8]) -> Result<(), Error> {
        let mut next_iv = self.iv;
        match &mut next_iv {
            Iv::Explicit => {
                let messages = fragments_of(records).map(|fragment| {
                    let Parts { iv, payload, .. } = self.parts(fragment);
                    (&*iv, payload)
                });
                self.key.encrypt_each(messages).map_err(|_| BAD_KEYS)?;
            }
            Iv::Chained(iv) => {
                for fragment in fragments_of(records) {
                    let Parts { payload, .. } = self.parts(fragment);
                    let iv = &mut iv[..self.key.block_len()];
                    self.key.encrypt(iv, payload).map_err(|_| BAD_KEYS)?;
                    follow(iv, payload);
                }
            }
        }
        self.iv = next_iv;
        Ok(())
    }

    fn protect_in_one_pass(&mut self, header: MacHeader, fragment: &mut [u8]) -> Result<(), Error> {
        let iv_len = self.explicit_iv_len();
        let chain = match &self.iv {
            Iv::Chained(iv) => self.key.chain(iv),
            Iv::Explicit => self.key.chain(fragment),
        };
        let mut chain = chain.ok_or(BAD_KEYS)?;
        match self.order {
            Order::MacThenEncrypt => {
                let payload = &mut fragment[iv_len..];
                let len = self.data_and_tag(payload).0.len();
                let beside = |payload: &mut [u8], absorbed: Range<usize>| {
                    chain.encrypt_to(payload, absorbed.start);
                };
                let tag = self.mac.compute_beside(header, payload, len, beside);
                let (_, to) = self.data_and_tag(payload);
                to.copy_from_slice(&tag[..to.len()]);
                chain.encrypt_to(payload, payload.len());
            }
            Order::EncryptThenMac => {
                let len = fragment.len() - self.outer_tag_len();
                let beside = |fragment: &mut [u8], absorbed: Range<usize>| {
                    let to_come = absorbed.end.saturating_sub(iv_len);
                    // A block that the hash wants in part is wanted whole.
                    let to_come = to_come.next_multiple_of(AES_BLOCK);
                    chain.encrypt_to(&mut fragment[iv_len..len], to_come);
                };
                let tag = self.mac.compute_beside(header, fragment, len, beside);
                let to = &mut fragment[len..];
                to.copy_from_slice(&tag[..to.len()]);
            }
        }
        let mut next_iv = self.iv;
        if let Iv::Chained(iv) = &mut next_iv {
            follow(iv, self.parts(fragment).payload);
        }
        self.iv = next_iv;
        Ok(())
    }

    /// What is encrypted of a fragment, and what stands around it.
    fn parts<'f>(&self, fragment: &'f mut [u8]) -> Parts<'f> {
        let (iv, rest) = fragment.split_at_mut(self.explicit_iv_len());
        let (payload, _) = rest.split_at_mut(rest.len() - self.outer_tag_len());
        Parts { iv, payload }
    }

    /// Of a payload that is not encrypted yet, and was laid out here: so its last byte fits.
    fn data_and_tag<'f>(&self, payload: &'f mut [u8]) -> (&'f mut [u8], &'f mut [u8]) {
        let padding = 1 + usize::from(payload.last().copied().unwrap_or_default());
        let tag_end = payload.len() - padding;
        let (data, rest) = payload.split_at_mut(tag_end - self.inner_tag_len());
        (data, &mut rest[..self.inner_tag_len()])
    }

    fn explicit_iv_len(&self) -> usize {
        match self.iv {
            Iv::Explicit => self.key.block_len(),
            Iv::Chained(_) => 0,
        }
    }

    /// Bytes of a MAC among what is encrypted.
    fn inner_tag_len(&self) -> usize {
        match self.order {
            Order::MacThenEncrypt => self.mac.output_len(),
            Order::EncryptThenMac => 0,
        }
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
    ) -> Result<Range<usize>, Error> {
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
    ) -> Option<Range<usize>> {
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
    ) -> Option<Range<usize>> {
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
    fn decrypt(&mut self, fragment: &mut [u8]) -> Option<Range<usize>> {
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

/// Of a fragment.
struct Parts<'f> {
    iv: &'f mut [u8],
    payload: &'f mut [u8],
}

/// Makes the last block of `encrypted` the next IV.
fn follow(iv: &mut [u8], encrypted: &[u8]) {
    if let Some(last) = encrypted.rchunks(iv.len()).next() {
        iv.copy_from_slice(last);
    }
}

/// Each fragment with its record's header. No number is counted that no record has: the last one is
/// the highest that there is.
fn with_headers(
    first: MacHeader,
    records: &mut [u8],
) -> impl Iterator<Item = (MacHeader, &mut [u8])> {
    let numbered = fragments_of(records).zip(first.sequence..);
    numbered.map(move |(fragment, sequence)| (MacHeader { sequence, ..first }, fragment))
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
