//! Keys and certificates, made when they are needed.

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509NameBuilder};

use crate::Error;

/// An RSA key and its certificate.
#[derive(Clone)]
pub struct Identity {
    pub certificate: X509,
    pub key: PKey<Private>,
}

/// The hash in a certificate's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    Md5,
    Sha1,
    Sha256,
}

impl Identity {
    /// A certificate for one host, signed with its own key.
    pub fn self_signed(name: &str, bits: u32, hash: Hash) -> Result<Self, Error> {
        let key = PKey::from_rsa(Rsa::generate(bits)?)?;
        Self::signed(name, &key, hash, Subject::Host, None)
    }

    /// One that was made before.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, Error> {
        Ok(Self {
            certificate: X509::from_pem(certificate)?,
            key: PKey::private_key_from_pem(key)?,
        })
    }

    /// A certificate that can [`issue`](Self::issue) others.
    pub fn authority(name: &str, bits: u32, hash: Hash) -> Result<Self, Error> {
        let key = PKey::from_rsa(Rsa::generate(bits)?)?;
        Self::signed(name, &key, hash, Subject::Authority, None)
    }

    /// An authority below this one.
    pub fn issue_authority(&self, name: &str, bits: u32, hash: Hash) -> Result<Self, Error> {
        let key = PKey::from_rsa(Rsa::generate(bits)?)?;
        Self::signed(name, &key, hash, Subject::Authority, Some(self))
    }

    /// A certificate for one host, signed by this authority.
    pub fn issue(&self, name: &str, bits: u32, hash: Hash) -> Result<Self, Error> {
        let key = PKey::from_rsa(Rsa::generate(bits)?)?;
        Self::signed(name, &key, hash, Subject::Host, Some(self))
    }

    /// Another self-signed certificate for the same key.
    pub fn renamed(&self, name: &str, hash: Hash) -> Result<Self, Error> {
        Self::signed(name, &self.key, hash, Subject::Host, None)
    }

    pub fn certificate_pem(&self) -> Result<String, Error> {
        Ok(String::from_utf8(self.certificate.to_pem()?)?)
    }

    pub fn certificate_der(&self) -> Result<Vec<u8>, Error> {
        Ok(self.certificate.to_der()?)
    }

    /// PKCS#1: what old stacks read without asking for more.
    pub fn key_pem(&self) -> Result<String, Error> {
        Ok(String::from_utf8(self.key.rsa()?.private_key_to_pem()?)?)
    }

    /// PKCS#8.
    pub fn key_der(&self) -> Result<Vec<u8>, Error> {
        Ok(self.key.private_key_to_pkcs8()?)
    }

    fn signed(
        name: &str,
        key: &PKey<Private>,
        hash: Hash,
        subject: Subject,
        issuer: Option<&Self>,
    ) -> Result<Self, Error> {
        let mut builder = X509Builder::new()?;
        builder.set_version(2)?;
        builder.set_serial_number(&*random_serial()?)?;
        builder.set_not_before(&*Asn1Time::from_str("20000101000000Z")?)?;
        builder.set_not_after(&*Asn1Time::from_str("20491231235959Z")?)?;
        let mut distinguished_name = X509NameBuilder::new()?;
        distinguished_name.append_entry_by_nid(Nid::COMMONNAME, name)?;
        let distinguished_name = distinguished_name.build();
        builder.set_subject_name(&distinguished_name)?;
        builder.set_issuer_name(match issuer {
            Some(issuer) => issuer.certificate.subject_name(),
            None => &distinguished_name,
        })?;
        builder.set_pubkey(key)?;
        match subject {
            Subject::Authority => {
                builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
                builder.append_extension(KeyUsage::new().critical().key_cert_sign().build()?)?;
            }
            Subject::Host => {
                let alternative_name = SubjectAlternativeName::new()
                    .dns(name)
                    .build(&builder.x509v3_context(None, None))?;
                builder.append_extension(alternative_name)?;
            }
        }
        let digest = match hash {
            Hash::Md5 => MessageDigest::md5(),
            Hash::Sha1 => MessageDigest::sha1(),
            Hash::Sha256 => MessageDigest::sha256(),
        };
        builder.sign(issuer.map_or(key, |issuer| &issuer.key), digest)?;
        Ok(Self {
            certificate: builder.build(),
            key: key.clone(),
        })
    }
}

/// Of the certificate's subject.
pub fn common_name(certificate: &X509) -> Option<String> {
    let name = certificate.subject_name();
    let entry = name.entries_by_nid(Nid::COMMONNAME).next()?;
    entry.data().to_string().ok()
}

#[derive(Clone, Copy)]
enum Subject {
    Authority,
    Host,
}

fn random_serial() -> Result<openssl::asn1::Asn1Integer, ErrorStack> {
    let mut serial = BigNum::new()?;
    serial.rand(63, MsbOption::ONE, false)?;
    serial.to_asn1_integer()
}
