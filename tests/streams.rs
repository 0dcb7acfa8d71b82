//! A connection over a transport that blocks, and a connection taken apart.

mod in_memory;

use std::io::{self, BufRead, Read, Write};

use ProtocolVersion::{TLSv1_0, TLSv1_2};
use in_memory::{Pair, deliver, only, read, take};
use retrossl::{
    AlertDescription, CipherSuite, Error, ProtocolVersion, ServerConnection, Stream, StreamOwned,
};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

#[test]
fn leftovers_are_what_was_not_used() {
    let mut pair = Pair::under(only(TLSv1_2, AES)).established();
    pair.client.writer().write_all(b"login").unwrap();
    let wire = take(&mut pair.client);
    deliver(&wire, &mut pair.server, || usize::MAX).unwrap();
    pair.server
        .read_tls(&mut &b"plain from here on"[..])
        .unwrap();
    pair.server.writer().write_all(b"unsent").unwrap();
    let leftovers = pair.server.into_leftovers();
    assert_eq!(leftovers.plaintext, b"login");
    assert_eq!(leftovers.unread_bytes, b"plain from here on");
    deliver(&leftovers.unsent_bytes, &mut pair.client, || usize::MAX).unwrap();
    assert_eq!(read(&mut pair.client), b"unsent");
}

/// A transport that blocks before every second call, and takes a few bytes at a time.
struct Hesitant<'t> {
    peer: &'t mut ServerConnection,
    calls: usize,
}

impl Hesitant<'_> {
    fn hesitate(&mut self) -> io::Result<()> {
        self.calls += 1;
        if self.calls.is_multiple_of(2) {
            Err(io::ErrorKind::WouldBlock.into())
        } else {
            Ok(())
        }
    }
}

impl Read for Hesitant<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.hesitate()?;
        let mut some = vec![0; buffer.len().min(100)];
        let written = self.peer.write_tls(&mut some.as_mut_slice())?;
        if written == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        buffer[..written].copy_from_slice(&some[..written]);
        Ok(written)
    }
}

impl Write for Hesitant<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.hesitate()?;
        let some = &data[..data.len().min(100)];
        deliver(some, self.peer, || usize::MAX).map_err(io::Error::other)?;
        Ok(some.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn patiently<T>(mut attempt: impl FnMut() -> io::Result<T>) -> T {
    for _ in 0..100_000 {
        match attempt() {
            Ok(done) => return done,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("no progress")
}

#[test]
fn a_stream_survives_a_transport_that_blocks() {
    let Pair { client, mut server } = Pair::under(only(TLSv1_0, AES));
    let peer = &mut server;
    let mut stream = StreamOwned::new(client, Hesitant { peer, calls: 0 });
    patiently(|| stream.complete_handshake());
    let data = vec![0x42; 200_000];
    let mut sent = 0;
    let mut received = Vec::new();
    while sent < data.len() {
        sent += patiently(|| stream.write(&data[sent..]));
        patiently(|| stream.flush());
        received.extend(read(stream.transport.peer));
    }
    assert_eq!(received, data);
    stream
        .transport
        .peer
        .writer()
        .write_all(b"a line\nand")
        .unwrap();
    assert!(patiently(|| stream.fill_buf().map(<[u8]>::len)) > 0);
    let mut line = String::new();
    patiently(|| stream.read_line(&mut line));
    assert_eq!(line, "a line\n");
    patiently(|| stream.close());
    stream.transport.peer.send_close_notify();
    let mut rest = Vec::new();
    patiently(|| stream.read_to_end(&mut rest));
    assert_eq!(rest, b"and");
}

/// Else whoever writes would wait for ever.
#[test]
fn a_transport_that_takes_nothing_is_an_error() {
    let mut client = Pair::under(only(TLSv1_0, AES)).client;
    let mut transport = std::io::Cursor::new([0; 0]);
    let mut stream = Stream::new(&mut client, &mut transport);
    let error = stream.complete_handshake().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WriteZero);
}

/// A transport that has only this to say, and takes everything.
struct Saying<'b>(&'b [u8], Vec<u8>);

impl Read for Saying<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Saying<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.1.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stream_answers_its_error_again_and_again_and_sends_the_alert_once() {
    let mut client = Pair::under(only(TLSv1_0, AES)).client;
    let mut transport = Saying(b"HTTP/1.0 400 Bad Request\r\n\r\n", Vec::new());
    let mut stream = Stream::new(&mut client, &mut transport);
    let first = stream.complete_handshake().unwrap_err();
    assert_eq!(first.kind(), io::ErrorKind::InvalidData);
    assert!(first.to_string().contains("not SSL or TLS"), "{first}");
    for again in [
        stream.complete_handshake().unwrap_err(),
        stream.read(&mut [0; 10]).unwrap_err(),
        stream.write(b"data").unwrap_err(),
    ] {
        assert_eq!(again.to_string(), first.to_string());
    }
    let alert = [21, 3, 1, 0, 2, 2, 10];
    let sent = transport.1;
    assert_eq!(sent.windows(7).filter(|bytes| *bytes == alert).count(), 1);
}

/// A peer that has refused the hello and hung up before it was all sent.
struct HungUp<'b>(&'b [u8]);

impl Read for HungUp<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for HungUp<'_> {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_alert_of_a_peer_that_hung_up_is_the_error() {
    let alert = [21, 3, 1, 0, 2, 2, 40];
    let mut client = Pair::under(only(TLSv1_0, AES)).client;
    let error = Stream::new(&mut client, &mut HungUp(&alert))
        .complete_handshake()
        .unwrap_err();
    let cause = Error::of_io(&error);
    let expected = Error::AlertReceived(AlertDescription::HANDSHAKE_FAILURE);
    assert_eq!(cause, Some(&expected));
    let mut client = Pair::under(only(TLSv1_0, AES)).client;
    let error = Stream::new(&mut client, &mut HungUp(&alert[..3]))
        .complete_handshake()
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}
