//! What a certificate may be used for: by its kind, its key usages, its place in a path.

use x509_parser::asn1_rs::{Oid, oid};
use x509_parser::extensions::{ExtendedKeyUsage, NSCertType};

use super::name::oid_text;
use super::parsed::{Extensions, Issuer};
use super::validation::{KeyUse, Role};
use crate::error::CertificateProblem;
use crate::policy::{Policy, StepUpUsages, Version1Certificates};

/// Refuses an issuer that is not an authority (RFC 5280 §6.1.4 (k), (n)).
pub(super) fn check_authority(issuer: Issuer<'_>) -> Result<(), CertificateProblem> {
    let extensions = issuer.extensions;
    match &extensions.basic_constraints {
        Some(constraints) if constraints.ca => {}
        // Version 1 cannot say it; whether it is accepted here, is the policy's word.
        None if issuer.version < 3 => {}
        _ => return Err(CertificateProblem::NotAnAuthority),
    }
    match extensions.key_usage {
        Some(usage) if !usage.key_cert_sign() => {
            Err(CertificateProblem::KeyUsage("signing certificates"))
        }
        _ => Ok(()),
    }
}

/// Whether the issuer's lists count (RFC 5280 §4.2.1.3, §6.3.3 (f)).
pub(super) fn may_sign_lists(issuer: Issuer<'_>) -> bool {
    let key_usage = issuer.extensions.key_usage;
    key_usage.is_none_or(|usage| usage.crl_sign())
}

/// Refuses a certificate of an old version where the policy does not accept it.
pub(super) fn check_version(
    version: u32,
    place: Place,
    policy: &Policy,
) -> Result<(), CertificateProblem> {
    let accepted = match policy.accepted_version_1_certificates() {
        Version1Certificates::Refused => false,
        Version1Certificates::ExceptIntermediates => place != Place::Intermediate,
        Version1Certificates::Accepted => true,
    };
    if version >= 3 || accepted {
        Ok(())
    } else {
        Err(CertificateProblem::OldVersion(version))
    }
}

/// Where in a path a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    TrustAnchor,
    Intermediate,
    EndEntity,
}

/// Refuses an end entity whose key is for something else (RFC 5280 §4.2.1.3, Netscape's
/// certificate type).
pub(super) fn check_key_usage(
    extensions: &Extensions<'_>,
    role: Role<'_>,
) -> Result<(), CertificateProblem> {
    if let Some(usage) = extensions.key_usage {
        match role {
            Role::Server(_, KeyUse::KeyEncipherment) if !usage.key_encipherment() => {
                return Err(CertificateProblem::KeyUsage(
                    "key encipherment, which RSA key exchange is",
                ));
            }
            Role::Server(_, KeyUse::DigitalSignature) if !usage.digital_signature() => {
                return Err(CertificateProblem::KeyUsage(
                    "digital signatures, of which an export suite's shorter key has one",
                ));
            }
            Role::Client if !usage.digital_signature() => {
                return Err(CertificateProblem::KeyUsage(
                    "digital signatures, which a client proves itself by",
                ));
            }
            _ => {}
        }
    }
    match extensions.netscape_cert_type {
        Some(kind) if !netscape_allows(kind, role) => Err(for_something_else(
            role,
            vec![format!("{kind} (Netscape certificate type)")],
        )),
        _ => Ok(()),
    }
}

/// Refuses an end entity or an intermediate whose extended key usage is for something else
/// (RFC 5280 §4.2.1.12).
///
/// The RFC does not say what it means in an intermediate; that it limits what is below is what
/// authorities rely on and other implementations do.
pub(super) fn check_extended_key_usage(
    extensions: &Extensions<'_>,
    role: Role<'_>,
    policy: &Policy,
) -> Result<(), CertificateProblem> {
    let Some(usage) = &extensions.extended_key_usage else {
        return Ok(());
    };
    let named = match role {
        Role::Server(..) => usage.server_auth || steps_up(usage, policy),
        Role::Client => usage.client_auth,
    };
    if named || usage.any {
        Ok(())
    } else {
        Err(for_something_else(role, usages(usage)))
    }
}

fn steps_up(usage: &ExtendedKeyUsage<'_>, policy: &Policy) -> bool {
    policy.accepted_step_up_usages() == StepUpUsages::Accepted
        && usage
            .other
            .iter()
            .any(|usage| *usage == NETSCAPE_STEP_UP || *usage == MICROSOFT_SGC)
}

fn netscape_allows(kind: NSCertType, role: Role<'_>) -> bool {
    match role {
        Role::Server(..) => kind.ssl_server(),
        Role::Client => kind.ssl_client(),
    }
}

fn for_something_else(role: Role<'_>, found: Vec<String>) -> CertificateProblem {
    let expected = match role {
        Role::Server(..) => "servers (serverAuth)",
        Role::Client => "clients (clientAuth)",
    };
    CertificateProblem::ExtendedKeyUsage { expected, found }
}

fn usages(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let named = [
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let named = named
        .into_iter()
        .filter(|(is_set, _)| *is_set)
        .map(|(_, name)| name.to_owned());
    let found: Vec<String> = named.chain(usage.other.iter().map(oid_text)).collect();
    if found.is_empty() {
        vec!["nothing".to_owned()]
    } else {
        found
    }
}

const NETSCAPE_STEP_UP: Oid<'static> = oid!(2.16.840.1.113730.4.1);
const MICROSOFT_SGC: Oid<'static> = oid!(1.3.6.1.4.1.311.10.3.3);
