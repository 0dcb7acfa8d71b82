//! What a certificate may be used for: as an authority, as a server's, as a client's.

mod pki;

use std::slice::from_ref;

use CertificateProblem as Problem;
use pki::der::sequence;
use pki::verdict::*;
use pki::*;
use retrossl::{CertificateProblem, Policy, StepUpUsages, Version1Certificates};

#[test]
fn only_authorities_issue() {
    let leaf = Template::server(HOST);
    let not_ca = Template {
        extensions: vec![basic_constraints(false, None)],
        ..sub()
    };
    let silent = Template {
        extensions: Vec::new(),
        ..sub()
    };
    let no_cert_sign = sub().with(key_usage(&[DIGITAL_SIGNATURE, CRL_SIGN]));
    let cert_sign = sub().with(key_usage(&[KEY_CERT_SIGN]));
    verify(&through(&cert_sign, &leaf), &Policy::STRICT).unwrap();
    for policy in [Policy::STRICT, Policy::EVERYTHING] {
        for bad in [&not_ca, &silent] {
            let result = verify(&through(bad, &leaf), &policy);
            assert_eq!(refused(result), (Some(1), Problem::NotAnAuthority));
        }
        let result = verify(&through(&no_cert_sign, &leaf), &policy);
        assert!(matches!(refused(result), (Some(1), Problem::KeyUsage(_))));
    }
    // An authority may be a server.
    let both = Template::server(HOST).with(basic_constraints(true, None));
    verify(&direct(&both), &Policy::STRICT).unwrap();
}

#[test]
fn path_lengths_are_kept() {
    let leaf = Template::server(HOST).issued_by("CN=B", &Key::P256(4));
    let b = Template::authority("CN=B", &Key::P256(4)).issued_by("CN=A", &Key::P256(3));
    let a = |max| {
        let extensions = vec![basic_constraints(true, max)];
        Template {
            extensions,
            ..Template::authority("CN=A", &Key::P256(3))
        }
        .issued_by(ROOT, &ROOT_KEY)
    };
    for max in [None, Some(1), Some(5)] {
        verify(&[leaf.clone(), b.clone(), a(max)], &Policy::STRICT).unwrap();
    }
    let result = verify(&[leaf.clone(), b.clone(), a(Some(0))], &Policy::STRICT);
    assert_eq!(refused(result), (Some(1), Problem::PathTooLong { max: 0 }));
    // The anchor's own limit counts, too.
    let extensions = vec![basic_constraints(true, Some(1))];
    let root = Template {
        extensions,
        ..Template::authority(ROOT, &ROOT_KEY)
    };
    let root = root.self_signed(&ROOT_KEY);
    let chain = [leaf, b, a(None)];
    let result = verify_as(HOST, &chain, roots(from_ref(&root)), &Policy::STRICT);
    assert_eq!(refused(result), (Some(1), Problem::PathTooLong { max: 1 }));
    // A certificate that an authority gave itself does not count.
    let rolled = Template::authority(ROOT, &Key::P256(6)).issued_by(ROOT, &ROOT_KEY);
    let b = Template::authority("CN=B", &Key::P256(4)).issued_by(ROOT, &Key::P256(6));
    let leaf = Template::server(HOST).issued_by("CN=B", &Key::P256(4));
    verify_as(HOST, &[leaf, b, rolled], roots(&[root]), &Policy::STRICT).unwrap();
}

#[test]
fn version_1_is_the_policy_s_word() {
    let v1 = |mut template: Template| {
        template.extensions.clear();
        template.version(1)
    };
    let leaf = v1(Template::new("CN=printer.lan", &Key::Rsa(2048)));
    let chain = direct(&leaf);
    let result = verify(&chain, &Policy::COMPATIBLE);
    assert_eq!(refused(result), (Some(0), Problem::OldVersion(1)));
    verify(&chain, &Policy::HISTORIC).unwrap();
    let version_2 = verify(&direct(&leaf.clone().version(2)), &Policy::STRICT);
    assert_eq!(refused(version_2), (Some(0), Problem::OldVersion(2)));

    let old_root = v1(Template::authority(ROOT, &ROOT_KEY)).self_signed(&ROOT_KEY);
    let modern = direct(&Template::server(HOST));
    let result = verify_as(HOST, &modern, roots(from_ref(&old_root)), &Policy::STRICT);
    assert_eq!(refused(result), (None, Problem::OldVersion(1)));
    verify_as(HOST, &modern, roots(&[old_root]), &Policy::HISTORIC).unwrap();

    // As an intermediate it could be anybody's: only where everything goes.
    let chain = through(&v1(sub()), &Template::server(HOST));
    let result = verify(&chain, &Policy::HISTORIC);
    assert_eq!(refused(result), (Some(1), Problem::OldVersion(1)));
    verify(&chain, &Policy::EVERYTHING).unwrap();
    let named = Policy::STRICT.version_1_certificates(Version1Certificates::Accepted);
    verify(&chain, &named).unwrap();
}

#[test]
fn key_usages_fit_rsa_key_exchange() {
    let with = |bits: &[u8]| direct(&Template::server(HOST).with(key_usage(bits)));
    let encipher = with(&[DIGITAL_SIGNATURE, KEY_ENCIPHERMENT]);
    let sign = with(&[DIGITAL_SIGNATURE]);
    verify(&encipher, &Policy::STRICT).unwrap();
    assert!(matches!(
        refused(verify(&sign, &Policy::HISTORIC)).1,
        Problem::KeyUsage(_)
    ));
    verify_client(&sign, &Policy::STRICT).unwrap();
    let encipher_only = with(&[KEY_ENCIPHERMENT]);
    verify(&encipher_only, &Policy::STRICT).unwrap();
    let result = verify_client(&encipher_only, &Policy::STRICT);
    assert!(matches!(refused(result).1, Problem::KeyUsage(_)));
}

