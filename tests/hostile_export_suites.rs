//! ServerKeyExchange missing, repeated, out of place, forged, replayed, malformed, with keys that
//! are none or too long or too short; and FREAK. The client says no, with the right alert, and
//! sends nothing that is encrypted to such a key.

mod in_memory;

use ProtocolVersion::{SSLv3, TLSv1_0};
use in_memory::ephemeral::{
    CERTIFICATE_REQUEST, Case, RC4_40, RC4_56, Randoms, SERVER_KEY_EXCHANGE, ServerKeyExchange,
    configs, md5_sha1, pair,
};
use in_memory::flights::{client_flight, expect_alert, refused};
use in_memory::terms::Parties;
use in_memory::wire::{WireRecord, bytes, handshake, records, with_hello};
use in_memory::{Pair, deliver, only, pin, take, test_identity};
use retrossl::{
    AlertDescription, CipherSuite, ClientConfig, Error, HashAlgorithm, PeerMisbehaved, Policy,
    PrivateKey, ProtocolVersion, ServerConfig, SignatureInput, dangerous,
};

#[test]
fn an_ephemeral_key_that_is_missing_repeated_or_out_of_place_is_refused() {
    // ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone.
    let changes: [fn(&mut Vec<WireRecord>); 5] = [
        |flight| drop(flight.remove(2)),
        |flight| flight.insert(2, flight[2].clone()),
        |flight| flight.swap(1, 2),
        |flight| flight.swap(2, 3),
        |flight| flight.swap(2, 4),
    ];
    Case::each_with_an_ephemeral_key(|case| {
        for change in changes {
            let mut served = Served::asking(case);
            assert_eq!(served.flight[3].fragment[0], CERTIFICATE_REQUEST);
            change(&mut served.flight);
            served.expect_refusal(AlertDescription::UNEXPECTED_MESSAGE);
        }
        // Twice, on both sides of the request for a certificate.
        let mut served = Served::asking(case);
        served.flight.insert(4, served.flight[2].clone());
        served.expect_refusal(AlertDescription::UNEXPECTED_MESSAGE);
    });
}

#[test]
fn a_signature_that_was_changed_or_left_out_is_refused() {
    Case::each_with_an_ephemeral_key(|case| {
        let forge = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut served = Served::new(case);
            served.change(|exchange, _| change(&mut exchange.signature));
            let error = served.expect_refusal(AlertDescription::DECRYPT_ERROR);
            assert_eq!(error, PeerMisbehaved::BadServerKeyExchange.into());
        };
        forge(&Vec::clear);
        forge(&|signature| signature.fill(0));
        forge(&|signature| signature.fill(0xff));
        forge(&|signature| signature.truncate(signature.len() - 1));
        forge(&|signature| signature.push(0));
        forge(&|signature| signature.insert(0, 0));
        for place in [0, case.certificate / 16, case.certificate / 8 - 1] {
            forge(&|signature| signature[place] ^= 1);
        }
    });
}

#[test]
fn a_key_that_was_changed_after_it_was_signed_is_refused() {
    let changes: [fn(&mut ServerKeyExchange); 5] = [
        |exchange| *exchange.modulus.last_mut().unwrap() ^= 2,
        |exchange| exchange.modulus[9] ^= 1,
        |exchange| exchange.exponent = vec![3],
        // The same numbers, in other bytes.
        |exchange| exchange.modulus.insert(0, 0),
        |exchange| exchange.exponent.insert(0, 0),
    ];
    Case::each_with_an_ephemeral_key(|case| {
        for change in changes {
            let mut served = Served::new(case);
            served.change(|exchange, _| change(exchange));
            let error = served.expect_refusal(AlertDescription::DECRYPT_ERROR);
            assert_eq!(error, PeerMisbehaved::BadServerKeyExchange.into());
        }
    });
}

/// It is well signed, over other randoms.
#[test]
fn an_ephemeral_key_from_another_handshake_is_refused() {
    Case::each_with_an_ephemeral_key(|case| {
        let mut replayed = None;
        Served::new(case).change(|exchange, _| replayed = Some(exchange.clone()));
        let mut served = Served::new(case);
        served.change(|exchange, _| *exchange = replayed.unwrap());
        let error = served.expect_refusal(AlertDescription::DECRYPT_ERROR);
        assert_eq!(error, PeerMisbehaved::BadServerKeyExchange.into());
    });
}

