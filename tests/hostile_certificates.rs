//! Certificates that somebody made to do harm: an error, in bounded time, and never a panic.

mod pki;

use std::time::{Duration, Instant};

use CertificateProblem as Problem;
use pki::der::{sequence, value};
use pki::verdict::*;
use pki::*;
use retrossl::pki_types::CertificateDer;
use retrossl::{CertificateError, CertificateProblem, Policy, RevocationList, RootStore};

/// Far more than any of this takes, and far less than what is not bounded.
const SOON: Duration = Duration::from_secs(20);

fn verify(chain: &[CertificateDer<'static>]) -> Result<(), CertificateError> {
    verdict::verify(chain, &Policy::EVERYTHING)
}

fn problem(result: Result<(), CertificateError>) -> Problem {
    refused(result).1
}

fn in_time<T>(run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = run();
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    result
}

fn good_chain() -> Vec<CertificateDer<'static>> {
    let leaf = Template::server(HOST)
        .with(key_usage(&[KEY_ENCIPHERMENT]))
        .with(extended_key_usage(&[SERVER_AUTH]));
    let sub = Template::authority(SUB, &SUB_KEY)
        .with(key_usage(&[KEY_CERT_SIGN, CRL_SIGN]))
        .with(name_constraints(&[dns("lan")], &[ip(&[0; 8])]));
    vec![
        leaf.issued_by(SUB, &SUB_KEY),
        sub.issued_by(ROOT, &ROOT_KEY),
    ]
}

#[test]
fn a_chain_cut_anywhere_is_refused() {
    let good = good_chain();
    verify(&good).unwrap();
    for index in 0..good.len() {
        for len in 0..good[index].len() {
            let mut cut = good.clone();
            cut[index] = good[index][..len].to_vec().into();
            assert!(verify(&cut).is_err(), "{index} {len}");
        }
        let mut longer = good.clone();
        longer[index] = [&good[index][..], &[0]].concat().into();
        assert!(verify(&longer).is_err(), "{index}");
    }
    assert_eq!(verify(&[]).unwrap_err(), CertificateError::Unreadable);
}

#[test]
fn a_chain_changed_anywhere_is_refused() {
    let good = good_chain();
    let roots = roots(&[root()]);
    for index in 0..good.len() {
        for at in 0..good[index].len() {
            for mask in [0x01, 0x80, 0xff] {
                let mut changed = good.clone();
                let mut der = good[index].to_vec();
                der[at] ^= mask;
                changed[index] = der.into();
                let result = verify_as(HOST, &changed, roots.clone(), &Policy::EVERYTHING);
                assert!(result.is_err(), "{index} {at} {mask}");
            }
        }
    }
}

/// Whatever a root store makes of a root, it does not panic, and it can be asked.
#[test]
fn changed_roots_never_panic() {
    let root = Template::authority(ROOT, &ROOT_KEY).with(name_constraints(&[dns("lan")], &[]));
    let root = root.self_signed(&ROOT_KEY);
    let chain = direct(&Template::server(HOST));
    for at in 0..root.len() {
        for mask in [0x01, 0x20, 0xff] {
            let mut der = root.to_vec();
            der[at] ^= mask;
            let roots: RootStore = [CertificateDer::from(der)].into_iter().collect();
            let _ = verify_as(HOST, &chain, roots, &Policy::EVERYTHING);
        }
    }
}

#[test]
fn deep_nesting_is_refused() {
    let mut nested = Vec::new();
    for _ in 0..30_000 {
        nested = [vec![0x30, 0x80], nested].concat();
    }
    let mut proper = vec![0x05, 0x00];
    for _ in 0..5_000 {
        proper = value(0x30, &proper);
    }
    in_time(|| {
        for nest in [nested, proper] {
            assert_eq!(problem(verify(&[nest.clone().into()])), Problem::Unreadable);
            for number in [
                "2.5.29.17",
                "2.5.29.19",
                "2.5.29.30",
                "2.5.29.35",
                "1.2.3.4",
            ] {
                let leaf = Template::server(HOST).with(extension(number, true, &nest));
                let result = verify(&[leaf.issued_by(ROOT, &ROOT_KEY)]);
                // What can be read of a key identifier is not looked at.
                assert!(result.is_err() || number == "2.5.29.35", "{number}");
            }
            let leaf = Template {
                subject: sequence(&[pki::der::set(&[nest])]),
                ..Template::server(HOST)
            };
            verify(&[leaf.issued_by(ROOT, &ROOT_KEY)]).unwrap_err();
        }
    });
}

