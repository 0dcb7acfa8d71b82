//! Many blocks at once, each bit of theirs in a plane of its own: for CBC decryption, where no
//! block waits for another.
//!
//! The S-boxes are circuits ([`sboxes`]), E, P, IP and the halves' exchange are only names, and
//! the key is masks. So no memory is read at a place that depends on the key or the data.

use zeroize::Zeroize;

use super::planes::{Planes, Portable};
use super::sboxes::{self, INVERTED};
use super::schedule::{SPREAD, Subkeys};
use super::tables::{E, P};
use super::transpose::{self, Half, Halves};

/// CBC-decrypts whole blocks in place.
pub(super) fn decrypt_cbc<const PASSES: usize>(
    subkeys: &[Subkeys; PASSES],
    iv: [u8; 8],
    data: &mut [[u8; 8]],
) {
    InstructionSet::best().decrypt_cbc(subkeys, iv, data);
}

/// What the processor has.
#[derive(Clone, Copy, Debug)]
pub(super) enum InstructionSet {
    /// 256 blocks at once.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    /// 128 blocks.
    #[cfg(target_arch = "x86_64")]
    Sse(pulp::x86::V2),
    /// 64 blocks.
    Portable,
}

impl InstructionSet {
    fn best() -> Self {
        Self::all().next().unwrap_or(Self::Portable)
    }

    /// All that there are, the best first.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let avx2 = pulp::x86::V3::try_new().map(Self::Avx2);
        let sse = pulp::x86::V2::try_new().map(Self::Sse);
        [avx2, sse, Some(Self::Portable)].into_iter().flatten()
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn all() -> impl Iterator<Item = Self> {
        core::iter::once(Self::Portable)
    }

    pub(super) fn decrypt_cbc<const PASSES: usize>(
        self,
        subkeys: &[Subkeys; PASSES],
        iv: [u8; 8],
        data: &mut [[u8; 8]],
    ) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(set) => set.vectorize(Decryption {
                set,
                subkeys,
                iv,
                data,
            }),
            #[cfg(target_arch = "x86_64")]
            Self::Sse(set) => set.vectorize(Decryption {
                set,
                subkeys,
                iv,
                data,
            }),
            Self::Portable => decrypt(Portable, subkeys, iv, data),
        }
    }
}

/// A call of [`decrypt`] to be compiled for an instruction set. (A closure's would not be: calling
/// one goes through a function that is compiled for any processor.)
#[cfg(target_arch = "x86_64")]
struct Decryption<'a, S, const PASSES: usize> {
    set: S,
    subkeys: &'a [Subkeys; PASSES],
    iv: [u8; 8],
    data: &'a mut [[u8; 8]],
}

#[cfg(target_arch = "x86_64")]
macro_rules! decryption {
    ($($set:ty),*) => {$(
        impl<const PASSES: usize> pulp::NullaryFnOnce for Decryption<'_, $set, PASSES> {
            type Output = ();

            #[inline(always)]
            fn call(self) {
                decrypt(self.set, self.subkeys, self.iv, self.data);
            }
        }
    )*};
}

#[cfg(target_arch = "x86_64")]
decryption!(pulp::x86::V3, pulp::x86::V2);

/// Constant time. What must not leak are the key and the data, of which padding and MAC are part
/// (Lucky 13). How often which instruction runs depends on the number of blocks alone: the last
/// few take as long as if they filled their planes. Nothing is looked up.
#[inline(always)]
fn decrypt<S: Planes<N>, const N: usize, const PASSES: usize>(
    set: S,
    subkeys: &[Subkeys; PASSES],
    iv: [u8; 8],
    data: &mut [[u8; 8]],
) {
    let mut masks = Masks([[[0; 64]; 16]; PASSES]);
    masks.expand(subkeys);
    let mut chain = u64::from_le_bytes(iv);
    let (mut encrypted, mut decrypted) = ([[0; N]; 64], [[0; N]; 64]);
    let nothing = set.splat(0);
    let mut rows = [nothing; 64];
    let mut halves = Halves {
        left: [nothing; 32],
        right: [nothing; 32],
    };
    for data in data.chunks_mut(64 * N) {
        let words = encrypted.as_flattened_mut();
        for (word, block) in words.iter_mut().zip(&*data) {
            *word = u64::from_le_bytes(*block);
        }
        transpose::halves(set, &encrypted, &mut rows, &mut halves);
        let Halves { left, right } = &mut halves;
        let (mut left, mut right) = (left, right);
        for masks in &masks.0 {
            sixteen_rounds(set, masks, left, right);
            core::mem::swap(&mut left, &mut right);
        }
        transpose::blocks(set, left, right, &mut rows, &mut decrypted);

        let (encrypted, decrypted) = (encrypted.as_flattened(), decrypted.as_flattened());
        let last = encrypted[data.len() - 1];
        if let ([block, blocks @ ..], [word, words @ ..]) = (data, decrypted) {
            *block = (word ^ chain).to_le_bytes();
            for ((block, word), before) in blocks.iter_mut().zip(words).zip(encrypted) {
                *block = (word ^ before).to_le_bytes();
            }
        }
        chain = last;
    }
}

