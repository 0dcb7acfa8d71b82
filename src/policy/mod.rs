//! What is allowed, said once.

mod canonical;
mod choices;
mod sets;

use core::fmt;

use crate::cipher_kind::CipherKind;
use crate::crypto::HashAlgorithm;
use crate::message::HelloFormat;
use crate::suite::{CipherSuite, EXPORT_KEY_LENGTHS, KeyExchange, SuiteRow};
use crate::version::ProtocolVersion;
pub use choices::{
    CommonNameFallback, Quirk, RecordSplitting, Renegotiation, StepUpUsages, UnbiddenRenegotiation,
    Version1Certificates,
};
use sets::{HashAlgorithms, KindList, SuiteList};

/// What a side accepts: versions, suites in order of preference, key sizes, hashes, quirks.
///
/// There is no default: user code names one of the presets, each of which says what it costs,
/// and adjusts it. Plain data; all setters are `const`.
///
/// ```
/// use retrossl::{CipherSuite, Policy, ProtocolVersion};
///
/// const OLD_PRINTER: Policy = Policy::COMPATIBLE
///     .min_rsa_bits(1024)
///     .versions(ProtocolVersion::TLSv1_0, ProtocolVersion::TLSv1_0)
///     .cipher_suites(&[CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA]);
/// assert!(!OLD_PRINTER.allows_version(ProtocolVersion::TLSv1_2));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[must_use = "a setter gives a changed policy back, and leaves this one as it is"]
pub struct Policy {
    min_version: ProtocolVersion,
    max_version: ProtocolVersion,
    cipher_suites: SuiteList,
    cipher_kinds: KindList,
    hello_format: HelloFormat,
    min_rsa_bits: usize,
    certificate_hashes: HashAlgorithms,
    version_1_certificates: Version1Certificates,
    common_name_fallback: CommonNameFallback,
    step_up_usages: StepUpUsages,
    signature_hashes: HashAlgorithms,
    record_splitting: RecordSplitting,
    renegotiation: Renegotiation,
    unbidden_renegotiation: UnbiddenRenegotiation,
    max_bytes_per_key: Option<u64>,
    quirks: u32,
}

impl Policy {
    /// TLS 1.2 with AES-GCM and AES-CBC, keys from 2048 bits, SHA-2.
    ///
    /// Costs: no forward secrecy, as every suite of this crate.
    pub const STRICT: Self = Self {
        min_version: ProtocolVersion::TLSv1_2,
        max_version: ProtocolVersion::TLSv1_2,
        cipher_suites: SuiteList::of(&[
            CipherSuite::TLS_RSA_WITH_AES_256_GCM_SHA384,
            CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256,
            CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA256,
            CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA256,
            CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA,
            CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
        ]),
        cipher_kinds: KindList::of(&[]),
        hello_format: HelloFormat::Ssl3,
        min_rsa_bits: 2048,
        certificate_hashes: HashAlgorithms::of(SHA_2),
        version_1_certificates: Version1Certificates::Refused,
        common_name_fallback: CommonNameFallback::Never,
        step_up_usages: StepUpUsages::Ignored,
        signature_hashes: HashAlgorithms::of(SHA_2),
        record_splitting: RecordSplitting::OneByteFirst,
        renegotiation: Renegotiation::Never,
        unbidden_renegotiation: UnbiddenRenegotiation::Refused,
        max_bytes_per_key: None,
        quirks: 0,
    };

    /// TLS 1.0 to 1.2; adds Triple DES, SHA-1 in handshake signatures, and renegotiation where it
    /// is secure.
    ///
    /// Costs: 64-bit blocks (Sweet32: keys wear out after a gibibyte), MAC-then-encrypt, the
    /// MD5/SHA-1 handshake hash of TLS 1.0 and 1.1.
    pub const COMPATIBLE: Self = Self {
        min_version: ProtocolVersion::TLSv1_0,
        cipher_suites: Self::STRICT
            .cipher_suites
            .with(&[CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA]),
        signature_hashes: Self::STRICT.signature_hashes.with(&[HashAlgorithm::Sha1]),
        renegotiation: Renegotiation::Secure,
        ..Self::STRICT
    };

