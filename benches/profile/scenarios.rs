//! What is profiled: one side of a handshake, or of a record.

use std::fmt;
use std::io::{Read, Write};
use std::ops::DerefMut;
use std::sync::Arc;

use retrossl::{
    CipherSuite, ClientConfig, ClientConnection, Connection, PrivateKey, ProtocolVersion, Quirk,
    RootStore, ServerConfig, ServerConnection, Side,
};

use crate::in_memory::{Pair, only};
use crate::pki::{Key, Template, rsa_key};
use crate::taken;

/// Everything, in the order of the report.
pub fn all() -> impl Iterator<Item = Scenario> {
    let handshakes = [(TLS1_2, AES), (SSL3, RC4_MD5)]
        .into_iter()
        .flat_map(|(version, suite)| {
            [Handshake::Full, Handshake::Resumed]
                .into_iter()
                .flat_map(move |handshake| {
                    [Side::Server, Side::Client].map(|side| Scenario {
                        version,
                        suite,
                        operation: Operation::Handshake(handshake, side),
                    })
                })
        });
    let records = [AES_GCM, AES, RC4_MD5, TRIPLE_DES]
        .into_iter()
        .flat_map(|suite| {
            [WHOLE, 256].into_iter().flat_map(move |length| {
                [Operation::Seal(length), Operation::Open(length)].map(|operation| Scenario {
                    version: TLS1_2,
                    suite,
                    operation,
                })
            })
        });
    handshakes.chain(records)
}

/// What Valgrind counts as it is, as there are no SHA instructions in it, and what is by a third
/// above the primitives.
pub fn calibration() -> Scenario {
    Scenario {
        version: TLS1_2,
        suite: AES_GCM,
        operation: Operation::Open(256),
    }
}

/// What may be above the primitives, at the most.
#[derive(Clone, Copy)]
pub enum Bound {
    Microseconds(f64),
    Percent(f64),
}

pub struct Scenario {
    version: ProtocolVersion,
    suite: CipherSuite,
    operation: Operation,
}

