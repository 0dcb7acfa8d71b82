//! The server's part of step 4, the export suites' ephemeral key, and of step 6: decrypting the
//! pre-master secret.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::KnownClient;
use crate::config::{CertifiedKey, PrivateKey, ServerConfig};
use crate::error::{Error, KeyError};
use crate::handshake::{Negotiated, Output};
use crate::message::{ClientKeyExchange, HandshakeType, ServerKeyExchange, ServerRsaParams};
use crate::policy::Quirk;
use crate::secrets::{PreMasterSecret, signed_params};
use crate::version::ProtocolVersion;

impl Negotiated {
    /// The key that the client has to encrypt to: the certificate's, or, where the suite allows
    /// none that long, an ephemeral one, which the certificate's signs in a ServerKeyExchange.
    pub(super) fn send_ephemeral_key(
        &mut self,
        config: &ServerConfig,
        certified: &CertifiedKey,
        out: &mut Output<'_>,
    ) -> Result<Arc<dyn PrivateKey>, Error> {
        let bits = certified.key().public_key().bits();
        let Some(max_bits) = self.choice.suite.key_exchange.ephemeral_key_limit(bits) else {
            return Ok(certified.key().clone());
        };
        let now = config.common.clock.now();
        let key = config.export_keys.key(max_bits, now, out.random)?;
        let (modulus, exponent) = (key.public_key().modulus(), key.public_key().exponent());
        let params = ServerRsaParams {
            modulus: &modulus,
            exponent: &exponent,
        };
        let mut signed = Vec::new();
        params.write(&mut signed);
        let input = signed_params(&self.randoms, &signed);
        let signature = certified.sign(&input)?;
        let transcript = &mut self.transcript;
        out.send_hashed(transcript, HandshakeType::SERVER_KEY_EXCHANGE, |body| {
            let signature = &signature;
            ServerKeyExchange { params, signature }.write(body);
        })?;
        out.known.ephemeral_key = signed.into();
        Ok(key)
    }
}

impl KnownClient {
    /// Decrypts what the client sent, or gives a random secret in its place: either way the
    /// handshake goes on, and only the Finished shows that the keys differ.
    ///
    /// What must not leak is whether the ciphertext was a good one (Bleichenbacher, Klima, ROBOT,
    /// Marvin). The substitute is drawn before the decryption, so drawing tells nothing; the raw
    /// operation is the key's (blinded); unpadding and choice are
    /// [`unpad_pre_master_secret`](crate::crypto::pkcs1::unpad_pre_master_secret)'s; a number
    /// that is not below the modulus, which an attacker knows without asking, counts as
    /// zeros. The only errors are a malformed message and a key that is not available or that
    /// errs, which do not depend on the plaintext.
    pub(super) fn decrypt_pre_master_secret(
        &self,
        body: &[u8],
        out: &mut Output<'_>,
    ) -> Result<PreMasterSecret, Error> {
        let key = &self.key;
        let modulus_len = key.public_key().modulus_len();
        let message = ClientKeyExchange::read(body, self.negotiated.choice.version, modulus_len)?;
        let substitute = PreMasterSecret::generate(self.client_version, out.random)?;

        let mut encoded = Zeroizing::new(vec![0; modulus_len]);
        let encrypted = message.encrypted_pre_master_secret;
        // The length is public.
        if encrypted.len() == modulus_len {
            match key.raw_decrypt(encrypted, &mut encoded) {
                Ok(()) => {}
                Err(error @ (KeyError::Unavailable | KeyError::Faulty)) => {
                    return Err(Error::PrivateKey(error));
                }
                // A key that is elsewhere may report bad padding as a failure. It is not even
                // logged: the peer could measure how long that takes.
                Err(_) => encoded.fill(0),
            }
        }
        Ok(PreMasterSecret::unpad(
            &encoded,
            self.pre_master_versions(),
            &substitute,
        ))
    }

    /// What may stand in front of the pre-master secret: the offered version, and by a quirk the
    /// negotiated one, where the offer was at most TLS 1.0.
    fn pre_master_versions(&self) -> [u16; 2] {
        let policy = &self.start.config.common.policy;
        let lenient = policy.has_quirk(Quirk::NegotiatedVersionInPreMasterSecret)
            && self.client_version <= ProtocolVersion::TLSv1_0.wire();
        let other = if lenient {
            self.negotiated.choice.version.wire()
        } else {
            self.client_version
        };
        [self.client_version, other]
    }
}
