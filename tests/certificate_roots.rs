//! Roots: what may be trusted, what that means, and what is said where a peer shows another one.

mod pki;

use std::slice::from_ref;

use CertificateProblem as Problem;
use pki::der::sequence;
use pki::verdict::*;
use pki::*;
use retrossl::pki_types::CertificateDer;
use retrossl::{
    AlertDescription, CertificateProblem, HashAlgorithm, Policy, RootProblem, RootStore,
};

#[test]
fn roots_of_one_name_with_several_keys_are_all_tried() {
    let old = Template::authority(ROOT, &Key::P256(5)).self_signed(&Key::P256(5));
    let chain = direct(&Template::server(HOST));
    verify_as(HOST, &chain, roots(&[old.clone(), root()]), &Policy::STRICT).unwrap();
    let only_old = verify_as(HOST, &chain, roots(from_ref(&old)), &Policy::STRICT);
    let text = only_old.clone().unwrap_err().to_string();
    assert!(text.contains("that authority may have a new key"), "{text}");
    assert_eq!(refused(only_old), (Some(0), not_signed_by_root()));
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
    // The device's key issues nothing, not even to itself for another host.
    let by_device = |template: &Template| {
        let chain = [template.issued_by("CN=server", &key), device.clone()];
        verify_as("bank.example", &chain, trusted(), &Policy::STRICT)
    };
    let bank = Template::server("bank.example");
    let namesake = Problem::SelfSignedNamesake { same_key: true };
    assert_eq!(refused(by_device(&bank)), (Some(0), namesake));
    let other = Template {
        subject: name("CN=bank"),
        ..bank
    };
    assert_eq!(refused(by_device(&other)), (None, Problem::NotAnAuthority));
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
    assert!(
        texts[3].ends_with("bad PEM: it ends before the section CERTIFICATE does"),
        "{}",
        texts[3]
    );
    let marked = [b"\xef\xbb\xbf", pem("CERTIFICATE", &root()).as_bytes()].concat();
    assert_eq!(RootStore::new().add_pem(&marked).count, 1);
    let mut noisy = b"\xff\xfe\0 no text at all\n-----BEGIN\n".to_vec();
    noisy.extend(pem("CERTIFICATE", &root()).into_bytes());
    noisy.extend(b"\x80-----END CERTIFICATE-----\n\xff");
    let mut roots = RootStore::new();
    let added = roots.add_pem(&noisy);
    assert_eq!((added.count, added.skipped.len(), roots.len()), (1, 0, 1));
    for none in [&root()[..], b"", pem("PRIVATE KEY", b"").as_bytes()] {
        let added = RootStore::new().add_pem(none);
        let reasons: Vec<_> = added.skipped.iter().map(|it| &it.reason).collect();
        assert_eq!(
            (added.count, &reasons[..]),
            (0, &[&RootProblem::NoCertificate][..])
        );
    }
    let collected: RootStore = [root(), root()].into_iter().collect();
    assert_eq!(collected.len(), 1);
}

/// A printer that was reset made a new key; so does somebody who wants to be taken for it.
#[test]
fn a_self_signed_certificate_of_a_root_s_name_is_called_that() {
    let (old_key, new_key) = (Key::Rsa(1024), Key::Rsa(2048));
    let device = |key: &Key, serial| {
        let template = Template::server(HOST).serial(&[serial]);
        let key_info = key.info();
        Template {
            key_info,
            ..template
        }
        .self_signed(key)
    };
    let authority = |key| {
        let template = Template::server(HOST).with(basic_constraints(true, None));
        template.self_signed(key)
    };
    let judged = |root: CertificateDer<'static>, new: CertificateDer<'static>, policy| {
        verify_as(HOST, &[new], roots(&[root]), &policy)
    };
    let namesake = |same_key| (Some(0), Problem::SelfSignedNamesake { same_key });
    let renewed = judged(device(&old_key, 1), device(&new_key, 1), Policy::HISTORIC);
    let error = renewed.clone().unwrap_err();
    assert_eq!(error.alert(), AlertDescription::UNKNOWN_CA);
    assert_eq!(
        error.to_string(),
        "certificate 0 of the chain (CN=server): it is self-signed, and the roots have another \
         certificate of that name, with another key; it may have been renewed, so compare the two \
         and replace the root, or it is an impostor's"
    );
    assert_eq!(refused(renewed), namesake(false));
    let of_authority = Template {
        key_info: old_key.info(),
        ..Template::authority("CN=server", &old_key)
    };
    let result = judged(
        of_authority.self_signed(&old_key),
        device(&new_key, 1),
        Policy::HISTORIC,
    );
    assert_eq!(refused(result), namesake(false));
    // With the old key it is the device, or who stole its key.
    let result = judged(device(&new_key, 1), device(&new_key, 2), Policy::STRICT);
    let text = result.clone().unwrap_err().to_string();
    assert!(text.ends_with("with the same key; if it was renewed, replace the root with it"));
    assert_eq!(refused(result), namesake(true));
    // That the new one is signed with an old hash does not matter: as a root it would be taken.
    let old_hash = Template::server(HOST).signed_with(Signature::Rsa(HashAlgorithm::Sha1));
    let result = judged(
        device(&old_key, 1),
        old_hash.self_signed(&new_key),
        Policy::STRICT,
    );
    assert_eq!(refused(result), namesake(false));
    // Self-signed, it says; but it is not.
    let mut forged = device(&new_key, 1).to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let forged = CertificateDer::from(forged);
    let result = judged(device(&old_key, 1), forged.clone(), Policy::STRICT);
    assert_eq!(refused(result), (Some(0), Problem::SelfSigned));
    let result = judged(authority(&new_key), forged, Policy::STRICT);
    assert!(matches!(refused(result).1, Problem::NotSignedByRoot { .. }));
}

#[test]
fn an_authority_that_was_replaced_is_called_that() {
    let new_key = Key::P256(5);
    let new_root = Template::authority(ROOT, &new_key).self_signed(&new_key);
    let leaf = Template::server(HOST).issued_by(ROOT, &new_key);
    let result = verify(from_ref(&leaf), &Policy::STRICT);
    assert_eq!(refused(result), (Some(0), not_signed_by_root()));
    // With the new root in the chain there is more to say.
    let result = verify(&[leaf, new_root], &Policy::STRICT);
    let namesake = Problem::SelfSignedNamesake { same_key: false };
    assert_eq!(refused(result), (Some(1), namesake));
}

/// Somebody put a server's certificate among the roots, and its name is an authority's, too.
#[test]
fn a_root_that_is_no_authority_is_nobody_s_issuer() {
    let device_key = Key::P256(5);
    let device = Template::new(ROOT, &device_key).self_signed(&device_key);
    let chain = direct(&Template::server(HOST));
    let with_both = roots(&[device.clone(), root()]);
    verify_as(HOST, &chain, with_both, &Policy::STRICT).unwrap();
    let result = verify_as(HOST, &chain, roots(&[device]), &Policy::STRICT);
    let issuer = ROOT.to_owned();
    assert_eq!(refused(result).1, Problem::UnknownIssuer { issuer });
}
