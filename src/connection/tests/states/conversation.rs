//! Legal conversations, written down in clear from the side that is going to attack.

use std::collections::HashMap;
use std::ops::DerefMut;
use std::sync::Arc;

use super::setup::Setup;
use crate::connection::Connection;
use crate::record::ProtectionParameters;
use crate::secrets::{KeyBlock, MasterSecret, VerifyData};
use crate::testing::fixed::Remembered;
use crate::testing::in_memory::wire::{self, records, with_extensions};
use crate::testing::in_memory::{Pair, only};
use crate::{
    AlertDescription, AlertLevel, CipherSuite, HandshakeType, HelloFormat, Policy, PrivateKey,
    ProtocolVersion, Quirk, Side, UnbiddenRenegotiation,
};

/// Which conversation it is, and who is attacked in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) version: ProtocolVersion,
    pub(super) suite: CipherSuite,
    pub(super) flavour: Flavour,
    pub(super) victim: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    Full,
    ExtendedMasterSecret,
    /// The server asks for a certificate and gets one.
    ClientCertificate,
    /// The server asks for a certificate and gets none.
    NoClientCertificate,
    /// An export suite whose key is shorter than the certificate's.
    EphemeralKey,
    /// It begins with a hello in SSL 2.0's format.
    Ssl2Hello,
    /// A full handshake that ends with a NewSessionTicket.
    Ticket,
    ResumedById,
    ResumedByTicket,
    /// By a ticket, in whose place comes a new one.
    ResumedForNewTicket,
    /// A second, full handshake, which the server has asked for.
    Renegotiation,
    /// One that the client begins unasked.
    UnbiddenRenegotiation,
    /// One that both have asked for, and that resumes the first one's session.
    ResumingRenegotiation,
}

impl Flavour {
    const ALL: [Self; 13] = [
        Self::Full,
        Self::ExtendedMasterSecret,
        Self::ClientCertificate,
        Self::NoClientCertificate,
        Self::EphemeralKey,
        Self::Ssl2Hello,
        Self::Ticket,
        Self::ResumedById,
        Self::ResumedByTicket,
        Self::ResumedForNewTicket,
        Self::Renegotiation,
        Self::UnbiddenRenegotiation,
        Self::ResumingRenegotiation,
    ];

    /// Whether there is such a conversation.
    fn exists(self, version: ProtocolVersion, victim: Side) -> bool {
        match self {
            // Neither extensions nor tickets at SSL 3.0.
            Self::ExtendedMasterSecret | Self::Ticket | Self::ResumedByTicket => {
                version > ProtocolVersion::SSLv3
            }
            // This crate's servers give none, so a victim can only be a client.
            Self::ResumedForNewTicket => version > ProtocolVersion::SSLv3 && victim == Side::Client,
            // Nor can a client that says hello so be attacked before it has.
            Self::Ssl2Hello => victim == Side::Server,
            // RFC 4346 §F.1.1.2: no export suites from TLS 1.1 on.
            Self::EphemeralKey => version <= ProtocolVersion::TLSv1_0,
            _ => true,
        }
    }

    pub(super) fn asks_for_certificate(self) -> bool {
        matches!(self, Self::ClientCertificate | Self::NoClientCertificate)
    }

    pub(super) fn gives_ticket(self) -> bool {
        matches!(self, Self::Ticket | Self::ResumedForNewTicket)
    }

    /// Whether the handshake takes up a session that follows `completed` others.
    pub(super) fn resumes(self, completed: u64) -> bool {
        match self {
            Self::ResumingRenegotiation => completed == 1,
            other => other.resumes_earlier_connection(),
        }
    }

    fn resumes_earlier_connection(self) -> bool {
        matches!(
            self,
            Self::ResumedById | Self::ResumedByTicket | Self::ResumedForNewTicket
        )
    }

    pub(super) fn has_tickets(self) -> bool {
        matches!(
            self,
            Self::Ticket | Self::ResumedByTicket | Self::ResumedForNewTicket
        )
    }

