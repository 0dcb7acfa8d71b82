//! The key block: step 7 (RFC 5246 §6.3, RFC 6101 §6.2.2), and the export suites' detour (RFC 2246
//! §6.3.1, RFC 6101 §6.2.2.1).

use zeroize::Zeroizing;

use super::master_secret::{MasterSecret, Randoms};
use super::prf::Prf;
use crate::crypto::HashAlgorithm;
use crate::crypto::hash::Hash;
use crate::record::{ProtectionParameters, WriteKeys};
use crate::side::Side;
use crate::suite::KeyDerivation;

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
        match parameters.suite.keys {
            KeyDerivation::Version | KeyDerivation::Fips => {
                let key_len = parameters.suite.cipher.key_len();
                let iv_len = parameters.fixed_iv_len();
                Self::cut(master_secret, randoms, parameters, key_len, iv_len)
            }
            KeyDerivation::Export { key_material } => {
                let short = Self::cut(master_secret, randoms, parameters, key_material, 0);
                short.exported(master_secret.prf(), randoms, parameters)
            }
        }
    }

    fn cut(
        master_secret: &MasterSecret,
        randoms: &Randoms,
        parameters: ProtectionParameters,
        key_len: usize,
        iv_len: usize,
    ) -> Self {
        let mac_key_len = parameters.mac_key_len();
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

    /// An export suite's final keys and IVs, from keys of a few bytes. What is expanded with them,
    /// and all that the IVs are made of, everybody can see.
    fn exported(self, prf: Prf, randoms: &Randoms, parameters: ProtectionParameters) -> Self {
        let write_keys = |keys: WriteKeys, writer| WriteKeys {
            mac_key: keys.mac_key,
            key: final_write_key(prf, &keys.key, randoms, writer, parameters),
            iv: export_iv(prf, randoms, writer, parameters.fixed_iv_len()),
        };
        Self {
            client: write_keys(self.client, Side::Client),
            server: write_keys(self.server, Side::Server),
        }
    }
}

fn final_write_key(
    prf: Prf,
    key: &[u8],
    randoms: &Randoms,
    writer: Side,
    parameters: ProtectionParameters,
) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(vec![0; parameters.suite.cipher.key_len()]);
    if prf == Prf::Ssl3 {
        ssl3_digest(key, randoms, writer, &mut out);
    } else {
        let label: &[u8] = match writer {
            Side::Client => b"client write key",
            Side::Server => b"server write key",
        };
        prf.expand(key, label, [&randoms.client, &randoms.server], &mut out);
    }
    out
}

/// `len` bytes, none for a stream cipher.
fn export_iv(prf: Prf, randoms: &Randoms, writer: Side, len: usize) -> Zeroizing<Vec<u8>> {
    if prf == Prf::Ssl3 {
        let mut iv = Zeroizing::new(vec![0; len]);
        ssl3_digest(b"", randoms, writer, &mut iv);
        return iv;
    }
    let mut iv_block = vec![0; 2 * len];
    let seed: [&[u8]; 2] = [&randoms.client, &randoms.server];
    prf.expand(b"", b"IV block", seed, &mut iv_block);
    let (client, server) = iv_block.split_at(len);
    let iv = match writer {
        Side::Client => client,
        Side::Server => server,
    };
    Zeroizing::new(iv.to_vec())
}

/// The start of MD5(key + the writer's random + the reader's), as long as `out`: 16 bytes at the
/// most.
fn ssl3_digest(key: &[u8], randoms: &Randoms, writer: Side, out: &mut [u8]) {
    let [first, second] = match writer {
        Side::Client => [&randoms.client, &randoms.server],
        Side::Server => [&randoms.server, &randoms.client],
    };
    let mut md5 = Hash::new(HashAlgorithm::Md5);
    md5.update(key);
    md5.update(first);
    md5.update(second);
    for (out, byte) in out.iter_mut().zip(md5.finish().as_ref()) {
        *out = *byte;
    }
}
