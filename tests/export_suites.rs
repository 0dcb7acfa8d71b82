//! The export suites' key exchange: whose key it is, how long, how it is signed and for how long
//! it is used. (That each of them also resumes, renegotiates, takes client certificates and repeats
//! under fixed randomness is shown with all other suites, where those things are.)

mod in_memory;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ProtocolVersion::{SSLv3, TLSv1_0};
use in_memory::ephemeral::{Case, RC4_40, RC4_56, Randoms, ServerKeyExchange, pair};
use in_memory::flights::{client_flight, first_flights_of};
use in_memory::wire::{bytes, records};
use in_memory::{Pair, deliver, only, pin, take, test_identity, with_ssl2_certificate};
use retrossl::pki_types::UnixTime;
use retrossl::{
    ClientConfig, ClientConnection, Clock, Policy, PrivateKey, ProtocolVersion, ServerConfig,
    ServerConnection,
};

#[test]
fn each_suite_holds_a_conversation_with_a_certificate_of_each_length() {
    Case::each(|case| {
        let mut pair = case.pair().established();
        for connection in [&*pair.client, &*pair.server] {
            assert_eq!(connection.protocol_version(), Some(case.version));
            assert_eq!(connection.negotiated_cipher_suite(), Some(case.suite));
            let ephemeral = connection.ephemeral_key().map(|key| key.bits());
            assert_eq!(ephemeral, case.has_ephemeral_key().then_some(case.limit));
        }
        pair.echo(b"exported", || usize::MAX);
    });
}

/// RFC 2246 §7.4.3: it is not legal where the certificate's key is short enough.
#[test]
fn an_ephemeral_key_takes_the_place_of_a_longer_one() {
    Case::each(|case| {
        let (_, flight) = first_flights_of(case.pair());
        let exchange = ServerKeyExchange::of(&flight);
        let bits = exchange.as_ref().map(|it| bits(&it.modulus));
        assert_eq!(
            bits,
            case.has_ephemeral_key().then_some(case.limit),
            "{case:?}"
        );
        if let Some(exchange) = exchange {
            assert_eq!(exchange.modulus.len(), case.limit / 8);
            let of_certificate = case.key().public_key().modulus();
            assert!(!of_certificate.starts_with(&exchange.modulus));
        }
    });
}

#[test]
fn the_pre_master_secret_is_encrypted_to_the_shorter_key() {
    Case::each(|case| {
        let mut pair = case.pair();
        let exchange = &client_flight(&mut pair)[0];
        // A message's header, and in TLS the ciphertext's length.
        let ahead = if case.version == SSLv3 { 4 } else { 6 };
        let expected = case.certificate.min(case.limit) / 8;
        assert_eq!(exchange.fragment.len() - ahead, expected, "{case:?}");
    });
}

/// RFC 2246 §7.4.3, RFC 6101 §5.6.4. A PKCS#1 v1.5 signature has one form only.
#[test]
fn the_certificates_key_signs_both_randoms_and_the_ephemeral_key() {
    Case::each_with_an_ephemeral_key(|case| {
        let mut pair = case.pair();
        let hello = take(&mut pair.client);
        deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
        let flight = records(&take(&mut pair.server));
        let exchange = ServerKeyExchange::of(&flight).unwrap();
        let mut signed_anew = exchange.clone();
        signed_anew.sign(&case.key(), &Randoms::of(&hello, &flight));
        assert_eq!(exchange, signed_anew);
    });
}

/// RFC 2246 §7.3.
#[test]
fn the_ephemeral_key_stands_before_a_request_for_a_certificate() {
    Case::each_with_an_ephemeral_key(|case| {
        let (chain, key) = test_identity(case.certificate);
        let client = ClientConfig::builder(case.policy())
            .verifier(pin(case.certificate))
            .certificate(chain.clone(), key.clone());
        let server = ServerConfig::builder(case.policy())
            .certificate(chain.clone(), key)
            .client_verifier(pin(case.certificate));
        let pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        let (mut pair, flight) = first_flights_of(pair);
        let kinds: Vec<_> = flight.iter().map(|it| it.fragment[0]).collect();
        assert_eq!(kinds, [2, 11, 12, 13, 14]);
        deliver(&bytes(&flight), &mut pair.client, || usize::MAX).unwrap();
        let pair = pair.established();
        assert_eq!(pair.server.peer_certificates(), Some(&chain[..]));
    });
}

