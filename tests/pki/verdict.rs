//! What a [`PathVerifier`] says of a chain, by a root of everybody's.

use super::*;
use retrossl::client::{ServerToVerify, ServerVerifier};
use retrossl::pki_types::{CertificateDer, ServerName};
use retrossl::server::{ClientToVerify, ClientVerifier};
use retrossl::{
    CertificateError, CertificateProblem as Problem, ChainError, PathVerifier, Policy,
    RevocationList, RootStore,
};

pub const HOST: &str = "printer.lan";
pub const ROOT: &str = "O=Example, CN=Root";
pub const SUB: &str = "O=Example, CN=Sub";
pub const ROOT_KEY: Key = Key::P256(1);
pub const SUB_KEY: Key = Key::P256(2);

pub type Chain = Vec<CertificateDer<'static>>;

pub fn roots(certificates: &[CertificateDer<'static>]) -> RootStore {
    let mut roots = RootStore::new();
    let added = roots.add_certificates(certificates.iter().cloned());
    assert_eq!(added.skipped, []);
    roots
}

pub fn root() -> CertificateDer<'static> {
    Template::authority(ROOT, &ROOT_KEY).self_signed(&ROOT_KEY)
}

pub fn sub() -> Template {
    Template::authority(SUB, &SUB_KEY)
}

pub fn verify_as(
    name: &str,
    chain: &[CertificateDer<'static>],
    roots: RootStore,
    policy: &Policy,
) -> Result<(), CertificateError> {
    let name = ServerName::try_from(name).unwrap().to_owned();
    PathVerifier::new(roots).verify_server(&ServerToVerify::new(chain, &name, now(), policy))
}

pub fn verify(chain: &[CertificateDer<'static>], policy: &Policy) -> Result<(), CertificateError> {
    verify_as(HOST, chain, roots(&[root()]), policy)
}

pub fn verify_with_lists(
    chain: &[CertificateDer<'static>],
    lists: impl IntoIterator<Item = RevocationList>,
    policy: &Policy,
) -> Result<(), CertificateError> {
    let name = ServerName::try_from(HOST).unwrap();
    PathVerifier::new(roots(&[root()]))
        .revocation_lists(lists)
        .verify_server(&ServerToVerify::new(chain, &name, now(), policy))
}

pub fn verify_client(
    chain: &[CertificateDer<'static>],
    policy: &Policy,
) -> Result<(), CertificateError> {
    PathVerifier::new(roots(&[root()])).verify_client(&ClientToVerify::new(chain, now(), policy))
}

/// What is wrong, with the place of the certificate in the chain.
pub fn refused(result: Result<(), CertificateError>) -> (Option<usize>, Problem) {
    match result.unwrap_err() {
        CertificateError::Chain(ChainError { index, problem, .. }) => (index, problem),
        other => panic!("{other}"),
    }
}

pub fn direct(template: &Template) -> Chain {
    vec![template.issued_by(ROOT, &ROOT_KEY)]
}

pub fn through(sub: &Template, template: &Template) -> Chain {
    vec![
        template.issued_by(SUB, &SUB_KEY),
        sub.issued_by(ROOT, &ROOT_KEY),
    ]
}

pub fn bad_signature(issuer: &str) -> Problem {
    let issuer = issuer.to_owned();
    Problem::BadSignature { issuer }
}

pub fn not_signed_by_root() -> Problem {
    let issuer = ROOT.to_owned();
    Problem::NotSignedByRoot { issuer }
}
