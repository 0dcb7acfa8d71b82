//! Messages skipped, repeated, swapped, injected, replaced, cut and changed.

use std::collections::{BTreeMap, BTreeSet};

use super::conversation::{Case, Conversation, Flavour, Message, Step};
use super::model::{Exception, Model, Verdict};
use super::peer::{Peer, Said, Spoil};
use crate::error::{Error, Fault};
use crate::testing::in_memory::read;
use crate::testing::in_memory::wire::{APPLICATION_DATA, bytes, record};
use crate::{AlertDescription, AlertLevel, HandshakeType, ProtocolVersion, Side};
use ProtocolVersion::{SSLv3, TLSv1_0, TLSv1_1, TLSv1_2};

/// A conversation with something wrong in it.
struct Mutated {
    what: String,
    steps: Vec<Turn>,
    /// The first turn that departs from the legal conversation.
    first: usize,
}

#[derive(Clone)]
enum Turn {
    Say(Said),
    Renegotiate,
}

#[test]
fn no_mutated_conversation_completes_at_ssl3() {
    check_each_at(SSLv3, 4300);
}

#[test]
fn no_mutated_conversation_completes_at_tls_1_0() {
    check_each_at(TLSv1_0, 5900);
}

#[test]
fn no_mutated_conversation_completes_at_tls_1_1() {
    check_each_at(TLSv1_1, 5400);
}

#[test]
fn no_mutated_conversation_completes_at_tls_1_2() {
    check_each_at(TLSv1_2, 5400);
}

/// Plays every mutation of every conversation; there must be that many at the least.
fn check_each_at(version: ProtocolVersion, at_least: usize) {
    let conversations: Vec<_> = Case::each_at(version).map(Conversation::record).collect();
    let pool = Pool::of(&conversations);
    let mut tally = Tally::default();
    for conversation in &conversations {
        let legal = Mutated {
            what: "nothing".to_owned(),
            steps: turns(conversation),
            first: 0,
        };
        let legal = play(conversation, &legal).model;
        let completed = 1 + u64::from(conversation.case.flavour.renegotiates());
        assert_eq!(legal.handshakes, completed, "{:?}", conversation.case);
        for mutated in mutations(conversation, &pool) {
            let played = play(conversation, &mutated);
            tally.count(conversation, &legal, &mutated, &played);
            // And with a Finished that does not know of it.
            if played.departed {
                play(conversation, &stale(&mutated));
            }
        }
    }
    println!("{version}: {} mutated conversations", tally.mutations);
    for (end, count) in &tally.ends {
        println!("  {end}: {count}");
    }
    for (exception, text) in Exception::ALL {
        if tally.exceptions.contains(&exception) {
            println!("  taken: {text}");
        }
    }
    // At SSL 3.0 there is one that TLS does not have, and the other way round.
    assert_eq!(tally.exceptions.len(), Exception::ALL.len() - 1);
    assert!(tally.mutations >= at_least, "{}", tally.mutations);
}

#[derive(Default)]
struct Tally {
    mutations: usize,
    ends: BTreeMap<String, usize>,
    exceptions: BTreeSet<Exception>,
}

impl Tally {
    /// What was played must not have completed a handshake once it had departed from the legal
    /// conversation, nor have gone on as if nothing had happened, but by an exception.
    fn count(
        &mut self,
        conversation: &Conversation,
        legal: &Model,
        mutated: &Mutated,
        played: &Played,
    ) {
        let (case, what) = (conversation.case, &mutated.what);
        if played.goes_on() || played.completed_after_departure {
            assert_ne!(
                played.model.exceptions, legal.exceptions,
                "{case:?}, {what}"
            );
        }
        self.mutations += 1;
        let exceptions = &played.model.exceptions;
        self.exceptions.extend(exceptions.iter().map(|(_, it)| *it));
        *self.ends.entry(played.end.clone()).or_default() += 1;
    }
}

/// What came of it.
struct Played {
    model: Model,
    /// Whether a message had to say something else than in the legal conversation.
    departed: bool,
    completed_after_departure: bool,
    end: String,
}

impl Played {
    fn goes_on(&self) -> bool {
        self.end == ESTABLISHED
    }
}

