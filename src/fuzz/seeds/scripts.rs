//! What a peer that has the keys does.

use super::Seeds;
use crate::fuzz::conversation::step::*;
use crate::side::Side;

impl Seeds {
    /// Honest peers, that come to the end if their terms agree.
    pub(super) fn talks(&mut self, name: &str, terms: &[u8; 7]) {
        self.script(&format!("{name}-talk"), terms, TALK);
        self.script(&format!("{name}-renegotiate"), terms, RENEGOTIATE_EACH_WAY);
    }

    /// Peers that tamper, and attackers without the keys.
    pub(super) fn disturbances(&mut self, name: &str, terms: &[u8; 7]) {
        for (what, script) in [
            ("much", MUCH),
            ("alerts", ALERTS),
            ("tampered", TAMPERED),
            ("wire", ON_THE_WIRE),
            ("in-the-middle", IN_THE_MIDDLE),
            ("spoilt", SPOILT),
        ] {
            self.script(&format!("{name}-{what}"), terms, script);
        }
    }

    fn script(&mut self, name: &str, terms: &[u8; 7], steps: &[&[u8]]) {
        for side in [Side::Client, Side::Server] {
            self.connection(side, name, 1, terms, steps);
        }
    }
}

const TALK: &[&[u8]] = &[
    &[EXCHANGE],
    PING,
    PONG,
    &[EXCHANGE, READ, LOOK],
    &[PEER_CLOSES, EXCHANGE, CLOSE],
];

const RENEGOTIATE_EACH_WAY: &[&[u8]] = &[
    &[EXCHANGE, RENEGOTIATE, EXCHANGE],
    PING,
    &[EXCHANGE, PEER_RENEGOTIATES, EXCHANGE],
    PONG,
    &[EXCHANGE, READ, RENEGOTIATE_RESUMING, EXCHANGE],
    PING,
    &[EXCHANGE, PEER_RENEGOTIATES_RESUMING, EXCHANGE],
    PONG,
    &[EXCHANGE, READ, RENEGOTIATE_ASKING, EXCHANGE],
    &[CLOSE, EXCHANGE],
];

const MUCH: &[&[u8]] = &[
    &[WRITE_MUCH, 0x90, 0],
    &[EXCHANGE],
    &[PEER_WRITES_MUCH, 0x50, 0],
    &[PART_FROM_PEER, 200],
    &[EXCHANGE, RELEASE, READ],
    &[PEER_WRITES_MUCH, 0, 9],
    &[EXCHANGE, END],
];

const ALERTS: &[&[u8]] = &[
    &[EXCHANGE],
    &[INJECT, 1, 2, 1, 90],
    &[INJECT, 1, 2, 1, 100],
    &[INJECT, 3, 0],
    &[EXCHANGE],
    &[INJECT, 1, 2, 2, 40],
    &[EXCHANGE],
];

const TAMPERED: &[&[u8]] = &[
    &[TAMPER, 3, 9],
    &[TAMPER_FLIP, 0, 5, 1],
    &[TAMPER_APPEND, 1, 0],
    &[TAMPER, 2],
    &[EXCHANGE],
];

const ON_THE_WIRE: &[&[u8]] = &[
    &[EXCHANGE],
    PONG,
    &[FROM_PEER, REPLAY],
    &[FLIP_ON_THE_WIRE, 0, 1, 1],
    &[CUT_ON_THE_WIRE, 0, 0, 3],
    &[ADD_TO_THE_WIRE, 2, 9, 9],
    &[FROM_PEER],
];

const IN_THE_MIDDLE: &[&[u8]] = &[
    &[EXCHANGE, RENEGOTIATE, TO_PEER],
    PONG,
    &[FROM_PEER],
    &[TAMPER_BEFORE, 3, 1, 8],
    &[PEER_RENEGOTIATES, FROM_PEER, TO_PEER, FROM_PEER],
    &[INJECT, 2, 4, 0, 0, 0, 0],
    &[EXCHANGE],
];

const SPOILT: &[&[u8]] = &[&[SPOIL_SESSIONS, 0, 60, 1], &[CLOCK, 0, 9], &[EXCHANGE]];

const PING: &[u8] = &[WRITE, 4, b'p', b'i', b'n', b'g'];

const PONG: &[u8] = &[PEER_WRITES, 4, b'p', b'o', b'n', b'g'];