    /// The others do without the work of sealing one.
    pub(super) fn keeps_session(self) -> bool {
        self.has_tickets()
            || matches!(
                self,
                Self::Full | Self::ResumedById | Self::ResumingRenegotiation
            )
    }

    pub(super) fn renegotiates(self) -> bool {
        matches!(
            self,
            Self::Renegotiation | Self::UnbiddenRenegotiation | Self::ResumingRenegotiation
        )
    }

    /// Bits of the server's key: as few as will do.
    pub(super) fn certificate(self) -> usize {
        match self {
            Self::EphemeralKey => 1024,
            _ => 512,
        }
    }
}

impl Case {
    /// Every conversation at `version`, with either side as the victim.
    pub(super) fn each_at(version: ProtocolVersion) -> impl Iterator<Item = Self> {
        [Side::Client, Side::Server]
            .into_iter()
            .flat_map(move |victim| {
                Flavour::ALL
                    .into_iter()
                    .filter(move |flavour| flavour.exists(version, victim))
                    .map(move |flavour| Self {
                        version,
                        suite: match flavour {
                            Flavour::EphemeralKey => CipherSuite::TLS_RSA_EXPORT_WITH_RC4_40_MD5,
                            _ => CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
                        },
                        flavour,
                        victim,
                    })
            })
    }

    pub(super) fn attacker(self) -> Side {
        self.victim.peer()
    }

    pub(super) fn policy(self, side: Side) -> Policy {
        let policy = only(self.version, self.suite);
        // The attacker does not tie the master secret to the messages, if it can help it.
        let policy = if side == self.victim || self.flavour == Flavour::ExtendedMasterSecret {
            policy
        } else {
            policy.quirk(Quirk::NoExtendedMasterSecret)
        };
        match self.flavour {
            Flavour::UnbiddenRenegotiation => {
                policy.unbidden_renegotiation(UnbiddenRenegotiation::Accepted)
            }
            Flavour::Ssl2Hello => policy.hello_format(HelloFormat::Ssl2),
            _ => policy,
        }
    }
}

/// What one side says, in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// Header included.
    Handshake(Vec<u8>),
    ChangeCipherSpec,
    Alert(AlertLevel, AlertDescription),
    Data(Vec<u8>),
    /// A ClientHello in SSL 2.0's format, in a record of its own kind.
    Ssl2Hello(Vec<u8>),
}

impl Message {
    pub(super) fn handshake(kind: u8, body: &[u8]) -> Self {
        Self::Handshake(wire::handshake(0, kind, body).fragment)
    }

    pub(super) fn handshake_type(&self) -> Option<HandshakeType> {
        match self {
            Self::Handshake(bytes) => Some(HandshakeType(bytes[0])),
            _ => None,
        }
    }
}

/// What happens next in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The attacker says this.
    Say(Message),
    /// The victim's user has it ask for a new handshake.
    Renegotiate,
}

/// A legal conversation, and all that it takes to hold it again.
pub(super) struct Conversation {
    pub(super) case: Case,
    pub(super) steps: Vec<Step>,
    /// The first step of the handshake that is attacked: the last one.
    pub(super) start: usize,
    pub(super) parameters: ProtectionParameters,
    /// That handshake's.
    pub(super) master_secret: MasterSecret,
    /// What the pre-master secret is encrypted to.
    pub(super) server_key: Arc<dyn PrivateKey>,
    pub(super) client_key: Arc<dyn PrivateKey>,
    /// What the attacker would work out again and again.
    pub(super) master_secrets: Remembered<MasterSecret>,
    pub(super) keys: Remembered<Arc<KeyBlock>>,
    pub(super) verify_data: Remembered<VerifyData>,
    setup: Setup,
    sessions: [HashMap<Vec<u8>, Vec<u8>>; 2],
}

