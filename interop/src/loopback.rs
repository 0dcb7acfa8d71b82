//! TCP on the loopback interface, where nothing is waited for without end.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use retrossl::Direction;

/// How long a peer is waited for, whatever it is to do next.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to a port of this machine.
pub fn connect(port: u16) -> io::Result<TcpStream> {
    patient(TcpStream::connect((Ipv4Addr::LOCALHOST, port))?)
}

/// Listens on a port that the system chooses.
pub struct Listener {
    listener: TcpListener,
    port: u16,
}

impl Listener {
    pub fn bind() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the next connection.
    pub fn accept(&self) -> io::Result<TcpStream> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.try_accept()? {
                Some(stream) => return Ok(stream),
                None if Instant::now() > deadline => return Err(io::ErrorKind::TimedOut.into()),
                None => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// The next connection, if there is one.
    pub fn try_accept(&self) -> io::Result<Option<TcpStream>> {
        match self.listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                Ok(Some(patient(stream)?))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A connection that keeps what has crossed it.
pub struct Tapped {
    stream: TcpStream,
    crossed: Vec<Crossed>,
}

/// What one side sent before the other did, as the near side saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossed {
    /// Seen from the near side.
    pub direction: Direction,
    pub bytes: Vec<u8>,
}

impl Tapped {
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            crossed: Vec::new(),
        }
    }

    pub fn sent(&self) -> Vec<u8> {
        self.all(Direction::Sent)
    }

    pub fn received(&self) -> Vec<u8> {
        self.all(Direction::Received)
    }

    /// All of it, in order.
    pub fn into_crossed(self) -> Vec<Crossed> {
        self.crossed
    }

    /// The far side sees the end.
    pub fn end(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    fn all(&self, direction: Direction) -> Vec<u8> {
        let crossed = self.crossed.iter();
        let pieces = crossed.filter(|crossed| crossed.direction == direction);
        pieces.flat_map(|crossed| crossed.bytes.clone()).collect()
    }

    fn keep(&mut self, direction: Direction, bytes: &[u8]) {
        match self.crossed.last_mut() {
            Some(last) if last.direction == direction => last.bytes.extend_from_slice(bytes),
            _ if bytes.is_empty() => {}
            _ => self.crossed.push(Crossed {
                direction,
                bytes: bytes.to_vec(),
            }),
        }
    }
}

impl Read for Tapped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.stream.read(buffer)?;
        self.keep(Direction::Received, &buffer[..n]);
        Ok(n)
    }
}

impl Write for Tapped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.stream.write(bytes)?;
        self.keep(Direction::Sent, &bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn patient(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}
