//! A server that can be brought to the same point again and again: same keys, same hello, and, if
//! wanted, same randomness.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use retrossl::pki_types::UnixTime;
use retrossl::{
    CipherSuite, ClientConnection, Clock, Connection, KeyError, Policy, PrivateKey, Quirk,
    RandomFailed, RsaPublicKey, SecureRandom, ServerConfig, ServerConnection, SignatureInput,
};

use crate::Error;
use crate::certificate::{Hash, Identity};
use crate::ours::{self, Secrets};
use crate::peer::Version;

/// A server, and the hello that its client opens with.
pub struct Server {
    config: Arc<ServerConfig>,
    random: Arc<Numbers>,
    hello: Vec<u8>,
}

impl Server {
    /// One that speaks this version and suite alone, MAC-then-encrypt, and keeps no sessions.
    pub fn new(
        version: Version,
        suite: CipherSuite,
        identity: &Identity,
        key: Arc<dyn PrivateKey>,
        randomness: Randomness,
        secrets: Option<Arc<Secrets>>,
    ) -> Result<Self, Error> {
        let policy = policy(version, suite);
        let random = Arc::new(Numbers::new(randomness));
        let mut config = ServerConfig::builder(policy)
            .certificate(vec![ours::certificate(identity)?], key)
            .random(random.clone())
            .clock(Stopped)
            .without_session_ids()
            .without_tickets();
        if let Some(secrets) = secrets {
            config = config.key_log(secrets);
        }
        let mut client = client(version, suite, identity)?;
        let hello = drain(&mut client)?;
        Ok(Self {
            config: Arc::new(config.build()?),
            random,
            hello,
        })
    }

    /// A connection that has sent its first flight and waits for the ClientKeyExchange.
    pub fn connection(&self) -> Result<ServerConnection, Error> {
        self.random.begin();
        let mut connection = ServerConnection::new(self.config.clone());
        receive(&mut connection, &self.hello)?;
        discard(&mut connection)?;
        Ok(connection)
    }

    /// The server's first flight, and what a client answers; the server must have its own key.
    pub fn conversation(
        &self,
        version: Version,
        suite: CipherSuite,
        identity: &Identity,
    ) -> Result<[Vec<u8>; 2], Error> {
        let mut client = client(version, suite, identity)?;
        assert_eq!(drain(&mut client)?, self.hello);
        self.random.begin();
        let mut server = ServerConnection::new(self.config.clone());
        receive(&mut server, &self.hello)?;
        let flight = drain(&mut server)?;
        receive(&mut client, &flight)?;
        Ok([flight, drain(&mut client)?])
    }

    pub fn hello(&self) -> &[u8] {
        &self.hello
    }
}

/// What every experiment's server is.
pub fn identity() -> Result<Identity, Error> {
    Identity::self_signed("localhost", 8 * MODULUS as u32, Hash::Sha256)
}

/// Without extensions that put the ClientKeyExchange into the master secret, or the MAC after the
/// encryption.
fn policy(version: Version, suite: CipherSuite) -> Policy {
    ours::only(version, suite)
        .quirk(Quirk::NoEncryptThenMac)
        .quirk(Quirk::NoExtendedMasterSecret)
}

fn client(
    version: Version,
    suite: CipherSuite,
    identity: &Identity,
) -> Result<ClientConnection, Error> {
    let config = ours::client(policy(version, suite), identity)?
        .random(Numbers::new(Randomness::Repeated))
        .clock(Stopped);
    ours::connection(config)
}

/// Lets the connection read and process all of `bytes`.
pub fn receive(connection: &mut Connection, mut bytes: &[u8]) -> Result<(), Error> {
    while !bytes.is_empty() {
        connection.read_tls(&mut bytes)?;
        connection.process_new_packets()?;
    }
    Ok(())
}

/// Sends what waits to nobody.
pub fn discard(connection: &mut Connection) -> Result<(), Error> {
    while connection.wants_write() {
        connection.write_tls(&mut io::sink())?;
    }
    Ok(())
}

/// All that waits to be sent.
pub fn drain(connection: &mut Connection) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut bytes)?;
    }
    Ok(bytes)
}

/// What a server's random numbers are from one connection to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Randomness {
    /// The same ones, so that all that follows is the same.
    Repeated,
    /// New ones, as a real server's, so that a substitute is not one and the same secret each time.
    New,
}

#[derive(Debug)]
struct Numbers {
    state: AtomicU64,
    randomness: Randomness,
}

impl Numbers {
    fn new(randomness: Randomness) -> Self {
        let state = match randomness {
            Randomness::Repeated => 0,
            Randomness::New => rand::random(),
        };
        Self {
            state: AtomicU64::new(state),
            randomness,
        }
    }

    /// For the next connection.
    fn begin(&self) {
        match self.randomness {
            Randomness::Repeated => self.state.store(0, Ordering::Relaxed),
            Randomness::New => {}
        }
    }
}

impl SecureRandom for Numbers {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed> {
        for chunk in buffer.chunks_mut(8) {
            // SplitMix64.
            let state = self
                .state
                .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000))
    }
}

/// A key whose private operation copies: what is measured with it is everything else.
#[derive(Debug)]
pub struct StandIn {
    public: RsaPublicKey,
    answer: Answer,
}

/// What a [`StandIn`] gives for a ciphertext.
#[derive(Debug)]
pub enum Answer {
    /// The ciphertext itself.
    Same,
    /// The ciphertext itself, after a search for the zero that ends the padding: the mistake that
    /// is to be seen.
    SameButSearched,
    /// These bytes, whatever was asked.
    Fixed(Vec<u8>),
}

impl StandIn {
    pub fn new(public: &RsaPublicKey, answer: Answer) -> Arc<Self> {
        let public = public.clone();
        Arc::new(Self { public, answer })
    }
}

impl PrivateKey for StandIn {
    fn public_key(&self) -> &RsaPublicKey {
        &self.public
    }

    fn raw_decrypt(&self, ciphertext: &[u8], plaintext: &mut [u8]) -> Result<(), KeyError> {
        match &self.answer {
            Answer::Same => plaintext.copy_from_slice(ciphertext),
            Answer::SameButSearched => {
                plaintext.copy_from_slice(ciphertext);
                std::hint::black_box(ciphertext[2..].iter().position(|byte| *byte == 0));
            }
            Answer::Fixed(answer) => plaintext.copy_from_slice(answer),
        }
        Ok(())
    }

    fn sign(&self, _: &SignatureInput) -> Result<Vec<u8>, KeyError> {
        Err(KeyError::Unavailable)
    }
}

/// The key's length in bytes.
pub const MODULUS: usize = 128;
