//! SECURITY.md's known attacks, as far as they reach the handshake, tried. (Those that need a
//! record's inside are next to the record layer's code.)

mod in_memory;

use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use ProtocolVersion::{SSLv3, TLSv1_0, TLSv1_1, TLSv1_2};
use in_memory::wire::{ALERT, HANDSHAKE, WireRecord, bytes, handshake, record, records};
use in_memory::{
    Pair, client_config, deliver, each_version_and_suite, only, pin, read, server_config, ssl2,
    take, test_identity,
};
use retrossl::{
    AlertDescription, CipherSuite, ClientConfig, ClientConnection, Error, HashAlgorithm, KeyError,
    PeerMisbehaved, Policy, PrivateKey, ProtocolVersion, Quirk, RecordSplitting, Renegotiation,
    ServerConfig, ServerConnection, SignatureInput, UnbiddenRenegotiation,
};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
const RC4: CipherSuite = CipherSuite::TLS_RSA_WITH_RC4_128_SHA;
const TRIPLE_DES: CipherSuite = CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA;

/// A pair whose ClientKeyExchange carries `encrypted` in place of what the client sent.
fn with_encrypted_pre_master(policy: Policy, encrypted: &[u8]) -> (Error, Vec<WireRecord>) {
    let (mut pair, mut flight) = up_to_client_flight(policy);
    let version = flight[0].version;
    let mut body = Vec::new();
    if version != 0x0300 {
        body.extend((encrypted.len() as u16).to_be_bytes());
    }
    body.extend(encrypted);
    flight[0] = handshake(version, 16, &body);
    let error = deliver(&bytes(&flight), &mut pair.server, || usize::MAX).unwrap_err();
    (error, records(&take(&mut pair.server)))
}

fn up_to_client_flight(policy: Policy) -> (Pair, Vec<WireRecord>) {
    let mut pair = Pair::under(policy);
    let hello = take(&mut pair.client);
    deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
    let flight = take(&mut pair.server);
    deliver(&flight, &mut pair.client, || usize::MAX).unwrap();
    let flight = records(&take(&mut pair.client));
    (pair, flight)
}

/// What decrypts to exactly `encoded` under the test key: the public operation alone.
fn encrypt_raw(encoded: &[u8]) -> Vec<u8> {
    use rsa::BoxedUint;
    let (_, key) = test_identity(1024);
    let number = |bytes: &[u8]| BoxedUint::from_be_slice(bytes, 1024).unwrap();
    let exponent = BoxedUint::from(65_537u64);
    let key = rsa::PublicKey::new(number(&key.public_key().modulus()), exponent).unwrap();
    let encrypted = rsa::hazmat::rsa_encrypt(&key, &number(encoded)).unwrap();
    encrypted.to_be_bytes().to_vec()
}

/// Bleichenbacher, Klima, ROBOT: whatever is wrong with the pre-master secret, the server does
/// the same, sends the same and says the same.
#[test]
fn every_bad_pre_master_secret_has_one_outcome() {
    each_version_and_suite(|version, suite| {
        if ![AES, RC4, CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256].contains(&suite) {
            return;
        }
        let policy = only(version, suite);
        let secret = |version: u16| {
            let mut encoded = vec![0x5a; 128];
            encoded[..2].copy_from_slice(&[0, 2]);
            encoded[79] = 0;
            encoded[80..82].copy_from_slice(&version.to_be_bytes());
            encoded
        };
        let good = secret(version.wire());
        let changed = |place: usize, value: u8| {
            let mut encoded = good.clone();
            encoded[place] = value;
            encoded
        };
        let outcomes: Vec<_> = [
            // Well-formed, but not the secret that the client's Finished was made with.
            good.clone(),
            secret(0x0002),
            changed(0, 1),
            changed(1, 1),
            changed(5, 0),
            changed(40, 0),
            changed(79, 7),
            vec![0; 128],
        ]
        .iter()
        .map(|encoded| encrypt_raw(encoded))
        .chain([vec![0xff; 128], vec![1; 127], vec![1; 129], vec![]])
        .map(|encrypted| with_encrypted_pre_master(policy, &encrypted))
        .collect();
        assert_eq!(
            outcomes[0].0.alert(),
            Some(AlertDescription::BAD_RECORD_MAC)
        );
        for outcome in &outcomes[1..] {
            assert_eq!(*outcome, outcomes[0], "{version} {suite}");
        }
    });
}