    /// SSL 3.0 to TLS 1.2; adds RC4 and DES, keys from 1024 bits, MD5 and SHA-1 in certificates,
    /// version 1 certificates (not as intermediates), names in the common name, step-up usages.
    ///
    /// Costs: POODLE at SSL 3.0 cannot be repaired, RC4's biases show in repeated secrets, DES
    /// falls to a day's search, MD5 certificates can be forged.
    pub const HISTORIC: Self = Self {
        min_version: ProtocolVersion::SSLv3,
        cipher_suites: Self::COMPATIBLE.cipher_suites.with(&[
            CipherSuite::TLS_RSA_WITH_RC4_128_SHA,
            CipherSuite::TLS_RSA_WITH_RC4_128_MD5,
            CipherSuite::TLS_RSA_WITH_DES_CBC_SHA,
        ]),
        min_rsa_bits: 1024,
        certificate_hashes: HashAlgorithms::of(&HashAlgorithm::ALL),
        version_1_certificates: Version1Certificates::ExceptIntermediates,
        common_name_fallback: CommonNameFallback::WithoutSubjectAltName,
        step_up_usages: StepUpUsages::Accepted,
        ..Self::COMPATIBLE
    };

    /// Everything that this crate speaks but suites without encryption (which take effect where
    /// they are named): adds SSL 2.0, the export and the FIPS suites, keys from 512 bits, version 1
    /// certificates everywhere.
    ///
    /// Costs: all of [`HISTORIC`](Self::HISTORIC)'s, keys of 40 bits, which fall in seconds, RSA
    /// keys that fall in hours, and authorities that are none; SSL 2.0's handshake can be tampered
    /// with, and the end of its data cut off. A server makes two RSA keys of its own when its
    /// config is built, and wants a certificate apart for SSL 2.0.
    ///
    /// A client begins in SSL 3.0's format, which servers that speak nothing but SSL 2.0 do not
    /// understand: [`hello_format`](Self::hello_format) reaches those, too, and
    /// [`versions`](Self::versions) nobody but those.
    pub const EVERYTHING: Self = Self {
        min_version: ProtocolVersion::SSLv2,
        cipher_kinds: KindList::of(&[
            CipherKind::SSL_CK_DES_192_EDE3_CBC_WITH_MD5,
            CipherKind::SSL_CK_RC4_128_WITH_MD5,
            CipherKind::SSL_CK_RC2_128_CBC_WITH_MD5,
            CipherKind::SSL_CK_DES_64_CBC_WITH_MD5,
            CipherKind::SSL_CK_RC4_128_EXPORT40_WITH_MD5,
            CipherKind::SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5,
        ]),
        cipher_suites: Self::HISTORIC.cipher_suites.with(&[
            CipherSuite::SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA,
            CipherSuite::SSL_RSA_OLDFIPS_WITH_3DES_EDE_CBC_SHA,
            CipherSuite::SSL_RSA_FIPS_WITH_DES_CBC_SHA,
            CipherSuite::SSL_RSA_OLDFIPS_WITH_DES_CBC_SHA,
            CipherSuite::TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA,
            CipherSuite::TLS_RSA_EXPORT1024_WITH_RC4_56_SHA,
            CipherSuite::TLS_RSA_EXPORT1024_WITH_RC4_56_MD5,
            CipherSuite::TLS_RSA_EXPORT1024_WITH_RC2_CBC_56_MD5,
            CipherSuite::TLS_RSA_EXPORT_WITH_DES40_CBC_SHA,
            CipherSuite::TLS_RSA_EXPORT_WITH_RC4_40_MD5,
            CipherSuite::TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5,
        ]),
        min_rsa_bits: 512,
        version_1_certificates: Version1Certificates::Accepted,
        ..Self::HISTORIC
    };

