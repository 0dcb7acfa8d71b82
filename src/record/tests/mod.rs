//! Sealing and opening against each other, and every way to spoil a record.

mod at_once;
pub(crate) mod resealed;

use zeroize::Zeroizing;

use crate::crypto::chaining_value;
use crate::crypto::cipher::{BlockKey, CipherType};
use crate::crypto::random::SystemRandom;
use crate::error::{Error, InvalidMessage, Malformed, PeerMisbehaved};
use crate::policy::RecordSplitting;
use crate::record::*;
use crate::suite::{CipherSuite, MacAlgorithm};
use crate::version::ProtocolVersion;

const BAD_MAC: Error = Error::PeerMisbehaved(PeerMisbehaved::BadRecordMac);

fn parameters(
    suite: CipherSuite,
    version: ProtocolVersion,
    encrypt_then_mac: bool,
) -> ProtectionParameters {
    ProtectionParameters {
        version,
        suite: suite.row().unwrap(),
        encrypt_then_mac,
    }
}

fn keys(parameters: ProtectionParameters) -> WriteKeys {
    let bytes = |len: usize, first: u8| Zeroizing::new((0..len as u8).map(|i| first + i).collect());
    WriteKeys {
        mac_key: bytes(parameters.mac_key_len(), 1),
        key: bytes(parameters.suite.cipher.key_len(), 50),
        iv: bytes(parameters.fixed_iv_len(), 100),
    }
}

fn pair(parameters: ProtectionParameters) -> (Sealer, Opener) {
    let protection = || Protection::new(parameters, &keys(parameters)).unwrap();
    (
        Sealer::new(protection(), u64::MAX),
        Opener::new(protection(), u64::MAX),
    )
}

/// Every suite at every version that it exists in, with and without encrypt-then-MAC.
fn each_protection(check: impl Fn(ProtectionParameters)) {
    for version in ProtocolVersion::from_ssl3() {
        for suite in CipherSuite::all().filter(|suite| suite.exists_at(version)) {
            check(parameters(suite, version, false));
            let cbc = suite.name().unwrap().contains("CBC");
            if cbc && version > ProtocolVersion::SSLv3 {
                check(parameters(suite, version, true));
            }
        }
    }
}

fn seal(sealer: &mut Sealer, version: ProtocolVersion, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    sealer
        .seal(
            ContentType::ApplicationData,
            version,
            data,
            &SystemRandom,
            &mut out,
        )
        .unwrap();
    out
}

fn open(opener: &mut Opener, version: ProtocolVersion, wire: &[u8]) -> Result<Vec<u8>, Error> {
    let mut deframer = Deframer::default();
    let mut rest = wire;
    while !rest.is_empty() {
        deframer.read(&mut rest).unwrap();
    }
    let Some(Framed::Ssl3(record)) = deframer.next_record(Framing::Ssl3(Some(version)))? else {
        panic!("a whole record");
    };
    Ok(opener.open(record, version)?.plaintext.to_vec())
}

#[test]
fn what_is_sealed_opens_in_order() {
    each_protection(|parameters| {
        let (mut sealer, mut opener) = pair(parameters);
        for len in [0, 1, 15, 16, 17, 255, 1000, MAX_PLAINTEXT] {
            let data = vec![0xa5; len];
            let wire = seal(&mut sealer, parameters.version, &data);
            assert!(wire.len() <= HEADER + MAX_CIPHERTEXT);
            let opened = open(&mut opener, parameters.version, &wire).unwrap();
            assert_eq!(
                opened, data,
                "{:?} at {}",
                parameters.suite.suite, parameters.version
            );
        }
    });
}

/// At SSL 3.0, too: padding there is not authenticated, but each block has bytes of the MAC or of
/// what it covers.
#[test]
fn a_spoilt_record_gives_one_error_wherever_it_is_spoilt() {
    each_protection(|parameters| {
        let (mut sealer, _) = pair(parameters);
        let wire = seal(
            &mut sealer,
            parameters.version,
            b"some plaintext to be spoilt",
        );
        for place in HEADER..wire.len() {
            let mut spoilt = wire.clone();
            spoilt[place] ^= 0x10;
            let (_, mut opener) = pair(parameters);
            let result = open(&mut opener, parameters.version, &spoilt);
            assert_eq!(result, Err(BAD_MAC), "{place}");
        }
    });
}

#[test]
fn a_record_that_is_cut_short_or_out_of_place_is_refused() {
    each_protection(|parameters| {
        let version = parameters.version;
        let (mut sealer, _) = pair(parameters);
        let first = seal(&mut sealer, version, b"first");
        let second = seal(&mut sealer, version, b"second");
        for len in 0..first.len() - HEADER {
            let mut cut = first[..HEADER + len].to_vec();
            cut[3..5].copy_from_slice(&(len as u16).to_be_bytes());
            let (_, mut opener) = pair(parameters);
            assert_eq!(
                open(&mut opener, version, &cut),
                Err(BAD_MAC),
                "{len} bytes"
            );
        }
        let (_, mut opener) = pair(parameters);
        assert_eq!(open(&mut opener, version, &second), Err(BAD_MAC));
        let (_, mut opener) = pair(parameters);
        open(&mut opener, version, &first).unwrap();
        assert_eq!(open(&mut opener, version, &first), Err(BAD_MAC));
        let mut another_type = first;
        another_type[0] = ContentType::Handshake.wire();
        let (_, mut opener) = pair(parameters);
        assert_eq!(open(&mut opener, version, &another_type), Err(BAD_MAC));
    });
}

