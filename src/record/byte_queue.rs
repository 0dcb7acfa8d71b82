//! A queue of bytes that keeps its memory while it is used.

/// Bytes go in behind and come out in front.
///
/// What is taken is reclaimed when it outweighs what is left, so the memory is at most twice the
/// most that was ever queued.
#[derive(Default)]
pub(crate) struct ByteQueue {
    /// Bytes before `start` are taken.
    buffer: Vec<u8>,
    start: usize,
}

impl ByteQueue {
    /// Where bytes are added; what is there may only be appended to.
    pub(crate) fn tail(&mut self) -> &mut Vec<u8> {
        if self.start > 0 && self.start >= self.len() {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        &mut self.buffer
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    pub(crate) fn len(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Takes `len` bytes, or all that are there.
    pub(crate) fn consume(&mut self, len: usize) {
        self.start += len.min(self.len());
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        }
    }

    /// Gives the memory back, where nothing is queued.
    pub(crate) fn release(&mut self) {
        if self.len() == 0 {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_order_and_memory_is_bounded() {
        let mut queue = ByteQueue::default();
        let mut next_in = 0u8;
        let mut next_out = 0u8;
        for round in 0..10_000 {
            for _ in 0..3 + round % 5 {
                queue.tail().push(next_in);
                next_in = next_in.wrapping_add(1);
            }
            // Always leaves something, so the queue is never empty.
            while queue.len() > 100 {
                assert_eq!(queue.as_slice()[0], next_out);
                next_out = next_out.wrapping_add(1);
                queue.consume(1);
            }
        }
        assert!(queue.tail().capacity() < 1000);
        queue.consume(usize::MAX);
        queue.release();
        assert_eq!((queue.len(), queue.tail().capacity()), (0, 0));
    }
}
