//! How certificates are signed, and with what keys.

use interop::Error;
use retrossl::Policy;

use crate::opinions::Case;
use crate::workshop::{Key, Template};
use crate::{Pki, ROOT, SUB, server, sub};

pub fn cases(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let mut cases = hashes(pki)?;
    cases.extend(lengths(pki)?);
    cases.extend(schemes(pki)?);
    cases.extend(policies(pki)?);
    Ok(cases)
}

/// Three certificates, each signed over the hash.
fn hashes(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let mut cases = Vec::new();
    for (name, hash) in [
        ("MD5", "md5"),
        ("SHA-1", "sha1"),
        ("SHA-224", "sha224"),
        ("SHA-256", "sha256"),
        ("SHA-384", "sha384"),
        ("SHA-512", "sha512"),
    ] {
        let template = Template::authority(ROOT, Key::ROOT).hash(hash);
        let root = pki.workshop.self_signed(&template)?;
        let sub = pki.workshop.issue(&root, &sub().hash(hash))?;
        let leaf = pki.workshop.issue(&sub, &server().hash(hash))?;
        cases.push(Case::new(name, &[&leaf, &sub], &[&root]));
    }
    let damaged = pki.leaf(&server())?;
    let damaged = pki.workshop.damaged(&damaged)?;
    cases.push(
        Case::new("damaged signature", &[&damaged, &pki.sub], &[&pki.root])
            .both_refuse("signature does not verify", "certificate signature failure"),
    );
    Ok(cases)
}

/// Every certificate with a key of this length.
fn lengths(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let mut cases = Vec::new();
    for (name, key, hash) in [
        ("512 bits, MD5", Key::RSA_512, "md5"),
        ("512 bits, SHA-1", Key::RSA_512, "sha1"),
        ("512 bits, SHA-256", Key::RSA_512, "sha256"),
        ("1024 bits, MD5", Key::RSA_1024, "md5"),
        ("1024 bits, SHA-512", Key::RSA_1024, "sha512"),
        ("3072 bits, SHA-384", Key::RSA_3072, "sha384"),
        ("4096 bits, SHA-512", Key::RSA_4096, "sha512"),
    ] {
        let template = Template::authority(ROOT, key).hash(hash);
        let root = pki.workshop.self_signed(&template)?;
        let template = Template::authority(SUB, key).hash(hash);
        let sub = pki.workshop.issue(&root, &template)?;
        let leaf = pki.workshop.issue(&sub, &server().key(key).hash(hash))?;
        cases.push(Case::new(name, &[&leaf, &sub], &[&root]));
    }
    Ok(cases)
}

fn schemes(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let mut cases = Vec::new();
    for (name, hash) in [
        ("RSA-PSS, SHA-1", "sha1"),
        ("RSA-PSS, SHA-256", "sha256"),
        ("RSA-PSS, SHA-512", "sha512"),
    ] {
        cases.push(pki.with_leaf(name, &server().pss(hash))?);
    }
    for (name, key, hash) in [
        ("P-256 authority", Key::P256, "sha256"),
        ("P-256 authority, SHA-1", Key::P256, "sha1"),
        ("P-384 authority", Key::P384, "sha384"),
        ("P-384 authority, SHA-512", Key::P384, "sha512"),
    ] {
        let root = pki
            .workshop
            .self_signed(&Template::authority(ROOT, key).hash(hash))?;
        let leaf = pki.workshop.issue(&root, &server().hash(hash))?;
        cases.push(Case::new(name, &[&leaf], &[&root]));
    }
    let not_known = "verified are RSA and ECDSA with P-256 and P-384, which old peers \
                     may lead to";
    for (name, key) in [
        ("P-521 authority", Key::P521),
        ("Ed25519 authority", Key::ED25519),
        ("authority with a key for RSA-PSS alone", Key::PSS),
    ] {
        let template = Template::authority(SUB, key);
        cases.push(
            pki.with_sub(name, &template)?
                .only_they_accept("not known here", not_known),
        );
    }
    cases.push(
        pki.with_leaf("a server with an EC key", &server().key(Key::P256))?
            .only_they_accept("RSA", "RSA key exchange needs an RSA key"),
    );
    Ok(cases)
}

/// OpenSSL's level 1 asks for 80 bits of security, its level 2 for 112.
fn policies(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let short = server().key(Key::RSA_1024);
    let shorter = server().key(Key::RSA_512);
    let md5 = pki.with_leaf("MD5 under COMPATIBLE", &server().hash("md5"))?;
    let sha1 = pki.with_leaf("SHA-1 under STRICT", &server().hash("sha1"))?;
    let root = Template::authority(ROOT, Key::ROOT).hash("md5");
    Ok(vec![
        md5.under(Policy::COMPATIBLE, "2")
            .both_refuse("MD5", "CA signature digest algorithm too weak"),
        sha1.under(Policy::STRICT, "2")
            .both_refuse("SHA-1", "CA signature digest algorithm too weak"),
        pki.with_leaf("1024 bits under STRICT", &short)?
            .under(Policy::STRICT, "2")
            .both_refuse("1024 bits", "EE certificate key too weak"),
        pki.with_leaf("1024 bits under HISTORIC", &short)?
            .under(Policy::HISTORIC, "1"),
        pki.with_leaf("512 bits under HISTORIC", &shorter)?
            .under(Policy::HISTORIC, "1")
            .both_refuse("512 bits", "EE certificate key too weak"),
        // Who trusts a root does not ask how it vouches for itself.
        pki.with_root("a root signed with MD5 under STRICT", &root)?
            .under(Policy::STRICT, "2"),
    ])
}