/// Lucky 13: however long the padding is, and whether it is right, the same work is done on a
/// record whose MAC is wrong, and the same error comes out.
#[test]
fn the_work_of_opening_does_not_depend_on_the_padding() {
    each_protection(|parameters| {
        let MacAlgorithm::Keyed(hash) = parameters.suite.mac else {
            return;
        };
        let is_cbc = parameters.suite.cipher.cipher_type() == CipherType::Block;
        if !is_cbc || parameters.encrypt_then_mac {
            return;
        }
        let key = BlockKey::new(parameters.suite.cipher, &keys(parameters).key).unwrap();
        let count = |padding: usize, last_byte: u8| {
            let mut body = vec![0x42; 640];
            let first = body.len() - padding - 1;
            body[first..].fill(padding as u8);
            body[639] = last_byte;
            let wire = encrypted(&key, parameters, &mut body);
            let (_, mut opener) = pair(parameters);
            chaining_value::count_blocks(|| {
                assert_eq!(open(&mut opener, parameters.version, &wire), Err(BAD_MAC));
            })
        };
        let expected = count(0, 0);
        assert!(expected >= 2 + 600 / 64, "{hash}: {expected} blocks");
        for padding in (0..=255).step_by(5) {
            assert_eq!(
                count(padding, padding as u8),
                expected,
                "{padding} bytes of padding"
            );
            assert_eq!(
                count(padding, 0xff),
                expected,
                "wrong behind {padding} bytes"
            );
        }
    });
}

/// A record under the connection's first IV, or a made-up one where each record has its own.
fn encrypted(key: &BlockKey, parameters: ProtectionParameters, body: &mut [u8]) -> Vec<u8> {
    let explicit_iv = vec![9; key.block_len()];
    let chained_iv = &keys(parameters).iv;
    let mut fragment = Vec::new();
    if chained_iv.is_empty() {
        fragment.extend(&explicit_iv);
        key.encrypt(&explicit_iv, body).unwrap();
    } else {
        key.encrypt(chained_iv, body).unwrap();
    }
    fragment.extend_from_slice(body);
    let mut wire = vec![ContentType::ApplicationData.wire()];
    wire.extend(parameters.version.wire().to_be_bytes());
    wire.extend((fragment.len() as u16).to_be_bytes());
    wire.extend(fragment);
    wire
}

/// RFC 5246 §6.2.3.2: padding of up to 255 bytes is legal.
#[test]
fn long_padding_is_accepted() {
    let parameters = parameters(
        CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
        ProtocolVersion::TLSv1_0,
        false,
    );
    let key = BlockKey::new(parameters.suite.cipher, &keys(parameters).key).unwrap();
    let mac = mac::RecordMac::new(
        crate::crypto::HashAlgorithm::Sha1,
        parameters.version,
        &keys(parameters).mac_key,
    )
    .unwrap();
    let header = mac::MacHeader {
        sequence: 0,
        content_type: ContentType::ApplicationData,
    };
    let build = |padding: u8, spoil: Option<usize>| {
        let mut body = b"data".to_vec();
        body.extend(&mac.compute(header, b"data")[..20]);
        let start = body.len();
        body.resize(start + usize::from(padding) + 1, padding);
        if let Some(place) = spoil {
            body[start + place] ^= 1;
        }
        encrypted(&key, parameters, &mut body)
    };
    for padding in (7..=255).step_by(16) {
        let (_, mut opener) = pair(parameters);
        let opened = open(&mut opener, parameters.version, &build(padding, None));
        assert_eq!(opened, Ok(b"data".to_vec()), "{padding} bytes of padding");
        for place in 0..usize::from(padding) {
            let (_, mut opener) = pair(parameters);
            let opened = open(
                &mut opener,
                parameters.version,
                &build(padding, Some(place)),
            );
            assert_eq!(opened, Err(BAD_MAC), "byte {place} of {padding}");
        }
    }
}

