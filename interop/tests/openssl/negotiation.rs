//! Which version comes out of what both sides allow, and who refuses what.

use std::ops::DerefMut;
use std::sync::Arc;

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::ours;
use interop::peer::{Version, openssl};
use retrossl::{AlertDescription, ClientConnection, Connection, PeerIncompatible, PeerMisbehaved};

use crate::pair::{Pair, our_client, our_server};

const SUITES: &str = "AES256-GCM-SHA384:AES256-SHA256:AES128-SHA:DES-CBC3-SHA:RC4-SHA";

type Range = (Version, Version);

#[test]
fn the_newest_common_version_is_spoken_by_our_client() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    let counts = each_pair_of_ranges(|ours, theirs| {
        let client = ours::client(ours::between(ours.0, ours.1), &identity)?;
        let server = settings(theirs).with_identity(&identity);
        let pair = our_client(client, &server)?;
        agree_or_refuse(pair, newest_common(ours, theirs))
    })?;
    assert_eq!(counts, (70, 30));
    Ok(())
}

#[test]
fn the_newest_common_version_is_spoken_by_our_server() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    let counts = each_pair_of_ranges(|ours, theirs| {
        let server = ours::server(ours::between(ours.0, ours.1), &identity)?;
        let pair = our_server(server, &settings(theirs))?;
        agree_or_refuse(pair, newest_common(ours, theirs))
    })?;
    assert_eq!(counts, (70, 30));
    Ok(())
}

fn agree_or_refuse<C: DerefMut<Target = Connection>>(
    mut pair: Pair<C>,
    expected: Option<Version>,
) -> Result<(), Error> {
    let Some(version) = expected else {
        pair.settle();
        assert!(pair.our_error.is_some() && pair.their_error.is_some());
        return Ok(());
    };
    pair.establish()?;
    assert_eq!(pair.version(), Some(version));
    pair.assert_agreement();
    pair.converse(b"data")
}

#[test]
fn openssl_refuses_a_fallback_that_was_not_necessary() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    for max in [Version::Ssl3, Version::Tls1_0, Version::Tls1_1] {
        let mut pair = fallback(max, (Version::Ssl3, Version::Tls1_2), &identity)?;
        pair.settle();
        let refused = retrossl::Error::AlertReceived(AlertDescription::INAPPROPRIATE_FALLBACK);
        assert_eq!(pair.our_error, Some(refused), "{max}");

        let mut pair = fallback(max, (Version::Ssl3, max), &identity)?;
        pair.establish()?;
        assert_eq!(pair.version(), Some(max));
    }
    Ok(())
}

fn fallback(
    max: Version,
    theirs: Range,
    identity: &Identity,
) -> Result<Pair<ClientConnection>, Error> {
    let policy = ours::between(Version::Ssl3, Version::Tls1_2);
    let config = Arc::new(ours::client(policy, identity)?.build()?);
    let ours = ClientConnection::fallback(config, "localhost".try_into()?, max.into())?;
    let server = openssl::Endpoint::server(&settings(theirs).with_identity(identity))?;
    Ok(Pair::new(ours, server.connection()?))
}

#[test]
fn we_refuse_a_fallback_that_was_not_necessary() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    for max in [Version::Ssl3, Version::Tls1_0, Version::Tls1_1] {
        let client = openssl::Settings {
            fallback: true,
            ..settings((Version::Ssl3, max))
        };
        let policy = ours::between(Version::Ssl3, Version::Tls1_2);
        let mut pair = our_server(ours::server(policy, &identity)?, &client)?;
        pair.settle();
        let refused = PeerMisbehaved::InappropriateFallback(max.into());
        assert_eq!(pair.our_error, Some(refused.into()));
        assert_told(&pair.their_error, "inappropriate fallback");

        let policy = ours::between(Version::Ssl3, max);
        let mut pair = our_server(ours::server(policy, &identity)?, &client)?;
        pair.establish()?;
        assert_eq!(pair.version(), Some(max));
    }
    Ok(())
}

#[test]
fn without_a_suite_in_common_both_sides_know_why() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    for version in Version::ALL {
        let aes256 = "TLS_RSA_WITH_AES_256_CBC_SHA".parse()?;
        let server = openssl::Settings::new(version, "AES128-SHA").with_identity(&identity);
        let client = ours::client(ours::only(version, aes256), &identity)?;
        let mut pair = our_client(client, &server)?;
        pair.settle();
        let refused = retrossl::Error::AlertReceived(AlertDescription::HANDSHAKE_FAILURE);
        assert_eq!(pair.our_error, Some(refused), "{version}");

        let client = openssl::Settings::new(version, "AES128-SHA");
        let server = ours::server(ours::only(version, aes256), &identity)?;
        let mut pair = our_server(server, &client)?;
        pair.settle();
        let refused = PeerIncompatible::NoSuiteInCommon(version.into());
        assert_eq!(pair.our_error, Some(refused.into()));
        assert_told(&pair.their_error, "handshake failure");
    }
    Ok(())
}

#[test]
fn a_certificate_that_is_not_pinned_is_refused_and_stays_readable() -> Result<(), Error> {
    let expected = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    let other = Identity::self_signed("localhost", 1024, Hash::Sha256)?;
    for version in Version::ALL {
        let client = ours::client(ours::between(version, version), &expected)?;
        let server = settings((version, version)).with_identity(&other);
        let mut pair = our_client(client, &server)?;
        pair.settle();
        let refused = matches!(pair.our_error, Some(retrossl::Error::InvalidCertificate(_)));
        assert!(refused, "{version}: {:?}", pair.our_error);
        let chain = pair.ours.peer_certificates();
        assert_eq!(chain, Some(&[ours::certificate(&other)?][..]));
        assert_eq!(pair.ours.protocol_version(), Some(version.into()));
        assert_told(&pair.their_error, "certificate unknown");
    }
    Ok(())
}

/// Whether an alert of ours is what they report.
pub fn assert_told(error: &Option<Error>, words: &str) {
    let text = error.as_ref().map(ToString::to_string).unwrap_or_default();
    assert!(text.contains(words), "{text:?} lacks {words:?}");
}

/// Returns how many pairs have a version in common, and how many have not.
fn each_pair_of_ranges(
    check: impl Fn(Range, Range) -> Result<(), Error>,
) -> Result<(usize, usize), Error> {
    let mut counts = (0, 0);
    for ours in ranges() {
        for theirs in ranges() {
            check(ours, theirs).map_err(|error| format!("{ours:?}, {theirs:?}: {error}"))?;
            match newest_common(ours, theirs) {
                Some(_) => counts.0 += 1,
                None => counts.1 += 1,
            }
        }
    }
    Ok(counts)
}

fn ranges() -> impl Iterator<Item = Range> {
    let all = Version::ALL.into_iter();
    all.flat_map(|min| Version::ALL.into_iter().map(move |max| (min, max)))
        .filter(|(min, max)| min <= max)
}

fn newest_common(ours: Range, theirs: Range) -> Option<Version> {
    let newest = ours.1.min(theirs.1);
    (newest >= ours.0.max(theirs.0)).then_some(newest)
}

fn settings((min, max): Range) -> openssl::Settings {
    openssl::Settings {
        versions: min..=max,
        ..openssl::Settings::new(max, SUITES)
    }
}
