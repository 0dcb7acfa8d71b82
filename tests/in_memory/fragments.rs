//! Two sides with limits on records, and how long records then have to be.

use retrossl::client::ClientConfigBuilder;
use retrossl::server::ServerConfigBuilder;
use retrossl::{
    CipherSuite, ClientConfig, Connection, Error, Policy, ProtocolVersion, Quirk, ServerConfig,
};

use super::wire::{
    APPLICATION_DATA, Extensions, WireRecord, bytes, extensions, records, with_extensions,
};
use super::{Pair, deliver, only, pin, take, test_identity};

/// A kind of protection, at a version.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub version: ProtocolVersion,
    pub suite: CipherSuite,
    pub encrypt_then_mac: bool,
}

impl Case {
    /// A stream cipher, CBC in both orders, and an AEAD, at every version of TLS.
    pub fn each(check: impl Fn(Self)) {
        let newest = ProtocolVersion::TLSv1_2;
        for version in super::ssl3_and_later().filter(|it| *it > ProtocolVersion::SSLv3) {
            for (suite, encrypt_then_mac) in [(RC4, false), (AES, false), (AES, true), (GCM, false)]
            {
                if suite != GCM || version == newest {
                    check(Self {
                        version,
                        suite,
                        encrypt_then_mac,
                    });
                }
            }
        }
    }

    pub fn policy(self) -> Policy {
        let policy = only(self.version, self.suite);
        if self.encrypt_then_mac {
            policy
        } else {
            policy.quirk(Quirk::NoEncryptThenMac)
        }
    }

    /// What the records' fragments of one write of `len` bytes have to measure on the wire.
    pub fn sealed(self, len: usize, limit: usize) -> Vec<usize> {
        let splits = self.suite == AES && self.version == ProtocolVersion::TLSv1_0;
        let mut plaintexts = vec![1; usize::from(splits)];
        let mut rest = len - plaintexts.len();
        while rest > 0 {
            plaintexts.push(rest.min(limit));
            rest -= rest.min(limit);
        }
        plaintexts
            .into_iter()
            .map(|len| self.sealed_len(len))
            .collect()
    }

    /// What a record's fragment of `len` bytes has to measure on the wire.
    pub fn sealed_len(self, len: usize) -> usize {
        let iv = match self.version {
            ProtocolVersion::TLSv1_0 => 0,
            _ => 16,
        };
        let padded = |len: usize| (len + 1).next_multiple_of(16);
        match self.suite {
            RC4 => len + 20,
            GCM => 8 + len + 16,
            _ if self.encrypt_then_mac => iv + padded(len) + 20,
            _ => iv + padded(len + 20),
        }
    }
}

/// The lengths of the records with application data in `wire`.
pub fn data_lens(wire: &[u8]) -> Vec<usize> {
    let mut records = records(wire);
    records.retain(|record| record.content_type == APPLICATION_DATA);
    records.iter().map(|record| record.fragment.len()).collect()
}

/// With a chain of three, as the server.
pub fn client(policy: Policy) -> ClientConfigBuilder {
    let (chain, key) = test_identity(1024);
    ClientConfig::builder(policy)
        .verifier(pin(1024))
        .certificate(vec![chain[0].clone(); 3], key)
}

pub fn server(policy: Policy) -> ServerConfigBuilder {
    let (chain, key) = test_identity(1024);
    ServerConfig::builder(policy)
        .certificate(vec![chain[0].clone(); 3], key)
        .client_verifier(pin(1024))
}

/// The client's limit and the server's, where they have one.
pub fn pair(policy: Policy, ours: Option<usize>, theirs: Option<usize>) -> Pair {
    let (mut client, mut server) = (client(policy), server(policy));
    if let Some(bytes) = ours {
        client = client.max_fragment(bytes);
    }
    if let Some(bytes) = theirs {
        server = server.max_fragment(bytes);
    }
    Pair::new(client.build().unwrap(), server.build().unwrap())
}

/// Takes the records that wait, with the first one's message, a hello, changed.
pub fn take_changed(
    from: &mut Connection,
    change: impl FnOnce(&mut Extensions),
) -> Vec<WireRecord> {
    records(&with_extensions(&take(from), change))
}

/// The server's flight in answer to a hello with these of the two extensions.
pub fn answered(pair: &mut Pair, offers: &[(u16, Vec<u8>)]) -> Result<Vec<WireRecord>, Error> {
    let hello = take_changed(&mut pair.client, |extensions| {
        extensions.retain(|(kind, _)| ![MAX_FRAGMENT_LENGTH, RECORD_SIZE_LIMIT].contains(kind));
        extensions.extend(offers.iter().cloned());
    });
    deliver(&bytes(&hello), &mut pair.server, || usize::MAX)?;
    Ok(records(&take(&mut pair.server)))
}

/// Those of the two extensions that a hello has.
pub fn limits(message: &[u8]) -> Extensions {
    let mut found = extensions(message);
    found.retain(|(kind, _)| [MAX_FRAGMENT_LENGTH, RECORD_SIZE_LIMIT].contains(kind));
    found
}

pub fn max_fragment_length(code: u8) -> (u16, Vec<u8>) {
    (MAX_FRAGMENT_LENGTH, vec![code])
}

pub fn record_size_limit(bytes: usize) -> (u16, Vec<u8>) {
    (
        RECORD_SIZE_LIMIT,
        u16::try_from(bytes).unwrap().to_be_bytes().to_vec(),
    )
}

pub const MAX_FRAGMENT_LENGTH: u16 = 1;
pub const RECORD_SIZE_LIMIT: u16 = 28;
/// Codes of max_fragment_length and what they stand for.
pub const LENGTHS: [(u8, usize); 4] = [(1, 512), (2, 1024), (3, 2048), (4, 4096)];
/// What a record carries without any limit.
pub const FULL: usize = 16_384;

const RC4: CipherSuite = CipherSuite::TLS_RSA_WITH_RC4_128_SHA;
const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
const GCM: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256;
