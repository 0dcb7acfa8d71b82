//! Certification path validation (RFC 5280 §6.1): from a trust anchor down to the peer.

use rustls_pki_types::{ServerName, UnixTime};

use super::budget::Budget;
use super::constraints;
use super::date::{is_past, unix_time};
use super::parsed::{Issuer, Parsed};
use super::revocation::{self, RevocationList};
use super::roots::{RootStore, TrustAnchor};
use super::server_name;
use super::subtrees::NameConstraints;
use super::usage::{self, Place};
use crate::error::{CertificateProblem, ChainError};
use crate::policy::Policy;
use crate::suite::KeyExchange;

/// What a path is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Conditions<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) now: UnixTime,
    pub(crate) role: Role<'a>,
    pub(crate) revocation_lists: &'a [RevocationList],
}

/// Whose certificate it is that a path leads to.
#[derive(Clone, Copy)]
pub(crate) enum Role<'a> {
    /// That of the server that the user asked for.
    Server(&'a ServerName<'a>, KeyUse),
    /// A client's, which may have any name.
    Client,
}

/// What the key in a server's certificate does in the handshake (RFC 2246 §7.4.2), which a keyUsage
/// has to allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyUse {
    /// The pre-master secret is encrypted to it.
    KeyEncipherment,
    /// It signs the shorter key of an export suite, to which the pre-master secret is encrypted
    /// then.
    DigitalSignature,
}

impl KeyUse {
    /// That of a key of so many bits.
    pub(crate) fn in_key_exchange(
        key_exchange: KeyExchange,
        certificate_bits: impl FnOnce() -> usize,
    ) -> Self {
        match key_exchange {
            KeyExchange::Rsa => Self::KeyEncipherment,
            export => match export.ephemeral_key_limit(certificate_bits()) {
                Some(_) => Self::DigitalSignature,
                None => Self::KeyEncipherment,
            },
        }
    }
}

/// Judges a peer's certificate that is itself among the roots.
///
/// It is trusted as it is, so its usages and extensions do not matter; but it has to be for the
/// name, in its time, with a key that is long enough, and not revoked by another of the roots (or
/// itself).
pub(super) fn validate_trusted(
    certificate: &Parsed<'_>,
    roots: &RootStore,
    conditions: &Conditions<'_>,
    budget: &mut Budget,
) -> Result<(), ChainError> {
    let mut check = || {
        check_validity(certificate, conditions.now)?;
        certificate.key()?.check_length(conditions.policy)?;
        check_revocation_by_roots(certificate, roots, conditions, budget)?;
        check_name(certificate, conditions)
    };
    check().map_err(|problem| certificate.at_fault(problem))
}

/// Every root of the issuer's name may revoke it, its signature may be one that is not known here,
/// or an older key's. To clear it, one of those that may have issued it suffices: authorities come
/// in several certificates, of which not each may sign lists.
fn check_revocation_by_roots(
    certificate: &Parsed<'_>,
    roots: &RootStore,
    conditions: &Conditions<'_>,
    budget: &mut Budget,
) -> Result<(), CertificateProblem> {
    if revocation::lists_of(certificate, conditions)
        .next()
        .is_none()
    {
        return Ok(());
    }
    let mut is_cleared = false;
    let mut first_problem = None;
    for root in roots.named(&certificate.issuer) {
        budget.verify_signature()?;
        let may_be_issuer = certificate.signed.is_err() || certificate.is_signed_by(&root.key);
        match revocation::check(certificate, root.as_issuer(), conditions, budget) {
            Ok(()) => is_cleared |= may_be_issuer,
            Err(
                problem @ (CertificateProblem::Revoked { .. } | CertificateProblem::TooMuchWork),
            ) => return Err(problem),
            // Whoever has not issued it need not have signed a list for it.
            Err(CertificateProblem::BadRevocationList) if !may_be_issuer => {}
            Err(problem) => {
                first_problem.get_or_insert(problem);
            }
        }
    }
    match first_problem {
        Some(problem) if !is_cleared => Err(problem),
        _ => Ok(()),
    }
}

/// Judges a path whose signatures are verified: the peer's certificate first, then its issuer,
/// and so on up to one that the trust anchor issued. Or says whose problem is what: `None` is the
/// anchor.
pub(super) fn validate<'a>(
    path: &[&'a Parsed<'a>],
    anchor: &'a TrustAnchor,
    conditions: &Conditions<'_>,
    budget: &mut Budget,
) -> Result<(), (Option<&'a Parsed<'a>>, CertificateProblem)> {
    let mut state = State::default();
    let mut issuer = anchor.as_issuer();
    state
        .enter_anchor(issuer, conditions)
        .map_err(|problem| (None, problem))?;
    for (below, &certificate) in path.iter().enumerate().rev() {
        let mut step = || {
            check_common(certificate, conditions)?;
            revocation::check(certificate, issuer, conditions, budget)?;
            match below {
                0 => state.end(certificate, conditions, budget),
                _ => {
                    issuer = state.descend(certificate, conditions, budget)?;
                    Ok(())
                }
            }
        };
        step().map_err(|problem| (Some(certificate), problem))?;
    }
    Ok(())
}

