//! Step 6 on the server: the CLIENT-MASTER-KEY.

use zeroize::Zeroizing;

use super::ExpectClientMasterKey;
use crate::cipher_kind::{CipherKind, KindRow};
use crate::crypto::pkcs1::{RollbackMark, unpad_secret_key};
use crate::error::{Error, InvalidMessage, KeyError, Malformed, PeerMisbehaved};
use crate::message::ssl2::ClientMasterKey;
use crate::secrets::Ssl2MasterKey;

impl ExpectClientMasterKey {
    /// The master key and the KEY-ARG.
    pub(super) fn decrypt_master_key(
        &self,
        body: &[u8],
    ) -> Result<(Ssl2MasterKey, Vec<u8>), Error> {
        let message = ClientMasterKey::read(body)?;
        let kind = self.check(&message)?;
        let secret = self.decrypt_secret(message.encrypted_key, kind)?;
        let master_key = Ssl2MasterKey::of(kind, message.clear_key, &secret)
            .ok_or(Error::Internal("a secret key of another length"))?;
        Ok((master_key, message.key_arg.to_vec()))
    }

    /// A kind that was offered and listed (CVE-2015-3197), and a block as long as the key's. That
    /// the other lengths are the kind's, [`ClientMasterKey::read`] has seen to (CVE-2016-0703).
    fn check(&self, message: &ClientMasterKey<'_>) -> Result<&'static KindRow, Error> {
        let kind = message.cipher_kind;
        let listed = self.kinds.contains(&kind).then_some(kind);
        let row = listed
            .and_then(CipherKind::row)
            .ok_or(PeerMisbehaved::KindNotOffered(kind))?;
        let modulus_len = self.start.certificate.key().public_key().modulus_len();
        if message.encrypted_key.len() != modulus_len {
            let what = "CLIENT-MASTER-KEY";
            let problem = Malformed::LengthOutOfRange;
            return Err(InvalidMessage { what, problem }.into());
        }
        Ok(row)
    }

    /// Decrypts SECRET-KEY-DATA, or gives what stands in its place: either way the handshake goes
    /// on, and only the CLIENT-FINISHED shows that the keys differ.
    ///
    /// What must not leak is whether the ciphertext was a good one (Bleichenbacher, DROWN). The
    /// [substitute](crate::config::Ssl2Certificate::substitute) is derived before the decryption,
    /// from what everybody sees and a secret, so the same block gives the same keys however often
    /// it is sent; the raw operation is the key's (blinded); unpadding, the search for the mark of
    /// a rollback and the choice are [`unpad_secret_key`]'s. A mark is no error of its own: it
    /// would say that the padding was right. The only errors are those of a key that is not
    /// available or that errs, which do not depend on the ciphertext.
    fn decrypt_secret(
        &self,
        encrypted_key: &[u8],
        kind: &'static KindRow,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let certificate = &self.start.certificate;
        let substitute = certificate.substitute(encrypted_key, kind.secret_len());
        let substitute = substitute.map_err(Error::PrivateKey)?;
        let mut encoded = Zeroizing::new(vec![0; encrypted_key.len()]);
        match certificate.key().raw_decrypt(encrypted_key, &mut encoded) {
            Ok(()) => {}
            Err(error @ (KeyError::Unavailable | KeyError::Faulty)) => {
                return Err(Error::PrivateKey(error));
            }
            // See the same place at later versions.
            Err(_) => encoded.fill(0),
        }
        Ok(unpad_secret_key(
            &encoded,
            self.rollback_mark(),
            &substitute,
        ))
    }

    fn rollback_mark(&self) -> RollbackMark {
        let policy = &self.start.config.common.policy;
        match policy.usable_ssl3_versions() {
            Some(_) => RollbackMark::Refused,
            None => RollbackMark::Accepted,
        }
    }
}