    /// Allows the versions from `min` to `max`. `build()` refuses an empty range.
    /// Read by [`version_range`](Self::version_range).
    pub const fn versions(self, min: ProtocolVersion, max: ProtocolVersion) -> Self {
        Self {
            min_version: min,
            max_version: max,
            ..self
        }
    }

    /// Allows exactly these suites, in order of preference; repeats are dropped.
    ///
    /// Any suite of this crate may be named, whatever the preset. `build()` refuses suites that
    /// this crate does not have, and an empty list, unless there are cipher kinds: those of SSL 2.0
    /// stay as they are, and [`versions`](Self::versions) or no
    /// [`cipher_kinds`](Self::cipher_kinds) leave SSL 2.0 out.
    /// Read by [`allowed_suites`](Self::allowed_suites).
    pub const fn cipher_suites(self, suites: &[CipherSuite]) -> Self {
        Self {
            cipher_suites: SuiteList::of(suites),
            ..self
        }
    }

    /// Allows exactly these cipher kinds at SSL 2.0, in order of preference; repeats are dropped.
    /// (At later versions the suites count.)
    ///
    /// `build()` refuses kinds that this crate does not have.
    /// Read by [`allowed_kinds`](Self::allowed_kinds).
    pub const fn cipher_kinds(self, kinds: &[CipherKind]) -> Self {
        Self {
            cipher_kinds: KindList::of(kinds),
            ..self
        }
    }

    /// How a client begins, where the policy allows more than SSL 2.0; in SSL 3.0's format in every
    /// preset.
    ///
    /// [`HelloFormat::Ssl2`] is for servers that understand nothing else, and, where the policy
    /// allows SSL 2.0, for those that speak nothing else. Costs the extensions (server name,
    /// extended master secret, encrypt-then-MAC, tickets) and the resumption of sessions of SSL 3.0
    /// and TLS; servers of our days refuse it.
    /// Read by [`first_hello_format`](Self::first_hello_format).
    pub const fn hello_format(self, format: HelloFormat) -> Self {
        Self {
            hello_format: format,
            ..self
        }
    }

    /// Refuses RSA keys of fewer bits: in verified certificates of the peer, and of one's own.
    /// Read by [`smallest_rsa_key`](Self::smallest_rsa_key).
    pub const fn min_rsa_bits(self, bits: usize) -> Self {
        Self {
            min_rsa_bits: bits,
            ..self
        }
    }

    /// Accepts certificates signed over exactly these hashes.
    /// Read by [`allows_certificate_hash`](Self::allows_certificate_hash).
    pub const fn certificate_hashes(self, hashes: &[HashAlgorithm]) -> Self {
        Self {
            certificate_hashes: HashAlgorithms::of(hashes),
            ..self
        }
    }

    /// Where certificates of version 1 and 2 may stand in a verified path.
    /// Read by [`accepted_version_1_certificates`](Self::accepted_version_1_certificates).
    pub const fn version_1_certificates(self, accepted: Version1Certificates) -> Self {
        Self {
            version_1_certificates: accepted,
            ..self
        }
    }

    /// Whether a verified server's name may stand in its certificate's common name.
    /// Read by [`common_names`](Self::common_names).
    pub const fn common_name_fallback(self, fallback: CommonNameFallback) -> Self {
        Self {
            common_name_fallback: fallback,
            ..self
        }
    }

    /// Whether a verified server's certificate may be for step-up only.
    /// Read by [`accepted_step_up_usages`](Self::accepted_step_up_usages).
    pub const fn step_up_usages(self, usages: StepUpUsages) -> Self {
        Self {
            step_up_usages: usages,
            ..self
        }
    }

