//! SSL 2.0's master key, and the key material that is made from it (The SSL Protocol, §2.5).

use core::fmt;

use zeroize::Zeroizing;

use crate::cipher_kind::KindRow;
use crate::crypto::HashAlgorithm;
use crate::crypto::hash::Hash;
use crate::crypto::pkcs1::SignatureInput;
use crate::crypto::random::SecureRandom;
use crate::error::Error;
use crate::side::Side;

/// MASTER-KEY: the secret that a session is, and the kind that it belongs to.
#[derive(Clone)]
pub(crate) struct Ssl2MasterKey {
    bytes: Zeroizing<Vec<u8>>,
    kind: &'static KindRow,
}

impl Ssl2MasterKey {
    /// A new one.
    pub(crate) fn generate(
        kind: &'static KindRow,
        random: &dyn SecureRandom,
    ) -> Result<Self, Error> {
        let mut bytes = Zeroizing::new(vec![0; kind.master_key_len()]);
        random.fill(&mut bytes)?;
        Ok(Self { bytes, kind })
    }

    /// CLEAR-KEY-DATA and SECRET-KEY-DATA; `None` where their lengths are not the kind's.
    pub(crate) fn of(kind: &'static KindRow, clear: &[u8], secret: &[u8]) -> Option<Self> {
        let good = clear.len() == kind.clear_len && secret.len() == kind.secret_len();
        good.then(|| Self {
            bytes: Zeroizing::new([clear, secret].concat()),
            kind,
        })
    }

    /// The key of a session that is resumed; `None` where its length is not the kind's.
    pub(crate) fn of_session(kind: &'static KindRow, bytes: &[u8]) -> Option<Self> {
        let (clear, secret) = bytes.split_at_checked(kind.clear_len)?;
        Self::of(kind, clear, secret)
    }

    /// CLEAR-KEY-DATA: the part that goes to the server as it is, none but for export kinds.
    pub(crate) fn clear(&self) -> &[u8] {
        // The bytes are clear and secret part in every constructor.
        &self.bytes[..self.kind.clear_len]
    }

    /// SECRET-KEY-DATA: the part that goes to the server encrypted.
    pub(crate) fn secret(&self) -> &[u8] {
        &self.bytes[self.kind.clear_len..]
    }

    pub(crate) fn kind(&self) -> &'static KindRow {
        self.kind
    }

    /// 8, 16 or 24 bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Ssl2MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ssl2MasterKey(…)")
    }
}

/// KEY-MATERIAL: both directions' keys.
///
/// A DES key's parity bits come as they fall: the cipher passes over them, and as the MAC's SECRET
/// the key counts as it is, as in OpenSSL.
pub(crate) struct Ssl2KeyMaterial(Zeroizing<Vec<u8>>);

impl Ssl2KeyMaterial {
    /// Hashes, with a digit that counts them, until there is enough for two keys.
    ///
    /// The specification leaves the digit out for DES, of which one hash is enough; OpenSSL has it
    /// for every kind, and so has this.
    pub(crate) fn derive(
        master_key: &Ssl2MasterKey,
        challenge: &[u8],
        connection_id: &[u8],
    ) -> Self {
        let len = master_key.kind.key_material_len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(len));
        // Two keys are 16, 32 or 48 bytes: whole hashes, three at the most.
        for digit in b'0'..=b'9' {
            if bytes.len() >= len {
                break;
            }
            let mut hash = Hash::new(HashAlgorithm::Md5);
            hash.update(master_key.as_bytes());
            hash.update(&[digit]);
            hash.update(challenge);
            hash.update(connection_id);
            bytes.extend_from_slice(hash.finish().as_ref());
        }
        Self(bytes)
    }

    /// The key under which `sender` writes: CLIENT-WRITE-KEY, the second half, or SERVER-WRITE-KEY,
    /// which is CLIENT-READ-KEY, the first.
    pub(crate) fn write_key(&self, sender: Side) -> &[u8] {
        let (client_read_key, client_write_key) = self.0.split_at(self.0.len() / 2);
        match sender {
            Side::Client => client_write_key,
            Side::Server => client_read_key,
        }
    }

    /// What a client's RESPONSE-DATA signs: the key material, CERTIFICATE-CHALLENGE-DATA and the
    /// server's certificate, in DER (SSL_AT_MD5_WITH_RSA_ENCRYPTION).
    pub(crate) fn response_input(
        &self,
        certificate_challenge: &[u8],
        server_certificate: &[u8],
    ) -> SignatureInput {
        let mut hash = Hash::new(HashAlgorithm::Md5);
        hash.update(&self.0);
        hash.update(certificate_challenge);
        hash.update(server_certificate);
        SignatureInput::DigestInfo {
            hash: HashAlgorithm::Md5,
            digest: hash.finish().as_ref().to_vec(),
        }
    }
}