impl Conversation {
    pub(super) fn record(case: Case) -> Self {
        let setup = Setup::new(case);
        if case.flavour.resumes_earlier_connection() {
            setup.pair().established();
        }
        let sessions = [&setup.client_store, &setup.server_store];
        let sessions = sessions.map(|store| store.0.lock().unwrap().clone());
        setup.restart(&sessions);
        let mut pair = setup.pair().established();
        let mut start = 0;
        if case.flavour.renegotiates() {
            setup.tape.push(Step::Say(Message::Data(FIRST_DATA.into())));
            start = setup.tape.0.lock().unwrap().len();
            if setup.begins(case.victim) {
                setup.tape.push(Step::Renegotiate);
            }
            for side in [Side::Client, Side::Server] {
                if setup.begins(side) {
                    renegotiate(case.flavour, side_of(&mut pair, side));
                }
            }
            pair.exchange(|| usize::MAX).unwrap();
            assert_eq!(pair.client.handshakes(), 2);
        }
        setup.tape.push(Step::Say(Message::Data(DATA.into())));
        let known = &pair.client.pump.known;
        let completed = known.completed.as_ref().unwrap();
        let steps = core::mem::take(&mut *setup.tape.0.lock().unwrap());
        let mut conversation = Self {
            case,
            steps,
            start,
            parameters: ProtectionParameters {
                version: case.version,
                suite: case.suite.row().unwrap(),
                encrypt_then_mac: known.encrypt_then_mac,
            },
            master_secret: completed.master_secret.clone(),
            server_key: match case.flavour {
                Flavour::EphemeralKey => setup.ephemeral_key.clone(),
                _ => setup.server_key.clone(),
            },
            client_key: setup.client_key.clone(),
            master_secrets: Remembered::default(),
            keys: Remembered::default(),
            verify_data: Remembered::default(),
            setup,
            sessions,
        };
        if case.flavour == Flavour::ResumedForNewTicket {
            conversation.give_new_ticket();
        }
        conversation
    }

    /// A new connection of the victim's, as it was when the conversation was written down.
    pub(super) fn victim(&self) -> Box<dyn DerefMut<Target = Connection>> {
        self.setup.restart(&self.sessions);
        match self.case.victim {
            Side::Client => Box::new(self.setup.client()),
            Side::Server => Box::new(self.setup.server()),
        }
    }

    /// The indices of what the attacker says in the handshake that is attacked.
    pub(super) fn said(&self) -> Vec<usize> {
        let from = self.start..self.steps.len();
        from.filter(|index| matches!(self.steps[*index], Step::Say(_)))
            .collect()
    }

    pub(super) fn said_at(&self, index: usize) -> &Message {
        match &self.steps[index] {
            Step::Say(message) => message,
            Step::Renegotiate => panic!("nothing is said there"),
        }
    }

    /// Lets the server announce a ticket and send it before its ChangeCipherSpec.
    fn give_new_ticket(&mut self) {
        let Step::Say(Message::Handshake(hello)) = &self.steps[0] else {
            panic!("a ServerHello comes first");
        };
        let record = wire::record(wire::HANDSHAKE, self.case.version.wire(), hello);
        let announcing = with_extensions(&wire::bytes(&[record]), |extensions| {
            extensions.push((SESSION_TICKET, Vec::new()));
        });
        let announcing = records(&announcing).remove(0).fragment;
        let ticket = [&[0, 0, 1, 0, 0, 50][..], &[0x55; 50]].concat();
        let ticket = Message::handshake(HandshakeType::NEW_SESSION_TICKET.0, &ticket);
        self.steps[0] = Step::Say(Message::Handshake(announcing));
        self.steps.insert(1, Step::Say(ticket));
    }
}

/// Has a connection begin a new handshake, or ask for one.
pub(super) fn renegotiate(flavour: Flavour, connection: &mut Connection) {
    match flavour {
        Flavour::ResumingRenegotiation => connection.renegotiate_resuming().unwrap(),
        _ => connection.renegotiate().unwrap(),
    }
}

fn side_of(pair: &mut Pair, side: Side) -> &mut Connection {
    match side {
        Side::Client => &mut pair.client,
        Side::Server => &mut pair.server,
    }
}

const FIRST_DATA: &[u8] = b"after the first handshake";
pub(super) const DATA: &[u8] = b"after the handshake";
const SESSION_TICKET: u16 = 35;
