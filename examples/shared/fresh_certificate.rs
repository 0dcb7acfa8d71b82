//! A self-signed certificate over a new RSA key, made when it is needed.

use std::error::Error;
use std::sync::Arc;

use getrandom::SysRng;
use rcgen::{
    CertificateParams, DnType, PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm, SigningKey,
};
use retrossl::pki_types::{CertificateDer, PrivateKeyDer};
use retrossl::{Fingerprint, HashAlgorithm, PrivateKey, RsaPrivateKey, SignatureInput};
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::EncodePrivateKey;
use rsa::rand_core::UnwrapErr;
use sha2::{Digest, Sha256};

/// A certificate and its key.
pub struct FreshCertificate {
    pub certificate: CertificateDer<'static>,
    pub key: Arc<dyn PrivateKey>,
}

impl FreshCertificate {
    /// Signed by its own key with SHA-256, for `common_name` and the DNS names `names`.
    pub fn new(common_name: &str, names: &[&str]) -> Result<Self, Box<dyn Error>> {
        let pair = rsa::PrivateKey::new(&mut UnwrapErr(SysRng), RSA_BITS)?;
        let public_key = pair.to_public_key().to_pkcs1_der()?.into_vec();
        let private_key = pair.to_pkcs8_der()?;
        let key = RsaPrivateKey::from_der(&PrivateKeyDer::Pkcs8(private_key.as_bytes().into()))?;

        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        let mut serial_number = Sha256::digest(&public_key)[..8].to_vec();
        // Positive, and of one length, so that every run prints the same lengths.
        serial_number[0] = 1;
        params.serial_number = Some(serial_number.into());
        let certificate = params.self_signed(&Signer {
            public_key,
            key: &key,
        })?;
        Ok(Self {
            certificate: certificate.into(),
            key: Arc::new(key),
        })
    }

    /// What a peer pins to accept it.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }
}

/// Lets `rcgen` sign without a cryptography library of its own.
struct Signer<'k> {
    /// DER of the RSAPublicKey.
    public_key: Vec<u8>,
    key: &'k RsaPrivateKey,
}

impl PublicKeyData for Signer<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.public_key
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for Signer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let input = SignatureInput::DigestInfo {
            hash: HashAlgorithm::Sha256,
            digest: Sha256::digest(message).to_vec(),
        };
        self.key
            .sign(&input)
            .map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

const RSA_BITS: usize = 2048;
