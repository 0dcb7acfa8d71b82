//! How a path is found, and the time in which it holds.

use interop::Error;

use crate::opinions::Case;
use crate::workshop::{Key, Template};
use crate::{Pki, ROOT, SUB, server, sub};

pub fn cases(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let mut cases = orders(pki)?;
    cases.extend(dead_ends(pki)?);
    cases.extend(candidates(pki)?);
    cases.extend(trust(pki)?);
    cases.extend(times(pki)?);
    Ok(cases)
}

fn orders(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let direct = pki.authority(&server())?;
    let leaf = pki.leaf(&server())?;
    let third = pki.leaf(&Template::authority("/O=Example/CN=Third", Key::OTHER))?;
    let fourth = Template::authority("/O=Example/CN=Fourth", Key::RSA_1024);
    let fourth = pki.workshop.issue(&third, &fourth)?;
    let deep = pki.workshop.issue(&fourth, &server())?;
    let elsewhere = Template::authority("/O=Elsewhere/CN=Root", Key::OTHER);
    let elsewhere = pki.workshop.self_signed(&elsewhere)?;
    let stranger = pki.workshop.issue(&elsewhere, &server())?;
    let (root, sub) = (&pki.root, &pki.sub);
    Ok(vec![
        Case::new("directly below the root", &[&direct], &[root]),
        Case::new("a chain of three", &[&leaf, sub], &[root]),
        Case::new("with the root in it", &[&leaf, sub, root], &[root]),
        Case::new("a chain of five", &[&deep, &fourth, &third, sub], &[root]),
        Case::new("out of order", &[&deep, sub, &fourth, &third], &[root]),
        Case::new(
            "others in between, some of them twice",
            &[&leaf, &stranger, &elsewhere, &leaf, sub, &stranger, sub],
            &[root],
        ),
        Case::new("several roots", &[&leaf, sub], &[&elsewhere, root]),
        Case::new("two roots of one name", &[&direct], &[root, &pki.impostor]),
    ])
}

fn dead_ends(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let leaf = pki.leaf(&server())?;
    let direct = pki.authority(&server())?;
    let alone = pki.workshop.self_signed(&server())?;
    let other = pki.workshop.self_signed(&server())?;
    let nobody = Template::authority("/O=Nobody/CN=Root", Key::OTHER);
    let nobody = pki.workshop.self_signed(&nobody)?;
    let unknown = pki.workshop.issue(&nobody, &server())?;
    let a = pki.workshop.issue(&nobody, &sub())?;
    let b = Template::authority("/O=Nobody/CN=Root", Key::OTHER);
    let b = pki.workshop.issue(&a, &b)?;
    let circular = pki.workshop.issue(&b, &server())?;
    let no_issuer = "unable to get local issuer certificate";
    let (root, sub) = (&pki.root, &pki.sub);
    Ok(vec![
        Case::new("without the intermediate", &[&leaf], &[root])
            .both_refuse("neither among the roots nor in the chain", no_issuer),
        Case::new("unknown root, not in the chain", &[&unknown], &[root])
            .both_refuse("neither among the roots nor in the chain", no_issuer),
        Case::new("unknown root, in the chain", &[&unknown, &nobody], &[root]).both_refuse(
            "self-signed",
            "self-signed certificate in certificate chain",
        ),
        Case::new("self-signed", &[&alone], &[root])
            .both_refuse("self-signed", "self-signed certificate"),
        Case::new("self-signed and trusted", &[&alone], &[&alone]),
        Case::new("its like is trusted", &[&alone], &[&other]).both_refuse(
            "another certificate of that name",
            "self-signed certificate",
        ),
        Case::new("issuers in a circle", &[&circular, &b, &a], &[root])
            .both_refuse("neither among the roots", no_issuer),
        Case::new("signed by an impostor's key", &[&direct], &[&pki.impostor])
            .both_refuse("signature does not verify", no_issuer),
        Case::new("issuers of the wrong name", &[&direct, sub], &[sub])
            .both_refuse("neither among the roots", no_issuer),
    ])
}