    /// Accepts and makes TLS 1.2 handshake signatures over exactly these hashes (SLOTH: no
    /// preset names MD5).
    /// Read by [`allows_signature_hash`](Self::allows_signature_hash).
    pub const fn signature_hashes(self, hashes: &[HashAlgorithm]) -> Self {
        Self {
            signature_hashes: HashAlgorithms::of(hashes),
            ..self
        }
    }

    /// Whether application data is split against BEAST; on in every preset.
    pub const fn record_splitting(self, splitting: RecordSplitting) -> Self {
        Self {
            record_splitting: splitting,
            ..self
        }
    }

    /// With whom a connection may be renegotiated.
    /// Read by [`allowed_renegotiation`](Self::allowed_renegotiation).
    pub const fn renegotiation(self, renegotiation: Renegotiation) -> Self {
        Self {
            renegotiation,
            ..self
        }
    }

    /// Whether a client may renegotiate without having been asked; refused in every preset.
    /// Read by [`allowed_unbidden_renegotiation`](Self::allowed_unbidden_renegotiation).
    pub const fn unbidden_renegotiation(self, unbidden: UnbiddenRenegotiation) -> Self {
        Self {
            unbidden_renegotiation: unbidden,
            ..self
        }
    }

    /// Lets one key protect this many bytes, MACs and padding among them, in place of the cipher's
    /// own limit (2^30 for RC2, RC4, DES and Triple DES, 2^50 for AES-CBC, 2^46 for AES-GCM). When seven eighths are used up, a
    /// renegotiation is asked for; where there is none, the connection ends.
    pub const fn max_bytes_per_key(self, bytes: u64) -> Self {
        Self {
            max_bytes_per_key: Some(bytes),
            ..self
        }
    }

    /// Makes one concession.
    /// Read by [`has_quirk`](Self::has_quirk).
    pub const fn quirk(self, quirk: Quirk) -> Self {
        Self {
            quirks: self.quirks | 1 << quirk as u32,
            ..self
        }
    }

    /// Whether the version lies in the policy's range.
    pub fn allows_version(&self, version: ProtocolVersion) -> bool {
        (self.min_version..=self.max_version).contains(&version)
    }

