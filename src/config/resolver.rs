//! Choosing one's own certificate.

use core::fmt;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::certified_key::CertifiedKey;
use super::private_key::PrivateKey;
use crate::cert::{Authorities, HostNames};
use crate::crypto::HashAlgorithm;
use crate::crypto::pkcs1::digest_info_fits;
use crate::error::ConfigError;
use crate::message::ClientHello;
use crate::policy::Policy;
use crate::suite::CipherSuite;
use crate::version::ProtocolVersion;

/// Chooses a server's certificate for a client.
///
/// Many old clients do not say which name they want: SSL 3.0 has no server_name, nor has Windows
/// XP, and IP addresses are not sent in it. A resolver that refuses where there is no name refuses
/// exactly those; give them one to fall back to, as [`CertificatesByName`] does.
pub trait ServerCertificateResolver: Send + Sync + fmt::Debug {
    /// The certificate for a client; `None` refuses it with `handshake_failure`. A key that is
    /// shorter than the policy allows ends the handshake with [`ConfigError::KeyTooShort`].
    fn resolve(&self, query: &ServerCertificateQuery<'_>) -> Option<Arc<CertifiedKey>>;

    /// The certificates among which it chooses, as far as they are known beforehand; by default
    /// none are. `build()` refuses those whose key SSL 2.0 has, and handshakes refuse the others.
    fn certificates(&self) -> Vec<Arc<CertifiedKey>> {
        Vec::new()
    }
}

impl<R: ServerCertificateResolver + ?Sized> ServerCertificateResolver for Arc<R> {
    fn resolve(&self, query: &ServerCertificateQuery<'_>) -> Option<Arc<CertifiedKey>> {
        (**self).resolve(query)
    }

    fn certificates(&self) -> Vec<Arc<CertifiedKey>> {
        (**self).certificates()
    }
}

/// What a server's certificate is wanted for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ServerCertificateQuery<'a> {
    /// What the client offers, the server's name among it.
    pub hello: &'a ClientHello<'a>,
    /// The version that will be answered.
    pub version: ProtocolVersion,
    /// The suite that will be answered.
    pub suite: CipherSuite,
}

impl<'a> ServerCertificateQuery<'a> {
    /// A query outside of a connection; an [`Acceptor`](crate::server::Acceptor) reads a hello.
    pub fn new(hello: &'a ClientHello<'a>, version: ProtocolVersion, suite: CipherSuite) -> Self {
        Self {
            hello,
            version,
            suite,
        }
    }
}

/// Chooses a client's certificate for a server that asks.
///
/// It is not asked where the server would take none that this crate can sign with: where it does
/// not list the type rsa_sign, or at TLS 1.2 where none of its hashes is one that the policy names
/// for signatures. Then no certificate is sent.
pub trait ClientCertificateResolver: Send + Sync + fmt::Debug {
    /// The certificate for what the server accepts; `None` sends none, which the server may or
    /// may not put up with. A key that is shorter than the policy allows ends the handshake with
    /// [`ConfigError::KeyTooShort`]; a certificate whose key is too short for each of the
    /// [`signature_hashes`](ClientCertificateQuery::signature_hashes) is not sent.
    fn resolve(&self, query: &ClientCertificateQuery<'_>) -> Option<Arc<CertifiedKey>>;
}

impl<R: ClientCertificateResolver + ?Sized> ClientCertificateResolver for Arc<R> {
    fn resolve(&self, query: &ClientCertificateQuery<'_>) -> Option<Arc<CertifiedKey>> {
        (**self).resolve(query)
    }
}

/// What a server says it accepts of a client's certificate (RFC 5246 §7.4.4).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ClientCertificateQuery<'a> {
    /// DER of the distinguished names of the authorities that are accepted; empty for any.
    pub authorities: &'a [&'a [u8]],
    /// The types of certificate that are accepted, as on the wire; 1 is rsa_sign.
    pub certificate_types: &'a [u8],
    /// The hashes that an RSA signature may be made over at TLS 1.2, the policy's preferred one
    /// first; empty before, where MD5 and SHA-1 are signed side by side.
    pub signature_hashes: &'a [HashAlgorithm],
}

impl<'a> ClientCertificateQuery<'a> {
    /// A query outside of a connection.
    pub fn new(
        authorities: &'a [&'a [u8]],
        certificate_types: &'a [u8],
        signature_hashes: &'a [HashAlgorithm],
    ) -> Self {
        Self {
            authorities,
            certificate_types,
            signature_hashes,
        }
    }

    /// Whether the server says that it takes this certificate: an accepted authority has issued
    /// one of the chain (RFC 5246 §7.4.6), and the key is long enough for one of the hashes.
    ///
    /// Every call reads all the authorities again, and a server may name 64 KiB of them: to choose
    /// among many certificates, [`CertificatesByAuthority`] reads them once.
    pub fn accepts(&self, certified: &CertifiedKey) -> bool {
        self.is_met_by(certified, &Authorities::read(self.authorities))
    }

    /// As [`accepts`](Self::accepts), of authorities that were read before.
    fn is_met_by(&self, certified: &CertifiedKey, authorities: &Authorities) -> bool {
        let issued = self.authorities.is_empty() || authorities.include_any(certified.issuers());
        let hashes = self.signature_hashes;
        issued && (hashes.is_empty() || self.signature_hash(certified).is_some())
    }

    /// The first of the hashes that the key is long enough for: 512 bits cannot sign SHA-384.
    pub(crate) fn signature_hash(&self, certified: &CertifiedKey) -> Option<HashAlgorithm> {
        let modulus_len = certified.key().public_key().modulus_len();
        self.signature_hashes
            .iter()
            .copied()
            .find(|hash| digest_info_fits(*hash, modulus_len))
    }
}

