//! Certificates, keys and revocation lists from PEM files.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use retrossl::pki_types::pem::{self, PemObject};
use retrossl::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use retrossl::server::CertifiedKey;
use retrossl::{PrivateKey, RevocationList, RootStore, RsaPrivateKey};

pub type Chain = Vec<CertificateDer<'static>>;

/// A certificate's chain, and the key to it.
pub fn read_identity(cert: &Path, key: &Path) -> Result<(Chain, Arc<dyn PrivateKey>), String> {
    CertifiedKey::new(read_chain(cert)?, read_key(key)?)
        .map(|both| (both.chain().to_vec(), both.key().clone()))
        .map_err(|error| format!("{} and {}: {error}", cert.display(), key.display()))
}

fn read_chain(path: &Path) -> Result<Chain, String> {
    let pem = read_pem(path, "x509")?;
    let chain: Chain = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| cannot_read("a certificate", path, in_words(error)))?;
    match chain.is_empty() {
        true => Err(format!(
            "{} holds no certificate{}",
            path.display(),
            but(&pem)
        )),
        false => Ok(chain),
    }
}

fn read_key(path: &Path) -> Result<Arc<dyn PrivateKey>, String> {
    let pem = read_pem(path, "rsa")?;
    let der = match PrivateKeyDer::pem_slice_iter(&pem).next() {
        Some(Ok(der)) => der,
        _ if is_encrypted(&pem) => {
            let path = path.display();
            return Err(format!(
                "the private key in {path} is encrypted; `openssl rsa -in {path} -out \
                 {path}.decrypted` decrypts it"
            ));
        }
        Some(Err(error)) => return Err(cannot_read("a private key", path, in_words(error))),
        None => {
            return Err(format!(
                "{} holds no private key{}",
                path.display(),
                but(&pem)
            ));
        }
    };
    let key =
        RsaPrivateKey::from_der(&der).map_err(|error| cannot_read("a private key", path, error))?;
    Ok(Arc::new(key))
}

/// By a password: as PKCS#8 (RFC 7468 §11), or in the traditional way (RFC 1421 §4.6.1.1).
fn is_encrypted(pem: &[u8]) -> bool {
    [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----",
        "Proc-Type: 4,ENCRYPTED",
    ]
    .iter()
    .any(|mark| contains(pem, mark))
}

/// The certificates that are trusted, and a line for each that could not be used.
pub fn read_roots(path: &Path) -> Result<(RootStore, Vec<String>), String> {
    let bundle = read_pem(path, "x509")?;
    let mut roots = RootStore::new();
    let added = roots.add_pem(&bundle);
    let skipped: Vec<String> = added
        .skipped
        .iter()
        .map(|skipped| format!("{}: {skipped}", path.display()))
        .collect();
    if roots.is_empty() {
        let none = format!(
            "{} holds no certificate that can be trusted",
            path.display()
        );
        return Err([none]
            .into_iter()
            .chain(skipped)
            .collect::<Vec<_>>()
            .join("; "));
    }
    Ok((roots, skipped))
}

/// Every one: a list that was passed over would let in whom it revokes.
pub fn read_revocation_lists(paths: &[PathBuf]) -> Result<Vec<RevocationList>, String> {
    let lists: Vec<_> = paths
        .iter()
        .map(|path| read_lists(path))
        .collect::<Result<_, _>>()?;
    Ok(lists.concat())
}

fn read_lists(path: &Path) -> Result<Vec<RevocationList>, String> {
    let unreadable = |error: &dyn Display| cannot_read("a revocation list", path, error);
    let lists: Vec<_> = CertificateRevocationListDer::pem_slice_iter(&read_pem(path, "crl")?)
        .map(|der| {
            let der = der.map_err(|error| unreadable(&in_words(error)))?;
            RevocationList::from_der(&der).map_err(|error| unreadable(&error))
        })
        .collect::<Result<_, _>>()?;
    match lists.is_empty() {
        true => Err(format!("{} holds no revocation list", path.display())),
        false => Ok(lists),
    }
}

/// A file that has PEM in it; `command` is the one of OpenSSL's that would make it of DER.
fn read_pem(path: &Path, command: &str) -> Result<Vec<u8>, String> {
    let file = path.display();
    let bytes = fs::read(path).map_err(|error| format!("cannot read {file}: {error}"))?;
    if contains(&bytes, BEGIN) {
        // Some editors begin a text in UTF-8 with a mark.
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        return Ok(text.to_vec());
    }
    Err(match bytes.as_slice() {
        [] => format!("{file} is empty"),
        [SEQUENCE, ..] => format!(
            "{file} is DER, not PEM; `openssl {command} -inform der -in {file} -out {file}.pem` \
             converts it"
        ),
        _ => format!("{file} is not PEM"),
    })
}

/// What stands in PEM in place of what was looked for.
fn but(pem: &[u8]) -> String {
    let text = String::from_utf8_lossy(pem);
    let label = text
        .split_once(BEGIN)
        .and_then(|(_, rest)| rest.split_once("-----"));
    label.map_or(String::new(), |(label, _)| {
        format!(", but a section {}", label.escape_debug())
    })
}

/// The parser's own texts show lines as bytes.
fn in_words(error: pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { end_marker } => {
            let label = String::from_utf8_lossy(&end_marker).into_owned();
            format!("it ends before the section {} does", label.escape_debug())
        }
        other => other.to_string(),
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

fn cannot_read(what: &str, path: &Path, error: impl Display) -> String {
    format!("cannot read {what} from {}: {error}", path.display())
}

/// What a section begins with (RFC 7468 §2).
const BEGIN: &str = "-----BEGIN ";

/// The first byte of a certificate, a key or a revocation list in DER.
const SEQUENCE: u8 = 0x30;
