//! The known attacks on SSL 2.0, tried on either side.

mod in_memory;

use std::sync::Arc;

use in_memory::ssl2::by_hand::{
    HandClient, HandServer, clear, decrypt, encrypt, marked, master_key, secret, well_padded,
};
use in_memory::ssl2::messages::{
    CLIENT_FINISHED, ClientHello, ClientMasterKey, SERVER_VERIFY, ServerHello, error, message,
};
use in_memory::ssl2::records::{in_clear, records};
use in_memory::ssl2::{
    MasterKeys, certificate, clear_len, client, connect, either, error_in_clear, expect_it_stays,
    key_arg_len, master_key_len, pair, refused, server, ssl2,
};
use in_memory::{Pair, deliver, take, test_identity};
use retrossl::server::{
    CertificatesByName, ServerCertificateQuery, ServerCertificateResolver, ServerConfigBuilder,
};
use retrossl::{
    AlertDescription, CertifiedKey, CipherKind, ClientConnection, ConfigError, Error, Fault,
    HelloFormat, InvalidMessage, KeyError, Malformed, PeerIncompatible, PeerMisbehaved, Policy,
    PrivateKey, ProtocolVersion, RsaPublicKey, ServerConfig, ServerConnection, SignatureInput,
    Ssl2Error,
};

/// Bleichenbacher, CVE-2016-0704, DROWN: a block that holds no key leads to a key that depends on
/// the block and on the length alone, as that of a good block does.
#[test]
fn a_block_sent_twice_tells_nothing() {
    let (server, log) = logging(ssl2());
    let (elsewhere, log_elsewhere) = logging(ssl2());
    for block in bad_blocks() {
        let secrets = CipherKind::all().map(|kind| {
            let of = |server, log: &MasterKeys, clear| {
                let encrypted = block.clone();
                let sent = ClientMasterKey {
                    clear,
                    ..master_key(kind, encrypted)
                };
                let used = used_master_key(server, log, &sent);
                let (clear, secret) = used.split_at(clear_len(kind));
                assert_eq!(clear, sent.clear);
                secret.to_vec()
            };
            let secret = of(&server, &log, clear(kind));
            assert_eq!(of(&server, &log, clear(kind)), secret);
            assert_eq!(of(&elsewhere, &log_elsewhere, clear(kind)), secret);
            assert_eq!(of(&server, &log, vec![0x33; clear_len(kind)]), secret);
            secret
        });
        let secrets: Vec<_> = secrets.collect();
        for (one, other) in (0..secrets.len()).flat_map(|one| (0..one).map(move |it| (one, it))) {
            let (one, other) = (&secrets[one], &secrets[other]);
            let shorter = one.len().min(other.len());
            let same_start = one[..shorter] == other[..shorter];
            assert_eq!(same_start, one.len() == other.len(), "{one:?} {other:?}");
        }
    }
}

/// Nobody but who has the private key knows what takes a bad block's place.
#[test]
fn different_blocks_and_different_keys_have_different_substitutes() {
    /// Another private key, as far as the server can tell.
    #[derive(Debug)]
    struct Other(Arc<dyn PrivateKey>);

    impl PrivateKey for Other {
        fn public_key(&self) -> &RsaPublicKey {
            self.0.public_key()
        }

        fn raw_decrypt(&self, ciphertext: &[u8], plaintext: &mut [u8]) -> Result<(), KeyError> {
            self.0.raw_decrypt(ciphertext, plaintext)?;
            plaintext[127] ^= 1;
            Ok(())
        }

        fn sign(&self, input: &SignatureInput) -> Result<Vec<u8>, KeyError> {
            self.0.sign(input)
        }
    }

    let kind = CipherKind::SSL_CK_RC2_128_CBC_WITH_MD5;
    let (server, log) = logging(ssl2());
    let log_of_other = Arc::new(MasterKeys::default());
    let other = ServerConfig::builder(ssl2())
        .ssl2_certificate(certificate(1024), Other(test_identity(1024).1))
        .key_log(log_of_other.clone());
    let other = Arc::new(other.build().unwrap());
    let mut used = Vec::new();
    for block in bad_blocks() {
        let sent = master_key(kind, block);
        used.push(used_master_key(&server, &log, &sent));
        used.push(used_master_key(&other, &log_of_other, &sent));
    }
    let count = used.len();
    used.sort();
    used.dedup();
    assert_eq!(used.len(), count);
}

