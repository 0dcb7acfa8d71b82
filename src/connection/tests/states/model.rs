//! What the specifications want a side to do with what it is told: a table of states, and the
//! exceptions by their sections. It knows nothing of how the crate does it.

use super::conversation::{Case, Conversation, Flavour, Message};
use super::peer::{Said, Spoil};
use crate::{AlertDescription, AlertLevel, HandshakeType, ProtocolVersion, Side};

/// What a side does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on.
    GoesOn,
    /// It ends the connection with this alert.
    Refuses(AlertDescription),
    /// The same, but what the peer wants is no fault of its.
    Declines(AlertDescription),
    /// The alert ends the connection without an answer.
    EndedBy(AlertDescription),
    /// Nothing that follows close_notify is looked at.
    Closed,
}

/// What may depart from a legal conversation and be taken all the same: the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Exception {
    HelloRequestInHandshake,
    HelloRequest,
    ClientHelloRefused,
    CertificateNotAsked,
    CertificateAsked,
    OtherCertificate,
    NoCertificateWarning,
    Warning,
    RenegotiationRefused,
    DataInRenegotiation,
}

impl Exception {
    pub(super) const ALL: [(Self, &str); 10] = [
        (
            Self::HelloRequestInHandshake,
            "RFC 5246 §7.4.1.1: a HelloRequest is ignored during a handshake, and never hashed",
        ),
        (
            Self::HelloRequest,
            "RFC 5246 §7.4.1.1: a HelloRequest after it is answered with a ClientHello or with \
             no_renegotiation, and the connection lives on",
        ),
        (
            Self::ClientHelloRefused,
            "RFC 5246 §7.2.2: an unbidden ClientHello is refused with the warning \
             no_renegotiation, and the connection lives on",
        ),
        (
            Self::CertificateNotAsked,
            "RFC 5246 §7.4.4: a server may do without a CertificateRequest",
        ),
        (
            Self::CertificateAsked,
            "RFC 5246 §7.4.4: a server may send a CertificateRequest",
        ),
        (
            Self::OtherCertificate,
            "RFC 5246 §7.4.6: a client's Certificate may be another one, or none; it is the \
             CertificateVerify that counts",
        ),
        (
            Self::NoCertificateWarning,
            "RFC 6101 §5.6.6: at SSL 3.0 a warning stands in for a Certificate",
        ),
        (
            Self::Warning,
            "RFC 5246 §7.2: a warning alert may come at any time",
        ),
        (
            Self::RenegotiationRefused,
            "RFC 5246 §7.2.2: no_renegotiation refuses the new handshake, and the old one holds",
        ),
        (
            Self::DataInRenegotiation,
            "RFC 5246 §7.4.1.1: data under the old keys may come until the peer's \
             ChangeCipherSpec",
        ),
    ];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    ServerHello,
    ServerCertificate,
    ServerKeyExchange,
    RequestOrDone,
    Done,
    Ticket,
    ClientHello,
    ClientCertificate,
    ClientKeyExchange,
    CertificateVerify,
    ChangeCipherSpec,
    Finished,
    Established,
}

/// A victim, as it should be.
pub(super) struct Model {
    case: Case,
    state: State,
    pub(super) handshakes: u64,
    pub(super) plaintext: Vec<u8>,
    /// Each with the turn in which it was made.
    pub(super) exceptions: Vec<(u32, Exception)>,
    turn: u32,
    /// A server that has asked for a new handshake.
    has_asked: bool,
    /// The handshake that is under way takes up a session.
    resumes: bool,
    /// The last one that was completed did.
    has_resumed: bool,
    /// The attacker does not know the keys.
    has_other_keys: bool,
    /// The client has shown a certificate, and is to prove that it is its own.
    has_to_prove: bool,
}

impl Model {
    pub(super) fn of(conversation: &Conversation) -> Self {
        let case = conversation.case;
        Self {
            case,
            state: match case.victim {
                Side::Client => State::ServerHello,
                Side::Server => State::ClientHello,
            },
            handshakes: 0,
            plaintext: Vec::new(),
            exceptions: Vec::new(),
            turn: 0,
            has_asked: false,
            resumes: case.flavour.resumes(0),
            has_resumed: false,
            has_other_keys: false,
            has_to_prove: false,
        }
    }

    /// Its user asks for a new handshake.
    pub(super) fn renegotiate(&mut self) {
        if self.state != State::Established {
            return;
        }
        match self.case.victim {
            Side::Client => self.begin(State::ServerHello),
            Side::Server => self.has_asked = true,
        }
    }

