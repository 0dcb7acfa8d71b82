//! The files that the programs are given.

use std::fs;
use std::path::Path;
use std::sync::Once;

use retrossl::pki_types::CertificateDer;

use crate::pki::{Key, ListTemplate, Template, pem};

/// Where the programs run, with the files in it.
pub fn folder() -> &'static Path {
    static WRITTEN: Once = Once::new();
    let folder = Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/examples"));
    WRITTEN.call_once(|| {
        fs::create_dir_all(folder.join("directory")).unwrap();
        for (name, contents) in contents() {
            fs::write(folder.join(name), contents).unwrap();
        }
    });
    folder
}

fn contents() -> Vec<(&'static str, Vec<u8>)> {
    let root = |name, key| of_any_time(Template::authority(name, key)).self_signed(key);
    let client = |name| of_any_time(Template::new(name, &Key::Rsa(1024))).serial(&[8]);
    let list = |issuer, key, serials: &[&[u8]]| {
        let list = ListTemplate {
            next_update: None,
            ..ListTemplate::revoking(serials)
        };
        pem("X509 CRL", &list.issued_by(issuer, key)).into_bytes()
    };
    let certificate = |der: CertificateDer<'_>| pem("CERTIFICATE", &der).into_bytes();
    let key = |bits| {
        let root = env!("CARGO_MANIFEST_DIR");
        fs::read(format!("{root}/tests/data/test-key-{bits}.pem")).unwrap()
    };
    let traditional = pem("RSA PRIVATE KEY", &[0; 64]).replacen(
        '\n',
        "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n",
        1,
    );
    let somebody = client("CN=somebody").issued_by(ROOT, &ROOT_KEY);
    let stranger = client("CN=stranger").issued_by(STRANGERS, &STRANGERS_KEY);
    let whole_chain = [server_certificate(), root(ROOT, &ROOT_KEY)];
    vec![
        ("ca.pem", certificate(root(ROOT, &ROOT_KEY))),
        ("chain.pem", whole_chain.map(certificate).concat()),
        (
            "strangers.pem",
            certificate(root(STRANGERS, &STRANGERS_KEY)),
        ),
        ("server.pem", certificate(server_certificate())),
        ("server.der", server_certificate().to_vec()),
        ("server.key", key(2048)),
        ("client.pem", certificate(somebody)),
        ("client.key", key(1024)),
        ("stranger.pem", certificate(stranger)),
        ("stranger.key", key(512)),
        ("revoking-crl.pem", list(ROOT, &ROOT_KEY, &[&[7], &[8]])),
        ("clean-crl.pem", list(ROOT, &ROOT_KEY, &[&[9]])),
        ("strangers-crl.pem", list(STRANGERS, &STRANGERS_KEY, &[])),
        ("empty", Vec::new()),
        ("text", b"CERTIFICATE\n".to_vec()),
        (
            "pkcs8.key",
            pem("ENCRYPTED PRIVATE KEY", &[0; 64]).into_bytes(),
        ),
        ("pkcs1.key", traditional.into_bytes()),
    ]
}

pub fn server_certificate() -> CertificateDer<'static> {
    let server = of_any_time(Template::server("localhost")).serial(&[7]);
    server.issued_by(ROOT, &ROOT_KEY)
}

/// The programs go by the system's clock.
fn of_any_time(template: Template) -> Template {
    template.valid("20000101000000Z", "99991231235959Z")
}

const ROOT: &str = "CN=Root";
const ROOT_KEY: Key = Key::P256(1);
const STRANGERS: &str = "CN=Strangers";
const STRANGERS_KEY: Key = Key::P256(2);