/// A client hello offering more than it should was changed on its way: the pre-master secret
/// tells, and the server cannot be made to say so.
#[test]
fn a_rolled_back_version_ends_at_finished() {
    let roll_back = |policy: Policy| {
        let server = server_config(policy);
        let client = client_config(policy.versions(SSLv3, TLSv1_1));
        let mut pair = Pair::new(client, server);
        let mut hello = take(&mut pair.client);
        // ClientHello.client_version: TLS 1.1 becomes TLS 1.0.
        assert_eq!(hello[9..11], [3, 2]);
        hello[10] = 1;
        deliver(&hello, &mut pair.server, || usize::MAX)?;
        pair.exchange(|| usize::MAX)
    };
    // The extended master secret alone would notice that a hello was changed.
    let policy = Policy::EVERYTHING
        .versions(SSLv3, TLSv1_1)
        .cipher_suites(&[AES])
        .quirk(Quirk::NoExtendedMasterSecret);
    let error = roll_back(policy).unwrap_err();
    assert_eq!(error.alert(), Some(AlertDescription::BAD_RECORD_MAC));
}

/// RFC 8446 §4.1.3: a TLS 1.2 client notices in the server's random that somebody made its offer
/// smaller; RFC 7507: a fallback that was not necessary is refused.
#[test]
fn downgrades_are_noticed() {
    let policy = Policy::EVERYTHING.cipher_suites(&[AES]);
    let mut pair = Pair::under(policy);
    let mut hello = take(&mut pair.client);
    hello[10] = 2;
    deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
    let error = pair.exchange(|| usize::MAX).unwrap_err();
    assert_eq!(error, PeerMisbehaved::DowngradeDetected.into());

    let fallback = |server: Policy| {
        let config = Arc::new(client_config(policy));
        let name = "localhost".try_into().unwrap();
        let client = ClientConnection::fallback(config, name, TLSv1_0).unwrap();
        let server = ServerConnection::new(Arc::new(server_config(server)));
        Pair { client, server }.exchange(|| usize::MAX)
    };
    let refused = fallback(policy).unwrap_err();
    assert_eq!(
        refused,
        PeerMisbehaved::InappropriateFallback(TLSv1_0).into()
    );
    assert_eq!(
        refused.alert(),
        Some(AlertDescription::INAPPROPRIATE_FALLBACK)
    );
    // A server that has nothing better takes it; and a low maximum alone signals nothing.
    fallback(policy.versions(SSLv3, TLSv1_0)).unwrap();
    let low = client_config(policy.versions(SSLv3, TLSv1_0));
    Pair::new(low, server_config(policy))
        .exchange(|| usize::MAX)
        .unwrap();
}

/// POODLE cannot be repaired: no preset below `HISTORIC` speaks SSL 3.0.
#[test]
fn ssl3_is_spoken_only_where_it_is_named() {
    for policy in [Policy::STRICT, Policy::COMPATIBLE] {
        let mut pair = Pair::new(client_config(only(SSLv3, AES)), server_config(policy));
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        assert_eq!(error.alert(), Some(AlertDescription::PROTOCOL_VERSION));
    }
    Pair::new(
        client_config(only(SSLv3, AES)),
        server_config(Policy::HISTORIC),
    )
    .established();
}

