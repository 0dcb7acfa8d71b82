//! The pre-master secret and the master secret (RFC 5246 §8.1, RFC 7627 §4).

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::prf::Prf;
use super::transcript::Transcript;
use crate::crypto::pkcs1::{PRE_MASTER_SECRET, unpad_pre_master_secret};
use crate::crypto::random::SecureRandom;
use crate::error::Error;
use crate::suite::SuiteRow;
use crate::version::ProtocolVersion;

/// What the client makes and the server decrypts: step 4.
pub(crate) struct PreMasterSecret(Zeroizing<[u8; PRE_MASTER_SECRET]>);

impl PreMasterSecret {
    /// A new one; it carries the version that the client offered, whatever was negotiated.
    pub(crate) fn generate(client_version: u16, random: &dyn SecureRandom) -> Result<Self, Error> {
        let mut secret = Zeroizing::new([0; PRE_MASTER_SECRET]);
        secret[..2].copy_from_slice(&client_version.to_be_bytes());
        random.fill(&mut secret[2..])?;
        Ok(Self(secret))
    }

    /// What a client encrypted, or `substitute` where it is not a pre-master secret of one of
    /// `versions`; nobody can tell which.
    pub(crate) fn unpad(encoded: &[u8], versions: [u16; 2], substitute: &Self) -> Self {
        Self(unpad_pre_master_secret(encoded, versions, &substitute.0))
    }

    /// 48 bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &*self.0
    }
}

/// The two hellos' random numbers.
#[derive(Clone, Copy)]
pub(crate) struct Randoms {
    pub(crate) client: [u8; 32],
    pub(crate) server: [u8; 32],
}

/// The secret that a session is, and how further secrets are derived from it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct MasterSecret {
    bytes: [u8; 48],
    #[zeroize(skip)]
    prf: Prf,
}

impl MasterSecret {
    /// Step 6: from the pre-master secret and both hellos' randoms (RFC 5246 §8.1,
    /// RFC 6101 §6.1).
    pub(crate) fn derive(
        pre_master_secret: &PreMasterSecret,
        version: ProtocolVersion,
        suite: &SuiteRow,
        randoms: &Randoms,
    ) -> Self {
        let seed = [&randoms.client[..], &randoms.server];
        Self::expand(pre_master_secret, version, suite, b"master secret", seed)
    }

    /// Step 6 with the extended master secret: the hash of the handshake up to the
    /// ClientKeyExchange takes the randoms' place (RFC 7627 §4). Not at SSL 3.0.
    pub(crate) fn derive_extended(
        pre_master_secret: &PreMasterSecret,
        version: ProtocolVersion,
        suite: &SuiteRow,
        transcript: &Transcript,
    ) -> Self {
        let session_hash = transcript.session_hash();
        let seed = [session_hash.as_slice(), b""];
        Self::expand(
            pre_master_secret,
            version,
            suite,
            b"extended master secret",
            seed,
        )
    }

    /// The secret of a session that is resumed, with the version and the suite that it has.
    pub(crate) fn of_session(bytes: &[u8; 48], version: ProtocolVersion, suite: &SuiteRow) -> Self {
        Self {
            bytes: *bytes,
            prf: Prf::of(version, suite),
        }
    }

    fn expand(
        pre_master_secret: &PreMasterSecret,
        version: ProtocolVersion,
        suite: &SuiteRow,
        label: &[u8],
        seed: [&[u8]; 2],
    ) -> Self {
        let prf = Prf::of(version, suite);
        let mut bytes = [0; 48];
        prf.expand(pre_master_secret.as_bytes(), label, seed, &mut bytes);
        let master_secret = Self { bytes, prf };
        bytes.zeroize();
        master_secret
    }

    /// 48 bytes.
    pub(crate) fn as_bytes(&self) -> &[u8; 48] {
        &self.bytes
    }

    pub(crate) fn prf(&self) -> Prf {
        self.prf
    }

    /// RFC 5705 §4, for TLS.
    pub(crate) fn export(
        &self,
        randoms: &Randoms,
        label: &[u8],
        context: Option<&[u8]>,
        out: &mut [u8],
    ) -> Result<(), Error> {
        let mut seed = [&randoms.client[..], &randoms.server].concat();
        if let Some(context) = context {
            let len = u16::try_from(context.len())
                .map_err(|_| Error::Export("the context is longer than 65535 bytes"))?;
            seed.extend_from_slice(&len.to_be_bytes());
            seed.extend_from_slice(context);
        }
        self.prf.expand(&self.bytes, label, [&seed, b""], out);
        Ok(())
    }
}

impl fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterSecret(…)")
    }
}

impl fmt::Debug for PreMasterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PreMasterSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;
    use crate::suite::CipherSuite;

    #[test]
    fn a_sessions_master_secret_is_the_one_that_was_derived() {
        let pre_master_secret = PreMasterSecret::generate(0x0303, &SystemRandom).unwrap();
        let randoms = Randoms {
            client: [1; 32],
            server: [2; 32],
        };
        for version in ProtocolVersion::from_ssl3() {
            for suite in CipherSuite::all().filter(|suite| suite.exists_at(version)) {
                let suite = suite.row().unwrap();
                let derived = MasterSecret::derive(&pre_master_secret, version, suite, &randoms);
                let kept = MasterSecret::of_session(derived.as_bytes(), version, suite);
                assert_eq!(kept.as_bytes(), derived.as_bytes());
                assert_eq!(kept.prf(), derived.prf(), "{version} {}", suite.name);
            }
        }
    }
}
