//! A server that can be brought to the same point again and again: same keys, same hello, same
//! randomness.

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
    random: Arc<Repeating>,
    hello: Vec<u8>,
}

impl Server {
    /// One that speaks this version and suite alone, MAC-then-encrypt, and keeps no sessions.
    pub fn new(
        version: Version,
        suite: CipherSuite,
        identity: &Identity,
        key: Arc<dyn PrivateKey>,
        secrets: Option<Arc<Secrets>>,
    ) -> Result<Self, Error> {
        let policy = policy(version, suite);
        let random = Arc::new(Repeating::default());
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
        self.random.rewind();
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
        self.random.rewind();
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
        .random(Repeating::default())
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

/// Gives the same bytes again after each [`rewind`](Self::rewind).
#[derive(Debug, Default)]
struct Repeating(AtomicU64);

impl Repeating {
    fn rewind(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl SecureRandom for Repeating {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed> {
        for chunk in buffer.chunks_mut(8) {
            // SplitMix64.
            let state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
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