#[test]
fn connections_of_one_config_share_the_ephemeral_key() {
    let configs = Configs::at(TEATIME);
    let first = configs.ephemeral_key(RC4_40_POLICY);
    assert_eq!(configs.ephemeral_key(RC4_40_POLICY), first);
    assert_ne!(Configs::at(TEATIME).ephemeral_key(RC4_40_POLICY), first);
}

#[test]
fn each_limit_has_an_ephemeral_key_of_its_own() {
    let configs = Configs::at(TEATIME);
    let [short, long] = [RC4_40_POLICY, RC4_56_POLICY].map(|policy| configs.ephemeral_key(policy));
    assert_eq!([bits(&short), bits(&long)], [512, 1024]);
    // Neither renews the other.
    assert_eq!(configs.ephemeral_key(RC4_40_POLICY), short);
    assert_eq!(configs.ephemeral_key(RC4_56_POLICY), long);
}

#[test]
fn an_ephemeral_key_is_used_for_a_quarter_of_an_hour() {
    const QUARTER: u64 = 15 * 60;
    let configs = Configs::at(TEATIME);
    let first = configs.ephemeral_key(RC4_40_POLICY);
    configs.clock.set(TEATIME + QUARTER - 1);
    assert_eq!(configs.ephemeral_key(RC4_40_POLICY), first);
    configs.clock.set(TEATIME + QUARTER);
    let second = configs.ephemeral_key(RC4_40_POLICY);
    assert_ne!(second, first);
    configs.clock.set(TEATIME + 2 * QUARTER - 1);
    assert_eq!(configs.ephemeral_key(RC4_40_POLICY), second);
}

#[test]
fn a_handshake_ends_with_the_ephemeral_key_that_it_began_with() {
    let configs = Configs::at(TEATIME);
    let first = configs.ephemeral_key(RC4_40_POLICY);
    let mut slow = configs.connect(RC4_40_POLICY);
    let flight = client_flight(&mut slow);
    configs.clock.set(TEATIME + 24 * 60 * 60);
    assert_ne!(configs.ephemeral_key(RC4_40_POLICY), first);
    deliver(&bytes(&flight), &mut slow.server, || usize::MAX).unwrap();
    slow.established().echo(b"late", || usize::MAX);
}

/// The smallest key that the policy accepts is the smallest ephemeral one, too, as far as the
/// suite allows that much.
#[test]
fn a_policy_of_long_keys_has_the_longest_ephemeral_keys_that_there_are() {
    for (version, suite) in [(SSLv3, RC4_40), (TLSv1_0, RC4_56)] {
        let policy = only(version, suite).min_rsa_bits(2048);
        pair(policy, policy, 2048).established();
    }
}

/// A server that can be reached again and again, and its clock.
struct Configs {
    server: Arc<ServerConfig>,
    clock: Arc<SetClock>,
}

impl Configs {
    fn at(now: u64) -> Self {
        let clock = Arc::new(SetClock(AtomicU64::new(now)));
        let (chain, key) = test_identity(2048);
        let policy = Policy::EVERYTHING;
        let server = ServerConfig::builder(policy)
            .certificate(chain, key)
            .clock(clock.clone());
        let server = with_ssl2_certificate(server, policy).build();
        Self {
            server: Arc::new(server.unwrap()),
            clock,
        }
    }

    fn connect(&self, client: Policy) -> Pair {
        let client = ClientConfig::builder(client).verifier(pin(2048)).build();
        let name = "localhost".try_into().unwrap();
        Pair {
            client: ClientConnection::new(Arc::new(client.unwrap()), name).unwrap(),
            server: ServerConnection::new(self.server.clone()),
        }
    }

    /// The modulus that a new connection gets.
    fn ephemeral_key(&self, client: Policy) -> Vec<u8> {
        let (_, flight) = first_flights_of(self.connect(client));
        ServerKeyExchange::of(&flight).unwrap().modulus
    }
}

#[derive(Debug)]
struct SetClock(AtomicU64);

impl SetClock {
    fn set(&self, now: u64) {
        self.0.store(now, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.0.load(Ordering::Relaxed)))
    }
}

/// The length of a number in bits.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let first = number[zeros..].first().expect("a number above zero");
    8 * (number.len() - zeros) - first.leading_zeros() as usize
}

const RC4_40_POLICY: Policy = Policy::EVERYTHING
    .versions(TLSv1_0, TLSv1_0)
    .cipher_suites(&[RC4_40]);
const RC4_56_POLICY: Policy = Policy::EVERYTHING
    .versions(TLSv1_0, TLSv1_0)
    .cipher_suites(&[RC4_56]);

const TEATIME: u64 = 1_717_243_200;
