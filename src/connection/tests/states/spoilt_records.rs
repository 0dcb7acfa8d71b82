//! What can be wrong with records at a point of a conversation, and what should come of it.

use super::conversation::{Message, Step};
use super::peer::{Peer, Said, content_type};
use super::records::{Attack, Outcome, Point};
use crate::record::ContentType::{Alert, ApplicationData, ChangeCipherSpec, Handshake};
use crate::record::{MAX_CIPHERTEXT, MAX_PLAINTEXT};
use crate::testing::in_memory::wire::{bytes, record};
use crate::{AlertDescription, HandshakeType, ProtocolVersion, Side};

pub(super) const UNEXPECTED: Outcome = Outcome::Refused(AlertDescription::UNEXPECTED_MESSAGE);
const ILLEGAL: Outcome = Outcome::Refused(AlertDescription::ILLEGAL_PARAMETER);
const DECODE_ERROR: Outcome = Outcome::Refused(AlertDescription::DECODE_ERROR);
const OVERFLOW: Outcome = Outcome::Refused(AlertDescription::RECORD_OVERFLOW);
const BAD_MAC: Outcome = Outcome::Refused(AlertDescription::BAD_RECORD_MAC);
const BAD_VERSION: Outcome = Outcome::Refused(AlertDescription::PROTOCOL_VERSION);