#[test]
fn good_and_bad_blocks_have_one_outcome() {
    let (server, _) = logging(ssl2());
    for kind in CipherKind::all() {
        let outcome = |encrypted: Vec<u8>| {
            let mut client = HandClient::greet(&server, &[kind]);
            client.say(&master_key(kind, encrypted).message()).unwrap();
            let flight: Vec<_> = records(&take(&mut client.server))
                .iter()
                .map(|record| (record.fragment.len(), record.padding))
                .collect();
            // Whoever guesses has not the key.
            client.protect(kind, &vec![0; master_key_len(kind)]);
            let finished = client.finished_message();
            let wire = client.layer.seal(&finished);
            (flight, refused(&mut client.server, &wire))
        };
        let good = outcome(encrypt(1024, &well_padded(128, &secret(kind))));
        assert_eq!(good.0.len(), 1);
        assert_eq!(good.1, (PeerMisbehaved::BadRecordMac.into(), vec![]));
        for block in bad_blocks() {
            assert_eq!(outcome(block), good, "{kind}");
        }
    }
}

/// Both sides could do better: somebody has rolled them back. It must not be said, so it takes the
/// way of every bad block.
#[test]
fn a_rollback_mark_is_refused_like_any_bad_block() {
    for kind in CipherKind::all() {
        let marked = encrypt(1024, &marked(128, &secret(kind)));
        let well_padded = encrypt(1024, &well_padded(128, &secret(kind)));
        let sent = [clear(kind), secret(kind)].concat();

        let (able, log) = logging(either());
        let used = used_master_key(&able, &log, &master_key(kind, marked.clone()));
        assert_ne!(used, sent);
        let again = used_master_key(&able, &log, &master_key(kind, marked.clone()));
        assert_eq!(used, again);
        let unmarked = used_master_key(&able, &log, &master_key(kind, well_padded));
        assert_eq!(unmarked, sent);

        let (of_ssl2_alone, log) = logging(ssl2());
        let used = used_master_key(&of_ssl2_alone, &log, &master_key(kind, marked));
        assert_eq!(used, sent);
    }
}

#[test]
fn a_client_sets_the_mark_exactly_where_it_could_do_better() {
    let name = || "localhost".try_into().unwrap();
    let config = |policy| Arc::new(client(policy).build().unwrap());
    let new = |policy| ClientConnection::new(config(policy), name());
    let fallback = |policy| ClientConnection::fallback(config(policy), name(), SSLV2);
    let narrowed = |policy| ClientConnection::with_policy(config(policy), name(), ssl2());
    let up_to_ssl3 = either().versions(SSLV2, ProtocolVersion::SSLv3);
    for (what, client, is_set) in [
        ("SSL 2.0 alone", new(ssl2()), false),
        ("narrowed to it", narrowed(either()), false),
        ("every version", new(either()), true),
        ("SSL 3.0, too", new(up_to_ssl3), true),
        ("a fallback", fallback(either()), true),
        ("a fallback in the end", fallback(Policy::EVERYTHING), true),
    ] {
        let mut server = HandServer::asked(client.unwrap(), &[RC4]);
        server.answer();
        let encoded = decrypt(1024, &server.master_key.unwrap().encrypted);
        assert_eq!(encoded[..2], [0, 2]);
        let end_of_padding = 128 - 16 - 1;
        assert_eq!(encoded[end_of_padding], 0);
        let mark = &encoded[end_of_padding - 8..end_of_padding];
        assert_eq!(mark == [3; 8], is_set, "{what}");
    }
}

/// Whatever is changed in the hello: SSL 2.0 cannot tell, but the mark does.
#[test]
fn two_able_sides_cannot_be_rolled_back() {
    for kind in CipherKind::all() {
        for keeps_suites in [true, false] {
            let policy = either().cipher_kinds(&[kind]);
            let mut pair = pair(policy, policy);
            let [hello] = &records(&take(&mut pair.client))[..] else {
                panic!("a CLIENT-HELLO is expected")
            };
            let mut hello = ClientHello::read(&hello.fragment);
            assert_eq!(hello.version, 0x0303);
            hello.version = 2;
            if !keeps_suites {
                hello.cipher_specs = kind.0.to_vec();
            }
            let hello = in_clear(&hello.message());
            deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
            let answer = take(&mut pair.server);
            deliver(&answer, &mut pair.client, || usize::MAX).unwrap();
            let flight = take(&mut pair.client);
            let (error, verify) = refused(&mut pair.server, &flight);
            assert_eq!(error, PeerMisbehaved::BadRecordMac.into(), "{kind}");
            assert_eq!(records(&verify).len(), 1);
            let (error, _) = refused(&mut pair.client, &verify);
            assert_eq!(error, PeerMisbehaved::BadRecordMac.into(), "{kind}");
        }
    }
}

