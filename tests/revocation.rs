//! Revocation lists that the caller gives (RFC 5280 §5).

mod pki;

use CertificateProblem as Problem;
use pki::der::{integer, null, octets, oid, sequence, value};
use pki::verdict::{HOST, ROOT, ROOT_KEY, SUB, SUB_KEY, roots, through, verify_with_lists};
use pki::*;
use retrossl::client::{ServerToVerify, ServerVerifier};
use retrossl::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName};
use retrossl::{
    AlertDescription, CertificateError, CertificateProblem, HashAlgorithm, PathVerifier, Policy,
    RevocationList, RevocationListError,
};

/// A server's certificate with serial number 7, issued by one with serial number 5.
fn chain() -> Vec<CertificateDer<'static>> {
    let sub = verdict::sub().serial(&[5]);
    through(&sub, &Template::server(HOST).serial(&[7]))
}

fn read(list: CertificateRevocationListDer<'_>) -> RevocationList {
    RevocationList::from_der(&list).unwrap()
}

fn refused(lists: impl IntoIterator<Item = RevocationList>) -> (Option<usize>, Problem) {
    verdict::refused(verify_with_lists(&chain(), lists, &Policy::STRICT))
}

fn of_sub(serials: &[&[u8]]) -> RevocationList {
    read(ListTemplate::revoking(serials).issued_by(SUB, &SUB_KEY))
}

#[test]
fn what_is_revoked_is_refused() {
    verify_with_lists(&chain(), [], &Policy::STRICT).unwrap();
    verify_with_lists(&chain(), [of_sub(&[])], &Policy::STRICT).unwrap();
    verify_with_lists(
        &chain(),
        [of_sub(&[&[5], &[8], &[0x07, 0x07], &[0x70]])],
        &Policy::STRICT,
    )
    .unwrap();
    for serial in [&[7][..], &[0, 7]] {
        let list = of_sub(&[&[1], serial, &[9, 9]]);
        let error = verify_with_lists(&chain(), [list], &Policy::STRICT).unwrap_err();
        assert_eq!(error.alert(), AlertDescription::CERTIFICATE_REVOKED);
        assert!(
            error
                .to_string()
                .ends_with("its issuer revoked it on 2024-04-15 00:00:00 UTC")
        );
    }
    let of_root = read(ListTemplate::revoking(&[&[5]]).issued_by(ROOT, &ROOT_KEY));
    let (index, problem) = refused([of_root]);
    assert!(matches!(
        (index, problem),
        (Some(1), Problem::Revoked { .. })
    ));
    // Another authority's list says nothing, whatever is on it.
    let of_another = read(ListTemplate::revoking(&[&[7]]).issued_by("CN=Another", &SUB_KEY));
    verify_with_lists(&chain(), [of_another], &Policy::STRICT).unwrap();
}

#[test]
fn a_list_that_its_issuer_did_not_sign_is_refused() {
    let forged = read(ListTemplate::revoking(&[]).issued_by(SUB, &ROOT_KEY));
    assert_eq!(
        refused([forged.clone()]),
        (Some(0), Problem::BadRevocationList)
    );
    // Besides a good one it does no harm: the authority may have had another key.
    verify_with_lists(&chain(), [forged.clone(), of_sub(&[])], &Policy::STRICT).unwrap();
    let (_, problem) = refused([forged, of_sub(&[&[7]])]);
    assert!(matches!(problem, Problem::Revoked { .. }));
    // The hash of a list is the policy's word, too.
    let only_sha1 = Policy::STRICT.certificate_hashes(&[HashAlgorithm::Sha1]);
    let sub = verdict::sub()
        .signed_with(Signature::Ecdsa(HashAlgorithm::Sha1))
        .issued_by(ROOT, &ROOT_KEY);
    let leaf = Template::server(HOST)
        .signed_with(Signature::Ecdsa(HashAlgorithm::Sha1))
        .issued_by(SUB, &SUB_KEY);
    let chain = [leaf, sub];
    verify_with_lists(&chain, [], &only_sha1).unwrap();
    assert!(verify_with_lists(&chain, [of_sub(&[])], &only_sha1).is_err());
}