/// Several certificates of a server: the first that is for the name that the client asks for
/// (server_name, RFC 6066 §3), by its subjectAltName or, where it has none, its common name.
///
/// A client that names none, as the older ones do, or none that there is a certificate for, is
/// shown the first one.
///
/// ```no_run
/// use retrossl::CertifiedKey;
/// use retrossl::server::CertificatesByName;
/// # fn serve(intranet: CertifiedKey, printer: CertifiedKey) -> Result<(), retrossl::ConfigError> {
/// let config = retrossl::ServerConfig::builder(retrossl::Policy::HISTORIC)
///     .certificate_resolver(CertificatesByName::new([intranet, printer]))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CertificatesByName(Vec<(HostNames, Arc<CertifiedKey>)>);

impl CertificatesByName {
    /// Chooses among these; the first is also everybody else's.
    pub fn new(certificates: impl IntoIterator<Item = CertifiedKey>) -> Self {
        let named = certificates.into_iter().map(|certified| {
            let names = certified.chain().first().map(HostNames::of);
            (names.unwrap_or_default(), Arc::new(certified))
        });
        Self(named.collect())
    }
}

impl ServerCertificateResolver for CertificatesByName {
    fn resolve(&self, query: &ServerCertificateQuery<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = query.hello.server_name();
        let named = asked.and_then(|asked| self.0.iter().find(|(names, _)| names.include(&asked)));
        let (_, certified) = named.or(self.0.first())?;
        Some(certified.clone())
    }

    fn certificates(&self) -> Vec<Arc<CertifiedKey>> {
        let certificates = self.0.iter().map(|(_, certified)| certified.clone());
        certificates.collect()
    }
}

/// Several certificates of a client: the first that the server [accepts]. Where it accepts none,
/// none is sent.
///
/// (The one certificate that [`ClientConfigBuilder::certificate`] names is sent to every server
/// that asks, whatever authorities it lists: those lists are often incomplete.)
///
/// [accepts]: ClientCertificateQuery::accepts
/// [`ClientConfigBuilder::certificate`]: super::ClientConfigBuilder::certificate
#[derive(Debug)]
pub struct CertificatesByAuthority(Vec<Arc<CertifiedKey>>);

impl CertificatesByAuthority {
    /// Chooses among these, the preferred first.
    pub fn new(certificates: impl IntoIterator<Item = CertifiedKey>) -> Self {
        Self(certificates.into_iter().map(Arc::new).collect())
    }
}

impl ClientCertificateResolver for CertificatesByAuthority {
    fn resolve(&self, query: &ClientCertificateQuery<'_>) -> Option<Arc<CertifiedKey>> {
        let authorities = Authorities::read(query.authorities);
        let accepted = |certified: &&Arc<CertifiedKey>| query.is_met_by(certified, &authorities);
        self.0.iter().find(accepted).cloned()
    }
}

/// One certificate for everybody.
#[derive(Debug)]
pub(crate) struct SingleCertificate(Arc<CertifiedKey>);

impl SingleCertificate {
    /// Checks that the two belong together, and that the policy takes the key.
    pub(crate) fn new(
        chain: Vec<CertificateDer<'static>>,
        key: impl PrivateKey + 'static,
        policy: &Policy,
    ) -> Result<Self, ConfigError> {
        let certified = CertifiedKey::new(chain, key)?;
        certified.check_key_length(policy)?;
        Ok(Self(Arc::new(certified)))
    }
}

impl ServerCertificateResolver for SingleCertificate {
    fn resolve(&self, _: &ServerCertificateQuery<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn certificates(&self) -> Vec<Arc<CertifiedKey>> {
        vec![self.0.clone()]
    }
}

impl ClientCertificateResolver for SingleCertificate {
    fn resolve(&self, _: &ClientCertificateQuery<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use rustls_pki_types::PrivateKeyDer;
    use rustls_pki_types::pem::PemObject;

    use super::*;
    use crate::cert::count_names;
    use crate::config::RsaPrivateKey;
    use crate::testing::vectors::test_certificate;

    /// As many as a CertificateRequest can carry, of two bytes each: whatever a client has to
    /// choose from, it reads each once.
    #[test]
    fn each_authority_is_read_once_for_all_certificates() {
        let pem = include_bytes!("../../tests/data/test-key-1024.pem");
        let der = PrivateKeyDer::from_pem_slice(pem).unwrap();
        let key = Arc::new(RsaPrivateKey::from_der(&der).unwrap());
        let certified = || {
            let chain = vec![test_certificate(1024); 4];
            CertifiedKey::new(chain, key.clone()).unwrap()
        };
        let resolver = CertificatesByAuthority::new((0..20).map(|_| certified()));
        let authorities = vec![&[0x30, 0x00][..]; 16_000];
        let query = ClientCertificateQuery::new(&authorities, &[1], &[]);
        let read = count_names(|| assert!(resolver.resolve(&query).is_none()));
        assert_eq!(read, authorities.len());
    }
}
