//! Every legal conversation at SSL 2.0 with something wrong in it, said by a peer that has the
//! keys.

mod in_memory;

use std::collections::{BTreeMap, BTreeSet};

use in_memory::ssl2::conversation::{Case, Conversation, DATA, Flavour, Peer, Say};
use in_memory::ssl2::messages::{
    CLIENT_CERTIFICATE, CLIENT_FINISHED, CLIENT_HELLO, CLIENT_MASTER_KEY, ERROR,
    REQUEST_CERTIFICATE, SERVER_FINISHED, SERVER_HELLO, SERVER_VERIFY,
};
use in_memory::ssl2::records::{Record, in_clear, records};
use in_memory::wire::last_alert;
use in_memory::{deliver, read};
use retrossl::{Error, Fault, PeerMisbehaved, Side, Ssl2Error};

/// How a message is spoilt before it is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoil {
    Whole,
    /// It has only so many bytes, its type among them.
    CutTo(usize),
    Extended,
    /// The last bit is another.
    Flipped,
}

type Turn = (Say, Spoil);

/// What a side does with what it hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    GoesOn,
    /// It is no message of this state, or cannot be read.
    Refuses,
    BadFinished,
    BadRecordMac,
    BadCertificate,
    EndedByError,
}

/// What may depart from a legal conversation and be taken all the same (The SSL Protocol, 1995).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exception {
    /// §2.6: a server may ask for a certificate or not.
    CertificateAsked,
    CertificateNotAsked,
    /// §2.5 and §2.7: a client may have one or say that it has none.
    OtherAnswer,
    /// §2.6: whatever SERVER-FINISHED carries is the session's name.
    OtherSessionId,
    /// §2.6: a certificate's challenge has 16 to 32 bytes.
    OtherChallenge,
    /// §1: behind the handshake there is nothing but data.
    Data,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    ClientHello,
    MasterKey,
    ClientFinished,
    Certificate,
    ServerHello,
    Verify,
    ServerFinished,
    /// A REQUEST-CERTIFICATE was answered.
    ServerFinishedAlone,
    Established,
}

/// A victim, as it should be.
struct Model {
    case: Case,
    state: State,
    has_other_keys: bool,
    exceptions: Vec<(usize, Exception)>,
    turn: usize,
}

impl Model {
    fn new(case: Case) -> Self {
        let state = match case.victim {
            Side::Client => State::ServerHello,
            Side::Server => State::ClientHello,
        };
        Self {
            case,
            state,
            has_other_keys: false,
            exceptions: Vec::new(),
            turn: 0,
        }
    }

    fn hear(&mut self, (say, spoil): Turn) -> Verdict {
        use State as Now;
        self.turn += 1;
        if self.has_other_keys {
            return Verdict::BadRecordMac;
        }
        let kind = match say {
            _ if self.state == Now::Established => {
                return if say == Say::Data {
                    Verdict::GoesOn
                } else {
                    self.except(Exception::Data)
                };
            }
            Say::Data => return Verdict::Refuses,
            Say::Message(kind) => kind,
        };
        let flavour = self.case.flavour;
        let is_resumed = flavour == Flavour::Resumed;
        match (self.state, kind, spoil) {
            (Now::ServerFinished | Now::ServerFinishedAlone, SERVER_FINISHED, _) => {
                if self.state == Now::ServerFinished && flavour.asks_for_certificate() {
                    self.except(Exception::CertificateNotAsked);
                }
                if spoil != Spoil::Whole {
                    self.except(Exception::OtherSessionId);
                }
                self.goes_on(Now::Established)
            }
            (Now::ServerFinished, REQUEST_CERTIFICATE, Spoil::Extended | Spoil::Flipped) => {
                self.state = Now::ServerFinishedAlone;
                self.except(Exception::OtherChallenge)
            }
            (Now::ClientFinished, CLIENT_FINISHED, Spoil::Extended | Spoil::Flipped)
            | (Now::Verify, SERVER_VERIFY, Spoil::Extended | Spoil::Flipped) => {
                Verdict::BadFinished
            }
            (Now::MasterKey, CLIENT_MASTER_KEY, Spoil::Flipped) => {
                self.has_other_keys = true;
                self.goes_on(Now::ClientFinished)
            }
            (Now::Certificate, CLIENT_CERTIFICATE, Spoil::Flipped) => Verdict::BadCertificate,
            (_, _, Spoil::CutTo(_) | Spoil::Extended | Spoil::Flipped) => Verdict::Refuses,

            (Now::ClientHello, CLIENT_HELLO, _) if is_resumed => self.goes_on(Now::ClientFinished),
            (Now::ClientHello, CLIENT_HELLO, _) => self.goes_on(Now::MasterKey),
            (Now::ClientHello, _, _) => Verdict::Refuses,
            (Now::MasterKey, CLIENT_MASTER_KEY, _) => self.goes_on(Now::ClientFinished),
            (Now::ClientFinished, CLIENT_FINISHED, _) if flavour.asks_for_certificate() => {
                self.goes_on(Now::Certificate)
            }
            (Now::ClientFinished, CLIENT_FINISHED, _) => self.goes_on(Now::Established),
            (Now::Certificate, CLIENT_CERTIFICATE | ERROR, _) => {
                let is_certificate = kind == CLIENT_CERTIFICATE;
                if is_certificate != (flavour == Flavour::ClientCertificate) {
                    self.except(Exception::OtherAnswer);
                }
                self.goes_on(Now::Established)
            }
            (_, ERROR, _) => Verdict::EndedByError,
            (Now::ServerHello, SERVER_HELLO, _) => self.goes_on(Now::Verify),
            (Now::Verify, SERVER_VERIFY, _) => self.goes_on(Now::ServerFinished),
            (Now::ServerFinished, REQUEST_CERTIFICATE, _) => {
                if !flavour.asks_for_certificate() {
                    self.except(Exception::CertificateAsked);
                }
                self.goes_on(Now::ServerFinishedAlone)
            }
            _ => Verdict::Refuses,
        }
    }