#[test]
fn an_issuer_that_may_not_sign_lists_has_none() {
    let with = |bits: &[u8]| {
        let sub = verdict::sub().with(key_usage(bits));
        let chain = [
            Template::server(HOST).issued_by(SUB, &SUB_KEY),
            sub.issued_by(ROOT, &ROOT_KEY),
        ];
        verify_with_lists(&chain, [of_sub(&[])], &Policy::STRICT)
    };
    with(&[KEY_CERT_SIGN, CRL_SIGN]).unwrap();
    assert!(with(&[KEY_CERT_SIGN]).is_err());
}

#[test]
fn the_newest_list_counts_and_it_must_not_be_overdue() {
    let list = |this_update, next_update, serials: &[&[u8]]| {
        let template = ListTemplate {
            this_update,
            next_update,
            ..ListTemplate::revoking(serials)
        };
        read(template.issued_by(SUB, &SUB_KEY))
    };
    let old = list("20240101000000Z", Some("20240201000000Z"), &[]);
    let (_, problem) = refused([old.clone()]);
    assert!(matches!(problem, Problem::StaleRevocationList { .. }));
    let old_revoking = list("20240101000000Z", Some("20240201000000Z"), &[&[7]]);
    let (_, problem) = refused([old_revoking.clone()]);
    assert!(matches!(problem, Problem::Revoked { .. }));
    let endless = list("20240101000000Z", None, &[]);
    assert_eq!(endless.next_update(), None);
    assert_eq!(endless.this_update().as_secs(), 1_704_067_200);
    assert_eq!(old.next_update().unwrap().as_secs(), 1_706_745_600);
    verify_with_lists(&chain(), [endless], &Policy::STRICT).unwrap();
    // Taken off the list again, such as after certificateHold.
    verify_with_lists(&chain(), [old_revoking, of_sub(&[]), old], &Policy::STRICT).unwrap();
    // Which of two of one time is the right one, nobody can say: what either revokes is revoked.
    let other = list("20240501000000Z", Some("20240702000000Z"), &[&[6]]);
    let revoking = list("20240501000000Z", Some("20240702000000Z"), &[&[6], &[7]]);
    let of_old = list("20240430000000Z", Some("20240702000000Z"), &[&[7]]);
    verify_with_lists(
        &chain(),
        [of_sub(&[]), other.clone(), of_old],
        &Policy::STRICT,
    )
    .unwrap();
    let lists = [of_sub(&[]), other, revoking];
    for order in [[0, 1, 2], [0, 2, 1], [2, 1, 0]] {
        let (_, problem) = refused(order.map(|index| lists[index].clone()));
        assert!(matches!(problem, Problem::Revoked { .. }), "{order:?}");
    }
    let overdue = list("20240501000000Z", Some("20240601000000Z"), &[]);
    for lists in [[overdue.clone(), of_sub(&[])], [of_sub(&[]), overdue]] {
        let (_, problem) = refused(lists);
        assert!(matches!(problem, Problem::StaleRevocationList { .. }));
    }
    let future = list("20240701000000Z", None, &[]);
    let (_, problem) = refused([future.clone()]);
    assert!(matches!(problem, Problem::FutureRevocationList { .. }));
    verify_with_lists(&chain(), [future, of_sub(&[])], &Policy::STRICT).unwrap();
}

