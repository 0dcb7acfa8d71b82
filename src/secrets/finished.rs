//! What Finished and CertificateVerify say about the handshake (RFC 5246 §7.4.9 and §7.4.8,
//! RFC 6101 §5.6.9 and §5.6.8).

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::master_secret::MasterSecret;
use super::transcript::Transcript;
use crate::crypto::HashAlgorithm;
use crate::crypto::hash::Hash;
use crate::crypto::pkcs1::SignatureInput;
use crate::error::Error;
use crate::side::Side;
use crate::version::ProtocolVersion;

/// The body of a Finished: 36 bytes at SSL 3.0, 12 in TLS.
#[derive(Clone, Zeroize)]
pub(crate) struct VerifyData {
    bytes: [u8; MAX_VERIFY_DATA],
    len: usize,
}

impl VerifyData {
    /// What `sender`'s Finished must say after the messages in `transcript`.
    ///
    /// The form is the version's, whatever the suite's derivation.
    pub(crate) fn compute(
        version: ProtocolVersion,
        master_secret: &MasterSecret,
        transcript: &Transcript,
        sender: Side,
    ) -> Self {
        let mut bytes = [0; MAX_VERIFY_DATA];
        let len = if version == ProtocolVersion::SSLv3 {
            let label = match sender {
                Side::Client => b"CLNT",
                Side::Server => b"SRVR",
            };
            bytes = ssl3_digests(master_secret, transcript, label);
            MAX_VERIFY_DATA
        } else {
            let label: &[u8] = match sender {
                Side::Client => b"client finished",
                Side::Server => b"server finished",
            };
            let seed = [&transcript.session_hash()[..], b""];
            let secret = master_secret.as_bytes();
            master_secret
                .prf()
                .expand(secret, label, seed, &mut bytes[..TLS_VERIFY_DATA]);
            TLS_VERIFY_DATA
        };
        Self { bytes, len }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Constant time: how many bytes of a forged Finished are right must not leak. All of them
    /// are compared before the verdict; only a wrong length, which is public, ends it early.
    pub(crate) fn matches(&self, received: &[u8]) -> bool {
        self.as_bytes().ct_eq(received).into()
    }
}

impl Default for VerifyData {
    /// No bytes at all: before the first handshake.
    fn default() -> Self {
        Self {
            bytes: [0; MAX_VERIFY_DATA],
            len: 0,
        }
    }
}

/// Both Finished messages' bodies, by which the next handshake on the connection names this one
/// (RFC 5746 §3.1); empty before the first.
#[derive(Clone, Default)]
pub(crate) struct FinishedPair {
    pub(crate) client: VerifyData,
    pub(crate) server: VerifyData,
}

impl FinishedPair {
    /// The renegotiated_connection that `sender` sends: a client its own, a server both
    /// (RFC 5746 §3.2).
    pub(crate) fn renegotiated_connection(&self, sender: Side) -> Vec<u8> {
        let client = self.client.as_bytes();
        match sender {
            Side::Client => client.to_vec(),
            Side::Server => [client, self.server.as_bytes()].concat(),
        }
    }
}

/// What a CertificateVerify signs.
///
/// `hash` is the negotiated one at TLS 1.2; before, MD5 and SHA-1 are signed side by side.
pub(crate) fn certificate_verify_input(
    version: ProtocolVersion,
    master_secret: &MasterSecret,
    transcript: &Transcript,
    hash: Option<HashAlgorithm>,
) -> Result<SignatureInput, Error> {
    let input = if version == ProtocolVersion::SSLv3 {
        let digests = ssl3_digests(master_secret, transcript, b"");
        Some(SignatureInput::Md5Sha1(digests))
    } else if version < ProtocolVersion::TLSv1_2 {
        let digests = transcript.session_hash().try_into().ok();
        digests.map(SignatureInput::Md5Sha1)
    } else {
        let running = hash.and_then(|hash| transcript.hash(hash));
        running.map(|running| SignatureInput::DigestInfo {
            hash: running.algorithm(),
            digest: running.clone().finish().as_ref().to_vec(),
        })
    };
    input.ok_or(Error::Internal("the transcript lacks the signature's hash"))
}

/// hash(master_secret + pad_2 + hash(messages + sender + master_secret + pad_1)), with MD5 and
/// with SHA-1.
fn ssl3_digests(
    master_secret: &MasterSecret,
    transcript: &Transcript,
    sender: &[u8],
) -> [u8; MAX_VERIFY_DATA] {
    let mut digests = [0; MAX_VERIFY_DATA];
    let (md5, sha1) = digests.split_at_mut(HashAlgorithm::Md5.output_len());
    for (algorithm, pads, out) in [
        (HashAlgorithm::Md5, 48, md5),
        (HashAlgorithm::Sha1, 40, sha1),
    ] {
        // At SSL 3.0 the transcript keeps both.
        let Some(messages) = transcript.hash(algorithm) else {
            continue;
        };
        let mut inner = messages.clone();
        inner.update(sender);
        inner.update(master_secret.as_bytes());
        inner.update(&[0x36; 48][..pads]);
        let mut outer = Hash::new(algorithm);
        outer.update(master_secret.as_bytes());
        outer.update(&[0x5c; 48][..pads]);
        outer.update(inner.finish().as_ref());
        out.copy_from_slice(outer.finish().as_ref());
    }
    digests
}

/// Bytes of MD5 and SHA-1 together (RFC 6101 §5.6.9).
const MAX_VERIFY_DATA: usize = 36;

/// verify_data_length (RFC 5246 §7.4.9).
const TLS_VERIFY_DATA: usize = 12;
