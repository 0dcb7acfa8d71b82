//! Names in certificates: of servers, of issuers, constrained, shown.

mod pki;

use std::slice::from_ref;

use CertificateProblem as Problem;
use pki::der::{explicit, oid, sequence, set, utf8, value};
use pki::verdict::*;
use pki::*;
use retrossl::{
    AlertDescription, CertificateProblem, CommonNameFallback, Policy, RootStore,
    certificate_subject,
};

#[test]
fn names_are_one_name_in_other_types_case_and_spacing() {
    for issuer in [
        name_of("O=EXAMPLE, CN= root ", string(0x13)),
        name_of("O=example, CN=Root", string(0x14)),
        name_of("O=Example, CN=ROOT", string(0x16)),
        name_of("O=Example, CN=ROOT", string(0x1b)),
        name_of("O=example, CN=Root", bmp),
        name_of("O=example, CN=Root", universal),
    ] {
        let mut template = Template::server(HOST);
        template.issuer = issuer;
        verify(&[template.sign(&ROOT_KEY)], &Policy::STRICT).unwrap();
    }
    let mut template = Template::server(HOST);
    template.issuer = name("CN=Root, O=Example");
    let result = verify(&[template.sign(&ROOT_KEY)], &Policy::STRICT);
    assert!(matches!(refused(result).1, Problem::UnknownIssuer { .. }));
}

#[test]
fn the_attributes_of_one_rdn_have_no_order() {
    let (o, cn) = (
        attribute("2.5.4.10", utf8("Example")),
        attribute("2.5.4.3", utf8("Root")),
    );
    let subject = sequence(&[set(&[o.clone(), cn.clone()])]);
    let root = Template {
        subject: subject.clone(),
        ..Template::authority("", &ROOT_KEY)
    };
    let root = root.self_signed(&ROOT_KEY);
    for issuer in [subject, sequence(&[set(&[cn.clone(), o.clone()])])] {
        let leaf = Template {
            issuer,
            ..Template::server(HOST)
        };
        let chain = [leaf.sign(&ROOT_KEY)];
        verify_as(HOST, &chain, roots(from_ref(&root)), &Policy::STRICT).unwrap();
    }
    let in_two = Template {
        issuer: sequence(&[set(&[o]), set(&[cn])]),
        ..Template::server(HOST)
    };
    let result = verify_as(
        HOST,
        &[in_two.sign(&ROOT_KEY)],
        roots(&[root]),
        &Policy::STRICT,
    );
    assert!(matches!(refused(result).1, Problem::UnknownIssuer { .. }));
}

