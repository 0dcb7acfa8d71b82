//! Certification paths: how they are found, and what holds for every certificate on them. Every
//! rule has a chain that keeps it and one that breaks it.

mod pki;

use std::slice::from_ref;
use std::time::Duration;

use CertificateProblem as Problem;
use pki::der::sequence;
use pki::verdict::*;
use pki::*;
use retrossl::client::{ServerToVerify, ServerVerifier};
use retrossl::pki_types::{CertificateDer, ServerName, UnixTime};
use retrossl::server::ClientVerifier;
use retrossl::{
    AlertDescription, AnonymousClients, CertificateError, CertificateProblem, HashAlgorithm,
    PathVerifier, Policy, RootProblem, RootStore,
};

#[test]
fn a_path_is_found_whatever_the_order() {
    let leaf = Template::server(HOST).issued_by("CN=C", &Key::P384(3));
    let c = Template::authority("CN=C", &Key::P384(3)).issued_by("CN=B", &SUB_KEY);
    let b = Template::authority("CN=B", &SUB_KEY).issued_by(ROOT, &ROOT_KEY);
    let stranger = Template::server("other.lan").issued_by("CN=Nobody", &Key::P256(9));
    let junk: CertificateDer<'_> = vec![0x30, 0x03, 1, 2, 3].into();
    for chain in [
        vec![leaf.clone(), c.clone(), b.clone()],
        vec![leaf.clone(), c.clone(), b.clone(), root()],
        vec![leaf.clone(), root(), b.clone(), c.clone()],
        vec![
            leaf.clone(),
            stranger,
            junk,
            b.clone(),
            leaf.clone(),
            c.clone(),
            b.clone(),
        ],
    ] {
        verify(&chain, &Policy::STRICT).unwrap();
    }
    let without_c = verify(&[leaf.clone(), b.clone()], &Policy::STRICT);
    let issuer = "CN=C".to_owned();
    assert_eq!(
        refused(without_c),
        (Some(0), Problem::UnknownIssuer { issuer })
    );
    let without_b = verify(&[leaf, c], &Policy::STRICT);
    let issuer = "CN=B".to_owned();
    assert_eq!(
        refused(without_b),
        (Some(1), Problem::UnknownIssuer { issuer })
    );
}

#[test]
fn several_candidates_for_an_issuer_are_tried() {
    let leaf = Template::server(HOST).issued_by(SUB, &SUB_KEY);
    let right = sub().issued_by(ROOT, &ROOT_KEY);
    let another_key = Template::authority(SUB, &Key::P256(7)).issued_by(ROOT, &ROOT_KEY);
    let expired = sub()
        .valid("20200101000000Z", "20210101000000Z")
        .issued_by(ROOT, &ROOT_KEY);
    let cross = sub().issued_by("CN=Elsewhere", &Key::P256(8));
    let chain = [
        leaf.clone(),
        another_key.clone(),
        expired.clone(),
        cross.clone(),
        right,
    ];
    verify(&chain, &Policy::STRICT).unwrap();
    // The error is the one of the path that came farthest.
    let (index, problem) = refused(verify(
        &[leaf.clone(), another_key.clone(), expired],
        &Policy::STRICT,
    ));
    assert!(matches!(
        (index, problem),
        (Some(2), Problem::Expired { .. })
    ));
    let problem = refused(verify(&[leaf.clone(), another_key], &Policy::STRICT));
    assert_eq!(problem, (Some(0), bad_signature(SUB)));
    let issuer = "CN=Elsewhere".to_owned();
    let problem = refused(verify(&[leaf, cross], &Policy::STRICT));
    assert_eq!(problem, (Some(1), Problem::UnknownIssuer { issuer }));
}

#[test]
fn roots_of_one_name_with_several_keys_are_all_tried() {
    let old = Template::authority(ROOT, &Key::P256(5)).self_signed(&Key::P256(5));
    let chain = direct(&Template::server(HOST));
    verify_as(HOST, &chain, roots(&[old.clone(), root()]), &Policy::STRICT).unwrap();
    let only_old = verify_as(HOST, &chain, roots(from_ref(&old)), &Policy::STRICT);
    assert_eq!(refused(only_old), (Some(0), bad_signature(ROOT)));
    assert_eq!(
        refused(verify_as(HOST, &chain, RootStore::new(), &Policy::STRICT)).1,
        Problem::UnknownIssuer {
            issuer: ROOT.to_owned()
        }
    );
}