#[test]
fn a_signature_over_anything_else_is_refused() {
    Case::each_with_an_ephemeral_key(|case| {
        let key = case.key();
        let forge = |sign: &dyn Fn(&ServerKeyExchange, &Randoms) -> Vec<u8>| {
            let mut served = Served::new(case);
            served.change(|exchange, randoms| exchange.signature = sign(exchange, randoms));
            let error = served.expect_refusal(AlertDescription::DECRYPT_ERROR);
            assert_eq!(error, PeerMisbehaved::BadServerKeyExchange.into());
        };
        let over = |parts: &[&[u8]]| key.sign(&md5_sha1(&parts.concat())).unwrap();
        forge(&|exchange, _| over(&[&exchange.params()]));
        forge(&|exchange, randoms| over(&[&randoms.client, &exchange.params()]));
        forge(&|exchange, it| over(&[&it.server, &it.client, &exchange.params()]));
        forge(&|exchange, randoms| {
            let numbers = [&exchange.modulus[..], &exchange.exponent].concat();
            over(&[&randoms.client, &randoms.server, &numbers])
        });
        // As at TLS 1.2, and with one digest only.
        forge(&|exchange, randoms| {
            let signed = [&randoms.client[..], &randoms.server, &exchange.params()].concat();
            let SignatureInput::Md5Sha1(digests) = md5_sha1(&signed) else {
                unreachable!()
            };
            let digest = digests[16..].to_vec();
            let hash = HashAlgorithm::Sha1;
            key.sign(&SignatureInput::DigestInfo { hash, digest })
                .unwrap()
        });
    });
}

#[test]
fn a_signature_of_another_key_is_refused() {
    Case::each_with_an_ephemeral_key(|case| {
        let other = test_identity(3072 - case.certificate).1;
        let mut served = Served::new(case);
        served.change(|exchange, randoms| exchange.sign(&other, randoms));
        let error = served.expect_refusal(AlertDescription::DECRYPT_ERROR);
        assert_eq!(error, PeerMisbehaved::BadServerKeyExchange.into());
    });
}

/// Longer than the suite allows (a suite of 512 bits does not get 1024), and shorter than the suite
/// and the policy ask for.
#[test]
fn a_signed_key_of_a_wrong_length_is_refused() {
    Case::each_with_an_ephemeral_key(|case| {
        // What would do for 512 bits was not made for 1024.
        let min = if case.limit == 1024 { 513 } else { 512 };
        for bits in [465, 480, min - 1, case.limit + 1, 2 * case.limit, 8192] {
            let mut served = Served::new(case);
            served.sign(number(bits), vec![1, 0, 1]);
            let error = served.expect_refusal(AlertDescription::EXPORT_RESTRICTION);
            let expected = PeerMisbehaved::EphemeralKeyLength {
                bits,
                min,
                max: case.limit,
            };
            assert_eq!(error, expected.into());
        }
    });
}

#[test]
fn a_signed_key_that_is_shorter_than_the_policy_allows_is_refused() {
    for version in [SSLv3, TLSv1_0] {
        let policy = only(version, RC4_56).min_rsa_bits(768);
        let serve = |bits| {
            let mut served = Served::of(pair(policy, policy, 2048), 2048);
            served.sign(number(bits), vec![3]);
            served
        };
        serve(768).expect_acceptance(768);
        let error = serve(767).expect_refusal(AlertDescription::EXPORT_RESTRICTION);
        let expected = PeerMisbehaved::EphemeralKeyLength {
            bits: 767,
            min: 768,
            max: 1024,
        };
        assert_eq!(error, expected.into());
    }
}

/// So that it is the length, and not the signature, that the others are refused for.
#[test]
fn a_signed_key_of_a_right_length_is_taken() {
    Case::each_with_an_ephemeral_key(|case| {
        let take = |modulus: Vec<u8>, exponent: &[u8], bits| {
            let mut served = Served::new(case);
            served.sign(modulus, exponent.to_vec());
            served.expect_acceptance(bits);
        };
        take(number(case.limit), &[1, 0, 1], case.limit);
        take(number(case.limit), &[3], case.limit);
        let min = if case.limit == 1024 { 513 } else { 512 };
        take(number(min), &[1, 0, 1], min);
        // Zeros in front, as of an ASN.1 INTEGER.
        let padded = [&[0][..], &number(case.limit)].concat();
        take(padded, &[0, 1, 0, 1], case.limit);
    });
}