    fn except(&mut self, exception: Exception) -> Verdict {
        self.exceptions.push((self.turn, exception));
        Verdict::GoesOn
    }

    fn goes_on(&mut self, state: State) -> Verdict {
        self.state = state;
        Verdict::GoesOn
    }
}

#[test]
fn no_mutated_conversation_completes_at_ssl2() {
    let mut count = 0;
    let mut ends = BTreeMap::<String, usize>::new();
    let mut exceptions = BTreeSet::new();
    for conversation in Case::each().map(Conversation::new) {
        let legal = turns(conversation.case);
        assert_eq!(
            play(&conversation, "nothing", &legal).state,
            State::Established
        );
        for (what, turns) in mutations(conversation.case) {
            let model = play(&conversation, &what, &turns);
            // It was not completed but by one of the exceptions.
            if model.state == State::Established {
                assert!(!model.exceptions.is_empty(), "{what}");
            }
            exceptions.extend(model.exceptions.iter().map(|(_, it)| *it));
            *ends.entry(format!("{:?}", model.state)).or_default() += 1;
            count += 1;
        }
    }
    println!("{count} mutated conversations, which stop at {ends:?}");
    println!("taken: {exceptions:?}");
    assert_eq!(exceptions.len(), 6);
    assert!(count >= 2500, "{count}");
}

/// Says it all to a new victim, and holds what it does against the model.
fn play(conversation: &Conversation, what: &str, turns: &[Turn]) -> Model {
    let mut peer = Peer::new(conversation);
    let mut model = Model::new(conversation.case);
    let mut plaintext = Vec::new();
    for (index, turn) in turns.iter().enumerate() {
        let context = format!("{:?}, {what}: turn {index}", conversation.case);
        let content = spoilt(peer.content(turn.0), turn.1);
        let was_established = model.state == State::Established;
        let is_first = index == 0;
        let heard = peer.heard.len();
        let result = peer.say_content(turn.0, &content);
        let verdict = model.hear(*turn);
        if was_established {
            plaintext.extend(content);
        }
        let handshakes = u64::from(model.state == State::Established);
        assert_eq!(peer.victim.handshakes(), handshakes, "{context}");
        let answer = &peer.heard[heard..];
        match (verdict, &result) {
            (Verdict::GoesOn, Ok(())) => continue,
            (Verdict::BadFinished, Err(error)) => {
                assert_eq!(*error, PeerMisbehaved::BadFinished.into(), "{context}");
            }
            (Verdict::BadRecordMac, Err(error)) => {
                assert_eq!(*error, PeerMisbehaved::BadRecordMac.into(), "{context}");
            }
            (Verdict::BadCertificate, Err(error)) => {
                let bad = PeerMisbehaved::BadCertificateVerify;
                assert_eq!(*error, bad.into(), "{context}");
                let code = peer.victim.sent_ssl2_error();
                assert_eq!(code, Some(Ssl2Error::BAD_CERTIFICATE), "{context}");
            }
            (Verdict::EndedByError, Err(error)) => {
                let ended = Error::Ssl2ErrorReceived(Ssl2Error::NO_CERTIFICATE);
                assert_eq!(*error, ended, "{context}");
            }
            (Verdict::Refuses, Err(error)) => {
                assert_eq!(error.fault(), Fault::Peer, "{context}: {error}");
            }
            (verdict, result) => panic!("{context}: {result:?}, not {verdict:?}"),
        }
        // SSL 2.0 has no word for it; who has not even said hello in it hears an alert of TLS.
        let is_alert = is_first && conversation.case.victim == Side::Server;
        assert_eq!(last_alert_of(answer), is_alert, "{context}: {answer:x?}");
        if verdict != Verdict::BadCertificate && !is_alert {
            assert!(answer.is_empty(), "{context}: {answer:x?}");
        }
        assert_eq!(peer.victim.error(), result.as_ref().err());
        assert!(read(&mut peer.victim).is_empty(), "{context}");
        return model;
    }
    assert_eq!(read(&mut peer.victim), plaintext, "{what}");
    if model.state != State::Established {
        peer.victim.read_tls(&mut &[][..]).unwrap();
        let result = peer.victim.process_new_packets();
        assert_eq!(result, Err(Error::TruncatedHandshake), "{what}");
    }
    model
}

