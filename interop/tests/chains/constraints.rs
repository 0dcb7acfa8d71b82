//! What makes an authority one, and what it limits below itself.

use interop::Error;
use retrossl::Policy;

use crate::opinions::Case;
use crate::workshop::{Key, Template};
use crate::{Pki, ROOT, SUB, server, sub};

pub fn cases(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let mut cases = authorities(pki)?;
    cases.extend(old_versions(pki)?);
    cases.extend(path_lengths(pki)?);
    cases.extend(names(pki)?);
    cases.extend(unknown_extensions(pki)?);
    Ok(cases)
}

fn authorities(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let root = || Template::authority(ROOT, Key::ROOT);
    let no_authority = "without being an authority";
    Ok(vec![
        pki.with_sub("CA:FALSE", &sub().with("basicConstraints", "CA:FALSE"))?
            .both_refuse(no_authority, "invalid CA certificate"),
        pki.with_sub(
            "version 3 without basicConstraints",
            &sub().without("basicConstraints"),
        )?
        .both_refuse("without being an authority", "invalid CA certificate"),
        pki.with_root("such a root", &root().without("basicConstraints"))?
            .only_they_accept(
                "without being an authority",
                "version 3 can say who is an authority, so it has to; OpenSSL takes \
                 keyCertSign for it in roots",
            ),
        pki.with_sub("no keyCertSign", &sub().with("keyUsage", "cRLSign"))?
            .both_refuse("signing certificates", "invalid CA certificate"),
        pki.with_root(
            "such a root, no keyCertSign",
            &root().with("keyUsage", "cRLSign"),
        )?
        .both_refuse("signing certificates", "invalid CA certificate"),
        pki.with_sub("no keyUsage", &sub().without("keyUsage"))?,
        pki.with_leaf(
            "a server that is an authority",
            &server().with("basicConstraints", "CA:TRUE"),
        )?,
    ])
}

fn old_versions(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let leaf = Template::new("/O=Example/CN=www.example.com", Key::LEAF);
    let root = Template::new(ROOT, Key::ROOT);
    let old_sub = Template::new(SUB, Key::SUB);
    Ok(vec![
        pki.with_leaf("version 1 server", &leaf)?,
        pki.with_leaf("version 1 server under HISTORIC", &leaf)?
            .under(Policy::HISTORIC, "1"),
        pki.with_leaf("version 1 server under COMPATIBLE", &leaf)?
            .under(Policy::COMPATIBLE, "2")
            .only_they_accept(
                "version 1",
                "without extensions nothing says what it is for; this is the \
                 policy's word, OpenSSL has none for it",
            ),
        pki.with_root("version 1 root", &root)?,
        pki.with_root("version 1 root under STRICT", &root)?
            .under(Policy::STRICT, "2")
            .only_they_accept(
                "version 1",
                "without extensions nothing says what it is for; this is the \
                 policy's word, OpenSSL has none for it",
            ),
        pki.with_sub("version 1 intermediate", &old_sub)?
            .only_we_accept(
                "invalid CA certificate",
                "EVERYTHING accepts what the oldest stacks issued, and says what \
                 that costs",
            ),
        pki.with_sub("version 1 intermediate under HISTORIC", &old_sub)?
            .under(Policy::HISTORIC, "1")
            .both_refuse("version 1", "invalid CA certificate"),
    ])
}

fn path_lengths(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let root = |length: &str| {
        let value = format!("critical,CA:TRUE,pathlen:{length}");
        Template::authority(ROOT, Key::ROOT).with("basicConstraints", &value)
    };
    let mut below = |name, root: &Template, self_issued: bool| -> Result<Case, Error> {
        let root = pki.workshop.self_signed(root)?;
        let middle = Template::authority(ROOT, Key::OTHER);
        let middle = pki.workshop.issue(&root, &middle)?;
        let issuer = if self_issued { &middle } else { &root };
        let sub = pki.workshop.issue(issuer, &sub())?;
        let leaf = pki.workshop.issue(&sub, &server())?;
        Ok(Case::new(name, &[&leaf, &sub, &middle], &[&root]))
    };
    Ok(vec![
        below("pathlen 0, one authority below", &root("0"), false)?
            .both_refuse("allows 0 authorities", "path length constraint exceeded"),
        below("pathlen 1, one authority below", &root("1"), false)?,
        below("pathlen 1, a self-issued one, too", &root("1"), true)?,
        below("pathlen 0, a self-issued one, too", &root("0"), true)?
            .both_refuse("allows 0 authorities", "path length constraint exceeded"),
        pki.with_root("pathlen 0, none below", &root("0"))?,
    ])
}

