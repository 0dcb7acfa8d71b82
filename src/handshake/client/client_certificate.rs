//! Step 5: the client's certificate, and the proof that it is its own.

use std::sync::Arc;

use super::{KnownServer, Start};
use crate::alert::AlertDescription;
use crate::config::{CertifiedKey, ClientCertificateQuery};
use crate::crypto::HashAlgorithm;
use crate::error::Error;
use crate::handshake::{Output, signature_hashes};
use crate::message::{
    Certificate, CertificateRequest, CertificateVerify, HandshakeType, RSA_SIGN, SignatureAlgorithm,
};
use crate::secrets::{MasterSecret, certificate_verify_input};
use crate::version::ProtocolVersion;

/// The answer to a CertificateRequest.
pub(crate) enum ClientCertificate {
    /// The client has none that the server would take.
    Absent,
    /// This one; at TLS 1.2 its signature is made over this hash.
    Present(Arc<CertifiedKey>, Option<HashAlgorithm>),
}

impl ClientCertificate {
    /// Asks the config's resolver, and finds a hash that server, policy and key have in common.
    pub(super) fn choose(
        start: &Start,
        request: &CertificateRequest<'_>,
        version: ProtocolVersion,
    ) -> Result<Self, Error> {
        let tls12 = version >= ProtocolVersion::TLSv1_2;
        let offered = |hash: &HashAlgorithm| {
            let algorithm = SignatureAlgorithm::rsa(*hash);
            tls12 && request.signature_algorithms.contains(&algorithm)
        };
        let signature_hashes: Vec<_> = signature_hashes(&start.policy).filter(offered).collect();
        if !request.certificate_types.contains(&RSA_SIGN) || (tls12 && signature_hashes.is_empty())
        {
            return Ok(Self::Absent);
        }
        let query = ClientCertificateQuery {
            authorities: &request.certificate_authorities,
            certificate_types: request.certificate_types,
            signature_hashes: &signature_hashes,
        };
        let resolver = start.config.resolver.as_ref();
        let Some(certified) = resolver.and_then(|resolver| resolver.resolve(&query)) else {
            return Ok(Self::Absent);
        };
        certified.check_key_length(&start.policy)?;
        Ok(match query.signature_hash(&certified) {
            None if tls12 => Self::Absent,
            hash => Self::Present(certified, hash),
        })
    }
}

impl KnownServer {
    /// The first half of step 5.
    pub(super) fn send_certificate(
        &mut self,
        certificate: &ClientCertificate,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        let chain = match certificate {
            ClientCertificate::Present(certified, _) => certified.chain(),
            // SSL 3.0 says it with an alert (RFC 6101 §5.6.6), TLS with an empty chain.
            ClientCertificate::Absent
                if self.negotiated.choice.version == ProtocolVersion::SSLv3 =>
            {
                return out.warn(AlertDescription::NO_CERTIFICATE);
            }
            ClientCertificate::Absent => &[],
        };
        let transcript = &mut self.negotiated.transcript;
        out.send_hashed(transcript, HandshakeType::CERTIFICATE, |body| {
            Certificate::of(chain).write(body);
        })
    }

    /// The second half of step 5.
    pub(super) fn send_certificate_verify(
        &mut self,
        certified: &CertifiedKey,
        hash: Option<HashAlgorithm>,
        master_secret: &MasterSecret,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        let version = self.negotiated.choice.version;
        let transcript = &mut self.negotiated.transcript;
        let input = certificate_verify_input(version, master_secret, transcript, hash)?;
        let signature = certified.sign(&input)?;
        out.send_hashed(transcript, HandshakeType::CERTIFICATE_VERIFY, |body| {
            CertificateVerify {
                algorithm: hash.map(SignatureAlgorithm::rsa),
                signature: &signature,
            }
            .write(body);
        })
    }
}
