//! Record MACs: HMAC (RFC 5246 §6.2.3.1) and SSL 3.0's keyed hash (RFC 6101 §5.2.3.1), over data
//! whose length is known and over data whose length is a secret.

use core::ops::Range;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::ContentType;
use crate::crypto::HashAlgorithm;
use crate::crypto::chaining_value::{BLOCK, ChainingValue, LENGTH_MARK, MAX_OUTPUT};
use crate::crypto::cipher::RunningStream;
use crate::crypto::constant_time::{conditional_copy, hidden, mask_equal, mask_less};
use crate::version::ProtocolVersion;

/// A MAC key, absorbed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct RecordMac {
    inner: Prefix,
    outer: Prefix,
    #[zeroize(skip)]
    version: ProtocolVersion,
}

/// What is authenticated beside the data.
#[derive(Clone, Copy)]
pub(crate) struct MacHeader {
    pub(crate) sequence: u64,
    pub(crate) content_type: ContentType,
}

/// A computed MAC; the first [`RecordMac::output_len`] bytes count.
pub(crate) type Tag = [u8; MAX_OUTPUT];

impl RecordMac {
    /// `None` for hashes that no record MAC uses.
    pub(crate) fn new(hash: HashAlgorithm, version: ProtocolVersion, key: &[u8]) -> Option<Self> {
        let initial = ChainingValue::initial(hash)?;
        let [inner, outer] = if version == ProtocolVersion::SSLv3 {
            // pad_1 and pad_2: 48 times for MD5, 40 for SHA.
            let times = if hash == HashAlgorithm::Md5 { 48 } else { 40 };
            [0x36, 0x5c].map(|pad| Prefix::keyed_hash(initial, key, pad, times))
        } else {
            [0x36, 0x5c].map(|pad| Prefix::hmac(initial, key, pad))
        };
        Some(Self {
            inner,
            outer,
            version,
        })
    }

    /// The MAC's length in bytes.
    pub(crate) fn output_len(&self) -> usize {
        self.inner.value.output_len()
    }

    /// The MAC over `data`.
    pub(crate) fn compute(&self, header: MacHeader, data: &[u8]) -> Tag {
        let mut running = self.begin(header, data.len());
        let (first, rest) = data.split_at(running.first_len(data.len()));
        let (blocks, last) = rest.as_chunks();
        running.absorb_first(first);
        running.value.compress(blocks);
        self.finish(running, last)
    }

    /// The MAC over the first `len` bytes of `record`; before each part of them is absorbed,
    /// `beside` is given the record and told which part it is. What it does with as much of the
    /// record, the processor can do beside the hash.
    pub(crate) fn compute_beside(
        &self,
        header: MacHeader,
        record: &mut [u8],
        len: usize,
        mut beside: impl FnMut(&mut [u8], Range<usize>),
    ) -> Tag {
        let mut running = self.begin(header, len);
        let mut part = 0..running.first_len(len);
        beside(record, part.clone());
        running.absorb_first(&record[part.clone()]);
        loop {
            part = part.end..(part.end + BLOCK).min(len);
            beside(record, part.clone());
            match record[part.clone()].as_chunks() {
                (block @ [_], _) => running.value.compress(block),
                (_, last) => break self.finish(running, last),
            }
        }
    }

    /// The same, where `stream` then encrypts `data`: as far as it can, in one pass.
    pub(crate) fn compute_and_encrypt(
        &self,
        header: MacHeader,
        data: &mut [u8],
        stream: &mut RunningStream<'_>,
    ) -> Tag {
        let mut running = self.begin(header, data.len());
        let (first, rest) = data.split_at_mut(running.first_len(data.len()));
        let (blocks, last) = rest.as_chunks_mut();
        running.absorb_first(first);
        stream.apply(first);
        stream.hash_and_encrypt(&mut running.value, blocks);
        let tag = self.finish(running, last);
        stream.apply(last);
        tag
    }

