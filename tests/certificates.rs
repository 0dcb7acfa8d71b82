//! Certification paths: how they are found, and what holds for every certificate on them. Every
//! rule has a chain that keeps it and one that breaks it.

mod pki;

use std::time::Duration;

use CertificateProblem as Problem;
use pki::der::value;
use pki::verdict::*;
use pki::*;
use retrossl::client::{ServerToVerify, ServerVerifier};
use retrossl::pki_types::{CertificateDer, ServerName, UnixTime};
use retrossl::server::ClientVerifier;
use retrossl::{AlertDescription, AnonymousClients, CertificateProblem, PathVerifier, Policy};

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
    let text = without_c.clone().unwrap_err().to_string();
    assert!(
        text.contains("the peer should send its certificate, too"),
        "{text}"
    );
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

/// Only a peer's own certificate can be pinned, so nothing else is told to be.
#[test]
fn what_cannot_be_read_can_be_pinned_where_it_is_the_peer_s() {
    let own = verify(&[vec![0x30, 0x00].into()], &Policy::STRICT).unwrap_err();
    assert_eq!(
        own.to_string(),
        "certificate 0 of the chain: it cannot be parsed as X.509; if it is the right one, pin its \
         fingerprint"
    );
    let sub = sub().issued_by(ROOT, &ROOT_KEY);
    let longer = [&sub[4..], &[5, 0]].concat();
    assert_eq!(sub[1], 0x82, "the length of its length");
    let leaf = Template::server(HOST).issued_by(SUB, &SUB_KEY);
    let chain = [leaf, value(0x30, &longer).into()];
    let error = verify(&chain, &Policy::STRICT).unwrap_err();
    assert_eq!(
        error.to_string(),
        "certificate 1 of the chain (O=Example, CN=Sub): it cannot be parsed as X.509"
    );
    let untrusted = Template::authority("CN=Other", &SUB_KEY).self_signed(&SUB_KEY);
    let leaf = Template::server(HOST).issued_by("CN=Other", &SUB_KEY);
    let error = verify(&[leaf, untrusted], &Policy::STRICT).unwrap_err();
    assert_eq!(
        error.to_string(),
        "certificate 1 of the chain (CN=Other): it is self-signed and not among the roots; if you \
         trust it, add it there"
    );
}
