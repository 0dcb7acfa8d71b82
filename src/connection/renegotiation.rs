//! Step 11: who may begin a new handshake on an established connection, and when.

use std::io;
use std::sync::Arc;

use super::Connection;
use super::pump::{NewKeys, Pump};
use super::state::State;
use crate::alert::AlertDescription;
use crate::config::ServerConfig;
use crate::error::{Error, PeerIncompatible, RenegotiationRefused};
use crate::handshake::Resume;
use crate::message::HandshakeType;
use crate::policy::{Policy, Renegotiation, UnbiddenRenegotiation};
use crate::side::Side;
use crate::version::ProtocolVersion;

/// How far a renegotiation is: see [`Connection::renegotiation`](crate::Connection::renegotiation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RenegotiationState {
    /// None is under way, and the last one, if there was any, is complete.
    Idle,
    /// This server has asked for one. The client may still refuse it, or never answer.
    Requested,
    /// The new handshake has begun: what is written waits until it is complete; what the peer
    /// sends meanwhile is received.
    UnderWay,
    /// The peer does not want the one that was asked for last; the connection lives on as it was.
    Refused,
}

/// What has become of the new handshake that the user asked for, until somebody is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// There is none, or it is complete.
    None,
    Pending,
    /// Whatever other handshakes follow.
    Refused,
}

impl RenegotiationState {
    /// Whether an answer of the peer's is awaited.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Requested | Self::UnderWay)
    }
}

impl Connection {
    /// A renegotiation was begun or asked for and has not ended, be it that the peer went away.
    pub(crate) fn awaits_renegotiation(&self) -> bool {
        self.pump.is_renegotiating() || self.pump.state.has_asked_to_renegotiate()
    }

    /// Whether the peer has refused what the user asked for; it is told once.
    pub(crate) fn take_refusal(&mut self) -> bool {
        let refused = self.pump.request == Request::Refused;
        if refused {
            self.pump.request = Request::None;
        }
        refused
    }

    /// Refuses what could not be sent any more: a renegotiation was under way when the peer went
    /// away.
    pub(super) fn check_not_cut_off(&self) -> io::Result<()> {
        if self.pump.is_renegotiating() && self.ended() {
            return Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "the peer went away during a renegotiation; nothing can be sent any more",
            ));
        }
        Ok(())
    }

    /// As [`check_not_cut_off`](Self::check_not_cut_off), for what was taken before that.
    pub(crate) fn check_nothing_is_lost(&self) -> io::Result<()> {
        if self.pump.holds_data() {
            self.check_not_cut_off()?;
        }
        Ok(())
    }
}

impl Pump {
    /// Where the peer has closed, nothing will come of it any more.
    pub(super) fn renegotiation(&self) -> RenegotiationState {
        if self.peer_has_closed {
            self.settled
        } else if self.is_renegotiating() {
            RenegotiationState::UnderWay
        } else if self.state.has_asked_to_renegotiate() {
            RenegotiationState::Requested
        } else {
            self.settled
        }
    }

    /// A handshake is under way, and it is not the first.
    pub(super) fn is_renegotiating(&self) -> bool {
        self.known.is_established() && self.state.is_handshaking()
    }

    /// Begins the new handshake that the user asks for.
    pub(super) fn renegotiate_for_user(
        &mut self,
        config: Option<Arc<ServerConfig>>,
        resume: Resume,
    ) -> Result<(), Error> {
        self.renegotiate(config, resume)?;
        self.settled = RenegotiationState::Idle;
        self.request = Request::Pending;
        Ok(())
    }

    /// Begins a new handshake: a client sends its hello, a server asks for one.
    fn renegotiate(
        &mut self,
        config: Option<Arc<ServerConfig>>,
        resume: Resume,
    ) -> Result<(), Error> {
        if !self.known.is_established() {
            return Err(Error::HandshakeNotComplete);
        }
        if self.speaks_ssl2() {
            return Err(Error::Renegotiation(RenegotiationRefused::Ssl2));
        }
        let policy = self.state.policy();
        let policy = policy.ok_or(Error::Renegotiation(RenegotiationRefused::UnderWay))?;
        let next = config.as_deref().map(|config| &config.common.policy);
        for policy in [policy, next.unwrap_or(policy)] {
            self.may_renegotiate(policy).map_err(Error::Renegotiation)?;
        }
        if let (State::Server(state), Some(next)) = (&self.state, &config)
            && let Some(config) = state.config()
        {
            config.check_apart_from_ssl2(next)?;
        }
        if self.side == Side::Client {
            self.next = Some(Box::new(self.known.successor()));
        }
        let state = core::mem::replace(&mut self.state, State::Failed);
        self.state = state.renegotiate(config, resume, &mut self.output())?;
        Ok(())
    }