fn candidates(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let no_issuer = "unable to get local issuer certificate";
    let leaf = pki.leaf(&server())?;
    let elsewhere = Template::authority("/O=Elsewhere/CN=Root", Key::OTHER);
    let elsewhere = pki.workshop.self_signed(&elsewhere)?;
    let cross = pki.workshop.issue(&elsewhere, &sub())?;
    let expired = pki.authority(&sub().expired())?;
    let other_key = pki.authority(&Template::authority(SUB, Key::OTHER))?;
    let (root, sub) = (&pki.root, &pki.sub);
    Ok(vec![
        Case::new(
            "cross-signed, known one first",
            &[&leaf, sub, &cross],
            &[root],
        ),
        Case::new(
            "cross-signed, known one last",
            &[&leaf, &cross, sub],
            &[root],
        )
        .only_we_accept(
            "unable to get local issuer certificate",
            "OpenSSL takes the first issuer of the name and does not come back; \
             order should not matter",
        ),
        Case::new(
            "cross-signed, both known",
            &[&leaf, &cross, sub],
            &[root, &elsewhere],
        ),
        Case::new("only the cross-signed one", &[&leaf, &cross], &[&elsewhere]),
        Case::new("expired candidate first", &[&leaf, &expired, sub], &[root]),
        Case::new(
            "candidate with another key first",
            &[&leaf, &other_key, sub],
            &[root],
        ),
        Case::new(
            "candidate with another key only",
            &[&leaf, &other_key],
            &[root],
        )
        .both_refuse("signature does not verify", no_issuer),
    ])
}

fn trust(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let leaf = pki.leaf(&server())?;
    let direct = pki.authority(&server())?;
    let (root, sub) = (&pki.root, &pki.sub);
    let renewed = pki
        .workshop
        .self_signed(&Template::authority(ROOT, Key::ROOT))?;
    Ok(vec![
        Case::new("the intermediate as the only root", &[&leaf], &[sub]).only_we_accept(
            "unable to get issuer certificate",
            "who trusts an authority need not trust the one above it; OpenSSL \
             has -partial_chain for it",
        ),
        Case::new("the server itself as the only root", &[&direct], &[&direct]).only_we_accept(
            "unable to get local issuer certificate",
            "a device can be trusted for itself; OpenSSL has -partial_chain for \
             it",
        ),
        Case::new(
            "a root renewed with its old key",
            &[&direct, root],
            &[&renewed],
        ),
    ])
}

fn times(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let alone = pki.workshop.self_signed(&server().expired())?;
    let root = || Template::authority(ROOT, Key::ROOT);
    let exact = server().valid("20200101000000Z", "20260101000000Z");
    let first = server().valid("20260101000000Z", "20300101000000Z");
    let late = server().valid("19500101000000Z", "99991231235959Z");
    let (expired, early) = ("certificate has expired", "certificate is not yet valid");
    Ok(vec![
        pki.with_leaf("expired", &server().expired())?
            .both_refuse("it expired on 2025-01-01", expired),
        pki.with_leaf("not yet valid", &server().not_yet_valid())?
            .both_refuse("valid from 2027-01-01", early),
        pki.with_leaf("in its last second", &exact)?.only_we_accept(
            "certificate has expired",
            "notAfter belongs to the time (RFC 5280, 4.1.2.5); OpenSSL lets it \
             end a second early",
        ),
        pki.with_leaf("in its first second", &first)?,
        pki.with_leaf("valid from 1950 to 9999", &late)?,
        pki.with_sub("expired intermediate", &sub().expired())?
            .both_refuse("certificate 1 of the chain", expired),
        pki.with_sub("intermediate not yet valid", &sub().not_yet_valid())?
            .both_refuse("certificate 1 of the chain", early),
        pki.with_root("expired root", &root().expired())?
            .only_we_accept(
                "certificate has expired",
                "a root is a name and a key (RFC 5280, 6.1.1); whoever gave it has \
                 not asked until when",
            ),
        pki.with_root("root not yet valid", &root().not_yet_valid())?
            .only_we_accept(
                "certificate is not yet valid",
                "a root is a name and a key (RFC 5280, 6.1.1); whoever gave it has \
                 not asked until when",
            ),
        Case::new("expired, self-signed and trusted", &[&alone], &[&alone])
            .both_refuse("it expired on 2025-01-01", expired),
    ])
}