/// BEAST: the first byte of each write is a record of its own, for CBC at TLS 1.0 and below, for
/// application data only, and unless the policy says never.
#[test]
fn application_data_is_split_where_ivs_are_chained() {
    let count = |policy: Policy| {
        let mut pair = Pair::new(client_config(policy), server_config(policy)).established();
        pair.client.writer().write_all(&[7; 100]).unwrap();
        let wire = take(&mut pair.client);
        let count = records(&wire).len();
        deliver(&wire, &mut pair.server, || usize::MAX).unwrap();
        assert_eq!(read(&mut pair.server), [7; 100]);
        count
    };
    each_version_and_suite(|version, suite| {
        let chained = version <= TLSv1_0 && suite.name().unwrap().contains("CBC");
        let policy = only(version, suite);
        assert_eq!(
            count(policy),
            if chained { 2 } else { 1 },
            "{version} {suite}"
        );
        assert_eq!(count(policy.record_splitting(RecordSplitting::Never)), 1);
    });

    let (_, flight) = up_to_client_flight(only(TLSv1_0, AES));
    let handshakes = flight
        .iter()
        .filter(|record| record.content_type == HANDSHAKE);
    assert_eq!(handshakes.count(), 2, "handshake messages are not split");
}

/// Sweet32: a worn-out key ends the connection, and not as if all had been said.
#[test]
fn a_worn_out_key_ends_the_connection() {
    let policy = only(TLSv1_2, TRIPLE_DES)
        .max_bytes_per_key(40_000)
        .renegotiation(Renegotiation::Never);
    let mut pair = Pair::new(client_config(policy), server_config(policy)).established();
    // Three records of 16 KiB: the third begins below the limit, the fourth would not.
    assert_eq!(pair.client.writer().write(&[1; 60_000]).unwrap(), 49_152);
    let error = pair.client.writer().write(&[1]).unwrap_err();
    assert_eq!(Error::of_io(&error), Some(&Error::KeysWornOut(40_000)));
    let error = deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX).unwrap_err();
    assert_eq!(
        error,
        Error::AlertReceived(AlertDescription::INTERNAL_ERROR)
    );
    let mut plaintext = Vec::new();
    let end = std::io::Read::read_to_end(&mut pair.server.reader(), &mut plaintext);
    assert_eq!((plaintext.len(), end.is_err()), (49_152, true));
}

/// Where it may be, keys are replaced before they are worn out, whichever side notices.
#[test]
fn keys_that_wear_out_are_replaced() {
    for version in in_memory::ssl3_and_later() {
        let policy = only(version, TRIPLE_DES)
            .max_bytes_per_key(40_000)
            .unbidden_renegotiation(UnbiddenRenegotiation::Accepted);
        let mut pair = Pair::new(client_config(policy), server_config(policy)).established();
        for _ in 0..20 {
            pair.client.writer().write_all(&[1; 10_000]).unwrap();
            pair.server.writer().write_all(&[2; 10_000]).unwrap();
            pair.exchange(|| usize::MAX).unwrap();
            assert_eq!(read(&mut pair.client), [2; 10_000]);
            assert_eq!(read(&mut pair.server), [1; 10_000]);
        }
        assert_eq!(pair.client.handshakes(), pair.server.handshakes());
        // 35,000 of 40,000 bytes, in steps of 10,000.
        assert_eq!(pair.client.handshakes(), 6, "{version}");
    }
}

/// CRIME: compression is neither offered nor chosen nor put up with.
#[test]
fn compression_is_refused() {
    let mut pair = Pair::under(only(TLSv1_2, RC4));
    let hello = take(&mut pair.client);
    deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
    let mut flight = take(&mut pair.server);
    // Version, random, empty session ID, suite, then the method.
    let method = 5 + 4 + 2 + 32 + 1 + 2;
    assert_eq!(flight[method - 2..=method], [0, 5, 0]);
    flight[method] = 1;
    let error = deliver(&flight, &mut pair.client, || usize::MAX).unwrap_err();
    assert_eq!(error, PeerMisbehaved::Compression.into());

    let mut hello = records(&hello);
    let at = hello[0]
        .fragment
        .windows(4)
        .position(|w| w[..3] == [0, 0xff, 1] && w[3] == 0);
    hello[0].fragment[at.unwrap() + 3] = 1;
    let mut server = ServerConnection::new(Arc::new(server_config(only(TLSv1_2, RC4))));
    let error = deliver(&bytes(&hello), &mut server, || usize::MAX).unwrap_err();
    assert_eq!(error, PeerMisbehaved::Compression.into());
}

