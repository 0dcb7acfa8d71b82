//! A small authority's certificates and lists, each with something of its own.

use super::Seeds;
use crate::fuzz::certificates::{self, SIGNED, material, what};
use crate::testing::pki::{self, Key, ListTemplate, Signature, Template, der};
use crate::testing::recordings::Recording;
use crate::{Fingerprint, HashAlgorithm, PrivateKey};

/// The one whose signatures the target can make.
const KEY: Key = Key::Rsa(512);
const ROOT: &str = "CN=Root";
const SUB: &str = "CN=Sub";
const HOST: &str = "printer.lan";

impl Seeds {
    pub(super) fn certificates(&mut self) {
        let root = Template::authority(ROOT, &KEY).self_signed(&KEY);
        self.leaves(&root);
        self.intermediates(&root);
        self.lists(&root);
        self.foreign_signatures();
        self.recorded_certificates();

        let pem = pki::pem("CERTIFICATE", &root);
        self.certificate("bundle", &[&[what::BUNDLE], pem.as_bytes()]);
        let name = [what::NAMES, HOST.len() as u8];
        self.certificate("names", &[&name, HOST.as_bytes(), contents(&root)]);
        let fingerprint = Fingerprint::of(&root).to_string();
        self.certificate("pin", &[&[what::FINGERPRINT], fingerprint.as_bytes()]);
        let modulus = pki::rsa_key(512).public_key().modulus();
        let (before, after) = ([what::PUBLIC_KEY, 64], [3, 1, 0, 1, 64]);
        self.certificate("key", &[&before, &modulus, &after, &[9; 64]]);
    }

    /// A peer's certificate under the root.
    fn leaves(&mut self, root: &[u8]) {
        let server = Template::new("CN=server", &KEY);
        let names = [
            (HOST, vec![pki::dns(HOST), pki::dns("*.x.lan")]),
            ("a.x.lan", vec![pki::dns("*.x.lan"), pki::email("a@b")]),
            ("10.0.0.1", vec![pki::ip(&[10, 0, 0, 1])]),
            ("fd00::1", vec![pki::ip(&FD00_1), pki::directory("O=x")]),
            (HOST, other_names()),
        ];
        let mut leaves = Vec::new();
        for (name, alt_names) in &names {
            let alt_names = pki::alt_names(alt_names);
            leaves.push((*name, server.clone().with(alt_names)));
        }
        for extension in [
            pki::key_usage(&[pki::KEY_ENCIPHERMENT, pki::DIGITAL_SIGNATURE]),
            pki::key_usage(&[pki::KEY_CERT_SIGN]),
            pki::extended_key_usage(&[pki::ANY_USAGE]),
            pki::extended_key_usage(&[pki::SERVER_AUTH]),
            pki::extended_key_usage(&[pki::CLIENT_AUTH, "1.3.6.1.5.5.7.3.4", "1.2.3"]),
            pki::extended_key_usage(&["2.16.840.1.113730.4.1"]),
            pki::netscape_cert_type(0),
            pki::netscape_cert_type(1),
            pki::netscape_cert_type(2),
            pki::extension("1.2.3.4", true, &[5, 0]),
        ] {
            leaves.push((HOST, leaves[0].1.clone().with(extension)));
        }
        for (name, subject) in [
            (HOST, pki::name("C=DE, O=Example, CN=printer.lan")),
            (HOST, pki::name_of("CN=printer.lan", pki::bmp)),
            (HOST, pki::name_of("CN=printer.lan", pki::universal)),
            (
                HOST,
                pki::name_of("O= #a,b+c, CN=printer.lan ", pki::string(0x13)),
            ),
            ("10.0.0.1", pki::name_of("CN=10.0.0.1", pki::string(0x14))),
        ] {
            let mut template = Template::new("", &KEY);
            template.subject = subject;
            leaves.push((name, template.clone()));
            leaves.push((name, template.version(1)));
        }
        for (index, (name, leaf)) in leaves.iter().enumerate() {
            let issued = leaf.issued_by(ROOT, &KEY);
            let own = leaf.self_signed(&KEY);
            for (kind, flags) in [
                ("server", 0),
                ("client", certificates::CLIENT),
                ("strict", 3),
            ] {
                let parts = [(material::CHAIN, &issued[..]), (material::ROOT, root)];
                self.path(&format!("leaf-{index}-{kind}"), flags, name, &parts);
                let parts = [(material::CHAIN, &own[..]), (material::ROOT, &own)];
                self.path(&format!("trusted-{index}-{kind}"), flags, name, &parts);
            }
        }
    }

