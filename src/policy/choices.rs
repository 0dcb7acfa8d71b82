//! The choices that a policy is made of, beside its sets.

/// Whether application data is split against BEAST (CVE-2011-3389).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordSplitting {
    /// The first byte of each write goes into a record of its own, for CBC suites at TLS 1.0 and
    /// below: each record's IV is then unpredictable to whoever chooses the plaintext.
    OneByteFirst,
    /// Never: for peers that break on it, such as an unpatched SQL Server 2008.
    Never,
}

/// With whom a connection may be renegotiated: step 11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Renegotiation {
    /// With nobody.
    Never,
    /// With peers that tie the new handshake to the old one (RFC 5746), except on a session that
    /// was resumed without the extended master secret, which nothing ties to its first connection
    /// (RFC 7627 §5.3).
    Secure,
    /// With everybody. Costs the defence against prefix injection (CVE-2009-3555): what a server
    /// received before the renegotiation may be an attacker's, and count as the client's.
    Legacy,
}

/// Whether a client may renegotiate without having been asked by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnbiddenRenegotiation {
    /// The server refuses it.
    Refused,
    /// It may, where [`Renegotiation`] lets it at all. Costs: a client makes the server work for
    /// it again and again over one connection.
    Accepted,
}

/// Where a certificate of X.509 version 1 or 2 may stand in a path (RFC 5280 §4.1.2.1).
///
/// Such a certificate has no extensions, so nothing in it says whether it is an authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Version1Certificates {
    /// Nowhere.
    Refused,
    /// As the peer's own certificate and as a trust anchor.
    ExceptIntermediates,
    /// Everywhere: whoever has a version 1 certificate from a trusted authority can then issue
    /// certificates for any name.
    Accepted,
}

/// Whether a server's name may stand in the subject's common name (RFC 6125 §6.4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommonNameFallback {
    /// Only the subjectAltName is looked at.
    Never,
    /// The common names, host names and IP addresses, of certificates without a subjectAltName
    /// are looked at.
    WithoutSubjectAltName,
}

/// Whether the extended key usages of server-gated cryptography say that a certificate is a
/// server's: Netscape's 2.16.840.1.113730.4.1 and Microsoft's 1.3.6.1.4.1.311.10.3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepUpUsages {
    /// They say nothing.
    Ignored,
    /// They mean serverAuth.
    Accepted,
}

/// A concession to one kind of broken peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quirk {
    /// Client: send no extensions at all, for servers that break on any. No server name, no
    /// extended master secret, no encrypt-then-MAC; secure renegotiation is still signalled.
    NoExtensions,
    /// Client: do not pad a hello of 256 to 511 bytes (RFC 7685), for servers that break on
    /// hellos above 255 bytes for another reason.
    NoHelloPadding,
    /// Server: accept a pre-master secret that carries the negotiated version where the client
    /// offered another one, as some old clients do, and Java's to this day. Only where the offer
    /// was at most TLS 1.0; costs the detection of version rollback there.
    NegotiatedVersionInPreMasterSecret,
    /// Neither offer nor accept encrypt-then-MAC (RFC 7366).
    NoEncryptThenMac,
    /// Neither offer nor accept the extended master secret (RFC 7627); costs the defence against
    /// the triple handshake.
    NoExtendedMasterSecret,
}

impl Quirk {
    pub(super) const ALL: [Self; 5] = [
        Self::NoExtensions,
        Self::NoHelloPadding,
        Self::NegotiatedVersionInPreMasterSecret,
        Self::NoEncryptThenMac,
        Self::NoExtendedMasterSecret,
    ];
}