/// Says it all to a new victim, and holds what it does against the model.
fn play(conversation: &Conversation, mutated: &Mutated) -> Played {
    let context = format!("{:?}, {}", conversation.case, mutated.what);
    let mut peer = Peer::new(conversation);
    let mut model = Model::of(conversation);
    let mut before = None;
    let mut end = None;
    let mut departed = false;
    for (index, turn) in mutated.steps.iter().enumerate() {
        if index == mutated.first {
            before = Some(peer.victim.handshakes());
        }
        let verdict = match turn {
            Turn::Renegotiate => {
                peer.have_renegotiate();
                model.renegotiate();
                continue;
            }
            Turn::Say(said) => {
                peer.departed = false;
                let result = peer.say(said);
                departed |= peer.departed;
                let verdict = model.hear(said, peer.departed);
                let context = format!("{context}: turn {index}, {:?}", said.spoil);
                check(&mut peer, &result, verdict, &context);
                verdict
            }
        };
        assert_eq!(peer.victim.handshakes(), model.handshakes, "{context}");
        if verdict != Verdict::GoesOn {
            end = Some(format!("{verdict:?}"));
            break;
        }
    }
    assert_eq!(peer.victim.handshakes(), model.handshakes, "{context}");
    let victim = &peer.victim;
    let is_complete = victim.pump.state.is_established() && !victim.renegotiation().is_pending();
    assert_eq!(read(&mut peer.victim), model.plaintext, "{context}");
    if end.is_none() {
        check_cut_off(&mut peer, &model, &context);
    }
    let before = before.unwrap_or(model.handshakes);
    let waits = if is_complete { ESTABLISHED } else { WAITS };
    Played {
        completed_after_departure: model.handshakes > before,
        model,
        departed,
        end: end.unwrap_or_else(|| waits.to_owned()),
    }
}

/// What the victim did is what the model said.
fn check(peer: &mut Peer<'_>, result: &Result<(), Error>, verdict: Verdict, context: &str) {
    let victim = &mut peer.victim;
    match (verdict, result) {
        (Verdict::GoesOn, Ok(())) => assert_eq!(victim.error(), None, "{context}"),
        (Verdict::Closed, Ok(())) => assert!(victim.peer_has_closed(), "{context}"),
        (Verdict::Refuses(alert), Err(error)) => {
            assert_eq!(error.fault(), Fault::Peer, "{context}: {error}");
            assert_eq!(victim.sent_alert(), Some(alert), "{context}: {error}");
        }
        (Verdict::Declines(alert), Err(error)) => {
            assert_eq!(error.fault(), Fault::Settings, "{context}: {error}");
            assert_eq!(victim.sent_alert(), Some(alert), "{context}: {error}");
        }
        (Verdict::EndedBy(alert), Err(error)) => {
            let ended = [
                Error::AlertReceived(alert),
                Error::ClientCertificateMissing(alert),
            ];
            assert!(ended.contains(error), "{context}: {error}");
            assert_eq!(victim.sent_alert(), None, "{context}");
        }
        (verdict, result) => panic!("{context}: {result:?}, not {verdict:?}"),
    }
    if let Err(error) = result {
        assert_eq!(victim.error(), Some(error), "{context}");
        assert_eq!(victim.process_new_packets().as_ref(), Err(error));
        assert!(!victim.is_handshaking(), "{context}");
        // What is said after it is not heard any more.
        let data = bytes(&[record(APPLICATION_DATA, 0x0301, b"too late")]);
        assert_eq!(peer.deliver(&data).as_ref(), Err(error), "{context}");
    }
}

/// The transport's end is no end of a conversation, wherever it comes.
fn check_cut_off(peer: &mut Peer<'_>, model: &Model, context: &str) {
    let victim = &mut peer.victim;
    assert_eq!(victim.read_tls(&mut &[][..]).unwrap(), 0);
    let result = victim.process_new_packets();
    if model.handshakes == 0 {
        assert_eq!(result, Err(Error::TruncatedHandshake), "{context}");
        return;
    }
    result.unwrap();
    let error = std::io::Read::read(&mut victim.reader(), &mut [0]).unwrap_err();
    assert_eq!(Error::of_io(&error), Some(&Error::Truncated), "{context}");
}

