//! Steps 4 to 8 on the client: the pre-master secret, the client's certificate, the keys, and the
//! client's Finished.

use std::sync::Arc;

use super::{ClientState, ExpectChangeCipherSpec, ServerFlight, Start};
use crate::alert::AlertDescription;
use crate::config::{CertificateRequested, CertifiedKey};
use crate::crypto::HashAlgorithm;
use crate::crypto::pkcs1::digest_info_fits;
use crate::error::{Error, PeerIncompatible};
use crate::handshake::{Output, signature_hashes};
use crate::message::{
    Certificate, CertificateRequest, CertificateVerify, ClientKeyExchange, Handshake,
    HandshakeType, RSA_SIGN, SignatureAlgorithm,
};
use crate::secrets::{MasterSecret, PreMasterSecret, certificate_verify_input};
use crate::side::Side;
use crate::version::ProtocolVersion;

/// The answer to a CertificateRequest.
pub(crate) enum ClientCertificate {
    /// The client has none that the server would take.
    None,
    /// This one, and the hash that its signature is made over (at TLS 1.2).
    Send(Arc<CertifiedKey>, HashAlgorithm),
}

impl ClientCertificate {
    /// Asks the config's resolver, and finds a hash that server, policy and key have in common.
    pub(super) fn choose(start: &Start, request: &CertificateRequest<'_>) -> Self {
        let requested = CertificateRequested {
            authorities: &request.certificate_authorities,
        };
        let certified = start
            .config
            .resolver
            .as_ref()
            .filter(|_| request.certificate_types.contains(&RSA_SIGN))
            .and_then(|resolver| resolver.resolve(&requested));
        let Some(certified) = certified else {
            return Self::None;
        };
        match signature_hash(start, request, certified.key().public_key().modulus_len()) {
            Some(hash) => Self::Send(certified, hash),
            None => Self::None,
        }
    }
}

/// The hash for the CertificateVerify; before TLS 1.2 there is no choice, and what is returned
/// does not count.
fn signature_hash(
    start: &Start,
    request: &CertificateRequest<'_>,
    modulus_len: usize,
) -> Option<HashAlgorithm> {
    if request.signature_algorithms.is_empty() {
        return Some(HashAlgorithm::Sha1);
    }
    signature_hashes(&start.policy).find(|hash| {
        let accepted = SignatureAlgorithm::rsa(*hash);
        request.signature_algorithms.contains(&accepted) && digest_info_fits(*hash, modulus_len)
    })
}

impl ServerFlight {
    /// The client's flight in answer to ServerHelloDone.
    pub(super) fn answer(
        mut self,
        certificate: Option<ClientCertificate>,
        server_hello_done: Handshake<'_>,
        out: &mut Output<'_>,
    ) -> Result<ClientState, Error> {
        self.negotiated.transcript.add(server_hello_done.encoded);
        if let Some(certificate) = &certificate {
            self.send_certificate(certificate, out)?;
        }
        let pre_master_secret = self.send_client_key_exchange(out)?;
        let key_log = self.start.config.common.key_log.as_deref();
        let master_secret = self
            .negotiated
            .derive_master_secret(&pre_master_secret, key_log, out);
        if let Some(ClientCertificate::Send(certified, hash)) = &certificate {
            self.send_certificate_verify(certified, *hash, &master_secret, out)?;
        }
        self.negotiated.transcript.drop_signature_hashes();
        let keys = self.negotiated.derive_keys(&master_secret, out);
        self.negotiated
            .send_finished(Side::Client, &master_secret, &keys.client, out)?;
        Ok(ClientState::ExpectChangeCipherSpec(Box::new(
            ExpectChangeCipherSpec {
                negotiated: self.negotiated,
                master_secret,
                keys,
            },
        )))
    }

    /// The first half of step 5.
    fn send_certificate(
        &mut self,
        certificate: &ClientCertificate,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        let chain = match certificate {
            ClientCertificate::Send(certified, _) => certified.chain(),
            // SSL 3.0 says it with an alert (RFC 6101 §5.6.6), TLS with an empty chain.
            ClientCertificate::None if self.negotiated.version == ProtocolVersion::SSLv3 => {
                return out.warn(AlertDescription::NO_CERTIFICATE);
            }
            ClientCertificate::None => &[],
        };
        let transcript = &mut self.negotiated.transcript;
        out.send_hashed(transcript, HandshakeType::CERTIFICATE, |body| {
            Certificate::of(chain).write(body);
        })
    }

    /// Step 4.
    fn send_client_key_exchange(&mut self, out: &mut Output<'_>) -> Result<PreMasterSecret, Error> {
        let pre_master_secret = PreMasterSecret::generate(self.offered_version, out.random)?;
        let encrypted = self
            .server_key
            .encrypt(pre_master_secret.as_bytes(), out.random)?
            .ok_or(PeerIncompatible::KeyTooShort(self.server_key.bits()))?;
        let version = self.negotiated.version;
        let transcript = &mut self.negotiated.transcript;
        out.send_hashed(transcript, HandshakeType::CLIENT_KEY_EXCHANGE, |body| {
            ClientKeyExchange {
                encrypted_pre_master_secret: &encrypted,
            }
            .write(body, version);
        })?;
        Ok(pre_master_secret)
    }

    /// The second half of step 5.
    fn send_certificate_verify(
        &mut self,
        certified: &CertifiedKey,
        hash: HashAlgorithm,
        master_secret: &MasterSecret,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        let transcript = &mut self.negotiated.transcript;
        let input = certificate_verify_input(master_secret, transcript, hash)
            .ok_or(Error::Internal("the transcript lacks the signature's hash"))?;
        let signature = certified.key().sign(&input).map_err(Error::PrivateKey)?;
        let at_tls12 = self.negotiated.version >= ProtocolVersion::TLSv1_2;
        out.send_hashed(transcript, HandshakeType::CERTIFICATE_VERIFY, |body| {
            CertificateVerify {
                algorithm: at_tls12.then(|| SignatureAlgorithm::rsa(hash)),
                signature: &signature,
            }
            .write(body);
        })
    }
}
