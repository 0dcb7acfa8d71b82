//! Received plaintext that the user has not read yet.

/// A queue of bytes that keeps its memory between records.
#[derive(Default)]
pub(super) struct Received {
    /// Bytes before `start` are read.
    buffer: Vec<u8>,
    start: usize,
}

impl Received {
    pub(super) fn push(&mut self, plaintext: &[u8]) {
        if self.start > 0 && self.start >= self.len() {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(plaintext);
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    pub(super) fn len(&self) -> usize {
        self.buffer.len() - self.start
    }

    pub(super) fn consume(&mut self, len: usize) {
        self.start += len.min(self.len());
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        }
    }

    /// Gives the memory back, where nothing is unread.
    pub(super) fn release(&mut self) {
        if self.len() == 0 {
            *self = Self::default();
        }
    }
}