    /// The suites that are allowed, in order of preference.
    pub fn allowed_suites(&self) -> impl Iterator<Item = CipherSuite> + '_ {
        self.cipher_suites.iter()
    }

    /// The cipher kinds that are allowed at SSL 2.0, in order of preference.
    pub fn allowed_kinds(&self) -> impl Iterator<Item = CipherKind> + '_ {
        self.cipher_kinds.iter()
    }

    /// Whether certificates signed over `hash` are accepted.
    pub fn allows_certificate_hash(&self, hash: HashAlgorithm) -> bool {
        self.certificate_hashes.contains(hash)
    }

    /// Where certificates of version 1 and 2 are accepted.
    pub fn accepted_version_1_certificates(&self) -> Version1Certificates {
        self.version_1_certificates
    }

    /// Whether common names are looked at.
    pub fn common_names(&self) -> CommonNameFallback {
        self.common_name_fallback
    }

    /// Whether step-up usages mean serverAuth.
    pub fn accepted_step_up_usages(&self) -> StepUpUsages {
        self.step_up_usages
    }

    /// Whether TLS 1.2 handshake signatures over `hash` are accepted and made.
    pub fn allows_signature_hash(&self, hash: HashAlgorithm) -> bool {
        self.signature_hashes.contains(hash)
    }

    /// With whom a connection may be renegotiated.
    pub fn allowed_renegotiation(&self) -> Renegotiation {
        self.renegotiation
    }

    /// Whether a client may renegotiate without having been asked.
    pub fn allowed_unbidden_renegotiation(&self) -> UnbiddenRenegotiation {
        self.unbidden_renegotiation
    }

    /// The fewest bits that an RSA key in a verified certificate may have.
    pub fn smallest_rsa_key(&self) -> usize {
        self.min_rsa_bits
    }

    /// Whether the concession is made.
    pub fn has_quirk(&self, quirk: Quirk) -> bool {
        self.quirks & 1 << quirk as u32 != 0
    }

    /// The oldest and the newest version that a suite of the policy covers, or a kind at SSL 2.0;
    /// `None` where no version of the range has one.
    pub fn usable_versions(&self) -> Option<(ProtocolVersion, ProtocolVersion)> {
        self.usable_of(ProtocolVersion::all())
    }

    /// The same without SSL 2.0: what SSL 3.0's records and messages can be spoken at.
    pub(crate) fn usable_ssl3_versions(&self) -> Option<(ProtocolVersion, ProtocolVersion)> {
        self.usable_of(ProtocolVersion::from_ssl3())
    }

    fn usable_of(
        &self,
        versions: impl DoubleEndedIterator<Item = ProtocolVersion>,
    ) -> Option<(ProtocolVersion, ProtocolVersion)> {
        let mut usable = versions.filter(|version| self.usable_at(*version));
        let min = usable.next()?;
        Some((min, usable.next_back().unwrap_or(min)))
    }

    /// The suites of the list that exist at one of the versions.
    pub(crate) fn usable_suites(&self) -> impl Iterator<Item = CipherSuite> + '_ {
        self.allowed_suites().filter(|suite| {
            ProtocolVersion::all()
                .any(|version| self.allows_version(version) && suite.exists_at(version))
        })
    }

    /// The lengths in bits of the ephemeral keys that the suites call for, where a certificate's
    /// key is longer.
    pub(crate) fn export_key_lengths(&self) -> impl Iterator<Item = usize> + '_ {
        let export = |row: &SuiteRow| match row.key_exchange {
            KeyExchange::RsaExport { max_bits } => Some(max_bits),
            KeyExchange::Rsa => None,
        };
        let usable = || self.usable_suites().filter_map(CipherSuite::row);
        EXPORT_KEY_LENGTHS
            .into_iter()
            .filter(move |bits| usable().filter_map(export).any(|wanted| wanted == *bits))
    }

    /// The oldest and the newest version of the range, whether a suite covers them or not.
    pub fn version_range(&self) -> (ProtocolVersion, ProtocolVersion) {
        (self.min_version, self.max_version)
    }

    /// Whether the version is in the range and has a suite, or a kind at SSL 2.0.
    pub(crate) fn usable_at(&self, version: ProtocolVersion) -> bool {
        self.allows_version(version)
            && match version {
                ProtocolVersion::SSLv2 => self.allowed_kinds().next().is_some(),
                _ => self.allowed_suites().any(|suite| suite.exists_at(version)),
            }
    }

    pub(crate) fn lists_too_many_suites(&self) -> bool {
        self.cipher_suites.overflowed() || self.cipher_kinds.overflowed()
    }

    /// How a client begins, where the policy allows more than SSL 2.0.
    pub fn first_hello_format(&self) -> HelloFormat {
        self.hello_format
    }

    fn quirks(&self) -> impl Iterator<Item = Quirk> + '_ {
        Quirk::ALL
            .into_iter()
            .filter(|quirk| self.has_quirk(*quirk))
    }

    pub(crate) fn splitting(&self) -> RecordSplitting {
        self.record_splitting
    }

    pub(crate) fn bytes_per_key(&self, cipher_limit: u64) -> u64 {
        self.max_bytes_per_key.unwrap_or(cipher_limit)
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("versions", &(self.min_version..=self.max_version))
            .field("cipher_suites", &self.cipher_suites)
            .field("cipher_kinds", &self.cipher_kinds)
            .field("hello_format", &self.hello_format)
            .field("min_rsa_bits", &self.min_rsa_bits)
            .field("certificate_hashes", &self.certificate_hashes)
            .field("version_1_certificates", &self.version_1_certificates)
            .field("common_name_fallback", &self.common_name_fallback)
            .field("step_up_usages", &self.step_up_usages)
            .field("signature_hashes", &self.signature_hashes)
            .field("record_splitting", &self.record_splitting)
            .field("renegotiation", &self.renegotiation)
            .field("unbidden_renegotiation", &self.unbidden_renegotiation)
            .field("max_bytes_per_key", &self.max_bytes_per_key)
            .field("quirks", &self.quirks().collect::<Vec<_>>())
            .finish()
    }
}