/// The last second in which an accepted path is judged as it is now: the anchor's dates do not
/// count, and of revocation lists each date that is still to come may bring another verdict.
pub(super) fn holds_until(path: &[&Parsed<'_>], conditions: &Conditions<'_>) -> UnixTime {
    let expiries = path
        .iter()
        .map(|certificate| unix_time(&certificate.x509.validity.not_after));
    let lists = conditions.revocation_lists.iter();
    let changes = lists.filter_map(|list| list.next_change(conditions.now));
    let never = UnixTime::since_unix_epoch(core::time::Duration::MAX);
    expiries.chain(changes).min().unwrap_or(never)
}

/// What the certificates above impose on those below (RFC 5280 §6.1.2).
#[derive(Default)]
struct State<'a> {
    name_constraints: Vec<&'a NameConstraints>,
    /// How many authorities may still follow, and the constraint that says so.
    max_path_length: Option<(u32, u32)>,
}

impl<'a> State<'a> {
    fn enter_anchor(
        &mut self,
        anchor: Issuer<'a>,
        conditions: &Conditions<'_>,
    ) -> Result<(), CertificateProblem> {
        let policy = conditions.policy;
        usage::check_version(anchor.version, Place::TrustAnchor, policy)?;
        usage::check_authority(anchor)?;
        anchor.key.check_length(policy)?;
        self.constrain_below(anchor);
        Ok(())
    }

    /// An intermediate, which issued what is below it (RFC 5280 §6.1.4).
    fn descend(
        &mut self,
        certificate: &'a Parsed<'a>,
        conditions: &Conditions<'_>,
        budget: &mut Budget,
    ) -> Result<Issuer<'a>, CertificateProblem> {
        let policy = conditions.policy;
        let issuer = certificate.as_issuer()?;
        usage::check_version(issuer.version, Place::Intermediate, policy)?;
        usage::check_authority(issuer)?;
        usage::check_extended_key_usage(issuer.extensions, conditions.role, policy)?;
        if !certificate.is_self_issued() {
            constraints::check(certificate, &self.name_constraints, &[], budget)?;
            if let Some((left, max)) = &mut self.max_path_length {
                *left = left
                    .checked_sub(1)
                    .ok_or(CertificateProblem::PathTooLong { max: *max })?;
            }
        }
        self.constrain_below(issuer);
        Ok(issuer)
    }

    /// The peer's own certificate (RFC 5280 §6.1.5).
    fn end(
        &mut self,
        certificate: &Parsed<'_>,
        conditions: &Conditions<'_>,
        budget: &mut Budget,
    ) -> Result<(), CertificateProblem> {
        let policy = conditions.policy;
        usage::check_version(certificate.version, Place::EndEntity, policy)?;
        let extensions = certificate.extensions()?;
        usage::check_key_usage(extensions, conditions.role)?;
        usage::check_extended_key_usage(extensions, conditions.role, policy)?;
        let presented = match conditions.role {
            Role::Server(..) => server_name::presented_names(certificate, policy.common_names())?,
            Role::Client => Vec::new(),
        };
        constraints::check(certificate, &self.name_constraints, &presented, budget)?;
        check_name(certificate, conditions)
    }

    fn constrain_below(&mut self, issuer: Issuer<'a>) {
        self.name_constraints
            .extend(&issuer.extensions.name_constraints);
        let basic_constraints = &issuer.extensions.basic_constraints;
        let constraint = basic_constraints
            .as_ref()
            .and_then(|constraints| constraints.path_len_constraint);
        if let Some(max) = constraint
            && self.max_path_length.is_none_or(|(left, _)| max < left)
        {
            self.max_path_length = Some((max, max));
        }
    }
}

/// What holds for every certificate below the anchor (RFC 5280 §6.1.3).
fn check_common(
    certificate: &Parsed<'_>,
    conditions: &Conditions<'_>,
) -> Result<(), CertificateProblem> {
    let extensions = certificate.extensions()?;
    if let Some(extension) = &extensions.unknown_critical {
        return Err(CertificateProblem::UnknownCriticalExtension(
            extension.clone(),
        ));
    }
    check_validity(certificate, conditions.now)?;
    certificate.key()?.check_length(conditions.policy)
}

/// RFC 5280 §6.1.3 (a) (2); both dates belong to the time.
fn check_validity(certificate: &Parsed<'_>, now: UnixTime) -> Result<(), CertificateProblem> {
    let validity = &certificate.x509.validity;
    let not_before = unix_time(&validity.not_before);
    let not_after = unix_time(&validity.not_after);
    if now < not_before {
        return Err(CertificateProblem::NotYetValid { not_before, now });
    }
    if is_past(&validity.not_after, now) {
        return Err(CertificateProblem::Expired { not_after, now });
    }
    Ok(())
}

fn check_name(
    certificate: &Parsed<'_>,
    conditions: &Conditions<'_>,
) -> Result<(), CertificateProblem> {
    match conditions.role {
        Role::Server(asked, _) => {
            server_name::check(certificate, asked, conditions.policy.common_names())
        }
        Role::Client => Ok(()),
    }
}