#[test]
fn name_constraints_bind_all_below() {
    let constrained = |permitted: &[Vec<u8>], excluded: &[Vec<u8>]| {
        sub().with(name_constraints(permitted, excluded))
    };
    let check = |sub: &Template, names: &[Vec<u8>]| {
        let leaf = Template::new("CN=server", &Key::Rsa(2048)).with(alt_names(names));
        verify(&through(sub, &leaf), &Policy::STRICT)
    };
    let lan = constrained(&[dns("lan")], &[dns("secret.lan")]);
    check(&lan, &[dns(HOST)]).unwrap();
    check(&lan, &[dns(HOST), ip(&[10, 0, 0, 1])]).unwrap();
    for other in [
        "printer.example",
        "xlan",
        "secret.lan",
        "a.secret.lan",
        "*.lan",
    ] {
        let result = check(&lan, &[dns(HOST), dns(other)]);
        assert_eq!(
            refused(result),
            (Some(0), Problem::NameNotPermitted(other.to_owned()))
        );
    }
    let net = constrained(
        &[ip(&[10, 0, 0, 0, 255, 0, 0, 0])],
        &[ip(&[10, 9, 0, 0, 255, 255, 0, 0])],
    );
    check(&net, &[dns(HOST), ip(&[10, 1, 2, 3])]).unwrap();
    for octets in [[11, 0, 0, 1], [10, 9, 0, 1]] {
        let result = check(&net, &[dns(HOST), ip(&octets)]);
        assert!(matches!(refused(result).1, Problem::NameNotPermitted(_)));
    }
    let people = constrained(&[], &[directory("CN=server")]);
    assert!(matches!(
        refused(check(&people, &[dns(HOST)])).1,
        Problem::NameNotPermitted(_)
    ));
    let people = constrained(&[directory("O=Example")], &[]);
    assert!(matches!(
        refused(check(&people, &[dns(HOST)])).1,
        Problem::NameNotPermitted(_)
    ));
    let leaf = Template::new("O=EXAMPLE, CN=server", &Key::Rsa(2048)).with(alt_names(&[dns(HOST)]));
    verify(&through(&people, &leaf), &Policy::STRICT).unwrap();
    // A kind that is not compared matters only where there is such a name.
    let mail = constrained(&[email("example.com")], &[]);
    check(&mail, &[dns(HOST)]).unwrap();
    let result = check(&mail, &[dns(HOST), email("me@example.com")]);
    assert_eq!(
        refused(result).1,
        Problem::UnknownNameConstraint("rfc822Name")
    );
    for (name, kind) in [
        (
            value(0xa0, &[oid("1.2.3"), explicit(0, &utf8("x"))].concat()),
            "otherName",
        ),
        (value(0xa5, &explicit(1, &utf8("x"))), "ediPartyName"),
        (value(0x86, b"http://example"), "uniformResourceIdentifier"),
        (value(0x88, &[0x2a, 3]), "registeredID"),
    ] {
        for constraints in [
            constrained(from_ref(&name), &[]),
            constrained(&[], from_ref(&name)),
        ] {
            check(&constraints, &[dns(HOST)]).unwrap();
            let result = check(&constraints, &[dns(HOST), name.clone()]);
            assert_eq!(refused(result).1, Problem::UnknownNameConstraint(kind));
        }
    }
    let leaf = Template::new("E=me@example.com", &Key::Rsa(2048)).with(alt_names(&[dns(HOST)]));
    let result = verify(&through(&mail, &leaf), &Policy::STRICT);
    assert_eq!(
        refused(result).1,
        Problem::UnknownNameConstraint("rfc822Name")
    );
}

#[test]
fn constraints_of_absolute_host_names_bind_too() {
    let check = |permitted: &[Vec<u8>], excluded: &[Vec<u8>], host: &str| {
        let sub = sub().with(name_constraints(permitted, excluded));
        let leaf = Template::new("CN=server", &Key::Rsa(2048));
        let leaf = leaf.with(alt_names(&[dns(HOST), dns(host)]));
        verify(&through(&sub, &leaf), &Policy::STRICT)
    };
    check(&[dns("lan")], &[dns("secret.lan.")], "other.lan.").unwrap();
    for host in [
        "secret.lan",
        "a.secret.lan",
        "a.secret.lan.",
        "*.lan",
        "*.lan.",
    ] {
        let result = check(&[], &[dns("secret.lan.")], host);
        let not_permitted = Problem::NameNotPermitted(host.to_owned());
        assert_eq!(refused(result), (Some(0), not_permitted));
    }
    for everything in [".", ""] {
        let result = check(&[], &[dns(everything)], "other.lan");
        assert!(matches!(refused(result).1, Problem::NameNotPermitted(_)));
    }
    // What the RFC has no meaning for must not permit anything.
    let dotted = Problem::MalformedNameConstraints("a permitted host name that ends with a dot");
    for base in [".", "lan.", ".lan."] {
        let result = check(&[dns(base)], &[], "other.lan");
        assert_eq!(refused(result), (Some(1), dotted.clone()), "{base}");
    }
}