fn last_alert_of(answer: &[u8]) -> bool {
    answer.first() == Some(&21) && last_alert(answer).is_some()
}

fn turns(case: Case) -> Vec<Turn> {
    let script = case.script().into_iter();
    script.map(|say| (say, Spoil::Whole)).collect()
}

fn mutations(case: Case) -> Vec<(String, Vec<Turn>)> {
    let legal = turns(case);
    let mut mutations = Vec::new();
    let mut add = |what: String, change: &dyn Fn(&mut Vec<Turn>)| {
        let mut turns = legal.clone();
        change(&mut turns);
        mutations.push((what, turns));
    };
    let kinds = (ERROR..=CLIENT_CERTIFICATE + 1).chain([b'G', 0xff]);
    for (index, (say, _)) in legal.iter().enumerate() {
        for kind in kinds.clone() {
            let intruder = (Say::Message(kind), Spoil::Whole);
            if intruder == legal[index] {
                continue;
            }
            add(format!("{kind} before {say:?}"), &|it| {
                it.insert(index, intruder);
            });
            if *say != Say::Data {
                add(format!("{kind} in place of {say:?}"), &|it| {
                    it[index] = intruder;
                });
            }
        }
        let Say::Message(kind) = *say else { continue };
        add(format!("without {say:?}"), &|it| {
            it.remove(index);
        });
        add(format!("without {say:?} and the next"), &|it| {
            it.drain(index..index + 2);
        });
        add(format!("{say:?} twice"), &|it| it.insert(index, it[index]));
        add(format!("{say:?} and the next swapped"), &|it| {
            it.swap(index, index + 1);
        });
        add(format!("nothing from {say:?} on"), &|it| it.truncate(index));
        for spoil in spoils(kind) {
            add(format!("{say:?} {spoil:?}"), &|it| it[index].1 = spoil);
        }
    }
    mutations
}

fn spoils(kind: u8) -> Vec<Spoil> {
    let mut spoils = vec![Spoil::CutTo(1), Spoil::CutTo(9), Spoil::Extended];
    if kind == ERROR {
        spoils[1] = Spoil::CutTo(2);
    }
    // A hello with another bit at its end is another hello.
    if ![ERROR, CLIENT_HELLO, SERVER_HELLO].contains(&kind) {
        spoils.push(Spoil::Flipped);
    }
    spoils
}

fn spoilt(mut content: Vec<u8>, spoil: Spoil) -> Vec<u8> {
    match spoil {
        Spoil::Whole => {}
        Spoil::CutTo(len) => content.truncate(len),
        Spoil::Extended => content.push(0),
        Spoil::Flipped => *content.last_mut().unwrap() ^= 1,
    }
    content
}