impl Point<'_> {
    pub(super) fn attacks(&self) -> Vec<Attack> {
        let mut attacks = self.empty();
        attacks.extend(self.oversized());
        attacks.extend(self.mistyped());
        attacks.extend(self.of_other_versions());
        attacks.extend(self.malformed());
        attacks.extend(self.interleaved());
        attacks.extend(self.over_key_change());
        if self.is_keyed {
            attacks.extend(forged());
        }
        attacks
    }

    /// RFC 5246 §6.2.1 lets only data be empty, and asks nobody to refuse the rest: up to 32 in a
    /// row are taken.
    fn empty(&self) -> Vec<Attack> {
        let of_data = if self.takes_data() {
            Outcome::Tolerated
        } else {
            UNEXPECTED
        };
        let many = |content_type, count| vec![(content_type, Vec::new()); count];
        let mut attacks = vec![
            Attack::sealed(
                "an empty ChangeCipherSpec",
                ILLEGAL,
                many(ChangeCipherSpec, 1),
            ),
            Attack::sealed("empty data", of_data, many(ApplicationData, 1)),
        ];
        for content_type in [Handshake, Alert] {
            let name = content_type.name();
            let tolerated = Outcome::Tolerated;
            let (few, too_many) = (many(content_type, 32), many(content_type, 33));
            attacks.push(Attack::sealed(format!("32 empty {name}"), tolerated, few));
            attacks.push(Attack::sealed(
                format!("33 empty {name}"),
                UNEXPECTED,
                too_many,
            ));
        }
        if self.takes_data() {
            let too_many = many(ApplicationData, 33);
            attacks.push(Attack::sealed("33 times empty data", UNEXPECTED, too_many));
        }
        attacks
    }

    /// RFC 5246 §6.2.1 and §6.2.3.
    fn oversized(&self) -> Vec<Attack> {
        let version = self.conversation.case.version.wire();
        // The start of a Certificate that is longer.
        let content = |len| {
            let mut content = vec![0; len];
            content[..4].copy_from_slice(&[11, 0, 0x7f, 0xff]);
            vec![(Handshake, content)]
        };
        let header = |len: usize| {
            let mut wire = bytes(&[record(22, version, &[])]);
            wire[3..5].copy_from_slice(&(len as u16).to_be_bytes());
            wire
        };
        let ciphertext = bytes(&[record(22, version, &vec![0; MAX_CIPHERTEXT])]);
        let of_ciphertext = if self.is_keyed { BAD_MAC } else { OVERFLOW };
        vec![
            Attack::sealed("2^14 bytes", Outcome::Waits, content(MAX_PLAINTEXT)),
            Attack::sealed("2^14 + 1 bytes", OVERFLOW, content(MAX_PLAINTEXT + 1)),
            Attack::raw("2^14 + 2048 protected bytes", of_ciphertext, ciphertext),
            Attack::raw(
                "a header of as many",
                Outcome::Waits,
                header(MAX_CIPHERTEXT),
            ),
            Attack::raw("a header of one more", OVERFLOW, header(MAX_CIPHERTEXT + 1)),
            Attack::raw("a header of 2^16 - 1", OVERFLOW, header(0xffff)),
        ]
    }

    /// RFC 5246 §6: an unexpected record type; the MAC covers it.
    fn mistyped(&self) -> Vec<Attack> {
        let unknown = [0, 1, 19, 24, 25, 64, 127, 128, 129, 255];
        let unknown = unknown.into_iter().filter(|it| self.is_unknown(*it));
        let mut attacks: Vec<_> = unknown.map(Attack::unknown_content_type).collect();
        if self.is_keyed {
            for content_type in [20, 21, 23] {
                let act = move |peer: &mut Peer<'_>| {
                    let mut wire = peer.seal(Handshake, &[1]);
                    wire[0] = content_type;
                    peer.deliver(&wire)
                };
                let what = format!("a record relabelled {content_type}");
                attacks.push(Attack::new(what, BAD_MAC, act));
            }
        }
        attacks
    }

    /// RFC 5246 appendix E.1: once a version is negotiated, records name it; alerts may come under
    /// the one that their sender knows.
    fn of_other_versions(&self) -> Vec<Attack> {
        let own = self.conversation.case.version.wire();
        let versions = [2, 0x0200, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0400];
        let versions = versions.into_iter();
        let mut attacks = Vec::new();
        for version in versions.filter(|version| *version != own) {
            for (content_type, content) in [(Handshake, vec![]), (Alert, vec![1, 90])] {
                let is_free = self.is_first || content_type == Alert;
                let outcome = match (version >> 8 == 3, is_free) {
                    (true, true) => Outcome::Tolerated,
                    // It does not even look like TLS.
                    (false, _) if self.is_first => UNEXPECTED,
                    _ => BAD_VERSION,
                };
                let act = move |peer: &mut Peer<'_>| {
                    let mut wire = peer.seal(content_type, &content);
                    wire[1..3].copy_from_slice(&version.to_be_bytes());
                    peer.deliver(&wire)
                };
                let what = format!("{} of version {version:#06x}", content_type.name());
                attacks.push(Attack::new(what, outcome, act));
            }
        }
        attacks
    }

    /// RFC 5246 §7.1 and §7.2. (That an alert could be cut in two, §6.2.1 does not rule out; nobody
    /// sends one, and half an alert is refused at once.)
    fn malformed(&self) -> Vec<Attack> {
        let mut attacks = Vec::new();
        for content in [&[0][..], &[2], &[1, 1], &[1, 0], &[255; 5]] {
            let what = format!("ChangeCipherSpec {content:?}");
            let records = vec![(ChangeCipherSpec, content.to_vec())];
            attacks.push(Attack::sealed(what, ILLEGAL, records));
        }
        for (content, outcome) in [
            (&[1][..], DECODE_ERROR),
            (&[1, 90, 1], DECODE_ERROR),
            (&[1, 90, 1, 90, 2], DECODE_ERROR),
            (&[0, 90], ILLEGAL),
            (&[3, 0], ILLEGAL),
            (&[255, 255], ILLEGAL),
            (&[1, 90, 1, 90], Outcome::Tolerated),
            (&[1, 90, 2, 40], Outcome::Ended),
            (&[1, 255], Outcome::Tolerated),
            (&[2, 255], Outcome::Ended),
        ] {
            let records = vec![(Alert, content.to_vec())];
            attacks.push(Attack::sealed(
                format!("alert {content:?}"),
                outcome,
                records,
            ));
        }
        let halves = vec![(Alert, vec![1]), (Alert, vec![90])];
        attacks.push(Attack::sealed(
            "an alert in two halves",
            DECODE_ERROR,
            halves,
        ));
        for (count, outcome) in [(8, Outcome::Tolerated), (9, UNEXPECTED)] {
            let warnings = vec![(Alert, vec![1, 90]); count];
            attacks.push(Attack::sealed(
                format!("{count} warnings"),
                outcome,
                warnings,
            ));
        }
        attacks
    }

    /// In the middle of the message that is to be said.
    fn interleaved(&self) -> Vec<Attack> {
        let message = self.conversation.said_at(self.index).clone();
        if !matches!(message, Message::Handshake(_)) {
            return Vec::new();
        }
        let case = self.conversation.case;
        let answers =
            case.version == ProtocolVersion::SSLv3 && case.victim == Side::Server && !self.is_first;
        let answers = answers && (!self.is_established || self.is_renegotiating());
        let of_no_certificate = if answers {
            UNEXPECTED
        } else {
            Outcome::Tolerated
        };
        let is_hello = matches!(
            message.handshake_type(),
            Some(HandshakeType::CLIENT_HELLO | HandshakeType::SERVER_HELLO)
        );
        // In place of a second hello it is an answer.
        let no_renegotiation = if self.is_established && is_hello {
            90
        } else {
            100
        };
        let mut attacks = Vec::new();
        for (intruder, content, outcome) in [
            (ApplicationData, &b"data"[..], UNEXPECTED),
            (ApplicationData, b"", UNEXPECTED),
            (ChangeCipherSpec, &[1], UNEXPECTED),
            (Handshake, b"", Outcome::Tolerated),
            (Alert, b"", Outcome::Tolerated),
            (Alert, &[1, 90], Outcome::Tolerated),
            (Alert, &[1, 41], of_no_certificate),
            (Alert, &[1, no_renegotiation], Outcome::Tolerated),
            (Alert, &[2, 40], Outcome::Ended),
        ] {
            for place in [1, usize::MAX] {
                let said = Said::whole(message.clone());
                let content = content.to_vec();
                let act = move |peer: &mut Peer<'_>| {
                    let whole = peer.content(&said);
                    let (first, rest) = whole.split_at(place.min(whole.len() - 1));
                    let pieces = [(Handshake, first), (intruder, &content), (Handshake, rest)];
                    peer.note_said(&said, &whole);
                    pieces.into_iter().try_for_each(|(content_type, piece)| {
                        let wire = peer.seal(content_type, piece);
                        peer.deliver(&wire)
                    })
                };
                let name = intruder.name();
                let what = format!("{name} {outcome:?} after {place} bytes of a message");
                attacks.push(Attack {
                    is_said: true,
                    ..Attack::new(what, outcome, act)
                });
            }
        }
        attacks
    }

    fn is_renegotiating(&self) -> bool {
        let first = self.conversation.said()[0];
        self.conversation.case.flavour.renegotiates() && self.index > first
    }

    /// RFC 5246 §7.1: a ChangeCipherSpec stands between two messages.
    fn over_key_change(&self) -> Vec<Attack> {
        let steps = &self.conversation.steps[self.index..];
        let [Step::Say(message), rest @ ..] = steps else {
            return Vec::new();
        };
        let next = rest.first();
        let said = Said::whole(message.clone());
        let finished = Said::whole(Message::handshake(HandshakeType::FINISHED.0, &[0; 12]));
        let mut attacks = Vec::new();
        for len in [1, 5, usize::MAX] {
            let (said, finished) = (said.clone(), finished.clone());
            // The start of a Finished, or all of it, before the keys are changed.
            let before_change_cipher_spec = move |peer: &mut Peer<'_>| {
                let mut content = match &said.message {
                    Message::ChangeCipherSpec => Vec::new(),
                    _ => peer.content(&said),
                };
                if !content.is_empty() {
                    peer.note_said(&said, &content);
                }
                let finished = peer.content(&finished);
                content.extend(&finished[..len.min(finished.len())]);
                let wire = peer.seal(Handshake, &content);
                peer.deliver(&wire)?;
                let wire = peer.seal(ChangeCipherSpec, &[1]);
                peer.deliver(&wire)
            };
            let what = format!("{len} bytes of Finished before ChangeCipherSpec");
            let is_handshake = content_type(message) == Handshake;
            let comes_next = next == Some(&Step::Say(Message::ChangeCipherSpec)) && is_handshake;
            if comes_next || *message == Message::ChangeCipherSpec {
                attacks.push(Attack {
                    is_said: true,
                    ..Attack::new(what, UNEXPECTED, before_change_cipher_spec)
                });
            }
        }
        if self.expects_finished {
            let said = said.clone();
            let behind_finished = move |peer: &mut Peer<'_>| {
                let mut content = peer.content(&said);
                content.push(0);
                let wire = peer.seal(Handshake, &content);
                peer.deliver(&wire)?;
                let wire = peer.seal(ApplicationData, b"data");
                peer.deliver(&wire)
            };
            attacks.push(Attack {
                is_said: true,
                ..Attack::new(
                    "a byte behind Finished, then data",
                    UNEXPECTED,
                    behind_finished,
                )
            });
        }
        attacks
    }
}