/// RFC 5280 §4.2.1.10: iPAddress is one form of name.
#[test]
fn a_permitted_range_permits_no_addresses_of_the_other_family() {
    let v4 = ip(&[10, 0, 0, 0, 255, 0, 0, 0]);
    let v6 = ip(&[&[0x20, 1, 0x0d, 0xb8][..], &[0; 12], &[0xff; 4], &[0; 12]].concat());
    let (in_v4, other_v4) = (vec![10, 1, 2, 3], vec![192, 0, 2, 1]);
    let in_v6 = [&[0x20, 1, 0x0d, 0xb8][..], &[0; 11], &[1]].concat();
    let other_v6 = [&[0; 15][..], &[1]].concat();
    let mapped = [&[0; 10][..], &[0xff, 0xff], &in_v4].concat();
    for (permitted, excluded, address, is_permitted) in [
        (vec![&v4], vec![], &in_v4, true),
        (vec![&v4], vec![], &other_v4, false),
        (vec![&v4], vec![], &in_v6, false),
        (vec![&v4], vec![], &mapped, false),
        (vec![&v6], vec![], &in_v6, true),
        (vec![&v6], vec![], &other_v6, false),
        (vec![&v6], vec![], &in_v4, false),
        (vec![&v4, &v6], vec![], &in_v4, true),
        (vec![&v4, &v6], vec![], &in_v6, true),
        (vec![&v4, &v6], vec![], &other_v4, false),
        (vec![&v4, &v6], vec![], &mapped, false),
        (vec![], vec![&v4], &in_v6, true),
        (vec![], vec![&v6], &in_v4, true),
        (vec![], vec![&v4], &in_v4, false),
    ] {
        let owned = |bases: Vec<&Vec<u8>>| bases.into_iter().cloned().collect::<Vec<_>>();
        let sub = sub().with(name_constraints(&owned(permitted), &owned(excluded)));
        let leaf = Template::new("CN=server", &Key::Rsa(2048));
        let leaf = leaf.with(alt_names(&[dns(HOST), ip(address)]));
        let result = verify(&through(&sub, &leaf), &Policy::STRICT);
        match is_permitted {
            true => result.unwrap(),
            false => assert!(matches!(refused(result).1, Problem::NameNotPermitted(_))),
        }
    }
}

#[test]
fn constraints_of_host_names_that_no_host_has_refuse_the_path() {
    let leaf = Template::server(HOST);
    let verdict = |constraints| verify(&through(&sub().with(constraints), &leaf), &Policy::STRICT);
    let none = "a host name that no host can have or lie below";
    let none = Problem::MalformedNameConstraints(none);
    for base in [
        "*.bad.com",
        "*",
        "www.bad.com..",
        "..",
        "..bad.com",
        "bad..com",
        "bad.com ",
        " bad.com",
        "bad.com\0",
        "https://bad.com",
        "bad.com:443",
        "@bad.com",
    ] {
        let excluded = name_constraints(&[], &[dns("example"), dns(base)]);
        let permitted = name_constraints(&[dns("lan"), dns(base)], &[]);
        for constraints in [excluded, permitted] {
            let result = verdict(constraints);
            assert_eq!(refused(result), (Some(1), none.clone()), "{base}");
        }
    }
    for base in [
        ".bad.com",
        "bad.com.",
        ".bad.com.",
        "_dmarc.bad.com",
        "xn--mller-kva.example",
        "-a-.example",
        "10.in-addr.arpa",
    ] {
        verdict(name_constraints(&[], &[dns(base)])).unwrap();
    }
}

