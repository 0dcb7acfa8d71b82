//! Legal conversations cut at every byte, in records of every size, and broken off anywhere: the
//! same outcome, byte for byte, or none.

use super::conversation::{Case, Conversation, DATA, Flavour, Message, Step, renegotiate};
use super::peer::{Peer, Said};
use crate::connection::Connection;
use crate::error::Error;
use crate::record::ContentType::Handshake;
use crate::testing::in_memory::{deliver, read, take};
use crate::{HandshakeType, ProtocolVersion};

/// A conversation as it crossed once: what the attacker's side sent, and what came back in the end.
struct Crossed<'c> {
    conversation: &'c Conversation,
    steps: Vec<Crossing>,
    heard: Vec<u8>,
}

enum Crossing {
    /// Whatever is sent before there is an answer.
    Flight(Vec<u8>),
    Renegotiate,
}

impl<'c> Crossed<'c> {
    fn of(conversation: &'c Conversation) -> Self {
        let mut peer = Peer::new(conversation);
        let mut steps = Vec::new();
        let mut is_answered = true;
        for step in &conversation.steps {
            let Step::Say(message) = step else {
                peer.have_renegotiate();
                steps.push(Crossing::Renegotiate);
                continue;
            };
            let heard = peer.heard.len();
            peer.say(&Said::whole(message.clone())).unwrap();
            let sent = core::mem::take(&mut peer.sent);
            match steps.last_mut() {
                Some(Crossing::Flight(flight)) if !is_answered => flight.extend(sent),
                _ => steps.push(Crossing::Flight(sent)),
            }
            is_answered = peer.heard.len() > heard;
        }
        Self {
            conversation,
            steps,
            heard: peer.heard,
        }
    }

    fn longest_flight(&self) -> usize {
        let lens = self.steps.iter().map(|step| match step {
            Crossing::Flight(flight) => flight.len(),
            Crossing::Renegotiate => 0,
        });
        lens.max().unwrap()
    }

    /// Once more, with each flight in the pieces that `pieces` makes of its length.
    fn again(&self, pieces: impl Fn(usize) -> Vec<usize>) {
        let case = self.conversation.case;
        let mut victim = self.conversation.victim();
        let mut heard = take(&mut victim);
        for step in &self.steps {
            match step {
                Crossing::Renegotiate => {
                    renegotiate(case.flavour, &mut victim);
                }
                Crossing::Flight(flight) => {
                    let mut lens = pieces(flight.len()).into_iter();
                    let cut = || lens.next().unwrap_or(usize::MAX);
                    deliver(flight, &mut victim, cut).unwrap();
                }
            }
            heard.extend(take(&mut victim));
        }
        assert_eq!(heard, self.heard, "{case:?}");
        let handshakes = 1 + u64::from(case.flavour.renegotiates());
        assert_eq!(victim.handshakes(), handshakes);
        assert!(read(&mut victim).ends_with(DATA));
    }
}

fn conversations() -> impl Iterator<Item = Conversation> {
    ProtocolVersion::from_ssl3()
        .flat_map(Case::each_at)
        .map(Conversation::record)
}

/// Two of which each state is in one.
fn long_and_short() -> impl Iterator<Item = Conversation> {
    conversations().filter(|conversation| {
        let Case {
            version, flavour, ..
        } = conversation.case;
        matches!(
            (version, flavour),
            (ProtocolVersion::SSLv3, Flavour::ResumedById)
                | (ProtocolVersion::TLSv1_2, Flavour::ClientCertificate)
        )
    })
}

/// A byte at a time, and in pieces of some bytes that begin anywhere.
#[test]
fn every_conversation_is_the_same_however_it_is_cut() {
    const PIECE: usize = 29;
    let mut count = 0;
    for conversation in conversations() {
        let crossed = Crossed::of(&conversation);
        crossed.again(|len| vec![1; len]);
        for first in 1..=PIECE {
            crossed.again(|len| {
                let mut pieces = vec![PIECE; len];
                pieces[0] = first;
                pieces
            });
            count += 1;
        }
    }
    println!("{count} conversations in pieces");
    assert!(count >= 2400, "{count}");
}

