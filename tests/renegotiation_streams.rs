//! Streams in the middle of a renegotiation: with a peer that leaves, talks, refuses or takes its
//! time.

mod in_memory;

use std::io::{self, Read, Write};
use std::sync::Arc;

use ProtocolVersion::{SSLv3, TLSv1_2};
use in_memory::wire::{ALERT, records};
use in_memory::{
    Pair, client_config, deliver, only, pin, read, server_config, take, test_identity,
};
use retrossl::{
    CipherSuite, ClientConfig, ClientConnection, Connection, Error, Policy, ProtocolVersion,
    Renegotiation, RenegotiationRefused, RenegotiationState, ServerConfig, Stream,
};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

/// A transport whose peer says this and is gone.
#[derive(Default)]
struct Ended {
    last_words: Vec<u8>,
    reads: usize,
    sent: Vec<u8>,
}

impl Read for Ended {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        assert!(self.reads < 10, "it spins");
        let len = self.last_words.len().min(buffer.len());
        buffer[..len].copy_from_slice(&self.last_words[..len]);
        self.last_words.drain(..len);
        Ok(len)
    }
}

impl Write for Ended {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.sent.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How a peer leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Leaves {
    /// Without a word.
    AtOnce,
    /// Its close_notify waits in the transport.
    Closing,
    /// Its close_notify came with its request.
    Closed,
}

/// A client that a server has asked for a renegotiation, and left.
fn left(leaves: Leaves) -> (ClientConnection, Ended) {
    // A preset as it is: the server asks, the client enters of its own.
    let policy = Policy::COMPATIBLE.min_rsa_bits(1024);
    let Pair {
        mut client,
        mut server,
    } = Pair::under(policy).established();
    server.renegotiate().unwrap();
    let mut request = take(&mut server);
    let mut transport = Ended::default();
    if leaves != Leaves::AtOnce {
        server.send_close_notify();
        transport.last_words = take(&mut server);
    }
    if leaves == Leaves::Closed {
        request.append(&mut transport.last_words);
    }
    deliver(&request, &mut client, || usize::MAX).unwrap();
    let expected = match leaves {
        Leaves::Closed => RenegotiationState::Idle,
        _ => RenegotiationState::UnderWay,
    };
    assert_eq!(client.renegotiation(), expected);
    (client, transport)
}

const WAYS_TO_LEAVE: [Leaves; 3] = [Leaves::AtOnce, Leaves::Closing, Leaves::Closed];

#[test]
fn completing_a_renegotiation_that_the_peer_leaves_says_how_it_left() {
    for leaves in WAYS_TO_LEAVE {
        let expected = match leaves {
            Leaves::AtOnce => Error::Truncated,
            Leaves::Closing | Leaves::Closed => Error::Renegotiation(RenegotiationRefused::Closing),
        };
        let (mut client, mut transport) = left(leaves);
        let mut stream = Stream::new(&mut client, &mut transport);
        for _ in 0..2 {
            let error = stream.complete_handshake().unwrap_err();
            assert_eq!(cause(&error).as_ref(), Some(&expected), "{leaves:?}");
        }
        assert_eq!(client.handshakes(), 1);
    }
}

/// Whichever call it was that learnt of it.
#[test]
fn a_refusal_that_came_while_something_else_was_done_is_told() {
    let policy = only(TLSv1_2, AES);
    let unwilling = client_config(policy.renegotiation(Renegotiation::Never));
    let mut pair = Pair::new(unwilling, server_config(policy)).established();
    pair.server.renegotiate().unwrap();
    pair.exchange(|| usize::MAX).unwrap();
    let mut transport = Ended::default();
    let mut stream = Stream::new(&mut pair.server, &mut transport);
    let error = stream.complete_handshake().unwrap_err();
    let refused = Error::Renegotiation(RenegotiationRefused::ByPeer);
    assert_eq!(cause(&error), Some(refused));
    stream.complete_handshake().unwrap();
}

/// A transport that a signal interrupts each time before it writes.
#[test]
fn a_signal_leaves_nothing_unsent() {
    #[derive(Default)]
    struct Interrupted {
        sent: Vec<u8>,
        calls: usize,
    }
    impl Read for Interrupted {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Ok(0)
        }
    }
    impl Write for Interrupted {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            self.calls += 1;
            match self.calls % 2 {
                1 => Err(io::ErrorKind::Interrupted.into()),
                _ => self.sent.write(data),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            self.write(&[]).map(|_| ())
        }
    }
    let mut pair = Pair::under(only(TLSv1_2, AES)).established();
    let mut transport = Interrupted::default();
    let mut stream = Stream::new(&mut pair.client, &mut transport);
    stream.write_all(&[7; 40_000]).unwrap();
    stream.flush().unwrap();
    deliver(&transport.sent, &mut pair.server, || usize::MAX).unwrap();
    assert_eq!(read(&mut pair.server), [7; 40_000]);
}