    /// Asks, once, for a new handshake before the keys of either direction are worn out (Sweet32,
    /// RC4's biases). Where there can be none, the connection ends when they are.
    pub(super) fn replace_worn_keys(&mut self) -> Result<(), Error> {
        let worn = self.outgoing.is_wearing_out() || self.opener.is_wearing_out();
        // A handshake that was asked for brings new keys, whatever it was asked for.
        let are_coming = self.is_renegotiating() || self.state.has_asked_to_renegotiate();
        if !worn || are_coming || self.new_keys == NewKeys::AskedFor {
            return Ok(());
        }
        self.new_keys = NewKeys::AskedFor;
        match self.renegotiate(None, Resume::Never) {
            Err(Error::Renegotiation(_)) => Ok(()),
            other => other,
        }
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
        let may = self.state.policy().is_some_and(|policy| {
            self.may_renegotiate(policy).is_ok()
                && (self.state.has_asked_to_renegotiate() || self.may_begin_unbidden(policy))
        });
        // A client goes on only when it has taken the answer; a server may take its requests back,
        // and never take a hello.
        if !may || self.side == Side::Client && !self.may_answer() {
            return self.refuse_renegotiation().map(|()| false);
        }
        if !self.state.has_asked_to_renegotiate() {
            self.tolerated.peers_renegotiation();
        }
        if self.side == Side::Client {
            self.renegotiate(None, Resume::Never)?;
        }
        Ok(self.side == Side::Server)
    }

    /// Whether an answer may wait behind what the peer has yet to take.
    fn may_answer(&mut self) -> bool {
        self.peer_keeps_up() || self.tolerated.untaken_answer()
    }

    /// Whether the peer may begin without having been asked to, once more on this connection.
    fn may_begin_unbidden(&self, policy: &Policy) -> bool {
        let accepted = policy.allowed_unbidden_renegotiation() == UnbiddenRenegotiation::Accepted;
        self.tolerated.may_renegotiate() && (self.side == Side::Client || accepted)
    }

    fn refuse_renegotiation(&mut self) -> Result<(), Error> {
        self.tolerated.renegotiation_request()?;
        // During a handshake a HelloRequest is ignored, and nothing follows close_notify.
        let is_silent = !self.state.is_established() || self.has_sent_close_notify();
        if is_silent || !self.may_answer() {
            return Ok(());
        }
        match (self.side, self.known.version) {
            // SSL 3.0 has no alert for it. A server that is not answered goes on; a client that
            // waits for a ServerHello would hang.
            (Side::Client, Some(ProtocolVersion::SSLv3)) => Ok(()),
            (Side::Server, Some(ProtocolVersion::SSLv3)) => {
                Err(PeerIncompatible::NoRenegotiation.into())
            }
            _ => {
                self.known.refused_renegotiation = true;
                self.output().warn(AlertDescription::NO_RENEGOTIATION)
            }
        }
    }

    /// The peer's no_renegotiation: what waited for the new handshake goes on under the old keys.
    pub(super) fn renegotiation_refused(&mut self) -> Result<(), Error> {
        let state = core::mem::replace(&mut self.state, State::Failed);
        self.state = state.renegotiation_refused();
        self.next = None;
        self.settled = RenegotiationState::Refused;
        if self.request == Request::Pending {
            self.request = Request::Refused;
        }
        self.flush_held()
    }

    /// Whether a new handshake can begin now, and is safe enough for `policy`.
    fn may_renegotiate(&self, policy: &Policy) -> Result<(), RenegotiationRefused> {
        if self.peer_has_closed || self.is_closing() {
            return Err(RenegotiationRefused::Closing);
        }
        if !self.state.is_established() {
            return Err(RenegotiationRefused::UnderWay);
        }
        let known = &self.known;
        // The version stays, so the policy must have it.
        if known
            .version
            .is_some_and(|version| !policy.usable_at(version))
        {
            return Err(RenegotiationRefused::Policy);
        }
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

#[cfg(test)]
mod tests;