#[test]
fn a_conversation_is_the_same_with_each_flight_cut_in_two_at_each_byte() {
    let mut count = 0;
    for conversation in long_and_short() {
        let crossed = Crossed::of(&conversation);
        for place in 1..crossed.longest_flight() {
            crossed.again(|_| vec![place]);
            count += 1;
        }
    }
    println!("{count} conversations with flights cut in two");
    assert!(count >= 1500, "{count}");
}

/// Whoever goes away in the middle, leaves nothing that is taken for the whole.
#[test]
fn a_conversation_that_is_broken_off_at_any_byte_is_cut_off() {
    let mut count = 0;
    for conversation in long_and_short() {
        let crossed = Crossed::of(&conversation);
        let flights = crossed.steps.iter().map(|step| match step {
            Crossing::Flight(flight) => &flight[..],
            Crossing::Renegotiate => &[],
        });
        let wire: Vec<u8> = flights.flatten().copied().collect();
        for len in 0..wire.len() {
            let mut victim = conversation.victim();
            deliver(&wire[..len], &mut victim, || usize::MAX).unwrap();
            expect_cut_off(&mut victim, &conversation);
            count += 1;
        }
    }
    println!("{count} conversations broken off");
    assert!(count >= 2000, "{count}");
}

fn expect_cut_off(victim: &mut Connection, conversation: &Conversation) {
    assert_eq!(victim.read_tls(&mut &[][..]).unwrap(), 0);
    let result = victim.process_new_packets();
    if victim.handshakes() == 0 {
        assert_eq!(result, Err(Error::TruncatedHandshake));
        return;
    }
    result.unwrap();
    let error = std::io::Read::read(&mut victim.reader(), &mut [0]).unwrap_err();
    assert_eq!(Error::of_io(&error), Some(&Error::Truncated));
    assert!(!conversation.case.flavour.renegotiates());
}

/// RFC 5246 §6.2.1: a message may be fragmented, and several may share a record.
#[test]
fn every_conversation_is_the_same_in_records_of_any_size() {
    let mut count = 0;
    for conversation in conversations() {
        let heard = Crossed::of(&conversation).heard;
        for len in [1, 2, 3, 5, 100, usize::MAX] {
            let mut peer = Peer::new(&conversation);
            let mut run = Vec::new();
            let mut steps = conversation.steps.iter().peekable();
            while let Some(step) = steps.next() {
                let message = match step {
                    Step::Renegotiate => {
                        peer.have_renegotiate();
                        continue;
                    }
                    Step::Say(message) => message,
                };
                let said = Said::whole(message.clone());
                if message.handshake_type().is_none() {
                    peer.say(&said).unwrap();
                    continue;
                }
                let content = peer.content(&said);
                peer.note_said(&said, &content);
                run.extend(content);
                if ends_run(message, steps.peek().copied()) {
                    for piece in run.chunks(len) {
                        let wire = peer.seal(Handshake, piece);
                        peer.deliver(&wire).unwrap();
                    }
                    run.clear();
                }
            }
            assert_eq!(peer.heard, heard, "{:?} {len}", conversation.case);
            count += 1;
        }
    }
    println!("{count} conversations in records of other sizes");
    assert!(count >= 500, "{count}");
}

/// Whether an answer comes after `message`, or something that is no handshake message.
fn ends_run(message: &Message, next: Option<&Step>) -> bool {
    use HandshakeType as Type;
    let is_last = [
        Type::HELLO_REQUEST,
        Type::CLIENT_HELLO,
        Type::SERVER_HELLO_DONE,
        Type::FINISHED,
    ];
    let is_last = message
        .handshake_type()
        .is_some_and(|it| is_last.contains(&it));
    is_last || !matches!(next, Some(Step::Say(Message::Handshake(_))))
}