    /// The MAC over what `stream` decrypts first: as far as it can, in one pass.
    pub(crate) fn decrypt_and_compute(
        &self,
        header: MacHeader,
        data: &mut [u8],
        stream: &mut RunningStream<'_>,
    ) -> Tag {
        let mut running = self.begin(header, data.len());
        let (first, rest) = data.split_at_mut(running.first_len(data.len()));
        let (blocks, last) = rest.as_chunks_mut();
        stream.apply(first);
        running.absorb_first(first);
        stream.decrypt_and_hash(&mut running.value, blocks);
        stream.apply(last);
        self.finish(running, last)
    }

    /// The MAC over the first `len` bytes of `data`, where `len` is a secret between `min_len`
    /// and `data.len()`, both public.
    ///
    /// Constant time. What must not leak is `len`, that is, the padding's length (Lucky 13: the
    /// number of compressions and the bytes that they run over tell it). Blocks that lie below
    /// `min_len` hold data whatever `len` is and are absorbed as they are. Every block from there
    /// to the last that `data.len()` could need is copied from `data` at public places, with what
    /// lies beyond `len`, the end mark and the length masked in; all of them are compressed, and
    /// the one that ends the message gives the digest by conditional copies. So neither the
    /// number of compressions, nor a branch, nor an address depends on `len`.
    pub(crate) fn compute_secret_len(
        &self,
        header: MacHeader,
        data: &[u8],
        min_len: usize,
        len: u32,
    ) -> Tag {
        let head = self.head(header, len as u16);
        let head_len = head.len;
        let min_len = min_len.min(data.len());

        // All of this is public: the first block may hold the head, the following ones are data.
        let certain_blocks = (head_len + min_len) / BLOCK;
        let all_blocks = (head_len + data.len() + LENGTH_MARK).div_ceil(BLOCK);
        let head_blocks = head_len.div_ceil(BLOCK).min(certain_blocks);
        let mut value = self.inner.value;
        for index in 0..head_blocks {
            value.compress(&[head.block_with(data, index)]);
        }
        if certain_blocks > head_blocks {
            let certain = &data[head_blocks * BLOCK - head_len..certain_blocks * BLOCK - head_len];
            value.compress(certain.as_chunks().0);
        }

        // From here on these are secret.
        let message_len = head_len as u32 + len;
        let last_block = (message_len + LENGTH_MARK as u32 - 1) >> BLOCK.trailing_zeros();
        let length_bytes = value.length_bytes(self.inner.absorbed + u64::from(message_len));

        let mut digest = [0; MAX_OUTPUT];
        for index in certain_blocks..all_blocks {
            let is_last = (index as u32).ct_eq(&last_block);
            let mut block = head.block_with(data, index);
            end_message(&mut block, (index * BLOCK) as u32, message_len);
            conditional_copy(&mut block[BLOCK - 8..], &length_bytes, is_last);
            value.compress(&[block]);
            conditional_copy(&mut digest, &value.output(), is_last);
        }
        value.zeroize();
        self.finish_outer(digest)
    }

    fn begin(&self, header: MacHeader, data_len: usize) -> Running {
        // A fragment is at most 2^14 + 2048 bytes long.
        let head = self.head(header, data_len as u16);
        Running {
            value: self.inner.value,
            message_len: self.inner.absorbed + (head.len + data_len) as u64,
            head,
        }
    }

    /// `last` is less than a block, and nothing where the data has ended in the head's last block.
    fn finish(&self, running: Running, last: &[u8]) -> Tag {
        let (_, head_rest) = running.head.bytes().as_chunks::<BLOCK>();
        let unabsorbed = if head_rest.is_empty() {
            last
        } else {
            head_rest
        };
        let digest = running.value.finish(unabsorbed, running.message_len);
        self.finish_outer(digest)
    }

    fn finish_outer(&self, mut inner: Tag) -> Tag {
        let mut head = self.outer.head();
        head.push(&inner[..self.output_len()]);
        inner.zeroize();
        let message_len = self.outer.absorbed + head.len as u64;
        let mut value = self.outer.value;
        let (blocks, rest) = head.bytes().as_chunks::<BLOCK>();
        value.compress(blocks);
        value.finish(rest, message_len)
    }