#[test]
fn reading_in_a_renegotiation_that_the_peer_leaves_comes_to_the_end() {
    for leaves in WAYS_TO_LEAVE {
        let (mut client, mut transport) = left(leaves);
        let result = Stream::new(&mut client, &mut transport).read(&mut [0; 9]);
        match leaves {
            Leaves::AtOnce => assert_eq!(cause(&result.unwrap_err()), Some(Error::Truncated)),
            _ => assert_eq!(result.unwrap(), 0, "{leaves:?}"),
        }
    }
}

/// What was taken before the peer left is not said to be sent.
#[test]
fn writing_in_a_renegotiation_that_the_peer_leaves_is_a_broken_pipe() {
    for leaves in WAYS_TO_LEAVE {
        // More than fits into the buffer, and less.
        for data in [vec![7; 100_000], b"GET /".to_vec()] {
            let (mut client, mut transport) = left(leaves);
            let mut stream = Stream::new(&mut client, &mut transport);
            let result = stream.write_all(&data).and_then(|()| stream.flush());
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
            let error = stream.write(b"once more").unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{leaves:?}");
        }
        // Nothing was written, so nothing is lost.
        let (mut client, mut transport) = left(leaves);
        Stream::new(&mut client, &mut transport).flush().unwrap();
    }
}

#[test]
fn closing_in_a_renegotiation_that_the_peer_leaves_says_what_is_lost() {
    for leaves in WAYS_TO_LEAVE {
        let (mut client, mut transport) = left(leaves);
        Stream::new(&mut client, &mut transport).close().unwrap();
        let sent = records(&transport.sent);
        let last = sent.last().map(|record| record.content_type);
        assert_eq!(last == Some(ALERT), leaves != Leaves::AtOnce, "{leaves:?}");
    }
    for leaves in [Leaves::AtOnce, Leaves::Closing] {
        let (mut client, mut transport) = left(leaves);
        let mut stream = Stream::new(&mut client, &mut transport);
        stream.write_all(b"GET /").unwrap();
        let error = stream.close().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{leaves:?}");
        let sent = records(&transport.sent);
        let last = sent.last().map(|record| record.content_type);
        assert_eq!(last == Some(ALERT), leaves == Leaves::Closing, "{leaves:?}");
    }
}

/// A server that has asked, and whose client leaves before it answers.
#[test]
fn a_client_that_leaves_is_noticed_by_the_server_that_asked() {
    for closes in [false, true] {
        let mut pair = Pair::under(only(TLSv1_2, AES)).established();
        pair.server.renegotiate().unwrap();
        let mut transport = Ended::default();
        if closes {
            pair.client.send_close_notify();
            transport.last_words = take(&mut pair.client);
        }
        let mut stream = Stream::new(&mut pair.server, &mut transport);
        let error = stream.complete_handshake().unwrap_err();
        let expected = match closes {
            false => Error::Truncated,
            true => Error::Renegotiation(RenegotiationRefused::Closing),
        };
        assert_eq!(cause(&error), Some(expected));
        // Nothing has begun, so nothing waits.
        stream.write_all(b"good bye").unwrap();
        stream.close().unwrap();
    }
}