/// Every mutation of the conversation's last handshake.
fn mutations(conversation: &Conversation, pool: &Pool) -> Vec<Mutated> {
    let legal = turns(conversation);
    let said = conversation.said();
    let (data, handshake) = said.split_last().unwrap();
    let mut mutations = Vec::new();
    let mut add = |what: String, steps: Vec<Turn>, first| {
        mutations.push(Mutated { what, steps, first });
    };
    for (place, &index) in handshake.iter().enumerate() {
        let next = said[place + 1];
        let name = name(conversation.said_at(index));
        let mut steps = legal.clone();
        steps.remove(index);
        add(format!("without {name}"), steps, index);

        let mut steps = legal.clone();
        steps.remove(next);
        steps.remove(index);
        add(format!("without {name} and the next"), steps, index);

        let mut steps = legal.clone();
        steps.insert(index, legal[index].clone());
        add(format!("{name} twice"), steps, index + 1);

        let mut steps = legal.clone();
        steps.swap(index, next);
        add(format!("{name} and the next swapped"), steps, index);

        // A second handshake need not begin.
        if place > 0 || index == 0 {
            let steps = legal[..index].to_vec();
            add(format!("nothing from {name} on"), steps, index);
        }

        let message = conversation.said_at(index);
        for spoil in spoils(message) {
            let mut steps = legal.clone();
            let message = message.clone();
            steps[index] = Turn::Say(Said { message, spoil });
            if matches!(spoil, Spoil::EndsAfter(_)) {
                if index > 0 && place == 0 {
                    continue;
                }
                steps.truncate(index + 1);
            }
            add(format!("{name} {spoil:?}"), steps, index);
        }
    }
    for &index in &said {
        for intruder in pool.for_conversation(conversation) {
            let is_data = matches!(intruder, Message::Data(_));
            // Under the keys of the handshake before, data is no more than data.
            if intruder == *conversation.said_at(index)
                || is_same_hello(&legal[index], &intruder)
                || is_data && (index == *data || index == said[0] && index > 0)
            {
                continue;
            }
            let what = name(&intruder);
            let before = name(conversation.said_at(index));
            let mut steps = legal.clone();
            steps.insert(index, Turn::Say(Said::whole(intruder.clone())));
            add(format!("{what} before {before}"), steps.clone(), index);
            let is_alert = matches!(intruder, Message::Alert(..));
            if index != *data && !is_alert {
                steps.remove(index + 1);
                add(format!("{what} in place of {before}"), steps, index);
            }
        }
    }
    for intruder in pool.for_conversation(conversation) {
        if !matches!(intruder, Message::Data(_)) {
            let mut steps = legal.clone();
            let what = name(&intruder);
            steps.push(Turn::Say(Said::whole(intruder)));
            add(format!("{what} at the end"), steps, legal.len());
        }
    }
    mutations
}

/// A legal conversation as turns.
fn turns(conversation: &Conversation) -> Vec<Turn> {
    let turn = |step: &Step| match step {
        Step::Say(message) => Turn::Say(Said::whole(message.clone())),
        Step::Renegotiate => Turn::Renegotiate,
    };
    conversation.steps.iter().map(turn).collect()
}

/// One hello in another's place is another conversation, of which the hellos' own tests judge.
fn is_same_hello(turn: &Turn, intruder: &Message) -> bool {
    let Turn::Say(said) = turn else { return false };
    let kind = intruder.handshake_type();
    let first = matches!(said.message, Message::Ssl2Hello(_)) && kind == Some(HandshakeType(1));
    first
        || kind == said.message.handshake_type()
            && [HandshakeType(1), HandshakeType(2)]
                .map(Some)
                .contains(&kind)
}

/// All that can be wrong with a message by itself.
fn spoils(message: &Message) -> Vec<Spoil> {
    let body_len = match message {
        Message::Handshake(bytes) => bytes.len() - 4,
        Message::Alert(..) => 2,
        Message::ChangeCipherSpec => 1,
        Message::Ssl2Hello(hello) => hello.len(),
        Message::Data(_) => 0,
    };
    let mut lengths = vec![0, body_len / 2, body_len.saturating_sub(1)];
    if let Some(without) = len_without_extensions(message) {
        lengths
            .iter_mut()
            .for_each(|len| *len -= usize::from(*len == without));
    }
    lengths.dedup();
    lengths.retain(|len| *len < body_len);
    if matches!(message, Message::Ssl2Hello(_)) {
        // Its first byte is what tells that it is one.
        lengths.retain(|len| *len > 2);
    }
    let mut spoils: Vec<_> = lengths.iter().map(|len| Spoil::CutTo(*len)).collect();
    spoils.push(Spoil::Extended);
    if let Message::Handshake(_) = message {
        spoils.extend(lengths.into_iter().map(Spoil::EndsAfter));
    }
    match message.handshake_type() {
        Some(HandshakeType::FINISHED) => spoils.extend([Spoil::Flipped, Spoil::Reflected]),
        Some(
            HandshakeType::CERTIFICATE_VERIFY
            | HandshakeType::SERVER_KEY_EXCHANGE
            | HandshakeType::CLIENT_KEY_EXCHANGE,
        ) => spoils.push(Spoil::Flipped),
        _ => {}
    }
    spoils
}

