//! What keys may be used for.

use interop::Error;
use retrossl::Policy;

use crate::opinions::Case;
use crate::workshop::{Key, Template};
use crate::{Pki, ROOT, server, sub};

pub fn cases(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let mut cases = key_usages(pki)?;
    cases.extend(extended(pki)?);
    cases.extend(above(pki)?);
    cases.extend(clients(pki)?);
    Ok(cases)
}

fn key_usages(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let usage = |usage: &str| server().with("keyUsage", usage);
    let netscape = |kind: &str| server().with("nsCertType", kind);
    let theirs = "unsuitable certificate purpose";
    Ok(vec![
        pki.with_leaf("keyEncipherment alone", &usage("keyEncipherment"))?,
        pki.with_leaf("digitalSignature alone", &usage("digitalSignature"))?
            .only_they_accept(
                "key encipherment",
                "the client encrypts to this key, which only keyEncipherment \
                 allows; OpenSSL does not ask for which exchange",
            ),
        pki.with_leaf("keyAgreement alone", &usage("keyAgreement"))?
            .only_they_accept(
                "key encipherment",
                "the client encrypts to this key, which only keyEncipherment \
                 allows; OpenSSL does not ask for which exchange",
            ),
        pki.with_leaf("keyCertSign alone", &usage("keyCertSign"))?
            .both_refuse("key encipherment", theirs),
        pki.with_leaf("no key usage", &server().without("keyUsage"))?,
        pki.with_leaf("Netscape's type of servers", &netscape("server"))?,
        pki.with_leaf("Netscape's type of clients", &netscape("client"))?
            .both_refuse("Netscape certificate type", theirs),
    ])
}

fn extended(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let usage = |usage: &str| server().with("extendedKeyUsage", usage);
    let theirs = "unsuitable certificate purpose";
    Ok(vec![
        pki.with_leaf("serverAuth and clientAuth", &usage("serverAuth,clientAuth"))?,
        pki.with_leaf(
            "no extended key usage",
            &server().without("extendedKeyUsage"),
        )?,
        pki.with_leaf("clientAuth alone", &usage("clientAuth"))?
            .both_refuse("servers (serverAuth)", theirs),
        pki.with_leaf("codeSigning alone", &usage("codeSigning"))?
            .both_refuse("servers (serverAuth)", theirs),
        pki.with_leaf("anyExtendedKeyUsage", &usage("anyExtendedKeyUsage"))?
            .only_we_accept(
                "unsuitable certificate purpose",
                "any usage includes this one (RFC 5280, 4.2.1.12); OpenSSL looks \
                 for the usage itself",
            ),
        pki.with_leaf("Microsoft's step-up", &usage("msSGC"))?,
        pki.with_leaf("Netscape's step-up", &usage("nsSGC"))?,
        pki.with_leaf("Netscape's step-up under COMPATIBLE", &usage("nsSGC"))?
            .under(Policy::COMPATIBLE, "2")
            .only_they_accept(
                "not for servers",
                "step-up ended with the export suites; the policy accepts it from \
                 HISTORIC on",
            ),
    ])
}

fn above(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let usage = |usage: &str| sub().with("extendedKeyUsage", usage);
    let root = Template::authority(ROOT, Key::ROOT).with("extendedKeyUsage", "clientAuth");
    let theirs = "unsuitable certificate purpose";
    Ok(vec![
        pki.with_sub("intermediate for servers", &usage("serverAuth"))?,
        pki.with_sub("intermediate for clients", &usage("clientAuth"))?
            .both_refuse("servers (serverAuth)", theirs),
        pki.with_sub("intermediate for mail", &usage("emailProtection"))?
            .both_refuse("servers (serverAuth)", theirs),
        pki.with_root("root for clients", &root)?.only_we_accept(
            "unsuitable certificate purpose",
            "RFC 5280 gives the usage of a root no meaning; OpenSSL asks every \
             certificate of the path",
        ),
    ])
}

fn clients(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let client = Template::client;
    let usage = |usage: &str| client().with("keyUsage", usage);
    let theirs = "unsuitable certificate purpose";
    let old = Template::new("/O=Example/CN=somebody", Key::LEAF);
    Ok(vec![
        pki.with_leaf("a client", &client())?.of_client(),
        pki.with_leaf("a client of version 1", &old)?.of_client(),
        pki.with_leaf("a client for servers", &server())?
            .of_client()
            .both_refuse("clients (clientAuth)", theirs),
        pki.with_leaf("a client that cannot sign", &usage("keyEncipherment"))?
            .of_client()
            .both_refuse("digital signatures", theirs),
        pki.with_leaf("an expired client", &client().expired())?
            .of_client()
            .both_refuse("it expired on", "certificate has expired"),
    ])
}