#[inline(always)]
fn sixteen_rounds<S: Planes<N>, const N: usize>(
    set: S,
    masks: &[RoundMasks; 16],
    left: &mut Half<S::Plane>,
    right: &mut Half<S::Plane>,
) {
    for [even, odd] in masks.as_chunks().0 {
        round(set, even, left, right);
        round(set, odd, right, left);
    }
}

/// `to` changes by the cipher function of `from`.
#[cfg_attr(not(debug_assertions), inline(always))]
fn round<S: Planes<N>, const N: usize>(
    set: S,
    masks: &RoundMasks,
    to: &mut Half<S::Plane>,
    from: &Half<S::Plane>,
) {
    /// The keyed input of one S-box goes through its circuit.
    macro_rules! substitute {
        ($s:literal, $circuit:ident) => {
            let keyed = core::array::from_fn(|bit| {
                from[E[$s][bit] as usize - 1] ^ set.splat(masks[usize::from(SPREAD[6 * $s + bit])])
            });
            for (output, place) in sboxes::$circuit(keyed).into_iter().zip(PLACES[$s]) {
                to[place] = to[place] ^ output;
            }
        };
    }
    substitute!(0, s1);
    substitute!(1, s2);
    substitute!(2, s3);
    substitute!(3, s4);
    substitute!(4, s5);
    substitute!(5, s6);
    substitute!(6, s7);
    substitute!(7, s8);
}

/// A subkey's bits, each of them 32 times, those between the S-boxes' among them: a shift for each
/// place in a row is what the compiler makes vectors of.
type RoundMasks = [u32; 64];

/// The subkeys in the order of decryption.
struct Masks<const PASSES: usize>([[RoundMasks; 16]; PASSES]);

impl<const PASSES: usize> Masks<PASSES> {
    /// Some outputs of the circuits are inverted. What that does to a half, the second next round
    /// undoes; the two rounds that read it in between get the inversion with their subkey.
    ///
    /// Every mask is written, whatever the key's bit is, so there is nothing to pass over.
    #[inline(always)]
    fn expand(&mut self, subkeys: &[Subkeys; PASSES]) {
        let subkeys = subkeys.as_flattened().iter().rev();
        let masks = self.0.as_flattened_mut().iter_mut();
        for (round, (subkey, masks)) in subkeys.zip(masks).enumerate() {
            let inversion = match round % 4 {
                1 | 2 => INVERSION,
                _ => 0,
            };
            let subkey = subkey ^ inversion;
            for (place, mask) in masks.iter_mut().enumerate() {
                *mask = 0_u32.wrapping_sub((subkey >> place) as u32 & 1);
            }
        }
    }
}

/// As one slice: an array of arrays would be cleared word by word.
impl<const PASSES: usize> Drop for Masks<PASSES> {
    fn drop(&mut self) {
        let words = self.0.as_flattened_mut().as_flattened_mut();
        words.zeroize();
    }
}

/// Where the S-boxes' outputs go, counted from 0: P the other way round.
const PLACES: [[usize; 4]; 8] = {
    let mut places = [[0; 4]; 8];
    let mut place = 0;
    while place < 32 {
        let output = P[place] as usize - 1;
        places[output / 4][output % 4] = place;
        place += 1;
    }
    places
};

/// E of P of what is inverted, as in a subkey.
const INVERSION: u64 = {
    let mut inverted = [0; 32];
    let mut output = 0;
    while output < 32 {
        inverted[PLACES[output / 4][output % 4]] =
            INVERTED[output / 4] as u64 >> (3 - output % 4) & 1;
        output += 1;
    }
    let mut spread = 0;
    let mut bit = 0;
    while bit < 48 {
        spread |= inverted[E[bit / 6][bit % 6] as usize - 1] << SPREAD[bit];
        bit += 1;
    }
    spread
};
