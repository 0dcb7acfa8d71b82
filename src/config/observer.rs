//! Watching a handshake, message by message.

use core::fmt;
use std::sync::Arc;

use crate::alert::{AlertDescription, AlertLevel};
use crate::cipher_kind::CipherKind;
use crate::message::HandshakeType;
use crate::message::ssl2::Ssl2MessageType;
use crate::side::Side;
use crate::suite::CipherSuite;
use crate::version::ProtocolVersion;

/// Makes one observer for each connection.
pub trait ObserverFactory: Send + Sync + fmt::Debug {
    /// The observer of a new connection, whose own end is `side`.
    fn observer(&self, side: Side) -> Box<dyn Observer>;
}

impl<F: ObserverFactory + ?Sized> ObserverFactory for Arc<F> {
    fn observer(&self, side: Side) -> Box<dyn Observer> {
        (**self).observer(side)
    }
}

/// Sees what one connection sends, receives and does, in order.
///
/// That is the order in which it does it: a client accepts the server's certificate before the
/// server's flight has ended, and sends its own certificate (step 5) before the pre-master secret
/// (step 4).
///
/// For progress, teaching, fingerprints and traces. No secret is ever shown; that is the key
/// log's.
///
/// ```
/// use retrossl::{Event, Observer, ObserverFactory, Side};
///
/// #[derive(Debug)]
/// struct Print;
///
/// impl ObserverFactory for Print {
///     fn observer(&self, _: Side) -> Box<dyn Observer> {
///         Box::new(Print)
///     }
/// }
///
/// impl Observer for Print {
///     fn observe(&mut self, event: Event<'_>) {
///         if let Event::Handshake { direction, message, bytes, .. } = event {
///             println!("{direction:?} {message}, {} bytes", bytes.len());
///         }
///     }
/// }
///
/// # let config = retrossl::ClientConfig::builder(retrossl::Policy::STRICT);
/// config.observers(Print);
/// ```
pub trait Observer: Send + Sync {
    /// Called for each event, on the thread that drives the connection.
    fn observe(&mut self, event: Event<'_>);
}

/// Which way something went, seen from this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From this side to the peer.
    Sent,
    /// From the peer to this side.
    Received,
}

/// By what a resumed session is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resumption {
    /// The ID of a session that the server keeps (RFC 5246 §7.3).
    SessionId,
    /// A ticket that holds the session, which the client keeps (RFC 5077).
    Ticket,
}

/// What an observer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A handshake message.
    #[non_exhaustive]
    Handshake {
        /// Which way it went.
        direction: Direction,
        /// Its type.
        message: HandshakeType,
        /// All of it, header included.
        bytes: &'a [u8],
    },
    /// A handshake message of SSL 2.0, or a ClientHello in its format.
    #[non_exhaustive]
    Ssl2Handshake {
        /// Which way it went.
        direction: Direction,
        /// Its type.
        message: Ssl2MessageType,
        /// All of it, the type's byte included.
        bytes: &'a [u8],
    },
    /// A ChangeCipherSpec: from here on this direction has the negotiated keys.
    #[non_exhaustive]
    ChangeCipherSpec {
        /// Which way it went.
        direction: Direction,
    },
    /// An alert.
    #[non_exhaustive]
    Alert {
        /// Which way it went.
        direction: Direction,
        /// How grave it is.
        level: AlertLevel,
        /// What it says.
        description: AlertDescription,
    },
    /// Step 3: the server's certificate was accepted. On a server, the first half of step 6: the
    /// client's was, and its CertificateVerify proves that it is the client's own.
    PeerAuthenticated,
    /// The session continues an earlier one: its master secret and its certificates are that
    /// one's, and steps 3 to 6 fall away.
    #[non_exhaustive]
    SessionResumed {
        /// By what the client named it.
        by: Resumption,
    },
    /// The second half of step 6: the master secret was derived, or at SSL 2.0 the master key made
    /// or received.
    #[non_exhaustive]
    MasterSecretDerived {
        /// Whether with the extended derivation (RFC 7627).
        extended: bool,
    },
    /// Step 7: the session keys were derived.
    #[non_exhaustive]
    KeysDerived {
        /// The version that they are for.
        version: ProtocolVersion,
        /// The suite that they are for.
        suite: CipherSuite,
    },
    /// Step 7 at SSL 2.0, which has no ChangeCipherSpec: from here on both directions have these
    /// keys.
    #[non_exhaustive]
    Ssl2KeysDerived {
        /// The kind that they are for.
        kind: CipherKind,
    },
    /// The handshake is complete: step 10 begins.
    #[non_exhaustive]
    Established {},
}
