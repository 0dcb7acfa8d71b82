//! Step 11: who may begin a new handshake on an established connection, and when.

use std::sync::Arc;

use super::pump::{MAX_RENEGOTIATION_REQUESTS, Pump, bounded};
use super::state::State;
use crate::alert::AlertDescription;
use crate::config::ServerConfig;
use crate::error::{Error, PeerIncompatible, PeerMisbehaved, RenegotiationRefused};
use crate::handshake::Resume;
use crate::message::HandshakeType;
use crate::policy::{Renegotiation, UnbiddenRenegotiation};
use crate::side::Side;
use crate::version::ProtocolVersion;

/// How far a renegotiation is: see [`Connection::renegotiation`](crate::Connection::renegotiation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RenegotiationState {
    /// None is under way.
    Idle,
    /// This server has asked for one. The client may still refuse it, or never answer.
    Requested,
    /// The new handshake has begun: what is written waits until it is complete; what the peer
    /// sends meanwhile is received.
    UnderWay,
}

impl Pump {
    pub(super) fn renegotiation(&self) -> RenegotiationState {
        if self.is_renegotiating() {
            RenegotiationState::UnderWay
        } else if self.state.has_asked_to_renegotiate() {
            RenegotiationState::Requested
        } else {
            RenegotiationState::Idle
        }
    }

    /// A handshake is under way, and it is not the first.
    pub(super) fn is_renegotiating(&self) -> bool {
        self.known.completed.is_some() && self.state.is_handshaking()
    }

    /// Begins a new handshake: a client sends its hello, a server asks for one.
    pub(super) fn renegotiate(
        &mut self,
        config: Option<Arc<ServerConfig>>,
        resume: Resume,
    ) -> Result<(), Error> {
        if self.known.completed.is_none() {
            return Err(Error::HandshakeNotComplete);
        }
        self.may_renegotiate().map_err(Error::Renegotiation)?;
        let state = core::mem::replace(&mut self.state, State::Failed);
        self.state = state.renegotiate(config, resume, &mut self.output())?;
        Ok(())
    }

    /// A HelloRequest at any time (RFC 5246 §7.4.1.1: it is not part of the handshake, and never
    /// hashed), or a ClientHello once the handshake is complete.
    pub(super) fn asks_for_renegotiation(&self, kind: HandshakeType) -> bool {
        match self.side {
            Side::Client => kind == HandshakeType::HELLO_REQUEST,
            Side::Server => kind == HandshakeType::CLIENT_HELLO && self.state.is_established(),
        }
    }

    /// Answers a peer that asks: enters a new handshake where the policy lets it, else says no,
    /// politely where the protocol lets the connection live on. `true` where a server's state has
    /// to handle the ClientHello.
    pub(super) fn answer_renegotiation_request(&mut self) -> Result<bool, Error> {
        let expected = self.state.has_asked_to_renegotiate();
        if !expected {
            self.tolerated.renegotiation_requests += 1;
            bounded(
                self.tolerated.renegotiation_requests,
                MAX_RENEGOTIATION_REQUESTS,
                PeerMisbehaved::TooManyRenegotiationRequests,
            )?;
        }
        // During a handshake a HelloRequest is ignored. Nothing follows close_notify; and a peer
        // that asks and never takes the answers may not fill the memory.
        if !self.state.is_established() || !self.may_answer() {
            return Ok(false);
        }
        let may = self.may_renegotiate().is_ok() && (expected || self.may_begin_unbidden());
        match self.side {
            Side::Client if may => {
                self.renegotiate(None, Resume::Never)?;
                Ok(false)
            }
            Side::Server if may => Ok(true),
            _ => self.refuse_renegotiation().map(|()| false),
        }
    }

    /// Whether the peer may begin without having been asked to, once more on this connection.
    fn may_begin_unbidden(&mut self) -> bool {
        let allowed = self.side == Side::Client
            || self.state.policy().is_some_and(|policy| {
                policy.allowed_unbidden_renegotiation() == UnbiddenRenegotiation::Accepted
            });
        if !allowed || self.peers_renegotiations >= MAX_PEERS_RENEGOTIATIONS {
            return false;
        }
        self.peers_renegotiations += 1;
        true
    }

    fn refuse_renegotiation(&mut self) -> Result<(), Error> {
        match (self.side, self.known.version) {
            // SSL 3.0 has no alert for it. A server that is not answered goes on; a client that
            // waits for a ServerHello would hang.
            (Side::Client, Some(ProtocolVersion::SSLv3)) => Ok(()),
            (Side::Server, Some(ProtocolVersion::SSLv3)) => {
                Err(PeerIncompatible::NoRenegotiation.into())
            }
            _ => self.output().warn(AlertDescription::NO_RENEGOTIATION),
        }
    }

    /// The peer's no_renegotiation: what waited for the new handshake goes on under the old keys.
    /// `false` where none had been asked for.
    pub(super) fn receive_no_renegotiation(&mut self) -> Result<bool, Error> {
        let before = self.renegotiation();
        let state = core::mem::replace(&mut self.state, State::Failed);
        self.state = state.renegotiation_refused();
        if self.renegotiation() == before {
            return Ok(false);
        }
        self.flush_held()?;
        Ok(true)
    }

    fn may_renegotiate(&self) -> Result<(), RenegotiationRefused> {
        if self.peer_has_closed || self.has_closed() {
            return Err(RenegotiationRefused::Closing);
        }
        let policy = self.state.policy().ok_or(RenegotiationRefused::UnderWay)?;
        let known = &self.known;
        match policy.allowed_renegotiation() {
            Renegotiation::Never => Err(RenegotiationRefused::Policy),
            Renegotiation::Legacy => Ok(()),
            Renegotiation::Secure if !known.secure_renegotiation => {
                Err(RenegotiationRefused::PeerIsInsecure)
            }
            Renegotiation::Secure
                if known.resumption.is_some() && !known.extended_master_secret =>
            {
                Err(RenegotiationRefused::UnboundSession)
            }
            Renegotiation::Secure => Ok(()),
        }
    }
}

/// New handshakes that one connection lets its peer begin of its own accord: after that, no. A
/// peer that needs more of them can connect anew at the same cost.
const MAX_PEERS_RENEGOTIATIONS: u32 = 64;
