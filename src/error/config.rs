//! What is refused before a connection exists.

use crate::cipher_kind::CipherKind;
use crate::suite::CipherSuite;
use crate::version::ProtocolVersion;

/// Why a config cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A client must say how it authenticates servers.
    #[error(
        "no verifier: give the builder root certificates, pin the server's fingerprint, or name one \
         of the module `dangerous`"
    )]
    NoVerifier,
    /// A peer is authenticated in one way.
    #[error(
        "more than one verifier is given (root certificates are one, too): leave the others out, \
         or write one that asks several"
    )]
    SeveralVerifiers,
    /// A verifier without roots would refuse every peer.
    #[error(
        "no authority is trusted: add root certificates; what `add_pem` and `add_certificates` \
         return tells which were skipped, and why"
    )]
    NoRoots,
    /// A verifier without pins would refuse every peer.
    #[error(
        "no certificate is pinned: give the SHA-256 fingerprint of the peer's, as `openssl x509 \
         -noout -fingerprint -sha256` shows it"
    )]
    NoPins,
    /// A server must have a certificate and its key.
    #[error("no certificate: give the builder a chain with its key, or a resolver")]
    NoCertificate,
    /// A certificate for all or a resolver is given once.
    #[error(
        "more than one certificate or resolver of certificates is given: give one, such as \
         `CertificatesByName` or `CertificatesByAuthority` with all of them"
    )]
    SeveralCertificates,
    /// TLS 1.2 is allowed, and no hash for its signatures.
    #[error("the policy allows TLS 1.2 and no signature hash; `signature_hashes` names some")]
    NoSignatureHashes,
    /// The policy names no suites, and no cipher kinds of SSL 2.0.
    #[error("the policy's list of cipher suites is empty")]
    NoSuites,
    /// The policy names a suite that this crate does not have.
    #[error("the policy names the cipher suite {0}, which this crate does not have")]
    UnknownSuite(CipherSuite),
    /// The policy names a cipher kind that this crate does not have.
    #[error("the policy names the cipher kind {0}, which this crate does not have")]
    UnknownKind(CipherKind),
    /// The policy names more suites, or cipher kinds, than this crate has.
    #[error("the policy names too many cipher suites or cipher kinds")]
    TooManySuites,
    /// The policy's oldest version is newer than its newest.
    #[error("the policy's oldest version, {0}, is newer than its newest, {1}")]
    EmptyVersionRange(ProtocolVersion, ProtocolVersion),
    /// No suite of the policy exists at any version of its range, and no cipher kind where that is
    /// SSL 2.0.
    #[error(
        "none of the policy's cipher suites exists at its versions, {0} to {1} (`cipher_kinds` \
         names those of SSL 2.0)"
    )]
    NoUsableVersion(ProtocolVersion, ProtocolVersion),
    /// SSL 2.0 is allowed, and there is no certificate for it.
    #[error(
        "the policy allows SSL 2.0, which needs a certificate of its own: `ssl2_certificate` gives \
         it, `Policy::versions` leaves SSL 2.0 out"
    )]
    NoSsl2Certificate,
    /// A certificate for SSL 2.0 is given once.
    #[error("more than one certificate for SSL 2.0 is given: give one")]
    SeveralSsl2Certificates,
    /// SSL 2.0's certificate is longer than 15 KiB.
    #[error("a certificate for SSL 2.0 goes into one record, and must have 15 KiB at the most")]
    Ssl2CertificateTooLong,
    /// A certificate for SSL 2.0 is given, and the policy does not allow SSL 2.0.
    #[error("a certificate for SSL 2.0 is given, but the policy does not allow SSL 2.0")]
    Ssl2NotAllowed,
    /// SSL 2.0's certificate has the public key of one for later versions (DROWN).
    #[error(
        "the certificate for SSL 2.0 has the same key as the one for later versions: who breaks \
         SSL 2.0 could then break those, too (DROWN); give it a key of its own"
    )]
    SameKeyForSsl2,
    /// The certificate's chain is empty or too long for a handshake message.
    #[error("a chain must have 1 to 32 certificates of less than 128 KiB together")]
    BadChain,
    /// The certificate's own key cannot be read.
    #[error("the certificate cannot be read, or its key is not an RSA key")]
    UnreadableCertificate,
    /// The key is not the certificate's.
    #[error("the private key is not that of the first certificate in the chain")]
    KeyMismatch,
    /// The key is shorter than the policy allows.
    #[error(
        "the key has {bits} bits, the policy asks for {min}; use a longer key, or a policy that \
         takes shorter ones"
    )]
    KeyTooShort {
        /// The key's length.
        bits: usize,
        /// The policy's smallest.
        min: usize,
    },
    /// An application protocol's name is empty or longer than 255 bytes, or all of them together
    /// are longer than 32 KiB.
    #[error("application protocol names must have 1 to 255 bytes, and 32 KiB together")]
    BadApplicationProtocol,
    /// No ticket keys are given.
    #[error("no ticket keys: give one at the least, or let them rotate")]
    NoTicketKeys,
    /// Sessions would last for less than a second, or for more than a day.
    #[error(
        "a session must last from one second to 24 hours; `without_session_ids` and \
         `without_tickets` switch resumption off"
    )]
    BadSessionLifetime,
    /// `max_fragment` is out of range.
    #[error("max_fragment is {0} bytes; a record carries 64 to 16384")]
    BadMaxFragment(usize),
}