#[test]
fn huge_numbers_are_refused() {
    let huge = vec![0x7f; 100_000];
    in_time(|| {
        // A long serial number is only a number that nobody calculates with.
        let leaf = Template::server(HOST).serial(&huge);
        verify(&[leaf.issued_by(ROOT, &ROOT_KEY)]).unwrap();
        for (modulus, exponent) in [(&huge[..], &[3][..]), (&[0x7f; 128], &huge)] {
            let key_info = rsa_info(modulus, exponent);
            let leaf = Template {
                key_info,
                ..Template::server(HOST)
            };
            let result = verify(&[leaf.issued_by(ROOT, &ROOT_KEY)]);
            assert_eq!(result.unwrap_err(), CertificateError::NotRsa);
        }
        let mut length = value(0x30, &[]);
        length.splice(1.., [0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(problem(verify(&[length.into()])), Problem::Unreadable);
        let path_len = sequence(&[pki::der::boolean(true), value(0x02, &huge)]);
        let sub = Template::new(SUB, &SUB_KEY).with(extension("2.5.29.19", true, &path_len));
        let chain = [
            Template::server(HOST).issued_by(SUB, &SUB_KEY),
            sub.issued_by(ROOT, &ROOT_KEY),
        ];
        assert!(matches!(
            problem(verify(&chain)),
            Problem::MalformedExtension(_)
        ));
    });
}

#[test]
fn issuers_in_a_circle_end() {
    let (a, b) = (Key::P256(3), Key::P256(4));
    let chain = [
        Template::server(HOST).issued_by("CN=A", &a),
        Template::authority("CN=A", &a).issued_by("CN=B", &b),
        Template::authority("CN=B", &b).issued_by("CN=A", &a),
        Template::authority("CN=A", &a).self_signed(&a),
    ];
    in_time(|| {
        assert!(matches!(
            problem(verify(&chain)),
            Problem::UnknownIssuer { .. } | Problem::SelfSigned
        ));
    });
}

/// 31 authorities of one name with 31 keys, in which each could have issued each other: the paths
/// cannot be counted.
#[test]
fn a_thicket_of_issuers_is_given_up() {
    let keys: Vec<_> = (1..=31).map(Key::P256).collect();
    let mut chain = vec![Template::server(HOST).issued_by(SUB, &keys[0])];
    for (index, key) in keys.iter().enumerate() {
        chain.push(Template::authority(SUB, key).issued_by(SUB, &keys[(index + 1) % 31]));
    }
    in_time(|| assert_eq!(problem(verify(&chain)), Problem::TooMuchWork));
    // The same with one key: certificates that differ in nothing that counts.
    let mut chain = vec![Template::server(HOST).issued_by(SUB, &SUB_KEY)];
    for serial in 1..=31 {
        let copy = Template::authority(SUB, &SUB_KEY).serial(&[serial]);
        chain.push(copy.issued_by(SUB, &SUB_KEY));
    }
    in_time(|| assert!(verify(&chain).is_err()));
}

#[test]
fn a_path_of_ten_certificates_is_the_longest() {
    let chain = |len: u8| {
        let key = |index: u8| Key::P256(index + 1);
        let name = |index: u8| match index {
            0 => ROOT.to_owned(),
            index => format!("CN=Number {index}"),
        };
        let mut chain = vec![Template::server(HOST).issued_by(&name(len - 1), &key(len - 1))];
        for index in (1..len).rev() {
            let authority = Template::authority(&name(index), &key(index));
            chain.push(authority.issued_by(&name(index - 1), &key(index - 1)));
        }
        chain
    };
    assert_eq!(chain(10).len(), 10);
    verify(&chain(10)).unwrap();
    assert_eq!(problem(verify(&chain(11))), Problem::LongPath(10));
}

#[test]
fn the_largest_keys_and_most_signatures_end() {
    let modulus = [vec![0xff; 1023], vec![0xfd]].concat();
    let key_info = rsa_info(&modulus, &[1, 0xff, 0xff, 0xff, 0xff]);
    let mut chain = vec![Template::server(HOST).issued_by(SUB, &Key::Rsa(2048))];
    for serial in 1..=31 {
        let authority = Template {
            key_info: key_info.clone(),
            ..Template::authority(SUB, &SUB_KEY)
        };
        chain.push(authority.serial(&[serial]).issued_by(ROOT, &ROOT_KEY));
    }
    in_time(|| {
        assert!(matches!(
            problem(verify(&chain)),
            Problem::BadSignature { .. }
        ))
    });
}

#[test]
fn names_times_constraints_are_given_up() {
    let names: Vec<_> = (0..8_000)
        .map(|index| dns(&format!("{index}.lan")))
        .collect();
    let leaf = Template::new("CN=server", &Key::Rsa(2048)).with(alt_names(&names));
    let excluded: Vec<_> = (0..8_000)
        .map(|index| dns(&format!("{index}.example")))
        .collect();
    let sub = Template::authority(SUB, &SUB_KEY).with(name_constraints(&[], &excluded));
    let chain = [
        leaf.issued_by(SUB, &SUB_KEY),
        sub.issued_by(ROOT, &ROOT_KEY),
    ];
    in_time(|| assert_eq!(problem(verify(&chain)), Problem::TooMuchWork));
}

#[test]
fn a_large_constraint_is_read_once_for_all_names() {
    let base = vec!["O=x"; 3_500].join(", ");
    let names: Vec<_> = (0..2_500)
        .map(|index| directory(&format!("O={index}")))
        .chain([dns(HOST)])
        .collect();
    let leaf = Template::new("CN=server", &Key::Rsa(2048)).with(alt_names(&names));
    let sub = sub().with(name_constraints(&[], &[directory(&base)]));
    in_time(|| verify(&through(&sub, &leaf)).unwrap());
}

/// A number of so many bits has many digits, which take the square of them to make.
#[test]
fn overlong_object_identifiers_are_not_shown() {
    const OVERLONG: &str = "an overlong object identifier";
    let number = |len: usize| value(0x06, &[&[0x2a][..], &vec![0xff; len - 2], &[0x7f]].concat());
    let usage = |len: usize| extension("2.5.29.37", false, &sequence(&[number(len)]));
    for (len, is_shown) in [(64, true), (65, false), (50_000, false)] {
        let leaf = Template::server(HOST).with(usage(len));
        let result = verify(&[leaf.issued_by(ROOT, &ROOT_KEY)]);
        let Problem::ExtendedKeyUsage { found, .. } = problem(result) else {
            panic!("{len}");
        };
        assert_eq!(found[0] != OVERLONG, is_shown, "{len}");
    }
    let critical = sequence(&[
        number(50_000),
        pki::der::boolean(true),
        pki::der::octets(b"?"),
    ]);
    let leaf = Template::server(HOST).with(critical);
    assert_eq!(
        problem(verify(&[leaf.issued_by(ROOT, &ROOT_KEY)])),
        Problem::UnknownCriticalExtension(OVERLONG.to_owned())
    );
    let subject = [sequence(&[number(50_000), pki::der::utf8("x")])];
    let leaf = Template {
        subject: sequence(&[pki::der::set(&subject)]),
        ..Template::server(HOST)
    };
    let shown = retrossl::certificate_subject(&leaf.issued_by(ROOT, &ROOT_KEY)).unwrap();
    assert_eq!(shown, "an overlong object identifier=x");
}

#[test]
fn many_extensions_and_attributes_are_read_in_time() {
    let extensions: Vec<_> = (0..8_000)
        .map(|index| extension(&format!("1.2.3.{index}"), false, b"?"))
        .collect();
    let leaf = Template {
        extensions,
        ..Template::server(HOST)
    };
    in_time(|| verify(&[leaf.issued_by(ROOT, &ROOT_KEY)]).unwrap_err());
    let attributes = vec!["CN=x"; 8_000].join(", ");
    let leaf = Template::new(&attributes, &Key::Rsa(2048)).with(alt_names(&[dns(HOST)]));
    in_time(|| verify(&[leaf.issued_by(ROOT, &ROOT_KEY)]).unwrap());
}

/// A list takes a verification even where its issuer has not signed it.
#[test]
fn many_revocation_lists_are_given_up() {
    let judged = |count: u8| {
        let lists = (0..count).map(|serial| {
            let list = ListTemplate::revoking(&[&[100, serial]]).issued_by(SUB, &ROOT_KEY);
            RevocationList::from_der(&list).unwrap()
        });
        let right = ListTemplate::revoking(&[]).issued_by(SUB, &SUB_KEY);
        let right = RevocationList::from_der(&right).unwrap();
        let chain = through(&sub(), &Template::server(HOST));
        verify_with_lists(&chain, lists.chain([right]), &Policy::STRICT)
    };
    // Besides them, the signatures of two certificates.
    judged(97).unwrap();
    assert_eq!(problem(judged(98)), Problem::TooMuchWork);
}

#[test]
fn lists_that_newer_ones_replace_take_no_verification() {
    let list = |this_update: String| {
        let template = ListTemplate {
            this_update: this_update.leak(),
            ..ListTemplate::revoking(&[])
        };
        RevocationList::from_der(&template.issued_by(SUB, &SUB_KEY)).unwrap()
    };
    let lists = (0..200).map(|day| {
        let (month, day) = (1 + day % 5, 1 + day / 5 % 28);
        list(format!("2024{month:02}{day:02}000000Z"))
    });
    let chain = through(&sub(), &Template::server(HOST));
    verify_with_lists(&chain, lists, &Policy::STRICT).unwrap();
}