    /// It is told this, a renewed part of which `departed` from the legal conversation.
    pub(super) fn hear(&mut self, said: &Said, departed: bool) -> Verdict {
        self.turn += 1;
        // RFC 5246 §7.4.7.1: the first record under keys that are not the same.
        if self.state == State::Finished && self.has_other_keys {
            return Verdict::Refuses(AlertDescription::BAD_RECORD_MAC);
        }
        let verdict = match &said.message {
            Message::Data(data) => self.hear_data(data),
            Message::ChangeCipherSpec => self.hear_change_cipher_spec(said.spoil),
            Message::Alert(level, description) => self.hear_alert(*level, *description, said.spoil),
            Message::Ssl2Hello(_) => self.hear_ssl2_hello(said.spoil),
            Message::Handshake(bytes) => self.hear_handshake(bytes, said.spoil, departed),
        };
        match verdict {
            Verdict::Refuses(alert) => Verdict::Refuses(self.in_version(alert)),
            other => other,
        }
    }

    fn begin(&mut self, state: State) {
        self.state = state;
        self.resumes = self.case.flavour.resumes(self.handshakes);
        self.has_asked = false;
    }

    fn except(&mut self, exception: Exception) -> Verdict {
        self.exceptions.push((self.turn, exception));
        Verdict::GoesOn
    }

    fn goes_on(&mut self, state: State) -> Verdict {
        self.state = state;
        Verdict::GoesOn
    }

    fn hear_data(&mut self, data: &[u8]) -> Verdict {
        if self.handshakes == 0 || self.state == State::Finished {
            return UNEXPECTED;
        }
        self.plaintext.extend(data);
        match self.state {
            State::Established => Verdict::GoesOn,
            _ => self.except(Exception::DataInRenegotiation),
        }
    }

    /// RFC 5246 §7.1: one byte of value 1.
    fn hear_change_cipher_spec(&mut self, spoil: Spoil) -> Verdict {
        match (spoil, self.state) {
            (Spoil::Whole, State::ChangeCipherSpec) => self.goes_on(State::Finished),
            (Spoil::Whole, _) => UNEXPECTED,
            _ => Verdict::Refuses(AlertDescription::ILLEGAL_PARAMETER),
        }
    }

    fn hear_alert(
        &mut self,
        level: AlertLevel,
        description: AlertDescription,
        spoil: Spoil,
    ) -> Verdict {
        match spoil {
            // An empty record says nothing.
            Spoil::CutTo(0) => return self.except(Exception::Warning),
            Spoil::CutTo(_) | Spoil::Extended => return DECODE_ERROR,
            _ => {}
        }
        let is_ssl3 = self.case.version == ProtocolVersion::SSLv3;
        match description {
            AlertDescription::CLOSE_NOTIFY if self.handshakes > 0 => Verdict::Closed,
            AlertDescription::CLOSE_NOTIFY => Verdict::EndedBy(description),
            _ if level == AlertLevel::Fatal => Verdict::EndedBy(description),
            AlertDescription::NO_CERTIFICATE
                // Before the hello nobody knows that it is SSL 3.0.
                if is_ssl3
                    && self.case.victim == Side::Server
                    && (self.state != State::ClientHello || self.handshakes > 0)
                    && self.state != State::Established =>
            {
                if self.state != State::ClientCertificate {
                    return UNEXPECTED;
                }
                if self.case.flavour != Flavour::NoClientCertificate {
                    self.except(Exception::NoCertificateWarning);
                }
                self.goes_on(State::ClientKeyExchange)
            }
            AlertDescription::NO_RENEGOTIATION
                if self.state == State::ServerHello && self.handshakes > 0 =>
            {
                self.state = State::Established;
                self.except(Exception::RenegotiationRefused)
            }
            AlertDescription::NO_RENEGOTIATION if self.has_asked => {
                self.has_asked = false;
                self.except(Exception::RenegotiationRefused)
            }
            _ => self.except(Exception::Warning),
        }
    }

    fn hear_ssl2_hello(&mut self, spoil: Spoil) -> Verdict {
        match (self.state, spoil) {
            // RFC 5246 appendix E.2: nothing comes before it.
            (State::ClientHello, Spoil::Whole) if self.turn == 1 => self.after_client_hello(),
            (State::ClientHello, _) if self.turn == 1 => DECODE_ERROR,
            // To a record layer of SSL 3.0 it is a content type that does not exist.
            _ => UNEXPECTED,
        }
    }