#[test]
fn malformed_name_constraints_refuse_the_path() {
    let malformed = Problem::MalformedNameConstraints;
    let range = malformed("an address range that is neither 8 nor 32 bytes long");
    let distance = malformed("a subtree with a minimum or a maximum");
    let subtree = |tag, number: &[u8]| [dns("example"), value(tag, number)].concat();
    let leaf = Template::server(HOST);
    for (base, problem) in [
        (ip(&[]), &range),
        (ip(&[10, 0, 0, 0]), &range),
        (ip(&[10, 0, 0, 0, 255, 0, 0]), &range),
        (ip(&[0; 16]), &range),
        (ip(&[0; 33]), &range),
        (subtree(0x80, &[1]), &distance),
        (subtree(0x80, &[0, 0]), &distance),
        (subtree(0x80, &[]), &distance),
        (subtree(0x81, &[0]), &distance),
        (subtree(0x81, &[5]), &distance),
        (subtree(0x82, &[0]), &distance),
        ([subtree(0x80, &[0]), value(0x81, &[5])].concat(), &distance),
    ] {
        // Behind a good one, which the leaf keeps, so that nothing else refuses it.
        let permitted = name_constraints(&[dns("lan"), base.clone()], &[]);
        let excluded = name_constraints(&[], &[dns("example"), base.clone()]);
        for constraints in [permitted, excluded] {
            let chain = through(&sub().with(constraints.clone()), &leaf);
            let result = verify(&chain, &Policy::EVERYTHING);
            assert_eq!(refused(result), (Some(1), problem.clone()), "{base:?}");
            let root = Template::authority(ROOT, &ROOT_KEY).with(constraints);
            let root = root.self_signed(&ROOT_KEY);
            assert_eq!(RootStore::new().add(root).as_ref(), Err(problem));
        }
    }
    // What cannot be read may be any name.
    let unreadable = malformed("a subtree that cannot be read");
    for base in [
        value(0x82, &[0xff]),
        value(0x89, b"?"),
        value(0xa4, &[0x30, 0x01, 0x00]),
        value(0xa4, &[0x30, 0x05, 0x31, 0x03, 0x02, 0x01, 0x00]),
    ] {
        for constraints in [
            name_constraints(&[dns("lan"), base.clone()], &[]),
            name_constraints(&[], &[dns("example"), base.clone()]),
        ] {
            let chain = through(&sub().with(constraints), &leaf);
            let problem = refused(verify(&chain, &Policy::EVERYTHING));
            assert_eq!(problem, (Some(1), unreadable.clone()), "{base:?}");
        }
    }
    // The default, written out, which DER forbids and which means nothing else.
    for excluded in [dns("example"), ip(&[0; 8]), ip(&[0; 32])] {
        let base = [excluded, value(0x80, &[0])].concat();
        let sub = sub().with(name_constraints(&[], &[base]));
        verify(&through(&sub, &leaf), &Policy::STRICT).unwrap();
    }
    let result = verify(
        &through(&sub().with(name_constraints(&[ip(&[1])], &[])), &leaf),
        &Policy::STRICT,
    );
    let error = result.unwrap_err();
    assert_eq!(error.alert(), AlertDescription::BAD_CERTIFICATE);
    assert_eq!(
        error.to_string(),
        "certificate 1 of the chain (O=Example, CN=Sub): its name constraints are malformed: they \
         have an address range that is neither 8 nor 32 bytes long"
    );
}

#[test]
fn name_constraints_of_the_anchor_and_on_common_names_count() {
    let limited = Template::authority(ROOT, &ROOT_KEY)
        .with(name_constraints(&[dns("example")], &[]))
        .self_signed(&ROOT_KEY);
    let limited = || roots(from_ref(&limited));
    let chain = direct(&Template::server(HOST));
    let result = verify_as(HOST, &chain, limited(), &Policy::STRICT);
    assert_eq!(
        refused(result).1,
        Problem::NameNotPermitted(HOST.to_owned())
    );
    let by_common_name = direct(&Template::new("CN=printer.lan", &Key::Rsa(2048)));
    let result = verify_as(HOST, &by_common_name, limited(), &Policy::HISTORIC);
    assert_eq!(
        refused(result).1,
        Problem::NameNotPermitted(HOST.to_owned())
    );
    let good = direct(&Template::new("CN=printer.example", &Key::Rsa(2048)));
    verify_as("printer.example", &good, limited(), &Policy::HISTORIC).unwrap();
    // What can be no host's name is not constrained as one.
    let with_a_title = Template::new("CN=Acme Printer, CN=printer.example", &Key::Rsa(2048));
    let chain = direct(&with_a_title);
    verify_as("printer.example", &chain, limited(), &Policy::HISTORIC).unwrap();
}

#[test]
fn the_alternative_names_are_the_names() {
    let named = |names: &[Vec<u8>]| {
        direct(&Template::new("CN=common.lan", &Key::Rsa(2048)).with(alt_names(names)))
    };
    let check = |asked: &str, chain: &Chain| {
        verify_as(asked, chain, roots(&[root()]), &Policy::HISTORIC).is_ok()
    };
    let chain = named(&[
        dns("a.lan"),
        dns("*.example.com"),
        ip(&[192, 0, 2, 1]),
        ip(&[1; 16]),
    ]);
    for good in [
        "a.lan",
        "A.LAN",
        "www.example.com",
        "192.0.2.1",
        "101:101:101:101:101:101:101:101",
    ] {
        assert!(check(good, &chain), "{good}");
    }
    for bad in [
        "b.lan",
        "example.com",
        "x.y.example.com",
        "192.0.2.2",
        "common.lan",
        "::1",
    ] {
        assert!(!check(bad, &chain), "{bad}");
    }
    // An address in a host name's place is none, and an empty list is a list.
    assert!(!check("192.0.2.1", &named(&[dns("192.0.2.1")])));
    assert!(!check("common.lan", &named(&[email("me@example.com")])));
    let result = verify_as("b.lan", &chain, roots(&[root()]), &Policy::STRICT);
    let error = result.unwrap_err();
    assert_eq!(error.alert(), AlertDescription::BAD_CERTIFICATE);
    let text = error.to_string();
    assert!(
        text.contains("it is for a.lan, *.example.com, 192.0.2.1, 101:"),
        "{text}"
    );
    assert!(text.ends_with("not for b.lan"), "{text}");
}