/// A transport to a peer in the same process; it blocks while the peer has nothing to say.
struct ToPeer<'p> {
    peer: &'p mut Connection,
    heard: Vec<u8>,
}

impl Read for ToPeer<'_> {
    fn read(&mut self, mut buffer: &mut [u8]) -> io::Result<usize> {
        match self.peer.write_tls(&mut buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }
}

impl Write for ToPeer<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        deliver(data, self.peer, || usize::MAX).map_err(io::Error::other)?;
        self.heard.extend(read(self.peer));
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'p> ToPeer<'p> {
    fn new(peer: &'p mut Connection) -> Self {
        Self {
            peer,
            heard: Vec::new(),
        }
    }
}

/// The client has a buffer of that size, and has taken the request; behind it the server says
/// twice what its own takes.
fn talking_server(buffer_limit: usize) -> (Pair, Vec<u8>, Vec<u8>) {
    let policy = only(TLSv1_2, AES);
    let client = ClientConfig::builder(policy)
        .verifier(pin(1024))
        .buffer_limit(buffer_limit);
    let mut pair = Pair::new(client.build().unwrap(), server_config(policy)).established();
    pair.server.renegotiate().unwrap();
    deliver(&take(&mut pair.server), &mut pair.client, || usize::MAX).unwrap();
    assert_eq!(pair.client.renegotiation(), RenegotiationState::UnderWay);
    let mut said = Vec::new();
    let mut wire = Vec::new();
    for talk in 0..2 {
        let data = [talk; 50_000];
        pair.server.writer().write_all(&data).unwrap();
        said.extend(data);
        wire.extend(take(&mut pair.server));
    }
    (pair, wire, said)
}

/// First what is on its way, then the peer.
struct Behind<'p>(io::Cursor<Vec<u8>>, ToPeer<'p>);

impl Read for Behind<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => self.1.read(buffer),
            len => Ok(len),
        }
    }
}

impl Write for Behind<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.1.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Both talk at length around the handshake. Nobody's data is lost, whatever has to wait.
#[test]
fn an_upload_goes_on_while_the_server_talks() {
    for (buffer_limit, len) in [(64 * 1024, 10_000), (64 * 1024, 200_000), (1000, 5000)] {
        let (mut pair, wire, said) = talking_server(buffer_limit);
        let upload: Vec<u8> = (0..len).map(|at| at as u8).collect();
        let mut transport = Behind(io::Cursor::new(wire), ToPeer::new(&mut pair.server));
        let mut stream = Stream::new(&mut pair.client, &mut transport);
        let mut heard = Vec::new();
        let mut sent = 0;
        let mut had_to_read = 0;
        while sent < len {
            match stream.write(&upload[sent..]) {
                Ok(written) => {
                    assert!(written > 0);
                    sent += written;
                }
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error}");
                    had_to_read += 1;
                    heard.extend(read_some(&mut stream));
                }
            }
        }
        assert_eq!(had_to_read > 0, len > buffer_limit, "{buffer_limit} {len}");
        while heard.len() < said.len() {
            heard.extend(read_some(&mut stream));
        }
        stream.complete_handshake().unwrap();
        stream.flush().unwrap();
        assert_eq!(heard, said);
        assert_eq!(transport.1.heard, upload);
        assert_eq!(pair.client.handshakes(), 2);
        pair.echo(b"as ever", || usize::MAX);
    }
}

fn read_some<T: Read + Write>(stream: &mut Stream<'_, T>) -> Vec<u8> {
    let mut buffer = [0; 700];
    let len = stream.read(&mut buffer).unwrap();
    assert!(len > 0);
    buffer[..len].to_vec()
}

