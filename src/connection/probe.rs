//! What only tests and fuzzing do with a connection: they send what no honest peer would, and look
//! into buffers.

use super::Connection;
use crate::error::Error;
use crate::record::{Change, ContentType, Deframer, Tampering};

impl Connection {
    /// Lets what is sent be changed from now on.
    pub(crate) fn begin_tampering(&mut self) {
        self.pump.outgoing.tampering = Some(Box::new(Tampering::default()));
    }

    /// Changes what is sent next.
    pub(crate) fn tamper(&mut self, change: Change) {
        if let Some(tampering) = &mut self.pump.outgoing.tampering {
            tampering.changes.push_back(change);
        }
    }

    /// All that was sealed since tampering began.
    pub(crate) fn sealed(&self) -> &[(ContentType, Vec<u8>)] {
        let tampering = self.pump.outgoing.tampering.as_ref();
        tampering.map_or(&[], |tampering| &tampering.sealed)
    }

    /// Sends content of any kind under the connection's keys.
    pub(crate) fn inject(
        &mut self,
        content_type: ContentType,
        content: &[u8],
    ) -> Result<(), Error> {
        let random = self.pump.random.clone();
        self.pump.outgoing.send(content_type, content, &*random)?;
        Ok(())
    }

    /// Sends records as long as it likes, whatever the peer takes.
    pub(crate) fn lift_limit(&mut self) {
        self.pump.outgoing.lift_limit();
    }

    /// Panics where a buffer holds more than is documented, or a whole record was left in it.
    pub(crate) fn check_buffers(&self) {
        let longest_record = if self.speaks_ssl2() { 32_769 } else { 18_437 };
        let incoming = self.deframer.memory();
        assert!(incoming <= longest_record, "{incoming} bytes of a record");
        self.pump.joiner.check_memory();
        let plaintext = self.pump.received.len();
        assert!(
            plaintext <= self.buffer_limit + longest_record,
            "{plaintext} bytes of plaintext"
        );
    }

    /// Panics where a whole record waits that should have been processed.
    pub(crate) fn check_all_is_processed(&self) {
        if self.pump.peer_has_closed {
            return;
        }
        let mut unread = self.deframer.unread();
        let mut again = Deframer::default();
        // Its framing first: at SSL 2.0 there may be more than the buffer takes at the start.
        let _ = again.next_record(self.pump.framing());
        while !unread.is_empty() && again.read(&mut unread).is_ok_and(|read| read > 0) {}
        let next = again.next_record(self.pump.framing());
        assert!(matches!(next, Ok(None)), "{next:?} was not processed");
    }

    fn speaks_ssl2(&self) -> bool {
        self.pump.framing() == crate::record::Framing::Ssl2
    }
}