#[test]
fn a_signed_key_that_makes_no_sense_is_refused() {
    Case::each_with_an_ephemeral_key(|case| {
        let good = number(case.limit);
        let mut even = good.clone();
        *even.last_mut().unwrap() ^= 1;
        for (modulus, exponent) in [
            (&even[..], &[1, 0, 1][..]),
            (&good, &[1]),
            (&good, &[2]),
            (&good, &[0]),
            (&good, &[]),
            (&good, &good),
            (&[], &[1, 0, 1]),
            (&[], &[]),
            (&[0; 64], &[1, 0, 1]),
            (&[1], &[3]),
            (&number(464), &[3]),
            (&number(8193), &[3]),
        ] {
            let mut served = Served::new(case);
            served.sign(modulus.to_vec(), exponent.to_vec());
            let error = served.expect_refusal(AlertDescription::ILLEGAL_PARAMETER);
            assert_eq!(error, PeerMisbehaved::UnusableEphemeralKey.into());
        }
    });
}

#[test]
fn a_message_that_is_cut_short_or_goes_on_is_refused() {
    Case::each_with_an_ephemeral_key(|case| {
        let malform = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut served = Served::new(case);
            let mut body = served.flight[2].fragment.split_off(4);
            change(&mut body);
            served.flight[2] = handshake(case.version.wire(), SERVER_KEY_EXCHANGE, &body);
            let error = served.expect_refusal(AlertDescription::DECODE_ERROR);
            assert!(error.to_string().contains("ServerKeyExchange"), "{error}");
        };
        let len = Served::new(case).flight[2].fragment.len() - 4;
        let in_lengths = [0, 1, 2, case.limit / 8 + 1, case.limit / 8 + 3];
        for len in in_lengths.into_iter().chain([len / 2, len - 1]) {
            malform(&|body| body.truncate(len));
        }
        malform(&|body| body.push(0));
        malform(&|body| body.extend([0, 0]));
        // Each of the three lengths, one too long.
        for place in [1, case.limit / 8 + 3, case.limit / 8 + 8] {
            malform(&|body| body[place] += 1);
        }
    });
}

/// FREAK, at its simplest: the suite in the ServerHello becomes another.
#[test]
fn an_export_suite_that_was_not_offered_is_refused() {
    for version in [SSLv3, TLSv1_0] {
        for suite in [RC4_40, RC4_56] {
            let offered = only(version, RC4);
            let mut served = Served::of(pair(offered, offered, 2048), 2048);
            served.choose(suite);
            let error = served.expect_refusal(AlertDescription::ILLEGAL_PARAMETER);
            assert_eq!(error, PeerMisbehaved::SuiteNotOffered(suite).into());
        }
    }
}

/// FREAK as it was: the server takes the suite for an export suite, the client does not, and the
/// key of 512 bits is signed well.
#[test]
fn an_ephemeral_key_behind_a_suite_that_has_none_is_refused() {
    for version in [SSLv3, TLSv1_0] {
        for suite in [RC4_40, RC4_56] {
            let mut pair = pair(only(version, RC4), Policy::EVERYTHING, 2048);
            let hello = with_hello(&take(&mut pair.client), |hello| {
                hello.suites = vec![suite.0, 0xff];
            });
            let mut served = Served::answering(&hello, pair, 2048);
            assert_eq!(served.flight[2].fragment[0], SERVER_KEY_EXCHANGE);
            served.choose(RC4);
            served.expect_refusal(AlertDescription::UNEXPECTED_MESSAGE);
        }
    }
}

/// The message has no place either where an export suite does without it.
#[test]
fn an_ephemeral_key_in_place_of_a_short_one_is_refused() {
    Case::each(|case| {
        if case.has_ephemeral_key() {
            return;
        }
        let mut served = Served::new(case);
        let mut exchange = ServerKeyExchange {
            modulus: number(512),
            exponent: vec![1, 0, 1],
            signature: Vec::new(),
        };
        exchange.sign(&case.key(), &served.randoms);
        served.flight.insert(2, exchange.message(case.version));
        served.expect_refusal(AlertDescription::UNEXPECTED_MESSAGE);
    });
}

/// Bleichenbacher and his heirs, against the ephemeral key: another secret that is well encrypted,
/// one that is encrypted to the certificate's key, and what is nothing at all end alike.
#[test]
fn whatever_the_client_encrypts_the_server_does_the_same() {
    Case::each_with_an_ephemeral_key(|case| {
        let (client, server) = configs(case.policy(), case.policy(), case.certificate);
        let parties = Parties {
            client: client.into(),
            server: server.into(),
            server_name: "localhost",
        };
        let well_encrypted = client_flight(&mut parties.connect()).swap_remove(0);
        let outcome = |exchange: WireRecord| {
            let mut pair = parties.connect();
            let mut flight = client_flight(&mut pair);
            flight[0] = exchange;
            let error = deliver(&bytes(&flight), &mut pair.server, || usize::MAX).unwrap_err();
            (error, take(&mut pair.server))
        };
        let expected = outcome(well_encrypted);
        assert_eq!(expected.0, PeerMisbehaved::BadRecordMac.into());
        let len = case.limit / 8;
        for encrypted in [
            vec![0; len],
            vec![1; len],
            vec![0xff; len],
            vec![1; len - 1],
            vec![1; len + 1],
            vec![1; case.certificate / 8],
            vec![],
        ] {
            let mut body = Vec::new();
            if case.version > SSLv3 {
                body.extend((encrypted.len() as u16).to_be_bytes());
            }
            body.extend(encrypted);
            let exchange = handshake(case.version.wire(), CLIENT_KEY_EXCHANGE, &body);
            assert_eq!(outcome(exchange), expected, "{case:?}");
        }
    });
}

