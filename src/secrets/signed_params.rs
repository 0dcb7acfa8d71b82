//! What the server signs in a ServerKeyExchange (RFC 2246 §7.4.3, RFC 6101 §5.6.4).

use super::master_secret::Randoms;
use crate::crypto::HashAlgorithm;
use crate::crypto::hash::Hash;
use crate::crypto::pkcs1::SignatureInput;

/// Both hellos' randoms and the parameters, as they stand in the message: MD5 and SHA-1 side by
/// side, before TLS 1.2.
pub(crate) fn signed_params(randoms: &Randoms, params: &[u8]) -> SignatureInput {
    let mut digests = [0; 36];
    let (md5, sha1) = digests.split_at_mut(HashAlgorithm::Md5.output_len());
    for (algorithm, out) in [(HashAlgorithm::Md5, md5), (HashAlgorithm::Sha1, sha1)] {
        let mut hash = Hash::new(algorithm);
        hash.update(&randoms.client);
        hash.update(&randoms.server);
        hash.update(params);
        out.copy_from_slice(hash.finish().as_ref());
    }
    SignatureInput::Md5Sha1(digests)
}