#[test]
fn extended_key_usages_fit_the_peer() {
    const NETSCAPE: &str = "2.16.840.1.113730.4.1";
    const MICROSOFT: &str = "1.3.6.1.4.1.311.10.3.3";
    const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
    let with = |usages: &[&str]| direct(&Template::server(HOST).with(extended_key_usage(usages)));
    for (usages, server, historic_server, client) in [
        (&[SERVER_AUTH][..], true, true, false),
        (&[CLIENT_AUTH], false, false, true),
        (&[SERVER_AUTH, CLIENT_AUTH], true, true, true),
        (&[ANY_USAGE], true, true, true),
        (&[CODE_SIGNING], false, false, false),
        (&[NETSCAPE], false, true, false),
        (&[MICROSOFT], false, true, false),
    ] {
        let chain = with(usages);
        assert_eq!(
            verify(&chain, &Policy::STRICT).is_ok(),
            server,
            "{usages:?}"
        );
        assert_eq!(
            verify(&chain, &Policy::HISTORIC).is_ok(),
            historic_server,
            "{usages:?}"
        );
        assert_eq!(
            verify_client(&chain, &Policy::HISTORIC).is_ok(),
            client,
            "{usages:?}"
        );
    }
    let accepting = Policy::STRICT.step_up_usages(StepUpUsages::Accepted);
    verify(&with(&[NETSCAPE]), &accepting).unwrap();
    let text = verify(&with(&[CLIENT_AUTH]), &Policy::STRICT)
        .unwrap_err()
        .to_string();
    assert!(
        text.ends_with("it is for clientAuth, not for servers (serverAuth)"),
        "{text}"
    );
    // In an intermediate it limits what is below.
    let limited = sub().with(extended_key_usage(&[CLIENT_AUTH]));
    let result = verify(&through(&limited, &Template::server(HOST)), &Policy::STRICT);
    assert!(matches!(
        refused(result),
        (Some(1), Problem::ExtendedKeyUsage { .. })
    ));
    let stepping_up = sub().with(extended_key_usage(&[NETSCAPE]));
    verify(
        &through(&stepping_up, &Template::server(HOST)),
        &Policy::HISTORIC,
    )
    .unwrap();
    // Netscape's own kind of it.
    let client_type = direct(&Template::server(HOST).with(netscape_cert_type(0)));
    let server_type = direct(&Template::server(HOST).with(netscape_cert_type(1)));
    verify(&server_type, &Policy::STRICT).unwrap();
    verify_client(&client_type, &Policy::STRICT).unwrap();
    assert!(matches!(
        refused(verify(&client_type, &Policy::STRICT)).1,
        Problem::ExtendedKeyUsage { .. }
    ));
}

#[test]
fn extensions_that_are_unknown_doubled_or_broken_are_refused() {
    let leaf = || Template::server(HOST);
    let number = || "1.2.3.4".to_owned();
    verify(
        &direct(&leaf().with(extension("1.2.3.4", false, b"?"))),
        &Policy::STRICT,
    )
    .unwrap();
    let unknown = extension("1.2.3.4", true, b"?");
    let result = verify(&direct(&leaf().with(unknown.clone())), &Policy::EVERYTHING);
    assert_eq!(
        refused(result).1,
        Problem::UnknownCriticalExtension(number())
    );
    let result = verify(&through(&sub().with(unknown), &leaf()), &Policy::EVERYTHING);
    assert_eq!(refused(result).0, Some(1));
    // requireExplicitPolicy.
    let policy_constraints = extension("2.5.29.36", true, &sequence(&[der::value(0x80, &[0])]));
    let result = verify(
        &through(&sub().with(policy_constraints), &leaf()),
        &Policy::EVERYTHING,
    );
    assert!(matches!(
        refused(result).1,
        Problem::UnknownCriticalExtension(_)
    ));
    // A hint that cannot be read is one that matters where it says so.
    for (critical, accepted) in [(false, true), (true, false)] {
        let broken = leaf().with(extension("2.5.29.35", critical, &[0x30, 0x05]));
        let result = verify(&direct(&broken), &Policy::STRICT);
        assert_eq!(result.is_ok(), accepted);
    }
    let policies = sequence(&[sequence(&[der::oid("2.5.29.32.0")])]);
    let policies = extension("2.5.29.32", true, &policies);
    verify(&direct(&leaf().with(policies)), &Policy::STRICT).unwrap();

    let twice = leaf()
        .with(extension("1.2.3.4", false, b"?"))
        .with(extension("1.2.3.4", false, b"?"));
    let result = verify(&direct(&twice), &Policy::EVERYTHING);
    assert_eq!(refused(result).1, Problem::DuplicateExtension(number()));
    for (number, contents) in [
        ("2.5.29.19", &[0x30, 0x01, 0x00][..]),
        ("2.5.29.15", &[0x04, 0x00]),
        ("2.5.29.17", &[0x30, 0x05]),
        ("2.16.840.1.113730.1.1", &[0x04, 0x00]),
        ("2.5.29.37", &[0x30, 0x05]),
        ("2.5.29.30", &[0x30, 0x02, 0xa1, 0x01]),
        ("2.5.29.30", &[0x30, 0x04, 0xa1, 0x02, 0x30, 0x00]),
    ] {
        let template = Template {
            extensions: Vec::new(),
            ..leaf()
        };
        let broken = template.with(extension(number, false, contents));
        let result = verify(&direct(&broken), &Policy::EVERYTHING);
        assert_eq!(
            refused(result).1,
            Problem::MalformedExtension(number.to_owned())
        );
    }
}
