//! Records that are empty, oversized, of a wrong type or version, forged, replayed, or in the
//! middle of a message, at each point of each conversation.

use super::conversation::{Case, Conversation, Flavour, Message, Step};
use super::peer::Peer;
use super::spoilt_records::UNEXPECTED;
use crate::error::{Error, Fault};
use crate::record::ContentType::{self, Handshake};
use crate::testing::in_memory::read;
use crate::{AlertDescription, CipherSuite, HandshakeType, ProtocolVersion, Side};
use ProtocolVersion::{SSLv3, TLSv1_0, TLSv1_1, TLSv1_2};

/// What comes of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The connection ends with this alert.
    Refused(AlertDescription),
    /// The conversation goes on as if nothing had happened.
    Tolerated,
    /// More is waited for.
    Waits,
    /// The alert ended it.
    Ended,
}

#[test]
fn no_spoilt_record_is_taken_at_ssl3() {
    check_each_at(SSLv3, 4000);
}

#[test]
fn no_spoilt_record_is_taken_at_tls_1_0() {
    check_each_at(TLSv1_0, 5200);
}

#[test]
fn no_spoilt_record_is_taken_at_tls_1_1() {
    check_each_at(TLSv1_1, 4400);
}

#[test]
fn no_spoilt_record_is_taken_at_tls_1_2() {
    check_each_at(TLSv1_2, 4900);
}

/// All there is at each point, and at least that much.
fn check_each_at(version: ProtocolVersion, at_least: usize) {
    let mut count = 0;
    for case in cases(version) {
        let conversation = Conversation::record(case);
        for index in conversation.said() {
            let point = Point::at(&conversation, index);
            for attack in point.attacks() {
                point.check(&attack);
                count += 1;
            }
        }
    }
    println!("{version}: {count} spoilt records");
    assert!(count >= at_least, "{count}");
}

/// A conversation for each state that a side can be in, under a block cipher, and one under each
/// other protection.
fn cases(version: ProtocolVersion) -> impl Iterator<Item = Case> {
    let other_suites = [
        CipherSuite::TLS_RSA_WITH_RC4_128_SHA,
        CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256,
    ];
    let others = other_suites
        .into_iter()
        .filter(move |suite| suite.exists_at(version))
        .flat_map(move |suite| {
            [Side::Client, Side::Server].map(|victim| Case {
                version,
                suite,
                flavour: Flavour::ResumedById,
                victim,
            })
        });
    let is_apart = |case: &Case| {
        matches!(
            case.flavour,
            Flavour::ClientCertificate
                | Flavour::EphemeralKey
                | Flavour::Ticket
                | Flavour::ResumedById
                | Flavour::ResumedForNewTicket
                | Flavour::Renegotiation
        )
    };
    Case::each_at(version).filter(is_apart).chain(others)
}

/// Every content type, as a number that no content has.
#[test]
fn every_unknown_content_type_is_refused_at_each_point() {
    let mut count = 0;
    for (version, flavour) in [
        (SSLv3, Flavour::ResumedById),
        (TLSv1_2, Flavour::ClientCertificate),
    ] {
        for victim in [Side::Client, Side::Server] {
            let suite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
            let conversation = Conversation::record(Case {
                version,
                suite,
                flavour,
                victim,
            });
            for index in conversation.said() {
                let point = Point::at(&conversation, index);
                for content_type in (0..=255).filter(|it| point.is_unknown(*it)) {
                    point.check(&Attack::unknown_content_type(content_type));
                    count += 1;
                }
            }
        }
    }
    println!("{count} records of unknown types");
    assert!(count >= 5000, "{count}");
}

/// A point in a conversation: the attacker is to say `index` next.
pub(super) struct Point<'c> {
    pub(super) conversation: &'c Conversation,
    pub(super) index: usize,
    /// The victim has heard nothing yet.
    pub(super) is_first: bool,
    pub(super) is_established: bool,
    /// The attacker's records are protected.
    pub(super) is_keyed: bool,
    /// Between ChangeCipherSpec and Finished.
    pub(super) expects_finished: bool,
}

/// Something that is done at a point.
pub(super) struct Attack {
    pub(super) what: String,
    pub(super) outcome: Outcome,
    /// Whether the message that was to be said is part of it.
    pub(super) is_said: bool,
    pub(super) act: Box<Act>,
}

