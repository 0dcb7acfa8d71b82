//! A TCP connection that does not wait for ever.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// Every read and write must end before the deadline, so that neither a silent peer nor one that
/// sends a byte at a time holds the connection longer.
#[derive(Debug)]
pub struct ImpatientTcp {
    tcp: TcpStream,
    timeout: Duration,
    deadline: Instant,
}

impl ImpatientTcp {
    pub fn new(tcp: TcpStream, timeout: Duration) -> Self {
        Self {
            tcp,
            timeout,
            deadline: Instant::now() + timeout,
        }
    }

    /// Starts the time again, after progress.
    pub fn renew(&mut self) {
        self.deadline = Instant::now() + self.timeout;
    }

    /// Ends the connection so that the peer can still read all that was sent: closing with
    /// unread bytes would reset it. A peer that has kept silent for too long is not waited for.
    pub fn hang_up(mut self) {
        if self.remaining().is_err() {
            return;
        }
        self.deadline = Instant::now() + LINGER.min(self.timeout);
        if self.tcp.shutdown(Shutdown::Write).is_ok() {
            let mut rest = [0; 4096];
            while matches!(self.read(&mut rest), Ok(1..)) {}
        }
    }

    fn remaining(&self) -> io::Result<Duration> {
        let remaining = self.deadline.saturating_duration_since(Instant::now());
        if remaining.is_zero() {
            return Err(self.timed_out());
        }
        Ok(remaining)
    }

    fn timed_out(&self) -> io::Error {
        let seconds = self.timeout.as_secs();
        io::Error::new(
            io::ErrorKind::TimedOut,
            format!("the peer did not go on within {seconds} s"),
        )
    }

    fn explain(&self, error: io::Error) -> io::Error {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.timed_out(),
            _ => error,
        }
    }
}

impl Read for ImpatientTcp {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(Some(self.remaining()?))?;
        self.tcp.read(buffer).map_err(|error| self.explain(error))
    }
}

impl Write for ImpatientTcp {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(Some(self.remaining()?))?;
        self.tcp.write(data).map_err(|error| self.explain(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

/// How long a peer may take to read the rest.
const LINGER: Duration = Duration::from_secs(2);
