//! A queue of bytes that keeps its memory while it is used.

/// Bytes go in behind and come out in front.
///
/// The memory is at most twice the most that was ever queued; while it grows, the old one is there,
/// too, so it is four times that at the peak.
#[derive(Default)]
pub(crate) struct ByteQueue {
    /// Bytes before `start` are taken.
    buffer: Vec<u8>,
    start: usize,
}

impl ByteQueue {
    /// Where up to `more` bytes are added; what is there may only be appended to.
    ///
    /// What is taken is reclaimed when it outweighs what is left. Else the memory grows: not to the
    /// double of what it was, as a vector's does, since much of that may have been taken, but to
    /// the double of what is needed, at most.
    pub(crate) fn tail(&mut self, more: usize) -> &mut Vec<u8> {
        if self.start > 0 && self.start >= self.len() {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let capacity = self.buffer.capacity();
        if more > capacity - self.buffer.len() {
            let needed = self.len() + more;
            let mut grown = Vec::with_capacity(needed.max(2 * capacity.min(needed)));
            grown.extend_from_slice(self.as_slice());
            *self = Self {
                buffer: grown,
                start: 0,
            };
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

/// Appends `more`; the memory doubles where that does not fit, but to no more than `most` bytes
/// where so many are enough.
pub(crate) fn extend_within(bytes: &mut Vec<u8>, more: &[u8], most: usize) {
    let (needed, capacity) = (bytes.len() + more.len(), bytes.capacity());
    if needed > capacity {
        let grown = (2 * capacity).min(most).max(needed);
        // Else a vector at least doubles.
        bytes.reserve_exact(grown - bytes.len());
    }
    bytes.extend_from_slice(more);
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
                queue.tail(1).push(next_in);
                next_in = next_in.wrapping_add(1);
            }
            // Always leaves something, so the queue is never empty.
            while queue.len() > 100 {
                assert_eq!(queue.as_slice()[0], next_out);
                next_out = next_out.wrapping_add(1);
                queue.consume(1);
            }
        }
        assert!(queue.tail(0).capacity() < 1000);
        queue.consume(usize::MAX);
        queue.release();
        assert_eq!((queue.len(), queue.tail(0).capacity()), (0, 0));
    }

    /// With whatever sizes it is filled and emptied.
    #[test]
    fn memory_is_at_most_twice_what_was_queued_and_four_times_while_it_grows() {
        for limit in [500, 512] {
            for piece in (1..limit).step_by(7) {
                for taken in (1..limit).step_by(11) {
                    let mut queue = ByteQueue::default();
                    for _ in 0..20 {
                        while queue.len() + piece <= limit {
                            let before = queue.buffer.capacity();
                            let tail = queue.tail(piece);
                            tail.resize(tail.len() + piece, 7);
                            let after = queue.buffer.capacity();
                            assert!(after <= 2 * limit, "{limit} {piece} {taken}: {after}");
                            assert!(after == before || before + after <= 4 * limit);
                        }
                        queue.consume(taken);
                    }
                }
            }
        }
    }
}