pub(super) type Act = dyn Fn(&mut Peer<'_>) -> Result<(), Error>;

impl Attack {
    pub(super) fn new(
        what: impl Into<String>,
        outcome: Outcome,
        act: impl Fn(&mut Peer<'_>) -> Result<(), Error> + 'static,
    ) -> Self {
        Self {
            what: what.into(),
            outcome,
            is_said: false,
            act: Box::new(act),
        }
    }

    /// These records, sealed in order.
    pub(super) fn sealed(
        what: impl Into<String>,
        outcome: Outcome,
        records: Vec<(ContentType, Vec<u8>)>,
    ) -> Self {
        Self::new(what, outcome, move |peer| {
            records.iter().try_for_each(|(content_type, content)| {
                let wire = peer.seal(*content_type, content);
                peer.deliver(&wire)
            })
        })
    }

    /// These bytes as they are.
    pub(super) fn raw(what: impl Into<String>, outcome: Outcome, wire: Vec<u8>) -> Self {
        Self::new(what, outcome, move |peer| peer.deliver(&wire))
    }

    pub(super) fn unknown_content_type(content_type: u8) -> Self {
        let act = move |peer: &mut Peer<'_>| {
            let mut wire = peer.seal(Handshake, &[]);
            wire[0] = content_type;
            peer.deliver(&wire)
        };
        Self::new(format!("content type {content_type}"), UNEXPECTED, act)
    }
}

impl<'c> Point<'c> {
    fn at(conversation: &'c Conversation, index: usize) -> Self {
        let peer = Peer::at(conversation, index);
        let kind = |index: usize| conversation.said_at(index).handshake_type();
        Self {
            conversation,
            index,
            is_first: index == 0,
            is_established: peer.victim.handshakes() > 0,
            is_keyed: conversation.steps[..index].contains(&Step::Say(Message::ChangeCipherSpec)),
            expects_finished: kind(index) == Some(HandshakeType::FINISHED),
        }
    }

    /// Goes there anew and sees what comes of it.
    fn check(&self, attack: &Attack) {
        let case = self.conversation.case;
        let name = &attack.what;
        let context = format!("{case:?}, before {}: {name}", self.index);
        let mut peer = Peer::at(self.conversation, self.index);
        let handshakes = peer.victim.handshakes();
        read(&mut peer.victim);
        let result = (attack.act)(&mut peer);
        match (attack.outcome, &result) {
            (Outcome::Refused(alert), Err(error)) => {
                assert_eq!(error.fault(), Fault::Peer, "{context}: {error}");
                let sent = peer.victim.sent_alert();
                assert_eq!(sent, Some(self.in_version(alert)), "{context}: {error}");
            }
            (Outcome::Ended, Err(error)) => {
                assert_eq!(error.fault(), Fault::Refused, "{context}: {error}");
                assert_eq!(peer.victim.sent_alert(), None, "{context}");
            }
            (Outcome::Tolerated, Ok(())) => {
                let next = self.index + usize::from(attack.is_said);
                peer.go_on(next);
                let legal = 1 + u64::from(case.flavour.renegotiates());
                assert_eq!(peer.victim.handshakes(), legal, "{context}");
                return;
            }
            (Outcome::Waits, Ok(())) => {
                let end = &mut peer.victim;
                end.read_tls(&mut &[][..]).unwrap();
                if handshakes == 0 {
                    let cut_off = Err(Error::TruncatedHandshake);
                    assert_eq!(end.process_new_packets(), cut_off, "{context}");
                }
            }
            (outcome, result) => panic!("{context}: {result:?}, not {outcome:?}"),
        }
        // A Finished may have been a good one.
        let completed = handshakes + u64::from(attack.is_said && self.expects_finished);
        assert!(peer.victim.handshakes() <= completed, "{context}");
        assert!(read(&mut peer.victim).is_empty(), "{context}");
    }

    /// RFC 6101 §5.4.2: SSL 3.0 knows fewer.
    fn in_version(&self, alert: AlertDescription) -> AlertDescription {
        match (self.conversation.case.version, alert) {
            (SSLv3, AlertDescription::PROTOCOL_VERSION) => AlertDescription::HANDSHAKE_FAILURE,
            (SSLv3, AlertDescription::DECODE_ERROR | AlertDescription::RECORD_OVERFLOW) => {
                AlertDescription::ILLEGAL_PARAMETER
            }
            (_, alert) => alert,
        }
    }

    /// Data may come on an established connection, but not between ChangeCipherSpec and Finished.
    pub(super) fn takes_data(&self) -> bool {
        self.is_established && !self.expects_finished
    }

    /// Whether no content has that type. The first bytes of all may be SSL 2.0's, too (RFC 5246
    /// appendix E.2).
    pub(super) fn is_unknown(&self, content_type: u8) -> bool {
        !((20..=23).contains(&content_type) || self.is_first && content_type >= 0x80)
    }
}