/// Sweet32: what counts is what the cipher has protected, MACs, padding and IVs included.
#[test]
fn keys_wear_out() {
    let parameters = parameters(
        CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA,
        ProtocolVersion::TLSv1_2,
        false,
    );
    let protection = || Protection::new(parameters, &keys(parameters)).unwrap();
    let version = parameters.version;
    // One byte takes an IV of 8, a MAC of 20 and 3 bytes of padding.
    let mut sealer = Sealer::new(protection(), 64);
    let mut opener = Opener::new(protection(), 64);
    for _ in 0..2 {
        let wire = seal(&mut sealer, version, &[7]);
        assert_eq!(wire.len(), HEADER + 32);
        open(&mut opener, version, &wire).unwrap();
    }
    let mut out = vec![1, 2, 3];
    let random = &SystemRandom;
    let worn = sealer.seal(
        ContentType::ApplicationData,
        version,
        &[0],
        random,
        &mut out,
    );
    assert_eq!(worn, Err(Error::KeysWornOut(64)));
    assert_eq!(out, [1, 2, 3]);
    sealer
        .seal(
            ContentType::Alert,
            version,
            &[1, 0],
            random,
            &mut Vec::new(),
        )
        .unwrap();

    let mut patient = Sealer::new(protection(), u64::MAX);
    seal(&mut patient, version, &[7]);
    seal(&mut patient, version, &[7]);
    let wire = seal(&mut patient, version, &[7]);
    assert_eq!(
        open(&mut opener, version, &wire),
        Err(Error::KeysWornOut(64))
    );
}

/// GCM's nonce is the sequence number: it stands in the record and counts up.
#[test]
fn gcm_nonces_never_repeat() {
    let parameters = parameters(
        CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256,
        ProtocolVersion::TLSv1_2,
        false,
    );
    let (mut sealer, _) = pair(parameters);
    for sequence in 0..300u64 {
        let wire = seal(&mut sealer, parameters.version, b"data");
        assert_eq!(wire[HEADER..HEADER + 8], sequence.to_be_bytes());
    }
}

/// Whatever a sender that does not keep to it has sealed.
#[test]
fn a_record_has_16_kib_of_plaintext_and_not_a_byte_more() {
    let overflow = Error::from(InvalidMessage {
        what: "record",
        problem: Malformed::RecordOverflow(16_385),
    });
    each_protection(|parameters| {
        let version = parameters.version;
        let (mut sealer, mut opener) = pair(parameters);
        let whole = seal(&mut sealer, version, &[7; 16_384]);
        assert_eq!(open(&mut opener, version, &whole), Ok(vec![7; 16_384]));
        let longer = seal(&mut sealer, version, &[7; 16_385]);
        assert_eq!(open(&mut opener, version, &longer), Err(overflow.clone()));
    });
    let (mut sealer, mut opener) = (Sealer::unprotected(), Opener::unprotected());
    let version = ProtocolVersion::TLSv1_2;
    let whole = seal(&mut sealer, version, &[7; 16_384]);
    assert_eq!(open(&mut opener, version, &whole), Ok(vec![7; 16_384]));
    let longer = seal(&mut sealer, version, &[7; 16_385]);
    assert_eq!(open(&mut opener, version, &longer), Err(overflow));
}

/// A limit that comes before its keys bounds records in clear; under other keys, in a
/// renegotiation, it takes nothing away that the peer may have sent before it knew.
#[test]
fn a_limit_before_its_keys_holds_at_once_only_in_clear() {
    let version = ProtocolVersion::TLSv1_2;
    let parameters = parameters(CipherSuite::TLS_RSA_WITH_RC4_128_SHA, version, false);
    let limit = |bytes| PlaintextLimit::new(bytes).unwrap();
    let takes = |opener: &mut Opener, sealer: &mut Sealer, len: usize| {
        open(opener, version, &seal(sealer, version, &vec![0; len])).is_ok()
    };
    let (mut sealer, mut opener) = (Sealer::unprotected(), Opener::unprotected());
    opener.limit_early(limit(512));
    assert!(takes(&mut opener, &mut sealer, 512));
    assert!(!takes(&mut opener, &mut sealer, 513));

    for (early, taken) in [(512, 1024), (1024, 1024), (2048, 2048)] {
        let (mut sealer, opener) = pair(parameters);
        let mut opener = opener.limited_to(limit(1024));
        opener.limit_early(limit(early));
        assert!(takes(&mut opener, &mut sealer, taken));
        assert!(!takes(&mut opener, &mut sealer, taken + 1));
    }

    let mut outgoing = Outgoing::new(version, RecordSplitting::Never);
    outgoing.limit_early(limit(1024));
    outgoing.limit_early(limit(2048));
    assert_eq!(outgoing.max_data(), 1024);
    let protection = Protection::new(parameters, &keys(parameters)).unwrap();
    outgoing.protect(protection, u64::MAX, limit(2048)).unwrap();
    assert_eq!(outgoing.max_data(), 2048);
}

/// BEAST: explicit IVs are fresh for every record.
#[test]
fn explicit_ivs_differ() {
    let parameters = parameters(
        CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
        ProtocolVersion::TLSv1_1,
        false,
    );
    let (mut sealer, _) = pair(parameters);
    let mut ivs = std::collections::HashSet::new();
    for _ in 0..100 {
        ivs.insert(seal(&mut sealer, parameters.version, b"data")[HEADER..HEADER + 16].to_vec());
    }
    assert_eq!(ivs.len(), 100);
}
