//! A policy as bytes, so that a session is resumed only under the policy that it was made under.

use super::Policy;

impl Policy {
    /// Everything that the policy says; the same bytes for the same policy, on any machine.
    ///
    /// Enumerations go by the order of their declaration.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        let Self {
            min_version,
            max_version,
            cipher_suites,
            cipher_kinds,
            hello_format,
            min_rsa_bits,
            certificate_hashes,
            version_1_certificates,
            common_name_fallback,
            step_up_usages,
            signature_hashes,
            record_splitting,
            renegotiation,
            unbidden_renegotiation,
            max_bytes_per_key,
            quirks,
        } = self;
        let mut out = Vec::with_capacity(64 + 2 * cipher_suites.iter().count());
        out.push(FORMAT);
        out.extend_from_slice(&min_version.wire().to_be_bytes());
        out.extend_from_slice(&max_version.wire().to_be_bytes());
        out.extend_from_slice(&(*min_rsa_bits as u64).to_be_bytes());
        out.push(certificate_hashes.bits());
        out.push(*version_1_certificates as u8);
        out.push(*common_name_fallback as u8);
        out.push(*step_up_usages as u8);
        out.push(signature_hashes.bits());
        out.push(*record_splitting as u8);
        out.push(*renegotiation as u8);
        out.push(*unbidden_renegotiation as u8);
        out.push(max_bytes_per_key.is_some().into());
        out.extend_from_slice(&max_bytes_per_key.unwrap_or(0).to_be_bytes());
        out.extend_from_slice(&quirks.to_be_bytes());
        out.push(*hello_format as u8);
        // Last, because they are the only ones whose length varies.
        out.push(cipher_kinds.iter().count() as u8);
        out.extend(cipher_kinds.iter().flat_map(|kind| kind.0));
        for suite in cipher_suites.iter() {
            out.extend_from_slice(&suite.0.to_be_bytes());
        }
        out
    }
}

/// Counts up when the meaning of a byte changes.
const FORMAT: u8 = 2;

#[cfg(test)]
mod tests {
    use super::super::*;
    use crate::testing::vectors::hex;

    #[test]
    fn every_setter_changes_the_bytes() {
        use ProtocolVersion::{SSLv3, TLSv1_1, TLSv1_2};
        let suites = [CipherSuite(4), CipherSuite(5), CipherSuite(9)];
        let policy = Policy::STRICT
            .versions(SSLv3, TLSv1_2)
            .cipher_suites(&suites);
        let mut policies = vec![
            policy,
            policy.versions(TLSv1_1, TLSv1_2),
            policy.versions(SSLv3, TLSv1_1),
            policy.cipher_suites(&suites[..2]),
            policy.cipher_suites(&[suites[1], suites[0], suites[2]]),
            policy.cipher_kinds(&CipherKind::all().collect::<Vec<_>>()),
            policy.cipher_kinds(&[CipherKind::SSL_CK_RC4_128_WITH_MD5]),
            policy.hello_format(HelloFormat::Ssl2),
            policy.min_rsa_bits(1024),
            policy.min_rsa_bits(usize::MAX),
            policy.certificate_hashes(&[]),
            policy.version_1_certificates(Version1Certificates::ExceptIntermediates),
            policy.version_1_certificates(Version1Certificates::Accepted),
            policy.common_name_fallback(CommonNameFallback::WithoutSubjectAltName),
            policy.step_up_usages(StepUpUsages::Accepted),
            policy.signature_hashes(&[]),
            policy.record_splitting(RecordSplitting::Never),
            policy.renegotiation(Renegotiation::Secure),
            policy.renegotiation(Renegotiation::Legacy),
            policy.unbidden_renegotiation(UnbiddenRenegotiation::Accepted),
            policy.max_bytes_per_key(0),
            policy.max_bytes_per_key(u64::MAX),
        ];
        policies.extend(Quirk::ALL.map(|quirk| policy.quirk(quirk)));
        for (index, one) in policies.iter().enumerate() {
            for other in &policies[index + 1..] {
                assert_ne!(one.canonical(), other.canonical(), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn one_policy_in_two_ways_gives_the_same_bytes() {
        let suite = CipherSuite(5);
        let one = Policy::HISTORIC
            .cipher_suites(&[suite, suite])
            .quirk(Quirk::NoExtensions)
            .quirk(Quirk::NoHelloPadding)
            .certificate_hashes(&[HashAlgorithm::Md5, HashAlgorithm::Sha1]);
        let other = Policy::HISTORIC
            .certificate_hashes(&[HashAlgorithm::Sha1, HashAlgorithm::Md5])
            .quirk(Quirk::NoHelloPadding)
            .quirk(Quirk::NoExtensions)
            .cipher_suites(&[suite]);
        assert_eq!(one.canonical(), other.canonical());
    }

    /// Servers with different builds of this crate may share sessions: where this fails, `FORMAT`
    /// has to count up.
    #[test]
    fn the_bytes_stay_what_they_are() {
        let policy = Policy::HISTORIC
            .cipher_suites(&[CipherSuite(0x0102), CipherSuite(3)])
            .cipher_kinds(&[CipherKind([1, 2, 3])])
            .hello_format(HelloFormat::Ssl2)
            .record_splitting(RecordSplitting::Never)
            .max_bytes_per_key(0x10_0000)
            .quirk(Quirk::NegotiatedVersionInPreMasterSecret);
        let expected = "02 0300 0303 0000000000000400 7e 01 01 01 7c 01 01 00 01 0000000000100000 \
                        00000004 01 01 010203 0102 0003";
        assert_eq!(policy.canonical(), hex(expected));
        let widest = policy.version_1_certificates(Version1Certificates::Accepted);
        assert_eq!(widest.canonical()[14], 2);
    }
}