#[test]
fn a_device_may_vouch_for_itself_and_for_nobody_else() {
    let key = Key::Rsa(2048);
    let device = Template::server(HOST).self_signed(&key);
    assert_eq!(
        refused(verify(from_ref(&device), &Policy::STRICT)).1,
        Problem::SelfSigned
    );
    let trusted = || roots(from_ref(&device));
    verify_as(HOST, from_ref(&device), trusted(), &Policy::STRICT).unwrap();
    let other_name = verify_as("other.lan", from_ref(&device), trusted(), &Policy::STRICT);
    assert!(matches!(refused(other_name).1, Problem::NotForName { .. }));
    // The device's key issues nothing, not even to itself under another name.
    let forged = Template::server("bank.example").issued_by("CN=server", &key);
    let result = verify_as(
        "bank.example",
        &[forged, device.clone()],
        trusted(),
        &Policy::STRICT,
    );
    assert_eq!(refused(result), (None, Problem::NotAnAuthority));
    // Usages do not matter then; dates and the length of the key do.
    let odd = Template::server(HOST)
        .with(key_usage(&[KEY_CERT_SIGN]))
        .with(extension("1.2.3.4", true, b"?"));
    let odd = odd.self_signed(&key);
    verify_as(HOST, from_ref(&odd), roots(from_ref(&odd)), &Policy::STRICT).unwrap();
    let old = Template::server(HOST)
        .valid("20200101000000Z", "20210101000000Z")
        .self_signed(&key);
    let result = verify_as(HOST, from_ref(&old), roots(from_ref(&old)), &Policy::STRICT);
    assert!(matches!(refused(result).1, Problem::Expired { .. }));
    let mut short = Template::server(HOST);
    short.key_info = Key::Rsa(1024).info();
    let short = short.self_signed(&Key::Rsa(1024));
    let result = verify_as(
        HOST,
        from_ref(&short),
        roots(from_ref(&short)),
        &Policy::STRICT,
    );
    assert_eq!(
        refused(result).1,
        Problem::KeyTooShort {
            bits: 1024,
            min: 2048
        }
    );
    verify_as(
        HOST,
        from_ref(&short),
        roots(from_ref(&short)),
        &Policy::HISTORIC,
    )
    .unwrap();
}

#[test]
fn the_dates_of_all_but_the_anchor_count() {
    let at = |not_before, not_after| Template::server(HOST).valid(not_before, not_after);
    for good in [
        at("20240601120000Z", "20240601120000Z"),
        at("19500101000000Z", "99991231235959Z"),
    ] {
        verify(&direct(&good), &Policy::STRICT).unwrap();
    }
    let early = verify(
        &direct(&at("20240601120001Z", "20300101000000Z")),
        &Policy::STRICT,
    );
    let text = early.clone().unwrap_err().to_string();
    assert!(
        text.contains("valid from 2024-06-01 12:00:01 UTC"),
        "{text}"
    );
    assert!(matches!(refused(early).1, Problem::NotYetValid { .. }));
    let late = verify(
        &direct(&at("20200101000000Z", "20240601115959Z")),
        &Policy::STRICT,
    );
    let error = late.clone().unwrap_err();
    assert_eq!(
        error.to_string(),
        "certificate 0 of the chain (CN=server): it expired on 2024-06-01 11:59:59 UTC, and now \
         it is 2024-06-01 12:00:00 UTC"
    );
    assert_eq!(error.alert(), AlertDescription::CERTIFICATE_EXPIRED);
    let expired_sub = sub().valid("20200101000000Z", "20210101000000Z");
    let result = verify(
        &through(&expired_sub, &Template::server(HOST)),
        &Policy::STRICT,
    );
    assert_eq!(refused(result).0, Some(1));
    let old_root = Template::authority(ROOT, &ROOT_KEY)
        .valid("19990101000000Z", "20200101000000Z")
        .self_signed(&ROOT_KEY);
    let chain = direct(&Template::server(HOST));
    verify_as(HOST, &chain, roots(&[old_root]), &Policy::STRICT).unwrap();
}