/// CVE-2016-0703: with more of the key in the clear, the rest could be found byte by byte.
#[test]
fn the_clear_part_is_exactly_what_the_kind_calls_for() {
    let (server, _) = logging(ssl2());
    for kind in CipherKind::all() {
        for len in (0..=master_key_len(kind) + 1).filter(|len| *len != clear_len(kind)) {
            // Also where the two parts together are a whole key.
            let rest = master_key_len(kind).saturating_sub(len);
            for secret_len in [rest, master_key_len(kind) - clear_len(kind)] {
                let secret = vec![7; secret_len];
                let mut sent = master_key(kind, encrypt(1024, &well_padded(128, &secret)));
                sent.clear = vec![1; len];
                expect_wrong_length(&server, &sent);
            }
        }
    }
}

#[test]
fn the_other_lengths_of_a_master_key_are_exact_too() {
    let (server, _) = logging(ssl2());
    for kind in CipherKind::all() {
        let good = master_key(kind, encrypt(1024, &well_padded(128, &secret(kind))));
        for len in (0..=17).filter(|len| *len != key_arg_len(kind)) {
            let mut sent = good.clone();
            sent.key_arg = vec![1; len];
            expect_wrong_length(&server, &sent);
        }
        for len in [0, 1, 64, 127, 129, 256] {
            let mut sent = good.clone();
            sent.encrypted = vec![1; len];
            expect_wrong_length(&server, &sent);
        }
    }
}

fn expect_wrong_length(server: &Arc<ServerConfig>, sent: &ClientMasterKey) {
    let mut client = HandClient::greet(server, &[sent.kind]);
    let wire = in_clear(&sent.message());
    let invalid = refused(&mut client.server, &wire);
    match &invalid.0 {
        Error::InvalidMessage(InvalidMessage { what, problem, .. }) => {
            assert_eq!(*what, "CLIENT-MASTER-KEY");
            assert_eq!(*problem, Malformed::LengthOutOfRange);
        }
        other => panic!("{other}"),
    }
    assert!(invalid.1.is_empty(), "no ERROR is for that");
}

/// RFC 7507, which takes SSL 2.0 for any other version; whether the client could do better or the
/// connection was made so.
#[test]
fn a_fallback_to_ssl2_is_noticed() {
    let config = Arc::new(client(Policy::EVERYTHING).build().unwrap());
    let fall_back = |server_policy| {
        let name = "localhost".try_into().unwrap();
        let fallback = ClientConnection::fallback(config.clone(), name, ProtocolVersion::SSLv2);
        let mut pair = Pair {
            client: fallback.unwrap(),
            server: ServerConnection::new(Arc::new(server(server_policy).build().unwrap())),
        };
        pair.exchange(|| usize::MAX)
    };
    let noticed = PeerMisbehaved::InappropriateFallback(ProtocolVersion::SSLv2);
    assert_eq!(fall_back(Policy::EVERYTHING), Err(noticed.into()));
    assert_eq!(fall_back(ssl2()), Ok(()));
}

/// Nor does a renegotiation bring the key of SSL 2.0 into a later version.
#[test]
fn a_config_for_a_renegotiation_has_another_key() {
    let policy = Policy::EVERYTHING.versions(ProtocolVersion::SSLv2, ProtocolVersion::TLSv1_0);
    let mut pair = pair(policy, policy).established();
    let with = |bits| {
        let (chain, key) = test_identity(bits);
        let config = ServerConfig::builder(Policy::HISTORIC).certificate(chain, key);
        Arc::new(config.build().unwrap())
    };
    let refused = pair.server.renegotiate_with(with(1024));
    assert_eq!(refused, Err(ConfigError::SameKeyForSsl2.into()));
    pair.echo(b"as before", || usize::MAX);
    pair.server.renegotiate_with(with(2048)).unwrap();
    pair.exchange(|| usize::MAX).unwrap();
    assert_eq!(pair.server.handshakes(), 2);
}