    /// What the inner hash absorbs before the data: the key's rest, and the record's number, type,
    /// version (not at SSL 3.0) and length.
    fn head(&self, header: MacHeader, data_len: u16) -> Head {
        let mut head = self.inner.head();
        head.push(&header.sequence.to_be_bytes());
        head.push(&[header.content_type.wire()]);
        if self.version != ProtocolVersion::SSLv3 {
            head.push(&self.version.wire().to_be_bytes());
        }
        head.push(&data_len.to_be_bytes());
        head
    }
}

/// An inner hash under way.
struct Running {
    value: ChainingValue,
    head: Head,
    message_len: u64,
}

impl Running {
    /// How many of so many bytes of data share the head's last block.
    fn first_len(&self, data_len: usize) -> usize {
        let room = (BLOCK - self.head.len % BLOCK) % BLOCK;
        room.min(data_len)
    }

    /// Absorbs the head's whole blocks, the last of which `first` may fill.
    fn absorb_first(&mut self, first: &[u8]) {
        self.head.push(first);
        let (blocks, _) = self.head.bytes().as_chunks();
        self.value.compress(blocks);
    }
}

/// Ends the message in the block that begins at `start`, or before or behind it: what lies beyond
/// `message_len` becomes zero, and what lies right there the end mark. Constant time.
fn end_message(block: &mut [u8; BLOCK], start: u32, message_len: u32) {
    let message_len = hidden(message_len);
    for (byte, place) in block.iter_mut().zip(start..) {
        *byte &= mask_less(place, message_len);
        *byte |= mask_equal(place, message_len) & 0x80;
    }
}

/// A hash that has absorbed the key and its padding, as far as whole blocks go.
#[derive(Clone, Zeroize)]
struct Prefix {
    value: ChainingValue,
    absorbed: u64,
    rest: [u8; BLOCK],
    rest_len: usize,
}

impl Prefix {
    /// RFC 2104: one block of the key, padded with zeros, and `pad` over it.
    fn hmac(initial: ChainingValue, key: &[u8], pad: u8) -> Self {
        let mut block = [pad; BLOCK];
        // A MAC key is as long as the hash's output, which is less than a block.
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        Self::absorb(initial, &mut block, BLOCK)
    }

    /// RFC 6101 §5.2.3.1: the key, then `pad` so many times.
    fn keyed_hash(initial: ChainingValue, key: &[u8], pad: u8, times: usize) -> Self {
        let mut block = [pad; BLOCK];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte = *key;
        }
        // 16 + 48 or 20 + 40 bytes.
        Self::absorb(initial, &mut block, (key.len() + times).min(BLOCK))
    }

    fn absorb(mut value: ChainingValue, block: &mut [u8; BLOCK], len: usize) -> Self {
        let mut rest = [0; BLOCK];
        let (absorbed, rest_len) = if len == BLOCK {
            value.compress(&[*block]);
            (BLOCK as u64, 0)
        } else {
            rest[..len].copy_from_slice(&block[..len]);
            (0, len)
        };
        block.zeroize();
        Self {
            value,
            absorbed,
            rest,
            rest_len,
        }
    }

    fn head(&self) -> Head {
        let mut head = Head {
            bytes: [0; MAX_HEAD],
            len: 0,
        };
        head.push(&self.rest[..self.rest_len]);
        head
    }
}

/// The bytes in front of the data.
struct Head {
    bytes: [u8; MAX_HEAD],
    len: usize,
}

impl Head {
    /// `MAX_HEAD` is enough for all that is ever pushed.
    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// A block of the head with `data` behind it, and zeros behind that; all places are public.
    fn block_with(&self, data: &[u8], index: usize) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        let start = index * BLOCK;
        let head = self.bytes().get(start..).unwrap_or_default();
        let (from_head, room) = block.split_at_mut(head.len().min(BLOCK));
        from_head.copy_from_slice(&head[..from_head.len()]);
        let data_start = (start + from_head.len()).saturating_sub(self.len);
        let data = data.get(data_start..).unwrap_or_default();
        let len = data.len().min(room.len());
        room[..len].copy_from_slice(&data[..len]);
        block
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        // At SSL 3.0 the key is in here.
        self.bytes.zeroize();
    }
}

