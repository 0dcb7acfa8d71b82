//! A client of OpenSSL's that resumes sessions.
//!
//! The crate `openssl` gives a client its session back by an unsafe function only, so this goes
//! through `hyper-openssl`, which keeps sessions and calls that function: its connector is polled
//! by hand, over buffers. Beside OpenSSL's own work this costs a future and a lookup, well under a
//! microsecond.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io::{self, Read as _, Write as _};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_openssl::client::legacy::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection};
use openssl::ssl::{SslConnector, SslMethod};
use tower_service::Service;

use super::openssl::{HOST, Wire, settings};
use super::{Endpoint, Party, Terms};
use crate::Error;
use crate::peer::openssl::{configure, load_providers};
use crate::people::People;

pub fn client(terms: &Terms, people: &People) -> Result<Box<dyn Endpoint>, Error> {
    load_providers()?;
    let mut context = SslConnector::builder(SslMethod::tls())?;
    configure(&mut context, &settings(terms, people, &people.client)?)?;
    let wires = Wires::default();
    Ok(Box::new(Client {
        connector: RefCell::new(HttpsConnector::with_connector(wires.clone(), context)?),
        wires,
        uri: format!("https://{HOST}").parse()?,
    }))
}

struct Client {
    connector: RefCell<HttpsConnector<Wires>>,
    wires: Wires,
    uri: Uri,
}

impl Endpoint for Client {
    fn connect(&self) -> Result<Box<dyn Party>, Error> {
        let handshake = self.connector.borrow_mut().call(self.uri.clone());
        let wire = self.wires.last().clone();
        let mut client = Resuming {
            state: State::Handshaking(handshake),
            wire,
        };
        client.go_on()?;
        Ok(Box::new(client))
    }
}

struct Resuming {
    state: State,
    wire: SharedWire,
}

enum State {
    Handshaking(Handshake),
    Established(MaybeHttpsStream<SharedWire>),
}

type Handshake = <HttpsConnector<Wires> as Service<Uri>>::Future;

impl Resuming {
    fn go_on(&mut self) -> Result<(), Error> {
        let State::Handshaking(handshake) = &mut self.state else {
            return Ok(());
        };
        if let Poll::Ready(stream) = handshake.as_mut().poll(&mut context()) {
            self.state = State::Established(stream?);
        }
        Ok(())
    }
}

impl Party for Resuming {
    fn send(&mut self, wire: &mut Vec<u8>) -> Result<(), Error> {
        self.wire.lock().send(wire);
        Ok(())
    }

    fn receive(&mut self, wire: &mut Vec<u8>) -> Result<(), Error> {
        self.wire.lock().lend(wire);
        let result = self.go_on();
        self.wire.lock().lend(wire);
        result
    }

    fn is_handshaking(&self) -> bool {
        matches!(self.state, State::Handshaking(_))
    }

    fn session_resumed(&self) -> bool {
        match &self.state {
            State::Established(MaybeHttpsStream::Https(stream)) => stream.ssl().session_reused(),
            _ => false,
        }
    }

    fn seal(&mut self, _: &[u8], _: &mut Vec<u8>) -> Result<(), Error> {
        Err(HANDSHAKES_ONLY.into())
    }

    fn open(&mut self, _: &mut Vec<u8>, _: &mut [u8]) -> Result<(), Error> {
        Err(HANDSHAKES_ONLY.into())
    }

    fn close(&mut self, wire: &mut Vec<u8>) -> Result<(), Error> {
        let State::Established(stream) = &mut self.state else {
            return Err("there is no connection to be closed".into());
        };
        match Pin::new(stream).poll_shutdown(&mut context()) {
            Poll::Ready(result) => result?,
            // It would wait for the peer's.
            Poll::Pending => {}
        }
        self.send(wire)
    }
}

/// Makes a transport for each connection.
#[derive(Clone, Default)]
struct Wires(Arc<Mutex<SharedWire>>);

impl Wires {
    fn last(&self) -> MutexGuard<'_, SharedWire> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service<Uri> for Wires {
    type Response = SharedWire;
    type Error = Infallible;
    type Future = Ready<Result<SharedWire, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let wire = SharedWire::default();
        *self.last() = wire.clone();
        ready(Ok(wire))
    }
}

#[derive(Clone, Default)]
struct SharedWire(Arc<Mutex<Wire>>);

impl SharedWire {
    fn lock(&self) -> MutexGuard<'_, Wire> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection for SharedWire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for SharedWire {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut piece = [0; 4096];
        let room = piece.len().min(buf.remaining());
        match self.lock().read(&mut piece[..room]) {
            Ok(taken) => {
                buf.put_slice(&piece[..taken]);
                Poll::Ready(Ok(()))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl Write for SharedWire {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.lock().write(buf))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Nobody is to be woken: whoever has fed the connection polls it.
fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

const HANDSHAKES_ONLY: &str = "a resuming client of OpenSSL's is there for handshakes only";
