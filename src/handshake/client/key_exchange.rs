//! Step 4: the pre-master secret; and the flight that it goes out with, up to the client's
//! Finished.

use super::client_certificate::ClientCertificate;
use super::{ClientState, Keyed, KnownServer};
use crate::crypto::rsa::RsaPublicKey;
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::handshake::{Flow, Output};
use crate::message::{ClientKeyExchange, Handshake, HandshakeType, ServerKeyExchange};
use crate::secrets::{PreMasterSecret, signed_params};
use crate::session::Handle;
use crate::side::Side;

impl KnownServer {
    /// The server's part of step 4, where the suite calls for it: from here on the certificate's
    /// key has only signed the one that the pre-master secret is encrypted to.
    pub(super) fn take_ephemeral_key(
        &mut self,
        message: Handshake<'_>,
        max_bits: usize,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        let ServerKeyExchange { params, signature } = ServerKeyExchange::read(message.body)?;
        let mut signed = Vec::new();
        params.write(&mut signed);
        let input = signed_params(&self.negotiated.randoms, &signed);
        if !self.server_key.verify(&input, signature) {
            return Err(PeerMisbehaved::BadServerKeyExchange.into());
        }
        let key = RsaPublicKey::new(params.modulus, params.exponent)
            .map_err(|_| PeerMisbehaved::UnusableEphemeralKey)?;
        // Readable also when what follows refuses it.
        out.known.ephemeral_key = signed.into();
        // One that the next shorter limit would do for was not made for this suite.
        let min = self.start.policy.smallest_rsa_key().max(max_bits / 2 + 1);
        let min = min.min(max_bits);
        if !(min..=max_bits).contains(&key.bits()) {
            return Err(PeerMisbehaved::EphemeralKeyLength {
                bits: key.bits(),
                min,
                max: max_bits,
            }
            .into());
        }
        self.negotiated.transcript.add(message.encoded);
        self.server_key = key;
        Ok(())
    }

    /// The client's flight in answer to ServerHelloDone; `certificate` where one was asked for.
    pub(super) fn answer(
        mut self,
        certificate: Option<ClientCertificate>,
        server_hello_done: Handshake<'_>,
        out: &mut Output<'_>,
    ) -> Result<ClientState, Error> {
        self.negotiated.transcript.add(server_hello_done.encoded);
        out.known.sent_no_certificate = matches!(certificate, Some(ClientCertificate::Absent));
        if let Some(certificate) = &certificate {
            self.send_certificate(certificate, out)?;
        }
        let pre_master_secret = self.send_client_key_exchange(out)?;
        let key_log = self.start.config.common.key_log.as_deref();
        let master_secret = self
            .negotiated
            .derive_master_secret(&pre_master_secret, key_log, out);
        if let Some(ClientCertificate::Present(certified, hash)) = &certificate {
            self.send_certificate_verify(certified, *hash, &master_secret, out)?;
        }
        self.negotiated.transcript.drop_signature_hashes();
        let keys = self.negotiated.derive_keys(&master_secret, out);
        self.negotiated
            .send_finished(Side::Client, &master_secret, &keys.client, out)?;
        let keyed = Keyed {
            start: self.start,
            negotiated: self.negotiated,
            master_secret,
            keys,
            flow: Flow::Full,
            handle: Handle::of_session_id(self.session_id),
            created: None,
        };
        Ok(keyed.expect_servers_end())
    }

    /// Step 4.
    fn send_client_key_exchange(&mut self, out: &mut Output<'_>) -> Result<PreMasterSecret, Error> {
        let pre_master_secret = PreMasterSecret::generate(self.offered_version, out.random)?;
        let encrypted = self
            .server_key
            .encrypt(pre_master_secret.as_bytes(), out.random)?
            .ok_or(PeerIncompatible::KeyTooShort(self.server_key.bits()))?;
        let version = self.negotiated.choice.version;
        let transcript = &mut self.negotiated.transcript;
        out.send_hashed(transcript, HandshakeType::CLIENT_KEY_EXCHANGE, |body| {
            ClientKeyExchange {
                encrypted_pre_master_secret: &encrypted,
            }
            .write(body, version);
        })?;
        Ok(pre_master_secret)
    }
}
