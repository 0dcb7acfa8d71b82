//! The rest of step 2, behind the ServerHello.

use std::sync::Arc;

use crate::config::{CertifiedKey, ClientVerifier, PrivateKey, ServerConfig};
use crate::error::Error;
use crate::handshake::{Negotiated, Output, signature_hashes};
use crate::message::{
    Certificate, CertificateRequest, HandshakeType, RSA_SIGN, SignatureAlgorithm,
};

impl Negotiated {
    /// Certificate, \[ServerKeyExchange\], [CertificateRequest], ServerHelloDone; returns the key
    /// that the client encrypts to.
    pub(super) fn send_rest_of_flight(
        &mut self,
        config: &ServerConfig,
        certified: &CertifiedKey,
        out: &mut Output<'_>,
    ) -> Result<Arc<dyn PrivateKey>, Error> {
        let version = self.choice.version;
        out.send_hashed(&mut self.transcript, HandshakeType::CERTIFICATE, |body| {
            Certificate::of(certified.chain()).write(body);
        })?;
        let key = self.send_ephemeral_key(config, certified, out)?;
        let transcript = &mut self.transcript;
        if let Some(verifier) = &config.client_verifier {
            let algorithms = signature_hashes(&config.common.policy)
                .map(SignatureAlgorithm::rsa)
                .collect();
            let request = CertificateRequest {
                certificate_types: &[RSA_SIGN],
                signature_algorithms: algorithms,
                certificate_authorities: authorities(verifier.as_ref()),
            };
            out.send_hashed(transcript, HandshakeType::CERTIFICATE_REQUEST, |body| {
                request.write(body, version);
            })?;
        }
        out.send_hashed(transcript, HandshakeType::SERVER_HELLO_DONE, |_| {})?;
        Ok(key)
    }
}

/// The verifier's authorities, as far as they fit into the message.
fn authorities(verifier: &dyn ClientVerifier) -> Vec<&[u8]> {
    let mut room = usize::from(u16::MAX);
    verifier
        .authorities()
        .iter()
        .map(Vec::as_slice)
        .take_while(|name| {
            let fits = room.checked_sub(name.len() + 2);
            room = fits.unwrap_or(0);
            fits.is_some()
        })
        .collect()
}