/// A HelloRequest during the handshake is ignored, and never hashed; but not for ever.
#[test]
fn a_hello_request_during_a_handshake_is_ignored() {
    for version in in_memory::ssl3_and_later() {
        let with_requests = |count: usize| {
            let mut pair = Pair::under(only(version, AES));
            let hello = take(&mut pair.client);
            deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
            let mut flight = records(&take(&mut pair.server));
            for place in 0..count {
                flight.insert(place % 3, handshake(version.wire(), 0, &[]));
            }
            deliver(&bytes(&flight), &mut pair.client, || usize::MAX)?;
            pair.exchange(|| usize::MAX)
        };
        with_requests(3).unwrap();
        let error = with_requests(9).unwrap_err();
        assert_eq!(error, PeerMisbehaved::TooManyRenegotiationRequests.into());
    }
}

#[test]
fn warnings_and_empty_records_are_tolerated_a_few_times_in_a_row() {
    let feed = |intruder: WireRecord, count: usize| {
        let mut pair = Pair::under(only(TLSv1_2, AES));
        let hello = take(&mut pair.client);
        deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
        let flight = vec![intruder; count];
        deliver(&bytes(&flight), &mut pair.client, || usize::MAX)?;
        let flight = take(&mut pair.server);
        deliver(&flight, &mut pair.client, || usize::MAX)?;
        pair.exchange(|| usize::MAX)
    };
    // unrecognized_name, and one that does not exist.
    for description in [112, 200] {
        let warning = record(ALERT, 0x0303, &[1, description]);
        feed(warning.clone(), 8).unwrap();
        let error = feed(warning, 9).unwrap_err();
        assert_eq!(error, PeerMisbehaved::TooManyWarnings.into());
    }
    let empty = record(HANDSHAKE, 0x0303, &[]);
    feed(empty.clone(), 32).unwrap();
    let error = feed(empty, 33).unwrap_err();
    assert_eq!(error, PeerMisbehaved::TooManyEmptyRecords.into());
}

/// SLOTH: a signature over MD5 is refused at TLS 1.2 unless the policy names it.
#[test]
fn a_signature_over_md5_is_refused_at_tls_1_2() {
    let md5_too = [HashAlgorithm::Md5, HashAlgorithm::Sha256];
    let policy = only(TLSv1_2, AES);
    let converse = |client: Policy, server: Policy| {
        let (chain, key) = test_identity(1024);
        let client = ClientConfig::builder(client)
            .verifier(pin(1024))
            .certificate(chain.clone(), key.clone())
            .build()
            .unwrap();
        let server = ServerConfig::builder(server)
            .certificate(chain, key)
            .client_verifier(pin(1024))
            .build()
            .unwrap();
        let mut pair = Pair::new(client, server);
        let hello = take(&mut pair.client);
        deliver(&hello, &mut pair.server, || usize::MAX)?;
        let mut flight = records(&take(&mut pair.server));
        // The CertificateRequest asks for MD5 in place of its first algorithm.
        let request = &mut flight[2].fragment;
        assert_eq!(request[..1], [13]);
        request[8..10].copy_from_slice(&[1, 1]);
        deliver(&bytes(&flight), &mut pair.client, || usize::MAX)?;
        pair.exchange(|| usize::MAX)
    };
    let only_md5 = policy.signature_hashes(&[HashAlgorithm::Md5]);
    let error = converse(only_md5, policy).unwrap_err();
    assert_eq!(error, PeerMisbehaved::SignatureAlgorithmNotOffered.into());
    // Named, it is taken (and the changed request is noticed later).
    let error = converse(only_md5, policy.signature_hashes(&md5_too)).unwrap_err();
    assert_eq!(error, PeerMisbehaved::BadCertificateVerify.into());
}