impl fmt::Debug for Ssl2KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ssl2KeyMaterial(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cipher_kind::CipherKind;
    use crate::crypto::random::SystemRandom;
    use crate::testing::vectors::hex;

    /// The bytes 1, 2, 3 and so on.
    fn master_key(kind: CipherKind) -> Ssl2MasterKey {
        let row = kind.row().unwrap();
        let bytes: Vec<u8> = (1..=row.master_key_len() as u8).collect();
        Ssl2MasterKey::of_session(row, &bytes).unwrap()
    }

    fn key_material(kind: CipherKind) -> Ssl2KeyMaterial {
        let bytes: Vec<u8> = (0x10..0x30).collect();
        Ssl2KeyMaterial::derive(&master_key(kind), &bytes[..16], &bytes[16..])
    }

    /// Computed by Python's hashlib; the second digest is what the client's signature is over.
    #[test]
    fn keys_are_cut_from_hashes_with_a_digit() {
        let keys_of_128_bits = [
            "867fa49046ad0a1f3d89de6990dd6ec6",
            "8af30b36b2a622c9bc8cb967505499e9",
            "9fb3d3392371bc67c07bc2e73e83ab7d",
        ];
        let keys_of_des = [
            "a746392f85582682",
            "0df2c5ccd0c9aff2",
            "44de9045db11ccd92cb9661488e1656d",
        ];
        let keys_of_triple_des = [
            "873552c2feda0f9c3e4d3e98f41ee8d89974a346838fcf9e",
            "3284520865dd10d8dd08a8beff4c6c5d0ae9eaa38f98f319",
            "aa403c54f2640c38ec76df4285385bf2",
        ];
        for kind in CipherKind::all() {
            let [client_read_key, client_write_key, response] = match kind {
                CipherKind::SSL_CK_DES_64_CBC_WITH_MD5 => keys_of_des,
                CipherKind::SSL_CK_DES_192_EDE3_CBC_WITH_MD5 => keys_of_triple_des,
                _ => keys_of_128_bits,
            };
            let material = key_material(kind);
            assert_eq!(
                material.write_key(Side::Server),
                hex(client_read_key),
                "{kind}"
            );
            assert_eq!(
                material.write_key(Side::Client),
                hex(client_write_key),
                "{kind}"
            );
            let input = material.response_input(&[0xcc; 16], b"certificate");
            let expected = SignatureInput::DigestInfo {
                hash: HashAlgorithm::Md5,
                digest: hex(response),
            };
            assert_eq!(input, expected, "{kind}");
        }
    }

    #[test]
    fn a_master_key_is_its_clear_part_and_its_secret_one() {
        for kind in CipherKind::all() {
            let row = kind.row().unwrap();
            let master_key = Ssl2MasterKey::generate(row, &SystemRandom).unwrap();
            let (clear, secret) = (master_key.clear(), master_key.secret());
            assert_eq!(clear.len(), row.clear_len);
            assert_eq!([clear, secret].concat(), master_key.as_bytes());
            let received = Ssl2MasterKey::of(row, clear, secret).unwrap();
            assert_eq!(received.as_bytes(), master_key.as_bytes());
            let kept = Ssl2MasterKey::of_session(row, master_key.as_bytes()).unwrap();
            assert_eq!(kept.secret(), secret);

            let another = Ssl2MasterKey::generate(row, &SystemRandom).unwrap();
            assert_ne!(another.as_bytes(), master_key.as_bytes());
        }
    }

    #[test]
    fn a_master_key_of_another_length_is_none() {
        for kind in CipherKind::all() {
            let row = kind.row().unwrap();
            let bytes = [7; 32];
            for clear_len in 0..=16 {
                for secret_len in 0..=25 {
                    let of = Ssl2MasterKey::of(row, &bytes[..clear_len], &bytes[..secret_len]);
                    let good = (clear_len, secret_len) == (row.clear_len, row.secret_len());
                    assert_eq!(of.is_some(), good, "{kind} {clear_len} {secret_len}");
                }
            }
            for len in 0..=32 {
                let kept = Ssl2MasterKey::of_session(row, &bytes[..len]);
                assert_eq!(kept.is_some(), len == row.master_key_len(), "{kind} {len}");
            }
        }
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let kind = CipherKind::SSL_CK_RC4_128_WITH_MD5;
        let text = format!("{:?} {:?}", master_key(kind), key_material(kind));
        assert_eq!(text, "Ssl2MasterKey(…) Ssl2KeyMaterial(…)");
    }
}