    /// An authority between the root and a server with names of many kinds.
    fn intermediates(&mut self, root: &[u8]) {
        let names = [other_names(), vec![pki::dns(HOST), pki::ip(&FD00_1)]].concat();
        let leaf = Template::new("O=Example, CN=server", &KEY).with(pki::alt_names(&names));
        let leaf = leaf.issued_by(SUB, &KEY);
        let mut extensions = vec![
            pki::basic_constraints(true, None),
            pki::basic_constraints(true, Some(0)),
            pki::basic_constraints(false, None),
            pki::key_usage(&[pki::KEY_CERT_SIGN, pki::CRL_SIGN]),
            pki::key_usage(&[pki::DIGITAL_SIGNATURE]),
            pki::extended_key_usage(&[pki::SERVER_AUTH]),
            pki::extended_key_usage(&[pki::CLIENT_AUTH]),
            pki::netscape_cert_type(5),
        ];
        let subtrees = [
            other_names(),
            vec![
                pki::dns("lan"),
                pki::dns("bad.lan."),
                pki::directory("O=Example"),
                pki::email("b"),
                pki::ip(&[10, 0, 0, 0, 255, 0, 0, 0]),
                pki::ip(&[FD00_1, [0xff; 16]].concat()),
            ],
        ]
        .concat();
        for subtree in subtrees {
            let subtree = [subtree];
            extensions.push(pki::name_constraints(&subtree, &[]));
            extensions.push(pki::name_constraints(&[], &subtree));
        }
        for (index, extension) in extensions.into_iter().enumerate() {
            // The first three say whether it is an authority at all.
            let sub = match index {
                0..3 => Template::new(SUB, &KEY),
                _ => Template::authority(SUB, &KEY),
            };
            let sub = sub.with(extension).issued_by(ROOT, &KEY);
            let chain = [(material::CHAIN, &leaf[..]), (material::CHAIN, &sub[..])];
            let parts = [chain[0], chain[1], (material::ROOT, root)];
            self.path(&format!("sub-{index}"), 0, HOST, &parts);
        }
    }

    /// Revocation lists of the root's.
    fn lists(&mut self, root: &[u8]) {
        let leaf = Template::server(HOST).serial(&[7]);
        let leaf = Template {
            key_info: KEY.info(),
            ..leaf
        }
        .issued_by(ROOT, &KEY);
        let plain = |serials: &[&[u8]]| ListTemplate::revoking(serials);
        let number =
            |last: u8| pki::extension(&format!("2.5.29.{last}"), true, &der::integer(&[1]));
        let mut lists = vec![
            plain(&[]),
            plain(&[&[9], &[1, 2, 3]]),
            plain(&[&[7], &[8]]),
            ListTemplate {
                next_update: None,
                ..plain(&[])
            },
            ListTemplate {
                next_update: Some("20240601000000Z"),
                ..plain(&[])
            },
        ];
        for last in [20, 27, 28, 35, 99] {
            lists.push(ListTemplate {
                extensions: vec![number(last)],
                ..plain(&[&[9]])
            });
        }
        for last in [21, 24, 29, 99] {
            lists.push(ListTemplate {
                entry_extensions: vec![number(last)],
                ..plain(&[&[9]])
            });
        }
        for (index, list) in lists.iter().enumerate() {
            let list = list.issued_by(ROOT, &KEY);
            let parts = [(material::LIST, &list[..]), (material::CHAIN, &leaf[..])];
            let parts = [parts[0], parts[1], (material::ROOT, root)];
            self.path(&format!("list-{index}"), 0, HOST, &parts);
            let parts = [(material::LIST, &list[..]), (material::CHAIN, root)];
            let parts = [parts[0], parts[1], (material::ROOT, root)];
            self.path(&format!("list-{index}-trusted"), 0, HOST, &parts);
        }
    }

