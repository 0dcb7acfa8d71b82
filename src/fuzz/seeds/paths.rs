//! A small authority's certificates and lists.

use super::Seeds;
use crate::fuzz::certificates::{self, SIGNED, material};
use crate::testing::pki::{self, Key, ListTemplate, Template};
use crate::testing::recordings::Recording;

impl Seeds {
    /// Paths to a root, each with something of its own, whose signatures the target makes itself.
    pub(super) fn paths(&mut self) {
        let key = Key::Rsa(512);
        let root = Template::authority("CN=Root", &key);
        let sub = Template::authority("CN=Sub", &key);
        let server = Template::new("CN=server", &key);
        let lists = [
            ListTemplate::revoking(&[]),
            ListTemplate::revoking(&[&[9], &[1, 2, 3]]),
        ];
        let constraints = [
            pki::name_constraints(&[pki::dns("lan")], &[pki::dns("bad.lan")]),
            pki::name_constraints(&[pki::ip(&[10, 0, 0, 0, 255, 0, 0, 0])], &[]),
            pki::name_constraints(&[pki::directory("O=Example")], &[pki::email("a@b")]),
            pki::basic_constraints(true, Some(0)),
            pki::key_usage(&[pki::KEY_CERT_SIGN, pki::CRL_SIGN]),
            pki::extended_key_usage(&[pki::SERVER_AUTH, pki::CLIENT_AUTH]),
            pki::netscape_cert_type(5),
        ];
        let usages = [
            pki::key_usage(&[pki::KEY_ENCIPHERMENT, pki::DIGITAL_SIGNATURE]),
            pki::extended_key_usage(&[pki::ANY_USAGE]),
            pki::netscape_cert_type(1),
            pki::extension("1.2.3.4", true, &[5, 0]),
        ];
        let names: [(&str, Vec<u8>); 4] = [
            (
                "printer.lan",
                pki::alt_names(&[pki::dns("printer.lan"), pki::dns("*.x.lan")]),
            ),
            (
                "a.x.lan",
                pki::alt_names(&[pki::dns("*.x.lan"), pki::email("a@b")]),
            ),
            ("10.0.0.1", pki::alt_names(&[pki::ip(&[10, 0, 0, 1])])),
            ("::1", pki::alt_names(&[pki::directory("O=Example, CN=x")])),
        ];
        let mut count = 0;
        let mut path = |flags: u8, name: &str, parts: &[(u8, &[u8])]| {
            let mut seed = vec![certificates::what::PATH, flags, 0, 0, name.len() as u8];
            seed.extend_from_slice(name.as_bytes());
            for (kind, der) in parts {
                seed.extend([kind | SIGNED, 255]);
                let tbs = contents(der);
                seed.extend((tbs.len() as u16).to_be_bytes());
                seed.extend(tbs);
            }
            count += 1;
            self.add("certificates", format!("path-{count}"), &[&seed]);
        };
        for (name, alt_names) in &names {
            let leaf = server.clone().with(alt_names.clone());
            let root = root.self_signed(&key);
            for (flags, leaf) in [
                (0, leaf.issued_by("CN=Root", &key)),
                (certificates::CLIENT, leaf.issued_by("CN=Root", &key)),
                (0, leaf.self_signed(&key)),
                (1, server.clone().version(1).issued_by("CN=Root", &key)),
            ] {
                path(
                    flags,
                    name,
                    &[(material::CHAIN, &leaf), (material::ROOT, &root)],
                );
            }
            for usage in &usages {
                let leaf = leaf.clone().with(usage.clone()).issued_by("CN=Root", &key);
                path(
                    0,
                    name,
                    &[(material::CHAIN, &leaf), (material::ROOT, &root)],
                );
            }
            for constraint in &constraints {
                let leaf = leaf.issued_by("CN=Sub", &key);
                let sub = match constraint == &constraints[3] {
                    true => Template::new("CN=Sub", &key),
                    false => sub.clone(),
                };
                let sub = sub.with(constraint.clone()).issued_by("CN=Root", &key);
                path(
                    0,
                    name,
                    &[
                        (material::CHAIN, &leaf),
                        (material::CHAIN, &sub),
                        (material::ROOT, &root),
                    ],
                );
            }
            for list in &lists {
                let list = list.issued_by("CN=Root", &key);
                let leaf = leaf.issued_by("CN=Root", &key);
                path(
                    0,
                    name,
                    &[
                        (material::LIST, &list),
                        (material::CHAIN, &leaf),
                        (material::ROOT, &root),
                    ],
                );
            }
        }
        let whole = server.with(names[0].1.clone()).issued_by("CN=Root", &key);
        self.add(
            "certificates",
            "names",
            &[
                &[certificates::what::NAMES, 11],
                b"printer.lan",
                contents(&whole),
            ],
        );
        let pem = pki::pem("CERTIFICATE", &root.self_signed(&key));
        self.add(
            "certificates",
            "bundle",
            &[&[certificates::what::BUNDLE], pem.as_bytes()],
        );
        for (index, recording) in Recording::all().enumerate() {
            for (_, record) in &recording.records {
                if let [22, _, _, _, _, 11, _, _, _, _, _, _, _, _, _, der @ ..] = &record[..] {
                    let len = (der.len() as u16).to_be_bytes();
                    self.add(
                        "certificates",
                        format!("recorded-{index}"),
                        &[
                            &[certificates::what::PATH, 0, 0, 0, 9],
                            b"localhost",
                            &[material::CHAIN, 255],
                            &len,
                            der,
                            &[material::ROOT, 255],
                            &len,
                            der,
                        ],
                    );
                }
            }
        }
        let fingerprint = crate::Fingerprint::of(&whole).to_string();
        let what = certificates::what::FINGERPRINT;
        self.add(
            "certificates",
            "fingerprint",
            &[&[what], fingerprint.as_bytes()],
        );
        let public = pki::rsa_key(512);
        let public = crate::PrivateKey::public_key(&*public);
        self.add(
            "certificates",
            "public-key",
            &[
                &[certificates::what::PUBLIC_KEY, 64],
                &public.modulus(),
                &[3, 1, 0, 1, 64],
                &[9; 64],
            ],
        );
    }
}

/// What a certificate's or a list's signature is over.
fn contents(der: &[u8]) -> &[u8] {
    let (mut body, _) = element(der);
    let whole = body;
    let (_, len) = element(body);
    body = &whole[..len];
    body
}

/// The contents of the first element, and its length with its header.
fn element(der: &[u8]) -> (&[u8], usize) {
    let (header, len) = match der[1] {
        len @ 0..=0x7f => (2, usize::from(len)),
        0x81 => (3, usize::from(der[2])),
        _ => (4, usize::from(u16::from_be_bytes([der[2], der[3]]))),
    };
    (&der[header..header + len], header + len)
}