    fn hear_handshake(&mut self, bytes: &[u8], spoil: Spoil, departed: bool) -> Verdict {
        let kind = HandshakeType(bytes[0]);
        let is_empty_by_nature = [
            HandshakeType::HELLO_REQUEST,
            HandshakeType::SERVER_HELLO_DONE,
        ]
        .contains(&kind);
        // RFC 5246 §7.2.2: the length of the message is incorrect, whatever is waited for.
        if is_empty_by_nature && spoil == Spoil::Extended {
            return DECODE_ERROR;
        }
        match (self.case.victim, kind) {
            (Side::Client, HandshakeType::HELLO_REQUEST) => return self.hear_hello_request(),
            (Side::Server, HandshakeType::CLIENT_HELLO) if self.state == State::Established => {
                return self.hear_late_client_hello(bytes, spoil);
            }
            _ => {}
        }
        if !self.expects(kind) {
            return UNEXPECTED;
        }
        match spoil {
            Spoil::Whole => {}
            Spoil::EndsAfter(_) => return Verdict::GoesOn,
            // SSL 3.0 has no length there: RFC 6101 §5.6.7.1.
            Spoil::CutTo(_) | Spoil::Extended
                if kind == HandshakeType::CLIENT_KEY_EXCHANGE
                    && self.case.version == ProtocolVersion::SSLv3 =>
            {
                self.has_other_keys = true;
            }
            Spoil::CutTo(_) | Spoil::Extended => return DECODE_ERROR,
            Spoil::Flipped if kind == HandshakeType::CLIENT_KEY_EXCHANGE => {
                self.has_other_keys = true;
            }
            Spoil::Stale if !departed => {}
            Spoil::Flipped | Spoil::Reflected | Spoil::Stale => return DECRYPT_ERROR,
        }
        // SSL 3.0 signs the master secret, too: RFC 6101 §5.6.8.
        if kind == HandshakeType::CERTIFICATE_VERIFY
            && self.has_other_keys
            && self.case.version == ProtocolVersion::SSLv3
        {
            return DECRYPT_ERROR;
        }
        self.take(kind, bytes)
    }

    /// Whether the state waits for such a message (RFC 5246 §7.3).
    fn expects(&self, kind: HandshakeType) -> bool {
        use HandshakeType as Type;
        let kinds: &[Type] = match self.state {
            State::ServerHello => &[Type::SERVER_HELLO],
            State::ServerCertificate | State::ClientCertificate => &[Type::CERTIFICATE],
            State::ServerKeyExchange => &[Type::SERVER_KEY_EXCHANGE],
            State::RequestOrDone => &[Type::CERTIFICATE_REQUEST, Type::SERVER_HELLO_DONE],
            State::Done => &[Type::SERVER_HELLO_DONE],
            State::Ticket => &[Type::NEW_SESSION_TICKET],
            State::ClientHello => &[Type::CLIENT_HELLO],
            State::ClientKeyExchange => &[Type::CLIENT_KEY_EXCHANGE],
            State::CertificateVerify => &[Type::CERTIFICATE_VERIFY],
            State::Finished => &[Type::FINISHED],
            State::ChangeCipherSpec | State::Established => &[],
        };
        kinds.contains(&kind)
    }

