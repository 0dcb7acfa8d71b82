//! How bytes are cut: records, fragments, pieces of the transport.

use std::ops::DerefMut;

use ::openssl::x509::X509;
use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::matrix;
use interop::ours::{self, Trace};
use interop::peer::{Version, openssl};
use retrossl::pki_types::CertificateDer;
use retrossl::server::{ClientToVerify, ClientVerifier};
use retrossl::{
    AnonymousClients, CertificateError, CipherSuite, Connection, RecordSplitting, ServerConfig,
};

use crate::pair::{Pair, our_client, our_server};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

#[test]
fn splitting_against_beast_is_accepted_both_ways() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    let mut count = 0;
    for case in matrix::openssl() {
        for splits in [false, true] {
            let splitting = match splits {
                true => RecordSplitting::OneByteFirst,
                false => RecordSplitting::Never,
            };
            let policy = ours::only(case.version, case.suite).record_splitting(splitting);
            let theirs = openssl::Settings {
                empty_fragments: splits,
                ..openssl::Settings::new(case.version, case.name)
            };
            let client = ours::client(policy, &identity)?;
            count_records(
                our_client(client, &theirs.with_identity(&identity))?,
                case,
                splits,
            )?;
            let server = ours::server(policy, &identity)?;
            count_records(our_server(server, &theirs)?, case, splits)?;
            count += 1;
        }
    }
    assert_eq!(count, 48);
    Ok(())
}

fn count_records<C: DerefMut<Target = Connection>>(
    mut pair: Pair<C>,
    case: matrix::Combination,
    splits: bool,
) -> Result<(), Error> {
    let is_old = case.version <= Version::Tls1_0;
    let is_cbc = !case.name.starts_with("RC4");
    pair.establish()?;
    pair.converse(b"some data")?;
    let records = 1 + usize::from(splits && is_old && is_cbc);
    assert_eq!(data_records(&pair.sent_by_us), records, "{case}");
    // They may do it for RC4, too, which does not need it.
    if is_cbc || !is_old {
        assert_eq!(data_records(&pair.sent_by_them), records, "{case}");
    }
    pair.we_close()
}

fn data_records(mut bytes: &[u8]) -> usize {
    const APPLICATION_DATA: u8 = 23;
    let mut count = 0;
    while let [kind, _, _, high, low, rest @ ..] = bytes {
        count += usize::from(*kind == APPLICATION_DATA);
        bytes = &rest[usize::from(u16::from_be_bytes([*high, *low]))..];
    }
    count
}

#[test]
fn pieces_of_any_size_make_no_difference() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    let mut count = 0;
    for case in matrix::openssl() {
        for cut in [1, 7, 1000] {
            let policy = ours::only(case.version, case.suite);
            let theirs = openssl::Settings {
                encrypt_then_mac: true,
                extended_master_secret: true,
                ..openssl::Settings::new(case.version, case.name)
            };
            let client = ours::client(policy, &identity)?;
            converse_in_pieces(our_client(client, &theirs.with_identity(&identity))?, cut)?;
            let server = ours::server(policy, &identity)?;
            converse_in_pieces(our_server(server, &theirs)?, cut)?;
            count += 1;
        }
    }
    assert_eq!(count, 72);
    Ok(())
}

fn converse_in_pieces<C: DerefMut<Target = Connection>>(
    mut pair: Pair<C>,
    cut: usize,
) -> Result<(), Error> {
    pair.cut = cut;
    pair.establish()?;
    pair.converse(&[7; 3000])?;
    pair.they_close()
}

#[test]
fn handshake_messages_longer_than_a_record_cross() -> Result<(), Error> {
    let crowd = Crowd::new()?;
    for version in Version::ALL {
        let policy = ours::only(version, AES);
        let theirs = openssl::Settings {
            chain: crowd.certificates[1..32].to_vec(),
            ..openssl::Settings::new(version, "AES128-SHA").with_identity(&crowd.identity)
        };

        let server = openssl::Settings {
            trusted: crowd.certificates.clone(),
            client_certificate: openssl::ClientCertificate::Required,
            ..theirs.clone()
        };
        let trace = Trace::default();
        let client = ours::client(policy, &crowd.identity)?
            .certificate(crowd.chain()?, ours::private_key(&crowd.identity)?)
            .observers(trace.clone());
        let mut pair = our_client(client, &server)?;
        pair.establish()?;
        assert!(pair.theirs.peer_certificate().is_some(), "{version}");
        assert_longer_than_a_record(&trace, ["sent Certificate", "received Certificate"]);
        assert_longer_than_a_record(&trace, ["received CertificateRequest"]);

        let trace = Trace::default();
        let server = ServerConfig::builder(policy)
            .certificate(crowd.chain()?, ours::private_key(&crowd.identity)?)
            .client_verifier(Popular(crowd.names()?))
            .observers(trace.clone());
        let mut pair = our_server(server, &theirs)?;
        pair.establish()?;
        let chain = pair.ours.peer_certificates().unwrap_or_default();
        assert_eq!(chain.len(), 32, "{version}");
        assert_longer_than_a_record(&trace, ["sent Certificate", "received Certificate"]);
        assert_longer_than_a_record(&trace, ["sent CertificateRequest"]);
    }
    Ok(())
}

fn assert_longer_than_a_record<const N: usize>(trace: &Trace, messages: [&str; N]) {
    for message in messages {
        let length = trace.length_of(message);
        assert!(length > Some(16 * 1024), "{message}: {length:?}");
    }
}

/// Somebody, and certificates to fill messages with, the first of which is somebody's.
struct Crowd {
    identity: Identity,
    certificates: Vec<X509>,
}

impl Crowd {
    fn new() -> Result<Self, Error> {
        let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
        let mut certificates = vec![identity.certificate.clone()];
        for number in 0..300 {
            let name = format!("{number:0>60}");
            certificates.push(identity.renamed(&name, Hash::Sha256)?.certificate);
        }
        Ok(Self {
            identity,
            certificates,
        })
    }

    /// As long as a chain may be here.
    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, Error> {
        let chain = self.certificates[..32].iter();
        chain
            .map(|certificate| Ok(certificate.to_der()?.into()))
            .collect()
    }

    fn names(&self) -> Result<Vec<Vec<u8>>, Error> {
        let certificates = self.certificates.iter();
        certificates
            .map(|certificate| Ok(certificate.subject_name().to_der()?))
            .collect()
    }
}

/// Names many authorities and takes every certificate.
#[derive(Debug)]
struct Popular(Vec<Vec<u8>>);

impl ClientVerifier for Popular {
    fn anonymous_clients(&self) -> AnonymousClients {
        AnonymousClients::Refused
    }

    fn authorities(&self) -> &[Vec<u8>] {
        &self.0
    }

    fn verify_client(&self, _: &ClientToVerify<'_>) -> Result<(), CertificateError> {
        Ok(())
    }
}