#[test]
fn lists_of_kinds_that_are_not_known_are_refused_when_read() {
    let known = ListTemplate {
        extensions: vec![extension("2.5.29.20", false, &[0x02, 0x01, 0x01])],
        entry_extensions: vec![extension("2.5.29.21", true, &[0x0a, 0x01, 0x01])],
        ..ListTemplate::revoking(&[&[7]])
    };
    RevocationList::from_der(&known.issued_by(SUB, &SUB_KEY)).unwrap();
    let of_list = |number, value: &[u8]| ListTemplate {
        extensions: vec![extension(number, true, value)],
        ..ListTemplate::revoking(&[])
    };
    let of_entry = |number, value: &[u8]| ListTemplate {
        entry_extensions: vec![extension(number, true, value)],
        ..ListTemplate::revoking(&[&[7]])
    };
    for unknown in [of_list("1.2.3.4", b"?"), of_entry("1.2.3.4", b"?")] {
        let error = RevocationList::from_der(&unknown.issued_by(SUB, &SUB_KEY)).unwrap_err();
        let (issuer, extension) = (SUB.to_owned(), "1.2.3.4".to_owned());
        let expected = RevocationListError::UnknownCriticalExtension { issuer, extension };
        assert_eq!(error, expected);
    }
}

#[test]
fn a_list_that_is_not_complete_is_refused_whether_it_says_so_critically_or_not() {
    let refused = |template: ListTemplate| {
        let list = template.issued_by(SUB, &SUB_KEY);
        match RevocationList::from_der(&list).unwrap_err() {
            error @ RevocationListError::NotComplete { .. } => error.to_string(),
            other => panic!("{other}"),
        }
    };
    for critical in [true, false] {
        let of_list = |number, value: &[u8]| ListTemplate {
            extensions: vec![
                extension("2.5.29.20", false, &[0x02, 0x01, 0x01]),
                extension(number, critical, value),
            ],
            ..ListTemplate::revoking(&[])
        };
        let only_users = [0x30, 0x03, 0x81, 0x01, 0xff];
        for (template, what) in [
            (
                of_list("2.5.29.28", &only_users),
                "issuingDistributionPoint",
            ),
            (
                of_list("2.5.29.28", &[0x30, 0x00]),
                "issuingDistributionPoint",
            ),
            (of_list("2.5.29.28", b"?"), "issuingDistributionPoint"),
            (of_list("2.5.29.27", &[0x02, 0x01, 0x01]), "a delta list"),
            (of_list("2.5.29.27", b"?"), "a delta list"),
        ] {
            let text = refused(template);
            let of_sub = text.starts_with("the revocation list of O=Example, CN=Sub is ");
            assert!(of_sub && text.contains(what), "{text}");
        }
        let indirect = ListTemplate {
            entry_extensions: vec![extension("2.5.29.29", critical, &name("CN=Another"))],
            ..ListTemplate::revoking(&[&[7]])
        };
        assert!(refused(indirect).contains("an indirect one"));
    }
}

#[test]
fn cut_and_changed_lists_never_panic() {
    let list = ListTemplate::revoking(&[&[7], &[8]]).issued_by(SUB, &SUB_KEY);
    for len in 0..list.len() {
        let cut = CertificateRevocationListDer::from(&list[..len]);
        assert_eq!(
            RevocationList::from_der(&cut).unwrap_err(),
            RevocationListError::Unreadable
        );
        let mut changed = list.to_vec();
        changed[len] ^= 0xff;
        if let Ok(changed) = RevocationList::from_der(&changed.into()) {
            assert!(verify_with_lists(&chain(), [changed, of_sub(&[])], &Policy::STRICT).is_ok());
        }
    }
}