/// nameConstraints of the intermediate, and what the server's certificate says.
fn names(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let mut below = |name, constraints: &str, leaf: &Template| -> Result<Case, Error> {
        let sub = sub().with("nameConstraints", constraints);
        let sub = pki.authority(&sub)?;
        let leaf = pki.workshop.issue(&sub, leaf)?;
        Ok(Case::new(name, &[&leaf, &sub], &[&pki.root]))
    };
    let named = |name: &str| server().with("subjectAltName", name);
    let with_email = named("DNS:www.example.com,email:root@example.com");
    let with_uri = named("DNS:www.example.com,URI:http://www.example.com/");
    let address = named("IP:192.0.2.7");
    let address_6 = named("IP:2001:db8::7");
    let mapped = named("IP:::ffff:192.0.2.7");
    let permitted_6 = "permitted;IP:2001:db8::/ffff:ffff::";
    let elsewhere = server().subject("/O=Elsewhere/CN=device");
    let common = server()
        .subject("/O=Example/CN=www.example.com")
        .without("subjectAltName");
    let (ours, permitted, excluded) = (
        "do not permit its name",
        "permitted subtree violation",
        "excluded subtree violation",
    );
    Ok(vec![
        below("permitted host", "permitted;DNS:example.com", &server())?,
        below("host not permitted", "permitted;DNS:example.org", &server())?
            .both_refuse(ours, permitted),
        below("excluded host", "excluded;DNS:example.com", &server())?.both_refuse(ours, excluded),
        below(
            "another one is excluded",
            "excluded;DNS:example.org",
            &server(),
        )?,
        below(
            "excluded host in the common name",
            "excluded;DNS:example.com",
            &common,
        )?
        .both_refuse(ours, excluded),
        below(
            "permitted address",
            "permitted;IP:192.0.2.0/255.255.255.0",
            &address,
        )?
        .asked_for("192.0.2.7"),
        below(
            "address not permitted",
            "permitted;IP:198.51.100.0/255.255.255.0",
            &address,
        )?
        .asked_for("192.0.2.7")
        .both_refuse(ours, permitted),
        below(
            "IPv6 address, IPv4 permitted",
            "permitted;IP:192.0.2.0/255.255.255.0",
            &address_6,
        )?
        .asked_for("2001:db8::7")
        .both_refuse(ours, permitted),
        below("IPv4 address, IPv6 permitted", permitted_6, &address)?
            .asked_for("192.0.2.7")
            .both_refuse(ours, permitted),
        below(
            "IPv4-mapped address, IPv4 permitted",
            "permitted;IP:192.0.2.0/255.255.255.0",
            &mapped,
        )?
        .asked_for("::ffff:192.0.2.7")
        .both_refuse(ours, permitted),
        below(
            "IPv4 address, IPv6 excluded",
            "excluded;IP:2001:db8::/ffff:ffff::",
            &address,
        )?
        .asked_for("192.0.2.7"),
        below("permitted directory name", "@names", &server())?,
        below("directory name not permitted", "@names", &elsewhere)?.both_refuse(ours, permitted),
        below(
            "constrained mail, no such name",
            "permitted;email:example.org",
            &server(),
        )?,
        below("permitted mail", "permitted;email:example.com", &with_email)?.only_they_accept(
            "not compared here",
            "servers are not named by mail; a kind of name that is not compared \
             is not taken for permitted",
        ),
        below(
            "mail not permitted",
            "permitted;email:example.org",
            &with_email,
        )?
        .both_refuse("not compared here", permitted),
        below("permitted URI", "permitted;URI:.example.com", &with_uri)?.only_they_accept(
            "not compared here",
            "servers are not named by URI; a kind of name that is not compared \
             is not taken for permitted",
        ),
    ])
}

fn unknown_extensions(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    const CRITICAL: &str = "critical,ASN1:NULL";
    let root = Template::authority(ROOT, Key::ROOT);
    let (ours, theirs) = ("is not known here", "unhandled critical extension");
    Ok(vec![
        pki.with_leaf("unknown extension", &server().with("1.2.3.4", "ASN1:NULL"))?,
        pki.with_leaf(
            "unknown critical extension",
            &server().with("1.2.3.4", CRITICAL),
        )?
        .both_refuse(ours, theirs),
        pki.with_sub("such an intermediate", &sub().with("1.2.3.4", CRITICAL))?
            .both_refuse(ours, theirs),
        pki.with_root("such a root, critical", &root.with("1.2.3.4", CRITICAL))?
            .only_we_accept(
                "unhandled critical extension",
                "a root is a name and a key; of its extensions those count that \
                 limit what is below it",
            ),
        pki.with_leaf(
            "critical certificate policies",
            &server().with("certificatePolicies", "critical,1.2.3.4"),
        )?,
    ])
}