const SHA_2: &[HashAlgorithm] = &[
    HashAlgorithm::Sha224,
    HashAlgorithm::Sha256,
    HashAlgorithm::Sha384,
    HashAlgorithm::Sha512,
];

#[cfg(test)]
mod tests {
    use super::*;
    use ProtocolVersion::*;

    #[test]
    fn presets_widen_from_strict_to_everything() {
        let presets = [
            Policy::STRICT,
            Policy::COMPATIBLE,
            Policy::HISTORIC,
            Policy::EVERYTHING,
        ];
        for pair in presets.windows(2) {
            let wider = &pair[1];
            assert!(
                pair[0]
                    .allowed_suites()
                    .all(|suite| wider.cipher_suites.contains(suite))
            );
            assert!(wider.min_version <= pair[0].min_version);
            assert!(wider.min_rsa_bits <= pair[0].min_rsa_bits);
            for hash in HashAlgorithm::all() {
                let narrower = &pair[0];
                assert!(
                    !narrower.allows_certificate_hash(hash) || wider.allows_certificate_hash(hash)
                );
                assert!(!narrower.allows_signature_hash(hash) || wider.allows_signature_hash(hash));
            }
        }
        for suite in CipherSuite::all() {
            let encrypts = suite.strength_bits() > Some(0);
            assert_eq!(
                Policy::EVERYTHING.cipher_suites.contains(suite),
                encrypts,
                "{suite}"
            );
        }
        assert_eq!(
            Policy::EVERYTHING.allowed_kinds().count(),
            CipherKind::all().count()
        );
        assert!(Policy::EVERYTHING.usable_at(SSLv2));
        assert!(!Policy::HISTORIC.versions(SSLv2, TLSv1_2).usable_at(SSLv2));
        assert!(!Policy::EVERYTHING.allows_signature_hash(HashAlgorithm::Md5));
        assert!(!Policy::COMPATIBLE.allows_certificate_hash(HashAlgorithm::Sha1));
    }

    #[test]
    fn a_version_without_a_suite_is_not_usable() {
        let des = Policy::HISTORIC.cipher_suites(&[CipherSuite::TLS_RSA_WITH_DES_CBC_SHA]);
        assert_eq!(des.usable_versions(), Some((SSLv3, TLSv1_1)));
        assert_eq!(des.versions(TLSv1_2, TLSv1_2).usable_versions(), None);
        assert_eq!(Policy::STRICT.cipher_suites(&[]).usable_versions(), None);
        assert_eq!(Policy::STRICT.usable_versions(), Some((TLSv1_2, TLSv1_2)));
        assert_eq!(
            Policy::STRICT.versions(TLSv1_2, TLSv1_0).usable_versions(),
            None
        );
    }

    #[test]
    fn a_list_that_is_too_long_is_noticed() {
        let many: Vec<_> = (0..65).map(CipherSuite).collect();
        assert!(Policy::STRICT.cipher_suites(&many).lists_too_many_suites());
        assert!(
            !Policy::STRICT
                .cipher_suites(&many[1..])
                .lists_too_many_suites()
        );
        assert!(
            !Policy::STRICT
                .cipher_suites(&[CipherSuite(1); 65])
                .lists_too_many_suites()
        );
        let many: Vec<_> = (0..9).map(|last| CipherKind([0, 0, last])).collect();
        assert!(Policy::STRICT.cipher_kinds(&many).lists_too_many_suites());
        assert!(
            !Policy::STRICT
                .cipher_kinds(&many[1..])
                .lists_too_many_suites()
        );
    }
}