/// Not even for a clock that was never set.
#[test]
fn what_ended_before_1970_is_expired_and_what_began_then_is_not_early() {
    let check = |not_before, not_after, now| {
        let leaf = Template::server(HOST).valid(not_before, not_after);
        let name = ServerName::try_from(HOST).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
        PathVerifier::new(roots(&[root()])).verify_server(&ServerToVerify::new(
            &direct(&leaf),
            &name,
            now,
            &Policy::STRICT,
        ))
    };
    for not_before in ["19690101000000Z", "18500101000000Z", "19700101000000Z"] {
        for now in [0, 1, NOW] {
            check(not_before, "20300101000000Z", now).unwrap();
        }
    }
    for not_after in ["19691231235959Z", "19500101000000Z", "18991231235959Z"] {
        for now in [0, 1, NOW, u64::MAX] {
            let result = check("18500101000000Z", not_after, now);
            assert!(
                matches!(refused(result).1, Problem::Expired { .. }),
                "{not_after} {now}"
            );
        }
    }
    check("18500101000000Z", "19700101000000Z", 0).unwrap();
}

#[test]
fn signatures_of_every_kind_verify() {
    use HashAlgorithm::*;
    let rsa = Key::Rsa(2048);
    for (key, signature) in [
        (&rsa, Signature::Rsa(Md5)),
        (&rsa, Signature::Rsa(Sha1)),
        (&rsa, Signature::RsaOiw),
        (&rsa, Signature::Rsa(Sha224)),
        (&rsa, Signature::Rsa(Sha256)),
        (&rsa, Signature::Rsa(Sha384)),
        (&rsa, Signature::Rsa(Sha512)),
        (&rsa, Signature::Pss(Sha1)),
        (&rsa, Signature::Pss(Sha256)),
        (&rsa, Signature::Pss(Sha384)),
        (&rsa, Signature::Pss(Sha512)),
        (&Key::P256(1), Signature::Ecdsa(Sha1)),
        (&Key::P256(1), Signature::Ecdsa(Sha256)),
        (&Key::P256(1), Signature::Ecdsa(Sha512)),
        (&Key::P384(1), Signature::Ecdsa(Sha256)),
        (&Key::P384(1), Signature::Ecdsa(Sha384)),
    ] {
        let root = Template::authority(ROOT, key).self_signed(key);
        let leaf = Template::server(HOST)
            .signed_with(signature)
            .issued_by(ROOT, key);
        verify_as(
            HOST,
            from_ref(&leaf),
            roots(from_ref(&root)),
            &Policy::HISTORIC,
        )
        .unwrap();
        let mut forged = leaf.to_vec();
        *forged.last_mut().unwrap() ^= 1;
        let forged = verify_as(
            HOST,
            &[forged.into()],
            roots(from_ref(&root)),
            &Policy::HISTORIC,
        );
        assert_eq!(refused(forged), (Some(0), bad_signature(ROOT)));
        let another_key = Template::server(HOST).signed_with(signature);
        let mut changed = another_key.issued_by(ROOT, key).to_vec();
        let at = changed
            .windows(HOST.len())
            .position(|it| it == HOST.as_bytes())
            .unwrap();
        changed[at] = b'P';
        let changed = verify_as(HOST, &[changed.into()], roots(&[root]), &Policy::HISTORIC);
        assert_eq!(refused(changed), (Some(0), bad_signature(ROOT)));
    }
}

#[test]
fn hashes_are_the_policy_s_word() {
    use HashAlgorithm::*;
    let key = Key::Rsa(2048);
    let chain = |hash| {
        let leaf = Template::server(HOST).issued_by(SUB, &SUB_KEY);
        vec![
            leaf,
            sub()
                .signed_with(Signature::Rsa(hash))
                .issued_by(ROOT, &key),
        ]
    };
    // How the anchor itself is signed does not matter.
    let root = Template::authority(ROOT, &key)
        .signed_with(Signature::Rsa(Md5))
        .self_signed(&key);
    let verify = |hash, policy| verify_as(HOST, &chain(hash), roots(from_ref(&root)), &policy);
    for (hash, policy, accepted) in [
        (Sha256, Policy::STRICT, true),
        (Sha1, Policy::STRICT, false),
        (Md5, Policy::STRICT, false),
        (Sha1, Policy::COMPATIBLE, false),
        (
            Sha1,
            Policy::COMPATIBLE.certificate_hashes(&[Sha1, Sha256]),
            true,
        ),
        (
            Md5,
            Policy::COMPATIBLE.certificate_hashes(&[Sha1, Sha256]),
            false,
        ),
        (Md5, Policy::HISTORIC, true),
    ] {
        let result = verify(hash, policy);
        if accepted {
            result.unwrap();
        } else {
            let error = result.clone().unwrap_err();
            assert_eq!(error.alert(), AlertDescription::UNSUPPORTED_CERTIFICATE);
            assert_eq!(refused(result), (Some(1), Problem::HashNotAccepted(hash)));
        }
    }
}

