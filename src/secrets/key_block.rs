//! The key block: step 7 (RFC 5246 §6.3, RFC 6101 §6.2.2).

use zeroize::Zeroizing;

use super::master_secret::{MasterSecret, Randoms};
use crate::record::{ProtectionParameters, WriteKeys};

/// Both directions' keys.
pub(crate) struct KeyBlock {
    pub(crate) client: WriteKeys,
    pub(crate) server: WriteKeys,
}

impl KeyBlock {
    /// Expands the master secret and cuts the result: MAC keys, encryption keys, IVs, the
    /// client's before the server's each.
    pub(crate) fn expand(
        master_secret: &MasterSecret,
        randoms: &Randoms,
        parameters: ProtectionParameters,
    ) -> Self {
        let mac_key_len = parameters.mac_key_len();
        let key_len = parameters.suite.cipher.key_len();
        let iv_len = parameters.fixed_iv_len();
        let mut block = Zeroizing::new(vec![0; 2 * (mac_key_len + key_len + iv_len)]);
        master_secret.prf().expand(
            master_secret.as_bytes(),
            b"key expansion",
            [&randoms.server, &randoms.client],
            &mut block,
        );
        let mut rest = block.as_slice();
        // The block was made as long as the six cuts together.
        let mut cut = |len| {
            let (taken, left) = rest.split_at(len);
            rest = left;
            Zeroizing::new(taken.to_vec())
        };
        let [client_mac_key, server_mac_key] = [cut(mac_key_len), cut(mac_key_len)];
        let [client_key, server_key] = [cut(key_len), cut(key_len)];
        let [client_iv, server_iv] = [cut(iv_len), cut(iv_len)];
        Self {
            client: WriteKeys {
                mac_key: client_mac_key,
                key: client_key,
                iv: client_iv,
            },
            server: WriteKeys {
                mac_key: server_mac_key,
                key: server_key,
                iv: server_iv,
            },
        }
    }
}
