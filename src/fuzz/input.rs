//! What a fuzzer's bytes are read as.

/// Bytes that never run out: behind their end there are zeros, and empty strings.
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((byte, rest)) => {
                self.0 = rest;
                *byte
            }
            None => 0,
        }
    }

    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        core::array::from_fn(|_| self.byte())
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    /// A string behind its length: one byte, or, behind 255, two.
    pub(super) fn string(&mut self) -> &'a [u8] {
        let len = match self.byte() {
            u8::MAX => self.u16().into(),
            len => usize::from(len),
        };
        let (string, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        string
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }
}