/// At each point but the first, where the bytes could still be something else.
#[test]
fn no_spoilt_record_is_taken_at_ssl2() {
    let mut count = 0;
    for conversation in Case::each().map(Conversation::new) {
        let case = conversation.case;
        let is_block = case.kind.to_string().contains("CBC");
        for point in 1..case.script().len() {
            let say = case.script()[point];
            let mut refused = |what: &str, wire: &dyn Fn(&mut Peer<'_>) -> Vec<u8>| {
                let mut peer = Peer::after(&conversation, point);
                let handshakes = peer.victim.handshakes();
                let wire = wire(&mut peer);
                let context = format!("{case:?}, before {say:?}: {what}");
                let error = peer.deliver(&wire).expect_err(&context);
                assert_eq!(error.fault(), Fault::Peer, "{context}: {error}");
                assert_eq!(peer.victim.handshakes(), handshakes, "{context}");
                assert!(read(&mut peer.victim).is_empty(), "{context}");
                count += 1;
                error
            };
            let bad_mac = Error::from(PeerMisbehaved::BadRecordMac);
            for header in [
                &[0x80, 0][..],
                &[0, 0, 0],
                &[0, 8, 9],
                &[0x40, 24],
                &[0x7f, 0xff, 0],
            ] {
                refused("a header that no record has", &|_| header.to_vec());
            }
            refused("padding of eight bytes", &|peer| {
                let content = peer.content(say);
                peer.layer.seal_padded(&content, 8).bytes()
            });
            if !Peer::after(&conversation, point).is_keyed {
                let padded = &|peer: &mut Peer<'_>| {
                    let fragment = [&peer.content(say)[..], &[0]].concat();
                    let padding = Some(1);
                    Record { fragment, padding }.bytes()
                };
                refused("padding in clear", padded);
                continue;
            }
            let mut forged = |what: &str, wire: &dyn Fn(&mut Peer<'_>) -> Vec<u8>| {
                assert_eq!(refused(what, wire), bad_mac, "{what}");
            };
            forged("a record in clear", &|peer| in_clear(&peer.content(say)));
            forged("a byte changed", &|peer| {
                let content = peer.content(say);
                let mut wire = peer.layer.seal(&content);
                *wire.last_mut().unwrap() ^= 1;
                wire
            });
            forged("the first byte changed", &|peer| {
                let content = peer.content(say);
                let mut wire = peer.layer.seal(&content);
                wire[3] ^= 1;
                wire
            });
            forged("one dropped", &|peer| {
                let content = peer.content(say);
                peer.layer.seal(&content);
                peer.layer.seal(&content)
            });
            forged("the one before again", &|peer| {
                peer.sent.last().unwrap().clone()
            });
            forged("its own record sent back", &|peer| {
                let last = records(&peer.heard).pop().unwrap();
                last.bytes()
            });
            forged("a record of another sequence number", &|peer| {
                peer.layer.skip(1);
                let content = peer.content(say);
                peer.layer.seal(&content)
            });
            if is_block {
                forged("half a block", &|peer| {
                    let content = peer.content(say);
                    let record = peer.layer.seal_padded(&content, 0);
                    let fragment = record.fragment[..record.fragment.len() / 8 * 8 - 4].to_vec();
                    let padding = None;
                    Record { fragment, padding }.bytes()
                });
            }
        }
    }
    println!("{count} spoilt records");
    assert!(count >= 900, "{count}");
}

/// Each thing that is said cut in two at each byte, a byte at a time, and behind a header of three
/// bytes where it has two: the same outcome, byte for byte.
#[test]
fn every_conversation_is_the_same_however_it_is_cut_at_ssl2() {
    let mut count = 0;
    // Export keys make the same records.
    let cases = Case::each().filter(|case| !case.kind.to_string().contains("EXPORT"));
    for conversation in cases.map(Conversation::new) {
        let legal = Peer::after(&conversation, conversation.case.script().len());
        let again = |wire: &dyn Fn(usize) -> Vec<u8>, cut: usize| {
            let mut peer = Peer::new(&conversation);
            let said = 0..legal.sent.len();
            for bytes in said.map(wire) {
                let mut pieces = [cut].into_iter();
                let cut_in_two = || pieces.next().unwrap_or(usize::MAX);
                if cut == 0 {
                    deliver(&bytes, &mut peer.victim, || 1).unwrap();
                } else {
                    deliver(&bytes, &mut peer.victim, cut_in_two).unwrap();
                }
                peer.heard.extend(in_memory::take(&mut peer.victim));
            }
            assert_eq!(peer.heard, legal.heard, "{:?} {cut}", conversation.case);
            assert_eq!(peer.victim.handshakes(), 1);
            assert_eq!(read(&mut peer.victim), DATA);
        };
        let longest = legal.sent.iter().map(Vec::len).max().unwrap();
        for cut in 0..longest {
            again(&|index| legal.sent[index].clone(), cut);
            count += 1;
        }
        let with_three_bytes = |index: usize| {
            let mut record = records(&legal.sent[index]).remove(0);
            // The first one says by its two bytes that it is SSL 2.0's.
            if index > 0 && record.padding.is_none() {
                record.padding = Some(0);
            }
            record.bytes()
        };
        again(&with_three_bytes, usize::MAX);
        again(&with_three_bytes, 0);
    }
    println!("{count} conversations in pieces");
    assert!(count >= 4000, "{count}");
}
