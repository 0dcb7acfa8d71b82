//! Revocation lists.

use interop::Error;

use crate::opinions::Case;
use crate::workshop::{Key, Template};
use crate::{Pki, ROOT, server};

const CURRENT: [&str; 2] = ["20251201000000Z", "20260201000000Z"];
const OVERDUE: [&str; 2] = ["20251001000000Z", "20251101000000Z"];
const FUTURE: [&str; 2] = ["20260301000000Z", "20260401000000Z"];

pub fn cases(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let mut cases = leaves(pki)?;
    cases.extend(intermediates(pki)?);
    cases.extend(signers(pki)?);
    Ok(cases)
}

/// A server directly below the root, and the root's list.
fn leaves(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let leaf = pki.authority(&server())?;
    let other = pki.authority(&server())?;
    let root = pki.root.clone();
    let mut list = |revoked: &[_], dates| pki.workshop.revocation_list(&root, revoked, dates);
    let empty = list(&[], CURRENT)?;
    let of_other = list(&[&other], CURRENT)?;
    let of_leaf = list(&[&other, &leaf], CURRENT)?;
    let stale = list(&[], OVERDUE)?;
    let stale_of_leaf = list(&[&leaf], OVERDUE)?;
    let future = list(&[], FUTURE)?;
    let case = |name, lists: &[_]| Case::new(name, &[&leaf], &[&root]).lists(lists);
    Ok(vec![
        case("empty list", &[&empty]),
        case("another one is revoked", &[&of_other]),
        case("revoked", &[&of_leaf]).both_refuse("revoked it on 2025-06-01", "certificate revoked"),
        case("overdue list", &[&stale]).both_refuse("to be renewed by", "CRL has expired"),
        case("revoked by an overdue list", &[&stale_of_leaf])
            .both_refuse("revoked it on", "CRL has expired"),
        case("list from the future", &[&future]).both_refuse("clock", "CRL is not yet valid"),
        case("overdue list and a new one", &[&stale_of_leaf, &empty]),
    ])
}

fn intermediates(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let leaf = pki.leaf(&server())?;
    let (root, sub) = (pki.root.clone(), pki.sub.clone());
    let of_sub = pki.workshop.revocation_list(&root, &[&sub], CURRENT)?;
    let of_root = pki.workshop.revocation_list(&root, &[], CURRENT)?;
    let empty = pki.workshop.revocation_list(&sub, &[], CURRENT)?;
    let case = |name, lists: &[_]| Case::new(name, &[&leaf, &sub], &[&root]).lists(lists);
    Ok(vec![
        case("lists of both authorities", &[&of_root, &empty]),
        case("revoked intermediate", &[&of_sub, &empty])
            .both_refuse("certificate 1 of the chain", "certificate revoked"),
        case("no list of the intermediate", &[&of_root]).only_we_accept(
            "unable to get certificate CRL",
            "an authority of which no list is given revokes nothing; \
             -crl_check_all asks for all of them",
        ),
    ])
}

fn signers(pki: &mut Pki) -> Result<Vec<Case>, Error> {
    let leaf = pki.authority(&server())?;
    let impostor = pki.impostor.clone();
    let forged = pki.workshop.revocation_list(&impostor, &[], CURRENT)?;
    let template = Template::authority(ROOT, Key::ROOT).with("keyUsage", "keyCertSign");
    let no_lists = pki.workshop.self_signed(&template)?;
    let unfit = pki.workshop.revocation_list(&no_lists, &[], CURRENT)?;
    let below = pki.workshop.issue(&no_lists, &server())?;
    Ok(vec![
        Case::new("list of an impostor", &[&leaf], &[&pki.root])
            .lists(&[&forged])
            .both_refuse("not signed by that issuer", "CRL signature failure"),
        Case::new("list of an issuer without cRLSign", &[&below], &[&no_lists])
            .lists(&[&unfit])
            .both_refuse("not signed by that issuer", "CRL"),
    ])
}