/// Who steps up waits for the client's certificate, not for nothing.
#[test]
fn completing_a_handshake_waits_for_what_was_asked_for() {
    for version in in_memory::ssl3_and_later() {
        let policy = only(version, AES);
        let (chain, key) = test_identity(2048);
        let client = ClientConfig::builder(policy)
            .verifier(pin(1024))
            .certificate(chain.clone(), key);
        let mut pair = Pair::new(client.build().unwrap(), server_config(policy)).established();
        pair.server.renegotiate_with(asking(policy)).unwrap();
        assert_eq!(pair.server.renegotiation(), RenegotiationState::Requested);
        // The client takes its time.
        let mut transport = Silent::default();
        let mut stream = Stream::new(&mut pair.server, &mut transport);
        for _ in 0..2 {
            let error = stream.complete_handshake().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        }
        assert_eq!(pair.server.peer_certificates(), None);
        deliver(&transport.0, &mut pair.client, || usize::MAX).unwrap();
        let mut transport = ToPeer::new(&mut pair.client);
        let mut stream = Stream::new(&mut pair.server, &mut transport);
        stream.complete_handshake().unwrap();
        assert_eq!(pair.server.peer_certificates(), Some(&chain[..]));
        assert_eq!(pair.server.handshakes(), 2, "{version}");
        // Nothing was asked for.
        let mut stream = Stream::new(&mut pair.server, &mut transport);
        stream.complete_handshake().unwrap();
    }
}

/// A transport whose peer says nothing yet.
#[derive(Default)]
struct Silent(Vec<u8>);

impl Read for Silent {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

impl Write for Silent {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn completing_a_handshake_that_the_peer_refuses_says_so() {
    let by_peer = Some(Error::Renegotiation(RenegotiationRefused::ByPeer));
    for version in in_memory::ssl3_and_later().filter(|version| *version > SSLv3) {
        let open = only(version, AES);
        let never = open.renegotiation(Renegotiation::Never);
        let mut pair = Pair::new(client_config(never), server_config(open)).established();
        pair.server.renegotiate_with(asking(open)).unwrap();
        let mut transport = ToPeer::new(&mut pair.client);
        let mut stream = Stream::new(&mut pair.server, &mut transport);
        let error = stream.complete_handshake().unwrap_err();
        assert_eq!(cause(&error), by_peer, "{version}");
        assert_eq!(pair.server.peer_certificates(), None);
        pair.echo(b"as before", || usize::MAX);

        // The other way round; what was written waits for the answer.
        let mut pair = Pair::under(open).established();
        pair.client.renegotiate().unwrap();
        pair.client.writer().write_all(b"held").unwrap();
        let mut transport = ToPeer::new(&mut pair.server);
        let mut stream = Stream::new(&mut pair.client, &mut transport);
        let error = stream.complete_handshake().unwrap_err();
        assert_eq!(cause(&error), by_peer, "{version}");
        assert_eq!(transport.heard, b"held");
        pair.echo(b"as before", || usize::MAX);
    }
}

/// A config that asks for the client's certificate.
fn asking(policy: Policy) -> Arc<ServerConfig> {
    let (chain, key) = test_identity(1024);
    let server = ServerConfig::builder(policy)
        .certificate(chain, key)
        .client_verifier(pin(2048));
    Arc::new(server.build().unwrap())
}

fn cause(error: &io::Error) -> Option<Error> {
    Error::of_io(error).cloned()
}

/// A transport that takes nothing any more, and has this to say.
struct Deaf(io::Cursor<Vec<u8>>);

impl Read for Deaf {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Deaf {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the peer has said can be read, whatever waits to be sent to it.
#[test]
fn a_peer_that_takes_nothing_any_more_is_still_heard() {
    let mut pair = Pair::under(only(TLSv1_2, AES)).established();
    pair.server.writer().write_all(b"last words").unwrap();
    pair.server.send_close_notify();
    let mut transport = Deaf(io::Cursor::new(take(&mut pair.server)));
    pair.client.renegotiate().unwrap();
    let mut heard = Vec::new();
    let mut stream = Stream::new(&mut pair.client, &mut transport);
    stream.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"last words");
}
