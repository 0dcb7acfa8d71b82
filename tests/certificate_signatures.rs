//! Signatures in certificates, and the keys that make them.

mod pki;

use std::slice::from_ref;

use CertificateProblem as Problem;
use pki::der::sequence;
use pki::verdict::*;
use pki::*;
use retrossl::{
    AlertDescription, CertificateError, CertificateProblem, HashAlgorithm, Policy, RootStore,
};

#[test]
fn signatures_of_every_kind_verify() {
    use HashAlgorithm::*;
    let rsa = Key::Rsa(2048);
    let (p256, p384) = (Key::P256(1), Key::P384(1));
    for (key, signature) in [
        (&rsa, Signature::Rsa(Md5)),
        (&rsa, Signature::Rsa(Sha1)),
        (&rsa, Signature::RsaOiw),
        (&rsa, Signature::Rsa(Sha224)),
        (&rsa, Signature::Rsa(Sha256)),
        (&rsa, Signature::Rsa(Sha384)),
        (&rsa, Signature::Rsa(Sha512)),
        (&rsa, Signature::Pss(Sha1)),
        (&rsa, Signature::Pss(Sha224)),
        (&rsa, Signature::Pss(Sha256)),
        (&rsa, Signature::Pss(Sha384)),
        (&rsa, Signature::Pss(Sha512)),
        (&p256, Signature::Ecdsa(Sha1)),
        (&p256, Signature::Ecdsa(Sha224)),
        (&p256, Signature::Ecdsa(Sha256)),
        (&p256, Signature::Ecdsa(Sha384)),
        (&p256, Signature::Ecdsa(Sha512)),
        (&p384, Signature::Ecdsa(Sha224)),
        (&p384, Signature::Ecdsa(Sha256)),
        (&p384, Signature::Ecdsa(Sha384)),
        (&p384, Signature::Ecdsa(Sha512)),
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
        assert_eq!(refused(forged), (Some(0), not_signed_by_root()));
        let another_key = Template::server(HOST).signed_with(signature);
        let mut changed = another_key.issued_by(ROOT, key).to_vec();
        let at = changed
            .windows(HOST.len())
            .position(|it| it == HOST.as_bytes())
            .unwrap();
        changed[at] = b'P';
        let changed = verify_as(HOST, &[changed.into()], roots(&[root]), &Policy::HISTORIC);
        assert_eq!(refused(changed), (Some(0), not_signed_by_root()));
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
        not_signed_by_root()
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
fn what_pss_parameters_say_must_be_what_was_done() {
    use HashAlgorithm::*;
    let key = Key::Rsa(2048);
    let root = Template::authority(ROOT, &key).self_signed(&key);
    let judged = |mask, salt_len, trailer| {
        let leaf = Template::server(HOST).signed_with(Signature::PssSaying {
            hash: Sha256,
            mask,
            salt_len,
            trailer,
        });
        let chain = [leaf.issued_by(ROOT, &key)];
        verify_as(HOST, &chain, roots(from_ref(&root)), &Policy::HISTORIC)
    };
    judged(Sha256, 32, 1).unwrap();
    let unknown = Problem::UnknownSignatureAlgorithm("1.2.840.113549.1.1.10".to_owned());
    for (mask, trailer) in [(Sha1, 1), (Sha512, 1), (Sha256, 2)] {
        let problem = refused(judged(mask, 32, trailer)).1;
        assert_eq!(problem, unknown, "{mask} {trailer}");
    }
    for salt_len in [0, 31, 33, 255] {
        let problem = refused(judged(Sha256, salt_len, 1)).1;
        assert_eq!(problem, not_signed_by_root(), "{salt_len}");
    }
}

#[test]
fn a_signature_is_whole_bytes() {
    let key = Key::Rsa(2048);
    let root = Template::authority(ROOT, &key).self_signed(&key);
    // What is unused has to be zero for the parser to take it.
    let mut signed = (1..).map(|serial| {
        Template::server(HOST)
            .serial(&[serial])
            .issued_by(ROOT, &key)
    });
    let mut leaf = signed
        .find(|der| der.last().unwrap() & 1 == 0)
        .unwrap()
        .to_vec();
    let unused_bits = leaf.len() - 256 - 1;
    assert_eq!(leaf[unused_bits - 4..=unused_bits], [3, 0x82, 1, 1, 0]);
    leaf[unused_bits] = 1;
    let result = verify_as(HOST, &[leaf.into()], roots(&[root]), &Policy::STRICT);
    assert_eq!(refused(result).1, not_signed_by_root());
}