    /// What an expected message leads to.
    fn take(&mut self, kind: HandshakeType, bytes: &[u8]) -> Verdict {
        let flavour = self.case.flavour;
        match (self.state, kind) {
            (State::ServerHello, _) if self.resumes => self.before_change_cipher_spec(),
            (State::ServerHello, _) => self.goes_on(State::ServerCertificate),
            // RFC 5246 §7.4.2: a server has a certificate in all suites of this crate.
            (State::ServerCertificate, _) if bytes[4..] == NO_CERTIFICATES => UNEXPECTED,
            (State::ServerCertificate, _) => self.goes_on(match flavour {
                Flavour::EphemeralKey => State::ServerKeyExchange,
                _ => State::RequestOrDone,
            }),
            (State::ServerKeyExchange, _) => self.goes_on(State::RequestOrDone),
            (State::RequestOrDone, HandshakeType::CERTIFICATE_REQUEST) => {
                if !flavour.asks_for_certificate() {
                    self.except(Exception::CertificateAsked);
                }
                self.goes_on(State::Done)
            }
            (State::RequestOrDone | State::Done, _) => {
                if self.state == State::RequestOrDone && flavour.asks_for_certificate() {
                    self.except(Exception::CertificateNotAsked);
                }
                self.before_change_cipher_spec()
            }
            (State::ClientHello, _) => self.after_client_hello(),
            (State::ClientCertificate, _) => {
                self.has_to_prove = bytes[4..] != NO_CERTIFICATES;
                let is_usual = match flavour {
                    Flavour::ClientCertificate => self.has_to_prove,
                    _ => !self.has_to_prove && self.case.version > ProtocolVersion::SSLv3,
                };
                if !is_usual {
                    self.except(Exception::OtherCertificate);
                }
                self.goes_on(State::ClientKeyExchange)
            }
            (State::ClientKeyExchange, _) => {
                let has_to_prove = core::mem::take(&mut self.has_to_prove);
                self.goes_on(if has_to_prove {
                    State::CertificateVerify
                } else {
                    State::ChangeCipherSpec
                })
            }
            (State::Ticket | State::CertificateVerify, _) => self.goes_on(State::ChangeCipherSpec),
            (State::Finished, _) => {
                self.handshakes += 1;
                self.has_resumed = self.resumes;
                self.goes_on(State::Established)
            }
            (State::ChangeCipherSpec | State::Established, _) => UNEXPECTED,
        }
    }

    fn after_client_hello(&mut self) -> Verdict {
        self.goes_on(if self.resumes {
            State::ChangeCipherSpec
        } else if self.case.flavour.asks_for_certificate() {
            State::ClientCertificate
        } else {
            State::ClientKeyExchange
        })
    }

    fn before_change_cipher_spec(&mut self) -> Verdict {
        self.goes_on(if self.case.flavour.gives_ticket() {
            State::Ticket
        } else {
            State::ChangeCipherSpec
        })
    }

    fn hear_hello_request(&mut self) -> Verdict {
        if self.state != State::Established {
            return self.except(Exception::HelloRequestInHandshake);
        }
        // RFC 7627 §5.3: not on a session that was resumed without the extended master secret.
        if !self.has_resumed {
            self.begin(State::ServerHello);
            // Nor does a client offer one that way.
            self.resumes = false;
        }
        self.except(Exception::HelloRequest)
    }

    /// A ClientHello on an established connection.
    fn hear_late_client_hello(&mut self, bytes: &[u8], spoil: Spoil) -> Verdict {
        let accepts = self.case.flavour == Flavour::UnbiddenRenegotiation;
        if self.has_asked || accepts {
            if self.handshakes > 1 {
                // RFC 5746 §3.7: it names the handshake before the one before it.
                return Verdict::Refuses(AlertDescription::HANDSHAKE_FAILURE);
            }
            self.begin(State::ClientHello);
            return self.hear_handshake(bytes, spoil, false);
        }
        if self.case.version == ProtocolVersion::SSLv3 {
            // RFC 6101 §5.4.2 has no polite refusal.
            return Verdict::Declines(AlertDescription::HANDSHAKE_FAILURE);
        }
        self.except(Exception::ClientHelloRefused)
    }

    /// RFC 6101 §5.4.2: SSL 3.0 knows fewer alerts.
    fn in_version(&self, alert: AlertDescription) -> AlertDescription {
        if self.case.version != ProtocolVersion::SSLv3 {
            return alert;
        }
        match alert {
            AlertDescription::DECODE_ERROR | AlertDescription::RECORD_OVERFLOW => {
                AlertDescription::ILLEGAL_PARAMETER
            }
            AlertDescription::DECRYPT_ERROR | AlertDescription::PROTOCOL_VERSION => {
                AlertDescription::HANDSHAKE_FAILURE
            }
            other => other,
        }
    }
}

/// RFC 5246 §7.2.2: an inappropriate message was received.
const UNEXPECTED: Verdict = Verdict::Refuses(AlertDescription::UNEXPECTED_MESSAGE);

/// RFC 5246 §7.2.2: the length of the message was incorrect.
const DECODE_ERROR: Verdict = Verdict::Refuses(AlertDescription::DECODE_ERROR);

/// RFC 5246 §7.2.2: a signature or a Finished does not verify.
const DECRYPT_ERROR: Verdict = Verdict::Refuses(AlertDescription::DECRYPT_ERROR);

/// The body of a Certificate that has none.
const NO_CERTIFICATES: [u8; 3] = [0; 3];
