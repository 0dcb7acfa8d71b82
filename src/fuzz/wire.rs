//! What a peer's transport could give: any bytes, cut anyhow.

use super::input::Input;
use super::terms::{Terms, flag};
use super::watched::{Outcome, Watched};
use crate::side::Side;

/// The first byte says how the rest is cut.
pub(super) fn run(side: Side, terms: Terms, mut input: Input<'_>) {
    let cut = usize::from(input.byte()).max(1);
    let bytes = input.rest();
    let in_pieces = converse(side, terms, bytes, cut);
    // Under a small limit it depends on what waits already whether a request is answered.
    if terms.of(side).has(flag::SMALL_BUFFERS) {
        return;
    }
    let whole = converse(side, terms, bytes, usize::MAX);
    assert_eq!(whole, in_pieces, "it depends on the cuts");
    if side == Side::Server
        && let Some(accepted) = accept(terms, bytes, cut)
    {
        assert_eq!(whole, accepted, "it depends on who looks first");
    }
}

fn converse(side: Side, terms: Terms, bytes: &[u8], cut: usize) -> Outcome {
    let (watched, _) = Watched::new(side, terms);
    go_on(watched, bytes, cut)
}

/// The same by a server that looks at the hello before it chooses its config.
fn accept(terms: Terms, bytes: &[u8], cut: usize) -> Option<Outcome> {
    let (watched, taken) = Watched::accepted(terms, bytes.chunks(cut))?;
    Some(go_on(watched, &bytes[taken..], cut))
}

fn go_on(mut watched: Watched, bytes: &[u8], cut: usize) -> Outcome {
    let mut sent = watched.take();
    for piece in bytes.chunks(cut) {
        watched.receive(piece);
        sent.extend(watched.take());
    }
    watched.end();
    sent.extend(watched.take());
    watched.outcome(sent)
}