/// How long the body of a hello is where it ends before its extensions: there it is a good one.
fn len_without_extensions(message: &Message) -> Option<usize> {
    let Message::Handshake(bytes) = message else {
        return None;
    };
    // Version and random, then the session ID behind its length.
    let session_id_end = 2 + 32 + 1 + usize::from(*bytes.get(4 + 2 + 32)?);
    match HandshakeType(bytes[0]) {
        HandshakeType::SERVER_HELLO => Some(session_id_end + 2 + 1),
        HandshakeType::CLIENT_HELLO => {
            let suites_len = bytes[4 + session_id_end..][..2].try_into().unwrap();
            let suites_end = session_id_end + 2 + usize::from(u16::from_be_bytes(suites_len));
            Some(suites_end + 1 + 1)
        }
        _ => None,
    }
}

/// The same with a Finished and a CertificateVerify as they were in the legal conversation.
fn stale(mutated: &Mutated) -> Mutated {
    let mut steps = mutated.steps.clone();
    for turn in &mut steps {
        if let Turn::Say(said) = turn
            && said.spoil == Spoil::Whole
            && let Some(HandshakeType::FINISHED | HandshakeType::CERTIFICATE_VERIFY) =
                said.message.handshake_type()
        {
            said.spoil = Spoil::Stale;
        }
    }
    Mutated {
        what: format!("{}, stale", mutated.what),
        steps,
        first: mutated.first,
    }
}

fn name(message: &Message) -> String {
    match message {
        Message::Handshake(bytes) => {
            let kind = HandshakeType(bytes[0]);
            if kind == HandshakeType::CERTIFICATE && bytes.len() == 7 {
                "an empty Certificate".to_owned()
            } else {
                kind.to_string()
            }
        }
        Message::ChangeCipherSpec => "ChangeCipherSpec".to_owned(),
        Message::Alert(level, description) => format!("{level} {description}"),
        Message::Data(_) => "data".to_owned(),
        Message::Ssl2Hello(_) => "CLIENT-HELLO".to_owned(),
    }
}

/// One message of every kind, as well-formed as can be.
struct Pool(Vec<Message>);

impl Pool {
    fn of(conversations: &[Conversation]) -> Self {
        // Where the version has none of its own.
        let ephemeral = Conversation::record(Case {
            version: TLSv1_0,
            suite: crate::CipherSuite::TLS_RSA_EXPORT_WITH_RC4_40_MD5,
            flavour: Flavour::EphemeralKey,
            victim: Side::Client,
        });
        let ticket = Message::handshake(4, &[&[0, 0, 1, 0, 0, 50][..], &[0x66; 50]].concat());
        let mut pool: Vec<Message> = Vec::new();
        let said = conversations.iter().chain([&ephemeral]);
        let said = said.flat_map(|conversation| &conversation.steps);
        let said = said.filter_map(|step| match step {
            Step::Say(message) => Some(message.clone()),
            Step::Renegotiate => None,
        });
        for message in said.chain([ticket]) {
            let kind = message.handshake_type();
            if kind.is_some() && pool.iter().all(|it| it.handshake_type() != kind) {
                pool.push(message);
            }
        }
        assert_eq!(pool.len(), 11, "all kinds that this crate knows");
        pool.push(Message::handshake(11, &[0; 3]));
        // CertificateStatus, and one that nobody knows.
        pool.extend([22, 255].map(|kind| Message::handshake(kind, &[1, 2, 3])));
        pool.push(Message::ChangeCipherSpec);
        pool.push(Message::Data(b"intruding".to_vec()));
        let warnings = [
            AlertDescription::CLOSE_NOTIFY,
            AlertDescription::NO_CERTIFICATE,
            AlertDescription::USER_CANCELED,
            AlertDescription::NO_RENEGOTIATION,
        ];
        pool.extend(warnings.map(|warning| Message::Alert(AlertLevel::Warning, warning)));
        let fatal = [
            AlertDescription::CLOSE_NOTIFY,
            AlertDescription::HANDSHAKE_FAILURE,
        ];
        pool.extend(fatal.map(|fatal| Message::Alert(AlertLevel::Fatal, fatal)));
        Self(pool)
    }

    /// Of what is in the conversation itself, the last of its kind.
    fn for_conversation(&self, conversation: &Conversation) -> Vec<Message> {
        let own = |message: &Message| {
            let kind = message.handshake_type()?;
            let said = conversation
                .steps
                .iter()
                .rev()
                .filter_map(|step| match step {
                    Step::Say(said) => Some(said),
                    Step::Renegotiate => None,
                });
            let mut same = said.filter(|said| said.handshake_type() == Some(kind));
            // An empty Certificate is one apart.
            let is_empty = name(message).starts_with("an empty");
            if is_empty { None } else { same.next().cloned() }
        };
        let own = |message: &Message| own(message).unwrap_or_else(|| message.clone());
        self.0.iter().map(own).collect()
    }
}

const ESTABLISHED: &str = "goes on";
const WAITS: &str = "waits";
