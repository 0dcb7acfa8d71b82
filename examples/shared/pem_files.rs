//! Certificates and keys from PEM files.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use retrossl::pki_types::pem::PemObject;
use retrossl::pki_types::{CertificateDer, PrivateKeyDer};
use retrossl::{PrivateKey, RootStore, RsaPrivateKey};

pub fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    if chain.is_empty() {
        return Err(format!("{} holds no certificate", path.display()));
    }
    Ok(chain)
}

pub fn read_key(path: &Path) -> Result<Arc<dyn PrivateKey>, String> {
    let refused =
        |error: &dyn Error| format!("cannot read a private key from {}: {error}", path.display());
    let der = PrivateKeyDer::from_pem_file(path).map_err(|error| refused(&error))?;
    let key = RsaPrivateKey::from_der(&der).map_err(|error| refused(&error))?;
    Ok(Arc::new(key))
}

/// The certificates that are trusted, and a line for each that could not be used.
pub fn read_roots(path: &Path) -> Result<(RootStore, Vec<String>), String> {
    let bundle =
        fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
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
