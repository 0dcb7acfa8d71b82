//! Steps 5 and 6: certificates of clients.

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::matrix;
use interop::ours::{self, Trace};
use interop::peer::{Version, openssl};
use retrossl::dangerous::AcceptAnyCertificate;
use retrossl::{
    AlertDescription, CertificateError, CipherSuite, Fingerprint, HashAlgorithm, PeerIncompatible,
};

use crate::negotiation::assert_told;
use crate::pair::{our_client, our_server};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

struct People {
    authority: Identity,
    server: Identity,
    client: Identity,
}

impl People {
    fn new() -> Result<Self, Error> {
        let authority = Identity::authority("Interop Authority", 1024, Hash::Sha256)?;
        Ok(Self {
            server: authority.issue("localhost", 1024, Hash::Sha256)?,
            client: authority.issue("somebody", 1024, Hash::Sha256)?,
            authority,
        })
    }

    /// Their server, which asks.
    fn asking(
        &self,
        theirs: openssl::Settings,
        client_certificate: openssl::ClientCertificate,
    ) -> openssl::Settings {
        openssl::Settings {
            identity: Some(self.server.clone()),
            trusted: vec![self.authority.certificate.clone()],
            client_certificate,
            ..theirs
        }
    }
}

/// With the extended master secret the signature covers a hash that the secret depends on, too.
fn each_case(
    check: impl Fn(matrix::Combination, openssl::Settings) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut count = 0;
    for case in matrix::openssl() {
        for extended_master_secret in [false, true] {
            let settings = openssl::Settings {
                extended_master_secret,
                ..openssl::Settings::new(case.version, case.name)
            };
            check(case, settings).map_err(|error| format!("{case}: {error}"))?;
            count += 1;
        }
    }
    assert_eq!(count, 48);
    Ok(())
}

#[test]
fn our_client_shows_its_certificate() -> Result<(), Error> {
    let people = People::new()?;
    each_case(|case, theirs| {
        let server = people.asking(theirs, openssl::ClientCertificate::Required);
        let policy = ours::only(case.version, case.suite);
        let trace = Trace::default();
        let client = ours::client(policy, &people.server)?
            .certificate(
                vec![ours::certificate(&people.client)?],
                ours::private_key(&people.client)?,
            )
            .observers(trace.clone());
        let mut pair = our_client(client, &server)?;
        pair.establish()?;
        pair.assert_agreement();
        let name = pair.theirs.peer_common_name();
        assert_eq!(name.as_deref(), Some("somebody"));
        assert!(trace.has("sent CertificateVerify"));
        pair.converse(b"data")
    })
}

#[test]
fn their_client_shows_its_certificate() -> Result<(), Error> {
    let people = People::new()?;
    each_case(|case, theirs| {
        let policy = ours::only(case.version, case.suite);
        let trace = Trace::default();
        let server = ours::server(policy, &people.server)?
            .client_verifier(ours::pin(&people.client)?)
            .observers(trace.clone());
        let mut pair = our_server(server, &theirs.with_identity(&people.client))?;
        pair.establish()?;
        pair.assert_agreement();
        let certificates = pair.ours.peer_certificates().unwrap_or_default();
        assert_eq!(certificates[0], ours::certificate(&people.client)?);
        assert!(trace.has("received CertificateVerify"));
        pair.converse(b"data")
    })
}

#[test]
fn our_client_has_none() -> Result<(), Error> {
    let people = People::new()?;
    for version in Version::ALL {
        let theirs = openssl::Settings::new(version, "AES128-SHA");
        let policy = ours::only(version, AES);
        let trace = Trace::default();
        let client =
            || ours::client(policy, &people.server).map(|client| client.observers(trace.clone()));
        let server = people.asking(theirs.clone(), openssl::ClientCertificate::Requested);
        let mut pair = our_client(client()?, &server)?;
        pair.establish()?;
        assert!(pair.theirs.peer_certificate().is_none(), "{version}");
        pair.converse(b"data")?;
        let says_so = match version {
            Version::Ssl3 => "sent warning no_certificate",
            _ => "sent Certificate",
        };
        assert!(trace.has(says_so), "{version}");
        assert!(!trace.has("sent CertificateVerify"), "{version}");

        let server = people.asking(theirs, openssl::ClientCertificate::Required);
        let mut pair = our_client(client()?, &server)?;
        pair.settle();
        let alert = AlertDescription::HANDSHAKE_FAILURE;
        let refused = retrossl::Error::ClientCertificateMissing(alert);
        assert_eq!(pair.our_error, Some(refused), "{version}");
    }
    Ok(())
}

