//! Whom the matrix goes through, and what it asks of each.

mod gnutls;
mod jsse;
mod node;
mod openssl;
mod openssl_command;
mod purecrypto;
mod tlslite;

use retrossl::Side;

use super::conversation::{End, TEXT};
use super::{Case, Group, Kind};
use crate::Error;
use crate::certificate::Hash;
use crate::people::People;

/// All of them.
pub const ALL: &[&dyn Peer] = &[
    &node::OPENSSL_1_0_1E,
    &node::OPENSSL_1_0_1J,
    &node::OpenSsl1_0_1l,
    &openssl_command::OpenSsl3_0,
    &openssl::OpenSsl3_6,
    &gnutls::GnuTls,
    &jsse::Jsse,
    &purecrypto::Purecrypto,
    &tlslite::TlsliteNg,
];

/// An implementation to talk to.
pub trait Peer: Sync {
    /// Such as `OpenSSL 1.0.1e`.
    fn name(&self) -> &'static str;

    /// What it is called on a command line, such as `openssl-1.0.1e`.
    fn short_name(&self) -> &'static str;

    /// Where it is run, such as `in Node.js 0.10.0`.
    fn origin(&self) -> &'static str;

    /// Its exact version; an error where it cannot be had on this machine. It is fetched and made
    /// ready here, if it must be.
    fn version(&self) -> Result<String, Error>;

    /// What it is here for.
    fn kinds(&self) -> &'static [Kind] {
        &Kind::ALL
    }

    /// Why it cannot play this case; `None` where it can.
    fn cannot(&self, case: &Case) -> Option<&'static str>;

    /// The keys' length in bits and the certificates' hash that it puts up with.
    fn certificates(&self) -> (u32, Hash) {
        (1024, Hash::Sha1)
    }

    /// Whether its server has a certificate with a short key for export suites; else it makes an
    /// ephemeral one.
    fn has_short_key(&self) -> bool {
        true
    }

    /// What makes their server ask for a renegotiation.
    fn prompt(&self) -> Option<Prompt> {
        None
    }

    /// Whether their client says nothing in a connection whose session it is to resume, but closes
    /// it at once.
    fn is_silent_before_it_resumes(&self) -> bool {
        false
    }

    /// How it ends a connection, being this.
    fn end(&self, _side: Side) -> End {
        End::AsItShould
    }

    /// What else a reader of its results had better know, in whole sentences.
    fn remark(&self) -> Option<&'static str> {
        None
    }

    /// Starts a server for the group's cases.
    fn server(&self, group: &Group, people: &People) -> Result<Box<dyn Server>, Error>;

    /// Prepares a client for the group's cases, which connects to `port`.
    fn client(&self, group: &Group, people: &People, port: u16) -> Result<Box<dyn Client>, Error>;
}

/// What our client says to have their server ask for a renegotiation; others do so by themselves
/// after the first text.
#[derive(Clone, Copy, Debug)]
pub struct Prompt {
    pub text: &'static [u8],
    pub answer: &'static [u8],
}

/// A peer's server, which sends back what it receives.
pub trait Server: Send {
    fn port(&self) -> u16;

    /// Plays the case's next connections to their end, and says what it knows of each.
    fn serve(&mut self, case: &Case) -> Result<Vec<Report>, Error>;
}

/// A peer's client, which sends [`TEXT`], waits for it to come back,
/// and closes.
pub trait Client: Send {
    /// Plays the case's connections to their end, and says what it knows of each.
    fn connect(&mut self, case: &Case) -> Result<Vec<Report>, Error>;
}

/// What a peer knows of a connection after its end: what it does not tell is `None`.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// As on the wire.
    pub version: Option<u16>,
    /// The suite's two bytes, or the kind's three.
    pub code: Option<Vec<u8>>,
    pub resumed: Option<bool>,
    pub master_secret: Option<Vec<u8>>,
    pub received: Option<Vec<u8>>,
    /// The common name in our certificate, if we showed one.
    pub certificate: Option<Option<String>>,
    /// Whether it has verified that.
    pub verified: Option<bool>,
    /// Whether ours came.
    pub close_notify: Option<bool>,
}

/// What a program says of [`TEXT`], without what ends the line.
fn line() -> Result<&'static str, Error> {
    Ok(str::from_utf8(TEXT)?.trim_end())
}

/// What a program said after these words.
fn after<'s>(said: &'s str, words: &str) -> Option<&'s str> {
    let (_, rest) = said.split_once(words)?;
    Some(rest)
}