#[derive(Clone, Copy)]
enum Operation {
    Handshake(Handshake, Side),
    Seal(usize),
    Open(usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Handshake {
    Full,
    Resumed,
}

impl Scenario {
    /// The goal, where there is one.
    pub fn bound(&self) -> Option<Bound> {
        match self.operation {
            Operation::Handshake(..) => Some(Bound::Microseconds(10.0)),
            Operation::Seal(WHOLE) | Operation::Open(WHOLE) => Some(Bound::Percent(5.0)),
            Operation::Seal(_) | Operation::Open(_) => None,
        }
    }

    /// How often it is repeated: figures are of the mean.
    pub fn times(&self) -> u32 {
        match self.operation {
            Operation::Handshake(..) => 10,
            Operation::Seal(_) | Operation::Open(_) => 50,
        }
    }

    pub fn repeat(&self, times: u32) {
        match self.operation {
            Operation::Handshake(handshake, side) => self.shake_hands(handshake, side, times),
            Operation::Seal(length) => self.seal(length, times),
            Operation::Open(length) => self.open(length, times),
        }
    }

    fn shake_hands(&self, handshake: Handshake, side: Side, times: u32) {
        let (client, server) = self.configs(handshake);
        for count in 0..WARM_UP + times {
            let part = |one| match one == side && count >= WARM_UP {
                true => Part::Counted,
                false => Part::NotCounted,
            };
            let name = "localhost".try_into().unwrap();
            let mut client = Counted::new(part(Side::Client), || {
                ClientConnection::new(client.clone(), name).unwrap()
            });
            let mut server =
                Counted::new(part(Side::Server), || ServerConnection::new(server.clone()));
            let mut wire = Vec::with_capacity(16 * 1024);
            while client.connection.is_handshaking() || server.connection.is_handshaking() {
                client.send(&mut wire);
                server.receive(&wire);
                server.send(&mut wire);
                client.receive(&wire);
            }
            let resumed = client.connection.session_resumed();
            assert!(count == 0 || resumed == (handshake == Handshake::Resumed));
            client.end();
            server.end();
        }
    }

    /// A chain of two below a root, which the client verifies.
    fn configs(&self, handshake: Handshake) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
        let policy = only(self.version, self.suite);
        let key = Key::Rsa(2048);
        let template = |template: Template| template.valid("20240101000000Z", "20491231235959Z");
        let root = template(Template::authority("CN=root", &key)).self_signed(&key);
        let authority = template(Template::authority("CN=authority", &key));
        let authority = authority.issued_by("CN=root", &key);
        let server = template(Template::server("localhost")).issued_by("CN=authority", &key);
        let mut roots = RootStore::new();
        roots.add(root).unwrap();
        let client = ClientConfig::builder(policy).root_certificates(roots);
        let client = match handshake {
            Handshake::Full => client.without_session_ids().without_tickets(),
            Handshake::Resumed => client,
        };
        let key: Arc<dyn PrivateKey> = rsa_key(2048);
        let server = ServerConfig::builder(policy).certificate(vec![server, authority], key);
        (
            Arc::new(client.build().unwrap()),
            Arc::new(server.build().unwrap()),
        )
    }

    fn pair(&self) -> Pair {
        let policy = only(self.version, self.suite).quirk(Quirk::NoEncryptThenMac);
        Pair::under(policy).established()
    }

    fn seal(&self, length: usize, times: u32) {
        let mut pair = self.pair();
        let data = vec![0x5a; length];
        let mut wire = Vec::with_capacity(2 * length + 1024);
        let mut seal = || {
            wire.clear();
            pair.client.writer().write_all(&data).unwrap();
            while pair.client.wants_write() {
                pair.client.write_tls(&mut wire).unwrap();
            }
        };
        (0..WARM_UP).for_each(|_| seal());
        (0..times).for_each(|_| taken(&mut seal));
    }

    fn open(&self, length: usize, times: u32) {
        let Pair {
            mut client,
            mut server,
        } = self.pair();
        let mut data = vec![0x5a; length];
        for count in 0..WARM_UP + times {
            client.writer().write_all(&data).unwrap();
            let record = crate::in_memory::take(&mut client);
            let mut open = || {
                let mut rest = &record[..];
                while !rest.is_empty() {
                    server.read_tls(&mut rest).unwrap();
                    server.process_new_packets().unwrap();
                }
                server.reader().read_exact(&mut data).unwrap();
            };
            match count < WARM_UP {
                true => open(),
                false => taken(open),
            }
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, suite, .. } = self;
        match self.operation {
            Operation::Handshake(Handshake::Full, side) => write!(f, "full handshake, {side}")?,
            Operation::Handshake(Handshake::Resumed, side) => {
                write!(f, "resumed handshake, {side}")?;
            }
            Operation::Seal(length) => write!(f, "seal {length} bytes")?,
            Operation::Open(length) => write!(f, "open {length} bytes")?,
        }
        write!(f, ", {version} {suite}")
    }
}

#[derive(Clone, Copy)]
enum Part {
    Counted,
    NotCounted,
}

/// A connection all of whose calls are counted, or none.
struct Counted<C> {
    connection: C,
    part: Part,
}

impl<C: DerefMut<Target = Connection>> Counted<C> {
    fn new(part: Part, make: impl FnOnce() -> C) -> Self {
        let connection = run(part, make);
        Self { connection, part }
    }

    fn send(&mut self, wire: &mut Vec<u8>) {
        wire.clear();
        run(self.part, || {
            while self.connection.wants_write() {
                self.connection.write_tls(wire).unwrap();
            }
        });
    }

    fn receive(&mut self, mut wire: &[u8]) {
        run(self.part, || {
            while !wire.is_empty() {
                self.connection.read_tls(&mut wire).unwrap();
                self.connection.process_new_packets().unwrap();
            }
        });
    }

    fn end(self) {
        run(self.part, || drop(self.connection));
    }
}

fn run<T>(part: Part, work: impl FnOnce() -> T) -> T {
    match part {
        Part::Counted => taken(work),
        Part::NotCounted => work(),
    }
}

/// The plaintext of the longest record.
const WHOLE: usize = 16 * 1024;

/// What is made once is made then.
const WARM_UP: u32 = 2;

const TLS1_2: ProtocolVersion = ProtocolVersion::TLSv1_2;
const SSL3: ProtocolVersion = ProtocolVersion::SSLv3;

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
const AES_GCM: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256;
const RC4_MD5: CipherSuite = CipherSuite::TLS_RSA_WITH_RC4_128_MD5;
const TRIPLE_DES: CipherSuite = CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA;