/// Trusted by itself, and issued by an authority that is trusted, too.
#[test]
fn a_trusted_certificate_is_revoked_by_a_trusted_issuer() {
    let key = Key::Rsa(2048);
    let template = Template::server(HOST).serial(&[7]);
    let by_root = template.issued_by(ROOT, &ROOT_KEY);
    let by_another = template.issued_by(ROOT, &Key::P256(9));
    let by_itself = template.self_signed(&key);
    let of_root =
        |serials: &[&[u8]]| read(ListTemplate::revoking(serials).issued_by(ROOT, &ROOT_KEY));
    let judged = |trusted: &CertificateDer<'static>, list: RevocationList| {
        let name = ServerName::try_from(HOST).unwrap();
        let chain = [trusted.clone()];
        PathVerifier::new(roots(&[trusted.clone(), verdict::root()]))
            .revocation_lists([list])
            .verify_server(&ServerToVerify::new(&chain, &name, now(), &Policy::STRICT))
    };
    judged(&by_root, of_root(&[&[8]])).unwrap();
    let (index, problem) = verdict::refused(judged(&by_root, of_root(&[&[7]])));
    assert!(matches!(
        (index, problem),
        (Some(0), Problem::Revoked { .. })
    ));
    let overdue = ListTemplate {
        next_update: Some("20240515000000Z"),
        ..ListTemplate::revoking(&[])
    };
    let overdue = read(overdue.issued_by(ROOT, &ROOT_KEY));
    let (_, problem) = verdict::refused(judged(&by_root, overdue));
    assert!(matches!(problem, Problem::StaleRevocationList { .. }));
    // Whatever key signed it, the authority whose name it has may revoke it.
    judged(&by_another, of_root(&[&[8]])).unwrap();
    let (_, problem) = verdict::refused(judged(&by_another, of_root(&[&[7]])));
    assert!(matches!(problem, Problem::Revoked { .. }));
    // But it need not speak of it, and cannot revoke what has another issuer.
    let of_another = ListTemplate::revoking(&[&[7]]).issued_by(ROOT, &Key::P256(9));
    judged(&by_another, read(of_another)).unwrap();
    judged(&by_itself, of_root(&[&[7]])).unwrap();
    let own = read(ListTemplate::revoking(&[&[7]]).issued_by("CN=server", &key));
    let (_, problem) = verdict::refused(judged(&by_itself, own));
    assert!(matches!(problem, Problem::Revoked { .. }));
}

#[test]
fn a_trusted_certificate_is_revoked_however_it_is_signed() {
    let by_root = Template::server(HOST).serial(&[7]);
    let two_algorithms = Template {
        outside: Some(Signature::Rsa(HashAlgorithm::Md5)),
        ..by_root.clone()
    };
    let unreadable = two_algorithms.issued_by(ROOT, &ROOT_KEY);
    let mut damaged = by_root.issued_by(ROOT, &ROOT_KEY).to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    for trusted in [unreadable, damaged.into()] {
        let judged = |list| judge_trusted(&trusted, &[verdict::root()], [read(list)]);
        let list = |serial| ListTemplate::revoking(&[&[serial]]).issued_by(ROOT, &ROOT_KEY);
        judged(list(8)).unwrap();
        let (_, problem) = verdict::refused(judged(list(7)));
        assert!(matches!(problem, Problem::Revoked { .. }));
    }
}

/// An authority's key in several certificates, of which not each may sign lists.
#[test]
fn one_root_that_clears_a_trusted_certificate_suffices() {
    let authority = Template::authority(ROOT, &ROOT_KEY);
    let mute = authority.clone().with(key_usage(&[KEY_CERT_SIGN]));
    let mute = mute.serial(&[2]).self_signed(&ROOT_KEY);
    let able = authority.with(key_usage(&[KEY_CERT_SIGN, CRL_SIGN]));
    let able = able.serial(&[3]).self_signed(&ROOT_KEY);
    let namesake_key = Key::P256(9);
    let namesake = Template::authority(ROOT, &namesake_key).self_signed(&namesake_key);
    let trusted = Template::server(HOST)
        .serial(&[7])
        .issued_by(ROOT, &ROOT_KEY);
    let list = |serial, key| read(ListTemplate::revoking(&[&[serial]]).issued_by(ROOT, key));
    let judged = |issuers: &[&CertificateDer<'static>], serial| {
        let issuers: Vec<_> = issuers.iter().copied().cloned().collect();
        judge_trusted(&trusted, &issuers, [list(serial, &ROOT_KEY)])
    };
    for issuers in [[&mute, &able], [&able, &mute]] {
        judged(&issuers, 8).unwrap();
        let (_, problem) = verdict::refused(judged(&issuers, 7));
        assert!(matches!(problem, Problem::Revoked { .. }));
    }
    for issuers in [[&mute, &namesake], [&namesake, &mute]] {
        let (_, problem) = verdict::refused(judged(&issuers, 8));
        assert_eq!(problem, Problem::BadRevocationList);
    }
    // Another key's list is no word that it is good.
    let lists = || [8, 9].map(|serial| list(serial, &namesake_key));
    let (_, problem) = verdict::refused(judge_trusted(&trusted, &[mute, namesake], lists()));
    assert_eq!(problem, Problem::BadRevocationList);
}

