//! The sets that a policy is made of, in fixed places so that it can be a constant.

use core::fmt;

use crate::cipher_kind::CipherKind;
use crate::crypto::HashAlgorithm;
use crate::suite::CipherSuite;

/// Suites in order, without repeats, in a fixed place so that a policy can be a constant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct SuiteList {
    suites: [CipherSuite; MAX_SUITES],
    len: u8,
    overflowed: bool,
}

impl SuiteList {
    pub(super) const fn of(suites: &[CipherSuite]) -> Self {
        Self {
            suites: [CipherSuite(0); MAX_SUITES],
            len: 0,
            overflowed: false,
        }
        .with(suites)
    }

    pub(super) const fn with(mut self, suites: &[CipherSuite]) -> Self {
        let mut index = 0;
        while index < suites.len() {
            if !self.contains(suites[index]) {
                if self.len as usize == MAX_SUITES {
                    self.overflowed = true;
                    return self;
                }
                self.suites[self.len as usize] = suites[index];
                self.len += 1;
            }
            index += 1;
        }
        self
    }

    pub(super) const fn contains(&self, suite: CipherSuite) -> bool {
        let mut index = 0;
        while index < self.len as usize {
            if self.suites[index].0 == suite.0 {
                return true;
            }
            index += 1;
        }
        false
    }

    /// Whether more suites were named than fit.
    pub(super) const fn overflowed(&self) -> bool {
        self.overflowed
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = CipherSuite> + '_ {
        self.suites.iter().copied().take(self.len.into())
    }
}

impl fmt::Debug for SuiteList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|suite| suite.to_string()))
            .finish()
    }
}

/// SSL 2.0's cipher kinds in order, without repeats, in a fixed place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct KindList {
    kinds: [CipherKind; MAX_KINDS],
    len: u8,
    overflowed: bool,
}

impl KindList {
    pub(super) const fn of(kinds: &[CipherKind]) -> Self {
        let mut list = Self {
            kinds: [CipherKind([0; 3]); MAX_KINDS],
            len: 0,
            overflowed: false,
        };
        let mut index = 0;
        while index < kinds.len() {
            if !list.contains(kinds[index]) {
                if list.len as usize == MAX_KINDS {
                    list.overflowed = true;
                    return list;
                }
                list.kinds[list.len as usize] = kinds[index];
                list.len += 1;
            }
            index += 1;
        }
        list
    }

    const fn contains(&self, kind: CipherKind) -> bool {
        let [a, b, c] = kind.0;
        let mut index = 0;
        while index < self.len as usize {
            let [x, y, z] = self.kinds[index].0;
            if a == x && b == y && c == z {
                return true;
            }
            index += 1;
        }
        false
    }

    /// Whether more kinds were named than fit.
    pub(super) const fn overflowed(&self) -> bool {
        self.overflowed
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = CipherKind> + '_ {
        self.kinds.iter().copied().take(self.len.into())
    }
}

impl fmt::Debug for KindList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|kind| kind.to_string()))
            .finish()
    }
}

/// A set of hashes, a bit for each wire number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct HashAlgorithms(u8);

impl HashAlgorithms {
    pub(super) const fn of(hashes: &[HashAlgorithm]) -> Self {
        Self(0).with(hashes)
    }

    pub(super) const fn with(mut self, hashes: &[HashAlgorithm]) -> Self {
        let mut index = 0;
        while index < hashes.len() {
            self.0 |= 1 << hashes[index].wire();
            index += 1;
        }
        self
    }

    pub(super) fn contains(self, hash: HashAlgorithm) -> bool {
        self.0 & 1 << hash.wire() != 0
    }

    /// A bit for each wire number.
    pub(super) fn bits(self) -> u8 {
        self.0
    }
}

impl fmt::Debug for HashAlgorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(
                HashAlgorithm::ALL
                    .iter()
                    .filter(|hash| self.contains(**hash)),
            )
            .finish()
    }
}

/// Suites in a policy at the most: more than this crate has.
const MAX_SUITES: usize = 64;

/// SSL 2.0's cipher kinds in a policy at the most: more than this crate has.
const MAX_KINDS: usize = 8;