#[test]
fn common_names_are_the_policy_s_word() {
    let named = |subject: &str| direct(&Template::new(subject, &Key::Rsa(2048)));
    let check = |asked: &str, subject: &str, policy: &Policy| {
        verify_as(asked, &named(subject), roots(&[root()]), policy)
    };
    for (asked, subject) in [
        (HOST, "O=Acme, CN=printer.lan"),
        (HOST, "CN=Acme Printer, CN=Printer.LAN"),
        ("www.example.com", "CN=*.example.com"),
        ("192.0.2.1", "CN=192.0.2.1"),
        ("2001:db8::1", "CN=2001:db8::1"),
    ] {
        check(asked, subject, &Policy::HISTORIC).unwrap();
        for strict in [Policy::STRICT, Policy::COMPATIBLE] {
            let result = check(asked, subject, &strict);
            let text = result.clone().unwrap_err().to_string();
            assert!(text.contains("common_name_fallback"), "{text}");
            let Problem::NotForName { found, ignored, .. } = refused(result).1 else {
                panic!("{text}");
            };
            assert_eq!((found.len(), ignored.is_empty()), (0, false));
        }
        let falling_back =
            Policy::STRICT.common_name_fallback(CommonNameFallback::WithoutSubjectAltName);
        check(asked, subject, &falling_back).unwrap();
    }
    for subject in [
        "CN=other.lan",
        "O=printer.lan",
        "CN=printer.lan\0.evil.example",
        "",
    ] {
        let result = check(HOST, subject, &Policy::EVERYTHING);
        assert!(matches!(refused(result).1, Problem::NotForName { .. }));
    }
    for subject in [
        name_of("CN=printer.lan", string(0x14)),
        name_of("CN=printer.lan", bmp),
    ] {
        let template = Template {
            subject,
            ..Template::new("", &Key::Rsa(2048))
        };
        verify(&direct(&template), &Policy::HISTORIC).unwrap();
    }
    // A list that cannot be read is a list.
    let broken = Template::new("CN=printer.lan", &Key::Rsa(2048));
    let broken = broken.with(extension("2.5.29.17", false, &[0x30, 0x05]));
    assert_eq!(
        refused(verify(&direct(&broken), &Policy::EVERYTHING)).1,
        Problem::MalformedExtension("2.5.29.17".to_owned())
    );
}

#[test]
fn an_alternative_name_that_cannot_be_read_may_be_any() {
    let constrained = sub().with(name_constraints(&[], &[dns("example")]));
    for unreadable in [
        value(0x82, &[0xff]),
        value(0x89, b"?"),
        value(0xa4, &[0x30, 0x01, 0x00]),
        value(0xa4, &[0x30, 0x05, 0x31, 0x03, 0x02, 0x01, 0x00]),
        ip(&[10, 0, 0]),
    ] {
        let leaf = Template::new("CN=server", &Key::Rsa(2048));
        let leaf = leaf.with(alt_names(&[dns(HOST), unreadable.clone()]));
        verify(&direct(&leaf), &Policy::STRICT).unwrap();
        let result = verify(&through(&constrained, &leaf), &Policy::EVERYTHING);
        let malformed = Problem::MalformedExtension("2.5.29.17".to_owned());
        assert_eq!(refused(result), (Some(0), malformed), "{unreadable:?}");
    }
}

