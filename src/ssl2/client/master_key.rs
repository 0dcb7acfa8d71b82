//! Step 4: the client chooses a kind and sends the master key.

use super::{ExpectServerHello, Mark, Output};
use crate::cipher_kind::{CipherKind, KindRow};
use crate::config::Event;
use crate::crypto::rsa::RsaPublicKey;
use crate::error::{Error, PeerIncompatible};
use crate::message::ssl2::{ClientMasterKey, ServerHello, Ssl2MessageType};
use crate::secrets::Ssl2MasterKey;
use crate::session::Ssl2Session;

impl ExpectServerHello {
    pub(super) fn send_master_key(
        &self,
        hello: &ServerHello<'_>,
        server_key: &RsaPublicKey,
        out: &mut Output<'_>,
    ) -> Result<Ssl2Session, Error> {
        let kind = self.choose(hello)?;
        let master_key = Ssl2MasterKey::generate(kind, out.random)?;
        let mut key_arg = vec![0; kind.key_arg_len()];
        out.random.fill(&mut key_arg)?;
        let secret = master_key.secret();
        let encrypted = match self.start.rollback_mark {
            Mark::Set => server_key.encrypt_with_rollback_mark(secret, out.random)?,
            Mark::Unset => server_key.encrypt(secret, out.random)?,
        };
        let message = ClientMasterKey {
            cipher_kind: kind.kind,
            clear_key: master_key.clear(),
            encrypted_key: &encrypted.ok_or(PeerIncompatible::KeyTooShort(server_key.bits()))?,
            key_arg: &key_arg,
        };
        out.send(Ssl2MessageType::CLIENT_MASTER_KEY, |body| {
            message.write(body)
        })?;
        out.report(Event::MasterSecretDerived { extended: false });
        Ok(self.start.new_session(master_key, key_arg, out.known))
    }

    /// The first of the policy's kinds that the server has.
    fn choose(&self, hello: &ServerHello<'_>) -> Result<&'static KindRow, PeerIncompatible> {
        let policy = &self.start.policy;
        policy
            .allowed_kinds()
            .filter(|kind| hello.cipher_kinds().any(|listed| listed == *kind))
            .find_map(CipherKind::row)
            .ok_or(PeerIncompatible::NoKindInCommon)
    }
}