/// CVE-2015-3197.
#[test]
fn only_a_kind_in_common_can_be_chosen() {
    let (server, _) = logging(ssl2().cipher_kinds(&[TRIPLE_DES, RC4]));
    for kind in [
        RC4,  // which the server has, and was not offered
        RC2,  // which was offered, and the server has not
        DES,  // neither
        IDEA, // which nobody here has
        CipherKind([9, 9, 9]),
        // A suite.
        CipherKind([0, 0, 5]),
    ] {
        let mut client = HandClient::greet(&server, &[RC2, TRIPLE_DES, IDEA]);
        let listed = ServerHello::read(&client.answer.message()).cipher_specs;
        assert_eq!(listed, TRIPLE_DES.0);
        let sent = ClientMasterKey {
            kind,
            ..master_key(TRIPLE_DES, vec![1; 128])
        };
        let sent = match kind.name() {
            Some(_) => master_key(kind, vec![1; 128]),
            None => sent,
        };
        let (error, answer) = refused(&mut client.server, &in_clear(&sent.message()));
        assert_eq!(error, PeerMisbehaved::KindNotOffered(kind).into());
        assert!(answer.is_empty());
    }
}

#[test]
fn without_a_kind_in_common_either_side_says_so() {
    let nothing = Error::from(PeerIncompatible::NoKindInCommon);
    let no_cipher = error_in_clear(Ssl2Error::NO_CIPHER);
    for (offered, had) in [(RC4, DES), (IDEA, RC4), (CipherKind([0, 0, 5]), RC4)] {
        let config = server(ssl2().cipher_kinds(&[had])).build().unwrap();
        let mut server = ServerConnection::new(Arc::new(config));
        let hello = in_clear(&ClientHello::offering(&[offered]).message());
        let error = deliver(&hello, &mut server, || usize::MAX).unwrap_err();
        assert_eq!((&error, error.fault()), (&nothing, Fault::Settings));
        assert_eq!(take(&mut server), no_cipher);
        expect_it_stays(&mut server, &error);

        let client = connect(client(ssl2().cipher_kinds(&[had])).build().unwrap());
        let mut server = HandServer::asked(client, &[offered]);
        let hello = server.answer.message();
        let error = server.say(&hello).unwrap_err();
        assert_eq!((&error, error.fault()), (&nothing, Fault::Settings));
        assert_eq!(take(&mut server.client), no_cipher);
        expect_it_stays(&mut server.client, &error);
    }
    // A server hears of it.
    let mut pair = pair(ssl2().cipher_kinds(&[RC4]), ssl2());
    deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX).unwrap();
    let refusal = in_clear(&error(Ssl2Error::NO_CIPHER.0));
    let error = deliver(&refusal, &mut pair.server, || usize::MAX).unwrap_err();
    assert_eq!(error, Error::Ssl2ErrorReceived(Ssl2Error::NO_CIPHER));
    assert_eq!(error.fault(), Fault::Refused);
}

/// The list is another one than the client's, or has been tampered with.
#[test]
fn a_client_chooses_by_its_own_preference_among_what_it_has() {
    let preferred = [RC4, TRIPLE_DES];
    for (listed, chosen) in [
        (&[TRIPLE_DES, RC4][..], RC4),
        (&[IDEA, DES, TRIPLE_DES], TRIPLE_DES),
        (&[CipherKind([0, 0, 5]), RC2, RC4, RC4], RC4),
    ] {
        let client = connect(client(ssl2().cipher_kinds(&preferred)).build().unwrap());
        let mut server = HandServer::asked(client, listed);
        server.answer();
        assert_eq!(server.master_key.unwrap().kind, chosen);
    }
}

