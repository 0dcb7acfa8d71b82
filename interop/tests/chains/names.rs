//! Whether a certificate is for the server that was asked for.

use interop::Error;
use retrossl::Policy;

use crate::opinions::Case;
use crate::workshop::Template;
use crate::{Pki, server};

pub fn cases(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let mut cases = hosts(pki)?;
    cases.extend(wildcards(pki)?);
    cases.extend(addresses(pki)?);
    cases.extend(common_names(pki)?);
    Ok(cases)
}

const MISMATCH: &str = "hostname mismatch";

fn named(names: &str) -> Template {
    server().with("subjectAltName", names)
}

fn common(name: &str) -> Template {
    let subject = format!("/O=Example/CN={name}");
    server().subject(&subject).without("subjectAltName")
}

fn hosts(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let several = named("DNS:example.com,DNS:www.example.com,IP:192.0.2.7");
    Ok(vec![
        pki.with_leaf("one of several names", &several)?,
        pki.with_leaf("another name", &named("DNS:example.com"))?
            .both_refuse("it is for", MISMATCH),
        pki.with_leaf("upper case", &named("DNS:WWW.Example.COM"))?,
        pki.with_leaf("an A-label", &named("DNS:xn--mller-kva.example"))?
            .asked_for("xn--mller-kva.example"),
        pki.with_leaf("a suffix of the name", &named("DNS:.example.com"))?
            .both_refuse("it is for", MISMATCH),
    ])
}

fn wildcards(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let any = named("DNS:*.example.com");
    Ok(vec![
        pki.with_leaf("wildcard", &any)?,
        pki.with_leaf("wildcard for two labels", &any)?
            .asked_for("a.www.example.com")
            .both_refuse("it is for", MISMATCH),
        pki.with_leaf("wildcard for no label", &any)?
            .asked_for("example.com")
            .both_refuse("it is for", MISMATCH),
        pki.with_leaf("wildcard for all of .com", &named("DNS:*.com"))?
            .asked_for("example.com")
            .both_refuse("it is for", MISMATCH),
        pki.with_leaf("wildcard in the middle", &named("DNS:www.*.com"))?
            .both_refuse("it is for", MISMATCH),
        pki.with_leaf("wildcard within a label", &named("DNS:w*.example.com"))?
            .only_they_accept(
                "it is for w*.example.com",
                "* stands for a whole label only; OpenSSL has \
                 X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS for it",
            ),
    ])
}

fn addresses(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    const OTHER: &str = "IP address mismatch";
    let v4 = "192.0.2.7";
    Ok(vec![
        pki.with_leaf("address", &named("IP:192.0.2.7"))?
            .asked_for(v4),
        pki.with_leaf("another address", &named("IP:192.0.2.8"))?
            .asked_for(v4)
            .both_refuse("it is for", OTHER),
        pki.with_leaf("IPv6 address", &named("IP:2001:db8::7"))?
            .asked_for("2001:db8::7"),
        pki.with_leaf("address as a host name", &named("DNS:192.0.2.7"))?
            .asked_for(v4)
            .both_refuse("it is for", OTHER),
        pki.with_leaf("wildcard for an address", &named("DNS:*.0.2.7"))?
            .asked_for(v4)
            .both_refuse("it is for", OTHER),
        pki.with_leaf("address in the common name", &common(v4))?
            .asked_for(v4)
            .only_we_accept(
                "IP address mismatch",
                "old devices have it there, and the policy accepts it; OpenSSL \
                 never looks there for one",
            ),
    ])
}

fn common_names(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let address = common("www.example.com").with("subjectAltName", "IP:192.0.2.7");
    let other = common("www.example.com").with("subjectAltName", "DNS:example.org");
    Ok(vec![
        pki.with_leaf("common name", &common("www.example.com"))?,
        pki.with_leaf("another common name", &common("example.com"))?
            .both_refuse("it is for", MISMATCH),
        pki.with_leaf("wildcard in the common name", &common("*.example.com"))?,
        pki.with_leaf("common name under COMPATIBLE", &common("www.example.com"))?
            .under(Policy::COMPATIBLE, "2")
            .only_they_accept(
                "common_name_fallback",
                "the policy accepts common names from HISTORIC on; OpenSSL always \
                 does",
            ),
        pki.with_leaf("common name, and another subjectAltName", &other)?
            .both_refuse("it is for", MISMATCH),
        pki.with_leaf("common name, and an address", &address)?
            .only_they_accept(
                "it is for 192.0.2.7",
                "a subjectAltName is the only thing looked at; for OpenSSL only one \
                 with a host name is",
            ),
    ])
}