/// A server's first flight, on its way to the client.
struct Served {
    pair: Pair,
    randoms: Randoms,
    flight: Vec<WireRecord>,
    certificate: usize,
}

impl Served {
    fn new(case: Case) -> Self {
        Self::of(case.pair(), case.certificate)
    }

    /// By a server that asks for a certificate.
    fn asking(case: Case) -> Self {
        let (chain, key) = test_identity(case.certificate);
        let client = ClientConfig::builder(case.policy()).verifier(pin(case.certificate));
        let server = ServerConfig::builder(case.policy())
            .certificate(chain, key)
            .client_verifier(dangerous::AcceptAnyCertificate);
        let pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        Self::of(pair, case.certificate)
    }

    fn of(mut pair: Pair, certificate: usize) -> Self {
        let hello = take(&mut pair.client);
        Self::answering(&hello, pair, certificate)
    }

    fn answering(hello: &[u8], mut pair: Pair, certificate: usize) -> Self {
        deliver(hello, &mut pair.server, || usize::MAX).unwrap();
        let flight = records(&take(&mut pair.server));
        Self {
            randoms: Randoms::of(hello, &flight),
            flight,
            pair,
            certificate,
        }
    }

    /// Changes the ServerKeyExchange, which stands behind the Certificate.
    fn change(&mut self, change: impl FnOnce(&mut ServerKeyExchange, &Randoms)) {
        let mut exchange = ServerKeyExchange::of(&self.flight).unwrap();
        change(&mut exchange, &self.randoms);
        let version = self.flight[2].version;
        self.flight[2] = handshake(version, SERVER_KEY_EXCHANGE, &exchange.body());
    }

    /// Puts another key into it and signs that.
    fn sign(&mut self, modulus: Vec<u8>, exponent: Vec<u8>) {
        let key = test_identity(self.certificate).1;
        self.change(|exchange, randoms| {
            (exchange.modulus, exchange.exponent) = (modulus, exponent);
            exchange.sign(&key, randoms);
        });
    }

    fn choose(&mut self, suite: CipherSuite) {
        let flight = with_hello(&bytes(&self.flight), |hello| hello.suites = vec![suite.0]);
        self.flight = records(&flight);
    }

    /// The client sends an alert and nothing else, and the server hears it.
    fn expect_refusal(mut self, alert: AlertDescription) -> Error {
        let version = ProtocolVersion::from_wire(self.flight[0].version).unwrap();
        let error = refused(&mut self.pair.client, &self.flight, alert);
        let answer = expect_alert(&mut self.pair.client, version, alert);
        assert_eq!(records(&answer).len(), 1);
        let heard = deliver(&answer, &mut self.pair.server, || usize::MAX).unwrap_err();
        let sent = self.pair.client.sent_alert().unwrap();
        assert_eq!(heard, Error::AlertReceived(sent));
        error
    }

    /// The client encrypts to a key of that many bits.
    fn expect_acceptance(mut self, bits: usize) {
        deliver(&bytes(&self.flight), &mut self.pair.client, || usize::MAX).unwrap();
        let answer = records(&take(&mut self.pair.client));
        let [exchange, ..] = &answer[..] else {
            panic!("an answer is expected")
        };
        let ahead = if exchange.version == 0x0300 { 4 } else { 6 };
        assert_eq!(exchange.fragment[0], CLIENT_KEY_EXCHANGE);
        assert_eq!(exchange.fragment.len() - ahead, bits.div_ceil(8));
    }
}

/// An odd number of that many bits.
fn number(bits: usize) -> Vec<u8> {
    let mut number = vec![0xa5; bits.div_ceil(8)];
    number[0] = 1 << ((bits - 1) % 8);
    number
}

const RC4: CipherSuite = CipherSuite::TLS_RSA_WITH_RC4_128_SHA;

const CLIENT_KEY_EXCHANGE: u8 = 16;