#[test]
fn what_is_said_about_the_signature_must_agree_and_be_known() {
    let mut template = Template::server(HOST);
    template.outside = Some(Signature::Ecdsa(HashAlgorithm::Sha1));
    let result = verify(&direct(&template), &Policy::HISTORIC);
    assert!(matches!(
        refused(result).1,
        Problem::UnknownSignatureAlgorithm(_)
    ));
    // An RSA signature is not an ECDSA key's.
    let leaf = Template::server(HOST).issued_by(ROOT, &Key::Rsa(2048));
    assert_eq!(
        refused(verify(&[leaf], &Policy::HISTORIC)).1,
        bad_signature(ROOT)
    );
}

#[test]
fn short_and_senseless_keys_are_refused() {
    let weak = Key::Rsa(512);
    let short_leaf = || Template {
        key_info: weak.info(),
        ..Template::server(HOST)
    };
    let too_short = |min| Problem::KeyTooShort { bits: 512, min };
    let result = verify(&direct(&short_leaf()), &Policy::STRICT);
    assert_eq!(refused(result), (Some(0), too_short(2048)));
    verify(&direct(&short_leaf()), &Policy::EVERYTHING).unwrap();

    let weak_sub = Template::authority(SUB, &weak);
    let chain = [
        Template::server(HOST).issued_by(SUB, &weak),
        weak_sub.issued_by(ROOT, &ROOT_KEY),
    ];
    assert_eq!(
        refused(verify(&chain, &Policy::HISTORIC)),
        (Some(1), too_short(1024))
    );
    verify(&chain, &Policy::EVERYTHING).unwrap();

    let weak_root = Template::authority(ROOT, &weak).self_signed(&weak);
    let chain = [Template::server(HOST).issued_by(ROOT, &weak)];
    let result = verify_as(HOST, &chain, roots(&[weak_root]), &Policy::HISTORIC);
    assert_eq!(refused(result), (None, too_short(1024)));

    let even = [vec![0xff; 127], vec![0xfe]].concat();
    for (modulus, exponent) in [
        (&[0xff; 128][..], &[1][..]),
        (&[0xff; 128], &[2]),
        (&[0xff; 128], &[0xff; 64]),
        (&even, &[1, 0, 1]),
        (&[0xff; 20], &[1, 0, 1]),
        (&[0xff; 4096], &[1, 0, 1]),
        (&[0], &[0]),
    ] {
        let key_info = rsa_info(modulus, exponent);
        let leaf = Template {
            key_info: key_info.clone(),
            ..Template::server(HOST)
        };
        let result = verify(&direct(&leaf), &Policy::EVERYTHING);
        assert_eq!(result.unwrap_err(), CertificateError::NotRsa);
        let sub = Template { key_info, ..sub() };
        let result = verify(&through(&sub, &Template::server(HOST)), &Policy::EVERYTHING);
        assert_eq!(refused(result), (Some(1), Problem::BadKey));
        let root = Template { ..sub }.self_signed(&ROOT_KEY);
        assert_eq!(RootStore::new().add(root), Err(Problem::BadKey));
    }
    let ec_leaf = Template {
        key_info: Key::P256(3).info(),
        ..Template::server(HOST)
    };
    let result = verify(&direct(&ec_leaf), &Policy::EVERYTHING);
    assert_eq!(result.unwrap_err(), CertificateError::NotRsa);
}

