//! The bodies of the fuzz targets in `fuzz/`: each takes any bytes, and panics only where something
//! does not hold that always should.
//!
//! They are here because parsers and records are private. The test in this module runs every file
//! of `fuzz/corpus` through them.

mod certificates;
mod conversation;
mod input;
mod messages;
mod parties;
#[cfg(test)]
mod seeds;
mod sessions;
mod terms;
mod watched;
mod wire;

pub use certificates::certificates;
pub use messages::messages;
pub use sessions::sessions;

use input::Input;
use terms::Terms;

use crate::side::Side;

/// A client, and whatever a server could send.
pub fn client(data: &[u8]) {
    connection(Side::Client, Terms::read, data);
}

/// A server, and whatever a client could send.
pub fn server(data: &[u8]) {
    connection(Side::Server, Terms::read, data);
}

/// Either side at SSL 2.0, or where it could come to that.
pub fn ssl2(data: &[u8]) {
    let Some((role, data)) = data.split_first() else {
        return;
    };
    let side = match role & 1 {
        0 => Side::Client,
        _ => Side::Server,
    };
    connection(side, Terms::read_ssl2, data);
}

/// The first byte says whether the rest is what the peer's transport gives, or what a peer does
/// that has the keys.
fn connection(side: Side, terms: fn(&mut Input<'_>, Side) -> Terms, data: &[u8]) {
    let mut input = Input::new(data);
    let mode = input.byte();
    let terms = terms(&mut input, side);
    match mode & 1 {
        0 => wire::run(side, terms, input),
        _ => conversation::run(side, terms, input),
    }
}

#[cfg(test)]
mod tests;