#[test]
fn their_client_has_none() -> Result<(), Error> {
    let people = People::new()?;
    for version in Version::ALL {
        let client = openssl::Settings::new(version, "AES128-SHA");
        let policy = ours::only(version, AES);
        let trace = Trace::default();
        let server = ours::server(policy, &people.server)?
            .client_verifier(AcceptAnyCertificate)
            .observers(trace.clone());
        let mut pair = our_server(server, &client)?;
        pair.establish()?;
        assert_eq!(pair.ours.peer_certificates(), None, "{version}");
        pair.converse(b"data")?;
        let says_so = match version {
            Version::Ssl3 => "received warning no_certificate",
            _ => "received Certificate",
        };
        assert!(trace.has(says_so), "{version}");

        let server =
            ours::server(policy, &people.server)?.client_verifier(ours::pin(&people.client)?);
        let mut pair = our_server(server, &client)?;
        pair.settle();
        let refused = PeerIncompatible::NoClientCertificate;
        assert_eq!(pair.our_error, Some(refused.into()), "{version}");
        assert_told(&pair.their_error, "handshake failure");
    }
    Ok(())
}

#[test]
fn strangers_are_refused() -> Result<(), Error> {
    let people = People::new()?;
    let stranger = Identity::self_signed("stranger", 1024, Hash::Sha256)?;
    for version in Version::ALL {
        let policy = ours::only(version, AES);
        let theirs = openssl::Settings::new(version, "AES128-SHA");
        let server = people.asking(theirs.clone(), openssl::ClientCertificate::Required);
        let client = ours::client(policy, &people.server)?.certificate(
            vec![ours::certificate(&stranger)?],
            ours::private_key(&stranger)?,
        );
        let mut pair = our_client(client, &server)?;
        pair.settle();
        let expected = match version {
            Version::Ssl3 => AlertDescription::BAD_CERTIFICATE,
            _ => AlertDescription::UNKNOWN_CA,
        };
        let refused = matches!(
            pair.our_error,
            Some(retrossl::Error::AlertReceived(alert)) if alert == expected
        );
        assert!(refused, "{version}: {:?}", pair.our_error);

        let server =
            ours::server(policy, &people.server)?.client_verifier(ours::pin(&people.client)?);
        let mut pair = our_server(server, &theirs.with_identity(&stranger))?;
        pair.settle();
        let fingerprint = Fingerprint::of(&ours::certificate(&stranger)?);
        let refused = CertificateError::NotPinned(fingerprint);
        assert_eq!(pair.our_error, Some(refused.into()), "{version}");
        assert_told(&pair.their_error, "certificate unknown");
    }
    Ok(())
}

#[test]
fn every_signature_hash_of_tls_1_2_is_made_and_accepted() -> Result<(), Error> {
    let people = People::new()?;
    let aes = "AES128-SHA";
    for (name, hash) in [
        ("RSA+SHA1", HashAlgorithm::Sha1),
        ("RSA+SHA224", HashAlgorithm::Sha224),
        ("RSA+SHA256", HashAlgorithm::Sha256),
        ("RSA+SHA384", HashAlgorithm::Sha384),
        ("RSA+SHA512", HashAlgorithm::Sha512),
    ] {
        let policy = ours::only(Version::Tls1_2, AES);
        // Their list judges the chain, too, which is signed over SHA-256: so none is checked.
        let server = openssl::Settings {
            signature_algorithms: Some(name.to_owned()),
            trusted: Vec::new(),
            ..people.asking(
                openssl::Settings::new(Version::Tls1_2, aes),
                openssl::ClientCertificate::Required,
            )
        };
        let client = ours::client(policy, &people.server)?.certificate(
            vec![ours::certificate(&people.client)?],
            ours::private_key(&people.client)?,
        );
        let mut pair = our_client(client, &server)?;
        pair.establish()
            .map_err(|error| format!("{name}: {error}"))?;
        assert!(pair.theirs.peer_certificate().is_some(), "{name}");

        let server = ours::server(policy.signature_hashes(&[hash]), &people.server)?
            .client_verifier(ours::pin(&people.client)?);
        let client = openssl::Settings::new(Version::Tls1_2, aes).with_identity(&people.client);
        let mut pair = our_server(server, &client)?;
        pair.establish()
            .map_err(|error| format!("{name}: {error}"))?;
        assert!(pair.ours.peer_certificates().is_some(), "{name}");
    }
    Ok(())
}