#[test]
fn the_curve_of_a_key_is_named_by_an_object_identifier() {
    for key in [Key::P256(2), Key::P384(2)] {
        let check = |key_info: Vec<u8>| {
            let sub = Template { key_info, ..sub() };
            let leaf = Template::server(HOST).issued_by(SUB, &key);
            verify(&[leaf, sub.issued_by(ROOT, &ROOT_KEY)], &Policy::EVERYTHING)
        };
        check(key.info()).unwrap();
        let algorithm_oid = der::oid("1.2.840.10045.2.1");
        let info = key.info();
        let at = info
            .windows(algorithm_oid.len())
            .position(|it| it == algorithm_oid)
            .unwrap()
            + algorithm_oid.len();
        assert_eq!(info[at], 0x06);
        for tag in [0x04, 0x0d, 0x26, 0x46, 0x86] {
            let mut info = info.clone();
            info[at] = tag;
            let problem = refused(check(info)).1;
            // What the parser cannot read at all is no issuer.
            let unread = matches!(problem, Problem::UnknownIssuer { .. });
            assert!(
                unread || matches!(problem, Problem::UnknownKey(_)),
                "{tag} {problem}"
            );
        }
        // More than a name.
        let algorithm = sequence(&[
            algorithm_oid,
            info[at..at + 2 + usize::from(info[at + 1])].to_vec(),
            der::null(),
        ]);
        let point = info[at + 2 + usize::from(info[at + 1])..].to_vec();
        let problem = refused(check(sequence(&[algorithm, point]))).1;
        assert!(matches!(problem, Problem::UnknownKey(_)), "{problem}");
    }
}

#[test]
fn clients_need_no_name() {
    let client = Template::new("CN=somebody", &Key::Rsa(2048));
    verify_client(&direct(&client), &Policy::STRICT).unwrap();
    verify_client(&through(&sub(), &client), &Policy::STRICT).unwrap();
    let stranger = client.issued_by("CN=Nobody", &SUB_KEY);
    let result = verify_client(&[stranger], &Policy::STRICT);
    assert_eq!(result.unwrap_err().alert(), AlertDescription::UNKNOWN_CA);
    let verifier = PathVerifier::new(roots(&[root()]));
    assert_eq!(
        ClientVerifier::anonymous_clients(&verifier),
        AnonymousClients::Refused
    );
    assert_eq!(verifier.authorities(), [name(ROOT)]);
}

#[test]
fn roots_are_counted_and_those_that_cannot_be_used_are_named() {
    let unknown_key = Template {
        key_info: sequence(&[sequence(&[der::oid("1.3.101.112")]), der::bits(&[7; 32])]),
        ..Template::authority("CN=Edwards", &ROOT_KEY)
    };
    let bundle = [
        "some text\n".to_owned(),
        pem("CERTIFICATE", &root()),
        pem("PRIVATE KEY", b"not looked at"),
        pem("CERTIFICATE", &unknown_key.self_signed(&ROOT_KEY)),
        pem("CERTIFICATE", &[0x30, 0x00]),
        pem("CERTIFICATE", &root()),
        "-----BEGIN CERTIFICATE-----\n?!\n-----END CERTIFICATE-----\n".to_owned(),
        pem("CERTIFICATE", &sub().self_signed(&SUB_KEY)),
        "-----BEGIN CERTIFICATE-----\nAAAA\n".to_owned(),
    ];
    let mut roots = RootStore::new();
    let added = roots.add_pem(bundle.concat().as_bytes());
    assert_eq!((added.count, roots.len()), (3, 2));
    let positions: Vec<_> = added.skipped.iter().map(|it| it.position).collect();
    assert_eq!(positions, [1, 2, 4, 6]);
    let reasons: Vec<_> = added.skipped.iter().map(|it| &it.reason).collect();
    assert!(
        matches!(
            reasons[..],
            [
                RootProblem::Certificate(Problem::UnknownKey(_)),
                RootProblem::Certificate(Problem::Unreadable),
                RootProblem::Pem(_),
                RootProblem::Pem(_),
            ]
        ),
        "{reasons:?}"
    );
    let texts: Vec<_> = added.skipped.iter().map(ToString::to_string).collect();
    assert!(texts[0].starts_with(
        "root certificate 1 (CN=Edwards) was skipped: its key is of the kind 1.3.101.112"
    ));
    assert!(
        texts[1].starts_with("root certificate 2 (unreadable) was skipped: it cannot be parsed")
    );
    assert!(texts[2].contains("bad PEM"), "{}", texts[2]);
    let mut noisy = b"\xff\xfe\0 no text at all\n-----BEGIN\n".to_vec();
    noisy.extend(pem("CERTIFICATE", &root()).into_bytes());
    noisy.extend(b"\x80-----END CERTIFICATE-----\n\xff");
    let mut roots = RootStore::new();
    let added = roots.add_pem(&noisy);
    assert_eq!((added.count, added.skipped.len(), roots.len()), (1, 0, 1));
    let collected: RootStore = [root(), root()].into_iter().collect();
    assert_eq!(collected.len(), 1);
}