/// Less than a block of the key's rest, 13 bytes of header, and data that fills the block.
const MAX_HEAD: usize = 2 * BLOCK;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::chaining_value;

    const HEADER: MacHeader = MacHeader {
        sequence: 0x0102030405060708,
        content_type: ContentType::ApplicationData,
    };

    /// The MAC by the book, over the hash functions.
    fn naive(hash: HashAlgorithm, version: ProtocolVersion, key: &[u8], data: &[u8]) -> Vec<u8> {
        let mut message = HEADER.sequence.to_be_bytes().to_vec();
        message.push(23);
        if version != ProtocolVersion::SSLv3 {
            message.extend(version.wire().to_be_bytes());
        }
        message.extend((data.len() as u16).to_be_bytes());
        message.extend(data);
        let (inner, outer) = if version == ProtocolVersion::SSLv3 {
            let times = if hash == HashAlgorithm::Md5 { 48 } else { 40 };
            let padded = |pad: u8| [key, &vec![pad; times]].concat();
            (padded(0x36), padded(0x5c))
        } else {
            let padded =
                |pad: u8| -> Vec<u8> { (0..64).map(|i| key.get(i).unwrap_or(&0) ^ pad).collect() };
            (padded(0x36), padded(0x5c))
        };
        let digest = hash.digest(&[inner, message].concat());
        hash.digest(&[outer, digest.as_ref().to_vec()].concat())
            .as_ref()
            .to_vec()
    }

    fn each_mac(check: impl Fn(HashAlgorithm, ProtocolVersion, &[u8], RecordMac)) {
        for (hash, version) in [
            (HashAlgorithm::Md5, ProtocolVersion::SSLv3),
            (HashAlgorithm::Sha1, ProtocolVersion::SSLv3),
            (HashAlgorithm::Md5, ProtocolVersion::TLSv1_0),
            (HashAlgorithm::Sha1, ProtocolVersion::TLSv1_1),
            (HashAlgorithm::Sha256, ProtocolVersion::TLSv1_2),
        ] {
            let key: Vec<u8> = (1..=hash.output_len() as u8).collect();
            let mac = RecordMac::new(hash, version, &key).unwrap();
            check(hash, version, &key, mac);
        }
    }

    #[test]
    fn agrees_with_the_specification_at_every_length() {
        let data: Vec<u8> = (0..400u16).map(|i| i as u8).collect();
        each_mac(|hash, version, key, mac| {
            for len in 0..data.len() {
                let tag = mac.compute(HEADER, &data[..len]);
                assert_eq!(
                    tag[..mac.output_len()],
                    naive(hash, version, key, &data[..len]),
                    "{hash} at {version}, {len} bytes"
                );
            }
        });
    }

    #[test]
    fn a_secret_length_gives_the_same_mac() {
        let data: Vec<u8> = (0..700u16).map(|i| (i * 7) as u8).collect();
        each_mac(|hash, version, _, mac| {
            for max in [0, 1, 50, 51, 64, 255, 256, 257, 700] {
                let min = max - max.min(256);
                for len in min..=max {
                    assert_eq!(
                        mac.compute_secret_len(HEADER, &data[..max], min, len as u32),
                        mac.compute(HEADER, &data[..len]),
                        "{hash} at {version}, {len} of {min} to {max}"
                    );
                }
            }
        });
    }

    #[test]
    fn a_secret_length_does_not_change_the_number_of_compressions() {
        let data = [0; 700];
        each_mac(|hash, version, _, mac| {
            let count = |len| {
                chaining_value::count_blocks(|| {
                    mac.compute_secret_len(HEADER, &data, 444, len);
                })
            };
            let expected = count(700);
            assert!(expected > 5);
            for len in 444..700 {
                assert_eq!(count(len), expected, "{hash} at {version}, {len} bytes");
            }
        });
    }
}