/// An old client that sends the negotiated version in the pre-master secret is let in by the
/// quirk, and only where the offer was at most TLS 1.0.
#[test]
fn the_version_quirk_is_needed_and_bounded() {
    // A client that offers TLS 1.0, is answered with SSL 3.0, and sends 0x0300.
    let old_client = |offer: [u8; 2], server: Policy| {
        let client = client_config(only(SSLv3, RC4));
        let mut pair = Pair::new(client, server_config(server));
        let mut hello = take(&mut pair.client);
        hello[9..11].copy_from_slice(&offer);
        deliver(&hello, &mut pair.server, || usize::MAX)?;
        pair.exchange(|| usize::MAX)
    };
    let quirk = Quirk::NegotiatedVersionInPreMasterSecret;
    let server = Policy::EVERYTHING.versions(SSLv3, SSLv3);
    // The changed hello is noticed at Finished in any case; but where the pre-master secret was
    // taken, the records can be read, so the error is another one.
    let noticed = |offer, policy| old_client(offer, policy).unwrap_err().alert();
    let (mac, finished) = (
        AlertDescription::BAD_RECORD_MAC,
        AlertDescription::DECRYPT_ERROR,
    );
    assert_eq!(noticed([3, 1], server), Some(mac));
    assert_eq!(noticed([3, 1], server.quirk(quirk)), Some(finished));
    assert_eq!(noticed([3, 2], server.quirk(quirk)), Some(mac));
}

/// A key that is elsewhere and cannot be reached, or that errs, ends the handshake at once, as this
/// side's fault.
#[test]
fn a_key_that_fails_is_an_error_of_this_side() {
    #[derive(Debug)]
    struct Failing {
        key: Arc<dyn PrivateKey>,
        failure: KeyError,
        /// How often it works before it fails.
        works: AtomicUsize,
    }

    impl Failing {
        fn after(works: usize, bits: usize, failure: &KeyError) -> Self {
            Self {
                key: test_identity(bits).1,
                failure: failure.clone(),
                works: AtomicUsize::new(works),
            }
        }
    }

    impl PrivateKey for Failing {
        fn public_key(&self) -> &retrossl::RsaPublicKey {
            self.key.public_key()
        }

        fn raw_decrypt(&self, input: &[u8], output: &mut [u8]) -> Result<(), KeyError> {
            match self.works.load(Relaxed) {
                0 => Err(self.failure.clone()),
                works => {
                    self.works.store(works - 1, Relaxed);
                    self.key.raw_decrypt(input, output)
                }
            }
        }

        fn sign(&self, _: &SignatureInput) -> Result<Vec<u8>, KeyError> {
            Err(self.failure.clone())
        }
    }

    let policy = only(TLSv1_2, AES);
    for failure in [KeyError::Unavailable, KeyError::Faulty] {
        let (chain, _) = test_identity(1024);
        let server = ServerConfig::builder(policy)
            .certificate(chain, Failing::after(0, 1024, &failure))
            .build()
            .unwrap();
        let mut pair = Pair::new(client_config(policy), server);
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        assert_eq!(error, Error::PrivateKey(failure.clone()));
        assert_eq!(error.fault(), retrossl::Fault::Local);
        assert_eq!(error.alert(), Some(AlertDescription::INTERNAL_ERROR));
        // At SSL 2.0 the key is used twice, first for what takes a bad block's place.
        for works in [0, 1] {
            let key = Failing::after(works, 1024, &failure);
            let server = ServerConfig::builder(ssl2::ssl2())
                .ssl2_certificate(ssl2::certificate(1024), key)
                .build()
                .unwrap();
            let client = ssl2::client(ssl2::ssl2()).build().unwrap();
            let error = Pair::new(client, server).exchange(|| usize::MAX);
            assert_eq!(error, Err(Error::PrivateKey(failure.clone())));
        }
    }
}

/// Hellos are random, and so is what is derived from them.
#[test]
fn no_two_handshakes_are_alike() {
    let mut randoms = HashSet::new();
    for _ in 0..50 {
        let pair = Pair::under(only(TLSv1_2, AES)).established();
        randoms.insert(*pair.server.server_hello().unwrap().random());
        let out = pair
            .client
            .export_keying_material([0u8; 32], b"EXPERIMENTAL test", None);
        assert!(randoms.insert(out.unwrap()));
    }
    assert_eq!(randoms.len(), 100);
}