/// What somebody in between can do to protected records.
fn forged() -> Vec<Attack> {
    let flipped = |place: fn(usize) -> usize| {
        move |peer: &mut Peer<'_>| {
            let mut wire = peer.seal(Alert, &[1, 90]);
            let place = 5 + place(wire.len() - 5);
            wire[place] ^= 0x20;
            peer.deliver(&wire)
        }
    };
    let replayed = |peer: &mut Peer<'_>| {
        let wire = peer.seal(Alert, &[1, 90]);
        peer.deliver(&wire).unwrap();
        peer.deliver(&wire)
    };
    let dropped = |peer: &mut Peer<'_>| {
        peer.seal(Alert, &[1, 90]);
        let wire = peer.seal(Alert, &[1, 90]);
        peer.deliver(&wire)
    };
    let swapped = |peer: &mut Peer<'_>| {
        let first = peer.seal(Alert, &[1, 90]);
        let second = peer.seal(Alert, &[1, 91]);
        peer.deliver(&second)?;
        peer.deliver(&first)
    };
    let shortened = |peer: &mut Peer<'_>| {
        let wire = peer.seal(Alert, &[1, 90]);
        let content = &wire[5..wire.len() - 1];
        let version = u16::from_be_bytes([wire[1], wire[2]]);
        peer.deliver(&bytes(&[record(21, version, content)]))
    };
    let mut attacks = vec![
        Attack::new("its first byte changed", BAD_MAC, flipped(|_| 0)),
        Attack::new("a byte changed", BAD_MAC, flipped(|len| len / 2)),
        Attack::new("its last byte changed", BAD_MAC, flipped(|len| len - 1)),
        Attack::new("replayed", BAD_MAC, replayed),
        Attack::new("one dropped", BAD_MAC, dropped),
        Attack::new("two swapped", BAD_MAC, swapped),
        Attack::new("shortened", BAD_MAC, shortened),
    ];
    for (content_type, content) in [
        (20, &[1][..]),
        (21, &[1, 90]),
        (21, &[2, 40]),
        (22, &[0; 4]),
        (22, b""),
        (23, b"data in clear"),
        (23, b""),
    ] {
        let act = move |peer: &mut Peer<'_>| {
            let version = peer.seal(Handshake, b"")[1..3].try_into().unwrap();
            let version = u16::from_be_bytes(version);
            peer.deliver(&bytes(&[record(content_type, version, content)]))
        };
        attacks.push(Attack::new(format!("{content:?} in clear"), BAD_MAC, act));
    }
    attacks
}