#[test]
fn ssl2_is_spoken_only_where_it_is_named() {
    let version_2 = in_clear(&ClientHello::offering(&all_kinds()).message());
    for preset in [Policy::STRICT, Policy::COMPATIBLE, Policy::HISTORIC] {
        assert!(!preset.allows_version(SSLV2));
        assert_eq!(preset.allowed_kinds().count(), 0);
        let preset = preset.min_rsa_bits(1024);

        let hello = take(&mut connect(
            client(preset.hello_format(HelloFormat::Ssl2))
                .build()
                .unwrap(),
        ));
        let offered = ClientHello::read(&records(&hello)[0].fragment).cipher_specs;
        assert!(offered.as_chunks::<3>().0.iter().all(|kind| kind[0] == 0));

        let mut server = ServerConnection::new(Arc::new(server(preset).build().unwrap()));
        let error = deliver(&version_2, &mut server, || usize::MAX).unwrap_err();
        let (min, max) = preset.version_range();
        let expected = PeerIncompatible::NoVersionInCommon { peer: 2, min, max };
        assert_eq!(error, expected.into());
        assert_eq!(error.fault(), Fault::Settings);
        assert!(error.to_string().contains("SSLv2"), "{error}");
        let protocol_version = AlertDescription::PROTOCOL_VERSION.0;
        assert!(take(&mut server).ends_with(&[2, protocol_version]));
        expect_it_stays(&mut server, &error);
    }
    // Nor where the policy has kinds and not the version.
    let kinds_only = Policy::HISTORIC.cipher_kinds(&all_kinds());
    let mut server = ServerConnection::new(Arc::new(server(kinds_only).build().unwrap()));
    deliver(&version_2, &mut server, || usize::MAX).unwrap_err();
}

#[test]
fn a_client_that_did_not_ask_for_ssl2_refuses_it() {
    let answer = ServerHello::listing(&all_kinds(), &certificate(1024)).message();
    for policy in [
        Policy::STRICT,
        Policy::HISTORIC,
        // It does speak it, but the hello does not say so.
        Policy::EVERYTHING,
        Policy::HISTORIC.hello_format(HelloFormat::Ssl2),
    ] {
        let mut client = connect(client(policy).build().unwrap());
        let hello = take(&mut client);
        let in_ssl2_format = hello[0] & 0x80 != 0;
        let error = deliver(&in_clear(&answer), &mut client, || usize::MAX).unwrap_err();
        assert_eq!(error, PeerIncompatible::SpeaksSsl2.into());
        assert_eq!(error.fault(), Fault::Settings);
        expect_it_stays(&mut client, &error);
        let sent = take(&mut client);
        // What was begun in SSL 3.0's records ends in them; SSL 2.0 has no word for it.
        assert_eq!(sent.is_empty(), in_ssl2_format);
        assert_eq!(client.negotiated_cipher_kind(), None);
    }
}

#[test]
fn a_server_needs_a_certificate_of_its_own_for_ssl2() {
    let build = |builder: ServerConfigBuilder| builder.build().map(|_| ());
    let with = |policy, bits| {
        let (chain, key) = test_identity(bits);
        ServerConfig::builder(policy).certificate(chain, key)
    };
    let for_ssl2 = |builder: ServerConfigBuilder, bits| {
        let (mut chain, key) = test_identity(bits);
        builder.ssl2_certificate(chain.remove(0), key)
    };
    let everything = Policy::EVERYTHING;
    let same_key = Err(ConfigError::SameKeyForSsl2);
    let too_short = Err(ConfigError::KeyTooShort {
        bits: 512,
        min: 1024,
    });

    assert_eq!(build(for_ssl2(with(everything, 2048), 1024)), Ok(()));
    let none = build(with(everything, 2048));
    assert_eq!(none, Err(ConfigError::NoSsl2Certificate));
    let none = build(ServerConfig::builder(ssl2()));
    assert_eq!(none, Err(ConfigError::NoSsl2Certificate));
    let not_allowed = build(for_ssl2(with(Policy::HISTORIC, 2048), 1024));
    assert_eq!(not_allowed, Err(ConfigError::Ssl2NotAllowed));
    let not_allowed = build(for_ssl2(with(everything.cipher_kinds(&[]), 2048), 1024));
    assert_eq!(not_allowed, Err(ConfigError::Ssl2NotAllowed));
    assert_eq!(build(for_ssl2(with(everything, 1024), 1024)), same_key);
    let two = for_ssl2(for_ssl2(with(everything, 2048), 1024), 512);
    assert_eq!(build(two), Err(ConfigError::SeveralSsl2Certificates));
    let short = for_ssl2(with(everything.min_rsa_bits(1024), 2048), 512);
    assert_eq!(build(short), too_short);

    // Another certificate with the same key, not the first in the list.
    let by_name = |bits: [usize; 2]| {
        let certified = bits.map(|bits| {
            let (chain, key) = test_identity(bits);
            CertifiedKey::new(chain, key).unwrap()
        });
        let by_name = CertificatesByName::new(certified);
        for_ssl2(
            ServerConfig::builder(everything).certificate_resolver(by_name),
            1024,
        )
    };
    assert_eq!(build(by_name([2048, 512])), Ok(()));
    assert_eq!(build(by_name([2048, 1024])), same_key);

    // SSL 2.0 alone needs no other; more than that does.
    assert_eq!(build(for_ssl2(ServerConfig::builder(ssl2()), 1024)), Ok(()));
    let no_other = build(for_ssl2(ServerConfig::builder(everything), 1024));
    assert_eq!(no_other, Err(ConfigError::NoCertificate));
}