/// RFC 4514 §2.4.
#[test]
fn shown_names_cannot_be_mistaken_for_others() {
    const CN: &str = "2.5.4.3";
    let shown = |rdns: &[Vec<Vec<u8>>]| {
        let rdns: Vec<_> = rdns.iter().map(|attributes| set(attributes)).collect();
        let template = Template {
            subject: sequence(&rdns),
            ..Template::new("", &Key::Rsa(2048))
        };
        certificate_subject(&template.issued_by(ROOT, &ROOT_KEY)).unwrap()
    };
    for (value, expected) in [
        (utf8("printer.lan"), "CN=printer.lan"),
        (utf8("x, O=Bank"), r"CN=x\, O=Bank"),
        (utf8("x + O=Bank"), r"CN=x \+ O=Bank"),
        (utf8(r#"a"b\c<d>e;f"#), r#"CN=a\"b\\c\<d\>e\;f"#),
        (utf8(r"\2C"), r"CN=\\2C"),
        (utf8(" a # b "), r"CN=\ a # b\ "),
        (utf8("#0401"), r"CN=\#0401"),
        (utf8(" "), r"CN=\ "),
        (utf8("  "), r"CN=\ \ "),
        (utf8(""), "CN="),
        (utf8("a\0b\r\n\u{7f}\u{9b}"), r"CN=a\00b\0D\0A\7F\C2\9B"),
        (utf8("a\u{200b}\u{202e}"), "CN=a\u{fffd}\u{fffd}"),
        (utf8("Müller"), "CN=Müller"),
        (value(0x14, b"M\xfcller, x"), r"CN=Müller\, x"),
        (value(0x1b, b"M\xfcller"), "CN=Müller"),
        // Latin-1 where only ASCII may stand.
        (value(0x13, b"M\xfcller"), "CN=Müller"),
        (value(0x16, b"M\xfcller"), "CN=Müller"),
        (value(0x16, "Müller".as_bytes()), "CN=Müller"),
        (bmp("Müller 日本 😀"), "CN=Müller 日本 😀"),
        (universal("Müller 日本 😀"), "CN=Müller 日本 😀"),
        (value(0x1e, &[0, 0x41, 0]), "CN=#1E03004100"),
        (value(0x1c, &[0, 0x11, 0, 0]), "CN=#1C0400110000"),
        (value(0x0c, &[0xff]), "CN=#0C01FF"),
        (value(0x02, &[7]), "CN=#020107"),
    ] {
        assert_eq!(shown(&[vec![attribute(CN, value)]]), expected);
    }
    let (common, other) = (attribute(CN, utf8("a")), attribute("1.2.3.4", utf8("b;")));
    let together = shown(&[vec![common.clone(), other.clone()]]);
    assert_eq!(together, r"CN=a + 1.2.3.4=b\;");
    assert_eq!(shown(&[vec![other], vec![common]]), r"1.2.3.4=b\;, CN=a");
    let long = shown(&[vec![attribute(CN, utf8(&",".repeat(50_000)))]]);
    assert_eq!(long.chars().count(), 257);
    assert!(long.starts_with(r"CN=\,\,") && long.ends_with('…'));
}

#[test]
fn texts_from_certificates_cannot_steer_a_terminal() {
    let evil = "CN=\u{1b}]0;owned\u{7}\r\n\u{202e}";
    let leaf = Template::new(evil, &Key::Rsa(2048))
        .with(alt_names(&[dns("\u{1b}[31m.lan")]))
        .issued_by(ROOT, &ROOT_KEY);
    for roots in [roots(&[root()]), RootStore::new()] {
        let error = verify_as(HOST, from_ref(&leaf), roots, &Policy::STRICT).unwrap_err();
        let text = error.to_string();
        assert!(
            !text.contains(char::is_control) && !text.contains('\u{202e}'),
            "{text:?}"
        );
    }
    let long = Template::new("CN=x", &Key::Rsa(2048));
    let long = Template {
        subject: sequence(&[der::set(&[sequence(&[
            der::oid("2.5.4.3"),
            utf8(&"x".repeat(50_000)),
        ])])]),
        ..long
    };
    let many: Vec<_> = (0..500)
        .map(|index| dns(&format!("host{index}.lan")))
        .collect();
    let error = verify(&direct(&long.with(alt_names(&many))), &Policy::STRICT).unwrap_err();
    assert!(error.to_string().len() < 1000, "{error}");
}