/// This certificate, which is among the roots, besides these.
fn judge_trusted(
    trusted: &CertificateDer<'static>,
    others: &[CertificateDer<'static>],
    lists: impl IntoIterator<Item = RevocationList>,
) -> Result<(), CertificateError> {
    let name = ServerName::try_from(HOST).unwrap();
    let all: Vec<_> = [trusted].into_iter().chain(others).cloned().collect();
    PathVerifier::new(roots(&all))
        .revocation_lists(lists)
        .verify_server(&ServerToVerify::new(
            &all[..1],
            &name,
            now(),
            &Policy::STRICT,
        ))
}

/// What cannot be read may be the word that the entry is another authority's.
#[test]
fn a_list_with_malformed_extensions_in_an_entry_is_refused() {
    let indirect = || extension("2.5.29.29", true, &name("CN=Another"));
    let reason = || extension("2.5.29.21", false, &[0x0a, 0x01, 0x01]);
    let junk = |fields: &[Vec<u8>]| sequence(&[fields, &[null()]].concat());
    let number = || oid("2.5.29.21");
    for entry_extensions in [
        vec![indirect(), null()],
        vec![indirect(), sequence(&[])],
        vec![indirect(), sequence(&[number()])],
        vec![indirect(), sequence(&[number(), integer(&[1])])],
        vec![
            indirect(),
            sequence(&[number(), value(0x01, &[]), octets(b"?")]),
        ],
        vec![reason(), junk(&[number(), octets(&[0x0a, 0x01, 0x01])])],
        vec![value(0x30, &[0x82])],
    ] {
        let list = ListTemplate {
            entry_extensions,
            ..ListTemplate::revoking(&[&[7]])
        };
        let list = RevocationList::from_der(&list.issued_by(SUB, &SUB_KEY));
        assert_eq!(list.unwrap_err(), RevocationListError::Unreadable);
    }
    let list = ListTemplate {
        entry_extensions: vec![reason(), extension("1.2.3.4", false, b"?")],
        ..ListTemplate::revoking(&[&[7], &[8]])
    };
    RevocationList::from_der(&list.issued_by(SUB, &SUB_KEY)).unwrap();
}

#[test]
fn the_signature_of_a_list_is_whole_bytes() {
    let key = Key::Rsa(2048);
    let sub = Template::authority(SUB, &key).issued_by(ROOT, &ROOT_KEY);
    let chain = [Template::server(HOST).issued_by(SUB, &key), sub];
    // What is unused has to be zero for the parser to take it.
    let mut signed =
        (1..).map(|serial| ListTemplate::revoking(&[&[100, serial]]).issued_by(SUB, &key));
    let mut list = signed
        .find(|der| der.last().unwrap() & 1 == 0)
        .unwrap()
        .to_vec();
    verify_with_lists(&chain, [read(list.clone().into())], &Policy::STRICT).unwrap();
    let unused_bits = list.len() - 256 - 1;
    assert_eq!(list[unused_bits - 4..=unused_bits], [3, 0x82, 1, 1, 0]);
    list[unused_bits] = 1;
    let result = verify_with_lists(&chain, [read(list.into())], &Policy::STRICT);
    assert_eq!(verdict::refused(result).1, Problem::BadRevocationList);
}
