//! ClientHellos that offer a session, changed, and what a server makes of them.

use super::terms::{BOTH_WAYS, Terms};
use super::wire::{CHANGE_CIPHER_SPEC, Hello, records};
use super::{deliver, take};
use ProtocolVersion::{SSLv3, TLSv1_1};
use retrossl::{CipherSuite, Error, Policy, ProtocolVersion, Resumption, ServerConnection};

pub const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
pub const AES_256: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA;
pub const RC4: CipherSuite = CipherSuite::TLS_RSA_WITH_RC4_128_SHA;

pub const SERVER_NAME: u16 = 0;
pub const ENCRYPT_THEN_MAC: u16 = 22;
pub const EXTENDED_MASTER_SECRET: u16 = 23;
pub const SESSION_TICKET: u16 = 35;

pub type Change = fn(&mut Terms);
pub type Edit = fn(&mut Hello);

pub const BY_ID: &[Resumption] = &[Resumption::SessionId];
pub const BY_TICKET: &[Resumption] = &[Resumption::Ticket];
pub const EITHER: &[Resumption] = &BOTH_WAYS;

/// Terms that leave room for change: several versions and suites, the same on both sides.
pub fn terms(by: Resumption) -> Terms {
    let policy = Policy::EVERYTHING.versions(SSLv3, TLSv1_1);
    Terms::new(by, policy.cipher_suites(&[AES, AES_256, RC4]))
}

/// A ClientHello whose session a server under the same terms takes up.
pub fn good_offer(terms: &Terms) -> Vec<u8> {
    terms.parties().connect().established();
    let hello = take(&mut terms.parties().connect().client);
    assert!(offers_session(&hello));
    assert_eq!(decision(terms, &hello), Ok(Some(terms.by)));
    hello
}

/// What a server under `terms` makes of a ClientHello: the session it takes up, or none.
pub fn decision(terms: &Terms, hello: &[u8]) -> Result<Option<Resumption>, Error> {
    let mut server = ServerConnection::new(terms.parties().server);
    deliver(hello, &mut server, || usize::MAX)?;
    let second = &records(&take(&mut server))[1];
    let goes_on = second.content_type == CHANGE_CIPHER_SPEC;
    assert_eq!(goes_on, server.session_resumed());
    Ok(server.resumption())
}

/// Whether a ClientHello names a session, in either way.
pub fn offers_session(hello: &[u8]) -> bool {
    let mut hello = Hello::of(hello);
    let ticket = hello
        .extension(SESSION_TICKET)
        .is_some_and(|it| !it.is_empty());
    // Where there is a ticket, there is an ID for the answer.
    assert!(!ticket || hello.session_id.len() == 32);
    !hello.session_id.is_empty()
}

pub fn ticket(hello: &mut Hello) -> &mut Vec<u8> {
    hello.extension(SESSION_TICKET).unwrap()
}

pub fn server_name(hello: &mut Hello) -> &mut Vec<u8> {
    hello.extension(SERVER_NAME).unwrap()
}
