//! Both sides at SSL 2.0.

use retrossl::pki_types::CertificateDer;
use retrossl::{
    CipherKind, ClientConfig, HelloFormat, Policy, ProtocolVersion, ServerConfig, client, server,
};

use super::{Pair, test_identity};

/// Nothing but SSL 2.0, with one kind.
pub fn only_kind(kind: CipherKind) -> Policy {
    ssl2().cipher_kinds(&[kind])
}

/// Nothing but SSL 2.0.
pub fn ssl2() -> Policy {
    Policy::EVERYTHING.versions(ProtocolVersion::SSLv2, ProtocolVersion::SSLv2)
}

/// SSL 2.0 and all that came after, begun with a hello that servers of each understand.
pub fn either() -> Policy {
    Policy::EVERYTHING.hello_format(HelloFormat::Ssl2)
}

/// The certificate of that many bits.
pub fn certificate(bits: usize) -> CertificateDer<'static> {
    test_identity(bits).0.remove(0)
}

/// A server that shows 1024 bits at SSL 2.0, and 2048 where its policy allows later versions.
pub fn server(policy: Policy) -> server::ServerConfigBuilder {
    let mut server = ServerConfig::builder(policy);
    if policy.version_range().1 > ProtocolVersion::SSLv2 {
        let (chain, key) = test_identity(2048);
        server = server.certificate(chain, key);
    }
    if policy.version_range().0 == ProtocolVersion::SSLv2 {
        server = server.ssl2_certificate(certificate(1024), test_identity(1024).1);
    }
    server
}

/// A client that accepts the server at any version.
pub fn client(policy: Policy) -> client::ClientConfigBuilder {
    let pins = [1024, 2048].map(|bits| retrossl::Fingerprint::of(&certificate(bits)));
    ClientConfig::builder(policy).verifier(retrossl::PinnedCertificates::new(pins))
}

pub fn pair(client_policy: Policy, server_policy: Policy) -> Pair {
    Pair::new(
        client(client_policy).build().unwrap(),
        server(server_policy).build().unwrap(),
    )
}