/// `build()` cannot know what a resolver of the user's will answer.
#[test]
fn a_resolver_that_shows_the_key_of_ssl2_is_refused_in_the_handshake() {
    #[derive(Debug)]
    struct Unlisted;

    impl ServerCertificateResolver for Unlisted {
        fn resolve(&self, _: &ServerCertificateQuery<'_>) -> Option<Arc<CertifiedKey>> {
            let (chain, key) = test_identity(1024);
            CertifiedKey::new(chain, key).ok().map(Arc::new)
        }
    }

    let server = || {
        ServerConfig::builder(either())
            .certificate_resolver(Unlisted)
            .ssl2_certificate(certificate(1024), test_identity(1024).1)
            .build()
            .unwrap()
    };
    for policy in [either(), Policy::HISTORIC] {
        let mut pair = Pair::new(client(policy).build().unwrap(), server());
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        assert_eq!(error, Error::Config(ConfigError::SameKeyForSsl2));
        assert_eq!(error.fault(), Fault::Local);
        assert_eq!(pair.server.error(), Some(&error));
        let heard = pair.exchange(|| usize::MAX).unwrap_err();
        let alert = AlertDescription::INTERNAL_ERROR;
        assert_eq!(heard, Error::AlertReceived(alert));
    }
    Pair::new(client(ssl2()).build().unwrap(), server()).established();
}

/// A server of SSL 2.0, and of what the policy adds to it, with the log of its master keys.
fn logging(policy: Policy) -> (Arc<ServerConfig>, Arc<MasterKeys>) {
    let log = Arc::new(MasterKeys::default());
    let server = server(policy).key_log(log.clone());
    (Arc::new(server.build().unwrap()), log)
}

/// The master key under which the server answers.
fn used_master_key(
    server: &Arc<ServerConfig>,
    log: &MasterKeys,
    sent: &ClientMasterKey,
) -> Vec<u8> {
    let mut client = HandClient::greet(server, &[sent.kind]);
    client.say(&sent.message()).unwrap();
    let used = log.newest();
    client.protect(sent.kind, &used);
    let verify = message(SERVER_VERIFY, &client.hello.challenge);
    assert_eq!(client.heard(), [verify]);
    let finished = message(CLIENT_FINISHED, &client.answer.connection_id);
    client.say(&finished).unwrap();
    assert!(!client.server.is_handshaking());
    used
}

/// What holds no key of any length, encrypted to the test key.
fn bad_blocks() -> Vec<Vec<u8>> {
    // Without a zero where a secret of any kind would start.
    let no_separator = [&[0, 2], &[0x77; 126][..]].concat();
    let changed = |place: usize, value: u8| {
        let mut encoded = no_separator.clone();
        for secret_len in [5, 8, 16, 24] {
            encoded[128 - secret_len - 1] = 0;
        }
        encoded[place] = value;
        encoded
    };
    [
        no_separator.clone(),
        changed(0, 1),
        changed(1, 1),
        changed(2, 0),
        changed(9, 0),
        changed(60, 0),
        vec![0; 128],
    ]
    .iter()
    .map(|encoded| encrypt(1024, encoded))
    // Not below the modulus.
    .chain([vec![0xff; 128]])
    .collect()
}

fn all_kinds() -> Vec<CipherKind> {
    CipherKind::all().collect()
}

const SSLV2: ProtocolVersion = ProtocolVersion::SSLv2;
const RC4: CipherKind = CipherKind::SSL_CK_RC4_128_WITH_MD5;
const RC2: CipherKind = CipherKind::SSL_CK_RC2_128_CBC_WITH_MD5;
const DES: CipherKind = CipherKind::SSL_CK_DES_64_CBC_WITH_MD5;
const TRIPLE_DES: CipherKind = CipherKind::SSL_CK_DES_192_EDE3_CBC_WITH_MD5;
const IDEA: CipherKind = CipherKind([0x05, 0x00, 0x80]);
