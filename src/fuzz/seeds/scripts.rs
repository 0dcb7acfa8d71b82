//! What a peer that has the keys does.

use super::Seeds;
use crate::fuzz::conversation::step::*;
use crate::fuzz::terms;
use crate::side::Side;
use crate::version::ProtocolVersion;

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

    /// Hellos that an honest peer does not send, in the place of its own.
    pub(super) fn crafted_hellos(&mut self) {
        const SENTINEL: &[u8; 8] = b"DOWNGRD\0";
        let extensions: [(&str, &[u8]); 9] = [
            ("none", &[]),
            ("renegotiation-info", &[0xff, 1, 0, 1, 0]),
            ("full-renegotiation-info", &[0xff, 1, 0, 3, 2, 7, 7]),
            ("max-fragment-length", &[0, 1, 0, 1, 3]),
            ("two-limits", &[0, 1, 0, 1, 1, 0, 28, 0, 2, 2, 0]),
            ("encrypt-then-mac", &[0, 22, 0, 0]),
            ("master-secret-and-ticket", &[0, 23, 0, 0, 0, 35, 0, 0]),
            ("alpn", &[0, 16, 0, 4, 0, 2, 1, b'x']),
            ("unknown", &[0xaa, 0xaa, 0, 1, 5]),
        ];
        for version in ProtocolVersion::from_ssl3() {
            let wire = version.wire().to_be_bytes();
            for (what, extensions) in &extensions {
                for end in [SENTINEL, &[9; 8]] {
                    let random = [&[7; 24], &end[..]].concat();
                    let block = [&[0, extensions.len() as u8], *extensions].concat();
                    let block = if extensions.is_empty() {
                        &[]
                    } else {
                        &block[..]
                    };
                    // AES_128_CBC_SHA and AES_128_GCM_SHA256.
                    for suite in [0x2f, 0x9c] {
                        let name = format!("{version}-{what}-{}-{suite}", end[0]);
                        let server = [&wire, &random[..], &[0, 0, suite, 0], block].concat();
                        self.crafted(Side::Client, &name, 2, &server);
                    }
                    // With TLS_FALLBACK_SCSV.
                    let suites = [0, 6, 0, 0x2f, 0, 0x9c, 0x56, 0];
                    for suites in [&suites[..], &[0, 2, 0, 0x2f]] {
                        let name = format!("{version}-{what}-{}-{}", end[0], suites.len());
                        let hello = [&wire, &random[..], &[0], suites, &[1, 0], block].concat();
                        self.crafted(Side::Server, &name, 1, &hello);
                    }
                }
            }
        }
    }

    /// A message in the place of the peer's first, and of that of a new handshake.
    fn crafted(&mut self, side: Side, name: &str, kind: u8, body: &[u8]) {
        let len = body.len() as u8;
        let message = [&[kind, 0, 0, len], body].concat();
        let replace = [&[TAMPER_REPLACE, 2, message.len() as u8], &message[..]].concat();
        let terms = [terms::VERSIONS_ALL, 0, 0, 0, 0, 0, 0];
        let first = [&replace, &[EXCHANGE][..]];
        self.connection(side, &format!("crafted-{name}"), 1, &terms, &first);
        let later = [&[EXCHANGE][..], &replace, &[PEER_RENEGOTIATES, EXCHANGE]];
        let name = format!("crafted-later-{name}");
        self.connection(side, &name, 1, &terms, &later);
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