    /// Signatures that the target cannot make: they are as they are.
    fn foreign_signatures(&mut self) {
        let leaf = Template::server(HOST);
        for (index, (key, signature)) in [
            (Key::P256(1), Signature::Ecdsa(HashAlgorithm::Sha256)),
            (Key::P384(1), Signature::Ecdsa(HashAlgorithm::Sha384)),
            (Key::Rsa(1024), Signature::Rsa(HashAlgorithm::Md5)),
            (Key::Rsa(1024), Signature::RsaOiw),
            (Key::Rsa(1024), Signature::Pss(HashAlgorithm::Sha256)),
            (Key::Rsa(1024), Signature::Pss(HashAlgorithm::Sha1)),
        ]
        .into_iter()
        .enumerate()
        {
            let root = Template::authority(ROOT, &key).signed_with(signature);
            let root = root.self_signed(&key);
            let leaf = leaf.clone().signed_with(signature).issued_by(ROOT, &key);
            let parts = [whole(material::CHAIN, &leaf), whole(material::ROOT, &root)];
            let name = format!("signature-{index}");
            self.certificate(&name, &[&header(0, HOST), &parts.concat()]);
        }
    }

    /// Of the recorded servers, each its own root.
    fn recorded_certificates(&mut self) {
        for recording in Recording::all() {
            for (_, record) in &recording.records {
                // A Certificate message of one certificate.
                if let [22, _, _, _, _, 11, _, _, _, _, _, _, _, _, _, der @ ..] = &record[..] {
                    let parts = [whole(material::CHAIN, der), whole(material::ROOT, der)];
                    let name = format!("recorded-{}", recording.name);
                    self.certificate(&name, &[&header(0, "localhost"), &parts.concat()]);
                }
            }
        }
    }

    /// Certificates and lists whose signatures the target makes itself.
    fn path(&mut self, what: &str, flags: u8, name: &str, parts: &[(u8, &[u8])]) {
        let parts = parts
            .iter()
            .map(|(kind, der)| whole(kind | SIGNED, contents(der)));
        let parts: Vec<u8> = parts.flatten().collect();
        self.certificate(what, &[&header(flags, name), &parts]);
    }

    fn certificate(&mut self, name: &str, parts: &[&[u8]]) {
        self.add("certificates", name, parts);
    }
}

/// What stands in front of a path's certificates.
fn header(flags: u8, name: &str) -> Vec<u8> {
    let mut header = vec![what::PATH, flags, 0, 0, name.len() as u8];
    header.extend_from_slice(name.as_bytes());
    header
}

/// One piece of a path, behind its kind and its length.
fn whole(kind: u8, der: &[u8]) -> Vec<u8> {
    [&[kind, 255], &(der.len() as u16).to_be_bytes()[..], der].concat()
}

/// Names of the kinds that are not compared.
fn other_names() -> Vec<Vec<u8>> {
    let oid = der::oid("1.2.3");
    vec![
        der::value(
            0xa0,
            &[&oid[..], &der::explicit(0, &der::utf8("x"))].concat(),
        ),
        pki::email("a@b"),
        pki::directory("O=Example, CN=x"),
        der::value(0x86, b"https://printer.lan/"),
        der::value(0x88, &oid[2..]),
    ]
}

/// What a certificate's or a list's signature is over.
fn contents(signed: &[u8]) -> &[u8] {
    let (start, _) = extent(signed);
    let rest = &signed[start..];
    &rest[..extent(rest).1]
}

/// Where an element's contents start and end.
fn extent(der: &[u8]) -> (usize, usize) {
    let (start, len) = match der[1] {
        len @ 0..=0x7f => (2, usize::from(len)),
        0x81 => (3, usize::from(der[2])),
        _ => (4, usize::from(u16::from_be_bytes([der[2], der[3]]))),
    };
    (start, start + len)
}

const FD00_1: [u8; 16] = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
